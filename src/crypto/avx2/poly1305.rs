//! Poly1305 (RFC 8439 section 2.5), four blocks at a time with the 32-bit multipliers of AVX2.
//!
//! A number modulo p = 2^130 - 5 is five limbs of 26 bits here, which may hold a few bits more between
//! the steps. 2^130 is 5 modulo p: a product beyond the last limb comes back times 5.

use std::arch::x86_64::{
    __m256i, _mm_add_epi64, _mm_cvtsi128_si64, _mm_unpackhi_epi64, _mm256_add_epi64,
    _mm256_and_si256, _mm256_castsi256_si128, _mm256_extracti128_si256, _mm256_mul_epu32,
    _mm256_or_si256, _mm256_set_epi64x, _mm256_set1_epi64x, _mm256_setzero_si256,
    _mm256_slli_epi64, _mm256_srli_epi64, _mm256_unpackhi_epi64, _mm256_unpacklo_epi64,
};

use zeroize::Zeroizing;

use super::memory::load;
use crate::crypto::poly1305::{BLOCK, Key, LIMB, LIMB_MASK, Number};

/// From this length on the powers of r for four blocks at a time pay off, as measured.
const LONG: usize = 32 * BLOCK;

/// Bits of a limb here; those of a [`Number`] are longer.
const SHORT: i32 = 26;
const SHORT_MASK: u64 = (1 << SHORT) - 1;

/// 2^128 in the fifth limb: the bit that follows a whole block.
const AFTER_BLOCK: u64 = 1 << (128 - 4 * SHORT);

/// Numbers by limb, one in each lane.
type Lanes = Zeroizing<[[u64; 4]; 5]>;

/// The tag of a message, as the number that its bytes are in little-endian order.
#[target_feature(enable = "avx2")]
pub(super) fn tag(key: Key, message: &[u8]) -> u128 {
    if message.len() < LONG { key.tag(message) } else { tag_by_four(key, message) }
}

#[target_feature(enable = "avx2")]
pub(super) fn tag_by_four(key: Key, message: &[u8]) -> u128 {
    let r = *key.r;
    let r2 = r.times(r);
    let (r3, r4) = (r2.times(r), r2.times(r2));
    let r8 = r4.times(r4);
    let (fours, _) = message.as_chunks().0.as_chunks();
    let (pairs, single) = fours.as_chunks::<2>();
    let (by_4, by_8) = (Factor::new(&lanes([r4; 4])), Factor::new(&lanes([r8; 4])));
    let mut sum = Numbers([_mm256_setzero_si256(); 5]);
    for [first, second] in pairs {
        let mut products = Products::starting_with(Numbers::from_blocks(second));
        products.add(Numbers::from_blocks(first), &by_4);
        products.add(sum, &by_8);
        sum = products.carry();
    }
    for blocks in single {
        let mut products = Products::starting_with(Numbers::from_blocks(blocks));
        products.add(sum, &by_4);
        sum = products.carry();
    }
    // in the order in which `Numbers::from_blocks` returns the blocks
    let last = Factor::new(&lanes([r4, r2, r3, r]));
    let mut products = Products::starting_with(Numbers([_mm256_setzero_si256(); 5]));
    products.add(sum, &last);
    let sum = products.carry().sum();
    let done = size_of_val(fours);
    key.finish(sum, message.get(done..).unwrap_or_default())
}

/// The limbs of four numbers.
fn lanes(numbers: [Number; 4]) -> Lanes {
    let mut lanes = Zeroizing::new([[0; 4]; 5]);
    for (lane, number) in numbers.into_iter().enumerate() {
        for (limb, words) in short_limbs(number).into_iter().zip(lanes.iter_mut()) {
            if let Some(word) = words.get_mut(lane) {
                *word = limb;
            }
        }
    }
    lanes
}

#[allow(clippy::cast_possible_truncation, reason = "the low bits are what is asked for")]
fn short_limbs(number: Number) -> [u64; 5] {
    let Number([n0, n1, n2]) = number.carry();
    let limb = |bits: u128| bits as u64 & SHORT_MASK;
    let low = u128::from(n0) + (u128::from(n1) << LIMB);
    // from bit 52 on
    let high = (low >> (2 * SHORT)) + (u128::from(n2) << (2 * LIMB - 2 * SHORT.unsigned_abs()));
    [limb(low), limb(low >> SHORT), limb(high), limb(high >> SHORT), (high >> (2 * SHORT)) as u64]
}

/// Four numbers, one in each lane.
#[derive(Clone, Copy)]
struct Numbers([__m256i; 5]);

#[inline]
#[target_feature(enable = "avx2")]
fn each(word: u64) -> __m256i {
    _mm256_set1_epi64x(word.cast_signed())
}

