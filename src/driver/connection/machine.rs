//! The machine of one connection: all state under its lock, and the one way to run it. Whoever has the lock
//! runs the queued commands, reads the stream, feeds the engine, hands its events to the program and writes
//! the sealed bytes, until nothing moves any more or the turn is over.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

use super::channels::Channels;
use super::command::Command;
use super::inbound::{Hold, Inbound};
use super::keeper::{By, Keeper};
use super::link::Link;
use super::stage::Stage;
use super::tickets::Tickets;
use crate::driver::clock;
use crate::driver::handler::ConnectionEnd;
use crate::driver::io::program_loop::Sign;
use crate::driver::io::socket_options::Nagle;
use crate::driver::io::transmit::Transmit;
use crate::driver::service::Services;
use crate::driver::tunnel::Tunnels;
use crate::engine::{Job, Verbosity};
use crate::limits::{HOSTED_READS_IN_TURN, READ_IN_TURN, TUNNEL_READ_IN_TURN};

/// The state under the lock of a connection.
#[derive(Default)]
pub(in crate::driver) struct Machine {
    pub(in crate::driver) stage: Stage,
    pub(in crate::driver) inbound: Inbound,
    pub(in crate::driver) outbound: Transmit,
    pub(in crate::driver) keeper: Keeper,
    pub(in crate::driver) channels: Channels,
    pub(in crate::driver) tickets: Tickets,
    /// The channels that lead to a socket and not to the program.
    pub(in crate::driver) tunnels: Option<Box<Tunnels>>,
    /// The channels that the server serves itself.
    pub(in crate::driver) services: Option<Box<Services>>,
    /// A job of the engine. A cheap one is run within the turn, a heavy one is for the task.
    pub(in crate::driver) job: Option<Job>,
    /// The turn of the program in which one of its sends last wrote to the stream directly.
    pub(in crate::driver) last_turn: Option<u32>,
    /// The deadline that the task's timer is set to.
    armed: Option<Instant>,
    pub(in crate::driver) verbosity: Verbosity,
}

impl std::fmt::Debug for Machine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Machine").finish_non_exhaustive()
    }
}

/// What the task has to do once the machine has done everything that needs no waiting.
#[derive(Debug)]
pub(in crate::driver) struct Rest {
    pub(in crate::driver) next: Next,
    /// A heavy job of the engine.
    pub(in crate::driver) job: Option<Job>,
    /// When the timer is due.
    pub(in crate::driver) deadline: Option<Instant>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::driver) enum Next {
    /// Serve the machine again, after other tasks had their turn.
    GoOn,
    /// Wait for the program's decision on a new connection; without a deadline, for the end of the stream,
    /// too.
    AwaitProgram,
    /// Wait until another thread wakes the task: the program's thread watches the stream.
    AwaitCall,
    /// Wait until the stream is ready.
    AwaitStream {
        /// Whether to wait for input.
        reads: bool,
        /// Whether sealed bytes wait until the stream takes more.
        writes: bool,
    },
    /// Write the last bytes, then close.
    Flush,
    /// Let the client close first: the program has all events.
    Over,
    /// Close at once: the program does not know of the connection.
    Refused,
}

/// What a thread of the program has to do after it has served a machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::driver) enum After {
    Nothing,
    /// Have the sealed bytes written at the end of its turn.
    Touch,
    /// Wake the task.
    WakeTask,
}

impl Machine {
    /// `watched_from` is when the task wakes for the first time: if the program has not decided by then,
    /// the task watches the stream.
    pub(in crate::driver) fn new(nagle: Nagle, watched_from: Option<Instant>) -> Self {
        let mut machine = Self { armed: watched_from, ..Self::default() };
        machine.outbound.nagle = nagle;
        machine
    }

    /// Serves the machine: does everything that needs no waiting.
    pub(in crate::driver) fn serve(&mut self, cx: &Link, by: By) {
        self.guarded(cx, |machine| {
            let begun = clock::now();
            let sign = cx.signs.take();
            machine.inbound.take(sign, &*cx.stream);
            if by == By::Task && machine.is_due(begun) {
                if machine.is_with_program() {
                    // Input that has arrived counts for the liveness timer, even if the program's thread
                    // has had no time to read it.
                    machine.inbound.take(Sign::Readable, &*cx.stream);
                    machine.turn(cx, by);
                }
                machine.run_timeout(cx, begun);
            }
            let asked = machine.turn(cx, by);
            // The budget is for what input costs. What the program sends at the end of its turns would cost
            // its thread as much with the connection at the task.
            let is_long = sign != Sign::Nothing && machine.spend(begun);
            machine.keep_or_leave(cx, begun, is_long);
            machine.acknowledge(cx, asked);
            if machine.has_said_everything() {
                machine.finish(cx, None);
            }
        });
    }

