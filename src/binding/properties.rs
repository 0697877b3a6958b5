//! The documented properties by their names: read and set at once, refused with the documented error
//! at a forbidden time, changing nothing then.

use napi::bindgen_prelude::Either3;

use super::algorithm_list::AlgorithmList;
use super::errors::Failure;
use super::settings::DEFAULT_BACKLOG;
use super::state::{State, whole};

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
        // A setting that the facade asks for.
        "ReuseDataBuffers" => Either3::A(settings.reuse_data_buffers),
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
        "LocalHost" => settings.local_host = text(name, value)?,
        "LocalPort" => settings.local_port = number(name, value)?,
        "ConnectionBacklog" => settings.backlog = Some(number(name, value)?),
        "DefaultAuthMethods" => settings.auth_methods = auth_methods(&text(name, value)?)?,
        "DefaultIdleTimeout" => settings.idle_timeout = number(name, value)?,
        "DefaultTimeout" => settings.timeout = number(name, value)?,
        "KeyboardInteractiveMessage" => settings.instruction = text(name, value)?,
        "SSHCompressionAlgorithms" => {
            settings.lists.compression = AlgorithmList::parse(&text(name, value)?)?;
        }
        "SSHEncryptionAlgorithms" => {
            settings.lists.cipher = AlgorithmList::parse(&text(name, value)?)?;
        }
        "Listening" => return Err(Failure::invalid("Listening cannot be set.")),
        _ => return Err(Failure::invalid(format!("There is no property {name:?}."))),
    }
    state.apply();
    Ok(())
}

fn text(name: &str, value: Value) -> Result<String, Failure> {
    match value {
        Either3::C(text) => Ok(text),
        Either3::A(_) | Either3::B(_) => Err(Failure::invalid(format!("{name} is a text."))),
    }
}

/// A whole number in the range of its type.
pub(super) fn number<T: TryFrom<u64>>(name: &str, value: Value) -> Result<T, Failure> {
    let bad = || Failure::invalid(format!("The value of {name} is out of range."));
    let Either3::B(value) = value else {
        return Err(bad());
    };
    T::try_from(whole(value).ok_or_else(bad)?).map_err(|_| bad())
}

/// A list of names that can go into a name-list (RFC 4251 section 5).
fn auth_methods(list: &str) -> Result<String, Failure> {
    let names: Vec<&str> = list.split(',').map(str::trim).collect();
    let good = |name: &&str| name.bytes().all(|byte| byte.is_ascii_graphic());
    if !names.iter().all(good) {
        return Err(Failure::invalid("DefaultAuthMethods is a list of names."));
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
        assert_eq!(number::<u16>("LocalPort", Either3::B(65535.0)), Ok(65535));
        let failure = number::<u16>("LocalPort", Either3::B(65536.0)).unwrap_err();
        assert_eq!(failure.code, 10022);
        assert!(failure.message.contains("LocalPort"), "{}", failure.message);
        assert!(number::<u16>("LocalPort", Either3::C("22".to_owned())).is_err());
    }

    #[test]
    fn methods_are_names() {
        assert_eq!(auth_methods("password, publickey").as_deref(), Ok("password,publickey"));
        assert_eq!(auth_methods("").as_deref(), Ok(""));
        assert!(auth_methods("pass word").is_err());
    }
}
