//! The errors of a connection, split by whose fault they are, and the one function that decides what the
//! peer is told (RFC 4253 section 11.1). Every layer of the engine returns them; none carries a secret. The
//! program's own mistakes are [`ApiMisuse`], which never ends a connection.

use std::fmt;

/// Why a connection has to end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Error {
    /// The bytes do not parse as the message they claim to be.
    InvalidMessage(InvalidMessage),
    /// The message parses, but the peer may not send it now.
    PeerMisbehaved(PeerMisbehaved),
    /// Both sides behave, but have no algorithm or version in common.
    PeerIncompatible(PeerIncompatible),
    /// A MAC, a signature or a public value is wrong.
    Crypto(CryptoError),
    /// A bound of `limits` was passed.
    Limit(LimitExceeded),
    /// The peer has disconnected with SSH_MSG_DISCONNECT.
    Disconnected {
        /// Its reason code (RFC 4253 section 11.1).
        reason: u32,
        /// Its description, with control characters replaced.
        description: String,
    },
    /// This side ends the connection: `disconnect`, shutdown, a timeout.
    Closed(Closed),
    /// A bug of this crate.
    Internal(&'static str),
}

/// Why the bytes do not parse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvalidMessage {
    /// The message ends before its last field.
    Truncated,
    /// Bytes are left over after the last field.
    TrailingBytes,
    /// A string that has to be UTF-8 or ASCII is not.
    BadText,
    /// A name-list breaks RFC 4251 section 5 (empty name, non-ASCII, too long a name).
    BadNameList,
    /// An mpint is negative, or not in its shortest form.
    BadMpint,
    /// An empty payload.
    EmptyPayload,
    /// The identification string breaks RFC 4253 section 4.2.
    BadIdentification,
    /// The packet length breaks RFC 4253 section 6.
    BadPacketLength,
    /// The padding length breaks RFC 4253 section 6.
    BadPaddingLength,
    /// A public key or a signature blob does not parse.
    BadKeyBlob,
    /// The compressed payload does not inflate.
    BadCompression,
}

/// How the peer has broken the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PeerMisbehaved {
    /// A message that is not legal in this phase of the connection.
    UnexpectedMessage(u8),
    /// Anything but key exchange messages during the first key exchange under strict kex.
    StrictKexViolation(u8),
    /// A message number that only a server may send.
    ServerOnlyMessage(u8),
    /// A channel number that is not open.
    UnknownChannel(u32),
    /// A service that cannot be requested now.
    BadService,
}

/// How the peer has broken the rules of one channel. This ends that channel alone, and has no conversion to
/// [`Error`], which would end the connection and all other channels with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChannelMisbehaved {
    /// More data than the channel's window.
    WindowOverrun,
    /// More data in one message than the channel's maximum packet size.
    PacketTooLarge,
    /// A window adjustment past 2^32 - 1.
    WindowOverflow,
    /// A reply to a request to open a channel that is open already.
    UnexpectedReply,
}

/// What the two sides do not have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PeerIncompatible {
    /// No key exchange algorithm in common.
    NoCommonKex,
    /// No Diffie-Hellman group of a size that the client asks for.
    NoCommonGroup,
    /// No host key algorithm in common (or no host key for it).
    NoCommonHostKey,
    /// No cipher in common.
    NoCommonCipher,
    /// No MAC in common.
    NoCommonMac,
    /// No compression in common.
    NoCommonCompression,
    /// A protocol version other than 2.0.
    ProtocolVersion,
    /// An identification string that the program does not accept.
    VersionPattern,
    /// Strict key exchange is required here and the peer does not offer it.
    StrictKexRequired,
    /// A cipher that needs strict key exchange, and the peer does not offer it.
    StrictKexRequiredForCipher,
}

impl PeerIncompatible {
    /// Whether the lists of algorithms are the cause, which a program may want to change.
    pub fn is_of_algorithms(self) -> bool {
        !matches!(self, Self::ProtocolVersion | Self::VersionPattern)
    }
}

/// Which cryptographic check failed. Never says more: a detail would be an oracle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CryptoError {
    /// The MAC or authentication tag is wrong.
    BadMac,
    /// The peer's public value is not acceptable.
    BadPublicValue,
    /// A signature does not verify.
    BadSignature,
    /// The key cannot be used with the algorithm.
    UnsuitableKey,
    /// No context of GSSAPI with the client.
    GssContext,
    /// The library failed for an unknown reason.
    Failed,
}

/// Which bound of `limits` was passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LimitExceeded {
    /// No line end within the length of an identification string.
    IdentificationTooLong,
    /// Too many authentication attempts.
    AuthAttempts,
    /// Too many authentication requests of any kind.
    AuthRequests,
    /// Too many mechanisms of GSSAPI in one request.
    GssMechanisms,
    /// Too many messages of the connection protocol before authentication.
    EarlyMessages,
    /// Too many bytes queued for a peer that does not end a key exchange.
    QueuedReplies,
    /// Too many key exchanges without data in between.
    KeyExchanges,
    /// An inflated payload larger than a packet may be.
    InflatedPayload,
}

