//! The decision on a channel that a client wants to open: it may be a tunnel, or go to the program.

use bytes::Bytes;

use crate::engine::{Answer, ChannelId, QuestionId};

/// A channel that the client wants to open.
#[derive(Debug)]
pub(in crate::driver) struct OpenRequest {
    pub(in crate::driver) channel: ChannelId,
    pub(in crate::driver) channel_type: String,
    pub(in crate::driver) parameters: Bytes,
}

/// What a channel that the client wants to open becomes.
#[derive(Debug)]
pub(in crate::driver) enum Asking {
    /// A tunnel; the program was asked about it.
    Tunnel,
    /// A tunnel, refused because there are too many.
    Refused(Answer),
    /// A channel for the program: not a tunnel, or the program has no listener for tunnels.
    Channel(OpenRequest),
}

/// What is left to do after an answer about a tunnel.
#[derive(Debug)]
pub(in crate::driver) enum TunnelAnswered {
    Done,
    /// The program refused the tunnel. It is asked whether it opens the channel itself.
    Refused {
        question: QuestionId,
        number: u64,
        request: OpenRequest,
    },
}
