//! How the driver reports events to the program and asks it questions. A handler must not block: it takes a
//! question together with an owned reply handle and returns; the reply comes later, from any thread. A
//! reply handle that is dropped refuses.

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};

use bytes::Bytes;

use super::load::Charge;
use super::op_error::OpError;
use super::registry::Remains;
use crate::crypto::signature::PrivateKey;
use crate::engine::{Answer, AuthAnswer, AuthQuestion, Prompt, QuestionId, Ticket};
use crate::error::Error;

/// The documented events, which a program may or may not want. The number is the bit in [`Wanted`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
#[allow(missing_docs, reason = "the names are those of the documented events")]
pub enum EventKind {
    Connected,
    ConnectionRequest,
    Disconnected,
    Error,
    Log,
    ChannelClosed,
    ChannelData,
    ChannelEof,
    ChannelOpened,
    ChannelOpenRequest,
    ChannelReadyToSend,
    ChannelRequest,
    /// The program raises this itself for a request that it has granted.
    ChannelRequested,
    ServiceRequest,
    Status,
    TunnelClosed,
    TunnelRequested,
    UserAuthRequest,
}

impl EventKind {
    /// The number of kinds: all values are below it.
    pub const COUNT: u8 = Self::UserAuthRequest as u8 + 1;
}

/// Which events have a listener. An event without a listener is never built, and a question without one is
/// answered with its starting value at once. Only the ends of channels and connections are always reported.
#[derive(Debug, Default)]
pub struct Wanted(AtomicU64);

impl Wanted {
    /// Replaces the mask.
    pub fn set(&self, mask: u64) {
        self.0.store(mask, Ordering::Relaxed);
    }

    /// Whether events of this kind are wanted.
    pub fn has(&self, kind: EventKind) -> bool {
        self.0.load(Ordering::Relaxed) & (1 << (kind as u8)) != 0
    }
}

/// What the driver needs from the program.
pub trait Handler: Send + Sync + 'static {
    /// Which events are wanted.
    fn wanted(&self) -> &Wanted;

    /// Takes an event. Called with the connection locked: it must not block. Returns `true` to ask for a
    /// [`Self::flush`] once the events at hand have come, which coalesces their wake-ups. The charge is to
    /// be dropped when the program has the event: it counts as queued load of the connection.
    fn handle(&self, event: ServerEvent, charge: Option<Charge>) -> bool;

    /// Wakes the program for the events that have come.
    fn flush(&self) {}

    /// The last socket is closed. A new one may be accepted at any time.
    fn idle(&self) {}

    /// Nothing can be read of a connection any more: data that was kept for it can be dropped. Called
    /// whether or not the program has a listener for the connection's end.
    fn forget(&self, connection: u64);

    /// The answer to an authentication request if the program has no listener for it.
    fn auth_refusal(&self) -> AuthAnswer;

    /// The instruction and the prompts of keyboard-interactive. Must not block.
    fn prompts(&self, connection: u64, user: &str) -> (String, Vec<Prompt>);
}

