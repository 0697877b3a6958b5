//! Sockets of connections in the libuv loop of the program: what they bring is there when the loop looks,
//! and its events are handed to JavaScript without another wake-up.

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
    /// `None` where the system has no way to do it.
    pub(super) fn new(server: &Server, program: &Arc<Program>) -> Option<Self> {
        let sockets = server.program_loop(ProgramTime::default()).ok()?;
        Some(Self { sockets, program: Arc::downgrade(program) })
    }

    /// For the loop to watch.
    pub(super) fn descriptor(&self) -> c_int {
        self.sockets.descriptor()
    }

    /// The descriptor can be read; `true` when there are events for JavaScript.
    pub(super) fn serve(&self) -> bool {
        let Some(program) = self.program.upgrade() else {
            return false;
        };
        program.without_wakes(true, || self.sockets.serve())
    }

    /// The loop watches no more.
    pub(super) fn leave(&self) {
        self.sockets.leave();
    }
}

impl Drop for LoopSockets {
    fn drop(&mut self) {
        self.leave();
    }
}
