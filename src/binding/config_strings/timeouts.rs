//! Which clients are talked to, and how long silent ones are kept.

use super::{Plain, Row, number, row};
use crate::binding::errors::Failure;
use crate::binding::state::State;
use crate::limits::MAX_VERSION_PATTERN_LEN;
use crate::transport::VersionPattern;

/// Seconds, and counts: what JavaScript and others keep in 32 bits with a sign.
const MOST: u64 = 0x7fff_ffff;

/// The settings of this file.
pub(super) static ROWS: &[Row] = &[
    row(
        "SSHKeepAliveCountMax",
        Plain(
            |state| state.settings.keep_alive_count.to_string(),
            Some(|state, value| {
                state.settings.keep_alive_count = number(value, 0, MOST)?;
                Ok(())
            }),
        ),
    ),
    row(
        "SSHKeepAliveInterval",
        Plain(
            |state| state.settings.keep_alive_interval.to_string(),
            Some(|state, value| {
                state.settings.keep_alive_interval = number(value, 0, MOST)?;
                Ok(())
            }),
        ),
    ),
    row(
        "SSHVersionPattern",
        Plain(
            |state| state.settings.version_pattern.as_str().to_owned(),
            Some(set_version_pattern),
        ),
    ),
];

fn set_version_pattern(state: &mut State, value: &str) -> Result<(), Failure> {
    state.settings.version_pattern = VersionPattern::parse(value).ok_or_else(|| {
        Failure::invalid(format!(
            "The value has to be a list of at least one pattern, and of {MAX_VERSION_PATTERN_LEN} \
             bytes at most."
        ))
    })?;
    Ok(())
}
