//! Channels that the server serves itself: SFTP sessions over a directory. The program decides that there is one,
//! and its thread has no part in what follows.

mod buffers;
mod command;
mod desk;
mod events;
mod number;
mod sftp;
mod table;
mod threads;

pub(super) use command::{Served, ServiceCommand};
pub use desk::Desk;
pub(super) use events::{closed, deliver, end_all, ended, ready, run};
pub(super) use table::Services;
