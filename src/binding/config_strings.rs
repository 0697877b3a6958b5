//! The documented configuration settings: a table of name, how it is read and how it is set. Values
//! are texts; some settings are indexed by a connection.

use std::time::Duration;

use zeroize::Zeroizing;

use super::algorithm_list::{Algorithm, AlgorithmList};
use super::errors::{Failure, UNKNOWN_CONNECTION};
use super::settings::{Lists, show_bool};
use super::state::State;
use crate::engine::{AlgorithmLists, Prompt, StrictKex};
use crate::limits::MAX_ALTERNATIVES;

/// One setting.
struct Row {
    name: &'static str,
    access: Access,
}

type Read = fn(&State) -> String;
type Write = fn(&mut State, &str) -> Result<(), Failure>;
type ReadOf = fn(&State, u64) -> Result<String, Failure>;
type WriteOf = fn(&mut State, u64, &str) -> Result<(), Failure>;

enum Access {
    Plain(Read, Option<Write>),
    OfConnection(ReadOf, Option<WriteOf>),
    /// The index is that of a record.
    Record(ReadOf, WriteOf),
}

use Access::{OfConnection, Plain, Record};

const fn row(name: &'static str, access: Access) -> Row {
    Row { name, access }
}

static ROWS: &[Row] = &[
    row(
        "AltSSHCertCount",
        Plain(
            |state| state.settings.alternatives.count().to_string(),
            Some(|state, value| {
                let most = u64::try_from(MAX_ALTERNATIVES).unwrap_or(u64::MAX);
                state.settings.alternatives.set_count(number(value, 0, most)?);
                Ok(())
            }),
        ),
    ),
    row(
        "AltSSHCertStore",
        Record(
            |state, index| Ok(state.settings.alternatives.record(index)?.store.to_string()),
            |state, index, value| {
                let record = state.settings.alternatives.record_mut(index)?;
                record.store = Zeroizing::new(value.to_owned());
                Ok(())
            },
        ),
    ),
    row(
        "AltSSHCertStorePassword",
        Record(
            |state, index| {
                Ok(state.settings.alternatives.record(index)?.store_password.to_string())
            },
            |state, index, value| {
                let record = state.settings.alternatives.record_mut(index)?;
                record.store_password = Zeroizing::new(value.to_owned());
                Ok(())
            },
        ),
    ),
    row(
        "AltSSHCertStoreType",
        Record(
            |state, index| Ok(state.settings.alternatives.record(index)?.store_type.to_string()),
            |state, index, value| {
                let store_type = number(value, 0, 99)?;
                state.settings.alternatives.record_mut(index)?.store_type = store_type;
                Ok(())
            },
        ),
    ),
    row(
        "AltSSHCertSubject",
        Record(
            |state, index| Ok(state.settings.alternatives.record(index)?.subject.clone()),
            |state, index, value| state.settings.alternatives.set_subject(index, value),
        ),
    ),
    row("BuildInfo", Plain(|_| build_info(), None)),
    row("ClientSSHVersionString", OfConnection(client_version, None)),
    row(
        "KeyboardInteractivePrompts",
        OfConnection(connection_prompts, Some(set_connection_prompts)),
    ),
    row(
        "KeyRenegotiationInterval",
        Plain(
            |state| state.settings.rekey.interval.map_or(0, |time| time.as_secs()).to_string(),
            Some(|state, value| {
                let seconds: u64 = number(value, 0, u32::MAX.into())?;
                state.settings.rekey.interval = (seconds > 0).then(|| Duration::from_secs(seconds));
                Ok(())
            }),
        ),
    ),
    row(
        "KeyRenegotiationThreshold",
        Plain(
            |state| state.settings.rekey.bytes.to_string(),
            Some(|state, value| {
                state.settings.rekey.bytes = number(value, 1, u64::MAX)?;
                Ok(())
            }),
        ),
    ),
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
        "MaxConnections",
        Plain(|state| state.settings.max_connections.to_string(), Some(set_max_connections)),
    ),
    row("NegotiatedStrictKex", OfConnection(negotiated_strict_kex, None)),
    row("SecurityProfile", Plain(|state| state.settings.profile.to_owned(), Some(set_profile))),
    row("ServerSSHVersionString", Plain(|state| state.settings.version.clone(), Some(set_version))),
    row(
        "SSHKeyExchangeAlgorithms",
        Plain(
            |state| state.settings.lists.kex.shown().to_owned(),
            Some(|state, value| set_list(&mut state.settings.lists.kex, value)),
        ),
    ),
    row(
        "SSHMacAlgorithms",
        Plain(
            |state| state.settings.lists.mac.shown().to_owned(),
            Some(|state, value| set_list(&mut state.settings.lists.mac, value)),
        ),
    ),
    row(
        "SSHPubKeyAuthSigAlgorithms",
        Plain(
            |state| state.settings.lists.user_signature.shown().to_owned(),
            Some(|state, value| set_list(&mut state.settings.lists.user_signature, value)),
        ),
    ),
    row(
        "SSHPublicKeyAlgorithms",
        Plain(
            |state| state.settings.lists.host_key.shown().to_owned(),
            Some(|state, value| set_list(&mut state.settings.lists.host_key, value)),
        ),
    ),
    row("UserAuthBanner", OfConnection(banner, Some(set_banner))),
    row(
        "UseStrictKeyExchange",
        Plain(|state| (state.settings.strict_kex as u8).to_string(), Some(set_strict_kex)),
    ),
];

