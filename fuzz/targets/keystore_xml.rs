//! XML keys from any bytes.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sshserver::keystore::Certificate;

fuzz_target!(|data: &[u8]| {
    for store_type in [17] {
        let _ = Certificate::load(store_type, data, "secret", "*");
    }
});
