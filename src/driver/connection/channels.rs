//! The channels of one connection as the program knows them: their numbers and counters, and the data that
//! the program has not used.

use std::sync::Arc;

use super::counters::Counters;
use super::link::{Consumed, Link};
use super::unconsumed::Unconsumed;
use crate::engine::{ChannelId, Connection};
use crate::number_map::NumberMap;

/// The channels of one connection.
#[derive(Debug, Default)]
pub(in crate::driver) struct Channels {
    known: NumberMap<ChannelId, Known>,
    /// Data that the program has received and not used.
    unconsumed: Unconsumed,
}

#[derive(Debug)]
struct Known {
    number: u64,
    /// `None` until the channel is open.
    counters: Option<Arc<Counters>>,
}

impl Channels {
    /// The program's number of a channel.
    pub(in crate::driver) fn number(&self, channel: ChannelId) -> Option<u64> {
        self.known.get(&channel).map(|known| known.number)
    }

    /// The counters of a channel that is open.
    pub(in crate::driver) fn counters(&self, channel: ChannelId) -> Option<&Arc<Counters>> {
        self.known.get(&channel)?.counters.as_ref()
    }

    /// Gives a channel that is not open yet the number that the program knows it by.
    pub(in crate::driver) fn add(&mut self, channel: ChannelId, number: u64) {
        self.known.insert(channel, Known { number, counters: None });
    }

    /// Marks a channel as open; it gets a number if it has none.
    pub(in crate::driver) fn open(
        &mut self,
        channel: ChannelId,
        number: impl FnOnce() -> u64,
    ) -> (u64, Arc<Counters>) {
        let known =
            self.known.entry(channel).or_insert_with(|| Known { number: number(), counters: None });
        let counters = Arc::clone(known.counters.get_or_insert_default());
        (known.number, counters)
    }

    /// Removes a channel that is closed, or that was not opened; returns its number.
    pub(in crate::driver) fn remove(&mut self, channel: ChannelId) -> Option<u64> {
        self.known.remove(&channel).map(|known| known.number)
    }

    /// Removes all channels, when the connection is over; returns their numbers.
    pub(in crate::driver) fn take_all(&mut self) -> Vec<u64> {
        std::mem::take(&mut self.known).into_values().map(|known| known.number).collect()
    }

    /// One more event with data of a channel goes to the program.
    pub(in crate::driver) fn delivered(&mut self, cx: &Link, number: u64, len: usize) {
        self.unconsumed.delivered(cx.load(), number, len);
    }

    /// Whether the program has unused data of a channel.
    pub(in crate::driver) fn has_unused(&self, number: u64) -> bool {
        self.unconsumed.has(number)
    }

    /// The program has used data of a channel: lowers the load, and opens the window of a channel that is
    /// open.
    pub(in crate::driver) fn consumed(
        &mut self,
        cx: &Link,
        engine: Option<&mut Connection>,
        used: &Consumed,
    ) {
        self.unconsumed.consumed(used.channel, used.len);
        // The engine reuses its numbers: that of a channel closed meanwhile may be another channel's now.
        let is_open = used.local.filter(|local| self.number(*local) == Some(used.channel));
        match (is_open, engine) {
            (Some(local), Some(engine)) => engine.consumed(local, used.len),
            (None, _) if !self.unconsumed.has(used.channel) => {
                cx.shared.tables().read_to_end(used.channel);
            }
            _ => {}
        }
    }

    /// The connection is over: drops the accounts of unused data, which no window waits for any more.
    pub(in crate::driver) fn forget_unused(&mut self, cx: &Link) {
        for channel in std::mem::take(&mut self.unconsumed).into_channels() {
            cx.shared.tables().read_to_end(channel);
        }
    }

    /// Frees empty buffers.
    pub(in crate::driver) fn release_memory(&mut self) {
        self.known.shrink_to_fit();
        self.unconsumed.release_memory();
    }
}
