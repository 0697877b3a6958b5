//! Detects that the program's thread stands still, as a listener computes for seconds or blocks, and frees
//! the sockets that it watches. The tasks on the threads for I/O keep these connections until the thread's
//! event loop runs again, so that keep-alive requests, key exchanges and tunnels go on.
//!
//! It costs a timer while the program's thread is at work, and one wake-up when that begins. While nothing
//! comes in, it costs nothing.

use std::io;
use std::os::fd::{OwnedFd, RawFd};
use std::sync::{Arc, Weak};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::sleep;

use super::raw_socket;
use super::runtime;

/// The number of checks within the time that a thread may stand still: the time is kept to one part in so
/// many.
const PARTS: u32 = 4;

/// A loop of sockets that the program's thread serves.
pub(super) trait Attended: Send + Sync + 'static {
    /// Readable when there are sockets to serve.
    fn descriptor(&self) -> RawFd;

    /// How often the thread has served the loop.
    fn served(&self) -> u64;

    /// The thread stands still: gives all connections to their tasks.
    fn give_all_away(&self);
}

/// Whether a loop is watched. Dropping it ends the watching.
#[derive(Debug, Default)]
pub(super) struct Watchdog {
    gone: Arc<Mutex<Option<Arc<Notify>>>>,
}

impl Watchdog {
    /// Has an I/O thread watch a loop, unless one does already. With [`Duration::MAX`] the program's thread
    /// may stand still for ever.
    pub(super) fn watch(&self, attended: Weak<impl Attended>, standing_still: Duration) {
        let mut gone = self.gone.lock();
        if gone.is_some() || standing_still == Duration::MAX {
            return;
        }
        // Without a runtime nobody watches the loop, and the program's thread keeps its sockets.
        if let Ok(runtime) = runtime::handle() {
            let notify = Arc::new(Notify::new());
            *gone = Some(Arc::clone(&notify));
            let is_watched = Arc::clone(&self.gone);
            runtime.spawn(async move {
                tokio::select! {
                    _ = watch(&attended, standing_still / PARTS) => {}
                    () = notify.notified() => {}
                }
                // It may have failed for want of a descriptor: the next socket has another try.
                is_watched.lock().take();
            });
        }
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        if let Some(gone) = &*self.gone.lock() {
            gone.notify_one();
        }
    }
}

/// Watches a loop until it is gone.
async fn watch(attended: &Weak<impl Attended>, part: Duration) -> Option<()> {
    // A duplicate stays open to the end, even if the loop closes its own descriptor.
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
            // The first part may have begun before the thread last served the loop.
            if still >= PARTS.saturating_sub(1) {
                attended.give_all_away();
                break;
            }
        }
    }
}

/// Registers the descriptor with the runtime only for this wait: else each event of the loop would wake
/// this thread.
async fn until_readable(descriptor: &Arc<OwnedFd>) -> io::Result<()> {
    raw_socket::watch(descriptor)?.readable().await.map(drop)
}
