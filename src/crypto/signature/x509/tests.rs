//! Known answers: certificates and signatures made with OpenSSL (tests/vectors/x509/make.sh), in the blobs that
//! PKIX-SSH's client sends; and blobs that are damaged.

use base64ct::{Base64, Encoding};
use der::Decode;
use der::asn1::UintRef;

use super::*;
use crate::crypto::signature::tests::{mpints, strings};
use crate::crypto::signature::{by_name, verify};
use crate::error::CryptoError;

fn file(name: &str) -> Vec<u8> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/x509");
    std::fs::read(format!("{folder}/{name}")).unwrap()
}

/// A certificate of the folder in DER.
fn der(name: &str) -> Vec<u8> {
    let pem = String::from_utf8(file(&format!("{name}.crt"))).unwrap();
    let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    Base64::decode_vec(&body).unwrap()
}

/// RFC 6187 section 2.1, without OCSP responses.
fn chain(name: &str, certificates: &[&[u8]]) -> Vec<u8> {
    let mut blob = strings(&[name.as_bytes()]);
    blob.extend(u32::try_from(certificates.len()).unwrap().to_be_bytes());
    blob.extend(strings(certificates));
    blob.extend([0; 4]);
    blob
}

/// r and s out of OpenSSL's Dss-Sig-Value or ECDSA-Sig-Value, as mpints.
fn numbers(signature: &[u8]) -> Vec<u8> {
    let numbers: Vec<UintRef<'_>> = Vec::from_der(signature).unwrap();
    mpints(&[numbers[0].as_bytes(), numbers[1].as_bytes()])
}

/// Algorithm, certificate, name in the signature blob, signature.
fn vectors() -> Vec<(&'static str, &'static str, &'static str, Vec<u8>)> {
    let dss = file("dsa-sha1.sig");
    let raw = rows::dss_numbers(&dss).unwrap().to_vec();
    vec![
        ("x509v3-sign-rsa", "rsa", "x509v3-sign-rsa", file("rsa-sha1.sig")),
        ("x509v3-sign-dss", "dsa", "x509v3-sign-dss", dss),
        ("x509v3-sign-dss", "dsa", "x509v3-sign-dss", raw.clone()),
        ("x509v3-ssh-rsa", "rsa", "ssh-rsa", file("rsa-sha1.sig")),
        ("x509v3-ssh-dss", "dsa", "ssh-dss", raw),
        ("x509v3-rsa2048-sha256", "rsa", "rsa2048-sha256", file("rsa-sha256.sig")),
        (
            "x509v3-ecdsa-sha2-nistp256",
            "ecdsa-256",
            "ecdsa-sha2-nistp256",
            numbers(&file("ecdsa-256.sig")),
        ),
        (
            "x509v3-ecdsa-sha2-nistp384",
            "ecdsa-384",
            "ecdsa-sha2-nistp384",
            numbers(&file("ecdsa-384.sig")),
        ),
        (
            "x509v3-ecdsa-sha2-nistp521",
            "ecdsa-521",
            "ecdsa-sha2-nistp521",
            numbers(&file("ecdsa-521.sig")),
        ),
        ("x509v3-ssh-ed25519", "ed25519", "ssh-ed25519", file("ed25519.sig")),
    ]
}

fn blob(algorithm: &str, name: &str) -> Vec<u8> {
    if algorithm.starts_with("x509v3-sign-") {
        der(name)
    } else {
        chain(algorithm, &[&der(name), &der("sub"), &der("root")])
    }
}

#[test]
fn known_answers() {
    for (algorithm, name, signature_name, signature) in vectors() {
        let row = by_name(algorithm).unwrap();
        let key = blob(algorithm, name);
        let good = strings(&[signature_name.as_bytes(), &signature]);
        assert_eq!(verify(row, &key, b"sample", &good), Ok(()), "{algorithm}");
        let refused = Err(CryptoError::BadSignature.into());
        assert_eq!(verify(row, &key, b"sampl", &good), refused, "{algorithm}");
        for other in ["x509v3-sign-rsa", "ssh-rsa", "rsa-sha2-256", "rsa2048-sha256", algorithm] {
            let signature = strings(&[other.as_bytes(), &signature]);
            let result = verify(row, &key, b"sample", &signature);
            assert_eq!(result.is_ok(), other == signature_name, "{algorithm} {other}");
        }
        for len in 0..signature.len() {
            let cut = strings(&[signature_name.as_bytes(), &signature[..len]]);
            let result = verify(row, &key, b"sample", &cut);
            assert!(result.is_err(), "{algorithm} {len}");
        }
    }
    let checked: Vec<&str> = vectors().iter().map(|it| it.0).collect();
    let rows = crate::crypto::signature::SIGNATURES.iter();
    let mut rows = rows.filter(|row| matches!(row.form, KeyForm::X509 | KeyForm::X509Chain));
    assert!(rows.all(|row| checked.contains(&row.name)));
}

const POLICY: X509Policy = X509Policy { unix_time: Some(1_800_000_000), min_rsa_bits: 1024 };

