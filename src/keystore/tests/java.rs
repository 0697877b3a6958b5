//! JKS, JCEKS and BCFKS stores of keytool and Bouncy Castle, and the certificates of P7B files.

use super::stores::*;
use super::*;

const CHAIN: &str = "CN=rsa.example.com, O=Example < CN=Middle, O=Example < CN=Root, O=Example";
const EC: &str = "CN=ec.example.com, O=Example";

const KEYTOOL: [&str; 3] = ["keytool.jks", "keytool.jceks", "keytool.bcfks"];
const TWO_PASSWORDS: [&str; 3] =
    ["two-passwords.jks", "two-passwords.jceks", "two-passwords.bcfks"];

/// In the order of names: the stores keep theirs in a hash table.
fn sorted<'a>(name: &str, unlock: impl Into<Unlock<'a>>) -> Vec<String> {
    let mut lines = lines(&store(name), unlock).unwrap_or_else(|error| panic!("{name}: {error}"));
    lines.sort_unstable();
    lines
}

#[test]
fn entries_of_keytool_are_read() {
    for name in KEYTOOL {
        let expected = [
            format!("a name | rsa | {CHAIN}"),
            format!("ec | ec | {EC}"),
            "trusted | - | CN=ed25519.example.com".to_owned(),
        ];
        assert_eq!(sorted(name, STORE_PASSWORD), expected, "{name}");
    }
}

#[test]
fn keys_may_have_passwords_of_their_own() {
    for name in TWO_PASSWORDS {
        let with = |ec: &str| {
            let rsa = format!("rsa | rsa | {CHAIN}");
            [format!("ec | {ec} | {EC}"), rsa, "trusted | - | CN=Root, O=Example".to_owned()]
        };
        let both = Unlock::new(STORE_PASSWORD, Some("secret2"));
        assert_eq!(sorted(name, both), with("ec"), "{name}");
        let wrong = with(&format!("unusable: {}", KeystoreError::WrongPassword));
        assert_eq!(sorted(name, STORE_PASSWORD), wrong, "{name}");
        assert_eq!(sorted(name, Unlock::new(STORE_PASSWORD, Some("x"))), wrong, "{name}");
    }
}

#[test]
fn secret_keys_are_passed_over() {
    let rsa = format!("rsa | rsa | {CHAIN}");
    let trusted = format!("trusted | - | {EC}");
    assert_eq!(sorted("secret-key.jceks", STORE_PASSWORD), [rsa, trusted]);
}

/// CCM and key wrap, PBKDF2 with SHA-2 and SHA-3, scrypt, and a signature in place of a MAC.
#[test]
fn every_protection_of_bcfks_is_read() {
    for name in ["kwp.bcfks", "scrypt.bcfks", "sha3.bcfks", "signed.bcfks"] {
        let password = if name == "signed.bcfks" { "" } else { STORE_PASSWORD };
        let lines = sorted(name, Unlock::new(password, Some(STORE_PASSWORD)));
        assert_eq!(lines, [format!("ec | ec | {EC}"), format!("rsa | rsa | {CHAIN}")], "{name}");
    }
}

#[test]
fn keys_of_other_kinds_are_named() {
    let lines = sorted("dsa.jks", STORE_PASSWORD);
    assert!(lines[0].starts_with("dsa | ") && lines[0].ends_with(" | CN=dsa"), "{lines:?}");
}

#[test]
fn stores_are_found_by_their_types() {
    for (name, file, blob) in
        [("keytool.jks", 4, 5), ("keytool.jceks", 4, 5), ("keytool.bcfks", 21, 22)]
    {
        let path = store_path(name);
        let path = path.to_str().unwrap().as_bytes();
        let data = store(name);
        let text = base64ct::Base64::encode_string(&data);
        for (number, store) in
            [(file, path), (99, path), (blob, &data), (99, &data), (blob, text.as_bytes())]
        {
            let certificate = Certificate::load(number, store, STORE_PASSWORD, "rsa.").unwrap();
            assert_eq!(certificate.private_key().unwrap().public_blob(), blob_of("rsa"));
        }
        let error = Certificate::load(3, &data, STORE_PASSWORD, "*").unwrap_err();
        assert_eq!(error.why, KeystoreError::OtherFormat, "{name}");
    }
    for name in ["chain.p7b", "chain-der.p7b"] {
        let path = store_path(name);
        for (number, store) in [(11, path.to_str().unwrap().as_bytes()), (12, &store(name))] {
            let certificate = Certificate::load(number, store, "", "*").unwrap();
            assert_eq!(certificate.subject, "CN=rsa.example.com, O=Example");
            assert!(!certificate.private_key_available());
        }
    }
}

