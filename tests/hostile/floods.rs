//! Floods: a message that costs the client little must not cost the server much.

use bytes::BytesMut;
use sshserver::engine::{Answer, Event, Outcome, SendMode, Ticket};
use sshserver::error::{DisconnectReason as Reason, LimitExceeded};
use sshserver::limits::{
    HELD_MESSAGE_COST, MAX_ASKED_REQUESTS, MAX_AUTH_REQUESTS, MAX_CHANNELS, MAX_EARLY_MESSAGES,
    MAX_HELD_BYTES, MAX_IDLE_KEY_EXCHANGES, MAX_TRANSMIT_BACKLOG, MESSAGE_WORK, TRANSMIT_TARGET,
    TURN_WORK,
};
use sshserver::wire::WriteBuffer;
use sshserver::wire::messages::{
    self, ChannelClose, ChannelData, ChannelOpen, ChannelOpenFailure, ChannelRequest,
    GlobalRequest, Message,
};

use crate::common::client::Offer;
use crate::common::pair::Pair;
use crate::common::program::{Program, Seen, verdict};
use crate::common::{config, pattern};

const WAIT: SendMode = SendMode::Wait(None);

fn connected(program: Program) -> Pair {
    let mut pair = Pair::new(config(), Offer::default(), program);
    pair.login();
    pair
}

#[test]
fn channels_without_end_are_refused_one_by_one() {
    let mut pair = connected(Program::default());
    let open = |sender_channel: u32| ChannelOpen {
        channel_type: "session",
        sender_channel,
        initial_window_size: 0,
        maximum_packet_size: 0,
        type_specific: b"",
    };
    let most = MAX_CHANNELS as u32;
    for number in 0..most + 10 {
        pair.client.say(&open(number));
    }
    pair.run();
    let numbers: Vec<_> = pair.client.received.iter().map(|message| message.payload[0]).collect();
    let confirmed = |number: &&u8| **number == messages::SSH_MSG_CHANNEL_OPEN_CONFIRMATION;
    assert_eq!(numbers.iter().filter(confirmed).count(), MAX_CHANNELS);
    let refused: Vec<_> = pair
        .client
        .received
        .iter()
        .filter_map(|message| ChannelOpenFailure::decode(&message.payload).ok())
        .map(|message| (message.recipient_channel, message.reason_code))
        .collect();
    // SSH_OPEN_RESOURCE_SHORTAGE
    let wanted: Vec<_> = (most..most + 10).map(|number| (number, 4)).collect();
    assert_eq!(refused, wanted);
    // one that goes makes room for one more
    pair.client.send(b"\x61\0\0\0\x07");
    pair.run();
    pair.take_numbers();
    assert_eq!(pair.open(5).0, most);
    pair.assert_alive();
    let ticket = pair.ticket();
    let misuse = pair.server.open_channel(pair.now, "x11", b"", ticket);
    assert_eq!(misuse, Err(sshserver::error::ApiMisuse::TooManyChannels));
}

#[test]
fn refused_messages_before_the_login_are_bounded() {
    for payload in [&b"\x50\0\0\0\x01x\x01"[..], b"\x50\0\0\0\x01x\0", b"\x5a", b"\x7f"] {
        let mut pair = Pair::plain();
        pair.handshake();
        for _ in 0..MAX_EARLY_MESSAGES {
            pair.client.send_now(payload);
        }
        pair.run();
        assert_eq!(pair.ended(), None);
        pair.client.send_now(payload);
        pair.run();
        pair.assert_ended(&LimitExceeded::EarlyMessages.into(), Some(Reason::ProtocolError));
    }
}

#[test]
fn undecided_opens_count_as_channels() {
    let mut program = Program::default();
    program.open = Box::new(|_, _| None);
    let mut pair = connected(program);
    for number in 0..MAX_CHANNELS as u32 + 1 {
        pair.client.say(&ChannelOpen {
            channel_type: "session",
            sender_channel: number,
            initial_window_size: 0,
            maximum_packet_size: 0,
            type_specific: b"",
        });
    }
    pair.run();
    assert_eq!(pair.take_numbers(), [messages::SSH_MSG_CHANNEL_OPEN_FAILURE]);
    assert_eq!(pair.program.open_questions.len(), MAX_CHANNELS);
    pair.assert_alive();
}

