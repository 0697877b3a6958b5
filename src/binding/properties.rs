//! The documented properties by their names: they are read and set at once; at a forbidden time they are
//! refused with the documented error, and nothing changes. They are rows like the settings of `config()`,
//! with JavaScript values in place of texts.

use napi::bindgen_prelude::Either3;

use super::algorithm_list::set_list;
use super::config_strings::row::Applies::{AtOnce, NewConnections, NextListening};
use super::config_strings::row::Lines::Several;
use super::config_strings::row::Value::{Number, Seconds, Text};
use super::config_strings::row::{Field, Row, Table, row};
use super::config_strings::{check, named, refused_in_connected};
use super::errors::Failure;
use super::login_texts;
use super::settings::Settings;
use super::state::{State, whole};
use crate::limits::{MAX_HOST_NAME_LEN, MAX_METHODS_LEN};
use crate::wire::is_name;

/// A value of a property.
pub(super) type Value = Either3<bool, f64, String>;

/// The properties that are no objects.
pub(super) static TABLE: Table = Table {
    title: "Properties",
    intro: "Set as `server.localPort = 2222` or `server.setLocalPort(2222)`.",
    rows: &[
        row(
            "LocalHost",
            Text {
                form: "a name or an address",
                get: |settings| settings.listen.host.clone(),
                set: |settings, host| {
                    settings.listen.host = checked_host(host)?;
                    Ok(())
                },
            },
            NextListening,
            "the interface to listen on; empty: all",
            "",
        )
        .refused_while_active(107),
        row(
            "LocalPort",
            Number {
                unit: "",
                least: 0,
                most: u16::MAX as u64,
                field: Field {
                    get: |settings| settings.listen.port.into(),
                    set: |settings, port| settings.listen.port = of_u16(port),
                },
            },
            NextListening,
            "the port to listen on; 0: one that the system chooses, which this is while listening",
            "",
        )
        .refused_while_active(106),
        row(
            "ConnectionBacklog",
            Number {
                unit: "connections",
                least: 0,
                most: u16::MAX as u64,
                field: Field {
                    get: |settings| settings.shown_backlog().into(),
                    set: |settings, number| settings.backlog = Some(of_u16(number)),
                },
            },
            NextListening,
            "connections that the system holds until they are accepted",
            "Until it is set, 511 are used.",
        ),
        row(
            "DefaultAuthMethods",
            Text {
                form: "names of methods, separated by commas",
                get: |settings| settings.config().auth_methods.clone(),
                set: |settings, list| {
                    settings.config_mut().auth_methods = checked_methods(list)?;
                    Ok(())
                },
            },
            NewConnections,
            "the methods of authentication that are told to clients",
            "",
        ),
        row(
            "DefaultIdleTimeout",
            Seconds {
                most: u32::MAX as u64,
                field: Field {
                    get: |settings| settings.config().idle_timeout,
                    set: |settings, time| settings.config_mut().idle_timeout = time,
                },
            },
            NewConnections,
            "the time after which a connection that nobody uses is ended; 0: never",
            "",
        ),
        row(
            "DefaultTimeout",
            Number {
                unit: "seconds",
                least: 0,
                most: u32::MAX as u64,
                field: Field {
                    get: |settings| settings.driver.timeout.into(),
                    set: |settings, seconds| {
                        settings.driver.timeout = u32::try_from(seconds).unwrap_or(u32::MAX);
                    },
                },
            },
            NewConnections,
            "how long a send waits for a client that takes nothing; 0: it never waits",
            "",
        ),
        row(
            "KeyboardInteractiveMessage",
            Text {
                form: "text of 15 KiB at most",
                get: |settings| settings.instruction.clone(),
                set: |settings, text| {
                    login_texts::check("KeyboardInteractiveMessage", text)?;
                    text.clone_into(&mut settings.instruction);
                    Ok(())
                },
            },
            AtOnce,
            "the instruction above the prompts of keyboard-interactive",
            "",
        )
        .lines(Several),
        row(
            "SSHCompressionAlgorithms",
            Text {
                form: "names, separated by commas",
                get: |settings| settings.shown.compression.clone(),
                set: |settings, value| {
                    let (shown, lists) = settings.lists_mut();
                    set_list(&mut shown.compression, &mut lists.compression, value)
                },
            },
            NewConnections,
            "the methods of compression",
            "",
        ),
        row(
            "SSHEncryptionAlgorithms",
            Text {
                form: "names, separated by commas",
                get: |settings| settings.shown.cipher.clone(),
                set: |settings, value| {
                    let (shown, lists) = settings.lists_mut();
                    set_list(&mut shown.cipher, &mut lists.cipher, value)
                },
            },
            NewConnections,
            "the ciphers",
            "",
        ),
    ],
};

