//! The one place where errors get their documented numbers and texts.

use std::fmt::Display;
use std::io;

use crate::driver::{ConnectionEnd, Families, ListenError, OpError, TunnelFailure, os_error};
use crate::engine::{Outcome, Place};
use crate::error::{ApiMisuse, Closed, DisconnectReason, Error, LimitExceeded};
use crate::keystore::LoadError;
use crate::limits::MAX_QUOTED_LEN;

/// The documented errors that are not of the operating system.
static TEXTS: &[(u32, &str)] = &[
    (100, "You cannot change the RemotePort at this time. A connection is in progress."),
    (101, "You cannot change the RemoteHost at this time. A connection is in progress."),
    (102, "The RemoteHost address is invalid (0.0.0.0)."),
    (104, "TCPServer is already listening."),
    (106, "Cannot change LocalPort when TCPServer is listening."),
    (107, "Cannot change LocalHost when TCPServer is listening."),
    (108, "Cannot change MaxConnections when TCPServer is listening."),
    (112, "You cannot change MaxLineLength at this time. A connection is in progress."),
    (116, "RemotePort cannot be zero. Please specify a valid service port number."),
    (126, "Invalid ConnectionId."),
    (135, "Operation would block."),
    (1201, "Could not forward connection. A detailed message follows."),
    (1202, "Could not forward connection/channel data. A detailed message follows."),
    (1300, "Could not authenticate client."),
    (1301, "No server certificate was specified or no private key found."),
];

pub(super) const ALREADY_LISTENING: u32 = 104;
pub(super) const UNKNOWN_CONNECTION: u32 = 126;
pub(super) const NO_CERTIFICATE: u32 = 1301;
const WOULD_BLOCK: u32 = 135;
const NOT_FORWARDED: u32 = 1201;
const DATA_NOT_FORWARDED: u32 = 1202;
pub(super) const NOT_AUTHENTICATED: u32 = 1300;
#[cfg(test)]
const INTERRUPTED: u32 = 10004;
pub(super) const INVALID_ARGUMENT: u32 = 10022;
const WRONG_FAMILY: u32 = 10047;
const ABORTED: u32 = 10053;
const RESET: u32 = 10054;
const NOT_CONNECTED: u32 = 10057;
const SHUT_DOWN: u32 = 10058;
const TIMED_OUT: u32 = 10060;
const REFUSED: u32 = 10061;

/// The errors that the facade makes or recognizes, by name.
#[cfg(test)]
pub(super) const OF_FACADE: &[(&str, u32)] = &[
    ("UNKNOWN_ID", UNKNOWN_CONNECTION),
    ("DATA_NOT_FORWARDED", DATA_NOT_FORWARDED),
    ("NOT_AUTHENTICATED", NOT_AUTHENTICATED),
    ("INTERRUPTED", INTERRUPTED),
    ("INVALID_ARGUMENT", INVALID_ARGUMENT),
    ("ABORTED", ABORTED),
    ("SHUT_DOWN", SHUT_DOWN),
    ("TIMED_OUT", TIMED_OUT),
];

/// The documented text of a number, empty if there is none.
pub(super) fn text(number: u32) -> String {
    let row = TEXTS.iter().find(|(code, _)| *code == number);
    row.map(|(_, text)| (*text).to_owned()).or_else(|| os_error::text(number)).unwrap_or_default()
}

/// A text of the program in a message: quoted, and cut to a recognizable length.
pub(super) fn shown(text: &str) -> String {
    match text.char_indices().nth(MAX_QUOTED_LEN) {
        Some((at, _)) => format!("{:?}...", text.get(..at).unwrap_or_default()),
        None => format!("{text:?}"),
    }
}

/// An error as the program sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    pub(super) code: u32,
    pub(super) message: String,
}

impl Failure {
    /// The documented text alone.
    pub(super) fn new(code: u32) -> Self {
        Self { code, message: text(code) }
    }

    /// The documented text and a detail.
    pub(super) fn with(code: u32, detail: &(impl Display + ?Sized)) -> Self {
        Self { code, message: format!("{} {detail}", text(code)) }
    }