#[test]
fn certificates_of_pkcs7_are_read() {
    let expected = ["CN=rsa.example.com, O=Example", "CN=Middle, O=Example", "CN=Root, O=Example"];
    let subjects = |name: &str| {
        let contents = parse(&store(name), "").unwrap();
        contents.certificates().map(X509::subject).collect::<Vec<_>>()
    };
    assert_eq!(subjects("chain.p7b"), expected);
    assert_eq!(subjects("chain-der.p7b"), expected);
    assert_eq!(subjects("signed-ber.p7b"), ["CN=Root, O=Example", EC]);
    let error = parse(&store("empty.p7b"), "").unwrap_err();
    assert_eq!(error, KeystoreError::NoKeyAndNoCertificate);
}

#[test]
fn wrong_passwords_are_wrong() {
    for name in [&KEYTOOL[..], &TWO_PASSWORDS, &["scrypt.bcfks", "kwp.bcfks"]].concat() {
        for (password, error) in [
            ("", KeystoreError::PasswordRequired),
            ("secret2", KeystoreError::WrongPassword),
            ("Secret1", KeystoreError::WrongPassword),
        ] {
            assert_eq!(parse(&store(name), password).unwrap_err(), error, "{name}");
        }
    }
}

#[test]
fn damaged_stores_are_noticed() {
    for name in ["two-passwords.jks", "secret-key.jceks"] {
        cut_stores_are_refused(name, STORE_PASSWORD, 1000);
        let read = flipped_stores_do_no_harm(name, STORE_PASSWORD, 1500);
        assert_eq!(read, 0, "{name}");
    }
    for name in ["scrypt.bcfks", "kwp.bcfks"] {
        cut_stores_are_refused(name, STORE_PASSWORD, 100);
        let read = flipped_stores_do_no_harm(name, STORE_PASSWORD, 60);
        assert_eq!(read, 0, "{name}");
    }
    for name in ["chain-der.p7b", "signed-ber.p7b"] {
        cut_stores_are_refused(name, "", 3000);
        flipped_stores_do_no_harm(name, "", 3000);
    }
}

/// The keyed hash is made anew, so that what is behind it is reached.
fn jks(body: &[u8]) -> Vec<u8> {
    let mut keyed: Vec<u8> = STORE_PASSWORD.encode_utf16().flat_map(u16::to_be_bytes).collect();
    keyed.extend_from_slice(b"Mighty Aphrodite");
    keyed.extend_from_slice(body);
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA1_FOR_LEGACY_USE_ONLY, &keyed);
    [body, hash.as_ref()].concat()
}

/// With nothing derived, and so nothing checked, everything behind the hash is reached.
#[test]
fn damage_behind_the_keyed_hash_does_no_harm() {
    for name in ["keytool.jks", "secret-key.jceks"] {
        let mut data = store(name);
        assert_eq!(jks(&data[..data.len() - 20]), data, "{name}");
        let mut read = 0;
        for index in 0..data.len() {
            for flip in [0x01, 0x80, 0xff] {
                data[index] ^= flip;
                read += usize::from(parse(&data, Unlock::public_only()).is_ok());
                data[index] ^= flip;
            }
        }
        assert!(read > 0);
    }
}

#[test]
fn absurd_lengths_are_refused() {
    let header =
        |count: u32| [&[0xfe, 0xed, 0xfe, 0xed, 0, 0, 0, 2][..], &count.to_be_bytes()].concat();
    let refused = |body: &[u8]| parse(&jks(body), STORE_PASSWORD).unwrap_err();
    assert_eq!(refused(&header(0)), KeystoreError::NoKeyAndNoCertificate);
    assert_eq!(refused(&header(u32::MAX)), KeystoreError::TooManyEntries);
    let malformed = KeystoreError::Malformed("Java key store");
    assert_eq!(refused(&header(1)), malformed);
    let key = |len: u32, chain: u32| {
        let mut body = header(1);
        body.extend_from_slice(&[0, 0, 0, 1, 0, 1, b'a', 0, 0, 0, 0, 0, 0, 0, 0]);
        body.extend_from_slice(&len.to_be_bytes());
        body.extend_from_slice(&chain.to_be_bytes());
        body
    };
    assert_eq!(refused(&key(u32::MAX, 0)), malformed);
    assert_eq!(refused(&key(0, u32::MAX)), malformed);
    assert_eq!(parse(&[0xce; 4], "").unwrap_err(), malformed);
    let bad_key = lines(&jks(&key(0, 0)), STORE_PASSWORD).unwrap();
    assert_eq!(bad_key, ["a | unusable: The encrypted private key is damaged or incomplete. | "]);
}
