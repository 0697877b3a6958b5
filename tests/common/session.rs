//! A client of our own that is logged in to a server of the driver, over a socket on loopback or
//! a stream in memory.

use std::io::{ErrorKind, Read, Write};
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use sshserver::driver::{ConnectedAnswer, ServerEvent, Settings};
use sshserver::engine::{Answer, AuthAnswer};
use sshserver::wire::messages::{self, ChannelData, ChannelOpen, ChannelOpenConfirmation, Message};

use super::client::{Client, Offer};
use super::config;
use super::driver_program::Fixture;
use super::socket::{Socket, dial};

/// A login with "none": string user | string service | string method (RFC 4252 section 5).
pub(crate) const LOGIN: &[u8] = b"\x32\0\0\0\x01u\0\0\0\x0essh-connection\0\0\0\x04none";

/// Lets everybody in.
pub(crate) fn let_in(event: ServerEvent) -> Option<ServerEvent> {
    match event {
        ServerEvent::ConnectionRequest { asked, .. } => asked.answer(true),
        ServerEvent::Connected { asked, .. } => asked.answer(ConnectedAnswer::ServerKeys),
        ServerEvent::ServiceRequest { asked, .. } => asked.answer(Answer::Accept(true)),
        ServerEvent::UserAuthRequest { asked, .. } => {
            asked.answer(Answer::Auth(AuthAnswer { accept: true, ..AuthAnswer::default() }));
        }
        event => return Some(event),
    }
    None
}

/// Lets everybody in, and every channel.
pub(crate) fn let_channels_in(event: ServerEvent) -> Option<ServerEvent> {
    match event {
        ServerEvent::ChannelOpenRequest { asked, .. } => {
            asked.answer(Answer::Accept(true));
            None
        }
        event => let_in(event),
    }
}

/// A server with one client that is logged in.
pub(crate) struct Session {
    pub(crate) fixture: Fixture,
    pub(crate) client: Client,
    pub(crate) socket: Socket,
    /// Goes to a thread that writes, so that a test that is about to read never blocks in a write.
    outgoing: Sender<Vec<u8>>,
    writer: JoinHandle<()>,
}

impl Session {
    pub(crate) fn with(
        program: impl Fn(ServerEvent) -> Option<ServerEvent> + Send + Sync + 'static,
    ) -> Self {
        let settings = Settings { config: Arc::new(config()), ..Settings::default() };
        let (fixture, _) = Fixture::taking(settings, program).listening();
        Self::on(fixture)
    }

    /// One more client of a server that listens.
    pub(crate) fn on(fixture: Fixture) -> Self {
        let mut session = Self::unknown_on(fixture);
        session.login();
        session
    }

    /// The same, which has said nothing yet.
    pub(crate) fn unknown_on(fixture: Fixture) -> Self {
        let socket = dial(fixture.server.listening_on().unwrap());
        let (outgoing, to_write) = channel::<Vec<u8>>();
        let mut writer = socket.try_clone().unwrap();
        // It ends with the test, or with the connection.
        let writer = std::thread::spawn(move || {
            to_write.iter().all(|bytes| writer.write_all(&bytes).is_ok());
        });
        let client = Client::new(Offer::default());
        Self { fixture, client, socket, outgoing, writer }
    }

    /// One more client of the same server; this one stays as it is, and is closed with the test.
    pub(crate) fn another(self) -> Self {
        let Self { fixture, socket, outgoing, .. } = self;
        std::mem::forget((socket, outgoing));
        Self::on(fixture)
    }

    pub(crate) fn login(&mut self) {
        self.client.say_login();
        self.expect(messages::SSH_MSG_USERAUTH_SUCCESS);
    }

    /// Sends what the client has to say.
    pub(crate) fn flush(&mut self) {
        self.outgoing.send(std::mem::take(&mut self.client.out)).unwrap();
    }

    /// The client is gone without a close: data that it has sent and that was not read yet may be lost.
    pub(crate) fn reset(self) -> Fixture {
        let Self { fixture, socket, outgoing, writer, .. } = self;
        // What the client has said is on its way; what `fill` has filled is not in here.
        drop(outgoing);
        writer.join().unwrap();
        socket.reset();
        fixture
    }

    /// Sends packets with this payload until the server has taken no more for a while, because its replies
    /// are not read.
    pub(crate) fn fill(&mut self, payload: &[u8]) {
        self.socket.set_nonblocking(true).unwrap();
        let mut bytes = Vec::new();
        let mut since = Instant::now();
        while since.elapsed() < Duration::from_millis(300) {
            while bytes.len() < 64 * 1024 {
                self.client.send_now(payload);
                bytes.append(&mut self.client.out);
            }
            match self.socket.write(&bytes) {
                Ok(len) => {
                    bytes.drain(..len);
                    since = Instant::now();
                }
                Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
            }
        }
        self.socket.set_nonblocking(false).unwrap();
    }

    /// Exchanges keys anew, to the end.
    pub(crate) fn exchange_keys(&mut self) {
        let before = self.client.exchanges;
        self.client.send_kex_init();
        self.flush();
        while self.client.exchanges == before {
            self.read();
            self.flush();
        }
    }

    /// The next message of the server.
    pub(crate) fn next(&mut self) -> Vec<u8> {
        loop {
            self.flush();
            if let Some(received) = self.client.received.pop_front() {
                return received.payload;
            }
            self.read();
        }
    }

    /// Reads once.
    fn read(&mut self) {
        let mut buf = vec![0; 256 * 1024];
        loop {
            let len = match self.socket.read(&mut buf) {
                // The process was stopped and goes on.
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                read => read.expect("something of the server"),
            };
            assert!(len > 0, "the server has closed the connection");
            return self.client.input(&buf[..len]);
        }
    }

    /// Skips messages up to one with this number.
    pub(crate) fn expect(&mut self, number: u8) -> Vec<u8> {
        loop {
            let payload = self.next();
            if payload[0] == number {
                return payload;
            }
        }
    }
}

/// Opens a session with a window for everything; the server's number, and the program's.
pub(crate) fn open(session: &mut Session) -> (u32, u64) {
    session.client.say(&ChannelOpen {
        channel_type: "session",
        sender_channel: 7,
        initial_window_size: u32::MAX,
        maximum_packet_size: 32 * 1024,
        type_specific: &[],
    });
    let payload = session.expect(messages::SSH_MSG_CHANNEL_OPEN_CONFIRMATION);
    let server = ChannelOpenConfirmation::decode(&payload).unwrap().sender_channel;
    let program = session.fixture.until(|event| match event {
        ServerEvent::ChannelOpened { channel, .. } => Some(channel),
        _ => None,
    });
    (server, program)
}

pub(crate) fn say(session: &mut Session, channel: u32, data: &[u8]) {
    session.client.say(&ChannelData { recipient_channel: channel, data });
    session.flush();
}

/// The data of the next event.
pub(crate) fn heard(session: &Session) -> Vec<u8> {
    session.fixture.until(|event| match event {
        ServerEvent::ChannelData { data, .. } => Some(data.to_vec()),
        _ => None,
    })
}
