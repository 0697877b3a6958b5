//! No compression (RFC 4253 section 6.2).

use super::CompressionAlgorithm;
use crate::crypto::Security;

/// The registry row.
pub(super) static NONE: CompressionAlgorithm =
    CompressionAlgorithm { name: "none", security: Security::Modern, delayed: false, new: None };
