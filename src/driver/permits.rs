//! Bounds the sockets of a server: all of them (MaxConnections), and those whose client has not logged in
//! (MaxUnauthenticated). When there is no permit for a new client, the connection that has been open for
//! longest without an identification string is ended to make room: a client that opens connections and
//! sends nothing keeps nobody out.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Weak};

use parking_lot::Mutex;
use tokio::sync::Notify;

/// The bounds on the number of sockets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Limits {
    /// MaxConnections.
    pub(super) all: usize,
    /// MaxUnauthenticated.
    pub(super) unauthenticated: usize,
}

/// The permits of one server.
#[derive(Debug, Default)]
pub(super) struct Permits {
    /// Open sockets, those that are being closed to make room included.
    sockets: AtomicUsize,
    /// Sockets that count for MaxConnections.
    places: AtomicUsize,
    /// Sockets that count for MaxUnauthenticated.
    unauthenticated: AtomicUsize,
    silent: Mutex<Silent>,
    socket_gone: Notify,
}

/// Clients that have not sent their identification string, in the order in which they connected.
#[derive(Debug, Default)]
struct Silent {
    last: u64,
    clients: BTreeMap<u64, Weak<LoginPermit>>,
}

/// The permit for one socket; given back on drop.
#[derive(Debug)]
pub(super) struct SocketPermit {
    /// The permit of the connection, which it needs only until its client has logged in.
    pub(super) login: Arc<LoginPermit>,
}

/// The permit to be connected without having logged in: counted until the client has logged in or its
/// socket is closed, whichever is first.
#[derive(Debug)]
pub(super) struct LoginPermit {
    permits: Arc<Permits>,
    number: u64,
    is_unauthenticated: AtomicBool,
    is_silent: AtomicBool,
    has_place: AtomicBool,
    has_made_room: AtomicBool,
    revoked: Notify,
}

/// The bound that is reached, with its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Full {
    Connections(usize),
    Unauthenticated(usize),
}

impl std::fmt::Display for Full {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Connections(limit) => write!(f, "{limit} connections are the maximum"),
            Self::Unauthenticated(limit) => write!(
                f,
                "{limit} connections that have not logged in are the maximum (MaxUnauthenticated)"
            ),
        }
    }
}

impl Permits {
    /// Fails when a bound is reached and no silent connection can make room.
    pub(super) fn take(self: &Arc<Self>, limits: Limits) -> Result<SocketPermit, Full> {
        let Limits { all, unauthenticated } = limits;
        self.count(&self.unauthenticated, unauthenticated)
            .map_err(|()| Full::Unauthenticated(unauthenticated))?;
        if self.count(&self.places, all).is_err() {
            self.unauthenticated.fetch_sub(1, Ordering::AcqRel);
            return Err(Full::Connections(all));
        }
        self.sockets.fetch_add(1, Ordering::AcqRel);
        let mut silent = self.silent.lock();
        silent.last = silent.last.wrapping_add(1);
        let login = Arc::new(LoginPermit {
            permits: Arc::clone(self),
            number: silent.last,
            is_unauthenticated: AtomicBool::new(true),
            is_silent: AtomicBool::new(true),
            has_place: AtomicBool::new(true),
            has_made_room: AtomicBool::new(false),
            revoked: Notify::new(),
        });
        silent.clients.insert(login.number, Arc::downgrade(&login));
        drop(silent);
        Ok(SocketPermit { login })
    }

    /// Counts one socket; if the limit is reached, a silent connection has to make room.
    fn count(&self, count: &AtomicUsize, limit: usize) -> Result<(), ()> {
        loop {
            let more = |count: usize| (count < limit).then(|| count.saturating_add(1));
            if count.fetch_update(Ordering::AcqRel, Ordering::Acquire, more).is_ok() {
                return Ok(());
            }
            // Another thread may take the permit that becomes free: then the loop makes room again.
            if limit == 0 || !self.make_room() {
                return Err(());
            }
        }
    }

    /// Ends the connection that has been silent for longest; `false` if there is none.
    fn make_room(&self) -> bool {
        loop {
            let Some((_, oldest)) = self.silent.lock().clients.pop_first() else {
                return false;
            };
            if let Some(oldest) = oldest.upgrade()
                && oldest.is_silent.swap(false, Ordering::AcqRel)
            {
                oldest.give_place();
                oldest.logged_in();
                oldest.has_made_room.store(true, Ordering::Release);
                oldest.revoked.notify_one();
                return true;
            }
        }
    }

