//! Attacks on identification and packets.

use sshserver::crypto::cipher::CIPHERS;
use sshserver::crypto::mac::MACS;
use sshserver::error::{
    CryptoError, DisconnectReason as Reason, Error, InvalidMessage as Invalid, LimitExceeded,
    PeerIncompatible,
};
use sshserver::limits::MAX_PACKET_LEN_UNAUTHENTICATED;
use sshserver::wire::messages;

use crate::attack::{Stage, attack, raw, reach, run};
use crate::common::client::Offer;

#[test]
fn other_protocols() {
    let bad = Invalid::BadIdentification;
    run(vec![
        attack(
            "an HTTP client",
            Stage::Connected,
            |p| raw(p, b"GET / HTTP/1.1\r\n"),
            bad,
            Reason::ProtocolError,
        ),
        attack(
            "a TLS client",
            Stage::Connected,
            |p| raw(p, b"\x16\x03\x01\x02\0"),
            bad,
            Reason::ProtocolError,
        ),
        attack(
            "a line first",
            Stage::Connected,
            |p| raw(p, b"\r\nSSH-2.0-x\r\n"),
            bad,
            Reason::ProtocolError,
        ),
        attack(
            "control characters",
            Stage::Connected,
            |p| raw(p, b"SSH-2.0-a\x1b[2Jb\r\n"),
            bad,
            Reason::ProtocolError,
        ),
        attack(
            "a NUL",
            Stage::Connected,
            |p| raw(p, b"SSH-2.0-\0\r\n"),
            bad,
            Reason::ProtocolError,
        ),
        attack(
            "no UTF-8",
            Stage::Connected,
            |p| raw(p, b"SSH-2.0-\xff\r\n"),
            bad,
            Reason::ProtocolError,
        ),
        attack(
            "no software version",
            Stage::Connected,
            |p| raw(p, b"SSH-2.0\r\n"),
            bad,
            Reason::ProtocolError,
        ),
        attack(
            "SSH-1",
            Stage::Connected,
            |p| raw(p, b"SSH-1.5-old\n"),
            PeerIncompatible::ProtocolVersion,
            Reason::ProtocolVersionNotSupported,
        ),
        attack(
            "no line end",
            Stage::Connected,
            |p| raw(p, &[b"SSH-2.0-".as_slice(), &[b'x'; 100_000]].concat()),
            LimitExceeded::IdentificationTooLong,
            Reason::ProtocolError,
        ),
    ]);
}

#[test]
fn packets() {
    let (length, padding) = (Invalid::BadPacketLength, Invalid::BadPaddingLength);
    let protocol = Reason::ProtocolError;
    run(vec![
        attack("length 0", Stage::Identified, |p| raw(p, &[0; 16]), length, protocol),
        attack(
            "length not of blocks",
            Stage::Identified,
            |p| raw(p, &[0, 0, 0, 13, 4]),
            length,
            protocol,
        ),
        attack(
            "length of 2^32 - 4",
            Stage::Identified,
            |p| raw(p, &[255, 255, 255, 252]),
            length,
            protocol,
        ),
        attack(
            "length above the limit",
            Stage::Identified,
            |p| raw(p, &[0, 0, 0x88, 0xbc]),
            length,
            protocol,
        ),
        attack("length 0, encrypted", Stage::Keys, |p| raw(p, &[0; 64]), length, protocol),
        attack(
            "length above the limit, encrypted",
            Stage::Keys,
            |p| raw(p, &[0, 0, 0x88, 0xc0]),
            length,
            protocol,
        ),
        attack(
            "length above the limit of the authenticated",
            Stage::Channels,
            |p| raw(p, &[0, 4, 0, 16]),
            length,
            protocol,
        ),
        attack(
            "padding of 0",
            Stage::Identified,
            |p| p.client.send_packet(&[2; 11], 0),
            padding,
            protocol,
        ),
        attack(
            "padding of 3",
            Stage::Identified,
            |p| p.client.send_packet(&[2; 8], 3),
            padding,
            protocol,
        ),
        attack(
            "padding of 0, encrypted",
            Stage::Keys,
            |p| p.client.send_packet(&[2; 15], 0),
            padding,
            protocol,
        ),
        attack(
            "padding of 1, encrypted",
            Stage::Keys,
            |p| p.client.send_packet(&[2; 14], 1),
            padding,
            protocol,
        ),
        attack(
            "padding of 2, encrypted",
            Stage::Channels,
            |p| p.client.send_packet(&[2; 13], 2),
            padding,
            protocol,
        ),
        attack(
            "padding of 3, encrypted",
            Stage::Channels,
            |p| p.client.send_packet(&[2; 12], 3),
            padding,
            protocol,
        ),
        attack(
            "padding larger than its packet",
            Stage::Identified,
            |p| p.client.seal_plain([&[0, 0, 0, 12, 12][..], &[2; 11]].concat()),
            padding,
            protocol,
        ),
        attack(
            "padding larger than its packet, encrypted",
            Stage::Channels,
            |p| p.client.seal_plain([&[0, 0, 0, 16, 255][..], &[2; 15]].concat()),
            padding,
            protocol,
        ),
        attack(
            "nothing but padding",
            Stage::Identified,
            |p| p.client.send_packet(&[], 11),
            Invalid::EmptyPayload,
            protocol,
        ),
        attack(
            "nothing but padding, encrypted",
            Stage::Keys,
            |p| p.client.send_packet(&[], 15),
            Invalid::EmptyPayload,
            protocol,
        ),
    ]);
}

