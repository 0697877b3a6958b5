//! The events of the table of channels for its caller, and the types of its commands.

use std::time::Duration;

use bytes::Bytes;

use crate::error::ChannelMisbehaved;
use crate::limits::MAX_TUNNEL_ADDRESS_LEN;

/// A channel of one connection: the number that this side gave it (RFC 4254 section 5.1). A number is
/// reused only after two thousand million others were given out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ChannelId(pub u32);

/// A number that the caller chooses, by which it recognizes the end of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Ticket(pub u64);

/// A request for a reverse tunnel (RFC 4254 section 7.1, and OpenSSH's PROTOCOL 2.4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Forwarding {
    /// Listen on this address.
    Listen(Place),
    /// Stop listening on this address.
    Cancel(Place),
}

/// The address of a tunnel: its target, or where a reverse tunnel listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A TCP port.
    Tcp {
        /// A name or an address; for a reverse tunnel see RFC 4254 section 7.1.
        address: String,
        /// The port; for a reverse tunnel 0 has the server choose one.
        port: u16,
    },
    /// A Unix domain socket.
    Unix {
        /// Its path.
        path: String,
    },
}

impl Place {
    /// `None` for an address or a port that cannot exist.
    pub fn tcp(address: &str, port: u32) -> Option<Self> {
        let port = u16::try_from(port).ok()?;
        is_usable(address).then(|| Self::Tcp { address: address.to_owned(), port })
    }

    /// `None` for a path that cannot exist.
    pub fn unix(path: &str) -> Option<Self> {
        (is_usable(path) && !path.is_empty()).then(|| Self::Unix { path: path.to_owned() })
    }

    /// The name or address, or the path.
    pub fn address(&self) -> &str {
        match self {
            Self::Tcp { address, .. } => address,
            Self::Unix { path } => path,
        }
    }

    /// The port; 0 for a socket that has none.
    pub fn port(&self) -> u16 {
        match self {
            Self::Tcp { port, .. } => *port,
            Self::Unix { .. } => 0,
        }
    }

    /// The same with another port.
    pub fn with_port(&self, port: u16) -> Self {
        match self {
            Self::Tcp { address, .. } => Self::Tcp { address: address.clone(), port },
            Self::Unix { path } => Self::Unix { path: path.clone() },
        }
    }
}

/// The address is shown to people, and handed to the resolver and the file system.
fn is_usable(address: &str) -> bool {
    address.len() <= MAX_TUNNEL_ADDRESS_LEN && !address.chars().any(char::is_control)
}

/// Output of the table, in the order in which it has to be handled.
#[derive(Debug, PartialEq, Eq)]
pub enum ChannelEvent {
    /// The client wants to open a channel; needs `Channels::answer_open`.
    OpenRequested {
        /// The number the channel will have.
        channel: ChannelId,
        /// The channel type.
        channel_type: String,
        /// The type-specific data.
        parameters: Bytes,
    },
    /// A channel request; needs `Channels::answer_request`.
    Requested {
        /// The number to answer with; the requests of a channel are numbered.
        number: u32,
        /// The channel.
        channel: ChannelId,
        /// The request type.
        request_type: String,
        /// The complete payload, message number included.
        packet: Bytes,
    },
    /// A request for a reverse tunnel; needs `Channels::answer_global`.
    GlobalRequested(Forwarding),
    /// Data of the client; needs `Channels::consumed`.
    Data {
        /// The channel.
        channel: ChannelId,
        /// `None` for data, the data type code for extended data.
        data_type: Option<u32>,
        /// The bytes, not empty.
        data: Bytes,
    },
    /// Open in both directions.
    Opened {
        /// The channel.
        channel: ChannelId,
        /// Its type.
        channel_type: String,
    },
    /// There is room to send.
    ReadyToSend(ChannelId),
    /// The client sends no more data.
    Eof(ChannelId),
    /// Closed in both directions.
    Closed(ChannelId),
    /// Never opened.
    NotOpened(ChannelId),
    /// The client broke the rules of this channel, which is ended for that.
    Misbehaved(ChannelId, ChannelMisbehaved),
    /// A command has ended.
    Done(Ticket, Outcome),
}

/// How a command ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Everything was handed to the transport.
    Complete,
    /// A channel was opened; its `Opened` event came before.
    Opened(ChannelId),
    /// The peer refused a channel.
    OpenRefused {
        /// The reason code of RFC 4254 section 5.1.
        reason: u32,
        /// The peer's description.
        description: String,
    },
    /// Only part of the data could be sent at once ([`SendMode::NoWait`]).
    WouldBlock {
        /// Bytes handed to the transport.
        sent: usize,
    },
    /// The timeout of [`SendMode::Wait`] passed without progress; the unsent data was dropped, and the
    /// channel is being closed.
    TimedOut {
        /// Bytes handed to the transport.
        sent: usize,
    },
    /// The channel was closed first.
    ChannelClosed,
    /// The connection ended first.
    ConnectionEnded,
}

/// The data of one call of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Call {
    /// `None` for data, the data type code for extended data (1 is stderr).
    pub data_type: Option<u32>,
    /// What to do with data that cannot leave at once.
    pub mode: SendMode,
    /// Bytes of the call that were sent already: they count in the bytes that are reported of the call.
    pub sent: usize,
}

impl Call {
    /// A call of which nothing was sent yet.
    pub const fn new(mode: SendMode) -> Self {
        Self { data_type: None, mode, sent: 0 }
    }
}

/// Whose data a send is to seal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Data of a call of the program. It waits for everything that is queued on the connection; the caller
    /// hands the part that cannot leave at once to [`Channels::queue`](super::Channels::queue).
    Call(Call),
    /// Data of a tunnel. It waits for what is queued on its channel, and is never queued itself: the caller
    /// reads from the tunnel's socket only what there is room for.
    Tunnel,
}

/// The result of a send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sent {
    /// Bytes that were sent, from the start of the data.
    pub len: usize,
    /// The bytes that may be sent next.
    pub room: Room,
}

impl Sent {
    /// A send of nothing.
    pub const fn nothing(room: Room) -> Self {
        Self { len: 0, room }
    }
}

/// How much may be sent at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Room {
    /// So many bytes.
    Bytes(usize),
    /// Nothing until the client adjusts the window; for a tunnel, `ReadyToSend` is reported then.
    AwaitWindow,
    /// Nothing until the transport has room, or until a key exchange is over.
    AwaitTransport,
}

/// The send counters of a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counters {
    /// Bytes of the last send that were handed to the transport.
    pub bytes_sent: u64,
    /// Whether data sent now would go out without waiting for the client.
    pub ready_to_send: bool,
}

/// What can be queued on a channel; it is sent in the order of the calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Queued {
    /// Data of a call, without the part that was sent already.
    Data(Call, Bytes),
    /// A message that the program has built.
    Packet {
        /// The message number.
        number: u8,
        /// The fields after the number and, for messages of a channel, after the channel number.
        payload: Bytes,
        /// The mode of a message with data.
        mode: SendMode,
    },
    /// EOF (RFC 4254 section 5.3).
    Eof,
    /// CLOSE, after EOF if that was not sent yet.
    Close,
    /// CLOSE at once: queued data is dropped, and no EOF is sent, as the data is incomplete.
    Abort,
}

/// What a send does when the window is used up or the socket is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SendMode {
    /// Waits, and fails after this long without progress; `None` waits for ever, and
    /// `Channels::set_send_mode` does not change that.
    Wait(Option<Duration>),
    /// Sends what fits and reports how much that was.
    NoWait,
}
