//! Key exchange methods with values and messages that no honest client sends, and group exchange (RFC
//! 4419, RFC 8270).

use std::sync::Arc;

use sshserver::crypto::kex::{KEXES, KexAlgorithm, ServerProof};
use sshserver::error::{CryptoError, Error, InvalidMessage, PeerIncompatible, PeerMisbehaved};
use sshserver::wire::{Reader, Writer};

use crate::common::client::Offer;
use crate::common::gss::gss_config;
use crate::common::kex::ClientKex;
use crate::common::pair::Pair;
use crate::common::program::Program;
use crate::common::{FixedRandom, config, key_file};

const SHA256: &str = "diffie-hellman-group-exchange-sha256";
const SHA1: &str = "diffie-hellman-group-exchange-sha1";

/// Both KEXINIT were exchanged, and the test sends each further message by hand.
fn negotiated(method: &str) -> Pair {
    let offer = Offer::default().kex(&format!("{method},kex-strict-c-v00@openssh.com"));
    let mut pair = Pair::new(gss_config(), offer, Program::default());
    pair.client.automatic = false;
    pair.exchange_keys();
    pair
}

fn assert_refused(mut pair: Pair, payload: &[u8], error: impl Into<Error>) {
    pair.client.send_now(payload);
    pair.run();
    let error = error.into();
    let reason = error.disconnect_reason();
    pair.assert_ended(&error, reason);
}

/// A message of one mpint.
fn number(message: u8, magnitude: &[u8]) -> Vec<u8> {
    let mut payload = vec![message];
    Writer::new(&mut payload).mpint(magnitude);
    payload
}

fn request(min: u32, preferred: u32, max: u32) -> Vec<u8> {
    let mut payload = vec![34];
    Writer::new(&mut payload).u32(min).u32(preferred).u32(max);
    payload
}

/// In the middle of a group exchange, with the modulus that the server has chosen.
fn with_group(method: &str, request: &[u8]) -> (Pair, Vec<u8>) {
    let mut pair = negotiated(method);
    pair.client.send_now(request);
    pair.run();
    let reply = pair.client.received.pop_back().expect("a group").payload;
    let mut reader = Reader::new(&reply);
    assert_eq!(reader.u8(), Ok(31));
    let prime = reader.mpint().unwrap().to_vec();
    assert_eq!(reader.mpint(), Ok(&[2][..]));
    reader.finish().unwrap();
    (pair, prime)
}

#[test]
fn rfc4419_s3_the_client_chooses_the_size() {
    let sizes = [
        (SHA256, request(2048, 2048, 8192), 2048),
        (SHA256, request(1024, 2048, 8192), 2048),
        (SHA256, request(1024, 3072, 8192), 3072),
        (SHA256, request(2048, 7680, 8192), 8192),
        (SHA256, request(2048, 8192, 4096), 4096),
        // RFC 8270: not below 2048, whatever is preferred, unless there is nothing else
        (SHA256, request(1024, 1024, 2048), 2048),
        (SHA1, request(1024, 1024, 2048), 2048),
        (SHA1, request(1024, 1024, 1024), 1024),
        (SHA1, vec![30, 0, 0, 4, 0], 2048),
        (SHA256, vec![30, 0, 0, 16, 0], 4096),
    ];
    for (method, request, bits) in sizes {
        let (_, prime) = with_group(method, &request);
        assert_eq!(prime.len() * 8, bits, "{method} {request:?}");
    }
}

#[test]
fn rfc8270_s3_no_group_is_better_than_a_small_one() {
    for (method, request) in [
        (SHA256, request(1024, 1024, 1024)),
        (SHA256, request(1024, 1024, 2047)),
        (SHA1, request(512, 768, 768)),
        (SHA1, request(8193, 10_000, 16_384)),
        (SHA256, request(4096, 2048, 2048)),
        (SHA256, request(u32::MAX, 0, 0)),
    ] {
        assert_refused(negotiated(method), &request, PeerIncompatible::NoCommonGroup);
    }
}

/// 0, 1, p - 1, p and more: with each of these values an eavesdropper would know K.
#[test]
fn rfc4419_s3_trivial_values_of_a_group() {
    for method in [SHA256, SHA1] {
        for at in 0..6 {
            let (pair, prime) = with_group(method, &request(2048, 2048, 8192));
            let mut below = prime.clone();
            *below.last_mut().unwrap() -= 1;
            let above = [&[1], &prime[..]].concat();
            let values = [vec![], vec![1], below, prime, above, vec![0x7f; 4000]];
            assert_refused(pair, &number(32, &values[at]), CryptoError::BadPublicValue);
        }
    }
}

