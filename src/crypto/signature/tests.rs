//! Tests that hold for every signature algorithm, and their helpers.

use super::*;
use crate::crypto::random::SystemRandom;
use crate::crypto::secret::Secret;
use crate::crypto::tests::same_names;

/// Each of `fields` as a `string`.
pub(super) fn strings(fields: &[&[u8]]) -> Vec<u8> {
    let mut out = Vec::new();
    for field in fields {
        Writer::new(&mut out).string(field);
    }
    out
}

/// Each of `numbers` as an `mpint`.
pub(super) fn mpints(numbers: &[&[u8]]) -> Vec<u8> {
    let mut out = Vec::new();
    for number in numbers {
        Writer::new(&mut out).mpint(number);
    }
    out
}

/// One private key of each kind.
fn private_keys() -> Vec<PrivateKey> {
    let ecdsa = [(Curve::P256, 32), (Curve::P384, 48), (Curve::P521, 66)].map(|(curve, len)| {
        let mut scalar = vec![0x5a; len];
        scalar[0] = 0;
        PrivateKey::new(&KeyMaterial::Ecdsa { curve, scalar: Secret::new(scalar), point: vec![] })
    });
    let rsa = PrivateKey::new(&rsa::tests::material());
    let dsa = PrivateKey::new(&dsa::tests::material());
    let mut keys = vec![generate_ed25519(&mut SystemRandom).unwrap(), rsa.unwrap(), dsa.unwrap()];
    keys.extend(ecdsa.map(Result::unwrap));
    keys
}

#[test]
fn what_every_key_signs_verifies_and_nothing_else_does() {
    let message = b"exchange hash";
    for key in private_keys() {
        for &name in key.algorithms() {
            let row = by_name(name).unwrap();
            let signature = key.sign(name, message).unwrap();
            let blob = key.public_blob();
            assert_eq!(verify(row, blob, message, &signature), Ok(()), "{name}");
            let refused = Err(CryptoError::BadSignature.into());
            assert_eq!(verify(row, blob, b"exchange has", &signature), refused, "{name}");
            for at in [signature.len() - 1, signature.len() - 20] {
                let mut bad = signature.clone();
                bad[at] ^= 1;
                assert_eq!(verify(row, blob, message, &bad), refused, "{name} byte {at}");
            }
            let mut longer = signature.clone();
            longer.push(0);
            for blob_of_other_shape in [&longer[..], &signature[..signature.len() - 1], &[]] {
                assert_eq!(
                    verify(row, blob, message, blob_of_other_shape),
                    Err(InvalidMessage::BadKeyBlob.into()),
                    "{name}"
                );
            }
        }
    }
}

#[test]
fn the_name_in_the_blob_has_to_be_the_algorithm() {
    for key in private_keys() {
        for &name in key.algorithms() {
            let signature = key.sign(name, b"message").unwrap();
            for other in SIGNATURES.iter().filter(|row| row.name != name && row.plain.is_none()) {
                let refused = verify(other, key.public_blob(), b"message", &signature);
                assert_eq!(refused, Err(CryptoError::BadSignature.into()), "{name} as {other:?}");
            }
        }
    }
}

#[test]
fn keys_sign_only_with_their_algorithms() {
    for key in private_keys() {
        for row in SIGNATURES {
            let may = key.algorithms().contains(&row.name);
            assert_eq!(key.sign(row.name, b"message").is_ok(), may, "{row:?}");
        }
        assert_eq!(key.sign("ssh-ed448", b""), Err(CryptoError::UnsuitableKey));
        assert_eq!(format!("{key:?}"), "PrivateKey(..)");
    }
}

#[test]
fn every_algorithm_has_a_key_that_signs_with_it() {
    let keys = private_keys();
    for row in SIGNATURES.iter().filter(|row| !row.security_key && row.plain.is_none()) {
        assert!(keys.iter().any(|key| key.algorithms().contains(&row.name)), "{row:?}");
    }
}

#[test]
fn every_algorithm_has_a_known_answer() {
    let checked = [
        ed25519::tests::known_answers(),
        ecdsa::tests::known_answers(),
        rsa::tests::known_answers(),
        dsa::tests::known_answers(),
        security_key::tests::known_answers(),
    ];
    // the known answers of certificates are in the tests of their own
    let plain = SIGNATURES.iter().filter(|row| row.plain.is_none());
    same_names(plain.map(|row| row.name), checked.concat());
}

#[test]
fn a_host_key_with_a_certificate() {
    let key = || generate_ed25519(&mut SystemRandom).unwrap();
    let plain = by_name("ssh-ed25519").unwrap();
    let certified = by_name("ssh-ed25519-cert-v01@openssh.com").unwrap();
    assert_eq!(key().blob_for(certified), None);
    assert_eq!(key().blob_for(by_name("ssh-dss").unwrap()), None);
    let bare = key();
    assert_eq!(bare.blob_for(plain).as_deref(), Some(bare.public_blob()));
    // for another key, for users, and no certificate at all
    let unsuitable = || Some(Error::from(CryptoError::UnsuitableKey));
    let blob = certificate::tests::blob;
    assert_eq!(key().with_certificate(&blob("host-ed25519-cert")).err(), unsuitable());
    assert_eq!(key().with_certificate(&blob("user-ed25519-cert")).err(), unsuitable());
    assert!(key().with_certificate(&blob("ed25519")).is_err());
}

/// The blob of a certificate without its authority's part, which [`verify`] does not read.
fn rsa_certificate(key: &PrivateKey) -> Vec<u8> {
    let mut reader = Reader::new(key.public_blob());
    reader.string().unwrap();
    let mut blob = strings(&[b"ssh-rsa-cert-v01@openssh.com", b"nonce"]);
    for _ in 0..2 {
        Writer::new(&mut blob).string(reader.string().unwrap());
    }
    let mut writer = Writer::new(&mut blob);
    writer.u64(1).u32(1).string("id").string("").u64(0).u64(u64::MAX);
    writer.string("").string("").string("").string("authority").string("signature");
    blob
}

#[test]
fn an_rsa_certificate_of_the_old_name_signs_with_any_hash_and_no_other_does() {
    let key = PrivateKey::new(&rsa::tests::material()).unwrap();
    let blob = rsa_certificate(&key);
    let allowed = [
        ("ssh-rsa-cert-v01@openssh.com", vec!["rsa-sha2-512", "rsa-sha2-256", "ssh-rsa"]),
        ("rsa-sha2-256-cert-v01@openssh.com", vec!["rsa-sha2-256"]),
        ("rsa-sha2-512-cert-v01@openssh.com", vec!["rsa-sha2-512"]),
    ];
    let refused = Err(CryptoError::BadSignature.into());
    for (name, signing) in allowed {
        let row = by_name(name).unwrap();
        for &by in key.algorithms() {
            let signature = key.sign(by, b"message").unwrap();
            let expected = if signing.contains(&by) { Ok(()) } else { refused.clone() };
            assert_eq!(verify(row, &blob, b"message", &signature), expected, "{name} {by}");
            assert_eq!(verify(row, &blob, b"massage", &signature), refused, "{name} {by}");
        }
    }
}
