//! Gives memory back to the system once the connections are gone. glibc keeps what was freed in its
//! arenas; after thousands of connections that is most of what the process seems to use.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::blocks;
use crate::driver::later;

/// How long after the last connection: what JavaScript held is collected by then, and a server that
/// is called again at once has better things to do.
const DELAY: Duration = Duration::from_secs(1);

/// How long after data has come: a flood needs its buffers again at once.
const DATA_DELAY: Duration = Duration::from_secs(3);

static TRIM_PLANNED: AtomicBool = AtomicBool::new(false);
static SHRINK_PLANNED: AtomicBool = AtomicBool::new(false);

/// Gives back what is free a moment from now, on a thread that may take its time.
pub(super) fn trim_later() {
    if !TRIM_PLANNED.swap(true, Ordering::AcqRel) {
        later(DELAY, || {
            TRIM_PLANNED.store(false, Ordering::Release);
            while blocks::shrink() {}
            trim();
        });
    }
}

/// Gives back the buffers for data that are not used, a part every few seconds until none is left:
/// of those that a flood needs all the time, enough are in use.
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
