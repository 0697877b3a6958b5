//! What the table of channels tells its caller, and the names commands are known by.

use std::time::Duration;

use bytes::Bytes;

use crate::error::ChannelMisbehaved;
use crate::limits::MAX_TUNNEL_ADDRESS_LEN;

/// A channel of one connection: the number this side gave it (RFC 4254 section 5.1). It comes again when
/// two thousand million others have been given out, and not before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ChannelId(pub u32);

/// Chosen by the caller to recognize the end of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Ticket(pub u64);

/// A request for a reverse tunnel (RFC 4254 section 7.1, and OpenSSH's PROTOCOL 2.4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Forwarding {
    /// Listen here.
    Listen(Place),
    /// Listen here no more.
    Cancel(Place),
}

/// Where a tunnel leads to, or where a reverse tunnel listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A TCP port.
    Tcp {
        /// A name or an address; for a reverse tunnel see RFC 4254 section 7.1.
        address: String,
        /// Of a reverse tunnel: 0 has the server choose.
        port: u16,
    },
    /// A Unix domain socket.
    Unix {
        /// Its path.
        path: String,
    },
}

impl Place {
    /// `None` for what cannot be.
    pub fn tcp(address: &str, port: u32) -> Option<Self> {
        let port = u16::try_from(port).ok()?;
        is_usable(address).then(|| Self::Tcp { address: address.to_owned(), port })
    }

    /// `None` for what cannot be.
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

/// It is shown to people, and handed to the resolver and the file system.
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
        /// To answer with; the requests of a channel are numbered.
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
    /// The client broke the rules of this channel, which ends for that.
    Misbehaved(ChannelId, ChannelMisbehaved),
    /// A command has come to its end.
    Done(Ticket, Outcome),
}

/// How a command ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Everything was handed to the transport.
    Complete,
    /// A channel was opened; its `Opened` event has come before.
    Opened(ChannelId),
    /// The peer refused a channel.
    OpenRefused {
        /// The reason code of RFC 4254 section 5.1.
        reason: u32,
        /// The peer's description.
        description: String,
    },
    /// Not everything could be sent at once ([`SendMode::NoWait`]); this many bytes were.
    WouldBlock {
        /// Bytes handed to the transport.
        sent: usize,
    },
    /// No progress for the timeout of [`SendMode::Wait`]; the unsent rest was dropped, and the channel is
    /// being closed.
    TimedOut {
        /// Bytes handed to the transport.
        sent: usize,
    },
    /// The channel was closed first.
    ChannelClosed,
    /// The connection ended first.
    ConnectionEnded,
}

/// Data of one call of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Call {
    /// `None` for data, the data type code for extended data (1 is stderr).
    pub data_type: Option<u32>,
    /// What becomes of data that cannot leave at once.
    pub mode: SendMode,
    /// How many bytes of it have left already: they count to those that are reported of the call.
    pub sent: usize,
}

impl Call {
    /// Of data, nothing of which has left.
    pub const fn new(mode: SendMode) -> Self {
        Self { data_type: None, mode, sent: 0 }
    }
}

/// Whose data is to leave at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Of a call of the program. It waits for everything that waits on the connection; what does not leave at
    /// once is for [`Channels::queue`](super::Channels::queue).
    Call(Call),
    /// Of a tunnel. It waits for what waits on its channel, and nothing of it is ever queued: what there is no
    /// room for is not to be read from its socket.
    Tunnel,
}

/// What has left at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sent {
    /// How many bytes, from the start of the data.
    pub len: usize,
    /// How many more may leave now.
    pub room: Room,
}

impl Sent {
    /// Nothing has.
    pub const fn nothing(room: Room) -> Self {
        Self { len: 0, room }
    }
}

/// How much may leave at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Room {
    /// So many bytes.
    Bytes(usize),
    /// Nothing until the client has adjusted the window; for a tunnel, `ReadyToSend` will tell.
    AwaitWindow,
    /// Nothing until the transport has room, or until a key exchange is over.
    AwaitTransport,
}

/// How sending on a channel stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counters {
    /// Bytes of the last send that were handed to the transport.
    pub bytes_sent: u64,
    /// Whether data sent now would go out without waiting for the client.
    pub ready_to_send: bool,
}

/// What the program sends on a channel, in the order of its calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Queued {
    /// Data of a call, without what has left of it already.
    Data(Call, Bytes),
    /// A message that the program has built.
    Packet {
        /// The message number.
        number: u8,
        /// What follows the number and, for messages of a channel, the channel number.
        payload: Bytes,
        /// For data.
        mode: SendMode,
    },
    /// EOF (RFC 4254 section 5.3).
    Eof,
    /// EOF, unless it was sent, and CLOSE.
    Close,
    /// CLOSE, without what waits and without EOF: what was sent is not all that was to be sent.
    Abort,
}

/// What a send does when the window or the socket is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SendMode {
    /// Waits, failing after this long without progress; `None` waits for ever, also when
    /// `Channels::set_send_mode` changes how the others wait.
    Wait(Option<Duration>),
    /// Sends what fits and reports the rest as not sent.
    NoWait,
}
