//! Sockets that the program's own thread watches. Interactive traffic wakes that thread anyway, for its
//! listeners: when it reads the bytes itself, no other thread has to be woken to read them or to send the
//! reply. A connection that takes too much of its time goes back to its task, and when the thread stands
//! still, all of them do (`watchdog.rs`).

use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant};

#[cfg(not(unix))]
pub use other::ProgramLoop;
#[cfg(unix)]
pub use unix::ProgramLoop;

/// The length of the intervals in which time is counted.
const STRETCH: Duration = Duration::from_millis(50);

/// How much of the program's time sockets may take: connections that take more go to the threads for I/O.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProgramTime {
    /// For one connection, in each stretch of 50 ms.
    pub of_one: Duration,
    /// For all of them together, in each stretch of 50 ms.
    pub of_all: Duration,
    /// How long the program's thread may stand still before the threads for I/O take its sockets.
    pub standing_still: Duration,
}

impl Default for ProgramTime {
    fn default() -> Self {
        Self {
            of_one: Duration::from_millis(20),
            of_all: Duration::from_millis(30),
            standing_still: Duration::from_millis(100),
        }
    }
}

/// What is known of a stream, by rank: a greater sign includes the smaller ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(in crate::driver) enum Sign {
    Nothing = 0,
    /// A socket with SO_RCVLOWAT raised has not become readable for a while; it may have fewer bytes than
    /// that.
    Lull = 1,
    /// The stream is readable.
    Readable = 2,
    /// The client has closed its side: the stream can be read to its end.
    Closing = 3,
    /// The stream is broken.
    Broken = 4,
}

/// The signs of one stream that nobody has looked at yet, merged into the greatest.
#[derive(Debug, Default)]
pub(in crate::driver) struct Signs(AtomicU8);

impl Signs {
    pub(in crate::driver) fn add(&self, sign: Sign) {
        if sign != Sign::Nothing {
            self.0.fetch_max(sign as u8, Ordering::Release);
        }
    }

    pub(in crate::driver) fn take(&self) -> Sign {
        // Mostly there is no sign, and a load costs less than a swap.
        if self.0.load(Ordering::Relaxed) == 0 {
            return Sign::Nothing;
        }
        match self.0.swap(0, Ordering::Acquire) {
            0 => Sign::Nothing,
            1 => Sign::Lull,
            2 => Sign::Readable,
            3 => Sign::Closing,
            _ => Sign::Broken,
        }
    }
}

/// A connection whose stream the program's thread watches.
pub(in crate::driver) trait Ready: Send + Sync {
    /// The stream is ready: serve the connection.
    fn ready(&self, sign: Sign);

    /// The program's thread stands still: the task is to watch the stream.
    fn stands_still(&self);
}

/// How much of a thread's time may be taken in each interval of 50 ms.
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

    /// Counts the time from `begun` to `now`; returns whether that is more than the limit.
    pub(in crate::driver) fn spend(&mut self, begun: Instant, now: Instant) -> bool {
        self.is_spent(now);
        self.spent = self.spent.saturating_add(now.saturating_duration_since(begun));
        self.spent > self.limit
    }

    /// Whether more than the limit is used already in the interval that `now` is in.
    pub(in crate::driver) fn is_spent(&mut self, now: Instant) -> bool {
        if now.saturating_duration_since(self.since) > STRETCH {
            *self = Self::new(self.limit, now);
        }
        self.spent > self.limit
    }
}

#[cfg(unix)]
mod unix {
    use std::collections::HashMap;
    use std::io;
    use std::os::fd::{AsRawFd, RawFd};
    use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
    use std::sync::{Arc, Weak};
    use std::time::{Duration, Instant};

    use mio::event::Event;
    use mio::unix::SourceFd;
    use mio::{Events, Interest, Poll, Token};
    use parking_lot::Mutex;

    use super::{Budget, ProgramTime, Ready, Sign};
    use crate::driver::io::stream::Descriptor;
    use crate::driver::io::watchdog::{Attended, Watchdog};

    /// Sockets that one call serves at most, so that the rest of the program's loop gets its turn.
    const AT_ONCE: usize = 64;

    /// The sockets of one server that its program's thread watches.
    #[derive(Debug)]
    pub struct ProgramLoop {
        watched: Mutex<Watched>,
        descriptor: RawFd,
        /// Whether the program calls [`Self::serve`].
        attended: AtomicBool,
        /// The number of those calls.
        served: AtomicU64,
        time: ProgramTime,
        /// The time of all connections: once it is used up, those that are served are given to their tasks.
        budget: Mutex<Budget>,
        watchdog: Watchdog,
    }

    struct Watched {
        poll: Poll,
        events: Events,
        sockets: HashMap<Token, Weak<dyn Ready>>,
    }

