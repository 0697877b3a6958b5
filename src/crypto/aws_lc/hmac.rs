//! HMAC keys that take the size of two hash states, not 1200 bytes.

use std::ffi::c_uint;
use std::mem::MaybeUninit;
use std::ptr::null_mut;

use aws_lc_sys as ffi;
use zeroize::Zeroizing;

use super::succeeded;
use crate::error::CryptoError;

/// The hash functions of an [`HmacKey`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HmacHash {
    Md5,
    Sha1,
    Sha256,
    Sha512,
}

impl HmacHash {
    fn evp(self) -> *const ffi::EVP_MD {
        // SAFETY: these functions take nothing and return pointers to constants.
        unsafe {
            match self {
                Self::Md5 => ffi::EVP_md5(),
                Self::Sha1 => ffi::EVP_sha1(),
                Self::Sha256 => ffi::EVP_sha256(),
                Self::Sha512 => ffi::EVP_sha512(),
            }
        }
    }
}

/// An HMAC key as the states of the hash after its two padded blocks (RFC 2104 section 4): small,
/// and a tag takes two blocks less. `STATES_LEN` is twice the length of a state.
pub(crate) struct HmacKey<const STATES_LEN: usize> {
    hash: HmacHash,
    states: Zeroizing<[u8; STATES_LEN]>,
}

impl<const STATES_LEN: usize> HmacKey<STATES_LEN> {
    /// From a key of any length; `STATES_LEN` has to be that of the hash.
    pub(crate) fn new(hash: HmacHash, key: &[u8]) -> Result<Self, CryptoError> {
        let mut states = Zeroizing::new([0; STATES_LEN]);
        let mut written = STATES_LEN;
        let mut context = HmacContext::new();
        // SAFETY: reads `key.len()` bytes of the key; the hash is a constant; the engine may be
        // null.
        succeeded(unsafe {
            ffi::HMAC_Init_ex(
                context.as_mut_ptr(),
                key.as_ptr().cast(),
                key.len(),
                hash.evp(),
                null_mut(),
            )
        })?;
        // SAFETY: the context was initialised just now.
        succeeded(unsafe { ffi::HMAC_set_precomputed_key_export(context.as_mut_ptr()) })?;
        // SAFETY: `written` says how much room there is, which the library respects.
        succeeded(unsafe {
            ffi::HMAC_get_precomputed_key(
                context.as_mut_ptr(),
                states.as_mut_ptr(),
                &raw mut written,
            )
        })?;
        if written == STATES_LEN { Ok(Self { hash, states }) } else { Err(CryptoError::Failed) }
    }

    /// The tag over the concatenation of `parts`, in the first bytes of the result.
    pub(crate) fn sign(&self, parts: &[&[u8]]) -> Result<HmacTag, CryptoError> {
        let mut context = HmacContext::new();
        // SAFETY: reads the states, whose length goes with them; the hash is a constant.
        succeeded(unsafe {
            ffi::HMAC_Init_from_precomputed_key(
                context.as_mut_ptr(),
                self.states.as_ptr(),
                STATES_LEN,
                self.hash.evp(),
            )
        })?;
        for part in parts {
            // SAFETY: reads `part.len()` bytes of the slice.
            succeeded(unsafe {
                ffi::HMAC_Update(context.as_mut_ptr(), part.as_ptr(), part.len())
            })?;
        }
        let mut tag = HmacTag { bytes: [0; MAX_DIGEST_LEN], len: 0 };
        let mut written: c_uint = 0;
        // SAFETY: writes at most EVP_MAX_MD_SIZE bytes, for which there is room.
        succeeded(unsafe {
            ffi::HMAC_Final(context.as_mut_ptr(), tag.bytes.as_mut_ptr(), &raw mut written)
        })?;
        tag.len = usize::try_from(written).map_err(|_| CryptoError::Failed)?;
        Ok(tag)
    }
}

/// The longest digest of the library, EVP_MAX_MD_SIZE.
const MAX_DIGEST_LEN: usize = 64;

/// A tag on the stack.
pub(crate) struct HmacTag {
    bytes: [u8; MAX_DIGEST_LEN],
    len: usize,
}

impl HmacTag {
    /// The bytes of the tag.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

/// The library's context, on the stack while a tag is computed.
struct HmacContext(MaybeUninit<ffi::HMAC_CTX>);

impl HmacContext {
    fn new() -> Self {
        let mut context = MaybeUninit::uninit();
        // SAFETY: sets all of the memory it is given, which is that of a context.
        unsafe { ffi::HMAC_CTX_init(context.as_mut_ptr()) };
        Self(context)
    }

    fn as_mut_ptr(&mut self) -> *mut ffi::HMAC_CTX {
        self.0.as_mut_ptr()
    }
}

impl Drop for HmacContext {
    fn drop(&mut self) {
        // SAFETY: the context was initialised in `new`; it owns no memory, this wipes it.
        unsafe { ffi::HMAC_CTX_cleanup(self.0.as_mut_ptr()) }
    }
}
