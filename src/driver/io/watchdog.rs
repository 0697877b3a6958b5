//! Sees that no socket waits for a program's thread that stands still: a listener that computes for
//! seconds, or blocks. The threads for I/O keep the connections of such a program until it goes on, so
//! that keep-alive questions, key exchanges and tunnels do not notice.
//!
//! It costs a timer while the program's thread is at work, and one wake-up when that begins. While
//! nothing comes in, nothing is done.

use std::io;
use std::os::fd::{OwnedFd, RawFd};
use std::sync::{Arc, Weak};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::sleep;

use super::raw_socket;
use super::runtime;

/// Parts of the time that a thread may stand still: how exactly it is kept.
const PARTS: u32 = 4;

/// A loop that a thread of the program sees to.
pub(super) trait Attended: Send + Sync + 'static {
    /// Can be read when there is something to see to.
    fn descriptor(&self) -> RawFd;

    /// How often the thread has seen to it.
    fn served(&self) -> u64;

    /// The thread stands still.
    fn give_all_away(&self);
}

/// Whether a loop is watched. Dropped, it ends the watching.
#[derive(Debug, Default)]
pub(super) struct Watchdog {
    gone: Mutex<Option<Arc<Notify>>>,
}

impl Watchdog {
    /// Has an I/O thread watch a loop, unless one does already. [`Duration::MAX`] lets its thread stand
    /// still for ever.
    pub(super) fn watch(&self, attended: Weak<impl Attended>, standing_still: Duration) {
        let mut gone = self.gone.lock();
        if gone.is_some() || standing_still == Duration::MAX {
            return;
        }
        // Without it the program's thread has its sockets to itself, as long as it wants.
        if let Ok(runtime) = runtime::handle() {
            let notify = Arc::new(Notify::new());
            *gone = Some(Arc::clone(&notify));
            runtime.spawn(async move {
                tokio::select! {
                    _ = watch(&attended, standing_still / PARTS) => {}
                    () = notify.notified() => {}
                }
            });
        }
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        if let Some(gone) = self.gone.get_mut() {
            gone.notify_one();
        }
    }
}

/// Until the loop is gone.
async fn watch(attended: &Weak<impl Attended>, part: Duration) -> Option<()> {
    // It stays open until the end, whatever becomes of the loop.
    let descriptor = Arc::new(raw_socket::duplicate(attended.upgrade()?.descriptor()).ok()?);
    loop {
        until_readable(&descriptor).await.ok()?;
        let mut served = attended.upgrade()?.served();
        let mut still = 0;
        loop {
            sleep(part).await;
            let attended = attended.upgrade()?;
            if std::mem::replace(&mut served, attended.served()) != served {
                still = 0;
                continue;
            }
            if !raw_socket::can_be_read(&descriptor) {
                break;
            }
            still += 1;
            // The first part may have begun before the thread was last seen.
            if still >= PARTS.saturating_sub(1) {
                attended.give_all_away();
                break;
            }
        }
    }
}

/// Waits with the runtime, which watches no longer than that: each event of the loop would wake it.
async fn until_readable(descriptor: &Arc<OwnedFd>) -> io::Result<()> {
    raw_socket::watch(descriptor)?.readable().await.map(drop)
}
