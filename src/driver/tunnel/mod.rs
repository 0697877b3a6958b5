//! Tunnels: channels that lead to a socket of this machine and not to the program, which only decides
//! whether there is one. All of them are served by the task of their connection: a socket that is
//! ready calls it, and whoever holds the engine moves the data, so that a piece of data costs no
//! wake-up of its own in either direction.

mod forward;
mod lookup;
mod race;
mod reverse;
mod splice;
mod stream;

use std::cell::Cell;
use std::collections::{HashMap, VecDeque};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use tokio::sync::Semaphore;
use tokio::task::AbortHandle;

use self::forward::Forward;
use self::reverse::{Arriving, Bound, Listener, Reverse};
use self::splice::{Reading, Splice};
use self::stream::Stream;
use super::connection::command::OpError;
use super::connection::drive::Core;
use super::connection::handle::ConnectionHandle;
use super::handler::{EventKind, ServerEvent};
use crate::blocks::Gather;
use crate::engine::{
    Answer, ChannelId, Connection, Outcome, Place, QuestionId, Queued, Ticket, WriteBuffer,
};
use crate::limits::{
    MAX_TUNNEL_LOOKUPS_OF_CONNECTION, MAX_TUNNEL_REMAINDERS, MAX_TUNNEL_SPARE_ATTEMPTS,
    MAX_TUNNELS, TUNNEL_REMAINDER_TIME,
};

/// What is read from a socket at a time.
const READ_LEN: usize = 256 * 1024;

/// The tickets of commands that are the driver's own; those of the program stay below 2^53.
const OUR_TICKETS: u64 = 1 << 63;

/// The ticket of commands whose end nobody waits for.
const NOBODY: Ticket = Ticket(u64::MAX);

static NEXT_TICKET: AtomicU64 = AtomicU64::new(OUR_TICKETS);

fn next_ticket() -> Ticket {
    Ticket(NEXT_TICKET.fetch_add(1, Ordering::Relaxed))
}

/// Whether a command was the driver's own.
pub(super) fn is_ours(ticket: Ticket) -> bool {
    ticket.0 >= OUR_TICKETS
}

thread_local! {
    static SCRATCH: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// Whose socket is ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Woken {
    Tunnel(ChannelId),
    /// By its number.
    Listener(u64),
}

/// What a channel that the client wants to open is.
#[derive(Debug)]
pub(super) enum Asking {
    /// A tunnel, about which the program was asked.
    Tunnel,
    /// A tunnel, but there are too many.
    Refused(Answer),
    /// Not a tunnel, or nobody wants to be asked about those.
    Channel,
}

/// What the connection's task is told of tunnels.
#[derive(Debug)]
pub(super) enum TunnelCommand {
    /// The program's answer.
    Answer { question: QuestionId, port: Option<u16> },
    /// The target of a forward tunnel is connected, or not.
    Connected { question: QuestionId, result: Result<Stream, TunnelFailure> },
    /// A reverse tunnel listens, or not.
    Bound { question: QuestionId, result: Result<Bound, TunnelFailure> },
}

/// Why there is no tunnel.
#[derive(Debug)]
pub enum TunnelFailure {
    /// The name has no address.
    HostNotFound,
    /// The operating system refused, or it took too long.
    Io(io::Error),
    /// The client did not take a connection to its reverse tunnel.
    Refused(Outcome),
}

