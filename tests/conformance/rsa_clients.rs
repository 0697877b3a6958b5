//! RSA keys of users as clients in the field use them: agents of OpenSSH 7.2 to 7.7 that sign with SHA-1
//! whatever hash is requested, and clients that write the algorithm in the place of the key type.

use sshserver::crypto::signature::PrivateKey;
use sshserver::engine::Config;
use sshserver::wire::messages::{self, Message, UserauthPkOk};
use sshserver::wire::{Reader, Writer};

use crate::common::client::Offer;
use crate::common::pair::{Pair, key_request};
use crate::common::program::{Program, Seen};
use crate::common::{config, key_file};

fn begin(config: Config, version: &str) -> Pair {
    let mut pair = Pair::new(config, Offer::default(), Program::default());
    pair.client.version = version.to_owned();
    pair.start_authentication();
    pair
}

/// Announces one algorithm and signs with another.
fn sign_with(pair: &mut Pair, key: &PrivateKey, blob: &[u8], announced: &str, signed: &str) {
    let sign = |message: &[u8]| key.sign(signed, message).unwrap();
    let request = key_request(&pair.client.session_id, blob, announced, Some(&sign));
    pair.client.send(&request);
    pair.run();
}

/// What the program was shown of keys: the algorithm, and the blob.
fn shown(pair: &Pair) -> Vec<(String, Vec<u8>)> {
    let seen = pair.program.seen.iter().filter_map(|seen| match seen {
        Seen::Auth { key_algorithm, param, .. } => Some((key_algorithm.clone(), param.clone())),
        _ => None,
    });
    seen.collect()
}

const WITH_THE_FAULT: &str = "SSH-2.0-OpenSSH_7.4";

#[test]
fn old_agents_get_in_where_ssh_rsa_is_allowed() {
    let key = key_file("openssh-rsa-2048");
    for (version, gets_in) in [
        (WITH_THE_FAULT, true),
        ("SSH-2.0-OpenSSH_7.2p2 Ubuntu-4ubuntu2.10", true),
        ("SSH-2.0-OpenSSH_9.2p1", false),
        ("SSH-2.0-client", false),
    ] {
        for announced in ["rsa-sha2-512", "rsa-sha2-256"] {
            let mut pair = begin(config(), version);
            sign_with(&mut pair, &key, key.public_blob(), announced, "ssh-rsa");
            assert_eq!(pair.server.peer().is_authenticated, gets_in, "{version} {announced}");
            if gets_in {
                // the program is told what it really was
                assert_eq!(shown(&pair), [("ssh-rsa".to_owned(), key.public_blob().to_vec())]);
            }
        }
    }
}

#[test]
fn old_agents_do_not_get_in_where_ssh_rsa_is_not_allowed() {
    let key = key_file("openssh-rsa-2048");
    let mut config = config();
    config.transport.algorithms.user_signature.retain(|row| row.name != "ssh-rsa");
    let mut pair = begin(config, WITH_THE_FAULT);
    sign_with(&mut pair, &key, key.public_blob(), "rsa-sha2-512", "ssh-rsa");
    assert!(!pair.server.peer().is_authenticated);
    sign_with(&mut pair, &key, key.public_blob(), "rsa-sha2-512", "rsa-sha2-512");
    assert!(pair.server.peer().is_authenticated);
}

/// The fault is one of agents that know SHA-1 only: nothing else is taken for something else.
#[test]
fn no_other_signature_is_taken_for_what_was_announced() {
    let key = key_file("openssh-rsa-2048");
    for (announced, signed) in [
        ("rsa-sha2-512", "rsa-sha2-256"),
        ("rsa-sha2-256", "rsa-sha2-512"),
        ("ssh-rsa", "rsa-sha2-512"),
    ] {
        let mut pair = begin(config(), WITH_THE_FAULT);
        sign_with(&mut pair, &key, key.public_blob(), announced, signed);
        assert!(!pair.server.peer().is_authenticated, "{announced} {signed}");
    }
    // SHA-1 of something else
    let mut pair = begin(config(), WITH_THE_FAULT);
    let sign = |_: &[u8]| key.sign("ssh-rsa", b"something else").unwrap();
    let session_id = pair.client.session_id.clone();
    let request = key_request(&session_id, key.public_blob(), "rsa-sha2-512", Some(&sign));
    pair.client.send(&request);
    pair.run();
    assert!(!pair.server.peer().is_authenticated);
}

/// The blob with another type in front.
fn renamed(blob: &[u8], key_type: &str) -> Vec<u8> {
    let mut reader = Reader::new(blob);
    reader.string().unwrap();
    let mut renamed = Vec::new();
    Writer::new(&mut renamed).string(key_type).raw(reader.rest());
    renamed
}

#[test]
fn the_name_of_an_algorithm_in_the_blob_is_taken_for_ssh_rsa() {
    let key = key_file("openssh-rsa-2048");
    for inside in ["rsa-sha2-512", "rsa-sha2-256"] {
        let sent = renamed(key.public_blob(), inside);
        for announced in ["rsa-sha2-512", "rsa-sha2-256"] {
            let mut pair = begin(config(), "SSH-2.0-client");
            let session_id = pair.client.session_id.clone();
            pair.client.send(&key_request(&session_id, &sent, announced, None));
            pair.run();
            let payload = pair.take_number(messages::SSH_MSG_USERAUTH_PK_OK);
            let ok = UserauthPkOk::decode(&payload).unwrap();
            assert_eq!((ok.algorithm, ok.key_blob), (announced, &*sent));
            sign_with(&mut pair, &key, &sent, announced, announced);
            assert!(pair.server.peer().is_authenticated, "{inside} {announced}");
            let usual = (announced.to_owned(), key.public_blob().to_vec());
            assert_eq!(shown(&pair), [usual.clone(), usual]);
        }
    }
}

#[test]
fn no_other_name_is_taken_for_ssh_rsa() {
    let key = key_file("openssh-rsa-2048");
    for (announced, inside) in [
        ("ssh-rsa", "rsa-sha2-512"),
        ("rsa-sha2-512", "ssh-dss"),
        ("rsa-sha2-512", "rsa-sha2-513"),
        ("rsa-sha2-512", ""),
        ("rsa-sha2-512", "rsa-sha2-512-cert-v01@openssh.com"),
    ] {
        let mut pair = begin(config(), "SSH-2.0-client");
        let sent = renamed(key.public_blob(), inside);
        sign_with(&mut pair, &key, &sent, announced, announced);
        assert!(!pair.server.peer().is_authenticated, "{announced} {inside}");
        assert!(shown(&pair).is_empty());
    }
}

/// The blob that was not meant is never the one that is signed.
#[test]
fn the_signature_is_over_the_blob_as_it_was_sent() {
    let key = key_file("openssh-rsa-2048");
    let mut pair = begin(config(), "SSH-2.0-client");
    let sent = renamed(key.public_blob(), "rsa-sha2-512");
    let sign = |message: &[u8]| {
        let usual = Vec::from(message).windows(sent.len()).position(|it| it == sent).map(|at| {
            let mut other = message[..at - 4].to_vec();
            Writer::new(&mut other).string(key.public_blob());
            other
        });
        key.sign("rsa-sha2-512", &usual.unwrap()).unwrap()
    };
    let session_id = pair.client.session_id.clone();
    pair.client.send(&key_request(&session_id, &sent, "rsa-sha2-512", Some(&sign)));
    pair.run();
    assert!(!pair.server.peer().is_authenticated);
}
