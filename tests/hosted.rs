//! Differences when the program's own thread watches the sockets: which thread serves a connection, and
//! what happens when that thread is busy with other work.

#![cfg(all(unix, feature = "driver"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::wildcard_enum_match_arm,
    reason = "a test fails by panicking, and its helpers do too"
)]

#[allow(dead_code, reason = "a test uses what it needs of the common part")]
mod common;

use std::io::{Read, Write};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use sshserver::driver::{ConnectedAnswer, ProgramTime, ServerEvent, Settings};
use sshserver::engine::Config;
use sshserver::wire::messages::{self, ChannelData, Message};

use common::driver_program::{Fixture, at, connect, settings};
use common::pattern;
use common::session::{Session, heard, let_channels_in, let_in, open, say};

/// How often a test looks who does something, and for how many of them it may be the task of a connection
/// that has the machine just then: one of thirty on a machine that does nothing else, and many more beside
/// other tests, as all share one thread for I/O.
const ROUNDS: usize = 50;
const EXCEPTIONS: usize = 45;

/// Names of threads.
type Threads = Arc<Mutex<Vec<Option<String>>>>;

/// A session, and the threads that its data comes from.
fn watched_session() -> (Session, Threads) {
    let threads = Threads::default();
    let seen = Arc::clone(&threads);
    let session = Session::with(move |event| {
        if matches!(event, ServerEvent::ChannelData { .. }) {
            seen.lock().unwrap().push(thread::current().name().map(str::to_owned));
        }
        let_channels_in(event)
    });
    (session, threads)
}

/// Ends a session that has no more data to send; whether an I/O thread of the driver reported the end.
fn told_by_us() -> bool {
    let name = Arc::new(Mutex::new(None));
    let seen = Arc::clone(&name);
    let mut session = Session::with(move |event| {
        if matches!(event, ServerEvent::Disconnected { .. }) {
            *seen.lock().unwrap() = thread::current().name().map(str::to_owned);
        }
        let_channels_in(event)
    });
    open(&mut session);
    session.socket.shutdown(std::net::Shutdown::Both).unwrap();
    session.fixture.disconnected();
    let name = name.lock().unwrap();
    name.as_deref() == Some("sshserver")
}

#[test]
fn the_programs_thread_tells_the_end_that_it_has_seen() {
    let others = (0..ROUNDS).filter(|_| told_by_us()).count();
    assert!(others < EXCEPTIONS, "{others} of {ROUNDS}");
}

fn last_is_ours(threads: &Threads) -> bool {
    threads.lock().unwrap().last().unwrap().as_deref() == Some("sshserver")
}

#[test]
fn a_client_that_costs_little_is_served_on_the_programs_thread() {
    let served_by_task = || {
        let (mut session, threads) = watched_session();
        let (channel, _) = open(&mut session);
        say(&mut session, channel, b"a");
        assert_eq!(heard(&session), b"a");
        last_is_ours(&threads)
    };
    let others = (0..ROUNDS).filter(|_| served_by_task()).count();
    assert!(others < EXCEPTIONS, "{others} of {ROUNDS}");
}

#[test]
fn a_client_that_does_not_read_is_left_to_its_task() {
    const LEN: usize = 64 * 1024 * 1024;
    let (mut session, threads) = watched_session();
    let (channel, number) = open(&mut session);
    let entry = session.fixture.server.channel(number).unwrap();
    let data = pattern(LEN);
    for part in data.chunks(LEN / 64) {
        let ticket = session.fixture.ticket();
        entry.connection.send(entry.local, None, part, ticket);
    }
    // The socket is full: no send has completed for longer than sealing one takes.
    while session.fixture.events.recv_timeout(Duration::from_secs(2)).is_ok() {}
    // More than any socket holds: the last of it is sent only because the client reads.
    let mut received = Vec::new();
    while received.len() < LEN {
        let payload = session.expect(messages::SSH_MSG_CHANNEL_DATA);
        received.extend_from_slice(ChannelData::decode(&payload).unwrap().data);
    }
    assert!(received == data, "every byte came, in order");
    say(&mut session, channel, b"after");
    assert_eq!(heard(&session), b"after");
    assert!(last_is_ours(&threads));
}

#[test]
fn small_data_is_answered_from_another_thread_at_any_time() {
    let mut session = Session::with(let_channels_in);
    let (channel, number) = open(&mut session);
    let entry = session.fixture.server.channel(number).unwrap();
    for round in 0..2000_u32 {
        let said = round.to_be_bytes();
        say(&mut session, channel, &said);
        let mut data = Vec::new();
        while data.len() < said.len() {
            let part = heard(&session);
            entry.consumed(part.len());
            data.extend(part);
        }
        assert_eq!(data, said);
        let ticket = session.fixture.ticket();
        entry.connection.send(entry.local, None, &data, ticket);
        let payload = session.expect(messages::SSH_MSG_CHANNEL_DATA);
        assert_eq!(ChannelData::decode(&payload).unwrap().data, said);
    }
}

