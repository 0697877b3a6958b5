//! The state that the connections of one server share: its settings, the tables of connections and
//! channels, and the count of sockets. Connection and channel numbers come from process-wide counters and
//! are never reused.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Weak};

use parking_lot::{Mutex, RwLock};
use tokio::sync::watch;

use super::clients::Clients;
use super::gssapi::GssSettings;
use super::handler::{EventKind, Handler, ServerEvent};
use super::io::program_loop::ProgramLoop;
use super::io::runtime;
use super::io::socket_options::SocketOptions;
use super::load::Charge;
use super::permits::{Limits, Permits};
use super::registry::Registry;
use super::turn::Turn;
use crate::crypto::gss::Acceptor;
use crate::engine::{Config, Verbosity};
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

/// The settings of new connections.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The engine's settings.
    pub config: Arc<Config>,
    /// Most open sockets (MaxConnections); more are closed at once.
    pub max_connections: usize,
    /// Most open sockets whose client has not logged in (MaxUnauthenticated); more are closed at once.
    pub max_unauthenticated: usize,
    /// Seconds that a send may take without progress; 0 fails at once.
    pub timeout: u32,
    /// Who may connect.
    pub clients: Clients,
    /// The options of sockets.
    pub socket: SocketOptions,
    /// Where to look for a key of GSSAPI when the server begins to listen.
    pub gssapi: GssSettings,
}

impl Settings {
    pub(super) fn limits(&self) -> Limits {
        Limits { all: self.max_connections, unauthenticated: self.max_unauthenticated }
    }
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
            gssapi: GssSettings::default(),
        }
    }
}

/// The order of a server to its connections to end; those that wait for the program's decision watch it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Halt {
    /// The number of shutdowns so far.
    pub(super) shutdowns: u64,
    /// The server aborts: everything ends at once.
    pub(super) aborted: bool,
}

/// The state that the tasks of one server share.
pub(super) struct Shared {
    pub(super) handler: Arc<dyn Handler>,
    settings: RwLock<Arc<Settings>>,
    /// What was found for GSSAPI when the server began to listen.
    acceptor: Mutex<Option<Arc<dyn Acceptor>>>,
    pub(super) log_level: AtomicU8,
    pub(super) log_secrets: AtomicBool,
    pub(super) turn: Turn,
    pub(super) halt: watch::Sender<Halt>,
    registry: Arc<dyn Registry>,
    /// The number of connections that the program knows and whose end was not reported yet.
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
    pub(super) fn new(
        handler: Arc<dyn Handler>,
        settings: Settings,
        registry: Arc<dyn Registry>,
    ) -> Self {
        Self {
            handler,
            settings: RwLock::new(Arc::new(settings)),
            acceptor: Mutex::default(),
            log_level: AtomicU8::new(1),
            log_secrets: AtomicBool::new(false),
            turn: Turn::default(),
            halt: watch::Sender::new(Halt { shutdowns: 0, aborted: false }),
            registry,
            live: Mutex::default(),
            permits: Arc::default(),
            program_loop: RwLock::default(),
        }
    }

    /// The tables of connections and channels by number.
    pub(super) fn tables(&self) -> &dyn Registry {
        &*self.registry
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

    /// Replaces the settings of new connections.
    pub(super) fn set_settings(&self, mut settings: Settings) {
        let acceptor = self.acceptor.lock();
        if let Some(acceptor) = &*acceptor {
            Arc::make_mut(&mut settings.config).transport.gss = Some(Arc::clone(acceptor));
        }
        *self.settings.write() = Arc::new(settings);
    }

    /// Whether an acceptor was found.
    pub(super) fn has_acceptor(&self) -> bool {
        self.acceptor.lock().is_some()
    }

    /// New connections use this acceptor, or none.
    pub(super) fn set_acceptor(&self, found: Option<Arc<dyn Acceptor>>) {
        let mut acceptor = self.acceptor.lock();
        acceptor.clone_from(&found);
        let mut settings = Settings::clone(&self.settings());
        Arc::make_mut(&mut settings.config).transport.gss = found;
        *self.settings.write() = Arc::new(settings);
    }

    pub(super) fn wants(&self, kind: EventKind) -> bool {
        self.handler.wanted().has(kind)
    }

    /// Hands an event to the handler, unless the server has aborted. The event is no load of a connection:
    /// a client cannot cause many of it.
    pub(super) fn tell(&self, event: ServerEvent) {
        self.tell_charged(event, None);
    }

    /// Hands an event to the handler, with its charge on its connection's load.
    pub(super) fn tell_charged(&self, event: ServerEvent, charge: Option<Charge>) {
        if !self.is_aborted() && self.handler.handle(event, charge) {
            runtime::flush_soon(&self.handler);
        }
    }

    /// Logs a line that belongs to no connection.
    pub(super) fn log(&self, message: impl FnOnce() -> String) {
        if self.verbosity().log_level > 0 {
            self.tell(ServerEvent::Log { connection: 0, level: 1, message: message() });
        }
    }

    /// The log lines and notices that engines are to build: none without a listener.
    pub(super) fn verbosity(&self) -> Verbosity {
        let log_level =
            if self.wants(EventKind::Log) { self.log_level.load(Ordering::Relaxed) } else { 0 };
        Verbosity {
            log_level,
            status: self.wants(EventKind::Status),
            secrets: self.log_secrets.load(Ordering::Relaxed),
        }
    }

    /// The program knows a connection from now on.
    pub(super) fn connection_comes(&self, connection: u64) {
        self.registry.connection_comes(connection);
        let mut live = self.live.lock();
        *live = live.saturating_add(1);
        // Reported under the lock, so that two of these events cannot change places.
        if *live == 1 {
            self.tell(ServerEvent::Activity(true));
        }
    }

    /// The end of a connection was reported to the program.
    pub(super) fn connection_over(&self) {
        let mut live = self.live.lock();
        *live = live.saturating_sub(1);
        if *live == 0 {
            self.tell(ServerEvent::Activity(false));
        }
    }
}
