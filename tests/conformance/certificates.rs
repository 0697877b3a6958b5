//! OpenSSH certificates (OpenSSH PROTOCOL.certkeys) of users and of hosts.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use sshserver::crypto::signature::{self, Certificate, CertificateKind, PrivateKey};
use sshserver::engine::{AuthParam, Config};
use sshserver::wire::messages::{self, KexInit, Message, UserauthPkOk};

use crate::common::certificate::Certified;
use crate::common::client::Offer;
use crate::common::pair::{Pair, key_request};
use crate::common::program::{Program, verdict};
use crate::common::{config, dsa, ed25519, key_file};

const NAME: &str = "ssh-ed25519-cert-v01@openssh.com";

/// The defaults, at the time 1500.
fn dated() -> Config {
    let mut config = config();
    config.wall_clock = Some(|| 1500);
    config
}

type Shown = Rc<RefCell<Vec<Option<Certificate>>>>;

/// Ready for a login, with the certificates that the program is shown.
fn asking(config: Config) -> (Pair, Shown) {
    let shown = Shown::default();
    let seen = Rc::clone(&shown);
    let program = Program::judging(move |question| {
        let certificate = match &question.param {
            AuthParam::PublicKey(blob) => Certificate::parse(blob).ok(),
            _ => None,
        };
        seen.borrow_mut().push(certificate);
        Some(verdict(true))
    });
    let mut pair = Pair::new(config, Offer::default(), program);
    pair.start_authentication();
    pair.take_numbers();
    (pair, shown)
}

fn request(pair: &mut Pair, key: &PrivateKey, blob: &[u8], algorithm: &str, signed: bool) {
    let sign = |message: &[u8]| {
        let row = signature::by_name(algorithm).unwrap();
        key.sign_as(row, message).unwrap()
    };
    let sign = signed.then_some(&sign as &dyn Fn(&[u8]) -> Vec<u8>);
    let payload = key_request(&pair.client.session_id, blob, algorithm, sign);
    pair.client.send(&payload);
    pair.run();
}

#[test]
fn every_kind_of_key_logs_in_with_a_certificate() {
    let authority = ed25519(20);
    for (key, algorithms) in [
        (ed25519(21), &[NAME][..]),
        (key_file("openssh-ecdsa-256"), &["ecdsa-sha2-nistp256-cert-v01@openssh.com"]),
        (key_file("openssh-ecdsa-384"), &["ecdsa-sha2-nistp384-cert-v01@openssh.com"]),
        (key_file("openssh-ecdsa-521"), &["ecdsa-sha2-nistp521-cert-v01@openssh.com"]),
        (
            key_file("openssh-rsa-2048"),
            &[
                "rsa-sha2-256-cert-v01@openssh.com",
                "rsa-sha2-512-cert-v01@openssh.com",
                "ssh-rsa-cert-v01@openssh.com",
            ],
        ),
        (dsa(), &["ssh-dss-cert-v01@openssh.com"]),
    ] {
        let blob = Certified::new(key.public_blob(), &authority).blob();
        for algorithm in algorithms {
            let (mut pair, shown) = asking(dated());
            request(&mut pair, &key, &blob, algorithm, false);
            let payload = pair.take_number(messages::SSH_MSG_USERAUTH_PK_OK);
            let ok = UserauthPkOk::decode(&payload).unwrap();
            assert_eq!((ok.algorithm, ok.key_blob), (*algorithm, &blob[..]));
            request(&mut pair, &key, &blob, algorithm, true);
            assert!(pair.server.peer().is_authenticated, "{algorithm}");
            let shown = shown.borrow();
            assert_eq!(shown.len(), 2);
            let certificate = shown[1].as_ref().unwrap();
            assert_eq!(certificate.key_blob, key.public_blob());
            assert_eq!(certificate.authority, authority.public_blob());
            assert_eq!((certificate.kind, certificate.serial), (CertificateKind::User, 9));
            assert_eq!(certificate.principals, ["user"]);
        }
    }
}

