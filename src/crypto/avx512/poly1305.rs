//! Poly1305 (RFC 8439 section 2.5): eight blocks at a time with the 52-bit multipliers of AVX-512
//! IFMA, one at a time where the message is short or ends.
//!
//! A number modulo p = 2^130 - 5 is three limbs of 44, 44 and 42 bits, which may hold a few bits
//! more between the steps. 2^132 is 20 modulo p: a product beyond the third limb comes back times 20.

use std::arch::x86_64::{
    __m512i, _mm512_add_epi64, _mm512_and_si512, _mm512_madd52hi_epu64, _mm512_madd52lo_epu64,
    _mm512_or_si512, _mm512_reduce_add_epi64, _mm512_set1_epi64, _mm512_setzero_si512,
    _mm512_slli_epi64, _mm512_srli_epi64, _mm512_unpackhi_epi64, _mm512_unpacklo_epi64,
};

use zeroize::{Zeroize, Zeroizing};

use super::memory::{load, load_words};

/// Bytes of a block.
const BLOCK: usize = 16;

/// Bytes from which on the powers of r for eight blocks at a time pay, as measured.
const LONG: usize = 8 * BLOCK;

const LIMB: u32 = 44;
const LAST_LIMB: u32 = 42;
const LIMB_MASK: u64 = (1 << LIMB) - 1;
const LAST_LIMB_MASK: u64 = (1 << LAST_LIMB) - 1;

/// 2^128 in the third limb: the bit that follows a whole block.
const AFTER_BLOCK: u64 = 1 << (128 - 2 * LIMB);

/// A number modulo p.
#[derive(Clone, Copy)]
struct Number([u64; 3]);

impl Zeroize for Number {
    fn zeroize(&mut self) {
        self.0.zeroize();
    }
}

#[allow(clippy::cast_possible_truncation, reason = "the low 64 bits are what is asked for")]
fn low(number: u128) -> u64 {
    number as u64
}

impl Number {
    fn from_u128(number: u128) -> Self {
        let low_limbs = [low(number) & LIMB_MASK, low(number >> LIMB) & LIMB_MASK];
        let [n0, n1] = low_limbs;
        Self([n0, n1, low(number >> (2 * LIMB))])
    }

    /// A block of the message, with the bit that follows it.
    fn from_block(block: &[u8; BLOCK]) -> Self {
        let Self([n0, n1, n2]) = Self::from_u128(u128::from_le_bytes(*block));
        Self([n0, n1, n2 | AFTER_BLOCK])
    }

    fn plus(self, Self([m0, m1, m2]): Self) -> Self {
        let Self([n0, n1, n2]) = self;
        Self([n0 + m0, n1 + m1, n2 + m2])
    }

    fn times(self, Self([m0, m1, m2]): Self) -> Self {
        let Self([n0, n1, n2]) = self;
        let product = |x: u64, y: u64| u128::from(x) * u128::from(y);
        let (m1_20, m2_20) = (20 * m1, 20 * m2);
        let p0 = product(n0, m0) + product(n1, m2_20) + product(n2, m1_20);
        let p1 = product(n0, m1) + product(n1, m0) + product(n2, m2_20);
        let p2 = product(n0, m2) + product(n1, m1) + product(n2, m0);
        let p1 = p1 + (p0 >> LIMB);
        let p2 = p2 + (p1 >> LIMB);
        let r0 = (low(p0) & LIMB_MASK) + 5 * low(p2 >> LAST_LIMB);
        let r1 = (low(p1) & LIMB_MASK) + (r0 >> LIMB);
        Self([r0 & LIMB_MASK, r1, low(p2) & LAST_LIMB_MASK])
    }

    /// Brings every limb but the first into its bits.
    fn carry(self) -> Self {
        let Self([n0, n1, n2]) = self;
        let n1 = n1 + (n0 >> LIMB);
        let n2 = n2 + (n1 >> LIMB);
        let n0 = (n0 & LIMB_MASK) + 5 * (n2 >> LAST_LIMB);
        Self([n0, n1 & LIMB_MASK, n2 & LAST_LIMB_MASK])
    }

