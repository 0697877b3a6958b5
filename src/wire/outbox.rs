//! Where the layers above the transport put their messages, without knowing the transport.

use std::borrow::Cow;

use super::messages::{DataHead, Message};
use crate::error::Error;

/// Takes payloads in order. Messages that are put during a key exchange are deferred to its end.
pub trait Outbox {
    /// Sends the payload that `build` appends.
    fn put(&mut self, build: &mut dyn FnMut(&mut Vec<u8>)) -> Result<(), Error>;

    /// Sends a run of messages, whose data goes from its sender's memory to the packets in one step.
    /// Messages that belong together are best put together: packets that follow each other may cost less
    /// than each alone.
    fn put_run<'d>(&mut self, run: &mut dyn Iterator<Item = Part<'d>>) -> Result<(), Error>;
}

/// One message of a run.
#[derive(Debug)]
pub struct Part<'d> {
    /// The fields before the data.
    pub head: DataHead,
    /// The data: borrowed from its sender, or joined from several places.
    pub data: Cow<'d, [u8]>,
}

impl dyn Outbox + '_ {
    /// Sends a message.
    pub fn send<'m, M: Message<'m>>(&mut self, message: &M) -> Result<(), Error> {
        self.put(&mut |out| message.encode_to(out))
    }
}
