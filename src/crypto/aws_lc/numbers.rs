//! Arithmetic with large numbers: modular exponentiation in constant time, and the parts of an RSA
//! key that files leave out.

use std::ffi::c_int;
use std::ptr::{NonNull, null, null_mut};

use aws_lc_sys as ffi;
use zeroize::Zeroizing;

use super::{SecretBytes, succeeded};
use crate::error::CryptoError;
use crate::limits::MAX_NUMBER_LEN;

/// `base ^ exponent mod modulus`, with the length of `modulus`, in time that depends only on the lengths of
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

/// The numbers of an RSA key for the Chinese remainder theorem (RFC 8017 section 3.2).
pub(crate) struct RsaCrt {
    /// d mod (p - 1)
    pub(crate) d_p: SecretBytes,
    /// d mod (q - 1)
    pub(crate) d_q: SecretBytes,
    /// The inverse of q modulo p.
    pub(crate) q_inv: SecretBytes,
}

/// Computes the numbers once, when a key is loaded. Arguments that are no key give an error, or numbers
/// that are no key either; the builder of the key checks that.
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
    Bits3072,
    Bits4096,
    Bits6144,
    Bits8192,
}

impl Rfc3526Prime {
    /// The prime, big-endian.
    pub(crate) fn to_bytes(self) -> Result<Vec<u8>, CryptoError> {
        let (len, get): (usize, unsafe extern "C" fn(_) -> _) = match self {
            Self::Bits2048 => (256, ffi::BN_get_rfc3526_prime_2048),
            Self::Bits3072 => (384, ffi::BN_get_rfc3526_prime_3072),
            Self::Bits4096 => (512, ffi::BN_get_rfc3526_prime_4096),
            Self::Bits6144 => (768, ffi::BN_get_rfc3526_prime_6144),
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

/// Whether a number is prime, by 16 rounds of Miller-Rabin: wrong once in 2^32 at worst, and for random
/// numbers far less often.
#[cfg(test)]
pub(crate) fn is_probably_prime(number: &[u8]) -> Result<bool, CryptoError> {
    let (number, scratch) = (Number::from_bytes(number)?, Scratch::new()?);
    let mut answer: c_int = 0;
    // SAFETY: the number and the scratch room are ours; the callback may be null.
    succeeded(unsafe {
        ffi::BN_primality_test(
            &raw mut answer,
            number.0.as_ptr(),
            16,
            scratch.0.as_ptr(),
            1,
            null_mut(),
        )
    })?;
    Ok(answer == 1)
}

/// A number that is not negative, wiped when it is dropped.
pub(super) struct Number(NonNull<ffi::BIGNUM>);

impl Number {
    fn new() -> Result<Self, CryptoError> {
        // SAFETY: takes nothing; null means out of memory.
        let number = unsafe { ffi::BN_new() };
        NonNull::new(number).map(Self).ok_or(CryptoError::Failed)
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Result<Self, CryptoError> {
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

    /// For the functions of the library; the number stays ours.
    pub(super) fn as_ptr(&self) -> *mut ffi::BIGNUM {
        self.0.as_ptr()
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
