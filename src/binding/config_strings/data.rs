//! What becomes of the data of channels.

use super::{Plain, Row, row};
use crate::binding::errors::Failure;
use crate::binding::settings::{parse_bool, show_bool};

/// The settings of this file.
pub(super) static ROWS: &[Row] = &[row(
    "ReuseDataBuffers",
    Plain(
        |state| show_bool(state.settings.reuse_data_buffers),
        Some(|state, value| {
            let bad = || Failure::invalid("The value has to be True or False.");
            state.settings.reuse_data_buffers = parse_bool(value).ok_or_else(bad)?;
            Ok(())
        }),
    ),
)];
