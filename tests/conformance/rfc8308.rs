//! RFC 8308: extension negotiation.

use sshserver::crypto::signature;
use sshserver::wire::Reader;
use sshserver::wire::messages::{self, ExtInfo, Message};

use crate::common::client::Offer;
use crate::common::config;
use crate::common::pair::Pair;
use crate::common::program::Program;

#[test]
fn rfc8308_s2_4_ext_info_is_the_first_message_after_newkeys() {
    let mut pair = Pair::plain();
    pair.exchange_keys();
    let kex = [messages::SSH_MSG_KEXINIT, messages::SSH_MSG_KEX_31, messages::SSH_MSG_NEWKEYS];
    assert_eq!(pair.client.numbers, [&kex[..], &[messages::SSH_MSG_EXT_INFO]].concat());
    assert_eq!(pair.client.received[0].sequence, 0);
}

#[test]
fn rfc8308_s3_1_server_sig_algs_lists_what_users_may_sign_with() {
    let mut config = config();
    let chosen = ["rsa-sha2-256", "ssh-ed25519"];
    config.transport.algorithms.user_signature =
        chosen.iter().filter_map(|name| signature::by_name(name)).collect();
    let mut pair = Pair::new(config, Offer::default(), Program::default());
    pair.handshake();
    let payload = pair.take_number(messages::SSH_MSG_EXT_INFO);
    let message = ExtInfo::decode(&payload).unwrap();
    assert_eq!(message.nr_extensions, 1);
    let mut reader = Reader::new(message.extensions);
    assert_eq!(reader.string(), Ok(&b"server-sig-algs"[..]));
    let list = reader.name_list().unwrap();
    assert_eq!(list.iter().collect::<Vec<_>>(), chosen);
    assert_eq!(reader.finish(), Ok(()));
}

#[test]
fn rfc8308_s2_1_ext_info_only_for_clients_that_ask_and_only_once() {
    let mut pair = Pair::new(config(), Offer::default().plain(), Program::default());
    pair.handshake();
    assert!(!pair.client.numbers.contains(&messages::SSH_MSG_EXT_INFO));
    // a marker in a later KEXINIT is ignored
    pair.client.offer = Offer::default();
    pair.client.send_kex_init();
    pair.run();
    assert!(!pair.client.numbers.contains(&messages::SSH_MSG_EXT_INFO));

    let mut pair = Pair::plain();
    pair.handshake();
    pair.client.send_kex_init();
    pair.run();
    assert_eq!(pair.client.exchanges, 2);
    let count = |number: &&u8| **number == messages::SSH_MSG_EXT_INFO;
    assert_eq!(pair.client.numbers.iter().filter(count).count(), 1);
}

#[test]
fn rfc8308_s2_3_ext_info_of_the_client_is_taken() {
    let extensions = b"\0\0\0\x0dno-such-thing\0\0\0\x02\0\xff";
    for at in 0..3 {
        let mut pair = Pair::plain();
        match at {
            0 => pair.handshake(),
            1 => pair.start_authentication(),
            _ => pair.login(),
        }
        pair.say(&ExtInfo { nr_extensions: 1, extensions });
        pair.say(&ExtInfo { nr_extensions: 0, extensions: b"" });
        assert_eq!(pair.ended(), None);
    }
}
