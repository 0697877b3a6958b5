//! Key revocation lists: any bytes are a list or are refused, and a list answers for any key.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sshserver::keystore::RevocationList;
use sshserver_fuzz::Input;

fuzz_target!(|data: &[u8]| {
    let mut input = Input(data);
    let blob = input.chunk().to_vec();
    if let Ok(list) = RevocationList::parse(input.0) {
        assert_eq!(list.revokes(&blob), list.revokes(&blob));
    }
    // What is behind the head is reached more often with a head that is right.
    let head = [b"SSHKRL\n\0\0\0\0\x01".as_slice(), &[0; 32]].concat();
    if let Ok(list) = RevocationList::parse(&[&head, input.0].concat()) {
        assert_eq!(list.revokes(&blob), list.revokes(&blob));
    }
});
