//! The stages of a connection, in their order. Each stage holds only what can be used in it: there is an
//! engine only from when the host key is known until the end of the connection is reported.

use crate::driver::handler::ConnectionEnd;
use crate::engine::Connection;

/// Where a connection is between its accept and its end.
#[derive(Default)]
pub(in crate::driver) enum Stage {
    /// The client's address is looked up, and the program is asked whether it wants the connection. No
    /// event has the connection's number yet.
    #[default]
    Asking,
    /// The program is asked for the host key of the connection, or that key is being loaded.
    ChoosingKey,
    /// The engine runs.
    Live(Box<Connection>),
    /// The engine has ended; or its code has panicked, and it was dropped. The last bytes are being
    /// written.
    Parting { engine: Option<Box<Connection>>, end: ConnectionEnd },
    /// The program did not want the connection, or the client left before it decided. No event has its
    /// number.
    Refused,
    /// The program has all events.
    Over,
}

impl Stage {
    /// The engine, as long as there is one.
    pub(in crate::driver) fn engine(&self) -> Option<&Connection> {
        match self {
            Self::Live(engine) => Some(engine),
            Self::Parting { engine, .. } => engine.as_deref(),
            Self::Asking | Self::ChoosingKey | Self::Refused | Self::Over => None,
        }
    }

    /// As [`Self::engine`].
    pub(in crate::driver) fn engine_mut(&mut self) -> Option<&mut Connection> {
        match self {
            Self::Live(engine) => Some(engine),
            Self::Parting { engine, .. } => engine.as_deref_mut(),
            Self::Asking | Self::ChoosingKey | Self::Refused | Self::Over => None,
        }
    }

    pub(in crate::driver) fn is_live(&self) -> bool {
        matches!(self, Self::Live(_))
    }

    /// Whether the connection still waits for the program's decisions, and has no engine.
    pub(in crate::driver) fn is_arriving(&self) -> bool {
        matches!(self, Self::Asking | Self::ChoosingKey)
    }

    /// The engine has ended. The first cause counts: later ones only follow from it.
    pub(in crate::driver) fn part(&mut self, end: ConnectionEnd) {
        *self = match std::mem::take(self) {
            Self::Live(engine) => Self::Parting { engine: Some(engine), end },
            Self::ChoosingKey => Self::Parting { engine: None, end },
            last @ (Self::Asking | Self::Parting { .. } | Self::Refused | Self::Over) => last,
        };
    }
}
