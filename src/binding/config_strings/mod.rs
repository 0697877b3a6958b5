//! The documented configuration settings: tables of name, how it is read and how it is set, a file for
//! each subject. Values are texts; some settings are indexed by a connection.

mod algorithms;
mod authentication;
mod connections;
mod host_keys;
mod product;
mod sockets;
mod text;
mod timeouts;

use super::errors::{Failure, INVALID_ARGUMENT, UNKNOWN_CONNECTION, shown};
use super::settings::parse_bool;
use super::state::State;
use crate::limits::{MAX_SETTING_LEN, MAX_STORE_TEXT_LEN};

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

/// One table for each file of this folder.
static TABLES: &[&[Row]] = &[
    algorithms::ROWS,
    authentication::ROWS,
    connections::ROWS,
    host_keys::ROWS,
    product::ROWS,
    sockets::ROWS,
    text::ROWS,
    timeouts::ROWS,
];

/// config(): `NAME=VALUE` sets and gives nothing, `NAME` reads.
pub(super) fn config(state: &mut State, text: &str) -> Result<String, Failure> {
    let (name, value) = match text.split_once('=') {
        Some((name, value)) => (name.trim(), Some(value)),
        None => (text.trim(), None),
    };
    let (base, index) = split_index(name)?;
    let row = find(base)?;
    if let Some(value) = value {
        check(row.name, value).map_err(named(row.name))?;
    }
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

/// What a listener of Connected may not set: a connection takes its algorithms from the settings of the
/// server, and those would be set for whichever connections are next.
pub(super) fn check_in_connected(text: &str) -> Result<(), Failure> {
    let Some((name, _)) = text.split_once('=') else {
        return Ok(());
    };
    let name = name.trim();
    match algorithms::ROWS.iter().find(|row| row.name.eq_ignore_ascii_case(name)) {
        Some(row) => Err(refused_in_connected(row.name)),
        None => Ok(()),
    }
}

/// The same for a property.
pub(super) fn refused_in_connected(name: &str) -> Failure {
    Failure::invalid(format!(
        "{name} cannot be set in a listener of Connected: it would be that of other connections too. \
         Set it before clients come."
    ))
}

/// The settings whose values are taken as they are: they can be the content of a file, or a secret.
static VERBATIM: &[&str] = &["AltSSHCertStore", "AltSSHCertStorePassword"];
/// Those that can have several lines; what else they may have is for their rows to say.
static LINES: &[&str] = &["KeyboardInteractivePrompts", "SSHHostCertificates", "UserAuthBanner"];

/// What no value may have, whatever its setting makes of it.
fn check(name: &str, value: &str) -> Result<(), Failure> {
    let verbatim = VERBATIM.contains(&name);
    let longest = if verbatim { MAX_STORE_TEXT_LEN } else { MAX_SETTING_LEN };
    if value.len() > longest {
        return Err(Failure::invalid(format!("The value is longer than {longest} bytes.")));
    }
    let one_line = !verbatim && !LINES.contains(&name);
    if one_line && value.contains(char::is_control) {
        return Err(Failure::invalid("The value has a control character."));
    }
    Ok(())
}

fn find(name: &str) -> Result<&'static Row, Failure> {
    let mut rows = TABLES.iter().flat_map(|rows| rows.iter());
    let found = rows.find(|row| row.name.eq_ignore_ascii_case(name));
    found.ok_or_else(|| Failure::invalid(format!("There is no setting {}.", shown(name))))
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
        if failure.code == INVALID_ARGUMENT && !failure.message.contains(name) {
            let message = format!("{} ({name})", failure.message);
            Failure { message, ..failure }
        } else {
            failure
        }
    }
}

fn boolean(value: &str) -> Result<bool, Failure> {
    let bad = || Failure::invalid("The value has to be True or False.");
    parse_bool(value).ok_or_else(bad)
}

fn number<T: TryFrom<u64>>(value: &str, least: u64, most: u64) -> Result<T, Failure> {
    let bad = || Failure::invalid(format!("The value has to be a number from {least} to {most}."));
    let number: u64 = value.trim().parse().map_err(|_| bad())?;
    if !(least..=most).contains(&number) {
        return Err(bad());
    }
    T::try_from(number).map_err(|_| bad())
}

/// A number of any size, of which the nearest is taken that systems take (the reference: "reverts").
fn nearest(value: &str, most: u32) -> Result<u32, Failure> {
    let digits = value.trim();
    let (magnitude, below) = match digits.strip_prefix('-') {
        Some(magnitude) => (magnitude, true),
        None => (digits, false),
    };
    if magnitude.is_empty() || !magnitude.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Failure::invalid("The value has to be a whole number."));
    }
    // digits alone that are no u32 are more than one
    Ok(if below { 0 } else { magnitude.parse().unwrap_or(most).min(most) })
}

/// The names of all settings.
#[cfg(any(test, fuzzing))]
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    TABLES.iter().flat_map(|rows| rows.iter()).map(|row| row.name)
}

#[cfg(test)]
mod tests;
