//! RFC 4254 sections 4 and 5.4: requests and the order of their replies.

use bytes::Bytes;
use sshserver::engine::{Answer, ChannelId, Queued};
use sshserver::wire::messages::{self, ChannelClose, ChannelRequest, GlobalRequest, Message};

use super::{WAIT, connected, seen_since};
use crate::common::pair::Pair;
use crate::common::program::{Program, Seen};

/// A program that leaves every channel request open.
fn undecided() -> Pair {
    let mut program = Program::default();
    program.request = Box::new(|_, _| None);
    connected(program)
}

#[test]
fn rfc4254_s4_global_requests_are_refused_in_order_and_only_when_they_want_a_reply() {
    let mut pair = connected(Program::default());
    for want_reply in [true, false, true, true, false] {
        pair.client.say(&GlobalRequest {
            request_name: "no-such-request@example.com",
            want_reply,
            request_specific: b"anything",
        });
    }
    pair.run();
    assert_eq!(pair.take_numbers(), [messages::SSH_MSG_REQUEST_FAILURE; 3]);
}

#[test]
fn rfc4254_s5_4_requests_get_their_reply_only_when_they_want_one() {
    let mut program = Program::default();
    program.request = Box::new(|_, request_type| Some(request_type == "shell"));
    let mut pair = connected(program);
    let channel = pair.open(4);
    for (request_type, want_reply) in
        [("shell", true), ("env", true), ("shell", false), ("env", false), ("shell", true)]
    {
        pair.request(channel, request_type, want_reply);
    }
    let (success, failure) = (messages::SSH_MSG_CHANNEL_SUCCESS, messages::SSH_MSG_CHANNEL_FAILURE);
    assert_eq!(pair.take_numbers(), [success, failure, success]);
    let packet = ChannelRequest {
        recipient_channel: channel.0,
        request_type: "env",
        want_reply: true,
        type_specific: b"",
    };
    let seen = Seen::Request(channel, "env".to_owned(), packet.encode().into());
    assert!(pair.has_seen(&seen));
}

#[test]
fn rfc4254_s5_4_what_follows_an_undecided_request_waits_for_it_in_order() {
    let mut pair = undecided();
    let channel = pair.open(4);
    pair.send_from_client(channel, b"before ");
    let start = pair.program.seen.len();
    pair.request(channel, "first", true);
    pair.send_from_client(channel, b"data ");
    pair.send_from_client(channel, b"and more");
    pair.request(channel, "second", false);
    pair.send_from_client(channel, b"last");
    pair.eof(channel);
    pair.request(channel, "third", true);
    pair.say(&ChannelClose { recipient_channel: channel.0 });
    assert_eq!(seen_since(&pair, start).len(), 1);
    assert!(pair.server.wants_input());
    assert_eq!(pair.take_numbers(), [0; 0]);

    pair.answer_open_question(Answer::Accept(true));
    assert_eq!(pair.take_numbers(), [messages::SSH_MSG_CHANNEL_SUCCESS]);
    let tail: Vec<_> = seen_since(&pair, start)[1..].to_vec();
    // joined, as no request is between the two
    assert_eq!(tail[0], Seen::Data(channel, None, Bytes::from_static(b"data and more")));
    assert!(matches!(&tail[1..], [Seen::Request(_, name, _)] if name == "second"));

    pair.answer_open_question(Answer::Accept(true));
    assert_eq!(pair.take_numbers(), [0; 0]);
    let tail: Vec<_> = seen_since(&pair, start)[3..].to_vec();
    assert_eq!(tail[0], Seen::Data(channel, None, Bytes::from_static(b"last")));
    assert_eq!(tail[1], Seen::Eof(channel));
    assert!(matches!(&tail[2..], [Seen::Request(_, name, _)] if name == "third"));

    pair.answer_open_question(Answer::Accept(false));
    let wanted = [messages::SSH_MSG_CHANNEL_FAILURE, messages::SSH_MSG_CHANNEL_CLOSE];
    assert_eq!(pair.take_numbers(), wanted);
    assert_eq!(pair.program.seen.last(), Some(&Seen::Closed(channel)));
    pair.assert_alive();
}

