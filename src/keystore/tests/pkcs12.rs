//! PKCS#12 stores of OpenSSL, GnuTLS, keytool and Bouncy Castle.

use super::stores::*;
use super::*;

const RSA: &str =
    "a name | rsa | CN=rsa.example.com, O=Example < CN=Middle, O=Example < CN=Root, O=Example";
const EC: &str = "ec | ec | CN=ec.example.com, O=Example";

/// File, password, entries.
#[rustfmt::skip]
const STORES: &[(&str, &str, &[&str])] = &[
    ("rsa.p12", STORE_PASSWORD, &[RSA]),
    ("ed25519.p12", STORE_PASSWORD, &["- | ed25519 | CN=ed25519.example.com"]),
    ("plain.p12", "", &[EC]),
    ("empty-password.p12", "", &[EC]),
    ("empty-password-legacy.p12", "", &[EC]),
    ("bc-empty-password.p12", "", &["rsa | rsa | CN=rsa.example.com, O=Example < CN=Middle, O=Example < CN=Root, O=Example"]),
    ("utf8-password.p12", "grüße €🔑", &[EC]),
    ("utf8-password-legacy.p12", "grüße €🔑", &[EC]),
    ("key-only.p12", STORE_PASSWORD, &["- | ec | "]),
    ("certificates-only.p12", STORE_PASSWORD, &["- | - | CN=rsa.example.com, O=Example", "- | - | CN=Root, O=Example", "- | - | CN=Middle, O=Example"]),
    ("ed448.p12", STORE_PASSWORD, &["- | unusable: Keys of the type Ed448 are not supported. | CN=ed448.example.com"]),
];

const CHAIN: &str = "CN=rsa.example.com, O=Example < CN=Middle, O=Example < CN=Root, O=Example";

/// Two keys, each with its chain, and a certificate by itself. Bouncy Castle and keytool take the
/// password of the store for the keys too.
const SEVERAL: &[(&str, [&str; 2])] = &[
    ("keytool.p12", ["a name", "ec"]),
    ("keytool-legacy.p12", ["a name", "ec"]),
    ("bc-two-passwords.p12", ["rsa", "ec"]),
    ("bc-der.p12", ["rsa", "ec"]),
    ("bc-3des-3des.p12", ["rsa", "ec"]),
];

/// The second key has a password of its own.
const TWO_PASSWORDS: &str = "java-two-passwords.p12";

fn texts(lines: &[&str]) -> Vec<String> {
    lines.iter().map(|line| (*line).to_owned()).collect()
}

#[test]
fn stores_are_read() {
    for name in stores(".p12") {
        if name == TWO_PASSWORDS || SEVERAL.iter().any(|row| row.0 == name) {
            continue;
        }
        let row = STORES.iter().find(|row| row.0 == name);
        // all that are not in the table are one key in different encryptions
        let (password, expected) = row.map_or((STORE_PASSWORD, &[EC][..]), |row| (row.1, row.2));
        assert_eq!(lines(&store(&name), password), Ok(texts(expected)), "{name}");
    }
    assert!(stores(".p12").len() > 30);
}

#[test]
fn entries_are_kept_apart() {
    for (name, [rsa, ec]) in SEVERAL {
        let lines = lines(&store(name), STORE_PASSWORD).unwrap();
        let rsa = format!("{rsa} | rsa | {CHAIN}");
        let ec = format!("{ec} | ec | CN=ec.example.com, O=Example");
        assert!(lines.contains(&rsa) && lines.contains(&ec), "{name}: {lines:#?}");
        let trusted = "trusted | - | CN=ed25519.example.com".to_owned();
        assert_eq!(name.starts_with("keytool"), lines.contains(&trusted), "{name}");
    }
}

#[test]
fn a_key_may_have_a_password_of_its_own() {
    let data = store(TWO_PASSWORDS);
    let keys = |unlock: Unlock<'_>| {
        let lines = lines(&data, unlock).unwrap();
        lines.iter().map(|line| line.split(" | ").nth(1).unwrap().to_owned()).collect::<Vec<_>>()
    };
    let wrong = format!("unusable: {}", KeystoreError::WrongPassword);
    assert_eq!(keys(STORE_PASSWORD.into()), ["rsa", &wrong]);
    assert_eq!(keys(Unlock::new(STORE_PASSWORD, Some("secret2"))), ["rsa", "ec"]);
    assert_eq!(keys(Unlock::new(STORE_PASSWORD, Some("secret3"))), ["rsa", &wrong]);
    // the wrong password of a key is an error only if that key is selected
    let load = |subject| Certificate::load(3, &data, STORE_PASSWORD, subject);
    assert!(load("CN=rsa.example.com").unwrap().private_key_available());
    assert!(load("*").unwrap().private_key_available());
    let error = load("CN=ec.example.com").unwrap_err();
    assert_eq!(error.why, KeystoreError::WrongPassword);
    assert_eq!(
        error.to_string(),
        "Store type 3 (cstPFXBlob): The password is wrong, or the encrypted key is damaged."
    );
    let unlock = Unlock::new(STORE_PASSWORD, Some("secret2"));
    assert!(Certificate::load(3, &data, unlock, "CN=ec.").unwrap().private_key_available());
}

