//! The number of connections, the clients that are accepted, the time that silent ones are kept, and the
//! names of the two sides.

use super::row::Applies::{Never, NewConnections};
use super::row::Value::{Number, OfConnection, Seconds, Text};
use super::row::{Field, Table, row};
use crate::binding::errors::Failure;
use crate::binding::settings::Settings;
use crate::binding::state::State;
use crate::limits::{MAX_IDENTIFICATION_LEN, MAX_VERSION_PATTERN_LEN};
use crate::transport::VersionPattern;

/// The largest number of seconds or of anything counted: JavaScript and others keep these in signed 32-bit
/// integers.
const I32_MAX: u64 = 0x7fff_ffff;

/// The settings of this file.
pub(super) static TABLE: Table = Table {
    title: "Connections",
    intro: "",
    rows: &[
        row(
            "MaxConnections",
            Number {
                unit: "connections",
                least: 1,
                most: 100_000,
                field: Field {
                    get: |settings| {
                        u64::try_from(settings.driver.max_connections).unwrap_or(u64::MAX)
                    },
                    set: |settings, number| {
                        let number = usize::try_from(number).unwrap_or(usize::MAX);
                        settings.driver.max_connections = number;
                    },
                },
            },
            NewConnections,
            "the most connections at a time",
            "Who comes when there are as many is disconnected at once, and the log says so.",
        )
        .refused_while_active(108),
        row(
            "DefaultConnectionTimeout",
            Seconds {
                most: u32::MAX as u64,
                field: Field {
                    get: |settings| settings.config().handshake_timeout,
                    set: |settings, time| settings.config_mut().handshake_timeout = time,
                },
            },
            NewConnections,
            "how long a client may be silent before it is logged in; 0: no limit",
            "One that has to say something and says nothing for so long is disconnected; `Disconnected` has \
             statusCode 10060. The time that listeners take does not count.",
        ),
        row(
            "SSHKeepAliveInterval",
            Seconds {
                most: I32_MAX,
                field: Field {
                    get: |settings| settings.config().keep_alive.interval,
                    set: |settings, time| settings.config_mut().keep_alive.interval = time,
                },
            },
            NewConnections,
            "a client from or to which nothing went for so long is asked whether it is there; 0: none is",
            "It gets a `keepalive@openssh.com` request, which every client answers. From the login on.",
        ),
        row(
            "SSHKeepAliveCountMax",
            Number {
                unit: "requests",
                least: 0,
                most: I32_MAX,
                field: Field {
                    get: |settings| {
                        settings.config().keep_alive.max_unanswered.map_or(0, u64::from)
                    },
                    set: |settings, number| {
                        let number = u32::try_from(number).unwrap_or(u32::MAX);
                        let most = (number > 0).then_some(number);
                        settings.config_mut().keep_alive.max_unanswered = most;
                    },
                },
            },
            NewConnections,
            "after so many of these requests without a sign of the client it is taken for gone; 0: no limit",
            "`Disconnected` tells 10060.",
        ),
        row(
            "SSHVersionPattern",
            Text {
                form: "patterns, separated by commas",
                get: |settings| settings.config().transport.version_pattern.as_str().to_owned(),
                set: set_version_pattern,
            },
            NewConnections,
            "the version strings that clients may have",
            "One of the patterns has to match the whole string. Upper and lower case are told apart; `*` stands for any text, `?` for any character. Other clients \
             are disconnected (reason 8), and `Disconnected` tells 10053. Clients of protocol 1 (`SSH-1.5-`) are, \
             whatever the patterns.",
        ),
        row(
            "ServerSSHVersionString",
            Text {
                form: "`SSH-2.0-` and at most 245 printable characters",
                get: |settings| settings.config().transport.version.clone(),
                set: set_version,
            },
            NewConnections,
            "what clients are told of the server",
            "",
        ),
        row(
            "ClientSSHVersionString",
            OfConnection { form: "text", get: client_version, set: None },
            Never,
            "what a client has told of itself; `\"\"` before it has",
            "",
        ),
    ],
};

fn client_version(state: &State, id: u64) -> Result<String, Failure> {
    Ok(state.known_connection(id)?.client_version().unwrap_or_default())
}

/// RFC 4253 section 4.2: `SSH-2.0-`, printable US-ASCII, 255 characters with CR LF.
fn set_version(settings: &mut Settings, value: &str) -> Result<(), Failure> {
    const LONGEST: usize = MAX_IDENTIFICATION_LEN - 2;
    let printable = |byte: u8| byte == b' ' || byte.is_ascii_graphic();
    let software = value.strip_prefix("SSH-2.0-");
    let good = software.is_some_and(|software| {
        !software.is_empty() && value.len() <= LONGEST && value.bytes().all(printable)
    });
    if !good {
        return Err(Failure::invalid(format!(
            "The value has to begin with SSH-2.0- and to have at most {LONGEST} printable characters."
        )));
    }
    settings.config_mut().transport.version = value.to_owned();
    Ok(())
}

fn set_version_pattern(settings: &mut Settings, value: &str) -> Result<(), Failure> {
    settings.config_mut().transport.version_pattern =
        VersionPattern::parse(value).ok_or_else(|| {
            Failure::invalid(format!(
                "The value has to be a list of at least one pattern, and of {MAX_VERSION_PATTERN_LEN} \
                 bytes at most."
            ))
        })?;
    Ok(())
}
