//! The driver with sockets on loopback and a program in Rust: listening, the order of events at the
//! start and the end of a connection, limits, and what happens when something goes wrong. Clients
//! are plain TCP streams that speak as much SSH as the test needs.

#![cfg(feature = "driver")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    reason = "a test fails by panicking, and its helpers do too"
)]

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sshserver::crypto::random::SystemRandom;
use sshserver::crypto::signature::generate_ed25519;
use sshserver::driver::{
    ConnectedAnswer, ConnectionEnd, Families, Handler, InputGate, Listen, ListenError, OpError,
    OpResult, Server, ServerEvent, Settings, Wanted, os_error,
};
use sshserver::engine::{AuthAnswer, Config, Outcome, Prompt, Ticket};
use sshserver::error::{Closed, Error};

/// Longer than anything here takes; only a failing test waits for it.
const PATIENCE: Duration = Duration::from_secs(30);

struct Program {
    wanted: Wanted,
    gate: InputGate,
    panics: AtomicBool,
    forgotten: AtomicU64,
    events: Mutex<Sender<ServerEvent>>,
}

impl Handler for Program {
    fn wanted(&self) -> &Wanted {
        &self.wanted
    }

    fn gate(&self) -> &InputGate {
        &self.gate
    }

    fn handle(&self, event: ServerEvent) -> bool {
        if matches!(event, ServerEvent::Status { .. }) && self.panics.load(Ordering::Relaxed) {
            panic!("the handler fails, as the test wants");
        }
        // The test may be over.
        let _ = self.events.lock().unwrap().send(event);
        false
    }

    fn forget(&self, connection: u64) {
        self.forgotten.store(connection, Ordering::Relaxed);
    }

    fn auth_refusal(&self) -> AuthAnswer {
        AuthAnswer::default()
    }

    fn prompts(&self, _connection: u64, _user: &str) -> (String, Vec<Prompt>) {
        (String::new(), Vec::new())
    }
}

struct Fixture {
    server: Server,
    program: Arc<Program>,
    events: Receiver<ServerEvent>,
    next_ticket: u64,
}

impl Fixture {
    fn new(max_connections: usize) -> Self {
        let (sender, events) = channel();
        let program = Arc::new(Program {
            wanted: Wanted::default(),
            gate: InputGate::default(),
            panics: AtomicBool::new(false),
            forgotten: AtomicU64::new(0),
            events: Mutex::new(sender),
        });
        program.wanted.set(u64::MAX);
        let mut config = Config::default();
        config.transport.host_keys.push(Arc::new(generate_ed25519(&mut SystemRandom).unwrap()));
        let config = Arc::new(config);
        let settings =
            Settings { config, max_connections, max_unauthenticated: 50, ..Settings::default() };
        let handler: Arc<dyn Handler> = program.clone();
        Self { server: Server::new(handler, settings), program, events, next_ticket: 1 }
    }

    fn ticket(&mut self) -> Ticket {
        self.next_ticket += 1;
        Ticket(self.next_ticket)
    }

    fn start(&mut self, host: &str, port: u16) -> OpResult {
        let listen = Listen { host: host.to_owned(), port, ..Listen::default() };
        self.start_at(listen)
    }

    fn start_at(&mut self, listen: Listen) -> OpResult {
        let ticket = self.ticket();
        self.server.start(listen, ticket)?;
        self.done(ticket)
    }

    fn listening() -> (Self, SocketAddr) {
        Self::listening_with(100)
    }

    fn listening_with(max_connections: usize) -> (Self, SocketAddr) {
        let mut fixture = Self::new(max_connections);
        fixture.start("127.0.0.1", 0).unwrap();
        let address = fixture.server.listening_on().unwrap();
        (fixture, address)
    }

    fn next(&self) -> ServerEvent {
        self.events.recv_timeout(PATIENCE).expect("an event")
    }

    /// Skips events until one is taken.
    fn until<T>(&self, mut take: impl FnMut(ServerEvent) -> Option<T>) -> T {
        loop {
            if let Some(taken) = take(self.next()) {
                return taken;
            }
        }
    }

    fn done(&self, wanted: Ticket) -> OpResult {
        self.until(|event| match event {
            ServerEvent::Done { ticket, result } if ticket == wanted => Some(result),
            _ => None,
        })
    }

