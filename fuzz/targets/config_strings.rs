//! `config()`: several settings one after the other, of any value. What is refused changes nothing and
//! says why; what is taken can be read, and set again to what was read.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sshserver::binding_under_test::{Configured, Refused, setting_names};
use sshserver_fuzz::Input;

fuzz_target!(|data: &[u8]| {
    let mut input = Input(data);
    let mut server = Configured::default();
    let names = setting_names();
    while !input.is_empty() {
        let choice = usize::from(input.byte());
        let value = String::from_utf8_lossy(input.chunk()).into_owned();
        let Some(name) = names.get(choice) else {
            // not even the name of one
            let before = all(&mut server, &names);
            if let Err(refused) = server.config(&value) {
                is_clear(&refused);
                assert_eq!(all(&mut server, &names), before, "{value:?}");
            }
            continue;
        };
        let indexed =
            if needs_index(&mut server, name) { format!("{name}[0]") } else { (*name).to_owned() };
        set(&mut server, &names, &indexed, &value);
    }
});

fn set(server: &mut Configured, names: &[&'static str], name: &str, value: &str) {
    let before = all(server, names);
    match server.config(&format!("{name}={value}")) {
        Ok(nothing) => {
            assert_eq!(nothing, "");
            let shown = server.config(name).expect("it can be read");
            let after = all(server, names);
            assert_eq!(server.config(&format!("{name}={shown}")), Ok(String::new()), "{value:?}");
            assert_eq!(all(server, names), after, "{name}: {value:?} is shown as {shown:?}");
        }
        Err(refused) => {
            is_clear(&refused);
            assert_eq!(all(server, names), before, "{name}={value:?}");
        }
    }
}

/// What can be read without an index, and the first record of what has one.
fn all(server: &mut Configured, names: &[&'static str]) -> Vec<Result<String, Refused>> {
    let plain = names.iter().map(|name| (*name).to_owned());
    let records = names.iter().map(|name| format!("{name}[0]"));
    plain.chain(records).map(|name| server.config(&name)).collect()
}

fn needs_index(server: &mut Configured, name: &str) -> bool {
    server.config(name).is_err()
}

/// Names what is wrong, and is fit for a log.
fn is_clear((code, message): &Refused) {
    assert!(matches!(code, 126 | 1301 | 10022), "{code} {message}");
    assert!(message.len() < 1000, "{message:?}");
    assert!(message.chars().all(|char| char == '\n' || !char.is_control()), "{message:?}");
}
