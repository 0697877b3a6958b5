//! The engine's output to its caller. Three kinds of event: a question needs an answer (and fails closed),
//! a delivery is channel data that re-opens the window once it is consumed, a notice needs nothing. A job
//! is arithmetic that may take long enough to be run on another thread.

use bytes::Bytes;

use super::job::Job;
use crate::blocks::Gather;
use crate::channels::{ChannelId, Forwarding, Outcome, Refusal, Ticket};
use crate::error::Error;
use crate::userauth::{AuthAnswer, AuthQuestion, Prompt};

/// The number of a question of one connection; never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct QuestionId(pub u64);

/// Output of the engine, in the order in which it has to be handled.
#[derive(Debug)]
pub enum Event {
    /// Needs [`super::Connection::answer`].
    Question(QuestionId, Question),
    /// Channel data; needs [`super::Connection::consumed`] once it has been used.
    Delivery {
        /// The channel.
        channel: ChannelId,
        /// `None` for data, the data type code for extended data (1 is stderr).
        data_type: Option<u32>,
        /// The bytes, not empty; of several messages, if they arrived together.
        data: Gather,
    },
    /// Needs nothing.
    Notice(Notice),
    /// Needs [`Job::run`], on this thread or (when [`Job::is_heavy`] or [`Job::may_block`]) another one, and
    /// then [`super::Connection::complete`]. No input is processed meanwhile.
    Job(Job),
}

/// A decision that the program takes. Each refusal is an answer with its RFC message, not an error.
#[derive(Debug)]
pub enum Question {
    /// SSH_MSG_SERVICE_REQUEST, or `ssh-connection` after authentication; the connection waits.
    Service {
        /// The service.
        name: String,
        /// The answer if the program has no listener for it.
        accept: bool,
    },
    /// An authentication request; the connection waits.
    Auth(AuthQuestion),
    /// Which prompts keyboard-interactive shows; the connection waits.
    Prompts {
        /// The user name of the request.
        user: String,
    },
    /// SSH_MSG_CHANNEL_OPEN; only that channel waits.
    ChannelOpen {
        /// The number the channel will have.
        channel: ChannelId,
        /// The channel type.
        channel_type: String,
        /// The type-specific data after the maximum packet size.
        parameters: Bytes,
    },
    /// SSH_MSG_GLOBAL_REQUEST for a reverse tunnel; further global requests wait.
    Forwarding(Forwarding),
    /// SSH_MSG_CHANNEL_REQUEST; only that channel's messages wait.
    ChannelRequest {
        /// The channel.
        channel: ChannelId,
        /// The request type.
        request_type: String,
        /// The complete payload, message number included.
        packet: Bytes,
    },
}

/// The answer to a [`Question`]; it has to be of the question's kind.
#[derive(Debug)]
pub enum Answer {
    /// To `Service`, `ChannelOpen` and `ChannelRequest`.
    Accept(bool),
    /// To `ChannelOpen`: a refusal, with the reason for the client.
    RefuseOpen {
        /// The reason code.
        why: Refusal,
        /// For people.
        description: String,
    },
    /// To `Forwarding`: the port that is listened on (0 for a socket that has none), or `None` to refuse.
    Forwarding(Option<u16>),
    /// To `Auth`.
    Auth(AuthAnswer),
    /// To `Prompts`.
    Prompts {
        /// Shown above the prompts.
        instruction: String,
        /// The prompts, [`MAX_PROMPTS`](crate::limits::MAX_PROMPTS) at most; may be empty if there is
        /// an instruction.
        prompts: Vec<Prompt>,
    },
}

/// Something the program may want to know.
#[derive(Debug)]
pub enum Notice {
    /// Progress of the secure connection, for people.
    Status(String),
    /// A log line.
    Log {
        /// 1 handshake milestones, 2 a line per packet, 3 with the bytes.
        level: u8,
        /// The line.
        message: String,
    },
    /// Authentication succeeded for this user.
    Authenticated {
        /// The account.
        user: String,
    },
    /// A channel is open in both directions.
    ChannelOpened {
        /// The channel.
        channel: ChannelId,
        /// Its type.
        channel_type: String,
    },
    /// There is room to send again, after a send that could not take everything; or there is room for the
    /// first time.
    ChannelReadyToSend {
        /// The channel.
        channel: ChannelId,
    },
    /// The peer sends no more data on the channel.
    ChannelEof {
        /// The channel.
        channel: ChannelId,
    },
    /// The channel is closed in both directions (or the connection ended).
    ChannelClosed {
        /// The channel.
        channel: ChannelId,
    },
    /// A channel was never opened that was announced in [`Question::ChannelOpen`]: the request was refused,
    /// or the connection ended first.
    ChannelNotOpened {
        /// The channel.
        channel: ChannelId,
    },
    /// A command with a ticket has ended.
    Done {
        /// The ticket.
        ticket: Ticket,
        /// How it ended.
        outcome: Outcome,
    },
    /// The connection is over. This is the last event; only `poll_transmit` may have more output.
    Ended(Error),
}
