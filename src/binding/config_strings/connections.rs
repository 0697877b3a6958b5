//! How many connections there are, and what the two sides call themselves.

use super::{OfConnection, Plain, Row, number, row};
use crate::binding::errors::Failure;
use crate::binding::state::State;

/// The settings of this file.
pub(super) static ROWS: &[Row] = &[
    row("ClientSSHVersionString", OfConnection(client_version, None)),
    row(
        "MaxConnections",
        Plain(|state| state.settings.max_connections.to_string(), Some(set_max_connections)),
    ),
    row("ServerSSHVersionString", Plain(|state| state.settings.version.clone(), Some(set_version))),
];

fn client_version(state: &State, id: u64) -> Result<String, Failure> {
    Ok(state.known_connection(id)?.client_version().unwrap_or_default())
}

fn set_max_connections(state: &mut State, value: &str) -> Result<(), Failure> {
    if state.server.is_active() {
        return Err(Failure::new(108));
    }
    state.settings.max_connections = number(value, 1, 100_000)?;
    Ok(())
}

/// RFC 4253 section 4.2: `SSH-2.0-`, printable US-ASCII, 255 characters with CR LF.
fn set_version(state: &mut State, value: &str) -> Result<(), Failure> {
    let printable = |byte: u8| byte == b' ' || byte.is_ascii_graphic();
    let software = value.strip_prefix("SSH-2.0-");
    let good = software.is_some_and(|software| {
        !software.is_empty() && value.len() <= 253 && value.bytes().all(printable)
    });
    if !good {
        return Err(Failure::invalid(
            "The value has to begin with SSH-2.0- and to have at most 253 printable characters.",
        ));
    }
    state.settings.version = value.to_owned();
    Ok(())
}
