//! The source of the engine's random bytes: passed in, so that a session can be replayed byte for byte in a
//! test.

use crate::error::CryptoError;

/// A source of random bytes. Everything outside tests uses [`SystemRandom`].
pub trait Random: Send {
    /// Fills `out`; an error ends the connection, nothing continues with predictable bytes.
    fn fill(&mut self, out: &mut [u8]) -> Result<(), CryptoError>;
}

/// The generator of AWS-LC, seeded by the operating system.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    fn fill(&mut self, out: &mut [u8]) -> Result<(), CryptoError> {
        aws_lc_rs::rand::fill(out).map_err(|_| CryptoError::Failed)
    }
}