    /// The error of an invalid value.
    pub(super) fn invalid(detail: impl Display) -> Self {
        Self::with(INVALID_ARGUMENT, &detail)
    }

    /// The same number as for connections, with the text that fits.
    pub(super) fn unknown_channel() -> Self {
        Self { code: UNKNOWN_CONNECTION, message: ApiMisuse::UnknownChannel.to_string() }
    }

    /// A certificate that cannot be loaded.
    pub(super) fn certificate(error: &LoadError) -> Self {
        Self::with(NO_CERTIFICATE, error)
    }
}

impl From<Failure> for napi::Error<String> {
    fn from(failure: Failure) -> Self {
        Self::new(failure.code.to_string(), failure.message)
    }
}

impl From<&OpError> for Failure {
    fn from(error: &OpError) -> Self {
        match error {
            OpError::Misuse(misuse) => (*misuse).into(),
            OpError::Outcome(outcome) => outcome.into(),
            OpError::Listen(ListenError::HostNotFound(name)) => {
                Self::with(os_error::HOST_NOT_FOUND, name)
            }
            OpError::Listen(ListenError::OtherFamily(host, families)) => {
                other_family(host, *families)
            }
            OpError::Listen(ListenError::Io(error)) | OpError::Io(error) => error.into(),
            OpError::AlreadyListening => Self::new(ALREADY_LISTENING),
            OpError::HostKey(why) => Self::with(NO_CERTIFICATE, why),
            OpError::TunnelFailed { place, cause } => tunnel(NOT_FORWARDED, place, cause),
            OpError::TunnelBroken { place, cause } => tunnel(DATA_NOT_FORWARDED, place, cause),
            OpError::Incompatible(why) => Self::with(ABORTED, &Error::from(*why)),
            OpError::Panicked => Self::with(DATA_NOT_FORWARDED, "Internal error."),
        }
    }
}

fn other_family(host: &str, families: Families) -> Failure {
    let (lacking, setting) = match families {
        Families::Ipv4 => ("no IPv4 address", 0),
        Families::Ipv6 => ("no IPv6 address", 1),
        Families::Both => ("no address", 2),
    };
    Failure::with(
        WRONG_FAMILY,
        &format!("LocalHost {host} has {lacking}, and UseIPv6 is {setting}."),
    )
}

/// The documented text, the address of the tunnel, and the cause.
fn tunnel(code: u32, place: &Place, cause: &TunnelFailure) -> Failure {
    let place = match place {
        Place::Tcp { address, port } if address.contains(':') => format!("[{address}]:{port}"),
        Place::Tcp { address, port } => format!("{address}:{port}"),
        Place::Unix { path } => path.clone(),
    };
    let cause = match cause {
        TunnelFailure::HostNotFound => Failure::new(os_error::HOST_NOT_FOUND),
        TunnelFailure::Io(error) => error.into(),
        TunnelFailure::Refused(outcome) => outcome.into(),
    };
    Failure::with(code, &format!("{place}: {}", cause.message))
}

impl From<&io::Error> for Failure {
    fn from(error: &io::Error) -> Self {
        let number = os_error::number(error);
        // An error without a documented number needs the text of the system.
        if os_error::is_other(error) { Self::with(number, error) } else { Self::new(number) }
    }
}

impl From<ApiMisuse> for Failure {
    fn from(misuse: ApiMisuse) -> Self {
        match misuse {
            ApiMisuse::UnknownChannel => Self::unknown_channel(),
            ApiMisuse::ChannelClosed => Self::with(SHUT_DOWN, &misuse),
            ApiMisuse::NotConnected => Self::with(NOT_CONNECTED, &misuse),
            ApiMisuse::ForbiddenMessage
            | ApiMisuse::BadPayload
            | ApiMisuse::BadChannelType
            | ApiMisuse::TooLong
            | ApiMisuse::TooManyChannels
            | ApiMisuse::UnknownQuestion
            | ApiMisuse::WrongAnswer => Self::invalid(misuse),
        }
    }
}

