//! One connection as other threads see it. Whoever holds the lock of the engine drives it: runs the
//! commands that wait, hands its events over and writes what it has sealed. Usually that is the
//! connection's task; a small send does it on the caller's thread, without waiting for anybody.

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::time::Instant;

use bytes::{Bytes, BytesMut};
use parking_lot::{Mutex, MutexGuard};
use tokio::net::TcpStream;
use tokio::runtime::Handle;
use tokio::sync::Notify;

use super::command::{Command, OpError};
use super::handler::{ConnectionEnd, EventKind, ServerEvent};
use super::shared::{ChannelEntry, Shared};
use super::transmit::Transmit;
use super::tunnel::{TURN_LEN, Tunnels, Woken};
use crate::engine::{ChannelId, Connection, Job, Outcome, Ticket, Verbosity};
use crate::error::{Closed, DisconnectReason, Error};

/// A send as large as this is written at once, not together with what follows it.
const LARGE_SEND_LEN: usize = 16 * 1024;
/// Larger sends are sealed by the connection's task, not on the caller's thread.
const MAX_INLINE_LEN: usize = 512 * 1024;
/// Consumed bytes of a channel that wake the task: less than half of the smallest window.
const CONSUMED_LEN: usize = 16 * 1024;
/// Channels with consumed bytes that wake the task: they are searched one by one.
const CONSUMED_CHANNELS: usize = 32;

/// One connection of a server.
#[derive(Debug)]
pub struct ConnectionHandle {
    pub(super) id: u64,
    pub(super) peer: SocketAddr,
    pub(super) local: SocketAddr,
    /// Seconds.
    pub(super) timeout: AtomicU32,
    pub(super) shared: Arc<Shared>,
    pub(super) socket: TcpStream,
    /// Where the task runs, and everything else of the connection.
    pub(super) runtime: Handle,
    /// Wakes the task.
    pub(super) notify: Notify,
    pub(super) queue: Mutex<Queue>,
    pub(super) core: Mutex<Core>,
}

#[derive(Debug, Default)]
pub(super) struct Queue {
    commands: VecDeque<Command>,
    /// What the program has used of each channel's data since the engine last heard of it.
    consumed: Vec<(ChannelId, usize)>,
    /// Sockets of tunnels that are ready.
    pub(super) woken: Vec<Woken>,
    /// The task is over: nobody would run a command.
    closed: bool,
}

impl Queue {
    /// Gives memory back that is empty.
    fn rest(&mut self) {
        if self.commands.is_empty() {
            self.commands = VecDeque::new();
        }
        if self.consumed.is_empty() {
            self.consumed = Vec::new();
        }
    }
}

/// What belongs to the engine, under its lock.
#[derive(Default)]
pub(super) struct Core {
    /// `None` until the host key is chosen, and after a panic.
    pub(super) engine: Option<Connection>,
    pub(super) transmit: Transmit,
    /// Work that the task has to do or to have done.
    pub(super) job: Option<Job>,
    pub(super) end: Option<ConnectionEnd>,
    /// The numbers that the program knows the channels by.
    pub(super) channels: HashMap<ChannelId, u64>,
    /// The channels that lead elsewhere.
    pub(super) tunnels: Option<Box<Tunnels>>,
    /// Channels that we are opening.
    pub(super) opening: Vec<(Ticket, ChannelId)>,
    /// Sends that are not done, for the counters of their channels.
    pub(super) sending: Vec<(Ticket, Arc<ChannelEntry>)>,
    /// Disconnects to report as done when the connection is gone.
    closing: Vec<Ticket>,
    /// The send that its caller waits for, and whether it is complete.
    pub(super) watched: Option<(Ticket, bool)>,
    /// The turn in which a caller last wrote to the socket itself.
    last_turn: Option<u32>,
    /// What the task has set its timer to.
    armed: Option<Instant>,
    verbosity: Verbosity,
}

impl std::fmt::Debug for Core {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Core").finish_non_exhaustive()
    }
}

impl Core {
    /// Whether the engine needs the timer earlier than the task has set it.
    fn timer_is_late(&self) -> bool {
        let needed = self.engine.as_ref().and_then(Connection::poll_timeout);
        needed.is_some_and(|needed| self.armed.is_none_or(|armed| needed < armed))
    }
}

/// What the task has to wait for.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Step {
    pub(super) wants_input: bool,
    pub(super) blocked: bool,
    pub(super) deadline: Option<Instant>,
    pub(super) ended: bool,
}

