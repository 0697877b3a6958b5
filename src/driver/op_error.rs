//! Why a command of the program has failed.

use std::io;

use super::listener::ListenError;
use crate::engine::{Outcome, Place};
use crate::error::{ApiMisuse, PeerIncompatible};

/// Why a command of the program has failed.
#[derive(Debug)]
pub enum OpError {
    /// The engine refused it.
    Misuse(ApiMisuse),
    /// The command began, and ended with this; never [`Outcome::Complete`] or [`Outcome::Opened`].
    Outcome(Outcome),
    /// The port could not be opened.
    Listen(ListenError),
    /// The operating system refused.
    Io(io::Error),
    /// The server listens already.
    AlreadyListening,
    /// The host key that was chosen for a connection cannot be loaded, for this reason.
    HostKey(String),
    /// A tunnel, or a connection to a reverse tunnel, could not be established.
    TunnelFailed {
        /// The address of the tunnel: its target, or where it listens.
        place: Place,
        /// The cause.
        cause: TunnelFailure,
    },
    /// A tunnel that was established broke.
    TunnelBroken {
        /// The address of the tunnel: its target, or where it listens.
        place: Place,
        /// The cause.
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
    /// The operating system refused, or connecting took too long.
    Io(io::Error),
    /// The client did not take a connection to its reverse tunnel.
    Refused(Outcome),
}

impl From<io::Error> for TunnelFailure {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}