#[test]
fn rfc4254_s5_4_small_requests_are_asked_together_and_replied_to_in_their_order() {
    let mut pair = undecided();
    let channel = pair.open(4);
    for (name, want_reply) in [("a", true), ("b", false), ("c", true), ("d", true)] {
        pair.request(channel, name, want_reply);
    }
    pair.send_from_client(channel, b"data");
    pair.request(channel, "e", true);
    let asked = |pair: &Pair| -> Vec<String> {
        let name = |(_, seen): &(_, Seen)| match seen {
            Seen::Request(_, name, _) => name.clone(),
            seen => panic!("{seen:?}"),
        };
        pair.program.open_questions.iter().map(name).collect()
    };
    assert_eq!(asked(&pair), ["a", "b", "c", "d"]);

    // The last one first: its reply has to wait for the others, and so has what comes after it.
    let (success, failure) = (messages::SSH_MSG_CHANNEL_SUCCESS, messages::SSH_MSG_CHANNEL_FAILURE);
    for (at, accept, replies) in
        [(3, false, &[][..]), (0, true, &[success]), (1, true, &[]), (0, true, &[success, failure])]
    {
        assert_eq!(pair.delivered(channel), b"");
        let question = pair.program.open_questions.remove(at);
        pair.program.open_questions.insert(0, question);
        pair.answer_open_question(Answer::Accept(accept));
        assert_eq!(pair.take_numbers(), replies);
    }
    assert_eq!(pair.delivered(channel), b"data");
    assert_eq!(asked(&pair), ["e"]);
    pair.answer_open_question(Answer::Accept(true));
    assert_eq!(pair.take_numbers(), [success]);
}

#[test]
fn rfc4254_s5_4_an_undecided_request_stops_no_other_channel() {
    let mut program = Program::echoing();
    program.request = Box::new(|channel, _| (channel == ChannelId(1)).then_some(true));
    let mut pair = connected(program);
    let (slow, fast) = (pair.open(10), pair.open(11));
    pair.request(slow, "shell", true);
    pair.send_from_client(slow, b"waits");
    pair.request(fast, "shell", true);
    pair.send_from_client(fast, b"goes on");
    assert_eq!(pair.delivered(fast), b"goes on");
    assert_eq!(pair.delivered(slow), b"");
    let payload = pair.take_number(messages::SSH_MSG_CHANNEL_SUCCESS);
    assert_eq!(payload, [99, 0, 0, 0, 11]);
    assert_eq!(pair.take_data(11), b"goes on");
    // the window of the slow channel may be adjusted meanwhile, and the program may send on it
    pair.adjust(slow, 0);
    pair.send(slow, b"from the program", WAIT);
    pair.run();
    assert_eq!(pair.take_data(10), b"from the program");
    pair.answer_open_question(Answer::Accept(true));
    assert_eq!(pair.delivered(slow), b"waits");
    let wanted = [messages::SSH_MSG_CHANNEL_SUCCESS, messages::SSH_MSG_CHANNEL_DATA];
    assert_eq!(pair.take_numbers(), wanted);
}

#[test]
fn rfc4254_s5_4_a_reply_after_close_is_not_sent() {
    let mut pair = undecided();
    let channel = pair.open(4);
    pair.request(channel, "shell", true);
    let ticket = pair.ticket();
    pair.server.queue(pair.now, channel, Queued::Close, ticket).unwrap();
    pair.run();
    let wanted = [messages::SSH_MSG_CHANNEL_EOF, messages::SSH_MSG_CHANNEL_CLOSE];
    assert_eq!(pair.take_numbers(), wanted);
    pair.say(&ChannelClose { recipient_channel: channel.0 });
    assert!(!pair.has_seen(&Seen::Closed(channel)));
    pair.answer_open_question(Answer::Accept(true));
    assert_eq!(pair.take_numbers(), [0; 0]);
    assert!(pair.has_seen(&Seen::Closed(channel)));
}
