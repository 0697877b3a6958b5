//! The states of a connection from its identification string to the login (RFC 4253). Each state holds only
//! what is known in it; `kex` has the states of a key exchange, which every connection goes through again.

use super::phase::Stage;
use super::rekey::RekeyPolicy;
use crate::error::Error;

/// The states of a connection, in their order.
#[derive(Debug)]
pub(super) enum Progress {
    /// The client's identification string has to come (section 4.2).
    Identification,
    /// The client's first KEXINIT has to come.
    Identified {
        /// V_C: the client's identification string.
        version: String,
    },
    /// The first key exchange runs.
    Negotiated {
        /// V_C
        version: String,
        /// Strict kex is in force.
        strict: bool,
    },
    /// Our side has keys; the client's first NEWKEYS has to come.
    Keyed(Session),
    /// Both sides have keys; the client has to log in.
    Authentication(Session, KeysInUse),
    /// The client has logged in.
    Connection(Session, KeysInUse),
}

/// The results of the first key exchange that hold for the whole connection.
#[derive(Debug, Default)]
pub(super) struct Session {
    version: String,
    strict: bool,
    /// H of the first exchange (section 7.2).
    id: Vec<u8>,
}

/// The keys that both sides use.
#[derive(Debug, Clone, Copy)]
pub(super) struct KeysInUse {
    /// When they have to be replaced.
    pub(super) policy: RekeyPolicy,
    /// Whether a re-exchange was asked for before the client had logged in.
    pub(super) wanted: bool,
}

const WRONG_STATE: Error = Error::Internal("state of the transport");

impl Progress {
    /// The client's identification string has come.
    pub(super) fn identified(&mut self, version: String) -> Result<(), Error> {
        let Self::Identification = self else {
            return Err(WRONG_STATE);
        };
        *self = Self::Identified { version };
        Ok(())
    }

    /// The client's first KEXINIT has come.
    pub(super) fn negotiated(&mut self, strict: bool) -> Result<(), Error> {
        let Self::Identified { version } = self else {
            return Err(WRONG_STATE);
        };
        *self = Self::Negotiated { version: std::mem::take(version), strict };
        Ok(())
    }

    /// An exchange has computed its hash; that of the first one is the session identifier.
    pub(super) fn keyed(&mut self, exchange_hash: &[u8]) -> Result<(), Error> {
        match self {
            Self::Negotiated { version, strict } => {
                let (version, strict) = (std::mem::take(version), *strict);
                *self = Self::Keyed(Session { version, strict, id: exchange_hash.to_vec() });
                Ok(())
            }
            Self::Authentication(..) | Self::Connection(..) => Ok(()),
            Self::Identification | Self::Identified { .. } | Self::Keyed(_) => Err(WRONG_STATE),
        }
    }

    /// The client's NEWKEYS has come: new keys are in use, replaced as `policy` says.
    pub(super) fn secured(&mut self, policy: RekeyPolicy) -> Result<(), Error> {
        let new = KeysInUse { policy, wanted: false };
        match self {
            Self::Keyed(session) => *self = Self::Authentication(std::mem::take(session), new),
            Self::Authentication(_, keys) | Self::Connection(_, keys) => *keys = new,
            Self::Identification | Self::Identified { .. } | Self::Negotiated { .. } => {
                return Err(WRONG_STATE);
            }
        }
        Ok(())
    }

    /// The client has logged in.
    pub(super) fn authenticated(&mut self) -> Result<(), Error> {
        let Self::Authentication(session, keys) = self else {
            return Err(WRONG_STATE);
        };
        *self = Self::Connection(std::mem::take(session), *keys);
        Ok(())
    }

    /// The client's identification string.
    pub(super) fn client_version(&self) -> Option<&str> {
        match self {
            Self::Identification => None,
            Self::Identified { version } | Self::Negotiated { version, .. } => Some(version),
            Self::Keyed(session)
            | Self::Authentication(session, _)
            | Self::Connection(session, _) => Some(&session.version),
        }
    }

    /// Whether strict kex is in force.
    pub(super) fn strict(&self) -> bool {
        match self {
            Self::Identification | Self::Identified { .. } => false,
            Self::Negotiated { strict, .. } => *strict,
            Self::Keyed(session)
            | Self::Authentication(session, _)
            | Self::Connection(session, _) => session.strict,
        }
    }

    /// The session identifier, from our first NEWKEYS on.
    pub(super) fn session_id(&self) -> Option<&[u8]> {
        match self {
            Self::Identification | Self::Identified { .. } | Self::Negotiated { .. } => None,
            Self::Keyed(session)
            | Self::Authentication(session, _)
            | Self::Connection(session, _) => Some(&session.id),
        }
    }

    /// The keys that both sides use, once there are any.
    pub(super) fn keys(&self) -> Option<&KeysInUse> {
        match self {
            Self::Authentication(_, keys) | Self::Connection(_, keys) => Some(keys),
            Self::Identification
            | Self::Identified { .. }
            | Self::Negotiated { .. }
            | Self::Keyed(_) => None,
        }
    }

