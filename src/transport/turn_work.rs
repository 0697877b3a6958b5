//! The work of a connection in its turn, so that one client's flood does not keep the other connections of
//! its thread waiting. Every message counts, also those that no layer above gets (SSH_MSG_IGNORE).

use crate::limits::{MESSAGE_WORK, TURN_WORK};

/// The messages of one turn, as [`TURN_WORK`] counts them.
#[derive(Debug, Default)]
pub(super) struct TurnWork(usize);

impl TurnWork {
    /// Begins a turn.
    pub(super) fn begin(&mut self) {
        self.0 = 0;
    }

    /// Counts a message with its length after decompression.
    pub(super) fn count(&mut self, len: usize) {
        self.0 = self.0.saturating_add(len).saturating_add(MESSAGE_WORK);
    }

    /// Whether the turn has processed as much as one may.
    pub(super) fn is_over(&self) -> bool {
        self.0 >= TURN_WORK
    }
}