impl From<io::Error> for TunnelFailure {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// The tunnels of one connection.
#[derive(Debug)]
pub(super) struct Tunnels {
    asked: HashMap<QuestionId, Asked>,
    connecting: HashMap<QuestionId, (Forward, Task)>,
    binding: HashMap<QuestionId, (Reverse, Task)>,
    arriving: HashMap<ChannelId, Arriving>,
    open: HashMap<ChannelId, Open>,
    listeners: Vec<Listener>,
    /// Those to read from, in turn.
    ready: VecDeque<ChannelId>,
    /// Those with something to write.
    dirty: Vec<ChannelId>,
    /// Listeners that somebody may have connected to.
    knocked: Vec<u64>,
    lookups: Arc<Semaphore>,
    attempts: Arc<Semaphore>,
    remainders: Arc<Semaphore>,
}

/// What the program was asked.
#[derive(Debug)]
enum Asked {
    Forward(Forward),
    Reverse(Reverse),
}

/// Ends with what it is done for.
#[derive(Debug)]
struct Task(AbortHandle);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// A tunnel from the opening of its channel to its close.
#[derive(Debug)]
struct Open {
    /// `None` once both ends have nothing to say to each other any more.
    splice: Option<Box<Splice>>,
    place: Place,
    /// What the program knows it by; not those of a reverse tunnel, which it knows as one.
    number: Option<u64>,
}

impl Default for Tunnels {
    fn default() -> Self {
        Self {
            asked: HashMap::new(),
            connecting: HashMap::new(),
            binding: HashMap::new(),
            arriving: HashMap::new(),
            open: HashMap::new(),
            listeners: Vec::new(),
            ready: VecDeque::new(),
            dirty: Vec::new(),
            knocked: Vec::new(),
            lookups: Arc::new(Semaphore::new(MAX_TUNNEL_LOOKUPS_OF_CONNECTION)),
            attempts: Arc::new(Semaphore::new(MAX_TUNNEL_SPARE_ATTEMPTS)),
            remainders: Arc::new(Semaphore::new(MAX_TUNNEL_REMAINDERS)),
        }
    }
}

impl Tunnels {
    fn is_full(&self) -> bool {
        let parts = [self.asked.len(), self.connecting.len(), self.arriving.len(), self.open.len()];
        parts.into_iter().sum::<usize>() >= MAX_TUNNELS
    }

    /// Whether the connection's task has something to do for them.
    pub(super) fn has_work(&self) -> bool {
        !self.ready.is_empty() || !self.dirty.is_empty() || !self.knocked.is_empty()
    }

    /// Data of the client, if the channel is a tunnel; else the data is given back.
    pub(super) fn deliver(
        &mut self,
        channel: ChannelId,
        data_type: Option<u32>,
        data: Gather,
    ) -> Result<(), Gather> {
        // There is no stderr in a tunnel: what claims to be is dropped.
        match self.open.get_mut(&channel).and_then(|open| open.splice.as_mut()) {
            Some(splice) if data_type.is_none() => {
                splice.deliver(data);
                if !std::mem::replace(&mut splice.is_dirty, true) {
                    self.dirty.push(channel);
                }
                Ok(())
            }
            Some(_) | None => Err(data),
        }
    }

    fn splice_mut(&mut self, channel: ChannelId) -> Option<&mut Splice> {
        self.open.get_mut(&channel)?.splice.as_deref_mut()
    }

    fn mark_dirty(&mut self, channel: ChannelId) {
        if let Some(splice) = self.splice_mut(channel)
            && !std::mem::replace(&mut splice.is_dirty, true)
        {
            self.dirty.push(channel);
        }
    }

    /// Takes note of a socket that is ready.
    fn take_woken(&mut self, which: Woken) {
        match which {
            Woken::Listener(number) => self.knocked.push(number),
            Woken::Tunnel(channel) => {
                let Some(splice) = self.splice_mut(channel) else {
                    return;
                };
                let (reads, writes) = splice.woken();
                if reads {
                    self.ready.push_back(channel);
                }
                if writes {
                    self.mark_dirty(channel);
                }
            }
        }
    }

    /// Writes what waits; the tunnels that have come to an end, with the reason if it is none.
    fn write(&mut self, engine: &mut Connection, ended: &mut Ended) -> bool {
        let mut moved = false;
        let mut dirty = std::mem::take(&mut self.dirty);
        for channel in dirty.drain(..) {
            let Some(splice) = self.splice_mut(channel) else {
                continue;
            };
            splice.is_dirty = false;
            match splice.write() {
                Ok(taken) => {
                    if taken > 0 {
                        engine.consumed(channel, taken);
                        moved = true;
                    }
                    if splice.has_ended() {
                        ended.push((channel, None));
                    }
                }
                Err(error) => ended.push((channel, Some(error))),
            }
        }
        // Its memory serves again.
        self.dirty = dirty;
        moved
    }

