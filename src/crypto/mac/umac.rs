//! UMAC (RFC 4418) with tags of 64 and of 128 bits, as OpenSSH uses it: the 128-bit key is an AES key, the
//! nonce is the sequence number as eight bytes, and only the packet is authenticated.

use zeroize::Zeroizing;

use super::hmac::{encrypt_then_mac, sound};
use super::{Mac, MacAlgorithm, NewMac};
use crate::crypto::Security;
use crate::crypto::aws_lc::{CipherContext, CipherKind, Direction};
use crate::error::CryptoError;

/// The registry row of umac-64@openssh.com.
pub(super) static UMAC_64: MacAlgorithm =
    row("umac-64@openssh.com", 8, |key| Ok(Box::new(Umac::<2>::new(key)?)));

/// The registry row of umac-128@openssh.com.
pub(super) static UMAC_128: MacAlgorithm =
    sound(row("umac-128@openssh.com", 16, |key| Ok(Box::new(Umac::<4>::new(key)?))));

/// The registry row of umac-64-etm@openssh.com. Its tag is short, which audits warn of.
pub(super) static UMAC_64_ETM: MacAlgorithm =
    encrypt_then_mac("umac-64-etm@openssh.com", &UMAC_64, Security::Compatible);

/// The registry row of umac-128-etm@openssh.com.
pub(super) static UMAC_128_ETM: MacAlgorithm =
    encrypt_then_mac("umac-128-etm@openssh.com", &UMAC_128, Security::Modern);

const fn row(name: &'static str, tag_len: usize, new: NewMac) -> MacAlgorithm {
    MacAlgorithm {
        name,
        key_len: AES_BLOCK_LEN,
        tag_len,
        encrypt_then_mac: false,
        security: Security::Compatible,
        new,
    }
}

/// A key, derived from the 16 bytes as in RFC 4418 section 4.1; each of the `STREAMS` hashes gives 32 bits
/// of the tag.
struct Umac<const STREAMS: usize> {
    /// The words of L1Key in groups of four; stream `i` begins at group `i`.
    nh: Zeroizing<Vec<[u32; 4]>>,
    streams: [Stream; STREAMS],
    /// AES under the key of PDF (RFC 4418 section 3.3.1).
    pad: CipherContext,
}

/// The keys of the second and the third hash of a stream.
#[derive(Default)]
struct Stream {
    /// L2Key: the 64 bits of it that are needed for data up to 16 MiB.
    poly: Zeroizing<u64>,
    /// The last four of the eight numbers of L3Key1: the others are multiplied with zeros.
    inner: Zeroizing<[u64; 4]>,
    /// L3Key2
    xor: Zeroizing<u32>,
}

impl<const STREAMS: usize> Umac<STREAMS> {
    fn new(key: &[u8]) -> Result<Self, CryptoError> {
        let mut aes = CipherContext::new(CipherKind::Aes128Ecb, Direction::Encrypt, key, &[])?;
        let pad_key = derive(&mut aes, 0, AES_BLOCK_LEN)?;
        let nh = derive(&mut aes, 1, L1_LEN + (STREAMS - 1) * 16)?;
        let poly = derive(&mut aes, 2, STREAMS * 24)?;
        let inner = derive(&mut aes, 3, STREAMS * 64)?;
        let xor = derive(&mut aes, 4, STREAMS * 4)?;
        let mut streams = [(); STREAMS].map(|()| Stream::default());
        let (poly, _) = poly.as_chunks::<24>();
        let (inner, _) = inner.as_chunks::<64>();
        let (xor, _) = xor.as_chunks::<4>();
        for (((stream, poly), inner), xor) in streams.iter_mut().zip(poly).zip(inner).zip(xor) {
            let (poly, _) = poly.as_chunks::<8>();
            let poly = poly.first().ok_or(CryptoError::Failed)?;
            *stream.poly = u64::from_be_bytes(*poly) & 0x01ff_ffff_01ff_ffff;
            let (inner, _) = inner.as_chunks::<8>();
            for (number, bytes) in stream.inner.iter_mut().zip(inner.iter().skip(4)) {
                *number = u64::from_be_bytes(*bytes) % PRIME_36;
            }
            *stream.xor = u32::from_be_bytes(*xor);
        }
        Ok(Self {
            nh: Zeroizing::new(nh.as_chunks::<16>().0.iter().map(words_be).collect()),
            streams,
            pad: CipherContext::new(CipherKind::Aes128Ecb, Direction::Encrypt, &pad_key, &[])?,
        })
    }

