//! aes128-gcm@openssh.com and aes256-gcm@openssh.com: AES-GCM as RFC 5647 frames it, negotiated as
//! OpenSSH's PROTOCOL says (no MAC is chosen next to it). The length stays in clear and is
//! authenticated; the nonce is 4 fixed bytes and a 64-bit counter that steps once per packet.

use aws_lc_rs::aead::{AES_128_GCM, AES_256_GCM, Aad, Algorithm, LessSafeKey, Nonce, UnboundKey};

use super::{CipherAlgorithm, Mode, Opener, Sealer};
use crate::crypto::Security;
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
        opener: |key, iv| Ok(Box::new(GcmPacket::new(&AES_128_GCM, key, iv)?)),
        sealer: |key, iv| Ok(Box::new(GcmPacket::new(&AES_128_GCM, key, iv)?)),
    },
};

/// The registry row of aes256-gcm@openssh.com.
pub(super) static AES256_GCM: CipherAlgorithm = CipherAlgorithm {
    name: "aes256-gcm@openssh.com",
    key_len: 32,
    mode: Mode::Aead {
        opener: |key, iv| Ok(Box::new(GcmPacket::new(&AES_256_GCM, key, iv)?)),
        sealer: |key, iv| Ok(Box::new(GcmPacket::new(&AES_256_GCM, key, iv)?)),
    },
    ..AES128_GCM
};

/// One direction of a connection.
struct GcmPacket {
    key: LessSafeKey,
    fixed: [u8; 4],
    invocation_counter: u64,
}

impl GcmPacket {
    fn new(algorithm: &'static Algorithm, key: &[u8], iv: &[u8]) -> Result<Self, CryptoError> {
        let iv: &[u8; NONCE_LEN] = iv.try_into().map_err(|_| CryptoError::Failed)?;
        let (fixed, counter) = iv.split_first_chunk().ok_or(CryptoError::Failed)?;
        let counter = counter.first_chunk().ok_or(CryptoError::Failed)?;
        let key = UnboundKey::new(algorithm, key).map_err(|_| CryptoError::Failed)?;
        Ok(Self {
            key: LessSafeKey::new(key),
            fixed: *fixed,
            invocation_counter: u64::from_be_bytes(*counter),
        })
    }

    /// The nonce of the next packet. The counter starts anywhere and wraps around (RFC 5647 section
    /// 7.1); it cannot return to its start, keys are exchanged after 2^31 packets at the latest.
    fn next_nonce(&mut self) -> Nonce {
        let [a, b, c, d] = self.fixed;
        let [e, f, g, h, i, j, k, l] = self.invocation_counter.to_be_bytes();
        self.invocation_counter = self.invocation_counter.wrapping_add(1);
        Nonce::assume_unique_for_key([a, b, c, d, e, f, g, h, i, j, k, l])
    }
}

impl Opener for GcmPacket {
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
        let (length, sealed) =
            packet.split_first_chunk_mut::<LENGTH_LEN>().ok_or(CryptoError::Failed)?;
        self.key
            .open_in_place(nonce, Aad::from(*length), sealed)
            .map_err(|_| CryptoError::BadMac)?;
        Ok(())
    }

    fn open_into(
        &mut self,
        _sequence: u32,
        packet: &mut [u8],
        opened: &mut [u8],
    ) -> Result<(), CryptoError> {
        let nonce = self.next_nonce();
        let (length, rest) = packet.split_first_chunk::<LENGTH_LEN>().ok_or(CryptoError::Failed)?;
        let (sealed, tag) = rest.split_last_chunk::<TAG_LEN>().ok_or(CryptoError::Failed)?;
        self.key
            .open_separate_gather(nonce, Aad::from(*length), sealed, tag, opened)
            .map_err(|_| CryptoError::BadMac)
    }
}

impl Sealer for GcmPacket {
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
        let (length, rest) =
            packet.split_first_chunk_mut::<LENGTH_LEN>().ok_or(CryptoError::Failed)?;
        let (plain, room) = rest.split_last_chunk_mut::<TAG_LEN>().ok_or(CryptoError::Failed)?;
        let tag = self
            .key
            .seal_in_place_separate_tag(nonce, Aad::from(*length), plain)
            .map_err(|_| CryptoError::Failed)?;
        room.copy_from_slice(tag.as_ref());
        Ok(())
    }
}

const NONCE_LEN: usize = 12;
const BLOCK_LEN: usize = 16;
const TAG_LEN: usize = 16;
const LENGTH_LEN: usize = 4;

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::crypto::cipher::tests::{hex, sample_packet, seals_to};

    /// Three packets across the wrap of the invocation counter; computed with OpenSSL 3 from the
    /// construction of RFC 5647 sections 7.1 to 7.3.
    pub(in crate::crypto::cipher) fn known_answers() -> Vec<&'static str> {
        let iv = hex("a0a1a2a3fffffffffffffffe");
        let key: Vec<u8> = (0..32).collect();
        seals_to(
            &AES128_GCM,
            &key[..16],
            &iv,
            0,
            &sample_packet(),
            &[
                "00000020eba8bd0681042fce07553e91151cd129246f8dad3856d1e8f530c2d04f2021214b07\
                 e84a7448451376fb34d58a8c6dcb",
                "00000020da01d9ecf56d8d6a1b231fa0e1f7b18e60ba5bad5750552b81892a8a1acb40d4b476\
                 72d195d2572f1874acf4bc274658",
                "00000020806f6536ec249fc4f86d8188da61d00bc7237e5cb8cba3757fb82ca8f46e826f8458\
                 e82ff0c75080e01a49f9c693ab8b",
            ],
        );
        seals_to(
            &AES256_GCM,
            &key,
            &iv,
            0,
            &sample_packet(),
            &[
                "00000020ee22a7b8f6d339b976ba55fa90d2dd63fb4b39eb93f344bb53e9cc78454779882096\
                 db69dea298a147757c33173de3ec",
                "00000020ae8d69e45784d886b1f5b8f780b671d13d53ffe3014b22fc345c045125e261c27904\
                 e07c4d4a316995f2bf40b5dd132a",
                "00000020168bf79d88cf1e1712901098fa71ce70393bb6ee52e695156335c5343b5a4a5c81b7\
                 68ee5f590cf31e3109fbe973b55e",
            ],
        );
        vec![AES128_GCM.name, AES256_GCM.name]
    }

    #[test]
    fn keys_and_ivs_of_other_lengths_are_refused() {
        for (key_len, iv_len) in [(15, 12), (16, 11), (16, 16), (32, 12)] {
            let made = AES128_GCM.sealer(&vec![0; key_len], &vec![0; iv_len], None, &[]);
            assert!(made.is_err(), "{key_len} {iv_len}");
        }
    }
}
