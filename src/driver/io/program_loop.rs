//! Sockets that the program's own thread watches. Interactive traffic wakes that thread anyway, for its
//! listeners: when it finds the bytes itself, nobody else has to be woken to read them, and none to
//! send the reply. What would take too much of its time goes back to the task of the connection.

use std::time::{Duration, Instant};

#[cfg(not(unix))]
pub use other::ProgramLoop;
#[cfg(unix)]
pub use unix::ProgramLoop;

/// The stretches of time that are looked at on their own.
const STRETCH: Duration = Duration::from_millis(50);

/// What reading sockets may take of the program's time in each stretch of 50 ms: beyond that the threads
/// for I/O help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProgramTime {
    /// For one connection.
    pub of_one: Duration,
    /// For all of them together.
    pub of_all: Duration,
}

impl Default for ProgramTime {
    fn default() -> Self {
        Self { of_one: Duration::from_millis(20), of_all: Duration::from_millis(30) }
    }
}

/// What is known of a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::driver) enum Readiness {
    /// It can be read.
    Readable,
    /// The client has closed its side: the socket can be read to its end.
    Closing,
    /// It is broken.
    Broken,
}

/// What may be taken of a thread's time in each stretch of 50 ms.
#[derive(Debug)]
pub(in crate::driver) struct Budget {
    limit: Duration,
    since: Instant,
    spent: Duration,
}

impl Budget {
    pub(in crate::driver) fn new(limit: Duration, now: Instant) -> Self {
        Self { limit, since: now, spent: Duration::ZERO }
    }

    /// Counts what was done from `begun` to `now`; whether it is too much.
    pub(in crate::driver) fn spend(&mut self, begun: Instant, now: Instant) -> bool {
        self.is_spent(now);
        self.spent = self.spent.saturating_add(now.saturating_duration_since(begun));
        self.spent > self.limit
    }

    /// Whether it was too much already in the stretch that `now` is in.
    pub(in crate::driver) fn is_spent(&mut self, now: Instant) -> bool {
        if now.saturating_duration_since(self.since) > STRETCH {
            *self = Self::new(self.limit, now);
        }
        self.spent > self.limit
    }
}

#[cfg(unix)]
mod unix {
    use std::io;
    use std::os::fd::{AsRawFd, RawFd};
    use std::sync::Weak;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::time::{Duration, Instant};

    use mio::event::Event;
    use mio::unix::SourceFd;
    use mio::{Events, Interest, Poll, Token};
    use parking_lot::Mutex;

    use super::{Budget, ProgramTime, Readiness};
    use crate::driver::io::socket::Socket;
    use crate::driver::shared::Shared;

    /// Sockets that are seen to at a time, so that the rest of the loop gets its turn.
    const AT_ONCE: usize = 64;

    /// The sockets of one server that its program's thread watches.
    #[derive(Debug)]
    pub struct ProgramLoop {
        shared: Weak<Shared>,
        poll: Mutex<(Poll, Events)>,
        descriptor: RawFd,
        /// Somebody calls [`Self::serve`].
        attended: AtomicBool,
        time: ProgramTime,
        /// Once it is used up, connections that are served are given to their tasks.
        budget: Mutex<Budget>,
    }

    impl ProgramLoop {
        pub(in crate::driver) fn new(shared: Weak<Shared>, time: ProgramTime) -> io::Result<Self> {
            let poll = Poll::new()?;
            let descriptor = poll.as_raw_fd();
            let poll = Mutex::new((poll, Events::with_capacity(AT_ONCE)));
            Ok(Self {
                shared,
                poll,
                descriptor,
                attended: AtomicBool::new(true),
                time,
                budget: Mutex::new(Budget::new(time.of_all, Instant::now())),
            })
        }

        pub(in crate::driver) fn time(&self) -> ProgramTime {
            self.time
        }

        /// Can be read when [`Self::serve`] has something to do.
        pub fn descriptor(&self) -> RawFd {
            self.descriptor
        }

