//! aes128-gcm@openssh.com and aes256-gcm@openssh.com: AES-GCM in the framing of RFC 5647, negotiated as in
//! OpenSSH's PROTOCOL (without a MAC). The length is not encrypted but authenticated; the nonce is 4 fixed
//! bytes and a 64-bit counter that is incremented for each packet. Runs on `crypto/vaes/` where the
//! processor has its instructions and not those of AWS-LC's own fast code, and on AWS-LC everywhere else.

#[cfg(vector_code)]
use std::arch::is_x86_feature_detected;

use aws_lc_rs::aead::{AES_128_GCM, AES_256_GCM, Aad, Algorithm, LessSafeKey, Nonce, UnboundKey};

use super::{CipherAlgorithm, Mode, Opener, Sealer};
use crate::crypto::Security;
#[cfg(vector_code)]
use crate::crypto::{vaes, vector_code::VectorCode};
use crate::error::CryptoError;

/// The registry row of aes128-gcm@openssh.com.
pub(super) static AES128_GCM: CipherAlgorithm = CipherAlgorithm {
    name: "aes128-gcm@openssh.com",
    key_len: 16,
    iv_len: NONCE_LEN,
    block_len: BLOCK_LEN,
    security: Security::Modern,
    rekey_after_bytes: super::REKEY_128_BIT_BLOCKS,
    terrapin: false,
    terrapin_with_etm: false,
    mode: Mode::Aead {
        opener: |key, iv| opener(&AES_128_GCM, key, iv),
        sealer: |key, iv| sealer(&AES_128_GCM, key, iv),
    },
};

/// The registry row of aes256-gcm@openssh.com.
pub(super) static AES256_GCM: CipherAlgorithm = CipherAlgorithm {
    name: "aes256-gcm@openssh.com",
    key_len: 32,
    mode: Mode::Aead {
        opener: |key, iv| opener(&AES_256_GCM, key, iv),
        sealer: |key, iv| sealer(&AES_256_GCM, key, iv),
    },
    ..AES128_GCM
};

fn opener(
    algorithm: &'static Algorithm,
    key: &[u8],
    iv: &[u8],
) -> Result<Box<dyn Opener>, CryptoError> {
    #[cfg(vector_code)]
    if let Some(key) = vaes_key(algorithm, key) {
        return Ok(Box::new(GcmPacket::new(key, iv)?));
    }
    Ok(Box::new(GcmPacket::new(aws_lc_key(algorithm, key)?, iv)?))
}

fn sealer(
    algorithm: &'static Algorithm,
    key: &[u8],
    iv: &[u8],
) -> Result<Box<dyn Sealer>, CryptoError> {
    #[cfg(vector_code)]
    if let Some(key) = vaes_key(algorithm, key) {
        return Ok(Box::new(GcmPacket::new(key, iv)?));
    }
    Ok(Box::new(GcmPacket::new(aws_lc_key(algorithm, key)?, iv)?))
}

/// `None` where AWS-LC is at least as fast: with AVX-512 it has code of its own for the same instructions,
/// except on Windows.
#[cfg(vector_code)]
fn vaes_key(algorithm: &Algorithm, key: &[u8]) -> Option<vaes::Key> {
    let aws_lc_is_fast = cfg!(not(windows))
        && is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512vl")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512dq")
        && is_x86_feature_detected!("vaes")
        && is_x86_feature_detected!("vpclmulqdq");
    if aws_lc_is_fast || key.len() != algorithm.key_len() {
        return None;
    }
    vaes::Key::new(VectorCode::allowed()?, key)
}

fn aws_lc_key(algorithm: &'static Algorithm, key: &[u8]) -> Result<LessSafeKey, CryptoError> {
    let key = UnboundKey::new(algorithm, key).map_err(|_| CryptoError::Failed)?;
    Ok(LessSafeKey::new(key))
}

/// The interface of the implementations. The length is authenticated; `body` is the rest of a packet,
/// without its tag.
trait GcmKey: Send {
    /// [`Sealer::vector_code`]
    const VECTOR_CODE: Option<&'static str> = None;

    fn seal(
        &self,
        nonce: &[u8; NONCE_LEN],
        length: &[u8; LENGTH_LEN],
        body: &mut [u8],
        tag: &mut [u8; TAG_LEN],
    ) -> Result<(), CryptoError>;