/// Why this side ended the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closed {
    /// The program asked for it, or the server shuts down.
    ByApplication,
    /// The program refused the service.
    ServiceRefused,
    /// No channel was used for the idle timeout.
    IdleTimeout,
    /// No reply to any of the keepalive requests.
    Unresponsive,
    /// The handshake or authentication took too long.
    HandshakeTimeout,
    /// The client had not sent its identification string when another client needed its permit.
    MadeRoom,
    /// The peer closed the TCP connection without SSH_MSG_DISCONNECT.
    PeerGone,
}

/// The reason codes of SSH_MSG_DISCONNECT (RFC 4253 section 11.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
#[allow(missing_docs, reason = "the names are those of RFC 4253 section 11.1")]
pub enum DisconnectReason {
    HostNotAllowedToConnect = 1,
    ProtocolError = 2,
    KeyExchangeFailed = 3,
    Reserved = 4,
    MacError = 5,
    CompressionError = 6,
    ServiceNotAvailable = 7,
    ProtocolVersionNotSupported = 8,
    HostKeyNotVerifiable = 9,
    ConnectionLost = 10,
    ByApplication = 11,
    TooManyConnections = 12,
    AuthCancelledByUser = 13,
    NoMoreAuthMethodsAvailable = 14,
    IllegalUserName = 15,
}

impl Error {
    /// What SSH_MSG_DISCONNECT tells the peer; `None` when the peer has already left.
    pub fn disconnect_reason(&self) -> Option<DisconnectReason> {
        use DisconnectReason as R;
        Some(match self {
            Self::InvalidMessage(InvalidMessage::BadCompression) => R::CompressionError,
            Self::PeerMisbehaved(PeerMisbehaved::BadService) => R::ServiceNotAvailable,
            Self::InvalidMessage(_) | Self::PeerMisbehaved(_) => R::ProtocolError,
            Self::PeerIncompatible(
                PeerIncompatible::ProtocolVersion | PeerIncompatible::VersionPattern,
            ) => R::ProtocolVersionNotSupported,
            Self::PeerIncompatible(_) => R::KeyExchangeFailed,
            Self::Crypto(CryptoError::BadMac) => R::MacError,
            Self::Crypto(_) => R::KeyExchangeFailed,
            Self::Limit(LimitExceeded::AuthAttempts | LimitExceeded::AuthRequests) => {
                R::NoMoreAuthMethodsAvailable
            }
            Self::Limit(LimitExceeded::InflatedPayload) => R::CompressionError,
            Self::Limit(_) => R::ProtocolError,
            Self::Disconnected { .. } | Self::Closed(Closed::PeerGone) => return None,
            Self::Closed(Closed::ServiceRefused) => R::ServiceNotAvailable,
            Self::Closed(Closed::Unresponsive) => R::ConnectionLost,
            Self::Closed(_) | Self::Internal(_) => R::ByApplication,
        })
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InvalidMessage(e) => write!(f, "invalid message: {e}"),
            Self::PeerMisbehaved(e) => write!(f, "protocol violation: {e}"),
            Self::PeerIncompatible(e) => write!(f, "no agreement: {e}"),
            Self::Crypto(e) => write!(f, "cryptographic check failed: {e}"),
            Self::Limit(e) => write!(f, "limit exceeded: {e}"),
            Self::Disconnected { reason, description } => {
                write!(f, "peer disconnected (reason {reason}): {description}")
            }
            Self::Closed(e) => write!(f, "{e}"),
            Self::Internal(what) => write!(f, "internal error: {what}"),
        }
    }
}

impl std::error::Error for Error {}

impl std::error::Error for CryptoError {}

impl fmt::Display for InvalidMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Truncated => "message too short",
            Self::TrailingBytes => "bytes after the last field",
            Self::BadText => "text is not valid",
            Self::BadNameList => "name-list is not valid",
            Self::BadMpint => "mpint is not valid",
            Self::EmptyPayload => "empty payload",
            Self::BadIdentification => "identification string is not valid",
            Self::BadPacketLength => "packet length is not valid",
            Self::BadPaddingLength => "padding length is not valid",
            Self::BadKeyBlob => "key or signature blob is not valid",
            Self::BadCompression => "compressed data is not valid",
        })
    }
}

impl fmt::Display for PeerMisbehaved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnexpectedMessage(n) => write!(f, "message {n} is not allowed now"),
            Self::StrictKexViolation(n) => {
                write!(f, "message {n} during a strict key exchange")
            }
            Self::ServerOnlyMessage(n) => write!(f, "message {n} is only for servers to send"),
            Self::UnknownChannel(n) => write!(f, "channel {n} is not open"),
            Self::BadService => f.write_str("service cannot be requested now"),
        }
    }
}

impl fmt::Display for ChannelMisbehaved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::WindowOverrun => "channel window exceeded",
            Self::PacketTooLarge => "channel maximum packet size exceeded",
            Self::WindowOverflow => "channel window beyond 2^32 - 1",
            Self::UnexpectedReply => "reply without a request",
        })
    }
}

