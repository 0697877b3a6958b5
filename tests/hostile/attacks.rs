//! The table of attacks: what a client does, which error it leads to, and which reason the server's
//! DISCONNECT gives it.

use sshserver::crypto::cipher::CIPHERS;
use sshserver::crypto::mac::MACS;
use sshserver::error::{
    CryptoError, DisconnectReason as Reason, Error, InvalidMessage as Invalid, LimitExceeded,
    PeerIncompatible, PeerMisbehaved as Misbehaved,
};
use sshserver::limits::CHANNEL_MAXIMUM_PACKET_SIZE;
use sshserver::wire::Writer;
use sshserver::wire::messages::{self, ChannelData};

use crate::common::client::Offer;
use crate::common::config;
use crate::common::pair::Pair;
use crate::common::program::{Program, verdict};

/// How far a connection is when the attack begins.
#[derive(Debug, Clone, Copy)]
enum Stage {
    /// Nothing was sent.
    Connected,
    /// The identification string was sent.
    Identified,
    /// Both KEXINIT were sent, with strict kex.
    KexInit,
    /// Both KEXINIT were sent, without strict kex.
    KexInitNotStrict,
    /// Keys are in use.
    Keys,
    /// `ssh-userauth` was accepted.
    Authentication,
    /// Authenticated, with channel 0 open.
    Channels,
    /// The same, and the client has sent KEXINIT again.
    KexInitAgain,
}

fn reach(stage: Stage, mut offer: Offer) -> Pair {
    let mut program = Program::default();
    if matches!(stage, Stage::Authentication) {
        program = Program::judging(|_| Some(verdict(false)));
    }
    if matches!(stage, Stage::KexInitNotStrict) {
        offer = offer.plain();
    }
    let mut pair = Pair::new(config(), offer, program);
    match stage {
        Stage::Connected => pair.run(),
        Stage::Identified => pair.client.send_version(),
        Stage::KexInit | Stage::KexInitNotStrict => {
            pair.client.automatic = false;
            pair.exchange_keys();
        }
        Stage::Keys => pair.handshake(),
        Stage::Authentication => pair.start_authentication(),
        Stage::Channels | Stage::KexInitAgain => {
            pair.login();
            pair.open(4);
            if matches!(stage, Stage::KexInitAgain) {
                pair.client.automatic = false;
                pair.client.send_kex_init();
                pair.run();
            }
        }
    }
    pair
}

struct Attack {
    name: &'static str,
    stage: Stage,
    script: fn(&mut Pair),
    error: Error,
    reason: Option<Reason>,
}

fn attack(
    name: &'static str,
    stage: Stage,
    script: fn(&mut Pair),
    error: impl Into<Error>,
    reason: Reason,
) -> Attack {
    Attack { name, stage, script, error: error.into(), reason: Some(reason) }
}

fn run(attacks: Vec<Attack>) {
    for Attack { name, stage, script, error, reason } in attacks {
        let mut pair = reach(stage, Offer::default());
        script(&mut pair);
        pair.run();
        assert_eq!(pair.ended(), Some(&error), "{name}");
        pair.assert_ended(&error, reason);
    }
}

fn raw(pair: &mut Pair, bytes: &[u8]) {
    pair.client.out.extend_from_slice(bytes);
}

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

