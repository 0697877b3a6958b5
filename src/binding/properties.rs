//! The documented properties by their names: read and set at once, refused with the documented error
//! at a forbidden time, changing nothing then.

use std::fmt::Display;

use napi::bindgen_prelude::Either3;

use super::algorithm_list::AlgorithmList;
use super::config_strings;
use super::errors::Failure;
use super::login_texts;
use super::settings::DEFAULT_BACKLOG;
use super::state::{State, whole};
use crate::limits::{MAX_HOST_NAME_LEN, MAX_METHODS_LEN, MAX_SETTING_LEN};
use crate::wire::is_name;

/// A value of a property.
pub(super) type Value = Either3<bool, f64, String>;

/// Reads a property.
pub(super) fn get(state: &State, name: &str) -> Result<Value, Failure> {
    let settings = &state.settings;
    let text = |text: &str| Either3::C(text.to_owned());
    let number = |number: u32| Either3::B(f64::from(number));
    Ok(match name {
        "LocalHost" => text(&settings.local_host),
        "LocalPort" => {
            let bound = state.server.listening_on().map(|address| address.port());
            number(bound.unwrap_or(settings.local_port).into())
        }
        "ConnectionBacklog" => number(settings.backlog.unwrap_or(DEFAULT_BACKLOG).into()),
        "DefaultAuthMethods" => text(&settings.auth_methods),
        "DefaultIdleTimeout" => number(settings.idle_timeout),
        "DefaultTimeout" => number(settings.timeout),
        "KeyboardInteractiveMessage" => text(&settings.instruction),
        "SSHCompressionAlgorithms" => text(settings.lists.compression.shown()),
        "SSHEncryptionAlgorithms" => text(settings.lists.cipher.shown()),
        "Listening" => Either3::A(state.server.listening_on().is_some()),
        _ => return Err(Failure::invalid(format!("There is no property {name:?}."))),
    })
}

/// Sets a property.
pub(super) fn set(state: &mut State, name: &str, value: Value) -> Result<(), Failure> {
    let active = state.server.is_active();
    let settings = &mut state.settings;
    match name {
        "LocalHost" if active => return Err(Failure::new(107)),
        "LocalPort" if active => return Err(Failure::new(106)),
        "LocalHost" => settings.local_host = host(line(name, value, MAX_HOST_NAME_LEN)?)?,
        "LocalPort" => settings.local_port = number(name, value, u16::MAX)?,
        "ConnectionBacklog" => settings.backlog = Some(number(name, value, u16::MAX)?),
        "DefaultAuthMethods" => settings.auth_methods = auth_methods(&text(name, value)?)?,
        "DefaultIdleTimeout" => settings.idle_timeout = number(name, value, u32::MAX)?,
        "DefaultTimeout" => settings.timeout = number(name, value, u32::MAX)?,
        "KeyboardInteractiveMessage" => {
            let instruction = text(name, value)?;
            login_texts::check(name, &instruction)?;
            settings.instruction = instruction;
        }
        "SSHCompressionAlgorithms" => {
            let list = AlgorithmList::parse(&line(name, value, MAX_SETTING_LEN)?);
            settings.lists.compression = list.map_err(naming(name))?;
        }
        "SSHEncryptionAlgorithms" => {
            let list = AlgorithmList::parse(&line(name, value, MAX_SETTING_LEN)?);
            settings.lists.cipher = list.map_err(naming(name))?;
        }
        "Listening" => return Err(Failure::invalid("Listening cannot be set.")),
        _ => return Err(Failure::invalid(format!("There is no property {name:?}."))),
    }
    state.apply();
    Ok(())
}

/// What a listener of Connected may not set.
pub(super) fn check_in_connected(name: &str) -> Result<(), Failure> {
    match name {
        "SSHCompressionAlgorithms" | "SSHEncryptionAlgorithms" => {
            Err(config_strings::refused_in_connected(name))
        }
        _ => Ok(()),
    }
}

