//! Commands of the program to the engine: sends, raw packets, disconnects and timeouts.

use crate::common::client::Offer;
use crate::common::config;
use crate::common::pair::Pair;
use crate::common::program::{Program, Seen};
use bytes::Bytes;
use sshserver::engine::{Call, ChannelId, Outcome, Queued, SendMode};
use sshserver::error::{ApiMisuse, DisconnectReason};
use sshserver::limits::MAX_UNWAITED_BYTES;
use sshserver::wire::WriteBuffer;
use sshserver::wire::messages::{self, ChannelClose, ChannelData, ChannelOpen, Message};
use std::time::Duration;

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

/// What the program has seen since `start`, without the events of the setup.
fn seen_since(pair: &Pair, start: usize) -> &[Seen] {
    &pair.program.seen[start..]
}

/// Sends a packet built by hand.
fn send(pair: &mut Pair, channel: ChannelId, number: u8, payload: &[u8]) -> Result<(), ApiMisuse> {
    let ticket = pair.ticket();
    let sent = pair.server.queue(
        pair.now,
        channel,
        Queued::Packet { number, payload: Bytes::copy_from_slice(payload), mode: WAIT },
        ticket,
    );
    if sent.is_err() {
        pair.forget(ticket);
    }
    pair.run();
    sent
}

#[test]
fn what_can_leave_at_once_is_sealed_where_it_lies_and_the_rest_is_queued() {
    let mut pair = connected(Program::default());
    let channel = pair.open_with(4, 100, 30);
    let data: Vec<u8> = (0..250).collect();
    assert_eq!(pair.send_at_once(channel, &data), 100, "what the window has room for");
    assert_eq!(pair.send_at_once(channel, &data[100..]), 0);
    let ticket = pair.ticket();
    let rest = Bytes::copy_from_slice(&data[100..]);
    pair.server
        .queue(
            pair.now,
            channel,
            Queued::Data(Call { data_type: None, mode: WAIT, sent: 100 }, rest),
            ticket,
        )
        .unwrap();
    pair.run();
    assert_eq!(pair.outcome(ticket), None);
    pair.adjust(channel, 149);
    assert_eq!(pair.outcome(ticket), None);
    assert_eq!(pair.server.counters(channel).unwrap().bytes_sent, 249, "all of the call counts");
    assert_eq!(pair.send_at_once(channel, b"behind it"), 0, "something waits before it");
    pair.adjust(channel, 10);
    assert_eq!(pair.outcome(ticket), Some(Outcome::Complete));
    assert_eq!(pair.take_data(4), data);
    assert_eq!(pair.send_at_once(channel, b"then"), 4);
    assert_eq!(pair.server.counters(channel).unwrap().bytes_sent, 4);
    assert_eq!(pair.take_data(4), b"then");
}

/// Some MACs have two large messages sealed together, wherever the calls and the window end.
#[test]
fn large_sends_arrive_whole_and_keep_to_the_window_whatever_the_mac() {
    for mac in ["hmac-sha2-256", "hmac-sha2-256-etm@openssh.com", "hmac-sha2-512"] {
        let offer = Offer::default().cipher("aes256-ctr").mac(mac);
        let mut pair = Pair::new(config(), offer, Program::default());
        pair.login();
        let channel = pair.open_with(4, 100_000, 32 * 1024);
        let data: Vec<u8> = (0..=250).cycle().take(700_000).collect();
        let directly = pair.send_at_once(channel, &data[..70_000]);
        assert_eq!(directly, 65_344, "{mac}: two whole messages");
        let lens = [70_000 - directly, 100_000, 1, 200_000, 5000, 324_999];
        let (mut at, mut tickets) = (directly, Vec::new());
        for len in lens {
            tickets.push(pair.send(channel, &data[at..at + len], WAIT));
            at += len;
        }
        pair.run();
        let mut received = pair.take_data(4);
        assert_eq!(received.len(), 100_000, "{mac}: as much as the window has");
        for adjust in [40_000, 4095, 150_000, 1_000_000] {
            pair.adjust(channel, adjust);
            received.extend(pair.take_data(4));
            let most = data.len().min(received.len());
            assert!(received == data[..most], "{mac} {adjust}");
        }
        assert_eq!(received.len(), data.len(), "{mac}");
        for ticket in tickets {
            assert_eq!(pair.outcome(ticket), Some(Outcome::Complete), "{mac}");
        }
    }
}

