//! What the documented certificate type says, against what openssl and ssh-keygen print, and how
//! subjects choose.

use super::stores::{STORE_PASSWORD, store};
use super::*;
use crate::crypto::signature::PrivateKey;
use crate::keystore::certificate::select_for;

fn load_public(name: &str) -> Certificate {
    Certificate::load(9, &read(name), "", "*").unwrap()
}

#[test]
fn a_certificate_says_what_openssl_prints() {
    let certificate = load_public("x509-ecdsa-256.crt");
    let name = "CN=host.example.com, O=\"Example, Inc.\", OU=Test, L=Mitte, S=Berlin, C=DE, \
                E=admin@example.com";
    let encoded = String::from_utf8(read("x509-ecdsa-256.crt")).unwrap();
    let said = [
        (&certificate.subject, name),
        (&certificate.issuer, name),
        (&certificate.serial_number, "0A1B2C3D4E5F"),
        (&certificate.effective_date, "22-Nov-2026 17:28:42"),
        (&certificate.expiration_date, "19-Nov-2036 17:28:42"),
        (&certificate.version, "V3"),
        (&certificate.signature_algorithm, "ecdsa-with-SHA256"),
        (&certificate.public_key_algorithm, "ECDSA"),
        (&certificate.usage, "Digital Signatures,Key Authentication,Certificate Signing"),
        (&certificate.extended_key_usage, "1.3.6.1.5.5.7.3.1,1.3.6.1.5.5.7.3.21"),
        (
            &certificate.subject_alt_names,
            "host.example.com,*.example.com,192.0.2.1,2001:db8::1,admin@example.com,\
             ssh://host.example.com,\"CN=Dir Name, O=Dir\",user@example.com,1.2.3.4",
        ),
        (&certificate.thumbprint_md5, "F7CCF666342DC15AA45EEF9D61C28EB5"),
        (&certificate.thumbprint_sha1, "E4752ABF3A5635A5B652F7650DFC64B61B6EE13F"),
        (
            &certificate.thumbprint_sha256,
            "655ED1ACB0DFB61F6849F26411D8FE941787BCB6570B4C8127E2A4C128838704",
        ),
        (&certificate.encoded, &encoded),
        (&certificate.private_key_pem, ""),
    ];
    for (field, expected) in said {
        assert_eq!(field, expected);
    }
    assert_eq!(certificate.public_key_length, 256);
    assert_eq!(certificate.usage_flags, 0xc4);
    assert!(!certificate.private_key_available());
    assert_eq!(certificate.private_key_container(), "");
}

/// The fingerprints are those of `ssh-keygen -E HASH -lf`, the public key that of
/// `openssl pkey -pubout`.
#[test]
fn a_bare_key_has_fingerprints_and_no_subject() {
    let contents = parse(&read("sec1-ecdsa-256.pem"), "").unwrap();
    let certificate = select(&contents, "*").unwrap().describe().unwrap();
    assert_eq!(certificate.fingerprint, "b5:74:48:f6:d4:ff:3c:3a:54:59:11:2f:ea:92:be:61");
    assert_eq!(
        certificate.fingerprint_sha1,
        "85:0b:a6:11:5c:f7:f4:43:43:2c:1f:0e:a2:58:ee:4f:48:6d:ee:0f"
    );
    assert_eq!(
        certificate.fingerprint_sha256.replace(':', ""),
        "4ce9374b7837cdcc567005d2334fda276245d221ca786f1aac11fb39f698f156"
    );
    assert_eq!(
        certificate.public_key,
        "-----BEGIN PUBLIC KEY-----\n\
         MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE09olwGS7L9ICpD5oWEuJCi0m5ZF8\n\
         e5KlH4KxPT/PD3VJWl+g+8ApPbhy4i5+Q4oTla8KUYN1sKVEEmLyuZb7kA==\n\
         -----END PUBLIC KEY-----\n"
    );
    let empty = [
        certificate.subject,
        certificate.issuer,
        certificate.encoded,
        certificate.effective_date,
        certificate.serial_number,
        certificate.thumbprint_sha1,
        certificate.version,
    ];
    assert!(empty.iter().all(String::is_empty), "{empty:?}");
}

