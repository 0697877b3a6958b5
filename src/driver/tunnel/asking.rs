//! What comes of a channel that a client wants to open, before it is known whether it leads elsewhere.

use bytes::Bytes;

use crate::engine::{Answer, ChannelId, QuestionId};

/// A channel that the client wants to open.
#[derive(Debug)]
pub(in crate::driver) struct OpenRequest {
    pub(in crate::driver) channel: ChannelId,
    pub(in crate::driver) channel_type: String,
    pub(in crate::driver) parameters: Bytes,
}

/// What it is.
#[derive(Debug)]
pub(in crate::driver) enum Asking {
    /// A tunnel, about which the program was asked.
    Tunnel,
    /// A tunnel, but there are too many.
    Refused(Answer),
    /// Not a tunnel, or nobody wants to be asked about those.
    Channel(OpenRequest),
}

/// What an answer about a tunnel leaves to do.
#[derive(Debug)]
pub(in crate::driver) enum TunnelAnswered {
    Done,
    /// The program wants no tunnel. It may want to carry the channel itself.
    Refused {
        question: QuestionId,
        number: u64,
        request: OpenRequest,
    },
}
