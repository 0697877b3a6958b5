//! The addresses on which the driver listens and the clients that it accepts: address families, sharing a
//! port, and the lists of clients. Clients are plain TCP streams; socket options are tested where they are set.

#![cfg(feature = "driver")]
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

use std::io::{ErrorKind, Read};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use sshserver::driver::{
    ClientList, Clients, EventKind, Families, Listen, ListenError, OpError, OpResult, ServerEvent,
    SocketOptions, os_error,
};

use common::driver_program::{self, Fixture};

/// A server whose program wants no events.
fn quiet() -> Fixture {
    let fixture = Fixture::new(driver_program::settings());
    fixture.want(&[]);
    fixture
}

/// Listens on all addresses of these families, and says on which port.
fn start_on(fixture: &mut Fixture, families: Families) -> u16 {
    fixture.start(Listen { families, ..Listen::default() }).unwrap();
    fixture.server.listening_on().unwrap().port()
}

fn set_clients(fixture: &mut Fixture, allowed: &str, blocked: &str) {
    let list = |text| Arc::new(ClientList::parse(text).unwrap());
    fixture.settings.clients = Clients { allowed: list(allowed), blocked: list(blocked) };
    fixture.server.set_settings(fixture.settings.clone());
}

fn connect(address: impl Into<IpAddr>, port: u16) -> Option<TcpStream> {
    driver_program::try_connect(SocketAddr::new(address.into(), port)).ok()
}

/// Whether the server sends anything; a reset counts as nothing.
fn is_served(client: Option<TcpStream>) -> bool {
    let mut first = [0; 4];
    match client.expect("a connection").read_exact(&mut first) {
        Ok(()) => first == *b"SSH-",
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => false,
        Err(error) if error.kind() == ErrorKind::ConnectionReset => false,
        Err(error) => panic!("{error}"),
    }
}

const HERE: Ipv4Addr = Ipv4Addr::LOCALHOST;

fn local(port: u16, exclusive: bool) -> Listen {
    Listen { exclusive, ..driver_program::at(&HERE.to_string(), port) }
}

fn has_ipv6() -> bool {
    TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_ok()
}

fn number(result: OpResult) -> u32 {
    match result {
        Err(OpError::Listen(ListenError::Io(error))) => os_error::number(&error),
        other => panic!("{other:?}"),
    }
}

/// Starts on a port that another socket has at this address: a server that listened there too could not start.
fn start_beside(other: IpAddr, families: Families) -> (Fixture, TcpListener, u16) {
    for _ in 0..20 {
        let neighbour = TcpListener::bind((other, 0)).unwrap();
        let port = neighbour.local_addr().unwrap().port();
        let mut fixture = quiet();
        // A third one may have the port.
        if fixture.start(Listen { port, families, ..Listen::default() }).is_ok() {
            return (fixture, neighbour, port);
        }
    }
    panic!("it cannot be started beside {other}");
}

#[test]
fn without_a_family_only_ipv4_is_listened_on() {
    let mut fixture = quiet();
    let port = start_on(&mut fixture, Families::default());
    assert!(is_served(connect(HERE, port)));
    if has_ipv6() {
        let (_fixture, _neighbour, port) =
            start_beside(Ipv6Addr::LOCALHOST.into(), Families::default());
        assert!(is_served(connect(HERE, port)));
    }
}

#[test]
fn ipv6_alone_does_not_take_ipv4_connections() {
    if has_ipv6() {
        let (_fixture, _neighbour, port) = start_beside(HERE.into(), Families::Ipv6);
        assert!(is_served(connect(Ipv6Addr::LOCALHOST, port)));
    }
}

#[test]
fn both_families_have_one_port_and_the_host_localhost_is_both_of_its_addresses() {
    for host in ["", "localhost", "LocalHost"] {
        let mut fixture = quiet();
        let families = Families::Both;
        fixture.start(Listen { host: host.to_owned(), families, ..Listen::default() }).unwrap();
        let port = fixture.server.listening_on().unwrap().port();
        assert!(is_served(connect(HERE, port)));
        // without IPv6, IPv4 is all there is
        let over_ipv6 = connect(Ipv6Addr::LOCALHOST, port);
        assert_eq!(over_ipv6.is_some(), has_ipv6());
        if over_ipv6.is_some() {
            assert!(is_served(over_ipv6));
        }
    }
}

#[test]
fn a_port_that_is_taken_in_one_family_is_not_opened_in_the_other() {
    if has_ipv6() {
        let taken = TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).unwrap();
        let port = taken.local_addr().unwrap().port();
        let mut fixture = quiet();
        let listen = Listen {
            host: "localhost".to_owned(),
            port,
            families: Families::Both,
            ..Listen::default()
        };
        assert_eq!(number(fixture.start(listen)), 10048);
        assert!(!fixture.server.is_active());
    }
}

