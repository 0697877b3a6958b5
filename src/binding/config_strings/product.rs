//! What the product says of itself, and what it logs.

use super::{Plain, Row, number, row};

/// The settings of this file.
pub(super) static ROWS: &[Row] = &[
    row("BuildInfo", Plain(|_| build_info(), None)),
    row(
        "LogLevel",
        Plain(
            |state| state.settings.log_level.to_string(),
            Some(|state, value| {
                state.settings.log_level = number(value, 0, 3)?;
                Ok(())
            }),
        ),
    ),
];

fn build_info() -> String {
    format!(
        "sshserver {} ({}-{})",
        env!("CARGO_PKG_VERSION"),
        std::env::consts::OS,
        std::env::consts::ARCH
    )
}
