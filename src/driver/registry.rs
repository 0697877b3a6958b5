//! What connections know of the tables of their server: they say what there is and what has ended, and
//! what is left of that stays readable until the program has handled the last event of it.

use std::net::SocketAddr;
use std::sync::atomic::AtomicU32;
use std::sync::{Arc, Weak};

use super::connection::counters::Counters;
use crate::engine::ChannelId;

/// The tables of one server.
pub(super) trait Registry: Send + Sync {
    /// The program is to know a connection from now on.
    fn connection_comes(&self, connection: u64);

    /// A connection has ended. What is left of it is found until what this returns is dropped; `None` if
    /// nobody knew it.
    fn connection_ended(&self, connection: u64, past: Option<PastConnection>) -> Option<Remains>;

    fn channel_opened(&self, channel: OpenedChannel);

    /// A channel is closed; `None` if it was not there. What is left of it is found until what this
    /// returns is dropped.
    fn channel_ended(&self, channel: u64) -> Option<Remains>;

    /// A channel is closed of which the program has data that it has not used.
    fn closed_unread(&self, channel: u64, connection: u64);

    /// The program has used all data of a channel that is closed, or its connection is gone.
    fn read_to_end(&self, channel: u64);

    /// Nothing of it can be read any more.
    fn forget(&self, what: Of);
}

/// A channel that is open.
#[derive(Debug)]
pub(super) struct OpenedChannel {
    pub(super) connection: u64,
    /// What the program knows it by.
    pub(super) number: u64,
    pub(super) local: ChannelId,
    /// Its type.
    pub(super) service: String,
    pub(super) counters: Arc<Counters>,
}

/// What is left of a connection.
#[derive(Debug)]
pub struct PastConnection {
    pub(super) peer: SocketAddr,
    pub(super) local: SocketAddr,
    pub(super) timeout: AtomicU32,
    pub(super) client_version: Option<String>,
    pub(super) strict_kex: Option<bool>,
}

/// What is left of a channel.
#[derive(Debug)]
pub struct PastChannel {
    pub(super) connection: u64,
    pub(super) service: String,
    pub(super) bytes_sent: u64,
}

/// Keeps what is left of a connection or a channel readable. It goes with the last event, and whoever
/// drops it, having handled that event or not, ends this: nothing can be left behind.
pub struct Remains {
    registry: Weak<dyn Registry>,
    of: Of,
}

/// Whose remains they are, by number.
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
