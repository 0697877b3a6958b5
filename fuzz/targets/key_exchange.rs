//! Every key exchange method with any messages: the first byte chooses the method, chunks follow.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sshserver::crypto::kex::{KEXES, KexStep};
use sshserver::wire::Reader;
use sshserver_fuzz::{Counter, Input};

fuzz_target!(|data: &[u8]| {
    let mut input = Input(data);
    let row = KEXES[usize::from(input.byte()) % KEXES.len()];
    let mut server = (row.start)();
    let mut random = Counter(1);
    while !input.is_empty() {
        match server.handle(&mut random, input.chunk()) {
            Ok(KexStep::Reply(reply)) => assert_eq!(reply.first(), Some(&31)),
            Ok(KexStep::Finished(outcome)) => {
                // what goes into the exchange hash and the reply are whole fields
                let mut secret = Reader::new(outcome.shared_secret.expose());
                assert!(!secret.string().expect("a secret").is_empty());
                secret.finish().expect("nothing after it");
                let mut public = Reader::new(&outcome.server_public);
                public.string().expect("a public value");
                public.finish().expect("nothing after it");
                assert!(outcome.hash_fields.ends_with(&outcome.server_public));
                return;
            }
            Err(_) => return,
        }
    }
});