    /// UHASH (RFC 4418 section 5.1), 32 bits from each stream.
    fn hash(&self, data: &[u8]) -> Result<[u32; STREAMS], CryptoError> {
        // past this, POLY goes on with numbers of 128 bits
        if data.len() > MAX_LEN {
            return Err(CryptoError::Failed);
        }
        let mut polys = [1_u64; STREAMS];
        let mut last = [0_u64; STREAMS];
        // an empty message is one of 32 zeros (RFC 4418 section 5.2)
        let empty: &[u8] = &[];
        let parts = data.chunks(L1_LEN).chain(data.is_empty().then_some(empty));
        for part in parts {
            last = self.nh(part);
            for ((poly, stream), number) in polys.iter_mut().zip(&self.streams).zip(last) {
                *poly = poly_64(*stream.poly, *poly, number);
            }
        }
        let numbers = if data.len() <= L1_LEN { last } else { polys };
        let mut out = [0; STREAMS];
        for ((out, stream), number) in out.iter_mut().zip(&self.streams).zip(numbers) {
            *out = stream.inner_product(number);
        }
        Ok(out)
    }

    /// NH of every stream (RFC 4418 section 5.2), for at most [`L1_LEN`] bytes.
    fn nh(&self, part: &[u8]) -> [u64; STREAMS] {
        let (blocks, rest) = part.as_chunks::<NH_BLOCK_LEN>();
        let mut last = [0; NH_BLOCK_LEN];
        if let Some(start) = last.get_mut(..rest.len()) {
            start.copy_from_slice(rest);
        }
        let bits = (part.len() as u64).wrapping_mul(8);
        let mut out = [bits; STREAMS];
        for (index, out) in out.iter_mut().enumerate() {
            let key = self.nh.get(index..).unwrap_or_default();
            let sum = nh_sum(key, blocks);
            let tail = if rest.is_empty() && !blocks.is_empty() {
                0
            } else {
                // blocks take two fours each
                nh_sum(key.get(blocks.len() * 2..).unwrap_or_default(), &[last])
            };
            *out = out.wrapping_add(sum).wrapping_add(tail);
        }
        out
    }

    /// PDF (RFC 4418 section 3.3.1): the pad that hides the hash.
    fn pad(&mut self, sequence: u32) -> Result<[u8; AES_BLOCK_LEN], CryptoError> {
        let mut block = [0; AES_BLOCK_LEN];
        let halves = STREAMS == 2;
        let nonce = u64::from(if halves { sequence & !1 } else { sequence });
        if let Some(start) = block.first_chunk_mut() {
            *start = nonce.to_be_bytes();
        }
        self.pad.update(&mut block)?;
        if halves && sequence & 1 == 1 {
            block.rotate_left(AES_BLOCK_LEN / 2);
        }
        Ok(block)
    }
}

impl<const STREAMS: usize> Mac for Umac<STREAMS> {
    fn sign(&mut self, sequence: u32, data: &[u8], tag: &mut [u8]) -> Result<(), CryptoError> {
        if tag.len() > STREAMS * 4 {
            return Err(CryptoError::Failed);
        }
        let pad = self.pad(sequence)?;
        let hash = self.hash(data)?;
        let hash = hash.iter().flat_map(|word| word.to_be_bytes());
        for ((tag, hash), pad) in tag.iter_mut().zip(hash).zip(pad) {
            *tag = hash ^ pad;
        }
        Ok(())
    }
}

impl Stream {
    /// L3-HASH (RFC 4418 section 5.5) of a number whose upper 64 bits are zeros.
    fn inner_product(&self, number: u64) -> u32 {
        let [a, b, c, d, e, f, g, h] = number.to_be_bytes();
        let parts = [[a, b], [c, d], [e, f], [g, h]];
        let mut sum = 0_u64;
        for (key, part) in self.inner.iter().zip(parts) {
            // 36 bits times 16 bits, four times
            sum = sum.wrapping_add(key.wrapping_mul(u16::from_be_bytes(part).into()));
        }
        let [_, _, _, _, word @ ..] = (sum % PRIME_36).to_be_bytes();
        u32::from_be_bytes(word) ^ *self.xor
    }
}

