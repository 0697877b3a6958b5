//! CBC without encrypt-then-MAC reveals nothing about a length that it decrypted before the MAC was
//! checked (CVE-2008-5161): whatever is wrong with a packet, the client gets the same error, after the
//! same number of bytes.

use sshserver::crypto::cipher::CIPHERS;
use sshserver::error::{CryptoError, DisconnectReason, Error};
use sshserver::limits::{MAX_PACKET_LEN, MAX_PACKET_LEN_UNAUTHENTICATED};
use sshserver::wire::messages;

use crate::common::client::Offer;
use crate::common::config;
use crate::common::pair::Pair;
use crate::common::program::Program;

const BAD_MAC: Error = Error::Crypto(CryptoError::BadMac);

fn cbc_names() -> impl Iterator<Item = &'static str> {
    CIPHERS.iter().map(|row| row.name).filter(|name| name.ends_with("-cbc"))
}

fn pair(cipher: &str, mac: &str, authenticated: bool) -> Pair {
    let offer = Offer::default().cipher(cipher).mac(mac);
    let mut pair = Pair::new(config(), offer, Program::default());
    if authenticated {
        pair.login();
    } else {
        pair.handshake();
    }
    while pair.client.received.pop_front().is_some() {}
    pair
}

/// Plain packets, bad by their length or because the test changes their MAC.
fn packets(max: usize, block_len: usize) -> Vec<(&'static str, Vec<u8>)> {
    // RFC 4253 section 6: whole blocks with the length field
    let longest = (max + 4) / block_len * block_len - 4;
    let lengths = [
        ("length 0", 0),
        ("length of no whole blocks", 101),
        ("length above the limit", max + block_len),
        ("length of 2^32 - 4", usize::try_from(u32::MAX).unwrap() - 3),
        ("short, with a wrong MAC", 28),
        ("long, with a wrong MAC", longest),
    ];
    let plain = |length: usize| {
        let body = if length == longest { longest } else { 28 };
        let mut plain = u32::try_from(length).unwrap().to_be_bytes().to_vec();
        plain.push(6);
        plain.resize(4 + body, messages::SSH_MSG_IGNORE);
        plain
    };
    lengths.into_iter().map(|(what, length)| (what, plain(length))).collect()
}

#[test]
fn every_bad_packet_is_told_alike() {
    for cipher in cbc_names() {
        for (authenticated, max) in
            [(false, MAX_PACKET_LEN_UNAUTHENTICATED), (true, MAX_PACKET_LEN)]
        {
            let block_len = if cipher.starts_with("aes") { 16 } else { 8 };
            for (what, plain) in packets(max, block_len) {
                let mut pair = pair(cipher, "hmac-sha1", authenticated);
                pair.client.seal_plain(plain);
                let last = pair.client.out.len() - 1;
                pair.client.out[last] ^= 1;
                // RFC 4253 section 6: length field, packet, MAC of 20 bytes
                let told_after = 4 + max + 20;
                pair.client.out.resize(told_after - 1, 0x33);
                pair.run();
                assert_eq!(pair.ended(), None, "{cipher}, {what}");
                pair.client.out.push(0x33);
                pair.run();
                assert_eq!(pair.ended(), Some(&BAD_MAC), "{cipher}, {what}");
                pair.assert_ended(&BAD_MAC, Some(DisconnectReason::MacError));
            }
        }
    }
}

/// The same when everything comes at once, or in parts.
#[test]
fn it_is_told_however_the_bytes_come() {
    for part in [1, 1000, usize::MAX] {
        let mut pair = pair("aes256-cbc", "hmac-sha2-256", false);
        pair.client.send_now(&[messages::SSH_MSG_IGNORE; 100]);
        let mut bytes = std::mem::take(&mut pair.client.out);
        *bytes.last_mut().unwrap() ^= 1;
        // RFC 4253 section 6: length field, packet, MAC of 32 bytes
        bytes.resize(4 + MAX_PACKET_LEN_UNAUTHENTICATED + 32, 0);
        for part in bytes.chunks(part) {
            assert_eq!(pair.ended(), None);
            pair.client.out.extend_from_slice(part);
            pair.run();
        }
        pair.assert_ended(&BAD_MAC, Some(DisconnectReason::MacError));
    }
}

/// With encrypt-then-MAC the length is sent in clear, so it needs no protection.
#[test]
fn encrypt_then_mac_refuses_at_once() {
    for cipher in cbc_names() {
        let mut pair = pair(cipher, "hmac-sha2-256-etm@openssh.com", false);
        pair.client.send_now(&[messages::SSH_MSG_IGNORE; 30]);
        let last = pair.client.out.len() - 1;
        pair.client.out[last] ^= 1;
        pair.run();
        pair.assert_ended(&BAD_MAC, Some(DisconnectReason::MacError));
    }
}

/// A good packet is good right away.
#[test]
fn good_packets_are_not_held_back() {
    for cipher in cbc_names() {
        let mut pair = pair(cipher, "hmac-sha1", true);
        pair.assert_alive();
    }
}
