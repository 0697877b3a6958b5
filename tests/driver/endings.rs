//! Stop, shutdown and abort: which connections they keep, which they end, and what they wait for.

use std::io::Write;
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::mpsc::RecvTimeoutError;

use sshserver::driver::{ConnectedAnswer, ConnectionEnd, EventKind, ServerEvent, Settings};
use sshserver::engine::{Answer, AuthAnswer};
use sshserver::error::{Closed, Error};
use sshserver::wire::messages::{self, ChannelData, Message, ServiceRequest};

use super::common::config;
use super::common::driver_program::{Fixture, PATIENCE, at};
use super::common::session::{LOGIN, Session, let_channels_in, let_in, open};
use super::common::socket::dial;
use super::{listening, payloads, read_line, read_to_end};

#[test]
fn shutdown_tells_the_clients_and_waits_until_they_are_gone() {
    let (mut fixture, address) = listening();
    let mut client = dial(address);
    let connection = fixture.accept(ConnectedAnswer::ServerKeys);
    read_line(&mut client);
    client.write_all(b"SSH-2.0-test\r\n").unwrap();
    let ticket = fixture.shut_down();
    let (gone, end) = fixture.disconnected();
    assert_eq!(gone, connection);
    let expected = ConnectionEnd::Engine(Error::Closed(Closed::ByApplication));
    assert_eq!(format!("{end:?}"), format!("{expected:?}"));
    let packets = payloads(&read_to_end(&mut client));
    // byte SSH_MSG_DISCONNECT | uint32 SSH_DISCONNECT_BY_APPLICATION
    assert!(packets.last().unwrap().starts_with(&[1, 0, 0, 0, 11]), "{packets:?}");
    drop(client);
    fixture.done(ticket).unwrap();
    assert_eq!(fixture.server.connection_count(), 0);
    assert!(!fixture.server.is_active());
}

#[test]
fn shutdown_ends_connections_that_wait_for_the_program() {
    let (mut fixture, address) = listening();
    let mut requested = dial(address);
    let ServerEvent::ConnectionRequest { asked: request, .. } = fixture.next() else {
        panic!("ConnectionRequest comes first");
    };
    let mut connected = dial(address);
    fixture.until(|event| match event {
        ServerEvent::ConnectionRequest { asked, .. } => {
            asked.answer(true);
            Some(())
        }
        _ => None,
    });
    let question = fixture.until(|event| match event {
        ServerEvent::Connected { asked, .. } => Some(asked),
        _ => None,
    });
    let ticket = fixture.shut_down();
    fixture.disconnected();
    fixture.done(ticket).unwrap();
    assert!(read_to_end(&mut requested).is_empty());
    assert!(read_to_end(&mut connected).is_empty());
    // The answers come too late, and are harmless.
    request.answer(true);
    question.answer(ConnectedAnswer::ServerKeys);
}

#[test]
fn stop_keeps_the_connections() {
    let (mut fixture, address) = listening();
    let mut client = dial(address);
    let connection = fixture.accept(ConnectedAnswer::ServerKeys);
    fixture.stop().unwrap();
    assert!(TcpStream::connect(address).is_err());
    read_line(&mut client);
    let handle = fixture.server.connection(connection).unwrap();
    let ticket = fixture.ticket();
    handle.disconnect(Some(ticket));
    fixture.done(ticket).unwrap();
    assert!(fixture.server.connection(connection).is_none());
    let late = fixture.ticket();
    handle.disconnect(Some(late));
    fixture.done(late).expect("disconnecting what is gone does no harm");
    let late = fixture.ticket();
    handle.exchange_keys(late);
    assert!(fixture.done(late).is_err());
}

#[test]
fn a_shutdown_ends_what_nobody_has_decided_about() {
    let (mut fixture, address) = listening();
    // The questions stay open: the program never answers.
    let mut clients: Vec<_> = (0..20).map(|_| dial(address)).collect();
    let ticket = fixture.shut_down();
    assert!(fixture.all_done(&[ticket])[0].is_ok());
    assert_eq!(fixture.server.connection_count(), 0);
    assert!(fixture.server.is_idle());
    for client in &mut clients {
        read_to_end(client);
    }
}

