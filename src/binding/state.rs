//! One server with all its settings, on which the class and the settings work.

use std::sync::Arc;

use super::errors::{Failure, UNKNOWN_CONNECTION};
use super::program::Program;
use super::settings::Settings;
use crate::driver::{ChannelEntry, ConnectionHandle, Known, PastConnection, Server};

pub(super) type KnownConnection = Known<ConnectionHandle, PastConnection>;

/// One server and its settings.
pub(super) struct State {
    pub(super) settings: Settings,
    pub(super) server: Server,
    pub(super) program: Arc<Program>,
}

impl State {
    /// Makes the current settings those of new connections.
    pub(super) fn apply(&self) {
        let settings = &self.settings;
        self.server.set_settings(settings.for_driver());
        self.server.set_log_level(settings.log_level);
        self.server.set_log_secrets(!settings.mask_sensitive);
        self.server.wanted_changed();
        self.program.set_replies(
            &settings.config().auth_methods,
            &settings.instruction,
            &settings.prompts,
        );
    }

    pub(super) fn connection(&self, id: u64) -> Result<Arc<ConnectionHandle>, Failure> {
        let found = self.server.connection(id);
        found.ok_or_else(|| Failure::new(UNKNOWN_CONNECTION))
    }

    /// A connection; after its end what can be read of it, until the program has handled its last event.
    pub(super) fn known_connection(&self, id: u64) -> Result<KnownConnection, Failure> {
        let found = self.server.known_connection(id);
        found.ok_or_else(|| Failure::new(UNKNOWN_CONNECTION))
    }

    pub(super) fn channel(&self, id: f64) -> Result<Arc<ChannelEntry>, Failure> {
        let found = whole(id).and_then(|id| self.server.channel(id));
        found.ok_or_else(Failure::unknown_channel)
    }
}

/// A JavaScript number that is a whole number from 0 to 2^53.
pub(super) fn whole(value: f64) -> Option<u64> {
    const LIMIT: f64 = 9_007_199_254_740_992.0;
    let is_whole = value.fract() == 0.0 && (0.0..=LIMIT).contains(&value);
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "checked to be a whole number from 0 to 2^53"
    )]
    is_whole.then_some(value as u64)
}
