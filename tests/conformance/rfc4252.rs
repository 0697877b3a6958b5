//! RFC 4252: user authentication.

use sshserver::engine::{Answer, AuthAnswer, Config, QuestionId};
use sshserver::error::{ApiMisuse, Closed, DisconnectReason, Error, LimitExceeded, PeerMisbehaved};
use sshserver::wire::Writer;
use sshserver::wire::messages::{
    self, Message, ServiceRequest, UserauthBanner, UserauthFailure, UserauthPkOk, UserauthRequest,
};

use crate::common::client::Offer;
use crate::common::pair::{Pair, public_key_request};
use crate::common::program::{Program, Seen, verdict};
use crate::common::{config, ed25519, key_file};

fn judging(accept: bool) -> Pair {
    let program = Program::judging(move |_| Some(verdict(accept)));
    let mut pair = Pair::new(config(), Offer::default(), program);
    pair.start_authentication();
    pair
}

/// The list of a USERAUTH_FAILURE and its partial success.
fn failure(pair: &mut Pair) -> (String, bool) {
    let payload = pair.take_number(messages::SSH_MSG_USERAUTH_FAILURE);
    let message = UserauthFailure::decode(&payload).unwrap();
    (message.can_continue.as_str().to_owned(), message.partial_success)
}

/// The methods that the program was asked about.
fn asked(pair: &Pair) -> Vec<String> {
    let method = |seen: &Seen| match seen {
        Seen::Auth { method, .. } => Some(method.clone()),
        _ => None,
    };
    pair.program.seen.iter().filter_map(method).collect()
}

#[test]
fn rfc4252_s5_no_request_before_the_service() {
    let mut pair = Pair::plain();
    pair.handshake();
    pair.try_password("x");
    let error = PeerMisbehaved::UnexpectedMessage(messages::SSH_MSG_USERAUTH_REQUEST).into();
    pair.assert_ended(&error, Some(DisconnectReason::ProtocolError));
}

#[test]
fn rfc4252_s5_the_request_reaches_the_program_whole() {
    let mut pair = judging(true);
    pair.try_password("p\u{e4}ss\0word");
    let seen = Seen::Auth {
        user: "user".to_owned(),
        service: "ssh-connection".to_owned(),
        method: "password".to_owned(),
        param: "p\u{e4}ss\0word".as_bytes().to_vec(),
        key_algorithm: String::new(),
        signed: false,
    };
    assert!(pair.has_seen(&seen));
    assert!(pair.has_seen(&Seen::Authenticated("user".to_owned())));
    assert_eq!(pair.take_numbers(), [messages::SSH_MSG_USERAUTH_SUCCESS]);
}

/// RFC 4251 section 9.2: what a client sends may not play tricks with what logs are shown on.
#[test]
fn rfc4252_s5_a_user_name_makes_no_lines_of_a_log() {
    let mut pair = judging(true);
    let verbosity = sshserver::engine::Verbosity { log_level: 1, ..Default::default() };
    pair.server.set_verbosity(verbosity);
    let mut method_specific = vec![0];
    Writer::new(&mut method_specific).string("secret");
    pair.say(&UserauthRequest {
        user_name: b"user\nAuthenticated: root\x1b[2J",
        service_name: "ssh-connection",
        method_name: "password",
        method_specific: &method_specific,
    });
    pair.take_number(messages::SSH_MSG_USERAUTH_SUCCESS);
    let line = Seen::Line(r"Authenticated: user\nAuthenticated: root\u{1b}[2J".to_owned());
    assert!(pair.has_seen(&line), "{:?}", pair.program.seen);
}

#[test]
fn rfc4252_s5_1_failure_lists_the_methods_that_can_continue() {
    for (list, sent) in [
        ("publickey,password", "publickey,password"),
        (" publickey , password,", "publickey,password"),
        ("", ""),
        ("no list\0", ""),
    ] {
        let available_methods = list.to_owned();
        let answer = AuthAnswer { available_methods, ..AuthAnswer::default() };
        let program = Program::judging(move |_| Some(answer.clone()));
        let mut pair = Pair::new(config(), Offer::default(), program);
        pair.start_authentication();
        pair.try_password("x");
        assert_eq!(failure(&mut pair), (sent.to_owned(), false));
    }
}

