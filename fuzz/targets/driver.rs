//! A connection of the driver over a stream that breaks, stops, and takes or gives little at any moment, while
//! the client does what clients do, and the program answers when it likes.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sshserver_fuzz::Input;
use sshserver_fuzz::driver::{Start, run};

fuzz_target!(|data: &[u8]| {
    let mut input = Input(data);
    let how = input.byte();
    let start = Start {
        logged_in: how & 1 == 0,
        compression: how & 2 != 0,
        early_rekey: how & 4 != 0,
        unwanted: if how & 1 == 0 { 0 } else { input.number() },
    };
    run(start, async |world| {
        while !input.is_empty() {
            world.step(&mut input).await;
        }
        None
    });
});
