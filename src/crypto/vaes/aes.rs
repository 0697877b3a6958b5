//! AES (FIPS 197): the key schedule, and the encryption of several pairs of blocks at once.

use std::arch::x86_64::{
    __m128i, __m256i, _mm_aesenclast_si128, _mm_set1_epi32, _mm_setzero_si128, _mm_shuffle_epi8,
    _mm_shuffle_epi32, _mm_slli_si128, _mm_xor_si128, _mm256_aesenc_epi128,
    _mm256_aesenclast_epi128, _mm256_broadcastsi128_si256, _mm256_xor_si256,
};
use std::iter::empty;

use zeroize::Zeroize;

use crate::crypto::block::load;

/// The most rounds between the first addition and the last round.
const MOST: usize = 13;

/// The schedule of a key.
pub(super) struct RoundKeys {
    first: __m128i,
    /// The first 9 of them with 128-bit keys, all with 256-bit keys.
    middle: [__m128i; MOST],
    rounds: usize,
    last: __m128i,
}

impl RoundKeys {
    #[target_feature(enable = "avx2,vaes")]
    pub(super) fn of_128_bits(key: &[u8; 16]) -> Self {
        let first = load(key);
        let (mut key, mut constant) = (first, 1);
        let next = || {
            key = expand(key, rotated_and_substituted(key, constant));
            // FIPS 197 section 4.2.1: times x, modulo the polynomial
            constant = if constant == 0x80 { 0x1b } else { constant << 1 };
            key
        };
        Self::from_schedule(first, 9, next)
    }

    #[target_feature(enable = "avx2,vaes")]
    pub(super) fn of_256_bits(low: &[u8; 16], high: &[u8; 16]) -> Self {
        let first = load(low);
        let (mut older, mut newer, mut constant) = (first, load(high), 1);
        let mut step = 0;
        let next = || {
            // the first is the key's second half; a rotation and a constant for every other one then
            if step > 0 {
                let word = if step % 2 == 1 {
                    rotated_and_substituted(newer, constant)
                } else {
                    constant <<= 1;
                    substituted(newer)
                };
                (older, newer) = (newer, expand(older, word));
            }
            step += 1;
            newer
        };
        Self::from_schedule(first, MOST, next)
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn from_schedule(first: __m128i, rounds: usize, mut next: impl FnMut() -> __m128i) -> Self {
        let mut middle = [_mm_setzero_si128(); MOST];
        for key in middle.iter_mut().take(rounds) {
            *key = next();
        }
        Self { first, middle, rounds, last: next() }
    }

    /// Encrypts `N` pairs of blocks, and does a part of `work` after every other round, of which there are
    /// at least four. A round waits for the result of the one before, and the parts of the work fill these
    /// gaps. The number of rounds is hidden from the compiler: otherwise it would unroll them all and move
    /// the work to the front.
    #[inline]
    #[target_feature(enable = "avx2,vaes")]
    pub(super) fn encrypt_beside<const N: usize, W>(
        &self,
        mut pairs: [__m256i; N],
        work: impl Iterator<Item = W>,
        mut do_part: impl FnMut(W),
    ) -> [__m256i; N] {
        let key = _mm256_broadcastsi128_si256(self.first);
        for pair in &mut pairs {
            *pair = _mm256_xor_si256(*pair, key);
        }
        let mut keys = self.middle.iter().take(self.rounds);
        for part in work {
            let Some(key) = keys.next() else { break };
            round(&mut pairs, key);
            do_part(part);
            if let Some(key) = keys.next() {
                round(&mut pairs, key);
            }
        }
        for key in keys {
            round(&mut pairs, key);
        }
        let key = _mm256_broadcastsi128_si256(self.last);
        for pair in &mut pairs {
            *pair = _mm256_aesenclast_epi128(*pair, key);
        }
        pairs
    }

    /// Encrypts `N` pairs of blocks.
    #[inline]
    #[target_feature(enable = "avx2,vaes")]
    pub(super) fn encrypt<const N: usize>(&self, pairs: [__m256i; N]) -> [__m256i; N] {
        self.encrypt_beside(pairs, empty(), |()| ())
    }
}

#[inline]
#[target_feature(enable = "avx2,vaes")]
fn round<const N: usize>(pairs: &mut [__m256i; N], key: &__m128i) {
    let key = _mm256_broadcastsi128_si256(*key);
    for pair in pairs {
        *pair = _mm256_aesenc_epi128(*pair, key);
    }
}

impl Drop for RoundKeys {
    fn drop(&mut self) {
        self.first.zeroize();
        self.middle.zeroize();
        self.last.zeroize();
    }
}

/// SubWord(RotWord(w)) xor Rcon of FIPS 197 section 5.2, w being the last word of `key`, in all words.
#[inline]
#[target_feature(enable = "avx2,vaes")]
fn rotated_and_substituted(key: __m128i, constant: i32) -> __m128i {
    // the bytes 13, 14, 15, 12 four times
    let rotated = _mm_shuffle_epi8(key, _mm_set1_epi32(0x0c0f_0e0d));
    // the last round is SubBytes, ShiftRows, which changes nothing where all words are the same, and
    // the addition of its key
    _mm_aesenclast_si128(rotated, _mm_set1_epi32(constant))
}

/// The same without the rotation and the constant.
#[inline]
#[target_feature(enable = "avx2,vaes")]
fn substituted(key: __m128i) -> __m128i {
    let word = _mm_shuffle_epi32::<0b11_11_11_11>(key);
    _mm_aesenclast_si128(word, _mm_setzero_si128())
}

/// Each word plus those before it, plus `word`.
#[inline]
#[target_feature(enable = "avx2")]
fn expand(key: __m128i, word: __m128i) -> __m128i {
    let key = _mm_xor_si128(key, _mm_slli_si128::<4>(key));
    let key = _mm_xor_si128(key, _mm_slli_si128::<8>(key));
    _mm_xor_si128(key, word)
}
