//! Backpressure: when the program is too far behind with a connection, the driver stops reading from it.
//! No data is lost, and other connections are not affected.

use std::sync::Arc;
use std::thread;

use sshserver::driver::{ServerEvent, Settings};
use sshserver::engine::{Answer, AuthAnswer};
use sshserver::limits::{MAX_PINNED_BYTES, MAX_QUEUED_BYTES, PINNED_EVENT_COST, QUEUED_EVENT_COST};
use sshserver::wire::messages::{self, ChannelClose, ChannelExtendedData, ServiceRequest};

use super::common::config;
use super::common::driver_program::{Fixture, at};
use super::common::session::{LOGIN, Session, heard, let_channels_in, let_in, open, say};

/// Data of two types in turn, which are events of their own.
fn say_in_turn(session: &mut Session, channel: u32, data: &[u8]) {
    session.client.say(&ChannelExtendedData {
        recipient_channel: channel,
        data_type_code: 1,
        data: b"e",
    });
    say(session, channel, data);
}

#[test]
fn what_comes_while_the_program_takes_nothing_is_read_when_it_does() {
    let mut session = Session::with(let_channels_in);
    let (channel, number) = open(&mut session);
    for round in 0..20_u32 {
        session.fixture.program.charges.keep();
        let most = MAX_QUEUED_BYTES / QUEUED_EVENT_COST;
        for _ in 0..most {
            say_in_turn(&mut session, channel, &round.to_be_bytes());
        }
        if round % 2 == 0 {
            thread::yield_now();
        } else {
            session.fixture.program.charges.until(|waiting| waiting >= most);
        }
        session.fixture.program.charges.release();
        let mut data = Vec::new();
        while data.len() < 5 * most {
            let part = heard(&session);
            session.fixture.server.consumed(number, part.len());
            data.extend(part);
        }
        let expected = [b"e".as_slice(), &round.to_be_bytes()].concat().repeat(most);
        assert_eq!(data, expected, "every event, in order");
    }
}

#[test]
fn who_sends_too_much_keeps_no_other_connection_waiting() {
    let mut session = Session::with(let_channels_in);
    let (channel, _) = open(&mut session);
    session.fixture.program.charges.keep();
    let most = MAX_QUEUED_BYTES / QUEUED_EVENT_COST;
    for _ in 0..3 * most {
        say_in_turn(&mut session, channel, b"a");
    }
    session.fixture.program.charges.until(|waiting| waiting >= most);
    // Another one logs in and is heard meanwhile: its charges are its own.
    let mut other = session.another();
    let (other_channel, number) = open(&mut other);
    say(&mut other, other_channel, b"here");
    other.fixture.until(|event| match event {
        ServerEvent::ChannelData { channel, data, .. } if channel == number => {
            assert_eq!(&data[..], b"here");
            Some(())
        }
        _ => None,
    });
    let waiting = other.fixture.program.charges.len();
    // A turn may bring some more than what closes the gate.
    assert!(waiting < 2 * most + 100, "{waiting} events wait of the one that sends too much");
}

#[test]
fn small_data_that_is_used_late_is_counted_until_then_and_no_longer() {
    const CHANNELS: usize = 8;
    let mut session = Session::with(let_channels_in);
    let channels: Vec<_> = (0..CHANNELS).map(|_| open(&mut session)).collect();
    let most = MAX_PINNED_BYTES / PINNED_EVENT_COST;
    let rounds = most / CHANNELS / 2 + 100;
    for _ in 0..rounds {
        for (channel, _) in &channels {
            say_in_turn(&mut session, *channel, b"a");
        }
    }
    let sent = rounds * CHANNELS * 2;
    let take = |session: &Session| {
        session.fixture.until(|event| match event {
            ServerEvent::ChannelData { channel, data, .. } => Some((channel, data.len())),
            _ => None,
        })
    };
    // As many as may be there are, and nothing is used.
    let mut heard: Vec<_> = (0..most).map(|_| take(&session)).collect();
    // Channels that are closed count too: that one closes and goes on changes nothing.
    session.client.say(&ChannelClose { recipient_channel: channels[0].0 });
    session.flush();
    for (channel, len) in heard.drain(..) {
        session.fixture.server.consumed(channel, len);
    }
    let mut bytes = most;
    while bytes < sent {
        let (channel, len) = take(&session);
        session.fixture.server.consumed(channel, len);
        bytes += len;
    }
    assert_eq!(bytes, sent);
}

#[test]
fn what_waits_behind_an_answer_is_used_in_as_many_turns_as_it_takes() {
    let mut session = Session::unknown_on({
        let settings = Settings { config: Arc::new(config()), ..Settings::default() };
        let mut fixture = Fixture::taking(settings, |event| match event {
            ServerEvent::UserAuthRequest { .. } => Some(event),
            event => let_in(event),
        });
        fixture.start(at("127.0.0.1", 0)).unwrap();
        fixture
    });
    session.client.send_version();
    session.client.send_kex_init();
    session.client.say(&ServiceRequest { service_name: "ssh-userauth" });
    session.expect(messages::SSH_MSG_SERVICE_ACCEPT);
    session.client.send_now(LOGIN);
    for _ in 0..2000 {
        session.client.send_now(&[messages::SSH_MSG_IGNORE, 0, 0, 0, 0]);
    }
    session.client.send_now(LOGIN);
    session.flush();
    let asked = |session: &Session| {
        session.fixture.until(|event| match event {
            ServerEvent::UserAuthRequest { asked, .. } => Some(asked),
            _ => None,
        })
    };
    let first = asked(&session);
    // The task has come to rest with the rest of it.
    thread::sleep(std::time::Duration::from_millis(50));
    session.fixture.server.begin_turn();
    first.answer(Answer::Auth(AuthAnswer::default()));
    session.fixture.server.end_turn();
    drop(asked(&session));
}
