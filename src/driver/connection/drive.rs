//! Driving the engine of one connection: whoever holds its lock runs the commands that wait, feeds it,
//! hands its events over and writes what it has sealed. Usually that is the connection's task, which
//! alone has input; the program's thread does it at the end of a turn, and for its sends.

use std::net::Shutdown;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use bytes::BytesMut;
use parking_lot::MutexGuard;

use super::command::{Command, OpError};
use super::handle::{ConnectionHandle, Consumed};
use super::hosted::Hosted;
use super::unconsumed::Unconsumed;
use crate::driver::handler::{ConnectionEnd, ServerEvent};
use crate::driver::io::transmit::Transmit;
use crate::driver::shared::ChannelEntry;
use crate::driver::tunnel::Tunnels;
use crate::engine::{ChannelId, Connection, Job, Outcome, Ticket, Verbosity};
use crate::error::ApiMisuse;
use crate::limits::TUNNEL_READ_IN_TURN;
use crate::number_map::NumberMap;

/// What belongs to the engine, under its lock.
#[derive(Default)]
pub(in crate::driver) struct Core {
    /// `None` until the host key is chosen, and after a panic.
    pub(in crate::driver) engine: Option<Connection>,
    pub(in crate::driver) transmit: Transmit,
    /// Work that the task has to do or to have done.
    pub(in crate::driver) job: Option<Job>,
    pub(in crate::driver) end: Option<ConnectionEnd>,
    /// The numbers that the program knows the channels by.
    pub(in crate::driver) channels: NumberMap<ChannelId, u64>,
    /// Their data that the program has not used.
    pub(in crate::driver) unconsumed: Unconsumed,
    /// The channels that lead elsewhere.
    pub(in crate::driver) tunnels: Option<Box<Tunnels>>,
    /// Channels that we are opening.
    pub(in crate::driver) opening: Vec<(Ticket, ChannelId)>,
    /// Sends that are not done, for the counters of their channels.
    pub(in crate::driver) sending: Vec<(Ticket, Arc<ChannelEntry>)>,
    /// Disconnects to report as done when the connection is gone.
    pub(in crate::driver) closing: Vec<Ticket>,
    /// Other commands that are not done.
    pub(in crate::driver) waiting: Vec<Ticket>,
    /// The send that its caller waits for, and whether it is complete.
    pub(in crate::driver) watched: Option<(Ticket, bool)>,
    /// The turn in which a caller last wrote to the socket itself.
    pub(in crate::driver) last_turn: Option<u32>,
    /// There is input that the engine does not want yet.
    pub(in crate::driver) stalled: bool,
    /// There is input, and the program has too much of this connection to do already.
    pub(in crate::driver) gated: bool,
    /// There is input, and other connections have their turn first.
    pub(in crate::driver) turn_is_over: bool,
    /// The program was asked something since somebody last set this to `false`.
    pub(in crate::driver) asked: bool,
    /// The program's thread watches the socket; `None` when the task does.
    pub(in crate::driver) hosted: Option<Box<Hosted>>,
    /// What the task has set its timer to.
    pub(in crate::driver) armed: Option<Instant>,
    verbosity: Verbosity,
}

impl std::fmt::Debug for Core {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Core").finish_non_exhaustive()
    }
}

impl Core {
    /// Code of the connection has panicked: the engine is dropped, so that no broken state of it is
    /// ever used.
    fn broken(&mut self) {
        self.engine = None;
        self.job = None;
        self.end = Some(ConnectionEnd::Panicked);
    }

    /// Whether the engine needs the timer earlier than the task has set it.
    fn timer_is_late(&self) -> bool {
        let needed = self.engine.as_ref().and_then(Connection::poll_timeout);
        needed.is_some_and(|needed| self.armed.is_none_or(|armed| needed < armed))
    }
}