/// Certificates that are refused without asking the program.
#[test]
fn certificates_that_do_not_hold_are_refused() {
    let (key, authority) = (ed25519(21), ed25519(20));
    let good = Certified::new(key.public_blob(), &authority);
    let forged = {
        let mut blob = good.blob();
        *blob.last_mut().unwrap() ^= 1;
        blob
    };
    let with = |change: fn(&mut Certified<'_>)| {
        let mut certified = good.clone();
        change(&mut certified);
        certified.blob()
    };
    let rsa = key_file("openssh-rsa-2048");
    let old = Certified { authority: &rsa, algorithm: "ssh-rsa", ..good.clone() }.blob();
    let dsa = dsa();
    let by_dsa = Certified { authority: &dsa, algorithm: "ssh-dss", ..good.clone() }.blob();
    let refused = [
        (forged, "forged"),
        (with(|it| it.kind = 2), "of a host"),
        (with(|it| it.kind = 3), "of nobody"),
        (with(|it| it.valid = [1501, 2000]), "not yet valid"),
        (with(|it| it.valid = [1000, 1500]), "expired"),
        (with(|it| it.critical = &[("force-command", b"\0\0\0\x01x")]), "not understood"),
        (with(|it| it.critical = &[("verify-required", b"")]), "not understood"),
        (old, "signed with SHA-1"),
        (by_dsa, "signed with DSA"),
    ];
    for (blob, why) in refused {
        for signed in [false, true] {
            let (mut pair, shown) = asking(dated());
            request(&mut pair, &key, &blob, NAME, signed);
            pair.take_number(messages::SSH_MSG_USERAUTH_FAILURE);
            assert!(shown.borrow().is_empty(), "{why}");
            // the rest of the connection is not affected
            pair.try_password("secret");
            assert!(pair.server.peer().is_authenticated);
        }
    }
    // the same at the ends of its life
    for valid in [[1500, 1501], [0, u64::MAX]] {
        let (mut pair, _) = asking(dated());
        let blob = Certified { valid, ..good.clone() }.blob();
        request(&mut pair, &key, &blob, NAME, true);
        assert!(pair.server.peer().is_authenticated);
    }
}

#[test]
fn a_certificate_is_no_key_and_a_key_no_certificate() {
    let (key, authority) = (ed25519(21), ed25519(20));
    let blob = Certified::new(key.public_blob(), &authority).blob();
    for (blob, algorithm) in [(&blob[..], "ssh-ed25519"), (key.public_blob(), NAME)] {
        let (mut pair, shown) = asking(dated());
        request(&mut pair, &key, blob, algorithm, true);
        pair.take_number(messages::SSH_MSG_USERAUTH_FAILURE);
        assert!(shown.borrow().is_empty());
    }
}

#[test]
fn the_owner_has_to_sign() {
    let (key, authority) = (ed25519(21), ed25519(20));
    let blob = Certified::new(key.public_blob(), &authority).blob();
    let (mut pair, shown) = asking(dated());
    request(&mut pair, &authority, &blob, NAME, true);
    pair.take_number(messages::SSH_MSG_USERAUTH_FAILURE);
    // the program, which says yes to everything, is not even asked
    assert!(shown.borrow().is_empty());
    assert!(!pair.server.peer().is_authenticated);
}

#[test]
fn options_that_the_program_enforces_are_taken() {
    let (key, authority) = (ed25519(21), ed25519(20));
    let both: &[(&str, &[u8])] =
        &[("force-command", b"\0\0\0\x01x"), ("source-address", b"\0\0\0\x01y")];
    for (known, taken) in
        [(&["force-command", "source-address"][..], true), (&["force-command"], false)]
    {
        let mut config = dated();
        config.critical_options = known.iter().map(|&name| name.to_owned()).collect();
        let (mut pair, shown) = asking(config);
        let certified =
            Certified { critical: both, ..Certified::new(key.public_blob(), &authority) };
        request(&mut pair, &key, &certified.blob(), NAME, true);
        assert_eq!(pair.server.peer().is_authenticated, taken);
        if taken {
            let shown = shown.borrow();
            let options = &shown[0].as_ref().unwrap().critical_options;
            assert_eq!(options[0].name, "force-command");
            assert_eq!(options[0].data, b"\0\0\0\x01x");
        }
    }
}

