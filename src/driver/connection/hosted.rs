//! A connection whose socket the program's own thread watches: that thread reads, drives the engine and
//! hands the events to the listeners, all in one go. The task of the connection sleeps meanwhile; it
//! sees to timers and to what takes long, and takes the socket over for good when the traffic would
//! cost the program too much of its time, when the client reads slowly, and for tunnels.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use super::drive::{Core, Input, Step};
use super::handle::ConnectionHandle;
use super::task::{acknowledge, run_here};
use crate::driver::io::intake::Intake;
use crate::driver::io::program_loop::{Budget, ProgramLoop, Readiness};
use crate::driver::io::socket::Socket;
use crate::engine::{Connection, Job};
use crate::limits::HOSTED_READS_IN_TURN;

/// What the program's thread was told of a socket, as bits.
const READABLE: u8 = 1;
const CLOSING: u8 = 2;
const BROKEN: u8 = 4;

/// The inbound side of a connection while the program's thread has it.
#[derive(Debug)]
pub(in crate::driver) struct Hosted {
    home: Arc<ProgramLoop>,
    /// `None` only while it is in use.
    pub(in crate::driver) intake: Option<Intake>,
    /// The socket may have something that was not read.
    unread: bool,
    /// The client has closed its side: what was not read yet ends, and no other sign will come.
    closing: bool,
    /// The socket is broken, whatever there is still to read.
    broken: bool,
    /// The client sends no more.
    pub(in crate::driver) eof: bool,
    /// Why the socket cannot be read.
    pub(in crate::driver) error: Option<io::Error>,
    /// Reads that are acknowledged at once.
    pub(in crate::driver) prompt_reads: u8,
    /// The last of them is not acknowledged yet.
    owes_acknowledgement: bool,
    budget: Budget,
    /// The task is to take the socket over.
    leaves: bool,
}

impl Hosted {
    fn new(home: Arc<ProgramLoop>, prompt_reads: u8) -> Self {
        let budget = Budget::new(home.time().of_one, Instant::now());
        Self {
            home,
            intake: Some(Intake::new()),
            unread: false,
            closing: false,
            broken: false,
            eof: false,
            error: None,
            prompt_reads,
            owes_acknowledgement: false,
            budget,
            leaves: false,
        }
    }

    pub(in crate::driver) fn leaves(&self) -> bool {
        self.leaves
    }

    /// Reads once; `true` when that brought something.
    fn read(&mut self, intake: &mut Intake, socket: &Socket) -> bool {
        match intake.receive(socket) {
            Ok((len, all)) => {
                self.unread = len > 0 && (!all || self.closing);
                self.eof = len == 0;
                len > 0
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.unread = false;
                false
            }
            Err(error) => {
                self.unread = false;
                self.eof = true;
                self.error = Some(error);
                false
            }
        }
    }

    fn has_more(&self) -> bool {
        self.unread || self.eof || self.intake.as_ref().is_some_and(|it| !it.bytes.is_empty())
    }

    /// A broken socket that the engine does not hear of, as it waits for something else, is the task's:
    /// that ends the connection all the same.
    fn leave_if_broken(&mut self, socket: &Socket) {
        if self.broken && self.error.is_none() {
            self.error = Some(socket.failure());
        }
        self.leaves |= self.error.is_some();
    }

    /// Counts the program's time since `begun`.
    pub(in crate::driver) fn spend(&mut self, begun: Instant) {
        self.leaves |= self.budget.spend(begun, Instant::now());
    }
}

impl ConnectionHandle {
    /// Has the program's thread watch the socket; `false` when the task has to.
    pub(in crate::driver) fn host(&self, prompt_reads: u8) -> bool {
        let Some(home) = self.shared.program_loop() else {
            return false;
        };
        let mut core = self.core.lock();
        if !home.add(&self.socket, self.id()) {
            return false;
        }
        core.hosted = Some(Box::new(Hosted::new(home, prompt_reads)));
        self.is_hosted.store(true, Ordering::Relaxed);
        true
    }

    /// The socket can be read; on the program's thread.
    pub(in crate::driver) fn readable(self: &Arc<Self>, what: Readiness) {
        let edge = match what {
            Readiness::Readable => READABLE,
            Readiness::Closing => READABLE | CLOSING,
            Readiness::Broken => READABLE | CLOSING | BROKEN,
        };
        self.edge.fetch_or(edge, Ordering::Release);
        let Some(mut core) = self.core.try_lock() else {
            // Whoever has the engine may be done already.
            return self.notify.notify_one();
        };
        self.guarded(&mut core, |handle, core| handle.take_in(core));
        self.leave(core);
    }

