//! One connection as other threads see it: its numbers and addresses, the queue of commands that its
//! engine is to run.

use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::runtime::Handle;
use tokio::sync::Notify;

use super::command::Command;
use super::drive::Core;
use crate::driver::handler::ServerEvent;
use crate::driver::io::runtime::Sleeps;
use crate::driver::io::socket::Socket;
use crate::driver::io::socket_options::Nagle;
use crate::driver::load::{Kind, Load};
use crate::driver::permits::LoginPermit;
use crate::driver::shared::Shared;
use crate::driver::tunnel::Woken;
use crate::engine::{ChannelId, Connection, Queued, SendMode, Ticket};
use crate::error::DisconnectReason;
use crate::limits::{PINNED_EVENT_COST, QUEUED_EVENT_COST};

/// Consumed bytes of a channel that wake the task: less than half of the smallest window.
const CONSUMED_LEN: usize = 16 * 1024;
/// Channels with consumed bytes that wake the task: they are searched one by one.
const CONSUMED_CHANNELS: usize = 32;

/// One connection of a server.
#[derive(Debug)]
pub struct ConnectionHandle {
    id: u64,
    pub(in crate::driver) peer: SocketAddr,
    pub(in crate::driver) local: SocketAddr,
    timeout: AtomicU32,
    pub(in crate::driver) shared: Arc<Shared>,
    pub(in crate::driver) socket: Socket,
    pub(in crate::driver) login: Arc<LoginPermit>,
    /// Where the task runs, and everything else of the connection.
    pub(in crate::driver) runtime: Handle,
    /// Whether that thread sleeps.
    pub(in crate::driver) sleeps: &'static Sleeps,
    /// Wakes the task.
    pub(in crate::driver) notify: Arc<Notify>,
    /// Everything was told about it.
    pub(in crate::driver) is_retired: AtomicBool,
    /// The program has heard of the connection, so that it has to hear of its end.
    pub(in crate::driver) is_known: AtomicBool,
    /// Whether the program's thread watches the socket; the truth is in `core`.
    pub(in crate::driver) is_hosted: AtomicBool,
    /// What the program's thread was told of the socket, and nobody has looked at yet.
    pub(in crate::driver) edge: AtomicU8,
    /// What the program holds of it.
    load: Arc<Load>,
    pub(in crate::driver) queue: Mutex<Queue>,
    pub(in crate::driver) core: Mutex<Core>,
}

#[derive(Debug, Default)]
pub(in crate::driver) struct Queue {
    pub(in crate::driver) commands: VecDeque<Command>,
    /// What the program has used of each channel's data since the engine last heard of it.
    pub(in crate::driver) consumed: Vec<Consumed>,
    /// Sockets of tunnels that are ready.
    pub(in crate::driver) woken: Vec<Woken>,
    /// Waits for the end of the program's turn.
    pub(in crate::driver) touched: bool,
    /// The task is over: nobody would run a command.
    pub(in crate::driver) closed: bool,
}

/// Data of a channel that the program has used.
#[derive(Debug)]
pub(in crate::driver) struct Consumed {
    /// `None` when the channel is closed.
    pub(in crate::driver) local: Option<ChannelId>,
    /// What the program knows the channel by.
    pub(in crate::driver) channel: u64,
    pub(in crate::driver) len: usize,
}

impl Queue {
    /// Gives memory back that is empty.
    pub(in crate::driver) fn rest(&mut self) {
        if self.commands.is_empty() {
            self.commands = VecDeque::new();
        }
        if self.consumed.is_empty() {
            self.consumed = Vec::new();
        }
    }
}

/// The addresses of the two ends of a connection.
#[derive(Debug, Clone, Copy)]
pub(in crate::driver) struct Ends {
    pub(in crate::driver) peer: SocketAddr,
    pub(in crate::driver) local: SocketAddr,
}

/// What wakes the task of a connection, and whether its thread sleeps.
pub(in crate::driver) struct WakeUp {
    pub(in crate::driver) notify: Arc<Notify>,
    pub(in crate::driver) sleeps: &'static Sleeps,
}

