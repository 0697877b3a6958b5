//! The tunnels of one connection, and the moving of their data. The task of the connection serves all of
//! them: a socket that is ready wakes it, and it moves the data itself, so that a piece of data costs no
//! further wake-up in either direction.

use std::cell::Cell;
use std::collections::{HashMap, VecDeque};
use std::io;
use std::sync::Arc;
use std::time::Instant;

use tokio::sync::Semaphore;

use super::alarm::TunnelSign;
use super::parts::{Arriving, Asked, Forward, Listener, Open, Reverse, Work};
use super::splice::{Reading, Splice};
use super::tickets::NOBODY;
use crate::blocks::Gather;
use crate::driver::connection::link::Link;
use crate::driver::handler::{EventKind, ServerEvent};
use crate::driver::io::transmit::Transmit;
use crate::driver::op_error::{OpError, TunnelFailure};
use crate::engine::{ChannelId, Connection, Place, QuestionId, Queued, WriteBuffer};
use crate::limits::{
    MAX_TUNNEL_LOOKUPS_OF_CONNECTION, MAX_TUNNEL_REMAINDERS, MAX_TUNNEL_SPARE_ATTEMPTS, MAX_TUNNELS,
};

/// Bytes that are read from a socket at a time.
const READ_LEN: usize = 256 * 1024;

thread_local! {
    static SCRATCH: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// The tunnels of one connection.
#[derive(Debug)]
pub(in crate::driver) struct Tunnels {
    pub(super) asked: HashMap<QuestionId, Asked>,
    pub(super) connecting: HashMap<QuestionId, (Forward, Work)>,
    pub(super) binding: HashMap<QuestionId, (Reverse, Work)>,
    pub(super) arriving: HashMap<ChannelId, Arriving>,
    pub(super) open: HashMap<ChannelId, Open>,
    pub(super) listeners: Vec<Listener>,
    /// Tunnels to read from, round-robin.
    pub(super) ready: VecDeque<ChannelId>,
    /// Tunnels with data to write.
    pub(super) dirty: Vec<ChannelId>,
    /// Listeners whose backlog may hold connections.
    pub(super) knocked: Vec<u64>,
    pub(super) lookups: Arc<Semaphore>,
    pub(super) attempts: Arc<Semaphore>,
    pub(super) remainders: Arc<Semaphore>,
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
    pub(super) fn is_full(&self) -> bool {
        let parts = [self.asked.len(), self.connecting.len(), self.arriving.len(), self.open.len()];
        parts.into_iter().sum::<usize>() >= MAX_TUNNELS
    }

    /// Whether the connection's task has tunnels to serve.
    pub(in crate::driver) fn has_work(&self) -> bool {
        !self.ready.is_empty() || !self.dirty.is_empty() || !self.knocked.is_empty()
    }

    /// Queues data of the client for a tunnel; gives the data back if the channel is none.
    pub(in crate::driver) fn deliver(
        &mut self,
        channel: ChannelId,
        data_type: Option<u32>,
        data: Gather,
    ) -> Result<(), Gather> {
        // A tunnel has no stderr: extended data is given back, and so dropped.
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

    pub(super) fn splice_mut(&mut self, channel: ChannelId) -> Option<&mut Splice> {
        self.open.get_mut(&channel)?.splice.as_deref_mut()
    }

    pub(super) fn mark_dirty(&mut self, channel: ChannelId) {
        if let Some(splice) = self.splice_mut(channel)
            && !std::mem::replace(&mut splice.is_dirty, true)
        {
            self.dirty.push(channel);
        }
    }

    /// Notes that a socket is ready.
    fn take_sign(&mut self, sign: TunnelSign) {
        match sign {
            TunnelSign::Listener(number) => self.knocked.push(number),
            TunnelSign::Channel(channel) => {
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

    /// Writes the queued data; adds tunnels that have ended, and the error of those that broke, to `ended`.
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
        // Keeps the capacity for the next time.
        self.dirty = dirty;
        moved
    }

    /// Reads from the sockets as long as the transport has room.
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

/// Tunnels with no more data to move, and the errors of those that broke.
type Ended = Vec<(ChannelId, Option<io::Error>)>;

impl Tunnels {
    /// Moves the data that can be moved; `true` if there was any.
    pub(in crate::driver) fn run(
        &mut self,
        cx: &Link,
        engine: &mut Connection,
        outbound: &mut Transmit,
        now: Instant,
        budget: &mut usize,
    ) -> bool {
        cx.take_tunnel_signs(|sign| self.take_sign(sign));
        if !self.has_work() || engine.is_ended() {
            return false;
        }
        let mut ended = Vec::new();
        let mut moved = self.write(engine, &mut ended);
        // Bytes that are sealed already are written first.
        if !outbound.is_pending() && !self.ready.is_empty() {
            moved |= self.read(now, engine, outbound.buffer(), budget, &mut ended);
        }
        if *budget == 0 && !self.ready.is_empty() {
            cx.wake_task();
        }
        moved |= !ended.is_empty();
        for (channel, error) in ended {
            self.close(cx, engine, channel, error, now);
        }
        moved |= self.accept_connections(cx, engine, now);
        moved
    }

    /// Closes a tunnel with no more data to move: its socket at once, its channel when the client has
    /// answered CLOSE.
    fn close(
        &mut self,
        cx: &Link,
        engine: &mut Connection,
        channel: ChannelId,
        error: Option<io::Error>,
        now: Instant,
    ) {
        let Some(open) = self.open.get_mut(&channel) else {
            return;
        };
        open.splice = None;
        if let Some(error) = error {
            let (place, cause) = (open.place.clone(), TunnelFailure::Io(error));
            cx.tell_error(OpError::TunnelBroken { place, cause });
        }
        // This fails if the channel is closing anyway.
        let _ = engine.queue(now, channel, Queued::Close, NOBODY);
    }
}

/// Reports the end of a tunnel that has a number to the program.
pub(super) fn tell_closed(cx: &Link, number: Option<u64>, place: &Place) {
    if let Some(tunnel) = number
        && cx.wants(EventKind::TunnelClosed)
    {
        cx.tell(ServerEvent::TunnelClosed {
            connection: cx.id,
            tunnel,
            address: place.address().to_owned(),
            port: place.port(),
        });
    }
}
