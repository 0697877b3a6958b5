//! Deviations from the RFCs that real clients make and OpenSSH's sshd tolerates.

use sshserver::engine::{Answer, ChannelId, Outcome, Queued, SendMode};
use sshserver::error::{DisconnectReason, Error, InvalidMessage};
use sshserver::limits::CHANNEL_MAXIMUM_PACKET_SIZE;
use sshserver::wire::messages::{
    self, ChannelClose, ChannelData, ChannelOpenConfirmation, Message, Unimplemented,
};

use crate::common::client::Offer;
use crate::common::config;
use crate::common::pair::Pair;
use crate::common::program::{Program, Seen};

/// Tabby, libssh2, sshj and paramiko send keepalives while their user looks for a password.
#[test]
fn connection_messages_before_the_login_are_refused_and_harm_nothing() {
    let keepalive = b"\x50\0\0\0\x15keepalive@openssh.com";
    let with_reply = [&keepalive[..], b"\x01"].concat();
    let without_reply = [&keepalive[..], b"\0"].concat();
    for (payload, reply) in [
        (with_reply, messages::SSH_MSG_REQUEST_FAILURE),
        (without_reply, messages::SSH_MSG_UNIMPLEMENTED),
        (vec![80], messages::SSH_MSG_UNIMPLEMENTED),
        (b"\x5a\0\0\0\x01x\0\0\0\0\0\0\0\0\0\0\0\0".to_vec(), messages::SSH_MSG_UNIMPLEMENTED),
        (b"\x5e\0\0\0\0\0\0\0\x01x".to_vec(), messages::SSH_MSG_UNIMPLEMENTED),
        (vec![98, 0, 0, 0, 0], messages::SSH_MSG_UNIMPLEMENTED),
        (vec![127], messages::SSH_MSG_UNIMPLEMENTED),
    ] {
        let mut pair = Pair::plain();
        pair.handshake();
        pair.take_numbers();
        for when in ["before the service", "before a request", "after one that failed"] {
            let sequence = pair.client.send_sequence;
            pair.client.send_now(&payload);
            pair.run();
            let answer = pair.take_number(reply);
            if let Ok(message) = Unimplemented::decode(&answer) {
                assert_eq!(message.packet_sequence_number, sequence, "{when}");
            }
            match when {
                "before the service" => pair.request_service("ssh-userauth"),
                _ => pair.authenticate("none", b""),
            }
            pair.take_numbers();
        }
        assert_eq!(pair.program.seen.iter().filter(|it| matches!(it, Seen::Open(..))).count(), 0);
        pair.try_password("x");
        pair.assert_alive();
    }
}

/// Dev-tunnels leaves the language tag out of SSH_MSG_DISCONNECT; others may say less, or more.
#[test]
fn a_disconnect_is_told_whatever_it_leaves_out() {
    for (fields, description) in [
        (&b"\0\0\0\x03bye\0\0\0\x02en"[..], "bye"),
        (b"\0\0\0\x03bye\0\0\0\0more", "bye"),
        (b"\0\0\0\x03bye\0\0", "bye"),
        (b"\0\0\0\x03bye", "bye"),
        (b"\0\0\0\xffcut", ""),
        (b"", ""),
    ] {
        let mut pair = Pair::plain();
        pair.login();
        pair.client.send_now(&[b"\x01\0\0\0\x0b", fields].concat());
        pair.run();
        let description = description.to_owned();
        pair.assert_ended(&Error::Disconnected { reason: 11, description }, None);
    }
    let mut pair = Pair::plain();
    pair.login();
    pair.client.send_now(b"\x01\0\0");
    pair.run();
    let error = InvalidMessage::Truncated.into();
    pair.assert_ended(&error, Some(DisconnectReason::ProtocolError));
}

/// SSH_MSG_DEBUG and the refusal of a channel end with a language tag, too.
#[test]
fn a_language_tag_may_be_left_out() {
    let mut pair = Pair::plain();
    pair.login();
    pair.client.send_now(b"\x04\x01\0\0\0\x05hello");
    pair.assert_alive();
    let ticket = pair.ticket();
    let channel = pair.server.open_channel(pair.now, "x11", b"", ticket).unwrap();
    pair.run();
    let head = [&[92][..], &channel.0.to_be_bytes(), b"\0\0\0\x02"].concat();
    pair.client.send_now(&[&head[..], b"\0\0\0\x02no"].concat());
    pair.run();
    let description = "no".to_owned();
    assert_eq!(pair.outcome(ticket), Some(Outcome::OpenRefused { reason: 2, description }));
    pair.assert_alive();
}

/// Messages of a channel that its client may have sent before it saw that the channel was over.
fn late_messages(channel: ChannelId) -> Vec<Vec<u8>> {
    let of = |number: u8, fields: &[u8]| [&[number][..], &channel.0.to_be_bytes(), fields].concat();
    let large = [&b"\0\0\x20\0"[..], &[b'x'; 0x2000]].concat();
    vec![
        of(93, b"\0\0\0\x64"),
        of(94, b"\0\0\0\x04late"),
        of(94, &large),
        of(95, b"\0\0\0\x01\0\0\0\x04late"),
        of(96, b""),
        of(97, b""),
        of(98, b"\0\0\0\x05shell\x01"),
        of(98, b"\0\0\0\x0dwindow-change\0\0\0\0\x50\0\0\0\x18\0\0\0\0\0\0\0\0"),
        of(99, b""),
        of(100, b""),
    ]
}