impl ConnectionHandle {
    /// Has to be called in the runtime of its task; the last two are what wakes the task, and whether its
    /// thread sleeps.
    pub(in crate::driver) fn new(
        id: u64,
        shared: Arc<Shared>,
        socket: Socket,
        login: Arc<LoginPermit>,
        Ends { peer, local }: Ends,
        WakeUp { notify, sleeps }: WakeUp,
    ) -> Self {
        let timeout = AtomicU32::new(shared.settings().timeout);
        Self {
            id,
            peer,
            local,
            timeout,
            shared,
            socket,
            login,
            runtime: Handle::current(),
            sleeps,
            load: Arc::new(Load::new(Arc::clone(&notify))),
            notify,
            is_retired: AtomicBool::new(false),
            is_known: AtomicBool::new(false),
            is_hosted: AtomicBool::new(false),
            edge: AtomicU8::new(0),
            queue: Mutex::default(),
            core: Mutex::default(),
        }
    }

    /// The number of the connection.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// The client's address and port.
    pub fn peer(&self) -> (IpAddr, u16) {
        (self.peer.ip().to_canonical(), self.peer.port())
    }

    /// The address that the client connected to.
    pub fn local_address(&self) -> IpAddr {
        self.local.ip().to_canonical()
    }

    /// Seconds that a send may take without progress; 0 fails at once.
    pub fn timeout(&self) -> u32 {
        self.timeout.load(Ordering::Relaxed)
    }

    /// Changes [`Self::timeout`], also for the sends that wait.
    pub fn set_timeout(&self, seconds: u32) {
        self.timeout.store(seconds, Ordering::Relaxed);
        self.submit(Command::SetSendMode(self.send_mode()));
    }

    /// The client's identification string, once it has come. Waits at most a moment for the engine.
    pub fn client_version(&self) -> Option<String> {
        self.look(|engine| engine.peer().version.map(str::to_owned))?
    }

    /// Whether strict key exchange was negotiated. Waits at most a moment for the engine.
    pub fn strict_kex(&self) -> Option<bool> {
        self.look(|engine| engine.peer().strict_kex)
    }

    /// Looks at the engine if nobody else has it.
    pub(in crate::driver) fn look_now(&self, read: impl FnOnce(&Connection)) {
        if let Some(engine) = self.core.try_lock().as_ref().and_then(|core| core.engine.as_ref()) {
            read(engine);
        }
    }

    fn look<T>(&self, read: impl FnOnce(&Connection) -> T) -> Option<T> {
        // A turn writes a megabyte and some, so the lock is free within milliseconds; a program that
        // reads a setting gets its value rather than none.
        let core = self.core.try_lock_for(Duration::from_millis(100))?;
        core.engine.as_ref().map(read)
    }

    /// The program falls behind with the events of the connection (`true`), or does so no more: until
    /// then nothing more of it is read.
    pub fn pause(&self, paused: bool) {
        self.load.set_paused(paused);
    }

    /// Whether the program holds so much of the connection that nothing more may be read. The task is
    /// woken when that has changed.
    pub(in crate::driver) fn is_overloaded(&self) -> bool {
        self.load.is_too_much()
    }

    /// Tells the program what has happened on the connection.
    pub(in crate::driver) fn tell(&self, event: ServerEvent) {
        let cost = event.carried_len().saturating_add(QUEUED_EVENT_COST);
        let charge = self.load.charge(Kind::Queued, cost);
        self.shared.tell_charged(event, Some(charge));
    }

    /// Counts a question that the program has to answer, and what it is about; what
    /// [`Self::question_over`] has to get.
    pub(in crate::driver) fn question_begun(&self, len: usize) -> usize {
        let cost = len.max(PINNED_EVENT_COST);
        self.load.add(Kind::Pinned, cost);
        cost
    }

    /// The program has answered a question.
    pub(in crate::driver) fn question_over(&self, cost: usize) {
        self.load.subtract(Kind::Pinned, cost);
    }