    /// The same with `data`, which belongs into `body` from `at` on and need not be there yet.
    fn seal_from(
        &self,
        nonce: &[u8; NONCE_LEN],
        length: &[u8; LENGTH_LEN],
        body: &mut [u8],
        at: usize,
        data: &[u8],
        tag: &mut [u8; TAG_LEN],
    ) -> Result<(), CryptoError> {
        let end = at.saturating_add(data.len());
        body.get_mut(at..end).ok_or(CryptoError::Failed)?.copy_from_slice(data);
        self.seal(nonce, length, body, tag)
    }

    /// Checks the tag at the end of `sealed` and decrypts what is before it in place.
    fn open(
        &self,
        nonce: &[u8; NONCE_LEN],
        length: &[u8; LENGTH_LEN],
        sealed: &mut [u8],
    ) -> Result<(), CryptoError>;

    /// The same to `opened`, which has the length of the ciphertext without its tag.
    fn open_into(
        &self,
        nonce: &[u8; NONCE_LEN],
        length: &[u8; LENGTH_LEN],
        sealed: &[u8],
        opened: &mut [u8],
    ) -> Result<(), CryptoError>;
}

impl GcmKey for LessSafeKey {
    fn seal(
        &self,
        nonce: &[u8; NONCE_LEN],
        length: &[u8; LENGTH_LEN],
        body: &mut [u8],
        tag: &mut [u8; TAG_LEN],
    ) -> Result<(), CryptoError> {
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let made = self
            .seal_in_place_separate_tag(nonce, Aad::from(length), body)
            .map_err(|_| CryptoError::Failed)?;
        tag.copy_from_slice(made.as_ref());
        Ok(())
    }

    fn open(
        &self,
        nonce: &[u8; NONCE_LEN],
        length: &[u8; LENGTH_LEN],
        sealed: &mut [u8],
    ) -> Result<(), CryptoError> {
        let nonce = Nonce::assume_unique_for_key(*nonce);
        self.open_in_place(nonce, Aad::from(length), sealed).map_err(|_| CryptoError::BadMac)?;
        Ok(())
    }

    fn open_into(
        &self,
        nonce: &[u8; NONCE_LEN],
        length: &[u8; LENGTH_LEN],
        sealed: &[u8],
        opened: &mut [u8],
    ) -> Result<(), CryptoError> {
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let (sealed, tag) = sealed.split_last_chunk::<TAG_LEN>().ok_or(CryptoError::Failed)?;
        self.open_separate_gather(nonce, Aad::from(length), sealed, tag, opened)
            .map_err(|_| CryptoError::BadMac)
    }
}

#[cfg(vector_code)]
impl GcmKey for vaes::Key {
    const VECTOR_CODE: Option<&'static str> = Some("vaes");

    fn seal(
        &self,
        nonce: &[u8; NONCE_LEN],
        length: &[u8; LENGTH_LEN],
        body: &mut [u8],
        tag: &mut [u8; TAG_LEN],
    ) -> Result<(), CryptoError> {
        self.seal(nonce, length, body, tag);
        Ok(())
    }

    fn seal_from(
        &self,
        nonce: &[u8; NONCE_LEN],
        length: &[u8; LENGTH_LEN],
        body: &mut [u8],
        at: usize,
        data: &[u8],
        tag: &mut [u8; TAG_LEN],
    ) -> Result<(), CryptoError> {
        self.seal_from(nonce, length, body, at, data, tag)
    }

    fn open(
        &self,
        nonce: &[u8; NONCE_LEN],
        length: &[u8; LENGTH_LEN],
        sealed: &mut [u8],
    ) -> Result<(), CryptoError> {
        let (body, tag) = sealed.split_last_chunk_mut().ok_or(CryptoError::Failed)?;
        self.open(nonce, length, body, tag)
    }

    fn open_into(
        &self,
        nonce: &[u8; NONCE_LEN],
        length: &[u8; LENGTH_LEN],
        sealed: &[u8],
        opened: &mut [u8],
    ) -> Result<(), CryptoError> {
        let (sealed, tag) = sealed.split_last_chunk().ok_or(CryptoError::Failed)?;
        self.open_into(nonce, length, sealed, tag, opened)
    }
}

/// One direction of a connection.
struct GcmPacket<K> {
    key: K,
    fixed: [u8; 4],
    invocation_counter: u64,
}