#[test]
fn rfc4252_s5_1_partial_success_is_no_success_and_no_failed_attempt() {
    let mut config = config();
    config.max_auth_attempts = 1;
    let program = Program::judging(|question| {
        let mut answer = verdict(question.method == "publickey");
        if question.method == "password" {
            answer.partial_success = true;
            answer.available_methods = "publickey".to_owned();
        }
        Some(answer)
    });
    let mut pair = Pair::new(config, Offer::default(), program);
    pair.start_authentication();
    for _ in 0..5 {
        pair.try_password("first factor");
        assert_eq!(failure(&mut pair), ("publickey".to_owned(), true));
        assert!(!pair.server.peer().is_authenticated);
    }
    pair.try_key(&ed25519(3), "ssh-ed25519", true);
    assert!(pair.server.peer().is_authenticated);
}

#[test]
fn rfc4252_s5_1_requests_after_success_are_ignored() {
    let mut pair = judging(true);
    pair.try_password("x");
    pair.take_numbers();
    let asked_before = asked(&pair).len();
    pair.try_password("y");
    pair.try_key(&ed25519(3), "ssh-ed25519", true);
    // ignored without being decoded
    pair.client.send_now(&[messages::SSH_MSG_USERAUTH_REQUEST, 0xff]);
    pair.client.send_now(&[messages::SSH_MSG_USERAUTH_INFO_RESPONSE, 0xff]);
    pair.run();
    assert_eq!(pair.take_numbers(), [0; 0]);
    assert_eq!(asked(&pair).len(), asked_before);
    pair.assert_alive();
}

/// A client may send what follows before it has the reply (RFC 4252 section 5.1).
#[test]
fn rfc4252_s5_1_requests_are_processed_in_order_when_sent_together() {
    let mut answers = [false, false, true].into_iter();
    let program = Program::judging(move |_| Some(verdict(answers.next().unwrap())));
    let mut pair = Pair::new(config(), Offer::default(), program);
    pair.start_authentication();
    for password in ["one", "two", "three", "four"] {
        let mut fields = vec![0];
        Writer::new(&mut fields).string(password);
        pair.client.say(&UserauthRequest {
            user_name: b"user",
            service_name: "ssh-connection",
            method_name: "password",
            method_specific: &fields,
        });
    }
    pair.run();
    let failure = messages::SSH_MSG_USERAUTH_FAILURE;
    assert_eq!(pair.take_numbers(), [failure, failure, messages::SSH_MSG_USERAUTH_SUCCESS]);
    assert_eq!(asked(&pair).len(), 3);
}

#[test]
fn rfc4252_s5_2_none_gets_the_list_and_is_no_attempt() {
    let mut config = config();
    config.max_auth_attempts = 1;
    let mut pair = Pair::new(config, Offer::default(), Program::judging(|_| Some(verdict(false))));
    pair.start_authentication();
    for _ in 0..10 {
        pair.authenticate("none", b"");
        assert_eq!(failure(&mut pair).0, "publickey,password,keyboard-interactive");
    }
    assert_eq!(pair.ended(), None);
}

#[test]
fn rfc4252_s5_2_none_lets_in_whom_the_program_lets_in() {
    let mut pair = judging(true);
    pair.authenticate("none", b"");
    assert!(pair.server.peer().is_authenticated);
    pair.assert_alive();
}

#[test]
fn rfc4252_s5_unknown_methods_fail_without_a_question() {
    let mut config = config();
    config.auth_methods = "publickey".to_owned();
    let mut pair = Pair::new(config, Offer::default(), Program::default());
    pair.start_authentication();
    pair.authenticate("hostbased", b"anything");
    assert_eq!(failure(&mut pair), ("publickey".to_owned(), false));
    pair.authenticate("", b"");
    assert_eq!(failure(&mut pair).0, "publickey");
    assert_eq!(asked(&pair), [""; 0]);
}

#[test]
fn rfc4252_s4_attempts_are_counted() {
    for (limit, attempts) in [(1, 2), (3, 4), (6, 7)] {
        let mut config = config();
        config.max_auth_attempts = limit;
        let program = Program::judging(|_| Some(verdict(false)));
        let mut pair = Pair::new(config, Offer::default(), program);
        pair.start_authentication();
        for attempt in 1..=attempts {
            assert_eq!(pair.ended(), None, "{attempt}");
            match attempt % 3 {
                0 => pair.try_password("x"),
                1 => pair.try_key(&ed25519(3), "ssh-ed25519", false),
                _ => pair.authenticate("hostbased", b""),
            }
        }
        let reason = Some(DisconnectReason::NoMoreAuthMethodsAvailable);
        pair.assert_ended(&LimitExceeded::AuthAttempts.into(), reason);
    }
}

#[test]
fn attempts_have_no_limit_when_it_is_0() {
    let mut config = config();
    config.max_auth_attempts = 0;
    let mut pair = Pair::new(config, Offer::default(), Program::judging(|_| Some(verdict(false))));
    pair.start_authentication();
    for _ in 0..50 {
        pair.try_password("x");
    }
    assert_eq!(pair.ended(), None);
}