impl ConnectionHandle {
    /// Has to be called where its task will run.
    pub(super) fn new(
        id: u64,
        shared: Arc<Shared>,
        socket: TcpStream,
        peer: SocketAddr,
        local: SocketAddr,
    ) -> Self {
        let timeout = AtomicU32::new(shared.settings().timeout);
        Self {
            id,
            peer,
            local,
            timeout,
            shared,
            socket,
            runtime: Handle::current(),
            notify: Notify::new(),
            queue: Mutex::default(),
            core: Mutex::default(),
        }
    }

    /// Sends on a channel; `true` when everything was handed to the transport already, else a
    /// [`ServerEvent::Done`] will tell.
    pub fn send(
        self: &Arc<Self>,
        channel: ChannelId,
        data_type: Option<u32>,
        data: Bytes,
        ticket: Ticket,
    ) -> bool {
        let len = data.len();
        let mode = self.send_mode();
        let command = Command::Send { channel, data_type, data, mode, ticket };
        self.submit_small(command, len, ticket)
    }

    /// Sends a packet that the program has built; as [`Self::send`].
    pub fn send_packet(
        self: &Arc<Self>,
        channel: ChannelId,
        number: u8,
        payload: Bytes,
        ticket: Ticket,
    ) -> bool {
        let len = payload.len();
        let mode = self.send_mode();
        let command = Command::SendPacket { channel, number, payload, mode, ticket };
        self.submit_small(command, len, ticket)
    }

    /// Ends the data of a channel; as [`Self::send`].
    pub fn send_eof(self: &Arc<Self>, channel: ChannelId, ticket: Ticket) -> bool {
        self.submit_small(Command::SendEof(channel, ticket), 0, ticket)
    }

    /// Closes a channel after what is queued on it.
    pub fn close_channel(self: &Arc<Self>, channel: ChannelId, ticket: Ticket) {
        self.submit(Command::CloseChannel(channel, ticket));
    }

