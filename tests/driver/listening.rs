//! Where a server listens, and starts and stops that follow one another.

use std::net::TcpListener;

use sshserver::driver::{ConnectedAnswer, Families, Listen, ListenError, OpError, os_error};

use super::common::driver_program::at;
use super::common::socket::dial;
use super::{listening, read_line, server};

#[test]
fn a_port_in_use_is_an_error_with_its_number() {
    let (_first, address) = listening();
    let mut second = server(1);
    let Err(OpError::Listen(ListenError::Io(error))) =
        second.start(at("127.0.0.1", address.port()))
    else {
        panic!("two servers on one port");
    };
    assert_eq!(os_error::number(&error), 10048);
    assert!(!second.server.is_active());
    second.start(at("127.0.0.1", 0)).expect("a failed start leaves nothing behind");
}

#[test]
fn a_port_can_be_used_again_at_once() {
    let (mut fixture, address) = listening();
    let client = dial(address);
    fixture.accept(ConnectedAnswer::ServerKeys);
    let ticket = fixture.shut_down();
    fixture.done(ticket).unwrap();
    drop(client);
    fixture.start(at("127.0.0.1", address.port())).unwrap();
    drop(TcpListener::bind(address).expect_err("the port is taken"));
}

#[test]
fn bad_hosts_are_errors() {
    let mut fixture = server(1);
    let Err(OpError::Listen(ListenError::HostNotFound(name))) =
        fixture.start(at("no such host", 0))
    else {
        panic!("a name with spaces was found");
    };
    assert_eq!(name, "no such host");
    // RFC 5737: an address for documentation, of no machine.
    let Err(OpError::Listen(ListenError::Io(error))) = fixture.start(at("192.0.2.1", 0)) else {
        panic!("listens on another machine's address");
    };
    assert_eq!(os_error::number(&error), 10049);
}

#[test]
fn names_and_ipv6_literals_can_be_listened_on() {
    let mut fixture = server(1);
    fixture.start(at("localhost", 0)).unwrap();
    assert!(fixture.server.listening_on().unwrap().ip().is_loopback());
    if TcpListener::bind("[::1]:0").is_ok() {
        let mut fixture = server(1);
        fixture.start(Listen { families: Families::Ipv6, ..at("::1", 0) }).unwrap();
        let mut client = dial(fixture.server.listening_on().unwrap());
        fixture.accept(ConnectedAnswer::ServerKeys);
        read_line(&mut client);
    }
}

#[test]
fn a_server_starts_once() {
    let (mut fixture, _) = listening();
    assert!(matches!(fixture.start(at("127.0.0.1", 0)), Err(OpError::AlreadyListening)));
    fixture.stop().unwrap();
    fixture.stop().expect("stopping twice does no harm");
    fixture.start(at("127.0.0.1", 0)).unwrap();
}

#[test]
fn a_stop_that_was_told_twice_does_not_stop_the_next_start() {
    let mut fixture = server(100);
    for _ in 0..20 {
        fixture.start(at("127.0.0.1", 0)).unwrap();
        let tickets = [fixture.ticket(), fixture.ticket(), fixture.ticket()];
        fixture.server.stop(tickets[0]);
        fixture.server.stop(tickets[1]);
        fixture.server.shutdown(tickets[2]);
        assert!(fixture.all_done(&tickets).iter().all(Result::is_ok));
        assert!(!fixture.server.is_active());
    }
    fixture.start(at("127.0.0.1", 0)).unwrap();
    let mut client = dial(fixture.server.listening_on().unwrap());
    fixture.accept(ConnectedAnswer::ServerKeys);
    assert!(read_line(&mut client).starts_with("SSH-2.0-"));
}

#[test]
fn a_stop_while_starting_fails_ends_that_start_only() {
    let mut fixture = server(100);
    let tickets = [fixture.ticket(), fixture.ticket(), fixture.ticket()];
    fixture.server.start(at("no.such.name.invalid", 0), tickets[0]).unwrap();
    fixture.server.stop(tickets[1]);
    fixture.server.shutdown(tickets[2]);
    let results = fixture.all_done(&tickets);
    assert!(matches!(results[0], Err(OpError::Listen(_))), "{results:?}");
    assert!(results[1].is_ok() && results[2].is_ok(), "{results:?}");
    fixture.start(at("127.0.0.1", 0)).unwrap();
    let mut client = dial(fixture.server.listening_on().unwrap());
    fixture.accept(ConnectedAnswer::ServerKeys);
    assert!(read_line(&mut client).starts_with("SSH-2.0-"));
}