/// A certificate and its bare key describe the same public key.
#[test]
fn certificates_and_keys_agree_on_the_public_key() {
    for (key, certificate, bits) in [
        ("pkcs1-rsa-2048.pem", "x509-rsa-2048.crt", 2048),
        ("sec1-ecdsa-256.pem", "x509-ecdsa-256.crt", 256),
        ("pkcs8-ed25519.pem", "x509-ed25519.crt", 256),
    ] {
        let contents = parse(&read(key), "").unwrap();
        let bare = select(&contents, "*").unwrap().describe().unwrap();
        let certified = load_public(certificate);
        assert_eq!(bare.public_key, certified.public_key);
        assert_eq!(bare.fingerprint_sha256, certified.fingerprint_sha256);
        assert_eq!(bare.public_key_algorithm, certified.public_key_algorithm);
        assert_eq!(certified.public_key_length, bits);
        assert_eq!(bare.public_key_length, bits);
    }
    let ed25519 = load_public("x509-ed25519.crt");
    assert_eq!(ed25519.serial_number, "80");
    assert_eq!(ed25519.subject, "CN=ed25519.example.com, O=Example");
    assert_eq!(ed25519.signature_algorithm, "Ed25519");
    // notAfter as GeneralizedTime
    let rsa = load_public("x509-rsa-2048.crt");
    assert_eq!(rsa.expiration_date, "29-Oct-2126 17:28:42");
}

#[test]
fn a_dsa_certificate() {
    let certificate = load_public("x509-dsa.crt");
    assert_eq!(certificate.public_key_algorithm, "DSA");
    assert_eq!(certificate.public_key_length, 1024);
    assert_eq!(certificate.signature_algorithm, "dsaWithSHA256");
    assert!(certificate.public_key.starts_with("-----BEGIN PUBLIC KEY"));
}

#[test]
fn subjects_select_as_documented() {
    let contents = parse(&read("chain-then-key-ecdsa-256.pem"), "").unwrap();
    let chosen = |subject: &str| {
        select(&contents, subject).map(|found| {
            let common_name = found.certificate().map(X509::subject).unwrap_or_default();
            (common_name.contains("CN=host"), found.key.is_some())
        })
    };
    let with_key = Ok((true, true));
    let other_without_key = Ok((false, false));
    assert_eq!(chosen("*"), with_key);
    assert_eq!(chosen(""), with_key);
    assert_eq!(chosen("host.example.com"), with_key);
    assert_eq!(chosen("CN=rsa.example.com"), other_without_key);
    // both contain it: the one with a key
    assert_eq!(chosen("EXAMPLE.com"), with_key);
    assert_eq!(chosen("CN=nobody"), Err(KeystoreError::NoMatchingSubject));
}

/// How a subject is written makes no difference: spaces, order, quotes, and the names of its fields.
#[test]
fn subjects_are_compared_by_their_fields() {
    let contents = parse(&read("chain-then-key-ecdsa-256.pem"), "").unwrap();
    let chosen = |subject: &str| {
        select(&contents, subject).map(|found| found.certificate().map(X509::subject).unwrap())
    };
    let host = chosen("*").unwrap();
    let written = r#"CN=host.example.com, O="Example, Inc.", OU=Test, L=Mitte, S=Berlin, C=DE, E=admin@example.com"#;
    assert_eq!(host, written);
    for way in [
        written,
        r#"C=DE,ST=Berlin,L=Mitte,O="Example, Inc.",OU=Test,CN=host.example.com,E=admin@example.com"#,
        // as openssl prints it
        r#"C = DE, ST = Berlin, L = Mitte, O = "Example, Inc.", OU = Test, CN = host.example.com, emailAddress = admin@example.com"#,
        // as RFC 4514 has it
        r"1.2.840.113549.1.9.1=admin@example.com,CN=host.example.com,OU=Test,O=Example\, Inc.,L=Mitte,ST=Berlin,C=DE",
        "ou=test, cn=HOST.example.com",
        "CN = host.example.com",
        r#"L="Mitte",CN="host.example.com""#,
        // a part of a value, the last one
        r#"o = "Example, Inc.",cn=host.example.com, OU=T"#,
    ] {
        assert_eq!(chosen(way).as_ref(), Ok(&host), "{way}");
    }
    for other in [
        "CN=host.example.com, C=US",
        "O=host.example.com",
        "OU=Test, OU=Test",
        "CN=host.example.com,,",
    ] {
        assert_eq!(chosen(other), Err(KeystoreError::NoMatchingSubject), "{other}");
    }
}

#[test]
fn a_bare_key_has_no_subject_to_match() {
    let contents = parse(&read("openssh-ed25519"), "").unwrap();
    for subject in ["", "*"] {
        assert!(select(&contents, subject).unwrap().key.is_some());
    }
    assert_eq!(select(&contents, "CN=host").unwrap_err(), KeystoreError::NoMatchingSubject);
}

#[test]
fn a_key_beside_a_foreign_certificate_is_refused() {
    let mut data = read("openssh-ed25519");
    data.extend(read("x509-rsa-2048.crt"));
    let contents = parse(&data, "").unwrap();
    assert_eq!(select(&contents, "*").unwrap_err(), KeystoreError::KeyOfAnotherCertificate);
}