#[test]
fn abort_closes_everything_and_tells_nobody() {
    let (fixture, address) = listening();
    let mut client = dial(address);
    fixture.accept(ConnectedAnswer::ServerKeys);
    fixture.server.abort();
    read_to_end(&mut client);
    // The handler is dropped with the last task, and the sender of the events with it.
    let Fixture { server, program, events, .. } = fixture;
    drop((server, program));
    loop {
        match events.recv_timeout(PATIENCE) {
            Ok(ServerEvent::Disconnected { .. }) => panic!("told after the end"),
            Ok(_) => {}
            Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => panic!("something keeps the handler alive"),
        }
    }
}

#[test]
fn a_connection_can_be_read_until_its_last_event_is_handled() {
    let (fixture, address) = listening();
    let mut client = dial(address);
    let connection = fixture.accept(ConnectedAnswer::ServerKeys);
    client.write_all(b"SSH-2.0-hasty_1.0\r\n").unwrap();
    read_line(&mut client);
    fixture.server.known_connection(connection).unwrap().set_timeout(7);
    let peer = client.local_addr().unwrap();
    drop(client);
    let remains = fixture.until(|event| match event {
        ServerEvent::Disconnected { remains, .. } => Some(remains),
        _ => None,
    });
    assert!(fixture.server.connection(connection).is_none(), "nothing can be asked of it");
    assert_eq!(fixture.server.connection_count(), 0);
    let known = fixture.server.known_connection(connection).unwrap();
    assert!(!known.is_live());
    assert_eq!(known.peer(), (peer.ip(), peer.port()));
    assert_eq!(known.local_address(), address.ip());
    assert_eq!(known.client_version().as_deref(), Some("SSH-2.0-hasty_1.0"));
    assert_eq!((known.timeout(), known.strict_kex()), (7, Some(false)));
    known.set_timeout(8);
    assert_eq!(fixture.server.known_connection(connection).unwrap().timeout(), 8);
    drop(remains);
    assert!(fixture.server.known_connection(connection).is_none());
}

#[test]
fn nothing_is_left_of_connections_whose_end_nobody_handles() {
    let (mut fixture, address) = listening();
    // Disconnected is still sent, and dropped unread.
    fixture.want(&[EventKind::ConnectionRequest, EventKind::Connected]);
    let clients: Vec<_> =
        (0..3).map(|_| (dial(address), fixture.accept(ConnectedAnswer::ServerKeys))).collect();
    let ids: Vec<u64> = clients.iter().map(|(_, id)| *id).collect();
    drop(clients);
    let ticket = fixture.shut_down();
    fixture.done(ticket).unwrap();
    assert!(ids.iter().all(|id| fixture.server.known_connection(*id).is_none()));
}

#[test]
fn a_client_in_the_middle_of_a_download_gets_what_was_called_sent_and_the_disconnect() {
    const PART: usize = 256 * 1024;
    for _ in 0..4 {
        let mut session = Session::with(let_channels_in);
        let (_, number) = open(&mut session);
        let entry = session.fixture.server.channel(number).unwrap();
        let tickets: Vec<_> = (0..64).map(|_| session.fixture.ticket()).collect();
        let send = |ticket| entry.connection.send(entry.local, None, &[7; PART], ticket);
        // Those that are done already are not told again.
        let (done, waiting): (Vec<_>, Vec<_>) = tickets.into_iter().partition(|it| send(*it));
        let disconnected = session.fixture.ticket();
        let connection = Arc::clone(&entry.connection);
        let mut received = 0;
        loop {
            let payload = session.next();
            match payload[0] {
                messages::SSH_MSG_CHANNEL_DATA => {
                    if received == 0 {
                        connection.disconnect(Some(disconnected));
                    }
                    received += ChannelData::decode(&payload).unwrap().data.len();
                }
                messages::SSH_MSG_DISCONNECT => break,
                _ => {}
            }
        }
        let results = session.fixture.all_done(&[waiting, vec![disconnected]].concat());
        let sent = done.len() + results.iter().filter(|result| result.is_ok()).count() - 1;
        assert!(received >= sent * PART, "{received} bytes of {sent} parts");
    }
}

#[test]
fn an_abort_in_the_middle_of_a_turn_leaves_nothing_of_the_server() {
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
    session.flush();
    let question = session.fixture.until(|event| match event {
        ServerEvent::UserAuthRequest { asked, .. } => Some(asked),
        _ => None,
    });
    session.fixture.server.begin_turn();
    question.answer(Answer::Auth(AuthAnswer::default()));
    session.fixture.server.abort();
    let fixture = session.reset();
    let program = Arc::clone(&fixture.program);
    drop(fixture);
    while Arc::strong_count(&program) > 1 {
        std::thread::yield_now();
    }
}