/// What happened, in the order in which it happened on its connection.
#[derive(Debug)]
#[allow(missing_docs, reason = "`connection` and `channel` are the numbers of the tables")]
pub enum ServerEvent {
    /// A TCP connection came in; `accept` is its starting value.
    ConnectionRequest { peer: SocketAddr, accept: bool, asked: RequestAsked },
    /// A TCP connection failed before it was usable.
    ConnectedFailed { error: io::Error },
    /// A TCP connection was accepted; the answer chooses its host key.
    Connected { connection: u64, asked: ConnectedAsked },
    /// The connection is over. Its numbers and addresses can be read until `remains` is dropped.
    Disconnected { connection: u64, end: ConnectionEnd, remains: Remains },
    /// Something went wrong; 0 stands for no connection in particular.
    Error { connection: u64, error: OpError },
    /// A log line; 0 stands for no connection in particular.
    Log { connection: u64, level: u8, message: String },
    /// Progress of the secure connection.
    Status { connection: u64, message: String },
    /// A service request; `accept` is its starting value.
    ServiceRequest { connection: u64, name: String, accept: bool, asked: Asked },
    /// An authentication request.
    UserAuthRequest { connection: u64, question: AuthQuestion, asked: Asked },
    /// The client wants to open a channel.
    ChannelOpenRequest {
        connection: u64,
        channel: u64,
        channel_type: String,
        parameters: Bytes,
        asked: Asked,
    },
    /// The client sent a channel request; `packet` is the whole payload.
    ChannelRequest {
        connection: u64,
        channel: u64,
        request_type: String,
        packet: Bytes,
        asked: Asked,
    },
    /// A channel is open.
    ChannelOpened { connection: u64, channel: u64 },
    /// There is room to send.
    ChannelReadyToSend { connection: u64, channel: u64 },
    /// Channel data, to be reported as consumed; `data_type` is `None` for data, else the code of extended
    /// data.
    ChannelData { connection: u64, channel: u64, data_type: Option<u32>, data: Bytes },
    /// The client sends no more data.
    ChannelEof { connection: u64, channel: u64 },
    /// A channel is closed, by both sides or because its connection is over. Its numbers can be read until
    /// `remains` is dropped.
    ChannelClosed { connection: u64, channel: u64, connection_over: bool, remains: Remains },
    /// The client wants a tunnel; its data causes no channel events.
    TunnelRequested {
        connection: u64,
        /// A number of the same counter as those of channels. If a forward tunnel is refused, this becomes
        /// the number of the channel.
        tunnel: u64,
        direction: Direction,
        address: String,
        port: u16,
        asked: TunnelAsked,
    },
    /// A tunnel that was established has ended.
    TunnelClosed { connection: u64, tunnel: u64, address: String, port: u16 },
    /// A command has ended.
    Done { ticket: Ticket, result: OpResult },
    /// The first connection has come (`true`), or the last one is over.
    Activity(bool),
}

impl ServerEvent {
    /// The bytes that the event carries.
    pub fn carried_len(&self) -> usize {
        match self {
            Self::ChannelData { data, .. } => data.len(),
            Self::ChannelRequest { request_type, packet, .. } => {
                packet.len().saturating_add(request_type.len())
            }
            Self::ChannelOpenRequest { channel_type, parameters, .. } => {
                parameters.len().saturating_add(channel_type.len())
            }
            Self::Log { message, .. } | Self::Status { message, .. } => message.len(),
            Self::ServiceRequest { name, .. } => name.len(),
            Self::UserAuthRequest { question, .. } => question.user.len(),
            Self::TunnelRequested { address, .. } | Self::TunnelClosed { address, .. } => {
                address.len()
            }
            Self::ConnectionRequest { .. }
            | Self::ConnectedFailed { .. }
            | Self::Connected { .. }
            | Self::Disconnected { .. }
            | Self::Error { .. }
            | Self::ChannelOpened { .. }
            | Self::ChannelReadyToSend { .. }
            | Self::ChannelEof { .. }
            | Self::ChannelClosed { .. }
            | Self::Done { .. }
            | Self::Activity(_) => 0,
        }
    }
}

/// Which way a tunnel leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Direction {
    /// From the client to a target that the server connects to.
    Forward = 0,
    /// From a port that the server listens on to the client.
    Reverse = 1,
}

/// How a command ended; the number is that of the channel it opened.
pub type OpResult = Result<Option<u64>, OpError>;

/// Why a connection ended.
#[derive(Debug)]
pub enum ConnectionEnd {
    /// The engine has ended it, for this reason.
    Engine(Error),
    /// The socket failed.
    Socket(io::Error),
    /// The program chose a host key for the connection that cannot be used.
    NoHostKey,
    /// The code that serves the connection failed. Only this connection is ended.
    Panicked,
}

/// The program's answer to a question.
#[derive(Debug)]
pub(super) enum Reply {
    /// Whether the program wants a connection.
    Accept(bool),
    /// The host key for the connection.
    HostKey(ConnectedAnswer),
    /// The host key is loaded, or why it is not.
    KeyLoaded(Result<Arc<PrivateKey>, String>),
    /// The answer to a question of the engine.
    Answer(QuestionId, Answer),
    /// The port that a tunnel is to connect to or to listen on; `None` refuses it.
    Tunnel(QuestionId, Option<u16>),
}

