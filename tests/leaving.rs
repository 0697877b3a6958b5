//! Clients that leave the driver at every point: after each number of bytes of a whole session, with a
//! reset, a close, a half-close, garbage, or silence, whether the program answers or not. In every case
//! their connection, its channels and its tunnels have one end event each, none of their sockets stays
//! open, and the next client is served.
//!
//! `cargo test` does every 31st point. `SSHSERVER_LEAVING=1 cargo test --test leaving --test
//! leaving_hosted` does every one, which takes minutes.

#![cfg(feature = "driver")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::wildcard_enum_match_arm,
    dead_code,
    reason = "a test fails by panicking, and uses what it needs of the common part"
)]

mod common;

use std::collections::HashSet;
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::RecvTimeoutError;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use sshserver::driver::{ServerEvent, Settings};
use sshserver::engine::Answer;
use sshserver::wire::messages::forwarding::{Tcpip, TcpipForward};
use sshserver::wire::messages::{
    self, ChannelClose, ChannelData, ChannelEof, ChannelOpen, ChannelOpenConfirmation,
    ChannelRequest, ChannelWindowAdjust, GlobalRequest, Message, RequestSuccess,
};

use common::client::{Client, Offer};
use common::driver_program::{Fixture, PATIENCE, connect};
use common::session::let_channels_in;

/// How a client goes.
#[derive(Debug, Clone, Copy)]
enum Way {
    Reset,
    Close,
    /// Half-close: it sends no more, and reads until the server closes.
    HalfClose,
    /// Bytes that are no sealed packet, and then a close.
    Garbage,
    /// It stays connected and silent, until the server ends the connection.
    Silence,
}

const WAYS: [Way; 5] = [Way::Reset, Way::Close, Way::HalfClose, Way::Garbage, Way::Silence];

/// This client sends nothing more.
struct Left;

/// A client that sends a number of bytes and no more.
struct Leaving {
    client: Client,
    socket: TcpStream,
    left: usize,
    sent: usize,
    /// Connections to the port that the server listens on for it.
    beyond: Vec<(SocketAddr, TcpStream)>,
}

/// What a client leaves: its own socket, where that is still there, and those beyond its tunnel.
type Behind = (Option<TcpStream>, Vec<(SocketAddr, TcpStream)>);

impl Leaving {
    /// Goes after so many bytes, or when it has waited for the server for so long.
    fn new(address: SocketAddr, points: usize, waits: Duration) -> Self {
        let socket = connect(address);
        socket.set_read_timeout(Some(waits)).unwrap();
        let client = Client::new(Offer::default());
        Self { client, socket, left: points, sent: 0, beyond: Vec::new() }
    }

    fn flush(&mut self) -> Result<(), Left> {
        let out = std::mem::take(&mut self.client.out);
        let now = out.len().min(self.left);
        self.socket.write_all(&out[..now]).map_err(|_| Left)?;
        self.left -= now;
        self.sent += now;
        if self.left == 0 { Err(Left) } else { Ok(()) }
    }