#[test]
fn the_order_of_things() {
    let unexpected = Misbehaved::UnexpectedMessage;
    let strict = Misbehaved::StrictKexViolation;
    let protocol = Reason::ProtocolError;
    run(vec![
        attack(
            "NEWKEYS first",
            Stage::Identified,
            |p| p.client.send_now(&[21]),
            unexpected(21),
            protocol,
        ),
        attack(
            "a method first",
            Stage::Identified,
            |p| p.client.send_now(&[30]),
            unexpected(30),
            protocol,
        ),
        attack(
            "a channel first",
            Stage::Identified,
            |p| p.client.send_now(&[90]),
            unexpected(90),
            protocol,
        ),
        attack(
            "a user first",
            Stage::Identified,
            |p| p.client.send_now(&[50]),
            unexpected(50),
            protocol,
        ),
        attack(
            "a service first",
            Stage::Identified,
            |p| p.client.send_now(b"\x05\0\0\0\x01x"),
            unexpected(5),
            protocol,
        ),
        attack(
            "KEXINIT twice",
            Stage::KexInit,
            |p| p.client.send_kex_init(),
            unexpected(20),
            protocol,
        ),
        attack(
            "KEXINIT during an exchange",
            Stage::KexInitAgain,
            |p| p.client.send_kex_init(),
            unexpected(20),
            protocol,
        ),
        attack(
            "NEWKEYS before the method",
            Stage::KexInit,
            |p| p.client.send_now(&[21]),
            unexpected(21),
            protocol,
        ),
        attack(
            "NEWKEYS before the method, again",
            Stage::KexInitAgain,
            |p| p.client.send_now(&[21]),
            unexpected(21),
            protocol,
        ),
        attack(
            "NEWKEYS out of the blue",
            Stage::Channels,
            |p| p.client.send_now(&[21]),
            unexpected(21),
            protocol,
        ),
        attack(
            "a method out of the blue",
            Stage::Channels,
            |p| p.client.send_now(&[30]),
            unexpected(30),
            protocol,
        ),
        attack(
            "another method",
            Stage::KexInit,
            |p| p.client.send_now(&[32, 0, 0, 0, 0]),
            unexpected(32),
            protocol,
        ),
        attack(
            "NEWKEYS with more in it",
            Stage::KexInit,
            |p| p.client.send_now(&[21, 0]),
            Invalid::TrailingBytes,
            protocol,
        ),
        attack(
            "data during an exchange",
            Stage::KexInitAgain,
            |p| p.client.send_now(&[94]),
            unexpected(94),
            protocol,
        ),
        attack(
            "Terrapin's IGNORE",
            Stage::KexInit,
            |p| p.client.send_now(&[2]),
            strict(2),
            protocol,
        ),
        attack(
            "an unknown message in strict kex",
            Stage::KexInit,
            |p| p.client.send_now(&[200]),
            strict(200),
            protocol,
        ),
        attack(
            "IGNORE before KEXINIT in strict kex",
            Stage::Identified,
            |p| {
                p.client.send_now(&[2]);
                p.client.send_kex_init();
            },
            strict(20),
            protocol,
        ),
        attack(
            "a user before the service",
            Stage::Keys,
            |p| p.client.send_now(&[50]),
            unexpected(50),
            protocol,
        ),
        attack(
            "a response before the service",
            Stage::Keys,
            |p| p.client.send_now(&[61]),
            unexpected(61),
            protocol,
        ),
        attack(
            "a channel before the service",
            Stage::Keys,
            |p| p.client.send_now(&[90]),
            unexpected(90),
            protocol,
        ),
        attack(
            "a channel before authentication",
            Stage::Authentication,
            |p| p.client.send_now(&[90]),
            unexpected(90),
            protocol,
        ),
        attack(
            "a global request before authentication",
            Stage::Authentication,
            |p| p.client.send_now(b"\x50\0\0\0\x01x\x01"),
            unexpected(80),
            protocol,
        ),
        attack(
            "the connection without authentication",
            Stage::Authentication,
            |p| p.client.send_now(b"\x05\0\0\0\x0essh-connection"),
            Misbehaved::BadService,
            Reason::ServiceNotAvailable,
        ),
    ]);
}

/// CVE-2018-10933 and its kind: a client that says what only a server may say.
#[test]
fn messages_of_servers() {
    for stage in [Stage::Keys, Stage::Authentication, Stage::Channels] {
        for number in [6, 31, 33, 51, 52, 53, 60] {
            let mut pair = reach(stage, Offer::default());
            pair.client.send_now(&[number]);
            pair.run();
            assert_eq!(pair.server.is_authenticated(), false);
            let error = Misbehaved::ServerOnlyMessage(number).into();
            pair.assert_ended(&error, Some(Reason::ProtocolError));
        }
    }
}

