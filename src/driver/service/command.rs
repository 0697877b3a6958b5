//! What a connection is told about its services: by the program, and by the threads for files.

use std::sync::Arc;

use crate::engine::{ChannelId, Ticket};
use crate::files::{Session, Settings};
use crate::sftp::Replies;

/// A command for the services of a connection.
#[derive(Debug)]
pub(in crate::driver) enum ServiceCommand {
    /// Serve a channel as an SFTP session. The ticket is done when the root is open.
    Start { channel: ChannelId, settings: Arc<Settings>, ticket: Ticket },
    /// A thread for files has done what it was asked for.
    Done(Box<Done>),
}

impl ServiceCommand {
    /// The ticket of the program.
    pub(in crate::driver) fn ticket(&self) -> Option<Ticket> {
        match self {
            Self::Start { ticket, .. } => Some(*ticket),
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
    /// It panicked, and the session is lost.
    Panicked,
}