    /// Skips messages up to one of these.
    fn expect(&mut self, numbers: &[u8]) -> Result<Vec<u8>, Left> {
        let mut buf = vec![0; 64 * 1024];
        loop {
            self.flush()?;
            while let Some(received) = self.client.received.pop_front() {
                if numbers.contains(&received.payload[0]) {
                    return Ok(received.payload);
                }
            }
            match self.socket.read(&mut buf) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Ok(0) | Err(_) => return Err(Left),
                Ok(len) => self.client.input(&buf[..len]),
            }
        }
    }

    /// A whole session: login, a channel with a command and data, a tunnel each way, new keys.
    fn session(&mut self, target: SocketAddr) -> Result<(), Left> {
        self.client.say_login();
        self.expect(&[messages::SSH_MSG_USERAUTH_SUCCESS])?;
        let command = self.open("session", b"", 7)?;
        self.client.say(&ChannelRequest {
            recipient_channel: command,
            request_type: "exec",
            want_reply: true,
            type_specific: b"\0\0\0\x02ls",
        });
        self.expect(&[messages::SSH_MSG_CHANNEL_SUCCESS, messages::SSH_MSG_CHANNEL_FAILURE])?;
        self.client.say(&ChannelData { recipient_channel: command, data: &[1; 300] });
        self.client.say(&ChannelWindowAdjust { recipient_channel: command, bytes_to_add: 9 });
        let fields = Tcpip {
            address: &target.ip().to_string(),
            port: target.port().into(),
            originator_address: "127.0.0.1",
            originator_port: 1,
        };
        let forward = self.open("direct-tcpip", &fields.encode(), 8)?;
        self.client.say(&ChannelData { recipient_channel: forward, data: &[2; 200] });
        self.reverse()?;
        self.client.send_kex_init();
        self.client.say(&ChannelEof { recipient_channel: forward });
        self.client.say(&ChannelClose { recipient_channel: command });
        self.expect(&[messages::SSH_MSG_CHANNEL_CLOSE])?;
        Ok(())
    }

    fn open(&mut self, kind: &str, fields: &[u8], sender_channel: u32) -> Result<u32, Left> {
        self.client.say(&ChannelOpen {
            channel_type: kind,
            sender_channel,
            initial_window_size: 1000,
            maximum_packet_size: 32 * 1024,
            type_specific: fields,
        });
        let confirmation = messages::SSH_MSG_CHANNEL_OPEN_CONFIRMATION;
        let payload = self.expect(&[confirmation, messages::SSH_MSG_CHANNEL_OPEN_FAILURE])?;
        let message = ChannelOpenConfirmation::decode(&payload).map_err(|_| Left)?;
        Ok(message.sender_channel)
    }

    fn reverse(&mut self) -> Result<(), Left> {
        self.client.say(&GlobalRequest {
            request_name: "tcpip-forward",
            want_reply: true,
            request_specific: &TcpipForward { address: "127.0.0.1", port: 0 }.encode(),
        });
        let replies = [messages::SSH_MSG_REQUEST_SUCCESS, messages::SSH_MSG_REQUEST_FAILURE];
        let payload = self.expect(&replies)?;
        let reply = RequestSuccess::decode(&payload).map_err(|_| Left)?;
        let port = u32::from_be_bytes(reply.response_specific.try_into().unwrap()) as u16;
        let port = SocketAddr::from(([127, 0, 0, 1], port));
        let mut beyond = connect(port);
        beyond.write_all(&[3; 100]).map_err(|_| Left)?;
        self.beyond.push((port, beyond));
        let payload = self.expect(&[messages::SSH_MSG_CHANNEL_OPEN])?;
        let opened = ChannelOpen::decode(&payload).unwrap();
        let (recipient_channel, sender_channel) = (opened.sender_channel, 9);
        self.client.say(&ChannelOpenConfirmation {
            recipient_channel,
            sender_channel,
            initial_window_size: 50,
            maximum_packet_size: 1000,
            type_specific: b"",
        });
        self.expect(&[messages::SSH_MSG_CHANNEL_DATA])?;
        Ok(())
    }

    /// Leaves; the ends of its tunnels will notice.
    fn leave(mut self, way: Way, server: &mut Server) -> Behind {
        match way {
            Way::Reset => {
                let socket = socket2::SockRef::from(&self.socket);
                socket.set_linger(Some(Duration::ZERO)).unwrap();
            }
            Way::Close => {}
            Way::HalfClose => {
                let _ = self.socket.shutdown(Shutdown::Write);
                return (Some(self.socket), self.beyond);
            }
            Way::Garbage => {
                let _ = self.socket.write_all(&[0xa5; 100]);
            }
            Way::Silence => {
                // Those before it may be coming only now.
                while !server.disconnects(&mut self.socket) {}
                return (Some(self.socket), self.beyond);
            }
        }
        (None, self.beyond)
    }
}

/// Reads until the other side is gone; an error other than that of its going fails.
fn is_over(socket: &mut TcpStream) {
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    match socket.read_to_end(&mut Vec::new()) {
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
            panic!("the other side is still there");
        }
        _ => {}
    }
}

/// A target of forward tunnels, which sends something and reads until the connection ends.
struct Target {
    address: SocketAddr,
    listener: TcpListener,
    served: Arc<Mutex<Vec<JoinHandle<()>>>>,
}

impl Target {
    fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let served: Arc<Mutex<Vec<JoinHandle<()>>>> = Arc::default();
        let (accepting, threads) = (listener.try_clone().unwrap(), Arc::clone(&served));
        std::thread::spawn(move || {
            // The last one is the test's own, which says so.
            for socket in accepting.incoming() {
                let mut socket = socket.unwrap();
                let serve = move || {
                    let _ = socket.write_all(&[4; 5000]);
                    is_over(&mut socket);
                };
                threads.lock().unwrap().push(std::thread::spawn(serve));
            }
        });
        Self { address, listener, served }
    }

    /// All that were connected are over.
    fn is_left(&self) {
        let served = std::mem::take(&mut *self.served.lock().unwrap());
        served.into_iter().for_each(|thread| thread.join().unwrap());
    }
}

/// The events that the program got, checked by the rules that have to hold.
#[derive(Default)]
struct Account {
    open: HashSet<u64>,
    /// Channels and tunnels, with their connection.
    inside: HashSet<(u64, u64)>,
    ended: usize,
}

impl Account {
    fn take(&mut self, event: &ServerEvent) {
        match *event {
            ServerEvent::Disconnected { connection, .. } => {
                self.ended += 1;
                assert!(self.open.remove(&connection), "no connection, or its second end");
                let left = self.inside.iter().find(|(of, _)| *of == connection);
                assert_eq!(left, None, "a channel outlives its connection");
            }
            ServerEvent::ChannelOpened { connection, channel, .. } => {
                assert!(
                    self.open.contains(&connection) && self.inside.insert((connection, channel))
                );
            }
            ServerEvent::ChannelClosed { connection, channel, .. } => {
                assert!(self.inside.remove(&(connection, channel)), "the end of no channel");
            }
            ServerEvent::ChannelData { connection, channel, .. }
            | ServerEvent::ChannelEof { connection, channel, .. } => {
                assert!(self.inside.contains(&(connection, channel)), "of a channel that is not");
            }
            _ => {}
        }
    }
}

