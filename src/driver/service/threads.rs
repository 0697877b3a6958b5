//! The threads for files, for all servers of the process. A disk or a network file system may keep one for
//! ever; so each session uses at most one, and there are many. They end when they have had nothing to do.

use std::sync::OnceLock;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};

use crate::limits::MAX_FILE_THREADS;

/// The calls of the system need little stack.
const STACK_LEN: usize = 512 * 1024;
/// How long a thread waits for more to do.
const KEEP_ALIVE: Duration = Duration::from_secs(10);

/// `None` if the system starts no more threads.
static THREADS: OnceLock<Option<Runtime>> = OnceLock::new();

/// Runs `work` on a thread for files; on this one if there is none.
pub(super) fn run(work: impl FnOnce() + Send + 'static) {
    match THREADS.get_or_init(start) {
        // A panic of the work is caught by it.
        Some(threads) => drop(threads.spawn_blocking(work)),
        None => work(),
    }
}

/// Of this runtime only the pool for work that blocks is used.
fn start() -> Option<Runtime> {
    let mut builder = Builder::new_current_thread();
    builder.max_blocking_threads(MAX_FILE_THREADS).thread_keep_alive(KEEP_ALIVE);
    builder.thread_name("sshserver-files").thread_stack_size(STACK_LEN).build().ok()
}
