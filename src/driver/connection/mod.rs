//! One connection, from its accept to its end.

pub(super) mod arrival;
pub(super) mod command;
pub(super) mod drive;
pub(super) mod events;
pub(super) mod handle;
pub(super) mod hosted;
pub(super) mod retire;
pub(super) mod send;
pub(super) mod task;
pub(super) mod unconsumed;
