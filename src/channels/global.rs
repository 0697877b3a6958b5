//! Global requests of the client (RFC 4254 section 4). None is granted yet, so each that wants a
//! reply gets a failure; `keepalive@openssh.com` asks for nothing else.

use super::table::Channels;
use crate::error::Error;
use crate::wire::Outbox;
use crate::wire::messages::{GlobalRequest, Message, RequestFailure};

impl Channels {
    /// SSH_MSG_GLOBAL_REQUEST of the client.
    pub(super) fn handle_global(payload: &[u8], out: &mut dyn Outbox) -> Result<(), Error> {
        let message = GlobalRequest::decode(payload)?;
        if message.want_reply { out.send(&RequestFailure {}) } else { Ok(()) }
    }
}
