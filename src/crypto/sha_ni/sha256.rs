//! The compression function of SHA-256 (FIPS 180-4 section 6.2.2), for one message or two side by side:
//! each step waits for the result of the one before, and a second message fills these gaps.

use std::arch::x86_64::{
    __m128i, _mm_add_epi32, _mm_alignr_epi8, _mm_set_epi64x, _mm_sha256msg1_epu32,
    _mm_sha256msg2_epu32, _mm_sha256rnds2_epu32, _mm_shuffle_epi8, _mm_shuffle_epi32,
    _mm_unpackhi_epi64, _mm_unpacklo_epi64,
};

use zeroize::Zeroize;

use crate::crypto::block::{load, store};

/// Bytes that are compressed at a time.
pub(super) const BLOCK: usize = 64;
/// Bytes of a hash.
pub(super) const HASH: usize = 32;

/// The eight words of a hash, as the instructions want them: f, e, b, a and h, g, d, c, the first in the
/// lowest place.
#[derive(Clone, Copy)]
pub(super) struct State {
    abef: __m128i,
    cdgh: __m128i,
}

impl State {
    /// FIPS 180-4 section 5.3.3.
    #[target_feature(enable = "avx")]
    pub(super) fn initial() -> Self {
        Self {
            abef: words([0x9b05_688c, 0x510e_527f, 0xbb67_ae85, 0x6a09_e667]),
            cdgh: words([0x5be0_cd19, 0x1f83_d9ab, 0xa54f_f53a, 0x3c6e_f372]),
        }
    }

    /// The hash, if this is the state after the last block.
    #[target_feature(enable = "avx")]
    pub(super) fn hash(self) -> [u8; HASH] {
        let abef = _mm_shuffle_epi32::<0b00_01_10_11>(self.abef);
        let cdgh = _mm_shuffle_epi32::<0b00_01_10_11>(self.cdgh);
        let halves = [_mm_unpacklo_epi64(abef, cdgh), _mm_unpackhi_epi64(abef, cdgh)];
        let mut hash = [0; HASH];
        for (bytes, words) in hash.as_chunks_mut().0.iter_mut().zip(halves) {
            store(bytes, big_endian(words));
        }
        hash
    }
}

impl Zeroize for State {
    fn zeroize(&mut self) {
        self.abef.zeroize();
        self.cdgh.zeroize();
    }
}

/// Compresses one block of each message.
#[inline]
#[target_feature(enable = "avx,sha")]
pub(super) fn compress<const N: usize>(states: &mut [State; N], blocks: [&[u8; BLOCK]; N]) {
    let before = *states;
    let quarters = [0, 1, 2, 3].map(|quarter| blocks.map(|block| part(block, quarter)));
    let [mut a, mut b, mut c, mut d] = quarters;
    let [first @ .., last] = &CONSTANTS;
    for [k0, k1, k2, k3] in first {
        rounds(states, &a, k0);
        a = next(a, &b, &c, &d);
        rounds(states, &b, k1);
        b = next(b, &c, &d, &a);
        rounds(states, &c, k2);
        c = next(c, &d, &a, &b);
        rounds(states, &d, k3);
        d = next(d, &a, &b, &c);
    }
    for (words, constants) in [&a, &b, &c, &d].into_iter().zip(last) {
        rounds(states, words, constants);
    }
    for (state, before) in states.iter_mut().zip(before) {
        state.abef = _mm_add_epi32(state.abef, before.abef);
        state.cdgh = _mm_add_epi32(state.cdgh, before.cdgh);
    }
}

/// Four rounds of each message.
#[inline]
#[target_feature(enable = "avx,sha")]
fn rounds<const N: usize>(states: &mut [State; N], message: &[__m128i; N], constants: &[u32; 4]) {
    let constants = words(*constants);
    let sums = message.map(|words| _mm_add_epi32(words, constants));
    for (state, sum) in states.iter_mut().zip(sums) {
        state.cdgh = _mm_sha256rnds2_epu32(state.cdgh, state.abef, sum);
    }
    for (state, sum) in states.iter_mut().zip(sums) {
        let sum = _mm_shuffle_epi32::<0b00_00_11_10>(sum);
        state.abef = _mm_sha256rnds2_epu32(state.abef, state.cdgh, sum);
    }
}

