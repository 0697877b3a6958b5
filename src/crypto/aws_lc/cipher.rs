//! Ciphers that keep their state from call to call (EVP), for the modes that run on from packet to
//! packet.

use std::ffi::c_int;
use std::ptr::{NonNull, null_mut};

use aws_lc_sys as ffi;

use crate::error::CryptoError;

/// The ciphers a [`CipherContext`] runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(clippy::enum_variant_names, reason = "the mode is part of the name of a cipher")]
pub(crate) enum CipherKind {
    Aes128Ctr,
    Aes192Ctr,
    Aes256Ctr,
}

impl CipherKind {
    fn evp(self) -> *const ffi::EVP_CIPHER {
        // SAFETY: these functions take nothing and return pointers to constants.
        unsafe {
            match self {
                Self::Aes128Ctr => ffi::EVP_aes_128_ctr(),
                Self::Aes192Ctr => ffi::EVP_aes_192_ctr(),
                Self::Aes256Ctr => ffi::EVP_aes_256_ctr(),
            }
        }
    }
}

/// Which way a [`CipherContext`] runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    Encrypt,
    #[allow(dead_code, reason = "counter mode encrypts both ways; CBC will not")]
    Decrypt,
}

/// A cipher under a key, in the middle of its stream.
pub(crate) struct CipherContext {
    context: NonNull<ffi::EVP_CIPHER_CTX>,
    /// What lengths have to be a multiple of; 1 for stream ciphers.
    block_len: usize,
}

// SAFETY: the context is owned by this value alone, AWS-LC keeps nothing of it in thread-local
// storage, and every use needs `&mut self`.
unsafe impl Send for CipherContext {}

impl CipherContext {
    /// Starts a stream; `key` and `iv` have to be as long as the cipher wants them.
    pub(crate) fn new(
        kind: CipherKind,
        direction: Direction,
        key: &[u8],
        iv: &[u8],
    ) -> Result<Self, CryptoError> {
        let evp = kind.evp();
        if evp.is_null() {
            return Err(CryptoError::Failed);
        }
        // SAFETY: `evp` is not null, so it points to a constant of the library.
        let (key_len, iv_len, block_len) = unsafe {
            (
                ffi::EVP_CIPHER_key_length(evp),
                ffi::EVP_CIPHER_iv_length(evp),
                ffi::EVP_CIPHER_block_size(evp),
            )
        };
        let fits = |len: usize, wanted| usize::try_from(wanted).is_ok_and(|wanted| len == wanted);
        if !fits(key.len(), key_len) || !fits(iv.len(), iv_len) {
            return Err(CryptoError::Failed);
        }
        // SAFETY: takes nothing; null means out of memory.
        let context = unsafe { ffi::EVP_CIPHER_CTX_new() };
        let this = Self {
            context: NonNull::new(context).ok_or(CryptoError::Failed)?,
            block_len: usize::try_from(block_len).map_err(|_| CryptoError::Failed)?,
        };
        // SAFETY: the context is new and ours, `key` and `iv` are as long as the library will read
        // (checked above), the engine may be null.
        let started = unsafe {
            ffi::EVP_CipherInit_ex(
                this.context.as_ptr(),
                evp,
                null_mut(),
                key.as_ptr(),
                iv.as_ptr(),
                c_int::from(direction == Direction::Encrypt),
            ) == 1
                && ffi::EVP_CIPHER_CTX_set_padding(this.context.as_ptr(), 0) == 1
        };
        if started { Ok(this) } else { Err(CryptoError::Failed) }
    }

    /// Encrypts or decrypts the next bytes of the stream in place.
    pub(crate) fn update(&mut self, data: &mut [u8]) -> Result<(), CryptoError> {
        // a part of a block would stay in the context and come out one call too late
        if data.is_empty() || !data.len().is_multiple_of(self.block_len) {
            return if data.is_empty() { Ok(()) } else { Err(CryptoError::Failed) };
        }
        let len = c_int::try_from(data.len()).map_err(|_| CryptoError::Failed)?;
        let mut written: c_int = 0;
        // SAFETY: input and output are the same `len` bytes, which the library allows; whole blocks
        // go in and padding is off, so exactly `len` bytes come out.
        let done = unsafe {
            ffi::EVP_CipherUpdate(
                self.context.as_ptr(),
                data.as_mut_ptr(),
                &raw mut written,
                data.as_ptr(),
                len,
            )
        };
        if done == 1 && written == len { Ok(()) } else { Err(CryptoError::Failed) }
    }
}

impl Drop for CipherContext {
    fn drop(&mut self) {
        // SAFETY: the context is ours and is not used again; the library wipes the key schedule.
        unsafe { ffi::EVP_CIPHER_CTX_free(self.context.as_ptr()) }
    }
}
