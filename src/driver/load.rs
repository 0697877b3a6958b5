//! The load of one connection, in bytes: events that the program has not taken yet, and data and questions
//! that it has taken and not finished with. With too much of either, the connection's input is not read
//! (backpressure), so that a fast client fills its own TCP window and not our memory; other connections do
//! not notice. Whoever lowers the load wakes the connection's task once there is room again.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use tokio::sync::Notify;

use crate::limits::{MAX_PINNED_BYTES, MAX_QUEUED_BYTES};

/// The load of one connection.
#[derive(Debug)]
pub(super) struct Load {
    queued: Meter,
    pinned: Meter,
    /// The program has called `pause`: it falls behind with the connection's events.
    paused: AtomicBool,
    /// Whether the connection's input is held back until there is room.
    waits: AtomicBool,
    /// Wakes the connection's task.
    notify: Arc<Notify>,
}

/// One of the two bounds, with a high and a low watermark: once the bound is reached, half of it has to go
/// before there is room again.
#[derive(Debug)]
struct Meter {
    used: AtomicUsize,
    most: usize,
    was_reached: AtomicBool,
}

/// The bound that a part of the load counts for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// An event that the program has not taken: [`MAX_QUEUED_BYTES`].
    Queued,
    /// A question that the program has not answered, or data that it has not used: [`MAX_PINNED_BYTES`].
    Pinned,
}

/// A part of a connection's load, until it is dropped.
#[derive(Debug)]
pub struct Charge {
    load: Arc<Load>,
    kind: Kind,
    bytes: usize,
}

impl Meter {
    fn new(most: usize) -> Self {
        Self { used: AtomicUsize::new(0), most, was_reached: AtomicBool::new(false) }
    }

    /// Returns whether the bound is reached, and stores that for the low watermark.
    fn is_reached(&self) -> bool {
        let used = self.used.load(Ordering::SeqCst);
        let was_reached = self.was_reached.load(Ordering::SeqCst);
        let is_reached = used >= self.most || (was_reached && used > self.most / 2);
        // Mostly nothing changes, and a store costs far more than a load.
        if is_reached != was_reached {
            self.was_reached.store(is_reached, Ordering::SeqCst);
        }
        is_reached
    }
}

impl Load {
    pub(super) fn new(notify: Arc<Notify>) -> Self {
        Self {
            queued: Meter::new(MAX_QUEUED_BYTES),
            pinned: Meter::new(MAX_PINNED_BYTES),
            paused: AtomicBool::new(false),
            waits: AtomicBool::new(false),
            notify,
        }
    }

    fn meter(&self, kind: Kind) -> &Meter {
        match kind {
            Kind::Queued => &self.queued,
            Kind::Pinned => &self.pinned,
        }
    }

    /// Adds so many bytes to the load until the charge is dropped.
    pub(super) fn charge(self: &Arc<Self>, kind: Kind, bytes: usize) -> Charge {
        self.add(kind, bytes);
        Charge { load: Arc::clone(self), kind, bytes }
    }

    /// Adds so many bytes to the load until [`Self::subtract`].
    pub(super) fn add(&self, kind: Kind, bytes: usize) {
        self.meter(kind).used.fetch_add(bytes, Ordering::SeqCst);
    }

    pub(super) fn subtract(&self, kind: Kind, bytes: usize) {
        self.meter(kind).used.fetch_sub(bytes, Ordering::SeqCst);
        self.wake_if_light();
    }

    /// The program falls behind with the events of the connection (`true`), or has caught up.
    pub(super) fn set_paused(&self, paused: bool) {
        self.paused.store(paused, Ordering::SeqCst);
        self.wake_if_light();
    }

    /// Whether nothing may be read for now (backpressure). If so, the task is woken when there is room
    /// again.
    pub(super) fn is_too_much(&self) -> bool {
        if self.is_light() {
            return false;
        }
        self.waits.store(true, Ordering::SeqCst);
        // The load may have been lowered before `waits` was set: then nobody wakes the task.
        !self.is_light()
    }

    #[cfg(test)]
    pub(super) fn used(&self, kind: Kind) -> usize {
        self.meter(kind).used.load(Ordering::SeqCst)
    }

    /// Whether the connection's input is held back until there is room.
    pub(super) fn has_waiter(&self) -> bool {
        self.waits.load(Ordering::SeqCst)
    }

    fn is_light(&self) -> bool {
        !self.paused.load(Ordering::SeqCst)
            && !self.queued.is_reached()
            && !self.pinned.is_reached()
    }

