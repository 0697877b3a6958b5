//! DSA (FIPS 186-4) over a digest: what `ssh-dss` is made of. The library signs in constant time.

use std::ptr::{NonNull, null, null_mut};

use aws_lc_sys as ffi;

use super::numbers::Number;
use super::succeeded;
use crate::error::CryptoError;

/// A key; a private one signs too.
pub(crate) struct DsaKey {
    key: NonNull<ffi::DSA>,
    /// Bytes of q, and so of r and of s.
    q_len: usize,
}

/// The two numbers of a signature, each as long as q.
pub(crate) struct DsaSignature {
    pub(crate) r: Vec<u8>,
    pub(crate) s: Vec<u8>,
}

impl DsaKey {
    /// From the domain parameters p, q and g, y, and x for a private key. The library checks their
    /// sizes when it uses them: q of 160, 224 or 256 bits.
    pub(crate) fn new([p, q, g, y]: [&[u8]; 4], x: Option<&[u8]>) -> Result<Self, CryptoError> {
        let q_len = q.len();
        let [p, q, g, y] = [p, q, g, y].map(Number::from_bytes);
        let (p, q, g, y) = (p?, q?, g?, y?);
        let x = x.map(Number::from_bytes).transpose()?;
        // SAFETY: takes nothing; null means out of memory.
        let key = unsafe { ffi::DSA_new() };
        let this = Self { key: NonNull::new(key).ok_or(CryptoError::Failed)?, q_len };
        // SAFETY: the key is new and ours; when it succeeds, it owns the three numbers, which are
        // forgotten here.
        succeeded(unsafe {
            ffi::DSA_set0_pqg(this.key.as_ptr(), p.as_ptr(), q.as_ptr(), g.as_ptr())
        })?;
        std::mem::forget((p, q, g));
        let x_ptr = x.as_ref().map_or(null_mut(), Number::as_ptr);
        // SAFETY: as above; the private number may be null.
        succeeded(unsafe { ffi::DSA_set0_key(this.key.as_ptr(), y.as_ptr(), x_ptr) })?;
        std::mem::forget((y, x));
        Ok(this)
    }

    /// Checks a signature over a digest.
    pub(crate) fn verify(&self, digest: &[u8], r: &[u8], s: &[u8]) -> Result<(), CryptoError> {
        let (r, s) = (Number::from_bytes(r)?, Number::from_bytes(s)?);
        let signature = Signature::new()?;
        // SAFETY: the signature is new and ours; when it succeeds, it owns both numbers, which are
        // forgotten here.
        succeeded(unsafe { ffi::DSA_SIG_set0(signature.0.as_ptr(), r.as_ptr(), s.as_ptr()) })?;
        std::mem::forget((r, s));
        // SAFETY: reads the digest, whose length goes with it, the signature and the key.
        let valid = unsafe {
            ffi::DSA_do_verify(
                digest.as_ptr(),
                digest.len(),
                signature.0.as_ptr(),
                self.key.as_ptr(),
            )
        };
        // -1 means that the library refuses the key
        succeeded(valid).map_err(|_| CryptoError::BadSignature)
    }

    /// Signs a digest.
    pub(crate) fn sign(&self, digest: &[u8]) -> Result<DsaSignature, CryptoError> {
        // SAFETY: reads the digest, whose length goes with it, and the key; null means that the
        // library refuses, for one because there is no private number.
        let signature =
            unsafe { ffi::DSA_do_sign(digest.as_ptr(), digest.len(), self.key.as_ptr()) };
        let signature = Signature(NonNull::new(signature).ok_or(CryptoError::Failed)?);
        let (mut r, mut s) = (null(), null());
        // SAFETY: sets both pointers to numbers that live as long as the signature.
        unsafe { ffi::DSA_SIG_get0(signature.0.as_ptr(), &raw mut r, &raw mut s) };
        let bytes = |number: *const ffi::BIGNUM| {
            let mut bytes = vec![0; self.q_len];
            // SAFETY: reads a number of the signature, which is alive, and writes exactly as many
            // bytes as the vector has.
            succeeded(unsafe { ffi::BN_bn2bin_padded(bytes.as_mut_ptr(), bytes.len(), number) })?;
            Ok(bytes)
        };
        Ok(DsaSignature { r: bytes(r)?, s: bytes(s)? })
    }
}

// SAFETY: the key is owned by this value alone and nothing in it belongs to a thread.
unsafe impl Send for DsaKey {}

// SAFETY: nothing is set in the key after it was made; the Montgomery contexts that using it caches
// are guarded by its own lock.
unsafe impl Sync for DsaKey {}

impl Drop for DsaKey {
    fn drop(&mut self) {
        // SAFETY: the key is ours and is not used again; the library wipes its numbers.
        unsafe { ffi::DSA_free(self.key.as_ptr()) }
    }
}

struct Signature(NonNull<ffi::DSA_SIG>);

impl Signature {
    fn new() -> Result<Self, CryptoError> {
        // SAFETY: takes nothing; null means out of memory.
        let signature = unsafe { ffi::DSA_SIG_new() };
        NonNull::new(signature).map(Self).ok_or(CryptoError::Failed)
    }
}

impl Drop for Signature {
    fn drop(&mut self) {
        // SAFETY: the signature is ours and is not used again.
        unsafe { ffi::DSA_SIG_free(self.0.as_ptr()) }
    }
}
