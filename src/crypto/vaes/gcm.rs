//! GCM (SP 800-38D section 7) over AES and GHASH. The key stream is made one batch ahead: while the
//! next one is encrypted, the batch before it is hashed, which keeps both kinds of units busy.

use std::arch::x86_64::{
    __m128i, __m256i, _mm_set_epi32, _mm_set_epi64x, _mm_setzero_si128, _mm_xor_si128,
    _mm256_add_epi32, _mm256_broadcastsi128_si256, _mm256_castsi256_si128,
    _mm256_extracti128_si256, _mm256_inserti128_si256, _mm256_set_epi32, _mm256_setzero_si256,
    _mm256_xor_si256, _mm256_zextsi128_si256,
};
use std::iter::{repeat, repeat_n};

use super::aes::RoundKeys;
use super::ghash::{Factor, Powers, Products, reverse, reverse_pair};
use super::memory::{load_pair, store_pair};
use crate::crypto::block::{load, store};

const BLOCK: usize = 16;
const PAIR: usize = 2 * BLOCK;

/// Bytes of eight blocks: as many as there are powers of H.
pub(super) const BATCH: usize = 4 * PAIR;

/// The inputs of each packet: its nonce and the data that is only authenticated. In SSH that data has four
/// bytes, in the tests other lengths, too.
#[derive(Clone, Copy)]
pub(super) struct Start<'a, const AAD: usize> {
    pub(super) nonce: &'a [u8; 12],
    pub(super) aad: &'a [u8; AAD],
}

/// Batches that are read from other memory than they are written to, after `before` batches that are not.
#[derive(Clone, Copy)]
pub(super) struct Apart<'a> {
    pub(super) before: usize,
    pub(super) batches: &'a [[u8; BATCH]],
}

impl Apart<'_> {
    pub(super) const NONE: Self = Self { before: 0, batches: &[] };
}

/// The block counter: the counter of two blocks, with their bytes reversed.
struct Counter(__m256i);

impl Counter {
    /// The block for the tag (J_0, whose counter is 1), and the counter of those after it.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn new(nonce: &[u8; 12]) -> (__m128i, Self) {
        let [a, b, c, d, e, f, g, h, i, j, k, l] = *nonce;
        let [first, second, third] = [[a, b, c, d], [e, f, g, h], [i, j, k, l]];
        let [first, second, third] = [first, second, third].map(i32::from_be_bytes);
        let block = _mm_set_epi32(first, second, third, 1);
        let pair = _mm256_broadcastsi128_si256(block);
        let pair = _mm256_add_epi32(pair, _mm256_set_epi32(0, 0, 0, 2, 0, 0, 0, 1));
        (reverse(block), Self(pair))
    }

    /// The next eight blocks.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn take(&mut self) -> [__m256i; 4] {
        [(); 4].map(|()| {
            let pair = reverse_pair(self.0);
            self.0 = _mm256_add_epi32(self.0, _mm256_set_epi32(0, 0, 0, 2, 0, 0, 0, 2));
            pair
        })
    }
}

/// The key of one direction.
pub(super) struct Key {
    rounds: RoundKeys,
    powers: Powers,
}

impl Key {
    #[target_feature(enable = "avx2,vaes,vpclmulqdq")]
    pub(super) fn new(rounds: RoundKeys) -> Self {
        let [h] = rounds.encrypt([_mm256_setzero_si256()]);
        Self { rounds, powers: Powers::new(_mm256_castsi256_si128(h)) }
    }

