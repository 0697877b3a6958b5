//! When keys have to be replaced by a re-exchange (RFC 4253 section 9, RFC 4344 section 3), and how many
//! exchanges a client may ask for.

use std::time::Instant;

use super::packet_codec::Usage;
use super::settings::RekeyThresholds;
use crate::error::{Error, LimitExceeded};
use crate::limits::{IDLE_KEY_EXCHANGE_REFILL, MAX_IDLE_KEY_EXCHANGES, MAX_PACKETS_OF_KEYS};

/// The thresholds of the keys in use.
#[derive(Debug, Clone, Copy)]
pub(super) struct RekeyPolicy {
    /// The thresholds of the settings, or the ciphers' own limits where those are lower.
    wished: Usage,
    /// The ciphers' own limits.
    safe: Usage,
    /// When the interval ends.
    due: Option<Instant>,
}

/// Which thresholds apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Thresholds {
    /// Those of the settings, too.
    Wished,
    /// Only those beyond which the keys are no longer safe.
    Safe,
}

impl RekeyPolicy {
    /// The policy of keys taken into use at `now`; `cipher_bytes` is the ciphers' own limit.
    pub(super) fn new(now: Instant, thresholds: &RekeyThresholds, cipher_bytes: u64) -> Self {
        let safe = Usage { bytes: cipher_bytes, packets: MAX_PACKETS_OF_KEYS };
        Self {
            wished: Usage {
                bytes: thresholds.bytes.min(safe.bytes),
                packets: thresholds.packets.min(safe.packets),
            },
            safe,
            due: thresholds.interval.and_then(|interval| now.checked_add(interval)),
        }
    }

    /// Whether one direction has used its keys up.
    pub(super) fn is_used_up(&self, usage: Usage, thresholds: Thresholds) -> bool {
        let most = match thresholds {
            Thresholds::Wished => self.wished,
            Thresholds::Safe => self.safe,
        };
        usage.bytes >= most.bytes || usage.packets >= most.packets
    }

    /// When keys are replaced, however little was sent.
    pub(super) fn due(&self) -> Option<Instant> {
        self.due
    }
}

/// Counts key exchanges that the client asks for without sending any other message.
#[derive(Debug)]
pub(super) struct FloodGuard {
    idle_exchanges: u32,
    since: Instant,
}

impl FloodGuard {
    pub(super) fn new(now: Instant) -> Self {
        Self { idle_exchanges: 0, since: now }
    }

    /// A message of an authenticated client justifies the last exchange.
    pub(super) fn service_message(&mut self) {
        self.idle_exchanges = 0;
    }

    /// The client has asked for a key exchange.
    pub(super) fn key_exchange(&mut self, now: Instant) -> Result<(), Error> {
        while self.idle_exchanges > 0
            && now.saturating_duration_since(self.since) >= IDLE_KEY_EXCHANGE_REFILL
        {
            self.idle_exchanges = self.idle_exchanges.saturating_sub(1);
            self.since = self.since.checked_add(IDLE_KEY_EXCHANGE_REFILL).unwrap_or(now);
        }
        if self.idle_exchanges == 0 {
            self.since = now;
        }
        self.idle_exchanges = self.idle_exchanges.saturating_add(1);
        if self.idle_exchanges > MAX_IDLE_KEY_EXCHANGES {
            return Err(LimitExceeded::KeyExchanges.into());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_lower_limit_counts() {
        let now = Instant::now();
        let thresholds = RekeyThresholds { bytes: 1000, packets: 10, interval: None };
        let policy = RekeyPolicy::new(now, &thresholds, 500);
        for (bytes, packets, wished, safe) in [
            (499, 9, false, false),
            (500, 0, true, true),
            (0, 10, true, false),
            (0, MAX_PACKETS_OF_KEYS, true, true),
        ] {
            let usage = Usage { bytes, packets };
            assert_eq!(policy.is_used_up(usage, Thresholds::Wished), wished, "{usage:?}");
            assert_eq!(policy.is_used_up(usage, Thresholds::Safe), safe, "{usage:?}");
        }
        let policy = RekeyPolicy::new(now, &thresholds, 2000);
        let usage = Usage { bytes: 1000, packets: 0 };
        assert!(policy.is_used_up(usage, Thresholds::Wished));
        assert!(!policy.is_used_up(usage, Thresholds::Safe));
        assert_eq!(policy.due(), None);
    }

    #[test]
    fn idle_exchanges_run_out_and_come_back() {
        let now = Instant::now();
        let mut guard = FloodGuard::new(now);
        for _ in 0..MAX_IDLE_KEY_EXCHANGES {
            assert_eq!(guard.key_exchange(now), Ok(()));
        }
        assert_eq!(guard.key_exchange(now), Err(LimitExceeded::KeyExchanges.into()));
        let later = now + IDLE_KEY_EXCHANGE_REFILL * 3;
        assert_eq!(guard.key_exchange(later), Ok(()));
        guard.service_message();
        let much_later = later + Duration::from_secs(1);
        for _ in 0..MAX_IDLE_KEY_EXCHANGES {
            assert_eq!(guard.key_exchange(much_later), Ok(()));
        }
    }
}
