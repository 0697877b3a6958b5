//! AES for processors with the vector forms of the AES instructions. AES-GCM where there is no AVX-512:
//! twice as fast as AWS-LC with full packets and three times with the shortest, as AWS-LC uses those
//! instructions only together with AVX-512. And counter mode, for which AWS-LC never uses them. A [`Key`]
//! or [`CtrKey`] exists only where the processor has the instructions, which is why functions that are safe
//! to call may use them. No code here branches on a secret or uses one as an index. Called by
//! `cipher/aes_gcm.rs` and `cipher/aes_ctr.rs`.
#![allow(unsafe_code, reason = "calls functions that need what was checked when a key was made")]

mod aes;
mod ctr;
mod gcm;
mod ghash;
mod memory;
#[cfg(test)]
mod tests;

use std::arch::is_x86_feature_detected;

use subtle::ConstantTimeEq;
use zeroize::Zeroize;

use crate::crypto::apart;
use crate::crypto::vector_code::VectorCode;
use crate::error::CryptoError;
use aes::RoundKeys;
use gcm::{Apart, BATCH, Start};

/// The schedule of a key of 16 or 32 bytes; `None` for others, and where the processor lacks the
/// instructions.
fn round_keys(key: &[u8]) -> Option<RoundKeys> {
    let supported = is_x86_feature_detected!("aes")
        && is_x86_feature_detected!("ssse3")
        && is_x86_feature_detected!("sse4.1")
        && is_x86_feature_detected!("avx2")
        && is_x86_feature_detected!("vaes");
    if !supported {
        return None;
    }
    let (blocks, []) = key.as_chunks() else { return None };
    // SAFETY: the processor has the instructions, as was asked above.
    unsafe {
        match blocks {
            [key] => Some(RoundKeys::of_128_bits(key)),
            [low, high] => Some(RoundKeys::of_256_bits(low, high)),
            _ => None,
        }
    }
}

/// Encrypts or decrypts a stream in counter mode. It is wiped when it is dropped.
pub(crate) struct CtrKey(ctr::Key);

impl CtrKey {
    /// From 16 or 32 bytes and the number of the first block; `None` for other keys, and where the processor
    /// lacks the instructions.
    pub(crate) fn new(_: VectorCode, key: &[u8], iv: &[u8; 16]) -> Option<Self> {
        let rounds = round_keys(key)?;
        Some(Self(ctr::Key { rounds, counter: u128::from_be_bytes(*iv) }))
    }

    /// Encrypts or decrypts whole blocks in place.
    pub(crate) fn apply(&mut self, data: &mut [u8]) -> Result<(), CryptoError> {
        self.run(data, None)
    }

    /// The same from `data` to `out`, which has the same length.
    pub(crate) fn apply_from(&mut self, data: &[u8], out: &mut [u8]) -> Result<(), CryptoError> {
        if data.len() != out.len() {
            return Err(CryptoError::Failed);
        }
        self.run(out, Some(data))
    }

    fn run(&mut self, data: &mut [u8], source: Option<&[u8]>) -> Result<(), CryptoError> {
        if !data.len().is_multiple_of(16) {
            return Err(CryptoError::Failed);
        }
        // SAFETY: the processor has the instructions where there is a key.
        unsafe { self.0.apply(data, source) };
        Ok(())
    }
}

/// Encrypts or decrypts the packets of one direction. It is wiped when it is dropped.
pub(crate) struct Key(gcm::Key);

impl Key {
    /// From 16 or 32 bytes; `None` for others, and where the processor lacks the instructions.
    pub(crate) fn new(_: VectorCode, key: &[u8]) -> Option<Self> {
        if !(is_x86_feature_detected!("pclmulqdq") && is_x86_feature_detected!("vpclmulqdq")) {
            return None;
        }
        let rounds = round_keys(key)?;
        // SAFETY: the processor has the instructions, as was asked above and for the round keys.
        Some(Self(unsafe { gcm::Key::new(rounds) }))
    }

    /// Encrypts `body` in place.
    pub(crate) fn seal(
        &self,
        nonce: &[u8; 12],
        aad: &[u8; 4],
        body: &mut [u8],
        tag: &mut [u8; 16],
    ) {
        *tag = self.crypt::<true, 4>(Start { nonce, aad }, body, Apart::NONE);
    }

    /// As [`Key::seal`], but `data` belongs into `body` from `at` on: most of it is encrypted from its own
    /// memory into the packet, without a copy before.
    pub(crate) fn seal_from(
        &self,
        nonce: &[u8; 12],
        aad: &[u8; 4],
        body: &mut [u8],
        at: usize,
        data: &[u8],
        tag: &mut [u8; 16],
    ) -> Result<(), CryptoError> {
        let source = apart::Apart::new(body, at, data, BATCH)?.source;
        let apart = Apart { before: at.div_ceil(BATCH), batches: source.as_chunks().0 };
        *tag = self.crypt::<true, 4>(Start { nonce, aad }, body, apart);
        Ok(())
    }

    /// Decrypts `body` in place. With a wrong tag, it is wiped.
    pub(crate) fn open(
        &self,
        nonce: &[u8; 12],
        aad: &[u8; 4],
        body: &mut [u8],
        tag: &[u8; 16],
    ) -> Result<(), CryptoError> {
        let found = self.crypt::<false, 4>(Start { nonce, aad }, body, Apart::NONE);
        keep_if_equal(body, &found, tag)
    }

    /// Decrypts `sealed` to `opened`, which has the same length. With a wrong tag, `opened` is wiped.
    pub(crate) fn open_into(
        &self,
        nonce: &[u8; 12],
        aad: &[u8; 4],
        sealed: &[u8],
        tag: &[u8; 16],
        opened: &mut [u8],
    ) -> Result<(), CryptoError> {
        if sealed.len() != opened.len() {
            return Err(CryptoError::Failed);
        }
        let (batches, rest) = sealed.as_chunks();
        opened.as_chunks_mut::<BATCH>().1.copy_from_slice(rest);
        let apart = Apart { before: 0, batches };
        let found = self.crypt::<false, 4>(Start { nonce, aad }, opened, apart);
        keep_if_equal(opened, &found, tag)
    }

    fn crypt<const SEAL: bool, const AAD: usize>(
        &self,
        start: Start<'_, AAD>,
        body: &mut [u8],
        apart: Apart<'_>,
    ) -> [u8; 16] {
        // SAFETY: the processor has the instructions where there is a key.
        unsafe { self.0.crypt::<SEAL, AAD>(start, body, apart) }
    }
}

/// The tag is known only when all is decrypted; if it is wrong, the plaintext is wiped.
fn keep_if_equal(opened: &mut [u8], found: &[u8; 16], tag: &[u8; 16]) -> Result<(), CryptoError> {
    if bool::from(u128::from_ne_bytes(*found).ct_eq(&u128::from_ne_bytes(*tag))) {
        return Ok(());
    }
    opened.zeroize();
    Err(CryptoError::BadMac)
}
