//! How text becomes bytes, what is logged, and what the product says of itself.

use super::row::Applies::{AtOnce, Never};
use super::row::Value::{Boolean, Fact, Number, Text};
use super::row::{Field, Table, row};
use crate::binding::codepage::CodePage;
use crate::binding::errors::Failure;
use crate::binding::settings::Settings;

/// The settings of this file.
pub(super) static TABLE: Table = Table {
    title: "Data, logs and the rest",
    intro: "",
    rows: &[
        row(
            "CodePage",
            Text {
                form: "the number of a code page",
                get: |settings| settings.code_page.id.to_string(),
                set: set_code_page,
            },
            AtOnce,
            "the encoding of `data`, of sendText and of dataToSend; 65001 is UTF-8",
            "docs/CODEPAGES.md lists them. A character that the code page lacks is sent as `?`. Rejects with \
             10022 for a page that is not supported, by its name.",
        ),
        row(
            "LogLevel",
            Number {
                unit: "",
                least: 0,
                most: 3,
                field: Field {
                    get: |settings| settings.log_level.into(),
                    set: |settings, level| {
                        settings.log_level = u8::try_from(level).unwrap_or(u8::MAX);
                    },
                },
            },
            AtOnce,
            "what `Log` tells: 0 nothing, 1 milestones, 2 a line for each packet, 3 the bytes of each packet too",
            "Level 3 includes what is typed in a session.",
        ),
        row(
            "MaskSensitive",
            Boolean(Field {
                get: |settings| settings.mask_sensitive,
                set: |settings, value| settings.mask_sensitive = value,
            }),
            AtOnce,
            "whether passwords and the responses of keyboard-interactive are left out of the log",
            "False shows them at level 3, as bytes. Keys and shared secrets are never logged.",
        ),
        row(
            "BuildInfo",
            Fact { form: "text", get: build_info },
            Never,
            "name, version and platform of the addon",
            "",
        ),
        row(
            "LicenseInfo",
            Fact { form: "text", get: license_info },
            Never,
            "the licence",
            "The lines are the documented ones; there is no key, as the licence is an open one.",
        ),
        row(
            "UseInternalSecurityAPI",
            Boolean(Field {
                get: |settings| settings.internal_security,
                set: |settings, value| settings.internal_security = value,
            }),
            AtOnce,
            "without effect; it is kept and read back",
            "The addon has all its cryptography in itself, on every system.",
        ),
    ],
};

fn set_code_page(settings: &mut Settings, value: &str) -> Result<(), Failure> {
    let bad = || Failure::invalid("The value has to be the number of a code page.");
    let page = CodePage::find(parse(value.trim()).ok_or_else(bad)?)?;
    settings.encoder = page.encoder();
    settings.code_page = page;
    Ok(())
}

/// The reference writes some numbers in hexadecimal.
fn parse(value: &str) -> Option<u32> {
    let hex = value.strip_prefix("0x").or_else(|| value.strip_prefix("0X"));
    // from_str_radix and parse would take a sign
    let (digits, radix) = hex.map_or((value, 10), |digits| (digits, 16));
    if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    u32::from_str_radix(digits, radix).ok()
}

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
