//! The tokio driver around the engine: sockets, timers, one task per connection, and the tables that
//! turn a connection or channel number into the engine that owns it. It decides nothing: what the
//! program has to decide goes through the [`Handler`], and what nobody decides gets the documented
//! starting value.

mod arithmetic;
mod arrival;
mod clients;
mod command;
mod connection;
mod connection_task;
mod drive;
mod events;
mod handler;
mod hosted;
mod intake;
mod listener;
mod load;
mod lookup;
pub mod os_error;
mod permits;
mod priority;
mod program_loop;
mod raw_socket;
mod retire;
mod runtime;
mod send;
mod server;
mod shared;
mod socket;
mod socket_options;
mod tables;
mod transmit;
mod tunnel;
mod turn;
mod unconsumed;

pub use clients::{ClientList, ClientListError, Clients};
pub use command::OpError;
pub use connection::ConnectionHandle;
pub use handler::{
    Asked, ConnectedAnswer, ConnectedAsked, ConnectionEnd, Direction, EventKind, Handler, LoadKey,
    OpResult, RequestAsked, ServerEvent, TunnelAsked, Wanted,
};
pub use listener::{Families, Listen, ListenError};
pub use load::Charge;
pub use program_loop::{ProgramLoop, ProgramTime};
pub use runtime::later;
pub use server::Server;
pub use shared::{ChannelEntry, Settings};
pub use socket_options::SocketOptions;
pub use tables::{Known, PastChannel, PastConnection, Remains};
pub use tunnel::TunnelFailure;
