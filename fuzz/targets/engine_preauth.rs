//! A stranger: whatever anyone can send before the login, in clear and after the first key exchange.

#![no_main]

use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use sshserver::crypto::cipher::CIPHERS;
use sshserver::crypto::mac::MACS;
use sshserver_fuzz::{CLIENT_VERSION, Input, Program, Session};

fuzz_target!(|data: &[u8]| {
    let mut input = Input(data);
    let mut session = match input.byte() % 3 {
        // Bytes from the first one on.
        0 => {
            let mut session = Session::new(Program::ACCEPTS);
            session.feed(input.chunk());
            session
        }
        // Packets in clear.
        1 => {
            let mut session = Session::new(Program::ACCEPTS);
            session.feed(&[CLIENT_VERSION, b"\r\n"].concat());
            session
        }
        _ => Session::encrypted(CIPHERS[0], MACS[0]),
    };
    session.program = Program::from(input.byte());
    while !input.is_empty() && !session.connection.is_ended() {
        match input.byte() % 8 {
            0 => session.feed(input.chunk()),
            1 => session.program = Program::from(input.byte()),
            2 => session.wait(Duration::from_secs(u64::from(input.byte()))),
            3 => session.command(|connection, _, ticket| connection.exchange_keys(ticket)),
            _ => session.send(input.chunk()),
        }
    }
    session.finish();
});