/// The next four words of each message's schedule, from the last sixteen.
#[inline]
#[target_feature(enable = "avx,sha")]
fn next<const N: usize>(
    mut first: [__m128i; N],
    second: &[__m128i; N],
    third: &[__m128i; N],
    fourth: &[__m128i; N],
) -> [__m128i; N] {
    let rest = second.iter().zip(third).zip(fourth);
    for (first, ((second, third), fourth)) in first.iter_mut().zip(rest) {
        let words = _mm_sha256msg1_epu32(*first, *second);
        let words = _mm_add_epi32(words, _mm_alignr_epi8::<4>(*fourth, *third));
        *first = _mm_sha256msg2_epu32(words, *fourth);
    }
    first
}

/// Four words of a block.
#[inline]
#[target_feature(enable = "avx")]
fn part(block: &[u8; BLOCK], quarter: usize) -> __m128i {
    let (quarters, _) = block.as_chunks();
    quarters.get(quarter).map_or_else(|| words([0; 4]), |bytes| big_endian(load(bytes)))
}

/// Turns the bytes of each word around.
#[inline]
#[target_feature(enable = "avx")]
fn big_endian(words: __m128i) -> __m128i {
    _mm_shuffle_epi8(words, _mm_set_epi64x(0x0c0d_0e0f_0809_0a0b, 0x0405_0607_0001_0203))
}

/// Four words, the first in the lowest place.
#[inline]
#[target_feature(enable = "avx")]
fn words(words: [u32; 4]) -> __m128i {
    let mut bytes = [0; 16];
    for (to, word) in bytes.as_chunks_mut().0.iter_mut().zip(words) {
        *to = word.to_le_bytes();
    }
    load(&bytes)
}

/// FIPS 180-4 section 4.2.2.
static CONSTANTS: [[[u32; 4]; 4]; 4] = [
    [
        [0x428a_2f98, 0x7137_4491, 0xb5c0_fbcf, 0xe9b5_dba5],
        [0x3956_c25b, 0x59f1_11f1, 0x923f_82a4, 0xab1c_5ed5],
        [0xd807_aa98, 0x1283_5b01, 0x2431_85be, 0x550c_7dc3],
        [0x72be_5d74, 0x80de_b1fe, 0x9bdc_06a7, 0xc19b_f174],
    ],
    [
        [0xe49b_69c1, 0xefbe_4786, 0x0fc1_9dc6, 0x240c_a1cc],
        [0x2de9_2c6f, 0x4a74_84aa, 0x5cb0_a9dc, 0x76f9_88da],
        [0x983e_5152, 0xa831_c66d, 0xb003_27c8, 0xbf59_7fc7],
        [0xc6e0_0bf3, 0xd5a7_9147, 0x06ca_6351, 0x1429_2967],
    ],
    [
        [0x27b7_0a85, 0x2e1b_2138, 0x4d2c_6dfc, 0x5338_0d13],
        [0x650a_7354, 0x766a_0abb, 0x81c2_c92e, 0x9272_2c85],
        [0xa2bf_e8a1, 0xa81a_664b, 0xc24b_8b70, 0xc76c_51a3],
        [0xd192_e819, 0xd699_0624, 0xf40e_3585, 0x106a_a070],
    ],
    [
        [0x19a4_c116, 0x1e37_6c08, 0x2748_774c, 0x34b0_bcb5],
        [0x391c_0cb3, 0x4ed8_aa4a, 0x5b9c_ca4f, 0x682e_6ff3],
        [0x748f_82ee, 0x78a5_636f, 0x84c8_7814, 0x8cc7_0208],
        [0x90be_fffa, 0xa450_6ceb, 0xbef9_a3f7, 0xc671_78f2],
    ],
];