    impl std::fmt::Debug for Watched {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.debug_struct("Watched").field("sockets", &self.sockets.len()).finish_non_exhaustive()
        }
    }

    impl ProgramLoop {
        pub(in crate::driver) fn new(time: ProgramTime) -> io::Result<Arc<Self>> {
            let poll = Poll::new()?;
            let descriptor = poll.as_raw_fd();
            let events = Events::with_capacity(AT_ONCE);
            let program_loop = Arc::new(Self {
                watched: Mutex::new(Watched { poll, events, sockets: HashMap::new() }),
                descriptor,
                attended: AtomicBool::new(true),
                served: AtomicU64::new(0),
                time,
                budget: Mutex::new(Budget::new(time.of_all, Instant::now())),
                watchdog: Watchdog::default(),
            });
            Ok(program_loop)
        }

        pub(in crate::driver) fn time(&self) -> ProgramTime {
            self.time
        }

        /// The poll descriptor: readable when [`Self::serve`] has something to do.
        pub fn descriptor(&self) -> RawFd {
            self.descriptor
        }

        /// Serves the connections whose sockets are ready. Never blocks; called on the program's thread.
        pub fn serve(&self) {
            self.served.fetch_add(1, Ordering::Relaxed);
            let begun = Instant::now();
            let ready: Vec<(Weak<dyn Ready>, Sign)> = {
                let mut watched = self.watched.lock();
                let Watched { poll, events, sockets } = &mut *watched;
                // Interrupted by a signal: the descriptor stays readable, so this is called again at once.
                if poll.poll(events, Some(Duration::ZERO)).is_err() {
                    return;
                }
                let found = |event: &Event| {
                    let socket = sockets.get(&event.token())?;
                    Some((Weak::clone(socket), sign(event)))
                };
                events.iter().filter_map(found).collect()
            };
            for (socket, sign) in ready {
                if let Some(socket) = socket.upgrade() {
                    socket.ready(sign);
                }
            }
            self.budget.lock().spend(begun, Instant::now());
        }

        /// Whether the connections take too much of the program's time.
        pub(in crate::driver) fn is_crowded(&self, now: Instant) -> bool {
            self.budget.lock().is_spent(now)
        }

        /// The program does not call [`Self::serve`] any more. The connections that it watches are ending.
        pub fn leave(&self) {
            self.attended.store(false, Ordering::Release);
        }

        /// Watches a socket; `false` when the connection's task has to.
        pub(in crate::driver) fn add(
            self: &Arc<Self>,
            descriptor: Descriptor,
            id: u64,
            socket: Weak<dyn Ready>,
        ) -> bool {
            let Ok(token) = usize::try_from(id).map(Token) else {
                return false;
            };
            if !self.attended.load(Ordering::Acquire) {
                return false;
            }
            let mut watched = self.watched.lock();
            let mut source = SourceFd(&descriptor);
            if watched.poll.registry().register(&mut source, token, Interest::READABLE).is_err() {
                return false;
            }
            watched.sockets.insert(token, socket);
            drop(watched);
            self.watchdog.watch(Arc::downgrade(self), self.time.standing_still);
            true
        }

        /// Stops watching a socket.
        pub(in crate::driver) fn remove(&self, descriptor: Descriptor, id: u64) {
            let mut watched = self.watched.lock();
            // An error means that the socket is not registered, which is what is wanted.
            let _ = watched.poll.registry().deregister(&mut SourceFd(&descriptor));
            if let Ok(token) = usize::try_from(id).map(Token) {
                watched.sockets.remove(&token);
            }
        }
    }

    impl Attended for ProgramLoop {
        fn descriptor(&self) -> RawFd {
            self.descriptor
        }

        fn served(&self) -> u64 {
            self.served.load(Ordering::Relaxed)
        }

        fn give_all_away(&self) {
            let sockets: Vec<_> = self.watched.lock().sockets.values().cloned().collect();
            for socket in sockets.iter().filter_map(Weak::upgrade) {
                socket.stands_still();
            }
        }
    }

    fn sign(event: &Event) -> Sign {
        match (event.is_error(), event.is_read_closed()) {
            (true, _) => Sign::Broken,
            (false, true) => Sign::Closing,
            (false, false) => Sign::Readable,
        }
    }
}

#[cfg(not(unix))]
mod other {
    use std::io;
    use std::sync::{Arc, Weak};
    use std::time::Instant;

    use super::{ProgramTime, Ready};
    use crate::driver::io::stream::Descriptor;

    /// No value of this exists on this system: the tasks of the connections watch all sockets.
    #[derive(Debug)]
    pub enum ProgramLoop {}

    impl ProgramLoop {
        pub(in crate::driver) fn new(_time: ProgramTime) -> io::Result<Arc<Self>> {
            Err(io::ErrorKind::Unsupported.into())
        }

        pub(in crate::driver) fn time(&self) -> ProgramTime {
            match *self {}
        }

        /// The poll descriptor: readable when [`Self::serve`] has something to do.
        pub fn descriptor(&self) -> i32 {
            match *self {}
        }

        /// Serves the connections whose sockets are ready. Never blocks; called on the program's thread.
        pub fn serve(&self) {
            match *self {}
        }

        /// The program does not call [`Self::serve`] any more. The connections that it watches are ending.
        pub fn leave(&self) {
            match *self {}
        }

        pub(in crate::driver) fn is_crowded(&self, _now: Instant) -> bool {
            match *self {}
        }

        pub(in crate::driver) fn add(
            self: &Arc<Self>,
            _descriptor: Descriptor,
            _id: u64,
            _socket: Weak<dyn Ready>,
        ) -> bool {
            match **self {}
        }

        pub(in crate::driver) fn remove(&self, _descriptor: Descriptor, _id: u64) {
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