/// What the task has to wait for.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::driver) struct Step {
    /// There is input, and it has to wait.
    pub(in crate::driver) stalled: bool,
    /// There is input, and other connections have their turn first.
    pub(in crate::driver) turn_is_over: bool,
    pub(in crate::driver) blocked: bool,
    /// The socket takes nothing any more.
    pub(in crate::driver) broken: bool,
    pub(in crate::driver) deadline: Option<Instant>,
    pub(in crate::driver) ended: bool,
    /// The program's thread is to watch the socket no more.
    pub(in crate::driver) leaves: bool,
}

/// What was read of the socket, and whether that was the end.
pub(in crate::driver) struct Input<'b> {
    pub(in crate::driver) bytes: &'b mut BytesMut,
    pub(in crate::driver) eof: bool,
}

impl ConnectionHandle {
    /// The program's turn is over: does what it wants here and now if the task sleeps.
    pub(in crate::driver) fn settle(self: &Arc<Self>) {
        let commands_wait = {
            let mut queue = self.queue.lock();
            queue.touched = false;
            !queue.commands.is_empty()
        };
        // Without commands it is about consumed bytes and sealed packets: little, and done at once.
        if !commands_wait || self.is_hosted.load(Ordering::Relaxed) || self.sleeps.now() {
            self.drive_here(|handle, core| {
                // One question often leads to the next: its answer acknowledges, too.
                if !core.asked || !handle.shared.turn.visit(handle) {
                    handle.acknowledge_now(core);
                }
            });
        } else {
            self.notify.notify_one();
        }
    }

    /// Does what waits here and now, or has the task do it if the engine is in use.
    pub(in crate::driver) fn drive_now(self: &Arc<Self>) {
        self.drive_here(|_, _| {});
    }

    fn drive_here(self: &Arc<Self>, then: impl FnOnce(&Arc<Self>, &mut Core)) {
        let Some(mut core) = self.core.try_lock() else {
            return self.notify.notify_one();
        };
        if core.engine.is_none() || core.end.is_some() {
            drop(core);
            return self.notify.notify_one();
        }
        core.asked = false;
        self.guarded(&mut core, |handle, core| {
            handle.drive(core, None, true, Instant::now());
            then(handle, core);
        });
        self.leave(core);
    }

    /// Lets go of the engine; whatever the caller's thread may not do is left to the task.
    pub(in crate::driver) fn leave(self: &Arc<Self>, mut core: MutexGuard<'_, Core>) {
        let goes_on = |core: &Core| {
            let waits = core.stalled || (core.gated && core.hosted.is_some());
            waits && core.engine.as_ref().is_some_and(Connection::wants_input)
        };
        if goes_on(&core) && core.hosted.is_some() {
            self.guarded(&mut core, |handle, core| handle.take_in(core));
        }
        if core.end.is_some() && !core.transmit.is_pending() {
            return self.depart(core);
        }
        let reads_again = goes_on(&core);
        let broken = core.transmit.error.is_some();
        let to_do = broken
            || core.tunnels.as_ref().is_some_and(|tunnels| tunnels.has_work())
            || core.job.is_some()
            || core.end.is_some()
            || core.hosted.as_ref().is_some_and(|hosted| hosted.leaves())
            || core.timer_is_late()
            || reads_again;
        let unwritten = core.transmit.is_pending();
        let unsent = unwritten && core.transmit.is_untried();
        drop(core);
        if to_do || (unwritten && !(unsent && self.shared.turn.touch(self))) {
            self.notify.notify_one();
        }
    }

    /// The connection is over, and everything written: tells so here and now if this thread watches the
    /// socket, and leaves the rest to the task.
    fn depart(self: &Arc<Self>, mut core: MutexGuard<'_, Core>) {
        if let Some(hosted) = &mut core.hosted {
            let end = hosted.error.take().map(ConnectionEnd::Socket);
            drop(core);
            // The client is to know; where that fails it is gone.
            let _ = self.socket.raw().shutdown(Shutdown::Write);
            self.retire(end);
        }
        self.notify.notify_one();
    }

