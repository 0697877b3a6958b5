//! The tunnels of one connection, and the moving of their data. All of them are served by the task of
//! their connection: a socket that is ready calls it, and it moves the data, so that a piece of data
//! costs no wake-up of its own in either direction.

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

/// What is read from a socket at a time.
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
    /// Those to read from, in turn.
    pub(super) ready: VecDeque<ChannelId>,
    /// Those with something to write.
    pub(super) dirty: Vec<ChannelId>,
    /// Listeners that somebody may have connected to.
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

    /// Whether the connection's task has something to do for them.
    pub(in crate::driver) fn has_work(&self) -> bool {
        !self.ready.is_empty() || !self.dirty.is_empty() || !self.knocked.is_empty()
    }

    /// Data of the client, if the channel is a tunnel; else the data is given back.
    pub(in crate::driver) fn deliver(
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

    /// Takes note of a socket that is ready.
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

impl Tunnels {
    /// Moves what can be moved; `true` if anything did.
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
        // What is sealed already comes first.
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

    /// Nothing more is to be moved: the socket is closed at once, the channel when the client says so.
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
        // It fails when the channel is closing anyway.
        let _ = engine.queue(now, channel, Queued::Close, NOBODY);
    }
}

/// Tells the program of the end of a tunnel that it knows.
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
