//! Attacks on the order of messages and on key exchanges.

use sshserver::error::{
    CryptoError, DisconnectReason as Reason, Error, InvalidMessage as Invalid, PeerIncompatible,
    PeerMisbehaved as Misbehaved,
};
use sshserver::wire::Writer;

use crate::attack::{Stage, attack, reach, run};
use crate::common::client::Offer;

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
        for number in [6, 33, 41, 51, 52, 53, 60, 64] {
            let mut pair = reach(stage, Offer::default());
            pair.client.send_now(&[number]);
            pair.run();
            assert!(!pair.server.peer().is_authenticated);
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
    // p ends with 64 ones: p + 1 carries over all of them
    let mut above_group14 = group14.clone();
    for byte in above_group14.iter_mut().rev() {
        *byte = byte.wrapping_add(1);
        if *byte != 0 {
            break;
        }
    }
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
        (group, mpint(&above_group14), bad()),
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
