//! Every file of tests/vectors/text-keys, made by the tools in its make.sh, against what ssh-keygen
//! says about each (expected.txt, written by the same script).

use super::*;
use crate::crypto::signature::PrivateKey;

/// Nothing but the files' own names is written by hand here: what is refused, and why.
const REFUSED: &[(&str, &str)] = &[
    (
        "certificate.pub",
        "Keys of the type ecdsa-sha2-nistp256-cert-v01@openssh.com are not supported.",
    ),
    ("ed448-spki.pem", "Keys of the type Ed448 are not supported."),
    ("ed448.jwk", "Keys of the type Ed448 are not supported."),
    ("ed448.ppk", "Keys of the type ssh-ed448 are not supported."),
    ("oct.jwk", "Keys of the type oct (symmetric) are not supported."),
    ("secp256k1.jwk", "Keys of the type EC curve secp256k1 are not supported."),
    ("x25519.jwk", "Keys of the type X25519 are not supported."),
];

const OTHERS: &[&str] = &["README.md", "expected.txt", "leaf.txt", "make.sh", "set.jwk", "two.pub"];

pub(super) fn path(name: &str) -> PathBuf {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    root.join("tests/vectors/text-keys").join(name)
}

pub(super) fn read(name: &str) -> Vec<u8> {
    fs::read(path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Holds {
    Private,
    Encrypted,
    Public,
}

/// The file, what it holds, and the fingerprint of its key.
pub(super) fn expected() -> Vec<(String, Holds, String)> {
    let text = String::from_utf8(read("expected.txt")).unwrap();
    let row = |line: &str| {
        let mut words = line.split(' ').map(ToOwned::to_owned);
        let (name, holds, print) =
            (words.next().unwrap(), words.next().unwrap(), words.next().unwrap());
        let holds = match holds.as_str() {
            "private" => Holds::Private,
            "encrypted" => Holds::Encrypted,
            "public" => Holds::Public,
            other => panic!("{other}"),
        };
        (name, holds, print)
    };
    text.lines().map(row).collect()
}

/// The types a file may be loaded as: file and content.
fn store_types(name: &str) -> (u32, u32) {
    match name.rsplit_once('.') {
        Some((_, "ppk")) => (14, 15),
        Some((_, "xml")) => (16, 17),
        Some((_, "jwk")) => (18, 19),
        Some((_, "pub" | "rfc4716" | "base64" | "blob")) => (13, 10),
        Some((name, _)) if name.contains("spki") || name.contains("public") => (8, 9),
        _ => (6, 7),
    }
}

#[test]
fn every_file_is_in_a_table() {
    let mut named: Vec<String> = expected().into_iter().map(|row| row.0).collect();
    named.extend(REFUSED.iter().map(|row| row.0.to_owned()));
    named.extend(OTHERS.iter().map(|&name| name.to_owned()));
    named.sort_unstable();
    let mut present: Vec<String> = fs::read_dir(path(""))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    present.sort_unstable();
    assert_eq!(named, present);
}

#[test]
fn every_key_is_the_one_that_ssh_keygen_prints() {
    for (name, holds, print) in expected() {
        let password = if holds == Holds::Encrypted { PASSWORD } else { "" };
        let contents = parse(&read(&name), password).unwrap_or_else(|why| panic!("{name}: {why}"));
        let public = contents.entries[0].public().unwrap_or_else(|| panic!("{name}: no key"));
        assert_eq!(fingerprint(&public.ssh_blob()), print, "{name}");
        assert_eq!(contents.first_key().is_some(), holds != Holds::Public, "{name}");
    }
}

#[test]
fn every_store_type_reads_its_files_and_refuses_the_others() {
    for (name, holds, print) in expected() {
        let (file_type, blob_type) = store_types(&name);
        let password = if holds == Holds::Encrypted { PASSWORD } else { "" };
        let file = path(&name);
        let file = file.to_str().unwrap().as_bytes();
        let data = read(&name);
        let base64 = base64ct::Base64::encode_string(&data);
        // what is base64 is not put into base64 once more
        let base64 = if name == "ed25519.base64" { data.clone() } else { base64.into_bytes() };
        let stores =
            [(file_type, file), (blob_type, &data), (blob_type, &base64), (99, file), (99, &data)];
        let digest = Base64Unpadded::decode_vec(&print).unwrap();
        let key = parse(&data, password).ok().and_then(into_key);
        let signs = key.is_none_or(|key| PrivateKey::new(key.material()).is_ok());
        for (number, store) in stores {
            let loaded = Certificate::load(number, store, password, "*");
            if !signs {
                assert_eq!(loaded.unwrap_err().why, KeystoreError::UnsuitableKey, "{name}");
                continue;
            }
            let certificate = loaded.unwrap_or_else(|why| panic!("{name}: {why}"));
            assert_eq!(certificate.fingerprint_sha256, hex::encode_with_colons(&digest), "{name}");
            assert_eq!(certificate.private_key_pem.is_empty(), holds == Holds::Public, "{name}");
        }
        for (_, blob_of_another) in [(14, 15), (16, 17), (18, 19), (13, 10)] {
            if blob_of_another != blob_type {
                let error = Certificate::load(blob_of_another, &data, password, "*").unwrap_err();
                assert_eq!(error.why, KeystoreError::OtherFormat, "{name}");
            }
        }
    }
}

/// Store types for public keys ignore a private key, and need no password for it.
#[test]
fn a_store_of_public_keys_gives_no_private_key() {
    let mut data = read("rsa-with-chain.pem");
    let encrypted = super::read("pbes2-rsa-2048.pem");
    for key in [&[][..], &encrypted] {
        data.extend_from_slice(key);
        let certificate = Certificate::load(9, &data, "", "*").unwrap();
        assert!(certificate.private_key_pem.is_empty());
        assert!(certificate.subject.contains("leaf.example.com"));
    }
}

#[test]
fn a_missing_and_a_wrong_password_are_told_apart_here_too() {
    for (name, ..) in expected().into_iter().filter(|row| row.1 == Holds::Encrypted) {
        let data = read(&name);
        assert_eq!(parse(&data, "").unwrap_err(), KeystoreError::PasswordRequired, "{name}");
        for wrong in ["Secret", "secret ", "s", &"x".repeat(1000)] {
            assert_eq!(parse(&data, wrong).unwrap_err(), KeystoreError::WrongPassword, "{name}");
        }
        // the password of the key, where it is not that of the store
        let unlock = Unlock::new("another", Some(PASSWORD));
        assert!(parse(&data, unlock).unwrap().first_key().is_some(), "{name}");
    }
}

#[test]
fn other_kinds_of_keys_are_named() {
    for (name, text) in REFUSED {
        assert_eq!(parse(&read(name), PASSWORD).unwrap_err().to_string(), *text, "{name}");
    }
}

#[test]
fn keys_of_a_set_are_chosen_by_their_names() {
    let data = read("set.jwk");
    let chosen = |name: &str| Certificate::load(19, &data, "", name);
    assert_eq!(chosen("p256 key").unwrap().public_key_algorithm, "ECDSA");
    assert_eq!(chosen("ed25519 key").unwrap().public_key_algorithm, "EdDSA");
    assert_eq!(chosen("p384 key").unwrap_err().why, KeystoreError::NoMatchingSubject);
    let first = chosen("*").unwrap();
    for print in [&first.fingerprint, &first.fingerprint_sha1, &first.fingerprint_sha256] {
        let found = Certificate::load(19, &data, "", Wanted::Thumbprint(print)).unwrap();
        assert_eq!(found.fingerprint, first.fingerprint);
    }
    let none = Certificate::load(19, &data, "", Wanted::Thumbprint("00:11"));
    assert_eq!(none.unwrap_err().why, KeystoreError::NoMatchingThumbprint);
}

/// A key of an unsupported kind does not affect the others.
#[test]
fn a_set_may_hold_keys_that_cannot_be_used() {
    let text = |name| String::from_utf8(read(name)).unwrap();
    let set = format!("{{\"keys\": [{}, {}]}}", text("ed448.jwk"), text("p384.jwk"));
    let chosen = Certificate::load(19, set.as_bytes(), "", "*").unwrap();
    assert_eq!(chosen.public_key_length, 384);
    let only = format!("{{\"keys\": [{}]}}", text("ed448.jwk"));
    let error = Certificate::load(19, only.as_bytes(), "", "*").unwrap_err();
    assert_eq!(error.why, KeystoreError::UnsupportedKey("Ed448".to_owned()));
    let none = Certificate::load(19, b"{\"keys\": []}", "", "*").unwrap_err();
    assert_eq!(none.why, KeystoreError::NoKeyAndNoCertificate);
}

#[test]
fn lines_of_several_public_keys_are_chosen_by_their_comments() {
    let text = String::from_utf8(read("two.pub")).unwrap();
    let data = format!("# a comment\n\n{}", text.replacen("made for tests", "the first", 1));
    let chosen = |name: &str| Certificate::load(10, data.as_bytes(), "", name).unwrap();
    assert_eq!(chosen("*").public_key_algorithm, "ECDSA");
    assert_eq!(chosen("the first").public_key_algorithm, "ECDSA");
    assert_eq!(chosen("made for tests").public_key_algorithm, "EdDSA");
}

/// Each form of a private key of the same numbers gives the same PKCS#8.
#[test]
fn the_private_forms_of_one_key_agree() {
    let mut rows: Vec<_> = expected().into_iter().filter(|row| row.1 != Holds::Public).collect();
    rows.sort_by(|a, b| a.2.cmp(&b.2));
    let mut several = 0;
    for group in rows.chunk_by(|a, b| a.2 == b.2) {
        let keys = group.iter().map(|(name, ..)| {
            into_key(parse(&read(name), PASSWORD).unwrap()).unwrap().pkcs8().to_vec()
        });
        let keys: Vec<_> = keys.collect();
        assert!(keys.iter().all(|key| *key == keys[0]), "{:?}", group[0].0);
        several += usize::from(keys.len() > 1);
    }
    // RSA, DSA, three curves, Ed25519
    assert_eq!(several, 6);
}

/// The optional numbers of RSA may be missing; the primes may not.
#[test]
fn rsa_without_its_coefficient() {
    let mut json: serde_json::Value = serde_json::from_slice(&read("node-rsa.jwk")).unwrap();
    let whole = into_key(parse(&read("node-rsa.jwk"), "").unwrap()).unwrap();
    for name in ["qi", "dp", "dq"] {
        json.as_object_mut().unwrap().remove(name);
    }
    let key = into_key(parse(json.to_string().as_bytes(), "").unwrap()).unwrap();
    assert_eq!(key.pkcs8(), whole.pkcs8());
    json.as_object_mut().unwrap().remove("p");
    let error = parse(json.to_string().as_bytes(), "").unwrap_err();
    assert_eq!(error, KeystoreError::UnsupportedKey("RSA without its primes".into()));
}

/// XML Signature 1.1 and RFC 4050, and the first with the private number added. The point is that of
/// ecdsa-256.pub.
#[test]
fn elliptic_curve_keys_in_xml() {
    let contents = parse(&read("ecdsa-256-v3.ppk"), "").unwrap();
    let key = contents.first_key().unwrap();
    let KeyMaterial::Ecdsa { scalar, point, .. } = key.material() else {
        panic!("another kind of key");
    };
    let base64 = |bytes: &[u8]| base64ct::Base64::encode_string(bytes);
    let decimal = |bytes: &[u8]| {
        let mut digits = vec![0_u8];
        for byte in bytes {
            let mut carry = u32::from(*byte);
            for digit in &mut digits {
                let value = u32::from(*digit) * 256 + carry;
                *digit = (value % 10) as u8;
                carry = value / 10;
            }
            while carry > 0 {
                digits.push((carry % 10) as u8);
                carry /= 10;
            }
        }
        digits.iter().rev().map(|digit| char::from(b'0' + digit)).collect::<String>()
    };
    let curve = "urn:oid:1.2.840.10045.3.1.7";
    let modern = |end: &str, point: &[u8]| {
        format!(
            "<?xml version=\"1.0\"?><KeyInfo><KeyValue><e:ECKeyValue xmlns:e=\
             \"http://www.w3.org/2009/xmldsig11#\">\n <e:NamedCurve URI=\"{curve}\"/>\n\
             <e:PublicKey>{}</e:PublicKey>{end}</e:ECKeyValue></KeyValue></KeyInfo>",
            base64(point),
        )
    };
    let rfc4050 = format!(
        "<ECDSAKeyValue xmlns=\"http://www.w3.org/2001/04/xmldsig-more#\"><DomainParameters>\
         <NamedCurve URN=\"{curve}\" /></DomainParameters><PublicKey>\
         <X Value=\"{}\" /><Y Value=\"{}\" /></PublicKey></ECDSAKeyValue>",
        decimal(&point[1..33]),
        decimal(&point[33..]),
    );
    for public in [modern("", point), modern("", &point[1..]), rfc4050] {
        let read = parse(public.as_bytes(), "").unwrap();
        assert!(read.first_key().is_none());
        assert_eq!(read.entries[0].public().as_ref(), Some(key.public()), "{public}");
    }
    let private =
        modern(&format!("<e:PrivateKey>{}</e:PrivateKey>", base64(scalar.expose())), point);
    let read = parse(private.as_bytes(), "").unwrap();
    assert_eq!(read.first_key().unwrap().pkcs8(), key.pkcs8());
    let explicit = "<ECKeyValue><ECParameters/><PublicKey>BA==</PublicKey></ECKeyValue>";
    assert_eq!(
        parse(explicit.as_bytes(), "").unwrap_err().to_string(),
        "Keys of the type EC with explicit curve parameters are not supported."
    );
}

#[test]
fn xml_with_surprises_is_refused() {
    let text = String::from_utf8(read("rsa-1024-public.xml")).unwrap();
    let deep = format!("{}{text}{}", "<a>".repeat(40), "</a>".repeat(40));
    let deeper = "<a>".repeat(100_000);
    let entity = text.replace("AQAB", "&e;");
    let declared = format!("<!DOCTYPE r [<!ENTITY e \"AQAB\">]>{text}");
    let other_end = text.replace("</Exponent>", "</Modulus>");
    let twice_open = text.replace("</RSAKeyValue>", "");
    for bad in [deep, deeper, entity, declared, other_end, twice_open] {
        let why = parse(bad.as_bytes(), "").unwrap_err();
        assert_eq!(why, KeystoreError::Malformed("XML key"), "{}", &bad[..60]);
    }
    assert_eq!(
        parse(b"<html></html>", "").unwrap_err().to_string(),
        "The data is of a form that is not supported: XML element html."
    );
    let comments: String = "A<!---->".repeat(100_000);
    let long = text.replace("AQAB", &comments);
    assert!(parse(long.as_bytes(), "").is_err());
    let attributes: String = (0..50_000).map(|number| format!("a{number}=\"\" ")).collect();
    let many = text.replace("<Exponent>", &format!("<Exponent {attributes}>"));
    assert!(parse(many.as_bytes(), "").is_ok());
}

/// A file may not ask for gigabytes or hours of Argon2, nor for more lines than it has.
#[test]
fn what_a_putty_key_may_cost_is_bounded() {
    let text = String::from_utf8(read("ed25519-argon2i.ppk")).unwrap();
    let with = |from: &str, to: &str| {
        assert!(text.contains(from));
        parse(text.replace(from, to).as_bytes(), PASSWORD).unwrap_err()
    };
    let malformed = KeystoreError::Malformed("PuTTY private key");
    for (from, to, why) in [
        ("Memory: 64", "Memory: 4294967295", KeystoreError::TooCostly),
        ("Memory: 64", "Memory: 262145", KeystoreError::TooCostly),
        ("Passes: 3", "Passes: 4294967295", KeystoreError::TooCostly),
        ("Memory: 64", "Memory: 0", malformed.clone()),
        ("Memory: 64", "Memory: -1", malformed.clone()),
        ("Passes: 3", "Passes: 0", malformed.clone()),
        ("Parallelism: 2", "Parallelism: 0", malformed.clone()),
        ("Parallelism: 2", "Parallelism: 16777215", malformed.clone()),
        ("Parallelism: 2", "Parallelism: 4294967295", malformed.clone()),
        ("Lines: 2", "Lines: 4294967295", malformed.clone()),
        ("Lines: 2", "Lines: 0", malformed.clone()),
        ("Lines: 1", "Lines: 2", malformed.clone()),
        ("Argon2i", "Argon2x", KeystoreError::UnsupportedEncryption("Argon2x".into())),
        ("aes256-cbc", "aes512", KeystoreError::UnsupportedEncryption("aes512".into())),
        ("File-3", "File-1", KeystoreError::UnsupportedFormat("PPK version 1".into())),
        ("File-3", "File-9", KeystoreError::UnsupportedFormat("PuTTY-User-Key-File-9".into())),
        // the MAC covers these
        ("made for tests", "made for fun", KeystoreError::WrongPassword),
        (": ssh-ed25519", ": ssh-rsa", KeystoreError::InconsistentKey),
    ] {
        assert_eq!(with(from, to), why, "{to}");
    }
    let plain = String::from_utf8(read("ed25519-v2.ppk")).unwrap();
    let changed = plain.replace("made for tests", "made for fun");
    assert_eq!(parse(changed.as_bytes(), "").unwrap_err(), malformed);
}
