//! HMAC with SHA-2 (RFC 6668), and OpenSSH's encrypt-then-MAC variants of it.

use super::{Mac, MacAlgorithm, NewMac};
use crate::crypto::Security;
use crate::crypto::aws_lc::{HmacHash, HmacKey};
use crate::error::CryptoError;

/// The registry row of hmac-sha2-256-etm@openssh.com.
pub(super) static HMAC_SHA2_256_ETM: MacAlgorithm =
    row("hmac-sha2-256-etm@openssh.com", 32, true, |key| {
        Hmac::<64>::boxed(HmacHash::Sha256, 32, key)
    });

/// The registry row of hmac-sha2-512-etm@openssh.com.
pub(super) static HMAC_SHA2_512_ETM: MacAlgorithm =
    row("hmac-sha2-512-etm@openssh.com", 64, true, |key| {
        Hmac::<128>::boxed(HmacHash::Sha512, 64, key)
    });

/// The registry row of hmac-sha2-256.
pub(super) static HMAC_SHA2_256: MacAlgorithm =
    row("hmac-sha2-256", 32, false, |key| Hmac::<64>::boxed(HmacHash::Sha256, 32, key));

/// The registry row of hmac-sha2-512.
pub(super) static HMAC_SHA2_512: MacAlgorithm =
    row("hmac-sha2-512", 64, false, |key| Hmac::<128>::boxed(HmacHash::Sha512, 64, key));

/// RFC 6668 section 2: key and tag are as long as the hash.
const fn row(
    name: &'static str,
    hash_len: usize,
    encrypt_then_mac: bool,
    new: NewMac,
) -> MacAlgorithm {
    MacAlgorithm {
        name,
        key_len: hash_len,
        tag_len: hash_len,
        encrypt_then_mac,
        security: Security::Modern,
        new,
    }
}

struct Hmac<const STATES_LEN: usize>(HmacKey<STATES_LEN>);

impl<const STATES_LEN: usize> Hmac<STATES_LEN> {
    fn boxed(hash: HmacHash, key_len: usize, key: &[u8]) -> Result<Box<dyn Mac>, CryptoError> {
        if key.len() != key_len {
            return Err(CryptoError::Failed);
        }
        Ok(Box::new(Self(HmacKey::new(hash, key)?)))
    }
}

impl<const STATES_LEN: usize> Mac for Hmac<STATES_LEN> {
    fn sign(&mut self, sequence: u32, data: &[u8], tag: &mut [u8]) -> Result<(), CryptoError> {
        let whole = self.0.sign(&[&sequence.to_be_bytes(), data])?;
        let start = whole.as_bytes().get(..tag.len());
        tag.copy_from_slice(start.ok_or(CryptoError::Failed)?);
        Ok(())
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::crypto::mac::tests::{known_answer, tag_of};
    use crate::crypto::tests::hex;

    /// RFC 4231, test cases 2, 3 and 4. Its keys are shorter than those of SSH, which HMAC pads
    /// with zeros, and the first four bytes of its data stand for the sequence number.
    pub(in crate::crypto::mac) fn known_answers() -> Vec<&'static str> {
        let cases = [
            (
                b"Jefe".to_vec(),
                b"what do ya want for nothing?".to_vec(),
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
                "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554\
                 9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737",
            ),
            (
                vec![0xaa; 20],
                vec![0xdd; 50],
                "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
                "fa73b0089d56a284efb0f0756c890be9b1b5dbdd8ee81a3655f83e33b2279d39\
                 bf3e848279a722c806b485a47e67c807b946a337bee8942674278859e13292fb",
            ),
            (
                (1..=25).collect(),
                vec![0xcd; 50],
                "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b",
                "b0ba465637458c6990e5a8c5f61d4af7e576d97ff94b872de76f8050361ee3db\
                 a91ca5c11aa25eb4d679275cc5788063a5f19741120c4f2de2adebeb10a298dd",
            ),
        ];
        for (key, data, sha256, sha512) in cases {
            for row in [&HMAC_SHA2_256, &HMAC_SHA2_256_ETM] {
                known_answer(row, &key, &data, &hex(sha256));
            }
            for row in [&HMAC_SHA2_512, &HMAC_SHA2_512_ETM] {
                known_answer(row, &key, &data, &hex(sha512));
            }
        }
        vec![HMAC_SHA2_256.name, HMAC_SHA2_256_ETM.name, HMAC_SHA2_512.name, HMAC_SHA2_512_ETM.name]
    }

    #[test]
    fn the_sequence_number_counts() {
        let mut mac = (HMAC_SHA2_256.new)(&[0; 32]).unwrap();
        assert_ne!(tag_of(&mut *mac, 0, b"data", 32), tag_of(&mut *mac, 1, b"data", 32));
        assert_eq!(tag_of(&mut *mac, 7, b"data", 32), tag_of(&mut *mac, 7, b"data", 32));
    }

    #[test]
    fn keys_of_other_lengths_and_longer_tags_are_refused() {
        assert!((HMAC_SHA2_256.new)(&[0; 31]).is_err());
        let mut mac = (HMAC_SHA2_256.new)(&[0; 32]).unwrap();
        assert!(mac.sign(0, b"", &mut [0; 33]).is_err());
    }
}