        /// Sees to the sockets that can be read; without waiting, on the program's thread.
        pub fn serve(&self) {
            let Some(shared) = self.shared.upgrade() else {
                return;
            };
            let begun = Instant::now();
            let ready: Vec<(u64, Readiness)> = {
                let mut poll = self.poll.lock();
                let (poll, events) = &mut *poll;
                // Interrupted, it is asked again at once: the descriptor can still be read.
                if poll.poll(events, Some(Duration::ZERO)).is_err() {
                    return;
                }
                let told = |event: &Event| {
                    let id = u64::try_from(event.token().0).ok()?;
                    let readiness = match (event.is_error(), event.is_read_closed()) {
                        (true, _) => Readiness::Broken,
                        (false, true) => Readiness::Closing,
                        (false, false) => Readiness::Readable,
                    };
                    Some((id, readiness))
                };
                events.iter().filter_map(told).collect()
            };
            for (id, readiness) in ready {
                if let Some(connection) = shared.connection(id) {
                    connection.readable(readiness);
                }
            }
            self.budget.lock().spend(begun, Instant::now());
        }

        /// Whether the sockets take too much of the program's time.
        pub(in crate::driver) fn is_crowded(&self, now: Instant) -> bool {
            self.budget.lock().is_spent(now)
        }

        /// Nobody calls [`Self::serve`] from now on. Connections that count on it are ending.
        pub fn leave(&self) {
            self.attended.store(false, Ordering::Release);
        }

        /// Watches a socket; `false` when somebody else has to.
        pub(in crate::driver) fn add(&self, socket: &Socket, id: u64) -> bool {
            let Ok(token) = usize::try_from(id).map(Token) else {
                return false;
            };
            let descriptor = socket.as_raw_fd();
            let mut source = SourceFd(&descriptor);
            self.attended.load(Ordering::Acquire)
                && self
                    .poll
                    .lock()
                    .0
                    .registry()
                    .register(&mut source, token, Interest::READABLE)
                    .is_ok()
        }

        /// Watches a socket no more.
        pub(in crate::driver) fn remove(&self, socket: &Socket) {
            let descriptor = socket.as_raw_fd();
            // One that is not there is not watched, which is what is wanted.
            let _ = self.poll.lock().0.registry().deregister(&mut SourceFd(&descriptor));
        }
    }
}

#[cfg(not(unix))]
mod other {
    use std::io;
    use std::sync::Weak;
    use std::time::Instant;

    use super::ProgramTime;
    use crate::driver::io::socket::Socket;
    use crate::driver::shared::Shared;

    /// There is none on this system: the tasks of the connections watch all sockets.
    #[derive(Debug)]
    pub enum ProgramLoop {}

    impl ProgramLoop {
        pub(in crate::driver) fn new(
            _shared: Weak<Shared>,
            _time: ProgramTime,
        ) -> io::Result<Self> {
            Err(io::ErrorKind::Unsupported.into())
        }

        pub(in crate::driver) fn time(&self) -> ProgramTime {
            match *self {}
        }

        /// Can be read when [`Self::serve`] has something to do.
        pub fn descriptor(&self) -> i32 {
            match *self {}
        }

        /// Sees to the sockets that can be read; without waiting, on the program's thread.
        pub fn serve(&self) {
            match *self {}
        }

        /// Nobody calls [`Self::serve`] from now on. Connections that count on it are ending.
        pub fn leave(&self) {
            match *self {}
        }

        pub(in crate::driver) fn is_crowded(&self, _now: Instant) -> bool {
            match *self {}
        }

        pub(in crate::driver) fn add(&self, _socket: &Socket, _id: u64) -> bool {
            match *self {}
        }

        pub(in crate::driver) fn remove(&self, _socket: &Socket) {
            match *self {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    #[test]
    fn a_budget_is_for_each_stretch_of_time() {
        let start = Instant::now();
        let mut budget = Budget::new(ms(20), start);
        let mut spend = |from, to| budget.spend(start + ms(from), start + ms(to));
        assert!(!spend(0, 10));
        assert!(!spend(15, 25), "20 ms are allowed");
        assert!(spend(30, 31));
        assert!(spend(49, 50), "until the stretch is over");
        assert!(!spend(60, 60), "whatever was before");
        assert!(!spend(60, 70));
        assert!(!spend(80, 85));
        assert!(spend(100, 106));
    }

    #[test]
    fn one_long_piece_of_work_is_too_much() {
        let start = Instant::now();
        let mut budget = Budget::new(ms(20), start);
        assert!(budget.spend(start, start + ms(200)));
        assert!(budget.is_spent(start + ms(210)));
        assert!(!budget.is_spent(start + ms(300)), "nobody pays for what is long over");
    }
}
