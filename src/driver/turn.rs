//! A turn of the program's event loop: from taking a batch of events to the end of its listeners. What
//! the program wants of a connection meanwhile waits for the end of the turn, so that replies and data
//! that belong together leave together. The connections are driven here and now when the thread that
//! has them sleeps: waking it costs more.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};

use parking_lot::Mutex;

use super::connection::arrival::Arrival;
use super::connection::handle::ConnectionHandle;

/// What is sent on the program's thread in one turn of its event loop before it has to wait for the
/// next one to hear that a send is done.
const SENT_IN_TURN: usize = 1024 * 1024;
/// Connections that wait for the end of the turn; with more the threads of the connections have
/// enough to do to be woken at once.
const MOST_TOUCHED: usize = 64;

/// The turn that the program's event loop is in.
#[derive(Debug, Default)]
pub(super) struct Turn {
    number: AtomicU32,
    sent: AtomicUsize,
    /// The program's listeners are running.
    open: AtomicBool,
    /// Connections that the program wants something of, once each.
    touched: Mutex<Vec<Arc<ConnectionHandle>>>,
    /// Connections on their way in that the program has answered.
    arrivals: Mutex<Vec<Arc<Arrival>>>,
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
        self.settle();
    }

    /// Nobody will end the turn any more.
    pub(super) fn abandon(&self) {
        self.open.store(false, Ordering::Relaxed);
        let touched = std::mem::take(&mut *self.touched.lock());
        drop(touched);
        let arrivals = std::mem::take(&mut *self.arrivals.lock());
        for arrival in arrivals {
            arrival.leave();
        }
    }

    fn settle(&self) {
        let arrivals = std::mem::take(&mut *self.arrivals.lock());
        for arrival in arrivals {
            arrival.run_on();
        }
        let touched = std::mem::take(&mut *self.touched.lock());
        for connection in touched {
            connection.settle();
        }
    }

    /// Has the connection driven at the end of the turn; `false` when none is under way.
    pub(super) fn touch(&self, connection: &Arc<ConnectionHandle>) -> bool {
        let enough = {
            let mut touched = self.touched.lock();
            // Under the lock, which the end of the turn takes too: another thread is in time or told.
            if !self.open.load(Ordering::Relaxed) {
                return false;
            }
            add(&mut touched, connection) >= MOST_TOUCHED
        };
        if enough {
            self.settle();
        }
        true
    }

    /// Has the connection driven at the end of the turn that events begin; `false` for programs that have
    /// no turns.
    pub(super) fn visit(&self, connection: &Arc<ConnectionHandle>) -> bool {
        let has_turns = self.number() > 0;
        if has_turns {
            add(&mut self.touched.lock(), connection);
        }
        has_turns
    }

    /// Has a connection go on its way in at the end of the turn; `false` when none is under way.
    pub(super) fn defer(&self, arrival: &Arc<Arrival>) -> bool {
        let mut arrivals = self.arrivals.lock();
        // Under the lock, as in `touch`.
        let is_open = self.open.load(Ordering::Relaxed);
        if is_open {
            arrivals.push(Arc::clone(arrival));
        }
        is_open
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

/// Adds a connection that is not there yet; how many there are.
fn add(touched: &mut Vec<Arc<ConnectionHandle>>, connection: &Arc<ConnectionHandle>) -> usize {
    if connection.mark_touched() {
        touched.push(Arc::clone(connection));
    }
    touched.len()
}
