//! X.509 certificates as keys (RFC 6187, and x509v3-sign-rsa and -dss from before it) of hosts and of users.

use std::sync::Arc;

use sshserver::crypto::signature::{self, KeyForm, PrivateKey, SIGNATURES, X509Flaw};
use sshserver::engine::{Config, Verbosity};
use sshserver::userauth::Why;
use sshserver::wire::messages::{self, KexInit, Message, UserauthPkOk};

use crate::common::client::Offer;
use crate::common::pair::{Pair, key_request};
use crate::common::program::{Program, Seen, verdict};
use crate::common::x509::{Made, NOW, certified, chain, der};
use crate::common::{config, ed25519, key_file};

const NAME: &str = "x509v3-ssh-ed25519";
const CLIENT_AUTH: &str = "2b06010505070302";
const SERVER_AUTH: &str = "2b06010505070301";
const SECURE_SHELL_CLIENT: &str = "2b06010505070315";
const ANY_USAGE: &str = "551d2500";

/// Every algorithm, at a time at which the certificates are valid.
fn dated() -> Config {
    let mut config = config();
    config.wall_clock = Some(|| NOW);
    config
}

/// Algorithm and key of each row.
fn rows() -> Vec<(&'static str, &'static str)> {
    let rows = SIGNATURES.iter().filter(|row| row.form != KeyForm::Plain);
    let rows = rows.filter(|row| row.form != KeyForm::Certificate);
    let key = |name: &str| match name.trim_start_matches("x509v3-") {
        "sign-rsa" | "ssh-rsa" | "rsa2048-sha256" => "rsa",
        "sign-dss" | "ssh-dss" => "dsa",
        "ecdsa-sha2-nistp256" => "ecdsa-256",
        "ecdsa-sha2-nistp384" => "ecdsa-384",
        "ecdsa-sha2-nistp521" => "ecdsa-521",
        "ssh-ed25519" => "ed25519",
        other => panic!("no key for {other}"),
    };
    rows.map(|row| (row.name, key(row.name))).collect()
}

/// The blob that the wire table has for an algorithm.
fn blob(algorithm: &str, certificates: &[Vec<u8>; 3]) -> Vec<u8> {
    if algorithm.starts_with("x509v3-sign-") {
        return certificates[0].clone();
    }
    let all: Vec<&[u8]> = certificates.iter().map(Vec::as_slice).collect();
    chain(algorithm, &all)
}

fn asking(config: Config) -> Pair {
    let mut pair = Pair::new(config, Offer::default(), Program::judging(|_| Some(verdict(true))));
    pair.server.set_verbosity(Verbosity { log_level: 1, ..Verbosity::default() });
    pair.start_authentication();
    pair.take_numbers();
    pair
}

fn request(pair: &mut Pair, key: &PrivateKey, blob: &[u8], algorithm: &str, signed: bool) {
    let row = signature::by_name(algorithm).unwrap();
    let sign = |message: &[u8]| key.sign_as(row, message).unwrap();
    let sign = signed.then_some(&sign as &dyn Fn(&[u8]) -> Vec<u8>);
    let payload = key_request(&pair.client.session_id, blob, algorithm, sign);
    pair.client.send(&payload);
    pair.run();
}

/// The blobs of keys that the program was asked about, with their algorithms.
fn asked(pair: &Pair) -> Vec<(String, Vec<u8>)> {
    let keys = pair.program.seen.iter().filter_map(|seen| match seen {
        Seen::Auth { method, param, key_algorithm, .. } if method == "publickey" => {
            Some((key_algorithm.clone(), param.clone()))
        }
        _ => None,
    });
    keys.collect()
}

#[test]
fn every_algorithm_proves_a_host() {
    for (name, key) in rows() {
        let (key, certificates) = certified(key);
        let plain = signature::by_name(name).unwrap().plain.unwrap().name;
        let mut config = dated();
        config.transport.host_keys = vec![Arc::new(key)];
        for (name, expected) in [(name, Some(blob(name, &certificates))), (plain, None)] {
            let offer = Offer::default().host_key(name);
            let mut pair = Pair::new(config.clone(), offer, Program::default());
            // the client verifies the signature
            pair.handshake();
            if let Some(expected) = expected {
                assert_eq!(pair.client.host_key_blob, expected, "{name}");
            }
            pair.client.send_kex_init();
            pair.run();
            assert_eq!(pair.client.exchanges, 2, "{name}");
        }
    }
}

