//! Every file cut short and with flipped bits: nothing panics, nothing is mistaken for another key.

use super::*;

#[test]
fn truncated_files_are_refused() {
    let plain = PLAIN.iter().map(|row| (row.0, ""));
    let encrypted = ENCRYPTED.iter().map(|row| (row.0, PASSWORD));
    let certificates = CERTIFICATES.iter().map(|name| (*name, ""));
    for (name, password) in plain.chain(encrypted).chain(certificates) {
        let data = read(name);
        let whole = if name.ends_with(".der") { data.len() } else { data.trim_ascii_end().len() };
        // a cut behind a complete block leaves a complete file
        let may_be_read = name.starts_with("key-and") || name.starts_with("chain");
        for len in 0..whole {
            let result = parse(&data[..len], password);
            assert!(may_be_read || result.is_err(), "{name} cut to {len}");
        }
    }
}

/// Whatever is damaged, nothing panics; and a key of OpenSSH's format, which holds its public key
/// more than once, is never mistaken for another.
#[test]
fn damaged_files_do_no_harm() {
    let plain = PLAIN.iter().map(|row| (row, ""));
    let encrypted = ENCRYPTED.iter().map(|row| (row, PASSWORD));
    for ((name, kind, print), password) in plain.chain(encrypted) {
        // RSA keys are long, and reading one or deriving a key takes its time without optimization
        let step = match (kind, password) {
            (Kind::Rsa, _) => 31,
            (_, "") => 1,
            _ => 7,
        };
        let flips = [0x01, 0x04, 0x80].into_iter().cycle();
        let mut data = read(name);
        for (index, flip) in (0..data.len()).step_by(step).zip(flips) {
            data[index] ^= flip;
            let result = parse(&data, password);
            data[index] ^= flip;
            let key = result.ok().and_then(into_key);
            if let Some(key) = key.filter(|_| name.starts_with("openssh")) {
                assert_eq!(fingerprint(&key.public_blob()), *print, "{name} {index}");
            }
        }
    }
}

#[test]
fn damaged_certificates_do_no_harm() {
    let mut data = read("x509-ecdsa-256.der");
    let mut read_anyway = 0;
    for index in 0..data.len() {
        for flip in [0x01, 0x10, 0x80, 0xff] {
            data[index] ^= flip;
            read_anyway += usize::from(Certificate::load(9, &data, "", "*").is_ok());
            data[index] ^= flip;
        }
    }
    // the signature is not looked at, so a good part of the flips goes unnoticed
    assert!(read_anyway > 0);
    assert!(Certificate::load(9, &data, "", "*").is_ok());
}

/// Text keys cut short: what is still read is the same key, as without the end of a comment.
#[test]
fn truncated_text_keys_are_refused_or_the_same() {
    for (name, holds, print) in text_keys::expected() {
        let data = text_keys::read(&name);
        let password = if holds == text_keys::Holds::Encrypted { PASSWORD } else { "" };
        let checked = [".ppk", ".xml", ".jwk", ".der"].iter().any(|end| name.ends_with(end));
        let whole = if name.ends_with(".der") { data.len() } else { data.trim_ascii_end().len() };
        let step = if name.contains("rsa") { 13 } else { 3 };
        for len in (0..whole).step_by(step).chain([whole - 1]) {
            // a cut behind a complete block leaves a complete file
            if name.contains("-with-") || name.starts_with("chain") {
                continue;
            }
            let Ok(contents) = parse(&data[..len], password) else {
                continue;
            };
            assert!(!checked, "{name} cut to {len}");
            let public = contents.entries[0].public().unwrap();
            assert_eq!(fingerprint(&public.ssh_blob()), print, "{name} cut to {len}");
        }
    }
}

/// Whatever is damaged, nothing panics; and a key whose file has a MAC is never mistaken for another.
#[test]
fn damaged_text_keys_do_no_harm() {
    for (name, holds, print) in text_keys::expected() {
        let mut data = text_keys::read(&name);
        let password = if holds == text_keys::Holds::Encrypted { PASSWORD } else { "" };
        let step = if name.contains("rsa") { 29 } else { 3 };
        let flips = [0x01, 0x04, 0x20, 0x80, 0x10].into_iter().cycle();
        for (index, flip) in (0..data.len()).step_by(step).zip(flips) {
            data[index] ^= flip;
            let result = parse(&data, password);
            data[index] ^= flip;
            if let Ok(contents) = result
                && name.ends_with(".ppk")
            {
                let key = contents.first_key().unwrap();
                assert_eq!(fingerprint(&key.public_blob()), print, "{name} {index}");
            }
        }
    }
}

/// Not the content of any file: what a parser could choke on.
#[test]
fn nonsense_is_refused() {
    let deep_json = format!("{{\"keys\":{}{}}}", "[".repeat(200_000), "]".repeat(200_000));
    let deep_object = "{\"a\":".repeat(100_000);
    let huge_number = format!("{{\"kty\":{}}}", "9".repeat(900_000));
    let many_keys = format!("{{\"keys\":[{}{{}}]}}", "{},".repeat(300_000));
    let many_elements = format!("<RSAKeyValue>{}</RSAKeyValue>", "<a/>".repeat(200_000));
    let long_line = format!("ssh-ed25519 AAAA{}", "A".repeat(1_000_000));
    let header = format!("---- BEGIN SSH2 PUBLIC KEY ----\nA: {}", "\\\nx".repeat(300_000));
    let ppk = format!("PuTTY-User-Key-File-3: {}", "x".repeat(1_000_000));
    let lengths = [&b"\0\0\0\x07ssh-rsa"[..], &[0xff; 40]].concat();
    let longer = [&b"\0\0\0\x0bssh-ed25519\0\0\0\x20"[..], &[7; 33]].concat();
    let texts =
        [deep_json, deep_object, huge_number, many_keys, many_elements, long_line, header, ppk];
    for data in texts.iter().map(String::as_bytes).chain([&lengths[..], &longer]) {
        let start = String::from_utf8_lossy(&data[..data.len().min(40)]).into_owned();
        assert!(Certificate::load(99, data, "", "*").is_err(), "{start}");
    }
}
