//! What the product says of itself, and what it logs.

use super::{Plain, Row, boolean, number, row};
use crate::binding::settings::show_bool;

/// The settings of this file.
pub(super) static ROWS: &[Row] = &[
    row("BuildInfo", Plain(|_| build_info(), None)),
    row("LicenseInfo", Plain(|_| license_info(), None)),
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
    row(
        "MaskSensitive",
        Plain(
            |state| show_bool(state.settings.mask_sensitive),
            Some(|state, value| {
                state.settings.mask_sensitive = boolean(value)?;
                Ok(())
            }),
        ),
    ),
    row(
        "UseInternalSecurityAPI",
        Plain(
            |state| show_bool(state.settings.internal_security),
            Some(|state, value| {
                state.settings.internal_security = boolean(value)?;
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

/// The documented lines: there is no key, and no build that the license ends with.
fn license_info() -> String {
    format!(
        "Product: sshserver {}\n\
         Product Key: none needed\n\
         License Source: the file LICENSE of the package\n\
         License Type: {} (open source)\n\
         Last Valid Build: no limit",
        env!("CARGO_PKG_VERSION"),
        env!("CARGO_PKG_LICENSE"),
    )
}
