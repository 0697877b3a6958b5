//! What AWS-LC has no safe Rust interface for: block ciphers that keep their state from call to
//! call, HMAC keys that take 64 bytes and not 1200, modular exponentiation, the parts of an RSA key that files leave out, and ML-KEM
//! encapsulation with randomness from outside. The only file of the engine with `unsafe`;
//! everything it exports is safe, whatever the arguments.
#![allow(unsafe_code, reason = "the one audited module over the C library")]

use std::ffi::{c_int, c_uint};
use std::mem::MaybeUninit;
use std::ptr::{NonNull, null, null_mut};

use aws_lc_sys as ffi;
use zeroize::Zeroizing;

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

/// The hash functions of an [`HmacKey`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HmacHash {
    Sha256,
    Sha512,
}

impl HmacHash {
    fn evp(self) -> *const ffi::EVP_MD {
        // SAFETY: these functions take nothing and return pointers to constants.
        unsafe {
            match self {
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

/// A secret number as big-endian bytes.
pub(crate) type SecretBytes = Zeroizing<Vec<u8>>;

/// `base ^ exponent mod modulus`, as long as `modulus`, in time that depends only on the lengths of
/// the arguments. `modulus` has to be odd and above 1, `base` below it, and none longer than
/// [`MAX_NUMBER_LEN`].
pub(crate) fn mod_exp(
    base: &[u8],
    exponent: &[u8],
    modulus: &[u8],
) -> Result<SecretBytes, CryptoError> {
    let (base, exponent) = (Number::from_bytes(base)?, Number::from_bytes(exponent)?);
    let result = Number::from_bytes(modulus)?.exp(&base, &exponent)?;
    result.to_bytes(modulus.len())
}

/// What the Chinese remainder theorem needs of an RSA key (RFC 8017 section 3.2).
pub(crate) struct RsaCrt {
    /// d mod (p - 1)
    pub(crate) d_p: SecretBytes,
    /// d mod (q - 1)
    pub(crate) d_q: SecretBytes,
    /// The inverse of q modulo p.
    pub(crate) q_inv: SecretBytes,
}

/// Computes them once, when a key is loaded. Numbers that are no key give an error or a result
/// that is no key either; whoever builds the key checks it.
pub(crate) fn rsa_crt(d: &[u8], p: &[u8], q: &[u8]) -> Result<RsaCrt, CryptoError> {
    let (p_len, q_len) = (p.len(), q.len());
    let (d, p, q) = (Number::from_bytes(d)?, Number::from_bytes(p)?, Number::from_bytes(q)?);
    // p is prime, so q^(p-2) is the inverse of q (Fermat)
    let q_inv = p.exp(&q.modulo(&p)?, &p.minus(2)?)?;
    Ok(RsaCrt {
        d_p: d.modulo(&p.minus(1)?)?.to_bytes(p_len)?,
        d_q: d.modulo(&q.minus(1)?)?.to_bytes(q_len)?,
        q_inv: q_inv.to_bytes(p_len)?,
    })
}

/// The primes of RFC 3526 that the key exchanges use, by their length in bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rfc3526Prime {
    Bits2048,
    Bits4096,
    Bits8192,
}

impl Rfc3526Prime {
    /// The prime, big-endian.
    pub(crate) fn to_bytes(self) -> Result<Vec<u8>, CryptoError> {
        let (len, get): (usize, unsafe extern "C" fn(_) -> _) = match self {
            Self::Bits2048 => (256, ffi::BN_get_rfc3526_prime_2048),
            Self::Bits4096 => (512, ffi::BN_get_rfc3526_prime_4096),
            Self::Bits8192 => (1024, ffi::BN_get_rfc3526_prime_8192),
        };
        let prime = Number::new()?;
        // SAFETY: these functions set the number they are given and return it, or null.
        if unsafe { get(prime.0.as_ptr()) }.is_null() {
            return Err(CryptoError::Failed);
        }
        Ok(prime.to_bytes(len)?.to_vec())
    }
}

/// Numbers of more than 16384 bits are refused, so that nobody computes with them for minutes.
pub(crate) const MAX_NUMBER_LEN: usize = 2048;

/// A number that is not negative, wiped when it is dropped.
struct Number(NonNull<ffi::BIGNUM>);

impl Number {
    fn new() -> Result<Self, CryptoError> {
        // SAFETY: takes nothing; null means out of memory.
        let number = unsafe { ffi::BN_new() };
        NonNull::new(number).map(Self).ok_or(CryptoError::Failed)
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, CryptoError> {
        if bytes.len() > MAX_NUMBER_LEN {
            return Err(CryptoError::Failed);
        }
        let this = Self::new()?;
        // SAFETY: reads `len` bytes of the slice into a number of ours; null means failure.
        let read = unsafe { ffi::BN_bin2bn(bytes.as_ptr(), bytes.len(), this.0.as_ptr()) };
        if read.is_null() {
            return Err(CryptoError::Failed);
        }
        Ok(this)
    }

    /// The number in `len` bytes; an error when it does not fit.
    fn to_bytes(&self, len: usize) -> Result<SecretBytes, CryptoError> {
        let mut bytes = Zeroizing::new(vec![0; len]);
        // SAFETY: writes exactly `len` bytes, which is the length of the vector.
        let done = unsafe { ffi::BN_bn2bin_padded(bytes.as_mut_ptr(), len, self.0.as_ptr()) };
        succeeded(done)?;
        Ok(bytes)
    }

    fn is_below(&self, other: &Self) -> bool {
        // SAFETY: both are numbers of ours, only read.
        unsafe { ffi::BN_cmp(self.0.as_ptr(), other.0.as_ptr()) < 0 }
    }

    fn minus(&self, word: u32) -> Result<Self, CryptoError> {
        let result = Self::new()?;
        // SAFETY: all are numbers of ours. Subtracting may make the result negative, which is
        // refused below; no other code of this file sees it.
        unsafe {
            succeeded(c_int::from(!ffi::BN_copy(result.0.as_ptr(), self.0.as_ptr()).is_null()))?;
            succeeded(ffi::BN_sub_word(result.0.as_ptr(), word.into()))?;
            if ffi::BN_is_negative(result.0.as_ptr()) != 0 {
                return Err(CryptoError::Failed);
            }
        }
        Ok(result)
    }

    /// The remainder; takes time that depends on the values.
    fn modulo(&self, divisor: &Self) -> Result<Self, CryptoError> {
        let scratch = Scratch::new()?;
        let result = Self::new()?;
        // SAFETY: all are numbers of ours, and distinct; the quotient may be null. A divisor of 0
        // is an error of the library.
        succeeded(unsafe {
            ffi::BN_div(
                null_mut(),
                result.0.as_ptr(),
                self.0.as_ptr(),
                divisor.0.as_ptr(),
                scratch.0.as_ptr(),
            )
        })?;
        Ok(result)
    }

    /// `base ^ exponent` modulo this number, in constant time.
    fn exp(&self, base: &Self, exponent: &Self) -> Result<Self, CryptoError> {
        // SAFETY: only reads a number of ours.
        let is_odd_above_1 =
            unsafe { ffi::BN_is_odd(self.0.as_ptr()) == 1 && ffi::BN_is_one(self.0.as_ptr()) == 0 };
        if !is_odd_above_1 || !base.is_below(self) {
            return Err(CryptoError::Failed);
        }
        let scratch = Scratch::new()?;
        let result = Self::new()?;
        // SAFETY: all are numbers of ours, and distinct; the modulus is odd and above 1 and the
        // base below it, as the library demands; without a Montgomery context it makes its own.
        succeeded(unsafe {
            ffi::BN_mod_exp_mont_consttime(
                result.0.as_ptr(),
                base.0.as_ptr(),
                exponent.0.as_ptr(),
                self.0.as_ptr(),
                scratch.0.as_ptr(),
                null(),
            )
        })?;
        Ok(result)
    }
}

impl Drop for Number {
    fn drop(&mut self) {
        // SAFETY: the number is ours and is not used again.
        unsafe { ffi::BN_clear_free(self.0.as_ptr()) }
    }
}

/// Room for intermediate results.
struct Scratch(NonNull<ffi::BN_CTX>);

impl Scratch {
    fn new() -> Result<Self, CryptoError> {
        // SAFETY: takes nothing; null means out of memory.
        let context = unsafe { ffi::BN_CTX_new() };
        NonNull::new(context).map(Self).ok_or(CryptoError::Failed)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // SAFETY: the context is ours and is not used again.
        unsafe { ffi::BN_CTX_free(self.0.as_ptr()) }
    }
}

fn succeeded(result: c_int) -> Result<(), CryptoError> {
    if result == 1 { Ok(()) } else { Err(CryptoError::Failed) }
}

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

#[cfg(test)]
mod tests;