    /// Reads as long as the transport takes it.
    fn read(
        &mut self,
        now: Instant,
        engine: &mut Connection,
        out: &mut WriteBuffer,
        budget: &mut usize,
        ended: &mut Ended,
    ) -> bool {
        let mut scratch = SCRATCH.take();
        if scratch.is_empty() {
            scratch.resize(READ_LEN, 0);
        }
        let mut moved = false;
        while *budget > 0
            && let Some(channel) = self.ready.pop_front()
        {
            let Some(splice) = self.splice_mut(channel) else {
                continue;
            };
            match splice.read(now, engine, channel, out, &mut scratch) {
                Ok((reading, len)) => {
                    moved |= len > 0 || reading == Reading::Ended;
                    *budget = budget.saturating_sub(len);
                    match reading {
                        Reading::Ended if splice.has_ended() => ended.push((channel, None)),
                        Reading::Again => self.ready.push_back(channel),
                        Reading::Stalled => {
                            self.ready.push_front(channel);
                            break;
                        }
                        Reading::Waits | Reading::Ended => {}
                    }
                }
                Err(error) => ended.push((channel, Some(error))),
            }
        }
        SCRATCH.set(scratch);
        moved
    }
}

/// Tunnels that have nothing more to move, and what broke them.
type Ended = Vec<(ChannelId, Option<io::Error>)>;

impl ConnectionHandle {
    /// A socket of a tunnel is ready.
    pub(super) fn tunnel_woken(&self, which: Woken) {
        self.queue.lock().woken.push(which);
        self.notify.notify_one();
    }

    /// Moves what can be moved; `true` if anything did.
    pub(super) fn run_tunnels(
        self: &Arc<Self>,
        core: &mut Core,
        now: Instant,
        budget: &mut usize,
    ) -> bool {
        let Core { engine: Some(engine), tunnels: Some(tunnels), transmit, .. } = core else {
            return false;
        };
        self.queue.lock().woken.drain(..).for_each(|which| tunnels.take_woken(which));
        if !tunnels.has_work() || engine.is_ended() {
            return false;
        }
        let mut ended = Vec::new();
        let mut moved = tunnels.write(engine, &mut ended);
        // What is sealed already comes first.
        if !transmit.is_pending() && !tunnels.ready.is_empty() {
            moved |= tunnels.read(now, engine, transmit.buffer(), budget, &mut ended);
        }
        if *budget == 0 && !tunnels.ready.is_empty() {
            self.notify.notify_one();
        }
        moved |= !ended.is_empty();
        for (channel, error) in ended {
            self.tunnel_ended(core, channel, error, now);
        }
        moved |= self.accept_connections(core, now);
        moved
    }

    /// Nothing more is to be moved: the socket is closed at once, the channel when the client says so.
    fn tunnel_ended(
        &self,
        core: &mut Core,
        channel: ChannelId,
        error: Option<io::Error>,
        now: Instant,
    ) {
        let open = core.tunnels.as_mut().and_then(|tunnels| tunnels.open.get_mut(&channel));
        let Some(open) = open else {
            return;
        };
        open.splice = None;
        if let Some(error) = error {
            let (place, cause) = (open.place.clone(), TunnelFailure::Io(error));
            self.tell_error(OpError::TunnelBroken { place, cause });
        }
        if let Some(engine) = &mut core.engine {
            // It fails when the channel is closing anyway.
            let _ = engine.queue(now, channel, Queued::Close, NOBODY);
        }
    }

    fn tell_error(&self, error: OpError) {
        if self.shared.wants(EventKind::Error) {
            self.tell(ServerEvent::Error { connection: self.id(), error });
        }
    }

    /// What the task is told of tunnels.
    pub(super) fn run_tunnel_command(
        self: &Arc<Self>,
        core: &mut Core,
        command: TunnelCommand,
        now: Instant,
    ) {
        if core.engine.as_ref().is_none_or(Connection::is_ended) {
            return;
        }
        let Some(tunnels) = &mut core.tunnels else {
            return;
        };
        match command {
            TunnelCommand::Answer { question, port } => match tunnels.asked.remove(&question) {
                Some(Asked::Forward(forward)) => {
                    self.forward_answered(core, question, forward, port, now);
                }
                Some(Asked::Reverse(reverse)) => {
                    self.reverse_answered(core, question, reverse, port, now);
                }
                None => {}
            },
            TunnelCommand::Connected { question, result } => {
                if let Some((forward, _)) = tunnels.connecting.remove(&question) {
                    self.forward_connected(core, question, forward, result, now);
                }
            }
            TunnelCommand::Bound { question, result } => {
                if let Some((reverse, _)) = tunnels.binding.remove(&question) {
                    self.reverse_bound(core, question, reverse, result, now);
                }
            }
        }
    }

