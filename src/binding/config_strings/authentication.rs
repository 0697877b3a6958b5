//! Who gets in: attempts, prompts and banners.

use super::{OfConnection, Plain, Row, number, row};
use crate::binding::errors::Failure;
use crate::binding::settings::parse_bool;
use crate::binding::state::State;
use crate::engine::Prompt;
use crate::limits::MAX_SHOWN_LEN;

/// The settings of this file.
pub(super) static ROWS: &[Row] = &[
    row(
        "KeyboardInteractivePrompts",
        OfConnection(connection_prompts, Some(set_connection_prompts)),
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
    row("UserAuthBanner", OfConnection(banner, Some(set_banner))),
];

fn banner(state: &State, id: u64) -> Result<String, Failure> {
    state.connection(id)?;
    Ok(state.program.banner(id).unwrap_or_default())
}

fn set_banner(state: &mut State, id: u64, value: &str) -> Result<(), Failure> {
    state.connection(id)?;
    check_shown(value)?;
    state.program.set_banner(id, value.to_owned());
    Ok(())
}

/// What people read while they log in.
fn check_shown(value: &str) -> Result<(), Failure> {
    if value.len() > MAX_SHOWN_LEN || value.contains('\0') {
        return Err(Failure::invalid(format!(
            "The value has to be a text of at most {MAX_SHOWN_LEN} bytes without NUL."
        )));
    }
    Ok(())
}

fn connection_prompts(state: &State, id: u64) -> Result<String, Failure> {
    state.connection(id)?;
    Ok(show_prompts(&state.program.connection_prompts(id)))
}

fn set_connection_prompts(state: &mut State, id: u64, value: &str) -> Result<(), Failure> {
    state.connection(id)?;
    check_shown(value)?;
    state.program.set_connection_prompts(id, parse_prompts(value)?);
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
                    Failure::invalid(format!("echo={flag} is neither true nor false."))
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
