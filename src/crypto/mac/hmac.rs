//! HMAC with MD5 and SHA-1 (RFC 4253 section 6.4) and with SHA-2 (RFC 6668), cut to 96 bits or
//! whole, and OpenSSH's encrypt-then-MAC variants.

#[cfg(vector_code)]
use super::Pairs;
use super::{Mac, MacAlgorithm, NewMac};
use crate::crypto::Security;
use crate::crypto::aws_lc::{HmacHash, HmacKey};
#[cfg(vector_code)]
use crate::crypto::sha_ni::{HmacSha256, Message};
#[cfg(vector_code)]
use crate::crypto::vector_code::VectorCode;
use crate::error::CryptoError;

/// The registry row of hmac-sha2-256-etm@openssh.com.
pub(super) static HMAC_SHA2_256_ETM: MacAlgorithm =
    encrypt_then_mac("hmac-sha2-256-etm@openssh.com", &HMAC_SHA2_256, Security::Modern);

/// The registry row of hmac-sha2-512-etm@openssh.com.
pub(super) static HMAC_SHA2_512_ETM: MacAlgorithm =
    encrypt_then_mac("hmac-sha2-512-etm@openssh.com", &HMAC_SHA2_512, Security::Modern);

/// The registry row of hmac-sha1-etm@openssh.com.
pub(super) static HMAC_SHA1_ETM: MacAlgorithm =
    encrypt_then_mac("hmac-sha1-etm@openssh.com", &HMAC_SHA1, Security::OnRequest);

/// The registry row of hmac-sha1-96-etm@openssh.com.
pub(super) static HMAC_SHA1_96_ETM: MacAlgorithm =
    encrypt_then_mac("hmac-sha1-96-etm@openssh.com", &HMAC_SHA1_96, Security::OnRequest);

/// The registry row of hmac-md5-etm@openssh.com.
pub(super) static HMAC_MD5_ETM: MacAlgorithm =
    encrypt_then_mac("hmac-md5-etm@openssh.com", &HMAC_MD5, Security::OnRequest);

/// The registry row of hmac-md5-96-etm@openssh.com.
pub(super) static HMAC_MD5_96_ETM: MacAlgorithm =
    encrypt_then_mac("hmac-md5-96-etm@openssh.com", &HMAC_MD5_96, Security::OnRequest);

/// The registry row of hmac-sha2-256.
pub(super) static HMAC_SHA2_256: MacAlgorithm = sound(row("hmac-sha2-256", 32, hmac_sha2_256));

/// The registry row of hmac-sha2-512.
pub(super) static HMAC_SHA2_512: MacAlgorithm =
    sound(row("hmac-sha2-512", 64, |key| Hmac::<128>::boxed(HmacHash::Sha512, 64, key)));

/// The registry row of hmac-sha1.
pub(super) static HMAC_SHA1: MacAlgorithm =
    row("hmac-sha1", 20, |key| Hmac::<40>::boxed(HmacHash::Sha1, 20, key));

/// The registry row of hmac-md5.
pub(super) static HMAC_MD5: MacAlgorithm =
    row("hmac-md5", 16, |key| Hmac::<32>::boxed(HmacHash::Md5, 16, key));

/// The registry row of hmac-sha2-256-96.
pub(super) static HMAC_SHA2_256_96: MacAlgorithm = cut("hmac-sha2-256-96", &HMAC_SHA2_256);

/// The registry row of hmac-sha2-512-96.
pub(super) static HMAC_SHA2_512_96: MacAlgorithm = cut("hmac-sha2-512-96", &HMAC_SHA2_512);

/// The registry row of hmac-sha1-96.
pub(super) static HMAC_SHA1_96: MacAlgorithm = cut("hmac-sha1-96", &HMAC_SHA1);

/// The registry row of hmac-md5-96.
pub(super) static HMAC_MD5_96: MacAlgorithm = cut("hmac-md5-96", &HMAC_MD5);

/// RFC 4253 section 6.4 and RFC 6668 section 2: key and tag are as long as the hash. The MAC is over
/// the plain packet, which audits warn of whatever the hash.
pub(super) const fn row(name: &'static str, hash_len: usize, new: NewMac) -> MacAlgorithm {
    MacAlgorithm {
        name,
        key_len: hash_len,
        tag_len: hash_len,
        encrypt_then_mac: false,
        security: Security::Compatible,
        new,
    }
}

/// RFC 4253 section 6.4: the first 96 bits of the tag.
pub(super) const fn cut(name: &'static str, whole: &MacAlgorithm) -> MacAlgorithm {
    MacAlgorithm { name, tag_len: 12, security: Security::Compatible, ..*whole }
}

/// The hash is sound and the tag is long: only the order of MAC and encryption is outdated.
pub(super) const fn sound(row: MacAlgorithm) -> MacAlgorithm {
    MacAlgorithm { security: Security::Intermediate, ..row }
}