/// The sum of NH over whole blocks, the lanes one beside the other so that the compiler makes vectors
/// of them.
fn nh_sum(key: &[[u32; 4]], blocks: &[[u8; NH_BLOCK_LEN]]) -> u64 {
    let mut sums = [0_u64; 4];
    let (keys, _) = key.as_chunks::<2>();
    for (block, [key_low, key_high]) in blocks.iter().zip(keys) {
        let (halves, _) = block.as_chunks::<16>();
        let [low, high] = halves else { continue };
        let (low, high) = (words_le(low), words_le(high));
        let low = low.into_iter().zip(key_low).map(|(word, key)| word.wrapping_add(*key));
        let high = high.into_iter().zip(key_high).map(|(word, key)| word.wrapping_add(*key));
        for ((sum, low), high) in sums.iter_mut().zip(low).zip(high) {
            *sum = sum.wrapping_add(u64::from(low).wrapping_mul(high.into()));
        }
    }
    sums.into_iter().fold(0, u64::wrapping_add)
}

/// One step of POLY (RFC 4418 section 5.4) modulo 2^64 - 59.
fn poly_64(key: u64, poly: u64, number: u64) -> u64 {
    if number >= 0xffff_ffff_0000_0000 {
        // a number that is not below the prime: a marker, then the number less 59
        let marked = multiply_add(key, poly, PRIME_64 - 1);
        multiply_add(key, marked, number.wrapping_sub(59))
    } else {
        multiply_add(key, poly, number)
    }
}

/// `key * poly + number` modulo 2^64 - 59; `key` is below 2^57.
fn multiply_add(key: u64, poly: u64, number: u64) -> u64 {
    let whole = u128::from(key).wrapping_mul(poly.into()).wrapping_add(number.into());
    // 2^64 is 59, and the upper half is below 2^58
    let folded = (whole & u128::from(u64::MAX)).wrapping_add((whole >> 64).wrapping_mul(59));
    let prime = u128::from(PRIME_64);
    let reduced = if folded >= prime { folded.wrapping_sub(prime) } else { folded };
    u64::try_from(reduced).unwrap_or_default()
}

/// KDF (RFC 4418 section 3.2.1).
fn derive(
    aes: &mut CipherContext,
    index: u64,
    len: usize,
) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
    let mut out = Zeroizing::new(Vec::with_capacity(len.next_multiple_of(AES_BLOCK_LEN)));
    for counter in 1_u64.. {
        if out.len() >= len {
            break;
        }
        out.extend_from_slice(&index.to_be_bytes());
        out.extend_from_slice(&counter.to_be_bytes());
    }
    aes.update(&mut out)?;
    out.truncate(len);
    Ok(out)
}

fn words_le(bytes: &[u8; 16]) -> [u32; 4] {
    match bytes.as_chunks::<4>().0 {
        [a, b, c, d] => [a, b, c, d].map(|word| u32::from_le_bytes(*word)),
        _ => [0; 4],
    }
}

fn words_be(bytes: &[u8; 16]) -> [u32; 4] {
    words_le(bytes).map(u32::swap_bytes)
}