/// A server, what its program was told, and which questions that leaves open.
struct Server {
    fixture: Fixture,
    address: SocketAddr,
    account: Account,
    begun: Arc<Mutex<Vec<u64>>>,
}

impl Server {
    /// `answers` says whether the program answers about logins, requests and tunnels; if not, it does so when
    /// the client has left, by dropping the questions.
    fn new(answers: bool) -> Self {
        let settings = Settings { config: Arc::new(common::config()), ..Settings::default() };
        let begun: Arc<Mutex<Vec<u64>>> = Arc::default();
        let noted = Arc::clone(&begun);
        let fixture = Fixture::taking(settings, move |event| {
            if let ServerEvent::Connected { connection, .. } = event {
                noted.lock().unwrap().push(connection);
            }
            match event {
                ServerEvent::ChannelRequest { asked, .. } if answers => {
                    asked.answer(Answer::Accept(true));
                    None
                }
                ServerEvent::TunnelRequested { asked, port, .. } if answers => {
                    asked.answer(Some(port));
                    None
                }
                ServerEvent::UserAuthRequest { .. } if !answers => Some(event),
                event => let_channels_in(event),
            }
        });
        let (fixture, address) = fixture.listening();
        Self { fixture, address, account: Account::default(), begun }
    }

    /// Disconnects everybody that is there; whether this client has seen its end.
    fn disconnects(&mut self, client: &mut TcpStream) -> bool {
        for connection in self.fixture.server.connection_ids() {
            if let Some(connection) = self.fixture.server.connection(connection) {
                connection.disconnect(None);
            }
        }
        client.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
        match client.read(&mut [0; 4096]) {
            Ok(len) => len == 0,
            Err(error) => !matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut),
        }
    }

    /// Takes events until no client is connected. Questions that were not answered have waited until now.
    fn until_nobody_is_there(&mut self) {
        let since = Instant::now();
        loop {
            let next = self.fixture.events.recv_timeout(Duration::from_millis(5));
            self.account.open.extend(self.begun.lock().unwrap().drain(..));
            match next {
                Ok(event) => self.account.take(&event),
                Err(RecvTimeoutError::Timeout) => {
                    let nobody = self.fixture.server.connection_count() == 0;
                    if nobody && self.account.open.is_empty() {
                        break;
                    }
                    assert!(since.elapsed() < PATIENCE, "{:?} are still there", self.account.open);
                }
                Err(RecvTimeoutError::Disconnected) => panic!("the program is gone"),
            }
        }
        assert!(self.account.inside.is_empty());
    }
}

/// Every point of a session, or some of them, in every way in turn.
fn everybody_leaves(answers: bool) {
    let target = Target::new();
    let mut server = Server::new(answers);
    // A client that gets no answer has to give up after some time.
    let waits = if answers { PATIENCE } else { Duration::from_secs(1) };
    let mut whole = Leaving::new(server.address, usize::MAX, waits);
    let _ = whole.session(target.address);
    let len = whole.sent;
    drop(whole.leave(Way::Close, &mut server));
    server.until_nobody_is_there();
    assert_eq!(server.account.ended, 1);
    assert!(len > if answers { 1500 } else { 0 }, "the session ended after {len} bytes");
    let waits = if answers { PATIENCE } else { Duration::from_millis(50) };
    let step = if std::env::var_os("SSHSERVER_LEAVING").is_some() { 1 } else { 31 };
    for (turn, point) in (0..=len).step_by(step).enumerate() {
        let way = WAYS[turn % WAYS.len()];
        let mut client = Leaving::new(server.address, point, waits);
        if point > 0 {
            let _ = client.session(target.address);
        }
        let (own, beyond) = client.leave(way, &mut server);
        server.until_nobody_is_there();
        if let Some(mut own) = own {
            is_over(&mut own);
        }
        for (port, mut socket) in beyond {
            is_over(&mut socket);
            assert!(TcpStream::connect(port).is_err(), "{port} is listened on for nobody");
        }
        target.is_left();
    }
    let mut last = Leaving::new(server.address, usize::MAX, waits);
    let served = last.session(target.address);
    assert_eq!(served.is_ok(), answers, "the next client is served");
    drop(last.leave(Way::Close, &mut server));
    server.until_nobody_is_there();
    target.is_left();
    let ticket = server.fixture.shut_down();
    server.fixture.done(ticket).unwrap();
}

#[test]
fn clients_leave_at_every_point() {
    everybody_leaves(true);
}

#[test]
fn clients_leave_at_every_point_while_a_question_is_open() {
    everybody_leaves(false);
}
