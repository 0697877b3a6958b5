//! chacha20-poly1305@openssh.com for processors with AVX2 and without AVX-512: ChaCha20 is AWS-LC's, which
//! has code for AVX2; Poly1305 is our own, as AWS-LC's uses only SSE2. Data is encrypted on its way into
//! the packet. [`Keys`] exist only where the processor has the instructions, which is why functions that
//! are safe to call may use them. No code here branches on a secret or uses one as an index. Called by
//! `cipher/chacha20_poly1305.rs`.
#![allow(unsafe_code, reason = "calls functions that need what `Keys::new` checked")]

mod memory;
mod poly1305;
#[cfg(test)]
mod tests;

use std::arch::is_x86_feature_detected;

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::apart::Apart;
use super::aws_lc::ChaCha20Key;
use crate::crypto::poly1305::Key;
use crate::crypto::vector_code::VectorCode;
use crate::error::CryptoError;

/// Bytes of one block of the key stream.
const STREAM_BLOCK: usize = 64;
/// `packet_length`
const LENGTH_LEN: usize = 4;

/// Encrypts or decrypts the packets of one direction; none can be built where the processor lacks the
/// instructions.
pub(crate) struct Keys {
    /// K_2 of OpenSSH's PROTOCOL.chacha20poly1305: encrypts packets and makes the keys of their tags.
    main: ChaCha20Key,
    /// K_1: encrypts lengths.
    header: ChaCha20Key,
}

impl Keys {
    /// `None` where the processor lacks the instructions.
    pub(crate) fn new(_: VectorCode, key: &[u8; 64]) -> Option<Self> {
        let (main, header) = key.split_first_chunk()?;
        let (main, header) = (ChaCha20Key::new(main), ChaCha20Key::new(header.first_chunk()?));
        is_x86_feature_detected!("avx2").then_some(Self { main, header })
    }

    /// Decrypts the length of a packet.
    pub(crate) fn decrypt_packet_length(&self, sequence: u32, mut length: [u8; 4]) -> [u8; 4] {
        self.header.apply(&nonce(sequence), 0, &mut length);
        length
    }

    /// Encrypts a packet, which starts with its length.
    pub(crate) fn seal_in_place(&self, sequence: u32, packet: &mut [u8], tag: &mut [u8; 16]) {
        let nonce = nonce(sequence);
        if let Some((length, body)) = packet.split_first_chunk_mut::<LENGTH_LEN>() {
            self.header.apply(&nonce, 0, length);
            self.main.apply(&nonce, 1, body);
        }
        *tag = self.tag(&nonce, packet).to_le_bytes();
    }

    /// As [`Keys::seal_in_place`], but `data` belongs into the packet from `at` on: most of it is encrypted
    /// from its own memory into the packet, without a copy before.
    pub(crate) fn seal_from(
        &self,
        sequence: u32,
        packet: &mut [u8],
        at: usize,
        data: &[u8],
        tag: &mut [u8; 16],
    ) -> Result<(), CryptoError> {
        let nonce = nonce(sequence);
        let failed = CryptoError::Failed;
        let (length, body) = packet.split_first_chunk_mut::<LENGTH_LEN>().ok_or(failed)?;
        let at = at.checked_sub(LENGTH_LEN).ok_or(failed)?;
        let parts = Apart::new(body, at, data, STREAM_BLOCK)?;
        // Block 0 makes the key of the tag.
        let block = |len: usize| u32::try_from(len.div_ceil(STREAM_BLOCK).saturating_add(1));
        let first = block(parts.before.len()).map_err(|_| failed)?;
        let behind = parts.before.len().saturating_add(parts.source.len());
        let behind = block(behind).map_err(|_| failed)?;
        self.header.apply(&nonce, 0, length);
        self.main.apply(&nonce, 1, parts.before);
        self.main.apply_from(&nonce, first, parts.source, parts.target)?;
        self.main.apply(&nonce, behind, parts.after);
        *tag = self.tag(&nonce, packet).to_le_bytes();
        Ok(())
    }

    /// Decrypts a packet, which starts with its encrypted length, if the tag is right; otherwise
    /// leaves it as it is. The length stays encrypted.
    pub(crate) fn open_in_place(
        &self,
        sequence: u32,
        packet: &mut [u8],
        tag: &[u8; 16],
    ) -> Result<(), CryptoError> {
        let nonce = nonce(sequence);
        let expected = self.tag(&nonce, packet);
        if !bool::from(expected.ct_eq(&u128::from_le_bytes(*tag))) {
            return Err(CryptoError::BadMac);
        }
        if let Some((_, body)) = packet.split_first_chunk_mut::<LENGTH_LEN>() {
            self.main.apply(&nonce, 1, body);
        }
        Ok(())
    }

    /// The tag of an encrypted packet.
    fn tag(&self, nonce: &[u8; 12], packet: &[u8]) -> u128 {
        // The first 32 bytes of block 0 are the one-time key of the tag.
        let mut key = Zeroizing::new([0; 32]);
        self.main.apply(nonce, 0, &mut *key);
        // SAFETY: the processor has the instructions where there are `Keys`.
        unsafe { poly1305::tag(Key::from_bytes(&key), packet) }
    }
}

/// The sequence number as an uint64 is the nonce, after a block counter of 64 bits, whose upper half
/// AWS-LC takes for a part of the nonce.
fn nonce(sequence: u32) -> [u8; 12] {
    let [a, b, c, d] = sequence.to_be_bytes();
    [0, 0, 0, 0, 0, 0, 0, 0, a, b, c, d]
}
