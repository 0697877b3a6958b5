//! Channel data that the program has received and not used, also of channels that are closed by now: so a
//! client that fills a window and closes the channel, again and again, cannot make the program hold more
//! than one that keeps its channels open.

use std::sync::Arc;

use crate::driver::load::{Charge, Kind, Load};
use crate::limits::PINNED_EVENT_COST;
use crate::number_map::NumberMap;

/// The unused data of one connection, by the channel numbers of the program.
#[derive(Debug, Default)]
pub(in crate::driver) struct Unconsumed {
    channels: NumberMap<u64, Data>,
}

#[derive(Debug)]
struct Data {
    bytes: usize,
    /// The load of the bytes and of the events that carried them.
    charge: Charge,
}

impl Unconsumed {
    /// One more event with data goes to the program.
    pub(in crate::driver) fn delivered(&mut self, load: &Arc<Load>, channel: u64, len: usize) {
        let data = self
            .channels
            .entry(channel)
            .or_insert_with(|| Data { bytes: 0, charge: load.charge(Kind::Pinned, 0) });
        data.bytes = data.bytes.saturating_add(len);
        data.charge.grow(len.max(PINNED_EVENT_COST));
    }

    /// Whether the program has unused data of the channel.
    pub(in crate::driver) fn has(&self, channel: u64) -> bool {
        self.channels.contains_key(&channel)
    }

    /// The channels with unused data.
    pub(in crate::driver) fn into_channels(self) -> impl Iterator<Item = u64> {
        self.channels.into_keys()
    }

    /// The program has used `len` bytes. It does not say of how many events: their number falls in
    /// proportion to the bytes.
    pub(in crate::driver) fn consumed(&mut self, channel: u64, len: usize) {
        let Some(data) = self.channels.get_mut(&channel) else {
            return;
        };
        if len >= data.bytes {
            self.channels.remove(&channel);
            return;
        }
        let charged = data.charge.bytes();
        let share = charged.saturating_mul(len).checked_div(data.bytes).unwrap_or(charged);
        data.charge.shrink(share);
        data.bytes = data.bytes.saturating_sub(len);
    }

    /// Frees empty buffers.
    pub(in crate::driver) fn release_memory(&mut self) {
        if self.channels.is_empty() {
            self.channels = NumberMap::default();
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::Notify;

    use super::*;
    use crate::limits::MAX_PINNED_BYTES;

    #[test]
    fn small_events_count_for_more_than_their_bytes_until_they_are_used() {
        let load = Arc::new(Load::new(Arc::new(Notify::new())));
        let mut data = Unconsumed::default();
        let mut events = 0;
        while !load.is_too_much() {
            data.delivered(&load, 7, 1);
            events += 1;
        }
        assert_eq!(events, MAX_PINNED_BYTES.div_ceil(PINNED_EVENT_COST));
        for _ in 0..events / 2 + 1 {
            data.consumed(7, 1);
        }
        assert!(!load.is_too_much());
        data.consumed(7, events);
        assert!(data.channels.is_empty());
    }

    #[test]
    fn every_byte_that_was_counted_is_given_back() {
        let load = Arc::new(Load::new(Arc::new(Notify::new())));
        let mut data = Unconsumed::default();
        for round in 1..500_usize {
            for channel in 0..3 {
                data.delivered(&load, channel, round * 13 % 1000 + 1);
            }
            data.consumed(round as u64 % 3, round * 7 % 900);
            data.consumed(9, 5);
        }
        for channel in 0..3 {
            data.consumed(channel, usize::MAX);
        }
        assert!(!load.is_too_much());
        assert_eq!(load.used(Kind::Pinned), 0);
    }
}