#[test]
fn global_requests_behind_an_undecided_one_are_bounded() {
    let mut program = Program::default();
    program.forwarding = Box::new(|_| None);
    let mut pair = connected(program);
    let fields = b"\0\0\0\0\0\0\0\0";
    let request = |request_name, want_reply| GlobalRequest {
        request_name,
        want_reply,
        request_specific: fields,
    };
    for _ in 0..MAX_HELD_BYTES / HELD_MESSAGE_COST {
        pair.client.say(&request("tcpip-forward", true));
        // Costs nothing, so it is not counted.
        pair.client.say(&request("unknown", false));
    }
    pair.run();
    assert_eq!(pair.program.open_questions.len(), 1, "the first of them is decided on");
    assert!(pair.server.wants_input());
    pair.client.say(&request("unknown", true));
    pair.run();
    assert!(!pair.server.wants_input(), "what else the client says is not taken");
    pair.client.say(&request("unknown", true));
    pair.run();
    assert_eq!(pair.ended(), None);
    pair.take_numbers();
    pair.program.forwarding = Box::new(|_| Some(None));
    answer_what_is_open(&mut pair, || Answer::Forwarding(None));
    assert!(pair.server.wants_input());
    let refused = MAX_HELD_BYTES / HELD_MESSAGE_COST + 2;
    assert!(pair.take_numbers() == vec![messages::SSH_MSG_REQUEST_FAILURE; refused]);
}

#[test]
fn thousands_of_forwards_are_answered_in_order() {
    let mut program = Program::default();
    let mut port = 0;
    program.forwarding = Box::new(move |_| {
        port += 1;
        Some((port % 2 == 0).then_some(port))
    });
    let mut pair = connected(program);
    pair.take_numbers();
    // As many at once as may wait.
    for _ in 0..5 {
        for _ in 0..1000 {
            pair.client.say(&GlobalRequest {
                request_name: "tcpip-forward",
                want_reply: true,
                request_specific: b"\0\0\0\0\0\0\0\0",
            });
        }
        pair.run();
    }
    let odd_and_even = [messages::SSH_MSG_REQUEST_FAILURE, messages::SSH_MSG_REQUEST_SUCCESS];
    assert!(pair.take_numbers() == odd_and_even.repeat(2500));
    pair.assert_alive();
}

/// Answers the questions that were left open, and lets what follows from it happen.
fn answer_what_is_open(pair: &mut Pair, answer: fn() -> Answer) {
    for (id, _) in std::mem::take(&mut pair.program.open_questions) {
        pair.server.answer(pair.now, id, answer()).unwrap();
    }
    pair.run();
}

fn behind_a_question() -> Pair {
    let mut program = Program::default();
    program.request = Box::new(|_, _| None);
    let mut pair = connected(program);
    let channel = pair.open(4);
    pair.request(channel, "shell", true);
    pair
}

#[test]
fn requests_behind_a_question_are_bounded() {
    let request = |pair: &mut Pair, type_specific: &[u8]| {
        pair.client.say(&ChannelRequest {
            recipient_channel: 0,
            request_type: "x",
            want_reply: true,
            type_specific,
        });
    };
    for len in [0, 30_000] {
        let mut pair = behind_a_question();
        let fields = vec![0; len];
        let mut sent = 1;
        while pair.server.wants_input() {
            request(&mut pair, &fields);
            pair.run();
            sent += 1;
        }
        let cost = len + HELD_MESSAGE_COST;
        assert!(sent > 3000 || sent * cost >= MAX_HELD_BYTES, "{sent} requests of {len} bytes");
        assert!(sent * cost <= MAX_HELD_BYTES + MAX_ASKED_REQUESTS * cost);
        assert!(pair.program.open_questions.len() <= MAX_ASKED_REQUESTS);
        assert_eq!(pair.ended(), None);
        pair.take_numbers();
        pair.program.request = Box::new(|_, _| Some(true));
        answer_what_is_open(&mut pair, || Answer::Accept(true));
        assert!(pair.server.wants_input());
        assert!(pair.take_numbers() == vec![messages::SSH_MSG_CHANNEL_SUCCESS; sent]);
    }
}

#[test]
fn what_a_closed_channel_held_counts_no_more() {
    let mut pair = behind_a_question();
    let data = vec![0; 30_000];
    for _ in 0..60 {
        pair.client.say(&ChannelData { recipient_channel: 0, data: &data });
    }
    for _ in 0..3 {
        pair.client.say(&ChannelRequest {
            recipient_channel: 0,
            request_type: "x",
            want_reply: false,
            type_specific: &data,
        });
    }
    pair.client.say(&ChannelClose { recipient_channel: 0 });
    pair.run();
    pair.program.request = Box::new(|_, _| Some(true));
    answer_what_is_open(&mut pair, || Answer::Accept(true));
    pair.take_numbers();
    for _ in 0..20 {
        let channel = pair.open(4);
        pair.client.say(&ChannelClose { recipient_channel: channel.0 });
        pair.run();
        assert_eq!(pair.take_numbers(), [messages::SSH_MSG_CHANNEL_CLOSE]);
    }
    assert!(pair.server.wants_input());
    assert_eq!(pair.ended(), None);
}

