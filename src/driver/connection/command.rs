//! What other threads want a connection's engine to do. Commands of one thread keep their order:
//! they wait in the connection's queue until its task runs them, or the caller's own thread does.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;

use crate::crypto::signature::PrivateKey;
use crate::driver::handler::{ConnectedAnswer, Reply};
use crate::driver::tunnel::TunnelCommand;
use crate::engine::{
    Answer, ChannelId, Connection, JobOutput, QuestionId, Queued, SendMode, Ticket,
};
use crate::error::{ApiMisuse, DisconnectReason};

/// Something for the engine to do.
#[derive(Debug)]
pub(in crate::driver) enum Command {
    /// The program wants the connection, or not.
    Accept(bool),
    /// The program has chosen a host key.
    HostKey(ConnectedAnswer),
    /// That key is loaded, or why it is not.
    KeyLoaded(Result<Arc<PrivateKey>, String>),
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
    /// What the program has answered.
    pub(in crate::driver) fn of(reply: Reply) -> Self {
        match reply {
            Reply::Accept(accept) => Self::Accept(accept),
            Reply::HostKey(answer) => Self::HostKey(answer),
            Reply::KeyLoaded(loaded) => Self::KeyLoaded(loaded),
            Reply::Answer(id, answer) => Self::Answer(id, answer),
            Reply::Tunnel(question, port) => Self::Tunnel(TunnelCommand::Answer { question, port }),
        }
    }

    /// Whose [`crate::driver::ServerEvent::Done`] reports the end of the command.
    pub(in crate::driver) fn ticket(&self) -> Option<Ticket> {
        match self {
            Self::Queue(_, _, ticket)
            | Self::OpenChannel { ticket, .. }
            | Self::ExchangeKeys(ticket) => Some(*ticket),
            Self::Disconnect { ticket, .. } => *ticket,
            Self::Accept(_)
            | Self::HostKey(_)
            | Self::KeyLoaded(_)
            | Self::Answer(..)
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
            | Self::Accept(_)
            | Self::HostKey(_)
            | Self::KeyLoaded(_)
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
            Self::Accept(_)
            | Self::HostKey(_)
            | Self::KeyLoaded(_)
            | Self::JobPanicked
            | Self::Tunnel(_) => {}
        }
        Ok(None)
    }
}