    fn wake_if_light(&self) {
        if self.waits.load(Ordering::SeqCst)
            && self.is_light()
            && self.waits.swap(false, Ordering::SeqCst)
        {
            self.notify.notify_one();
        }
    }
}

impl Charge {
    /// Takes over the bytes of `other`, if that is of the same kind and connection.
    pub fn take_over(&mut self, other: &mut Option<Self>) {
        let other =
            other.take_if(|other| self.kind == other.kind && Arc::ptr_eq(&self.load, &other.load));
        if let Some(mut other) = other {
            self.bytes = self.bytes.saturating_add(std::mem::take(&mut other.bytes));
        }
    }

    /// The bytes of this charge.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn set(&mut self, bytes: usize) {
        if bytes > self.bytes {
            self.grow(bytes.saturating_sub(self.bytes));
        } else if bytes < self.bytes {
            self.shrink(self.bytes.saturating_sub(bytes));
        }
    }

    pub(super) fn grow(&mut self, bytes: usize) {
        self.bytes = self.bytes.saturating_add(bytes);
        self.load.add(self.kind, bytes);
    }

    /// Lowers the load, by no more than the bytes of this charge.
    pub(super) fn shrink(&mut self, bytes: usize) {
        let bytes = bytes.min(self.bytes);
        self.bytes = self.bytes.saturating_sub(bytes);
        self.load.subtract(self.kind, bytes);
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        if self.bytes == 0 {
            return;
        }
        self.load.subtract(self.kind, self.bytes);
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Waker};

    use super::*;

    fn is_woken(notify: &Notify) -> bool {
        let woken = pin!(notify.notified());
        woken.poll(&mut Context::from_waker(Waker::noop())).is_ready()
    }

    #[test]
    fn a_connection_waits_when_it_has_too_much_and_is_woken_when_half_is_gone() {
        for (kind, most) in [(Kind::Queued, MAX_QUEUED_BYTES), (Kind::Pinned, MAX_PINNED_BYTES)] {
            let notify = Arc::new(Notify::new());
            let load = Arc::new(Load::new(Arc::clone(&notify)));
            let first = load.charge(kind, most / 2 - 1);
            let second = load.charge(kind, most / 2);
            assert!(!load.is_too_much(), "one byte less than the most");
            let third = load.charge(kind, 1);
            assert!(load.is_too_much());
            drop(third);
            assert!(load.is_too_much(), "more than half of it is still there");
            assert!(!is_woken(&notify));
            drop(second);
            assert!(is_woken(&notify));
            assert!(!load.is_too_much());
            drop(first);
            assert!(!is_woken(&notify), "nobody waits");
        }
    }

    #[test]
    fn a_bound_that_was_not_reached_keeps_nobody_waiting() {
        let notify = Arc::new(Notify::new());
        let load = Arc::new(Load::new(Arc::clone(&notify)));
        let much = load.charge(Kind::Pinned, MAX_PINNED_BYTES - 1);
        let queued = load.charge(Kind::Queued, MAX_QUEUED_BYTES);
        assert!(load.is_too_much());
        drop(queued);
        assert!(is_woken(&notify));
        assert!(!load.is_too_much());
        drop(much);
    }

    #[test]
    fn a_charge_takes_over_what_another_one_of_its_kind_and_connection_counts() {
        let notify = Arc::new(Notify::new());
        let load = Arc::new(Load::new(Arc::clone(&notify)));
        let neighbour = Arc::new(Load::new(notify));
        let mut charge = load.charge(Kind::Queued, 1);
        let mut others = [
            Some(load.charge(Kind::Queued, 2)),
            Some(load.charge(Kind::Pinned, 4)),
            Some(neighbour.charge(Kind::Queued, 8)),
            None,
        ];
        for other in &mut others {
            charge.take_over(other);
        }
        let is_left = others.each_ref().map(Option::is_some);
        assert_eq!(is_left, [false, true, true, false]);
        assert_eq!((charge.bytes(), load.used(Kind::Queued)), (3, 3));
        drop(charge);
        assert_eq!((load.used(Kind::Queued), load.used(Kind::Pinned)), (0, 4));
        assert_eq!(neighbour.used(Kind::Queued), 8);
    }

    #[test]
    fn a_connection_that_the_program_pauses_waits_for_the_program() {
        let notify = Arc::new(Notify::new());
        let load = Arc::new(Load::new(Arc::clone(&notify)));
        load.set_paused(true);
        assert!(load.is_too_much());
        drop(load.charge(Kind::Queued, 1));
        assert!(!is_woken(&notify));
        load.set_paused(false);
        assert!(is_woken(&notify));
        assert!(!load.is_too_much());
    }
}
