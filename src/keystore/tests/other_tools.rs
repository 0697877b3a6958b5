//! Every file of tests/vectors/other-tools, made by its make.sh: rare forms that ssh-keygen loads, and
//! Dropbear's own, against the fingerprints it prints; and keys that cannot serve.

use super::*;
use crate::crypto::signature::PrivateKey;

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/other-tools").join(name)
}

fn read(name: &str) -> Vec<u8> {
    fs::read(path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn expected() -> Vec<(String, String)> {
    let text = String::from_utf8(read("expected.txt")).unwrap();
    let row = |line: &str| line.split_once(' ').map(|(a, b)| (a.to_owned(), b.to_owned()));
    text.lines().filter_map(row).collect()
}

#[test]
fn every_file_is_looked_at() {
    let mut named: Vec<String> = expected().into_iter().map(|row| row.0).collect();
    named.extend(["dsa-q224.pem", "expected.txt", "make.sh", "rsa-768.pem"].map(str::to_owned));
    named.sort_unstable();
    let mut present: Vec<String> = fs::read_dir(path(""))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    present.sort_unstable();
    assert_eq!(named, present);
}

#[test]
fn every_key_is_the_one_that_ssh_keygen_prints_and_signs() {
    for (name, print) in expected() {
        let contents = parse(&read(&name), "").unwrap_or_else(|why| panic!("{name}: {why}"));
        let public = contents.entries[0].public().unwrap_or_else(|| panic!("{name}: no key"));
        assert_eq!(fingerprint(&public.ssh_blob()), print, "{name}");
        let Some(key) = into_key(contents) else {
            assert!(name.contains("spki"), "{name}");
            continue;
        };
        // what is written out again is the same key
        let certificate = Certificate::load(7, &read(&name), "", "*").unwrap();
        let again = parse(certificate.private_key_pem.as_bytes(), "").unwrap();
        assert_eq!(fingerprint(&into_key(again).unwrap().public_blob()), print, "{name}");
        let key = PrivateKey::new(key.material()).unwrap_or_else(|why| panic!("{name}: {why}"));
        for algorithm in key.algorithms() {
            let row = crate::crypto::signature::by_name(algorithm).unwrap();
            let signature = key.sign(algorithm, b"message").unwrap();
            let verified =
                crate::crypto::signature::verify(row, key.public_blob(), b"message", &signature);
            assert_eq!(verified, Ok(()), "{name} {algorithm}");
        }
    }
}

#[test]
fn a_curve_that_is_not_the_named_one_in_every_number_is_refused() {
    for name in ["ecdsa-256-explicit.pem", "ecdsa-256-explicit-pkcs8.pem"] {
        let text = String::from_utf8(read(name)).unwrap();
        let body: String = text.lines().filter(|line| !line.starts_with('-')).collect();
        let der = base64ct::Base64::decode_vec(&body).unwrap();
        // prime, a, b, generator and order begin with these bytes; the seed is of no consequence
        for start in [
            &[0xff, 0xff, 0xff, 0xff, 0, 0, 0, 1, 0][..],
            &[0x5a, 0xc6, 0x35, 0xd8],
            &[0x6b, 0x17, 0xd1, 0xf2],
            &[0x4f, 0xe3, 0x42, 0xe2],
            &[0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff],
        ] {
            let at = der.windows(start.len()).position(|it| it == start).unwrap();
            let mut other = der.clone();
            other[at + 20] ^= 2;
            let why = parse(&other, "").unwrap_err().to_string();
            let expected = "Keys of the type EC with explicit curve parameters are not supported.";
            assert_eq!(why, expected, "{name} {start:?}");
        }
    }
}

#[test]
fn a_key_of_three_primes_has_to_belong_together() {
    let text = String::from_utf8(read("rsa-three-primes.pem")).unwrap();
    let body: String = text.lines().filter(|line| !line.starts_with('-')).collect();
    let der = base64ct::Base64::decode_vec(&body).unwrap();
    let mut other = der.clone();
    // within d, which begins behind n and e
    other[400] ^= 2;
    let key = parse(&other, "").ok().and_then(into_key).unwrap();
    assert!(PrivateKey::new(key.material()).is_err());
}

#[test]
fn keys_that_cannot_sign_say_why() {
    for (name, why) in [
        ("rsa-768.pem", "Keys of the type RSA with 768 bits (fewer than 1024) are not supported."),
        ("dsa-q224.pem", "Keys of the type DSA with a q of 224 bits (not 160) are not supported."),
    ] {
        let refused = Certificate::load(7, &read(name), "", "*").unwrap_err();
        assert_eq!(refused.why.to_string(), why, "{name}");
    }
}

#[test]
fn a_byte_order_mark_stands_before_any_text() {
    let text_keys =
        ["ed25519-v3.ppk", "ed25519.pub", "ed25519.rfc4716", "ed25519.jwk", "rsa-2048.xml"];
    for name in text_keys {
        let plain = text_keys::read(name);
        let marked = [&[0xef, 0xbb, 0xbf], &plain[..]].concat();
        let print = |data: &[u8]| {
            let contents = parse(data, "").unwrap_or_else(|why| panic!("{name}: {why}"));
            fingerprint(&contents.entries[0].public().unwrap().ssh_blob())
        };
        assert_eq!(print(&marked), print(&plain), "{name}");
    }
}

#[test]
fn a_line_may_have_several_spaces() {
    let line = String::from_utf8(text_keys::read("ed25519.pub")).unwrap();
    let print = |data: &str| {
        let contents = parse(data.as_bytes(), "").unwrap();
        let entry = &contents.entries[0];
        (fingerprint(&entry.public().unwrap().ssh_blob()), entry.name.clone())
    };
    let spaced = line.replacen(' ', "  \t ", 2);
    assert_eq!(print(&spaced), print(&line));
}

/// Dropbear's form is told from a public key, and nothing of it is taken cut short or with more behind.
#[test]
fn dropbear_keys_are_whole() {
    for name in ["dropbear-rsa", "dropbear-dss", "dropbear-ecdsa", "dropbear-ed25519"] {
        let data = read(name);
        for len in 0..data.len() {
            let cut = parse(&data[..len], "").ok();
            assert!(cut.is_none_or(|contents| contents.first_key().is_none()), "{name} {len}");
        }
        let longer = [&data[..], &[0]].concat();
        assert!(parse(&longer, "").is_err(), "{name}");
        // the public half beside the private one has to be its own
        let mut other = data.clone();
        let last = other.len() - 1;
        other[last] ^= 1;
        if name == "dropbear-ed25519" {
            assert_eq!(parse(&other, "").unwrap_err(), KeystoreError::InconsistentKey);
        }
    }
}

#[test]
fn a_store_of_certificates_takes_no_private_key() {
    let key = super::read("pkcs8-ed25519.pem");
    for number in [12, 8, 9] {
        let loaded = Certificate::load(number, &key, "", "*");
        assert!(loaded.is_err(), "{number}");
    }
    let both = super::read("key-and-certificate-ecdsa-256.pem");
    let certificate = Certificate::load(12, &both, "", "*").unwrap();
    assert!(certificate.private_key_pem.is_empty() && !certificate.subject.is_empty());
}