impl<K> GcmPacket<K> {
    fn new(key: K, iv: &[u8]) -> Result<Self, CryptoError> {
        let iv: &[u8; NONCE_LEN] = iv.try_into().map_err(|_| CryptoError::Failed)?;
        let (fixed, counter) = iv.split_first_chunk().ok_or(CryptoError::Failed)?;
        let counter = counter.first_chunk().ok_or(CryptoError::Failed)?;
        Ok(Self { key, fixed: *fixed, invocation_counter: u64::from_be_bytes(*counter) })
    }

    /// The nonce of the next packet. The counter starts anywhere and wraps around (RFC 5647 section 7.1);
    /// it cannot return to its start, as keys are replaced after 2^31 packets at the latest.
    fn next_nonce(&mut self) -> [u8; NONCE_LEN] {
        let [a, b, c, d] = self.fixed;
        let [e, f, g, h, i, j, k, l] = self.invocation_counter.to_be_bytes();
        self.invocation_counter = self.invocation_counter.wrapping_add(1);
        [a, b, c, d, e, f, g, h, i, j, k, l]
    }
}

impl<K: GcmKey> Opener for GcmPacket<K> {
    fn vector_code(&self) -> Option<&'static str> {
        K::VECTOR_CODE
    }

    fn block_len(&self) -> usize {
        BLOCK_LEN
    }

    fn tag_len(&self) -> usize {
        TAG_LEN
    }

    fn prefix_len(&self) -> usize {
        LENGTH_LEN
    }

    fn length_counts(&self) -> bool {
        false
    }

    fn packet_length(&mut self, _sequence: u32, prefix: &mut [u8]) -> Result<u32, CryptoError> {
        super::length_in_clear(prefix)
    }

    fn open(&mut self, _sequence: u32, packet: &mut [u8]) -> Result<(), CryptoError> {
        let nonce = self.next_nonce();
        let (length, sealed) = packet.split_first_chunk_mut().ok_or(CryptoError::Failed)?;
        self.key.open(&nonce, length, sealed)
    }

    fn open_into(
        &mut self,
        _sequence: u32,
        packet: &mut [u8],
        opened: &mut [u8],
    ) -> Result<(), CryptoError> {
        let nonce = self.next_nonce();
        let (length, sealed) = packet.split_first_chunk().ok_or(CryptoError::Failed)?;
        self.key.open_into(&nonce, length, sealed, opened)
    }
}

impl<K: GcmKey> Sealer for GcmPacket<K> {
    fn vector_code(&self) -> Option<&'static str> {
        K::VECTOR_CODE
    }

    fn block_len(&self) -> usize {
        BLOCK_LEN
    }

    fn tag_len(&self) -> usize {
        TAG_LEN
    }

    fn length_counts(&self) -> bool {
        false
    }

    fn seal(&mut self, _sequence: u32, packet: &mut [u8]) -> Result<(), CryptoError> {
        let nonce = self.next_nonce();
        let (length, rest) = packet.split_first_chunk_mut().ok_or(CryptoError::Failed)?;
        let (body, tag) = rest.split_last_chunk_mut().ok_or(CryptoError::Failed)?;
        self.key.seal(&nonce, length, body, tag)
    }

    fn seal_from(
        &mut self,
        _sequence: u32,
        packet: &mut [u8],
        at: usize,
        data: &[u8],
    ) -> Result<(), CryptoError> {
        let nonce = self.next_nonce();
        let (length, rest) = packet.split_first_chunk_mut().ok_or(CryptoError::Failed)?;
        let (body, tag) = rest.split_last_chunk_mut().ok_or(CryptoError::Failed)?;
        let at = at.checked_sub(LENGTH_LEN).ok_or(CryptoError::Failed)?;
        self.key.seal_from(&nonce, length, body, at, data, tag)
    }
}

