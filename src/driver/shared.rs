//! What the connections of one server have in common: its settings, the tables of connections and
//! channels, and the count of sockets. Numbers are process-wide counters that are never reused.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Weak};

use parking_lot::{Mutex, RwLock};
use tokio::sync::watch;

use super::clients::Clients;
use super::connection::handle::ConnectionHandle;
use super::handler::{EventKind, Handler, ServerEvent};
use super::io::program_loop::ProgramLoop;
use super::io::runtime;
use super::io::socket_options::SocketOptions;
use super::load::Charge;
use super::permits::Permits;
use super::tables::{PastChannel, PastConnection, Remains, Table};
use super::turn::Turn;
use crate::engine::{ChannelId, Config, Counters, Verbosity};
use crate::limits::MAX_UNAUTHENTICATED;

static NEXT_CONNECTION: AtomicU64 = AtomicU64::new(1);
static NEXT_CHANNEL: AtomicU64 = AtomicU64::new(1);

/// The number of the next connection.
pub(super) fn next_connection() -> u64 {
    NEXT_CONNECTION.fetch_add(1, Ordering::Relaxed)
}

/// The number of the next channel.
pub(super) fn next_channel() -> u64 {
    NEXT_CHANNEL.fetch_add(1, Ordering::Relaxed)
}

/// What new connections start with.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The engine's settings.
    pub config: Arc<Config>,
    /// Sockets at a time; more are closed at once.
    pub max_connections: usize,
    /// Sockets at a time whose client has not logged in; more are closed at once.
    pub max_unauthenticated: usize,
    /// Seconds that a send may take without progress; 0 fails at once.
    pub timeout: u32,
    /// Who may connect.
    pub clients: Clients,
    /// How sockets are set up.
    pub socket: SocketOptions,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            config: Arc::default(),
            max_connections: 1000,
            max_unauthenticated: usize::try_from(MAX_UNAUTHENTICATED).unwrap_or(usize::MAX),
            timeout: 60,
            clients: Clients::default(),
            socket: SocketOptions::default(),
        }
    }
}

/// An open channel.
#[derive(Debug)]
pub struct ChannelEntry {
    /// Its connection.
    pub connection: Arc<ConnectionHandle>,
    /// The engine's number for it.
    pub local: ChannelId,
    /// What the program knows it by.
    number: u64,
    /// Its type.
    pub service: String,
    bytes_sent: AtomicU64,
    ready_to_send: AtomicBool,
}

impl ChannelEntry {
    pub(super) fn new(
        connection: Arc<ConnectionHandle>,
        local: ChannelId,
        number: u64,
        service: String,
    ) -> Self {
        Self {
            connection,
            local,
            number,
            service,
            bytes_sent: AtomicU64::new(0),
            ready_to_send: AtomicBool::new(false),
        }
    }

    /// Asks the engine how things are, unless somebody else has it: then what is known counts.
    pub fn refresh(&self) {
        self.connection.look_now(|engine| {
            self.publish(engine.counters(self.local));
        });
    }

    /// The program has used data of the channel: the client may send as much again. Less than
    /// 16 KiB waits until the engine is driven for another reason: the client is told only
    /// when half of its window is used, and that is more.
    pub fn consumed(&self, len: usize) {
        self.connection.consumed(Some(self.local), self.number, len);
    }

    /// What the last send has handed to the transport.
    pub fn bytes_sent(&self) -> u64 {
        self.bytes_sent.load(Ordering::Relaxed)
    }

    /// Whether there is room to send.
    pub fn ready_to_send(&self) -> bool {
        self.ready_to_send.load(Ordering::Relaxed)
    }

    /// Takes over what the engine says, so that a reader never waits for the engine.
    pub(super) fn publish(&self, counters: Option<Counters>) {
        if let Some(Counters { bytes_sent, ready_to_send }) = counters {
            self.bytes_sent.store(bytes_sent, Ordering::Relaxed);
            self.publish_ready(ready_to_send);
        }
    }

    /// The same, for whether there is room to send.
    pub(super) fn publish_ready(&self, ready_to_send: bool) {
        self.ready_to_send.store(ready_to_send, Ordering::Relaxed);
    }
}

/// How far the server has been told to end; connections that wait for the program watch it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Halt {
    /// Counts the shutdowns.
    pub(super) shutdowns: u64,
    /// Everything ends at once.
    pub(super) aborted: bool,
}

/// What the tasks of one server share.
pub(super) struct Shared {
    pub(super) handler: Arc<dyn Handler>,
    pub(super) settings: RwLock<Arc<Settings>>,
    pub(super) log_level: AtomicU8,
    pub(super) log_secrets: AtomicBool,
    pub(super) turn: Turn,
    pub(super) halt: watch::Sender<Halt>,
    pub(super) connections: Table<ConnectionHandle, PastConnection>,
    pub(super) channels: Table<ChannelEntry, PastChannel>,
    /// Channels that are closed, and of which the program has data that it has not used: their
    /// connections still count it.
    pub(super) unread: Mutex<HashMap<u64, Weak<ConnectionHandle>>>,
    /// Connections of which the program was not told everything yet.
    live: Mutex<usize>,
    pub(super) permits: Arc<Permits>,
    /// The program's own loop, while it watches sockets.
    program_loop: RwLock<Weak<ProgramLoop>>,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}