    /// Whether the task may read now that the socket has something; if not it is woken when it may.
    pub(in crate::driver) fn may_read(&self) -> bool {
        let mut core = self.core.lock();
        let may = core.engine.as_ref().is_some_and(Connection::wants_input);
        core.stalled = !may;
        may
    }

    /// Everything that can be done without waiting; for the task.
    pub(in crate::driver) fn step(
        self: &Arc<Self>,
        input: &mut BytesMut,
        eof: bool,
        stalled: bool,
    ) -> (Option<Job>, Step) {
        let mut guard = self.core.lock();
        let core = &mut *guard;
        self.guarded(core, |handle, core| {
            let now = Instant::now();
            handle.run_timeout(core, now);
            handle.drive(core, Some(Input { bytes: input, eof }), true, now);
        });
        let wants_input = core.engine.as_ref().is_some_and(Connection::wants_input);
        core.stalled = !wants_input && (stalled || eof || !input.is_empty());
        self.rested(core)
    }

    /// Does what is due.
    pub(in crate::driver) fn run_timeout(&self, core: &mut Core, now: Instant) {
        if let Some(engine) = &mut core.engine
            && engine.poll_timeout().is_some_and(|at| at <= now)
        {
            if self.is_overloaded() {
                engine.not_listening(now);
            }
            engine.handle_timeout(now);
        }
    }

    /// Before the task waits: gives back what is empty, and says what to wait for.
    pub(in crate::driver) fn rested(&self, core: &mut Core) -> (Option<Job>, Step) {
        let Some(engine) = &mut core.engine else {
            return (None, Step { ended: true, ..Step::default() });
        };
        engine.rest();
        let deadline = engine.poll_timeout();
        core.armed = deadline;
        self.queue.lock().rest();
        if core.sending.is_empty() {
            core.sending = Vec::new();
        }
        core.channels.shrink_to_fit();
        core.unconsumed.release_memory();
        let step = Step {
            stalled: core.stalled,
            turn_is_over: core.turn_is_over,
            blocked: core.transmit.is_pending(),
            broken: core.transmit.error.is_some(),
            deadline,
            ended: core.end.is_some(),
            leaves: core.hosted.as_ref().is_some_and(|hosted| hosted.leaves()),
        };
        (core.job.take(), step)
    }

    /// Runs `work`; if it panics, only this connection ends.
    pub(in crate::driver) fn guarded(
        self: &Arc<Self>,
        core: &mut Core,
        work: impl FnOnce(&Arc<Self>, &mut Core),
    ) {
        if catch_unwind(AssertUnwindSafe(|| work(self, core))).is_err() {
            core.broken();
        }
    }

    /// Goes on until nothing moves any more: commands, input, events, output.
    pub(in crate::driver) fn drive(
        self: &Arc<Self>,
        core: &mut Core,
        mut input: Option<Input<'_>>,
        write: bool,
        now: Instant,
    ) {
        self.apply_verbosity(core);
        core.transmit.begin_turn();
        if input.is_some() {
            core.gated = false;
            core.turn_is_over = false;
        }
        let mut budget = TUNNEL_READ_IN_TURN;
        loop {
            let mut moved = self.run_queued(core, now);
            if let Some(Input { bytes, eof }) = &mut input {
                moved |= self.feed(core, bytes, *eof, now);
            }
            moved |= self.hand_over_events(core, now);
            if let Some(engine) = &mut core.engine {
                moved |= core.transmit.run(engine, &self.socket, write, now);
            }
            // On the connection's task only.
            if input.is_some() && core.hosted.is_none() {
                moved |= self.run_tunnels(core, now, &mut budget);
            }
            if !moved {
                break;
            }
        }
        if core.transmit.is_over() {
            self.notify.notify_one();
        }
    }

