//! The settings and properties as the documentation lists them: docs/SETTINGS.md, and the parts of
//! README.md and index.d.ts about them, are written from this by `node scripts/settings.mjs`.

use napi_derive::napi;

use super::config_strings::TABLES;
use super::config_strings::row::{Row, Table};
use super::properties;
use super::settings::Settings;

/// The settings of one subject.
#[napi(object)]
pub struct SettingsOfSubject {
    pub title: String,
    /// What holds for all of them, in Markdown; or nothing.
    pub intro: String,
    pub rows: Vec<DocumentedSetting>,
}

/// One setting.
#[napi(object)]
pub struct DocumentedSetting {
    /// With its index.
    pub name: String,
    /// What it takes, with its bounds.
    pub form: String,
    /// What it reads as on a fresh server; nothing for one that is indexed.
    pub initial: Option<String>,
    /// Whom a change concerns.
    pub applies: String,
    /// The error of setting it while the server listens or has connections.
    pub while_active: Option<u32>,
    pub is_extension: bool,
    /// What it is, in one line of Markdown.
    pub brief: String,
    /// What else there is to know; or nothing.
    pub more: String,
}

/// The properties first, then the settings of `config()`.
#[napi]
pub fn documented_settings() -> Vec<SettingsOfSubject> {
    let fresh = Settings::default();
    let tables = std::iter::once(&properties::TABLE).chain(TABLES.iter().copied());
    tables.map(|table| subject(table, &fresh)).collect()
}

fn subject(table: &Table, fresh: &Settings) -> SettingsOfSubject {
    SettingsOfSubject {
        title: table.title.to_owned(),
        intro: table.intro.to_owned(),
        rows: table.rows.iter().map(|row| documented(row, fresh)).collect(),
    }
}

fn documented(row: &Row, fresh: &Settings) -> DocumentedSetting {
    DocumentedSetting {
        name: row.shown_name(),
        form: row.value.form(),
        initial: row.value.read(fresh),
        applies: row.applies.shown().to_owned(),
        while_active: row.while_active,
        is_extension: row.is_extension,
        brief: row.brief.to_owned(),
        more: row.more.to_owned(),
    }
}
