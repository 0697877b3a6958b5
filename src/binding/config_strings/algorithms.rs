//! The lists of algorithms, the profile that sets them all, strict key exchange, and when keys are
//! exchanged again.

use std::time::Duration;

use super::{OfConnection, Plain, Row, number, row};
use crate::binding::algorithm_list::{Algorithm, AlgorithmList};
use crate::binding::errors::Failure;
use crate::binding::settings::{Lists, show_bool};
use crate::binding::state::State;
use crate::engine::{AlgorithmLists, StrictKex};

/// The settings of this file.
pub(super) static ROWS: &[Row] = &[
    row(
        "KeyRenegotiationInterval",
        Plain(
            |state| state.settings.rekey.interval.map_or(0, |time| time.as_secs()).to_string(),
            Some(|state, value| {
                let seconds: u64 = number(value, 0, u32::MAX.into())?;
                state.settings.rekey.interval = (seconds > 0).then(|| Duration::from_secs(seconds));
                Ok(())
            }),
        ),
    ),
    row(
        "KeyRenegotiationThreshold",
        Plain(
            |state| state.settings.rekey.bytes.to_string(),
            Some(|state, value| {
                state.settings.rekey.bytes = number(value, 1, u64::MAX)?;
                Ok(())
            }),
        ),
    ),
    row("NegotiatedStrictKex", OfConnection(negotiated_strict_kex, None)),
    row("SecurityProfile", Plain(|state| state.settings.profile.to_owned(), Some(set_profile))),
    row(
        "SSHKeyExchangeAlgorithms",
        Plain(
            |state| state.settings.lists.kex.shown().to_owned(),
            Some(|state, value| set_list(&mut state.settings.lists.kex, value)),
        ),
    ),
    row(
        "SSHMacAlgorithms",
        Plain(
            |state| state.settings.lists.mac.shown().to_owned(),
            Some(|state, value| set_list(&mut state.settings.lists.mac, value)),
        ),
    ),
    row(
        "SSHPubKeyAuthSigAlgorithms",
        Plain(
            |state| state.settings.lists.user_signature.shown().to_owned(),
            Some(|state, value| set_list(&mut state.settings.lists.user_signature, value)),
        ),
    ),
    row(
        "SSHPublicKeyAlgorithms",
        Plain(
            |state| state.settings.lists.host_key.shown().to_owned(),
            Some(|state, value| set_list(&mut state.settings.lists.host_key, value)),
        ),
    ),
    row(
        "UseStrictKeyExchange",
        Plain(|state| (state.settings.strict_kex as u8).to_string(), Some(set_strict_kex)),
    ),
];

fn set_list<T: Algorithm>(list: &mut AlgorithmList<T>, value: &str) -> Result<(), Failure> {
    *list = AlgorithmList::parse(value)?;
    Ok(())
}

fn set_profile(state: &mut State, value: &str) -> Result<(), Failure> {
    let (profile, lists) = match value.trim().to_ascii_lowercase().as_str() {
        "modern" => ("modern", AlgorithmLists::modern()),
        "intermediate" => ("intermediate", AlgorithmLists::intermediate()),
        "compatible" => ("compatible", AlgorithmLists::default()),
        _ => {
            let values = "modern, intermediate or compatible";
            return Err(Failure::invalid(format!("The value has to be {values}.")));
        }
    };
    state.settings.profile = profile;
    state.settings.lists = Lists::from(lists);
    Ok(())
}

fn set_strict_kex(state: &mut State, value: &str) -> Result<(), Failure> {
    state.settings.strict_kex = match number(value, 0, 3)? {
        0u8 => StrictKex::Disabled,
        1 => StrictKex::Offered,
        2 => StrictKex::RejectAffected,
        _ => StrictKex::Required,
    };
    Ok(())
}

fn negotiated_strict_kex(state: &State, id: u64) -> Result<String, Failure> {
    let negotiated = state.known_connection(id)?.strict_kex();
    Ok(show_bool(negotiated.unwrap_or(false)))
}