impl Shared {
    pub(super) fn new(handler: Arc<dyn Handler>, settings: Settings) -> Self {
        Self {
            handler,
            settings: RwLock::new(Arc::new(settings)),
            log_level: AtomicU8::new(1),
            log_secrets: AtomicBool::new(false),
            turn: Turn::default(),
            halt: watch::Sender::new(Halt { shutdowns: 0, aborted: false }),
            connections: Table::default(),
            channels: Table::default(),
            unread: Mutex::default(),
            live: Mutex::default(),
            permits: Arc::default(),
            program_loop: RwLock::default(),
        }
    }

    /// A channel is closed of which the program has data that it has not used.
    pub(super) fn closed_unread(&self, channel: u64, connection: &Arc<ConnectionHandle>) {
        self.unread.lock().insert(channel, Arc::downgrade(connection));
    }

    /// The program has used all data of a channel that is closed, or its connection is gone.
    pub(super) fn read_to_end(&self, channel: u64) {
        self.unread.lock().remove(&channel);
    }

    /// Ends every connection, and every socket that is not one yet.
    pub(super) fn end_all(&self) {
        self.halt.send_modify(|halt| halt.shutdowns = halt.shutdowns.wrapping_add(1));
        for connection in self.connections.all_live() {
            connection.disconnect(None);
        }
    }

    pub(super) fn program_loop(&self) -> Option<Arc<ProgramLoop>> {
        self.program_loop.read().upgrade()
    }

    pub(super) fn set_program_loop(&self, program_loop: &Arc<ProgramLoop>) {
        *self.program_loop.write() = Arc::downgrade(program_loop);
    }

    pub(super) fn is_aborted(&self) -> bool {
        self.halt.borrow().aborted
    }

    pub(super) fn settings(&self) -> Arc<Settings> {
        Arc::clone(&self.settings.read())
    }

    pub(super) fn wants(&self, kind: EventKind) -> bool {
        self.handler.wanted().has(kind)
    }

    /// Hands an event over that no client can have as many of as it likes, unless nobody is there any
    /// more.
    pub(super) fn tell(&self, event: ServerEvent) {
        self.tell_charged(event, None);
    }

    /// The same, with what it counts for on its connection.
    pub(super) fn tell_charged(&self, event: ServerEvent, charge: Option<Charge>) {
        if !self.is_aborted() && self.handler.handle(event, charge) {
            runtime::flush_soon(&self.handler);
        }
    }

    /// Logs something that belongs to no connection.
    pub(super) fn log(&self, message: impl FnOnce() -> String) {
        if self.verbosity().log_level > 0 {
            self.tell(ServerEvent::Log { connection: 0, level: 1, message: message() });
        }
    }

    /// What engines are to build: nothing that nobody listens to.
    pub(super) fn verbosity(&self) -> Verbosity {
        let log_level =
            if self.wants(EventKind::Log) { self.log_level.load(Ordering::Relaxed) } else { 0 };
        Verbosity {
            log_level,
            status: self.wants(EventKind::Status),
            secrets: self.log_secrets.load(Ordering::Relaxed),
        }
    }

    pub(super) fn add_connection(&self, handle: &Arc<ConnectionHandle>) {
        self.connections.add(handle.id(), Arc::clone(handle));
        let mut live = self.live.lock();
        *live = live.saturating_add(1);
        // Told under the lock, so that two of them cannot change places.
        if *live == 1 {
            self.tell(ServerEvent::Activity(true));
        }
    }

    /// The connection has ended. With `past`, the program finds that until it drops what this returns.
    pub(super) fn end_connection(
        self: &Arc<Self>,
        id: u64,
        past: Option<PastConnection>,
    ) -> Option<Remains> {
        let is_left = past.is_some();
        self.connections.end(id, |_| past);
        if !is_left {
            self.handler.forget(id);
        }
        is_left.then(|| Remains::of_connection(self, id))
    }

    /// The channel is closed; `None` if it was not there. The program finds what is left of it until it
    /// drops what this returns.
    pub(super) fn end_channel(self: &Arc<Self>, id: u64) -> Option<Remains> {
        let was_there = self.channels.end(id, |entry| Some(PastChannel::of(entry)));
        was_there.then(|| Remains::of_channel(self, id))
    }

    /// The program was told everything about a connection.
    pub(super) fn connection_over(&self) {
        let mut live = self.live.lock();
        *live = live.saturating_sub(1);
        if *live == 0 {
            self.tell(ServerEvent::Activity(false));
        }
    }

    pub(super) fn connection(&self, id: u64) -> Option<Arc<ConnectionHandle>> {
        self.connections.live(id)
    }

    pub(super) fn add_channel(&self, id: u64, entry: Arc<ChannelEntry>) {
        self.channels.add(id, entry);
    }

    pub(super) fn channel(&self, id: u64) -> Option<Arc<ChannelEntry>> {
        self.channels.live(id)
    }
}