/// OpenSSH's PROTOCOL section 1.5: the same MAC over the encrypted packet.
pub(super) const fn encrypt_then_mac(
    name: &'static str,
    plain: &MacAlgorithm,
    security: Security,
) -> MacAlgorithm {
    MacAlgorithm { name, encrypt_then_mac: true, security, ..*plain }
}

/// The implementation that computes two packets at a time, if the processor has the instructions.
fn hmac_sha2_256(key: &[u8]) -> Result<Box<dyn Mac>, CryptoError> {
    #[cfg(vector_code)]
    if let Ok(key) = key.try_into()
        && let Some(key) = VectorCode::allowed().and_then(|may| HmacSha256::new(may, key))
    {
        return Ok(Box::new(key));
    }
    Hmac::<64>::boxed(HmacHash::Sha256, 32, key)
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
        cut_to(tag, whole.as_bytes())
    }
}

/// Fills `tag` with the start of the whole tag.
fn cut_to(tag: &mut [u8], whole: &[u8]) -> Result<(), CryptoError> {
    tag.copy_from_slice(whole.get(..tag.len()).ok_or(CryptoError::Failed)?);
    Ok(())
}

#[cfg(vector_code)]
impl Mac for HmacSha256 {
    fn sign(&mut self, sequence: u32, data: &[u8], tag: &mut [u8]) -> Result<(), CryptoError> {
        cut_to(tag, &HmacSha256::sign(self, Message { sequence, parts: [data, &[], &[]] })?)
    }

    fn vector_code(&self) -> Option<&'static str> {
        Some("sha_ni")
    }

    fn pairs(&mut self) -> Option<&mut dyn Pairs> {
        Some(self)
    }
}

#[cfg(vector_code)]
impl Pairs for HmacSha256 {
    fn sign_both(
        &mut self,
        sequence: u32,
        [parts, next]: [[&[u8]; 3]; 2],
        tags: [&mut [u8]; 2],
    ) -> Result<(), CryptoError> {
        let next = Message { sequence: sequence.wrapping_add(1), parts: next };
        let whole = HmacSha256::sign_both(self, [Message { sequence, parts }, next])?;
        tags.into_iter().zip(&whole).try_for_each(|(tag, whole)| cut_to(tag, whole))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::crypto::mac::tests::{known_answer, tag_of};
    use crate::crypto::tests::hex;

    /// RFC 2202, test cases 2, 3 and 4 for MD5 and SHA-1, and RFC 4231, the same cases for SHA-2.
    /// The keys are shorter than those of SSH, which HMAC pads with zeros, and the first four bytes
    /// of the data stand for the sequence number. A tag of 96 bits is the start of the whole one.
    pub(in crate::crypto::mac) fn known_answers() -> Vec<&'static str> {
        let mut names = Vec::new();
        for (rows, tags) in [
            (
                &[&HMAC_MD5, &HMAC_MD5_ETM, &HMAC_MD5_96, &HMAC_MD5_96_ETM][..],
                [
                    "750c783e6ab0b503eaa86e310a5db738",
                    "56be34521d144c88dbb8c733f0e8b3f6",
                    "697eaf0aca3a3aea3a75164746ffaa79",
                ],
            ),
            (
                &[&HMAC_SHA1, &HMAC_SHA1_ETM, &HMAC_SHA1_96, &HMAC_SHA1_96_ETM],
                [
                    "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79",
                    "125d7342b9ac11cd91a39af48aa17b4f63f175d3",
                    "4c9007f4026250c6bc8414f9bf50c86c2d7235da",
                ],
            ),
            (
                &[&HMAC_SHA2_256, &HMAC_SHA2_256_ETM, &HMAC_SHA2_256_96],
                [
                    "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
                    "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
                    "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b",
                ],
            ),
            (
                &[&HMAC_SHA2_512, &HMAC_SHA2_512_ETM, &HMAC_SHA2_512_96],
                [
                    "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554\
                     9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737",
                    "fa73b0089d56a284efb0f0756c890be9b1b5dbdd8ee81a3655f83e33b2279d39\
                     bf3e848279a722c806b485a47e67c807b946a337bee8942674278859e13292fb",
                    "b0ba465637458c6990e5a8c5f61d4af7e576d97ff94b872de76f8050361ee3db\
                     a91ca5c11aa25eb4d679275cc5788063a5f19741120c4f2de2adebeb10a298dd",
                ],
            ),
        ] {
            for row in rows {
                // the third key of RFC 2202 is as long as the hash, 16 bytes with MD5
                let repeated = vec![0xaa; row.key_len.min(20)];
                let counted: Vec<u8> = (1..=25).collect();
                for (key, data, tag) in [
                    (&b"Jefe"[..], b"what do ya want for nothing?".to_vec(), tags[0]),
                    (&repeated, vec![0xdd; 50], tags[1]),
                    (&counted, vec![0xcd; 50], tags[2]),
                ] {
                    let tag = hex(tag);
                    if key.len() <= row.key_len {
                        known_answer(row, key, &data, &tag[..row.tag_len]);
                    }
                }
                names.push(row.name);
            }
        }
        names
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
