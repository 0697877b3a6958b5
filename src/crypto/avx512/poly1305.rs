//! Poly1305 (RFC 8439 section 2.5), eight blocks at a time with the 52-bit multipliers of AVX-512 IFMA.

use std::arch::x86_64::{
    __m512i, _mm512_add_epi64, _mm512_and_si512, _mm512_madd52hi_epu64, _mm512_madd52lo_epu64,
    _mm512_or_si512, _mm512_reduce_add_epi64, _mm512_set1_epi64, _mm512_setzero_si512,
    _mm512_slli_epi64, _mm512_srli_epi64, _mm512_unpackhi_epi64, _mm512_unpacklo_epi64,
};

use zeroize::Zeroizing;

use super::memory::{load, load_words};
use crate::crypto::poly1305::{
    AFTER_BLOCK, BLOCK, Key, LAST_LIMB, LAST_LIMB_MASK, LIMB, LIMB_MASK, Number,
};

/// From this length on the powers of r for eight blocks at a time pay off, as measured.
const LONG: usize = 8 * BLOCK;

/// The tag of a message, as the number that its bytes are in little-endian order.
#[target_feature(enable = "avx512f,avx512ifma")]
pub(super) fn tag(key: Key, message: &[u8]) -> u128 {
    if message.len() < LONG { key.tag(message) } else { tag_by_eight(key, message) }
}

#[target_feature(enable = "avx512f,avx512ifma")]
pub(super) fn tag_by_eight(key: Key, message: &[u8]) -> u128 {
    let powers = Powers::new(*key.r);
    let (eights, _) = message.as_chunks().0.as_chunks();
    let (pairs, single) = eights.as_chunks::<2>();
    let (r8, r16) = (Factor::same(&powers.r8), Factor::same(&powers.r16));
    let mut sum = Numbers::zero();
    for [first, second] in pairs {
        let mut products = Products::starting_with(Numbers::from_blocks(second));
        products.add(Numbers::from_blocks(first), &r8);
        products.add(sum, &r16);
        sum = products.carry();
    }
    for blocks in single {
        let mut products = Products::starting_with(Numbers::from_blocks(blocks));
        products.add(sum, &r8);
        sum = products.carry();
    }
    let mut products = Products::starting_with(Numbers::zero());
    products.add(sum, &Factor::of_lanes(&powers.of_lanes));
    let sum = products.carry().sum();
    let done = size_of_val(eights);
    key.finish(sum, message.get(done..).unwrap_or_default())
}

/// The powers of r that eight and sixteen blocks at a time need.
struct Powers {
    /// By limb: what the blocks of each lane are times in the end, for the order that
    /// [`Numbers::from_blocks`] gives them: r^8, r^4, r^7, r^3, r^6, r^2, r^5, r.
    of_lanes: Zeroizing<[[u64; 8]; 3]>,
    r8: Zeroizing<Number>,
    r16: Zeroizing<Number>,
}

impl Powers {
    fn new(r: Number) -> Self {
        let r2 = r.times(r);
        let (r3, r4) = (r2.times(r), r2.times(r2));
        let (r5, r6, r7, r8) = (r4.times(r), r4.times(r2), r4.times(r3), r4.times(r4));
        let mut of_lanes = Zeroizing::new([[0; 8]; 3]);
        let [first, second, third] = &mut *of_lanes;
        let limbs = first.iter_mut().zip(second).zip(third);
        for (((n0, n1), n2), power) in limbs.zip([r8, r4, r7, r3, r6, r2, r5, r]) {
            [*n0, *n1, *n2] = power.0;
        }
        Self { of_lanes, r8: Zeroizing::new(r8), r16: Zeroizing::new(r8.times(r8)) }
    }
}

/// Eight numbers, one in each lane.
#[derive(Clone, Copy)]
struct Numbers([__m512i; 3]);

#[inline]
#[target_feature(enable = "avx512f")]
fn each(word: u64) -> __m512i {
    _mm512_set1_epi64(word.cast_signed())
}

impl Numbers {
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn zero() -> Self {
        Self([_mm512_setzero_si512(); 3])
    }

    /// Eight blocks with the bits that follow them, in the order 0, 4, 1, 5, 2, 6, 3, 7.
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn from_blocks([first, last]: &[[u8; 64]; 2]) -> Self {
        let (first, last) = (load(first), load(last));
        let low = _mm512_unpacklo_epi64(first, last);
        let high = _mm512_unpackhi_epi64(first, last);
        let mask = each(LIMB_MASK);
        let n0 = _mm512_and_si512(low, mask);
        let over = _mm512_or_si512(
            _mm512_srli_epi64::<LIMB>(low),
            _mm512_slli_epi64::<{ 64 - LIMB }>(high),
        );
        let n1 = _mm512_and_si512(over, mask);
        let n2 = _mm512_srli_epi64::<{ 2 * LIMB - 64 }>(high);
        Self([n0, n1, _mm512_or_si512(n2, each(AFTER_BLOCK))])
    }

