//! One connection as other threads see it. Whoever holds the lock of the engine drives it: runs the
//! commands that wait, hands its events over and writes what it has sealed. Usually that is the
//! connection's task; a small send does it on the caller's thread, without waiting for anybody.

use std::collections::{HashMap, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use parking_lot::{Mutex, MutexGuard};
use tokio::net::TcpStream;
use tokio::runtime::Handle;
use tokio::sync::Notify;

use super::command::{Command, OpError};
use super::handler::{ConnectionEnd, ServerEvent};
use super::shared::{ChannelEntry, Shared};
use super::transmit::Transmit;
use super::tunnel::{TURN_LEN, Tunnels, Woken};
use crate::engine::{ChannelId, Connection, Job, SendMode, Ticket, Verbosity};
use crate::error::DisconnectReason;

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
    id: u64,
    peer: SocketAddr,
    local: SocketAddr,
    timeout: AtomicU32,
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
    pub(super) commands: VecDeque<Command>,
    /// What the program has used of each channel's data since the engine last heard of it.
    consumed: Vec<(ChannelId, usize)>,
    /// Sockets of tunnels that are ready.
    pub(super) woken: Vec<Woken>,
    /// The task is over: nobody would run a command.
    pub(super) closed: bool,
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
    pub(super) closing: Vec<Ticket>,
    /// Other commands that are not done.
    pub(super) waiting: Vec<Ticket>,
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

    /// Changes [`Self::timeout`] for further sends.
    pub fn set_timeout(&self, seconds: u32) {
        self.timeout.store(seconds, Ordering::Relaxed);
    }

    /// The client's identification string, once it has come. Waits at most a moment for the engine.
    pub fn client_version(&self) -> Option<String> {
        self.look(|engine| engine.client_version().map(str::to_owned))?
    }

    /// Whether strict key exchange was negotiated. Waits at most a moment for the engine.
    pub fn strict_kex(&self) -> Option<bool> {
        self.look(Connection::strict_kex)
    }

    /// Looks at the engine if nobody else has it.
    pub(super) fn look_now(&self, read: impl FnOnce(&Connection)) {
        if let Some(engine) = self.core.try_lock().as_ref().and_then(|core| core.engine.as_ref()) {
            read(engine);
        }
    }

    fn look<T>(&self, read: impl FnOnce(&Connection) -> T) -> Option<T> {
        // One turn of `drive` seals and writes 256 KiB at most, so the lock is free within
        // milliseconds; a program that reads a setting gets its value rather than none.
        let core = self.core.try_lock_for(Duration::from_millis(100))?;
        core.engine.as_ref().map(read)
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

    fn send_mode(&self) -> SendMode {
        match self.timeout() {
            0 => SendMode::NoWait,
            seconds => SendMode::Wait(Some(Duration::from_secs(u64::from(seconds)))),
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
                let Some(ticket) = ticket.filter(|_| !disconnect) else {
                    return;
                };
                if let Some(entry) = sends_on {
                    entry.publish(None, engine.ready_to_send(entry.local));
                    core.sending.push((ticket, entry));
                } else if let Some(local) = opening {
                    core.opening.push((ticket, local));
                } else {
                    core.waiting.push(ticket);
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
}
