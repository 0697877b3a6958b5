//! Every file of tests/vectors/pbe: one key in each encryption that OpenSSL offers for it.

use super::*;

/// What is not in this table is read.
#[rustfmt::skip]
const REFUSED: &[(&str, &str)] = &[
    ("dek-aes-256-cfb.pem", "AES-256-CFB"),
    ("dek-desx-cbc.pem", "DESX-CBC"),
    ("dek-seed-cbc.pem", "SEED-CBC"),
    ("dek-sm4-cbc.pem", "SM4-CBC"),
    ("v2-aes-256-cfb.pem", "2.16.840.1.101.3.4.1.44"),
    ("v2-seed-cbc.pem", "cipher 1.2.410.200004.1.4"),
    ("v2-sm4-cbc.pem", "cipher 1.2.156.10197.1.104.2"),
];

/// OpenSSL writes 52 of them.
fn files() -> Vec<(String, Vec<u8>)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/pbe");
    let mut names: Vec<String> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".pem"))
        .collect();
    names.sort_unstable();
    assert!(names.len() > 50, "{names:?}");
    names.into_iter().map(|name| (name.clone(), fs::read(folder.join(name)).unwrap())).collect()
}

fn expected_print(name: &str) -> &'static str {
    if name.starts_with("dek") { P256_KEY } else { ED25519_KEY }
}

fn refused(name: &str) -> Option<&'static str> {
    let row = REFUSED.iter().find(|row| row.0 == name);
    row.map(|row| row.1)
}

#[test]
fn every_encryption_of_openssl_is_read_or_named() {
    for (name, data) in files() {
        match (parse(&data, PASSWORD), refused(&name)) {
            (Ok(contents), None) => {
                let key = contents.first_key().unwrap();
                assert_eq!(fingerprint(&key.public_blob()), expected_print(&name), "{name}");
            }
            (Err(KeystoreError::UnsupportedEncryption(what)), Some(expected)) => {
                assert_eq!(what, expected, "{name}");
            }
            (result, _) => panic!("{name}: {result:?}"),
        }
    }
    for (name, _) in REFUSED {
        assert!(files().iter().any(|file| file.0 == *name), "{name}");
    }
}

#[test]
fn passwords_are_told_from_damage() {
    for (name, data) in files() {
        if refused(&name).is_some() {
            continue;
        }
        let with = |password: &str| parse(&data, password).unwrap_err();
        assert_eq!(with(""), KeystoreError::PasswordRequired, "{name}");
        for number in 0..20 {
            let wrong = format!("wrong {number}");
            assert_eq!(with(&wrong), KeystoreError::WrongPassword, "{name} {wrong}");
        }
    }
}

#[test]
fn damaged_encryption_does_no_harm() {
    for (name, data) in files() {
        let text = String::from_utf8(data).unwrap();
        let lines: Vec<&str> = text.lines().filter(|line| !line.contains(['-', ':'])).collect();
        let der = base64ct::Base64::decode_vec(&lines.concat()).unwrap();
        if name.starts_with("dek") {
            continue;
        }
        for len in 0..der.len() {
            assert!(parse(&der[..len], PASSWORD).is_err(), "{name} cut to {len}");
        }
        // the parameters come first
        for index in 0..der.len().min(120) {
            for flip in [1, 4, 0x80, 0xff] {
                let mut bad = der.clone();
                bad[index] ^= flip;
                // nothing authenticates the key, so a flip in the IV may lead to another one
                let result = parse(&bad, PASSWORD);
                assert!(index >= 45 || result.is_err(), "{name} {index}");
            }
        }
    }
}
