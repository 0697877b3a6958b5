//! Blocks of 16 bytes in and out of vectors. The standard library has these loads and stores for pointers
//! only; here they take references, whose types say how much is read or written.
#![allow(unsafe_code, reason = "the loads and stores, each of the length of its argument")]

use std::arch::x86_64::{__m128i, _mm_loadu_si128, _mm_storeu_si128};

/// Reads a block.
#[inline]
pub(super) fn load(block: &[u8; 16]) -> __m128i {
    // SAFETY: reads the 16 bytes of the array; the instruction needs no alignment, and every processor of
    // this architecture has it.
    unsafe { _mm_loadu_si128(block.as_ptr().cast()) }
}

/// Writes a block.
#[inline]
pub(super) fn store(block: &mut [u8; 16], vector: __m128i) {
    // SAFETY: writes the 16 bytes of the array; the instruction needs no alignment, and every processor of
    // this architecture has it.
    unsafe { _mm_storeu_si128(block.as_mut_ptr().cast(), vector) }
}
