//! A turn of the program's event loop: from taking a batch of events to the end of its listeners. The
//! program's commands to connections wait for the end of the turn, so that replies and data that belong
//! together are written together (coalescing). Then the program's thread serves a connection itself, unless
//! commands wait for it and its task is awake: waking a task costs more.

use std::sync::Weak;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};

use parking_lot::Mutex;

/// Bytes that are sent on the program's thread in one turn of its event loop; the end of any further send
/// is reported in a later turn.
const SENT_IN_TURN: usize = 1024 * 1024;
/// Connections that wait for the end of the turn; with more of them they do not wait any longer, as the
/// threads for I/O have enough to do to be woken at once.
const MOST_TOUCHED: usize = 64;

/// A connection that waits for the end of a turn.
pub(super) trait TurnEnd: Send + Sync {
    /// The turn is over.
    fn turn_ended(&self);
}

/// The turn that the program's event loop is in.
#[derive(Default)]
pub(super) struct Turn {
    number: AtomicU32,
    sent: AtomicUsize,
    /// Whether a turn is under way: the program's listeners are running.
    open: AtomicBool,
    /// Connections that the program wants something of, once each. They may end meanwhile: they are not kept
    /// by this.
    touched: Mutex<Vec<Weak<dyn TurnEnd>>>,
}

impl Turn {
    /// Begins a turn; `false` when one is under way already.
    pub(super) fn begin(&self) -> bool {
        if self.open.swap(true, Ordering::Relaxed) {
            return false;
        }
        self.number.fetch_add(1, Ordering::Relaxed);
        self.sent.store(0, Ordering::Relaxed);
        true
    }

    /// Ends the turn: serves the connections that wait for it.
    pub(super) fn end(&self) {
        self.open.store(false, Ordering::Relaxed);
        self.serve_touched();
    }

    /// Drops the turn, as the program will not end it.
    pub(super) fn abandon(&self) {
        self.open.store(false, Ordering::Relaxed);
        let touched = std::mem::take(&mut *self.touched.lock());
        drop(touched);
    }

    fn serve_touched(&self) {
        let touched = std::mem::take(&mut *self.touched.lock());
        for connection in touched.iter().filter_map(Weak::upgrade) {
            connection.turn_ended();
        }
    }

    /// Has a connection driven at the end of the turn; `false` when none is under way. `mark` notes that
    /// it waits, and is `None` when it does so already.
    pub(super) fn touch(&self, mark: impl FnOnce() -> Option<Weak<dyn TurnEnd>>) -> bool {
        let enough = {
            let mut touched = self.touched.lock();
            // Checked under the lock, which the end of the turn takes, too: the connection is served by
            // that end, or the caller gets `false`.
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

    /// Has a connection served at the end of the turn that events begin; `false` for programs that have no
    /// turns. `mark` is as for [`Self::touch`].
    pub(super) fn visit(&self, mark: impl FnOnce() -> Option<Weak<dyn TurnEnd>>) -> bool {
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

    /// Whether the end of a send of this length may be reported in this turn.
    pub(super) fn allows(&self, len: usize) -> bool {
        let before = self.sent.fetch_add(len, Ordering::Relaxed);
        before.saturating_add(len) <= SENT_IN_TURN
    }
}
