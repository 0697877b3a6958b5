//! The interface of the tables of a server to its connections. They report connections and channels that
//! begin and end; what can be read of those that have ended stays until the program has handled their last
//! event.

use std::net::SocketAddr;
use std::sync::atomic::AtomicU32;
use std::sync::{Arc, Weak};

use super::connection::counters::Counters;
use crate::engine::ChannelId;

/// The tables of one server.
pub(super) trait Registry: Send + Sync {
    /// Enters a connection that the program knows from now on.
    fn connection_comes(&self, connection: u64);

    /// Takes out a connection that has ended. `past` can be found until the returned value is dropped;
    /// `None` if the program did not know the connection.
    fn connection_ended(&self, connection: u64, past: Option<PastConnection>) -> Option<Remains>;

    fn channel_opened(&self, channel: OpenedChannel);

    /// Takes out a closed channel; `None` if it was not in the table. Its remains can be found until the
    /// returned value is dropped.
    fn channel_ended(&self, channel: u64) -> Option<Remains>;

    /// Notes a closed channel with data that the program has not used yet.
    fn closed_unread(&self, channel: u64, connection: u64);

    /// The program has used all data of a closed channel, or its connection is over.
    fn read_to_end(&self, channel: u64);

    /// Drops the remains of a connection or channel.
    fn forget(&self, what: Of);
}

/// An open channel.
#[derive(Debug)]
pub(super) struct OpenedChannel {
    pub(super) connection: u64,
    /// The program's number of the channel.
    pub(super) number: u64,
    pub(super) local: ChannelId,
    /// The channel's type.
    pub(super) service: String,
    pub(super) counters: Arc<Counters>,
}

/// What can be read of a connection that is over.
#[derive(Debug)]
pub struct PastConnection {
    pub(super) peer: SocketAddr,
    pub(super) local: SocketAddr,
    pub(super) timeout: AtomicU32,
    pub(super) client_version: Option<String>,
    pub(super) strict_kex: Option<bool>,
}

/// What can be read of a channel that is closed.
#[derive(Debug)]
pub struct PastChannel {
    pub(super) connection: u64,
    pub(super) service: String,
    pub(super) bytes_sent: u64,
}

/// Keeps what can be read of a connection or channel that has ended. Its last event carries this; dropping
/// it, after handling the event or without, drops what is kept, so nothing is ever left behind.
pub struct Remains {
    registry: Weak<dyn Registry>,
    of: Of,
}

/// The number of the connection or channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Of {
    Connection(u64),
    Channel(u64),
}

impl Remains {
    pub(super) fn new(registry: Weak<dyn Registry>, of: Of) -> Self {
        Self { registry, of }
    }
}

impl std::fmt::Debug for Remains {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Remains").field(&self.of).finish()
    }
}

impl Drop for Remains {
    fn drop(&mut self) {
        if let Some(registry) = self.registry.upgrade() {
            registry.forget(self.of);
        }
    }
}
