//! The life of a single connection: the order of its events, what refuses it, what a violation of the
//! protocol leads to, and that a failing program ends no other connection.

use std::io::Write;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use sshserver::crypto::random::SystemRandom;
use sshserver::crypto::signature::generate_ed25519;
use sshserver::driver::{ConnectedAnswer, ConnectionEnd, OpError, ServerEvent};
use sshserver::engine::Outcome;
use sshserver::error::{Closed, Error};

use super::common::driver_program::Fixture;
use super::common::socket::{Socket, dial};
use super::{limits, listening, listening_with, payloads, read_line, read_to_end};

#[test]
fn events_of_a_short_connection_come_in_order() {
    let (fixture, address) = listening();
    let mut client = dial(address);
    let ServerEvent::ConnectionRequest { peer, accept: true, asked } = fixture.next() else {
        panic!("ConnectionRequest comes first");
    };
    assert_eq!(peer, client.local_addr().unwrap());
    assert_eq!(fixture.server.connection_count(), 0, "no number before it is accepted");
    asked.answer(true);
    assert!(matches!(fixture.next(), ServerEvent::Activity(true)));
    let ServerEvent::Connected { connection, asked } = fixture.next() else {
        panic!("Connected comes before everything else");
    };
    assert_eq!(fixture.server.connection_ids(), [connection]);
    let handle = fixture.server.connection(connection).unwrap();
    assert_eq!(handle.peer(), (peer.ip(), peer.port()));
    assert_eq!(handle.local_address(), address.ip());
    asked.answer(ConnectedAnswer::ServerKeys);
    assert!(read_line(&mut client).starts_with("SSH-2.0-sshserver_"));
    drop(client);
    let (gone, end) = fixture.disconnected();
    assert_eq!(gone, connection);
    let closed = matches!(end, ConnectionEnd::Engine(Error::Closed(Closed::PeerGone)));
    assert!(closed || matches!(end, ConnectionEnd::Socket(_)), "{end:?}");
    assert!(fixture.server.connection(connection).is_none());
    assert!(matches!(fixture.next(), ServerEvent::Activity(false)));
}

#[test]
fn a_refused_connection_is_closed_without_a_byte() {
    let (fixture, address) = listening();
    for drop_it in [false, true] {
        let mut client = dial(address);
        let ServerEvent::ConnectionRequest { asked, .. } = fixture.next() else {
            panic!("ConnectionRequest comes first");
        };
        if drop_it {
            drop(asked);
        } else {
            asked.answer(false);
        }
        assert!(read_to_end(&mut client).is_empty());
    }
    assert!(fixture.events.try_recv().is_err(), "nothing else is told");
}

#[test]
fn a_host_key_that_cannot_be_used_ends_only_its_connection() {
    let (fixture, address) = listening();
    let mut refused = dial(address);
    let first = fixture.accept(ConnectedAnswer::Refused);
    let (connection, end) = fixture.disconnected();
    assert_eq!(connection, first);
    assert!(matches!(end, ConnectionEnd::NoHostKey), "{end:?}");
    assert!(read_to_end(&mut refused).is_empty());
    let mut client = dial(address);
    let own = Arc::new(generate_ed25519(&mut SystemRandom).unwrap());
    fixture.accept(ConnectedAnswer::Load(Box::new(move || Ok(own))));
    assert!(read_line(&mut client).starts_with("SSH-2.0-"));
}

#[test]
fn nothing_is_asked_or_told_that_nobody_wants() {
    let (fixture, address) = listening();
    fixture.program.wanted.set(0);
    let mut client = dial(address);
    read_line(&mut client);
    drop(client);
    assert!(matches!(fixture.next(), ServerEvent::Activity(true)));
    // the last event is built whether or not it is wanted: it releases what can be read of the connection
    assert!(matches!(fixture.next(), ServerEvent::Disconnected { .. }));
    assert!(matches!(fixture.next(), ServerEvent::Activity(false)));
    let forgotten = fixture.program.forgotten.load(Ordering::Relaxed);
    assert_ne!(forgotten, 0, "what is kept for a connection goes all the same");
}

#[test]
fn one_connection_too_many_is_closed_and_logged() {
    let (fixture, address) = listening_with(1);
    let mut first = dial(address);
    let connection = fixture.accept(ConnectedAnswer::ServerKeys);
    say_name(&fixture, &mut first, connection);
    let mut second = dial(address);
    assert!(read_to_end(&mut second).is_empty());
    let message = fixture.until(|event| match event {
        ServerEvent::Log { connection: 0, message, .. } => Some(message),
        _ => None,
    });
    assert!(message.contains("1 connections are the maximum"), "{message}");
    drop(first);
    fixture.disconnected();
    // The socket is given back a moment after the connection is gone.
    loop {
        let mut third = dial(address);
        let asked = fixture.until(|event| match event {
            ServerEvent::ConnectionRequest { asked, .. } => Some(Some(asked)),
            ServerEvent::Log { connection: 0, .. } => Some(None),
            _ => None,
        });
        if let Some(asked) = asked {
            asked.answer(true);
            break;
        }
        assert!(read_to_end(&mut third).is_empty());
    }
}

/// Waits until the server has the client's identification string: from then on the connection keeps its place.
fn say_name(fixture: &Fixture, client: &mut Socket, connection: u64) {
    client.write_all(b"SSH-2.0-test\r\n").unwrap();
    let handle = fixture.server.connection(connection).unwrap();
    while handle.client_version().is_none() {
        std::thread::yield_now();
    }
}

