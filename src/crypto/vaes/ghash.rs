//! GHASH (SP 800-38D section 6.4): sums of products in GF(2^128), two blocks in a vector, reduced
//! once for up to eight blocks.
//!
//! The first bit of a block is the coefficient of x^0, so a block with its bytes reversed is a number
//! whose bits are the coefficients from x^127 down: the polynomial mirrored. Mirrored, the field's
//! polynomial is y^128 + y^127 + y^126 + y^121 + 1, and a product of two numbers is one place too
//! low. The reduction divides by y^128 (as Montgomery's does with numbers): it adds multiples of the
//! polynomial that make the low half zero, which takes one multiplication for each 64 bits since the
//! low 64 bits of the polynomial are 1. What all this lacks is a factor y, which the powers of H have.

use std::arch::x86_64::{
    __m128i, __m256i, _mm_and_si128, _mm_cmpgt_epi32, _mm_set_epi64x, _mm_setr_epi8,
    _mm_setzero_si128, _mm_shuffle_epi8, _mm_shuffle_epi32, _mm_slli_epi64, _mm_slli_si128,
    _mm_srli_epi64, _mm_xor_si128, _mm256_broadcastsi128_si256, _mm256_castsi256_si128,
    _mm256_clmulepi64_epi128, _mm256_extracti128_si256, _mm256_set1_epi64x, _mm256_setzero_si256,
    _mm256_shuffle_epi8, _mm256_shuffle_epi32, _mm256_xor_si256, _mm256_zextsi128_si256,
};

use zeroize::Zeroizing;

use super::memory::join;

/// Powers of H that a key keeps.
const POWERS: usize = 8;

/// y^63 + y^62 + y^57: what is between y^0 and y^128 in the polynomial, divided by y^64.
const POLYNOMIAL: i64 = 0xc200_0000_0000_0000_u64.cast_signed();

/// H^8, H^7, .., H, each times y.
pub(super) struct Powers(Zeroizing<[__m128i; POWERS]>);

impl Powers {
    /// From H as it is encrypted.
    #[target_feature(enable = "avx2,vpclmulqdq")]
    pub(super) fn new(h: __m128i) -> Self {
        let factor = times_y(reverse(h));
        let mut powers = Zeroizing::new([factor; POWERS]);
        let mut power = factor;
        for to in powers.iter_mut().rev() {
            *to = power;
            power = Factor::single(factor).times(power);
        }
        Self(powers)
    }

    /// H.
    #[inline]
    #[target_feature(enable = "avx2")]
    pub(super) fn single(&self) -> Factor {
        let [.., h1] = *self.0;
        Factor::single(h1)
    }

    /// H^3 and H^2.
    #[inline]
    #[target_feature(enable = "avx2")]
    pub(super) fn third_and_second(&self) -> Factor {
        let [.., h3, h2, _] = *self.0;
        Factor::of(&[h3, h2])
    }

    /// H^2 and H.
    #[inline]
    #[target_feature(enable = "avx2")]
    pub(super) fn last_pair(&self) -> Factor {
        let [.., h2, h1] = *self.0;
        Factor::of(&[h2, h1])
    }

    /// H^8 and H^7, .., H^2 and H.
    #[inline]
    #[target_feature(enable = "avx2")]
    pub(super) fn pairs(&self) -> [Factor; POWERS / 2] {
        let [h8, h7, h6, h5, h4, h3, h2, h1] = *self.0;
        [[h8, h7], [h6, h5], [h4, h3], [h2, h1]].map(|pair| Factor::of(&pair))
    }

    /// H^n and H^(n - 1), H^(n - 2) and H^(n - 3) and so on; `n` is at most 8.
    #[inline]
    pub(super) fn pairs_from(&self, n: usize) -> &[[__m128i; 2]] {
        let start = POWERS.saturating_sub(n);
        self.0.get(start..).unwrap_or_default().as_chunks().0
    }
}

/// A number times y.
#[inline]
#[target_feature(enable = "avx2")]
fn times_y(number: __m128i) -> __m128i {
    let carries = _mm_srli_epi64::<63>(number);
    let doubled = _mm_xor_si128(_mm_slli_epi64::<1>(number), _mm_slli_si128::<8>(carries));
    // all bits where the highest one is set
    let sign = _mm_cmpgt_epi32(_mm_setzero_si128(), number);
    let over = _mm_shuffle_epi32::<0b11_11_11_11>(sign);
    _mm_xor_si128(doubled, _mm_and_si128(over, _mm_set_epi64x(POLYNOMIAL, 1)))
}

