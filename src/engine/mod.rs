//! The sans-I/O root: one [`Connection`] turns bytes and decisions into bytes and events. It does no
//! I/O and reads no clock; time and randomness are passed in. The driver (or a test) owns the socket.
//!
//! A caller loops over four kinds of method: `handle_*` (input), commands (`send`, `answer`, ..),
//! `poll_*` (output) and getters. After any of the first two it drains [`Connection::poll_event`]
//! and [`Connection::poll_transmit`].

mod command;
mod config;
mod connection;
mod delivery;
mod event;
mod job;
mod liveness;
mod open_questions;
mod question;
mod timeouts;

pub use config::{Config, KeepAlive};
pub use connection::{Connection, Peer};
pub use event::{Answer, Event, Notice, Question, QuestionId};
pub use job::{Job, JobOutput};

pub use crate::channels::{
    Call, ChannelId, Counters, Forwarding, Order, Outcome, Place, Queued, Refusal, Room, SendMode,
    Sent, Ticket,
};
pub use crate::transport::{AlgorithmLists, RekeyThresholds, Settings, StrictKex, Verbosity};
pub use crate::userauth::{AuthAnswer, AuthParam, AuthQuestion, Prompt};
pub use crate::wire::WriteBuffer;
