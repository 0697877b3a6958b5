//! The counter mode of RFC 4344 section 4, whose counter is one number of 128 bits.

use std::arch::x86_64::{
    __m256i, _mm256_add_epi64, _mm256_set_epi64x, _mm256_setzero_si256, _mm256_xor_si256,
};

use zeroize::Zeroize;

use super::aes::RoundKeys;
use super::ghash::reverse_pair;
use super::memory::{load_pair, store_pair};

const BLOCK: usize = 16;
const PAIR: usize = 2 * BLOCK;
/// Pairs that are encrypted at a time.
const PAIRS: usize = 8;
/// Blocks of a batch, and bytes.
const BATCH_BLOCKS: u64 = 16;
const BATCH: usize = PAIRS * PAIR;

/// The key of one direction, and the number of the next block.
pub(super) struct Key {
    pub(super) rounds: RoundKeys,
    pub(super) counter: u128,
}

impl Drop for Key {
    fn drop(&mut self) {
        self.counter.zeroize();
    }
}

impl Key {
    /// Encrypts or decrypts whole blocks to `data`, from `source`, which has the same length, or else in
    /// place.
    #[target_feature(enable = "avx2,vaes")]
    pub(super) fn apply(&mut self, data: &mut [u8], source: Option<&[u8]>) {
        let (batches, rest) = data.as_chunks_mut::<BATCH>();
        let (sources, rest_source) = source.map(<[u8]>::as_chunks::<BATCH>).unzip();
        let mut sources = sources.into_iter().flatten();
        for batch in batches {
            let stream = self.stream();
            let sum = add(stream, sources.next().unwrap_or(batch));
            put(batch, sum);
        }
        if rest.is_empty() {
            return;
        }
        let mut batch = [0; BATCH];
        let from = rest_source.unwrap_or(rest);
        for (to, byte) in batch.iter_mut().zip(from) {
            *to = *byte;
        }
        let before = self.counter;
        let sum = add(self.stream(), &batch);
        put(&mut batch, sum);
        for (to, byte) in rest.iter_mut().zip(batch) {
            *to = byte;
        }
        self.counter = before.wrapping_add((rest.len() / BLOCK) as u128);
    }

    /// The encryption of the next sixteen numbers.
    #[inline]
    #[target_feature(enable = "avx2,vaes")]
    fn stream(&mut self) -> [__m256i; PAIRS] {
        let numbers = self.numbers();
        self.counter = self.counter.wrapping_add(BATCH_BLOCKS.into());
        self.rounds.encrypt(numbers)
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn numbers(&self) -> [__m256i; PAIRS] {
        #[allow(clippy::cast_possible_truncation, reason = "the halves of the number")]
        let (high, low) = ((self.counter >> 64) as u64, self.counter as u64);
        // once in 2^60 times
        if low > u64::MAX - BATCH_BLOCKS {
            return self.numbers_with_carry();
        }
        let (high, low) = (high.cast_signed(), low.cast_signed());
        let first = _mm256_set_epi64x(high, low, high, low);
        [0, 2, 4, 6, 8, 10, 12, 14]
            .map(|at| reverse_pair(_mm256_add_epi64(first, _mm256_set_epi64x(0, at + 1, 0, at))))
    }

    #[cold]
    #[target_feature(enable = "avx2")]
    fn numbers_with_carry(&self) -> [__m256i; PAIRS] {
        let mut bytes = [0; BATCH];
        for (block, at) in bytes.as_chunks_mut().0.iter_mut().zip(0..) {
            *block = self.counter.wrapping_add(at).to_be_bytes();
        }
        let mut pairs = [_mm256_setzero_si256(); PAIRS];
        for (pair, bytes) in pairs.iter_mut().zip(bytes.as_chunks().0) {
            *pair = load_pair(bytes);
        }
        pairs
    }
}

/// The content of `source` XORed with the key stream.
#[inline]
#[target_feature(enable = "avx2")]
fn add(mut stream: [__m256i; PAIRS], source: &[u8; BATCH]) -> [__m256i; PAIRS] {
    for (stream, pair) in stream.iter_mut().zip(source.as_chunks().0) {
        *stream = _mm256_xor_si256(load_pair(pair), *stream);
    }
    stream
}

#[inline]
#[target_feature(enable = "avx2")]
fn put(batch: &mut [u8; BATCH], pairs: [__m256i; PAIRS]) {
    for (bytes, pair) in batch.as_chunks_mut().0.iter_mut().zip(pairs) {
        store_pair(bytes, pair);
    }
}
