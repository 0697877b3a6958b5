//! A turn of the program's event loop: from taking a batch of events to the end of its listeners. What
//! the program wants of a connection meanwhile waits for the end of the turn, so that replies and data
//! that belong together leave together. The connections are driven here and now when the thread that
//! has them sleeps: waking it costs more.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};

use parking_lot::Mutex;

/// What is sent on the program's thread in one turn of its event loop before it has to wait for the
/// next one to hear that a send is done.
const SENT_IN_TURN: usize = 1024 * 1024;
/// Connections that wait for the end of the turn; with more the threads of the connections have
/// enough to do to be woken at once.
const MOST_TOUCHED: usize = 64;

/// Somebody who waits for the end of a turn.
pub(super) trait TurnEnd: Send + Sync {
    /// The turn is over.
    fn turn_ended(&self);
}

/// The turn that the program's event loop is in.
#[derive(Default)]
pub(super) struct Turn {
    number: AtomicU32,
    sent: AtomicUsize,
    /// The program's listeners are running.
    open: AtomicBool,
    /// Connections that the program wants something of, once each.
    touched: Mutex<Vec<Arc<dyn TurnEnd>>>,
}

impl Turn {
    /// A new turn begins; `false` when one is under way already.
    pub(super) fn begin(&self) -> bool {
        if self.open.swap(true, Ordering::Relaxed) {
            return false;
        }
        self.number.fetch_add(1, Ordering::Relaxed);
        self.sent.store(0, Ordering::Relaxed);
        true
    }

    /// The turn is over: sees to the connections.
    pub(super) fn end(&self) {
        self.open.store(false, Ordering::Relaxed);
        self.serve_touched();
    }

    /// Nobody will end the turn any more.
    pub(super) fn abandon(&self) {
        self.open.store(false, Ordering::Relaxed);
        let touched = std::mem::take(&mut *self.touched.lock());
        drop(touched);
    }

    fn serve_touched(&self) {
        let touched = std::mem::take(&mut *self.touched.lock());
        for connection in touched {
            connection.turn_ended();
        }
    }

    /// Has a connection driven at the end of the turn; `false` when none is under way. `mark` notes that
    /// it waits, and is `None` when it does so already.
    pub(super) fn touch(&self, mark: impl FnOnce() -> Option<Arc<dyn TurnEnd>>) -> bool {
        let enough = {
            let mut touched = self.touched.lock();
            // Under the lock, which the end of the turn takes too: another thread is in time or told.
            if !self.open.load(Ordering::Relaxed) {
                return false;
            }
            touched.extend(mark());
            touched.len() >= MOST_TOUCHED
        };
        if enough {
            self.serve_touched();
        }
        true
    }

    /// Has a connection driven at the end of the turn that events begin; `false` for programs that have no
    /// turns. `mark` is as for [`Self::touch`].
    pub(super) fn visit(&self, mark: impl FnOnce() -> Option<Arc<dyn TurnEnd>>) -> bool {
        let has_turns = self.number() > 0;
        if has_turns {
            self.touched.lock().extend(mark());
        }
        has_turns
    }

    pub(super) fn is_open(&self) -> bool {
        self.open.load(Ordering::Relaxed)
    }

    pub(super) fn number(&self) -> u32 {
        self.number.load(Ordering::Relaxed)
    }

    /// Whether the program may hear of the end of a send of this length in this turn.
    pub(super) fn allows(&self, len: usize) -> bool {
        let before = self.sent.fetch_add(len, Ordering::Relaxed);
        before.saturating_add(len) <= SENT_IN_TURN
    }
}
