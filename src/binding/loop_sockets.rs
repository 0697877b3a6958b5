//! Sockets of connections in the libuv loop of the program: the loop reads them itself, and their events go
//! to JavaScript without another wake-up.

use std::ffi::c_int;
use std::sync::{Arc, Weak};

use super::program::Program;
use crate::driver::{ProgramLoop, ProgramTime, Server};

/// The sockets of one server.
pub(super) struct LoopSockets {
    sockets: Arc<ProgramLoop>,
    program: Weak<Program>,
}

impl LoopSockets {
    /// `None` where the system cannot do it.
    pub(super) fn new(server: &Server, program: &Arc<Program>) -> Option<Self> {
        let sockets = server.program_loop(ProgramTime::default()).ok()?;
        Some(Self { sockets, program: Arc::downgrade(program) })
    }

    /// The descriptor for the loop to poll.
    pub(super) fn descriptor(&self) -> c_int {
        self.sockets.descriptor()
    }

    /// Serves the sockets when the descriptor is readable; `true` when there are events for JavaScript.
    pub(super) fn serve(&self) -> bool {
        let Some(program) = self.program.upgrade() else {
            return false;
        };
        program.without_wakes(true, || self.sockets.serve())
    }

    /// The loop does not poll the descriptor any more.
    pub(super) fn leave(&self) {
        self.sockets.leave();
    }
}

impl Drop for LoopSockets {
    fn drop(&mut self) {
        self.leave();
    }
}
