//! Sockets and threads: reading, writing, waiting for readiness, and the runtimes in which that happens.

pub(super) mod intake;
pub(super) mod memory;
pub(super) mod program_loop;
pub(super) mod raw_socket;
pub(super) mod runtime;
pub(super) mod socket;
pub(super) mod socket_options;
pub(super) mod stream;
pub(super) mod transmit;
#[cfg(unix)]
mod watchdog;
