//! Random bytes at every stage, from fixed seeds: there is no panic, and an ended connection stays ended.

use crate::common::FixedRandom;
use crate::common::client::Offer;
use crate::common::config;
use crate::common::pair::Pair;
use crate::common::program::Program;

const SUITES: [(&str, &str, &str); 4] = [
    ("chacha20-poly1305@openssh.com", "hmac-sha2-256", "none"),
    ("aes256-gcm@openssh.com", "hmac-sha2-256", "zlib"),
    ("aes128-ctr", "hmac-sha2-512", "none"),
    ("aes128-ctr", "hmac-sha2-256-etm@openssh.com", "zlib@openssh.com"),
];

fn at(stage: usize, suite: usize, strict: bool) -> Pair {
    let (cipher, mac, compression) = SUITES[suite % SUITES.len()];
    let mut offer = Offer::default().cipher(cipher).mac(mac).compression(compression);
    if !strict {
        offer = offer.plain();
    }
    let mut pair = Pair::new(config(), offer, Program::echoing());
    match stage {
        0 => {}
        1 => pair.client.send_version(),
        2 => {
            pair.client.automatic = false;
            pair.exchange_keys();
        }
        3 => pair.handshake(),
        4 => pair.start_authentication(),
        _ => {
            pair.login();
            pair.open(4);
            if stage > 5 {
                pair.client.automatic = false;
                pair.client.send_kex_init();
                pair.run();
            }
        }
    }
    pair
}

const STAGES: usize = 7;

/// Ends the connection if it has not ended, and looks whether it is over.
fn finish(mut pair: Pair) {
    pair.client.received.clear();
    pair.server.handle_eof();
    pair.run();
    assert!(pair.ended().is_some());
    pair.assert_silent();
}

#[test]
fn random_bytes() {
    for seed in 0..200 {
        let mut random = FixedRandom::new(seed);
        let mut pair = at(seed as usize % STAGES, seed as usize / STAGES, seed % 2 == 0);
        for _ in 0..5 {
            let len = random.below(2000);
            let bytes = random.bytes(len);
            pair.client.out.extend_from_slice(&bytes);
            pair.run();
        }
        finish(pair);
    }
}

/// Sealed as they have to be, but with anything in them.
#[test]
fn random_payloads() {
    for seed in 1000..1300 {
        let mut random = FixedRandom::new(seed);
        let mut pair = at(seed as usize % STAGES, seed as usize / STAGES, seed % 2 == 0);
        for _ in 0..20 {
            let len = 1 + random.below(100);
            let mut payload = random.bytes(len);
            // small numbers lead further
            for byte in &mut payload[1..] {
                if *byte & 3 != 0 {
                    *byte &= 7;
                }
            }
            if random.below(2) == 0 {
                let numbers = [2, 4, 5, 7, 20, 21, 30, 50, 61, 80, 90, 93, 94, 95, 96, 97, 98, 99];
                payload[0] = numbers[random.below(numbers.len())];
            }
            pair.client.send_now(&payload);
            pair.run_without_client();
        }
        finish(pair);
    }
}

/// Whole messages, with a byte changed, cut, doubled or moved.
#[test]
fn changed_messages() {
    let messages: [&[u8]; 12] = [
        b"\x05\0\0\0\x0cssh-userauth",
        b"\x32\0\0\0\x01u\0\0\0\x0essh-connection\0\0\0\x04none",
        b"\x32\0\0\0\x01u\0\0\0\x0essh-connection\0\0\0\x08password\0\0\0\0\x01p",
        b"\x32\0\0\0\x01u\0\0\0\x0essh-connection\0\0\0\x14keyboard-interactive\0\0\0\0\0\0\0\0",
        b"\x3d\0\0\0\x01\0\0\0\x01p",
        b"\x50\0\0\0\x0dtcpip-forward\x01\0\0\0\0\0\0\0\0",
        b"\x5a\0\0\0\x07session\0\0\0\x05\0\x10\0\0\0\0\x80\0",
        b"\x5d\0\0\0\0\0\0\x10\0",
        b"\x5e\0\0\0\0\0\0\0\x04data",
        b"\x62\0\0\0\0\0\0\0\x04exec\x01\0\0\0\x02ls",
        b"\x60\0\0\0\0",
        b"\x61\0\0\0\0",
    ];
    for seed in 5000..5300 {
        let mut random = FixedRandom::new(seed);
        let mut pair = at(3 + seed as usize % 3, seed as usize / 3, seed % 2 == 0);
        for _ in 0..30 {
            let mut payload = messages[random.below(messages.len())].to_vec();
            match random.below(6) {
                0 => {
                    let at = random.below(payload.len());
                    payload[at] = random.bytes(1)[0];
                }
                1 => {
                    let len = 1 + random.below(payload.len());
                    payload.truncate(len);
                }
                2 => payload.push(0),
                _ => {}
            }
            pair.client.send_now(&payload);
            pair.run_without_client();
        }
        finish(pair);
    }
}
