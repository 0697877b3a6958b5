//! Changes the keeper of a connection: from the program's thread to its task, and back.

use std::sync::Arc;
use std::time::Instant;

use super::keeper::{Hosting, Keeper, WayBack};
use super::link::Link;
use super::machine::Machine;
use crate::driver::clock;
use crate::driver::io::program_loop::{Budget, ProgramLoop};

impl Machine {
    pub(in crate::driver) fn is_with_program(&self) -> bool {
        matches!(self.keeper, Keeper::Program(_))
    }

    /// Chooses the keeper of a new connection.
    pub(in crate::driver) fn choose_keeper(&mut self, cx: &Link) {
        match cx.shared.program_loop() {
            Some(home) => self.host(cx, home),
            None => cx.give_to_task(),
        }
    }

    fn host(&mut self, cx: &Link, home: Arc<ProgramLoop>) {
        let is_added = cx.stream.descriptor().is_some_and(|it| home.add(it, cx.id, cx.me()));
        if is_added {
            let budget = Budget::new(home.time().of_one, clock::now());
            self.keeper = Keeper::Program(Box::new(Hosting { home, budget }));
            cx.take_from_task();
            // What the runtime knows of the stream comes later than what the loop is told: a read must not ask
            // it any more. The task lets go of what it waits with.
            if cx.stream.unwatch() {
                cx.wake_task();
            }
        } else {
            self.keeper = Keeper::Task(None);
            cx.give_to_task();
        }
    }

    /// Makes the task the keeper from now on, for good.
    pub(in crate::driver) fn leave_program(&mut self, cx: &Link) {
        if let Keeper::Program(hosting) = std::mem::take(&mut self.keeper) {
            remove(&hosting.home, cx);
            cx.give_to_task();
        }
    }

    /// Makes the task the keeper because the program's thread stands still, until its event loop runs
    /// again.
    pub(in crate::driver) fn program_stands_still(&mut self, cx: &Link) {
        if let Keeper::Program(hosting) = std::mem::take(&mut self.keeper) {
            let home = hosting.home;
            remove(&home, cx);
            cx.give_to_task();
            self.keeper = Keeper::Task(Some(WayBack { home, turn: cx.shared.turn.number() }));
        }
    }

    /// Makes the program's thread the keeper again, if its event loop runs and the connection costs little.
    /// The task calls this before it waits.
    pub(in crate::driver) fn return_to_program(&mut self, cx: &Link) {
        let Keeper::Task(Some(way_back)) = &self.keeper else {
            return;
        };
        let is_quiet = self.tunnels.is_none()
            && self.services.is_none()
            && !self.outbound.is_pending()
            && self.inbound.is_quiet()
            && self.stage.is_live();
        if is_quiet && way_back.turn != cx.shared.turn.number() {
            let home = Arc::clone(&way_back.home);
            self.host(cx, home);
        }
    }

    /// Whether the connections that the program's thread keeps take too much of its time together.
    pub(in crate::driver) fn is_crowded(&self, now: Instant) -> bool {
        match &self.keeper {
            Keeper::Program(hosting) => hosting.home.is_crowded(now),
            Keeper::Task(_) => false,
        }
    }

    /// Counts the program's time since `begun`; `true` when this connection takes more than one may.
    pub(in crate::driver) fn spend(&mut self, begun: Instant) -> bool {
        match &mut self.keeper {
            Keeper::Program(hosting) => hosting.budget.spend(begun, clock::now()),
            Keeper::Task(_) => false,
        }
    }
}

fn remove(home: &ProgramLoop, cx: &Link) {
    if let Some(descriptor) = cx.stream.descriptor() {
        home.remove(descriptor, cx.id);
    }
}
