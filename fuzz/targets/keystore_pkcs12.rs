//! PKCS#12 stores, with a password that fits some of the corpus.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sshserver::keystore::Certificate;

const PFX_BLOB: u32 = 3;

fuzz_target!(|data: &[u8]| {
    let _ = Certificate::load(PFX_BLOB, data, "secret1", "*");
    let _ = Certificate::load(PFX_BLOB, data, "", "*");
});
