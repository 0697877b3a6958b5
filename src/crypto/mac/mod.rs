//! Message authentication codes (RFC 4253 section 6.4). `cipher` composes them with ciphers.

use super::Security;
use crate::error::CryptoError;

/// A keyed MAC.
pub trait Mac: Send {
    /// Computes the MAC of `sequence_number | data` into `tag` (its first `tag.len()` bytes, so a
    /// truncated MAC is the same code).
    fn sign(&mut self, sequence: u32, data: &[u8], tag: &mut [u8]) -> Result<(), CryptoError>;
}

/// One row of the registry.
#[derive(Clone, Copy)]
pub struct MacAlgorithm {
    /// The name on the wire.
    pub name: &'static str,
    /// Key length in bytes.
    pub key_len: usize,
    /// Tag length in bytes.
    pub tag_len: usize,
    /// Whether the MAC is over the encrypted packet (OpenSSH's encrypt-then-MAC).
    pub encrypt_then_mac: bool,
    /// Whether it belongs into an offer.
    pub security: Security,
    /// From the key.
    pub new: fn(&[u8]) -> Result<Box<dyn Mac>, CryptoError>,
}

impl std::fmt::Debug for MacAlgorithm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

/// The registry, in order of preference.
pub static MACS: &[&MacAlgorithm] = &[];

/// Looks a MAC up by its name.
pub fn by_name(name: &str) -> Option<&'static MacAlgorithm> {
    MACS.iter().copied().find(|row| row.name == name)
}
