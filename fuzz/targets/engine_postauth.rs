//! An authenticated client and its program, each doing anything: the input is a list of steps, a
//! byte that chooses and its arguments. Every ticket comes to exactly one end, the end is last.

#![no_main]
#![allow(dead_code, reason = "a target uses what it needs of the common part")]

#[path = "../../tests/common/mod.rs"]
mod common;

use std::time::Duration;

use common::client::Offer;
use common::config;
use common::pair::Pair;
use common::program::Program;
use libfuzzer_sys::fuzz_target;
use sshserver::engine::{Answer, ChannelId, SendMode};
use sshserver::error::DisconnectReason;

fuzz_target!(|input: &[u8]| {
    let Some((&choice, rest)) = input.split_first() else {
        return;
    };
    let mut offer = Offer::default();
    if choice & 1 != 0 {
        offer = offer.cipher("aes128-ctr").mac("hmac-sha2-256");
    }
    if choice & 2 != 0 {
        offer = offer.compression("zlib@openssh.com");
    }
    let mut program = Program::default();
    program.echo = choice & 4 != 0;
    program.consume = choice & 8 == 0;
    if choice & 16 != 0 {
        program.request = Box::new(|_, _| None);
    }
    if choice & 32 != 0 {
        program.open = Box::new(|_, _| None);
    }
    let mut config = config();
    if choice & 64 != 0 {
        config.transport.rekey.packets = 20;
    }
    let mut pair = Pair::new(config, offer, program);
    pair.login();
    pair.take_numbers();
    let mut bytes = rest.iter().copied();
    while pair.ended().is_none()
        && let Some(step) = bytes.next()
    {
        let mut next = || bytes.next().unwrap_or_default();
        let channel = ChannelId(u32::from(next() % 4));
        match step % 16 {
            // a message of the client
            0..8 => {
                let len = usize::from(next());
                let payload: Vec<u8> = bytes.by_ref().take(len).collect();
                let payload = if payload.is_empty() { vec![2] } else { payload };
                pair.client.out_of_step |= (20..50).contains(&payload[0]);
                pair.client.send_now(&payload);
            }
            8 => {
                let len = u32::from(next()) << (next() % 12);
                let ticket = pair.ticket();
                let mode = match next() % 3 {
                    0 => SendMode::NoWait,
                    1 => SendMode::Wait(None),
                    _ => SendMode::Wait(Some(Duration::from_secs(u64::from(next())))),
                };
                let data_type = (next() % 4 == 0).then_some(1);
                let data = vec![step; len as usize].into();
                let sent = pair.server.send_data(pair.now, channel, data_type, data, mode, ticket);
                if sent.is_err() {
                    pair.forget(ticket);
                }
            }
            9 => {
                let (number, len) = (next(), usize::from(next()));
                let payload: Vec<u8> = bytes.by_ref().take(len).collect();
                let ticket = pair.ticket();
                let mode = SendMode::NoWait;
                let sent =
                    pair.server.send_packet(pair.now, channel, number, &payload, mode, ticket);
                // the failure that ends a connection ends its ticket too, in one of two ways
                if sent.is_err() {
                    pair.forget(ticket);
                }
            }
            10 => {
                let ticket = pair.ticket();
                let sent = if next() % 2 == 0 {
                    pair.server.send_eof(pair.now, channel, ticket)
                } else {
                    pair.server.close_channel(pair.now, channel, ticket)
                };
                if sent.is_err() {
                    pair.forget(ticket);
                }
            }
            11 => {
                let ticket = pair.ticket();
                if pair.server.open_channel(pair.now, "x", b"fields", ticket).is_err() {
                    pair.forget(ticket);
                }
            }
            12 => {
                if next() % 2 == 0 {
                    let ticket = pair.ticket();
                    if pair.server.exchange_keys(pair.now, ticket).is_err() {
                        pair.forget(ticket);
                    }
                } else if pair.client.kex_inits[0].is_none() {
                    pair.client.send_kex_init();
                }
            }
            13 => {
                pair.now += Duration::from_secs(u64::from(next()));
                pair.server.handle_timeout(pair.now);
            }
            14 => pair.server.consumed(pair.now, channel, usize::from(next()) << 8),
            _ => {
                if !pair.program.open_questions.is_empty() {
                    let accept = next() % 2 == 0;
                    pair.answer_open_question(Answer::Accept(accept));
                } else if next() % 32 == 0 {
                    let reason = DisconnectReason::ByApplication;
                    pair.server.disconnect(pair.now, reason, "enough");
                }
            }
        }
        pair.run_until_kex_is_out_of_step();
    }
    pair.client.received.clear();
    pair.server.handle_eof(pair.now);
    pair.run_without_client();
    assert!(pair.ended().is_some());
    pair.assert_silent();
});
