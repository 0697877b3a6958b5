//! Pairs of blocks in and out of vectors. The standard library has these loads and
//! stores for pointers only; here they take references, whose types say how much is read or written.
#![allow(unsafe_code, reason = "the loads and stores, each of the length of its argument")]

use std::arch::x86_64::{__m128i, __m256i, _mm256_loadu_si256, _mm256_storeu_si256};

/// Reads two blocks, the first into the low lane.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn load_pair(blocks: &[u8; 32]) -> __m256i {
    // SAFETY: reads the 32 bytes of the array; the instruction needs no alignment.
    unsafe { _mm256_loadu_si256(blocks.as_ptr().cast()) }
}

/// Writes two blocks.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn store_pair(blocks: &mut [u8; 32], vector: __m256i) {
    // SAFETY: writes the 32 bytes of the array; the instruction needs no alignment.
    unsafe { _mm256_storeu_si256(blocks.as_mut_ptr().cast(), vector) }
}

/// Makes one vector of two, the first in the low lane.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn join(vectors: &[__m128i; 2]) -> __m256i {
    // SAFETY: reads the 32 bytes of the array; the instruction needs no alignment.
    unsafe { _mm256_loadu_si256(vectors.as_ptr().cast()) }
}
