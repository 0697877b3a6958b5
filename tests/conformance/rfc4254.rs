//! RFC 4254: channels, their windows, requests and ends.

use crate::common::client::Offer;
use crate::common::pair::Pair;
use crate::common::program::{Program, Seen};
use crate::common::{config, pattern};
use bytes::Bytes;
use sshserver::engine::{Answer, ChannelId, Outcome, SendMode};
use sshserver::error::{ApiMisuse, DisconnectReason, PeerMisbehaved};
use sshserver::limits::{CHANNEL_MAXIMUM_PACKET_SIZE, receive_window};
use sshserver::wire::messages::{
    self, ChannelClose, ChannelData, ChannelExtendedData, ChannelOpen, ChannelOpenConfirmation,
    ChannelOpenFailure, ChannelRequest, ChannelWindowAdjust, GlobalRequest, Message,
};

const WAIT: SendMode = SendMode::Wait(None);

fn connected(program: Program) -> Pair {
    let mut pair = Pair::new(config(), Offer::default(), program);
    pair.login();
    pair.take_numbers();
    pair
}

/// A program that leaves every channel request open.
fn undecided() -> Pair {
    let mut program = Program::default();
    program.request = Box::new(|_, _| None);
    connected(program)
}

/// What the program has seen since `start`, without the noise of getting there.
fn seen_since(pair: &Pair, start: usize) -> &[Seen] {
    &pair.program.seen[start..]
}

