//! ChaCha20 (RFC 8439 section 2.4) with AVX-512, in two layouts. In columns, a vector holds one word
//! of sixteen blocks: nothing has to move between the rounds, but the end is a transposition. In
//! rows, a vector holds a row of four blocks: fewer blocks at once, and each lane of 128 bits may
//! have a key of its own.

use std::arch::x86_64::{
    __m128i, __m512i, _mm_set_epi32, _mm512_add_epi32, _mm512_broadcast_i32x4, _mm512_inserti32x4,
    _mm512_rol_epi32, _mm512_set_epi32, _mm512_set1_epi32, _mm512_shuffle_epi32,
    _mm512_shuffle_i32x4, _mm512_unpackhi_epi32, _mm512_unpackhi_epi64, _mm512_unpacklo_epi32,
    _mm512_unpacklo_epi64, _mm512_xor_si512,
};

use zeroize::Zeroizing;

use super::memory::xor;

/// Bytes of a block.
const BLOCK: usize = 64;

/// "expand 32-byte k" in words: the first row of every state.
const CONSTANTS: [i32; 4] = [0x6170_7865, 0x3320_646e, 0x7962_2d32, 0x6b20_6574];

/// A key, as the second and third row of the state.
pub(super) struct Key(Zeroizing<[[i32; 4]; 2]>);

impl Key {
    pub(super) fn new(bytes: &[u8; 32]) -> Self {
        let mut rows = Zeroizing::new([[0; 4]; 2]);
        for (word, bytes) in rows.as_flattened_mut().iter_mut().zip(bytes.as_chunks().0) {
            *word = i32::from_le_bytes(*bytes);
        }
        Self(rows)
    }
}

/// The nonce of RFC 8439: the last three words of the state.
#[derive(Clone, Copy)]
pub(super) struct Nonce(pub(super) [i32; 3]);

/// The states of `4 * N` blocks in rows, or of 16 blocks in columns; then `N` is 4.
#[derive(Clone, Copy)]
struct States<const N: usize> {
    a: [__m512i; N],
    b: [__m512i; N],
    c: [__m512i; N],
    d: [__m512i; N],
}

