//! Tunnels of the driver with sockets on loopback, a program in Rust and a client of our own, which
//! does what no real client does: it asks for too many tunnels, does not read, does not close, and
//! exchanges keys while data is under way.

#![cfg(feature = "driver")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::wildcard_enum_match_arm,
    clippy::field_reassign_with_default,
    dead_code,
    reason = "a test fails by panicking, and uses what it needs of the common part"
)]

mod common;

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use sshserver::driver::{OpError, ServerEvent, TunnelAsked, TunnelFailure};
use sshserver::engine::{Answer, Place, Ticket};
use sshserver::limits::{MAX_TUNNEL_LISTENERS, MAX_TUNNELS};
use sshserver::wire::messages::forwarding::{Tcpip, TcpipForward};
use sshserver::wire::messages::{
    self, ChannelData, ChannelEof, ChannelOpen, ChannelOpenConfirmation, ChannelOpenFailure,
    ChannelWindowAdjust, GlobalRequest, Message, RequestSuccess,
};

use common::driver_program::PATIENCE;
use common::pattern;
use common::session::{Session, let_in};

/// Lets everybody in, and every tunnel.
fn let_tunnels_in(event: ServerEvent) -> Option<ServerEvent> {
    match event {
        ServerEvent::TunnelRequested { asked, port, .. } => {
            asked.answer(Some(port));
            None
        }
        event => let_in(event),
    }
}

/// A session whose program lets every tunnel in.
fn session() -> Session {
    Session::with(let_tunnels_in)
}

impl Session {
    fn ask_open(&mut self, sender_channel: u32, to: SocketAddr, window: u32) {
        let fields = Tcpip {
            address: &to.ip().to_string(),
            port: to.port().into(),
            originator_address: "127.0.0.1",
            originator_port: 1,
        };
        self.client.say(&ChannelOpen {
            channel_type: "direct-tcpip",
            sender_channel,
            initial_window_size: window,
            maximum_packet_size: 32 * 1024,
            type_specific: &fields.encode(),
        });
    }

    /// Opens a forward tunnel; the server's number for it and the window it gives.
    fn open(&mut self, sender_channel: u32, to: SocketAddr, window: u32) -> (u32, u32) {
        self.ask_open(sender_channel, to, window);
        let payload = self.expect(messages::SSH_MSG_CHANNEL_OPEN_CONFIRMATION);
        let message = ChannelOpenConfirmation::decode(&payload).unwrap();
        assert_eq!(message.recipient_channel, sender_channel);
        (message.sender_channel, message.initial_window_size)
    }

    fn ask_listen(&mut self, name: &str, port: u32) {
        self.client.say(&GlobalRequest {
            request_name: name,
            want_reply: true,
            request_specific: &TcpipForward { address: "127.0.0.1", port }.encode(),
        });
    }
}

fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// The port of a reply to `tcpip-forward`; `None` when it is refused.
fn granted(payload: &[u8]) -> Option<u16> {
    match payload[0] {
        messages::SSH_MSG_REQUEST_SUCCESS => {
            let port = RequestSuccess::decode(payload).unwrap().response_specific;
            Some(u32::from_be_bytes(port.try_into().unwrap()) as u16)
        }
        messages::SSH_MSG_REQUEST_FAILURE => None,
        number => panic!("{}", messages::name(number)),
    }
}