/// A connection that has asked the program a question.
pub(super) trait Mailbox: std::fmt::Debug + Send + Sync {
    /// The program has answered: the answer is carried out at the end of the program's turn, or at once
    /// without one. `cost` is the load of the question.
    fn answered(&self, reply: Reply, cost: usize);

    /// The program has dropped the question unanswered.
    fn unanswered(&self, reply: Reply, cost: usize);
}

/// Brings the answer to a question to its connection. Dropping it brings the refusal.
#[derive(Debug)]
pub(super) struct Envelope {
    to: Weak<dyn Mailbox>,
    /// `None` once it is answered.
    refusal: Option<Reply>,
    /// The load of the question while the program has it, in bytes.
    cost: usize,
}

impl Envelope {
    pub(super) fn new(to: Weak<dyn Mailbox>, refusal: Reply, cost: usize) -> Self {
        Self { to, refusal: Some(refusal), cost }
    }

    fn answer(mut self, reply: Reply) {
        self.refusal = None;
        if let Some(to) = self.to.upgrade() {
            to.answered(reply, self.cost);
        }
    }
}

impl Drop for Envelope {
    fn drop(&mut self) {
        if let Some(refusal) = self.refusal.take()
            && let Some(to) = self.to.upgrade()
        {
            to.unanswered(refusal, self.cost);
        }
    }
}

/// The reply handle of [`ServerEvent::ConnectionRequest`].
#[derive(Debug)]
pub struct RequestAsked(pub(super) Envelope);

impl RequestAsked {
    /// Accepts or refuses the connection.
    pub fn answer(self, accept: bool) {
        self.0.answer(Reply::Accept(accept));
    }
}

/// Opens a key file, or says why it cannot; runs on a thread that may block.
pub type LoadKey = Box<dyn FnOnce() -> Result<Arc<PrivateKey>, String> + Send>;

/// The host key of a connection.
#[derive(Default)]
pub enum ConnectedAnswer {
    /// The host keys of the server.
    #[default]
    ServerKeys,
    /// The key that this loads; if it cannot, an error is reported and the connection is closed.
    Load(LoadKey),
    /// No key: the connection is closed.
    Refused,
}

impl std::fmt::Debug for ConnectedAnswer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::ServerKeys => "ServerKeys",
            Self::Load(_) => "Load(..)",
            Self::Refused => "Refused",
        })
    }
}

/// The reply handle of [`ServerEvent::Connected`].
#[derive(Debug)]
pub struct ConnectedAsked(pub(super) Envelope);

impl ConnectedAsked {
    /// Chooses the host key.
    pub fn answer(self, answer: ConnectedAnswer) {
        self.0.answer(Reply::HostKey(answer));
    }
}

/// The reply handle of a question of the engine. Dropped unanswered, it refuses.
#[derive(Debug)]
pub struct Asked {
    envelope: Envelope,
    id: QuestionId,
}

impl Asked {
    pub(super) fn new(envelope: Envelope, id: QuestionId) -> Self {
        Self { envelope, id }
    }

    /// Answers; the answer has to be of the question's kind.
    pub fn answer(self, answer: Answer) {
        self.envelope.answer(Reply::Answer(self.id, answer));
    }
}

/// The reply handle of [`ServerEvent::TunnelRequested`]. Dropped unanswered, it refuses.
#[derive(Debug)]
pub struct TunnelAsked {
    envelope: Envelope,
    id: QuestionId,
}

impl TunnelAsked {
    pub(super) fn new(envelope: Envelope, id: QuestionId) -> Self {
        Self { envelope, id }
    }

    /// Has the server connect to, or listen on, this port; `None` refuses the tunnel.
    pub fn answer(self, port: Option<u16>) {
        self.envelope.answer(Reply::Tunnel(self.id, port));
    }
}