#[test]
fn the_oldest_that_has_said_nothing_makes_room_for_others() {
    let (fixture, address) = listening_with(2);
    let mut oldest = dial(address);
    let silent = fixture.accept(ConnectedAnswer::ServerKeys);
    let mut second = dial(address);
    let connection = fixture.accept(ConnectedAnswer::ServerKeys);
    say_name(&fixture, &mut second, connection);
    let mut third = dial(address);
    let (gone, end) = fixture.disconnected();
    assert_eq!(gone, silent);
    assert!(matches!(end, ConnectionEnd::Engine(Error::Closed(Closed::MadeRoom))), "{end:?}");
    read_to_end(&mut oldest);
    let connection = fixture.accept(ConnectedAnswer::ServerKeys);
    say_name(&fixture, &mut third, connection);
    assert!(read_to_end(&mut dial(address)).is_empty(), "nobody is silent any more");
}

/// The tests with clients that can log in show that the server counts each connection that has not
/// logged in once, and until its end.
#[test]
fn connections_that_have_not_logged_in_have_a_limit_of_their_own() {
    let (fixture, address) = listening();
    let clients: Vec<Socket> = (0..50)
        .map(|_| {
            let mut client = dial(address);
            let connection = fixture.accept(ConnectedAnswer::ServerKeys);
            read_line(&mut client);
            say_name(&fixture, &mut client, connection);
            client
        })
        .collect();
    assert!(read_to_end(&mut dial(address)).is_empty());
    let message = fixture.until(|event| match event {
        ServerEvent::Log { connection: 0, message, .. } => Some(message),
        _ => None,
    });
    assert!(message.contains("50 connections that have not logged in"), "{message}");
    drop(clients);
    for _ in 0..50 {
        fixture.disconnected();
    }
}

#[test]
fn a_violation_of_the_protocol_ends_the_connection_with_its_reason() {
    let (fixture, address) = listening();
    let mut client = dial(address);
    fixture.accept(ConnectedAnswer::ServerKeys);
    read_line(&mut client);
    client.write_all(b"SSH-1.0-ancient\r\n").unwrap();
    let (_, end) = fixture.disconnected();
    assert!(matches!(end, ConnectionEnd::Engine(Error::PeerIncompatible(_))), "{end:?}");
    let packets = payloads(&read_to_end(&mut client));
    // SSH_DISCONNECT_PROTOCOL_VERSION_NOT_SUPPORTED
    assert!(packets.last().unwrap().starts_with(&[1, 0, 0, 0, 8]), "{packets:?}");
}

#[test]
fn what_a_client_sent_before_it_left_is_used() {
    let (fixture, address) = listening();
    let mut client = dial(address);
    client.write_all(b"SSH-1.0-ancient\r\n").unwrap();
    client.shutdown(std::net::Shutdown::Write).unwrap();
    fixture.until(|event| match event {
        ServerEvent::ConnectionRequest { asked, .. } => {
            asked.answer(true);
            Some(())
        }
        _ => None,
    });
    let (connection, asked) = fixture.until(|event| match event {
        ServerEvent::Connected { connection, asked } => Some((connection, asked)),
        _ => None,
    });
    let connection = fixture.server.connection(connection).unwrap();
    // Held back until the client has left.
    connection.pause(true);
    asked.answer(ConnectedAnswer::ServerKeys);
    read_line(&mut client);
    connection.pause(false);
    let (_, end) = fixture.disconnected();
    assert!(matches!(end, ConnectionEnd::Engine(Error::PeerIncompatible(_))), "{end:?}");
}

/// A server whose program panics at a line of the status while it is told to.
fn failing() -> (Fixture, SocketAddr, Arc<AtomicBool>) {
    let panics = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&panics);
    let (fixture, address) = Fixture::taking(limits(100), move |event| {
        if matches!(event, ServerEvent::Status { .. }) && told.load(Ordering::Relaxed) {
            panic!("the program fails, as the test wants");
        }
        Some(event)
    })
    .listening();
    (fixture, address, panics)
}

#[test]
fn a_panic_ends_only_its_connection() {
    let (fixture, address, panics) = failing();
    panics.store(true, Ordering::Relaxed);
    let mut client = dial(address);
    let connection = fixture.accept(ConnectedAnswer::ServerKeys);
    read_line(&mut client);
    client.write_all(b"SSH-2.0-test\r\n").unwrap();
    let failed = fixture.until(|event| match event {
        ServerEvent::Error { connection, error: OpError::Panicked } => Some(connection),
        _ => None,
    });
    assert_eq!(failed, connection);
    let (gone, end) = fixture.disconnected();
    assert_eq!(gone, connection);
    assert!(matches!(end, ConnectionEnd::Panicked), "{end:?}");
    read_to_end(&mut client);
    panics.store(false, Ordering::Relaxed);
    let mut other = dial(address);
    fixture.accept(ConnectedAnswer::ServerKeys);
    assert!(read_line(&mut other).starts_with("SSH-2.0-"));
}

#[test]
fn what_is_asked_of_a_connection_that_panicked_has_an_end() {
    let (mut fixture, address, panics) = failing();
    let mut client = dial(address);
    let connection = fixture.accept(ConnectedAnswer::ServerKeys);
    read_line(&mut client);
    panics.store(true, Ordering::Relaxed);
    let handle = fixture.server.connection(connection).unwrap();
    let tickets = [fixture.ticket(), fixture.ticket()];
    client.write_all(b"SSH-2.0-test\r\n").unwrap();
    let (gone, _) = fixture.disconnected();
    assert_eq!(gone, connection);
    // No thread would run these any more.
    handle.exchange_keys(tickets[0]);
    let result = fixture.done(tickets[0]);
    assert!(matches!(result, Err(OpError::Outcome(Outcome::ConnectionEnded))), "{result:?}");
    handle.disconnect(Some(tickets[1]));
    assert!(fixture.done(tickets[1]).is_ok());
}
