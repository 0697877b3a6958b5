//! Keys of users in FIDO devices (OpenSSH PROTOCOL.u2f).

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use sshserver::crypto::hash::Hash;
use sshserver::wire::Writer;
use sshserver::wire::messages;

use crate::common::certificate::Certified;
use crate::common::client::Offer;
use crate::common::pair::{Pair, key_request};
use crate::common::program::{Program, verdict};
use crate::common::{config, ed25519};

const NAME: &str = "sk-ssh-ed25519@openssh.com";

/// A device with one key.
struct Device {
    pair: Ed25519KeyPair,
    flags: u8,
    name: &'static str,
}

impl Device {
    fn new() -> Self {
        let pair = Ed25519KeyPair::from_seed_unchecked(&[5; 32]).unwrap();
        Self { pair, flags: 1, name: NAME }
    }

    fn blob(&self) -> Vec<u8> {
        let mut blob = Vec::new();
        Writer::new(&mut blob).string(NAME).string(self.pair.public_key()).string("ssh:");
        blob
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        let mut signed = Hash::Sha256.digest(&[b"ssh:"]);
        let digest = Hash::Sha256.digest(&[message]);
        Writer::new(&mut signed).u8(self.flags).u32(77).raw(&digest);
        let mut signature = Vec::new();
        Writer::new(&mut signature)
            .string(self.name)
            .string(self.pair.sign(&signed))
            .u8(self.flags)
            .u32(77);
        signature
    }
}

/// A login with what the device signs; whether it was let in.
fn logs_in(device: &Device, blob: &[u8], algorithm: &str) -> bool {
    let mut config = config();
    config.wall_clock = Some(|| 1500);
    let program = Program::judging(|_| Some(verdict(true)));
    let mut pair = Pair::new(config, Offer::default(), program);
    pair.start_authentication();
    pair.take_numbers();
    let query = key_request(&pair.client.session_id, blob, algorithm, None);
    pair.client.send(&query);
    pair.run();
    pair.take_number(messages::SSH_MSG_USERAUTH_PK_OK);
    let session_id = pair.client.session_id.clone();
    let request = key_request(&session_id, blob, algorithm, Some(&|it| device.sign(it)));
    pair.client.send(&request);
    pair.run();
    let let_in = pair.server.peer().is_authenticated;
    if !let_in {
        pair.take_number(messages::SSH_MSG_USERAUTH_FAILURE);
        // the login goes on: the same key, as it should be
        let good = Device { flags: 5, ..Device::new() };
        let request = key_request(&session_id, blob, algorithm, Some(&|it| good.sign(it)));
        pair.client.send(&request);
        pair.run();
        assert!(pair.server.peer().is_authenticated);
    }
    let_in
}

#[test]
fn the_device_lets_its_owner_in() {
    let device = Device::new();
    assert!(logs_in(&device, &device.blob(), NAME));
    // with its PIN asked for too
    assert!(logs_in(&Device { flags: 5, ..Device::new() }, &device.blob(), NAME));
}

#[test]
fn nobody_touched_it() {
    for flags in [0, 4, 0xfe] {
        let device = Device { flags, ..Device::new() };
        assert!(!logs_in(&device, &device.blob(), NAME));
    }
}

#[test]
fn its_signature_names_its_algorithm() {
    let device = Device { name: "ssh-ed25519", ..Device::new() };
    assert!(!logs_in(&device, &device.blob(), NAME));
}

#[test]
fn with_a_certificate() {
    let (device, authority) = (Device::new(), ed25519(20));
    let key_blob = device.blob();
    let blob = Certified::new(&key_blob, &authority).blob();
    assert!(logs_in(&device, &blob, "sk-ssh-ed25519-cert-v01@openssh.com"));
}

#[test]
fn a_certificate_may_want_the_device_to_know_who_touched_it() {
    let (device, authority) = (Device::new(), ed25519(20));
    let key_blob = device.blob();
    let critical: &[(&str, &[u8])] = &[("verify-required", b"")];
    let blob = Certified { critical, ..Certified::new(&key_blob, &authority) }.blob();
    for (flags, let_in) in [(1, false), (4, false), (5, true), (0xff, true)] {
        let device = Device { flags, ..Device::new() };
        assert_eq!(logs_in(&device, &blob, "sk-ssh-ed25519-cert-v01@openssh.com"), let_in);
    }
}

/// No server has one, so it stands in no offer of host keys.
#[test]
fn no_host_has_one() {
    let lists = config().transport.algorithms;
    assert!(lists.host_key.iter().all(|row| !row.security_key));
    assert!(lists.user_signature.iter().any(|row| row.security_key));
}