    /// Runs one turn: goes on until nothing moves any more, or the turn has used up what it may read.
    /// Returns whether the program was asked a question.
    fn turn(&mut self, cx: &Link, by: By) -> bool {
        let may_read = by == By::Task || self.is_with_program();
        if may_read {
            self.inbound.hold = Hold::Nothing;
        }
        let (mut reads, mut read) = (0_u32, 0_usize);
        let mut asked = false;
        loop {
            self.arrive(cx);
            let now = clock::now();
            asked |= self.advance(cx, by, true, now);
            if let Some(job) = self.job.take_if(|job| !job.is_heavy()) {
                self.run(cx, run_here(job), now);
                continue;
            }
            if self.outbound.error.is_some() {
                self.inbound.take(Sign::Broken, &*cx.stream);
            }
            if !may_read || !self.wants_to_read(cx) {
                break;
            }
            if read >= READ_IN_TURN || (by == By::Program && reads == HOSTED_READS_IN_TURN) {
                self.inbound.hold = Hold::Turn;
                break;
            }
            // Gives the thread its buffer back, so that the whole of it is free for the next read.
            self.inbound.intake.park();
            reads = reads.saturating_add(1);
            let len = self.inbound.read(&*cx.stream);
            read = read.saturating_add(len);
            if !self.is_with_program() {
                self.inbound.intake.count(&*cx.stream, len);
            }
        }
        self.inbound.intake.park();
        if may_read {
            self.break_off_if_broken(cx);
        }
        asked
    }

    /// Whether the engine has ended, and its last bytes are written.
    fn has_said_everything(&self) -> bool {
        let Stage::Parting { engine, .. } = &self.stage else {
            return false;
        };
        // A turn that has written as much as it may has not sealed what the end of the engine has left.
        engine.is_none() || !(self.outbound.is_pending() || self.outbound.is_over())
    }

    /// Whether the stream may have input and the engine takes it now.
    fn wants_to_read(&mut self, cx: &Link) -> bool {
        if !self.inbound.is_readable() || self.inbound.hold == Hold::Turn || !self.wants_input() {
            return false;
        }
        if self.is_overloaded(cx) {
            self.inbound.hold = Hold::Load;
        }
        self.inbound.hold != Hold::Load
    }

    /// Whether the program holds so much of the connection that nothing more may be read (backpressure).
    fn is_overloaded(&mut self, cx: &Link) -> bool {
        // The program may have used data before it could know that the connection waits for that: count it
        // first.
        while cx.is_overloaded() {
            if !cx.has_consumed() {
                return true;
            }
            self.run_consumed(cx);
        }
        false
    }

    fn wants_input(&self) -> bool {
        matches!(&self.stage, Stage::Live(engine) if engine.wants_input())
    }

    /// Goes on until nothing moves any more: commands, input, events, output. Returns whether the program
    /// was asked a question.
    pub(in crate::driver) fn advance(
        &mut self,
        cx: &Link,
        by: By,
        write: bool,
        now: Instant,
    ) -> bool {
        self.apply_verbosity(cx);
        self.outbound.begin_turn();
        let mut budget = TUNNEL_READ_IN_TURN;
        let mut asked = false;
        loop {
            let mut moved = self.run_queued(cx, now);
            if by == By::Task || self.is_with_program() {
                moved |= self.feed(cx, now);
            }
            moved |= self.hand_over_events(cx, now, &mut asked);
            if let Some(engine) = self.stage.engine_mut() {
                moved |= self.outbound.run(engine, &*cx.stream, write, now);
            }
            if by == By::Task && !self.is_with_program() {
                moved |= self.run_tunnels(cx, now, &mut budget);
                moved |= self.run_services(cx, now, &mut budget);
            }
            if !moved {
                break;
            }
        }
        if self.outbound.has_written() {
            self.inbound.is_acknowledged();
        }
        if self.outbound.is_over() {
            cx.wake_task();
        }
        asked
    }

    fn apply_verbosity(&mut self, cx: &Link) {
        let verbosity = cx.shared.verbosity();
        if self.verbosity != verbosity
            && let Some(engine) = self.stage.engine_mut()
        {
            engine.set_verbosity(verbosity);
            self.verbosity = verbosity;
        }
    }