/// Without certificates, with those of another key, and RSA keys that are too short for one of them.
#[test]
fn hosts_without_a_chain_do_not_offer_one() {
    let offered = |key: PrivateKey| {
        let mut config = dated();
        config.transport.host_keys = vec![Arc::new(key)];
        let mut pair = Pair::new(config, Offer::default(), Program::default());
        pair.run();
        let payload = pair.client.kex_inits[1].clone().unwrap();
        let names = KexInit::decode(&payload).unwrap().server_host_key_algorithms;
        let names = names.iter().filter(|name| name.starts_with("x509v3-"));
        names.map(str::to_owned).collect::<Vec<_>>()
    };
    assert!(offered(ed25519(3)).is_empty());
    let (key, certificates) = certified("rsa");
    let all = ["x509v3-rsa2048-sha256", "x509v3-sign-rsa", "x509v3-ssh-rsa"];
    assert_eq!(offered(key), all);
    let of_another = ed25519(3).with_x509(&[&certificates[0]]);
    assert_eq!(of_another.err(), Some(X509Flaw::OtherKey));
    let short = key_file("../sizes/rsa-1024.pem");
    let authority = ed25519(20);
    let certificate = Made::new(short.public_blob(), &authority).der();
    assert_eq!(offered(short.with_x509(&[&certificate]).unwrap()), all[1..]);
}

#[test]
fn every_algorithm_logs_a_user_in() {
    for (name, key) in rows() {
        let (key, certificates) = certified(key);
        let blob = blob(name, &certificates);
        let mut pair = asking(dated());
        request(&mut pair, &key, &blob, name, false);
        let payload = pair.take_number(messages::SSH_MSG_USERAUTH_PK_OK);
        let ok = UserauthPkOk::decode(&payload).unwrap();
        assert_eq!((ok.algorithm, ok.key_blob), (name, &blob[..]));
        request(&mut pair, &key, &blob, name, true);
        assert!(pair.server.peer().is_authenticated, "{name}");
        let expected = (name.to_owned(), blob);
        assert_eq!(asked(&pair), [expected.clone(), expected]);
    }
}

#[test]
fn the_owner_has_to_sign_with_the_algorithm() {
    let (key, certificates) = certified("ed25519");
    let blob = blob(NAME, &certificates);
    let (rsa, of_rsa) = certified("rsa");
    let of_rsa = super::x509::blob("x509v3-rsa2048-sha256", &of_rsa);
    let row = |name| signature::by_name(name).unwrap();
    let other = ed25519(9);
    let by = |key: &PrivateKey, name: &'static str, message: &[u8]| {
        key.sign_as(row(name), message).unwrap()
    };
    let right = |message: &[u8]| by(&key, NAME, message);
    let stranger = |message: &[u8]| by(&other, "ssh-ed25519", message);
    let elsewhere = |_: &[u8]| by(&key, NAME, b"another session");
    let sha1 = |message: &[u8]| by(&rsa, "ssh-rsa", message);
    let plain = |message: &[u8]| by(&rsa, "rsa-sha2-256", message);
    let rsa_name = "x509v3-rsa2048-sha256";
    let attempts: [(&str, &[u8], &dyn Fn(&[u8]) -> Vec<u8>, bool); 5] = [
        (NAME, &blob, &right, true),
        (NAME, &blob, &stranger, false),
        (NAME, &blob, &elsewhere, false),
        (rsa_name, &of_rsa, &sha1, false),
        // the signature is right, its name is not
        (rsa_name, &of_rsa, &plain, false),
    ];
    for (at, (name, blob, sign, good)) in attempts.into_iter().enumerate() {
        let mut pair = asking(dated());
        let payload = key_request(&pair.client.session_id, blob, name, Some(sign));
        pair.client.send(&payload);
        pair.run();
        assert_eq!(pair.server.peer().is_authenticated, good, "{at}");
        assert_eq!(asked(&pair).is_empty(), !good, "{at}");
        let line = Seen::Line(Why::Signature.to_string());
        assert_eq!(pair.program.seen.contains(&line), !good, "{at}");
    }
}

/// The request is refused with this reason in the log and without a question; the connection goes on.
fn refused(config: &Config, key: &PrivateKey, algorithm: &str, blob: &[u8], flaw: X509Flaw) {
    for signed in [false, true] {
        let mut pair = asking(config.clone());
        request(&mut pair, key, blob, algorithm, signed);
        pair.take_number(messages::SSH_MSG_USERAUTH_FAILURE);
        assert!(asked(&pair).is_empty(), "{flaw:?}");
        let line = Seen::Line(Why::X509(flaw.clone()).to_string());
        assert!(pair.program.seen.contains(&line), "{line:?} in {:?}", pair.program.seen);
        pair.try_password("secret");
        assert!(pair.server.peer().is_authenticated);
    }
}