#[test]
fn nothing_is_sealed_before_what_waits_on_another_channel() {
    let mut pair = connected(Program::default());
    let (first, second) = (pair.open(4), pair.open(5));
    let waits = pair.send(first, b"first", WAIT);
    assert_eq!(pair.send_at_once(second, b"second"), 0);
    pair.run();
    assert_eq!(pair.outcome(waits), Some(Outcome::Complete));
    assert_eq!(pair.send_at_once(second, b"second"), 6);
    assert_eq!(pair.take_data(5), b"second");
}

#[test]
fn nothing_is_sealed_for_a_channel_that_ends_or_while_keys_are_exchanged() {
    let mut pair = connected(Program::default());
    let channel = pair.open(4);
    assert_eq!(pair.send_at_once(ChannelId(7), b"x"), 0);
    let keys = pair.ticket();
    pair.server.exchange_keys(keys).unwrap();
    assert_eq!(pair.send_at_once(channel, b"x"), 0);
    pair.run();
    assert_eq!(pair.outcome(keys), Some(Outcome::Complete));
    let eof = pair.ticket();
    pair.server.queue(pair.now, channel, Queued::Eof, eof).unwrap();
    assert_eq!(pair.send_at_once(channel, b"x"), 0);
    pair.run();
    assert_eq!(pair.send_at_once(channel, b"x"), 0);
    assert_eq!(pair.take_data(4), b"");
}

#[test]
fn commands_need_a_channel_and_a_connection() {
    let mut pair = Pair::plain();
    pair.start_authentication();
    let ticket = pair.ticket();
    pair.forget(ticket);
    let opened = pair.server.open_channel(pair.now, "x11", b"", ticket);
    assert_eq!(opened, Err(ApiMisuse::NotConnected));
    let nowhere = ChannelId(0);
    let data = Bytes::from_static(b"x");
    let unknown = Err(ApiMisuse::UnknownChannel);
    assert_eq!(
        pair.server.queue(pair.now, nowhere, Queued::Data(Call::new(WAIT), data), ticket),
        unknown
    );
    assert_eq!(pair.server.queue(pair.now, nowhere, Queued::Eof, ticket), unknown);
    assert_eq!(pair.server.queue(pair.now, nowhere, Queued::Close, ticket), unknown);
    assert_eq!(
        pair.server.queue(
            pair.now,
            nowhere,
            Queued::Packet { number: 2, payload: Bytes::new(), mode: WAIT },
            ticket
        ),
        unknown
    );
    pair.server.consumed(nowhere, 5);
    assert_eq!(pair.server.counters(nowhere), None);
}

#[test]
fn sends_without_waiting_report_what_did_not_fit_and_when_there_is_room_again() {
    let mut pair = connected(Program::default());
    let channel = pair.open_with(4, 100, 1000);
    let whole = pair.send(channel, &[1; 60], SendMode::NoWait);
    let part = pair.send(channel, &[2; 60], SendMode::NoWait);
    let none = pair.send(channel, &[3; 60], SendMode::NoWait);
    assert!(!pair.server.counters(channel).unwrap().ready_to_send);
    pair.run();
    assert_eq!(pair.outcome(whole), Some(Outcome::Complete));
    assert_eq!(pair.outcome(part), Some(Outcome::WouldBlock { sent: 40 }));
    assert_eq!(pair.outcome(none), Some(Outcome::WouldBlock { sent: 0 }));
    assert_eq!(pair.take_data(4), [&[1; 60][..], &[2; 40]].concat());
    let start = pair.program.seen.len();
    pair.adjust(channel, 0);
    assert_eq!(seen_since(&pair, start), []);
    pair.adjust(channel, 30);
    pair.adjust(channel, 30);
    assert_eq!(seen_since(&pair, start), [Seen::ReadyToSend(channel)]);
    let whole = pair.send(channel, &[4; 60], SendMode::NoWait);
    pair.run();
    assert_eq!(pair.outcome(whole), Some(Outcome::Complete));
}

