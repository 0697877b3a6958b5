//! An open channel, as other threads find it by its number.

use std::sync::Arc;

use super::connection::ConnectionHandle;
use super::connection::counters::Counters;
use super::registry::{OpenedChannel, PastChannel};
use crate::engine::ChannelId;

/// An open channel.
#[derive(Debug)]
pub struct ChannelEntry {
    /// Its connection.
    pub connection: Arc<ConnectionHandle>,
    /// The engine's number of the channel.
    pub local: ChannelId,
    /// The program's number of the channel.
    number: u64,
    /// The channel's type.
    pub service: String,
    counters: Arc<Counters>,
}

impl ChannelEntry {
    pub(super) fn new(connection: Arc<ConnectionHandle>, channel: OpenedChannel) -> Self {
        let OpenedChannel { number, local, service, counters, .. } = channel;
        Self { connection, local, number, service, counters }
    }

    /// Publishes the engine's counters, unless another thread holds the lock: then the values published
    /// last stay.
    pub fn refresh(&self) {
        self.connection.refresh(self.local, &self.counters);
    }

    /// The program has used data of the channel, so that the flow control window can be opened again. Less
    /// than 16 KiB is reported to the engine only when it runs for another reason: it sends WINDOW_ADJUST
    /// only when half of the window is used, and that is more.
    pub fn consumed(&self, len: usize) {
        self.connection.consumed(Some(self.local), self.number, len);
    }

    /// Bytes of the last send that were handed to the transport.
    pub fn bytes_sent(&self) -> u64 {
        self.counters.bytes_sent()
    }

    /// Whether the channel has room to send.
    pub fn ready_to_send(&self) -> bool {
        self.counters.ready_to_send()
    }

    /// What can still be read of the channel when it is closed.
    pub(super) fn past(&self) -> PastChannel {
        PastChannel {
            connection: self.connection.id(),
            service: self.service.clone(),
            bytes_sent: self.bytes_sent(),
        }
    }
}