#[test]
fn keys_are_exchanged_in_the_middle_of_a_transfer_in_both_directions() {
    const LEN: usize = 12 * 1024 * 1024;
    let mut session = session();
    let (target, address) = listener();
    let (channel, mut window) = session.open(7, address, u32::MAX);
    let (mut source, _) = target.accept().unwrap();
    let mut sink = source.try_clone().unwrap();
    let sending = std::thread::spawn(move || {
        source.write_all(&pattern(LEN)).unwrap();
        source.shutdown(Shutdown::Write).unwrap();
    });
    let receiving = std::thread::spawn(move || {
        let mut all = Vec::new();
        sink.read_to_end(&mut all).unwrap();
        all
    });
    let server = &session.fixture.server;
    let connection = server.connection(server.connection_ids()[0]).unwrap();
    let data = pattern(LEN);
    let (mut sent, mut received) = (0, Vec::new());
    let (mut ended, mut closed) = (false, false);
    let mut exchanges = 0;
    // Either direction may end first; the close comes when both have.
    while !closed {
        // Asked for by either side in turn.
        let due = (sent + received.len()) / (LEN / 4) > exchanges;
        if due && session.client.kex_inits[0].is_none() {
            exchanges += 1;
            if exchanges % 2 == 0 {
                connection.exchange_keys(Ticket(100 + exchanges as u64));
            } else {
                session.client.send_kex_init();
            }
        }
        while window > 0 && sent < LEN {
            let len = (window as usize).min(30_000).min(LEN - sent);
            let part = &data[sent..sent + len];
            session.client.say(&ChannelData { recipient_channel: channel, data: part });
            sent += len;
            window -= len as u32;
            if sent == LEN {
                session.client.say(&ChannelEof { recipient_channel: channel });
            }
        }
        let payload = session.next();
        match payload[0] {
            messages::SSH_MSG_CHANNEL_DATA => {
                received.extend_from_slice(ChannelData::decode(&payload).unwrap().data);
            }
            messages::SSH_MSG_CHANNEL_WINDOW_ADJUST => {
                window += ChannelWindowAdjust::decode(&payload).unwrap().bytes_to_add;
            }
            messages::SSH_MSG_CHANNEL_EOF => ended = true,
            messages::SSH_MSG_CHANNEL_CLOSE => closed = true,
            _ => {}
        }
    }
    assert!(ended && sent == LEN, "closed with {sent} sent, ended: {ended}");
    sending.join().unwrap();
    assert!(receiving.join().unwrap() == data, "what the target got");
    assert!(received == data, "what the client got");
    assert!(session.client.exchanges > 3, "{} exchanges", session.client.exchanges);
}

#[test]
fn a_window_that_stays_closed_stops_the_target() {
    let mut session = session();
    let (target, address) = listener();
    let (channel, _) = session.open(7, address, 1000);
    let (mut source, _) = target.accept().unwrap();
    source.set_nonblocking(true).unwrap();
    let block = vec![1; 64 * 1024];
    let mut written = 0;
    let mut quiet = 0;
    while quiet < 20 {
        match source.write(&block) {
            Ok(len) => {
                written += len;
                quiet = 0;
            }
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::WouldBlock);
                quiet += 1;
                std::thread::sleep(Duration::from_millis(10));
            }
        }
    }
    // Only the system's socket buffers of both ends hold data; the server holds none.
    assert!(written < 16 * 1024 * 1024, "{written} bytes");
    let mut got = 0;
    while got < 1000 {
        got += ChannelData::decode(&session.expect(messages::SSH_MSG_CHANNEL_DATA))
            .unwrap()
            .data
            .len();
    }
    assert_eq!(got, 1000);
    session.client.say(&ChannelWindowAdjust { recipient_channel: channel, bytes_to_add: 1 });
    let payload = session.expect(messages::SSH_MSG_CHANNEL_DATA);
    assert_eq!(ChannelData::decode(&payload).unwrap().data.len(), 1);
}

#[test]
fn a_client_that_never_closes_its_channel_holds_no_socket() {
    let mut session = session();
    let (target, address) = listener();
    let (channel, _) = session.open(7, address, 1000);
    let (mut there, _) = target.accept().unwrap();
    there.shutdown(Shutdown::Write).unwrap();
    session.client.say(&ChannelEof { recipient_channel: channel });
    session.expect(messages::SSH_MSG_CHANNEL_CLOSE);
    // Closed, not only shut down: a writer gets an error.
    there.set_read_timeout(Some(PATIENCE)).unwrap();
    while there.write_all(b"is anybody there?").is_ok() {
        std::thread::sleep(Duration::from_millis(1));
    }
    // The program is told the end of a tunnel when the client closes its channel, or is gone.
    session.socket.shutdown(Shutdown::Both).unwrap();
    let closed = loop {
        match session.fixture.next() {
            ServerEvent::TunnelClosed { port, .. } => break port,
            ServerEvent::Disconnected { .. } => panic!("Disconnected is the last event"),
            _ => {}
        }
    };
    assert_eq!(closed, address.port());
}

