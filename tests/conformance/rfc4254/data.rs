//! RFC 4254 sections 5.2 and 5.3: data and its windows, and how a channel ends.

use bytes::Bytes;
use sshserver::engine::{Call, Order, Outcome, Queued, SendMode};
use sshserver::error::ApiMisuse;
use sshserver::limits::{CHANNEL_MAXIMUM_PACKET_SIZE, MAX_SENT_DATA_LEN, receive_window};
use sshserver::wire::WriteBuffer;
use sshserver::wire::messages::{
    self, ChannelClose, ChannelData, ChannelExtendedData, ChannelWindowAdjust, Message,
};

use super::{WAIT, closed_alone, connected};
use crate::common::pair::Pair;
use crate::common::pattern;
use crate::common::program::{Program, Seen};

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
    assert_eq!(pair.server.counters(channel).unwrap().bytes_sent, 1000);
    assert!(!pair.server.counters(channel).unwrap().ready_to_send);
    for add in [1, 299, 0, 1000] {
        pair.adjust(channel, add);
    }
    assert_eq!(sizes(&mut pair, &mut got).iter().sum::<usize>(), 1300);
    assert_eq!(pair.outcome(ticket), None);
    pair.adjust(channel, 100_000);
    sizes(&mut pair, &mut got);
    assert_eq!(got, data);
    assert_eq!(pair.outcome(ticket), Some(Outcome::Complete));
    assert!(pair.server.counters(channel).unwrap().ready_to_send);
}

/// A client may name any maximum: libssh2 with 64 KiB does not take what it names, and one with 4 GiB has
/// no packet of its whole window in mind.
#[test]
fn rfc4254_s5_2_no_message_has_more_than_32_kib_of_data() {
    for maximum in [32 * 1024, 64 * 1024, 1 << 20, u32::MAX] {
        for data_type in [None, Some(1)] {
            for directly in [false, true] {
                let mut pair = connected(Program::default());
                let channel = pair.open_with(4, u32::MAX, maximum);
                let data = pattern(1 << 20);
                let mut out = WriteBuffer::new();
                let mut call = Call { data_type, mode: WAIT, sent: 0 };
                if directly {
                    let (now, server) = (pair.now, &mut pair.server);
                    let order = Order::Call(call);
                    call.sent = server.send(now, channel, order, &data, &mut out).len;
                    assert!(call.sent > 0);
                    pair.client.input(&out);
                }
                let ticket = pair.ticket();
                let rest = Bytes::copy_from_slice(&data[call.sent..]);
                pair.server.queue(pair.now, channel, Queued::Data(call, rest), ticket).unwrap();
                pair.run();
                let mut got = Vec::new();
                while let Some(payload) = pair.take() {
                    let header = if data_type.is_some() { 13 } else { 9 };
                    let part = &payload[header..];
                    assert!(part.len() <= MAX_SENT_DATA_LEN, "{maximum} {data_type:?}");
                    got.extend_from_slice(part);
                }
                assert!(got == data, "{maximum} {data_type:?}");
            }
        }
    }
}

/// Dropbear names the data that fits the longest packet it takes, which has no room for a longer header.
#[test]
fn rfc4254_s5_2_extended_data_is_no_longer_on_the_wire_than_data_may_be() {
    for maximum in [100, 24_576, 32_759, 32_768] {
        let longest = |pair: &mut Pair, data_type| {
            let channel = pair.open_with(4, u32::MAX, maximum);
            let ticket = pair.ticket();
            let data = Bytes::from(pattern(4 * maximum as usize));
            pair.server
                .queue(
                    pair.now,
                    channel,
                    Queued::Data(Call { data_type, mode: WAIT, sent: 0 }, data),
                    ticket,
                )
                .unwrap();
            pair.run();
            assert_eq!(pair.outcome(ticket), Some(Outcome::Complete));
            let lengths = pair.client.received.drain(..).map(|message| message.payload.len());
            lengths.max().unwrap()
        };
        let mut pair = connected(Program::default());
        let allowed = 9 + maximum as usize;
        assert!(longest(&mut pair, None) <= allowed);
        assert!(longest(&mut pair, Some(1)) <= allowed, "{maximum}");
    }
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
        pair.server.consumed(channel, usize::MAX);
        pair.server.consumed(channel, usize::MAX);
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
        closed_alone(&mut pair, channel);
    }
}

