//! The Terrapin attack (CVE-2023-48795) carried out on the engine: an attacker on the path inserts a
//! message into the unprotected first key exchange, and removes the first encrypted packet instead. The
//! sequence numbers match again, so that no MAC detects it. Strict kex ends the connection.

use sshserver::crypto::cipher::CIPHERS;
use sshserver::crypto::mac::MACS;
use sshserver::engine::StrictKex;
use sshserver::error::{
    CryptoError, DisconnectReason, Error, InvalidMessage, PeerIncompatible, PeerMisbehaved,
};
use sshserver::wire::messages;

use crate::common::client::Offer;
use crate::common::config;
use crate::common::pair::Pair;
use crate::common::program::Program;

const CHACHA20: &str = "chacha20-poly1305@openssh.com";
/// An SSH_MSG_IGNORE without encryption, which the client has not sent and does not count.
const IGNORE: [u8; 16] = [0, 0, 0, 12, 6, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
const WITH_STRICT_KEX: [StrictKex; 3] =
    [StrictKex::Offered, StrictKex::RejectAffected, StrictKex::Required];

fn bad_mac() -> Error {
    CryptoError::BadMac.into()
}

/// Every pair of cipher and MAC that the attack reaches: the nonce or the MAC is over the sequence
/// number and the packet alone, and not over what came before.
fn affected() -> Vec<(&'static str, &'static str)> {
    let etm = MACS.iter().map(|row| row.name).filter(|name| name.ends_with("-etm@openssh.com"));
    let cbc = CIPHERS.iter().map(|row| row.name).filter(|name| name.ends_with("-cbc"));
    let mut all = vec![(CHACHA20, "hmac-sha2-256")];
    all.extend(cbc.flat_map(|cipher| etm.clone().map(move |mac| (cipher, mac))));
    all
}

fn offer((cipher, mac): (&str, &str)) -> Offer {
    Offer::default().cipher(cipher).mac(mac)
}

/// The first key exchange, with or without the message slipped in.
fn exchanged(strict_kex: StrictKex, offer: Offer, slipped_in: bool) -> Pair {
    let mut config = config();
    config.transport.strict_kex = strict_kex;
    let mut pair = Pair::new(config, offer, Program::default());
    pair.client.automatic = false;
    pair.exchange_keys();
    if slipped_in {
        pair.client.out.extend_from_slice(&IGNORE);
    }
    pair.client.resume();
    pair.run();
    pair
}

/// The client's first encrypted packet, an EXT_INFO, does not arrive.
fn take_away_first_packet(pair: &mut Pair) {
    pair.client.send_now(b"\x07\0\0\0\x01\0\0\0\x01n\0\0\0\x01v");
    pair.client.out.clear();
}

/// Proves that the tests below carry out the attack: it succeeds if either side lacks strict kex.
#[test]
fn without_strict_kex_the_attack_goes_unnoticed() {
    let suite = (CHACHA20, "hmac-sha2-256");
    for (setting, offer) in
        [(StrictKex::Disabled, offer(suite)), (StrictKex::Offered, offer(suite).plain())]
    {
        let mut pair = exchanged(setting, offer, true);
        assert!(!pair.server.peer().strict_kex);
        take_away_first_packet(&mut pair);
        pair.request_service("ssh-userauth");
        pair.take_number(messages::SSH_MSG_SERVICE_ACCEPT);
        assert_eq!(pair.ended(), None);
    }
}

/// With CBC the packet after the missing one decrypts to something else, but its MAC fits: what ends
/// the connection, if anything does, is what the first block happens to say.
#[test]
fn without_strict_kex_no_mac_of_cbc_notices() {
    for suite in affected() {
        let mut pair = exchanged(StrictKex::Disabled, offer(suite), true);
        take_away_first_packet(&mut pair);
        pair.client.send_now(b"\x05\0\0\0\x0cssh-userauth");
        pair.run();
        assert_ne!(pair.ended(), Some(&bad_mac()), "{suite:?}");
    }
}

#[test]
fn strict_kex_ends_the_connection_at_the_message_slipped_in() {
    for suite in affected() {
        for setting in WITH_STRICT_KEX {
            let mut pair = exchanged(setting, offer(suite), true);
            let error = PeerMisbehaved::StrictKexViolation(messages::SSH_MSG_IGNORE).into();
            pair.assert_ended(&error, Some(DisconnectReason::ProtocolError));
        }
    }
}

/// A packet that is taken away without another slipped in is noticed in any case; with strict kex the
/// numbers count from zero, so there is nothing before NEWKEYS that could make up for it.
#[test]
fn a_missing_packet_alone_is_noticed() {
    for suite in affected() {
        for setting in [StrictKex::Disabled, StrictKex::Offered, StrictKex::Required] {
            let mut pair = exchanged(setting, offer(suite), false);
            let strict = setting != StrictKex::Disabled;
            assert_eq!(pair.server.peer().strict_kex, strict);
            assert_eq!(pair.client.send_sequence == 0, strict, "{suite:?}");
            take_away_first_packet(&mut pair);
            pair.client.send_now(b"\x05\0\0\0\x0cssh-userauth");
            pair.client.out.resize(pair.client.out.len() + 40_000, 0);
            pair.run();
            // the length of chacha20-poly1305 is encrypted under the number too, and comes first
            let error = match pair.ended() {
                Some(error) if suite.0 == CHACHA20 => error.clone(),
                _ => bad_mac(),
            };
            let told = [bad_mac(), InvalidMessage::BadPacketLength.into()];
            assert!(told.contains(&error), "{error}");
            pair.assert_ended(&error, error.disconnect_reason());
        }
    }
}

/// Setting 2: a client without strict kex gets no further than KEXINIT with what the attack reaches, in
/// whichever direction, and is let in with everything else.
#[test]
fn affected_suites_are_refused_to_clients_without_strict_kex() {
    let reject = StrictKex::RejectAffected;
    let error = PeerIncompatible::StrictKexRequiredForCipher.into();
    for (cipher, mac) in affected() {
        for direction in 0..2 {
            let mut offer = Offer::default().plain();
            offer.cipher[direction] = cipher.to_owned();
            offer.mac[direction] = mac.to_owned();
            let mut pair = exchanged(reject, offer, false);
            pair.assert_ended(&error, Some(DisconnectReason::KeyExchangeFailed));
        }
        let pair = exchanged(reject, offer((cipher, mac)), false);
        assert!(pair.server.peer().strict_kex && pair.client.exchanges == 1);
    }
    for cipher in CIPHERS.iter().filter(|row| row.name != CHACHA20) {
        for mac in MACS.iter().filter(|row| !affected().contains(&(cipher.name, row.name))) {
            let offer = Offer::default().plain().cipher(cipher.name).mac(mac.name);
            let pair = exchanged(reject, offer, false);
            assert_eq!(pair.client.exchanges, 1, "{} {}", cipher.name, mac.name);
        }
    }
}