#[test]
fn chains_are_read_in_their_order() {
    for (algorithm, name, ..) in vectors() {
        let row = by_name(algorithm).unwrap();
        let chain = X509Chain::parse(row, &blob(algorithm, name)).unwrap();
        let ders: Vec<&[u8]> = chain.certificates().map(X509Certificate::der).collect();
        let all = [der(name), der("sub"), der("root")];
        assert_eq!(ders, all[..ders.len()]);
        assert_eq!(ders.len(), if row.form == KeyForm::X509 { 1 } else { 3 });
        assert_eq!(Some(chain.check(row, &POLICY).unwrap()), chain.own().key_blob());
        assert_eq!(chain.blob_for(row), Some(blob(algorithm, name)));
        // the key of every other algorithm is of another kind
        for other in crate::crypto::signature::SIGNATURES.iter().filter(|it| it.plain.is_some()) {
            let same = other.plain.unwrap().key_type == row.plain.unwrap().key_type;
            assert_eq!(chain.fits(other), same, "{algorithm} as {other:?}");
            assert_eq!(chain.check(other, &POLICY).is_ok(), same, "{algorithm} as {other:?}");
        }
    }
}

#[test]
fn blobs_are_parsed_strictly() {
    let row = by_name("x509v3-ssh-ed25519").unwrap();
    let good = blob(row.name, "ed25519");
    assert!(X509Chain::parse(row, &good).is_ok());
    for len in 0..good.len() {
        assert_eq!(X509Chain::parse(row, &good[..len]).err(), Some(X509Flaw::Blob), "{len}");
    }
    let own = der("ed25519");
    let why = |blob: &[u8]| X509Chain::parse(row, blob).err();
    // trailing bytes, another name, a certificate that is none
    assert_eq!(why(&[&good[..], &[0]].concat()), Some(X509Flaw::Blob));
    assert_eq!(why(&chain("x509v3-ssh-rsa", &[&own])), Some(X509Flaw::Blob));
    assert_eq!(why(&chain(row.name, &[&own, b"x"])), Some(X509Flaw::Malformed));
    assert_eq!(why(&chain(row.name, &[&[&own[..], &[0]].concat()])), Some(X509Flaw::Malformed));
    let large = vec![0; MAX_X509_CERTIFICATE_LEN + 1];
    assert_eq!(why(&chain(row.name, &[&own, &large])), Some(X509Flaw::TooLarge));
    let bare = by_name("x509v3-sign-rsa").unwrap();
    assert_eq!(X509Chain::parse(bare, &large).err(), Some(X509Flaw::TooLarge));
    for len in 0..own.len() {
        let flaw = X509Chain::parse(bare, &own[..len]).err();
        assert_eq!(flaw, Some(X509Flaw::Malformed), "{len}");
    }
}

/// A blob that states these numbers of certificates and of OCSP responses, with `given` certificates.
fn counted(count: u32, given: usize, responses: u32) -> Vec<u8> {
    let mut blob = strings(&[b"x509v3-ssh-ed25519"]);
    blob.extend(count.to_be_bytes());
    (0..given).for_each(|_| blob.extend(strings(&[&der("ed25519")])));
    blob.extend(responses.to_be_bytes());
    blob
}

#[test]
fn counts_are_what_follows_and_are_bounded() {
    let row = by_name("x509v3-ssh-ed25519").unwrap();
    let why = |blob: &[u8]| X509Chain::parse(row, blob).err();
    assert_eq!(why(&counted(10, 10, 0)), None);
    assert_eq!(why(&counted(11, 11, 0)), Some(X509Flaw::TooMany));
    assert_eq!(why(&counted(u32::MAX, 1, 0)), Some(X509Flaw::TooMany));
    assert_eq!(why(&counted(0, 0, 0)), Some(X509Flaw::Blob));
    assert_eq!(why(&counted(2, 1, 0)), Some(X509Flaw::Blob));
    assert_eq!(why(&counted(1, 2, 0)), Some(X509Flaw::Blob));
    // OCSP responses: none but as many as certificates, and what they are is not looked at
    let response = strings(&[b"response"]);
    assert_eq!(why(&[&counted(1, 1, 1)[..], &response].concat()), None);
    assert_eq!(why(&counted(1, 1, 1)), Some(X509Flaw::Blob));
    let two = [&counted(1, 1, 2)[..], &response, &response].concat();
    assert_eq!(why(&two), Some(X509Flaw::Blob));
    assert_eq!(why(&counted(1, 1, u32::MAX)), Some(X509Flaw::Blob));
}

#[test]
fn chains_of_hosts_fit_into_a_reply() {
    let own = der("rsa");
    assert!(X509Chain::for_host(&[&own, &der("sub")]).is_ok());
    assert_eq!(X509Chain::for_host(&[]).err(), Some(X509Flaw::Blob));
    let many = vec![&own[..]; MAX_X509_CERTIFICATES + 1];
    assert_eq!(X509Chain::for_host(&many).err(), Some(X509Flaw::TooMany));
    let large = vec![0; MAX_X509_CERTIFICATE_LEN];
    let too_large = X509Chain::for_host(&[&own, &large, &large, &large]);
    assert_eq!(too_large.err(), Some(X509Flaw::TooLarge));
}