#[test]
fn the_key_of_a_given_certificate_is_found() {
    let store = parse(&read("pkcs8-ecdsa-256.pem"), "").unwrap();
    let given = |name| parse(&read(name), "").unwrap();
    let own = given("x509-ecdsa-256.der");
    assert!(select_for(&store, &own).unwrap().key.is_some());
    assert_eq!(
        select_for(&store, &given("x509-rsa-2048.crt")).unwrap_err(),
        KeystoreError::KeyOfAnotherCertificate
    );
    assert_eq!(
        select_for(&store, &given("openssh-ed25519")).unwrap_err(),
        KeystoreError::NoCertificate
    );
}

/// A certificate that has a private key can sign with it: loading fails where that is not so.
#[test]
fn loading_ends_with_a_key_that_signs() {
    for (name, ..) in PLAIN {
        let store = path(name);
        let loaded = Certificate::load(99, store.to_str().unwrap().as_bytes(), "", "*");
        match PrivateKey::new(key_of(name, "").material()) {
            Ok(key) => {
                let certificate = loaded.unwrap();
                assert!(certificate.private_key_available(), "{name}");
                let own = certificate.private_key().unwrap();
                assert_eq!(own.public_blob(), key.public_blob(), "{name}");
                assert_eq!(own.public_blob(), key_of(name, "").public_blob(), "{name}");
            }
            Err(_) => {
                let why = loaded.unwrap_err().why.to_string();
                assert!(why.contains("DSA with a q of 224 bits"), "{name}: {why}");
            }
        }
    }
}

/// A certificate without a key is loaded from a store like any other, for what it says.
#[test]
fn a_certificate_alone_has_no_private_key() {
    for name in CERTIFICATES {
        for subject in ["*", "", "example.com"] {
            let certificate = Certificate::load(99, &read(name), "", subject).unwrap();
            assert!(!certificate.private_key_available(), "{name}");
            assert!(certificate.private_key().is_none(), "{name}");
            assert!(certificate.subject.contains("example.com"), "{name}");
        }
    }
}

/// The certificates that a host key of a store proves itself with: the number in its RFC 6187 blob.
pub(super) fn chain_len(certificate: &Certificate, algorithm: &str) -> Option<u32> {
    let row = crate::crypto::signature::by_name(algorithm).unwrap();
    let key = certificate.private_key()?;
    let blob = key.blob_for(row)?;
    let mut reader = crate::wire::Reader::new(&blob);
    assert_eq!(reader.string(), Ok(algorithm.as_bytes()));
    reader.u32().ok()
}

#[test]
fn keys_of_stores_have_their_chains() {
    const PEM: u32 = 7;
    const RSA: &str = "x509v3-rsa2048-sha256";
    for (store_type, name, password) in [
        (3, "rsa.p12", STORE_PASSWORD),
        (3, "keytool.p12", STORE_PASSWORD),
        (5, "keytool.jks", STORE_PASSWORD),
        (5, "keytool.jceks", STORE_PASSWORD),
        (22, "keytool.bcfks", STORE_PASSWORD),
    ] {
        let certificate =
            Certificate::load(store_type, &store(name), password, "CN=rsa.example.com").unwrap();
        assert_eq!(chain_len(&certificate, RSA), Some(3), "{name}");
        assert_eq!(chain_len(&certificate, "x509v3-ssh-ed25519"), None);
    }
    // a key beside a certificate in PEM, in any order, and a key for a certificate with its chain
    let pem = ["rsa.key", "rsa.pem", "middle.pem", "root.pem"].map(store);
    let [key, own, middle, root] = &pem;
    let load = |parts: &[&[u8]], wanted: Wanted<'_>| {
        Certificate::load(PEM, &parts.concat(), "", wanted).unwrap()
    };
    let all = load(&[key, own, middle, root], Wanted::Subject("*"));
    assert_eq!(chain_len(&all, RSA), Some(3));
    let mixed = load(&[root, own, key, middle], Wanted::Subject("*"));
    assert_eq!(chain_len(&mixed, RSA), Some(3));
    assert_eq!(chain_len(&load(&[key, own], Wanted::Subject("*")), RSA), Some(1));
    assert_eq!(chain_len(&load(&[key], Wanted::Subject("*")), RSA), None);
    let given = [&own[..], middle].concat();
    assert_eq!(chain_len(&load(&[key], Wanted::Encoded(&given)), RSA), Some(2));
    let rest = load(&[key, middle, root], Wanted::Encoded(own));
    assert_eq!(chain_len(&rest, RSA), Some(3));
    let stored = load(&[key, own, middle, root], Wanted::Encoded(own));
    assert_eq!(chain_len(&stored, RSA), Some(3), "the store has the chain");
}
