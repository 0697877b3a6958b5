//! RFC 4256: the keyboard-interactive method.

use sshserver::engine::{Answer, AuthAnswer, Prompt};
use sshserver::error::{ApiMisuse, DisconnectReason, LimitExceeded, PeerMisbehaved};
use sshserver::limits::MAX_PROMPTS;
use sshserver::wire::messages::{self, Message, UserauthInfoRequest};
use sshserver::wire::{Reader, Writer};

use crate::common::client::Offer;
use crate::common::config;
use crate::common::pair::Pair;
use crate::common::program::{Program, Seen, verdict};

const METHOD_SPECIFIC: &[u8] = b"\0\0\0\x02en\0\0\0\x03pam";

/// A dialog of as many prompts, in which the program refuses the response "wrong".
fn dialog(prompts: usize) -> Pair {
    let mut program = Program::judging(|question| {
        use sshserver::engine::AuthParam;
        Some(verdict(match &question.param {
            AuthParam::Text(text) => text.expose() != b"wrong",
            _ => question.method == "keyboard-interactive",
        }))
    });
    program.prompts = (0..prompts)
        .map(|index| Prompt { prompt: format!("Question {index}: "), echo: index % 2 == 1 })
        .collect();
    let mut pair = Pair::new(config(), Offer::default(), program);
    pair.start_authentication();
    pair
}

fn ask(pair: &mut Pair) -> Vec<u8> {
    pair.authenticate("keyboard-interactive", METHOD_SPECIFIC);
    pair.take_number(messages::SSH_MSG_USERAUTH_INFO_REQUEST)
}

fn respond(pair: &mut Pair, responses: &[&str]) {
    let mut payload = vec![messages::SSH_MSG_USERAUTH_INFO_RESPONSE];
    let mut writer = Writer::new(&mut payload);
    writer.u32(responses.len() as u32);
    for response in responses {
        writer.string(response);
    }
    pair.client.send(&payload);
    pair.run();
}

fn asked(pair: &Pair) -> Vec<(String, Vec<u8>)> {
    let method = |seen: &Seen| match seen {
        Seen::Auth { method, param, .. } => Some((method.clone(), param.clone())),
        _ => None,
    };
    pair.program.seen.iter().filter_map(method).collect()
}

#[test]
fn rfc4256_s3_2_prompts_reach_the_client() {
    let mut pair = dialog(3);
    let payload = ask(&mut pair);
    let message = UserauthInfoRequest::decode(&payload).unwrap();
    assert_eq!((message.name, message.instruction, message.num_prompts), ("", "Answer.", 3));
    let mut reader = Reader::new(message.prompts);
    for index in 0..3 {
        assert_eq!(reader.text(), Ok(&*format!("Question {index}: ")));
        assert_eq!(reader.boolean(), Ok(index % 2 == 1));
    }
    assert_eq!(reader.finish(), Ok(()));
    assert!(pair.has_seen(&Seen::Prompts("user".to_owned())));
}

#[test]
fn rfc4256_s3_4_each_response_and_then_the_whole_is_asked_about() {
    let mut pair = dialog(2);
    ask(&mut pair);
    respond(&mut pair, &["a", "b"]);
    let wanted = [
        ("keyboard-interactive-1", &b"a"[..]),
        ("keyboard-interactive-2", b"b"),
        ("keyboard-interactive", b""),
    ];
    assert_eq!(asked(&pair), wanted.map(|(method, param)| (method.to_owned(), param.to_vec())));
    assert!(pair.server.peer().is_authenticated);
}

#[test]
fn rfc4256_s3_4_a_wrong_response_fails_but_all_are_asked_about() {
    for wrong in 0..3 {
        let mut pair = dialog(3);
        ask(&mut pair);
        let mut responses = ["right"; 3];
        responses[wrong] = "wrong";
        respond(&mut pair, &responses);
        assert_eq!(asked(&pair).len(), 4);
        assert!(!pair.server.peer().is_authenticated);
        pair.take_number(messages::SSH_MSG_USERAUTH_FAILURE);
    }
}

#[test]
fn rfc4256_s3_4_the_whole_has_the_last_word() {
    let program =
        Program::judging(|question| Some(verdict(question.method != "keyboard-interactive")));
    let mut pair = Pair::new(config(), Offer::default(), program);
    pair.start_authentication();
    ask(&mut pair);
    respond(&mut pair, &["x"]);
    assert!(!pair.server.peer().is_authenticated);
    pair.take_number(messages::SSH_MSG_USERAUTH_FAILURE);
}

