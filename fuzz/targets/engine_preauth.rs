//! A client before authentication, in clear and sealed. The first byte chooses the stage and the
//! suite; the rest is raw bytes in clear, or packets with a length byte each for the client to seal.
//! Nobody gets in, whatever comes; after the end nothing comes out.

#![no_main]
#![allow(dead_code, reason = "a target uses what it needs of the common part")]

#[path = "../../tests/common/mod.rs"]
mod common;

use common::client::Offer;
use common::config;
use common::pair::Pair;
use common::program::{Program, verdict};
use libfuzzer_sys::fuzz_target;

const SUITES: [(&str, &str, &str); 4] = [
    ("aes128-gcm@openssh.com", "hmac-sha2-256", "none"),
    ("chacha20-poly1305@openssh.com", "hmac-sha2-256", "none"),
    ("aes128-ctr", "hmac-sha2-256", "zlib"),
    ("aes128-ctr", "hmac-sha2-256-etm@openssh.com", "none"),
];

fuzz_target!(|input: &[u8]| {
    let Some((&choice, mut rest)) = input.split_first() else {
        return;
    };
    let (cipher, mac, compression) = SUITES[usize::from(choice >> 2) % SUITES.len()];
    let mut offer = Offer::default().cipher(cipher).mac(mac).compression(compression);
    if choice & 0x80 != 0 {
        offer = offer.plain();
    }
    let program = Program::judging(|_| Some(verdict(false)));
    let mut pair = Pair::new(config(), offer, program);
    match choice & 3 {
        0 => {}
        1 => {
            pair.client.automatic = false;
            pair.exchange_keys();
        }
        2 => pair.handshake(),
        _ => pair.start_authentication(),
    }
    if choice & 3 == 0 {
        pair.client.out.extend_from_slice(rest);
        pair.run_without_client();
    }
    while choice & 3 != 0
        && let Some((&len, after)) = rest.split_first()
        && let Some((payload, after)) = after.split_at_checked(usize::from(len).min(after.len()))
        && pair.ended().is_none()
    {
        rest = after;
        pair.client.send_now(if payload.is_empty() { &[2] } else { payload });
        pair.run_without_client();
    }
    assert!(!pair.server.is_authenticated());
    pair.client.received.clear();
    pair.server.handle_eof(pair.now);
    pair.run_without_client();
    assert!(pair.ended().is_some());
    pair.assert_silent();
});
