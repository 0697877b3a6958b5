//! Every file of tests/vectors/keys, made by the tools named in its README, against what those tools
//! say about it.

mod certificates;
mod damaged;
mod java;
mod other_tools;
mod pbe;
mod pkcs11;
mod pkcs12;
mod stores;
mod text_keys;
#[cfg(windows)]
mod windows;
mod x509_path;

use std::fs;
use std::path::PathBuf;

use base64ct::{Base64Unpadded, Encoding};

use super::certificate::select;
use super::contents::EntryKey;
use super::*;
use crate::crypto::hash::Hash;
use crate::crypto::signature::{Curve, KeyMaterial};
use crate::limits::MAX_STORE_LEN;

const PASSWORD: &str = "secret";

fn path(name: &str) -> PathBuf {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    root.join("tests/vectors/keys").join(name)
}

fn read(name: &str) -> Vec<u8> {
    fs::read(path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// As `ssh-keygen -lf` prints it.
fn fingerprint(blob: &[u8]) -> String {
    Base64Unpadded::encode_string(&Hash::Sha256.digest(&[blob]))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Ed25519,
    Ecdsa(Curve),
    Rsa,
    Dsa,
}

const P256: Kind = Kind::Ecdsa(Curve::P256);
const P384: Kind = Kind::Ecdsa(Curve::P384);
const P521: Kind = Kind::Ecdsa(Curve::P521);

fn kind(material: &KeyMaterial) -> Kind {
    match material {
        KeyMaterial::Ed25519 { .. } => Kind::Ed25519,
        KeyMaterial::Ecdsa { curve, .. } => Kind::Ecdsa(*curve),
        KeyMaterial::Rsa { .. } | KeyMaterial::RsaOfSeveralPrimes { .. } => Kind::Rsa,
        KeyMaterial::Dsa { .. } => Kind::Dsa,
    }
}

const RSA_KEY: &str = "WwU1ckhy8F5wItmWKQSCDoPvJK3m98VljUkRDZFb1oE";
const P256_KEY: &str = "TOk3S3g3zcxWcAXSM0/aJ2JF0iHKeG8arBH7OfaY8VY";
const P384_KEY: &str = "j0qKHjXTAFvWg83IhWo1Ag675dcSJo02wqm/9yWPnuk";
const P521_KEY: &str = "jDTGi7VDaFAIp0fjTfwN8BBKzBibXz+ckO+wfQNRNgY";
const ED25519_KEY: &str = "z7aJfKRJqOKKVCGgwb1XpOgGR/jcr4t1ZVVmNahlsd4";

#[rustfmt::skip]
const PLAIN: &[(&str, Kind, &str)] = &[
    ("openssh-ed25519", Kind::Ed25519, "NXAwhhrLCZPHb6/qFuT2OSU/dGYq1+8sBWL0bYNlkNU"),
    ("openssh-ecdsa-256", P256, "5Jx19EQnnZKlKOdH9RYbpQTv/6FNvz9ngsWQSEx/XmU"),
    ("openssh-ecdsa-384", P384, "JQIDMXcZvcB2F6gVkEfiTOr72D1sq9c0/A9ZjgHbi54"),
    ("openssh-ecdsa-521", P521, "V6jmDta+534/88o6EJ32OVMLkvO03WK0lavWsfLhUks"),
    ("openssh-rsa-2048", Kind::Rsa, "ChaqiE4RMYPSEtPaF62YHyxOtoOVU7xXEgfrkEueSPg"),
    ("pkcs1-rsa-2048.pem", Kind::Rsa, RSA_KEY),
    ("pkcs1-rsa-2048.der", Kind::Rsa, RSA_KEY),
    ("pkcs8-rsa-2048.pem", Kind::Rsa, RSA_KEY),
    ("pkcs8-rsa-2048.der", Kind::Rsa, RSA_KEY),
    ("pkcs8-ecdsa-256.pem", P256, P256_KEY),
    ("pkcs8-ecdsa-384.pem", P384, P384_KEY),
    ("pkcs8-ecdsa-521.pem", P521, P521_KEY),
    ("pkcs8-ed25519.pem", Kind::Ed25519, ED25519_KEY),
    ("sec1-ecdsa-256.pem", P256, P256_KEY),
    ("sec1-ecdsa-256.der", P256, P256_KEY),
    ("sec1-ecdsa-256-params.pem", P256, P256_KEY),
    ("sec1-ecdsa-256-explicit.pem", P256, P256_KEY),
    ("sec1-ecdsa-256-no-public.pem", P256, P256_KEY),
    ("sec1-ecdsa-256-compressed.pem", P256, P256_KEY),
    ("sec1-ecdsa-384.pem", P384, P384_KEY),
    ("sec1-ecdsa-384-params.pem", P384, P384_KEY),
    ("sec1-ecdsa-521.pem", P521, P521_KEY),
    ("sec1-ecdsa-521-params.pem", P521, P521_KEY),
    ("openssh-dsa", Kind::Dsa, "68M//gcZOAEEuvRSBu8hUwip2tA1R0hZofU7y7iwAt8"),
    ("dsa.pem", Kind::Dsa, "6SR5ixc1BfnmgVzAydk1ZwJ964aY3EnwSqgDEFYExwo"),
    ("putty-ed25519.ppk", Kind::Ed25519, "NXAwhhrLCZPHb6/qFuT2OSU/dGYq1+8sBWL0bYNlkNU"),
    ("key-and-certificate-ecdsa-256.pem", P256, P256_KEY),
    ("chain-then-key-ecdsa-256.pem", P256, P256_KEY),
];

#[rustfmt::skip]
const ENCRYPTED: &[(&str, Kind, &str)] = &[
    ("openssh-ed25519-aes128-ctr", Kind::Ed25519, "CBaqwmq55b/Ladb6kSfi3bUmupr+JTDhZ0+owvPxZuU"),
    ("openssh-ed25519-aes192-ctr", Kind::Ed25519, "ezM8E8lWyGpl6dVIbKqEee9Q23Y2O1qoRY2ui/Vga8Y"),
    ("openssh-ed25519-aes256-ctr", Kind::Ed25519, "Y8PfOjgLYGtNFsoSqw21X8WAUn1SZvUBSuqm+gE9jmA"),
    ("openssh-ed25519-aes128-cbc", Kind::Ed25519, "YH01BwfvK/ntRZNcOrV8jZ0hH/617E0Gml7SrFaUo5A"),
    ("openssh-ed25519-aes192-cbc", Kind::Ed25519, "69zxSZutGPLmxj8WFpvDBfALXxFpHJou3CXAcPtn5no"),
    ("openssh-ed25519-aes256-cbc", Kind::Ed25519, "vb+crWKeKI8vlvzsCXrz+YRHNNvOb3bxpxT4mEEWqBU"),
    ("openssh-ed25519-aes128-gcm", Kind::Ed25519, "5fooRjVFrf/Svc0+2y7U+8LwQX3pJC+xFYHdjxqtKIw"),
    ("openssh-ed25519-aes256-gcm", Kind::Ed25519, "BkN71CrciJHpmrNeDQe5njOnOliDMkSArM/9/DFTKm4"),
    ("openssh-ed25519-chacha20-poly1305", Kind::Ed25519,
     "WspGm9KssPwZx9R50c9XPoeou9/mVX7ESEsIui4L2VU"),
    ("openssh-ed25519-3des-cbc", Kind::Ed25519, "n0DJ9tsjNVrWtK/Q5Cgg9WD+UVsJ9FnBed1Q/FmtnK0"),
    ("openssh-rsa-2048-encrypted", Kind::Rsa, "ZDU6R0yq3yhJ+PoXfQMmNriHSl3pxvVXliJGTErZUlY"),
    ("openssh-ecdsa-384-encrypted", P384, "eh6xjI3OsxnNb1dedIKl0YRCFN8f1AOMiUKZI9EQM/g"),
    ("pkcs1-rsa-2048-aes128.pem", Kind::Rsa, RSA_KEY),
    ("pkcs1-rsa-2048-aes192.pem", Kind::Rsa, RSA_KEY),
    ("pkcs1-rsa-2048-aes256.pem", Kind::Rsa, RSA_KEY),
    ("pkcs1-rsa-2048-des3.pem", Kind::Rsa, RSA_KEY),
    ("sec1-ecdsa-256-aes256.pem", P256, P256_KEY),
    ("pbes1-ed25519.pem", Kind::Ed25519, ED25519_KEY),
    ("pbes2-ed25519-aes-128-cbc-hmacWithSHA256.pem", Kind::Ed25519, ED25519_KEY),
    ("pbes2-ed25519-aes-256-cbc-hmacWithSHA1.pem", Kind::Ed25519, ED25519_KEY),
    ("pbes2-ed25519-aes-256-cbc-hmacWithSHA512.pem", Kind::Ed25519, ED25519_KEY),
    ("pbes2-ed25519-des3-hmacWithSHA256.pem", Kind::Ed25519, ED25519_KEY),
    ("pbes2-ed25519-scrypt.pem", Kind::Ed25519, ED25519_KEY),
    ("pbes2-rsa-2048.pem", Kind::Rsa, RSA_KEY),
    ("pbes2-rsa-2048.der", Kind::Rsa, RSA_KEY),
];

const REFUSED: &[(&str, &str)] =
    &[("pkcs8-ed448.pem", "Keys of the type Ed448 are not supported.")];

const CERTIFICATES: &[&str] = &[
    "x509-dsa.crt",
    "x509-ecdsa-256.crt",
    "x509-ecdsa-256.der",
    "x509-ed25519.crt",
    "x509-rsa-2048.crt",
];

fn into_key(contents: Contents) -> Option<ParsedKey> {
    contents.entries.into_iter().find_map(|entry| match entry.key? {
        EntryKey::Private(key) => Some(*key),
        EntryKey::Public(_) | EntryKey::Token { .. } | EntryKey::Unusable(_) => None,
    })
}

fn key_of(name: &str, password: &str) -> ParsedKey {
    let contents = parse(&read(name), password).unwrap_or_else(|error| panic!("{name}: {error}"));
    into_key(contents).unwrap_or_else(|| panic!("{name}: no key"))
}

#[test]
fn the_tables_name_every_file() {
    let mut named: Vec<&str> = PLAIN.iter().chain(ENCRYPTED).map(|row| row.0).collect();
    named.extend(REFUSED.iter().map(|row| row.0));
    named.extend(CERTIFICATES);
    named.push("README.md");
    named.sort_unstable();
    let mut present: Vec<String> = fs::read_dir(path(""))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    present.sort_unstable();
    assert_eq!(named, present);
}

#[test]
fn plain_keys_have_the_public_keys_that_the_tools_print() {
    for (name, expected, print) in PLAIN {
        let key = key_of(name, "");
        assert_eq!(kind(key.material()), *expected, "{name}");
        assert_eq!(fingerprint(&key.public_blob()), *print, "{name}");
    }
}

#[test]
fn encrypted_keys_have_the_public_keys_that_the_tools_print() {
    for (name, expected, print) in ENCRYPTED {
        let key = key_of(name, PASSWORD);
        assert_eq!(kind(key.material()), *expected, "{name}");
        assert_eq!(fingerprint(&key.public_blob()), *print, "{name}");
    }
}

#[test]
fn a_missing_and_a_wrong_password_are_told_apart() {
    for (name, ..) in ENCRYPTED {
        let data = read(name);
        let with = |password| parse(&data, password).unwrap_err();
        assert_eq!(with(""), KeystoreError::PasswordRequired, "{name}");
        for wrong in ["Secret", "secret ", "s", &"x".repeat(1000)] {
            assert_eq!(with(wrong), KeystoreError::WrongPassword, "{name} {wrong}");
        }
    }
}

/// One wrong password in 256 leaves a plausible padding behind.
#[test]
fn many_wrong_passwords_are_all_wrong() {
    for name in ["sec1-ecdsa-256-aes256.pem", "pbes2-ed25519-des3-hmacWithSHA256.pem"] {
        let data = read(name);
        for number in 0..1500 {
            let error = parse(&data, &number.to_string()).unwrap_err();
            assert_eq!(error, KeystoreError::WrongPassword, "{name} {number}");
        }
    }
}

#[test]
fn what_is_not_supported_is_named() {
    for (name, text) in REFUSED {
        let error = parse(&read(name), PASSWORD).unwrap_err();
        assert_eq!(error.to_string(), *text, "{name}");
    }
}

/// All forms of one key give the same numbers, with and without what a file may leave out.
#[test]
fn the_forms_of_one_key_agree() {
    for key in [RSA_KEY, P256_KEY, P384_KEY, P521_KEY, ED25519_KEY] {
        let plain = PLAIN.iter().map(|row| (row, ""));
        let encrypted = ENCRYPTED.iter().map(|row| (row, PASSWORD));
        let mut forms = plain
            .chain(encrypted)
            .filter(|((.., print), _)| *print == key)
            .map(|((name, ..), password)| (name, key_of(name, password)));
        let (_, first) = forms.next().unwrap();
        for (name, other) in forms {
            assert_eq!(other.material(), first.material(), "{name}");
            assert_eq!(other.pkcs8(), first.pkcs8(), "{name}");
        }
    }
}

/// What openssl writes as unencrypted PKCS#8, byte for byte; for RSA that covers the two exponents
/// that are computed here.
#[test]
fn exported_private_keys_are_what_openssl_writes() {
    for name in [
        "pkcs8-rsa-2048.pem",
        "pkcs8-ecdsa-256.pem",
        "pkcs8-ecdsa-384.pem",
        "pkcs8-ecdsa-521.pem",
        "pkcs8-ed25519.pem",
    ] {
        let file = String::from_utf8(read(name)).unwrap();
        let contents = parse(file.as_bytes(), "").unwrap();
        let certificate = select(&contents, "*").unwrap().describe().unwrap();
        assert_eq!(*certificate.private_key_pem, file, "{name}");
    }
    let openssh = parse(&read("openssh-rsa-2048"), "").unwrap();
    let exported = select(&openssh, "*").unwrap().describe().unwrap();
    let again = parse(exported.private_key_pem.as_bytes(), "").unwrap();
    assert_eq!(again.first_key().unwrap().material(), openssh.first_key().unwrap().material());
}

#[test]
fn base64_without_a_frame_is_read() {
    for name in ["pkcs8-rsa-2048.der", "sec1-ecdsa-256.der"] {
        let text = base64ct::Base64::encode_string(&read(name));
        let broken_up = text
            .as_bytes()
            .chunks(76)
            .map(|line| String::from_utf8_lossy(line).into_owned() + "\r\n")
            .collect::<String>();
        for form in [text, broken_up] {
            let key = into_key(parse(form.as_bytes(), "").unwrap()).unwrap();
            assert_eq!(*key.material(), *key_of(name, "").material());
        }
    }
    let pem = base64ct::Base64::encode_string(&read("openssh-ed25519"));
    assert!(parse(pem.as_bytes(), "").unwrap().first_key().is_some());
}

#[test]
fn pem_may_have_other_line_ends_and_text_around() {
    let pem = String::from_utf8(read("pkcs1-rsa-2048-aes128.pem")).unwrap();
    let variants = [
        pem.replace('\n', "\r\n"),
        format!("\u{feff}{pem}"),
        format!("Bag Attributes\n  friendlyName: \u{e9}\n{pem}\ntrailing text\n"),
        pem.lines().map(|line| format!("  {line} \n")).collect(),
        pem.trim_end().to_owned(),
    ];
    for variant in variants {
        let key = into_key(parse(variant.as_bytes(), PASSWORD).unwrap()).unwrap();
        assert_eq!(fingerprint(&key.public_blob()), RSA_KEY);
    }
}

#[test]
fn data_that_is_nothing_is_refused() {
    let too_large = vec![b'A'; MAX_STORE_LEN + 1];
    let cases: [(&[u8], KeystoreError); 9] = [
        (b"", KeystoreError::Empty),
        (b"hostkey", KeystoreError::NotRecognized),
        (&[0x30, 0x03, 2, 1, 0], KeystoreError::NotRecognized),
        (&too_large, KeystoreError::TooLarge),
        (b"-----BEGIN PRIVATE KEY-----", KeystoreError::Malformed("PEM text")),
        (
            b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----",
            KeystoreError::Malformed("PEM text"),
        ),
        (
            b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----",
            KeystoreError::Malformed("public key"),
        ),
        (b"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA comment", KeystoreError::Malformed("public key")),
        (b"{\"kty\":\"RSA\"}", KeystoreError::Malformed("JSON Web Key")),
    ];
    for (data, error) in cases {
        let start = &data[..data.len().min(40)];
        assert_eq!(parse(data, "").unwrap_err(), error, "{start:?}");
    }
}

/// A file may not ask for hours of bcrypt, PBKDF2 or scrypt.
#[test]
fn costly_derivations_are_refused_before_they_start() {
    let replace = |name: &str, from: &[u8], to: &[u8]| {
        let text = String::from_utf8(read(name)).unwrap();
        let body: String = text.lines().filter(|line| !line.contains("--")).collect();
        let mut bytes = base64ct::Base64::decode_vec(&body).unwrap();
        let at = bytes.windows(from.len()).position(|w| w == from).unwrap();
        bytes[at..at + from.len()].copy_from_slice(to);
        parse(&bytes, PASSWORD).unwrap_err()
    };
    let rounds =
        replace("openssh-ed25519-aes256-ctr", &[0, 0, 0, 2, 0, 0, 0, 1], &[0, 0, 4, 1, 0, 0, 0, 1]);
    assert_eq!(rounds, KeystoreError::TooCostly);
}

#[test]
fn stores_are_opened_by_their_type() {
    const PEM_KEY_FILE: u32 = 6;
    const PEM_KEY_BLOB: u32 = 7;
    const AUTO: u32 = 99;
    let file = path("sec1-ecdsa-256.pem");
    let name = file.to_str().unwrap().as_bytes();
    let data = read("sec1-ecdsa-256.pem");
    for (number, store) in
        [(PEM_KEY_FILE, name), (PEM_KEY_BLOB, &data), (AUTO, name), (AUTO, &data)]
    {
        let certificate = Certificate::load(number, store, "", "*").unwrap();
        let print = certificate.fingerprint_sha256.replace(':', "");
        let expected = Base64Unpadded::decode_vec(P256_KEY).unwrap();
        assert_eq!(print.to_uppercase(), hex::encode(&expected), "{number}");
    }
    let refused = |number, store| Certificate::load(number, store, "", "*").unwrap_err();
    assert_eq!(
        refused(PEM_KEY_FILE, &data).why,
        KeystoreError::Unreadable(std::io::ErrorKind::NotFound)
    );
    assert_eq!(refused(PEM_KEY_BLOB, name).why, KeystoreError::NotRecognized);
    assert_eq!(refused(AUTO, b"no/such/file").why, KeystoreError::NotRecognized);
    assert_eq!(refused(AUTO, b"src").why, KeystoreError::NotAFile);
}

/// The store, the format and what is wrong; nothing of what was given as a name and is none.
#[test]
fn errors_say_which_store_and_what_is_wrong() {
    let text = |number, store: &[u8], password| {
        Certificate::load(number, store, password, "*").unwrap_err().to_string()
    };
    #[cfg(not(windows))]
    assert_eq!(
        text(0, b"MY", ""),
        "Store type 0 (cstUser): Certificate stores of the system exist on Windows only."
    );
    assert_eq!(text(20, b"", ""), "Store type 20: There is no such store type.");
    assert_eq!(
        text(7, &read("openssh-ed25519-aes128-ctr"), "no"),
        "Store type 7 (cstPEMKeyBlob), PEM: The password is wrong, or the encrypted key is damaged."
    );
    let file = path("pkcs8-ed448.pem");
    assert_eq!(
        text(6, file.to_str().unwrap().as_bytes(), ""),
        format!(
            "Store type 6 (cstPEMKeyFile), {file:?}, PEM: Keys of the type Ed448 are not supported."
        )
    );
    let key = read("pkcs8-ed25519.pem");
    assert_eq!(
        text(6, &key, ""),
        "Store type 6 (cstPEMKeyFile): The file cannot be read: entity not found."
    );
}

/// RFC 5958 version 2, as RFC 8410 section 10.3 shows it: with the public key.
#[test]
fn pkcs8_with_a_public_key_is_read_and_checked() {
    let plain = key_of("pkcs8-ed25519.pem", "");
    let KeyMaterial::Ed25519 { seed } = plain.material() else {
        panic!("not Ed25519");
    };
    let blob = plain.public_blob();
    let mut public = blob[blob.len() - 32..].to_vec();
    let with = |public: &[u8]| {
        let seed = asn1::value(asn1::OCTET_STRING, &[seed.expose()]);
        let der = asn1::value(
            asn1::SEQUENCE,
            &[
                &asn1::unsigned(&[1]),
                &plain.public().algorithm_identifier(),
                &asn1::value(asn1::OCTET_STRING, &[&seed]),
                &asn1::value(0x81, &[&[0], public]),
            ],
        );
        parse(&der, "").map(|contents| contents.first_key().unwrap().public_blob())
    };
    assert_eq!(with(&public), Ok(blob));
    public[0] ^= 1;
    assert_eq!(with(&public), Err(KeystoreError::InconsistentKey));
}
