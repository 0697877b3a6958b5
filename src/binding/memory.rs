//! Returns memory to the system once the connections are over. glibc keeps freed memory in its arenas;
//! after thousands of connections that is most of the memory that the process seems to use.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::blocks;
use crate::driver::later;

/// Delay after the last connection: JavaScript has collected its objects by then, and a server that is used
/// again at once has better things to do.
const DELAY: Duration = Duration::from_secs(1);

/// Delay after the last data: a flood needs its buffers again at once.
const DATA_DELAY: Duration = Duration::from_secs(3);

static TRIM_PLANNED: AtomicBool = AtomicBool::new(false);
static SHRINK_PLANNED: AtomicBool = AtomicBool::new(false);

/// Returns free memory after a delay, on a thread that may block.
pub(super) fn trim_later() {
    if !TRIM_PLANNED.swap(true, Ordering::AcqRel) {
        later(DELAY, || {
            TRIM_PLANNED.store(false, Ordering::Release);
            while blocks::shrink() {}
            trim();
        });
    }
}

/// Frees unused data buffers, a part every few seconds until none is left: a flood keeps in use those that
/// it needs.
pub(super) fn shrink_later() {
    if !SHRINK_PLANNED.swap(true, Ordering::AcqRel) {
        later(DATA_DELAY, || {
            SHRINK_PLANNED.store(false, Ordering::Release);
            if blocks::shrink() {
                shrink_later();
            }
        });
    }
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn trim() {
    unsafe extern "C" {
        fn malloc_trim(pad: usize) -> std::ffi::c_int;
    }
    // SAFETY: declared as in glibc's malloc.h; it takes no pointer, may be called from any thread at
    // any time, and locks the arenas itself.
    unsafe { malloc_trim(0) };
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn trim() {}