#[test]
fn data_behind_a_question_is_joined_and_not_a_reason_to_end() {
    let mut pair = behind_a_question();
    let data = pattern(20_000);
    for byte in data.chunks(1) {
        pair.client.say(&ChannelData { recipient_channel: 0, data: byte });
    }
    pair.run();
    assert_eq!(pair.ended(), None);
    pair.answer_open_question(Answer::Accept(true));
    let deliveries = |seen: &&Seen| matches!(seen, Seen::Data(..));
    assert_eq!(pair.program.seen.iter().filter(deliveries).count(), 1);
    assert_eq!(pair.delivered(sshserver::engine::ChannelId(0)), data);
}

#[test]
fn replies_to_a_client_that_does_not_read_are_bounded() {
    let mut pair = connected(Program::default());
    pair.reading = false;
    let request =
        GlobalRequest { request_name: "r", want_reply: true, request_specific: b"" }.encode();
    for _ in 0..100_000 {
        pair.client.send_now(&request);
    }
    pair.run();
    assert!(!pair.server.wants_input());
    assert_eq!(pair.ended(), None);
    let waiting = pair.to_server.len();
    assert!(waiting > 1_000_000);
    let mut out = WriteBuffer::new();
    pair.server.poll_transmit(pair.now, &mut out);
    assert!(out.len() < MAX_TRANSMIT_BACKLOG + 1000, "{}", out.len());
    // it goes on once the client reads
    assert!(pair.server.wants_input());
    pair.sent.extend_from_slice(&out);
    pair.client.input(&out);
    pair.reading = true;
    pair.run();
    assert!(pair.to_server.is_empty());
    assert_eq!(pair.take_numbers().len(), 100_000);
}

#[test]
fn an_exchange_that_is_never_finished_holds_bounded_replies() {
    let mut pair = connected(Program::default());
    pair.client.automatic = false;
    let ticket = pair.ticket();
    pair.server.exchange_keys(ticket).unwrap();
    pair.run();
    // it may send requests until it answers our KEXINIT, but not for ever
    let request =
        GlobalRequest { request_name: "r", want_reply: true, request_specific: b"" }.encode();
    for _ in 0..300_000 {
        pair.client.send_now(&request);
    }
    pair.run();
    pair.assert_ended(&LimitExceeded::QueuedReplies.into(), Some(Reason::ProtocolError));
    assert_eq!(pair.outcome(ticket), Some(Outcome::ConnectionEnded));
}

#[test]
fn key_exchanges_for_nothing_are_bounded() {
    let mut pair = connected(Program::default());
    for exchange in 0..MAX_IDLE_KEY_EXCHANGES {
        pair.client.send_kex_init();
        pair.run();
        assert_eq!(pair.client.exchanges, exchange as usize + 2);
    }
    pair.client.send_kex_init();
    pair.run();
    pair.assert_ended(&LimitExceeded::KeyExchanges.into(), Some(Reason::ProtocolError));
}

#[test]
fn key_exchanges_with_something_in_between_are_not() {
    let mut pair = connected(Program::default());
    for _ in 0..3 * MAX_IDLE_KEY_EXCHANGES {
        pair.client.send_kex_init();
        pair.run();
        pair.assert_alive();
    }
}

#[test]
fn none_for_ever() {
    let mut config = config();
    config.max_auth_attempts = 0;
    let program = Program::judging(|_| Some(verdict(false)));
    let mut pair = Pair::new(config, Offer::default(), program);
    pair.start_authentication();
    for request in 0..=MAX_AUTH_REQUESTS {
        assert_eq!(pair.ended(), None, "{request}");
        pair.authenticate("none", b"");
    }
    let error = LimitExceeded::AuthRequests.into();
    pair.assert_ended(&error, Some(Reason::NoMoreAuthMethodsAvailable));
}

