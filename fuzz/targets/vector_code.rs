//! Our code for vector instructions beside AWS-LC: any key, any plaintext, anywhere in memory.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sshserver::crypto::differential::{Packet, Place, SUBJECTS};
use sshserver_fuzz::{Input, vector_sweep};

fuzz_target!(init: vector_sweep::if_wanted(), |data: &[u8]| {
    let mut input = Input(data);
    let (subject, alignment) = (usize::from(input.byte()), usize::from(input.byte()));
    let (sequence, draw) = (input.number(), input.number());
    let mut key = [0; 64];
    for (byte, given) in key.iter_mut().zip(input.bytes(64)) {
        *byte = *given;
    }
    // A few bytes stand for a long packet, whose length is not what a fuzzer is good at.
    let pattern = input.chunk();
    let len = usize::try_from(input.number() % 70_001).expect("a length");
    let plain: Vec<u8> = if pattern.is_empty() {
        vec![0; len]
    } else {
        pattern.iter().copied().cycle().take(len.max(pattern.len())).collect()
    };
    let subject = &SUBJECTS[subject % SUBJECTS.len()];
    let packet = Packet { key: &key, sequence, plain: &plain };
    if let Some(mut compare) = (subject.compare)(packet) {
        compare(Place { alignment, draw: usize::try_from(draw).expect("a number") });
    }
});