#[test]
fn sends_without_waiting_hold_a_bounded_amount() {
    let mut pair = connected(Program::default());
    let channel = pair.open(4);
    pair.reading = false;
    let ticket = pair.send(channel, &vec![0; 3 * MAX_UNWAITED_BYTES], SendMode::NoWait);
    pair.run();
    assert_eq!(pair.outcome(ticket), Some(Outcome::WouldBlock { sent: MAX_UNWAITED_BYTES }));
    pair.reading = true;
    pair.run();
    assert_eq!(pair.take_data(4).len(), MAX_UNWAITED_BYTES);
    assert_eq!(pair.program.seen.last(), Some(&Seen::ReadyToSend(channel)));
}

#[test]
fn sends_that_wait_give_up_after_the_time_without_progress() {
    let mut pair = connected(Program::default());
    let channel = pair.open_with(4, 10, 1000);
    let seconds = |seconds| SendMode::Wait(Some(Duration::from_secs(seconds)));
    let ticket = pair.send(channel, &[1; 30], seconds(5));
    let behind = pair.send(channel, &[2; 5], seconds(5));
    pair.run();
    pair.sleep(Duration::from_secs(4));
    pair.adjust(channel, 10);
    pair.sleep(Duration::from_secs(4));
    assert_eq!(pair.outcome(ticket), None);
    pair.sleep(Duration::from_secs(1));
    assert_eq!(pair.outcome(ticket), Some(Outcome::TimedOut { sent: 20 }));
    // later data would follow a gap, so it is not sent
    assert_eq!(pair.outcome(behind), Some(Outcome::ChannelClosed));
    assert_eq!(pair.take_data(4), [1; 20]);
    pair.assert_alive();
}

#[test]
fn a_send_that_gives_up_closes_its_channel_and_nothing_behind_it_is_sent() {
    let mut pair = connected(Program::default());
    let other = pair.open_with(5, 100, 1000);
    let channel = pair.open_with(4, 3, 1000);
    let mode = SendMode::Wait(Some(Duration::from_secs(1)));
    let data = pair.send(channel, b"never", mode);
    let [status, eof, close] = [pair.ticket(), pair.ticket(), pair.ticket()];
    let payload = b"\0\0\0\x0bexit-status\0\0\0\0\0";
    pair.server
        .queue(
            pair.now,
            channel,
            Queued::Packet { number: 98, payload: Bytes::copy_from_slice(payload), mode },
            status,
        )
        .unwrap();
    pair.server.queue(pair.now, channel, Queued::Eof, eof).unwrap();
    pair.server.queue(pair.now, channel, Queued::Close, close).unwrap();
    pair.run();
    assert_eq!(pair.take_data(4), b"nev");
    pair.take_numbers();
    pair.sleep(Duration::from_secs(2));
    assert_eq!(pair.outcome(data), Some(Outcome::TimedOut { sent: 3 }));
    // neither a status nor an EOF: the client would take the truncated data for complete
    assert_eq!(pair.take_numbers(), [messages::SSH_MSG_CHANNEL_CLOSE]);
    assert_eq!(pair.outcome(status), Some(Outcome::ChannelClosed));
    assert_eq!(pair.outcome(eof), Some(Outcome::Complete));
    assert_eq!(pair.outcome(close), Some(Outcome::Complete));
    let again = pair.ticket();
    let refused = Err(ApiMisuse::ChannelClosed);
    let data = Bytes::from_static(b"x");
    assert_eq!(
        pair.server.queue(pair.now, channel, Queued::Data(Call::new(mode), data), again),
        refused
    );
    pair.forget(again);
    // a window adjust on a closed channel causes no event
    let start = pair.program.seen.len();
    pair.adjust(channel, 100);
    assert_eq!(seen_since(&pair, start), []);
    pair.say(&ChannelClose { recipient_channel: channel.0 });
    assert!(pair.has_seen(&Seen::Closed(channel)));
    let whole = pair.send(other, b"others go on", mode);
    pair.run();
    assert_eq!(pair.outcome(whole), Some(Outcome::Complete));
    pair.assert_alive();
}

