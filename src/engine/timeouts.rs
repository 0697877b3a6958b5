//! The deadlines of a connection; the driver asks for the earliest.

use std::time::Instant;

use super::config::KeepAlive;
use super::connection::{Connection, Phase};
use super::liveness::{self, Verdict};
use crate::error::{Closed, Error};
use crate::limits::{GSS_STEP_TIME, IDENTIFICATION_TIME};
use crate::wire::Outbox;

impl Connection {
    /// Carries out every timeout that is due at `now`.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.is_ended() {
            return;
        }
        let deadlines = [
            self.identification_deadline(),
            self.login_deadline(),
            self.quiet_deadline(),
            self.job_deadline(),
        ];
        if deadlines.into_iter().flatten().any(|deadline| deadline <= now) {
            return self.fail(Error::Closed(Closed::HandshakeTimeout));
        }
        if self.idle_deadline().is_some_and(|deadline| deadline <= now) {
            return self.fail(Error::Closed(Closed::IdleTimeout));
        }
        self.channels.handle_timeout(now);
        match self.liveness.judge(now, self.keep_alive()) {
            Verdict::Wait => {}
            // while a question about the connection is open, its packets are not read, so its silence means
            // nothing
            Verdict::Ask | Verdict::GiveUp if self.waits_for_program() => {
                self.liveness.not_listening(now);
            }
            Verdict::Ask => {
                let out: &mut dyn Outbox = &mut self.transport;
                if let Err(error) = out.send(&liveness::REQUEST) {
                    return self.fail(error);
                }
            }
            Verdict::GiveUp => return self.fail(Error::Closed(Closed::Unresponsive)),
        }
        let result = if self.transport.rekey_due().is_some_and(|due| due <= now) {
            self.transport.start_exchange(&self.config.transport)
        } else {
            Ok(())
        };
        self.finish_step(result);
    }

    /// When [`Self::handle_timeout`] has to be called.
    pub fn poll_timeout(&self) -> Option<Instant> {
        if self.is_ended() {
            return None;
        }
        let times = [
            self.identification_deadline(),
            self.login_deadline(),
            self.quiet_deadline(),
            self.job_deadline(),
            self.idle_deadline(),
            self.channels.poll_timeout(),
            self.transport.rekey_due(),
            self.liveness.keep_alive_deadline(self.keep_alive()),
        ];
        times.into_iter().flatten().min()
    }

    fn identification_deadline(&self) -> Option<Instant> {
        let is_silent = self.transport.client_version().is_none();
        is_silent.then(|| self.started.checked_add(IDENTIFICATION_TIME)).flatten()
    }

    /// The deadline for a job that may block.
    fn job_deadline(&self) -> Option<Instant> {
        self.blocked_since.and_then(|since| since.checked_add(GSS_STEP_TIME))
    }

    fn login_deadline(&self) -> Option<Instant> {
        match self.phase {
            Phase::AwaitUserauthService
            | Phase::Authenticating(_)
            | Phase::AwaitConnectionService { .. } => {
                self.config.login_grace.and_then(|grace| self.started.checked_add(grace))
            }
            Phase::Connected | Phase::Ended => None,
        }
    }

    /// The deadline for the client's next answer. There is none while the client waits for the program or
    /// for arithmetic.
    fn quiet_deadline(&self) -> Option<Instant> {
        if matches!(self.phase, Phase::Connected | Phase::Ended) || self.waits_for_program() {
            return None;
        }
        let timeout = self.config.handshake_timeout;
        timeout.and_then(|timeout| self.quiet_since.checked_add(timeout))
    }

    fn idle_deadline(&self) -> Option<Instant> {
        self.liveness.idle_deadline(self.config.idle_timeout.filter(|_| self.is_authenticated()))
    }

    /// Keepalive requests are global requests, which belong to the connection protocol (RFC 4254 section
    /// 4).
    fn keep_alive(&self) -> Option<KeepAlive> {
        self.is_authenticated().then_some(self.config.keep_alive)
    }
}
