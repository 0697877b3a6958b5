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
    /// The engine's number for it.
    pub local: ChannelId,
    /// What the program knows it by.
    number: u64,
    /// Its type.
    pub service: String,
    counters: Arc<Counters>,
}

impl ChannelEntry {
    pub(super) fn new(connection: Arc<ConnectionHandle>, channel: OpenedChannel) -> Self {
        let OpenedChannel { number, local, service, counters, .. } = channel;
        Self { connection, local, number, service, counters }
    }

    /// Asks the engine how things are, unless somebody else has it: then what is known counts.
    pub fn refresh(&self) {
        self.connection.refresh(self.local, &self.counters);
    }

    /// The program has used data of the channel: the client may send as much again. Less than
    /// 16 KiB waits until the engine is driven for another reason: the client is told only
    /// when half of its window is used, and that is more.
    pub fn consumed(&self, len: usize) {
        self.connection.consumed(Some(self.local), self.number, len);
    }

    /// What the last send has handed to the transport.
    pub fn bytes_sent(&self) -> u64 {
        self.counters.bytes_sent()
    }

    /// Whether there is room to send.
    pub fn ready_to_send(&self) -> bool {
        self.counters.ready_to_send()
    }

    /// What is to be left of it.
    pub(super) fn past(&self) -> PastChannel {
        PastChannel {
            connection: self.connection.id(),
            service: self.service.clone(),
            bytes_sent: self.bytes_sent(),
        }
    }
}
