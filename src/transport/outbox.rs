//! Takes the messages of the layers above: seals them at once, or defers them to the end of a key exchange
//! (RFC 4253 section 7.1).

use super::Transport;
use crate::error::{Error, LimitExceeded};
use crate::limits::MAX_DEFERRED_BYTES;
use crate::wire::{Outbox, Part};

impl Outbox for Transport {
    fn put(&mut self, build: &mut dyn FnMut(&mut Vec<u8>)) -> Result<(), Error> {
        if self.can_send() {
            return self.seal(build);
        }
        let mut payload = Vec::new();
        build(&mut payload);
        self.deferred_bytes = self.deferred_bytes.saturating_add(payload.len());
        self.deferred.push(payload);
        if self.deferred_bytes > MAX_DEFERRED_BYTES {
            return Err(LimitExceeded::QueuedReplies.into());
        }
        Ok(())
    }

    fn put_run<'d>(&mut self, run: &mut dyn Iterator<Item = Part<'d>>) -> Result<(), Error> {
        if self.seals_data() {
            let random = self.random.as_deref_mut();
            return self.outbound.seal_run(random, &mut self.sealed, run);
        }
        for part in run {
            self.put(&mut |out| {
                out.extend_from_slice(part.head.bytes());
                out.extend_from_slice(&part.data);
            })?;
        }
        Ok(())
    }
}

impl Transport {
    /// Whether data can be sealed from its sender's memory: no key exchange runs, and no trace looks at it.
    fn seals_data(&self) -> bool {
        self.can_send() && self.outbound.seals_data() && !self.trace.wants_packets()
    }
}