/// Messages of one byte each: the amount that one call seals stays near the target.
#[test]
fn a_maximum_packet_size_of_one_byte_costs_no_more_memory() {
    let mut pair = connected(Program::default());
    let channel = pair.open_with(4, u32::MAX, 1);
    pair.reading = false;
    let data = pattern(200_000);
    pair.send(channel, &data, WAIT);
    pair.run();
    let mut out = WriteBuffer::new();
    let mut calls = 0;
    loop {
        let before = out.len();
        if !pair.server.poll_transmit(pair.now, &mut out) {
            break;
        }
        calls += 1;
        assert!(out.len() - before < 2 * TRANSMIT_TARGET, "{}", out.len() - before);
    }
    assert!(calls > 20);
    pair.client.input(&out);
    assert!(pair.take_data(4) == data);
}

#[test]
fn a_maximum_packet_size_of_nothing_sends_nothing_and_spins_not() {
    let mut pair = connected(Program::default());
    let channel = pair.open_with(4, u32::MAX, 0);
    let ticket: Ticket = pair.send(channel, b"never", WAIT);
    pair.run();
    pair.adjust(channel, 0);
    assert_eq!(pair.outcome(ticket), None);
    assert!(!pair.server.poll_transmit(pair.now, &mut WriteBuffer::new()));
    pair.assert_alive();
}

#[test]
fn unknown_messages_without_end_stay_bounded() {
    for authenticated in [false, true] {
        let mut pair = Pair::plain();
        if authenticated {
            pair.login();
        } else {
            pair.start_authentication();
        }
        pair.take_numbers();
        pair.reading = false;
        for _ in 0..50_000 {
            pair.client.send_now(&[250]);
        }
        pair.run();
        assert!(!pair.server.wants_input());
        pair.reading = true;
        pair.run();
        assert_eq!(pair.take_numbers().len(), 50_000);
        assert_eq!(pair.ended(), None);
    }
}

/// What one call processes is bounded, whatever the messages are and however small they came.
#[test]
fn a_turn_is_over_after_its_share_of_work() {
    let large = [0; 32_000];
    let ignored = [[messages::SSH_MSG_IGNORE].as_slice(), &[0, 0, 0x7d, 0], &large].concat();
    let say: [fn(&mut Pair, &[u8]); 4] = [
        |pair, _| pair.client.send_now(&[messages::SSH_MSG_IGNORE, 0, 0, 0, 0]),
        |pair, ignored| pair.client.send_now(ignored),
        |pair, _| pair.client.say(&ChannelData { recipient_channel: 0, data: b"a" }),
        |pair, ignored| pair.client.say(&ChannelData { recipient_channel: 0, data: ignored }),
    ];
    for say in say {
        for compression in ["none", "zlib@openssh.com"] {
            let compression = [compression.to_owned(), compression.to_owned()];
            let offer = Offer { compression, ..Offer::default() };
            let mut pair = Pair::new(config(), offer, Program::default());
            pair.login();
            pair.open(4);
            for _ in 0..2000 {
                say(&mut pair, &ignored);
            }
            let mut input = BytesMut::from(&*std::mem::take(&mut pair.client.out));
            let mut turns = 0;
            while pair.server.handle_input(pair.now, &mut input) {
                turns += 1;
                while let Some(event) = pair.server.poll_event() {
                    if let Event::Delivery { channel, data, .. } = event {
                        pair.server.consumed(channel, data.len());
                    }
                }
            }
            assert!(input.is_empty());
            assert!(turns >= 2000 * MESSAGE_WORK / TURN_WORK);
        }
    }
}

#[test]
fn names_that_are_none_are_refused_and_kept_nowhere() {
    let mut pair = connected(Program::default());
    pair.open(4);
    pair.take_numbers();
    pair.program.seen.clear();
    let long = "x".repeat(65);
    for name in [long.as_str(), ""] {
        pair.client.say(&ChannelOpen {
            channel_type: name,
            sender_channel: 9,
            initial_window_size: 0,
            maximum_packet_size: 0,
            type_specific: b"",
        });
        pair.client.say(&ChannelRequest {
            recipient_channel: 0,
            request_type: name,
            want_reply: true,
            type_specific: b"",
        });
        pair.client.say(&GlobalRequest {
            request_name: name,
            want_reply: true,
            request_specific: b"",
        });
        pair.run();
        assert_eq!(
            pair.take_numbers(),
            [
                messages::SSH_MSG_CHANNEL_OPEN_FAILURE,
                messages::SSH_MSG_CHANNEL_FAILURE,
                messages::SSH_MSG_REQUEST_FAILURE
            ],
            "{name:?}"
        );
    }
    assert_eq!(pair.program.seen, []);
    pair.assert_alive();
}
