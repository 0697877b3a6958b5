//! The driver around a script: a server with its program, one client of its own over a stream that the
//! script controls, all on one thread with a clock that only the script moves. What has to hold whatever
//! happens is asserted here, in [`peer`] and in [`program`].

#[allow(dead_code, reason = "the tests' own client, with what else they share")]
#[path = "../../../tests/common/mod.rs"]
pub mod common;
pub mod drain;
pub mod far;
pub mod peer;
pub mod program;
pub mod steps;

use std::collections::VecDeque;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::{Arc, LazyLock, OnceLock};
use std::time::Duration;

use sshserver::driver::fuzzing::Wire;
use sshserver::driver::{
    Charge, ConnectedAnswer, ConnectionEnd, EventKind, Handler, Server, ServerEvent, Settings,
};
use sshserver::engine::{Answer, AuthAnswer, Config, Ticket};

use self::common::client::Offer;
use self::far::Far;
use self::peer::Peer;
use self::program::{Program, Question};
use crate::Input;

/// The longest that the end of a connection takes: the last bytes, for a client that does not read, and then
/// the time for the client to close first.
const END: Duration = Duration::from_secs(10);

/// Prints what happens, to find out about an input: with SSHSERVER_FUZZ_STORY in the environment.
pub fn tell(what: impl FnOnce() -> String) {
    static IS_WANTED: LazyLock<bool> =
        LazyLock::new(|| std::env::var_os("SSHSERVER_FUZZ_STORY").is_some());
    if *IS_WANTED {
        eprintln!("{}", what());
    }
}

/// How long a connection may stay whose stream is broken.
const SOON: Duration = Duration::from_secs(1);

/// How a session begins.
#[derive(Debug, Clone, Copy)]
pub struct Start {
    /// The login is not part of the script: everybody is let in at once.
    pub logged_in: bool,
    pub compression: bool,
    /// Keys are exchanged after so many kilobytes.
    pub early_rekey: bool,
    /// Events that the program has no listener for.
    pub unwanted: u32,
}

/// A server, its program and its client.
pub struct World {
    pub server: Arc<Server>,
    pub program: Arc<Program>,
    pub peer: Peer,
    pub wire: Wire,
    /// Bytes of the client that are not on their way.
    pub held: VecDeque<u8>,
    /// They are sent only by steps of the script.
    pub holds: bool,
    pub questions: VecDeque<Question>,
    /// Data that the program has taken and not used.
    pub unused: VecDeque<(u64, usize)>,
    /// Ends whose remains the program still holds.
    remains: Vec<ServerEvent>,
    pub in_turn: bool,
    /// Bytes that the stream has carried, in both directions.
    carried: usize,
    /// How long ago reading or writing failed.
    broken_for: Option<Duration>,
    /// Something has happened that may end the connection.
    pub may_end: bool,
    /// The program has no listener for something without which nobody logs in.
    pub may_stay_out: bool,
    /// Another client is not let in any more.
    pub is_over: bool,
}

fn config(start: Start) -> Arc<Config> {
    static CONFIGS: OnceLock<[Arc<Config>; 2]> = OnceLock::new();
    let make = |bytes: Option<u64>| {
        let mut config = common::config();
        if let Some(bytes) = bytes {
            config.transport.rekey.bytes = bytes;
        }
        config.keep_alive.interval = Some(Duration::from_secs(600));
        Arc::new(config)
    };
    let configs = CONFIGS.get_or_init(|| [make(None), make(Some(64 * 1024))]);
    Arc::clone(&configs[usize::from(start.early_rekey)])
}

fn address(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}

/// Runs a session from its accept to the end of everything.
pub fn run(start: Start, script: impl AsyncFnOnce(&mut World) -> Option<Far>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let mut world = World::new(start);
        if start.logged_in {
            world.log_in().await;
        }
        let far = script(&mut world).await;
        world.finish().await;
        if let Some(far) = far {
            far.is_left(&world);
        }
        drop(world.server);
        tokio::time::sleep(Duration::from_millis(1)).await;
    });
    let alive = runtime.metrics().num_alive_tasks();
    assert_eq!(alive, 0, "tasks are left");
}

impl World {
    fn new(start: Start) -> Self {
        let program = Arc::new(Program::default());
        program.wanted.set(u64::MAX);
        let settings = Settings { config: config(start), ..Settings::default() };
        let handler: Arc<dyn Handler> = Arc::<Program>::clone(&program);
        let server = Arc::new(Server::new(handler, settings));
        program.server.set(Arc::downgrade(&server)).expect("one server");
        if !start.logged_in {
            // What the account of channels is made from.
            let needed = [EventKind::ChannelOpened, EventKind::ChannelData];
            let needed = needed.iter().fold(0, |mask, kind| mask | 1 << (*kind as u8));
            program.wanted.set(!u64::from(start.unwanted) | needed);
        }
        let offer = Offer::default();
        let offer = if start.compression { offer.compression("zlib@openssh.com") } else { offer };
        let mut peer = Peer::new(offer);
        peer.client.say_login();
        let (wire, incoming) = Wire::new(address(1), address(22));
        server.serve(incoming).expect("served");
        Self {
            server,
            program,
            peer,
            wire,
            held: VecDeque::new(),
            holds: false,
            questions: VecDeque::new(),
            unused: VecDeque::new(),
            remains: Vec::new(),
            in_turn: false,
            carried: 0,
            broken_for: None,
            may_end: false,
            may_stay_out: start.unwanted != 0,
            is_over: false,
        }
    }