    /// As [`Self::keys`].
    pub(super) fn keys_mut(&mut self) -> Option<&mut KeysInUse> {
        match self {
            Self::Authentication(_, keys) | Self::Connection(_, keys) => Some(keys),
            Self::Identification
            | Self::Identified { .. }
            | Self::Negotiated { .. }
            | Self::Keyed(_) => None,
        }
    }

    /// Whether the client's first KEXINIT is still to come.
    pub(super) fn awaits_first_kex_init(&self) -> bool {
        matches!(self, Self::Identification | Self::Identified { .. })
    }

    /// Whether the first key exchange runs, and our side has no keys yet.
    pub(super) fn awaits_first_keys(&self) -> bool {
        matches!(self, Self::Negotiated { .. })
    }

    /// Whether our side has keys, so that messages of services may be sent.
    pub(super) fn is_keyed(&self) -> bool {
        matches!(self, Self::Keyed(_) | Self::Authentication(..) | Self::Connection(..))
    }

    /// Whether the client has logged in.
    pub(super) fn is_authenticated(&self) -> bool {
        matches!(self, Self::Connection(..))
    }

    /// The stage for [`super::phase`]; `exchanging` is true from the client's KEXINIT to its NEWKEYS.
    pub(super) fn stage(&self, exchanging: bool) -> Stage {
        match self {
            Self::Authentication(..) | Self::Connection(..) if exchanging => Stage::KeyExchange,
            Self::Authentication(..) => Stage::Authentication,
            Self::Connection(..) => Stage::Connection,
            Self::Identification
            | Self::Identified { .. }
            | Self::Negotiated { .. }
            | Self::Keyed(_) => Stage::FirstKeyExchange { strict: self.strict() },
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::super::settings::RekeyThresholds;
    use super::*;

    fn policy() -> RekeyPolicy {
        RekeyPolicy::new(Instant::now(), &RekeyThresholds::default(), 1)
    }

    /// The state after `steps` steps of a usual connection.
    fn after(steps: usize) -> Progress {
        let all: [fn(&mut Progress) -> Result<(), Error>; 5] = [
            |state| state.identified("SSH-2.0-x".to_owned()),
            |state| state.negotiated(true),
            |state| state.keyed(b"first"),
            |state| state.secured(policy()),
            Progress::authenticated,
        ];
        let mut state = Progress::Identification;
        for step in all.iter().take(steps) {
            step(&mut state).unwrap();
        }
        state
    }

    #[test]
    fn each_state_knows_what_has_come_before_it() {
        let strict = Stage::FirstKeyExchange { strict: true };
        let lax = Stage::FirstKeyExchange { strict: false };
        for (steps, version, keyed, stage) in [
            (0, None, false, lax),
            (1, Some("SSH-2.0-x"), false, lax),
            (2, Some("SSH-2.0-x"), false, strict),
            (3, Some("SSH-2.0-x"), true, strict),
            (4, Some("SSH-2.0-x"), true, Stage::Authentication),
            (5, Some("SSH-2.0-x"), true, Stage::Connection),
        ] {
            let state = after(steps);
            assert_eq!(state.client_version(), version, "{steps}");
            assert_eq!(state.session_id(), keyed.then_some(&b"first"[..]), "{steps}");
            assert_eq!(state.is_keyed(), keyed, "{steps}");
            assert_eq!(state.stage(false), stage, "{steps}");
            let exchanging = if steps > 3 { Stage::KeyExchange } else { stage };
            assert_eq!(state.stage(true), exchanging, "{steps}");
            assert_eq!(state.keys().is_some(), steps > 3, "{steps}");
            assert_eq!(state.awaits_first_kex_init(), steps < 2, "{steps}");
            assert_eq!(state.awaits_first_keys(), steps == 2, "{steps}");
        }
    }

    #[test]
    fn later_exchanges_change_neither_session_nor_state() {
        for steps in [4, 5] {
            let mut state = after(steps);
            let stage = state.stage(false);
            state.keys_mut().unwrap().wanted = true;
            state.keyed(b"second").unwrap();
            assert_eq!(state.session_id(), Some(&b"first"[..]));
            assert!(state.keys().unwrap().wanted, "until there are new ones");
            state.secured(policy()).unwrap();
            assert!(!state.keys().unwrap().wanted);
            assert_eq!((state.session_id(), state.stage(false)), (Some(&b"first"[..]), stage));
        }
    }

    #[test]
    fn no_step_is_left_out() {
        assert!(after(0).negotiated(false).is_err());
        assert!(after(1).keyed(b"x").is_err());
        assert!(after(2).secured(policy()).is_err());
        assert!(after(3).authenticated().is_err());
        assert!(after(4).identified(String::new()).is_err());
        assert!(after(5).authenticated().is_err());
    }
}
