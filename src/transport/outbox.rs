//! Takes the messages of the layers above: sealed at once, or kept until a key exchange is over (RFC 4253
//! section 7.1).

use super::{Direction, Transport};
use crate::error::{Error, LimitExceeded};
use crate::limits::MAX_DEFERRED_BYTES;
use crate::wire::Outbox;

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

    fn put_data(&mut self, head: &[u8], data: &[u8]) -> Result<(), Error> {
        if self.can_send() && self.outbound.seals_data() && !self.trace.wants_packets() {
            let random = self.random.as_deref_mut();
            return self.outbound.seal_data(random, &mut self.sealed, head, data);
        }
        self.put(&mut |out| {
            out.extend_from_slice(head);
            out.extend_from_slice(data);
        })
    }

    fn likes_pairs(&self) -> bool {
        self.can_send() && self.outbound.likes_pairs()
    }

    fn put_both(&mut self, build: [&mut dyn FnMut(&mut Vec<u8>); 2]) -> Result<(), Error> {
        if !self.likes_pairs() {
            return build.into_iter().try_for_each(|build| self.put(build));
        }
        let trace = &mut self.trace;
        self.outbound.seal_both(
            self.random.as_deref_mut(),
            &mut self.sealed,
            build,
            &mut |sequence, payload| trace.packet(Direction::Sent, sequence, payload),
        )
    }
}
