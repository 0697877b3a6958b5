//! Puts a thread behind the others of its process, where the system has a way to do so.
#![allow(unsafe_code, reason = "a system call that no safe interface has")]

/// How far behind: a processor that both want is shared about 1 to 9. Far enough that a thread which
/// wakes up runs at once, and not so far that the work starves beside a busy program.
#[cfg(any(target_os = "linux", target_os = "android"))]
const STEPS: libc::c_int = 10;

/// The calling thread alone, for the rest of its life. It is about delays only: a system that refuses
/// works all the same.
pub(super) fn lower_priority() {
    // On Linux the nice value is that of a thread, elsewhere that of the process.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    // SAFETY: the call takes a number and touches no memory.
    unsafe {
        libc::nice(STEPS);
    }
}