impl fmt::Display for PeerIncompatible {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoCommonKex => "no common key exchange algorithm",
            Self::NoCommonGroup => "no group of the size asked for",
            Self::NoCommonHostKey => "no common host key algorithm",
            Self::NoCommonCipher => "no common cipher",
            Self::NoCommonMac => "no common MAC",
            Self::NoCommonCompression => "no common compression",
            Self::ProtocolVersion => "protocol version is not supported",
            Self::VersionPattern => "this client's version string is not accepted",
            Self::StrictKexRequired => "strict key exchange is required",
            Self::StrictKexRequiredForCipher => "the cipher requires strict key exchange",
        })
    }
}

impl fmt::Display for CryptoError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BadMac => "message authentication code",
            Self::BadPublicValue => "public value",
            Self::BadSignature => "signature",
            Self::UnsuitableKey => "key does not fit the algorithm",
            Self::GssContext => "GSSAPI context",
            Self::Failed => "operation refused",
        })
    }
}

impl fmt::Display for LimitExceeded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::IdentificationTooLong => "identification string too long",
            Self::AuthAttempts => "too many authentication failures",
            Self::AuthRequests => "too many authentication requests",
            Self::GssMechanisms => "too many GSSAPI mechanisms",
            Self::EarlyMessages => "too many messages before authentication",
            Self::QueuedReplies => "too many messages wait for a key exchange",
            Self::KeyExchanges => "too many key exchanges",
            Self::InflatedPayload => "inflated payload too large",
        })
    }
}

impl fmt::Display for Closed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ByApplication => "disconnected by application",
            Self::ServiceRefused => "service not available",
            Self::IdleTimeout => "idle timeout",
            Self::Unresponsive => "no reply to keepalive requests",
            Self::HandshakeTimeout => "timeout during handshake",
            Self::MadeRoom => "no identification string when others needed the place",
            Self::PeerGone => "connection closed by peer",
        })
    }
}

impl From<InvalidMessage> for Error {
    fn from(e: InvalidMessage) -> Self {
        Self::InvalidMessage(e)
    }
}

impl From<PeerMisbehaved> for Error {
    fn from(e: PeerMisbehaved) -> Self {
        Self::PeerMisbehaved(e)
    }
}

impl From<PeerIncompatible> for Error {
    fn from(e: PeerIncompatible) -> Self {
        Self::PeerIncompatible(e)
    }
}

impl From<CryptoError> for Error {
    fn from(e: CryptoError) -> Self {
        Self::Crypto(e)
    }
}

impl From<LimitExceeded> for Error {
    fn from(e: LimitExceeded) -> Self {
        Self::Limit(e)
    }
}

/// A mistake of the program that calls the engine. The caller gets it as an error; it changes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ApiMisuse {
    /// No channel has this number.
    UnknownChannel,
    /// The channel has sent EOF or CLOSE already.
    ChannelClosed,
    /// The connection is not authenticated yet, or ended.
    NotConnected,
    /// The message number may not be sent this way.
    ForbiddenMessage,
    /// The connection has as many channels as it may have.
    TooManyChannels,
    /// The payload does not parse as the message it is to be.
    BadPayload,
    /// Not a name as RFC 4250 section 4.6.1 has them.
    BadChannelType,
    /// The packet would be longer than the length that every client takes.
    TooLong,
    /// The question was answered before, or never asked.
    UnknownQuestion,
    /// The answer is of another kind than the question.
    WrongAnswer,
}

impl fmt::Display for ApiMisuse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UnknownChannel => "Invalid ChannelId.",
            Self::ChannelClosed => "The channel is closed for sending.",
            Self::NotConnected => "The connection is not established.",
            Self::ForbiddenMessage => "This packet type cannot be sent.",
            Self::TooManyChannels => "Too many channels.",
            Self::BadPayload => "The payload does not parse.",
            Self::BadChannelType => {
                "A channel type is 1 to 64 printable US-ASCII characters other than space and comma."
            }
            Self::TooLong => "The packet would be longer than 32768 bytes.",
            Self::UnknownQuestion => "The question was answered already.",
            Self::WrongAnswer => "The answer does not fit the question.",
        })
    }
}

impl std::error::Error for ApiMisuse {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_fault_has_its_reason() {
        let cases: [(Error, Option<DisconnectReason>); 8] = [
            (CryptoError::BadMac.into(), Some(DisconnectReason::MacError)),
            (CryptoError::BadPublicValue.into(), Some(DisconnectReason::KeyExchangeFailed)),
            (InvalidMessage::BadPaddingLength.into(), Some(DisconnectReason::ProtocolError)),
            (InvalidMessage::BadCompression.into(), Some(DisconnectReason::CompressionError)),
            (
                LimitExceeded::AuthAttempts.into(),
                Some(DisconnectReason::NoMoreAuthMethodsAvailable),
            ),
            (PeerIncompatible::NoCommonKex.into(), Some(DisconnectReason::KeyExchangeFailed)),
            (Error::Closed(Closed::ByApplication), Some(DisconnectReason::ByApplication)),
            (Error::Closed(Closed::PeerGone), None),
        ];
        for (error, reason) in cases {
            assert_eq!(error.disconnect_reason(), reason, "{error}");
        }
    }
}
