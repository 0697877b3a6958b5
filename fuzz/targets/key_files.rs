//! Key and certificate files from any bytes, with a password that fits some of the corpus.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sshserver::keystore;

fuzz_target!(|data: &[u8]| {
    let _ = keystore::parse(data, "password");
});
