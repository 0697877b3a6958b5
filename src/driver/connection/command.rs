//! The commands of other threads for a connection's engine. Commands of one thread keep their order: they
//! are queued in the connection's mailbox until its task, or the caller's own thread, runs them.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;

use crate::crypto::signature::PrivateKey;
use crate::driver::handler::{ConnectedAnswer, Reply};
use crate::driver::service::ServiceCommand;
use crate::driver::tunnel::TunnelCommand;
use crate::engine::{
    Answer, ChannelId, Connection, JobOutput, QuestionId, Queued, SendMode, Ticket,
};
use crate::error::{ApiMisuse, DisconnectReason};

/// A command for the machine of a connection.
#[derive(Debug)]
pub(in crate::driver) enum Command {
    /// The program's answer: whether it wants the connection.
    Accept(bool),
    /// The program's answer: which host key the connection gets.
    HostKey(ConnectedAnswer),
    /// The host key of the program's answer is loaded, or the reason why it is not.
    KeyLoaded(Result<Arc<PrivateKey>, String>),
    Answer(QuestionId, Answer),
    /// Data, a packet, EOF or CLOSE to be queued on a channel.
    Queue(ChannelId, Queued, Ticket),
    OpenChannel {
        channel_type: String,
        parameters: Bytes,
        ticket: Ticket,
    },
    ExchangeKeys(Ticket),
    /// Changes the send mode, for queued sends, too.
    SetSendMode(SendMode),
    Disconnect {
        reason: DisconnectReason,
        description: &'static str,
        /// Reported as done when the connection is over.
        ticket: Option<Ticket>,
    },
    Complete(JobOutput),
    JobPanicked,
    Tunnel(TunnelCommand),
    Service(ServiceCommand),
}

impl Command {
    /// The command that carries an answer of the program.
    pub(in crate::driver) fn of(reply: Reply) -> Self {
        match reply {
            Reply::Accept(accept) => Self::Accept(accept),
            Reply::HostKey(answer) => Self::HostKey(answer),
            Reply::KeyLoaded(loaded) => Self::KeyLoaded(loaded),
            Reply::Answer(id, answer) => Self::Answer(id, answer),
            Reply::Tunnel(question, port) => Self::Tunnel(TunnelCommand::Answer { question, port }),
        }
    }

    /// The ticket whose [`crate::driver::ServerEvent::Done`] reports the end of this command.
    pub(in crate::driver) fn ticket(&self) -> Option<Ticket> {
        match self {
            Self::Queue(_, _, ticket)
            | Self::OpenChannel { ticket, .. }
            | Self::ExchangeKeys(ticket) => Some(*ticket),
            Self::Disconnect { ticket, .. } => *ticket,
            Self::Service(command) => command.ticket(),
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

    /// The channel that the command sends on, whose counters change with it.
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
            | Self::Tunnel(_)
            | Self::Service(_) => None,
        }
    }

    /// Whether the command ends a channel or the connection: it succeeds if that has ended already.
    pub(in crate::driver) fn is_end(&self) -> bool {
        matches!(
            self,
            Self::Queue(_, Queued::Eof | Queued::Close | Queued::Abort, _)
                | Self::Disconnect { .. }
        )
    }

    /// Runs the command on the engine; returns the channel that it opens, if it opens one.
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
            // Commands that the machine runs itself.
            Self::Accept(_)
            | Self::HostKey(_)
            | Self::KeyLoaded(_)
            | Self::JobPanicked
            | Self::Tunnel(_)
            | Self::Service(_) => {}
        }
        Ok(None)
    }
}
