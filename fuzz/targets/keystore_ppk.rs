//! PuTTY keys from any bytes, with the password of the encrypted ones in the corpus.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sshserver::keystore::Certificate;

fuzz_target!(|data: &[u8]| {
    for store_type in [15] {
        let _ = Certificate::load(store_type, data, "secret", "*");
    }
});
