//! Tunnels of the driver: both of their ends send, read, stop, half-close, close and reset at any moment, and so
//! does the client's connection.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sshserver_fuzz::Input;
use sshserver_fuzz::driver::far::Far;
use sshserver_fuzz::driver::{Start, run};

fuzz_target!(|data: &[u8]| {
    let mut input = Input(data);
    let how = input.byte();
    let start = Start {
        logged_in: true,
        compression: how & 2 != 0,
        early_rekey: how & 4 != 0,
        unwanted: 0,
    };
    run(start, async |world| {
        let mut far = Far::new(how >> 4);
        while !input.is_empty() {
            // Every step says first whose it is.
            if input.byte() & 1 == 0 {
                far.step(world, &mut input).await;
            } else {
                world.step(&mut input).await;
            }
            far.check(world);
        }
        Some(far)
    });
});