#[test]
fn rfc4256_s3_2_a_dialog_without_prompts_still_takes_a_response() {
    let mut pair = dialog(0);
    ask(&mut pair);
    assert!(!pair.server.peer().is_authenticated);
    respond(&mut pair, &[]);
    assert!(pair.server.peer().is_authenticated);
}

#[test]
fn a_dialog_without_any_text_proves_nothing_and_is_refused() {
    let mut pair = dialog(0);
    pair.program.instruction = "";
    pair.authenticate("keyboard-interactive", METHOD_SPECIFIC);
    pair.take_number(messages::SSH_MSG_USERAUTH_FAILURE);
    assert!(asked(&pair).is_empty());
    respond(&mut pair, &[]);
    assert!(pair.ended().is_some());
    assert!(!pair.server.peer().is_authenticated);
}

#[test]
fn more_prompts_than_can_be_asked_are_no_answer() {
    let mut pair = dialog(MAX_PROMPTS);
    ask(&mut pair);
    respond(&mut pair, &["x"; MAX_PROMPTS]);
    assert_eq!(asked(&pair).len(), MAX_PROMPTS + 1);
    assert!(pair.server.peer().is_authenticated);
    let mut pair = dialog(1);
    pair.program.prompts = vec![Prompt { prompt: "x".to_owned(), echo: false }; MAX_PROMPTS + 1];
    pair.program.leaves_prompts_open = true;
    pair.authenticate("keyboard-interactive", METHOD_SPECIFIC);
    let (id, _) = pair.program.open_questions[0];
    let answer = |prompts: &[Prompt]| Answer::Prompts {
        instruction: "Answer.".to_owned(),
        prompts: prompts.to_vec(),
    };
    let too_many = pair.program.prompts.clone();
    let refused = pair.server.answer(pair.now, id, answer(&too_many));
    assert_eq!(refused, Err(ApiMisuse::WrongAnswer));
    pair.answer_open_question(answer(&too_many[..1]));
    pair.take_number(messages::SSH_MSG_USERAUTH_INFO_REQUEST);
}

#[test]
fn rfc4256_s3_4_another_number_of_responses_fails() {
    for responses in [&["a"][..], &["a", "b", "c"], &[]] {
        let mut pair = dialog(2);
        ask(&mut pair);
        respond(&mut pair, responses);
        pair.take_number(messages::SSH_MSG_USERAUTH_FAILURE);
        assert!(asked(&pair).is_empty());
        // and the dialog is over
        respond(&mut pair, &["a", "b"]);
        let number = messages::SSH_MSG_USERAUTH_INFO_RESPONSE;
        let error = PeerMisbehaved::UnexpectedMessage(number).into();
        pair.assert_ended(&error, Some(DisconnectReason::ProtocolError));
    }
}

#[test]
fn rfc4256_s3_1_a_response_nobody_asked_for() {
    let mut pair = dialog(1);
    respond(&mut pair, &["x"]);
    let number = messages::SSH_MSG_USERAUTH_INFO_RESPONSE;
    let error = PeerMisbehaved::UnexpectedMessage(number).into();
    pair.assert_ended(&error, Some(DisconnectReason::ProtocolError));
}

#[test]
fn rfc4256_s3_1_a_new_request_abandons_the_dialog() {
    let mut pair = dialog(1);
    ask(&mut pair);
    pair.try_password("wrong");
    pair.take_number(messages::SSH_MSG_USERAUTH_FAILURE);
    respond(&mut pair, &["x"]);
    assert!(pair.ended().is_some());
    assert!(!pair.server.peer().is_authenticated);
}

#[test]
fn rfc4256_dialogs_are_attempts() {
    let mut pair = dialog(1);
    for attempt in 0..7 {
        assert_eq!(pair.ended(), None, "{attempt}");
        ask(&mut pair);
        respond(&mut pair, &["wrong"]);
        pair.take_number(if attempt < 6 {
            messages::SSH_MSG_USERAUTH_FAILURE
        } else {
            messages::SSH_MSG_DISCONNECT
        });
    }
    assert_eq!(pair.ended(), Some(&LimitExceeded::AuthAttempts.into()));
}

#[test]
fn rfc4256_partial_success_of_the_whole() {
    let program = Program::judging(|question| {
        let mut answer = AuthAnswer { available_methods: "password".into(), ..verdict(false) };
        answer.partial_success = question.method.starts_with("keyboard-interactive");
        Some(answer)
    });
    let mut pair = Pair::new(config(), Offer::default(), program);
    pair.start_authentication();
    ask(&mut pair);
    respond(&mut pair, &["x"]);
    let payload = pair.take_number(messages::SSH_MSG_USERAUTH_FAILURE);
    assert_eq!(payload, b"\x33\0\0\0\x08password\x01");
}