#[test]
fn rfc4252_s5_4_banner_comes_before_the_reply() {
    for accept in [false, true] {
        let program = Program::judging(move |_| {
            Some(AuthAnswer {
                banner: Some("Gr\u{fc}\u{df} Gott\r\n".to_owned()),
                ..verdict(accept)
            })
        });
        let mut pair = Pair::new(config(), Offer::default(), program);
        pair.start_authentication();
        pair.try_password("x");
        let payload = pair.take_number(messages::SSH_MSG_USERAUTH_BANNER);
        let message = UserauthBanner::decode(&payload).unwrap();
        assert_eq!(message.message, "Gr\u{fc}\u{df} Gott\r\n");
        let reply = if accept {
            messages::SSH_MSG_USERAUTH_SUCCESS
        } else {
            messages::SSH_MSG_USERAUTH_FAILURE
        };
        assert_eq!(pair.take_numbers(), [reply]);
    }
}

#[test]
fn rfc4252_s5_the_service_to_start_is_checked_after_success() {
    for (service_name, reason) in [
        ("ssh-userauth", PeerMisbehaved::BadService.into()),
        ("printing", Error::Closed(Closed::ServiceRefused)),
    ] {
        let mut pair = judging(true);
        let mut fields = vec![0];
        Writer::new(&mut fields).string("x");
        pair.say(&UserauthRequest {
            user_name: b"user",
            service_name,
            method_name: "password",
            method_specific: &fields,
        });
        assert!(!pair.server.peer().is_authenticated);
        assert!(!pair.client.numbers.contains(&messages::SSH_MSG_USERAUTH_SUCCESS));
        pair.assert_ended(&reason, Some(DisconnectReason::ServiceNotAvailable));
    }
}

#[test]
fn rfc4252_s5_the_program_may_refuse_the_service() {
    let mut program = Program::default();
    program.service = Some(Box::new(|name| Some(name != "ssh-connection")));
    let mut pair = Pair::new(config(), Offer::default(), program);
    pair.start_authentication();
    pair.try_password("x");
    assert!(!pair.client.numbers.contains(&messages::SSH_MSG_USERAUTH_SUCCESS));
    let reason = Some(DisconnectReason::ServiceNotAvailable);
    pair.assert_ended(&Error::Closed(Closed::ServiceRefused), reason);
}

#[test]
fn rfc4252_s7_query_is_answered_with_pk_ok() {
    let mut pair = judging(true);
    let key = ed25519(3);
    pair.try_key(&key, "ssh-ed25519", false);
    let payload = pair.take_number(messages::SSH_MSG_USERAUTH_PK_OK);
    let message = UserauthPkOk::decode(&payload).unwrap();
    assert_eq!((message.algorithm, message.key_blob), ("ssh-ed25519", key.public_blob()));
    // a query alone does not complete a login
    assert!(!pair.server.peer().is_authenticated);
    pair.try_key(&key, "ssh-ed25519", true);
    assert!(pair.server.peer().is_authenticated);
    let mut seen = Seen::Auth {
        user: "user".to_owned(),
        service: "ssh-connection".to_owned(),
        method: "publickey".to_owned(),
        param: key.public_blob().to_vec(),
        key_algorithm: "ssh-ed25519".to_owned(),
        signed: false,
    };
    assert!(pair.has_seen(&seen));
    let Seen::Auth { signed, .. } = &mut seen else { unreachable!() };
    *signed = true;
    assert!(pair.has_seen(&seen));
}

#[test]
fn rfc4252_s7_query_for_an_unwanted_key_fails() {
    let mut pair = judging(false);
    pair.try_key(&ed25519(3), "ssh-ed25519", false);
    assert!(!failure(&mut pair).1);
}

#[test]
fn rfc4252_s7_partially_successful_keys_are_ok_to_sign() {
    let program =
        Program::judging(|_| Some(AuthAnswer { partial_success: true, ..verdict(false) }));
    let mut pair = Pair::new(config(), Offer::default(), program);
    pair.start_authentication();
    pair.try_key(&ed25519(3), "ssh-ed25519", false);
    pair.take_number(messages::SSH_MSG_USERAUTH_PK_OK);
    pair.try_key(&ed25519(3), "ssh-ed25519", true);
    assert!(failure(&mut pair).1);
}