#[test]
fn stores_are_found_by_their_types() {
    let file = store_path("rsa.p12");
    let path = file.to_str().unwrap().as_bytes();
    let data = store("rsa.p12");
    let text = base64ct::Base64::encode_string(&data);
    for (number, store) in [
        (2, path),
        (99, path),
        (3, &data),
        (99, &data),
        (3, text.as_bytes()),
        (99, text.as_bytes()),
    ] {
        let certificate = Certificate::load(number, store, STORE_PASSWORD, "*").unwrap();
        assert_eq!(certificate.subject, "CN=rsa.example.com, O=Example");
        assert_eq!(certificate.private_key().unwrap().public_blob(), blob_of("rsa"));
    }
    let pem = store("rsa.key");
    let error = Certificate::load(3, &pem, "", "*").unwrap_err();
    assert_eq!(error.why, KeystoreError::OtherFormat);
    let error = Certificate::load(7, &data, STORE_PASSWORD, "*").unwrap_err();
    assert_eq!(error.why, KeystoreError::OtherFormat);
}

#[test]
fn wrong_passwords_are_wrong() {
    for name in stores(".p12") {
        if ["plain.p12", "no-mac.p12", "keytool-legacy.p12"].contains(&name.as_str()) {
            continue;
        }
        for wrong in ["secret2", "secret1 ", "s"] {
            let result = parse(&store(&name), wrong);
            assert_eq!(result.unwrap_err(), KeystoreError::WrongPassword, "{name} {wrong}");
        }
        if !name.contains("empty-password") {
            let result = parse(&store(&name), "");
            assert_eq!(result.unwrap_err(), KeystoreError::PasswordRequired, "{name}");
        }
    }
    // without encryption there is nothing that a password could be wrong for
    assert_eq!(lines(&store("plain.p12"), "whatever"), Ok(texts(&[EC])));
}

/// One wrong password in 256 leaves a plausible padding behind, and here there is no MAC. OpenSSL
/// leaves the certificate in clear then.
#[test]
fn many_wrong_passwords_are_all_wrong() {
    let data = store("no-mac.p12");
    let certificate = "CN=ec.example.com, O=Example";
    let expected = format!("ec | unusable: {} | {certificate}", KeystoreError::WrongPassword);
    for number in 0..1000 {
        assert_eq!(lines(&data, number.to_string().as_str()), Ok(vec![expected.clone()]));
    }
    let load = |password: &str| Certificate::load(3, &data, password, "*").map_err(|it| it.why);
    assert_eq!(load("1").unwrap_err(), KeystoreError::WrongPassword);
    assert_eq!(load("").unwrap_err(), KeystoreError::PasswordRequired);
}

#[test]
fn damaged_stores_are_noticed() {
    for name in ["rsa.p12", "legacy.p12", "plain.p12", "pbmac1-sha256.p12", "certificates-only.p12"]
    {
        let password = if name == "plain.p12" { "" } else { STORE_PASSWORD };
        cut_stores_are_refused(name, password, 400);
    }
    // the MAC covers all but what is around it, and for PBMAC1 two fields that are not used
    for name in ["legacy.p12", "mac-sha512.p12", "pbmac1-sha512.p12", "plain-with-mac.p12"] {
        let read = flipped_stores_do_no_harm(name, STORE_PASSWORD, 600);
        assert!(read <= 14, "{name}: {read}");
    }
    flipped_stores_do_no_harm("bc-empty-password.p12", "", 200);
}

/// Without a MAC nothing authenticates the rest: the store may be read, with another key in it.
#[test]
fn damaged_stores_without_a_mac_do_no_harm() {
    for (name, password) in [("no-mac.p12", STORE_PASSWORD), ("plain.p12", "")] {
        let mut data = store(name);
        for index in 0..data.len() {
            for flip in [0x01, 0x20, 0x80] {
                data[index] ^= flip;
                let _ = parse(&data, password);
                data[index] ^= flip;
            }
        }
        assert_eq!(lines(&data, password), Ok(texts(&[EC])));
    }
}

