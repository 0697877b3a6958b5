//! Why a command of the program did not do what it was to do.

use std::io;

use super::listener::ListenError;
use crate::engine::{Outcome, Place};
use crate::error::{ApiMisuse, PeerIncompatible};

/// Why a command did not do what it was to do.
#[derive(Debug)]
pub enum OpError {
    /// The engine refused it.
    Misuse(ApiMisuse),
    /// It began, and ended like this; never [`Outcome::Complete`] or [`Outcome::Opened`].
    Outcome(Outcome),
    /// The port could not be opened.
    Listen(ListenError),
    /// The operating system refused.
    Io(io::Error),
    /// The server listens already.
    AlreadyListening,
    /// The host key that was chosen for a connection cannot be loaded; why.
    HostKey(String),
    /// A tunnel, or a connection to a reverse tunnel, did not come about.
    TunnelFailed {
        /// Where it was to lead, or to listen.
        place: Place,
        /// Why.
        cause: TunnelFailure,
    },
    /// A tunnel has ended before its time.
    TunnelBroken {
        /// Where it led, or where the connection came in.
        place: Place,
        /// Why.
        cause: TunnelFailure,
    },
    /// A client and the server have no algorithm in common.
    Incompatible(PeerIncompatible),
    /// The code that serves a connection failed.
    Panicked,
}

/// Why there is no tunnel.
#[derive(Debug)]
pub enum TunnelFailure {
    /// The name has no address.
    HostNotFound,
    /// The operating system refused, or it took too long.
    Io(io::Error),
    /// The client did not take a connection to its reverse tunnel.
    Refused(Outcome),
}

impl From<io::Error> for TunnelFailure {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}
