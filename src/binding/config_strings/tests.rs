use super::authentication::{parse_prompts, show_prompts};
use super::*;
use crate::binding::program::Program;
use crate::binding::settings::Settings;
use crate::driver::{Handler, Server};
use std::sync::Arc;

fn state() -> State {
    let program = Arc::new(Program::new());
    let settings = Settings::default();
    let handler: Arc<dyn Handler> = Arc::<Program>::clone(&program);
    let server = Server::new(handler, settings.for_driver());
    State { settings, server, program }
}

fn get(state: &mut State, name: &str) -> String {
    config(state, name).unwrap()
}

#[test]
fn names_are_unique() {
    let mut names: Vec<String> = names().map(str::to_lowercase).collect();
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
        ("FireAuthRequestAfterSig=yes", "FireAuthRequestAfterSig", "True"),
        ("LoginGraceTime=0", "LoginGraceTime", "0"),
        ("MaxUnauthenticated=100000", "MaxUnauthenticated", "100000"),
        ("UserCertCriticalOptions=a, b,a,", "UserCertCriticalOptions", "a,b"),
        ("SSHHostCertificates=# none", "SSHHostCertificates", "# none"),
        ("SSHKeepAliveCountMax=0", "SSHKeepAliveCountMax", "0"),
        ("sshkeepaliveinterval= 30 ", "SSHKeepAliveInterval", "30"),
        ("SSHVersionPattern=SSH-2.0-a=?, *b ", "SSHVersionPattern", "SSH-2.0-a=?, *b"),
        ("AllowedClients= 10.0.*, Host.example", "AllowedClients", " 10.0.*, Host.example"),
        ("AllowedClients=", "AllowedClients", ""),
        ("BlockedClients=fd00::/8,::1", "BlockedClients", "fd00::/8,::1"),
        ("BindExclusively=no", "BindExclusively", "False"),
        ("TcpNoDelay=1", "TcpNoDelay", "True"),
        ("UseIPv6=2", "useipv6", "2"),
        ("DefaultConnectionTimeout=4294967295", "DefaultConnectionTimeout", "4294967295"),
        ("InBufferSize=1073741824", "InBufferSize", "1073741824"),
        ("OutBufferSize=4096", "OutBufferSize", "4096"),
        ("KeepAliveTime=32767000", "KeepAliveTime", "32767000"),
        // a day: the nearest that Linux takes
        ("KeepAliveTime=86400000", "KeepAliveTime", "32767000"),
        ("KeepAliveInterval=-1", "KeepAliveInterval", "0"),
        ("InBufferSize=1073741825", "InBufferSize", "1073741824"),
        ("OutBufferSize=99999999999999999999999", "OutBufferSize", "1073741824"),
        ("KeepAliveInterval=1", "KeepAliveInterval", "1"),
        ("MaskSensitive=no", "MaskSensitive", "False"),
        ("UseInternalSecurityAPI=1", "UseInternalSecurityAPI", "True"),
        ("CodePage= 037", "CodePage", "37"),
        ("CodePage=0x90000100", "CodePage", "2415919360"),
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
        ("FireAuthRequestAfterSig", "False"),
        ("LoginGraceTime", "120"),
        ("MaxUnauthenticated", "100"),
        ("UserCertCriticalOptions", ""),
        ("SSHHostCertificates", ""),
        ("SSHKeepAliveCountMax", "5"),
        ("SSHKeepAliveInterval", "0"),
        ("SSHVersionPattern", "*SSH-1.99-*,*SSH-2.0-*"),
        ("AllowedClients", "*"),
        ("BlockedClients", ""),
        ("BindExclusively", "True"),
        ("TcpNoDelay", "False"),
        ("UseIPv6", "0"),
        ("DefaultConnectionTimeout", "0"),
        ("InBufferSize", "0"),
        ("OutBufferSize", "0"),
        ("KeepAliveTime", "0"),
        ("KeepAliveInterval", "0"),
        ("MaskSensitive", "True"),
        ("UseInternalSecurityAPI", "False"),
        ("CodePage", "65001"),
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
        ("FireAuthRequestAfterSig=maybe", "FireAuthRequestAfterSig"),
        ("LoginGraceTime=4294967296", "LoginGraceTime"),
        ("MaxUnauthenticated=100001", "MaxUnauthenticated"),
        ("UserCertCriticalOptions=a b", "UserCertCriticalOptions"),
        ("SSHHostCertificates=x", "SSHHostCertificates"),
        ("SSHKeepAliveCountMax=-1", "SSHKeepAliveCountMax"),
        ("SSHKeepAliveInterval=often", "SSHKeepAliveInterval"),
        ("SSHKeepAliveInterval=2147483648", "SSHKeepAliveInterval"),
        ("SSHVersionPattern=", "SSHVersionPattern"),
        ("SSHVersionPattern= , ", "SSHVersionPattern"),
        ("AllowedClients=10.0.0.256", "AllowedClients"),
        ("BlockedClients=a\0b", "BlockedClients"),
        ("BlockedClients=10.0.0.1,a\nb", "BlockedClients"),
        ("BindExclusively=", "BindExclusively"),
        ("BindExclusively=2", "BindExclusively"),
        ("TcpNoDelay=maybe", "TcpNoDelay"),
        ("UseIPv6=3", "UseIPv6"),
        ("UseIPv6=True", "UseIPv6"),
        ("DefaultConnectionTimeout=-1", "DefaultConnectionTimeout"),
        ("DefaultConnectionTimeout=4294967296", "DefaultConnectionTimeout"),
        ("InBufferSize=1 MB", "InBufferSize"),
        ("OutBufferSize=64k", "OutBufferSize"),
        ("KeepAliveTime=1.5", "KeepAliveTime"),
        ("KeepAliveTime=-", "KeepAliveTime"),
        ("KeepAliveInterval=1\0", "KeepAliveInterval"),
        ("MaskSensitive=2", "MaskSensitive"),
        ("UseInternalSecurityAPI=", "UseInternalSecurityAPI"),
        ("LicenseInfo=mine", "LicenseInfo"),
        ("CodePage=", "CodePage"),
        ("CodePage=UTF-8", "CodePage"),
        ("CodePage=+932", "CodePage"),
        ("CodePage=709", "CodePage"),
        ("CodePage=4294967296", "CodePage"),
        ("LogLevel=1\n", "LogLevel"),
        ("SSHMacAlgorithms=hmac-sha2-256\0", "SSHMacAlgorithms"),
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
fn no_value_is_longer_than_it_makes_sense() {
    let mut state = state();
    config(&mut state, "AltSSHCertCount=1").unwrap();
    for (name, longest) in [
        ("ServerSSHVersionString", MAX_SETTING_LEN),
        ("AltSSHCertStore[0]", MAX_STORE_TEXT_LEN),
        ("AltSSHCertStorePassword[0]", MAX_STORE_TEXT_LEN),
        ("UserAuthBanner[1]", MAX_SETTING_LEN),
    ] {
        let text = format!("{name}={}", "x".repeat(longest + 1));
        let failure = config(&mut state, &text).unwrap_err();
        assert_eq!(failure.code, 10022, "{name}");
        assert!(failure.message.contains(&longest.to_string()), "{}", failure.message);
    }
    // PEM has lines, and a password can be anything.
    config(&mut state, "AltSSHCertStore[0]=a\nb=").unwrap();
    config(&mut state, "AltSSHCertStorePassword[0]=\0").unwrap();
    assert_eq!(get(&mut state, "AltSSHCertStore[0]"), "a\nb=");
}

#[test]
fn unknown_settings_are_named() {
    let mut state = state();
    for (text, expected) in [
        ("Nonsense", "There is no setting \"Nonsense\"."),
        ("Nonsense=1", "There is no setting \"Nonsense\"."),
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
fn no_list_of_algorithms_is_set_in_connected() {
    let lists = ["SSHKeyExchangeAlgorithms", "SecurityProfile", "UseStrictKeyExchange"];
    for name in algorithms::TABLE.rows.iter().map(|row| row.name) {
        let failure = check_in_connected(&format!(" {} = x", name.to_lowercase())).unwrap_err();
        assert_eq!(failure.code, 10022);
        assert!(failure.message.contains(&format!("{name} cannot be set in a listener of")));
        assert_eq!(check_in_connected(name), Ok(()), "it can be read");
    }
    assert!(lists.iter().all(|name| algorithms::TABLE.rows.iter().any(|row| row.name == *name)));
    for text in ["UserAuthBanner[1]=SSHMacAlgorithms=x", "LogLevel=2", "Nonsense=1"] {
        assert_eq!(check_in_connected(text), Ok(()), "{text}");
    }
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