    /// The number from 0 to p - 1, modulo 2^128.
    fn reduced(self) -> u128 {
        // the first pass may leave one carry in the first limb, and then little else in it
        let Self([n0, n1, n2]) = self.carry().carry();
        // n - p = n + 5 - 2^130, which is not negative if the addition reaches 2^130
        let m0 = n0 + 5;
        let m1 = n1 + (m0 >> LIMB);
        let m2 = n2 + (m1 >> LIMB);
        let keep = (m2 >> LAST_LIMB).wrapping_sub(1);
        let select = |n: u64, m: u64| u128::from((n & keep) | (m & LIMB_MASK & !keep));
        // 2^128 is in the third limb: the shift drops it
        select(n0, m0) | (select(n1, m1) << LIMB) | (select(n2, m2) << (2 * LIMB))
    }
}

/// The one-time key of a message.
pub(super) struct Key {
    /// Clamped.
    r: Zeroizing<Number>,
    s: Zeroizing<u128>,
}

impl Key {
    pub(super) fn new(r: u128, s: u128) -> Self {
        const CLAMP: u128 = 0x0fff_fffc_0fff_fffc_0fff_fffc_0fff_ffff;
        Self { r: Zeroizing::new(Number::from_u128(r & CLAMP)), s: Zeroizing::new(s) }
    }

    /// The tag of a message, as the number that its bytes are in little-endian order.
    #[target_feature(enable = "avx512f,avx512ifma")]
    pub(super) fn tag(self, message: &[u8]) -> u128 {
        if message.len() < LONG { self.tag_by_one(message) } else { self.tag_by_eight(message) }
    }

    pub(super) fn tag_by_one(self, message: &[u8]) -> u128 {
        self.finish(Number([0; 3]), message)
    }

    /// The tag of `rest` after what the sum was before.
    fn finish(self, mut sum: Number, rest: &[u8]) -> u128 {
        let (blocks, end) = rest.as_chunks::<BLOCK>();
        for block in blocks {
            sum = sum.plus(Number::from_block(block)).times(*self.r);
        }
        if !end.is_empty() {
            // the bit follows the last byte, wherever that is
            let bytes = end.iter().copied().chain([1]);
            let mut block = [0; BLOCK];
            for (to, byte) in block.iter_mut().zip(bytes) {
                *to = byte;
            }
            let end = Number::from_u128(u128::from_le_bytes(block));
            sum = sum.plus(end).times(*self.r);
        }
        sum.reduced().wrapping_add(*self.s)
    }

    #[target_feature(enable = "avx512f,avx512ifma")]
    pub(super) fn tag_by_eight(self, message: &[u8]) -> u128 {
        let powers = Powers::new(*self.r);
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
        self.finish(sum, message.get(done..).unwrap_or_default())
    }
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

/// What eight numbers are multiplied with, one in each lane.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_the_sum_is_below_p() {
        // p - 1 modulo 2^128
        let last = u128::MAX - 5;
        let (n, m) = (LIMB_MASK, LAST_LIMB_MASK);
        for (limbs, expected) in [
            ([0, 0, 0], 0),
            ([n - 5, n, m], last),
            ([n - 4, n, m], 0),
            ([n - 3, n, m], 1),
            ([n, n, m], 4),
            // 2^130, as a carry of each limb
            ([0, 0, m + 1], 5),
            ([0, n + 1, m], 5),
            ([n + 1, n, m], 5),
            // a carry of the last limb that makes one of the first
            ([n, n, 2 * m + 1], 9),
            ([n - 4, n, 2 * m + 1], 5),
            ([1 << 50, 0, 0], 1 << 50),
            ([0, 1 << 50, 0], 1 << 94),
            ([0, 0, 1 << 50], 5 << 8),
        ] {
            assert_eq!(Number(limbs).reduced(), expected, "{limbs:x?}");
        }
    }
}