    /// A channel is open; `true` if it is a tunnel.
    pub(super) fn tunnel_opened(self: &Arc<Self>, core: &mut Core, channel: ChannelId) -> bool {
        let Some(tunnels) = &mut core.tunnels else {
            return false;
        };
        if let Some(arrived) = tunnels.arriving.remove(&channel) {
            let open = arrived.open(self, channel);
            tunnels.open.insert(channel, open);
            tunnels.knock_all();
        }
        tunnels.open.contains_key(&channel)
    }

    /// There is room to send on a channel; `true` if it is a tunnel.
    pub(super) fn tunnel_ready(&self, core: &mut Core, channel: ChannelId) -> bool {
        let Some(tunnels) = &mut core.tunnels else {
            return false;
        };
        if tunnels.splice_mut(channel).is_some_and(Splice::window_opened) {
            tunnels.ready.push_back(channel);
        }
        tunnels.open.contains_key(&channel)
    }

    /// The client sends no more on a channel; `true` if it is a tunnel.
    pub(super) fn tunnel_eof(&self, core: &mut Core, channel: ChannelId) -> bool {
        let Some(tunnels) = &mut core.tunnels else {
            return false;
        };
        if let Some(splice) = tunnels.splice_mut(channel) {
            splice.end_sink();
        }
        tunnels.mark_dirty(channel);
        tunnels.open.contains_key(&channel)
    }

    /// A channel is closed; `true` if it is a tunnel.
    pub(super) fn tunnel_closed(&self, core: &mut Core, channel: ChannelId) -> bool {
        let Some(tunnels) = &mut core.tunnels else {
            return false;
        };
        let Some(open) = tunnels.open.remove(&channel) else {
            return false;
        };
        if let Some(mut splice) = open.splice {
            // An error here is one of a tunnel that is over.
            let _ = splice.write();
            if let Some((stream, rest)) = splice.into_rest() {
                self.drain(tunnels, stream, rest);
            }
        }
        self.tell_closed(open.number, &open.place);
        true
    }

    fn tell_closed(&self, number: Option<u64>, place: &Place) {
        if let Some(tunnel) = number
            && self.shared.wants(EventKind::TunnelClosed)
        {
            self.tell(ServerEvent::TunnelClosed {
                connection: self.id(),
                tunnel,
                address: place.address().to_owned(),
                port: place.port(),
            });
        }
    }

    /// The client has sent this and closed the channel: its target is to have it all the same.
    fn drain(&self, tunnels: &Tunnels, stream: Stream, rest: bytes::Bytes) {
        let Ok(permit) = Arc::clone(&tunnels.remainders).try_acquire_owned() else {
            return;
        };
        let mut halt = self.shared.halt.subscribe();
        self.runtime.spawn(async move {
            tokio::select! {
                // Whether it arrived or not: nobody is left to tell.
                _ = tokio::time::timeout(TUNNEL_REMAINDER_TIME, stream.drain(&rest)) => {}
                _ = halt.changed() => {}
            }
            drop(permit);
        });
    }

    /// A command of the driver's own has come to its end.
    pub(super) fn tunnel_done(&self, core: &mut Core, ticket: Ticket, outcome: Outcome) {
        if matches!(outcome, Outcome::Complete | Outcome::Opened(_)) {
            return;
        }
        if let Some(tunnels) = &mut core.tunnels
            && let Some(place) = tunnels.forget_arriving(ticket)
        {
            tunnels.knock_all();
            if !matches!(outcome, Outcome::ConnectionEnded) {
                let cause = TunnelFailure::Refused(outcome);
                self.tell_error(OpError::TunnelFailed { place, cause });
            }
        }
    }

    /// The connection is over, and its tunnels with it.
    pub(super) fn end_tunnels(&self, core: &mut Core) {
        let Some(tunnels) = core.tunnels.take() else {
            return;
        };
        // Empty unless something panicked: the engine closes its channels when it ends.
        for open in tunnels.open.into_values() {
            drop(open.splice);
            self.tell_closed(open.number, &open.place);
        }
        for listener in tunnels.listeners {
            let (number, place) = listener.close();
            self.tell_closed(Some(number), &place);
        }
    }
}