/// The certificate logs in.
fn accepted(key: &PrivateKey, certificate: &[u8]) {
    let mut pair = asking(dated());
    request(&mut pair, key, &chain(NAME, &[certificate]), NAME, true);
    assert!(pair.server.peer().is_authenticated, "{:?}", pair.program.seen);
}

#[test]
fn certificates_that_do_not_hold_are_refused_with_their_reasons() {
    let (key, authority) = (ed25519(21), ed25519(20));
    let good = Made::new(key.public_blob(), &authority);
    accepted(&key, &good.der());
    let valid = |from, to| Made { valid: [from, to], ..good.clone() };
    let md5 = ["2a864886f70d010104"; 2];
    let not_before = valid("270115080001Z", "490101000000Z");
    let expired = valid("260101000000Z", "270115075959Z");
    let without_clock = config();
    let all = [
        (not_before, X509Flaw::NotYetValid),
        (expired, X509Flaw::Expired),
        (good.clone().usage(0x04), X509Flaw::KeyUsage),
        (good.clone().usage(0x60), X509Flaw::KeyUsage),
        (good.clone().extended_usage(&[SERVER_AUTH]), X509Flaw::ExtendedKeyUsage),
        (good.clone().extended_usage(&[ANY_USAGE]), X509Flaw::ExtendedKeyUsage),
        (
            good.clone().with("2a0304", true, vec![5, 0]),
            X509Flaw::UnknownExtension("1.2.3.4".to_owned()),
        ),
        (good.clone().usage(0x80).usage(0x80), X509Flaw::Malformed),
        (good.clone().with("551d0f", true, vec![5, 0]), X509Flaw::Malformed),
        (good.clone().with("551d25", true, vec![5, 0]), X509Flaw::Malformed),
        (good.clone().with("551d11", false, vec![5, 0]), X509Flaw::Malformed),
        (Made { algorithm: md5, ..good.clone() }, X509Flaw::WeakSignature),
        (Made { algorithm: ["2b6570", "2b6571"], ..good.clone() }, X509Flaw::Malformed),
    ];
    for (made, flaw) in all {
        refused(&dated(), &key, NAME, &chain(NAME, &[&made.der()]), flaw);
    }
    refused(&without_clock, &key, NAME, &chain(NAME, &[&good.der()]), X509Flaw::NoClock);
    // an authority's certificate counts for its strength alone
    let weak_issuer = Made { algorithm: md5, ..good.clone() }.der();
    let with_issuer = chain(NAME, &[&good.der(), &weak_issuer]);
    refused(&dated(), &key, NAME, &with_issuer, X509Flaw::WeakSignature);
    let old_root = Made { issuer: "root", subject: "root", algorithm: md5, ..good.clone() }.der();
    let mut pair = asking(dated());
    request(&mut pair, &key, &chain(NAME, &[&good.der(), &old_root]), NAME, true);
    assert!(pair.server.peer().is_authenticated);
}

#[test]
fn certificates_for_logins_are_taken() {
    let (key, authority) = (ed25519(21), ed25519(20));
    let good = Made::new(key.public_blob(), &authority);
    for made in [
        good.clone().usage(0x80),
        good.clone().usage(0xc0),
        good.clone().extended_usage(&[SERVER_AUTH, CLIENT_AUTH]),
        good.clone().extended_usage(&[SECURE_SHELL_CLIENT]),
        good.clone().with("2a0304", false, vec![5, 0]),
        good.clone().with("551d13", true, der(0x30, &[])),
        // UserPrincipalName and the like are for the program
        good.clone().with("551d11", true, der(0x30, &[&der(0x81, &[b"user@example.com"])])),
    ] {
        accepted(&key, &made.der());
    }
}