#[test]
fn tunnels_that_wait_for_the_program_are_bounded() {
    let mut session = Session::with(let_in);
    let (_target, address) = listener();
    for number in 0..MAX_TUNNELS as u32 + 2 {
        session.ask_open(number, address, 1000);
    }
    for number in 0..2 {
        let payload = session.expect(messages::SSH_MSG_CHANNEL_OPEN_FAILURE);
        let message = ChannelOpenFailure::decode(&payload).unwrap();
        // SSH_OPEN_RESOURCE_SHORTAGE
        let wanted = (MAX_TUNNELS as u32 + number, 4);
        assert_eq!((message.recipient_channel, message.reason_code), wanted);
    }
    let mut asked: Vec<TunnelAsked> = Vec::new();
    while asked.len() < MAX_TUNNELS {
        asked.push(session.fixture.until(|event| match event {
            ServerEvent::TunnelRequested { asked, .. } => Some(asked),
            _ => None,
        }));
    }
    // A dropped question counts as refused, so the tunnel becomes a question about a channel.
    drop(asked.pop());
    let refused = session.fixture.until(|event| match event {
        ServerEvent::ChannelOpenRequest { asked, channel_type, .. } => {
            assert_eq!(channel_type, "direct-tcpip");
            Some(asked)
        }
        _ => None,
    });
    refused.answer(Answer::Accept(false));
    let payload = session.expect(messages::SSH_MSG_CHANNEL_OPEN_FAILURE);
    let message = ChannelOpenFailure::decode(&payload).unwrap();
    // SSH_OPEN_ADMINISTRATIVELY_PROHIBITED
    assert_eq!((message.recipient_channel, message.reason_code), (MAX_TUNNELS as u32 - 1, 1));
    asked.pop().unwrap().answer(Some(address.port()));
    session.expect(messages::SSH_MSG_CHANNEL_OPEN_CONFIRMATION);
}

#[test]
fn listeners_are_bounded_and_closed_with_their_connection() {
    let mut session = session();
    let mut ports = Vec::new();
    let mut refused = 0;
    for _ in 0..MAX_TUNNEL_LISTENERS + 3 {
        session.ask_listen("tcpip-forward", 0);
    }
    for _ in 0..MAX_TUNNEL_LISTENERS + 3 {
        match granted(&session.next()) {
            Some(port) => ports.push(port),
            None => refused += 1,
        }
    }
    assert_eq!((ports.len(), refused), (MAX_TUNNEL_LISTENERS, 3));
    // A tunnel that has ended makes room for another.
    let port = ports.pop().unwrap();
    session.ask_listen("cancel-tcpip-forward", port.into());
    assert_eq!(session.next(), [messages::SSH_MSG_REQUEST_SUCCESS]);
    session.ask_listen("tcpip-forward", 0);
    ports.push(granted(&session.next()).unwrap());
    TcpStream::connect(("127.0.0.1", ports[0])).unwrap();
    session.expect(messages::SSH_MSG_CHANNEL_OPEN);
    session.socket.shutdown(Shutdown::Both).unwrap();
    let mut closed = 0;
    loop {
        match session.fixture.next() {
            ServerEvent::TunnelClosed { .. } => closed += 1,
            ServerEvent::Disconnected { .. } => break,
            _ => {}
        }
    }
    assert_eq!(closed, MAX_TUNNEL_LISTENERS + 1);
    for port in ports {
        assert!(TcpStream::connect(("127.0.0.1", port)).is_err());
    }
}

#[test]
fn a_target_that_cannot_be_is_told_to_both() {
    let mut session = session();
    let (target, address) = listener();
    drop(target);
    session.ask_open(7, address, 1000);
    let payload = session.expect(messages::SSH_MSG_CHANNEL_OPEN_FAILURE);
    let message = ChannelOpenFailure::decode(&payload).unwrap();
    // SSH_OPEN_CONNECT_FAILED
    assert_eq!((message.recipient_channel, message.reason_code), (7, 2));
    let (place, cause) = session.fixture.until(|event| match event {
        ServerEvent::Error { error: OpError::TunnelFailed { place, cause }, .. } => {
            Some((place, cause))
        }
        _ => None,
    });
    assert_eq!(place, Place::Tcp { address: "127.0.0.1".to_owned(), port: address.port() });
    assert!(
        matches!(cause, TunnelFailure::Io(error) if error.kind() == ErrorKind::ConnectionRefused)
    );
}