fn protocol_error(pair: &mut Pair, error: PeerMisbehaved) {
    pair.assert_ended(&error.into(), Some(DisconnectReason::ProtocolError));
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
fn rfc4254_s5_1_open_is_confirmed_with_numbers_and_windows() {
    let mut pair = connected(Program::default());
    let start = pair.program.seen.len();
    pair.say(&ChannelOpen {
        channel_type: "direct-tcpip",
        sender_channel: 77,
        initial_window_size: 1,
        maximum_packet_size: 1,
        type_specific: b"fields of the type",
    });
    let payload = pair.take_number(messages::SSH_MSG_CHANNEL_OPEN_CONFIRMATION);
    let message = ChannelOpenConfirmation::decode(&payload).unwrap();
    assert_eq!(message.recipient_channel, 77);
    assert_eq!(message.initial_window_size, receive_window(0));
    assert_eq!(message.maximum_packet_size, CHANNEL_MAXIMUM_PACKET_SIZE);
    let channel = ChannelId(message.sender_channel);
    let name = || "direct-tcpip".to_owned();
    assert_eq!(
        seen_since(&pair, start),
        [
            Seen::Open(channel, name(), Bytes::from_static(b"fields of the type")),
            Seen::Opened(channel, name()),
            Seen::ReadyToSend(channel),
        ]
    );
}

#[test]
fn rfc4254_s5_1_a_refused_open_gets_its_failure_and_frees_the_number() {
    let mut program = Program::default();
    let mut answers = [Some(false), Some(true)].into_iter();
    program.open = Box::new(move |_, _| answers.next().unwrap());
    let mut pair = connected(program);
    pair.say(&ChannelOpen {
        channel_type: "x11",
        sender_channel: 5,
        initial_window_size: 0,
        maximum_packet_size: 0,
        type_specific: b"",
    });
    let payload = pair.take_number(messages::SSH_MSG_CHANNEL_OPEN_FAILURE);
    let message = ChannelOpenFailure::decode(&payload).unwrap();
    // SSH_OPEN_ADMINISTRATIVELY_PROHIBITED
    assert_eq!((message.recipient_channel, message.reason_code), (5, 1));
    let refused = ChannelId(0);
    assert!(pair.has_seen(&Seen::NotOpened(refused)));
    assert_eq!(pair.open(6), refused);
    assert!(!pair.has_seen(&Seen::Closed(refused)));
}

#[test]
fn rfc4254_s5_1_opens_are_decided_in_any_order() {
    let mut program = Program::default();
    program.open = Box::new(|_, _| None);
    let mut pair = connected(program);
    for sender_channel in [10, 11] {
        pair.say(&ChannelOpen {
            channel_type: "session",
            sender_channel,
            initial_window_size: 100,
            maximum_packet_size: 100,
            type_specific: b"",
        });
    }
    assert!(pair.server.wants_input());
    pair.assert_alive();
    pair.program.open_questions.swap(0, 1);
    pair.answer_open_question(Answer::Accept(true));
    let payload = pair.take_number(messages::SSH_MSG_CHANNEL_OPEN_CONFIRMATION);
    assert_eq!(ChannelOpenConfirmation::decode(&payload).unwrap().recipient_channel, 11);
    pair.answer_open_question(Answer::Accept(true));
    let payload = pair.take_number(messages::SSH_MSG_CHANNEL_OPEN_CONFIRMATION);
    assert_eq!(ChannelOpenConfirmation::decode(&payload).unwrap().recipient_channel, 10);
}

#[test]
fn rfc4254_s5_1_nothing_may_come_before_the_confirmation() {
    for number in [94, 96, 97, 98, 99] {
        let mut program = Program::default();
        program.open = Box::new(|_, _| None);
        let mut pair = connected(program);
        pair.say(&ChannelOpen {
            channel_type: "session",
            sender_channel: 1,
            initial_window_size: 100,
            maximum_packet_size: 100,
            type_specific: b"",
        });
        let mut payload = vec![number, 0, 0, 0, 0];
        match number {
            94 => payload.extend_from_slice(b"\0\0\0\x01x"),
            98 => payload.extend_from_slice(b"\0\0\0\x01x\0"),
            _ => {}
        }
        pair.client.send(&payload);
        pair.run();
        assert!(pair.has_seen(&Seen::NotOpened(ChannelId(0))));
        protocol_error(&mut pair, PeerMisbehaved::UnknownChannel(0));
    }
}

#[test]
fn rfc4254_s5_2_the_server_obeys_window_and_maximum_packet_size() {
    let mut pair = connected(Program::default());
    let channel = pair.open_with(4, 1000, 300);
    let data = pattern(5000);
    let ticket = pair.send(channel, &data, WAIT);
    pair.run();
    let mut got = Vec::new();
    let sizes = |pair: &mut Pair, got: &mut Vec<u8>| {
        let mut sizes = Vec::new();
        while let Some(payload) = pair.take() {
            let message = ChannelData::decode(&payload).unwrap();
            assert_eq!(message.recipient_channel, 4);
            sizes.push(message.data.len());
            got.extend_from_slice(message.data);
        }
        sizes
    };
    assert_eq!(sizes(&mut pair, &mut got), [300, 300, 300, 100]);
    assert_eq!(pair.server.bytes_sent(channel), Some(1000));
    assert_eq!(pair.server.ready_to_send(channel), Some(false));
    for add in [1, 299, 0, 1000] {
        pair.adjust(channel, add);
    }
    assert_eq!(sizes(&mut pair, &mut got).iter().sum::<usize>(), 1300);
    assert_eq!(pair.outcome(ticket), None);
    pair.adjust(channel, 100_000);
    sizes(&mut pair, &mut got);
    assert_eq!(got, data);
    assert_eq!(pair.outcome(ticket), Some(Outcome::Complete));
    assert_eq!(pair.server.ready_to_send(channel), Some(true));
}

#[test]
fn rfc4254_s5_2_the_window_is_adjusted_at_half() {
    let mut pair = connected(Program::default());
    let channel = pair.open(4);
    let half = receive_window(0) as usize / 2;
    let step = CHANNEL_MAXIMUM_PACKET_SIZE as usize;
    let mut sent = 0;
    while sent + step < half {
        pair.send_from_client(channel, &vec![0; step]);
        sent += step;
        assert_eq!(pair.take_numbers(), [0; 0], "{sent}");
    }
    pair.send_from_client(channel, &vec![0; step]);
    let payload = pair.take_number(messages::SSH_MSG_CHANNEL_WINDOW_ADJUST);
    let message = ChannelWindowAdjust::decode(&payload).unwrap();
    assert_eq!(message.recipient_channel, 4);
    assert_eq!(message.bytes_to_add as usize, sent + step);
}

#[test]
fn rfc4254_s5_2_the_whole_window_may_be_used_and_not_a_byte_more() {
    for extended in [false, true] {
        let mut program = Program::default();
        program.consume = false;
        let mut pair = connected(program);
        let channel = pair.open(4);
        let step = CHANNEL_MAXIMUM_PACKET_SIZE;
        let data = vec![0; step as usize];
        for _ in 0..receive_window(0) / step {
            pair.send_from_client(channel, &data);
        }
        assert_eq!(pair.ended(), None);
        // an empty message needs no window
        pair.send_from_client(channel, b"");
        assert_eq!(pair.ended(), None);
        // what is consumed twice counts once
        pair.server.consumed(pair.now, channel, usize::MAX);
        pair.server.consumed(pair.now, channel, usize::MAX);
        pair.run();
        let payload = pair.take_number(messages::SSH_MSG_CHANNEL_WINDOW_ADJUST);
        let adjust = ChannelWindowAdjust::decode(&payload).unwrap();
        assert_eq!(adjust.bytes_to_add, receive_window(0));
        for _ in 0..receive_window(0) / step {
            pair.send_from_client(channel, &data);
        }
        assert_eq!(pair.ended(), None);
        if extended {
            let message =
                ChannelExtendedData { recipient_channel: channel.0, data_type_code: 1, data: b"x" };
            pair.say(&message);
        } else {
            pair.send_from_client(channel, b"x");
        }
        protocol_error(&mut pair, PeerMisbehaved::WindowOverrun);
    }
}

#[test]
fn rfc4254_s5_2_a_slow_program_gets_no_more_than_the_window() {
    let mut program = Program::default();
    program.consume = false;
    let mut pair = connected(program);
    let channel = pair.open(4);
    pair.send_from_client(channel, &pattern(40_000));
    pair.server.consumed(pair.now, channel, 30_000);
    pair.run();
    assert_eq!(pair.take_numbers(), [0; 0]);
    assert_eq!(pair.delivered(channel), pattern(40_000));
}

#[test]
fn rfc4254_s5_2_data_larger_than_the_maximum_packet_size_is_refused() {
    let mut pair = connected(Program::default());
    let channel = pair.open(4);
    let most = CHANNEL_MAXIMUM_PACKET_SIZE as usize;
    pair.send_from_client(channel, &pattern(most));
    assert_eq!(pair.delivered(channel), pattern(most));
    pair.send_from_client(channel, &pattern(most + 1));
    protocol_error(&mut pair, PeerMisbehaved::PacketTooLarge);
}

#[test]
fn rfc4254_s5_2_the_window_may_not_pass_2_to_the_32() {
    let mut pair = connected(Program::default());
    let channel = pair.open_with(4, u32::MAX - 10, 100);
    pair.adjust(channel, 10);
    pair.adjust(channel, 0);
    assert_eq!(pair.ended(), None);
    pair.adjust(channel, 1);
    protocol_error(&mut pair, PeerMisbehaved::WindowOverflow);
}

#[test]
fn rfc4254_s5_2_extended_data_both_ways_keeps_its_type_and_its_place() {
    let mut pair = connected(Program::echoing());
    let channel = pair.open(4);
    for (data_type_code, data) in [(1, &b"one"[..]), (7, b"seven"), (1, b"again")] {
        pair.client.say(&ChannelData { recipient_channel: channel.0, data: b"plain" });
        pair.client.say(&ChannelExtendedData {
            recipient_channel: channel.0,
            data_type_code,
            data,
        });
    }
    pair.run();
    let mut got = Vec::new();
    while let Some(payload) = pair.take() {
        if let Ok(message) = ChannelExtendedData::decode(&payload) {
            got.push((message.data_type_code, message.data.to_vec()));
        } else {
            got.push((0, ChannelData::decode(&payload).unwrap().data.to_vec()));
        }
    }
    let plain = || (0, b"plain".to_vec());
    let wanted = [
        plain(),
        (1, b"one".to_vec()),
        plain(),
        (7, b"seven".to_vec()),
        plain(),
        (1, b"again".to_vec()),
    ];
    assert_eq!(got, wanted);
}

#[test]
fn rfc4254_s5_3_eof_of_one_side_leaves_the_other_open() {
    let mut pair = connected(Program::default());
    let channel = pair.open(4);
    pair.send_from_client(channel, b"last");
    pair.eof(channel);
    assert!(pair.has_seen(&Seen::Eof(channel)));
    pair.send(channel, b"still here", WAIT);
    pair.run();
    assert_eq!(pair.take_data(4), b"still here");
    // requests may still come
    pair.request(channel, "signal", true);
    assert_eq!(pair.take_numbers(), [messages::SSH_MSG_CHANNEL_SUCCESS]);
    pair.send_from_client(channel, b"too late");
    protocol_error(&mut pair, PeerMisbehaved::AfterEof);
}

#[test]
fn rfc4254_s5_3_eof_comes_once() {
    let mut pair = connected(Program::default());
    let channel = pair.open(4);
    pair.eof(channel);
    pair.eof(channel);
    protocol_error(&mut pair, PeerMisbehaved::AfterEof);
}

#[test]
fn rfc4254_s5_3_close_of_the_client_is_answered_and_frees_the_number() {
    for eof in [false, true] {
        let mut pair = connected(Program::default());
        let channel = pair.open(4);
        if eof {
            pair.eof(channel);
        }
        pair.say(&ChannelClose { recipient_channel: channel.0 });
        let payload = pair.take_number(messages::SSH_MSG_CHANNEL_CLOSE);
        assert_eq!(ChannelClose::decode(&payload).unwrap().recipient_channel, 4);
        assert_eq!(pair.program.seen.last(), Some(&Seen::Closed(channel)));
        let ticket = pair.ticket();
        let late = pair.server.close_channel(pair.now, channel, ticket);
        assert_eq!(late, Err(ApiMisuse::UnknownChannel));
        pair.forget(ticket);
        // room may still be given back on a channel that is closed already
        pair.adjust(channel, 5);
        assert_eq!(pair.open(9), channel);
        pair.assert_alive();
    }
}

#[test]
fn rfc4254_s5_3_close_of_the_program_sends_what_is_queued_first() {
    let mut pair = connected(Program::default());
    let channel = pair.open_with(4, 10, 100);
    let data = pair.send(channel, b"more than ten bytes", WAIT);
    let close = pair.ticket();
    pair.server.close_channel(pair.now, channel, close).unwrap();
    pair.run();
    assert_eq!(pair.take_numbers(), [messages::SSH_MSG_CHANNEL_DATA]);
    assert_eq!((pair.outcome(data), pair.outcome(close)), (None, None));
    pair.adjust(channel, 100);
    let (eof, closed) = (messages::SSH_MSG_CHANNEL_EOF, messages::SSH_MSG_CHANNEL_CLOSE);
    assert_eq!(pair.take_numbers(), [messages::SSH_MSG_CHANNEL_DATA, eof, closed]);
    assert_eq!(pair.outcome(close), Some(Outcome::Complete));
    assert_eq!(pair.outcome(data), Some(Outcome::Complete));
    assert!(!pair.has_seen(&Seen::Closed(channel)));
    // data that was on its way is dropped
    pair.send_from_client(channel, b"crossing");
    assert_eq!(pair.delivered(channel), b"");
    pair.say(&ChannelClose { recipient_channel: channel.0 });
    assert!(pair.has_seen(&Seen::Closed(channel)));
    assert_eq!(pair.take_numbers(), [0; 0]);
}

#[test]
fn rfc4254_s5_3_eof_of_the_program_is_sent_once() {
    let mut pair = connected(Program::default());
    let channel = pair.open(4);
    let (eof, close) = (pair.ticket(), pair.ticket());
    pair.server.send_eof(pair.now, channel, eof).unwrap();
    let again = pair.ticket();
    let refused = Err(ApiMisuse::ChannelClosed);
    assert_eq!(pair.server.send_eof(pair.now, channel, again), refused);
    let data = Bytes::from_static(b"x");
    let sent = pair.server.send_data(pair.now, channel, None, data, WAIT, again);
    assert_eq!(sent, refused);
    pair.server.close_channel(pair.now, channel, close).unwrap();
    assert_eq!(pair.server.close_channel(pair.now, channel, again), refused);
    pair.forget(again);
    pair.run();
    let wanted = [messages::SSH_MSG_CHANNEL_EOF, messages::SSH_MSG_CHANNEL_CLOSE];
    assert_eq!(pair.take_numbers(), wanted);
    assert_eq!(pair.outcome(eof), Some(Outcome::Complete));
    assert_eq!(pair.outcome(close), Some(Outcome::Complete));
}

#[test]
fn rfc4254_s5_3_commands_on_a_channel_that_the_client_closes_come_to_their_end() {
    let mut pair = connected(Program::default());
    let channel = pair.open_with(4, 0, 100);
    let data = pair.send(channel, b"never", WAIT);
    let nothing = pair.send(channel, b"", WAIT);
    let refused = pair.send(channel, b"never either", SendMode::NoWait);
    let (eof, close) = (pair.ticket(), pair.ticket());
    pair.server.send_eof(pair.now, channel, eof).unwrap();
    pair.server.close_channel(pair.now, channel, close).unwrap();
    pair.run();
    pair.say(&ChannelClose { recipient_channel: channel.0 });
    assert_eq!(pair.outcome(data), Some(Outcome::ChannelClosed));
    assert_eq!(pair.outcome(nothing), Some(Outcome::Complete));
    assert_eq!(pair.outcome(refused), Some(Outcome::WouldBlock { sent: 0 }));
    assert_eq!(pair.outcome(eof), Some(Outcome::ChannelClosed));
    assert_eq!(pair.outcome(close), Some(Outcome::ChannelClosed));
    assert_eq!(pair.take_numbers(), [messages::SSH_MSG_CHANNEL_CLOSE]);
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
    assert_eq!(pair.open(5), channel);
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
    pair.server.close_channel(pair.now, channel, ticket).unwrap();
    pair.run();
    let wanted = [messages::SSH_MSG_CHANNEL_EOF, messages::SSH_MSG_CHANNEL_CLOSE];
    assert_eq!(pair.take_numbers(), wanted);
    pair.say(&ChannelClose { recipient_channel: channel.0 });
    assert!(!pair.has_seen(&Seen::Closed(channel)));
    pair.answer_open_question(Answer::Accept(true));
    assert_eq!(pair.take_numbers(), [0; 0]);
    assert!(pair.has_seen(&Seen::Closed(channel)));
}

#[test]
fn rfc4254_s5_1_channels_the_server_opens() {
    let mut pair = connected(Program::echoing());
    let ticket = pair.ticket();
    let channel = pair.server.open_channel(pair.now, "forwarded-tcpip", b"fields", ticket).unwrap();
    pair.run();
    let payload = pair.take_number(messages::SSH_MSG_CHANNEL_OPEN);
    let open = ChannelOpen::decode(&payload).unwrap();
    assert_eq!((open.channel_type, open.type_specific), ("forwarded-tcpip", &b"fields"[..]));
    assert_eq!(open.sender_channel, channel.0);
    assert_eq!(pair.server.ready_to_send(channel), None);
    let start = pair.program.seen.len();
    pair.say(&ChannelOpenConfirmation {
        recipient_channel: channel.0,
        sender_channel: 40,
        initial_window_size: 1000,
        maximum_packet_size: 1000,
        type_specific: b"",
    });
    assert_eq!(
        seen_since(&pair, start),
        [
            Seen::Opened(channel, "forwarded-tcpip".to_owned()),
            Seen::ReadyToSend(channel),
            Seen::Done(ticket, Outcome::Opened(channel)),
        ]
    );
    pair.send_from_client(channel, b"round trip");
    assert_eq!(pair.take_data(40), b"round trip");
    // confirmed once
    pair.say(&ChannelOpenConfirmation {
        recipient_channel: channel.0,
        sender_channel: 40,
        initial_window_size: 1000,
        maximum_packet_size: 1000,
        type_specific: b"",
    });
    protocol_error(&mut pair, PeerMisbehaved::UnexpectedReply);
}

#[test]
fn rfc4254_s5_1_channels_the_client_refuses() {
    let mut pair = connected(Program::default());
    let ticket = pair.ticket();
    let channel = pair.server.open_channel(pair.now, "x11", b"", ticket).unwrap();
    pair.run();
    pair.take_numbers();
    let refusal = ChannelOpenFailure {
        recipient_channel: channel.0,
        reason_code: 2,
        description: b"no\ndisplay",
        language_tag: b"",
    };
    pair.say(&refusal);
    let description = "no display".to_owned();
    let outcome = Outcome::OpenRefused { reason: 2, description };
    assert_eq!(pair.outcome(ticket), Some(outcome));
    assert_eq!(pair.open(1), channel);
    pair.say(&refusal);
    protocol_error(&mut pair, PeerMisbehaved::UnexpectedReply);
}