    /// The sum of the eight.
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn sum(self) -> Number {
        let Self([n0, n1, n2]) = self;
        let sum = |n| _mm512_reduce_add_epi64(n).cast_unsigned();
        Number([sum(n0), sum(n1), sum(n2)])
    }
}

/// The factor of eight numbers, one in each lane.
#[derive(Clone, Copy)]
struct Factor {
    m0: __m512i,
    m1: __m512i,
    m2: __m512i,
    m1_20: __m512i,
    m2_20: __m512i,
}

impl Factor {
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn same(&Number([m0, m1, m2]): &Number) -> Self {
        let (m0, m1_20, m2_20) = (each(m0), each(20 * m1), each(20 * m2));
        Self { m0, m1: each(m1), m2: each(m2), m1_20, m2_20 }
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn of_lanes([m0, m1, m2]: &[[u64; 8]; 3]) -> Self {
        let (m0, m1, m2) = (load_words(m0), load_words(m1), load_words(m2));
        let by_20 = |m| _mm512_madd52lo_epu64(_mm512_setzero_si512(), m, each(20));
        Self { m0, m1, m2, m1_20: by_20(m1), m2_20: by_20(m2) }
    }
}

/// Sums of eight products, by limb: the low 52 bits of each partial product, and the high ones.
#[derive(Clone, Copy)]
struct Products {
    low: [__m512i; 3],
    high: [__m512i; 3],
}

#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn multiply_add(low: &mut __m512i, high: &mut __m512i, n: __m512i, m: __m512i) {
    *low = _mm512_madd52lo_epu64(*low, n, m);
    *high = _mm512_madd52hi_epu64(*high, n, m);
}

impl Products {
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn starting_with(Numbers(low): Numbers) -> Self {
        Self { low, high: [_mm512_setzero_si512(); 3] }
    }

    /// Adds one product, of which there may be two. With limbs hardly over 44, 44 and 42 bits (49 and
    /// 47 for those times 20) every factor fits into 52 bits, the low sums stay below 2^55, the high
    /// ones below 2^41 and the last of these below 2^38.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn add(&mut self, Numbers([n0, n1, n2]): Numbers, factor: &Factor) {
        let Factor { m0, m1, m2, m1_20, m2_20 } = *factor;
        let Self { low: [low0, low1, low2], high: [high0, high1, high2] } = self;
        multiply_add(low0, high0, n0, m0);
        multiply_add(low1, high1, n0, m1);
        multiply_add(low2, high2, n0, m2);
        multiply_add(low0, high0, n1, m2_20);
        multiply_add(low1, high1, n1, m0);
        multiply_add(low2, high2, n1, m1);
        multiply_add(low0, high0, n2, m1_20);
        multiply_add(low1, high1, n2, m2_20);
        multiply_add(low2, high2, n2, m0);
    }

    /// The sums with limbs of about their bits again.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn carry(self) -> Numbers {
        // a high part counts 52 bits above its limb: 8 bits above the next one
        const HIGH: u32 = 52 - LIMB;
        let Self { low: [low0, low1, low2], high: [high0, high1, high2] } = self;
        // below 2^38 times 5120: this fits into the low 52 bits, too
        let n0 = _mm512_madd52lo_epu64(low0, high2, each(20 << HIGH));
        let n1 = _mm512_add_epi64(low1, _mm512_slli_epi64::<HIGH>(high0));
        let n2 = _mm512_add_epi64(low2, _mm512_slli_epi64::<HIGH>(high1));
        // all at once: what a carry makes of the next limb may stay there
        let over0 = _mm512_srli_epi64::<LIMB>(n0);
        let over1 = _mm512_srli_epi64::<LIMB>(n1);
        let over2 = _mm512_srli_epi64::<LAST_LIMB>(n2);
        let (mask, last_mask) = (each(LIMB_MASK), each(LAST_LIMB_MASK));
        Numbers([
            _mm512_madd52lo_epu64(_mm512_and_si512(n0, mask), over2, each(5)),
            _mm512_add_epi64(_mm512_and_si512(n1, mask), over0),
            _mm512_add_epi64(_mm512_and_si512(n2, last_mask), over1),
        ])
    }
}
