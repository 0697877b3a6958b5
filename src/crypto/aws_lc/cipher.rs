//! Ciphers that keep their state from call to call (EVP), for modes that continue from packet to packet.

use std::ffi::{c_int, c_uint};
use std::ptr::{NonNull, null, null_mut};

use aws_lc_sys as ffi;

use crate::error::CryptoError;

/// The ciphers a [`CipherContext`] runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(clippy::enum_variant_names, reason = "the mode is part of the name of a cipher")]
pub(crate) enum CipherKind {
    Aes128Ctr,
    Aes192Ctr,
    Aes256Ctr,
    Aes128Cbc,
    Aes192Cbc,
    Aes256Cbc,
    /// Single blocks: for UMAC.
    Aes128Ecb,
    TripleDesCbc,
    /// Single blocks: the library has no counter mode of it.
    TripleDesEcb,
    BlowfishCbc,
    Cast128Cbc,
    /// Takes keys of 16 and of 32 bytes.
    Rc4,
}

impl CipherKind {
    fn evp(self) -> *const ffi::EVP_CIPHER {
        // SAFETY: these functions take nothing and return pointers to constants.
        unsafe {
            match self {
                Self::Aes128Ctr => ffi::EVP_aes_128_ctr(),
                Self::Aes192Ctr => ffi::EVP_aes_192_ctr(),
                Self::Aes256Ctr => ffi::EVP_aes_256_ctr(),
                Self::Aes128Cbc => ffi::EVP_aes_128_cbc(),
                Self::Aes192Cbc => ffi::EVP_aes_192_cbc(),
                Self::Aes256Cbc => ffi::EVP_aes_256_cbc(),
                Self::Aes128Ecb => ffi::EVP_aes_128_ecb(),
                Self::TripleDesCbc => ffi::EVP_des_ede3_cbc(),
                Self::TripleDesEcb => ffi::EVP_des_ede3_ecb(),
                Self::BlowfishCbc => ffi::EVP_bf_cbc(),
                Self::Cast128Cbc => ffi::EVP_cast5_cbc(),
                Self::Rc4 => ffi::EVP_rc4(),
            }
        }
    }
}

/// The direction of a [`CipherContext`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    Encrypt,
    Decrypt,
}

/// A cipher under a key, in the middle of its stream.
pub(crate) struct CipherContext {
    context: NonNull<ffi::EVP_CIPHER_CTX>,
    /// Lengths have to be a multiple of this; 1 for stream ciphers.
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
        let (usual_key_len, iv_len, block_len) = unsafe {
            (
                ffi::EVP_CIPHER_key_length(evp),
                ffi::EVP_CIPHER_iv_length(evp),
                ffi::EVP_CIPHER_block_size(evp),
            )
        };
        let fits = |len: usize, wanted| usize::try_from(wanted).is_ok_and(|wanted| len == wanted);
        let long_rc4 = kind == CipherKind::Rc4 && key.len() == 32;
        if !(fits(key.len(), usual_key_len) || long_rc4) || !fits(iv.len(), iv_len) {
            return Err(CryptoError::Failed);
        }
        let key_len = c_uint::try_from(key.len()).map_err(|_| CryptoError::Failed)?;
        // SAFETY: takes nothing; null means out of memory.
        let context = unsafe { ffi::EVP_CIPHER_CTX_new() };
        let this = Self {
            context: NonNull::new(context).ok_or(CryptoError::Failed)?,
            block_len: usize::try_from(block_len).map_err(|_| CryptoError::Failed)?,
        };
        // SAFETY: the context is new and ours; all pointers but the cipher may be null. The key is
        // read after the context was told its length, and the length of `iv` was checked above.
        let started = unsafe {
            let context = this.context.as_ptr();
            let encrypt = c_int::from(direction == Direction::Encrypt);
            ffi::EVP_CipherInit_ex(context, evp, null_mut(), null(), null(), encrypt) == 1
                && ffi::EVP_CIPHER_CTX_set_key_length(context, key_len) == 1
                && ffi::EVP_CipherInit_ex(
                    context,
                    null(),
                    null_mut(),
                    key.as_ptr(),
                    iv.as_ptr(),
                    encrypt,
                ) == 1
                && ffi::EVP_CIPHER_CTX_set_padding(context, 0) == 1
        };
        if started { Ok(this) } else { Err(CryptoError::Failed) }
    }

    /// Encrypts or decrypts the next bytes of the stream in place.
    pub(crate) fn update(&mut self, data: &mut [u8]) -> Result<(), CryptoError> {
        let (start, len) = (data.as_mut_ptr(), data.len());
        // SAFETY: input and output are the same `len` bytes, which the library allows.
        unsafe { self.update_at(start, start, len) }
    }

    /// The same from `data` to `out`, which has to have the same length.
    pub(crate) fn update_from(&mut self, data: &[u8], out: &mut [u8]) -> Result<(), CryptoError> {
        if data.len() != out.len() {
            return Err(CryptoError::Failed);
        }
        // SAFETY: both have `data.len()` bytes, and do not overlap.
        unsafe { self.update_at(data.as_ptr(), out.as_mut_ptr(), data.len()) }
    }

    /// # Safety
    ///
    /// `len` bytes are read from `from` and written to `to`, which are the same or apart.
    unsafe fn update_at(
        &mut self,
        from: *const u8,
        to: *mut u8,
        len: usize,
    ) -> Result<(), CryptoError> {
        // the context would keep a part of a block and output it one call too late
        if len == 0 || !len.is_multiple_of(self.block_len) {
            return if len == 0 { Ok(()) } else { Err(CryptoError::Failed) };
        }
        let len = c_int::try_from(len).map_err(|_| CryptoError::Failed)?;
        let mut written: c_int = 0;
        // SAFETY: as promised by the caller; whole blocks go in and padding is off, so exactly `len`
        // bytes come out.
        let done = unsafe {
            ffi::EVP_CipherUpdate(self.context.as_ptr(), to, &raw mut written, from, len)
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
