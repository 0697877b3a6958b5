//! Tunnels: channels that lead to a socket of this machine and not to the program. The program decides only
//! whether there is one.

pub(super) mod alarm;
mod asking;
mod bound;
mod command;
mod events;
pub(super) mod forward;
mod lookup;
mod parts;
mod race;
pub(super) mod reverse;
mod splice;
mod stream;
mod table;
mod tickets;

pub(super) use asking::{Asking, OpenRequest, TunnelAnswered};
pub(super) use command::TunnelCommand;
pub(super) use events::{closed, done, end_all, ended, opened, ready, run};
pub(super) use table::Tunnels;
pub(super) use tickets::{NOBODY, is_ours};