const NONCE_LEN: usize = 12;
const BLOCK_LEN: usize = 16;
const TAG_LEN: usize = 16;
const LENGTH_LEN: usize = 4;

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::crypto::cipher::tests::{hex, sample_packet, seals_and_opens, seals_to};

    /// Three packets across the wrap of the invocation counter; computed with OpenSSL 3 from the
    /// construction of RFC 5647 sections 7.1 to 7.3.
    const IV: &str = "a0a1a2a3fffffffffffffffe";
    const SEALED_128: [&str; 3] = [
        "00000020eba8bd0681042fce07553e91151cd129246f8dad3856d1e8f530c2d04f2021214b07\
         e84a7448451376fb34d58a8c6dcb",
        "00000020da01d9ecf56d8d6a1b231fa0e1f7b18e60ba5bad5750552b81892a8a1acb40d4b476\
         72d195d2572f1874acf4bc274658",
        "00000020806f6536ec249fc4f86d8188da61d00bc7237e5cb8cba3757fb82ca8f46e826f8458\
         e82ff0c75080e01a49f9c693ab8b",
    ];
    const SEALED_256: [&str; 3] = [
        "00000020ee22a7b8f6d339b976ba55fa90d2dd63fb4b39eb93f344bb53e9cc78454779882096\
         db69dea298a147757c33173de3ec",
        "00000020ae8d69e45784d886b1f5b8f780b671d13d53ffe3014b22fc345c045125e261c27904\
         e07c4d4a316995f2bf40b5dd132a",
        "00000020168bf79d88cf1e1712901098fa71ce70393bb6ee52e695156335c5343b5a4a5c81b7\
         68ee5f590cf31e3109fbe973b55e",
    ];

    fn key(len: u8) -> Vec<u8> {
        (0..len).collect()
    }

    pub(in crate::crypto::cipher) fn known_answers() -> Vec<&'static str> {
        let (iv, plain) = (hex(IV), sample_packet());
        seals_to(&AES128_GCM, &key(16), &iv, 0, &plain, &SEALED_128);
        seals_to(&AES256_GCM, &key(32), &iv, 0, &plain, &SEALED_256);
        vec![AES128_GCM.name, AES256_GCM.name]
    }

    /// A row's cipher on one of the implementations, whichever the registry chooses here.
    fn has_the_same_answers<K: GcmKey + 'static>(new: impl Fn(&[u8]) -> K) {
        let (iv, plain) = (hex(IV), sample_packet());
        for (key, sealed) in [(key(16), SEALED_128), (key(32), SEALED_256)] {
            let packets = || GcmPacket::new(new(&key), &iv).unwrap();
            seals_and_opens(Box::new(packets()), Box::new(packets()), 0, &plain, &sealed);
            let (mut sealer, mut opener, mut refusing) = (packets(), packets(), packets());
            for sealed in sealed.map(hex) {
                // the payload is not in the packet yet
                let mut packet = plain.clone();
                packet[6..26].fill(0);
                packet.resize(plain.len() + TAG_LEN, 0);
                sealer.seal_from(0, &mut packet, 6, &plain[6..26]).unwrap();
                assert_eq!(packet, sealed);
                let mut opened = vec![0; plain.len() - LENGTH_LEN];
                opener.open_into(0, &mut packet, &mut opened).unwrap();
                assert_eq!(opened, plain[LENGTH_LEN..]);
                packet[20] ^= 1;
                let refused = refusing.open_into(0, &mut packet, &mut opened);
                assert_eq!(refused, Err(CryptoError::BadMac));
                assert!(opened != plain[LENGTH_LEN..]);
            }
        }
    }

    fn algorithm(key: &[u8]) -> &'static Algorithm {
        if key.len() == AES_128_GCM.key_len() { &AES_128_GCM } else { &AES_256_GCM }
    }

    #[test]
    fn aws_lc_has_the_same_answers() {
        has_the_same_answers(|key| aws_lc_key(algorithm(key), key).unwrap());
    }

    /// `vaes/tests.rs` prints it where this cannot run.
    #[test]
    #[cfg(vector_code)]
    fn vaes_has_the_same_answers() {
        let may = VectorCode::under_test();
        if vaes::Key::new(may, &key(16)).is_some() {
            has_the_same_answers(|key| vaes::Key::new(may, key).unwrap());
        }
    }

    #[test]
    fn data_on_the_length_or_on_the_tag_is_refused() {
        let mut sealer = AES128_GCM.sealer(&key(16), &hex(IV), None, &[]).unwrap();
        for (at, len) in [(3, 4), (4, 33), (36, 1), (usize::MAX, 1)] {
            let mut packet = [sample_packet(), vec![0; TAG_LEN]].concat();
            let result = sealer.seal_from(0, &mut packet, at, &vec![0; len]);
            assert_eq!(result, Err(CryptoError::Failed), "{at} {len}");
        }
    }

    #[test]
    fn keys_and_ivs_of_other_lengths_are_refused() {
        for (key_len, iv_len) in [(15, 12), (16, 11), (16, 16), (32, 12)] {
            let made = AES128_GCM.sealer(&vec![0; key_len], &vec![0; iv_len], None, &[]);
            assert!(made.is_err(), "{key_len} {iv_len}");
        }
    }
}