#[test]
fn absurd_structures_are_refused() {
    let bags = |count: usize| {
        let oid = [6, 11, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 12, 10, 1, 3];
        let bag = asn1::value(asn1::SEQUENCE, &[&oid, &asn1::value(0xa0, &[&[5, 0]])]);
        pfx(&asn1::value(asn1::SEQUENCE, &[&bag.repeat(count)]))
    };
    assert_eq!(parse(&bags(1), "").unwrap_err(), KeystoreError::Malformed("PKCS#12 store"));
    let nested = |depth: usize| {
        let oid = [6, 11, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 12, 10, 1, 6];
        let mut bag = asn1::value(asn1::SEQUENCE, &[]);
        for _ in 0..depth {
            let inner = asn1::value(asn1::SEQUENCE, &[&oid, &asn1::value(0xa0, &[&bag])]);
            bag = asn1::value(asn1::SEQUENCE, &[&inner]);
        }
        pfx(&bag)
    };
    assert_eq!(parse(&nested(3), "").unwrap_err(), KeystoreError::NoKeyAndNoCertificate);
    assert_eq!(parse(&nested(8), "").unwrap_err(), KeystoreError::Malformed("PKCS#12 store"));
    let deep = [&[0x30, 0x80, 2, 1, 3][..], &[0x30, 0x80].repeat(300_000)].concat();
    assert_eq!(parse(&deep, "").unwrap_err(), KeystoreError::Malformed("PKCS#12 store"));
}

/// A store with one part, not encrypted and without a MAC.
fn pfx(safe_contents: &[u8]) -> Vec<u8> {
    let data_oid = [6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 1];
    let info = |content: &[u8]| {
        let octets = asn1::value(asn1::OCTET_STRING, &[content]);
        asn1::value(asn1::SEQUENCE, &[&data_oid, &asn1::value(0xa0, &[&octets])])
    };
    let parts = asn1::value(asn1::SEQUENCE, &[&info(safe_contents)]);
    asn1::value(asn1::SEQUENCE, &[&[2, 1, 3], &info(&parts)]).to_vec()
}

/// With a MAC over nothing, made with so many iterations.
fn pfx_with_mac(iterations: &[u8]) -> Vec<u8> {
    let plain = pfx(&asn1::value(asn1::SEQUENCE, &[]));
    let sha1 = asn1::value(asn1::SEQUENCE, &[&[6, 5, 0x2b, 0x0e, 3, 2, 0x1a], &[5, 0]]);
    let digest = asn1::value(asn1::OCTET_STRING, &[&[0; 20]]);
    let mac = asn1::value(
        asn1::SEQUENCE,
        &[
            &asn1::value(asn1::SEQUENCE, &[&sha1, &digest]),
            &asn1::value(asn1::OCTET_STRING, &[b"salt"]),
            &asn1::unsigned(iterations),
        ],
    );
    let content = elements::start_of_sequence(&plain).unwrap();
    asn1::value(asn1::SEQUENCE, &[content, &mac]).to_vec()
}

#[test]
fn costly_stores_are_refused_before_they_are_computed() {
    let refused = |iterations: &[u8]| parse(&pfx_with_mac(iterations), "password").unwrap_err();
    assert_eq!(refused(&[1]), KeystoreError::WrongPassword);
    for iterations in [&[0x7f, 0xff, 0xff, 0xff][..], &[1, 0, 0, 0, 0], &[0xff; 8]] {
        assert_eq!(refused(iterations), KeystoreError::TooCostly, "{iterations:?}");
    }
    assert_eq!(refused(&[0xff; 9]), KeystoreError::Malformed("PKCS#12 store"));
    assert_eq!(refused(&[0]), KeystoreError::Malformed("key derivation's parameters"));
}

#[test]
fn a_store_with_too_many_entries_is_refused() {
    let certificate = parse(&store("ed25519.pem"), "").unwrap();
    let der = certificate.certificates().next().unwrap().der().to_vec();
    let bags = |count: usize| {
        let octets = asn1::value(asn1::OCTET_STRING, &[&der]);
        let x509 = [6, 10, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 22, 1];
        let inner = asn1::value(asn1::SEQUENCE, &[&x509, &asn1::value(0xa0, &[&octets])]);
        let oid = [6, 11, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 12, 10, 1, 3];
        let bag = asn1::value(asn1::SEQUENCE, &[&oid, &asn1::value(0xa0, &[&inner])]);
        pfx(&asn1::value(asn1::SEQUENCE, &[&bag.repeat(count)]))
    };
    let most = crate::limits::MAX_STORE_ENTRIES;
    assert_eq!(lines(&bags(most), "").unwrap().len(), most);
    assert_eq!(parse(&bags(most + 1), "").unwrap_err(), KeystoreError::TooManyEntries);
}
