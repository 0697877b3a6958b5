//! The clock of the driver. Deadlines of the engine and timers of the runtime have to be of one clock: a fuzz
//! target whose runtime has a clock of its own moves both (`fuzz/src/driver/`).

use std::time::Instant;

/// The time now. Without a runtime that has a clock of its own, which only tests have, that of the system.
pub(in crate::driver) fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}
