//! The sends of the program. They run on the caller's thread when no other thread has the machine: data is
//! sealed straight from the caller's memory, and only the part that does not fit the flow control window or
//! the stream yet is copied, for the connection's task to send.

use std::time::Instant;

use bytes::Bytes;

use super::ConnectionHandle;
use super::command::Command;
use super::keeper::By;
use super::link::Link;
use super::machine::Machine;
use crate::blocks;
use crate::driver::clock;
use crate::engine::{Call, ChannelId, Order, Outcome, Queued, SendMode, Ticket};

/// A send of at least this length is written at once, not coalesced with those that follow it.
const LARGE_SEND_LEN: usize = 16 * 1024;
/// A larger send is sealed by the connection's task, not on the caller's thread.
const MAX_INLINE_LEN: usize = 512 * 1024;
/// Queued commands that a send runs before itself; if there are more, the send is queued for the task.
const FEW_COMMANDS: usize = 64;

impl ConnectionHandle {
    /// Sends on a channel; `true` when all data was handed to the transport already, else a
    /// [`crate::driver::ServerEvent::Done`] with this ticket reports the end.
    pub fn send(
        &self,
        channel: ChannelId,
        data_type: Option<u32>,
        data: &[u8],
        ticket: Ticket,
    ) -> bool {
        self.send_by(self.link.send_mode(), channel, data_type, data, ticket)
    }

    /// As [`Self::send`], for a stream: has no timeout, however long the client takes nothing.
    pub fn write(
        &self,
        channel: ChannelId,
        data_type: Option<u32>,
        data: &[u8],
        ticket: Ticket,
    ) -> bool {
        self.send_by(SendMode::Wait(None), channel, data_type, data, ticket)
    }

    fn send_by(
        &self,
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
        let done = self.run_now(data.len(), ticket, |machine, cx, write, now| {
            machine.seal(cx, channel, &mut call, data, write, now);
            if call.sent > 0 && call.sent == data.len() {
                machine.all_sent(cx, channel, ticket);
            } else {
                machine.run(cx, rest(call), now);
            }
        });
        done.unwrap_or_else(|| {
            self.link.submit(rest(call));
            false
        })
    }

    /// Sends a packet that the program has built; returns as [`Self::send`] does.
    pub fn send_packet(
        &self,
        channel: ChannelId,
        number: u8,
        payload: Bytes,
        ticket: Ticket,
    ) -> bool {
        let len = payload.len();
        let packet = Queued::Packet { number, payload, mode: self.link.send_mode() };
        self.submit_now(Command::Queue(channel, packet, ticket), len, ticket)
    }

    /// Sends EOF on a channel; returns as [`Self::send`] does.
    pub fn send_eof(&self, channel: ChannelId, ticket: Ticket) -> bool {
        self.submit_now(Command::Queue(channel, Queued::Eof, ticket), 0, ticket)
    }

    fn submit_now(&self, command: Command, len: usize, ticket: Ticket) -> bool {
        let mut command = Some(command);
        let done = self.run_now(len, ticket, |machine, cx, _, now| {
            if let Some(command) = command.take() {
                machine.run(cx, command, now);
            }
        });
        if let Some(command) = command {
            self.link.submit(command);
        }
        done.unwrap_or(false)
    }

    /// Runs a send on this thread, behind the commands that are queued; returns whether it is complete.
    /// `None` when another thread has the lock, or when the task should run the send.
    ///
    /// In a turn of the program small sends are only sealed, and written together at its end. Between two
    /// turns the first send is written at once, and the task writes the next ones: a program that sends
    /// many small pieces does not pay for a system call each.
    fn run_now(
        &self,
        len: usize,
        ticket: Ticket,
        send: impl FnOnce(&mut Machine, &Link, bool, Instant),
    ) -> Option<bool> {
        if len > MAX_INLINE_LEN {
            return None;
        }
        let cx = &self.link;
        let mut machine = self.machine.try_lock()?;
        if !machine.stage.is_live() || cx.command_count() > FEW_COMMANDS {
            return None;
        }
        let turn = &cx.shared.turn;
        let number = turn.number();
        let first = !turn.is_open() && machine.last_turn.replace(number) != Some(number);
        let write = first || len >= LARGE_SEND_LEN;
        // The end of at most a megabyte a turn is returned at once: a program that only awaits its sends
        // has to get back to its event loop now and then.
        if turn.allows(len) {
            machine.tickets.watch(ticket);
        }
        machine.guarded(cx, |machine| {
            let now = clock::now();
            machine.run_queued(cx, now);
            send(machine, cx, write, now);
            machine.advance(cx, By::Program, write, now);
            if machine.spend(now) {
                machine.leave_program(cx);
            }
        });
        let complete = machine.tickets.unwatch();
        if machine.may_read_on() {
            machine.serve(cx, By::Program);
        }
        let after = machine.after();
        drop(machine);
        self.see_to(after);
        Some(complete)
    }
}

impl Machine {
    /// Seals the data of a call straight from the caller's memory, as far as windows and buffers have room
    /// now; with `write` it is written, too.
    fn seal(
        &mut self,
        cx: &Link,
        channel: ChannelId,
        call: &mut Call,
        data: &[u8],
        write: bool,
        now: Instant,
    ) {
        let Some(engine) = self.stage.engine_mut() else {
            return;
        };
        self.outbound.begin_turn();
        self.outbound.run_with(engine, &*cx.stream, write, |engine, out| {
            let rest = data.get(call.sent..).unwrap_or_default();
            let sent = engine.send(now, channel, Order::Call(*call), rest, out).len;
            call.sent = call.sent.saturating_add(sent);
            sent > 0
        });
    }

    /// Reports a send whose data was all handed to the transport at once.
    fn all_sent(&mut self, cx: &Link, channel: ChannelId, ticket: Ticket) {
        if let Some(counters) = self.channels.counters(channel) {
            let counters = std::sync::Arc::clone(counters);
            self.tickets.is_sending(ticket, channel, counters);
        }
        self.done(cx, ticket, Outcome::Complete);
    }
}
