//! The services of one connection. The connection's task runs all of them, as it does with tunnels.

use std::collections::{HashMap, VecDeque};
use std::time::Instant;

use bytes::Bytes;

use super::sftp::{Progress, Service};
use crate::driver::connection::link::Link;
use crate::driver::io::transmit::Transmit;
use crate::driver::tunnel::NOBODY;
use crate::engine::{ChannelId, Connection, Queued, SendMode};
use crate::wire::Writer;
use crate::wire::messages::SSH_MSG_CHANNEL_REQUEST;

/// The services of one connection.
#[derive(Debug, Default)]
pub(in crate::driver) struct Services {
    pub(super) open: HashMap<ChannelId, Box<Service>>,
    /// Those with something to do, round-robin.
    listed: VecDeque<ChannelId>,
}

impl Services {
    /// Whether any has something to do.
    pub(in crate::driver) fn has_work(&self) -> bool {
        !self.listed.is_empty()
    }

    /// A service has something to do.
    pub(super) fn list(&mut self, channel: ChannelId) {
        if let Some(service) = self.open.get_mut(&channel)
            && !std::mem::replace(&mut service.is_listed, true)
        {
            self.listed.push_back(channel);
        }
    }

    /// Lets each service that has something to do have its turn; `true` if anything moved.
    pub(in crate::driver) fn run(
        &mut self,
        cx: &Link,
        engine: &mut Connection,
        outbound: &mut Transmit,
        now: Instant,
        budget: &mut usize,
    ) -> bool {
        // Bytes that are sealed already are written first.
        if self.listed.is_empty() || outbound.is_pending() || engine.is_ended() {
            return false;
        }
        let before = outbound.buffer().len();
        let mut moved = false;
        for _ in 0..self.listed.len() {
            let Some(channel) = self.listed.pop_front() else {
                break;
            };
            let Some(service) = self.open.get_mut(&channel) else {
                continue;
            };
            service.is_listed = false;
            match service.run(cx, engine, outbound.buffer(), now, budget) {
                Progress::Waits => {}
                Progress::Again => {
                    self.list(channel);
                    cx.wake_task();
                    break;
                }
                Progress::Stalled => {
                    service.is_listed = true;
                    self.listed.push_front(channel);
                    break;
                }
                Progress::Over(status) => {
                    moved = true;
                    self.finish(cx, engine, channel, status, now);
                }
            }
        }
        moved | (outbound.buffer().len() > before)
    }

    /// Ends the session as the end of a program is told: exit-status (RFC 4254 section 6.10), EOF, CLOSE.
    fn finish(
        &mut self,
        cx: &Link,
        engine: &mut Connection,
        channel: ChannelId,
        status: u32,
        now: Instant,
    ) {
        if let Some(service) = self.open.remove(&channel) {
            service.close(cx);
        }
        let mut payload = Vec::new();
        Writer::new(&mut payload).string("exit-status").boolean(false).u32(status);
        let exit = Queued::Packet {
            number: SSH_MSG_CHANNEL_REQUEST,
            payload: Bytes::from(payload),
            mode: SendMode::Wait(None),
        };
        for what in [exit, Queued::Eof, Queued::Close] {
            // This fails if the channel is closing anyway.
            let _ = engine.queue(now, channel, what, NOBODY);
        }
    }
}
