//! The documented configuration settings: tables of rows, a file for each subject; `row` defines a row.
//! Values are texts; some settings are indexed by a connection or a record.

mod algorithms;
mod authentication;
mod connections;
mod host_keys;
mod product;
pub(super) mod row;
mod sockets;

use self::row::{Applies, Lines, Row, Table, Value};
use super::errors::{Failure, INVALID_ARGUMENT, UNKNOWN_CONNECTION, shown};
use super::state::State;
use crate::limits::{MAX_SETTING_LEN, MAX_STORE_TEXT_LEN};

/// All settings, in the order of the documentation.
pub(super) static TABLES: &[&Table] = &[
    &authentication::TABLE,
    &connections::TABLE,
    &sockets::CLIENTS_TABLE,
    &sockets::LISTENING_TABLE,
    &sockets::SOCKETS_TABLE,
    &algorithms::TABLE,
    &host_keys::TABLE,
    &product::TABLE,
];

/// config(): `NAME=VALUE` sets a setting and returns nothing, `NAME` reads it.
pub(super) fn config(state: &mut State, text: &str) -> Result<String, Failure> {
    let (name, value) = match text.split_once('=') {
        Some((name, value)) => (name.trim(), Some(value)),
        None => (text.trim(), None),
    };
    let (base, index) = split_index(name)?;
    let row = find(base)?;
    let Some(value) = value else {
        return read(state, row, index);
    };
    check(row, value).and_then(|()| write(state, row, index, value)).map_err(named(row.name))?;
    state.apply();
    Ok(String::new())
}

fn read(state: &State, row: &Row, index: Option<u64>) -> Result<String, Failure> {
    match (&row.value, index) {
        (Value::OfConnection { get, .. }, Some(id)) => get(state, id),
        (Value::OfRecord { get, .. }, Some(index)) => get(&state.settings, index),
        (value, None) => value.read(&state.settings).ok_or_else(|| wrong_index(row)),
        (_, Some(_)) => Err(wrong_index(row)),
    }
}

fn write(state: &mut State, row: &Row, index: Option<u64>, value: &str) -> Result<(), Failure> {
    match row.while_active {
        Some(error) if state.server.is_active() => return Err(Failure::new(error)),
        Some(_) | None => {}
    }
    match (&row.value, index) {
        (Value::OfConnection { set: Some(set), .. }, Some(id)) => set(state, id, value),
        (Value::OfRecord { set, .. }, Some(index)) => set(&mut state.settings, index, value),
        (Value::OfConnection { .. } | Value::OfRecord { .. }, None) => Err(wrong_index(row)),
        (_, None) if row.applies != Applies::Never => row.value.write(&mut state.settings, value),
        (Value::OfConnection { .. }, Some(_)) | (_, None) => {
            Err(Failure::invalid(format!("{} cannot be set.", row.name)))
        }
        (_, Some(_)) => Err(wrong_index(row)),
    }
}

/// A setting without its index, or with an index that it does not have.
fn wrong_index(row: &Row) -> Failure {
    let name = row.name;
    Failure::invalid(match row.value {
        Value::OfConnection { .. } => format!("{name} needs a connection: {name}[ConnectionId]."),
        Value::OfRecord { .. } => format!("{name} needs the index of a record: {name}[0]."),
        Value::Boolean(_)
        | Value::Number { .. }
        | Value::Seconds { .. }
        | Value::Nearest { .. }
        | Value::Text { .. }
        | Value::Fact { .. } => format!("{name} has no index."),
    })
}

/// Refuses settings that a listener of Connected may not set: a connection takes its algorithms from the
/// settings of the server, so they would be set for the next connections.
pub(super) fn check_in_connected(text: &str) -> Result<(), Failure> {
    let Some((name, _)) = text.split_once('=') else {
        return Ok(());
    };
    let name = name.trim();
    match algorithms::TABLE.rows.iter().find(|row| row.name.eq_ignore_ascii_case(name)) {
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

/// Checks what no value may have, whatever its setting is.
pub(super) fn check(row: &Row, value: &str) -> Result<(), Failure> {
    let longest = match row.lines {
        Lines::One | Lines::Several => MAX_SETTING_LEN,
        Lines::Verbatim => MAX_STORE_TEXT_LEN,
    };
    if value.len() > longest {
        return Err(Failure::invalid(format!("The value is longer than {longest} bytes.")));
    }
    if row.lines == Lines::One && value.contains(char::is_control) {
        return Err(Failure::invalid("The value has a control character."));
    }
    Ok(())
}

fn find(name: &str) -> Result<&'static Row, Failure> {
    let mut rows = TABLES.iter().flat_map(|table| table.rows);
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
        // An id that is no number is the id of no connection.
        None => find(base.trim_end()).and(Err(Failure::new(UNKNOWN_CONNECTION))),
    }
}

/// Names the setting in the error.
pub(super) fn named(name: &'static str) -> impl Fn(Failure) -> Failure {
    move |failure| {
        if failure.code == INVALID_ARGUMENT && !failure.message.contains(name) {
            let message = format!("{} ({name})", failure.message);
            Failure { message, ..failure }
        } else {
            failure
        }
    }
}

/// The names of all settings.
#[cfg(any(test, fuzzing))]
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    TABLES.iter().flat_map(|table| table.rows).map(|row| row.name)
}

#[cfg(test)]
mod tests;
