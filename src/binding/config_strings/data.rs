//! What becomes of the data of channels.

use super::{Plain, Row, boolean, row};
use crate::binding::settings::show_bool;

/// The settings of this file.
pub(super) static ROWS: &[Row] = &[row(
    "ReuseDataBuffers",
    Plain(
        |state| show_bool(state.settings.reuse_data_buffers),
        Some(|state, value| {
            state.settings.reuse_data_buffers = boolean(value)?;
            Ok(())
        }),
    ),
)];