#[test]
fn rfc4252_s7_a_bad_signature_cannot_be_let_in() {
    let key = ed25519(3);
    for bad in 0..7 {
        let mut pair = judging(true);
        let session_id = pair.client.session_id.clone();
        let mut payload = public_key_request(&session_id, &key, "ssh-ed25519", true);
        match bad {
            // the signature itself, the user it is for, the session it is for
            0 => *payload.last_mut().unwrap() ^= 1,
            1 => payload[8] ^= 1,
            2 => payload = public_key_request(&[0; 32], &key, "ssh-ed25519", true),
            // by another key
            3 => {
                let other = public_key_request(&session_id, &ed25519(4), "ssh-ed25519", true);
                let signature = other[other.len() - 87..].to_vec();
                let start = payload.len() - 87;
                payload.truncate(start);
                payload.extend_from_slice(&signature);
            }
            // an empty signature, none of the right length, another name in it
            4 => {
                payload.truncate(payload.len() - 87);
                payload.extend_from_slice(&[0; 4]);
            }
            5 => {
                payload.truncate(payload.len() - 87);
                Writer::new(&mut payload).string(b"\0\0\0\x0bssh-ed25519\0\0\0\x01x");
            }
            _ => {
                let at = payload.len() - 87 + 8;
                payload[at] = b'x';
            }
        }
        pair.client.send(&payload);
        pair.run();
        assert!(!pair.server.peer().is_authenticated, "{bad}");
        assert!(!pair.client.numbers.contains(&messages::SSH_MSG_USERAUTH_SUCCESS));
        assert!(!failure(&mut pair).1);
        // and the program gets no question that it could count
        assert_eq!(asked(&pair), [""; 0]);
    }
}

#[test]
fn rfc4252_s7_algorithms_that_are_not_allowed_fail_without_a_question() {
    let mut config = config();
    config.transport.algorithms.user_signature.retain(|row| row.name == "rsa-sha2-512");
    let mut pair = Pair::new(config, Offer::default(), Program::default());
    pair.start_authentication();
    pair.try_key(&ed25519(3), "ssh-ed25519", true);
    failure(&mut pair);
    let rsa = key_file("openssh-rsa-2048");
    pair.try_key(&rsa, "rsa-sha2-256", true);
    failure(&mut pair);
    assert_eq!(asked(&pair), [""; 0]);
    pair.try_key(&rsa, "rsa-sha2-512", true);
    assert!(pair.server.peer().is_authenticated);
}

#[test]
fn rfc4252_s7_a_key_of_another_type_than_its_algorithm_fails() {
    let mut pair = judging(true);
    let key = ed25519(3);
    let session_id = pair.client.session_id.clone();
    let payload = public_key_request(&session_id, &key, "ssh-ed25519", false);
    let mut fields = Vec::new();
    Writer::new(&mut fields).boolean(false).string("rsa-sha2-512").string(key.public_blob());
    pair.authenticate("publickey", &fields);
    failure(&mut pair);
    let mut fields = Vec::new();
    Writer::new(&mut fields).boolean(false).string("ssh-ed25519").string(b"garbage");
    pair.authenticate("publickey", &fields);
    failure(&mut pair);
    assert_eq!(asked(&pair), [""; 0]);
    pair.client.send(&payload);
    pair.run();
    pair.take_number(messages::SSH_MSG_USERAUTH_PK_OK);
}

#[test]
fn sigstatus_tells_what_became_of_the_signature() {
    for good in [true, false] {
        let mut config = config();
        config.ask_after_signature = true;
        // the answer to sigstatus decides nothing
        let program = Program::judging(|question| Some(verdict(question.method == "publickey")));
        let mut pair = Pair::new(config, Offer::default(), program);
        pair.start_authentication();
        let key = ed25519(3);
        let session_id =
            if good { pair.client.session_id.clone() } else { b"another session".to_vec() };
        pair.client.send(&public_key_request(&session_id, &key, "ssh-ed25519", true));
        pair.run();
        let (all, of_wrong): (&[&str], &[&str]) = (&["publickey", "sigstatus"], &["sigstatus"]);
        assert_eq!(asked(&pair), if good { all } else { of_wrong });
        let said = |seen: &Seen| {
            matches!(seen, Seen::Auth { method, param, key_algorithm, .. }
                if method == "sigstatus" && *param == [u8::from(good)]
                    && key_algorithm == "ssh-ed25519")
        };
        assert!(pair.program.seen.iter().any(said));
        assert_eq!(pair.server.peer().is_authenticated, good);
    }
}

#[test]
fn rfc4252_s8_password_change_is_refused() {
    let mut pair = judging(true);
    let mut fields = vec![1];
    Writer::new(&mut fields).string("old").string("new");
    pair.authenticate("password", &fields);
    assert!(!failure(&mut pair).1);
    assert_eq!(asked(&pair), [""; 0]);
    assert!(!pair.server.peer().is_authenticated);
}

