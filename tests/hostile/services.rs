//! Attacks on authentication and channels.

use sshserver::error::{
    DisconnectReason as Reason, Error, InvalidMessage as Invalid, PeerMisbehaved as Misbehaved,
};
use sshserver::wire::Writer;

use crate::attack::{Stage, attack, reach, run};
use crate::common::client::Offer;

#[test]
fn channels() {
    let protocol = Reason::ProtocolError;
    run(vec![
        attack(
            "data nowhere",
            Stage::Channels,
            |p| p.client.send_now(b"\x5e\0\0\0\x09\0\0\0\x01x"),
            Misbehaved::UnknownChannel(9),
            protocol,
        ),
        attack(
            "EOF nowhere",
            Stage::Channels,
            |p| p.client.send_now(b"\x60\0\0\0\x09"),
            Misbehaved::UnknownChannel(9),
            protocol,
        ),
        attack(
            "CLOSE nowhere",
            Stage::Channels,
            |p| p.client.send_now(b"\x61\xff\xff\xff\xff"),
            Misbehaved::UnknownChannel(u32::MAX),
            protocol,
        ),
        attack(
            "a request nowhere",
            Stage::Channels,
            |p| p.client.send_now(b"\x62\0\0\0\x09\0\0\0\x01x\x01"),
            Misbehaved::UnknownChannel(9),
            protocol,
        ),
        attack(
            "a reply nowhere",
            Stage::Channels,
            |p| p.client.send_now(b"\x63\0\0\0\x09"),
            Misbehaved::UnknownChannel(9),
            protocol,
        ),
        attack(
            "a confirmation nowhere",
            Stage::Channels,
            |p| p.client.send_now(&[91, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
            Misbehaved::UnknownChannel(9),
            protocol,
        ),
        attack(
            "a failure nowhere",
            Stage::Channels,
            |p| p.client.send_now(&[92, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
            Misbehaved::UnknownChannel(9),
            protocol,
        ),
    ]);
}

#[test]
fn authentication() {
    let protocol = Reason::ProtocolError;
    run(vec![
        attack(
            "a name of a megabyte",
            Stage::Authentication,
            |p| {
                let mut payload = vec![50];
                Writer::new(&mut payload).string([b'u'; 1 << 20]).string("s").string("none");
                p.client.send_now(&payload);
            },
            Invalid::BadPacketLength,
            protocol,
        ),
        attack(
            "a name of 1025 bytes",
            Stage::Authentication,
            |p| {
                let mut payload = vec![50];
                Writer::new(&mut payload).string([b'u'; 1025]).string("s").string("none");
                p.client.send_now(&payload);
            },
            Invalid::BadText,
            protocol,
        ),
        attack(
            "a password of a megabyte",
            Stage::Authentication,
            |p| {
                p.try_password(&"p".repeat(1 << 20));
            },
            Invalid::BadPacketLength,
            protocol,
        ),
        attack(
            "a password of 16 KiB and a byte",
            Stage::Authentication,
            |p| {
                p.try_password(&"p".repeat((16 << 10) + 1));
            },
            Invalid::BadText,
            protocol,
        ),
        attack(
            "a response nobody asked for",
            Stage::Authentication,
            |p| {
                p.client.send_now(&[61, 0, 0, 0, 0]);
            },
            Misbehaved::UnexpectedMessage(61),
            protocol,
        ),
        attack(
            "a password and more",
            Stage::Authentication,
            |p| {
                p.authenticate("password", b"\0\0\0\0\x01px");
            },
            Invalid::TrailingBytes,
            protocol,
        ),
        attack(
            "none and more",
            Stage::Authentication,
            |p| {
                p.authenticate("none", b"x");
            },
            Invalid::TrailingBytes,
            protocol,
        ),
        attack(
            "a key without an end",
            Stage::Authentication,
            |p| {
                p.authenticate("publickey", b"\0\0\0\0\x0bssh-ed25519\xff\xff\xff\xff");
            },
            Invalid::Truncated,
            protocol,
        ),
    ]);
}

/// Every message of a client, cut at each of its bytes and with one more.
#[test]
fn cut_and_overlong_messages() {
    let request = |method: &str, fields: &[u8]| {
        let mut payload = vec![50];
        Writer::new(&mut payload).string("u").string("ssh-connection").string(method).raw(fields);
        payload
    };
    let before: Vec<Vec<u8>> = vec![
        b"\x05\0\0\0\x0cssh-userauth".to_vec(),
        b"\x07\0\0\0\x01\0\0\0\x01n\0\0\0\x01v".to_vec(),
        request("none", b""),
        request("password", b"\0\0\0\0\x01p"),
        request("password", b"\x01\0\0\0\x01p\0\0\0\x01q"),
        request("publickey", b"\0\0\0\0\x0bssh-ed25519\0\0\0\x01k"),
        request("publickey", b"\x01\0\0\0\x0bssh-ed25519\0\0\0\x01k\0\0\0\x01s"),
        request("keyboard-interactive", b"\0\0\0\0\0\0\0\x01s"),
        Offer::default().encode([0; 16]),
    ];
    let after: Vec<Vec<u8>> = vec![
        b"\x50\0\0\0\x01x".to_vec(),
        b"\x5a\0\0\0\x01x\0\0\0\0\0\0\0\0\0\0\0\0".to_vec(),
        b"\x5c\0\0\0\0\0\0\0\0\0\0\0\x01x\0\0\0\0".to_vec(),
        b"\x5d\0\0\0\0\0\0\0\0".to_vec(),
        b"\x5e\0\0\0\0\0\0\0\x01x".to_vec(),
        b"\x5f\0\0\0\0\0\0\0\x01\0\0\0\x01x".to_vec(),
        b"\x60\0\0\0\0".to_vec(),
        b"\x61\0\0\0\0".to_vec(),
        b"\x62\0\0\0\0\0\0\0\x01x".to_vec(),
        b"\x63\0\0\0\0".to_vec(),
        b"\x64\0\0\0\0".to_vec(),
    ];
    // the ends of these are the program's to read, and this one may end before its language tag
    let open_ended = [80, 90, 98];
    let without_tag = &after[2][..14].to_vec();
    for (stage, payloads) in [(Stage::Authentication, before), (Stage::Channels, after)] {
        for payload in payloads {
            for len in 1..payload.len() {
                let mut pair = reach(stage, Offer::default());
                pair.client.send_now(&payload[..len]);
                pair.run();
                let may_be_whole =
                    open_ended.contains(&payload[0]) || payload[..len] == without_tag[..];
                let whole_already = pair.ended().is_none() && may_be_whole;
                let cut = Error::InvalidMessage(Invalid::Truncated);
                assert!(whole_already || pair.ended() == Some(&cut), "{payload:?} {len}");
            }
            let mut pair = reach(stage, Offer::default());
            pair.client.send_now(&[&payload[..], b"\0"].concat());
            pair.run();
            if !open_ended.contains(&payload[0]) {
                let trailing = Error::InvalidMessage(Invalid::TrailingBytes);
                assert_eq!(pair.ended(), Some(&trailing), "{payload:?}");
            }
        }
    }
}