    /// Everything that can be done without waiting; for the task.
    pub(in crate::driver) fn step_hosted(self: &Arc<Self>) -> (Option<Job>, Step) {
        let mut guard = self.core.lock();
        let core = &mut *guard;
        self.guarded(core, |handle, core| {
            let now = Instant::now();
            if core.engine.as_ref().and_then(Connection::poll_timeout).is_some_and(|at| at <= now) {
                // What the client has sent counts, even if the program's thread is kept from reading it.
                handle.edge.fetch_or(READABLE, Ordering::Relaxed);
                handle.take_in(core);
                handle.run_timeout(core, now);
            }
            handle.take_in(core);
        });
        self.rested(core)
    }

    /// Feeds the engine what the socket has.
    pub(in crate::driver) fn take_in(self: &Arc<Self>, core: &mut Core) {
        let begun = Instant::now();
        let Some(hosted) = &mut core.hosted else {
            return;
        };
        let edge = self.edge.swap(0, Ordering::Acquire);
        hosted.unread |= edge != 0;
        hosted.closing |= edge & CLOSING != 0;
        hosted.broken |= edge & BROKEN != 0;
        let Some(mut intake) = hosted.intake.take() else {
            return;
        };
        let mut reads = 0;
        let mut has_read = false;
        core.asked = false;
        core.transmit.has_written = false;
        let takes = loop {
            let eof = core.hosted.as_ref().is_some_and(|hosted| hosted.eof);
            let input = Input { bytes: &mut intake.bytes, eof };
            self.drive(core, Some(input), true, Instant::now());
            if let Some(job) = core.job.take_if(|job| !job.is_heavy()) {
                self.run(core, run_here(job), Instant::now());
                continue;
            }
            let takes =
                core.end.is_none() && core.engine.as_ref().is_some_and(Connection::wants_input);
            let Some(hosted) = core.hosted.as_mut() else {
                break takes;
            };
            // Whoever sends more than a turn takes is not one whose bytes cost little.
            hosted.leaves |= core.turn_is_over;
            if !takes || !hosted.unread || core.turn_is_over {
                break takes;
            }
            if self.is_overloaded() {
                core.gated = true;
                break takes;
            }
            if reads == HOSTED_READS_IN_TURN {
                hosted.leaves = true;
                break takes;
            }
            reads = reads.saturating_add(1);
            // Makes the whole of the thread's buffer free again.
            intake.park();
            has_read |= hosted.read(&mut intake, &self.socket);
        };
        intake.park();
        if let Some(engine) = &mut core.engine {
            engine.rest();
        }
        let leaves =
            core.tunnels.is_some() || (core.transmit.is_pending() && !core.transmit.is_untried());
        let Some(hosted) = &mut core.hosted else {
            return;
        };
        hosted.intake = Some(intake);
        hosted.leaves |= leaves || hosted.home.is_crowded(begun);
        if core.end.is_none() {
            hosted.leave_if_broken(&self.socket);
        }
        hosted.spend(begun);
        core.stalled = !takes && hosted.has_more();
        if has_read && hosted.prompt_reads > 0 && core.end.is_none() {
            hosted.prompt_reads = hosted.prompt_reads.saturating_sub(1);
            hosted.owes_acknowledgement = true;
            // What the program is asked now it mostly answers in the turn that follows, and the reply
            // acknowledges too.
            if !core.asked || !self.shared.turn.visit(self) {
                self.acknowledge_now(core);
            }
        }
    }

    /// Acknowledges what was read, unless something that was written since has done so.
    pub(in crate::driver) fn acknowledge_now(&self, core: &mut Core) {
        if let Some(hosted) = &mut core.hosted
            && std::mem::take(&mut hosted.owes_acknowledgement)
            && !core.transmit.has_written
        {
            acknowledge(&self.socket);
        }
    }

    /// The program's thread watches the socket no more.
    pub(in crate::driver) fn no_more_hosted(&self) -> Option<Box<Hosted>> {
        let hosted = self.core.lock().hosted.take()?;
        hosted.home.remove(&self.socket);
        self.is_hosted.store(false, Ordering::Relaxed);
        Some(hosted)
    }
}