    pub(super) fn has_no_sockets(&self) -> bool {
        self.sockets.load(Ordering::Acquire) == 0
    }

    /// Waits until all sockets are closed.
    pub(super) async fn all_gone(&self) {
        loop {
            let gone = self.socket_gone.notified();
            if self.has_no_sockets() {
                return;
            }
            gone.await;
        }
    }
}

impl Drop for SocketPermit {
    fn drop(&mut self) {
        self.login.identified();
        self.login.logged_in();
        self.login.give_place();
        let permits = &self.login.permits;
        if permits.sockets.fetch_sub(1, Ordering::AcqRel) == 1 {
            permits.socket_gone.notify_waiters();
        }
    }
}

impl LoginPermit {
    /// The client has sent its identification string: its connection is not ended any more to make room.
    pub(super) fn identified(&self) {
        if self.is_silent.swap(false, Ordering::AcqRel) {
            self.permits.silent.lock().clients.remove(&self.number);
        }
    }

    /// Whether the client has not sent its identification string yet.
    pub(super) fn is_silent(&self) -> bool {
        self.is_silent.load(Ordering::Acquire)
    }

    /// The client has logged in, or its socket is closed: it does not count for MaxUnauthenticated any
    /// more.
    pub(super) fn logged_in(&self) {
        if self.is_unauthenticated.swap(false, Ordering::AcqRel) {
            self.permits.unauthenticated.fetch_sub(1, Ordering::AcqRel);
        }
    }

    fn give_place(&self) {
        if self.has_place.swap(false, Ordering::AcqRel) {
            self.permits.places.fetch_sub(1, Ordering::AcqRel);
        }
    }

    /// Waits until the connection is ended to make room.
    pub(super) async fn revoked(&self) {
        self.revoked.notified().await;
    }

    /// Whether the connection was ended to make room.
    pub(super) fn has_made_room(&self) -> bool {
        self.has_made_room.load(Ordering::Acquire)
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Waker};

    use super::*;

    fn permits(all: usize, unauthenticated: usize) -> (Arc<Permits>, Limits) {
        (Arc::default(), Limits { all, unauthenticated })
    }

    fn is_revoked(permit: &SocketPermit) -> bool {
        let revoked = pin!(permit.login.revoked());
        revoked.poll(&mut Context::from_waker(Waker::noop())).is_ready()
    }

    #[test]
    fn the_oldest_that_has_said_nothing_makes_room() {
        for (all, unauthenticated) in [(3, 100), (100, 3)] {
            let (permits, limits) = permits(all, unauthenticated);
            let mut held: Vec<_> = (0..3).map(|_| permits.take(limits).unwrap()).collect();
            held[0].login.identified();
            held.push(permits.take(limits).unwrap());
            let revoked: Vec<_> = held.iter().map(is_revoked).collect();
            assert_eq!(revoked, [false, true, false, false]);
            held.push(permits.take(limits).unwrap());
            let revoked: Vec<_> = held.iter().map(is_revoked).collect();
            assert_eq!(revoked, [false, false, true, false, false]);
            for permit in &held {
                permit.login.identified();
            }
            assert!(permits.take(limits).is_err(), "all others have said something");
            drop(held);
            assert!(permits.has_no_sockets());
            assert_eq!(permits.places.load(Ordering::Relaxed), 0);
            assert_eq!(permits.unauthenticated.load(Ordering::Relaxed), 0);
            assert!(permits.silent.lock().clients.is_empty());
        }
    }

    #[test]
    fn who_has_logged_in_counts_for_the_connections_only() {
        let (permits, limits) = permits(2, 1);
        let first = permits.take(limits).unwrap();
        first.login.identified();
        assert_eq!(permits.take(limits).unwrap_err(), Full::Unauthenticated(1));
        first.login.logged_in();
        let second = permits.take(limits).unwrap();
        second.login.identified();
        second.login.logged_in();
        assert_eq!(permits.take(limits).unwrap_err(), Full::Connections(2));
        drop(first);
        assert!(permits.take(limits).is_ok());
    }

    #[test]
    fn a_limit_of_none_lets_nobody_in() {
        let (permits, limits) = permits(0, 0);
        assert!(permits.take(limits).is_err());
        assert!(permits.has_no_sockets());
    }
}