    /// Runs the queued commands; `true` if there were any.
    pub(in crate::driver) fn run_queued(&mut self, cx: &Link, now: Instant) -> bool {
        if self.stage.engine().is_none() {
            return false;
        }
        let mut moved = self.run_consumed(cx);
        while let Some(command) = cx.next_command() {
            self.run(cx, command, now);
            moved = true;
        }
        moved
    }

    /// Reports the data that the program has used to the engine; `true` if there was any.
    fn run_consumed(&mut self, cx: &Link) -> bool {
        let consumed = cx.take_consumed();
        for used in &consumed {
            self.channels.consumed(cx, self.stage.engine_mut(), used);
        }
        !consumed.is_empty()
    }

    /// Feeds the engine the bytes that were read, as far as it takes them; `true` if it took any.
    fn feed(&mut self, cx: &Link, now: Instant) -> bool {
        let before = self.inbound.intake.bytes.len();
        let is_at_end = self.inbound.is_at_end();
        if (before == 0 && !is_at_end) || self.inbound.hold == Hold::Turn || !self.stage.is_live() {
            return false;
        }
        if self.is_overloaded(cx) {
            self.inbound.hold = Hold::Load;
            return false;
        }
        let Stage::Live(engine) = &mut self.stage else {
            return false;
        };
        if engine.is_ended() {
            return false;
        }
        let inbound = &mut self.inbound;
        if before > 0 && engine.wants_input() {
            if engine.handle_input(now, &mut inbound.intake.bytes) {
                inbound.hold = Hold::Turn;
            }
            if cx.login.is_silent() && engine.peer().version.is_some() {
                cx.login.identified();
            }
        }
        let moved = inbound.intake.bytes.len() != before;
        // EOF comes behind the data: the engine is told of it once it has taken all bytes that came before.
        if is_at_end && !moved && inbound.hold != Hold::Turn && engine.wants_input() {
            engine.handle_eof();
            return true;
        }
        moved
    }

    /// When the engine's next timeout is due.
    fn deadline(&self) -> Option<Instant> {
        let Stage::Live(engine) = &self.stage else {
            return None;
        };
        engine.poll_timeout()
    }

    fn is_due(&self, now: Instant) -> bool {
        self.deadline().is_some_and(|at| at <= now)
    }

    /// Runs the engine's timeout, if it is still due.
    fn run_timeout(&mut self, cx: &Link, now: Instant) {
        if self.is_due(now)
            && let Stage::Live(engine) = &mut self.stage
        {
            if cx.is_overloaded() {
                engine.not_listening(now);
            }
            engine.handle_timeout(now);
        }
    }

    /// Ends a connection whose stream is broken and has no more input to read, whatever the connection
    /// waits for.
    fn break_off_if_broken(&mut self, cx: &Link) {
        let reads_on = self.inbound.is_readable() && self.inbound.hold == Hold::Turn;
        let is_broken = self.inbound.is_broken() || self.outbound.error.is_some();
        if !is_broken || reads_on {
            return;
        }
        match &mut self.stage {
            Stage::Live(engine) => {
                engine.handle_eof();
                self.hand_over_events(cx, clock::now(), &mut false);
            }
            Stage::Asking => self.refuse(cx),
            Stage::ChoosingKey => {
                let error = self.inbound.take_error().unwrap_or_else(|| cx.stream.failure());
                self.stage.part(ConnectionEnd::Socket(error));
            }
            Stage::Parting { .. } | Stage::Refused | Stage::Over => {}
        }
    }

    /// Gives the connection to the task unless keeping it takes little of the program's time.
    fn keep_or_leave(&mut self, cx: &Link, begun: Instant, is_long: bool) {
        if !self.is_with_program() {
            return;
        }
        let is_busy = self.inbound.hold == Hold::Turn
            || self.tunnels.is_some()
            || self.services.is_some()
            || self.outbound.is_blocked();
        if is_long || is_busy || self.is_crowded(begun) {
            self.leave_program(cx);
        }
    }

    /// Acknowledges the input at once (TCP_QUICKACK), unless the program was asked a question: mostly it
    /// answers in the turn that follows, and the segment with the reply carries the acknowledgement.
    fn acknowledge(&mut self, cx: &Link, asked: bool) {
        if self.inbound.owes_acknowledgement() && self.stage.is_live() && !(asked && cx.visit()) {
            self.inbound.acknowledge(&*cx.stream);
        }
    }

