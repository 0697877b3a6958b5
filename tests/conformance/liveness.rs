//! Silent clients: what counts as use of a connection (idle timeout), and keepalive requests.

use crate::common::client::Offer;
use crate::common::config;
use crate::common::pair::Pair;
use crate::common::program::{Program, Seen};
use bytes::Bytes;
use sshserver::engine::{ChannelId, Config, KeepAlive, Order, Queued, SendMode};
use sshserver::error::{ApiMisuse, Closed, DisconnectReason, Error};
use sshserver::wire::messages::{
    self, ChannelClose, GlobalRequest, Ignore, Message, RequestFailure,
};
use std::time::Duration;

const WAIT: SendMode = SendMode::Wait(None);
const KEEP_ALIVE: GlobalRequest<'static> =
    GlobalRequest { request_name: messages::KEEP_ALIVE, want_reply: true, request_specific: b"" };

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// A request after 10 seconds, and the end after two without an answer.
fn keeping_alive() -> Config {
    let mut config = config();
    config.keep_alive = KeepAlive { interval: Some(seconds(10)), max_unanswered: Some(2) };
    config
}

fn idling() -> Config {
    let mut config = config();
    config.idle_timeout = Some(seconds(60));
    config
}

fn connected(config: Config) -> Pair {
    let mut pair = Pair::new(config, Offer::default(), Program::default());
    pair.login();
    pair.take_numbers();
    pair
}

fn assert_asked(pair: &mut Pair) {
    assert_eq!(pair.take(), Some(KEEP_ALIVE.encode()));
    assert_eq!(pair.take(), None);
}

#[test]
fn a_silent_client_is_asked_and_after_so_many_requests_disconnected() {
    let mut pair = connected(keeping_alive());
    pair.sleep(seconds(9));
    assert_eq!(pair.take(), None);
    for _ in 0..2 {
        pair.sleep(seconds(10));
        assert_asked(&mut pair);
    }
    pair.sleep(seconds(10));
    let error = Error::Closed(Closed::Unresponsive);
    pair.assert_ended(&error, Some(DisconnectReason::ConnectionLost));
}

#[test]
fn every_answer_and_anything_else_of_the_client_counts() {
    let mut pair = connected(keeping_alive());
    for round in 0..12 {
        pair.sleep(seconds(20));
        assert_eq!(pair.take_numbers(), [messages::SSH_MSG_GLOBAL_REQUEST; 2], "{round}");
        match round % 3 {
            0 => pair.say(&RequestFailure {}),
            // a client that does not know even this much (RFC 4253 section 11.4)
            1 => pair.client.send(&[messages::SSH_MSG_UNIMPLEMENTED, 0, 0, 0, 3]),
            _ => pair.client.say(&Ignore { data: b"" }),
        }
        pair.run();
        assert!(pair.take_numbers().is_empty());
    }
    assert_eq!(pair.ended(), None);
}

#[test]
fn data_in_either_direction_puts_the_request_off() {
    let mut pair = connected(keeping_alive());
    let channel = pair.open(4);
    for _ in 0..5 {
        pair.sleep(seconds(9));
        pair.send(channel, b"x", WAIT);
        pair.run();
        pair.sleep(seconds(9));
        pair.send_from_client(channel, b"y");
    }
    let numbers = pair.take_numbers();
    assert!(!numbers.contains(&messages::SSH_MSG_GLOBAL_REQUEST), "{numbers:?}");
    pair.sleep(seconds(10));
    assert_asked(&mut pair);
}

#[test]
fn what_is_sent_answers_nothing() {
    let mut pair = connected(keeping_alive());
    let channel = pair.open(4);
    for _ in 0..2 {
        pair.sleep(seconds(10));
        assert_asked(&mut pair);
        pair.send(channel, b"x", WAIT);
        pair.run();
        pair.take_numbers();
    }
    pair.sleep(seconds(10));
    assert_eq!(pair.ended(), Some(&Error::Closed(Closed::Unresponsive)));
}

#[test]
fn a_client_that_takes_nothing_off_its_socket_is_given_up() {
    let mut pair = connected(keeping_alive());
    let channel = pair.open(4);
    pair.reading = false;
    pair.send(channel, &vec![0; 1 << 20], WAIT);
    pair.run();
    pair.sleep(seconds(40));
    assert_eq!(pair.ended(), Some(&Error::Closed(Closed::Unresponsive)));
}

