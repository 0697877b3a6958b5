//! Sockets and threads: how bytes come in and go out, what waits for them, and where.

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
