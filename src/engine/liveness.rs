//! Whether a connection is in use, and whether its client is still there. There are two clocks: one for the
//! idle timeout, which channels and logging in reset, and one for keepalive requests, which any packet in
//! either direction resets. Both are read when the connection's one timer fires; neither has a timer of its
//! own.

use std::time::{Duration, Instant};

use super::config::KeepAlive;
use crate::wire::messages::{self, ChannelRequest, GlobalRequest, KEEP_ALIVE, Message};

/// The two clocks of a connection.
#[derive(Debug)]
pub(super) struct Liveness {
    used: Instant,
    /// When the last packet was sent or received, or the last keepalive request was made.
    traffic: Instant,
    /// Keepalive requests since the last packet of the client.
    unanswered: u32,
}

/// What is to be done about a silent client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Nothing: the interval is not over.
    Wait,
    /// Send a keepalive request.
    Ask,
    /// End the connection: the client is gone.
    GiveUp,
}

impl Liveness {
    pub(super) fn new(now: Instant) -> Self {
        Self { used: now, traffic: now, unanswered: 0 }
    }

    /// Resets the idle clock: see [`is_use`].
    pub(super) fn used(&mut self, now: Instant) {
        self.used = now;
    }

    /// Any packet of the client has come.
    pub(super) fn received(&mut self, now: Instant) {
        self.traffic = now;
        self.unanswered = 0;
    }

    /// A packet is sent to the client.
    pub(super) fn sent(&mut self, now: Instant) {
        self.traffic = now;
    }

    /// Input is held back on this side, so the client's silence means nothing: resets both clocks.
    pub(super) fn not_listening(&mut self, now: Instant) {
        self.used = now;
        self.received(now);
    }

    pub(super) fn idle_deadline(&self, timeout: Option<Duration>) -> Option<Instant> {
        timeout.and_then(|timeout| self.used.checked_add(timeout))
    }

    pub(super) fn keep_alive_deadline(&self, settings: Option<KeepAlive>) -> Option<Instant> {
        settings.and_then(|settings| self.traffic.checked_add(settings.interval?))
    }

    /// Called when a keepalive request may be due; counts the request that it asks for.
    pub(super) fn judge(&mut self, now: Instant, settings: Option<KeepAlive>) -> Verdict {
        let due = self.keep_alive_deadline(settings).is_some_and(|deadline| deadline <= now);
        let Some(settings) = settings.filter(|_| due) else {
            return Verdict::Wait;
        };
        if settings.max_unanswered.is_some_and(|most| self.unanswered >= most) {
            return Verdict::GiveUp;
        }
        self.unanswered = self.unanswered.saturating_add(1);
        self.traffic = now;
        Verdict::Ask
    }
}

/// The keepalive request. No client knows this name, and each answers with a failure, which shows that it
/// is there.
pub(super) const REQUEST: GlobalRequest<'static> =
    GlobalRequest { request_name: KEEP_ALIVE, want_reply: true, request_specific: b"" };

/// Whether a message of the client shows that the connection is used: data, and opening and closing of
/// channels do. Global requests, window adjustments and replies do not: a client sends those that only
/// stays connected.
pub(super) fn is_use(payload: &[u8]) -> bool {
    match payload.first().copied().unwrap_or_default() {
        messages::SSH_MSG_CHANNEL_REQUEST => {
            !ChannelRequest::decode(payload).is_ok_and(|request| request.request_type == KEEP_ALIVE)
        }
        messages::SSH_MSG_CHANNEL_OPEN
        | messages::SSH_MSG_CHANNEL_OPEN_CONFIRMATION
        | messages::SSH_MSG_CHANNEL_OPEN_FAILURE
        | messages::SSH_MSG_CHANNEL_DATA
        | messages::SSH_MSG_CHANNEL_EXTENDED_DATA
        | messages::SSH_MSG_CHANNEL_EOF
        | messages::SSH_MSG_CHANNEL_CLOSE => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTINGS: Option<KeepAlive> =
        Some(KeepAlive { interval: Some(Duration::from_secs(10)), max_unanswered: Some(2) });

    #[test]
    fn a_silent_client_is_asked_and_then_given_up() {
        let start = Instant::now();
        let after = |seconds| start + Duration::from_secs(seconds);
        let mut liveness = Liveness::new(start);
        assert_eq!(liveness.keep_alive_deadline(SETTINGS), Some(after(10)));
        assert_eq!(liveness.judge(after(9), SETTINGS), Verdict::Wait);
        assert_eq!(liveness.judge(after(10), SETTINGS), Verdict::Ask);
        assert_eq!(liveness.judge(after(10), SETTINGS), Verdict::Wait);
        assert_eq!(liveness.judge(after(20), SETTINGS), Verdict::Ask);
        assert_eq!(liveness.judge(after(30), SETTINGS), Verdict::GiveUp);
    }

    #[test]
    fn what_is_sent_puts_the_request_off_and_only_what_is_received_answers_it() {
        let start = Instant::now();
        let after = |seconds| start + Duration::from_secs(seconds);
        let mut liveness = Liveness::new(start);
        liveness.sent(after(5));
        assert_eq!(liveness.judge(after(10), SETTINGS), Verdict::Wait);
        assert_eq!(liveness.judge(after(15), SETTINGS), Verdict::Ask);
        liveness.sent(after(16));
        assert_eq!(liveness.judge(after(26), SETTINGS), Verdict::Ask);
        liveness.received(after(27));
        assert_eq!(liveness.judge(after(37), SETTINGS), Verdict::Ask);
        assert_eq!(liveness.judge(after(47), SETTINGS), Verdict::Ask);
        assert_eq!(liveness.judge(after(57), SETTINGS), Verdict::GiveUp);
    }

    #[test]
    fn without_settings_there_is_no_deadline_and_without_a_count_no_end() {
        let start = Instant::now();
        let mut liveness = Liveness::new(start);
        let hours = start + Duration::from_secs(36_000);
        assert_eq!(liveness.keep_alive_deadline(None), None);
        assert_eq!(liveness.judge(hours, None), Verdict::Wait);
        let endless = KeepAlive { interval: Some(Duration::from_secs(1)), max_unanswered: None };
        for second in 1..100 {
            let now = start + Duration::from_secs(second);
            assert_eq!(liveness.judge(now, Some(endless)), Verdict::Ask);
        }
    }
}