    /// The ends of all of these, in whatever order they come; what comes meanwhile is kept, so that
    /// no question is answered by being dropped.
    fn all_done(&self, wanted: &[Ticket]) -> Vec<OpResult> {
        let mut kept = Vec::new();
        let mut results: Vec<Option<OpResult>> = wanted.iter().map(|_| None).collect();
        while results.iter().any(Option::is_none) {
            match self.next() {
                ServerEvent::Done { ticket, result } => {
                    let at = wanted.iter().position(|wanted| *wanted == ticket).unwrap();
                    assert!(results[at].replace(result).is_none(), "done twice");
                }
                other => kept.push(other),
            }
        }
        results.into_iter().flatten().collect()
    }

    fn disconnected(&self) -> (u64, ConnectionEnd) {
        self.until(|event| match event {
            ServerEvent::Disconnected { connection, end } => Some((connection, end)),
            _ => None,
        })
    }

    /// Accepts the next connection.
    fn accept(&self, answer: ConnectedAnswer) -> u64 {
        self.until(|event| match event {
            ServerEvent::ConnectionRequest { asked, .. } => {
                asked.answer(true);
                Some(())
            }
            _ => None,
        });
        let (connection, asked) = self.until(|event| match event {
            ServerEvent::Connected { connection, asked } => Some((connection, asked)),
            _ => None,
        });
        asked.answer(answer);
        connection
    }

    fn shut_down(&mut self) -> Ticket {
        let ticket = self.ticket();
        self.server.shutdown(ticket);
        ticket
    }
}

fn connect(address: SocketAddr) -> TcpStream {
    let client = TcpStream::connect(address).unwrap();
    client.set_read_timeout(Some(PATIENCE)).unwrap();
    client
}

/// The identification string; reads not one byte further.
fn read_line(client: &mut TcpStream) -> String {
    let mut line = Vec::new();
    let mut byte = [0];
    while !line.ends_with(b"\r\n") {
        client.read_exact(&mut byte).unwrap();
        line.push(byte[0]);
    }
    String::from_utf8(line).unwrap()
}

/// Everything until the server closes; a reset counts as closed.
fn read_to_end(client: &mut TcpStream) -> Vec<u8> {
    let mut all = Vec::new();
    match client.read_to_end(&mut all) {
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
        Err(error) => panic!("{error}"),
    }
    all
}

/// The payloads of unencrypted packets (RFC 4253 section 6).
fn payloads(mut bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut payloads = Vec::new();
    while let Some((len, rest)) = bytes.split_first_chunk() {
        let (packet, rest) = rest.split_at(u32::from_be_bytes(*len) as usize);
        let padding = usize::from(packet[0]);
        payloads.push(packet[1..packet.len() - padding].to_vec());
        bytes = rest;
    }
    payloads
}

