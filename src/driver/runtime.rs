//! The one tokio runtime of the process, shared by all servers. It is made when the first server
//! starts and lives as long as the process: threads that wait cost next to nothing.

use std::io;
use std::sync::OnceLock;
use std::time::Duration;

use tokio::runtime::{Builder, Handle, Runtime};

/// More threads than this do not help: one JavaScript thread decides for all of them.
const MAX_WORKERS: usize = 4;

/// Signatures and key exchanges need little; the default of 2 MiB is for code that recurses.
const STACK_LEN: usize = 512 * 1024;

static RUNTIME: OnceLock<io::Result<Runtime>> = OnceLock::new();

/// The runtime, or why it could not be made.
pub(super) fn handle() -> io::Result<Handle> {
    let made = RUNTIME.get_or_init(|| {
        let workers = std::thread::available_parallelism().map_or(1, usize::from).min(MAX_WORKERS);
        Builder::new_multi_thread()
            .worker_threads(workers)
            .max_blocking_threads(workers.saturating_mul(2))
            .thread_name("sshserver")
            .thread_stack_size(STACK_LEN)
            .enable_all()
            .build()
    });
    match made {
        Ok(runtime) => Ok(runtime.handle().clone()),
        Err(error) => Err(io::Error::new(error.kind(), error.to_string())),
    }
}

/// Runs `work` after a while, where it may block; not at all if there is no runtime.
pub fn later(delay: Duration, work: impl FnOnce() + Send + 'static) {
    if let Ok(runtime) = handle() {
        runtime.spawn(async move {
            tokio::time::sleep(delay).await;
            tokio::task::spawn_blocking(work);
        });
    }
}
