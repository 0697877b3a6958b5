//! The times within which a client has to send its next message before it is authenticated.

use std::time::Duration;

use sshserver::engine::{Answer, AuthAnswer, Config};
use sshserver::error::{Closed, DisconnectReason, Error};
use sshserver::limits::IDENTIFICATION_TIME;

use crate::common::client::Offer;
use crate::common::config;
use crate::common::pair::Pair;
use crate::common::program::Program;

/// Less than the time for the identification string, which would come first.
const TIMEOUT: Duration = Duration::from_secs(10);
const ALMOST: Duration = Duration::from_secs(9);
const REST: Duration = Duration::from_secs(1);

/// Without a bound on the whole, which would come first.
fn limited() -> Config {
    Config { handshake_timeout: Some(TIMEOUT), login_grace: None, ..config() }
}

fn assert_timed_out(pair: &Pair) {
    assert_eq!(pair.ended(), Some(&Error::Closed(Closed::HandshakeTimeout)));
}

#[test]
fn a_client_that_says_nothing_in_time_is_disconnected_at_each_stage_before_it_is_authenticated() {
    for stage in 0..4 {
        let mut pair =
            Pair::new(limited(), Offer::default(), Program::judging(|_| Some(refusal())));
        match stage {
            0 => {}
            1 => {
                pair.client.send_version();
                pair.run();
            }
            2 => pair.start_authentication(),
            _ => {
                pair.start_authentication();
                pair.try_password("wrong");
            }
        }
        pair.sleep(ALMOST);
        assert_eq!(pair.ended(), None, "stage {stage}");
        pair.sleep(REST);
        if stage < 2 {
            assert_timed_out(&pair);
        } else {
            let reason = Some(DisconnectReason::ByApplication);
            pair.assert_ended(&Error::Closed(Closed::HandshakeTimeout), reason);
        }
    }
}

#[test]
fn each_byte_counts_as_a_sign_of_life_but_only_once() {
    let mut pair = Pair::new(limited(), Offer::default(), Program::default());
    pair.client.send_version();
    pair.run();
    // uint32 packet_length | byte padding_length | ... (RFC 4253 section 6)
    for byte in b"\0\0\x01\xfc\x04\x14cookie" {
        pair.sleep(ALMOST);
        pair.to_server.extend_from_slice(&[*byte]);
        pair.run();
        assert_eq!(pair.ended(), None);
    }
    pair.sleep(ALMOST);
    // the driver shows the engine again what it could not use yet
    pair.run();
    pair.sleep(REST);
    assert_timed_out(&pair);
}

#[test]
fn the_time_that_the_program_takes_is_not_the_clients() {
    let mut pair = Pair::new(limited(), Offer::default(), Program::judging(|_| None));
    pair.start_authentication();
    pair.try_password("x");
    pair.sleep(TIMEOUT * 10);
    assert_eq!(pair.ended(), None);
    pair.answer_open_question(Answer::Auth(refusal()));
    pair.sleep(ALMOST);
    assert_eq!(pair.ended(), None);
    pair.sleep(REST);
    let reason = Some(DisconnectReason::ByApplication);
    pair.assert_ended(&Error::Closed(Closed::HandshakeTimeout), reason);
}

#[test]
fn there_is_no_such_limit_once_it_is_authenticated_or_by_default() {
    let mut pair = Pair::new(limited(), Offer::default(), Program::default());
    pair.login();
    pair.sleep(TIMEOUT * 10);
    pair.assert_alive();
    let mut pair =
        Pair::new(Config { login_grace: None, ..config() }, Offer::default(), Program::default());
    pair.start_authentication();
    pair.sleep(TIMEOUT * 1000);
    assert_eq!(pair.ended(), None);
}

#[test]
fn the_identification_string_has_a_time_of_its_own() {
    let unlimited = || Config { login_grace: None, ..config() };
    let almost = IDENTIFICATION_TIME - REST;
    for said in ["", "SSH-2.0-slow"] {
        let mut pair = Pair::new(unlimited(), Offer::default(), Program::default());
        pair.sleep(almost);
        // what is no whole line changes nothing
        pair.to_server.extend_from_slice(said.as_bytes());
        pair.run();
        assert_eq!(pair.ended(), None);
        pair.sleep(REST);
        assert_timed_out(&pair);
    }
    let mut pair = Pair::new(unlimited(), Offer::default(), Program::default());
    pair.sleep(almost);
    pair.client.send_version();
    pair.run();
    pair.sleep(IDENTIFICATION_TIME * 1000);
    assert_eq!(pair.ended(), None);
}

fn refusal() -> AuthAnswer {
    AuthAnswer { available_methods: "password".to_owned(), ..AuthAnswer::default() }
}