/// What two blocks are multiplied with, one in each lane.
#[derive(Clone, Copy)]
pub(super) struct Factor {
    power: __m256i,
    /// The sum of the halves of each lane, in both.
    folded: __m256i,
}

impl Factor {
    #[inline]
    #[target_feature(enable = "avx2")]
    fn new(power: __m256i) -> Self {
        Self { power, folded: fold(power) }
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    pub(super) fn of(powers: &[__m128i; 2]) -> Self {
        Self::new(join(powers))
    }

    /// For one block, in the low lane.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn single(power: __m128i) -> Self {
        Self::new(_mm256_zextsi128_si256(power))
    }

    /// The product of the low lane.
    #[inline]
    #[target_feature(enable = "avx2,vpclmulqdq")]
    pub(super) fn times(&self, block: __m128i) -> __m128i {
        let mut products = Products::zero();
        products.add(_mm256_zextsi128_si256(block), self);
        products.reduce()
    }
}

/// Sums of products of 256 bits, by Karatsuba's formula: those of the low and of the high halves, and
/// those of the sums of both.
#[derive(Clone, Copy)]
pub(super) struct Products {
    low: __m256i,
    high: __m256i,
    folded: __m256i,
}

impl Products {
    #[inline]
    #[target_feature(enable = "avx2")]
    pub(super) fn zero() -> Self {
        let zero = _mm256_setzero_si256();
        Self { low: zero, high: zero, folded: zero }
    }

    /// Adds the products of two blocks with their bytes reversed.
    #[inline]
    #[target_feature(enable = "avx2,vpclmulqdq")]
    pub(super) fn add(&mut self, blocks: __m256i, factor: &Factor) {
        let low = _mm256_clmulepi64_epi128::<0x00>(blocks, factor.power);
        let high = _mm256_clmulepi64_epi128::<0x11>(blocks, factor.power);
        let folded = _mm256_clmulepi64_epi128::<0x00>(fold(blocks), factor.folded);
        self.low = _mm256_xor_si256(self.low, low);
        self.high = _mm256_xor_si256(self.high, high);
        self.folded = _mm256_xor_si256(self.folded, folded);
    }

    /// The sum of all in the field.
    #[inline]
    #[target_feature(enable = "avx2,vpclmulqdq")]
    pub(super) fn reduce(self) -> __m128i {
        let Self { low, high, folded } = self;
        let middle = _mm256_xor_si256(folded, _mm256_xor_si256(low, high));
        // the lowest 64 bits times the polynomial vanish, and 64 bits higher is what else that makes
        let middle = _mm256_xor_si256(middle, without_low_half(low));
        let lanes = _mm256_xor_si256(high, without_low_half(middle));
        _mm_xor_si128(_mm256_castsi256_si128(lanes), _mm256_extracti128_si256::<1>(lanes))
    }
}

/// Each lane plus its low half times the polynomial, divided by y^64.
#[inline]
#[target_feature(enable = "avx2,vpclmulqdq")]
fn without_low_half(lanes: __m256i) -> __m256i {
    let product = _mm256_clmulepi64_epi128::<0x00>(lanes, _mm256_set1_epi64x(POLYNOMIAL));
    _mm256_xor_si256(swap_halves(lanes), product)
}

#[inline]
#[target_feature(enable = "avx2")]
fn swap_halves(lanes: __m256i) -> __m256i {
    _mm256_shuffle_epi32::<0b01_00_11_10>(lanes)
}

/// The sum of the halves of each lane, in both.
#[inline]
#[target_feature(enable = "avx2")]
fn fold(lanes: __m256i) -> __m256i {
    _mm256_xor_si256(lanes, swap_halves(lanes))
}

#[inline]
#[target_feature(enable = "avx2")]
fn reversed_order() -> __m128i {
    _mm_setr_epi8(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0)
}

/// Reverses the bytes of a block.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn reverse(block: __m128i) -> __m128i {
    _mm_shuffle_epi8(block, reversed_order())
}

/// Reverses the bytes of each of two blocks.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn reverse_pair(blocks: __m256i) -> __m256i {
    _mm256_shuffle_epi8(blocks, _mm256_broadcastsi128_si256(reversed_order()))
}
