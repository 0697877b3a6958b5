//! Lowers the priority of a thread below that of the process's other threads, where the system can do so.
#![allow(unsafe_code, reason = "a system call that no safe interface has")]

/// Steps of the nice value: a processor that both want is shared about 1 to 9. That is enough for another
/// thread to run as soon as it wakes up, and not so much that the work starves beside a busy program.
#[cfg(any(target_os = "linux", target_os = "android"))]
const STEPS: libc::c_int = 10;

/// Lowers the priority of the calling thread for the rest of its life. This is about delays only: it works
/// all the same on a system that refuses.
pub(super) fn lower_priority() {
    // On Linux the nice value is that of a thread, elsewhere that of the process.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    // SAFETY: the call takes a number and touches no memory.
    unsafe {
        libc::nice(STEPS);
    }
}