#[test]
fn a_key_exchange_that_the_client_never_finishes_does_not_hide_that_it_is_gone() {
    let mut pair = connected(keeping_alive());
    pair.client.automatic = false;
    let ticket = pair.ticket();
    pair.server.exchange_keys(ticket).unwrap();
    pair.run();
    pair.sleep(seconds(40));
    assert_eq!(pair.ended(), Some(&Error::Closed(Closed::Unresponsive)));
}

#[test]
fn nobody_is_asked_before_the_login_or_without_the_setting() {
    let mut pair = Pair::new(keeping_alive(), Offer::default(), Program::default());
    pair.start_authentication();
    pair.take_numbers();
    pair.sleep(seconds(60));
    assert_eq!((pair.take(), pair.ended()), (None, None));
    let mut pair = connected(config());
    // the next thing that happens by itself are new keys
    assert_eq!(pair.server.poll_timeout(), Some(pair.now + seconds(3600)));
    pair.sleep(seconds(3599));
    assert_eq!((pair.take(), pair.ended()), (None, None));
}

#[test]
fn without_a_count_the_requests_go_on() {
    let mut config = keeping_alive();
    config.keep_alive = KeepAlive { interval: Some(seconds(10)), max_unanswered: None };
    let mut pair = connected(config);
    pair.sleep(seconds(1000));
    assert_eq!(pair.take_numbers(), [messages::SSH_MSG_GLOBAL_REQUEST; 100]);
    assert_eq!(pair.ended(), None);
}

#[test]
fn while_nobody_listens_silence_says_nothing() {
    let mut config = keeping_alive();
    config.idle_timeout = Some(seconds(25));
    let mut pair = connected(config);
    for _ in 0..10 {
        pair.sleep(seconds(9));
        pair.server.not_listening(pair.now);
    }
    assert_eq!((pair.take(), pair.ended()), (None, None));
    // a decision on the whole connection is open: what the client says is not read either
    pair.program.service = Some(Box::new(|_| None));
    pair.request_service("ssh-connection");
    pair.take_numbers();
    pair.sleep(seconds(100));
    assert_eq!((pair.take(), pair.ended()), (None, None));
}

#[test]
fn a_clients_own_keepalives_get_their_failure_and_are_no_events() {
    let mut pair = connected(config());
    let channel = pair.open(4);
    pair.assert_alive();
    let start = pair.program.seen.len();
    pair.request(channel, messages::KEEP_ALIVE, true);
    assert_eq!(pair.take_numbers(), [messages::SSH_MSG_CHANNEL_FAILURE]);
    pair.request(channel, messages::KEEP_ALIVE, false);
    assert!(pair.take_numbers().is_empty());
    assert!(pair.program.seen[start..].is_empty());
    // in its turn behind a request that is undecided
    pair.program.request = Box::new(|_, _| None);
    pair.request(channel, "exec", true);
    pair.request(channel, messages::KEEP_ALIVE, true);
    assert!(pair.take_numbers().is_empty());
    pair.answer_open_question(sshserver::engine::Answer::Accept(true));
    let wanted = [messages::SSH_MSG_CHANNEL_SUCCESS, messages::SSH_MSG_CHANNEL_FAILURE];
    assert_eq!(pair.take_numbers(), wanted);
}

#[test]
fn many_keepalives_behind_an_undecided_request_get_their_replies_in_order() {
    let mut pair = connected(config());
    let channel = pair.open(4);
    pair.program.request = Box::new(|_, _| None);
    pair.request(channel, "exec", true);
    // data holds back what comes after it
    pair.send_from_client(channel, b"input");
    for _ in 0..1000 {
        pair.request(channel, messages::KEEP_ALIVE, true);
    }
    assert!(pair.take_numbers().is_empty());
    pair.answer_open_question(sshserver::engine::Answer::Accept(true));
    let mut wanted = vec![messages::SSH_MSG_CHANNEL_SUCCESS];
    wanted.extend([messages::SSH_MSG_CHANNEL_FAILURE; 1000]);
    assert_eq!(pair.take_numbers(), wanted);
    assert_eq!(pair.delivered(channel), b"input");
    pair.assert_alive();
}

/// What the two sides do every 50 seconds, with an idle timeout of 60 seconds.
fn survives(what: impl Fn(&mut Pair, ChannelId)) -> bool {
    let mut pair = connected(idling());
    let channel = pair.open(4);
    for _ in 0..3 {
        pair.sleep(seconds(50));
        if pair.ended().is_some() {
            return false;
        }
        what(&mut pair, channel);
        pair.run();
    }
    pair.sleep(seconds(50));
    let ended = pair.ended().cloned();
    assert!(matches!(ended, None | Some(Error::Closed(Closed::IdleTimeout))), "{ended:?}");
    ended.is_none()
}