/// Documented, and not there yet.
static NOT_AVAILABLE: &[&str] = &[
    "AllowedClients",
    "BindExclusively",
    "BlockedClients",
    "CodePage",
    "DefaultConnectionTimeout",
    "FireAuthRequestAfterSig",
    "InBufferSize",
    "KeepAliveInterval",
    "KeepAliveTime",
    "LicenseInfo",
    "LoginGraceTime",
    "MaskSensitive",
    "MaxUnauthenticated",
    "OutBufferSize",
    "SSHKeepAliveCountMax",
    "SSHKeepAliveInterval",
    "SSHVersionPattern",
    "TcpNoDelay",
    "UseInternalSecurityAPI",
    "UseIPv6",
];

/// config(): `NAME=VALUE` sets and gives nothing, `NAME` reads.
pub(super) fn config(state: &mut State, text: &str) -> Result<String, Failure> {
    let (name, value) = match text.split_once('=') {
        Some((name, value)) => (name.trim(), Some(value)),
        None => (text.trim(), None),
    };
    let (base, index) = split_index(name)?;
    let row = find(base)?;
    match (&row.access, index, value) {
        (Plain(read, _), None, None) => return Ok(read(state)),
        (OfConnection(read, _) | Record(read, _), Some(index), None) => return read(state, index),
        (Record(_, write), Some(index), Some(value)) => write(state, index, value),
        (Record(..), None, _) => {
            let name = row.name;
            Err(Failure::invalid(format!("{name} needs the index of a record: {name}[0].")))
        }
        (Plain(_, Some(write)), None, Some(value)) => write(state, value),
        (OfConnection(_, Some(write)), Some(index), Some(value)) => write(state, index, value),
        (Plain(_, None), None, Some(_)) | (OfConnection(_, None), Some(_), Some(_)) => {
            Err(Failure::invalid(format!("{} cannot be set.", row.name)))
        }
        (Plain(..), Some(_), _) => Err(Failure::invalid(format!("{} has no index.", row.name))),
        (OfConnection(..), None, _) => {
            let name = row.name;
            Err(Failure::invalid(format!("{name} needs a connection: {name}[ConnectionId].")))
        }
    }
    .map_err(named(row.name))?;
    state.apply();
    Ok(String::new())
}

fn find(name: &str) -> Result<&'static Row, Failure> {
    if let Some(row) = ROWS.iter().find(|row| row.name.eq_ignore_ascii_case(name)) {
        return Ok(row);
    }
    let mut documented = NOT_AVAILABLE.iter();
    Err(match documented.find(|other| other.eq_ignore_ascii_case(name)) {
        Some(name) => Failure::invalid(format!("{name} is not supported.")),
        None => Failure::invalid(format!("There is no setting {name:?}.")),
    })
}

/// `NAME[INDEX]`; the index of a documented setting is a number.
fn split_index(name: &str) -> Result<(&str, Option<u64>), Failure> {
    let Some((base, rest)) = name.split_once('[') else {
        return Ok((name, None));
    };
    let index = rest.trim_end().strip_suffix(']').map(str::trim);
    match index.and_then(|index| index.parse().ok()) {
        Some(index) => Ok((base.trim_end(), Some(index))),
        // An id that is no number is an id that nothing has.
        None => find(base.trim_end()).and(Err(Failure::new(UNKNOWN_CONNECTION))),
    }
}

