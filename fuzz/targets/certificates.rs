//! Certificates, public keys and signatures from any bytes.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sshserver::crypto::signature::{Certificate, SIGNATURES, rsa_bits, verify};
use sshserver::wire::Reader;
use sshserver_fuzz::Input;

fuzz_target!(|data: &[u8]| {
    let mut input = Input(data);
    let (blob, message, signature) = (input.chunk(), input.chunk(), input.chunk());
    let _ = rsa_bits(blob);
    if let Ok(certificate) = Certificate::parse(blob) {
        let mut key = Reader::new(&certificate.key_blob);
        let plain_type = key.text().expect("the type of the key");
        assert!(SIGNATURES.iter().any(|row| row.plain.is_none() && row.key_type == plain_type));
        assert!(certificate.principals.len() <= 256);
        // it ends where the blob ends, so no part of it is one too
        assert!(Certificate::parse(&blob[..blob.len() - 1]).is_err());
    }
    let _ = Certificate::verified(blob);
    for row in SIGNATURES {
        let _ = verify(row, blob, message, signature);
    }
});
