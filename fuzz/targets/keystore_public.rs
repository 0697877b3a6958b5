//! Public keys from any bytes: PEM, DER, lines of OpenSSH, SSH2 files and blobs.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sshserver::keystore::Certificate;

fuzz_target!(|data: &[u8]| {
    for store_type in [9, 10] {
        let _ = Certificate::load(store_type, data, "secret", "*");
    }
});