#[test]
fn public_values() {
    let bad = || Error::from(CryptoError::BadPublicValue);
    let string = |value: &[u8]| {
        let mut payload = vec![30];
        Writer::new(&mut payload).string(value);
        payload
    };
    let mpint = |magnitude: &[u8]| {
        let mut payload = vec![30];
        Writer::new(&mut payload).mpint(magnitude);
        payload
    };
    let group14 = group14();
    let mut below_group14 = group14.clone();
    *below_group14.last_mut().unwrap() -= 1;
    let curve = "curve25519-sha256";
    let group = "diffie-hellman-group14-sha256";
    let mut off_curve = vec![4];
    off_curve.extend_from_slice(&[1; 64]);
    let hybrid = [&[0xff; 1184][..], &[9; 32]].concat();
    for (method, payload, error) in [
        (curve, string(&[0; 32]), bad()),
        (curve, string(&[1; 31]), bad()),
        (curve, string(&[]), bad()),
        ("ecdh-sha2-nistp256", string(&off_curve), bad()),
        ("ecdh-sha2-nistp256", string(&[0]), bad()),
        ("ecdh-sha2-nistp521", string(&[4; 133]), bad()),
        ("mlkem768x25519-sha256", string(&hybrid), bad()),
        ("mlkem768x25519-sha256", string(&[1; 1215]), bad()),
        (group, mpint(&[]), bad()),
        (group, mpint(&[1]), bad()),
        (group, mpint(&below_group14), bad()),
        (group, mpint(&group14), bad()),
        (group, mpint(&[0x7f; 8000]), bad()),
        (group, vec![30, 0, 0, 0, 1, 0x80], Invalid::BadMpint.into()),
        (group, vec![30, 0, 0, 0, 2, 0, 2], Invalid::BadMpint.into()),
        (curve, vec![30, 0, 0, 0, 32, 9], Invalid::Truncated.into()),
        (curve, [string(&[9; 32]), vec![0]].concat(), Invalid::TrailingBytes.into()),
        (curve, vec![30], Invalid::Truncated.into()),
    ] {
        let offer = Offer::default().kex(&format!("{method},kex-strict-c-v00@openssh.com"));
        let mut pair = reach(Stage::KexInit, offer);
        pair.client.send_now(&payload);
        pair.run();
        let reason = error.disconnect_reason();
        pair.assert_ended(&error, reason);
    }
}