#[inline]
#[target_feature(enable = "avx512f")]
fn add<const N: usize>(x: &mut [__m512i; N], y: &[__m512i; N]) {
    for (x, y) in x.iter_mut().zip(y) {
        *x = _mm512_add_epi32(*x, *y);
    }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn xor_rotate<const N: usize, const BITS: i32>(x: &mut [__m512i; N], y: &[__m512i; N]) {
    for (x, y) in x.iter_mut().zip(y) {
        *x = _mm512_rol_epi32::<BITS>(_mm512_xor_si512(*x, *y));
    }
}

impl<const N: usize> States<N> {
    /// The quarter round of RFC 8439 section 2.1 on all columns at once.
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn round(&mut self) {
        add(&mut self.a, &self.b);
        xor_rotate::<N, 16>(&mut self.d, &self.a);
        add(&mut self.c, &self.d);
        xor_rotate::<N, 12>(&mut self.b, &self.c);
        add(&mut self.a, &self.b);
        xor_rotate::<N, 8>(&mut self.d, &self.a);
        add(&mut self.c, &self.d);
        xor_rotate::<N, 7>(&mut self.b, &self.c);
    }

    #[inline]
    #[target_feature(enable = "avx512f")]
    fn add_start(&mut self, start: &Self) {
        add(&mut self.a, &start.a);
        add(&mut self.b, &start.b);
        add(&mut self.c, &start.c);
        add(&mut self.d, &start.d);
    }
}

/// Moves the words of each row (of four in each lane) by one, two and three places.
#[inline]
#[target_feature(enable = "avx512f")]
fn shift_rows<const N: usize, const ORDER: i32>(rows: &mut [__m512i; N]) {
    for row in rows {
        *row = _mm512_shuffle_epi32::<ORDER>(*row);
    }
}

const BY_ONE: i32 = 0b00_11_10_01;
const BY_TWO: i32 = 0b01_00_11_10;
const BY_THREE: i32 = 0b10_01_00_11;

impl States<2> {
    /// The twenty rounds of states in rows, and the addition that ends them.
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn run_in_rows(mut self) -> Self {
        let start = self;
        for _ in 0..10 {
            self.round();
            shift_rows::<2, BY_ONE>(&mut self.b);
            shift_rows::<2, BY_TWO>(&mut self.c);
            shift_rows::<2, BY_THREE>(&mut self.d);
            self.round();
            shift_rows::<2, BY_THREE>(&mut self.b);
            shift_rows::<2, BY_TWO>(&mut self.c);
            shift_rows::<2, BY_ONE>(&mut self.d);
        }
        self.add_start(&start);
        self
    }

    /// The blocks one after the other.
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn into_blocks(self) -> [__m512i; 8] {
        let Self { a: [a0, a1], b: [b0, b1], c: [c0, c1], d: [d0, d1] } = self;
        let [k0, k1, k2, k3] = transpose_lanes([a0, b0, c0, d0]);
        let [k4, k5, k6, k7] = transpose_lanes([a1, b1, c1, d1]);
        [k0, k1, k2, k3, k4, k5, k6, k7]
    }
}

impl States<4> {
    /// The twenty rounds of states in columns. The places of the diagonals are names here, so
    /// nothing moves.
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn run_in_columns(mut self) -> Self {
        let start = self;
        for _ in 0..10 {
            self.round();
            let Self { a, b: [b0, b1, b2, b3], c: [c0, c1, c2, c3], d: [d0, d1, d2, d3] } = self;
            let (b, c, d) = ([b1, b2, b3, b0], [c2, c3, c0, c1], [d3, d0, d1, d2]);
            let mut diagonal = Self { a, b, c, d };
            diagonal.round();
            let Self { a, b: [b1, b2, b3, b0], c: [c2, c3, c0, c1], d: [d3, d0, d1, d2] } =
                diagonal;
            let (b, c, d) = ([b0, b1, b2, b3], [c0, c1, c2, c3], [d0, d1, d2, d3]);
            self = Self { a, b, c, d };
        }
        self.add_start(&start);
        self
    }

    /// The blocks one after the other: the transposition of 16 by 16 words.
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn into_blocks(self) -> [__m512i; 16] {
        let a = transpose_words(self.a);
        let b = transpose_words(self.b);
        let c = transpose_words(self.c);
        let d = transpose_words(self.d);
        // the row of block 4 * lane + i is now in a lane of a[i], b[i], c[i] and d[i]
        let [k0, k4, k8, k12] = transpose_lanes([a[0], b[0], c[0], d[0]]);
        let [k1, k5, k9, k13] = transpose_lanes([a[1], b[1], c[1], d[1]]);
        let [k2, k6, k10, k14] = transpose_lanes([a[2], b[2], c[2], d[2]]);
        let [k3, k7, k11, k15] = transpose_lanes([a[3], b[3], c[3], d[3]]);
        [k0, k1, k2, k3, k4, k5, k6, k7, k8, k9, k10, k11, k12, k13, k14, k15]
    }
}

/// Transposes 4 by 4 words in each lane of 128 bits.
#[inline]
#[target_feature(enable = "avx512f")]
fn transpose_words([w0, w1, w2, w3]: [__m512i; 4]) -> [__m512i; 4] {
    let (low01, low23) = (_mm512_unpacklo_epi32(w0, w1), _mm512_unpacklo_epi32(w2, w3));
    let (high01, high23) = (_mm512_unpackhi_epi32(w0, w1), _mm512_unpackhi_epi32(w2, w3));
    [
        _mm512_unpacklo_epi64(low01, low23),
        _mm512_unpackhi_epi64(low01, low23),
        _mm512_unpacklo_epi64(high01, high23),
        _mm512_unpackhi_epi64(high01, high23),
    ]
}

/// Transposes 4 by 4 lanes of 128 bits.
#[inline]
#[target_feature(enable = "avx512f")]
fn transpose_lanes([r0, r1, r2, r3]: [__m512i; 4]) -> [__m512i; 4] {
    const FIRST_HALVES: i32 = 0b01_00_01_00;
    const LAST_HALVES: i32 = 0b11_10_11_10;
    const EVEN: i32 = 0b10_00_10_00;
    const ODD: i32 = 0b11_01_11_01;
    let first01 = _mm512_shuffle_i32x4::<FIRST_HALVES>(r0, r1);
    let first23 = _mm512_shuffle_i32x4::<FIRST_HALVES>(r2, r3);
    let last01 = _mm512_shuffle_i32x4::<LAST_HALVES>(r0, r1);
    let last23 = _mm512_shuffle_i32x4::<LAST_HALVES>(r2, r3);
    [
        _mm512_shuffle_i32x4::<EVEN>(first01, first23),
        _mm512_shuffle_i32x4::<ODD>(first01, first23),
        _mm512_shuffle_i32x4::<EVEN>(last01, last23),
        _mm512_shuffle_i32x4::<ODD>(last01, last23),
    ]
}

#[inline]
#[target_feature(enable = "avx512f")]
fn row([w0, w1, w2, w3]: [i32; 4]) -> __m128i {
    _mm_set_epi32(w3, w2, w1, w0)
}

#[inline]
#[target_feature(enable = "avx512f")]
fn row_of_each([w0, w1, w2, w3]: [i32; 4]) -> __m512i {
    _mm512_broadcast_i32x4(row([w0, w1, w2, w3]))
}

/// Adds a different number to the first word of each lane, the block counter.
#[inline]
#[target_feature(enable = "avx512f")]
fn count(row: __m512i, [n0, n1, n2, n3]: [i32; 4]) -> __m512i {
    let steps = _mm512_set_epi32(0, 0, 0, n3, 0, 0, 0, n2, 0, 0, 0, n1, 0, 0, 0, n0);
    _mm512_add_epi32(row, steps)
}

/// Block 0 of the key `other`, then the blocks 0 to 6 of `key`.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn first_blocks(key: &Key, other: &Key, Nonce([n0, n1, n2]): Nonce) -> [__m512i; 8] {
    let [b, c] = *key.0;
    let [other_b, other_c] = *other.0;
    let (a, b, c) = (row_of_each(CONSTANTS), row_of_each(b), row_of_each(c));
    let d = row_of_each([0, n0, n1, n2]);
    let states = States {
        a: [a, a],
        b: [_mm512_inserti32x4::<0>(b, row(other_b)), b],
        c: [_mm512_inserti32x4::<0>(c, row(other_c)), c],
        d: [count(d, [0, 0, 1, 2]), count(d, [3, 4, 5, 6])],
    };
    states.run_in_rows().into_blocks()
}

