//! Private keys that sign outside of this process, in a security token. The hash and the encoding of the
//! signature are as for keys in memory; only the arithmetic is in the token.

use super::{PrivateKey, Signer, by_name};
use crate::crypto::hash::Hash;
use crate::error::{CryptoError, InvalidMessage};
use crate::wire::{Reader, Writer};

/// The input of the part of a signature that a token computes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RawSignature<'a> {
    /// RSASSA-PKCS1-v1_5 (RFC 8017 section 8.2) from the DigestInfo on.
    RsaPkcs1(&'a [u8]),
    /// ECDSA over a hash; the result is r and s, each as long as the order of the curve.
    Ecdsa(&'a [u8]),
    /// Ed25519 over the message (RFC 8032).
    Ed25519(&'a [u8]),
}

/// Computes signatures outside of this process.
pub trait ExternalSigner: Send + Sync {
    /// Computes one. May take as long as the token, or the person who has to touch it, takes.
    fn sign(&self, signature: RawSignature<'_>) -> Result<Vec<u8>, CryptoError>;
}

/// How a key of this type signs, by the type in its public key blob.
struct Kind {
    key_type: &'static str,
    algorithms: &'static [&'static str],
}

const KINDS: &[Kind] = &[
    Kind { key_type: "ssh-rsa", algorithms: &["rsa-sha2-512", "rsa-sha2-256", "ssh-rsa"] },
    Kind { key_type: "ecdsa-sha2-nistp256", algorithms: &["ecdsa-sha2-nistp256"] },
    Kind { key_type: "ecdsa-sha2-nistp384", algorithms: &["ecdsa-sha2-nistp384"] },
    Kind { key_type: "ecdsa-sha2-nistp521", algorithms: &["ecdsa-sha2-nistp521"] },
    Kind { key_type: "ssh-ed25519", algorithms: &["ssh-ed25519"] },
];

/// The DigestInfo of a hash without the hash itself (RFC 8017 section 9.2, note 1).
const SHA1_INFO: &[u8] =
    &[0x30, 0x21, 0x30, 0x09, 0x06, 0x05, 0x2b, 0x0e, 0x03, 0x02, 0x1a, 0x05, 0x00, 0x04, 0x14];
const SHA256_INFO: &[u8] = &[
    0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05,
    0x00, 0x04, 0x20,
];
const SHA512_INFO: &[u8] = &[
    0x30, 0x51, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03, 0x05,
    0x00, 0x04, 0x40,
];

/// Builds a key from its public half and the signer that has the private half.
pub(super) fn private_key(
    public_blob: &[u8],
    signer: Box<dyn ExternalSigner>,
) -> Result<PrivateKey, CryptoError> {
    let key_type = |_: InvalidMessage| CryptoError::UnsuitableKey;
    let key_type = Reader::new(public_blob).text().map_err(key_type)?;
    let kind = KINDS.iter().find(|kind| kind.key_type == key_type);
    let algorithms = kind.ok_or(CryptoError::UnsuitableKey)?.algorithms;
    let public_blob = public_blob.to_vec();
    let signer = External { algorithms, public_blob: public_blob.clone(), signer };
    Ok(PrivateKey::plain(public_blob, Box::new(signer)))
}

struct External {
    algorithms: &'static [&'static str],
    public_blob: Vec<u8>,
    signer: Box<dyn ExternalSigner>,
}

impl External {
    fn make(&self, algorithm: &str, message: &[u8]) -> Result<Vec<u8>, CryptoError> {
        let rsa = |info: &[u8], hash: Hash| {
            let digest_info = [info, &hash.digest(&[message])].concat();
            self.signer.sign(RawSignature::RsaPkcs1(&digest_info))
        };
        let ecdsa = |hash: Hash| {
            let raw = self.signer.sign(RawSignature::Ecdsa(&hash.digest(&[message])))?;
            let (r, s) = raw.split_at_checked(raw.len() / 2).ok_or(CryptoError::Failed)?;
            let mut signature = Vec::with_capacity(raw.len().saturating_add(10));
            Writer::new(&mut signature).mpint(r).mpint(s);
            Ok(signature)
        };
        match algorithm {
            "rsa-sha2-512" => rsa(SHA512_INFO, Hash::Sha512),
            "rsa-sha2-256" => rsa(SHA256_INFO, Hash::Sha256),
            "ssh-rsa" => rsa(SHA1_INFO, Hash::Sha1),
            "ecdsa-sha2-nistp256" => ecdsa(Hash::Sha256),
            "ecdsa-sha2-nistp384" => ecdsa(Hash::Sha384),
            "ecdsa-sha2-nistp521" => ecdsa(Hash::Sha512),
            "ssh-ed25519" => self.signer.sign(RawSignature::Ed25519(message)),
            _ => Err(CryptoError::UnsuitableKey),
        }
    }
}

impl Signer for External {
    fn algorithms(&self) -> &'static [&'static str] {
        self.algorithms
    }

    fn is_heavy(&self) -> bool {
        true
    }

    fn sign(&self, algorithm: &str, message: &[u8]) -> Result<Vec<u8>, CryptoError> {
        let row = by_name(algorithm).ok_or(CryptoError::UnsuitableKey)?;
        let signature = self.make(algorithm, message)?;
        // a token that signs with another key than it claims, or not at all, is detected here and not by
        // every client; a faulty RSA signature would reveal the key
        (row.verify)(&self.public_blob, message, &signature).map_err(|_| CryptoError::Failed)?;
        Ok(signature)
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::rand::SystemRandom;
    use aws_lc_rs::signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair,
    };

    use super::*;

    struct Ed25519(Ed25519KeyPair);

    impl ExternalSigner for Ed25519 {
        fn sign(&self, signature: RawSignature<'_>) -> Result<Vec<u8>, CryptoError> {
            match signature {
                RawSignature::Ed25519(message) => Ok(self.0.sign(message).as_ref().to_vec()),
                RawSignature::RsaPkcs1(_) | RawSignature::Ecdsa(_) => Err(CryptoError::Failed),
            }
        }
    }

    fn ed25519(seed: u8) -> Ed25519 {
        Ed25519(Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap())
    }

    fn blob(signer: &Ed25519) -> Vec<u8> {
        let mut blob = Vec::new();
        Writer::new(&mut blob).string("ssh-ed25519").string(signer.0.public_key());
        blob
    }

    #[test]
    fn what_is_signed_elsewhere_verifies_here() {
        let blob = blob(&ed25519(1));
        let key = PrivateKey::external(&blob, Box::new(ed25519(1))).unwrap();
        assert_eq!(key.public_blob(), blob);
        assert_eq!(key.algorithms(), ["ssh-ed25519"]);
        assert!(key.is_heavy());
        let signature = key.sign("ssh-ed25519", b"message").unwrap();
        let row = by_name("ssh-ed25519").unwrap();
        assert_eq!(super::super::verify(row, &blob, b"message", &signature), Ok(()));
        assert_eq!(key.sign("ssh-rsa", b"message"), Err(CryptoError::UnsuitableKey));
    }

    #[test]
    fn signatures_of_another_key_do_not_leave() {
        let key = PrivateKey::external(&blob(&ed25519(1)), Box::new(ed25519(2))).unwrap();
        assert_eq!(key.sign("ssh-ed25519", b"message"), Err(CryptoError::Failed));
    }

    #[test]
    fn keys_of_unknown_types_are_refused() {
        for bad in [&b""[..], b"\0\0\0\x07ssh-dss", b"\0\0\0\xffssh-rsa"] {
            let key = PrivateKey::external(bad, Box::new(ed25519(1)));
            assert_eq!(key.err(), Some(CryptoError::UnsuitableKey));
        }
    }

    /// Fails for ECDSA keys whatever the token says, as the point is not the one that signs.
    #[test]
    fn a_short_ecdsa_signature_is_refused() {
        struct Short(Vec<u8>);
        impl ExternalSigner for Short {
            fn sign(&self, _: RawSignature<'_>) -> Result<Vec<u8>, CryptoError> {
                Ok(self.0.clone())
            }
        }
        let pkcs8 =
            EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new())
                .unwrap();
        let pair =
            EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref()).unwrap();
        let mut blob = Vec::new();
        Writer::new(&mut blob)
            .string("ecdsa-sha2-nistp256")
            .string("nistp256")
            .string(pair.public_key());
        for bad in [vec![], vec![1], vec![0; 64], vec![1; 64], vec![0xff; 1000]] {
            let key = PrivateKey::external(&blob, Box::new(Short(bad))).unwrap();
            assert_eq!(key.sign("ecdsa-sha2-nistp256", b"message"), Err(CryptoError::Failed));
        }
    }
}
