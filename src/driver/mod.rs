//! The tokio driver around the engine: sockets, timers, one task per connection, and the tables that turn a
//! connection or channel number into the engine that owns it. The driver decides nothing: it puts each
//! question to the program through the [`Handler`]; a question that no listener answers gets the documented
//! starting value.

mod acceptor;
mod channel_entry;
mod clients;
mod clock;
mod connection;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
mod gssapi;
mod handler;
mod incoming;
mod io;
mod job_threads;
mod listener;
mod load;
mod lookup;
mod op_error;
pub mod os_error;
mod permits;
mod priority;
mod registry;
mod server;
mod service;
mod shared;
mod tables;
mod tunnel;
mod turn;

pub use channel_entry::ChannelEntry;
pub use clients::{ClientList, ClientListError, Clients};
pub use connection::ConnectionHandle;
pub use gssapi::GssSettings;
pub use handler::{
    Asked, ConnectedAnswer, ConnectedAsked, ConnectionEnd, Direction, EventKind, Handler, LoadKey,
    OpResult, RequestAsked, ServerEvent, TunnelAsked, Wanted,
};
pub use incoming::Incoming;
pub use io::memory::MemoryStream;
pub use io::program_loop::{ProgramLoop, ProgramTime};
pub use io::runtime::later;
pub use io::socket_options::SocketOptions;
pub use listener::{Families, Listen, ListenError};
pub use load::Charge;
pub use op_error::{OpError, TunnelFailure};
pub use registry::{PastChannel, PastConnection, Remains};
pub use server::Server;
pub use service::Desk;
pub use shared::Settings;
pub use tables::Known;
