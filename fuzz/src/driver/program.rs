//! The program of a server in a session with the driver. It keeps account of what it is told, and checks that
//! the order is one that a program can rely on: nothing of what has ended, one end for each beginning, one
//! end of each command.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Mutex, MutexGuard, OnceLock, Weak};

use sshserver::driver::{
    Asked, Charge, ConnectedAsked, ConnectionEnd, EventKind, Handler, OpError, RequestAsked,
    Server, ServerEvent, TunnelAsked, Wanted,
};
use sshserver::engine::{AuthAnswer, Outcome, Prompt};

use super::peer::{continues, tag};
use super::tell;

/// A question that the program has not answered.
#[derive(Debug)]
pub enum Question {
    Connection(RequestAsked),
    HostKey(ConnectedAsked),
    Service(Asked),
    Auth(Asked),
    /// A channel, or a request of one.
    Channel(Asked),
    Tunnel(TunnelAsked, u16),
}

impl Question {
    /// Whether a refusal can end the connection.
    pub fn is_vital(&self) -> bool {
        !matches!(self, Self::Channel(_) | Self::Tunnel(..))
    }
}

/// A channel, as the program was told of it.
#[derive(Debug)]
pub struct Told {
    pub connection: u64,
    pub name: String,
    pub received: [usize; 2],
    pub got_eof: bool,
    pub is_closed: bool,
    /// The connection had ended when the channel was closed.
    pub ended_with_connection: bool,
    /// What the program has sent: data, and extended data, of which not all may have gone.
    pub sent: [usize; 2],
    /// How much data it had sent when it first sent EOF or closed the channel.
    pub ended_at: Option<usize>,
    pub is_aborted: bool,
}

/// What the program was told.
#[derive(Debug, Default)]
pub struct Account {
    pub inbox: VecDeque<(ServerEvent, Option<Charge>)>,
    pub connections: HashSet<u64>,
    /// How connections have ended.
    pub ends: HashMap<u64, ConnectionEnd>,
    pub forgotten: HashSet<u64>,
    pub channels: HashMap<u64, Told>,
    /// The tunnels that were closed.
    pub closed_tunnels: HashSet<u64>,
    /// How many events there were.
    pub events: usize,
    /// Commands that have not ended.
    pub tickets: HashSet<u64>,
    last_ticket: u64,
    /// The client has sent messages of nobody's making: data may be anything.
    pub is_of_wild: bool,
    /// A send took too long, and its channel is being closed.
    pub has_timed_out: bool,
    /// Nothing may be told any more.
    pub is_aborted: bool,
    is_active: bool,
    pub is_idle: bool,
    asks_for_flush: bool,
}

impl Account {
    /// The number of a new command.
    pub fn ticket(&mut self) -> u64 {
        self.last_ticket += 1;
        self.tickets.insert(self.last_ticket);
        self.last_ticket
    }

    /// A command has ended.
    pub fn done(&mut self, ticket: u64) {
        assert!(self.tickets.remove(&ticket), "command {ticket} ended twice");
    }

    fn live(&mut self, channel: u64) -> &mut Told {
        let told = self.channels.get_mut(&channel).expect("a channel that is open");
        assert!(!told.is_closed, "an event of a closed channel");
        assert!(!self.ends.contains_key(&told.connection), "an event behind Disconnected");
        told
    }

