//! ChaCha20 (RFC 8439 section 2.4) alone, in AWS-LC's code for this processor.

use aws_lc_sys as ffi;
use zeroize::Zeroizing;

use crate::error::CryptoError;

/// A key of ChaCha20. It is wiped when it is dropped.
pub(crate) struct ChaCha20Key(Zeroizing<[u8; 32]>);

impl ChaCha20Key {
    pub(crate) fn new(key: &[u8; 32]) -> Self {
        Self(Zeroizing::new(*key))
    }

    /// XORs the key stream from this block on into `data`.
    pub(crate) fn apply(&self, nonce: &[u8; 12], block: u32, data: &mut [u8]) {
        let start = data.as_mut_ptr();
        // SAFETY: reads and writes the `data.len()` bytes of `data`, each before it is written, and
        // reads 32 bytes of the key and 12 of the nonce.
        unsafe {
            ffi::CRYPTO_chacha_20(start, start, data.len(), self.0.as_ptr(), nonce.as_ptr(), block);
        }
    }

    /// The same from `data` to `out`, which has to have the same length.
    pub(crate) fn apply_from(
        &self,
        nonce: &[u8; 12],
        block: u32,
        data: &[u8],
        out: &mut [u8],
    ) -> Result<(), CryptoError> {
        if data.len() != out.len() {
            return Err(CryptoError::Failed);
        }
        // SAFETY: reads the `data.len()` bytes of `data` and writes as many of `out`, which do not
        // overlap; reads 32 bytes of the key and 12 of the nonce.
        unsafe {
            ffi::CRYPTO_chacha_20(
                out.as_mut_ptr(),
                data.as_ptr(),
                data.len(),
                self.0.as_ptr(),
                nonce.as_ptr(),
                block,
            );
        }
        Ok(())
    }
}