    /// What the program holds of the connection.
    pub(in crate::driver) fn load(&self) -> &Arc<Load> {
        &self.load
    }

    /// Closes a channel after what is queued on it.
    pub fn close_channel(self: &Arc<Self>, channel: ChannelId, ticket: Ticket) {
        self.submit_in_turn(Command::Queue(channel, Queued::Close, ticket));
    }

    /// Closes a channel without what is queued on it.
    pub fn abort_channel(self: &Arc<Self>, channel: ChannelId, ticket: Ticket) {
        self.submit_in_turn(Command::Queue(channel, Queued::Abort, ticket));
    }

    /// Opens a channel; the result is its number.
    pub fn open_channel(self: &Arc<Self>, channel_type: String, parameters: Bytes, ticket: Ticket) {
        self.submit_in_turn(Command::OpenChannel { channel_type, parameters, ticket });
    }

    /// Exchanges keys anew.
    pub fn exchange_keys(self: &Arc<Self>, ticket: Ticket) {
        self.submit(Command::ExchangeKeys(ticket));
    }

    /// Disconnects; done when the connection is gone.
    pub fn disconnect(self: &Arc<Self>, ticket: Option<Ticket>) {
        self.submit(Command::Disconnect {
            reason: DisconnectReason::ByApplication,
            description: "disconnected by application",
            ticket,
        });
    }

    /// See [`crate::driver::ChannelEntry::consumed`].
    pub(in crate::driver) fn consumed(
        self: &Arc<Self>,
        local: Option<ChannelId>,
        channel: u64,
        len: usize,
    ) {
        let enough = {
            let mut queue = self.queue.lock();
            let known = queue.consumed.iter_mut().find(|consumed| consumed.channel == channel);
            let total = match known {
                Some(consumed) => {
                    consumed.len = consumed.len.saturating_add(len);
                    consumed.len
                }
                None => {
                    queue.consumed.push(Consumed { local, channel, len });
                    len
                }
            };
            total >= CONSUMED_LEN || queue.consumed.len() >= CONSUMED_CHANNELS
        };
        // What is used may be little in bytes and much in events, and all that the connection waits for.
        let enough = enough || self.load.has_waiter();
        if enough && !self.shared.turn.touch(self) {
            self.drive_now();
        }
    }

    /// Notes that the connection waits for the end of the program's turn; `false` when it does so
    /// already.
    pub(in crate::driver) fn mark_touched(&self) -> bool {
        !std::mem::replace(&mut self.queue.lock().touched, true)
    }

    pub(in crate::driver) fn send_mode(&self) -> SendMode {
        match self.timeout() {
            0 => SendMode::NoWait,
            seconds => SendMode::Wait(Some(Duration::from_secs(u64::from(seconds)))),
        }
    }

    /// Has the task run a command.
    pub(in crate::driver) fn submit(&self, command: Command) {
        if self.enqueue(command) {
            self.notify.notify_one();
        }
    }

    /// Has a command of the program run at the end of its turn, or by the task.
    pub(in crate::driver) fn submit_in_turn(self: &Arc<Self>, command: Command) {
        if self.enqueue(command) && !self.shared.turn.touch(self) {
            self.notify.notify_one();
        }
    }

    /// `false` when nobody runs commands any more.
    fn enqueue(&self, command: Command) -> bool {
        let refused = {
            let mut queue = self.queue.lock();
            if queue.closed {
                Some(command)
            } else {
                queue.commands.push_back(command);
                None
            }
        };
        if let Some(command) = &refused {
            self.report_unrun(command);
        }
        refused.is_none()
    }

    /// Gives the connection its engine; its task has set a timer.
    pub(in crate::driver) fn start(
        &self,
        engine: Connection,
        nagle: Nagle,
        armed: Option<Instant>,
    ) {
        let mut core = self.core.lock();
        core.transmit.nagle = nagle;
        core.engine = Some(engine);
        core.armed = armed;
    }
}
