//! What a connection is told about its services: by the program, and by the threads for files.

use std::sync::Arc;

use super::desk::{Answered, Desk};
use crate::engine::{ChannelId, Ticket};
use crate::files::object::ObjectSession;
use crate::files::{Session, Settings};
use crate::sftp::Replies;

/// A command for the services of a connection.
#[derive(Debug)]
pub(in crate::driver) enum ServiceCommand {
    /// Serve a channel as an SFTP session. The ticket is done when the root is open.
    Start { channel: ChannelId, settings: Arc<Settings>, ticket: Ticket },
    /// Serve a channel as an SFTP session over an object of the program.
    StartObject { channel: ChannelId, session: Box<ObjectSession>, desk: Arc<Desk>, ticket: Ticket },
    /// The program waits for calls of the session with this number. The ticket is done when there are some, or
    /// when there will be none.
    Await { channel: ChannelId, service: u64, ticket: Ticket },
    /// A thread for files has done what it was asked for, or the program has.
    Done(Box<Done>),
}

impl ServiceCommand {
    /// The program has answered the calls of a session.
    pub(in crate::driver) fn answered(channel: ChannelId, answered: Answered) -> Self {
        let Answered { service, session, replies } = answered;
        let result = Outcome::Answered { session, replies };
        Self::Done(Box::new(Done { channel, service, result }))
    }

    /// The ticket of the program.
    pub(in crate::driver) fn ticket(&self) -> Option<Ticket> {
        match self {
            Self::Start { ticket, .. }
            | Self::StartObject { ticket, .. }
            | Self::Await { ticket, .. } => Some(*ticket),
            Self::Done(_) => None,
        }
    }
}

/// A connection with services, which the threads for files call.
pub(in crate::driver) trait Served: Send + Sync {
    /// A thread for files has done its work.
    fn served(&self, command: ServiceCommand);
}

/// The result of a thread for files.
#[derive(Debug)]
pub(in crate::driver) struct Done {
    pub(super) channel: ChannelId,
    /// The number of the service: channels' numbers are used again.
    pub(super) service: u64,
    pub(super) result: Outcome,
}

/// What a thread for files has done.
#[derive(Debug)]
pub(super) enum Outcome {
    /// The root is open, or why not.
    Opened(std::io::Result<Box<Session>>),
    /// Requests were run.
    Ran { session: Box<Session>, replies: Replies },
    /// The program has answered requests.
    Answered { session: Box<ObjectSession>, replies: Replies },
    /// It panicked, and the session is lost.
    Panicked,
}
