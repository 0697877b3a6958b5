//! Who gets in: attempts and their time, prompts and banners, certificates of users.

use super::row::Applies::{Connection, NewConnections, NextListening};
use super::row::Lines::Several;
use super::row::Value::{Boolean, Number, OfConnection, Seconds, Text};
use super::row::{Field, Table, row};
use crate::binding::errors::Failure;
use crate::binding::login_texts;
use crate::binding::settings::{Settings, parse_bool};
use crate::binding::state::State;
use crate::engine::Prompt;
use crate::limits::{MAX_CERTIFICATE_OPTIONS, MAX_PATH_LEN};
use crate::wire::is_name;

/// The settings of this file.
pub(super) static TABLE: Table = Table {
    title: "Logging in",
    intro: "",
    rows: &[
        row(
            "FireAuthRequestAfterSig",
            Boolean(Field {
                get: |settings| settings.config().ask_after_signature,
                set: |settings, value| settings.config_mut().ask_after_signature = value,
            }),
            NewConnections,
            "whether a further SSHUserAuthRequest tells whether a signature was right",
            "It has authMethod `\"sigstatus\"` and tells of each wrong signature (authParam `\"0\"`), and of each \
             right one by a key that was called good (`\"1\"`). It asks nothing.",
        ),
        row(
            "GSSKeytab",
            Text {
                form: "a path, or a name of the library like `FILE:/etc/sshd.keytab`; or nothing",
                get: |settings| settings.driver.gssapi.keytab.clone(),
                set: |settings, value| {
                    settings.driver.gssapi.keytab = checked_path(value)?;
                    Ok(())
                },
            },
            NextListening,
            "the key table with the server's Kerberos key (`host/NAME`); nothing: that of the system",
            "It is looked into when the server begins to listen: if there is no key for GSSAPI, or no library, \
             GSSAPI is not offered, and a line of the log says why. docs/KERBEROS.md shows how to set it up. \
             Heimdal's library has one key table for the whole process.",
        )
        .extension(),
        row(
            "GSSLibrary",
            Text {
                form: "a file name; or nothing",
                get: |settings| settings.driver.gssapi.library.clone(),
                set: |settings, value| {
                    settings.driver.gssapi.library = checked_path(value)?;
                    Ok(())
                },
            },
            NextListening,
            "the GSSAPI library; nothing: that of MIT, else that of Heimdal, whichever is installed",
            "For example `libgssapi.so.3` for Heimdal's where both are. It is loaded when the server begins to \
             listen, and stays in the process.",
        )
        .extension(),
        row(
            "KeyboardInteractivePrompts",
            OfConnection {
                form: "`First prompt,echo=false;Second prompt,echo=true`, or nothing",
                get: connection_prompts,
                set: Some(set_connection_prompts),
            },
            Connection,
            "prompts for one connection, in place of the property",
            "At most 32, and 15 KiB in all.",
        )
        .lines(Several),
        row(
            "LoginGraceTime",
            Seconds {
                most: u32::MAX as u64,
                field: Field {
                    get: |settings| settings.config().login_grace,
                    set: |settings, time| settings.config_mut().login_grace = time,
                },
            },
            NewConnections,
            "the time to log in; 0: no limit",
            "A connection that is not logged in by then is ended (statusCode 10060), whatever it does meanwhile \
             and whatever a listener waits for. Counts from the answer to `Connected`.",
        )
        .extension(),
        row(
            "MaxAuthAttempts",
            Number {
                unit: "failures",
                least: 0,
                most: u32::MAX as u64,
                field: Field {
                    get: |settings| settings.config().max_auth_attempts.into(),
                    set: |settings, number| {
                        settings.config_mut().max_auth_attempts = saturated(number);
                    },
                },
            },
            NewConnections,
            "the failure past that many ends the connection (statusCode 1300); 0: no limit",
            "1000 requests of any kind end it in any case. `none` does not count.",
        ),
        row(
            "MaxUnauthenticated",
            Number {
                unit: "connections",
                least: 0,
                most: 100_000,
                field: Field {
                    get: |settings| match settings.driver.max_unauthenticated {
                        usize::MAX => 0,
                        limit => u64::try_from(limit).unwrap_or(u64::MAX),
                    },
                    set: |settings, number| {
                        settings.driver.max_unauthenticated = match usize::try_from(number) {
                            Ok(limit) if limit > 0 => limit,
                            Ok(_) | Err(_) => usize::MAX,
                        };
                    },
                },
            },
            NewConnections,
            "the most connections at a time that have not logged in; 0: no limit",
            "With as many a new one is closed at once and logged, without an event, so that strangers cannot take the places \
             of MaxConnections away from users. Under both limits the oldest client that has not sent its \
             identification string makes room first (statusCode 10060); it has 15 seconds for it in any case.",
        )
        .extension(),
        row(
            "UserAuthBanner",
            OfConnection {
                form: "text of 15 KiB at most",
                get: banner,
                set: Some(set_banner),
            },
            Connection,
            "a text for the user; set in SSHUserAuthRequest it is sent before the reply, once",
            "",
        )
        .lines(Several),
        row(
            "UserCertCriticalOptions",
            Text {
                form: "names, separated by commas",
                get: |settings| settings.config().critical_options.join(","),
                set: set_critical_options,
            },
            NewConnections,
            "the critical options of users' certificates that your listeners keep to",
            "For example `force-command,source-address`. A certificate with another one is refused without an event, \
             as its authority wants it. `verify-required` need not be named: the server sees to it.",
        )
        .extension(),
    ],
};

/// The name of a file, or nothing.
fn checked_path(value: &str) -> Result<String, Failure> {
    if value.len() > MAX_PATH_LEN {
        return Err(Failure::invalid(format!("The name has more than {MAX_PATH_LEN} bytes.")));
    }
    Ok(value.trim().to_owned())
}

fn saturated(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

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
fn set_critical_options(settings: &mut Settings, value: &str) -> Result<(), Failure> {
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
    settings.config_mut().critical_options = names;
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