impl From<&Outcome> for Failure {
    fn from(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Complete | Outcome::Opened(_) => Self { code: 0, message: String::new() },
            Outcome::WouldBlock { .. } => Self::new(WOULD_BLOCK),
            Outcome::TimedOut { .. } => Self::new(TIMED_OUT),
            Outcome::OpenRefused { reason, description } => Self::with(
                REFUSED,
                &format!("The client refused the channel (reason {reason}): {description}"),
            ),
            Outcome::ChannelClosed => Self::with(SHUT_DOWN, "The channel was closed."),
            Outcome::ConnectionEnded => Self::with(ABORTED, "The connection has ended."),
        }
    }
}

/// StatusCode and Description of Disconnected.
impl From<&ConnectionEnd> for Failure {
    fn from(end: &ConnectionEnd) -> Self {
        let normal = || Self { code: 0, message: "OK".to_owned() };
        match end {
            ConnectionEnd::Socket(error) => error.into(),
            ConnectionEnd::NoHostKey => Self::new(NO_CERTIFICATE),
            ConnectionEnd::Panicked => Self::with(ABORTED, "Internal error."),
            ConnectionEnd::Engine(error) => match error {
                Error::Closed(Closed::ByApplication | Closed::PeerGone) => normal(),
                Error::Disconnected { reason, .. }
                    if *reason == DisconnectReason::ByApplication as u32 =>
                {
                    normal()
                }
                Error::Disconnected { .. } => Self::with(RESET, error),
                Error::Closed(
                    Closed::IdleTimeout
                    | Closed::HandshakeTimeout
                    | Closed::MadeRoom
                    | Closed::Unresponsive,
                ) => Self::with(TIMED_OUT, error),
                Error::Limit(LimitExceeded::AuthAttempts | LimitExceeded::AuthRequests) => {
                    Self::with(NOT_AUTHENTICATED, error)
                }
                Error::InvalidMessage(_)
                | Error::PeerMisbehaved(_)
                | Error::PeerIncompatible(_)
                | Error::Crypto(_)
                | Error::Limit(_)
                | Error::Closed(Closed::ServiceRefused)
                | Error::Internal(_) => Self::with(ABORTED, error),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documented_texts() {
        assert_eq!(text(126), "Invalid ConnectionId.");
        assert_eq!(text(10048), "[10048] Address already in use.");
        assert_eq!(text(7), "");
    }

    #[test]
    fn long_texts_are_shown_by_their_beginning() {
        assert_eq!(shown("a\nb"), r#""a\nb""#);
        assert_eq!(shown(&"x".repeat(65)), format!("{:?}...", "x".repeat(64)));
        assert_eq!(shown(&"x".repeat(64)), format!("{:?}", "x".repeat(64)));
    }

    #[test]
    fn a_normal_end_is_ok() {
        let normal = [
            Error::Closed(Closed::ByApplication),
            Error::Closed(Closed::PeerGone),
            Error::Disconnected { reason: 11, description: "bye".to_owned() },
        ];
        for error in normal {
            let failure = Failure::from(&ConnectionEnd::Engine(error));
            assert_eq!((failure.code, failure.message.as_str()), (0, "OK"));
        }
    }

    #[test]
    fn other_ends_say_what_happened() {
        let limit = Error::Limit(LimitExceeded::AuthAttempts);
        let failure = Failure::from(&ConnectionEnd::Engine(limit));
        assert_eq!(failure.code, 1300);
        assert!(failure.message.starts_with("Could not authenticate client. "));
        let reset = ConnectionEnd::Socket(io::ErrorKind::ConnectionReset.into());
        assert_eq!(Failure::from(&reset).message, "[10054] Connection reset by peer.");
    }

    #[test]
    fn an_unknown_channel_has_the_number_of_an_unknown_connection() {
        let failure = Failure::from(ApiMisuse::UnknownChannel);
        assert_eq!(failure.code, 126);
        assert_eq!(failure.message, "Invalid ChannelId.");
    }
}