#[test]
fn an_address_of_another_family_is_an_error() {
    for (host, families) in [
        ("::1", Families::Ipv4),
        ("[::1]", Families::Ipv4),
        ("127.0.0.1", Families::Ipv6),
        // an IPv4-mapped IPv6 address
        ("::ffff:127.0.0.1", Families::Ipv6),
    ] {
        let mut fixture = quiet();
        let listen = Listen { host: host.to_owned(), families, ..Listen::default() };
        let result = fixture.start(listen);
        let Err(OpError::Listen(ListenError::OtherFamily(named, wanted))) = result else {
            panic!("{host}: {result:?}");
        };
        assert_eq!((named.as_str(), wanted), (host, families));
        assert!(!fixture.server.is_active());
    }
    let mut fixture = quiet();
    let host = "::ffff:127.0.0.1".to_owned();
    fixture.start(Listen { host, ..Listen::default() }).unwrap();
    assert!(is_served(connect(HERE, fixture.server.listening_on().unwrap().port())));
}

#[test]
fn an_exclusive_port_is_shared_with_nobody() {
    for (first, second) in [(true, true), (true, false), (false, true)] {
        let (mut one, mut two) = (quiet(), quiet());
        one.start(local(0, first)).unwrap();
        let port = one.server.listening_on().unwrap().port();
        assert_eq!(number(two.start(local(port, second))), 10048, "{first} {second}");
        assert!(is_served(connect(HERE, port)));
    }
}

#[cfg(unix)]
#[test]
fn a_shared_port_is_listened_on_by_all_who_share_it() {
    let (mut one, mut two) = (quiet(), quiet());
    one.start(local(0, false)).unwrap();
    let port = one.server.listening_on().unwrap().port();
    two.start(local(port, false)).unwrap();
    assert!(is_served(connect(HERE, port)));
    one.stop().unwrap();
    assert!(is_served(connect(HERE, port)), "the other still listens");
}

#[test]
fn a_client_that_is_not_wanted_gets_no_byte_and_a_line_in_the_log() {
    let mut fixture = quiet();
    fixture.want(&[EventKind::Log]);
    fixture.start(local(0, true)).unwrap();
    let port = fixture.server.listening_on().unwrap().port();
    for (allowed, blocked, line) in [
        ("192.0.2.1, 10.*", "", "it is not in AllowedClients"),
        ("", "", "it is not in AllowedClients"),
        ("*", "127.0.0.0/8", "it is in BlockedClients"),
        ("localhost", "*.1", "it is in BlockedClients"),
    ] {
        set_clients(&mut fixture, allowed, blocked);
        assert!(!is_served(connect(HERE, port)), "{allowed:?} {blocked:?}");
        let ServerEvent::Log { connection: 0, level: 1, message } = fixture.next() else {
            panic!("a line comes first, and nothing else");
        };
        assert!(message.contains(line), "{message}");
    }
    for (allowed, blocked) in [
        ("*", ""),
        ("127.0.0.1", "10.0.0.0/8"),
        ("::ffff:127.0.0.0/104", "::/0"),
        ("127.*", "no-such-host.invalid"),
        ("no-such-host.invalid, localhost", ""),
    ] {
        set_clients(&mut fixture, allowed, blocked);
        assert!(is_served(connect(HERE, port)), "{allowed:?} {blocked:?}");
    }
}

#[test]
fn a_client_on_an_ipv6_socket_is_known_by_its_own_address() {
    if has_ipv6() {
        let mut fixture = quiet();
        let port = start_on(&mut fixture, Families::Both);
        set_clients(&mut fixture, "::1", "");
        assert!(is_served(connect(Ipv6Addr::LOCALHOST, port)));
        assert!(!is_served(connect(HERE, port)));
        set_clients(&mut fixture, "*", "::/64");
        assert!(!is_served(connect(Ipv6Addr::LOCALHOST, port)));
        assert!(is_served(connect(HERE, port)));
    }
}

#[test]
fn who_wants_to_be_asked_decides_for_himself() {
    let mut fixture = quiet();
    fixture.want(&[EventKind::ConnectionRequest, EventKind::Log]);
    fixture.start(local(0, true)).unwrap();
    let port = fixture.server.listening_on().unwrap().port();
    for (blocked, answer) in [("127.0.0.1", true), ("127.0.0.1", false), ("", true), ("", false)] {
        set_clients(&mut fixture, "*", blocked);
        let client = connect(HERE, port);
        let (accept, asked) = loop {
            match fixture.next() {
                ServerEvent::ConnectionRequest { accept, asked, .. } => break (accept, asked),
                ServerEvent::Log { connection, .. } if connection > 0 => {}
                // the event is of the client before
                ServerEvent::Disconnected { .. } | ServerEvent::Activity(_) => {}
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(accept, blocked.is_empty());
        asked.answer(answer);
        assert_eq!(is_served(client), answer, "{blocked:?} {answer}");
    }
}

#[test]
fn settings_of_sockets_do_not_keep_anybody_from_connecting() {
    let mut fixture = quiet();
    fixture.settings.socket = SocketOptions {
        receive_buffer: Some(1),
        send_buffer: Some(1 << 30),
        keep_alive_time: Some(Duration::from_millis(1)),
        keep_alive_interval: Some(Duration::from_secs(32_767)),
        no_delay: false,
    };
    fixture.server.set_settings(fixture.settings.clone());
    fixture.start(local(0, true)).unwrap();
    let port = fixture.server.listening_on().unwrap().port();
    assert!(is_served(connect(HERE, port)));
}
