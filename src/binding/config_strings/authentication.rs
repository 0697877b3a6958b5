//! Who gets in: attempts and their time, prompts and banners, certificates of users.

use super::{OfConnection, Plain, Row, boolean, number, row};
use crate::binding::errors::Failure;
use crate::binding::login_texts;
use crate::binding::settings::{parse_bool, show_bool};
use crate::binding::state::State;
use crate::engine::Prompt;
use crate::limits::MAX_CERTIFICATE_OPTIONS;
use crate::wire::is_name;

/// The settings of this file.
pub(super) static ROWS: &[Row] = &[
    row(
        "FireAuthRequestAfterSig",
        Plain(
            |state| show_bool(state.settings.ask_after_signature),
            Some(|state, value| {
                state.settings.ask_after_signature = boolean(value)?;
                Ok(())
            }),
        ),
    ),
    row(
        "KeyboardInteractivePrompts",
        OfConnection(connection_prompts, Some(set_connection_prompts)),
    ),
    row(
        "LoginGraceTime",
        Plain(
            |state| state.settings.login_grace.to_string(),
            Some(|state, value| {
                state.settings.login_grace = number(value, 0, u32::MAX.into())?;
                Ok(())
            }),
        ),
    ),
    row(
        "MaxAuthAttempts",
        Plain(
            |state| state.settings.max_auth_attempts.to_string(),
            Some(|state, value| {
                state.settings.max_auth_attempts = number(value, 0, u32::MAX.into())?;
                Ok(())
            }),
        ),
    ),
    row(
        "MaxUnauthenticated",
        Plain(
            |state| state.settings.max_unauthenticated.to_string(),
            Some(|state, value| {
                state.settings.max_unauthenticated = number(value, 0, 100_000)?;
                Ok(())
            }),
        ),
    ),
    row("UserAuthBanner", OfConnection(banner, Some(set_banner))),
    row(
        "UserCertCriticalOptions",
        Plain(|state| state.settings.critical_options.join(","), Some(set_critical_options)),
    ),
];

fn banner(state: &State, id: u64) -> Result<String, Failure> {
    state.known_connection(id)?;
    Ok(state.program.banner(id).unwrap_or_default())
}

fn set_banner(state: &mut State, id: u64, value: &str) -> Result<(), Failure> {
    state.known_connection(id)?;
    login_texts::check("UserAuthBanner", value)?;
    state.program.set_banner(id, value.to_owned());
    Ok(())
}

fn connection_prompts(state: &State, id: u64) -> Result<String, Failure> {
    state.known_connection(id)?;
    Ok(show_prompts(&state.program.connection_prompts(id)))
}

fn set_connection_prompts(state: &mut State, id: u64, value: &str) -> Result<(), Failure> {
    state.known_connection(id)?;
    let prompts = parse_prompts(value)?;
    login_texts::check_prompts("KeyboardInteractivePrompts", &prompts)?;
    state.program.set_connection_prompts(id, prompts);
    Ok(())
}

/// Names of critical options; nothing for none.
fn set_critical_options(state: &mut State, value: &str) -> Result<(), Failure> {
    let mut names: Vec<String> = Vec::new();
    for name in value.split(',').map(str::trim).filter(|name| !name.is_empty()) {
        if !is_name(name) {
            return Err(Failure::invalid(
                "The value has to be names of critical options, separated by commas.",
            ));
        }
        if !names.iter().any(|other| other == name) {
            names.push(name.to_owned());
        }
    }
    if names.len() > MAX_CERTIFICATE_OPTIONS {
        return Err(Failure::invalid(format!(
            "No certificate has more than {MAX_CERTIFICATE_OPTIONS} critical options."
        )));
    }
    state.settings.critical_options = names;
    Ok(())
}

/// `First prompt,echo=false;Second prompt,echo=true`; nothing for no prompts of its own.
pub(super) fn parse_prompts(value: &str) -> Result<Vec<Prompt>, Failure> {
    const ECHO: &str = ",echo=";
    let mut prompts = Vec::new();
    for part in value.split(';').filter(|part| !part.is_empty()) {
        let lower = part.to_ascii_lowercase();
        let (prompt, echo) = match lower.rfind(ECHO) {
            Some(at) => {
                let (prompt, rest) = part.split_at_checked(at).unwrap_or((part, ""));
                let flag = rest.get(ECHO.len()..).unwrap_or_default();
                let echo = parse_bool(flag).ok_or_else(|| {
                    Failure::invalid("After echo= there has to be true or false.")
                })?;
                (prompt, echo)
            }
            None => (part, false),
        };
        prompts.push(Prompt { prompt: prompt.to_owned(), echo });
    }
    Ok(prompts)
}

pub(super) fn show_prompts(prompts: &[Prompt]) -> String {
    let shown: Vec<String> =
        prompts.iter().map(|each| format!("{},echo={}", each.prompt, each.echo)).collect();
    shown.join(";")
}
