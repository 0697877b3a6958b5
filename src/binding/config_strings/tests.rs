use super::authentication::{parse_prompts, show_prompts};
use super::*;
use crate::binding::program::{Program, Wake};
use crate::binding::settings::Settings;
use crate::driver::{Handler, Server};
use std::sync::Arc;

struct Asleep;

impl Wake for Asleep {
    fn wake(&self) -> bool {
        true
    }
}

fn state() -> State {
    let program = Arc::new(Program::new(Box::new(Asleep)));
    let settings = Settings::default();
    let handler: Arc<dyn Handler> = Arc::<Program>::clone(&program);
    let server = Server::new(handler, settings.for_driver());
    State { settings, server, program }
}

fn get(state: &mut State, name: &str) -> String {
    config(state, name).unwrap()
}

#[test]
fn names_are_sorted_and_unique() {
    let mut names: Vec<String> =
        TABLES.iter().flat_map(|rows| rows.iter()).map(|row| row.name.to_lowercase()).collect();
    names.extend(NOT_AVAILABLE.iter().map(|name| name.to_lowercase()));
    let count = names.len();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), count);
}

#[test]
fn a_setting_is_read_as_it_was_set() {
    for (set, name, expected) in [
        ("LogLevel=3", "loglevel", "3"),
        ("MAXAUTHATTEMPTS = 0", "MaxAuthAttempts", "0"),
        ("MaxConnections=100000", "MaxConnections", "100000"),
        ("KeyRenegotiationThreshold=524288000", "KeyRenegotiationThreshold", "524288000"),
        ("KeyRenegotiationInterval=0", "KeyRenegotiationInterval", "0"),
        ("KeyRenegotiationInterval=60", "KeyRenegotiationInterval", "60"),
        ("UseStrictKeyExchange=2", "UseStrictKeyExchange", "2"),
        ("ServerSSHVersionString=SSH-2.0-a=b c", "ServerSSHVersionString", "SSH-2.0-a=b c"),
        ("SecurityProfile=Modern", "SecurityProfile", "modern"),
        ("SecurityProfile=intermediate", "SecurityProfile", "intermediate"),
    ] {
        let mut state = state();
        assert_eq!(config(&mut state, set).as_deref(), Ok(""), "{set}");
        assert_eq!(get(&mut state, name), expected, "{set}");
    }
}

#[test]
fn defaults() {
    let mut state = state();
    for (name, expected) in [
        ("LogLevel", "1"),
        ("MaxAuthAttempts", "6"),
        ("MaxConnections", "1000"),
        ("KeyRenegotiationThreshold", "1073741824"),
        ("KeyRenegotiationInterval", "3600"),
        ("UseStrictKeyExchange", "1"),
        ("SecurityProfile", "compatible"),
    ] {
        assert_eq!(get(&mut state, name), expected, "{name}");
    }
    assert!(get(&mut state, "ServerSSHVersionString").starts_with("SSH-2.0-sshserver_"));
    assert!(get(&mut state, "BuildInfo").contains(env!("CARGO_PKG_VERSION")));
}

#[test]
fn bad_values_change_nothing_and_name_the_setting() {
    for (set, name) in [
        ("LogLevel=4", "LogLevel"),
        ("LogLevel=", "LogLevel"),
        ("MaxConnections=0", "MaxConnections"),
        ("MaxConnections=100001", "MaxConnections"),
        ("UseStrictKeyExchange=yes", "UseStrictKeyExchange"),
        ("ServerSSHVersionString=SSH-1.99-old", "ServerSSHVersionString"),
        ("ServerSSHVersionString=SSH-2.0-", "ServerSSHVersionString"),
        ("ServerSSHVersionString=SSH-2.0-a\r\nb", "ServerSSHVersionString"),
        ("SSHMacAlgorithms=none-such", "SSHMacAlgorithms"),
        ("BuildInfo=mine", "BuildInfo"),
        ("SecurityProfile=paranoid", "SecurityProfile"),
    ] {
        let mut state = state();
        let before = get(&mut state, name);
        let failure = config(&mut state, set).unwrap_err();
        assert_eq!(failure.code, 10022, "{set}");
        assert!(failure.message.contains(name), "{set}: {}", failure.message);
        assert_eq!(get(&mut state, name), before, "{set}");
    }
}

#[test]
fn unknown_and_unavailable_settings_are_named() {
    let mut state = state();
    for (text, expected) in [
        ("Nonsense", "There is no setting \"Nonsense\"."),
        ("Nonsense=1", "There is no setting \"Nonsense\"."),
        ("codepage=65001", "CodePage is not supported."),
    ] {
        let failure = config(&mut state, text).unwrap_err();
        assert_eq!(failure.code, 10022, "{text}");
        assert!(failure.message.ends_with(expected), "{}", failure.message);
    }
}

#[test]
fn indexed_settings_need_a_connection() {
    let mut state = state();
    for text in [
        "ClientSSHVersionString[1]",
        "NegotiatedStrictKex[1]",
        "UserAuthBanner[1]=hello",
        "KeyboardInteractivePrompts[x]=a",
    ] {
        assert_eq!(config(&mut state, text), Err(Failure::new(126)), "{text}");
    }
    assert_eq!(config(&mut state, "UserAuthBanner").unwrap_err().code, 10022);
    assert_eq!(config(&mut state, "LogLevel[1]").unwrap_err().code, 10022);
}

#[test]
fn prompts_of_a_connection() {
    let prompts = parse_prompts("First prompt,echo=false;Second, third,ECHO=True;Bare").unwrap();
    let flat: Vec<(&str, bool)> =
        prompts.iter().map(|each| (each.prompt.as_str(), each.echo)).collect();
    let expected = [("First prompt", false), ("Second, third", true), ("Bare", false)];
    assert_eq!(flat, expected);
    let shown = "First prompt,echo=false;Second, third,echo=true;Bare,echo=false";
    assert_eq!(show_prompts(&prompts), shown);
    assert!(parse_prompts("a,echo=maybe").is_err());
    assert_eq!(parse_prompts("").as_deref(), Ok(&[][..]));
}

#[test]
fn records_of_certificates_have_an_index_below_their_count() {
    let mut state = state();
    let refused = |state: &mut State, text: &str, detail: &str| {
        let failure = config(state, text).unwrap_err();
        assert_eq!(failure.code, 10022, "{text}");
        assert!(failure.message.contains(detail), "{}", failure.message);
    };
    refused(&mut state, "AltSSHCertStore[0]=x", "index 0 is not below AltSSHCertCount");
    refused(&mut state, "AltSSHCertStore=x", "AltSSHCertStore needs the index of a record");
    refused(&mut state, "AltSSHCertCount=257", "from 0 to 256");
    config(&mut state, "AltSSHCertCount=2").unwrap();
    config(&mut state, "AltSSHCertStore[1]=a=b").unwrap();
    assert_eq!(get(&mut state, "altsshcertstore[1]"), "a=b");
    assert_eq!(get(&mut state, "AltSSHCertStore[0]"), "");
    assert_eq!(get(&mut state, "AltSSHCertStoreType[1]"), "0");
    refused(&mut state, "AltSSHCertStoreType[1]=100", "from 0 to 99");
    config(&mut state, "AltSSHCertCount=1").unwrap();
    refused(&mut state, "AltSSHCertStore[1]", "index 1 is not below AltSSHCertCount");
}
