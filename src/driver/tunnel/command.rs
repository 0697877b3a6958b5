//! The results that a connection gets for its tunnels from the program and from tasks.

use super::bound::Bound;
use super::stream::Stream;
use crate::driver::op_error::TunnelFailure;
use crate::engine::QuestionId;

/// A result for a tunnel of the connection.
#[derive(Debug)]
pub(in crate::driver) enum TunnelCommand {
    /// The program's answer: the port, or `None` for no tunnel.
    Answer { question: QuestionId, port: Option<u16> },
    /// The target of a forward tunnel is connected, or could not be.
    Connected { question: QuestionId, result: Result<Stream, TunnelFailure> },
    /// The sockets of a reverse tunnel listen, or could not be bound.
    Bound { question: QuestionId, result: Result<Bound, TunnelFailure> },
}
