//! Message authentication codes (RFC 4253 section 6.4). `cipher` composes them with ciphers.

mod hmac;
mod hmac_ripemd160;
mod umac;

use super::Security;
use crate::error::CryptoError;

/// A keyed MAC.
pub trait Mac: Send {
    /// Computes the MAC of `sequence_number | data` into `tag` (its first `tag.len()` bytes, so a
    /// truncated MAC is the same code).
    fn sign(&mut self, sequence: u32, data: &[u8], tag: &mut [u8]) -> Result<(), CryptoError>;

    /// The interface for two packets at a time, if that is less work than one by one.
    fn pairs(&mut self) -> Option<&mut dyn Pairs> {
        None
    }

    /// The folder of `crypto/` if it runs on our own code for vector instructions.
    fn vector_code(&self) -> Option<&'static str> {
        None
    }
}

/// A MAC that computes two packets side by side.
pub trait Pairs {
    /// Computes the MACs of a packet and the one after it, each as [`Mac::sign`] of its parts joined.
    fn sign_both(
        &mut self,
        sequence: u32,
        packets: [[&[u8]; 3]; 2],
        tags: [&mut [u8]; 2],
    ) -> Result<(), CryptoError>;
}

/// Builds a [`Mac`] from the key.
pub type NewMac = fn(&[u8]) -> Result<Box<dyn Mac>, CryptoError>;

/// One row of the registry.
#[derive(Clone, Copy)]
pub struct MacAlgorithm {
    /// The name on the wire.
    pub name: &'static str,
    /// Key length in bytes.
    pub key_len: usize,
    /// Tag length in bytes.
    pub tag_len: usize,
    /// Whether the MAC is over the encrypted packet (OpenSSH's encrypt-then-MAC).
    pub encrypt_then_mac: bool,
    /// Whether it belongs into an offer.
    pub security: Security,
    /// From the key.
    pub new: NewMac,
}

impl std::fmt::Debug for MacAlgorithm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

/// The registry, in the order of the documented default list; then what that does not have.
pub static MACS: &[&MacAlgorithm] = &[
    &hmac::HMAC_SHA2_256,
    &hmac::HMAC_SHA2_512,
    &hmac::HMAC_SHA1,
    &hmac::HMAC_MD5,
    &hmac_ripemd160::HMAC_RIPEMD160,
    &hmac::HMAC_SHA1_96,
    &hmac::HMAC_MD5_96,
    &hmac::HMAC_SHA2_256_96,
    &hmac::HMAC_SHA2_512_96,
    &hmac_ripemd160::HMAC_RIPEMD160_96,
    &hmac::HMAC_SHA2_256_ETM,
    &hmac::HMAC_SHA2_512_ETM,
    &umac::UMAC_64,
    &umac::UMAC_64_ETM,
    &umac::UMAC_128,
    &umac::UMAC_128_ETM,
    &hmac::HMAC_SHA1_ETM,
    &hmac::HMAC_SHA1_96_ETM,
    &hmac::HMAC_MD5_ETM,
    &hmac::HMAC_MD5_96_ETM,
];

/// Looks a MAC up by its name.
pub fn by_name(name: &str) -> Option<&'static MacAlgorithm> {
    MACS.iter().copied().find(|row| row.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::tests::same_names;

    pub(super) fn tag_of(mac: &mut dyn Mac, sequence: u32, data: &[u8], len: usize) -> Vec<u8> {
        let mut tag = vec![0; len];
        mac.sign(sequence, data, &mut tag).unwrap();
        tag
    }

    /// The tag over `data`, whose first four bytes stand for the sequence number.
    pub(super) fn known_answer(row: &MacAlgorithm, key: &[u8], data: &[u8], tag: &[u8]) {
        let mut padded = key.to_vec();
        padded.resize(row.key_len, 0);
        let mut mac = (row.new)(&padded).unwrap();
        let (sequence, rest) = data.split_first_chunk().unwrap();
        let sequence = u32::from_be_bytes(*sequence);
        assert_eq!(tag_of(&mut *mac, sequence, rest, row.tag_len), tag, "{row:?}");
    }

    #[test]
    fn every_mac_has_a_known_answer() {
        let checked = [
            hmac::tests::known_answers(),
            hmac_ripemd160::tests::known_answers(),
            umac::tests::known_answers(),
        ];
        same_names(MACS.iter().map(|row| row.name), checked.concat());
    }

    #[test]
    fn a_shorter_tag_is_the_start_of_the_whole_one() {
        for row in MACS {
            let mut mac = (row.new)(&vec![5; row.key_len]).unwrap();
            let whole = tag_of(&mut *mac, 3, b"packet", row.tag_len);
            assert_eq!(tag_of(&mut *mac, 3, b"packet", 8), whole[..8], "{row:?}");
        }
    }
}