/// Says which setting it is.
fn named(name: &'static str) -> impl Fn(Failure) -> Failure {
    move |failure| {
        if failure.code == 10022 && !failure.message.contains(name) {
            let message = format!("{} ({name})", failure.message);
            Failure { message, ..failure }
        } else {
            failure
        }
    }
}

fn number<T: TryFrom<u64>>(value: &str, least: u64, most: u64) -> Result<T, Failure> {
    let bad = || Failure::invalid(format!("The value has to be a number from {least} to {most}."));
    let number: u64 = value.trim().parse().map_err(|_| bad())?;
    if !(least..=most).contains(&number) {
        return Err(bad());
    }
    T::try_from(number).map_err(|_| bad())
}

fn set_list<T: Algorithm>(list: &mut AlgorithmList<T>, value: &str) -> Result<(), Failure> {
    *list = AlgorithmList::parse(value)?;
    Ok(())
}

fn set_max_connections(state: &mut State, value: &str) -> Result<(), Failure> {
    if state.server.is_active() {
        return Err(Failure::new(108));
    }
    state.settings.max_connections = number(value, 1, 100_000)?;
    Ok(())
}

fn set_profile(state: &mut State, value: &str) -> Result<(), Failure> {
    let (profile, lists) = match value.trim().to_ascii_lowercase().as_str() {
        "modern" => ("modern", AlgorithmLists::modern()),
        "compatible" => ("compatible", AlgorithmLists::default()),
        _ => return Err(Failure::invalid("The value has to be modern or compatible.")),
    };
    state.settings.profile = profile;
    state.settings.lists = Lists::from(lists);
    Ok(())
}

fn set_strict_kex(state: &mut State, value: &str) -> Result<(), Failure> {
    state.settings.strict_kex = match number(value, 0, 3)? {
        0u8 => StrictKex::Disabled,
        1 => StrictKex::Offered,
        2 => StrictKex::RejectAffected,
        _ => StrictKex::Required,
    };
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

fn client_version(state: &State, id: u64) -> Result<String, Failure> {
    Ok(state.connection(id)?.client_version().unwrap_or_default())
}

fn negotiated_strict_kex(state: &State, id: u64) -> Result<String, Failure> {
    let negotiated = state.connection(id)?.strict_kex();
    Ok(show_bool(negotiated.unwrap_or(false)))
}

fn banner(state: &State, id: u64) -> Result<String, Failure> {
    state.connection(id)?;
    Ok(state.program.banner(id).unwrap_or_default())
}

fn set_banner(state: &mut State, id: u64, value: &str) -> Result<(), Failure> {
    state.connection(id)?;
    state.program.set_banner(id, value.to_owned());
    Ok(())
}

fn connection_prompts(state: &State, id: u64) -> Result<String, Failure> {
    state.connection(id)?;
    Ok(show_prompts(&state.program.connection_prompts(id)))
}

fn set_connection_prompts(state: &mut State, id: u64, value: &str) -> Result<(), Failure> {
    state.connection(id)?;
    state.program.set_connection_prompts(id, parse_prompts(value)?);
    Ok(())
}

/// `First prompt,echo=false;Second prompt,echo=true`; nothing for no prompts of its own.
fn parse_prompts(value: &str) -> Result<Vec<Prompt>, Failure> {
    const ECHO: &str = ",echo=";
    let mut prompts = Vec::new();
    for part in value.split(';').filter(|part| !part.is_empty()) {
        let lower = part.to_ascii_lowercase();
        let (prompt, echo) = match lower.rfind(ECHO) {
            Some(at) => {
                let (prompt, rest) = part.split_at_checked(at).unwrap_or((part, ""));
                let flag = rest.get(ECHO.len()..).unwrap_or_default();
                let echo = super::settings::parse_bool(flag).ok_or_else(|| {
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

fn show_prompts(prompts: &[Prompt]) -> String {
    let shown: Vec<String> =
        prompts.iter().map(|each| format!("{},echo={}", each.prompt, each.echo)).collect();
    shown.join(";")
}

fn build_info() -> String {
    format!(
        "sshserver {} ({}-{})",
        env!("CARGO_PKG_VERSION"),
        std::env::consts::OS,
        std::env::consts::ARCH
    )
}

#[cfg(test)]
#[path = "config_strings_tests.rs"]
mod tests;
