//! Where the layers above the transport put their messages, without knowing the transport.

use super::messages::Message;
use crate::error::Error;

/// Takes payloads in order. Messages put while keys are exchanged wait until it is over.
pub trait Outbox {
    /// Sends the payload that `build` appends.
    fn put(&mut self, build: &mut dyn FnMut(&mut Vec<u8>)) -> Result<(), Error>;

    /// Sends the payload that is `head` and, behind it, `data`, which is large: it goes from where it lies
    /// to the packet in one step.
    fn put_data(&mut self, head: &[u8], data: &[u8]) -> Result<(), Error>;

    /// Whether [`Self::put_both`] costs less than two times [`Self::put_data`].
    fn likes_pairs(&self) -> bool;

    /// Sends two payloads, each as [`Self::put_data`].
    fn put_both(&mut self, payloads: [(&[u8], &[u8]); 2]) -> Result<(), Error>;
}

impl dyn Outbox + '_ {
    /// Sends a message.
    pub fn send<'m, M: Message<'m>>(&mut self, message: &M) -> Result<(), Error> {
        self.put(&mut |out| message.encode_to(out))
    }
}
