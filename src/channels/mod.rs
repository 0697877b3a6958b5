//! The connection protocol (RFC 4254): the table of channels. It turns the client's messages into events
//! and the program's commands into messages, with windows in both directions; data is queued on its channel
//! until [`Channels::pump`] is called, when the transport has room.

mod channel;
mod event;
mod global;
mod inbound;
mod open;
mod outbound;
mod packet;
mod run;
mod send_queue;
mod slots;
mod table;
mod window;

pub use self::event::{
    Call, ChannelEvent, ChannelId, Counters, Forwarding, Order, Outcome, Place, Queued, Room,
    SendMode, Sent, Ticket,
};
pub use self::inbound::Admitted;
pub use self::open::Refusal;
pub use self::table::Channels;
