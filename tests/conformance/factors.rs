//! Logins of several factors, with a program that counts factors itself for each connection, as the
//! documentation of partialSuccess suggests: a factor that it counts too early lets no client in.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;

use sshserver::crypto::signature::PrivateKey;
use sshserver::engine::{AuthAnswer, AuthParam, AuthQuestion, Prompt, Verbosity};
use sshserver::wire::Writer;
use sshserver::wire::messages::{self, Message, UserauthFailure, UserauthRequest};

use crate::common::client::Offer;
use crate::common::pair::{Pair, public_key_request};
use crate::common::program::{Program, Seen, verdict};
use crate::common::{config, ed25519};

/// What the program calls good: this key, the password "right", the response "right", and the end of any
/// dialog, which has nothing that could be looked at.
fn is_good(question: &AuthQuestion, keys: &[Vec<u8>]) -> bool {
    match &question.param {
        AuthParam::PublicKey(blob) => keys.iter().any(|key| **key == **blob),
        AuthParam::Text(text) => text.expose() == b"right",
        AuthParam::None => question.method == "keyboard-interactive",
        AuthParam::SignatureStatus(_) | AuthParam::Principal(_) => false,
    }
}

/// A program that accepts a client that has passed `needed` different factors.
fn counting(needed: usize, keys: &[&PrivateKey]) -> Program {
    let keys: Vec<Vec<u8>> = keys.iter().map(|key| key.public_blob().to_vec()).collect();
    let mut factors = BTreeSet::new();
    let mut program = Program::judging(move |question| {
        if !is_good(question, &keys) {
            return Some(verdict(false));
        }
        factors.insert(match &question.param {
            AuthParam::PublicKey(blob) => blob.to_vec(),
            _ => question.method.split("-1").next().unwrap().as_bytes().to_vec(),
        });
        let accept = factors.len() >= needed;
        let available_methods = "publickey,password,keyboard-interactive".to_owned();
        let banner = None;
        Some(AuthAnswer { accept, partial_success: !accept, available_methods, banner })
    });
    program.prompts = vec![Prompt { prompt: "Code: ".to_owned(), echo: false }];
    program
}

fn begin(program: Program) -> Pair {
    let mut pair = Pair::new(config(), Offer::default(), program);
    pair.start_authentication();
    pair.server.set_verbosity(Verbosity { log_level: 1, ..Verbosity::default() });
    pair
}

const KEY: &str = "ssh-ed25519";
/// The methods that a failure lists, and its partial success.
fn failure(pair: &mut Pair) -> (String, bool) {
    let payload = pair.take_number(messages::SSH_MSG_USERAUTH_FAILURE);
    let message = UserauthFailure::decode(&payload).unwrap();
    (message.can_continue.as_str().to_owned(), message.partial_success)
}

fn query(pair: &mut Pair, key: &PrivateKey) {
    pair.try_key(key, KEY, false);
    pair.take_number(messages::SSH_MSG_USERAUTH_PK_OK);
}

/// A signature over another session, which must count as no signature.
fn forge(pair: &mut Pair, key: &PrivateKey) {
    pair.client.send(&public_key_request(b"another session", key, KEY, true));
    pair.run();
    assert!(!failure(pair).1);
}

fn dialog(pair: &mut Pair, responses: &[&str]) {
    pair.authenticate("keyboard-interactive", &[0; 8]);
    pair.take_number(messages::SSH_MSG_USERAUTH_INFO_REQUEST);
    let mut payload = vec![messages::SSH_MSG_USERAUTH_INFO_RESPONSE];
    let mut writer = Writer::new(&mut payload);
    writer.u32(responses.len() as u32);
    for response in responses {
        writer.string(response);
    }
    pair.client.send(&payload);
    pair.run();
}

/// The client is told that the step was good and that something with these methods is missing, and the
/// log says so.
fn assert_owed(pair: &mut Pair, methods: &str) {
    assert_eq!(failure(pair), (methods.to_owned(), true));
    assert!(!pair.server.peer().is_authenticated);
    let line = format!("accepted, but only in part: not yet proven is {methods}");
    assert!(pair.has_seen(&Seen::Line(line)), "{:?}", pair.program.seen);
}

#[test]
fn a_key_that_was_only_asked_about_is_no_factor() {
    let key = ed25519(3);
    let mut pair = begin(counting(2, &[&key]));
    query(&mut pair, &key);
    for _ in 0..3 {
        pair.try_password("right");
        assert_owed(&mut pair, "publickey");
    }
    // with the signature both are there
    pair.try_key(&key, KEY, true);
    assert!(pair.server.peer().is_authenticated);
}