#[test]
fn rfc4419_s3_messages_have_their_order() {
    let unexpected = PeerMisbehaved::UnexpectedMessage;
    let asked = request(2048, 2048, 8192);
    assert_refused(negotiated(SHA256), &number(32, &[2]), unexpected(32));
    assert_refused(with_group(SHA256, &asked).0, &asked, unexpected(34));
    assert_refused(with_group(SHA256, &asked).0, &number(30, &[2]), unexpected(30));
    assert_refused(with_group(SHA256, &asked).0, &[21], unexpected(21));
    // the messages of a group exchange are not those of a group
    for method in ["diffie-hellman-group14-sha256", "curve25519-sha256"] {
        assert_refused(negotiated(method), &asked, unexpected(34));
    }
}

/// Zero, one and numbers above every modulus, in the groups with a number.
#[test]
fn rfc8268_s4_trivial_values() {
    for row in KEXES.iter().filter(|row| row.name.starts_with("diffie-hellman-group1")) {
        for e in [&[][..], &[1], &[0xff; 1024], &[0x7f; 4000]] {
            assert_refused(negotiated(row.name), &number(30, e), CryptoError::BadPublicValue);
        }
    }
}

/// The first message of every method, cut at each byte and with one more.
#[test]
fn rfc4253_s8_truncated_messages() {
    for row in KEXES {
        let whole = ClientKex::start(row.name, &mut FixedRandom::new(3)).init();
        for len in 1..whole.len() {
            assert_refused(negotiated(row.name), &whole[..len], InvalidMessage::Truncated);
        }
        let longer = [&whole[..], &[0]].concat();
        assert_refused(negotiated(row.name), &longer, InvalidMessage::TrailingBytes);
    }
    let whole = number(32, &[0x12; 250]);
    for len in 1..whole.len() {
        let (pair, _) = with_group(SHA256, &request(2048, 2048, 8192));
        assert_refused(pair, &whole[..len], InvalidMessage::Truncated);
    }
}

/// Public values with a piece missing, as strings that are whole.
#[test]
fn rfc8731_s3_short_public_values() {
    let of_strings = |row: &&&KexAlgorithm| {
        !row.name.starts_with("diffie-hellman") && row.proof == ServerProof::HostKey
    };
    for row in KEXES.iter().filter(of_strings) {
        let init = ClientKex::start(row.name, &mut FixedRandom::new(3)).init();
        let public = Reader::new(&init[1..]).string().unwrap().to_vec();
        for len in [0, 1, public.len() / 2, public.len() - 1] {
            let mut payload = vec![30];
            Writer::new(&mut payload).string(&public[..len]);
            assert_refused(negotiated(row.name), &payload, CryptoError::BadPublicValue);
        }
        let mut payload = vec![30];
        Writer::new(&mut payload).string([&public[..], &[0]].concat());
        assert_refused(negotiated(row.name), &payload, CryptoError::BadPublicValue);
        if row.name.contains("25519") {
            // the X25519 result is zero, alone or beside a good KEM
            let mut zero = public.clone();
            let at = zero.len() - 32;
            zero[at..].fill(0);
            let mut payload = vec![30];
            Writer::new(&mut payload).string(&zero);
            assert_refused(negotiated(row.name), &payload, CryptoError::BadPublicValue);
        }
    }
}

/// RFC 4253 section 7.1: names that the server does not know are passed over, names that come twice
/// count once, and a list without any name has nothing in common.
#[test]
fn rfc4253_s7_1_odd_lists() {
    for kex in [
        "unknown@example.com,curve25519-sha256",
        "curve25519-sha256,curve25519-sha256",
        "curve25519-sha256,unknown@example.com,curve25519-sha256,ecdh-sha2-nistp256",
        "gss-group14-sha256-toWM5Slw5Ew8Mqkay+al2g==,curve25519-sha256",
    ] {
        let host_keys = "ssh-ed448,ssh-ed25519,ssh-ed25519";
        let offer = Offer::default().kex(kex).host_key(host_keys);
        let mut pair = Pair::new(config(), offer, Program::default());
        pair.login();
        pair.assert_alive();
    }
    for (kex, host_key, error) in [
        ("", "ssh-ed25519", PeerIncompatible::NoCommonKex),
        ("Curve25519-SHA256", "ssh-ed25519", PeerIncompatible::NoCommonKex),
        ("curve25519-sha256", "", PeerIncompatible::NoCommonHostKey),
        ("curve25519-sha256", "ssh-dss", PeerIncompatible::NoCommonHostKey),
        (
            "curve25519-sha256",
            "ssh-ed25519-cert-v01@openssh.com",
            PeerIncompatible::NoCommonHostKey,
        ),
    ] {
        let offer = Offer::default().kex(kex).host_key(host_key);
        let mut pair = Pair::new(config(), offer, Program::default());
        pair.exchange_keys();
        let error = Error::from(error);
        pair.assert_ended(&error, error.disconnect_reason());
    }
}