    fn take(&mut self, event: &ServerEvent, server: &Server, wants_begin: bool) {
        tell(|| format!("  {event:?}").chars().take(200).collect());
        assert!(!self.is_aborted, "told after an abort: {event:?}");
        match event {
            ServerEvent::Connected { connection, .. } => {
                assert!(self.connections.insert(*connection), "Connected twice");
                assert!(server.connection(*connection).is_some(), "Connected of nothing");
            }
            ServerEvent::Disconnected { connection, end, .. } => {
                assert!(!wants_begin || self.connections.contains(connection));
                let end = match end {
                    ConnectionEnd::Engine(error) => ConnectionEnd::Engine(error.clone()),
                    ConnectionEnd::Socket(error) => ConnectionEnd::Socket(error.kind().into()),
                    ConnectionEnd::NoHostKey => ConnectionEnd::NoHostKey,
                    ConnectionEnd::Panicked => panic!("the driver has panicked"),
                };
                assert!(self.ends.insert(*connection, end).is_none(), "Disconnected twice");
                let open = self
                    .channels
                    .values()
                    .find(|told| told.connection == *connection && !told.is_closed);
                assert!(open.is_none(), "outlives its connection: {open:?}");
                assert!(server.connection(*connection).is_none());
                assert!(server.known_connection(*connection).is_some(), "nothing remains");
            }
            ServerEvent::ChannelOpened { connection, channel } => {
                let entry = server.channel(*channel).expect("an open channel");
                self.opened(*connection, *channel, &entry.service);
            }
            ServerEvent::ChannelData { channel, data_type, data, .. } => {
                assert!(!data.is_empty());
                let is_of_wild = self.is_of_wild;
                let told = self.live(*channel);
                assert!(!told.got_eof, "data behind EOF");
                let kind = usize::from(data_type.is_some());
                let tag = tag(&told.name, true, data_type.is_some());
                if !is_of_wild {
                    continues(tag, told.received[kind], data, "the program");
                }
                told.received[kind] += data.len();
            }
            ServerEvent::ChannelEof { channel, .. } => {
                let told = self.live(*channel);
                assert!(!std::mem::replace(&mut told.got_eof, true), "EOF twice");
            }
            ServerEvent::ChannelRequest { channel, .. }
            | ServerEvent::ChannelReadyToSend { channel, .. } => drop(self.live(*channel)),
            ServerEvent::ChannelClosed { channel, connection_over, .. } => {
                let told = self.live(*channel);
                told.is_closed = true;
                told.ended_with_connection = *connection_over;
                assert!(server.channel(*channel).is_none());
                assert!(server.known_channel(*channel).is_some(), "nothing remains");
            }
            ServerEvent::TunnelClosed { connection, tunnel, .. } => {
                assert!(!self.ends.contains_key(connection), "an event behind Disconnected");
                assert!(self.closed_tunnels.insert(*tunnel), "TunnelClosed twice");
            }
            ServerEvent::Done { ticket, result } => {
                self.has_timed_out |=
                    matches!(result, Err(OpError::Outcome(Outcome::TimedOut { .. })));
                self.done(ticket.0);
            }
            ServerEvent::Activity(active) => {
                assert_ne!(std::mem::replace(&mut self.is_active, *active), *active);
            }
            ServerEvent::Error { connection, .. }
            | ServerEvent::Log { connection, .. }
            | ServerEvent::Status { connection, .. }
            | ServerEvent::ServiceRequest { connection, .. }
            | ServerEvent::UserAuthRequest { connection, .. }
            | ServerEvent::ChannelOpenRequest { connection, .. }
            | ServerEvent::TunnelRequested { connection, .. } => {
                assert!(!self.ends.contains_key(connection), "an event behind Disconnected");
            }
            ServerEvent::ConnectionRequest { .. } | ServerEvent::ConnectedFailed { .. } => {}
        }
    }

    fn opened(&mut self, connection: u64, channel: u64, name: &str) {
        let told = Told {
            connection,
            name: name.to_owned(),
            received: [0; 2],
            got_eof: false,
            is_closed: false,
            ended_with_connection: false,
            sent: [0; 2],
            ended_at: None,
            is_aborted: false,
        };
        assert!(self.channels.insert(channel, told).is_none(), "opened twice");
    }
}

/// The program.
#[derive(Default)]
pub struct Program {
    pub wanted: Wanted,
    pub server: OnceLock<Weak<Server>>,
    account: Mutex<Account>,
}

impl Program {
    pub fn account(&self) -> MutexGuard<'_, Account> {
        self.account.lock().expect("no panic before this one")
    }
}

impl Handler for Program {
    fn wanted(&self) -> &Wanted {
        &self.wanted
    }

    fn handle(&self, event: ServerEvent, charge: Option<Charge>) -> bool {
        let server = self.server.get().and_then(Weak::upgrade);
        let mut account = self.account();
        if let Some(server) = &server {
            account.take(&event, server, self.wanted.has(EventKind::Connected));
        }
        account.events += 1;
        account.inbox.push_back((event, charge));
        account.asks_for_flush = !account.asks_for_flush;
        account.asks_for_flush
    }

    fn idle(&self) {
        self.account().is_idle = true;
    }

    fn forget(&self, connection: u64) {
        self.account().forgotten.insert(connection);
    }

    fn auth_refusal(&self) -> AuthAnswer {
        AuthAnswer::default()
    }

    fn prompts(&self, _connection: u64, _user: &str) -> (String, Vec<Prompt>) {
        (String::new(), Vec::new())
    }
}
