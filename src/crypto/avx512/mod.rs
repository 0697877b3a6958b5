//! chacha20-poly1305@openssh.com for processors with AVX-512: more than twice as fast as AWS-LC, which does
//! not use those instructions for it. [`Keys`] exist only where the processor has the instructions, which
//! is why functions that are safe to call may use them. No code here branches on a secret or uses one as an
//! index. Called by `cipher/chacha20_poly1305.rs`.
#![allow(unsafe_code, reason = "calls functions that need what `Keys::new` checked")]

mod chacha20;
mod memory;
mod poly1305;
#[cfg(test)]
mod tests;

use std::arch::is_x86_feature_detected;
use std::arch::x86_64::{
    __m128i, __m512i, _mm_cvtsi128_si64, _mm_unpackhi_epi64, _mm512_castsi512_si128,
    _mm512_extracti32x4_epi32,
};

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::crypto::poly1305::Key;
use crate::crypto::vector_code::VectorCode;
use crate::error::CryptoError;
use chacha20::Nonce;
use memory::xor;

/// Encrypts the packets of one direction.
pub(crate) struct SealingKey(Keys);

impl SealingKey {
    /// `None` where the processor lacks the instructions.
    pub(crate) fn new(_: VectorCode, key: &[u8; 64]) -> Option<Self> {
        Keys::new(key).map(Self)
    }

    /// Encrypts a packet, which starts with its length.
    pub(crate) fn seal_in_place(&self, sequence: u32, packet: &mut [u8], tag: &mut [u8; 16]) {
        // SAFETY: the processor has the instructions where there are `Keys`.
        unsafe { self.0.seal(sequence, packet, tag) }
    }
}

/// Decrypts the packets of the other direction.
pub(crate) struct OpeningKey {
    keys: Keys,
    /// The key stream of a packet: made for its length, and used again for the rest of it.
    start: Start,
}

impl OpeningKey {
    /// `None` where the processor lacks the instructions.
    pub(crate) fn new(_: VectorCode, key: &[u8; 64]) -> Option<Self> {
        let keys = Keys::new(key)?;
        // SAFETY: the processor has the instructions where there are `Keys`.
        let start = unsafe { keys.start(0) };
        Some(Self { keys, start })
    }

    /// Decrypts the length of a packet.
    pub(crate) fn decrypt_packet_length(&mut self, sequence: u32, mut length: [u8; 4]) -> [u8; 4] {
        // SAFETY: the processor has the instructions where there are `Keys`.
        unsafe { self.keys.decrypt_length(&mut self.start, sequence, &mut length) };
        length
    }

    /// Decrypts a packet, which starts with its encrypted length, if the tag is right; otherwise
    /// leaves it as it is. The length stays encrypted.
    pub(crate) fn open_in_place(
        &mut self,
        sequence: u32,
        packet: &mut [u8],
        tag: &[u8; 16],
    ) -> Result<(), CryptoError> {
        // SAFETY: the processor has the instructions where there are `Keys`.
        unsafe { self.keys.open(&mut self.start, sequence, packet, tag) }
    }
}

/// The two keys of a direction; none can be built where the processor lacks the instructions.
struct Keys {
    /// K_2 of OpenSSH's PROTOCOL.chacha20poly1305: encrypts packets and makes the keys of their tags.
    main: chacha20::Key,
    /// K_1: encrypts lengths.
    header: chacha20::Key,
}

/// The key stream at the start of a packet, made in one go: block 0 of K_1 for the length, block 0
/// of K_2 for the key of the tag, and blocks 1 to 6 of K_2 for the packet.
struct Start {
    /// The sequence number of its packet.
    sequence: u32,
    blocks: Zeroizing<[__m512i; 8]>,
}

/// Bytes of a packet behind the length that [`Start`] covers.
const START: usize = 6 * 64;

/// The block of the key stream that follows [`Start`].
const AFTER_START: i32 = 7;