impl Numbers {
    /// Four blocks with the bits that follow them, in the order 0, 2, 1, 3.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn from_blocks([first, last]: &[[u8; 32]; 2]) -> Self {
        let (first, last) = (load(first), load(last));
        let low = _mm256_unpacklo_epi64(first, last);
        let high = _mm256_unpackhi_epi64(first, last);
        let mask = each(SHORT_MASK);
        let middle = _mm256_or_si256(
            _mm256_srli_epi64::<{ 2 * SHORT }>(low),
            _mm256_slli_epi64::<{ 64 - 2 * SHORT }>(high),
        );
        Self([
            _mm256_and_si256(low, mask),
            _mm256_and_si256(_mm256_srli_epi64::<SHORT>(low), mask),
            _mm256_and_si256(middle, mask),
            _mm256_and_si256(_mm256_srli_epi64::<{ 3 * SHORT - 64 }>(high), mask),
            _mm256_or_si256(_mm256_srli_epi64::<{ 4 * SHORT - 64 }>(high), each(AFTER_BLOCK)),
        ])
    }

    /// The sum of the four.
    #[target_feature(enable = "avx2")]
    fn sum(self) -> Number {
        let sum = |n| {
            let two = _mm_add_epi64(_mm256_castsi256_si128(n), _mm256_extracti128_si256::<1>(n));
            _mm_cvtsi128_si64(_mm_add_epi64(two, _mm_unpackhi_epi64(two, two))).cast_unsigned()
        };
        // each below 2^29
        let [n0, n1, n2, n3, n4] = self.0.map(sum);
        let first = n0 + (n1 << SHORT);
        let second = (first >> LIMB)
            + (n2 << (2 * SHORT.unsigned_abs() - LIMB))
            + (n3 << (3 * SHORT.unsigned_abs() - LIMB));
        let third = (second >> LIMB) + (n4 << (4 * SHORT.unsigned_abs() - 2 * LIMB));
        Number([first & LIMB_MASK, second & LIMB_MASK, third]).carry()
    }
}

/// The factor of four numbers, one in each lane.
#[derive(Clone, Copy)]
struct Factor {
    m: [__m256i; 5],
    /// Of the limbs from the second on.
    by_5: [__m256i; 4],
}

impl Factor {
    #[inline]
    #[target_feature(enable = "avx2")]
    fn new(lanes: &Lanes) -> Self {
        let [m0, m1, m2, m3, m4] = lanes.map(|[a, b, c, d]| {
            let [a, b, c, d] = [a, b, c, d].map(u64::cast_signed);
            _mm256_set_epi64x(d, c, b, a)
        });
        let by_5 = [times_5(m1), times_5(m2), times_5(m3), times_5(m4)];
        Self { m: [m0, m1, m2, m3, m4], by_5 }
    }
}

#[inline]
#[target_feature(enable = "avx2")]
fn times_5(n: __m256i) -> __m256i {
    _mm256_add_epi64(n, _mm256_slli_epi64::<2>(n))
}

/// Sums of four products, by limb.
#[derive(Clone, Copy)]
struct Products([__m256i; 5]);

#[inline]
#[target_feature(enable = "avx2")]
fn multiply_add(sum: &mut __m256i, n: __m256i, m: __m256i) {
    *sum = _mm256_add_epi64(*sum, _mm256_mul_epu32(n, m));
}

impl Products {
    #[inline]
    #[target_feature(enable = "avx2")]
    fn starting_with(Numbers(sums): Numbers) -> Self {
        Self(sums)
    }

    /// Adds one product, of which there may be two. With limbs below 2^27 (2^30 for those times 5) every
    /// factor fits into 32 bits, and ten partial products stay below 2^61.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn add(&mut self, Numbers([n0, n1, n2, n3, n4]): Numbers, factor: &Factor) {
        let Factor { m: [m0, m1, m2, m3, m4], by_5: [s1, s2, s3, s4] } = *factor;
        let Self([p0, p1, p2, p3, p4]) = self;
        for (n, m) in [(n0, m0), (n1, s4), (n2, s3), (n3, s2), (n4, s1)] {
            multiply_add(p0, n, m);
        }
        for (n, m) in [(n0, m1), (n1, m0), (n2, s4), (n3, s3), (n4, s2)] {
            multiply_add(p1, n, m);
        }
        for (n, m) in [(n0, m2), (n1, m1), (n2, m0), (n3, s4), (n4, s3)] {
            multiply_add(p2, n, m);
        }
        for (n, m) in [(n0, m3), (n1, m2), (n2, m1), (n3, m0), (n4, s4)] {
            multiply_add(p3, n, m);
        }
        for (n, m) in [(n0, m4), (n1, m3), (n2, m2), (n3, m1), (n4, m0)] {
            multiply_add(p4, n, m);
        }
    }

    /// The sums with limbs of about their bits again: two chains of carries, which meet.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn carry(self) -> Numbers {
        let Self([mut p0, mut p1, mut p2, mut p3, mut p4]) = self;
        let mask = each(SHORT_MASK);
        let carry = |from: &mut __m256i| {
            let over = _mm256_srli_epi64::<SHORT>(*from);
            *from = _mm256_and_si256(*from, mask);
            over
        };
        let add = |to: &mut __m256i, over| *to = _mm256_add_epi64(*to, over);
        add(&mut p1, carry(&mut p0));
        add(&mut p4, carry(&mut p3));
        add(&mut p2, carry(&mut p1));
        add(&mut p0, times_5(carry(&mut p4)));
        add(&mut p3, carry(&mut p2));
        add(&mut p1, carry(&mut p0));
        add(&mut p4, carry(&mut p3));
        Numbers([p0, p1, p2, p3, p4])
    }
}