/// Reads a property.
pub(super) fn get(state: &State, name: &str) -> Result<Value, Failure> {
    let bound = state.server.listening_on().map(|address| address.port());
    match (name, bound) {
        ("Listening", _) => return Ok(Either3::A(bound.is_some())),
        ("LocalPort", Some(port)) => return Ok(Either3::B(port.into())),
        _ => {}
    }
    read(&state.settings, name)
}

fn read(settings: &Settings, name: &str) -> Result<Value, Failure> {
    let row = find(name)?;
    // no number here is larger than a u32
    let number = row.value.read_number(settings).and_then(|number| u32::try_from(number).ok());
    Ok(match number {
        Some(number) => Either3::B(number.into()),
        None => Either3::C(row.value.read(settings).unwrap_or_default()),
    })
}

/// Sets a property.
pub(super) fn set(state: &mut State, name: &str, value: Value) -> Result<(), Failure> {
    if name == "Listening" {
        return Err(Failure::invalid("Listening cannot be set."));
    }
    let row = find(name)?;
    match row.while_active {
        Some(error) if state.server.is_active() => return Err(Failure::new(error)),
        Some(_) | None => {}
    }
    write(&mut state.settings, row, value)?;
    state.apply();
    Ok(())
}

fn write(settings: &mut Settings, row: &Row, value: Value) -> Result<(), Failure> {
    let text = match (&row.value, value) {
        (Text { .. }, Either3::C(text)) => text,
        (Text { .. }, _) => return Err(Failure::invalid(format!("{} is a text.", row.name))),
        // a number that is not whole is out of any bounds
        (_, Either3::B(number)) => whole(number).map_or_else(String::new, |it| it.to_string()),
        (_, Either3::A(_) | Either3::C(_)) => String::new(),
    };
    check(row, &text).and_then(|()| row.value.write(settings, &text)).map_err(named(row.name))
}

fn find(name: &str) -> Result<&'static Row, Failure> {
    let found = TABLE.rows.iter().find(|row| row.name == name);
    found.ok_or_else(|| Failure::invalid(format!("There is no property {name:?}.")))
}

/// Refuses properties that a listener of Connected may not set.
pub(super) fn check_in_connected(name: &str) -> Result<(), Failure> {
    match name {
        "SSHCompressionAlgorithms" | "SSHEncryptionAlgorithms" => Err(refused_in_connected(name)),
        _ => Ok(()),
    }
}

fn of_u16(number: u64) -> u16 {
    u16::try_from(number).unwrap_or(u16::MAX)
}

/// An address, with its zone or in brackets if need be, or a host name; or nothing.
fn checked_host(text: &str) -> Result<String, Failure> {
    // including the underscores that occur in practice
    let good = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:%[]".contains(&byte);
    if text.len() > MAX_HOST_NAME_LEN {
        let message = format!("LocalHost is longer than {MAX_HOST_NAME_LEN} bytes.");
        return Err(Failure::invalid(message));
    }
    if !text.trim().bytes().all(good) {
        return Err(Failure::invalid("LocalHost is neither an address nor a host name."));
    }
    Ok(text.to_owned())
}