    async fn log_in(&mut self) {
        for _ in 0..20 {
            self.settle().await;
            self.take_events(usize::MAX);
            while self.answer(true) {}
            if self.peer.logged_in {
                return;
            }
        }
        panic!("no login");
    }

    /// Lets everything happen that waits for nothing but a processor.
    pub async fn settle(&mut self) {
        self.pass(Duration::from_millis(1)).await;
    }

    /// Lets time go by.
    pub async fn pass(&mut self, time: Duration) {
        self.held.extend(std::mem::take(&mut self.peer.client.out));
        if !self.holds {
            self.carry(usize::MAX);
        }
        self.wire.nudge();
        let (before, unread) = (self.wire.reads(), self.wire.unread());
        // With a clock that stands still, the runtime sleeps only when no task has anything to do.
        tokio::time::sleep(time).await;
        let reads = self.wire.reads() - before;
        let bound = unread as u64 + 1000 + time.as_secs() * 4;
        assert!(reads <= bound, "{reads} reads of {unread} bytes");
        let received = self.wire.receive();
        if !received.is_empty() {
            tell(|| format!("  server: {} bytes", received.len()));
        }
        self.carried += received.len();
        self.peer.take(&received);
        self.has_noticed(time);
        self.check();
    }

    /// An error that the server got from the stream ends the connection. If only reading fails, the last bytes
    /// may take their time.
    fn has_noticed(&mut self, time: Duration) {
        if let Some(broken_for) = &mut self.broken_for {
            *broken_for += time;
            let is_over = self.server.connection_count() == 0;
            assert!(is_over || *broken_for < END, "an error of the stream is lost");
        } else if self.wire.has_failed() {
            self.broken_for = Some(Duration::ZERO);
        }
    }

    /// Puts bytes that the client has said on their way.
    pub fn carry(&mut self, len: usize) {
        let len = len.min(self.held.len());
        let bytes: Vec<u8> = self.held.drain(..len).collect();
        if !bytes.is_empty() {
            tell(|| format!("  client: {} bytes", bytes.len()));
            self.carried += bytes.len();
            self.wire.send(&bytes);
        }
    }

    /// What has to hold at every moment.
    fn check(&self) {
        let account = self.program.account();
        for told in account.channels.values() {
            let Some(ours) = self.peer.channels.iter().find(|ours| ours.name == told.name) else {
                continue;
            };
            for kind in [0, 1] {
                let is_sent = self.peer.is_wild || told.received[kind] <= ours.sent[kind];
                assert!(is_sent, "more than was sent: {told:?}");
                assert!(ours.received[kind] <= told.sent[kind], "more than was sent: {ours:?}");
            }
            if told.got_eof && !self.peer.is_wild {
                assert!(ours.sent_eof, "EOF that nobody has sent");
                assert_eq!(told.received, ours.sent, "EOF before the data: {told:?}");
            }
            if ours.got_eof && !told.is_aborted && !account.has_timed_out {
                let all = told.ended_at.expect("EOF that nobody has sent");
                assert_eq!(ours.received[0], all, "EOF before the data: {ours:?}");
            }
            let alone = told.is_closed && !told.ended_with_connection && told.ended_at.is_none();
            if alone && !self.peer.is_wild && !account.has_timed_out {
                assert_eq!(told.received, ours.sent, "CLOSE before the data: {told:?}");
            }
        }
    }

    /// The program takes events.
    pub fn take_events(&mut self, most: usize) {
        for _ in 0..most {
            let next = self.program.account().inbox.pop_front();
            let Some((event, charge)) = next else { return };
            self.take(event, charge);
        }
    }

    fn take(&mut self, event: ServerEvent, charge: Option<Charge>) {
        drop(charge);
        let question = match event {
            ServerEvent::ConnectionRequest { asked, .. } => Question::Connection(asked),
            ServerEvent::Connected { asked, .. } => Question::HostKey(asked),
            ServerEvent::UserAuthRequest { asked, .. } => Question::Auth(asked),
            ServerEvent::ServiceRequest { asked, .. } => Question::Service(asked),
            // What is no tunnel is no channel either: by its type it could not be told from others.
            ServerEvent::ChannelOpenRequest { channel_type, .. }
                if channel_type.starts_with("direct-") =>
            {
                return;
            }
            ServerEvent::ChannelOpenRequest { asked, .. }
            | ServerEvent::ChannelRequest { asked, .. } => Question::Channel(asked),
            ServerEvent::TunnelRequested { asked, port, .. } => Question::Tunnel(asked, port),
            ServerEvent::ChannelData { channel, data, .. } => {
                self.unused.push_back((channel, data.len()));
                return;
            }
            ServerEvent::Disconnected { .. } | ServerEvent::ChannelClosed { .. } => {
                self.remains.push(event);
                return;
            }
            _ => return,
        };
        self.questions.push_back(question);
    }

