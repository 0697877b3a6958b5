//! Signature algorithms and the keys they take: host keys sign, user keys are verified (RFC 4253
//! section 6.6, RFC 8332, RFC 5656, RFC 8709).

mod material;

pub use material::{Curve, KeyMaterial};

use super::Security;
use crate::error::{CryptoError, Error};

/// One row of the registry.
#[derive(Clone, Copy)]
pub struct SignatureAlgorithm {
    /// The name on the wire: in host key lists, in `server-sig-algs` and in signature blobs.
    pub name: &'static str,
    /// The key type inside the public key blob (`ssh-rsa` for the rsa-sha2 algorithms).
    pub key_type: &'static str,
    /// Whether it belongs into an offer.
    pub security: Security,
    /// Verifies `signature` (the inner signature, without the algorithm name) over `message` with
    /// the key of a public key blob.
    pub verify: fn(key_blob: &[u8], message: &[u8], signature: &[u8]) -> Result<(), CryptoError>,
}

impl std::fmt::Debug for SignatureAlgorithm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

/// The registry, in order of preference.
pub static SIGNATURES: &[&SignatureAlgorithm] = &[];

/// Looks an algorithm up by its name.
pub fn by_name(name: &str) -> Option<&'static SignatureAlgorithm> {
    SIGNATURES.iter().copied().find(|row| row.name == name)
}

/// Verifies a signature blob `string algorithm | string signature` made with `algorithm` by the key
/// in `key_blob`. The name in the blob has to be that of `algorithm` (RFC 8332 section 3).
pub fn verify(
    algorithm: &SignatureAlgorithm,
    key_blob: &[u8],
    message: &[u8],
    signature_blob: &[u8],
) -> Result<(), Error> {
    let _ = (algorithm, key_blob, message, signature_blob);
    Err(CryptoError::BadSignature.into())
}

/// A private key that can sign: a host key.
pub struct PrivateKey {
    public_blob: Vec<u8>,
}

impl PrivateKey {
    /// Builds a key from its parts; parts that do not belong together are refused.
    pub fn new(material: &KeyMaterial) -> Result<Self, CryptoError> {
        let _ = material;
        Err(CryptoError::UnsuitableKey)
    }

    /// The public key blob, K_S (RFC 4253 section 6.6).
    pub fn public_blob(&self) -> &[u8] {
        &self.public_blob
    }

    /// The signature algorithms it can sign with, in order of preference.
    pub fn algorithms(&self) -> &'static [&'static str] {
        &[]
    }

    /// Whether a signature takes more than about a millisecond.
    pub fn is_heavy(&self) -> bool {
        false
    }

    /// Signs `message`; the result is the blob `string algorithm | string signature`.
    pub fn sign(&self, algorithm: &str, message: &[u8]) -> Result<Vec<u8>, CryptoError> {
        let _ = (algorithm, message);
        Err(CryptoError::UnsuitableKey)
    }
}

impl std::fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PrivateKey(..)")
    }
}