/// RFC 3526 section 3.
fn group14() -> Vec<u8> {
    let digits = "\
        ffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74020bbea63b13\
        9b22514a08798e3404ddef9519b3cd3a431b302b0a6df25f14374fe1356d6d51c245e485b576\
        625e7ec6f44c42e9a637ed6b0bff5cb6f406b7edee386bfb5a899fa5ae9f24117c4b1fe64928\
        6651ece45b3dc2007cb8a163bf0598da48361c55d39a69163fa8fd24cf5f83655d23dca3ad96\
        1c62f356208552bb9ed529077096966d670c354e4abc9804f1746c08ca18217c32905e462e36\
        ce3be39e772c180e86039b2783a2ec07a28fb5c55df06f4c52c9de2bcbf6955817183995497c\
        ea956ae515d2261898fa051015728e5a8aacaa68ffffffffffffffff";
    let pairs = digits.as_bytes().chunks(2);
    pairs.map(|two| u8::from_str_radix(std::str::from_utf8(two).unwrap(), 16).unwrap()).collect()
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
            "a confirmation of an open channel",
            Stage::Channels,
            |p| p.client.send_now(&[91, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
            Misbehaved::UnexpectedReply,
            protocol,
        ),
        attack(
            "a failure nowhere",
            Stage::Channels,
            |p| p.client.send_now(&[92, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
            Misbehaved::UnexpectedReply,
            protocol,
        ),
        attack(
            "EOF twice",
            Stage::Channels,
            |p| {
                p.client.send_now(b"\x60\0\0\0\0");
                p.client.send_now(b"\x60\0\0\0\0");
            },
            Misbehaved::AfterEof,
            protocol,
        ),
        attack(
            "data after EOF",
            Stage::Channels,
            |p| {
                p.client.send_now(b"\x60\0\0\0\0");
                p.client.send_now(b"\x5e\0\0\0\0\0\0\0\x01x");
            },
            Misbehaved::AfterEof,
            protocol,
        ),
        attack(
            "CLOSE twice",
            Stage::Channels,
            |p| {
                p.client.send_now(b"\x61\0\0\0\0");
                p.client.send_now(b"\x61\0\0\0\0");
            },
            Misbehaved::UnknownChannel(0),
            protocol,
        ),
        attack(
            "the window overrun",
            Stage::Channels,
            |p| {
                p.program.consume = false;
                let data = vec![0; CHANNEL_MAXIMUM_PACKET_SIZE as usize];
                for _ in 0..33 {
                    p.client.say(&ChannelData { recipient_channel: 0, data: &data });
                }
            },
            Misbehaved::WindowOverrun,
            protocol,
        ),
        attack(
            "the window overrun behind a question",
            Stage::Channels,
            |p| {
                p.program.request = Box::new(|_, _| None);
                p.request(sshserver::engine::ChannelId(0), "shell", true);
                let data = vec![0; CHANNEL_MAXIMUM_PACKET_SIZE as usize];
                for _ in 0..33 {
                    p.client.say(&ChannelData { recipient_channel: 0, data: &data });
                }
            },
            Misbehaved::WindowOverrun,
            protocol,
        ),
        attack(
            "a message larger than the maximum",
            Stage::Channels,
            |p| {
                let data = vec![0; CHANNEL_MAXIMUM_PACKET_SIZE as usize + 1];
                p.client.say(&ChannelData { recipient_channel: 0, data: &data });
            },
            Misbehaved::PacketTooLarge,
            protocol,
        ),
        attack(
            "a window above 2^32 - 1",
            Stage::Channels,
            |p| {
                p.client.send_now(b"\x5d\0\0\0\0\0\0\0\x01");
            },
            Misbehaved::WindowOverflow,
            protocol,
        ),
    ]);
}

#[test]
fn authentication() {
    let protocol = Reason::ProtocolError;
    run(vec![
        attack(
            "a name that is no UTF-8",
            Stage::Authentication,
            |p| {
                p.client.send_now(b"\x32\0\0\0\x02\xff\xfe\0\0\0\x0essh-connection\0\0\0\x04none");
            },
            Invalid::BadText,
            protocol,
        ),
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
    // the rest of these is not for the engine to read
    let open_ended = [7, 50, 80, 90, 98];
    for (stage, payloads) in [(Stage::Authentication, before), (Stage::Channels, after)] {
        for payload in payloads {
            for len in 1..payload.len() {
                let mut pair = reach(stage, Offer::default());
                pair.client.send_now(&payload[..len]);
                pair.run();
                let whole_already =
                    matches!(pair.ended(), None) && open_ended.contains(&payload[0]);
                let cut = Error::InvalidMessage(Invalid::Truncated);
                assert!(whole_already || pair.ended() == Some(&cut), "{payload:?} {len}");
            }
            let mut pair = reach(stage, Offer::default());
            pair.client.send_now(&[&payload[..], b"\0"].concat());
            pair.run();
            if ![80, 90, 98].contains(&payload[0]) && payload[1..5] != *b"\0\0\0\x00" {
                let trailing = Error::InvalidMessage(Invalid::TrailingBytes);
                assert_eq!(pair.ended(), Some(&trailing), "{payload:?}");
            }
        }
    }
}

#[test]
fn name_lists() {
    let list = |names: &[u8]| {
        let mut payload = vec![20];
        Writer::new(&mut payload).raw(&[0; 16]).string(names);
        for _ in 0..9 {
            Writer::new(&mut payload).string("none");
        }
        Writer::new(&mut payload).boolean(false).u32(0);
        payload
    };
    let many = "a,".repeat(10_000) + "curve25519-sha256";
    let bad = Error::from(Invalid::BadNameList);
    for (payload, error) in [
        (list(b","), bad.clone()),
        (list(b"a,,b"), bad.clone()),
        (list("\u{e4}".as_bytes()), bad.clone()),
        (list(b"\xff"), bad.clone()),
        (list(b"a\0b"), bad.clone()),
        (list(&[b'a'; 65]), bad),
        (list(many.as_bytes()), PeerIncompatible::NoCommonHostKey.into()),
        (list(&[b'a'; 34_900]), Invalid::BadPacketLength.into()),
        (vec![20; 17], Invalid::Truncated.into()),
    ] {
        let mut pair = reach(Stage::Identified, Offer::default());
        pair.client.send_now(&payload);
        pair.run();
        let reason = error.disconnect_reason();
        pair.assert_ended(&error, reason);
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
