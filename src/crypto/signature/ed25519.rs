//! ssh-ed25519 (RFC 8709): Ed25519 of RFC 8032. Public key blob: `string "ssh-ed25519" | string key`.

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use zeroize::Zeroizing;

use super::{KeyMaterial, PrivateKey, SignatureAlgorithm, Signer};
use crate::crypto::random::Random;
use crate::crypto::secret::Secret;
use crate::error::CryptoError;
use crate::wire::{Reader, Writer};

/// The registry row.
pub(super) static SSH_ED25519: SignatureAlgorithm = SignatureAlgorithm::plain(NAME, NAME, verify);

fn verify(key_blob: &[u8], message: &[u8], signature: &[u8]) -> Result<(), CryptoError> {
    verify_by(public_key(key_blob)?, message, signature)
}

/// Verifies with the bare public key.
pub(super) fn verify_by(key: &[u8], message: &[u8], signature: &[u8]) -> Result<(), CryptoError> {
    // RFC 8709 section 4: 32 bytes
    if key.len() != KEY_LEN {
        return Err(CryptoError::UnsuitableKey);
    }
    // RFC 8709 section 6: 64 bytes
    if signature.len() != SIGNATURE_LEN {
        return Err(CryptoError::BadSignature);
    }
    UnparsedPublicKey::new(&ED25519, key)
        .verify(message, signature)
        .map_err(|_| CryptoError::BadSignature)
}

fn public_key(key_blob: &[u8]) -> Result<&[u8], CryptoError> {
    let parse = || {
        let mut reader = Reader::new(key_blob);
        let fields = (reader.string()?, reader.string()?);
        reader.finish().map(|()| fields)
    };
    let (name, key) = parse().map_err(|_| CryptoError::UnsuitableKey)?;
    if name == NAME.as_bytes() { Ok(key) } else { Err(CryptoError::UnsuitableKey) }
}

/// Builds a key from its seed.
pub(super) fn private_key(seed: &Secret) -> Result<PrivateKey, CryptoError> {
    if seed.expose().len() != KEY_LEN {
        return Err(CryptoError::UnsuitableKey);
    }
    let pair = Ed25519KeyPair::from_seed_unchecked(seed.expose())
        .map_err(|_| CryptoError::UnsuitableKey)?;
    let mut public_blob = Vec::new();
    Writer::new(&mut public_blob).string(NAME).string(pair.public_key());
    Ok(PrivateKey::plain(public_blob, Box::new(Ed25519(pair))))
}

/// A new key from `random`.
pub fn generate_ed25519(random: &mut dyn Random) -> Result<PrivateKey, CryptoError> {
    let mut seed = Zeroizing::new(vec![0; KEY_LEN]);
    random.fill(&mut seed)?;
    PrivateKey::new(&KeyMaterial::Ed25519 { seed: Secret::new(std::mem::take(&mut seed)) })
}

struct Ed25519(Ed25519KeyPair);

impl Signer for Ed25519 {
    fn algorithms(&self) -> &'static [&'static str] {
        &[NAME]
    }

    fn sign(&self, _algorithm: &str, message: &[u8]) -> Result<Vec<u8>, CryptoError> {
        let signature = self.0.try_sign(message).map_err(|_| CryptoError::Failed)?;
        Ok(signature.as_ref().to_vec())
    }
}

const NAME: &str = "ssh-ed25519";
/// Length of seeds and of public keys.
const KEY_LEN: usize = 32;
const SIGNATURE_LEN: usize = 64;

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::crypto::signature::tests::strings;
    use crate::crypto::tests::hex;

    /// RFC 8032 section 7.1, tests 1 to 3: seed, public key, message, signature.
    const VECTORS: [[&str; 4]; 3] = [
        [
            "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155\
             5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
        ],
        [
            "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            "72",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da\
             085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
        ],
        [
            "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
            "af82",
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac\
             18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
        ],
    ];

    pub(in crate::crypto::signature) fn known_answers() -> Vec<&'static str> {
        for [seed, public, message, signature] in VECTORS {
            let seed = Secret::new(hex(seed));
            let key = PrivateKey::new(&KeyMaterial::Ed25519 { seed }).unwrap();
            assert_eq!(key.public_blob(), strings(&[b"ssh-ed25519", &hex(public)]));
            assert_eq!(
                key.sign("ssh-ed25519", &hex(message)).unwrap(),
                strings(&[b"ssh-ed25519", &hex(signature)])
            );
            assert_eq!(verify(key.public_blob(), &hex(message), &hex(signature)), Ok(()));
        }
        vec![SSH_ED25519.name]
    }

    #[test]
    fn blobs_and_signatures_are_parsed_strictly() {
        let [_, public, message, signature] = VECTORS[1].map(hex);
        let mut trailing = strings(&[b"ssh-ed25519", &public]);
        trailing.push(0);
        for blob in [
            trailing,
            strings(&[b"ssh-ed25519", &public[1..]]),
            strings(&[b"ssh-ed448", &public]),
            strings(&[&public]),
            vec![],
        ] {
            assert_eq!(verify(&blob, &message, &signature), Err(CryptoError::UnsuitableKey));
        }
        let blob = strings(&[b"ssh-ed25519", &public]);
        for signature in [&signature[1..], &[&signature[..], &[0]].concat(), &[]] {
            assert_eq!(verify(&blob, &message, signature), Err(CryptoError::BadSignature));
        }
        let seed = Secret::new(vec![1; 31]);
        assert!(PrivateKey::new(&KeyMaterial::Ed25519 { seed }).is_err());
    }
}
