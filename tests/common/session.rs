//! A client of our own that is logged in to a server of the driver, over a socket on loopback.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};

use sshserver::driver::{ConnectedAnswer, ServerEvent, Settings};
use sshserver::engine::{Answer, AuthAnswer};
use sshserver::wire::Writer;
use sshserver::wire::messages::{self, ServiceRequest, UserauthRequest};

use super::client::{Client, Offer};
use super::config;
use super::driver_program::{Fixture, at, connect};

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

/// A server with one client that is logged in.
pub(crate) struct Session {
    pub(crate) fixture: Fixture,
    pub(crate) client: Client,
    pub(crate) socket: TcpStream,
    /// To a thread that writes, so that a test that is about to read never waits for that.
    outgoing: Sender<Vec<u8>>,
}

impl Session {
    pub(crate) fn with(
        program: impl Fn(ServerEvent) -> Option<ServerEvent> + Send + Sync + 'static,
    ) -> Self {
        let settings = Settings { config: Arc::new(config()), ..Settings::default() };
        let mut fixture = Fixture::taking(settings, program);
        fixture.start(at("127.0.0.1", 0)).unwrap();
        Self::on(fixture)
    }

    /// One more client of a server that listens.
    pub(crate) fn on(fixture: Fixture) -> Self {
        let socket = connect(fixture.server.listening_on().unwrap());
        let (outgoing, to_write) = channel::<Vec<u8>>();
        let mut writer = socket.try_clone().unwrap();
        // It ends with the test, or with the connection.
        std::thread::spawn(move || to_write.iter().all(|bytes| writer.write_all(&bytes).is_ok()));
        let client = Client::new(Offer::default());
        let mut session = Self { fixture, client, socket, outgoing };
        session.login();
        session
    }

    pub(crate) fn login(&mut self) {
        self.client.send_version();
        self.client.send_kex_init();
        self.client.say(&ServiceRequest { service_name: "ssh-userauth" });
        let mut fields = vec![0];
        Writer::new(&mut fields).string("secret");
        self.client.say(&UserauthRequest {
            user_name: "user",
            service_name: "ssh-connection",
            method_name: "password",
            method_specific: &fields,
        });
        self.expect(messages::SSH_MSG_USERAUTH_SUCCESS);
    }

    /// Sends what the client has to say.
    pub(crate) fn flush(&mut self) {
        self.outgoing.send(std::mem::take(&mut self.client.out)).unwrap();
    }

    /// The next message of the server.
    pub(crate) fn next(&mut self) -> Vec<u8> {
        let mut buf = vec![0; 256 * 1024];
        loop {
            self.flush();
            if let Some(received) = self.client.received.pop_front() {
                return received.payload;
            }
            let len = match self.socket.read(&mut buf) {
                // The process was stopped and goes on.
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                read => read.expect("something of the server"),
            };
            assert!(len > 0, "the server has closed the connection");
            self.client.input(&buf[..len]);
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
