//! Who may connect, where the server listens, and the sockets of connections.

use super::{Plain, Row, boolean, nearest, number, row};
use crate::binding::errors::Failure;
use crate::binding::settings::show_bool;
use crate::binding::socket_settings::Clients;
use crate::driver::Families;
use crate::limits::{MAX_KEEP_ALIVE, MAX_SOCKET_BUFFER};

/// The settings of this file.
pub(super) static ROWS: &[Row] = &[
    row(
        "AllowedClients",
        Plain(
            |state| state.settings.sockets.allowed.text.clone(),
            Some(|state, value| {
                state.settings.sockets.allowed = clients(value)?;
                Ok(())
            }),
        ),
    ),
    row(
        "BindExclusively",
        Plain(
            |state| show_bool(state.settings.sockets.exclusive),
            Some(|state, value| {
                state.settings.sockets.exclusive = boolean(value)?;
                Ok(())
            }),
        ),
    ),
    row(
        "BlockedClients",
        Plain(
            |state| state.settings.sockets.blocked.text.clone(),
            Some(|state, value| {
                state.settings.sockets.blocked = clients(value)?;
                Ok(())
            }),
        ),
    ),
    row(
        "DefaultConnectionTimeout",
        Plain(
            |state| state.settings.sockets.handshake_timeout.to_string(),
            Some(|state, value| {
                state.settings.sockets.handshake_timeout = number(value, 0, u32::MAX.into())?;
                Ok(())
            }),
        ),
    ),
    row(
        "InBufferSize",
        Plain(
            |state| state.settings.sockets.in_buffer.to_string(),
            Some(|state, value| {
                state.settings.sockets.in_buffer = nearest(value, MAX_SOCKET_BUFFER)?;
                Ok(())
            }),
        ),
    ),
    row(
        "KeepAliveInterval",
        Plain(
            |state| state.settings.sockets.keep_alive_interval.to_string(),
            Some(|state, value| {
                let milliseconds = nearest(value, MAX_KEEP_ALIVE)?;
                state.settings.sockets.keep_alive_interval = milliseconds;
                Ok(())
            }),
        ),
    ),
    row(
        "KeepAliveTime",
        Plain(
            |state| state.settings.sockets.keep_alive_time.to_string(),
            Some(|state, value| {
                let milliseconds = nearest(value, MAX_KEEP_ALIVE)?;
                state.settings.sockets.keep_alive_time = milliseconds;
                Ok(())
            }),
        ),
    ),
    row(
        "OutBufferSize",
        Plain(
            |state| state.settings.sockets.out_buffer.to_string(),
            Some(|state, value| {
                state.settings.sockets.out_buffer = nearest(value, MAX_SOCKET_BUFFER)?;
                Ok(())
            }),
        ),
    ),
    row(
        "TcpNoDelay",
        Plain(
            |state| show_bool(state.settings.sockets.no_delay),
            Some(|state, value| {
                state.settings.sockets.no_delay = boolean(value)?;
                Ok(())
            }),
        ),
    ),
    row(
        "UseIPv6",
        Plain(
            |state| (state.settings.sockets.families as u8).to_string(),
            Some(|state, value| {
                state.settings.sockets.families = match number(value, 0, 2)? {
                    0u8 => Families::Ipv4,
                    1 => Families::Ipv6,
                    _ => Families::Both,
                };
                Ok(())
            }),
        ),
    ),
];

fn clients(value: &str) -> Result<Clients, Failure> {
    Clients::parse(value).map_err(Failure::invalid)
}
