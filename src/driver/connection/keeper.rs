//! The keeper of a connection watches its stream. It is the connection's task, or the program's own thread,
//! which then reads, runs the engine and calls the listeners in one go, while the task sleeps until a timer
//! or a job needs it. Both call `Machine::serve`. What differs is here and in `keeping.rs`: how much of the
//! program's time a connection may take, and when the keeper changes.

use std::sync::Arc;

use crate::driver::io::program_loop::{Budget, ProgramLoop};

/// Who serves a machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::driver) enum By {
    /// The task of the connection.
    Task,
    /// A thread of the program.
    Program,
}

/// Who watches the stream of a connection.
#[derive(Debug)]
pub(in crate::driver) enum Keeper {
    /// The task; with a way back if the connection was taken from the program's thread only because that
    /// stood still.
    Task(Option<WayBack>),
    /// The program's thread.
    Program(Box<Hosting>),
}

impl Default for Keeper {
    fn default() -> Self {
        Self::Task(None)
    }
}

/// The program's loop that watches the socket, and how much of its time the connection may take.
#[derive(Debug)]
pub(in crate::driver) struct Hosting {
    pub(super) home: Arc<ProgramLoop>,
    pub(super) budget: Budget,
}

/// The way back to the program's thread, once its event loop runs again.
#[derive(Debug)]
pub(in crate::driver) struct WayBack {
    pub(super) home: Arc<ProgramLoop>,
    /// The number of the program's turn in which its thread stood still.
    pub(super) turn: u32,
}