    /// Encrypts (`SEAL`) or decrypts the content of `body`, except for the batches that are read from other
    /// memory, and returns its tag.
    #[target_feature(enable = "avx2,vaes,vpclmulqdq")]
    pub(super) fn crypt<const SEAL: bool, const AAD: usize>(
        &self,
        Start { nonce, aad }: Start<'_, AAD>,
        body: &mut [u8],
        Apart { before, batches: apart }: Apart<'_>,
    ) -> [u8; BLOCK] {
        let lengths = lengths(aad.len(), body.len());
        let (first, mut counter) = Counter::new(nonce);
        let mut pairs = counter.take();
        // the last of eight blocks is to spare for the tag if there are not more than seven of data
        let spare = body.len() <= BATCH - BLOCK;
        if spare {
            let [.., last] = &mut pairs;
            *last = _mm256_inserti128_si256::<1>(*last, first);
        }
        let stream = self.rounds.encrypt(pairs);
        let mask = if spare { last_block(stream) } else { self.mask(first) };
        let mut run = Run { stream, sum: self.authenticated(aad) };
        let (batches, rest) = body.as_chunks_mut();
        if !batches.is_empty() {
            let factors = self.powers.pairs();
            let sources = repeat_n(None, before).chain(apart.iter().map(Some)).chain(repeat(None));
            for (batch, source) in batches.iter_mut().zip(sources) {
                run = self.batch::<SEAL>(run, &mut counter, &factors, batch, source);
            }
        }
        let sum = self.end::<SEAL>(run, rest, lengths);
        let mut tag = [0; BLOCK];
        store(&mut tag, _mm_xor_si128(reverse(sum), mask));
        tag
    }

    /// The encryption of the first block, which is XORed into the tag.
    #[inline]
    #[target_feature(enable = "avx2,vaes")]
    fn mask(&self, first: __m128i) -> __m128i {
        let [mask] = self.rounds.encrypt([_mm256_zextsi128_si256(first)]);
        _mm256_castsi256_si128(mask)
    }

    /// The hash of the data that is only authenticated.
    #[inline]
    #[target_feature(enable = "avx2,vpclmulqdq")]
    fn authenticated<const AAD: usize>(&self, aad: &[u8; AAD]) -> __m128i {
        let mut sum = _mm_setzero_si128();
        for part in aad.chunks(BLOCK) {
            let mut block = [0; BLOCK];
            for (to, byte) in block.iter_mut().zip(part) {
                *to = *byte;
            }
            sum = self.powers.single().times(_mm_xor_si128(sum, reverse(load(&block))));
        }
        sum
    }

    /// XORs the key stream into a batch, which is read from `source` if there is one, and hashes it while
    /// the key stream of the next batch is made.
    #[inline]
    #[target_feature(enable = "avx2,vaes,vpclmulqdq")]
    fn batch<const SEAL: bool>(
        &self,
        run: Run,
        counter: &mut Counter,
        factors: &[Factor; 4],
        batch: &mut [u8; BATCH],
        source: Option<&[u8; BATCH]>,
    ) -> Run {
        let hashed = apply::<SEAL, 4, BATCH>(batch, source, &run.stream);
        let [p0, p1, p2, p3] = hashed.map(|pair| reverse_pair(pair));
        let pairs = [_mm256_xor_si256(p0, _mm256_zextsi128_si256(run.sum)), p1, p2, p3];
        let mut products = Products::zero();
        // the first pair comes last: the hash before it is known late
        let work = pairs.iter().zip(factors).rev();
        let stream = self.rounds.encrypt_beside(counter.take(), work, |(pair, factor)| {
            products.add(*pair, factor);
        });
        Run { stream, sum: products.reduce() }
    }

