//! RFC 4254 section 5.1: channels that either side opens, confirmed or refused.

use bytes::Bytes;
use sshserver::engine::{Answer, ChannelId, Outcome};
use sshserver::error::PeerMisbehaved;
use sshserver::limits::{CHANNEL_MAXIMUM_PACKET_SIZE, receive_window};
use sshserver::wire::messages::{
    self, ChannelOpen, ChannelOpenConfirmation, ChannelOpenFailure, Message,
};

use super::{closed_alone, connected, protocol_error, seen_since};
use crate::common::program::{Program, Seen};

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
fn rfc4254_s5_1_a_refused_open_gets_its_failure() {
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
    assert_ne!(pair.open(6), refused);
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
fn rfc4254_s5_1_channels_the_server_opens() {
    let mut pair = connected(Program::echoing());
    let ticket = pair.ticket();
    let channel = pair.server.open_channel(pair.now, "forwarded-tcpip", b"fields", ticket).unwrap();
    pair.run();
    let payload = pair.take_number(messages::SSH_MSG_CHANNEL_OPEN);
    let open = ChannelOpen::decode(&payload).unwrap();
    assert_eq!((open.channel_type, open.type_specific), ("forwarded-tcpip", &b"fields"[..]));
    assert_eq!(open.sender_channel, channel.0);
    assert_eq!(pair.server.counters(channel), None);
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
    closed_alone(&mut pair, channel);
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
    // refused once
    assert_ne!(pair.open(1), channel);
    pair.say(&refusal);
    pair.assert_alive();
}
