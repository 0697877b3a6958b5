//! GSSAPI: its key exchange, and its two methods of login, with any messages. Whatever comes, the program is asked
//! about a principal only when a MIC was good.

#![no_main]

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use sshserver::crypto::cipher::CIPHERS;
use sshserver::crypto::mac::MACS;
use sshserver::engine::Config;
use sshserver::wire::messages::{Message, ServiceRequest};
use sshserver_fuzz::gss::{FuzzAcceptor, Verified, kex_init, request};
use sshserver_fuzz::{CLIENT_VERSION, Input, Program, Session, config};

fuzz_target!(|data: &[u8]| {
    let mut input = Input(data);
    let verified = Verified::default();
    let mut settings = Config::clone(&config());
    settings.transport.gss = Some(Arc::new(FuzzAcceptor(verified.clone())));
    settings.auth_methods = "gssapi-with-mic,gssapi-keyex".to_owned();
    let settings = Arc::new(settings);
    let kind = input.byte();
    let mut session = if kind % 2 == 0 {
        // A key exchange.
        let mut session = Session::with(Program::ACCEPTS, settings);
        session.feed(&[CLIENT_VERSION, b"\r\n"].concat());
        session.send(&kex_init(kind / 2));
        session
    } else {
        // A login.
        let mut session = Session::encrypted_with(settings, CIPHERS[0], MACS[0]);
        session.send(&ServiceRequest { service_name: "ssh-userauth" }.encode());
        session
    };
    session.program = Program::from(input.byte());
    while !input.is_empty() && !session.connection.is_ended() {
        let payload = match input.byte() % 6 {
            0 => request(
                "gssapi-with-mic",
                b"\0\0\0\x01\0\0\0\x0b\x06\x09\x2a\x86\x48\x86\xf7\x12\x01\x02\x02",
            ),
            1 => request("gssapi-with-mic", input.chunk()),
            2 => request("gssapi-keyex", input.chunk()),
            // A number with one string.
            3 => {
                let number = input.byte();
                let token = input.chunk();
                let len = u32::try_from(token.len()).expect("a length of two bytes");
                [&[number][..], &len.to_be_bytes(), token].concat()
            }
            _ => input.chunk().to_vec(),
        };
        session.send(&payload);
    }
    assert!(session.asked_principals <= verified.count(), "asked without a MIC");
    session.finish();
});
