//! The tokio driver around the engine: sockets, timers, one task per connection, and the tables that
//! turn a connection or channel number into the engine that owns it. It decides nothing: what the
//! program has to decide goes through the [`Handler`], and what nobody decides gets the documented
//! starting value.

mod command;
mod connection;
mod connection_task;
mod drive;
mod events;
mod handler;
mod intake;
mod listener;
pub mod os_error;
mod raw_socket;
mod runtime;
mod server;
mod shared;
mod transmit;
mod tunnel;
mod turn;

pub use command::OpError;
pub use connection::ConnectionHandle;
pub use handler::{
    Asked, ConnectedAnswer, ConnectedAsked, ConnectionEnd, Direction, EventKind, Handler,
    InputGate, LoadKey, OpResult, RequestAsked, ServerEvent, TunnelAsked, Wanted,
};
pub use listener::{Listen, ListenError};
pub use runtime::later;
pub use server::Server;
pub use shared::{ChannelEntry, Settings};
pub use tunnel::TunnelFailure;
