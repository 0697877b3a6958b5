//! Every algorithm of every registry completes a handshake, a second key exchange and an echo.

use std::sync::Arc;

use sshserver::crypto::cipher::CIPHERS;
use sshserver::crypto::compression::COMPRESSIONS;
use sshserver::crypto::kex::KEXES;
use sshserver::crypto::mac::MACS;
use sshserver::crypto::signature::SIGNATURES;
use sshserver::wire::messages::ServiceRequest;

use crate::common::client::Offer;
use crate::common::gss::gss_config;
use crate::common::pair::Pair;
use crate::common::program::Program;
use crate::common::{config, dsa, ed25519, key_file, pattern};

/// Login, echo, new keys by the client, echo.
fn session(mut pair: Pair) {
    pair.login();
    let channel = pair.open(3);
    for len in [1, 1000, 40_000] {
        let data = pattern(len);
        pair.send_from_client(channel, &data);
        assert_eq!(pair.take_data(3), data);
    }
    pair.client.send_kex_init();
    pair.run();
    assert_eq!(pair.client.exchanges, 2);
    let data = pattern(50_000);
    pair.send_from_client(channel, &data);
    assert_eq!(pair.take_data(3), data);
    pair.assert_alive();
}

fn pair(offer: Offer) -> Pair {
    Pair::new(config(), offer, Program::echoing())
}

#[test]
fn every_key_exchange_method() {
    for row in KEXES {
        for strict in ["", ",kex-strict-c-v00@openssh.com,ext-info-c"] {
            let offer = Offer::default().kex(&format!("{}{strict}", row.name));
            session(Pair::new(gss_config(), offer, Program::echoing()));
        }
    }
}

#[test]
fn every_cipher_with_every_mac() {
    for cipher in CIPHERS {
        for mac in MACS {
            session(pair(Offer::default().cipher(cipher.name).mac(mac.name)));
        }
    }
}

#[test]
fn every_cipher_without_strict_kex() {
    for cipher in CIPHERS {
        session(pair(Offer::default().plain().cipher(cipher.name)));
    }
}

#[test]
fn each_direction_has_its_own_algorithms() {
    for (one, other) in [(0, 1), (1, 4), (3, 0), (5, 3)] {
        let mut offer = Offer::default();
        offer.cipher = [CIPHERS[one].name.to_owned(), CIPHERS[other].name.to_owned()];
        offer.mac = [MACS[one % 4].name.to_owned(), MACS[(one + 1) % 4].name.to_owned()];
        offer.compression = ["zlib".to_owned(), "none".to_owned()];
        session(pair(offer));
    }
}

#[test]
fn every_compression() {
    for row in COMPRESSIONS {
        session(pair(Offer::default().compression(row.name)));
    }
}

/// Host keys and, with the same keys, users' signatures. Certificates and keys in devices have tests
/// of their own.
#[test]
fn every_signature_algorithm() {
    for row in SIGNATURES.iter().filter(|row| row.plain.is_none() && !row.security_key) {
        let key = match row.key_type {
            "ssh-ed25519" => ed25519(9),
            "ecdsa-sha2-nistp256" => key_file("openssh-ecdsa-256"),
            "ecdsa-sha2-nistp384" => key_file("openssh-ecdsa-384"),
            "ecdsa-sha2-nistp521" => key_file("openssh-ecdsa-521"),
            "ssh-rsa" => key_file("openssh-rsa-2048"),
            "ssh-dss" => dsa(),
            other => panic!("no key for {other}"),
        };
        let key = Arc::new(key);
        let mut config = config();
        config.transport.host_keys = vec![key.clone()];
        let mut pair = Pair::new(config, Offer::default().host_key(row.name), Program::echoing());
        pair.handshake();
        assert_eq!(pair.client.host_key_blob, key.public_blob());
        pair.say(&ServiceRequest { service_name: "ssh-userauth" });
        pair.try_key(&key, row.name, false);
        pair.try_key(&key, row.name, true);
        assert!(pair.server.peer().is_authenticated, "{row:?}: {:?}", pair.program.seen);
        pair.take_numbers();
        let channel = pair.open(0);
        pair.send_from_client(channel, b"hello");
        assert_eq!(pair.take_data(0), b"hello");
    }
}