#[test]
fn events_of_a_short_connection_come_in_order() {
    let (fixture, address) = Fixture::listening();
    let mut client = connect(address);
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
    let (fixture, address) = Fixture::listening();
    for drop_it in [false, true] {
        let mut client = connect(address);
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
    let (fixture, address) = Fixture::listening();
    let mut refused = connect(address);
    let first = fixture.accept(ConnectedAnswer::Refused);
    let (connection, end) = fixture.disconnected();
    assert_eq!(connection, first);
    assert!(matches!(end, ConnectionEnd::NoHostKey), "{end:?}");
    assert!(read_to_end(&mut refused).is_empty());
    let mut client = connect(address);
    let own = Arc::new(generate_ed25519(&mut SystemRandom).unwrap());
    fixture.accept(ConnectedAnswer::Load(Box::new(move || Ok(own))));
    assert!(read_line(&mut client).starts_with("SSH-2.0-"));
}

#[test]
fn nothing_is_asked_or_told_that_nobody_wants() {
    let (fixture, address) = Fixture::listening();
    fixture.program.wanted.set(0);
    let mut client = connect(address);
    read_line(&mut client);
    drop(client);
    assert!(matches!(fixture.next(), ServerEvent::Activity(true)));
    assert!(matches!(fixture.next(), ServerEvent::Activity(false)));
    let forgotten = fixture.program.forgotten.load(Ordering::Relaxed);
    assert_ne!(forgotten, 0, "what is kept for a connection goes all the same");
}

#[test]
fn a_port_in_use_is_an_error_with_its_number() {
    let (_first, address) = Fixture::listening();
    let mut second = Fixture::new(1);
    let Err(OpError::Listen(ListenError::Io(error))) = second.start("127.0.0.1", address.port())
    else {
        panic!("two servers on one port");
    };
    assert_eq!(os_error::number(&error), 10048);
    assert!(!second.server.is_active());
    second.start("127.0.0.1", 0).expect("a failed start leaves nothing behind");
}

#[test]
fn a_port_can_be_used_again_at_once() {
    let (mut fixture, address) = Fixture::listening();
    let client = connect(address);
    fixture.accept(ConnectedAnswer::ServerKeys);
    let ticket = fixture.shut_down();
    fixture.done(ticket).unwrap();
    drop(client);
    fixture.start("127.0.0.1", address.port()).unwrap();
    drop(TcpListener::bind(address).expect_err("the port is taken"));
}

#[test]
fn bad_hosts_are_errors() {
    let mut fixture = Fixture::new(1);
    let Err(OpError::Listen(ListenError::HostNotFound(name))) = fixture.start("no such host", 0)
    else {
        panic!("a name with spaces was found");
    };
    assert_eq!(name, "no such host");
    // RFC 5737: an address for documentation, of no machine.
    let Err(OpError::Listen(ListenError::Io(error))) = fixture.start("192.0.2.1", 0) else {
        panic!("listens on another machine's address");
    };
    assert_eq!(os_error::number(&error), 10049);
}

#[test]
fn names_and_ipv6_literals_can_be_listened_on() {
    let mut fixture = Fixture::new(1);
    fixture.start("localhost", 0).unwrap();
    assert!(fixture.server.listening_on().unwrap().ip().is_loopback());
    if TcpListener::bind("[::1]:0").is_ok() {
        let mut fixture = Fixture::new(1);
        let (host, families) = ("::1".to_owned(), Families::Ipv6);
        fixture.start_at(Listen { host, families, ..Listen::default() }).unwrap();
        let mut client = connect(fixture.server.listening_on().unwrap());
        fixture.accept(ConnectedAnswer::ServerKeys);
        read_line(&mut client);
    }
}

#[test]
fn a_server_starts_once() {
    let (mut fixture, _) = Fixture::listening();
    assert!(matches!(fixture.start("127.0.0.1", 0), Err(OpError::AlreadyListening)));
    let ticket = fixture.ticket();
    fixture.server.stop(ticket);
    fixture.done(ticket).unwrap();
    let again = fixture.ticket();
    fixture.server.stop(again);
    fixture.done(again).expect("stopping twice does no harm");
    fixture.start("127.0.0.1", 0).unwrap();
}

#[test]
fn one_connection_too_many_is_closed_and_logged() {
    let (fixture, address) = Fixture::listening_with(1);
    let first = connect(address);
    fixture.accept(ConnectedAnswer::ServerKeys);
    let mut second = connect(address);
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
        let mut third = connect(address);
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

/// That it counts those who have not logged in, each once and until its end, is for the tests with
/// clients that can log in.
#[test]
fn connections_that_have_not_logged_in_have_a_limit_of_their_own() {
    let (fixture, address) = Fixture::listening();
    let clients: Vec<TcpStream> = (0..50)
        .map(|_| {
            let mut client = connect(address);
            fixture.accept(ConnectedAnswer::ServerKeys);
            read_line(&mut client);
            client
        })
        .collect();
    assert!(read_to_end(&mut connect(address)).is_empty());
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
fn shutdown_tells_the_clients_and_waits_until_they_are_gone() {
    let (mut fixture, address) = Fixture::listening();
    let mut client = connect(address);
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
    let (mut fixture, address) = Fixture::listening();
    let mut requested = connect(address);
    let ServerEvent::ConnectionRequest { asked: request, .. } = fixture.next() else {
        panic!("ConnectionRequest comes first");
    };
    let mut connected = connect(address);
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
    // Too late, and harmless.
    request.answer(true);
    question.answer(ConnectedAnswer::ServerKeys);
}

#[test]
fn stop_keeps_the_connections() {
    let (mut fixture, address) = Fixture::listening();
    let mut client = connect(address);
    let connection = fixture.accept(ConnectedAnswer::ServerKeys);
    let ticket = fixture.ticket();
    fixture.server.stop(ticket);
    fixture.done(ticket).unwrap();
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
fn a_violation_of_the_protocol_ends_the_connection_with_its_reason() {
    let (fixture, address) = Fixture::listening();
    let mut client = connect(address);
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
    let (fixture, address) = Fixture::listening();
    // Held back until the client has left.
    fixture.program.gate.close();
    let mut client = connect(address);
    client.write_all(b"SSH-1.0-ancient\r\n").unwrap();
    client.shutdown(std::net::Shutdown::Write).unwrap();
    fixture.accept(ConnectedAnswer::ServerKeys);
    read_line(&mut client);
    fixture.program.gate.open();
    let (_, end) = fixture.disconnected();
    assert!(matches!(end, ConnectionEnd::Engine(Error::PeerIncompatible(_))), "{end:?}");
}

#[test]
fn a_panic_ends_only_its_connection() {
    let (fixture, address) = Fixture::listening();
    fixture.program.panics.store(true, Ordering::Relaxed);
    let mut client = connect(address);
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
    fixture.program.panics.store(false, Ordering::Relaxed);
    let mut other = connect(address);
    fixture.accept(ConnectedAnswer::ServerKeys);
    assert!(read_line(&mut other).starts_with("SSH-2.0-"));
}

#[test]
fn what_is_asked_of_a_connection_that_panicked_has_an_end() {
    let (mut fixture, address) = Fixture::listening();
    let mut client = connect(address);
    let connection = fixture.accept(ConnectedAnswer::ServerKeys);
    read_line(&mut client);
    fixture.program.panics.store(true, Ordering::Relaxed);
    let handle = fixture.server.connection(connection).unwrap();
    let tickets = [fixture.ticket(), fixture.ticket()];
    client.write_all(b"SSH-2.0-test\r\n").unwrap();
    let (gone, _) = fixture.disconnected();
    assert_eq!(gone, connection);
    // Nobody would do these any more.
    handle.exchange_keys(tickets[0]);
    let result = fixture.done(tickets[0]);
    assert!(matches!(result, Err(OpError::Outcome(Outcome::ConnectionEnded))), "{result:?}");
    handle.disconnect(Some(tickets[1]));
    assert!(fixture.done(tickets[1]).is_ok());
}

#[test]
fn a_stop_that_was_told_twice_does_not_stop_the_next_start() {
    let mut fixture = Fixture::new(100);
    for _ in 0..20 {
        fixture.start("127.0.0.1", 0).unwrap();
        let tickets = [fixture.ticket(), fixture.ticket(), fixture.ticket()];
        fixture.server.stop(tickets[0]);
        fixture.server.stop(tickets[1]);
        fixture.server.shutdown(tickets[2]);
        assert!(fixture.all_done(&tickets).iter().all(Result::is_ok));
        assert!(!fixture.server.is_active());
    }
    fixture.start("127.0.0.1", 0).unwrap();
    let mut client = connect(fixture.server.listening_on().unwrap());
    fixture.accept(ConnectedAnswer::ServerKeys);
    assert!(read_line(&mut client).starts_with("SSH-2.0-"));
}

#[test]
fn a_stop_while_starting_fails_ends_that_start_only() {
    let mut fixture = Fixture::new(100);
    let tickets = [fixture.ticket(), fixture.ticket(), fixture.ticket()];
    let listen = Listen { host: "no.such.name.invalid".to_owned(), ..Listen::default() };
    fixture.server.start(listen, tickets[0]).unwrap();
    fixture.server.stop(tickets[1]);
    fixture.server.shutdown(tickets[2]);
    let results = fixture.all_done(&tickets);
    assert!(matches!(results[0], Err(OpError::Listen(_))), "{results:?}");
    assert!(results[1].is_ok() && results[2].is_ok(), "{results:?}");
    fixture.start("127.0.0.1", 0).unwrap();
    let mut client = connect(fixture.server.listening_on().unwrap());
    fixture.accept(ConnectedAnswer::ServerKeys);
    assert!(read_line(&mut client).starts_with("SSH-2.0-"));
}

#[test]
fn a_shutdown_ends_what_nobody_has_decided_about() {
    let (mut fixture, address) = Fixture::listening();
    // The questions stay open: the program never answers.
    let mut clients: Vec<_> = (0..20).map(|_| connect(address)).collect();
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
    let (fixture, address) = Fixture::listening();
    let mut client = connect(address);
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
