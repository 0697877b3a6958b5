//! RSASSA-PKCS1-v1_5 (RFC 8017 section 8.2) with keys of 1024 to 16384 bits and with SHA-1 too, which
//! the safe interface does not sign with. Signing is blinded, in constant time, and checks its
//! result, all by the library.

use std::ffi::c_uint;
use std::ptr::NonNull;

use aws_lc_sys as ffi;

use super::numbers::Number;
use super::{RsaCrt, succeeded};
use crate::crypto::hash::Hash;
use crate::error::CryptoError;

/// A public key.
pub(crate) struct RsaPublicKey(Key);

/// A private key.
pub(crate) struct RsaPrivateKey(Key);

impl RsaPublicKey {
    /// The library refuses exponents that are even, below 3 or above 33 bits, and moduli above 16384
    /// bits.
    pub(crate) fn new(n: &[u8], e: &[u8]) -> Result<Self, CryptoError> {
        let (n, e) = (Number::from_bytes(n)?, Number::from_bytes(e)?);
        // SAFETY: reads two numbers of ours, of which it takes copies; null means that it refuses.
        let key = unsafe { ffi::RSA_new_public_key(n.as_ptr(), e.as_ptr()) };
        NonNull::new(key).map(|key| Self(Key(key))).ok_or(CryptoError::UnsuitableKey)
    }

    /// Checks a signature over a message; it has to be as long as the modulus.
    pub(crate) fn verify(
        &self,
        hash: Hash,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), CryptoError> {
        let digest = hash.digest(&[message]);
        // SAFETY: the lengths beside the digest and the signature are theirs. The key is ours; the
        // library changes only what it keeps for itself in it, under a lock.
        let valid = unsafe {
            ffi::RSA_verify(
                nid(hash),
                digest.as_ptr(),
                digest.len(),
                signature.as_ptr(),
                signature.len(),
                self.0.0.as_ptr(),
            )
        };
        succeeded(valid).map_err(|_| CryptoError::BadSignature)
    }
}

impl RsaPrivateKey {
    /// Numbers that do not belong together are refused.
    pub(crate) fn new([n, e, d, p, q]: [&[u8]; 5], crt: &RsaCrt) -> Result<Self, CryptoError> {
        let numbers = [n, e, d, p, q, &crt.d_p, &crt.d_q, &crt.q_inv].map(Number::from_bytes);
        let [n, e, d, p, q, d_p, d_q, q_inv] = numbers;
        let (n, e, d, p, q) = (n?, e?, d?, p?, q?);
        let (d_p, d_q, q_inv) = (d_p?, d_q?, q_inv?);
        // SAFETY: reads numbers of ours, of which it takes copies; null means that it refuses.
        let key = unsafe {
            ffi::RSA_new_private_key(
                n.as_ptr(),
                e.as_ptr(),
                d.as_ptr(),
                p.as_ptr(),
                q.as_ptr(),
                d_p.as_ptr(),
                d_q.as_ptr(),
                q_inv.as_ptr(),
            )
        };
        NonNull::new(key).map(|key| Self(Key(key))).ok_or(CryptoError::UnsuitableKey)
    }

    /// From n, e and d. Whether they belong together shows in a signature only.
    pub(crate) fn without_primes([n, e, d]: [&[u8]; 3]) -> Result<Self, CryptoError> {
        let (n, e, d) = (Number::from_bytes(n)?, Number::from_bytes(e)?, Number::from_bytes(d)?);
        // SAFETY: reads numbers of ours, of which it takes copies; null means that it refuses.
        let key = unsafe { ffi::RSA_new_private_key_no_crt(n.as_ptr(), e.as_ptr(), d.as_ptr()) };
        NonNull::new(key).map(|key| Self(Key(key))).ok_or(CryptoError::UnsuitableKey)
    }

    /// The signature over a message, as long as the modulus.
    pub(crate) fn sign(&self, hash: Hash, message: &[u8]) -> Result<Vec<u8>, CryptoError> {
        let digest = hash.digest(&[message]);
        // SAFETY: only reads the key.
        let len = unsafe { ffi::RSA_size(self.0.0.as_ptr()) };
        let len = usize::try_from(len).map_err(|_| CryptoError::Failed)?;
        let mut signature = vec![0; len];
        let mut written: c_uint = 0;
        // SAFETY: reads `digest.len()` bytes and writes RSA_size bytes at most, for which there is
        // room. The library changes only the blinding factors in the key, under a lock.
        succeeded(unsafe {
            ffi::RSA_sign(
                nid(hash),
                digest.as_ptr(),
                digest.len(),
                signature.as_mut_ptr(),
                &raw mut written,
                self.0.0.as_ptr(),
            )
        })?;
        if usize::try_from(written) == Ok(len) { Ok(signature) } else { Err(CryptoError::Failed) }
    }
}

struct Key(NonNull<ffi::RSA>);

// SAFETY: the key is owned by this value alone and nothing in it belongs to a thread.
unsafe impl Send for Key {}

// SAFETY: nothing is set in the key after it was made; what signing and verifying cache in it is
// guarded by its own locks (rsa.h: "it is safe to use the same key from several threads").
unsafe impl Sync for Key {}

impl Drop for Key {
    fn drop(&mut self) {
        // SAFETY: the key is ours and is not used again; the library wipes its numbers.
        unsafe { ffi::RSA_free(self.0.as_ptr()) }
    }
}

fn nid(hash: Hash) -> std::ffi::c_int {
    match hash {
        Hash::Sha1 => ffi::NID_sha1,
        Hash::Sha256 => ffi::NID_sha256,
        Hash::Sha384 => ffi::NID_sha384,
        Hash::Sha512 => ffi::NID_sha512,
    }
}
