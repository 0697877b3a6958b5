//! The counters of a channel's sends, readable without the lock of its connection: whoever runs the engine
//! publishes them.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::engine;

/// The counters of one channel.
#[derive(Debug, Default)]
pub(in crate::driver) struct Counters {
    bytes_sent: AtomicU64,
    ready_to_send: AtomicBool,
}

impl Counters {
    /// Bytes of the last send that were handed to the transport.
    pub(in crate::driver) fn bytes_sent(&self) -> u64 {
        self.bytes_sent.load(Ordering::Relaxed)
    }

    /// Whether the channel has room to send.
    pub(in crate::driver) fn ready_to_send(&self) -> bool {
        self.ready_to_send.load(Ordering::Relaxed)
    }

    /// Stores the engine's counters, so that a reader never waits for the engine.
    pub(in crate::driver) fn publish(&self, counters: Option<engine::Counters>) {
        if let Some(engine::Counters { bytes_sent, ready_to_send }) = counters {
            self.bytes_sent.store(bytes_sent, Ordering::Relaxed);
            self.publish_ready(ready_to_send);
        }
    }

    /// Stores whether the channel has room to send.
    pub(in crate::driver) fn publish_ready(&self, ready_to_send: bool) {
        self.ready_to_send.store(ready_to_send, Ordering::Relaxed);
    }
}