    /// Opens a channel; the result is its number.
    pub fn open_channel(self: &Arc<Self>, channel_type: String, parameters: Bytes, ticket: Ticket) {
        self.submit(Command::OpenChannel { channel_type, parameters, ticket });
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

    /// The program has used data of a channel: the client may send as much again. Less than
    /// 16 KiB waits until the engine is driven for another reason: the client is told only
    /// when half of its window is used, and that is more.
    pub fn consumed(self: &Arc<Self>, channel: ChannelId, len: usize) {
        let enough = {
            let mut queue = self.queue.lock();
            let known = queue.consumed.iter_mut().find(|(other, _)| *other == channel);
            let total = match known {
                Some((_, total)) => {
                    *total = total.saturating_add(len);
                    *total
                }
                None => {
                    queue.consumed.push((channel, len));
                    len
                }
            };
            total >= CONSUMED_LEN || queue.consumed.len() >= CONSUMED_CHANNELS
        };
        if enough {
            self.drive_now();
        }
    }

    /// Does what waits here and now, or has the task do it if the engine is in use.
    fn drive_now(self: &Arc<Self>) {
        let Some(mut core) = self.core.try_lock() else {
            return self.notify.notify_one();
        };
        if core.engine.is_none() || core.end.is_some() {
            return;
        }
        self.guarded(&mut core, |handle, core| handle.drive(core, None, true, Instant::now()));
        self.leave(core);
    }

    /// Lets go of the engine; whatever the caller's thread may not do is left to the task.
    fn leave(&self, core: MutexGuard<'_, Core>) {
        let to_do = core.transmit.is_pending()
            || core.tunnels.as_ref().is_some_and(|tunnels| tunnels.has_work())
            || core.job.is_some()
            || core.end.is_some()
            || core.timer_is_late();
        drop(core);
        if to_do {
            self.notify.notify_one();
        }
    }

    /// Has the task run a command.
    pub(super) fn submit(&self, command: Command) {
        let refused = {
            let mut queue = self.queue.lock();
            if queue.closed {
                Some(command)
            } else {
                queue.commands.push_back(command);
                None
            }
        };
        match refused {
            Some(command) => self.report_unrun(&command),
            None => self.notify.notify_one(),
        }
    }

    fn submit_small(self: &Arc<Self>, command: Command, len: usize, ticket: Ticket) -> bool {
        if len > MAX_INLINE_LEN {
            self.submit(command);
            return false;
        }
        self.submit_now(command, len, ticket)
    }

    /// Runs a command here and now, if nobody else has the engine and nothing waits before it.
    ///
    /// The first send of a turn of the program's event loop goes to the socket at once. The next
    /// ones are sealed, and the task writes all of them together: a program that sends many small
    /// pieces does not pay for a system call each.
    fn submit_now(self: &Arc<Self>, command: Command, len: usize, ticket: Ticket) -> bool {
        let Some(mut core) = self.core.try_lock() else {
            self.submit(command);
            return false;
        };
        if core.engine.is_none() || core.end.is_some() || !self.queue.lock().commands.is_empty() {
            drop(core);
            self.submit(command);
            return false;
        }
        let turn = self.shared.turn.number();
        let write = core.last_turn.replace(turn) != Some(turn) || len >= LARGE_SEND_LEN;
        // A program that only waits for its sends has to get back to its event loop now and then.
        core.watched = self.shared.turn.allows(len).then_some((ticket, false));
        self.guarded(&mut core, |handle, core| {
            let now = Instant::now();
            handle.run(core, command, now);
            handle.drive(core, None, write, now);
        });
        let complete = matches!(core.watched.take(), Some((_, true)));
        self.leave(core);
        complete
    }

    /// Gives the connection its engine.
    pub(super) fn start(self: &Arc<Self>, engine: Connection) {
        self.core.lock().engine = Some(engine);
    }

    /// Everything that can be done without waiting; for the task.
    pub(super) fn step(self: &Arc<Self>, input: &mut BytesMut, eof: bool) -> (Option<Job>, Step) {
        let mut guard = self.core.lock();
        let core = &mut *guard;
        self.guarded(core, |handle, core| {
            let now = Instant::now();
            if let Some(engine) = &mut core.engine
                && engine.poll_timeout().is_some_and(|at| at <= now)
            {
                if handle.shared.handler.gate().is_closed() {
                    engine.not_listening(now);
                }
                engine.handle_timeout(now);
            }
            handle.drive(core, Some((input, eof)), true, now);
        });
        let Some(engine) = &mut core.engine else {
            return (None, Step { ended: true, ..Step::default() });
        };
        engine.rest();
        let deadline = engine.poll_timeout();
        let wants_input = engine.wants_input();
        core.armed = deadline;
        self.queue.lock().rest();
        if core.sending.is_empty() {
            core.sending = Vec::new();
        }
        core.channels.shrink_to_fit();
        let step = Step {
            wants_input,
            blocked: core.transmit.is_pending(),
            deadline,
            ended: core.end.is_some(),
        };
        (core.job.take(), step)
    }

    /// Runs `work`; if it panics, only this connection ends.
    fn guarded(self: &Arc<Self>, core: &mut Core, work: impl FnOnce(&Arc<Self>, &mut Core)) {
        // The engine is dropped after a panic, so that no broken state of it is ever used.
        if catch_unwind(AssertUnwindSafe(|| work(self, core))).is_err() {
            core.engine = None;
            core.job = None;
            core.end = Some(ConnectionEnd::Panicked);
        }
    }

    /// Goes on until nothing moves any more: commands, input, events, output.
    fn drive(
        self: &Arc<Self>,
        core: &mut Core,
        mut input: Option<(&mut BytesMut, bool)>,
        write: bool,
        now: Instant,
    ) {
        self.apply_verbosity(core);
        let mut budget = TURN_LEN;
        loop {
            let mut moved = self.run_queued(core, now);
            if let Some((input, eof)) = &mut input {
                moved |= self.feed(core, input, *eof, now);
            }
            moved |= self.hand_over_events(core, now);
            if let Some(engine) = &mut core.engine {
                moved |= core.transmit.run(engine, &self.socket, write, now);
            }
            // On the connection's task only.
            if input.is_some() {
                moved |= self.run_tunnels(core, now, &mut budget);
            }
            if !moved {
                break;
            }
        }
    }

    fn apply_verbosity(&self, core: &mut Core) {
        let verbosity = self.shared.verbosity();
        if core.verbosity != verbosity
            && let Some(engine) = &mut core.engine
        {
            engine.set_verbosity(verbosity);
            core.verbosity = verbosity;
        }
    }

    fn run_queued(self: &Arc<Self>, core: &mut Core, now: Instant) -> bool {
        if core.engine.is_none() {
            return false;
        }
        let consumed = std::mem::take(&mut self.queue.lock().consumed);
        let mut moved = !consumed.is_empty();
        if let Some(engine) = &mut core.engine {
            for (channel, len) in consumed {
                engine.consumed(now, channel, len);
            }
        }
        loop {
            let Some(command) = self.queue.lock().commands.pop_front() else {
                return moved;
            };
            self.run(core, command, now);
            moved = true;
        }
    }

    fn feed(&self, core: &mut Core, input: &mut BytesMut, eof: bool, now: Instant) -> bool {
        let Some(engine) = &mut core.engine else {
            return false;
        };
        if engine.is_ended() || self.shared.handler.gate().is_closed() {
            return false;
        }
        let before = input.len();
        if before > 0 && engine.wants_input() {
            engine.handle_input(now, input);
        }
        let moved = input.len() != before;
        // What came before the end counts: the end is told when nothing of it is left to use.
        if eof && !moved && engine.wants_input() {
            engine.handle_eof(now);
            return true;
        }
        moved
    }

    fn run(self: &Arc<Self>, core: &mut Core, command: Command, now: Instant) {
        if let Command::Tunnel(command) = command {
            return self.run_tunnel_command(core, command, now);
        }
        let ticket = command.ticket();
        let disconnect = matches!(command, Command::Disconnect { .. });
        if matches!(command, Command::JobPanicked) {
            core.engine = None;
            core.end = Some(ConnectionEnd::Panicked);
        }
        if disconnect {
            core.closing.extend(ticket);
        }
        let sends_on = command
            .sends_on()
            .and_then(|local| core.channels.get(&local))
            .and_then(|id| self.shared.channel(*id));
        let quiet = matches!(command, Command::Answer(..) | Command::Complete(_));
        let Some(engine) = &mut core.engine else {
            return self.report_unrun(&command);
        };
        match command.run(now, engine) {
            Ok(opening) => {
                if let (Some(ticket), Some(entry)) = (ticket, sends_on) {
                    entry.publish(None, engine.ready_to_send(entry.local));
                    core.sending.push((ticket, entry));
                }
                if let (Some(ticket), Some(local)) = (ticket, opening) {
                    core.opening.push((ticket, local));
                }
            }
            // A question is void when its connection has ended meanwhile.
            Err(_) if quiet => {}
            Err(misuse) => {
                if let Some(ticket) = ticket {
                    let result = Err(OpError::Misuse(misuse));
                    self.shared.tell(ServerEvent::Done { ticket, result });
                }
            }
        }
    }

    /// The end of a command that nobody runs any more.
    fn report_unrun(&self, command: &Command) {
        let Some(ticket) = command.ticket() else {
            return;
        };
        let result = if matches!(command, Command::Disconnect { .. }) {
            Ok(None)
        } else {
            Err(OpError::Outcome(Outcome::ConnectionEnded))
        };
        self.shared.tell(ServerEvent::Done { ticket, result });
    }

    /// Writes what is left; `false` when the socket takes no more now.
    pub(super) fn flush(self: &Arc<Self>) -> bool {
        let mut core = self.core.lock();
        self.guarded(&mut core, |handle, core| {
            if let Some(engine) = &mut core.engine {
                core.transmit.run(engine, &handle.socket, true, Instant::now());
            }
        });
        core.engine.is_none() || !core.transmit.is_pending()
    }

    /// Takes the connection out of the tables and tells so. The task is over.
    pub(super) fn retire(&self, end: Option<ConnectionEnd>) {
        let (end, channels, closing) = {
            let mut core = self.core.lock();
            self.end_tunnels(&mut core);
            core.engine = None;
            core.job = None;
            core.sending.clear();
            let end = match (core.end.take(), end) {
                // The socket knows better why the client is gone.
                (Some(ConnectionEnd::Engine(Error::Closed(Closed::PeerGone))), Some(end)) => end,
                (Some(end), _) | (None, Some(end)) => end,
                (None, None) => ConnectionEnd::Panicked,
            };
            let channels = std::mem::take(&mut core.channels);
            (end, channels, std::mem::take(&mut core.closing))
        };
        // Empty unless something panicked: the engine closes its channels when it ends.
        for channel in channels.into_values() {
            self.channel_gone(channel);
        }
        let unrun = {
            let mut queue = self.queue.lock();
            queue.closed = true;
            std::mem::take(&mut queue.commands)
        };
        self.shared.remove_connection(self.id);
        if matches!(end, ConnectionEnd::Panicked) && self.shared.wants(EventKind::Error) {
            self.shared.tell(ServerEvent::Error { connection: self.id, error: OpError::Panicked });
        }
        if self.shared.wants(EventKind::Disconnected) {
            self.shared.tell(ServerEvent::Disconnected { connection: self.id, end });
        }
        for command in &unrun {
            self.report_unrun(command);
        }
        for ticket in closing {
            let result = Ok(None);
            self.shared.tell(ServerEvent::Done { ticket, result });
        }
        self.shared.connection_over();
    }

    /// Takes an open channel out of the table.
    pub(super) fn channel_gone(&self, channel: u64) {
        if self.shared.remove_channel(channel) && self.shared.wants(EventKind::ChannelClosed) {
            self.shared.tell(ServerEvent::ChannelClosed { connection: self.id, channel });
        }
    }
}
