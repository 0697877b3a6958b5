//! Strict key exchange (OpenSSH PROTOCOL section 1.10), the countermeasure to the Terrapin attack.

use sshserver::engine::StrictKex;
use sshserver::error::{DisconnectReason, PeerIncompatible, PeerMisbehaved};
use sshserver::wire::messages::{self, KexInit, Message, Unimplemented};

use crate::common::client::Offer;
use crate::common::config;
use crate::common::pair::Pair;
use crate::common::program::Program;

fn with(strict_kex: StrictKex, offer: Offer) -> Pair {
    let mut config = config();
    config.transport.strict_kex = strict_kex;
    Pair::new(config, offer, Program::default())
}

#[test]
fn strict_kex_resets_sequence_numbers_at_every_newkeys() {
    let mut pair = Pair::plain();
    pair.login();
    assert!(pair.server.peer().strict_kex);
    for exchanges in 2..=3 {
        pair.client.send_kex_init();
        pair.run();
        assert_eq!(pair.client.exchanges, exchanges);
        assert_eq!((pair.client.send_sequence, pair.client.receive_sequence), (0, 0));
        for sequence in 0..2 {
            pair.client.send_now(&[255]);
            pair.run();
            let payload = pair.take_number(messages::SSH_MSG_UNIMPLEMENTED);
            let message = Unimplemented::decode(&payload).unwrap();
            assert_eq!(message.packet_sequence_number, sequence);
        }
    }
}

#[test]
fn strict_kex_marker_is_offered_in_every_kexinit() {
    let marker = "kex-strict-s-v00@openssh.com";
    for (setting, offered) in [
        (StrictKex::Disabled, false),
        (StrictKex::Offered, true),
        (StrictKex::RejectAffected, true),
        (StrictKex::Required, true),
    ] {
        let mut pair = with(setting, Offer::default());
        let is_offered = |pair: &Pair| {
            let payload = pair.client.kex_inits[1].clone().unwrap();
            KexInit::decode(&payload).unwrap().kex_algorithms.contains(marker)
        };
        pair.run();
        assert_eq!(is_offered(&pair), offered, "{setting:?}");
        pair.login();
        assert_eq!(pair.server.peer().strict_kex, offered);
        pair.client.automatic = false;
        let ticket = pair.ticket();
        pair.server.exchange_keys(ticket).unwrap();
        pair.run();
        assert_eq!(is_offered(&pair), offered, "{setting:?}");
    }
}

/// phpseclib 2 and 3 reset their sequence numbers by what the last KEXINIT says.
#[test]
fn strict_kex_goes_on_with_clients_that_ask_each_kexinit_about_it() {
    for cipher in ["aes128-ctr", "aes128-gcm@openssh.com", "chacha20-poly1305@openssh.com"] {
        let mut pair = with(StrictKex::Offered, Offer::default().cipher(cipher));
        pair.client.strict_by_last_kex_init = true;
        pair.login();
        for by_server in [true, false] {
            if by_server {
                let ticket = pair.ticket();
                pair.server.exchange_keys(ticket).unwrap();
            } else {
                pair.client.send_kex_init();
            }
            pair.run();
            pair.assert_alive();
        }
        assert_eq!(pair.client.exchanges, 3);
    }
}

#[test]
fn strict_kex_marker_in_a_later_kexinit_changes_nothing() {
    let mut pair = Pair::new(config(), Offer::default().plain(), Program::default());
    pair.login();
    pair.client.offer = Offer::default();
    pair.client.send_kex_init();
    pair.run();
    assert_eq!(pair.client.exchanges, 2);
    assert!(!pair.server.peer().strict_kex);
    pair.assert_alive();
}

#[test]
fn strict_kex_takes_nothing_before_kexinit() {
    for payload in [&[2_u8, 0][..], &[4, 0, 0, 0, 0, 0, 0, 0, 0, 0], &[3, 0, 0, 0, 0], &[200]] {
        let mut pair = Pair::plain();
        pair.client.send_version();
        pair.client.send_now(payload);
        pair.client.send_kex_init();
        pair.run();
        let error = PeerMisbehaved::StrictKexViolation(messages::SSH_MSG_KEXINIT).into();
        pair.assert_ended(&error, Some(DisconnectReason::ProtocolError));
    }
}

#[test]
fn strict_kex_takes_nothing_else_during_the_first_exchange() {
    for number in [2, 3, 4, 5, 7, 50, 90, 33, 48, 200, 255] {
        let mut pair = Pair::plain();
        pair.client.automatic = false;
        pair.exchange_keys();
        pair.client.send_now(&[number, 0, 0, 0, 0]);
        pair.run();
        let error = PeerMisbehaved::StrictKexViolation(number).into();
        pair.assert_ended(&error, Some(DisconnectReason::ProtocolError));
    }
}

/// Between the client's last message of the method and its NEWKEYS nothing may come either.
#[test]
fn strict_kex_takes_nothing_right_before_newkeys() {
    let mut pair = Pair::plain();
    pair.client.send_version();
    pair.client.send_kex_init();
    pair.run_until_newkeys_is_due();
    pair.client.send_now(&[2]);
    pair.run();
    let error = PeerMisbehaved::StrictKexViolation(messages::SSH_MSG_IGNORE).into();
    assert_eq!(pair.ended(), Some(&error));
}

#[test]
fn strict_kex_lets_other_messages_into_later_exchanges() {
    let mut pair = Pair::plain();
    pair.login();
    pair.client.automatic = false;
    pair.client.send_kex_init();
    pair.client.send_now(&[2]);
    pair.client.automatic = true;
    pair.run();
    assert_eq!(pair.client.exchanges, 2);
    pair.assert_alive();
}

#[test]
fn strict_kex_can_be_required() {
    with(StrictKex::Required, Offer::default()).handshake();
    let mut pair = with(StrictKex::Required, Offer::default().plain());
    pair.exchange_keys();
    let error = PeerIncompatible::StrictKexRequired.into();
    pair.assert_ended(&error, Some(DisconnectReason::KeyExchangeFailed));
}

#[test]
fn affected_algorithms_can_be_rejected_without_strict_kex() {
    let reject = StrictKex::RejectAffected;
    let offer = |cipher: &str, mac: &str| Offer::default().plain().cipher(cipher).mac(mac);
    for (offer, affected) in [
        (offer("chacha20-poly1305@openssh.com", "hmac-sha2-256"), true),
        (offer("aes128-gcm@openssh.com", "hmac-sha2-256-etm@openssh.com"), false),
        (offer("aes128-ctr", "hmac-sha2-256"), false),
    ] {
        let mut pair = with(reject, offer.clone());
        pair.exchange_keys();
        if affected {
            let error = PeerIncompatible::StrictKexRequiredForCipher.into();
            pair.assert_ended(&error, Some(DisconnectReason::KeyExchangeFailed));
        } else {
            assert_eq!(pair.client.exchanges, 1);
        }
        let strict = "curve25519-sha256,kex-strict-c-v00@openssh.com";
        with(reject, offer.kex(strict)).handshake();
    }
}
