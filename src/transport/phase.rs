//! Which message numbers are legal in which phase: one pure function over the table of `wire::messages`,
//! called for every packet before anything looks inside.

use crate::error::PeerMisbehaved;
use crate::wire::messages::{self, Phase, Sender};

/// The phase of a connection, as far as message numbers depend on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// The first key exchange has not ended; `strict` once strict kex is agreed.
    FirstKeyExchange {
        /// Strict kex is in force.
        strict: bool,
    },
    /// Between the client's KEXINIT of a later exchange and its NEWKEYS.
    KeyExchange,
    /// Not authenticated.
    Authentication,
    /// Authenticated.
    Connection,
}

/// What to do with a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Give it to its layer.
    Handle,
    /// Answer with SSH_MSG_UNIMPLEMENTED (RFC 4253 section 11.4).
    Unimplemented,
    /// Drop it.
    Ignore,
    /// The message is of a service that has not started: refuse and count it.
    TooEarly,
    /// End the connection.
    Refuse(PeerMisbehaved),
}

/// Decides on a message number of the client.
pub(super) fn check(number: u8, stage: Stage) -> Verdict {
    let row = messages::info(number);
    if let Stage::FirstKeyExchange { strict: true } = stage {
        // OpenSSH PROTOCOL 1.10: only the messages of the key exchange itself
        let allowed = number == messages::SSH_MSG_DISCONNECT
            || (20..50).contains(&number) && row.is_some_and(|row| row.sender != Sender::Server);
        return if allowed {
            Verdict::Handle
        } else {
            Verdict::Refuse(PeerMisbehaved::StrictKexViolation(number))
        };
    }
    if (80..=127).contains(&number) && stage == Stage::Authentication {
        // clients send keepalives while their users look for a password (OpenSSH's sshd refuses them, too)
        return Verdict::TooEarly;
    }
    let Some(row) = row else {
        return Verdict::Unimplemented;
    };
    if row.sender == Sender::Server {
        return Verdict::Refuse(PeerMisbehaved::ServerOnlyMessage(number));
    }
    let unexpected = Verdict::Refuse(PeerMisbehaved::UnexpectedMessage(number));
    match (row.phase, stage) {
        (Phase::Always | Phase::KeyExchange, _) => Verdict::Handle,
        // RFC 4253 section 7.1: no service message between KEXINIT and NEWKEYS
        (
            Phase::Service | Phase::Authentication | Phase::Connection,
            Stage::FirstKeyExchange { .. } | Stage::KeyExchange,
        ) => unexpected,
        (Phase::Service, Stage::Authentication | Stage::Connection)
        | (Phase::Authentication, Stage::Authentication)
        | (Phase::Connection, Stage::Connection) => Verdict::Handle,
        // RFC 4252 section 5.1: requests after success are ignored silently
        (Phase::Authentication, Stage::Connection) => Verdict::Ignore,
        (Phase::Connection, Stage::Authentication) => Verdict::TooEarly,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_wait_for_authentication() {
        for number in [80, 90, 94, 110, 127] {
            assert_eq!(check(number, Stage::Authentication), Verdict::TooEarly, "{number}");
            let known = messages::info(number).is_some();
            let later = if known { Verdict::Handle } else { Verdict::Unimplemented };
            assert_eq!(check(number, Stage::Connection), later, "{number}");
        }
    }

    #[test]
    fn unknown_numbers_are_unimplemented_in_every_stage() {
        for stage in [
            Stage::FirstKeyExchange { strict: false },
            Stage::KeyExchange,
            Stage::Authentication,
            Stage::Connection,
        ] {
            for number in [0, 8, 48, 70, 192, 255] {
                assert_eq!(check(number, stage), Verdict::Unimplemented, "{number} {stage:?}");
            }
        }
    }

    #[test]
    fn strict_kex_takes_nothing_else() {
        let stage = Stage::FirstKeyExchange { strict: true };
        for number in [2, 3, 4, 5, 7, 33, 41, 50, 90, 200] {
            assert_eq!(
                check(number, stage),
                Verdict::Refuse(PeerMisbehaved::StrictKexViolation(number))
            );
        }
        for number in [1, 20, 21, 30, 31, 40] {
            assert_eq!(check(number, stage), Verdict::Handle);
        }
    }

    #[test]
    fn authentication_after_success_is_ignored() {
        assert_eq!(check(50, Stage::Connection), Verdict::Ignore);
        assert_eq!(check(61, Stage::Connection), Verdict::Ignore);
    }

    #[test]
    fn only_servers_send_these() {
        for number in [6, 33, 41, 51, 52, 53, 60, 64] {
            assert_eq!(
                check(number, Stage::Authentication),
                Verdict::Refuse(PeerMisbehaved::ServerOnlyMessage(number))
            );
        }
    }
}