#[test]
fn a_channel_is_aborted_without_what_waits() {
    let mut pair = connected(Program::default());
    let channel = pair.open_with(4, 3, 1000);
    let data = pair.send(channel, b"never", WAIT);
    let [close, abort, again] = [pair.ticket(), pair.ticket(), pair.ticket()];
    pair.server.queue(pair.now, channel, Queued::Close, close).unwrap();
    pair.run();
    pair.take_numbers();
    pair.server.queue(pair.now, channel, Queued::Abort, abort).unwrap();
    pair.run();
    assert_eq!(pair.take_numbers(), [messages::SSH_MSG_CHANNEL_CLOSE]);
    assert_eq!(pair.outcome(data), Some(Outcome::ChannelClosed));
    assert_eq!(pair.outcome(close), Some(Outcome::Complete));
    assert_eq!(pair.outcome(abort), Some(Outcome::Complete));
    let refused = Err(ApiMisuse::ChannelClosed);
    assert_eq!(pair.server.queue(pair.now, channel, Queued::Abort, again), refused);
    pair.forget(again);
}

#[test]
fn the_bytes_sent_are_those_of_the_last_send_that_went_on_or_failed() {
    let mut pair = connected(Program::default());
    let channel = pair.open_with(4, 10, 1000);
    let done = pair.send(channel, &[1; 10], WAIT);
    pair.run();
    assert_eq!(pair.outcome(done), Some(Outcome::Complete));
    assert_eq!(pair.server.counters(channel).unwrap().bytes_sent, 10);
    let waits = pair.send(channel, &[2; 10], SendMode::Wait(Some(Duration::from_secs(5))));
    pair.run();
    pair.sleep(Duration::from_secs(5));
    assert_eq!(pair.outcome(waits), Some(Outcome::TimedOut { sent: 0 }));
    assert_eq!(pair.server.counters(channel).unwrap().bytes_sent, 0);
}

#[test]
fn what_a_send_without_waiting_was_told_stays_true() {
    let mut pair = connected(Program::default());
    let channel = pair.open_with(4, 1000, 10);
    // the socket is full: nothing is sealed until the client reads
    pair.reading = false;
    let part = pair.send(channel, &[1; 1500], SendMode::NoWait);
    pair.run();
    assert_eq!(pair.outcome(part), Some(Outcome::WouldBlock { sent: 1000 }));
    assert_eq!(pair.server.counters(channel).unwrap().bytes_sent, 1000);
    let mut out = WriteBuffer::new();
    assert!(pair.server.poll_transmit(pair.now, &mut out));
    pair.sent.extend_from_slice(&out);
    pair.client.input(&out);
    assert_eq!(pair.server.counters(channel).unwrap().bytes_sent, 1000);
    let nothing = pair.send(channel, &[2; 5], SendMode::NoWait);
    pair.run();
    assert_eq!(pair.outcome(nothing), Some(Outcome::WouldBlock { sent: 0 }));
    pair.reading = true;
    pair.run();
    // what goes out now belongs to the earlier call
    assert_eq!(pair.server.counters(channel).unwrap().bytes_sent, 0);
    assert_eq!(pair.take_data(4), [1; 1000]);
}

#[test]
fn another_timeout_holds_for_the_sends_that_wait() {
    let mut pair = connected(Program::default());
    let channel = pair.open_with(4, 10, 1000);
    let seconds = |seconds| SendMode::Wait(Some(Duration::from_secs(seconds)));
    let first = pair.send(channel, &[1; 30], seconds(60));
    pair.run();
    pair.sleep(Duration::from_secs(10));
    // longer: it may wait on
    pair.server.set_send_mode(pair.now, seconds(100));
    pair.sleep(Duration::from_secs(80));
    assert_eq!(pair.outcome(first), None);
    // shorter than it has waited: over at once
    pair.server.set_send_mode(pair.now, seconds(5));
    pair.run();
    assert_eq!(pair.outcome(first), Some(Outcome::TimedOut { sent: 10 }));
}