#[test]
fn rfc4254_s5_2_a_slow_program_gets_no_more_than_the_window() {
    let mut program = Program::default();
    program.consume = false;
    let mut pair = connected(program);
    let channel = pair.open(4);
    pair.send_from_client(channel, &pattern(40_000));
    pair.server.consumed(channel, 30_000);
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
    closed_alone(&mut pair, channel);
}

#[test]
fn rfc4254_s5_2_the_window_may_not_pass_2_to_the_32() {
    let mut pair = connected(Program::default());
    let channel = pair.open_with(4, u32::MAX - 10, 100);
    pair.adjust(channel, 10);
    pair.adjust(channel, 0);
    assert_eq!(pair.ended(), None);
    pair.adjust(channel, 1);
    closed_alone(&mut pair, channel);
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
    assert_eq!(pair.delivered(channel), b"last");
    pair.assert_alive();
}

#[test]
fn rfc4254_s5_3_close_of_the_client_is_answered_and_its_number_is_not_given_out_again_at_once() {
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
        let late = pair.server.queue(pair.now, channel, Queued::Close, ticket);
        assert_eq!(late, Err(ApiMisuse::UnknownChannel));
        pair.forget(ticket);
        // room may still be given back on a channel that is closed already
        pair.adjust(channel, 5);
        assert!(pair.open(9) > channel);
        pair.assert_alive();
    }
}

#[test]
fn rfc4254_s5_3_close_of_the_program_sends_what_is_queued_first() {
    let mut pair = connected(Program::default());
    let channel = pair.open_with(4, 10, 100);
    let data = pair.send(channel, b"more than ten bytes", WAIT);
    let close = pair.ticket();
    pair.server.queue(pair.now, channel, Queued::Close, close).unwrap();
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

/// EOF says that everything has come.
#[test]
fn rfc4254_s5_3_eof_behind_data_that_was_dropped_is_not_told() {
    for data in ["", "on its way"] {
        let mut pair = connected(Program::default());
        let channel = pair.open(4);
        let close = pair.ticket();
        pair.server.queue(pair.now, channel, Queued::Close, close).unwrap();
        pair.run();
        pair.send_from_client(channel, data.as_bytes());
        pair.eof(channel);
        assert_eq!(pair.has_seen(&Seen::Eof(channel)), data.is_empty());
        assert_eq!(pair.delivered(channel), b"");
        pair.say(&ChannelClose { recipient_channel: channel.0 });
        assert!(pair.has_seen(&Seen::Closed(channel)));
        pair.assert_alive();
    }
}

#[test]
fn rfc4254_s5_3_eof_of_the_program_is_sent_once() {
    let mut pair = connected(Program::default());
    let channel = pair.open(4);
    let (eof, close) = (pair.ticket(), pair.ticket());
    pair.server.queue(pair.now, channel, Queued::Eof, eof).unwrap();
    let again = pair.ticket();
    let refused = Err(ApiMisuse::ChannelClosed);
    assert_eq!(pair.server.queue(pair.now, channel, Queued::Eof, again), refused);
    let data = Bytes::from_static(b"x");
    let sent = pair.server.queue(pair.now, channel, Queued::Data(Call::new(WAIT), data), again);
    assert_eq!(sent, refused);
    pair.server.queue(pair.now, channel, Queued::Close, close).unwrap();
    assert_eq!(pair.server.queue(pair.now, channel, Queued::Close, again), refused);
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
    pair.server.queue(pair.now, channel, Queued::Eof, eof).unwrap();
    pair.server.queue(pair.now, channel, Queued::Close, close).unwrap();
    pair.run();
    pair.say(&ChannelClose { recipient_channel: channel.0 });
    assert_eq!(pair.outcome(data), Some(Outcome::ChannelClosed));
    assert_eq!(pair.outcome(nothing), Some(Outcome::Complete));
    assert_eq!(pair.outcome(refused), Some(Outcome::WouldBlock { sent: 0 }));
    // what these were for has happened
    assert_eq!(pair.outcome(eof), Some(Outcome::Complete));
    assert_eq!(pair.outcome(close), Some(Outcome::Complete));
    assert_eq!(pair.take_numbers(), [messages::SSH_MSG_CHANNEL_CLOSE]);
}
