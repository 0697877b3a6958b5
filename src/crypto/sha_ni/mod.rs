//! HMAC-SHA-256 (RFC 2104, FIPS 180-4) of packets, one or two at a time, for processors with instructions
//! for SHA-256: two packets side by side take little longer than one, as one alone leaves the processor
//! idle most of the time, waiting for the result of the step before. An [`HmacSha256`] exists only where
//! the processor has the instructions, which is why functions that are safe to call may use them. No code
//! here branches on a secret or uses one as an index. Called by `mac/hmac.rs`.
//!
//! This code uses no 256-bit vectors: the SHA instructions have only the older encoding, and some
//! processors take hundreds of cycles to switch between the two encodings.
#![allow(unsafe_code, reason = "calls functions that need what `HmacSha256::new` checked")]

mod sha256;
#[cfg(test)]
mod tests;

use std::arch::is_x86_feature_detected;

use zeroize::Zeroize;

use crate::crypto::vector_code::VectorCode;
use crate::error::CryptoError;
use sha256::{BLOCK, HASH, State, compress};

/// A tag.
pub(super) type Tag = [u8; HASH];

/// The authenticated bytes: the sequence number and a packet (RFC 4253 section 6.4), which may be in three
/// places.
#[derive(Clone, Copy)]
pub(super) struct Message<'d> {
    pub(super) sequence: u32,
    pub(super) parts: [&'d [u8]; 3],
}

/// A key, as the states after its two padded blocks. It is wiped when it is dropped.
pub(super) struct HmacSha256 {
    inner: State,
    outer: State,
}

impl Drop for HmacSha256 {
    fn drop(&mut self) {
        self.inner.zeroize();
        self.outer.zeroize();
    }
}

impl HmacSha256 {
    /// From a key of 32 bytes; `None` where the processor lacks the instructions.
    pub(super) fn new(_: VectorCode, key: &[u8; HASH]) -> Option<Self> {
        let supported = is_x86_feature_detected!("sha")
            && is_x86_feature_detected!("ssse3")
            && is_x86_feature_detected!("sse4.1")
            && is_x86_feature_detected!("avx");
        // SAFETY: the processor has the instructions, as was asked above.
        supported.then(|| unsafe { Self::from_key(key) })
    }

    /// The tag of a message.
    pub(super) fn sign(&self, message: Message<'_>) -> Result<Tag, CryptoError> {
        // SAFETY: the processor has the instructions where there is a key.
        unsafe { self.run([message]) }.map(|[tag]| tag)
    }

