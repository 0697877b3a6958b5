//! Payload compression (RFC 4253 section 6.2).

mod none;
mod zlib;

use super::Security;
use crate::error::Error;

/// Compresses outbound payloads; its state continues from packet to packet.
pub trait Compressor: Send {
    /// Appends the compressed `payload` to `out`, flushed so that the peer can read all of it.
    fn compress(&mut self, payload: &[u8], out: &mut Vec<u8>) -> Result<(), Error>;
}

/// Inflates inbound payloads.
pub trait Decompressor: Send {
    /// Appends the inflated `payload` to `out`; past `limit` bytes it stops with
    /// `LimitExceeded::InflatedPayload`.
    fn decompress(&mut self, payload: &[u8], limit: usize, out: &mut Vec<u8>) -> Result<(), Error>;
}

/// Builds both sides.
pub type NewCompression = fn() -> (Box<dyn Compressor>, Box<dyn Decompressor>);

/// One row of the registry.
#[derive(Clone, Copy)]
pub struct CompressionAlgorithm {
    /// The name on the wire.
    pub name: &'static str,
    /// Whether it belongs into an offer.
    pub security: Security,
    /// Whether it starts only after authentication (OpenSSH's delayed compression).
    pub delayed: bool,
    /// Builds both sides; `None` for the algorithm that does not compress.
    pub new: Option<NewCompression>,
}

impl std::fmt::Debug for CompressionAlgorithm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

/// The registry, in the order of the documented default list; zlib@openssh.com is not in that.
pub static COMPRESSIONS: &[&CompressionAlgorithm] =
    &[&none::NONE, &zlib::ZLIB_OPENSSH, &zlib::ZLIB];

/// Looks a method up by its name.
pub fn by_name(name: &str) -> Option<&'static CompressionAlgorithm> {
    COMPRESSIONS.iter().copied().find(|row| row.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::tests::same_names;

    #[test]
    fn every_method_that_compresses_has_a_known_answer() {
        let compressing = COMPRESSIONS.iter().filter(|row| row.new.is_some());
        same_names(compressing.map(|row| row.name), zlib::tests::known_answers());
    }
}
