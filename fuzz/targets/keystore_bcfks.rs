//! BCFKS stores, with a password that fits the corpus.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sshserver::keystore::Certificate;

const BCFKS_BLOB: u32 = 22;

fuzz_target!(|data: &[u8]| {
    let _ = Certificate::load(BCFKS_BLOB, data, "secret1", "*");
});