#[test]
fn without_waiting_the_sends_that_wait_are_over_and_the_channel_goes_on() {
    let mut pair = connected(Program::default());
    let channel = pair.open_with(4, 10, 1000);
    let mode = SendMode::Wait(Some(Duration::from_secs(60)));
    let first = pair.send(channel, &[1; 30], mode);
    let second = pair.send(channel, &[2; 30], mode);
    pair.run();
    pair.server.set_send_mode(pair.now, SendMode::NoWait);
    pair.run();
    assert_eq!(pair.outcome(first), Some(Outcome::WouldBlock { sent: 10 }));
    assert_eq!(pair.outcome(second), Some(Outcome::WouldBlock { sent: 0 }));
    assert_eq!(pair.server.counters(channel).unwrap().bytes_sent, 0);
    let start = pair.program.seen.len();
    pair.adjust(channel, 100);
    assert_eq!(seen_since(&pair, start), [Seen::ReadyToSend(channel)]);
    assert_eq!(pair.take_data(4), [1; 10]);
}

#[test]
fn the_time_of_a_send_starts_when_it_comes_first() {
    let mut pair = connected(Program::default());
    let channel = pair.open_with(4, 0, 1000);
    let patient = pair.send(channel, &[1; 10], WAIT);
    let mode = SendMode::Wait(Some(Duration::from_secs(5)));
    let impatient = pair.send(channel, &[2; 10], mode);
    pair.run();
    pair.sleep(Duration::from_secs(100));
    assert_eq!((pair.outcome(patient), pair.outcome(impatient)), (None, None));
    pair.adjust(channel, 10);
    assert_eq!(pair.outcome(patient), Some(Outcome::Complete));
    pair.sleep(Duration::from_secs(4));
    assert_eq!(pair.outcome(impatient), None);
    pair.sleep(Duration::from_secs(2));
    assert_eq!(pair.outcome(impatient), Some(Outcome::TimedOut { sent: 0 }));
}

#[test]
fn packets_built_by_hand() {
    let mut pair = connected(Program::default());
    let channel = pair.open_with(4, 8, 1000);
    let send = |pair: &mut Pair, number, payload: &[u8]| send(pair, channel, number, payload);
    // data obeys the window, and a request keeps its place behind it
    assert_eq!(send(&mut pair, 94, b"\0\0\0\x0c0123456789ab"), Ok(()));
    assert_eq!(send(&mut pair, 98, b"\0\0\0\x0bexit-status\0\0\0\0\x07"), Ok(()));
    assert_eq!(pair.take_numbers(), [94]);
    pair.adjust(channel, 4);
    assert_eq!(pair.take(), Some(b"\x5e\0\0\0\x04\0\0\0\x0489ab".to_vec()));
    assert_eq!(pair.take(), Some(b"\x62\0\0\0\x04\0\0\0\x0bexit-status\0\0\0\0\x07".to_vec()));
    // what is not of a channel goes out as it is
    assert_eq!(send(&mut pair, 2, b"\0\0\0\x01x"), Ok(()));
    assert_eq!(pair.take(), Some(b"\x02\0\0\0\x01x".to_vec()));
    assert_eq!(send(&mut pair, 80, b"\0\0\0\x01g\0"), Ok(()));
    assert_eq!(pair.take(), Some(b"\x50\0\0\0\x01g\0".to_vec()));
    assert_eq!(send(&mut pair, 192, b"local"), Ok(()));
    assert_eq!(pair.take(), Some(b"\xc0local".to_vec()));
    // the window may be widened by hand, and counts
    assert_eq!(send(&mut pair, 93, &5_u32.to_be_bytes()), Ok(()));
    assert_eq!(pair.take(), Some(b"\x5d\0\0\0\x04\0\0\0\x05".to_vec()));
}

