//! Poly1305 (RFC 8439 section 2.5), one block at a time: for short messages, and for the first and last
//! blocks of those for which `avx512/` and `avx2/` use vectors.
//!
//! A number modulo p = 2^130 - 5 is three limbs of 44, 44 and 42 bits, which may hold a few bits
//! more between the steps. 2^132 is 20 modulo p: a product beyond the third limb comes back times 20.

#[cfg(test)]
pub(super) mod tests;

use zeroize::{Zeroize, Zeroizing};

/// Bytes of a block.
pub(super) const BLOCK: usize = 16;

pub(super) const LIMB: u32 = 44;
pub(super) const LAST_LIMB: u32 = 42;
pub(super) const LIMB_MASK: u64 = (1 << LIMB) - 1;
pub(super) const LAST_LIMB_MASK: u64 = (1 << LAST_LIMB) - 1;

/// 2^128 in the third limb: the bit that follows a whole block.
pub(super) const AFTER_BLOCK: u64 = 1 << (128 - 2 * LIMB);

/// A number modulo p.
#[derive(Clone, Copy)]
pub(super) struct Number(pub(super) [u64; 3]);

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

    pub(super) fn times(self, Self([m0, m1, m2]): Self) -> Self {
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
    pub(super) fn carry(self) -> Self {
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
    pub(super) r: Zeroizing<Number>,
    s: Zeroizing<u128>,
}

impl Key {
    pub(super) fn new(r: u128, s: u128) -> Self {
        const CLAMP: u128 = 0x0fff_fffc_0fff_fffc_0fff_fffc_0fff_ffff;
        Self { r: Zeroizing::new(Number::from_u128(r & CLAMP)), s: Zeroizing::new(s) }
    }

    /// From the 32 bytes that RFC 8439 calls the one-time key.
    pub(super) fn from_bytes(bytes: &[u8; 32]) -> Self {
        let [r, s] = [0, BLOCK].map(|at| {
            let half = bytes.get(at..).and_then(|bytes| bytes.first_chunk());
            half.map_or(0, |half| u128::from_le_bytes(*half))
        });
        Self::new(r, s)
    }

    /// The tag of a message, as the number that its bytes are in little-endian order.
    pub(super) fn tag(self, message: &[u8]) -> u128 {
        self.finish(Number([0; 3]), message)
    }

    /// The tag of a message whose blocks before `rest` have given `sum`.
    pub(super) fn finish(self, mut sum: Number, rest: &[u8]) -> u128 {
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
}
