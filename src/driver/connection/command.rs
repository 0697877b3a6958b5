//! What other threads want a connection's engine to do. Commands of one thread keep their order:
//! they wait in the connection's queue until its task runs them, or the caller's own thread does.

use std::io;
use std::time::Instant;

use bytes::Bytes;

use crate::driver::listener::ListenError;
use crate::driver::tunnel::{TunnelCommand, TunnelFailure};
use crate::engine::{
    Answer, ChannelId, Connection, JobOutput, Outcome, Place, QuestionId, Queued, SendMode, Ticket,
};
use crate::error::{ApiMisuse, DisconnectReason, PeerIncompatible};

/// Something for the engine to do.
#[derive(Debug)]
pub(in crate::driver) enum Command {
    Answer(QuestionId, Answer),
    /// Something to wait for its turn on a channel.
    Queue(ChannelId, Queued, Ticket),
    OpenChannel {
        channel_type: String,
        parameters: Bytes,
        ticket: Ticket,
    },
    ExchangeKeys(Ticket),
    /// For the sends that wait.
    SetSendMode(SendMode),
    Disconnect {
        reason: DisconnectReason,
        description: &'static str,
        /// Done when the connection is gone.
        ticket: Option<Ticket>,
    },
    Complete(JobOutput),
    JobPanicked,
    Tunnel(TunnelCommand),
}

impl Command {
    /// Whose [`crate::driver::ServerEvent::Done`] reports the end of the command.
    pub(in crate::driver) fn ticket(&self) -> Option<Ticket> {
        match self {
            Self::Queue(_, _, ticket)
            | Self::OpenChannel { ticket, .. }
            | Self::ExchangeKeys(ticket) => Some(*ticket),
            Self::Disconnect { ticket, .. } => *ticket,
            Self::Answer(..)
            | Self::SetSendMode(_)
            | Self::Complete(_)
            | Self::JobPanicked
            | Self::Tunnel(_) => None,
        }
    }

    /// The channel that the command sends on: its counters change.
    pub(in crate::driver) fn sends_on(&self) -> Option<ChannelId> {
        match self {
            Self::Queue(channel, Queued::Data(..) | Queued::Packet { .. } | Queued::Eof, _) => {
                Some(*channel)
            }
            Self::Queue(_, Queued::Close | Queued::Abort, _)
            | Self::Answer(..)
            | Self::OpenChannel { .. }
            | Self::ExchangeKeys(_)
            | Self::SetSendMode(_)
            | Self::Disconnect { .. }
            | Self::Complete(_)
            | Self::JobPanicked
            | Self::Tunnel(_) => None,
        }
    }

    /// Whether it is to end something: that this has ended already is as good.
    pub(in crate::driver) fn is_end(&self) -> bool {
        matches!(
            self,
            Self::Queue(_, Queued::Eof | Queued::Close | Queued::Abort, _)
                | Self::Disconnect { .. }
        )
    }

    /// Has the engine do it; the channel is the one that is being opened.
    pub(in crate::driver) fn run(
        self,
        now: Instant,
        engine: &mut Connection,
    ) -> Result<Option<ChannelId>, ApiMisuse> {
        match self {
            Self::Answer(id, answer) => engine.answer(now, id, answer)?,
            Self::Queue(channel, what, ticket) => engine.queue(now, channel, what, ticket)?,
            Self::OpenChannel { channel_type, parameters, ticket } => {
                return engine.open_channel(now, &channel_type, &parameters, ticket).map(Some);
            }
            Self::ExchangeKeys(ticket) => engine.exchange_keys(ticket)?,
            Self::SetSendMode(mode) => engine.set_send_mode(now, mode),
            Self::Disconnect { reason, description, .. } => {
                engine.disconnect(now, reason, description)
            }
            Self::Complete(output) => engine.complete(now, output),
            // Not for the engine.
            Self::JobPanicked | Self::Tunnel(_) => {}
        }
        Ok(None)
    }
}

/// Why a command did not do what it was to do.
#[derive(Debug)]
pub enum OpError {
    /// The engine refused it.
    Misuse(ApiMisuse),
    /// It began, and ended like this; never [`Outcome::Complete`] or [`Outcome::Opened`].
    Outcome(Outcome),
    /// The port could not be opened.
    Listen(ListenError),
    /// The operating system refused.
    Io(io::Error),
    /// The server listens already.
    AlreadyListening,
    /// The host key that was chosen for a connection cannot be loaded; why.
    HostKey(String),
    /// A tunnel, or a connection to a reverse tunnel, did not come about.
    TunnelFailed {
        /// Where it was to lead, or to listen.
        place: Place,
        /// Why.
        cause: TunnelFailure,
    },
    /// A tunnel has ended before its time.
    TunnelBroken {
        /// Where it led, or where the connection came in.
        place: Place,
        /// Why.
        cause: TunnelFailure,
    },
    /// A client and the server have no algorithm in common.
    Incompatible(PeerIncompatible),
    /// The code that serves a connection failed.
    Panicked,
}