/// A list of names that can go into a name-list (RFC 4251 section 5).
fn checked_methods(list: &str) -> Result<String, Failure> {
    let names: Vec<&str> = list.split(',').map(str::trim).collect();
    let good = |name: &&str| is_name(name);
    if list.len() > MAX_METHODS_LEN || !(list.is_empty() || names.iter().all(good)) {
        return Err(Failure::invalid(
            "DefaultAuthMethods has to be names of methods, separated by commas.",
        ));
    }
    Ok(names.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set_in(settings: &mut Settings, name: &str, value: Value) -> Result<(), Failure> {
        write(settings, find(name).unwrap(), value)
    }

    fn text(text: &str) -> Value {
        Either3::C(text.to_owned())
    }

    #[test]
    fn whole_numbers() {
        for (value, expected) in [
            (0.0, Some(0)),
            (65535.0, Some(65535)),
            (9_007_199_254_740_992.0, Some(1 << 53)),
            (1.5, None),
            (-1.0, None),
            (f64::NAN, None),
            (f64::INFINITY, None),
        ] {
            assert_eq!(whole(value), expected, "{value}");
        }
    }

    #[test]
    fn numbers_have_the_range_of_their_row() {
        let mut settings = Settings::default();
        set_in(&mut settings, "LocalPort", Either3::B(65535.0)).unwrap();
        set_in(&mut settings, "DefaultTimeout", Either3::B(65536.0)).unwrap();
        assert_eq!((settings.listen.port, settings.driver.timeout), (65535, 65536));
        for bad in [Either3::B(65536.0), Either3::B(-1.0), Either3::B(1.5), text("22")] {
            let failure = set_in(&mut settings, "LocalPort", bad).unwrap_err();
            assert_eq!(failure.code, 10022);
            let said = "has to be a number from 0 to 65535. (LocalPort)";
            assert!(failure.message.contains(said), "{}", failure.message);
        }
        assert_eq!(settings.listen.port, 65535);
    }

    #[test]
    fn a_property_is_read_as_it_was_set() {
        let mut settings = Settings::default();
        for (name, value) in [
            ("LocalHost", text("localhost")),
            ("LocalPort", Either3::B(0.0)),
            ("ConnectionBacklog", Either3::B(7.0)),
            ("DefaultAuthMethods", text("none")),
            ("DefaultIdleTimeout", Either3::B(4_294_967_295.0)),
            ("DefaultTimeout", Either3::B(0.0)),
            ("KeyboardInteractiveMessage", text("two\nlines")),
            ("SSHCompressionAlgorithms", text("none")),
            ("SSHEncryptionAlgorithms", text("aes256-ctr, aes128-ctr")),
        ] {
            let initial = read(&settings, name).unwrap();
            set_in(&mut settings, name, value.clone()).unwrap();
            let now = read(&settings, name).unwrap();
            let text = |value: &Value| format!("{value:?}");
            assert_eq!(text(&now), text(&value), "{name}");
            assert_ne!(text(&now), text(&initial), "{name}");
        }
        assert_eq!(settings.listen().backlog, 7);
        assert_eq!(settings.for_driver().config.transport.algorithms.cipher.len(), 2);
    }

    #[test]
    fn hosts_are_names_or_addresses() {
        let mut settings = Settings::default();
        for good in ["", "0.0.0.0", "::1", "[::1]", "fe80::1%eth0", "my_host.example", " a "] {
            set_in(&mut settings, "LocalHost", text(good)).unwrap();
            assert_eq!(settings.listen.host, good);
        }
        let long = "a".repeat(256);
        for bad in ["a b", "b\u{fc}cher", "10.0.0.0/8", "http://a", "a\0b", "a\nb", &long] {
            let failure = set_in(&mut settings, "LocalHost", text(bad)).unwrap_err();
            assert!(failure.message.contains("LocalHost"), "{bad}: {}", failure.message);
        }
    }

    #[test]
    fn methods_are_names() {
        let mut settings = Settings::default();
        for (list, expected) in [("password, publickey", "password,publickey"), ("", "")] {
            set_in(&mut settings, "DefaultAuthMethods", text(list)).unwrap();
            assert_eq!(settings.config().auth_methods, expected);
        }
        for bad in [
            "pass word",
            "password,,none",
            ",",
            "publickey\0",
            "a\nb",
            "pässwort",
            &"x".repeat(65),
            &"x,".repeat(2049),
        ] {
            let failure = set_in(&mut settings, "DefaultAuthMethods", text(bad)).unwrap_err();
            assert!(failure.message.contains("DefaultAuthMethods"), "{}", failure.message);
        }
    }
}