    /// The program answers its oldest question; `false` if there is none.
    pub fn answer(&mut self, accept: bool) -> bool {
        let Some(question) = self.questions.pop_front() else { return false };
        self.may_end |= !accept && question.is_vital();
        match question {
            Question::Connection(asked) => asked.answer(accept),
            Question::HostKey(asked) if accept => asked.answer(ConnectedAnswer::ServerKeys),
            Question::HostKey(asked) => asked.answer(ConnectedAnswer::Refused),
            Question::Auth(asked) => {
                asked.answer(Answer::Auth(AuthAnswer { accept, ..AuthAnswer::default() }));
            }
            Question::Service(asked) | Question::Channel(asked) => {
                asked.answer(Answer::Accept(accept));
            }
            Question::Tunnel(asked, port) => asked.answer(accept.then_some(port)),
        }
        true
    }

    /// The program has used data; `false` if there is none.
    pub fn consume(&mut self) -> bool {
        let Some((channel, len)) = self.unused.pop_front() else { return false };
        self.server.consumed(channel, len);
        true
    }

    pub fn unpause(&self) {
        for connection in self.server.connection_ids() {
            self.server.connection(connection).expect("it is live").pause(false);
        }
    }

    /// The program drops everything that it holds.
    pub fn let_go(&mut self) {
        if std::mem::take(&mut self.in_turn) {
            self.server.end_turn();
        }
        self.unpause();
        self.take_events(usize::MAX);
        self.questions.clear();
        while self.consume() {}
        self.remains.clear();
    }

    /// The connection breaks if it has not ended, and nothing of it may be left.
    async fn finish(&mut self) {
        let aborted = self.program.account().is_aborted;
        let was_there = self.server.connection_count() > 0;
        if self.wire.has_failed() {
            self.pass(END).await;
        }
        self.wire.reset(ErrorKind::NetworkDown);
        // Whatever it waits for: nobody has to do anything.
        self.pass(SOON).await;
        assert_eq!(self.server.connection_count(), 0, "a dead connection stays");
        if was_there && !self.may_end && !self.peer.is_wild && !aborted {
            self.ended_by_the_stream();
        }
        self.may_end = true;
        for _ in 0..4 {
            self.let_go();
            self.settle().await;
        }
        self.pass(END).await;
        self.let_go();
        assert!(self.wire.is_closed(), "the stream is open");
        self.nothing_is_left(aborted);
        if !self.is_over {
            self.another_client().await;
            let ticket = self.program.account().ticket();
            self.server.shutdown(Ticket(ticket));
            self.settle().await;
        }
        assert!(self.server.is_idle() && self.program.account().is_idle, "not idle");
        let tickets = std::mem::take(&mut self.program.account().tickets);
        assert!(aborted || tickets.is_empty(), "commands did not end: {tickets:?}");
        self.let_go();
    }

    /// Nobody but the stream can have ended the connection: its error is what the program was told.
    fn ended_by_the_stream(&self) {
        if self.program.wanted().has(EventKind::Connected) {
            let account = self.program.account();
            for (connection, end) in &account.ends {
                let is_told = matches!(
                    end, ConnectionEnd::Socket(error) if error.kind() == ErrorKind::NetworkDown
                );
                assert!(is_told, "the end of {connection} is told as {end:?}");
            }
        }
    }

    fn nothing_is_left(&self, aborted: bool) {
        assert!(self.server.connection_ids().is_empty());
        assert!(self.server.channel_ids().is_empty());
        let account = self.program.account();
        for connection in &account.connections {
            assert!(self.server.known_connection(*connection).is_none(), "a connection remains");
            assert!(aborted || account.ends.contains_key(connection), "no Disconnected");
            assert!(account.forgotten.contains(connection), "not forgotten");
        }
        for (channel, told) in &account.channels {
            assert!(self.server.known_channel(*channel).is_none(), "a channel remains");
            assert!(aborted || told.is_closed, "no ChannelClosed: {told:?}");
        }
    }

    /// The next client is served.
    async fn another_client(&mut self) {
        self.program.wanted.set(0);
        let (wire, incoming) = Wire::new(address(2), address(22));
        self.server.serve(incoming).expect("served");
        wire.send(b"SSH-2.0-another\r\n");
        tokio::time::sleep(Duration::from_millis(1)).await;
        assert!(wire.receive().starts_with(b"SSH-2.0-test\r\n"), "the next client is not served");
        wire.end();
        tokio::time::sleep(END).await;
        assert!(wire.is_closed() && self.server.connection_count() == 0);
    }
}

/// A length that is mostly short and sometimes long.
pub fn length(input: &mut Input<'_>) -> usize {
    let byte = usize::from(input.byte());
    match byte >> 5 {
        0..=3 => byte & 31,
        4 | 5 => (byte & 31) * 100,
        6 => (byte & 31) * 3000,
        _ => (byte & 31) * 8000,
    }
}