#[test]
fn the_order_does_not_matter() {
    let key = ed25519(3);
    // the key is accepted on its query, because the password came before
    let mut pair = begin(counting(2, &[&key]));
    pair.try_password("right");
    failure(&mut pair);
    query(&mut pair, &key);
    pair.try_password("right");
    assert_owed(&mut pair, "publickey");
    pair.try_key(&key, KEY, true);
    assert!(pair.server.peer().is_authenticated);
}

#[test]
fn a_key_that_lets_in_alone_is_owed_to_other_methods_too() {
    let key = ed25519(3);
    let mut pair = begin(counting(1, &[&key]));
    query(&mut pair, &key);
    pair.try_password("right");
    assert_owed(&mut pair, "publickey");
    pair.authenticate("none", b"");
    failure(&mut pair);
    pair.try_key(&key, KEY, true);
    assert!(pair.server.peer().is_authenticated);
}

#[test]
fn an_accepted_none_pays_nothing() {
    let key = ed25519(3);
    let blob = key.public_blob().to_vec();
    let program = Program::judging(move |question| {
        let accept = question.method == "none" || is_good(question, std::slice::from_ref(&blob));
        Some(verdict(accept))
    });
    let mut pair = begin(program);
    query(&mut pair, &key);
    pair.authenticate("none", b"");
    assert_owed(&mut pair, "publickey");
}

#[test]
fn a_wrong_signature_is_no_factor() {
    let key = ed25519(3);
    let mut pair = begin(counting(2, &[&key]));
    forge(&mut pair, &key);
    assert!(pair.has_seen(&Seen::Line("login refused: the signature is wrong".to_owned())));
    pair.try_password("right");
    let all = "publickey,password,keyboard-interactive".to_owned();
    assert_eq!(failure(&mut pair), (all, true));
    // and it does not pay for a query
    query(&mut pair, &key);
    forge(&mut pair, &key);
    pair.try_password("right");
    assert_owed(&mut pair, "publickey");
}

#[test]
fn two_keys_have_to_sign_both() {
    let (one, two) = (ed25519(3), ed25519(4));
    for signer in [&one, &two] {
        let mut pair = begin(counting(2, &[&one, &two]));
        query(&mut pair, &one);
        query(&mut pair, &two);
        for _ in 0..2 {
            pair.try_key(signer, KEY, true);
            assert_owed(&mut pair, "publickey");
        }
        let other = if std::ptr::eq(signer, &one) { &two } else { &one };
        pair.try_key(other, KEY, true);
        assert!(pair.server.peer().is_authenticated);
    }
}

/// An agent with two keys, each of which lets in alone, that signs with the second only.
#[test]
fn of_two_keys_that_each_let_in_alone_one_signature_is_enough() {
    let (one, two) = (ed25519(3), ed25519(4));
    let mut pair = begin(counting(1, &[&one, &two]));
    query(&mut pair, &one);
    pair.try_key(&two, KEY, true);
    assert!(pair.server.peer().is_authenticated);
}

#[test]
fn a_key_asked_about_as_one_user_is_owed_as_another() {
    let key = ed25519(3);
    for (user, service) in [("root", "ssh-connection"), ("user", "another")] {
        let mut pair = begin(counting(2, &[&key]));
        query(&mut pair, &key);
        let request = UserauthRequest {
            user_name: user.as_bytes(),
            service_name: service,
            method_name: "password",
            method_specific: b"\0\0\0\0\x05right",
        };
        pair.say(&request);
        assert_owed(&mut pair, "publickey");
        // back again
        pair.try_password("right");
        assert_owed(&mut pair, "publickey");
        pair.try_key(&key, KEY, true);
        assert!(pair.server.peer().is_authenticated);
    }
}

#[test]
fn a_right_response_in_a_refused_dialog_is_no_factor() {
    for responses in [["right", "wrong"], ["wrong", "right"], ["wrong", "wrong"]] {
        let mut program = counting(2, &[]);
        program.prompts = vec![Prompt { prompt: "Code: ".to_owned(), echo: false }; 2];
        let mut pair = begin(program);
        dialog(&mut pair, &responses);
        assert!(!failure(&mut pair).1);
        pair.try_password("right");
        assert_owed(&mut pair, "keyboard-interactive");
        dialog(&mut pair, &["right", "right"]);
        assert!(pair.server.peer().is_authenticated);
    }
}

/// A user who mistypes a response may still log in with a password where one factor is enough.
#[test]
fn a_refused_dialog_is_not_owed_where_nothing_is_counted() {
    let mut pair = begin(counting(1, &[]));
    dialog(&mut pair, &["wrong"]);
    assert!(!failure(&mut pair).1);
    pair.try_password("right");
    assert!(pair.server.peer().is_authenticated);
}