#[test]
fn without_a_clock_there_are_no_certificates() {
    let (key, authority) = (ed25519(21), ed25519(20));
    let (mut pair, shown) = asking(config());
    let certified =
        Certified { valid: [0, u64::MAX], ..Certified::new(key.public_blob(), &authority) };
    request(&mut pair, &key, &certified.blob(), NAME, true);
    pair.take_number(messages::SSH_MSG_USERAUTH_FAILURE);
    assert!(shown.borrow().is_empty());
}

#[test]
fn small_keys_are_refused_by_the_modern_profile() {
    let (small, large) = (key_file("../sizes/rsa-1024.pem"), key_file("openssh-rsa-2048"));
    for (min_rsa_bits, taken) in [(1024, true), (2048, false)] {
        let mut config = dated();
        config.transport.algorithms.min_rsa_bits = min_rsa_bits;
        let (mut pair, _) = asking(config.clone());
        pair.try_key(&small, "rsa-sha2-256", true);
        assert_eq!(pair.server.peer().is_authenticated, taken);
        // in certificates: the key, and that of the authority
        let of_small = Certified {
            authority: &large,
            algorithm: "rsa-sha2-256",
            ..Certified::new(small.public_blob(), &large)
        };
        let by_small = Certified {
            authority: &small,
            algorithm: "rsa-sha2-512",
            ..Certified::new(large.public_blob(), &small)
        };
        for (certified, key) in [(of_small, &small), (by_small, &large)] {
            let (mut pair, _) = asking(config.clone());
            let name = "rsa-sha2-512-cert-v01@openssh.com";
            request(&mut pair, key, &certified.blob(), name, true);
            assert_eq!(pair.server.peer().is_authenticated, taken);
        }
        // and as the key of the host
        config.transport.host_keys = vec![key_file("../sizes/rsa-1024.pem").into()];
        let mut pair =
            Pair::new(config, Offer::default().host_key("rsa-sha2-256"), Program::default());
        pair.run();
        let payload = pair.client.kex_inits[1].clone().unwrap();
        let offered = KexInit::decode(&payload).unwrap().server_host_key_algorithms;
        assert_eq!(offered.contains("rsa-sha2-256"), taken);
    }
}

#[test]
fn host_certificates_are_offered_beside_the_key() {
    let authority = ed25519(20);
    for (key, plain, certified) in [
        (ed25519(1), "ssh-ed25519", NAME),
        (key_file("openssh-rsa-2048"), "rsa-sha2-512", "rsa-sha2-512-cert-v01@openssh.com"),
        (
            key_file("openssh-ecdsa-521"),
            "ecdsa-sha2-nistp521",
            "ecdsa-sha2-nistp521-cert-v01@openssh.com",
        ),
    ] {
        let key_blob = key.public_blob().to_vec();
        let blob = Certified { kind: 2, ..Certified::new(&key_blob, &authority) }.blob();
        let mut config = config();
        config.transport.host_keys = vec![Arc::new(key.with_certificate(&blob).unwrap())];
        for (name, host_key) in [(plain, &key_blob), (certified, &blob)] {
            let offer = Offer::default().host_key(name);
            let mut pair = Pair::new(config.clone(), offer, Program::default());
            pair.handshake();
            assert_eq!(&pair.client.host_key_blob, host_key);
            let payload = pair.client.kex_inits[1].clone();
            assert!(payload.is_none() || pair.client.exchanges == 1);
            pair.client.send_kex_init();
            pair.run();
            assert_eq!(pair.client.exchanges, 2);
        }
    }
}

/// A certificate for another key, for users, or with a wrong signature.
#[test]
fn host_certificates_have_to_fit() {
    let authority = ed25519(20);
    let (key, other) = (ed25519(1), ed25519(2));
    let host = Certified { kind: 2, ..Certified::new(key.public_blob(), &authority) };
    let mut forged = host.blob();
    *forged.last_mut().unwrap() ^= 1;
    assert!(ed25519(1).with_certificate(&host.blob()).is_ok());
    for blob in [
        forged,
        Certified { kind: 1, ..host.clone() }.blob(),
        Certified { key_blob: other.public_blob(), ..host.clone() }.blob(),
        key.public_blob().to_vec(),
        Vec::new(),
    ] {
        assert!(ed25519(1).with_certificate(&blob).is_err());
    }
}
