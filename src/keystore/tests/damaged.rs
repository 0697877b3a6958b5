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
        // a complete block before the cut is a complete answer
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