/// "The signature was right" may be what a program counts: it is told so only of keys it has called good.
#[test]
fn sigstatus_follows_no_key_that_the_program_refuses() {
    let (mine, stolen) = (ed25519(3), ed25519(4));
    let blob = mine.public_blob().to_vec();
    let mut has_signed = false;
    let program = Program::judging(move |question| {
        let known = is_good(question, std::slice::from_ref(&blob));
        has_signed |= matches!(question.param, AuthParam::SignatureStatus(true));
        let partial_success = known && question.method == "publickey";
        let accept = question.method == "password" && known && has_signed;
        Some(AuthAnswer { accept, partial_success, ..AuthAnswer::default() })
    });
    let mut config = config();
    config.ask_after_signature = true;
    let mut pair = Pair::new(config, Offer::default(), program);
    pair.start_authentication();
    pair.try_key(&stolen, KEY, true);
    failure(&mut pair);
    pair.try_password("right");
    assert!(!failure(&mut pair).1);
    pair.try_key(&mine, KEY, true);
    assert!(failure(&mut pair).1);
    pair.try_password("right");
    assert!(pair.server.peer().is_authenticated);
}

#[test]
fn the_event_tells_a_query_from_a_signature() {
    let key = ed25519(3);
    let mut pair = begin(Program::default());
    pair.try_key(&key, KEY, false);
    pair.try_key(&key, KEY, true);
    let signed = pair.program.seen.iter().filter_map(|seen| match seen {
        Seen::Auth { signed, .. } => Some(*signed),
        _ => None,
    });
    assert_eq!(signed.collect::<Vec<_>>(), [false, true]);
}

#[test]
fn partial_successes_are_a_set() {
    let key = ed25519(3);
    let mut pair = begin(counting(9, &[&key]));
    let shown = |question: &AuthQuestion| question.partial_successes.clone();
    let seen = Rc::new(RefCell::new(Vec::new()));
    let log = Rc::clone(&seen);
    pair.program.auth = Box::new(move |question| {
        log.borrow_mut().push(shown(question));
        Some(AuthAnswer { partial_success: true, ..verdict(false) })
    });
    for _ in 0..3 {
        pair.try_password("right");
        pair.try_key(&key, KEY, true);
    }
    assert_eq!(seen.borrow().last().unwrap(), &["password", "publickey"]);
}

/// Asks with a password, as this user, for this service.
fn password_of(pair: &mut Pair, user_name: &str, service_name: &str) {
    pair.client.say(&UserauthRequest {
        user_name: user_name.as_bytes(),
        service_name,
        method_name: "password",
        method_specific: b"\0\0\0\0\x01x",
    });
    pair.run();
}

/// A program that counts factors for the connection, and not for the user: once there was a partial
/// success with a key, a password lets the client in.
fn careless() -> (Pair, Rc<RefCell<Vec<Vec<&'static str>>>>) {
    let shown = Rc::new(RefCell::new(Vec::new()));
    let seen = Rc::clone(&shown);
    let mut key_was_good = false;
    let program = Program::judging(move |question| {
        seen.borrow_mut().push(question.partial_successes.clone());
        let mut answer = verdict(question.method == "password" && key_was_good);
        if question.method == "publickey" {
            answer.partial_success = true;
            answer.available_methods = "password".to_owned();
            key_was_good = true;
        }
        Some(answer)
    });
    let mut pair = Pair::new(config(), Offer::default(), program);
    pair.start_authentication();
    (pair, shown)
}

#[test]
fn rfc4252_s5_another_user_or_service_starts_from_the_beginning() {
    for (user, service) in [("root", "ssh-connection"), ("user", "another")] {
        let (mut pair, shown) = careless();
        pair.try_key(&ed25519(3), "ssh-ed25519", true);
        assert_eq!(failure(&mut pair), ("password".to_owned(), true));
        password_of(&mut pair, user, service);
        assert_eq!(failure(&mut pair), ("publickey".to_owned(), true));
        assert!(!pair.server.peer().is_authenticated);
        // what was proven for one of them counts for neither of the others
        password_of(&mut pair, "third", "ssh-connection");
        assert!(failure(&mut pair).1);
        assert!(!pair.server.peer().is_authenticated);
        assert_eq!(*shown.borrow(), [[""; 0]; 3]);
    }
}

#[test]
fn rfc4252_s5_what_is_repeated_for_the_other_user_counts() {
    let (mut pair, shown) = careless();
    pair.try_key(&ed25519(3), "ssh-ed25519", true);
    failure(&mut pair);
    password_of(&mut pair, "root", "ssh-connection");
    failure(&mut pair);
    // back to the first user, for whom the login starts again too
    pair.try_password("x");
    assert_eq!(failure(&mut pair), ("publickey".to_owned(), true));
    pair.try_key(&ed25519(3), "ssh-ed25519", true);
    failure(&mut pair);
    pair.try_password("x");
    assert!(pair.server.peer().is_authenticated);
    let last: &[&str] = &["password", "publickey"];
    assert_eq!(shown.borrow().last().unwrap(), last);
}
