//! A client whose socket breaks ends its connection, whatever that connection waits for: the program is
//! told, and the place is free for others.

use std::io::Write;
use std::net::Shutdown;
use std::sync::Arc;

use sshserver::driver::{ServerEvent, Settings};
use sshserver::wire::messages::{self, ChannelRequest, ServiceRequest};

use super::common::config;
use super::common::driver_program::{Fixture, at};
use super::common::session::{LOGIN, Session, let_channels_in, let_in, open, say};

/// A request of an unknown name that asks for a reply.
const GLOBAL_REQUEST: &[u8] = b"\x50\0\0\0\x01x\x01";

/// A client that has said nothing to a program that takes events like this.
fn unknown(
    program: impl Fn(ServerEvent) -> Option<ServerEvent> + Send + Sync + 'static,
) -> Session {
    let settings = Settings { config: Arc::new(config()), ..Settings::default() };
    let mut fixture = Fixture::taking(settings, program);
    fixture.start(at("127.0.0.1", 0)).unwrap();
    Session::unknown_on(fixture)
}

/// The one connection of a server has ended: the program was told, and it is no longer counted.
fn assert_gone(mut fixture: Fixture) {
    fixture.disconnected();
    assert_closed(&mut fixture);
    assert_eq!(fixture.server.connection_count(), 0);
}

/// No socket is left open.
fn assert_closed(fixture: &mut Fixture) {
    fixture.stop().unwrap();
    while !fixture.server.is_idle() {
        std::thread::yield_now();
    }
}

#[test]
fn before_the_login_with_replies_that_nobody_reads() {
    let mut session = unknown(let_in);
    session.client.send_version();
    session.client.send_kex_init();
    session.client.say(&ServiceRequest { service_name: "ssh-userauth" });
    session.expect(messages::SSH_MSG_SERVICE_ACCEPT);
    // A message number that the server does not know.
    session.fill(&[250]);
    assert_gone(session.reset());
}

#[test]
fn after_the_login_with_replies_that_nobody_reads() {
    let mut session = Session::with(let_channels_in);
    session.fill(GLOBAL_REQUEST);
    assert_gone(session.reset());
}

#[test]
fn after_it_has_closed_its_side_with_replies_that_nobody_reads() {
    let mut session = Session::with(let_channels_in);
    session.fill(GLOBAL_REQUEST);
    session.socket.shutdown(Shutdown::Write).unwrap();
    assert_gone(session.reset());
}

#[test]
fn with_the_question_open_which_host_key_it_gets() {
    let session = unknown(|event| match event {
        ServerEvent::ConnectionRequest { asked, .. } => {
            asked.answer(true);
            None
        }
        event => Some(event),
    });
    let question = session.fixture.until(|event| match event {
        ServerEvent::Connected { asked, .. } => Some(asked),
        _ => None,
    });
    assert_gone(session.reset());
    drop(question);
}

#[test]
fn with_the_question_open_whether_it_may_come_in() {
    let session = unknown(Some);
    let question = session.fixture.until(|event| match event {
        ServerEvent::ConnectionRequest { asked, .. } => Some(asked),
        _ => None,
    });
    assert_closed(&mut session.reset());
    drop(question);
}

#[test]
fn with_the_question_open_whether_it_may_log_in() {
    let mut session = unknown(|event| match event {
        ServerEvent::UserAuthRequest { .. } => Some(event),
        event => let_in(event),
    });
    session.client.send_version();
    session.client.send_kex_init();
    session.client.say(&ServiceRequest { service_name: "ssh-userauth" });
    session.expect(messages::SSH_MSG_SERVICE_ACCEPT);
    session.client.send_now(LOGIN);
    session.flush();
    let question = session.fixture.until(|event| match event {
        ServerEvent::UserAuthRequest { asked, .. } => Some(asked),
        _ => None,
    });
    assert_gone(session.reset());
    drop(question);
}

#[test]
fn while_it_does_not_go_on_with_a_key_exchange() {
    for floods in [false, true] {
        let mut session = Session::with(let_channels_in);
        let (channel, _) = open(&mut session);
        session.client.say(&ChannelRequest {
            recipient_channel: channel,
            request_type: "x",
            want_reply: true,
            type_specific: b"",
        });
        session.client.send_kex_init();
        let bytes = std::mem::take(&mut session.client.out);
        session.socket.write_all(&bytes).unwrap();
        let question = session.fixture.until(|event| match event {
            ServerEvent::ChannelRequest { asked, .. } => Some(asked),
            _ => None,
        });
        if floods {
            // IGNORE is allowed there, and nothing comes back that could fail.
            session.client.send_now(&[messages::SSH_MSG_IGNORE, 0, 0, 0, 0]);
            let bytes = std::mem::take(&mut session.client.out);
            session.socket.write_all(&bytes).unwrap();
        }
        assert_gone(session.reset());
        drop(question);
    }
}

#[test]
fn while_the_program_has_too_much_of_it_to_do() {
    let mut session = Session::with(let_channels_in);
    let (channel, number) = open(&mut session);
    let connection = session.fixture.server.channel(number).unwrap().connection.id();
    session.fixture.server.connection(connection).unwrap().pause(true);
    say(&mut session, channel, b"not read");
    assert_gone(session.reset());
}

#[test]
fn while_the_program_sends_to_it() {
    let mut session = Session::with(let_channels_in);
    let (_, number) = open(&mut session);
    let entry = session.fixture.server.channel(number).unwrap();
    let data = vec![0; 64 * 1024 * 1024];
    let ticket = session.fixture.ticket();
    // More than the socket takes: its task waits for room.
    entry.connection.send(entry.local, None, &data, ticket);
    let fixture = session.reset();
    assert!(fixture.all_done(&[ticket])[0].is_err());
}

#[test]
fn while_it_is_idle() {
    let mut session = Session::with(let_channels_in);
    open(&mut session);
    assert_gone(session.reset());
}

#[test]
fn what_was_sent_before_is_heard_when_the_connection_breaks_while_writing() {
    let mut session = Session::with(let_channels_in);
    let (channel, number) = open(&mut session);
    let entry = session.fixture.server.channel(number).unwrap();
    say(&mut session, channel, b"last words");
    let mut fixture = session.reset();
    for _ in 0..3 {
        let ticket = fixture.ticket();
        entry.connection.send(entry.local, None, b"to nobody", ticket);
    }
    let mut heard = Vec::new();
    fixture.until(|event| match event {
        ServerEvent::ChannelData { data, .. } => {
            heard.extend_from_slice(&data);
            None
        }
        ServerEvent::Disconnected { .. } => Some(()),
        _ => None,
    });
    assert_eq!(heard, b"last words");
}