    /// Runs `work`; if that panics, only this connection ends, and its engine is dropped, so that no broken
    /// state of it is ever used.
    pub(in crate::driver) fn guarded(&mut self, cx: &Link, work: impl FnOnce(&mut Self)) {
        if catch_unwind(AssertUnwindSafe(|| work(self))).is_err() {
            self.panicked();
            let told = catch_unwind(AssertUnwindSafe(|| self.finish(cx, None)));
            if told.is_err() || !cx.is_closed() {
                // What panics again is not told, but nothing of the connection is left behind.
                let _ = catch_unwind(AssertUnwindSafe(|| self.abandon(cx)));
            }
        }
    }

    /// Drops the engine after its code has panicked.
    pub(in crate::driver) fn panicked(&mut self) {
        self.job = None;
        self.inbound.intake.park();
        self.stage = match std::mem::take(&mut self.stage) {
            last @ (Stage::Asking | Stage::Refused | Stage::Over) => last,
            Stage::ChoosingKey | Stage::Live(_) | Stage::Parting { .. } => {
                Stage::Parting { engine: None, end: ConnectionEnd::Panicked }
            }
        };
    }

    /// Called before the task waits: frees empty buffers, and returns what to wait for.
    pub(in crate::driver) fn rest(&mut self, cx: &Link) -> Rest {
        self.hold_back();
        self.return_to_program(cx);
        if let Some(engine) = self.stage.engine_mut() {
            engine.release_memory();
        }
        cx.release_memory();
        self.tickets.release_memory();
        self.channels.release_memory();
        let reads = self.stage.is_live()
            && !self.is_with_program()
            && self.inbound.hold == Hold::Nothing
            && !self.inbound.is_at_end()
            && !self.is_overloaded(cx);
        let next = match &self.stage {
            Stage::Over => Next::Over,
            Stage::Refused => Next::Refused,
            Stage::Parting { .. } => Next::Flush,
            Stage::Asking | Stage::ChoosingKey => Next::AwaitProgram,
            Stage::Live(_) if self.inbound.hold == Hold::Turn => Next::GoOn,
            Stage::Live(_) if self.is_with_program() => Next::AwaitCall,
            Stage::Live(_) => Next::AwaitStream { reads, writes: self.outbound.is_pending() },
        };
        self.armed = if self.stage.is_arriving() {
            self.armed.filter(|at| *at > clock::now())
        } else {
            self.deadline()
        };
        Rest { next, job: self.job.take(), deadline: self.armed }
    }

    /// Called before a thread of the program unlocks the machine: returns what is left to do.
    pub(in crate::driver) fn after(&mut self) -> After {
        if !self.stage.is_live() {
            let waits = self.stage.is_arriving();
            return if waits { After::Nothing } else { After::WakeTask };
        }
        let reads_again = self.inbound.hold == Hold::Engine && self.wants_input();
        if !reads_again {
            self.hold_back();
        }
        let has_tunnel_work = self.tunnels.as_ref().is_some_and(|tunnels| tunnels.has_work());
        let has_service_work = self.services.as_ref().is_some_and(|services| services.has_work());
        if reads_again
            || self.inbound.hold == Hold::Turn
            || self.inbound.is_broken()
            || self.outbound.is_blocked()
            || has_tunnel_work
            || has_service_work
            || self.job.is_some()
            || self.outbound.error.is_some()
            || self.timer_is_late()
        {
            After::WakeTask
        } else if self.outbound.is_pending() {
            After::Touch
        } else {
            After::Nothing
        }
    }

    /// Notes that there is input which the engine does not want yet. Mostly the question that holds it back
    /// is answered before the client sends more, and on another thread: the task need not be woken for that
    /// input.
    fn hold_back(&mut self) {
        if self.inbound.hold == Hold::Nothing && self.inbound.has_input() && !self.wants_input() {
            self.inbound.hold = Hold::Engine;
        }
    }

    /// Whether a thread of the program may go on reading: an answer, or less load, has ended the hold on
    /// input.
    pub(in crate::driver) fn may_read_on(&self) -> bool {
        let waited = matches!(self.inbound.hold, Hold::Engine | Hold::Load);
        waited && self.is_with_program() && self.wants_input()
    }

    /// Whether the engine needs a timeout earlier than the task's timer is set to.
    fn timer_is_late(&self) -> bool {
        let needed = self.deadline();
        needed.is_some_and(|needed| self.armed.is_none_or(|armed| needed < armed))
    }
}

/// Runs a job on this thread; returns the command that brings its result to the engine.
pub(in crate::driver) fn run_here(job: Job) -> Command {
    let output = catch_unwind(AssertUnwindSafe(|| job.run()));
    output.map_or(Command::JobPanicked, Command::Complete)
}
