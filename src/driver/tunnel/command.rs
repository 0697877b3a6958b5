//! What a connection is told of its tunnels by those who work for them elsewhere.

use super::bound::Bound;
use super::stream::Stream;
use crate::driver::op_error::TunnelFailure;
use crate::engine::QuestionId;

/// Something that has been decided or done.
#[derive(Debug)]
pub(in crate::driver) enum TunnelCommand {
    /// The program's answer: the port, or `None` for no tunnel.
    Answer { question: QuestionId, port: Option<u16> },
    /// The target of a forward tunnel is connected, or not.
    Connected { question: QuestionId, result: Result<Stream, TunnelFailure> },
    /// A reverse tunnel listens, or not.
    Bound { question: QuestionId, result: Result<Bound, TunnelFailure> },
}
