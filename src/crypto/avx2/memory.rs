//! Bytes into 256-bit vectors. The standard library has this load for pointers only; here it takes a
//! reference, whose type says how much is read.
#![allow(unsafe_code, reason = "the load, of the length of its argument")]

use std::arch::x86_64::{__m256i, _mm256_loadu_si256};

/// Reads 32 bytes, the first of them into the lowest bits.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn load(bytes: &[u8; 32]) -> __m256i {
    // SAFETY: reads the 32 bytes of the array; the instruction needs no alignment.
    unsafe { _mm256_loadu_si256(bytes.as_ptr().cast()) }
}