#[test]
fn channels_in_use_keep_a_connection() {
    assert!(survives(|pair, channel| pair.send_from_client(channel, b"x")));
    assert!(survives(|pair, channel| _ = pair.send(channel, b"x", WAIT)));
    assert!(survives(|pair, channel| _ = pair.order(channel, Order::Tunnel, b"x")));
    assert!(survives(|pair, channel| pair.request(channel, "window-change", false)));
    assert!(survives(|pair, _| {
        pair.take_numbers();
        let another = pair.open(9);
        pair.say(&ChannelClose { recipient_channel: another.0 });
    }));
    assert!(survives(|pair, _| {
        let ticket = pair.ticket();
        pair.server.open_channel(pair.now, "x11", b"", ticket).unwrap();
    }));
}

#[test]
fn a_client_that_is_only_there_does_not() {
    assert!(!survives(|_, _| {}));
    assert!(!survives(|pair, _| pair.say(&KEEP_ALIVE)));
    assert!(!survives(|pair, _| pair.say(&RequestFailure {})));
    assert!(!survives(|pair, channel| pair.request(channel, messages::KEEP_ALIVE, true)));
    assert!(!survives(|pair, channel| pair.adjust(channel, 1)));
    assert!(!survives(|pair, _| pair.say(&Ignore { data: b"still here" })));
    assert!(!survives(|pair, _| {
        let ticket = pair.ticket();
        pair.server.exchange_keys(ticket).unwrap();
    }));
}

#[test]
fn keepalive_requests_of_the_server_do_not_keep_an_idle_connection() {
    let mut config = keeping_alive();
    config.idle_timeout = Some(seconds(60));
    let mut pair = connected(config);
    for _ in 0..5 {
        pair.sleep(seconds(10));
        assert_asked(&mut pair);
        pair.say(&RequestFailure {});
    }
    pair.sleep(seconds(10));
    assert_eq!(pair.ended(), Some(&Error::Closed(Closed::IdleTimeout)));
}

#[test]
fn what_the_window_does_not_take_is_not_sent() {
    let mut pair = connected(idling());
    let channel = pair.open_with(4, 0, 1000);
    for _ in 0..2 {
        pair.sleep(seconds(25));
        pair.send(channel, b"x", WAIT);
        pair.run();
    }
    pair.sleep(seconds(10));
    assert_eq!(pair.ended(), Some(&Error::Closed(Closed::IdleTimeout)));
}

#[test]
fn the_idle_time_starts_with_the_login() {
    let mut pair = Pair::new(idling(), Offer::default(), Program::default());
    pair.start_authentication();
    pair.sleep(seconds(100));
    assert_eq!(pair.ended(), None);
    pair.try_password("secret");
    pair.take_numbers();
    pair.sleep(seconds(59));
    assert_eq!(pair.ended(), None);
    pair.sleep(seconds(1));
    assert_eq!(pair.ended(), Some(&Error::Closed(Closed::IdleTimeout)));
}

#[test]
fn what_cannot_be_opened_or_sent_changes_nothing() {
    let mut pair = connected(config());
    let channel = pair.open(4);
    let ticket = pair.ticket();
    pair.forget(ticket);
    let long = "x".repeat(65);
    for channel_type in ["", "a b", "a,b", "gr\u{fc}n", "a\0", long.as_str()] {
        let opened = pair.server.open_channel(pair.now, channel_type, b"", ticket);
        assert_eq!(opened, Err(ApiMisuse::BadChannelType), "{channel_type:?}");
    }
    let opened = pair.server.open_channel(pair.now, "x11", &[0; 1 << 15], ticket);
    assert_eq!(opened, Err(ApiMisuse::TooLong));
    for number in [2, 80, 98, 192] {
        let sent = pair.server.queue(
            pair.now,
            channel,
            Queued::Packet { number, payload: Bytes::copy_from_slice(&[0; 1 << 15]), mode: WAIT },
            ticket,
        );
        assert_eq!(sent, Err(ApiMisuse::TooLong), "{number}");
    }
    let whole = [0xff; 4];
    let sent = pair.server.queue(
        pair.now,
        channel,
        Queued::Packet { number: 93, payload: Bytes::copy_from_slice(&whole), mode: WAIT },
        ticket,
    );
    assert_eq!(sent, Err(ApiMisuse::BadPayload));
    pair.assert_alive();
    assert!(!pair.has_seen(&Seen::Closed(channel)));
}
