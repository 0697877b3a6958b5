//! Functions of AWS-LC that have no safe Rust interface, one file for each part of the library. Every
//! exported function is safe, whatever its arguments.
#![allow(unsafe_code, reason = "the one audited module over the C library")]

#[cfg(vector_code)]
mod chacha20;
mod cipher;
mod dsa;
mod hmac;
mod ml_kem;
mod numbers;
mod rsa;
#[cfg(test)]
mod tests;

use std::ffi::c_int;

use zeroize::Zeroizing;

#[cfg(vector_code)]
pub(crate) use self::chacha20::ChaCha20Key;
pub(crate) use self::cipher::{CipherContext, CipherKind, Direction};
pub(crate) use self::dsa::DsaKey;
pub(crate) use self::hmac::{HmacHash, HmacKey};
pub(crate) use self::ml_kem::ml_kem_768_encapsulate;
#[cfg(test)]
pub(crate) use self::numbers::is_probably_prime;
pub(crate) use self::numbers::{Rfc3526Prime, RsaCrt, mod_exp, rsa_crt};
pub(crate) use self::rsa::{RsaPrivateKey, RsaPublicKey};
use crate::error::CryptoError;

/// A secret number as big-endian bytes.
pub(crate) type SecretBytes = Zeroizing<Vec<u8>>;

fn succeeded(result: c_int) -> Result<(), CryptoError> {
    if result == 1 { Ok(()) } else { Err(CryptoError::Failed) }
}
