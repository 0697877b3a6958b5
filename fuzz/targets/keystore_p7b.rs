//! PKCS#7 with certificates, DER, BER and PEM.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sshserver::keystore::Certificate;

const P7B_BLOB: u32 = 12;

fuzz_target!(|data: &[u8]| {
    let _ = Certificate::load(P7B_BLOB, data, "", "*");
});