#[test]
fn data_right_before_the_end_of_the_connection_is_read_to_the_end() {
    for len in [1, 1000, 30_000, 300_000] {
        let mut session = Session::with(let_channels_in);
        let (channel, _) = open(&mut session);
        let data = pattern(len);
        for part in data.chunks(30_000) {
            session.client.say(&ChannelData { recipient_channel: channel, data: part });
        }
        let bytes = std::mem::take(&mut session.client.out);
        session.socket.write_all(&bytes).unwrap();
        session.socket.shutdown(std::net::Shutdown::Write).unwrap();
        let mut received = Vec::new();
        session.fixture.until(|event| match event {
            ServerEvent::ChannelData { data, .. } => {
                received.extend_from_slice(&data);
                None
            }
            ServerEvent::Disconnected { .. } => Some(()),
            _ => None,
        });
        assert!(received == data, "{len} bytes");
    }
}

#[test]
fn a_program_that_is_busy_does_not_keep_its_clients_beyond_their_time() {
    let config = (*settings().config).clone();
    let config = Config { login_grace: Some(Duration::from_secs(1)), ..config };
    let settings = Settings { config: Arc::new(config), ..settings() };
    let mut fixture = Fixture::taking(settings, let_in);
    fixture.start(at("127.0.0.1", 0)).unwrap();
    let busy = Arc::clone(&fixture.thread.as_ref().unwrap().busy);
    let busy = busy.lock().unwrap();
    let mut client = connect(fixture.server.listening_on().unwrap());
    client.write_all(b"SSH-2.0-test\r\n").unwrap();
    let mut said = Vec::new();
    client.read_to_end(&mut said).unwrap();
    assert!(said.starts_with(b"SSH-2.0-"), "it was served, and closed when its time was over");
    drop(busy);
}

#[test]
fn a_thread_that_stands_still_keeps_no_socket_and_gets_them_back_when_it_goes_on() {
    let threads = Threads::default();
    let seen = Arc::clone(&threads);
    let take = move |event| {
        if matches!(event, ServerEvent::ChannelData { .. }) {
            seen.lock().unwrap().push(thread::current().name().map(str::to_owned));
        }
        let_channels_in(event)
    };
    let time = ProgramTime {
        of_one: Duration::MAX,
        of_all: Duration::MAX,
        standing_still: Duration::from_millis(100),
    };
    let mut fixture = Fixture::with_time(settings_of_client(), time, take);
    fixture.start(at("127.0.0.1", 0)).unwrap();
    let mut session = Session::on(fixture);
    let (channel, _) = open(&mut session);
    let busy = Arc::clone(&session.fixture.thread.as_ref().unwrap().busy);
    let standing = busy.lock().unwrap();
    for _ in 0..3 {
        say(&mut session, channel, b"heard all the same");
        assert_eq!(heard(&session), b"heard all the same");
        assert!(last_is_ours(&threads), "the program's thread does nothing");
        // So does an exchange of keys.
        session.exchange_keys();
    }
    drop(standing);
    // The program goes on.
    session.fixture.server.begin_turn();
    session.fixture.server.end_turn();
    let since = std::time::Instant::now();
    while last_is_ours(&threads) {
        assert!(since.elapsed() < common::driver_program::PATIENCE, "it never comes back");
        say(&mut session, channel, b"again");
        heard(&session);
    }
}

fn settings_of_client() -> Settings {
    Settings { config: Arc::new(common::config()), ..Settings::default() }
}

#[test]
fn a_program_that_answers_late_hears_everything_that_comes_then() {
    // Long enough for the task to have the socket watched meanwhile.
    let late = |event| match event {
        ServerEvent::Connected { asked, .. } => {
            thread::spawn(move || {
                thread::sleep(Duration::from_millis(400));
                asked.answer(ConnectedAnswer::ServerKeys);
            });
            None
        }
        event => let_channels_in(event),
    };
    let mut fixture = Fixture::taking(settings_of_client(), late);
    fixture.start(at("127.0.0.1", 0)).unwrap();
    let mut session = Session::on(fixture);
    let (channel, _) = open(&mut session);
    for round in 0..500_u32 {
        say(&mut session, channel, &round.to_be_bytes());
        assert_eq!(heard(&session), round.to_be_bytes());
    }
}
