//! The stages of a connection, in their order. What a stage does not have cannot be used in it: there is
//! an engine only from when the host key is known, and none once everything is told.

use crate::driver::handler::ConnectionEnd;
use crate::engine::Connection;

/// Where a connection is between its accept and its end.
#[derive(Default)]
pub(in crate::driver) enum Stage {
    /// The address is looked up, and the program asked whether it wants the connection: nobody knows of
    /// it yet.
    #[default]
    Asking,
    /// The program is asked which host key the connection gets, or that is being loaded.
    ChoosingKey,
    /// The engine is at work.
    Live(Box<Connection>),
    /// The engine has come to its end, or its code has panicked: then it is gone. The last bytes leave.
    Parting { engine: Option<Box<Connection>>, end: ConnectionEnd },
    /// The connection was not wanted, or its client has left before: nobody has heard of it.
    Refused,
    /// Everything is told.
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

    /// Whether the connection waits for the program, and has no engine yet.
    pub(in crate::driver) fn is_arriving(&self) -> bool {
        matches!(self, Self::Asking | Self::ChoosingKey)
    }

    /// The engine has ended. The first cause counts: what is said later only follows from it.
    pub(in crate::driver) fn part(&mut self, end: ConnectionEnd) {
        *self = match std::mem::take(self) {
            Self::Live(engine) => Self::Parting { engine: Some(engine), end },
            Self::ChoosingKey => Self::Parting { engine: None, end },
            last @ (Self::Asking | Self::Parting { .. } | Self::Refused | Self::Over) => last,
        };
    }
}
