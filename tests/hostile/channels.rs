//! A violation of the protocol on one channel ends that channel, and no other.

use sshserver::engine::{Answer, ChannelId};
use sshserver::error::ChannelMisbehaved as Misbehaved;
use sshserver::limits::{CHANNEL_MAXIMUM_PACKET_SIZE, receive_window};
use sshserver::transport::Verbosity;
use sshserver::wire::messages::{
    self, ChannelClose, ChannelData, ChannelExtendedData, ChannelOpenConfirmation,
    ChannelOpenFailure, Message,
};

use crate::common::client::Offer;
use crate::common::config;
use crate::common::pair::Pair;
use crate::common::program::{Program, Seen};

/// The channel of the violations, as the client numbers it, and another one.
const BAD: u32 = 4;
const GOOD: u32 = 5;

struct Violation {
    name: &'static str,
    script: fn(&mut Pair, ChannelId),
    what: Misbehaved,
}

fn whole_window(pair: &mut Pair, channel: ChannelId) {
    let data = vec![7; CHANNEL_MAXIMUM_PACKET_SIZE as usize];
    for _ in 0..receive_window(0) / CHANNEL_MAXIMUM_PACKET_SIZE {
        pair.client.say(&ChannelData { recipient_channel: channel.0, data: &data });
    }
}

fn violations() -> [Violation; 7] {
    let violation = |name, script, what| Violation { name, script, what };
    [
        violation(
            "the window overrun by a byte",
            |pair, channel| {
                whole_window(pair, channel);
                pair.client.say(&ChannelData { recipient_channel: channel.0, data: b"x" });
            },
            Misbehaved::WindowOverrun,
        ),
        violation(
            "the window overrun by a large message",
            |pair, channel| {
                whole_window(pair, channel);
                let data = vec![7; CHANNEL_MAXIMUM_PACKET_SIZE as usize];
                pair.client.say(&ChannelData { recipient_channel: channel.0, data: &data });
            },
            Misbehaved::WindowOverrun,
        ),
        violation(
            "the window overrun by extended data",
            |pair, channel| {
                whole_window(pair, channel);
                let recipient_channel = channel.0;
                let message =
                    ChannelExtendedData { recipient_channel, data_type_code: 1, data: b"x" };
                pair.client.say(&message);
            },
            Misbehaved::WindowOverrun,
        ),
        violation(
            "a message larger than the maximum",
            |pair, channel| {
                let data = vec![7; CHANNEL_MAXIMUM_PACKET_SIZE as usize + 1];
                pair.client.say(&ChannelData { recipient_channel: channel.0, data: &data });
            },
            Misbehaved::PacketTooLarge,
        ),
        violation(
            "a window above 2^32 - 1",
            |pair, channel| pair.adjust(channel, u32::MAX),
            Misbehaved::WindowOverflow,
        ),
        violation(
            "a confirmation of an open channel",
            |pair, channel| {
                pair.client.say(&ChannelOpenConfirmation {
                    recipient_channel: channel.0,
                    sender_channel: GOOD,
                    initial_window_size: 0,
                    maximum_packet_size: 0,
                    type_specific: b"",
                });
            },
            Misbehaved::UnexpectedReply,
        ),
        violation(
            "a refusal of an open channel",
            |pair, channel| {
                pair.client.say(&ChannelOpenFailure {
                    recipient_channel: channel.0,
                    reason_code: 1,
                    description: b"",
                    language_tag: b"",
                });
            },
            Misbehaved::UnexpectedReply,
        ),
    ]
}

fn with_two_channels() -> (Pair, ChannelId, ChannelId) {
    let mut program = Program::default();
    program.consume = false;
    let mut pair = Pair::new(config(), Offer::default(), program);
    pair.server.set_verbosity(Verbosity { status: true, ..Verbosity::default() });
    pair.login();
    let (bad, good) = (pair.open(BAD), pair.open(GOOD));
    pair.take_numbers();
    (pair, bad, good)
}

/// The client was told that the channel is closed, and the program that it is and why.
fn assert_closed(pair: &mut Pair, channel: ChannelId, what: Misbehaved, name: &str) {
    assert_eq!(pair.ended(), None, "{name}");
    let payload = pair.take_number(messages::SSH_MSG_CHANNEL_CLOSE);
    assert_eq!(ChannelClose::decode(&payload).unwrap().recipient_channel, BAD, "{name}");
    assert_eq!(pair.take_numbers(), [0; 0], "{name}");
    let closed = pair.program.seen.iter().filter(|seen| **seen == Seen::Closed(channel));
    assert_eq!(closed.count(), 1, "{name}");
    let line = format!("Channel {} is closed for the client's fault: {what}", channel.0);
    assert!(pair.has_seen(&Seen::Line(line)), "{name}: {:?}", pair.program.seen);
}

/// The other channel does not notice.
fn assert_works(pair: &mut Pair, channel: ChannelId, name: &str) {
    pair.send_from_client(channel, b"question");
    assert_eq!(pair.delivered(channel), b"question", "{name}");
    pair.send(channel, b"answer", sshserver::engine::SendMode::Wait(None));
    pair.run();
    assert_eq!(pair.take_data(GOOD), b"answer", "{name}");
    pair.assert_alive();
}

#[test]
fn a_violation_on_one_channel_ends_that_channel_alone() {
    for Violation { name, script, what } in violations() {
        let (mut pair, bad, good) = with_two_channels();
        pair.send_from_client(bad, b"before");
        // the window that the script fills is to be whole
        pair.server.consumed(bad, 6);
        let whole = matches!(what, Misbehaved::WindowOverrun);
        if whole {
            pair.server.consumed(bad, usize::MAX);
        }
        script(&mut pair, bad);
        pair.run();
        assert!(pair.delivered(bad).starts_with(b"before"), "{name}");
        assert_closed(&mut pair, bad, what, name);
        // what it goes on to say of it is late
        let delivered = pair.delivered(bad).len();
        script(&mut pair, bad);
        pair.eof(bad);
        pair.request(bad, "shell", true);
        pair.say(&ChannelClose { recipient_channel: bad.0 });
        assert_eq!(pair.delivered(bad).len(), delivered, "{name}");
        assert_eq!(pair.take_numbers(), [0; 0], "{name}");
        assert_works(&mut pair, good, name);
    }
}

/// The program still decides on the request that came before, and its answer finds the channel.
#[test]
fn a_violation_behind_an_unanswered_request_waits_for_its_answer() {
    for Violation { name, script, what } in violations() {
        let (mut pair, bad, good) = with_two_channels();
        pair.program.request = Box::new(|_, _| None);
        pair.request(bad, "shell", true);
        script(&mut pair, bad);
        script(&mut pair, bad);
        pair.run();
        assert_eq!(pair.ended(), None, "{name}");
        assert!(!pair.has_seen(&Seen::Closed(bad)), "{name}");
        pair.answer_open_question(Answer::Accept(true));
        pair.take_number(messages::SSH_MSG_CHANNEL_SUCCESS);
        assert_closed(&mut pair, bad, what, name);
        assert_works(&mut pair, good, name);
    }
}

/// A thousand channels, each ended for a violation: nothing of them stays.
#[test]
fn violations_without_end_leave_nothing_behind() {
    let (mut pair, bad, good) = with_two_channels();
    let mut number = bad;
    for _ in 0..1000 {
        pair.adjust(number, u32::MAX);
        pair.take_number(messages::SSH_MSG_CHANNEL_CLOSE);
        let next = pair.open(BAD);
        assert!(next > number);
        number = next;
    }
    assert_eq!(pair.ended(), None);
    assert_works(&mut pair, good, "a thousand");
}
