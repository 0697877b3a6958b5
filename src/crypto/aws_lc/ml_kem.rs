//! ML-KEM encapsulation with randomness from outside.

use std::ptr::{NonNull, null_mut};

use aws_lc_sys as ffi;
use zeroize::Zeroizing;

use super::SecretBytes;
use crate::error::CryptoError;

/// ML-KEM-768 (FIPS 203): a shared secret and its encapsulation for `public_key`, made with the 32
/// random bytes of `seed` ("m" in algorithm 17). A key that fails the modulus check is refused.
pub(crate) fn ml_kem_768_encapsulate(
    public_key: &[u8],
    seed: &[u8; 32],
) -> Result<(Vec<u8>, SecretBytes), CryptoError> {
    // SAFETY: reads `len` bytes of the slice, whose length the library compares with that of the
    // algorithm; null means failure.
    let key = unsafe {
        ffi::EVP_PKEY_kem_new_raw_public_key(
            ffi::NID_MLKEM768,
            public_key.as_ptr(),
            public_key.len(),
        )
    };
    let key = KemKey(NonNull::new(key).ok_or(CryptoError::BadPublicValue)?);
    // SAFETY: the key is alive, the engine may be null; the context takes a reference of its own.
    let context = unsafe { ffi::EVP_PKEY_CTX_new(key.0.as_ptr(), null_mut()) };
    let context = KemContext(NonNull::new(context).ok_or(CryptoError::Failed)?);
    let mut ciphertext = vec![0; ML_KEM_768_CIPHERTEXT_LEN];
    let mut secret = Zeroizing::new(vec![0; 32]);
    let (mut ciphertext_len, mut secret_len, mut seed_len) =
        (ciphertext.len(), secret.len(), seed.len());
    // SAFETY: each buffer is as long as the length beside it says; the library compares these with
    // the lengths of the algorithm before it reads or writes.
    let done = unsafe {
        ffi::EVP_PKEY_encapsulate_deterministic(
            context.0.as_ptr(),
            ciphertext.as_mut_ptr(),
            &raw mut ciphertext_len,
            secret.as_mut_ptr(),
            &raw mut secret_len,
            seed.as_ptr(),
            &raw mut seed_len,
        )
    };
    if done != 1 || ciphertext_len != ciphertext.len() || secret_len != secret.len() {
        return Err(CryptoError::BadPublicValue);
    }
    Ok((ciphertext, secret))
}

struct KemKey(NonNull<ffi::EVP_PKEY>);

impl Drop for KemKey {
    fn drop(&mut self) {
        // SAFETY: the key is ours and is not used again.
        unsafe { ffi::EVP_PKEY_free(self.0.as_ptr()) }
    }
}

struct KemContext(NonNull<ffi::EVP_PKEY_CTX>);

impl Drop for KemContext {
    fn drop(&mut self) {
        // SAFETY: the context is ours and is not used again.
        unsafe { ffi::EVP_PKEY_CTX_free(self.0.as_ptr()) }
    }
}

const ML_KEM_768_CIPHERTEXT_LEN: usize = 1088;
