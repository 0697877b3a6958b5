//! JKS and JCEKS stores. The keyed hash at their end is made here, or nothing but it would be tried.

#![no_main]

use aws_lc_rs::digest;
use libfuzzer_sys::fuzz_target;
use sshserver::keystore::Certificate;

const JKS_BLOB: u32 = 5;
const PASSWORD: &str = "secret1";

fuzz_target!(|data: &[u8]| {
    let mut keyed: Vec<u8> = PASSWORD.encode_utf16().flat_map(u16::to_be_bytes).collect();
    keyed.extend_from_slice(b"Mighty Aphrodite");
    keyed.extend_from_slice(data);
    let hash = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, &keyed);
    let store = [data, hash.as_ref()].concat();
    let _ = Certificate::load(JKS_BLOB, &store, PASSWORD, "*");
});