/// Every byte of a packet is under the MAC, the MAC itself too.
#[test]
fn changed_packets() {
    for cipher in CIPHERS {
        for mac in MACS {
            let offer = Offer::default().cipher(cipher.name).mac(mac.name);
            // the last byte of the tag, its first, one of the payload
            for from_the_end in 0..3 {
                let mut pair = reach(Stage::Keys, offer.clone());
                let tag_len = pair.client.sealer.tag_len();
                let start = pair.client.out.len();
                pair.client.send_now(&[messages::SSH_MSG_IGNORE; 30]);
                let end = pair.client.out.len();
                let at = [end - 1, end - tag_len, end - tag_len - 1][from_the_end];
                assert!(at > start);
                pair.client.out[at] ^= 0x10;
                pair.run();
                if pair.ended().is_none() {
                    // a cipher that guards its lengths has read nothing of it yet
                    pair.client.out.resize(MAX_PACKET_LEN_UNAUTHENTICATED + 100, 0);
                    pair.run();
                }
                let error = CryptoError::BadMac.into();
                pair.assert_ended(&error, Some(Reason::MacError));
            }
        }
    }
}

/// A packet sent twice, left out or moved has another sequence number than it was sealed with.
#[test]
fn replayed_and_missing_packets() {
    for cipher in CIPHERS {
        for replay in [true, false] {
            let mut pair = reach(Stage::Keys, Offer::default().cipher(cipher.name));
            pair.client.send_now(&[messages::SSH_MSG_IGNORE; 30]);
            let first = pair.client.out.clone();
            if replay {
                pair.client.out.extend_from_slice(&first);
            } else {
                pair.client.out.clear();
                pair.client.send_now(&[messages::SSH_MSG_IGNORE; 30]);
            }
            pair.run();
            // a cipher whose state runs on shows garbage, perhaps a length, where it is not checked first
            match pair.ended() {
                Some(Error::Crypto(CryptoError::BadMac)) => {}
                Some(Error::InvalidMessage(Invalid::BadPacketLength)) => {}
                // the length decrypts to one that more bytes have to come for
                None => {
                    pair.client.out.resize(40_000, 0);
                    pair.run();
                    assert_eq!(pair.ended(), Some(&CryptoError::BadMac.into()), "{cipher:?}");
                }
                other => panic!("{cipher:?}: {other:?}"),
            }
        }
    }
}

#[test]
fn compressed_packets() {
    for bomb in [true, false] {
        let mut pair = reach(Stage::Keys, Offer::default().compression("zlib"));
        if bomb {
            // 10 MB in 10 kB
            pair.client.send_now(&vec![0; 10_000_000]);
            pair.run();
            let error = LimitExceeded::InflatedPayload.into();
            pair.assert_ended(&error, Some(Reason::CompressionError));
        } else {
            pair.client.send_packet(b"no zlib stream at all", 10);
            pair.run();
            let error = Invalid::BadCompression.into();
            pair.assert_ended(&error, Some(Reason::CompressionError));
        }
    }
    // inflates to nothing
    let mut pair = reach(Stage::Keys, Offer::default().compression("zlib"));
    pair.client.send_packet(b"\x78\x9c", 13);
    pair.run();
    pair.assert_ended(&Invalid::EmptyPayload.into(), Some(Reason::ProtocolError));
}