    /// The socket is broken, and nothing more can be made of what the client has sent: the connection is
    /// over, whatever it waits for.
    pub(in crate::driver) fn break_off(self: &Arc<Self>) {
        let mut core = self.core.lock();
        self.guarded(&mut core, |handle, core| {
            if let Some(engine) = &mut core.engine {
                engine.handle_eof();
            }
            handle.hand_over_events(core, Instant::now());
        });
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

    pub(in crate::driver) fn run_queued(self: &Arc<Self>, core: &mut Core, now: Instant) -> bool {
        if core.engine.is_none() {
            return false;
        }
        let consumed = std::mem::take(&mut self.queue.lock().consumed);
        let mut moved = !consumed.is_empty();
        for Consumed { local, channel, len } in consumed {
            core.unconsumed.consumed(channel, len);
            // The engine's number of one that was closed meanwhile may be another's.
            let is_open = local.filter(|local| core.channels.get(local) == Some(&channel));
            match (is_open, &mut core.engine) {
                (Some(local), Some(engine)) => engine.consumed(local, len),
                (None, _) if !core.unconsumed.has(channel) => self.shared.read_to_end(channel),
                _ => {}
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
        if engine.is_ended() {
            return false;
        }
        let before = input.len();
        if core.turn_is_over {
            return false;
        }
        if (before > 0 || eof) && self.is_overloaded() {
            core.gated = true;
            return false;
        }
        if before > 0 && engine.wants_input() {
            core.turn_is_over = engine.handle_input(now, input);
            if self.login.is_silent() && engine.peer().version.is_some() {
                self.login.identified();
            }
        }
        let moved = input.len() != before;
        // What came before the end counts: the end is told when nothing of it is left to use.
        if eof && !moved && !core.turn_is_over && engine.wants_input() {
            engine.handle_eof();
            return true;
        }
        moved
    }

    pub(in crate::driver) fn run(
        self: &Arc<Self>,
        core: &mut Core,
        command: Command,
        now: Instant,
    ) {
        if let Command::Tunnel(command) = command {
            return self.run_tunnel_command(core, command, now);
        }
        let ticket = command.ticket();
        let disconnect = matches!(command, Command::Disconnect { .. });
        if matches!(command, Command::JobPanicked) {
            core.broken();
        }
        if disconnect {
            core.closing.extend(ticket);
        }
        let sends_on = command
            .sends_on()
            .and_then(|local| core.channels.get(&local))
            .and_then(|id| self.shared.channel(*id));
        let quiet = matches!(command, Command::Answer(..) | Command::Complete(_));
        let is_end = command.is_end();
        let Some(engine) = &mut core.engine else {
            return self.report_unrun(&command);
        };
        match command.run(now, engine) {
            Ok(opening) => {
                let Some(ticket) = ticket.filter(|_| !disconnect) else {
                    return;
                };
                if let Some(entry) = sends_on {
                    if let Some(counters) = engine.counters(entry.local) {
                        entry.publish_ready(counters.ready_to_send);
                    }
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
                    let is_over = is_end && misuse == ApiMisuse::UnknownChannel;
                    let result = if is_over { Ok(None) } else { Err(OpError::Misuse(misuse)) };
                    self.shared.tell(ServerEvent::Done { ticket, result });
                }
            }
        }
    }

    /// The end of a command that nobody runs any more.
    pub(in crate::driver) fn report_unrun(&self, command: &Command) {
        let Some(ticket) = command.ticket() else {
            return;
        };
        let result = if command.is_end() {
            Ok(None)
        } else {
            Err(OpError::Outcome(Outcome::ConnectionEnded))
        };
        self.shared.tell(ServerEvent::Done { ticket, result });
    }

    /// Writes what is left; `false` when the socket takes no more now.
    pub(in crate::driver) fn flush(self: &Arc<Self>) -> bool {
        let mut core = self.core.lock();
        self.guarded(&mut core, |handle, core| {
            let Some(engine) = &mut core.engine else {
                return;
            };
            loop {
                core.transmit.begin_turn();
                core.transmit.run(engine, &handle.socket, true, Instant::now());
                if !core.transmit.is_over() {
                    break;
                }
            }
        });
        core.engine.is_none() || !core.transmit.is_pending()
    }
}