#[test]
fn nothing_is_read_while_the_program_decides() {
    let mut pair = Pair::new(config(), Offer::default(), Program::judging(|_| None));
    pair.start_authentication();
    pair.try_password("x");
    assert!(!pair.server.wants_input());
    pair.client.say(&ServiceRequest { service_name: "ssh-userauth" });
    pair.run();
    assert_eq!(pair.take_numbers(), [0; 0]);
    assert!(!pair.to_server.is_empty());
    pair.answer_open_question(Answer::Auth(verdict(false)));
    let replies = [messages::SSH_MSG_USERAUTH_FAILURE, messages::SSH_MSG_SERVICE_ACCEPT];
    assert_eq!(pair.take_numbers(), replies);
    assert!(pair.to_server.is_empty());
}

#[test]
fn answers_have_to_fit_their_questions() {
    let mut pair = Pair::new(config(), Offer::default(), Program::judging(|_| None));
    pair.start_authentication();
    pair.try_password("x");
    let id = pair.program.open_questions[0].0;
    let wrong =
        [Answer::Accept(true), Answer::Prompts { instruction: String::new(), prompts: Vec::new() }];
    for answer in wrong {
        assert_eq!(pair.server.answer(pair.now, id, answer), Err(ApiMisuse::WrongAnswer));
    }
    let unknown = pair.server.answer(pair.now, QuestionId(id.0 + 1), Answer::Accept(true));
    assert_eq!(unknown, Err(ApiMisuse::UnknownQuestion));
    assert!(!pair.server.peer().is_authenticated);
    pair.answer_open_question(Answer::Auth(verdict(true)));
    assert!(pair.server.peer().is_authenticated);
    let again = pair.server.answer(pair.now, id, Answer::Auth(verdict(true)));
    assert_eq!(again, Err(ApiMisuse::UnknownQuestion));
}

#[test]
fn login_grace_bounds_the_time_to_authenticate() {
    use std::time::Duration;
    for stage in 0..3 {
        let mut pair = Pair::new(config(), Offer::default(), Program::judging(|_| None));
        match stage {
            0 => {
                pair.client.send_version();
                pair.run();
            }
            1 => pair.start_authentication(),
            _ => {
                pair.start_authentication();
                pair.try_password("x");
            }
        }
        pair.sleep(Duration::from_secs(119));
        assert_eq!(pair.ended(), None);
        pair.sleep(Duration::from_secs(1));
        let reason = Some(DisconnectReason::ByApplication);
        if stage > 0 {
            pair.assert_ended(&Error::Closed(Closed::HandshakeTimeout), reason);
        } else {
            assert_eq!(pair.ended(), Some(&Error::Closed(Closed::HandshakeTimeout)));
        }
    }
    let mut pair = Pair::plain();
    pair.login();
    pair.sleep(Duration::from_secs(1000));
    assert_eq!(pair.ended(), None);
    // and none does not
    let unlimited = Config { login_grace: None, ..config() };
    let mut pair = Pair::new(unlimited, Offer::default(), Program::judging(|_| None));
    pair.start_authentication();
    pair.try_password("x");
    pair.sleep(Duration::from_secs(1_000_000));
    assert_eq!(pair.ended(), None);
}

#[test]
fn rfc4252_s5_a_user_name_that_is_no_text_is_refused_as_a_login() {
    let mut pair = judging(true);
    for (method_name, method_specific) in
        [("none", &b""[..]), ("password", b"\0\0\0\0\x01x"), ("hostbased", b"anything")]
    {
        for user_name in [&b"\xff\xfe"[..], b"caf\xe9", b"\xed\xa0\x80"] {
            let service_name = "ssh-connection";
            let request = UserauthRequest { user_name, service_name, method_name, method_specific };
            pair.say(&request);
            assert!(!failure(&mut pair).1);
        }
        assert_eq!(asked(&pair), [""; 0]);
        assert_eq!(pair.ended(), None);
        pair = judging(true);
    }
    // a refused login like every other: it counts
    for attempt in 0..=6 {
        assert_eq!(pair.ended(), None, "{attempt}");
        pair.say(&UserauthRequest {
            user_name: b"\xff",
            service_name: "ssh-connection",
            method_name: "none",
            method_specific: b"",
        });
    }
    let reason = Some(DisconnectReason::NoMoreAuthMethodsAvailable);
    pair.assert_ended(&LimitExceeded::AuthAttempts.into(), reason);
}