const AES_BLOCK_LEN: usize = 16;
/// Data hashed by one NH.
const L1_LEN: usize = 1024;
/// What NH pads data to.
const NH_BLOCK_LEN: usize = 32;
/// 2^14 results of NH: RFC 4418 section 5.3.
const MAX_LEN: usize = 16 * 1024 * 1024;
/// prime(36)
const PRIME_36: u64 = (1 << 36) - 5;
/// prime(64)
const PRIME_64: u64 = 0_u64.wrapping_sub(59);

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::crypto::hash::Hash;
    use crate::crypto::mac::tests::tag_of;
    use crate::crypto::tests::hex;

    const KEY: &[u8; 16] = b"abcdefghijklmnop";

    /// The tags under a nonce of eight bytes; the rows take four.
    fn hashes(data: &[u8]) -> [Vec<u8>; 2] {
        let bytes = |words: &[u32]| words.iter().flat_map(|word| word.to_be_bytes()).collect();
        [
            bytes(&Umac::<2>::new(KEY).unwrap().hash(data).unwrap()),
            bytes(&Umac::<4>::new(KEY).unwrap().hash(data).unwrap()),
        ]
    }

    /// RFC 4418, appendix, where the nonce is "bcdefghi": more than a sequence number, so the pad of
    /// that nonce is made here and taken off the published tags. The last four bytes of the tags of
    /// 128 bits, which the RFC leaves out, are those of nettle 3.8.
    pub(in crate::crypto::mac) fn known_answers() -> Vec<&'static str> {
        let mut aes =
            CipherContext::new(CipherKind::Aes128Ecb, Direction::Encrypt, KEY, &[]).unwrap();
        let pad_key = derive(&mut aes, 0, 16).unwrap();
        let mut aes =
            CipherContext::new(CipherKind::Aes128Ecb, Direction::Encrypt, &pad_key, &[]).unwrap();
        // for 64 bits, the last bit of the nonce chooses the half
        let mut even = *b"bcdefghh\0\0\0\0\0\0\0\0";
        let mut odd = *b"bcdefghi\0\0\0\0\0\0\0\0";
        aes.update(&mut even).unwrap();
        aes.update(&mut odd).unwrap();
        let a = |count: usize| vec![b'a'; count];
        for (data, tag_64, tag_128) in [
            (a(0), "6e155fad26900be1", "32fedb100c79ad58f07ff7643cc60465"),
            (a(3), "44b5cb542f220104", "185e4fe905cba7bd85e4c2dc3d117d8d"),
            (a(1 << 10), "26bf2f5d60118bd9", "7a54abe04af82d60fb298c3cbd195bcb"),
            (a(1 << 15), "27f8ef643b0d118d", "7b136bd911e4b734286ef2be501f2c3c"),
            (a(1 << 20), "a4477e87e9f55853", "f8acfa3ac31cfeea047f7b115b03bef5"),
            (b"abc".to_vec(), "d4d7b9f6bd4fbfcf", "883c3d4b97a61976ffcf232308cba5a5"),
            (b"abc".repeat(500), "d4cf26ddefd5c01a", "8824a260c53c66a36c9260a62cb83aa1"),
        ] {
            let [hash_64, hash_128] = hashes(&data);
            let hidden = |hash: &[u8], pad: &[u8]| {
                hash.iter().zip(pad).map(|(hash, pad)| hash ^ pad).collect::<Vec<_>>()
            };
            assert_eq!(hidden(&hash_64, &even[8..]), hex(tag_64), "{} bytes", data.len());
            assert_eq!(hidden(&hash_128, &odd), hex(tag_128), "{} bytes", data.len());
        }
        let rows = [&UMAC_64, &UMAC_64_ETM, &UMAC_128, &UMAC_128_ETM];
        for row in rows {
            agrees_with_nettle(row);
        }
        rows.map(|row| row.name).to_vec()
    }

    /// SHA-256 over the tags that nettle 3.8 computes for every length from 0 to 2100 and some
    /// longer ones: bytes 7 i + i / 256, sequence number 4294966000 + length, modulo 2^32.
    fn agrees_with_nettle(row: &MacAlgorithm) {
        let expected = if row.tag_len == 8 { NETTLE_64 } else { NETTLE_128 };
        let mut mac = (row.new)(KEY).unwrap();
        let mut tags = Vec::new();
        for len in (0..=2100).chain([4096, 32_768 + 36, 65_537, 262_144]) {
            let low_byte = |number: u32| number.to_le_bytes()[0];
            let data: Vec<u8> = (0..len).map(|i| low_byte(i * 7 + i / 256)).collect();
            let sequence = 4_294_966_000_u32.wrapping_add(len);
            tags.extend(tag_of(&mut *mac, sequence, &data, row.tag_len));
        }
        assert_eq!(Hash::Sha256.digest(&[&tags]), hex(expected), "{row:?}");
    }

    const NETTLE_64: &str = "1c3f05ee7bbab83a1dd5946a797691196d017d263e26da412d493a0a72f46b68";
    const NETTLE_128: &str = "35ea8632e89541878d8ae03c601cf3fe1632e74872f88d21f70a7341aef6ecb0";

    /// RFC 4418 section 5.4: numbers that do not fit take two steps.
    #[test]
    fn large_numbers_in_poly() {
        assert_eq!(poly_64(1, 1, 0xffff_fffe_ffff_ffff), 0xffff_ffff_0000_0000);
        // 1 + (p - 1) = 0 mod p, then the number less 59
        assert_eq!(poly_64(1, 1, u64::MAX), u64::MAX - 59);
        assert_eq!(poly_64(1, 1, 0xffff_ffff_0000_0000), 0xffff_ffff_0000_0000 - 59);
        assert_eq!(multiply_add(1, 1, PRIME_64 - 1), 0);
        assert_eq!(multiply_add(1 << 56, u64::MAX, u64::MAX), {
            let product = (1_u128 << 56) * u128::from(u64::MAX) + u128::from(u64::MAX);
            u64::try_from(product % u128::from(PRIME_64)).unwrap()
        });
    }

    #[test]
    fn what_is_out_of_range_is_refused() {
        for len in [0, 15, 17, 32] {
            assert!((UMAC_64.new)(&vec![0; len]).is_err(), "{len}");
        }
        let mut mac = (UMAC_128.new)(&[0; 16]).unwrap();
        assert!(mac.sign(0, b"", &mut [0; 17]).is_err());
        assert!(mac.sign(0, &vec![0; MAX_LEN + 1], &mut [0; 16]).is_err());
    }
}