    /// Handles the last blocks, less than a batch; returns the hash of everything.
    #[inline]
    #[target_feature(enable = "avx2,vpclmulqdq")]
    fn end<const SEAL: bool>(
        &self,
        Run { stream, sum }: Run,
        rest: &mut [u8],
        lengths: __m128i,
    ) -> __m128i {
        let mut stream = stream.into_iter();
        let mut products = Products::zero();
        let mut sum = _mm256_zextsi128_si256(sum);
        // one power more than blocks, for the lengths; eight blocks are too many to be hashed at once
        let full = rest.len() > BATCH - BLOCK;
        let highest = if full { 6 } else { rest.len().div_ceil(BLOCK) + 1 };
        let (pairs, rest) = rest.as_chunks_mut::<PAIR>();
        let powers = self.powers.pairs_from(highest);
        for ((pair, stream), powers) in pairs.iter_mut().zip(&mut stream).zip(powers) {
            let [hashed] = apply::<SEAL, 1, PAIR>(pair, None, &[stream]);
            products.add(_mm256_xor_si256(reverse_pair(hashed), sum), &Factor::of(powers));
            sum = _mm256_setzero_si256();
        }
        if full {
            sum = _mm256_zextsi128_si256(products.reduce());
            products = Products::zero();
        }
        let stream = stream.next().unwrap_or_else(|| _mm256_setzero_si256());
        match rest.len() {
            0 => {
                let last = _mm256_zextsi128_si256(lengths);
                products.add(_mm256_xor_si256(last, sum), &self.powers.single());
            }
            1..=BLOCK => {
                let hashed = reverse_pair(apply_to_end::<SEAL>(rest, stream));
                let last = _mm256_inserti128_si256::<1>(hashed, lengths);
                products.add(_mm256_xor_si256(last, sum), &self.powers.last_pair());
            }
            _ => {
                let hashed = reverse_pair(apply_to_end::<SEAL>(rest, stream));
                products.add(_mm256_xor_si256(hashed, sum), &self.powers.third_and_second());
                products.add(_mm256_zextsi128_si256(lengths), &self.powers.single());
            }
        }
        products.reduce()
    }
}

/// The state between two batches.
struct Run {
    /// The key stream of the next batch.
    stream: [__m256i; 4],
    /// The hash of the batches before it.
    sum: __m128i,
}

/// The last block that is hashed, with its bytes reversed: both lengths in bits.
#[inline]
#[target_feature(enable = "avx2")]
fn lengths(aad: usize, body: usize) -> __m128i {
    let [aad, body] = [aad, body].map(|len| (len as u64).wrapping_mul(8).cast_signed());
    _mm_set_epi64x(aad, body)
}

/// XORs the key stream into the content of `source`, or of `bytes`, and writes the result to `bytes`.
/// Returns the input of the hash: the ciphertext.
#[inline]
#[target_feature(enable = "avx2")]
fn apply<const SEAL: bool, const N: usize, const LEN: usize>(
    bytes: &mut [u8; LEN],
    source: Option<&[u8; LEN]>,
    stream: &[__m256i; N],
) -> [__m256i; N] {
    const { assert!(LEN == N * PAIR, "a vector for each pair") };
    let source = source.unwrap_or(bytes);
    let mut inputs = *stream;
    for (input, pair) in inputs.iter_mut().zip(source.as_chunks().0) {
        *input = load_pair(pair);
    }
    let mut outputs = inputs;
    for (output, stream) in outputs.iter_mut().zip(stream) {
        *output = _mm256_xor_si256(*output, *stream);
    }
    for (pair, output) in bytes.as_chunks_mut().0.iter_mut().zip(&outputs) {
        store_pair(pair, *output);
    }
    if SEAL { outputs } else { inputs }
}

/// The same for less than a pair; the input of the hash is padded with zeros.
#[inline]
#[target_feature(enable = "avx2")]
fn apply_to_end<const SEAL: bool>(end: &mut [u8], stream: __m256i) -> __m256i {
    if let Ok(block) = <&mut [u8; BLOCK]>::try_from(&mut *end) {
        let input = load(block);
        let output = _mm_xor_si128(input, _mm256_castsi256_si128(stream));
        store(block, output);
        return _mm256_zextsi128_si256(if SEAL { output } else { input });
    }
    let mut padded = [0; PAIR];
    for (to, byte) in padded.iter_mut().zip(&*end) {
        *to = *byte;
    }
    let input = load_pair(&padded);
    store_pair(&mut padded, _mm256_xor_si256(input, stream));
    let mut written = padded.iter_mut();
    for (to, byte) in end.iter_mut().zip(&mut written) {
        *to = *byte;
    }
    written.for_each(|byte| *byte = 0);
    if SEAL { load_pair(&padded) } else { input }
}

#[inline]
#[target_feature(enable = "avx2")]
fn last_block([.., pair]: [__m256i; 4]) -> __m128i {
    _mm256_extracti128_si256::<1>(pair)
}