#[test]
fn packets_built_by_hand_that_would_break_the_connection() {
    let mut pair = connected(Program::default());
    let channel = pair.open(4);
    let send = |pair: &mut Pair, number, payload: &[u8]| send(pair, channel, number, payload);
    for number in [0, 1, 3, 5, 20, 21, 30, 50, 52, 61, 79, 90, 91, 92] {
        assert_eq!(send(&mut pair, number, b""), Err(ApiMisuse::ForbiddenMessage), "{number}");
    }
    for (number, payload) in [(94, &b"\0\0\0\x05x"[..]), (95, b"\0\0"), (93, b"\0"), (96, b"x")] {
        assert_eq!(send(&mut pair, number, payload), Err(ApiMisuse::BadPayload), "{number}");
    }
    assert_eq!(send(&mut pair, 96, b""), Ok(()));
    assert_eq!(send(&mut pair, 94, b"\0\0\0\0"), Err(ApiMisuse::ChannelClosed));
    assert_eq!(send(&mut pair, 97, b""), Ok(()));
    assert_eq!(send(&mut pair, 98, b"\0\0\0\0\0"), Err(ApiMisuse::ChannelClosed));
    assert_eq!(pair.take_numbers(), [96, 97]);
}

#[test]
fn channels_take_turns() {
    let mut pair = connected(Program::default());
    let channels = [pair.open(0), pair.open(1), pair.open(2)];
    for channel in channels {
        // Nine with room for what is around their data, and a whole one.
        pair.send(channel, &vec![0; 9 * (32 * 1024 - 96) + 32 * 1024], WAIT);
    }
    pair.run();
    let mut order = Vec::new();
    while let Some(payload) = pair.take() {
        order.push(ChannelData::decode(&payload).unwrap().recipient_channel);
    }
    assert_eq!(order, [0, 1, 2].repeat(10));
}

#[test]
fn the_end_closes_channels_and_commands_before_it_is_told() {
    let mut pair = undecided();
    let channel = pair.open_with(4, 0, 100);
    pair.program.open = Box::new(|_, _| None);
    pair.say(&ChannelOpen {
        channel_type: "session",
        sender_channel: 5,
        initial_window_size: 0,
        maximum_packet_size: 0,
        type_specific: b"",
    });
    let data = pair.send(channel, b"never", WAIT);
    let (asked, keys) = (pair.ticket(), pair.ticket());
    pair.server.open_channel(pair.now, "x11", b"", asked).unwrap();
    pair.request(channel, "shell", true);
    pair.send_from_client(channel, b"held");
    pair.client.automatic = false;
    pair.server.exchange_keys(keys).unwrap();
    pair.run();
    let start = pair.program.seen.len();
    pair.server.handle_eof();
    pair.run();
    for ticket in [data, asked, keys] {
        assert_eq!(pair.outcome(ticket), Some(Outcome::ConnectionEnded));
    }
    let seen = seen_since(&pair, start).to_vec();
    let position = |wanted: &Seen| seen.iter().position(|seen| seen == wanted).unwrap();
    let held = position(&Seen::Data(channel, None, Bytes::from_static(b"held")));
    assert!(held < position(&Seen::Closed(channel)));
    position(&Seen::NotOpened(ChannelId(1)));
    assert!(matches!(seen.last(), Some(Seen::Ended(_))));
}

#[test]
fn idle_connections_end_when_they_are_told_to() {
    let mut config = config();
    config.idle_timeout = Some(Duration::from_secs(60));
    let mut pair = Pair::new(config, Offer::default(), Program::default());
    pair.login();
    let channel = pair.open(4);
    pair.sleep(Duration::from_secs(50));
    pair.send_from_client(channel, b"x");
    pair.sleep(Duration::from_secs(50));
    pair.send(channel, b"x", WAIT);
    pair.run();
    pair.sleep(Duration::from_secs(50));
    // a keepalive is no data
    pair.assert_alive();
    pair.sleep(Duration::from_secs(10));
    let reason = Some(DisconnectReason::ByApplication);
    let error = sshserver::error::Error::Closed(sshserver::error::Closed::IdleTimeout);
    pair.assert_ended(&error, reason);
}