#[inline]
#[target_feature(enable = "avx512f")]
fn eight_blocks(key: &Key, counter: i32, Nonce([n0, n1, n2]): Nonce) -> [__m512i; 8] {
    let [b, c] = *key.0;
    let (a, b, c) = (row_of_each(CONSTANTS), row_of_each(b), row_of_each(c));
    let d = row_of_each([counter, n0, n1, n2]);
    let d = [count(d, [0, 1, 2, 3]), count(d, [4, 5, 6, 7])];
    States { a: [a, a], b: [b, b], c: [c, c], d }.run_in_rows().into_blocks()
}

#[inline]
#[target_feature(enable = "avx512f")]
fn word_of_each([w0, w1, w2, w3]: [i32; 4]) -> [__m512i; 4] {
    [_mm512_set1_epi32(w0), _mm512_set1_epi32(w1), _mm512_set1_epi32(w2), _mm512_set1_epi32(w3)]
}

#[inline]
#[target_feature(enable = "avx512f")]
fn sixteen_blocks(key: &Key, counter: i32, Nonce([n0, n1, n2]): Nonce) -> [__m512i; 16] {
    let [b, c] = *key.0;
    let [d0, d1, d2, d3] = word_of_each([counter, n0, n1, n2]);
    let steps = _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
    let states = States {
        a: word_of_each(CONSTANTS),
        b: word_of_each(b),
        c: word_of_each(c),
        d: [_mm512_add_epi32(d0, steps), d1, d2, d3],
    };
    states.run_in_columns().into_blocks()
}

/// Encrypts or decrypts `data` in place, from block `counter` of the key stream on. The counter
/// must not overflow before the end.
#[target_feature(enable = "avx512f,avx512bw")]
pub(super) fn apply(key: &Key, mut counter: i32, nonce: Nonce, data: &mut [u8]) {
    let (chunks, rest) = data.as_chunks_mut::<{ 16 * BLOCK }>();
    for chunk in chunks {
        xor_blocks(chunk, &sixteen_blocks(key, counter, nonce));
        counter = counter.wrapping_add(16);
    }
    if rest.len() > 8 * BLOCK {
        xor_blocks(rest, &sixteen_blocks(key, counter, nonce));
    } else if !rest.is_empty() {
        xor_blocks(rest, &eight_blocks(key, counter, nonce));
    }
}

/// XORs a key stream into `data`; bytes beyond the key stream are not changed.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
pub(super) fn xor_blocks(data: &mut [u8], blocks: &[__m512i]) {
    for (data, block) in data.chunks_mut(BLOCK).zip(blocks) {
        xor(data, *block);
    }
}
