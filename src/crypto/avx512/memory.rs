//! Bytes and words in and out of 512-bit vectors. The standard library has these loads and stores
//! for pointers only; here they take references, whose types say how much is read or written.
#![allow(unsafe_code, reason = "the loads and stores, each of the length of its argument")]

use std::arch::x86_64::{
    __m512i, _mm512_loadu_si512, _mm512_mask_storeu_epi8, _mm512_maskz_loadu_epi8,
    _mm512_storeu_si512, _mm512_xor_si512,
};

/// Reads 64 bytes, the first of them into the lowest bits.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn load(bytes: &[u8; 64]) -> __m512i {
    // SAFETY: reads the 64 bytes of the array; the instruction needs no alignment.
    unsafe { _mm512_loadu_si512(bytes.as_ptr().cast()) }
}

/// Reads eight words, one into each lane.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn load_words(words: &[u64; 8]) -> __m512i {
    // SAFETY: reads the 64 bytes of the array; the instruction needs no alignment.
    unsafe { _mm512_loadu_si512(words.as_ptr().cast()) }
}

/// Writes 64 bytes.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn store(bytes: &mut [u8; 64], vector: __m512i) {
    // SAFETY: writes the 64 bytes of the array; the instruction needs no alignment.
    unsafe { _mm512_storeu_si512(bytes.as_mut_ptr().cast(), vector) }
}

/// XORs the first bytes of `vector` into up to 64 bytes of `data`; bytes beyond that are not changed.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
pub(super) fn xor(data: &mut [u8], vector: __m512i) {
    if let Some(whole) = data.first_chunk_mut::<64>() {
        let mixed = _mm512_xor_si512(load(whole), vector);
        return store(whole, mixed);
    }
    // one bit for each byte; the length is under 64
    let mask = (1_u64 << data.len()) - 1;
    // SAFETY: masked loads and stores touch only the bytes whose bit is set: those of `data`.
    unsafe {
        let bytes = _mm512_maskz_loadu_epi8(mask, data.as_ptr().cast());
        let mixed = _mm512_xor_si512(bytes, vector);
        _mm512_mask_storeu_epi8(data.as_mut_ptr().cast(), mask, mixed);
    }
}