/// What the client and the program have heard of the channels `late` and `other`, after `payload` and a
/// question on the other one.
fn assert_dropped(pair: &mut Pair, late: ChannelId, other: ChannelId, payload: &[u8], when: &str) {
    pair.take_numbers();
    let seen = pair.program.seen.len();
    pair.client.send_now(payload);
    pair.run();
    assert_eq!(pair.take_numbers(), [0; 0], "{when}: {payload:?}");
    assert_eq!(&pair.program.seen[seen..], [], "{when}: {payload:?}");
    pair.send_from_client(other, b"ping");
    assert_eq!(pair.take_data(7), b"ping", "{when}: {payload:?}");
    assert_ne!(late, other);
}

/// MINA before 2.11, SSH.NET and JSch say something of a channel that another of their threads has closed.
#[test]
fn late_messages_of_a_channel_are_dropped() {
    let closed: [(&str, fn(&mut Pair, ChannelId)); 4] = [
        ("closed by the client", |pair, id| pair.say(&ChannelClose { recipient_channel: id.0 })),
        ("closed by both", |pair, id| {
            let ticket = pair.ticket();
            pair.server.queue(pair.now, id, Queued::Close, ticket).unwrap();
            pair.run();
            pair.say(&ChannelClose { recipient_channel: id.0 });
        }),
        ("closed long ago", |pair, id| {
            pair.say(&ChannelClose { recipient_channel: id.0 });
            for number in 100..200 {
                pair.take_numbers();
                let next = pair.open(number);
                pair.say(&ChannelClose { recipient_channel: next.0 });
            }
        }),
        ("closed and followed by another", |pair, id| {
            pair.say(&ChannelClose { recipient_channel: id.0 });
            pair.take_numbers();
            pair.open(8);
        }),
    ];
    for (when, close) in closed {
        for landing in [false, true] {
            let mut pair = Pair::new(config(), Offer::default(), Program::echoing());
            pair.login();
            let (late, other) = (pair.open(8), pair.open(7));
            pair.eof(late);
            close(&mut pair, late);
            for payload in late_messages(late) {
                if landing {
                    // right behind data that large messages land next to
                    pair.send_from_client(other, &[b'y'; 5000]);
                }
                assert_dropped(&mut pair, late, other, &payload, when);
            }
            assert_eq!(pair.delivered(late), b"", "{when}");
            pair.assert_alive();
        }
    }
}

#[test]
fn messages_after_eof_are_dropped_but_requests_are_not() {
    let mut pair = Pair::new(config(), Offer::default(), Program::echoing());
    pair.login();
    let (late, other) = (pair.open(8), pair.open(7));
    pair.eof(late);
    for payload in late_messages(late) {
        if (94..=96).contains(&payload[0]) {
            assert_dropped(&mut pair, late, other, &payload, "after EOF");
        }
    }
    pair.request(late, "shell", true);
    assert_eq!(pair.take_numbers(), [messages::SSH_MSG_CHANNEL_SUCCESS]);
    pair.send(late, b"still open", SendMode::Wait(None));
    pair.run();
    assert_eq!(pair.take_data(8), b"still open");
    // more than the window of it harms no more
    for _ in 0..100 {
        let data = &[0; CHANNEL_MAXIMUM_PACKET_SIZE as usize];
        pair.client.say(&ChannelData { recipient_channel: late.0, data });
    }
    pair.run();
    assert!(!pair.has_seen(&Seen::Closed(late)));
    assert_eq!(pair.delivered(late), b"");
    pair.assert_alive();
}

/// The client has closed it, and the program has not answered what came before.
#[test]
fn messages_after_a_close_that_waits_for_an_answer_are_dropped() {
    let mut program = Program::echoing();
    program.request = Box::new(|_, _| None);
    let mut pair = Pair::new(config(), Offer::default(), program);
    pair.login();
    let (late, other) = (pair.open(8), pair.open(7));
    pair.request(late, "shell", true);
    pair.send_from_client(late, b"in time");
    pair.say(&ChannelClose { recipient_channel: late.0 });
    for payload in late_messages(late) {
        assert_dropped(&mut pair, late, other, &payload, "after CLOSE");
    }
    pair.answer_open_question(Answer::Accept(true));
    assert_eq!(pair.delivered(late), b"in time");
    assert!(pair.has_seen(&Seen::Closed(late)));
    assert_eq!(pair.take_numbers().last(), Some(&messages::SSH_MSG_CHANNEL_CLOSE));
    pair.assert_alive();
}

/// The client knows the number of a channel that we open, and may use it before it is open.
#[test]
fn messages_of_a_channel_that_the_client_has_not_confirmed_are_dropped() {
    let mut pair = Pair::new(config(), Offer::default(), Program::echoing());
    pair.login();
    let other = pair.open(7);
    let ticket = pair.ticket();
    let early = pair.server.open_channel(pair.now, "x11", b"", ticket).unwrap();
    pair.run();
    for payload in late_messages(early) {
        assert_dropped(&mut pair, early, other, &payload, "before the confirmation");
    }
    assert_eq!(pair.outcome(ticket), None);
    pair.say(&ChannelOpenConfirmation {
        recipient_channel: early.0,
        sender_channel: 40,
        initial_window_size: 1000,
        maximum_packet_size: 1000,
        type_specific: b"",
    });
    assert_eq!(pair.outcome(ticket), Some(Outcome::Opened(early)));
    pair.send_from_client(early, b"echo");
    assert_eq!(pair.take_data(40), b"echo");
}