/// RFC 4253 section 7.1: each list for itself, each direction for itself. A MAC that no cipher needs is
/// not missed.
#[test]
fn rfc4253_s7_1_nothing_in_common() {
    type Change = fn(&mut Offer, usize, &str);
    let lists: [(Change, PeerIncompatible); 3] = [
        (|offer, at, name| offer.cipher[at] = name.to_owned(), PeerIncompatible::NoCommonCipher),
        (|offer, at, name| offer.mac[at] = name.to_owned(), PeerIncompatible::NoCommonMac),
        (
            |offer, at, name| offer.compression[at] = name.to_owned(),
            PeerIncompatible::NoCommonCompression,
        ),
    ];
    for (change, error) in lists {
        for direction in 0..2 {
            for name in ["", "unknown@example.com", "AES128-CTR,HMAC-SHA2-256,NONE"] {
                let mut offer = Offer::default().cipher("aes128-ctr");
                change(&mut offer, direction, name);
                let mut pair = Pair::new(config(), offer, Program::default());
                pair.exchange_keys();
                let reason = Error::from(error).disconnect_reason();
                pair.assert_ended(&error.into(), reason);
            }
        }
    }
    Pair::new(config(), Offer::default().mac(""), Program::default()).handshake();
}

/// RFC 8332: keys of the smallest and the largest size sign with every hash.
#[test]
fn rfc8332_rsa_from_1024_to_16384_bits() {
    for name in ["../sizes/rsa-1024.pem", "../sizes/rsa-16384.pem"] {
        let key = Arc::new(key_file(name));
        assert_eq!(key.is_heavy(), name.contains("16384"));
        for algorithm in ["rsa-sha2-256", "rsa-sha2-512", "ssh-rsa"] {
            let mut config = config();
            config.transport.host_keys = vec![Arc::clone(&key)];
            let offer = Offer::default().host_key(algorithm);
            let mut pair = Pair::new(config, offer, Program::default());
            pair.start_authentication();
            pair.take_numbers();
            pair.try_key(&key, algorithm, true);
            assert!(pair.server.peer().is_authenticated, "{name} {algorithm}");
        }
    }
}

/// Long computations are marked as such, so that they do not delay other connections: groups from 2048
/// bits on, and signatures of large RSA keys.
#[test]
fn long_arithmetic_is_told() {
    let jobs = |kex: &str, host_key: &str, file: Option<&str>| {
        let mut config = config();
        if let Some(file) = file {
            config.transport.host_keys = vec![Arc::new(key_file(file))];
        }
        let offer = Offer::default().kex(kex).host_key(host_key);
        let mut pair = Pair::new(config, offer, Program::default());
        pair.handshake();
        pair.jobs
    };
    for (kex, heavy) in [
        ("curve25519-sha256", &[false][..]),
        ("mlkem768x25519-sha256", &[false]),
        ("sntrup761x25519-sha512", &[false]),
        ("ecdh-sha2-nistp521", &[false]),
        ("diffie-hellman-group1-sha1", &[false]),
        ("diffie-hellman-group14-sha256", &[true]),
        ("diffie-hellman-group15-sha512", &[true]),
        ("diffie-hellman-group18-sha512", &[true]),
        // the request is light, the exchange in 3072 bits is not
        (SHA256, &[false, true]),
    ] {
        assert_eq!(jobs(kex, "ssh-ed25519", None), heavy, "{kex}");
    }
    let rsa = |file| jobs("curve25519-sha256", "rsa-sha2-512", Some(file));
    assert_eq!(rsa("openssh-rsa-2048"), [false]);
    assert_eq!(rsa("../sizes/rsa-16384.pem"), [true]);
}