#[test]
fn keys_have_to_fit_the_algorithm_and_the_profile() {
    let authority = ed25519(20);
    let (key, short) = (ed25519(21), key_file("../sizes/rsa-1024.pem"));
    let certificate = Made::new(key.public_blob(), &authority).der();
    let of_short = Made::new(short.public_blob(), &authority).der();
    for (algorithm, blob) in [
        ("x509v3-sign-rsa", certificate.clone()),
        ("x509v3-ssh-rsa", chain("x509v3-ssh-rsa", &[&certificate])),
    ] {
        refused(&dated(), &short, algorithm, &blob, X509Flaw::OtherKey);
    }
    let rsa2048 = "x509v3-rsa2048-sha256";
    refused(&dated(), &short, rsa2048, &chain(rsa2048, &[&of_short]), X509Flaw::WeakKey);
    let mut modern = dated();
    modern.transport.algorithms.min_rsa_bits = 2048;
    let rsa = "x509v3-ssh-rsa";
    refused(&modern, &short, rsa, &chain(rsa, &[&of_short]), X509Flaw::WeakKey);
    // of an authority, too
    let with_short = chain(NAME, &[&certificate, &of_short]);
    refused(&modern, &key, NAME, &with_short, X509Flaw::WeakKey);
    let mut pair = asking(dated());
    request(&mut pair, &short, &chain(rsa, &[&of_short]), rsa, true);
    assert!(pair.server.peer().is_authenticated);
}

#[test]
fn damaged_blobs_are_refused() {
    let (key, authority) = (ed25519(21), ed25519(20));
    let own = Made::new(key.public_blob(), &authority).der();
    let oids: Vec<String> = (0..65).map(|last| format!("2a03{last:02x}")).collect();
    let with_extensions = |count: usize| {
        let made = Made::new(key.public_blob(), &authority);
        oids.iter().take(count).fold(made, |made, oid| made.with(oid, false, vec![5, 0])).der()
    };
    let eleven = vec![&own[..]; 11];
    let ten = chain(NAME, &eleven[..10]);
    let mut absurd = chain(NAME, &[&own]);
    let at = 4 + NAME.len();
    absurd[at..at + 4].fill(0xff);
    for (blob, flaw) in [
        (chain(NAME, &eleven), X509Flaw::TooMany),
        (absurd, X509Flaw::TooMany),
        (chain(NAME, &[]), X509Flaw::Blob),
        ([&ten[..], &[0]].concat(), X509Flaw::Blob),
        (chain(NAME, &[&own, &vec![0x30; 8193]]), X509Flaw::TooLarge),
        (chain(NAME, &[b"no certificate"]), X509Flaw::Malformed),
        (chain(NAME, &[&with_extensions(65)]), X509Flaw::TooLarge),
    ] {
        refused(&dated(), &key, NAME, &blob, flaw);
    }
    accepted(&key, &with_extensions(64));
    let mut pair = asking(dated());
    request(&mut pair, &key, &ten, NAME, true);
    assert!(pair.server.peer().is_authenticated);
    // cut at each byte, on one connection as far as its attempts go; behind the type of the key
    let blob = chain(NAME, &[&own]);
    let mut config = dated();
    config.max_auth_attempts = 0;
    for form in [(NAME, blob.as_slice(), at), ("x509v3-sign-rsa", own.as_slice(), 0)] {
        let (algorithm, blob, from) = form;
        let mut pair = asking(config.clone());
        for len in from..blob.len() {
            request(&mut pair, &key, &blob[..len], algorithm, false);
            pair.take_number(messages::SSH_MSG_USERAUTH_FAILURE);
        }
        assert!(asked(&pair).is_empty());
    }
}

/// A client does not get in with a certificate by the name of another form, and an algorithm that is not
/// listed is not taken at all.
#[test]
fn forms_are_not_mixed() {
    let (key, authority) = (ed25519(21), ed25519(20));
    let own = Made::new(key.public_blob(), &authority).der();
    for (blob, algorithm) in [
        (&own[..], NAME),
        (&chain(NAME, &[&own])[..], "ssh-ed25519"),
        (key.public_blob(), NAME),
        (&chain("x509v3-ssh-rsa", &[&own]), NAME),
    ] {
        let mut pair = asking(dated());
        request(&mut pair, &key, blob, algorithm, true);
        pair.take_number(messages::SSH_MSG_USERAUTH_FAILURE);
        assert!(pair.program.seen.contains(&Seen::Line(Why::Key.to_string())), "{algorithm}");
        assert!(asked(&pair).is_empty());
    }
    let mut without = dated();
    without.transport.algorithms.user_signature.retain(|row| row.name != NAME);
    let mut pair = asking(without);
    request(&mut pair, &key, &chain(NAME, &[&own]), NAME, true);
    pair.take_number(messages::SSH_MSG_USERAUTH_FAILURE);
    assert!(asked(&pair).is_empty());
}
