//! The sends of the program. They run on the caller's thread when nobody else has the engine: data is
//! sealed straight from the caller's memory, and only what the client or the socket does not take yet is
//! copied, for the connection's task to send.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;

use super::command::Command;
use super::drive::Core;
use super::handle::ConnectionHandle;
use crate::blocks;
use crate::engine::{Call, ChannelId, Order, Outcome, Queued, SendMode, Ticket};

/// A send as large as this is written at once, not together with what follows it.
const LARGE_SEND_LEN: usize = 16 * 1024;
/// Larger sends are sealed by the connection's task, not on the caller's thread.
const MAX_INLINE_LEN: usize = 512 * 1024;
/// Commands that a send runs before itself; with more it waits for the task.
const FEW_COMMANDS: usize = 64;

impl ConnectionHandle {
    /// Sends on a channel; `true` when everything was handed to the transport already, else a
    /// [`crate::driver::ServerEvent::Done`] will tell.
    pub fn send(
        self: &Arc<Self>,
        channel: ChannelId,
        data_type: Option<u32>,
        data: &[u8],
        ticket: Ticket,
    ) -> bool {
        self.send_by(self.send_mode(), channel, data_type, data, ticket)
    }

    /// As [`Self::send`], for a stream: waits for the client however long that takes.
    pub fn write(self: &Arc<Self>, channel: ChannelId, data: &[u8], ticket: Ticket) -> bool {
        self.send_by(SendMode::Wait(None), channel, None, data, ticket)
    }

    fn send_by(
        self: &Arc<Self>,
        mode: SendMode,
        channel: ChannelId,
        data_type: Option<u32>,
        data: &[u8],
        ticket: Ticket,
    ) -> bool {
        let mut call = Call { data_type, mode, sent: 0 };
        let rest = |call: Call| {
            let rest = blocks::copy(data.get(call.sent..).unwrap_or_default());
            Command::Queue(channel, Queued::Data(call, rest), ticket)
        };
        let done = self.run_now(data.len(), ticket, |handle, core, write, now| {
            handle.seal(core, channel, &mut call, data, write, now);
            if call.sent > 0 && call.sent == data.len() {
                handle.all_sent(core, channel, ticket);
            } else {
                handle.run(core, rest(call), now);
            }
        });
        done.unwrap_or_else(|| {
            self.submit(rest(call));
            false
        })
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
        let packet = Queued::Packet { number, payload, mode: self.send_mode() };
        self.submit_now(Command::Queue(channel, packet, ticket), len, ticket)
    }

    /// Ends the data of a channel; as [`Self::send`].
    pub fn send_eof(self: &Arc<Self>, channel: ChannelId, ticket: Ticket) -> bool {
        self.submit_now(Command::Queue(channel, Queued::Eof, ticket), 0, ticket)
    }

    fn submit_now(self: &Arc<Self>, command: Command, len: usize, ticket: Ticket) -> bool {
        let mut command = Some(command);
        let done = self.run_now(len, ticket, |handle, core, _, now| {
            if let Some(command) = command.take() {
                handle.run(core, command, now);
            }
        });
        if let Some(command) = command {
            self.submit(command);
        }
        done.unwrap_or(false)
    }

    /// Runs a send here and now, behind the commands that wait; whether it is done. `None` when somebody
    /// else has the engine, or should.
    ///
    /// In a turn of the program small pieces are sealed, and written together at its end. Between two
    /// turns the first one goes to the socket at once, and the task writes the next ones: a program
    /// that sends many small pieces does not pay for a system call each.
    fn run_now(
        self: &Arc<Self>,
        len: usize,
        ticket: Ticket,
        send: impl FnOnce(&Arc<Self>, &mut Core, bool, Instant),
    ) -> Option<bool> {
        if len > MAX_INLINE_LEN {
            return None;
        }
        let mut core = self.core.try_lock()?;
        let behind = self.queue.lock().commands.len();
        if core.engine.is_none() || core.end.is_some() || behind > FEW_COMMANDS {
            return None;
        }
        let turn = &self.shared.turn;
        let first = !turn.is_open() && core.last_turn.replace(turn.number()) != Some(turn.number());
        let write = first || len >= LARGE_SEND_LEN;
        // A program that only waits for its sends has to get back to its event loop now and then.
        core.watched = turn.allows(len).then_some((ticket, false));
        let now = Instant::now();
        self.guarded(&mut core, |handle, core| {
            handle.run_queued(core, now);
            send(handle, core, write, now);
            handle.drive(core, None, write, now);
        });
        if let Some(hosted) = &mut core.hosted {
            hosted.spend(now);
        }
        let complete = matches!(core.watched.take(), Some((_, true)));
        self.leave(core);
        Some(complete)
    }

    /// Seals the data of a call where it lies, and writes it if `write`, as far as nothing has to be waited for.
    fn seal(
        &self,
        core: &mut Core,
        channel: ChannelId,
        call: &mut Call,
        data: &[u8],
        write: bool,
        now: Instant,
    ) {
        let Some(engine) = &mut core.engine else {
            return;
        };
        core.transmit.begin_turn();
        core.transmit.run_with(engine, &self.socket, write, |engine, out| {
            let rest = data.get(call.sent..).unwrap_or_default();
            let sent = engine.send(now, channel, Order::Call(*call), rest, out).len;
            call.sent = call.sent.saturating_add(sent);
            sent > 0
        });
    }

    /// All data of a call has left at once.
    fn all_sent(&self, core: &mut Core, channel: ChannelId, ticket: Ticket) {
        let id = core.channels.get(&channel);
        if let Some(entry) = id.and_then(|id| self.shared.channel(*id)) {
            core.sending.push((ticket, entry));
        }
        self.done(core, ticket, Outcome::Complete);
    }
}