fn text(name: &str, value: Value) -> Result<String, Failure> {
    match value {
        Either3::C(text) => Ok(text),
        Either3::A(_) | Either3::B(_) => Err(Failure::invalid(format!("{name} is a text."))),
    }
}

/// An address, with its zone or in brackets if need be, or a host name; or nothing.
fn host(text: String) -> Result<String, Failure> {
    // the underscores that there are included
    let good = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:%[]".contains(&byte);
    if !text.trim().bytes().all(good) {
        return Err(Failure::invalid("LocalHost is neither an address nor a host name."));
    }
    Ok(text)
}

/// A text of one line.
fn line(name: &str, value: Value, longest: usize) -> Result<String, Failure> {
    let text = text(name, value)?;
    if text.len() > longest {
        let message = format!("{name} is longer than {longest} bytes.");
        return Err(Failure::invalid(message));
    }
    if text.contains(char::is_control) {
        return Err(Failure::invalid(format!("{name} has a control character.")));
    }
    Ok(text)
}

/// Says which property it is.
fn naming(name: &str) -> impl Fn(Failure) -> Failure {
    move |failure| Failure { message: format!("{} ({name})", failure.message), ..failure }
}

/// A whole number in the range of its type, which ends with `most`.
fn number<T: TryFrom<u64> + Display>(name: &str, value: Value, most: T) -> Result<T, Failure> {
    let bad = || Failure::invalid(format!("{name} has to be a number from 0 to {most}."));
    let Either3::B(value) = value else {
        return Err(bad());
    };
    T::try_from(whole(value).ok_or_else(bad)?).map_err(|_| bad())
}

/// A list of names that can go into a name-list (RFC 4251 section 5).
fn auth_methods(list: &str) -> Result<String, Failure> {
    let names: Vec<&str> = list.split(',').map(str::trim).collect();
    let good = |name: &&str| is_name(name);
    let plain = list.len() <= MAX_METHODS_LEN && !list.contains(char::is_control);
    if !plain || !(list.is_empty() || names.iter().all(good)) {
        return Err(Failure::invalid(
            "DefaultAuthMethods has to be names of methods, separated by commas.",
        ));
    }
    Ok(names.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn numbers_have_the_range_of_their_type() {
        assert_eq!(number("LocalPort", Either3::B(65535.0), u16::MAX), Ok(65535));
        assert_eq!(number("DefaultTimeout", Either3::B(65536.0), u32::MAX), Ok(65536));
        for bad in [Either3::B(65536.0), Either3::B(-1.0), Either3::C("22".to_owned())] {
            let failure = number("LocalPort", bad, u16::MAX).unwrap_err();
            assert_eq!(failure.code, 10022);
            let said = "LocalPort has to be a number from 0 to 65535.";
            assert!(failure.message.contains(said), "{}", failure.message);
        }
    }

    #[test]
    fn hosts_are_names_or_addresses() {
        for good in ["", "0.0.0.0", "::1", "[::1]", "fe80::1%eth0", "my_host.example", " a "] {
            assert_eq!(host(good.to_owned()).as_deref(), Ok(good));
        }
        for bad in ["a b", "b\u{fc}cher", "10.0.0.0/8", "http://a"] {
            let failure = host(bad.to_owned()).unwrap_err();
            assert!(failure.message.contains("LocalHost"), "{bad}: {}", failure.message);
        }
        for bad in ["a\0b", "a\nb", &"a".repeat(256)] {
            let failure = line("LocalHost", Either3::C(bad.to_owned()), 255).unwrap_err();
            assert!(failure.message.contains("LocalHost"), "{bad}: {}", failure.message);
        }
    }

    #[test]
    fn methods_are_names() {
        assert_eq!(auth_methods("password, publickey").as_deref(), Ok("password,publickey"));
        assert_eq!(auth_methods("").as_deref(), Ok(""));
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
            let failure = auth_methods(bad).unwrap_err();
            assert!(failure.message.contains("DefaultAuthMethods"), "{}", failure.message);
        }
    }
}