    /// The tags of two messages.
    pub(super) fn sign_both(&self, messages: [Message<'_>; 2]) -> Result<[Tag; 2], CryptoError> {
        // SAFETY: the processor has the instructions where there is a key.
        unsafe { self.run(messages) }
    }

    #[target_feature(enable = "avx,sha")]
    fn from_key(key: &[u8; HASH]) -> Self {
        let [inner, outer] = [0x36, 0x5c].map(|pad| {
            let mut block = [pad; BLOCK];
            for (byte, key) in block.iter_mut().zip(key) {
                *byte ^= key;
            }
            let mut state = [State::initial()];
            compress(&mut state, [&block]);
            block.zeroize();
            let [state] = state;
            state
        });
        Self { inner, outer }
    }

    #[target_feature(enable = "avx,sha")]
    fn run<const N: usize>(&self, messages: [Message<'_>; N]) -> Result<[Tag; N], CryptoError> {
        const NONE: &[u8; BLOCK] = &[0; BLOCK];
        let sequences = messages.map(|message| message.sequence.to_be_bytes());
        let mut rests = [Rest::default(); N];
        for ((rest, message), sequence) in rests.iter_mut().zip(&messages).zip(&sequences) {
            let [first, second, third] = message.parts;
            rest.parts = [sequence, first, second, third];
        }
        let lens = rests.map(Rest::len);
        let blocks = lens.iter().map(|len| len / BLOCK).min().unwrap_or(0);
        let mut states = [self.inner; N];
        let mut rooms = [[0; BLOCK]; N];
        for _ in 0..blocks {
            let mut side_by_side = [NONE; N];
            let sources = rests.iter_mut().zip(&mut rooms);
            for (block, (rest, room)) in side_by_side.iter_mut().zip(sources) {
                *block = rest.take(room);
            }
            compress(&mut states, side_by_side);
        }
        let mut tags = [[0; HASH]; N];
        for (((tag, rest), len), state) in tags.iter_mut().zip(rests).zip(lens).zip(states) {
            *tag = self.end(rest, len, state)?;
        }
        Ok(tags)
    }

    /// The tag of a message of `len` bytes, of which `rest` is not in the state yet.
    #[target_feature(enable = "avx,sha")]
    fn end(&self, mut rest: Rest<'_>, len: usize, state: State) -> Result<Tag, CryptoError> {
        let mut state = [state];
        let mut room = [0; BLOCK];
        while rest.len() >= BLOCK {
            compress(&mut state, [rest.take(&mut room)]);
        }
        let mut block = [0; BLOCK];
        let end = rest.copy(&mut block);
        // FIPS 180-4 section 5.1.1: a bit, zeros, and the length in bits
        *block.get_mut(end).ok_or(CryptoError::Failed)? = 0x80;
        if end >= BLOCK - LENGTH_LEN {
            compress(&mut state, [&block]);
            block = [0; BLOCK];
        }
        finish(&mut state, block, len)?;
        let [inner] = state.map(|state| state.hash());
        let mut block = [0; BLOCK];
        let (hash, padding) = block.split_first_chunk_mut().ok_or(CryptoError::Failed)?;
        *hash = inner;
        *padding.first_mut().ok_or(CryptoError::Failed)? = 0x80;
        let mut state = [self.outer];
        finish(&mut state, block, HASH)?;
        let [tag] = state.map(|state| state.hash());
        Ok(tag)
    }
}

/// Bytes of the length at the end of what is hashed.
const LENGTH_LEN: usize = 8;

/// Compresses the last block of a message of `len` bytes behind a padded key.
#[target_feature(enable = "avx,sha")]
fn finish(state: &mut [State; 1], mut block: [u8; BLOCK], len: usize) -> Result<(), CryptoError> {
    let len = u64::try_from(len.saturating_add(BLOCK)).map_err(|_| CryptoError::Failed)?;
    let end: &mut [u8; LENGTH_LEN] = block.last_chunk_mut().ok_or(CryptoError::Failed)?;
    *end = len.saturating_mul(8).to_be_bytes();
    compress(state, [&block]);
    Ok(())
}

/// The bytes that are not hashed yet: the sequence number and the parts.
#[derive(Clone, Copy, Default)]
struct Rest<'d> {
    parts: [&'d [u8]; 4],
}

impl<'d> Rest<'d> {
    fn len(self) -> usize {
        self.parts.iter().map(|part| part.len()).sum()
    }

    /// Takes a block; one that spans several parts is joined in `room`.
    #[inline]
    fn take<'r>(&mut self, room: &'r mut [u8; BLOCK]) -> &'r [u8; BLOCK]
    where
        'd: 'r,
    {
        let first = self.parts.iter_mut().find(|part| !part.is_empty());
        if let Some(part) = first
            && let Some((block, rest)) = part.split_first_chunk()
        {
            *part = rest;
            return block;
        }
        self.copy(room);
        room
    }

    /// Copies the next bytes, at most a block; returns how many there were.
    fn copy(&mut self, room: &mut [u8; BLOCK]) -> usize {
        let mut filled = 0_usize;
        for part in &mut self.parts {
            let to = room.get_mut(filled..).unwrap_or_default();
            let len = part.len().min(to.len());
            for (to, byte) in to.iter_mut().zip(&**part) {
                *to = *byte;
            }
            *part = part.get(len..).unwrap_or_default();
            filled = filled.saturating_add(len);
        }
        filled
    }
}
