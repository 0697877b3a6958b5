//! Who keeps a connection: sees to its stream. That is the connection's task, or the program's own thread,
//! which then reads, drives the engine and runs the listeners in one go, while the task sleeps until a
//! timer or a job needs it. Both do it with `Machine::serve`; what is different is said here: how much of
//! a thread's time the keeping may take, and when it changes hands.

use std::sync::Arc;

use crate::driver::io::program_loop::{Budget, ProgramLoop};

/// Who runs a machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::driver) enum By {
    /// The task of the connection.
    Task,
    /// A thread of the program.
    Program,
}

/// Who sees to the stream of a connection.
#[derive(Debug)]
pub(in crate::driver) enum Keeper {
    /// The task. With a way back if the program's thread only stood still.
    Task(Option<WayBack>),
    /// The program's thread.
    Program(Box<Hosting>),
}

impl Default for Keeper {
    fn default() -> Self {
        Self::Task(None)
    }
}

/// What the program's thread has of a connection that it keeps.
#[derive(Debug)]
pub(in crate::driver) struct Hosting {
    pub(super) home: Arc<ProgramLoop>,
    pub(super) budget: Budget,
}

/// To the program's thread, once that goes on.
#[derive(Debug)]
pub(in crate::driver) struct WayBack {
    pub(super) home: Arc<ProgramLoop>,
    /// The program's turn when its thread stood still.
    pub(super) turn: u32,
}