impl Keys {
    fn new(key: &[u8; 64]) -> Option<Self> {
        let supported = is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512ifma");
        let (main, header) = key.split_first_chunk()?;
        let (main, header) = (chacha20::Key::new(main), chacha20::Key::new(header.first_chunk()?));
        supported.then_some(Self { main, header })
    }

    #[target_feature(enable = "avx512f")]
    fn start(&self, sequence: u32) -> Start {
        let blocks = chacha20::first_blocks(&self.main, &self.header, nonce(sequence));
        Start { sequence, blocks: Zeroizing::new(blocks) }
    }

    #[target_feature(enable = "avx512f")]
    fn renew(&self, start: &mut Start, sequence: u32) {
        if start.sequence != sequence {
            *start.blocks = chacha20::first_blocks(&self.main, &self.header, nonce(sequence));
            start.sequence = sequence;
        }
    }

    #[target_feature(enable = "avx512f,avx512bw")]
    fn decrypt_length(&self, start: &mut Start, sequence: u32, length: &mut [u8; 4]) {
        self.renew(start, sequence);
        let [header, ..] = *start.blocks;
        xor(length, header);
    }

    #[target_feature(enable = "avx512f,avx512bw,avx512ifma")]
    fn seal(&self, sequence: u32, packet: &mut [u8], tag: &mut [u8; 16]) {
        let start = self.start(sequence);
        let [header, tag_key, stream @ ..] = &*start.blocks;
        if let Some((length, body)) = packet.split_first_chunk_mut::<4>() {
            xor(length, *header);
            self.apply(stream, nonce(sequence), body);
        }
        *tag = poly1305::tag(tag_key_of(*tag_key), packet).to_le_bytes();
    }

    #[target_feature(enable = "avx512f,avx512bw,avx512ifma")]
    fn open(
        &self,
        start: &mut Start,
        sequence: u32,
        packet: &mut [u8],
        tag: &[u8; 16],
    ) -> Result<(), CryptoError> {
        self.renew(start, sequence);
        let [_, tag_key, stream @ ..] = &*start.blocks;
        // nothing is decrypted before the tag is known to be right
        let expected = poly1305::tag(tag_key_of(*tag_key), packet);
        if !bool::from(expected.ct_eq(&u128::from_le_bytes(*tag))) {
            return Err(CryptoError::BadMac);
        }
        if let Some((_, body)) = packet.split_first_chunk_mut::<4>() {
            self.apply(stream, nonce(sequence), body);
        }
        Ok(())
    }

    /// XORs the key stream into the bytes behind the length; `stream` is its beginning.
    #[target_feature(enable = "avx512f,avx512bw")]
    fn apply(&self, stream: &[__m512i; START / 64], nonce: Nonce, body: &mut [u8]) {
        chacha20::xor_blocks(body, stream);
        if let Some(rest) = body.get_mut(START..) {
            chacha20::apply(&self.main, AFTER_START, nonce, rest);
        }
    }
}

/// The sequence number as an uint64 is the nonce, after a block counter of 64 bits.
fn nonce(sequence: u32) -> Nonce {
    Nonce([0, 0, sequence.swap_bytes().cast_signed()])
}

/// The first 32 bytes of a block are the one-time key of a tag.
#[target_feature(enable = "avx512f")]
fn tag_key_of(block: __m512i) -> Key {
    let r = number(_mm512_castsi512_si128(block));
    let s = number(_mm512_extracti32x4_epi32::<1>(block));
    Key::new(r, s)
}

#[target_feature(enable = "sse2")]
fn number(bytes: __m128i) -> u128 {
    let low = _mm_cvtsi128_si64(bytes).cast_unsigned();
    let high = _mm_cvtsi128_si64(_mm_unpackhi_epi64(bytes, bytes)).cast_unsigned();
    u128::from(low) | (u128::from(high) << 64)
}
