use super::*;

fn list(text: &str) -> ClientList {
    ClientList::parse(text).unwrap()
}

/// Whether the list has the address, without any look-up of names.
fn has(text: &str, client: &str) -> bool {
    list(text).has_address(client.parse::<IpAddr>().unwrap().to_canonical())
}

fn error(text: &str) -> String {
    ClientList::parse(text).unwrap_err().to_string()
}

#[test]
fn addresses_prefixes_and_patterns_of_addresses() {
    for (entry, inside, outside) in [
        ("192.0.2.7", &["192.0.2.7", "::ffff:192.0.2.7"][..], &["192.0.2.77", "::192.0.2.7"][..]),
        ("::ffff:192.0.2.7", &["192.0.2.7"], &["192.0.2.8"]),
        ("2001:DB8::7", &["2001:db8:0:0::7"], &["2001:db8::70", "192.0.2.7"]),
        ("[2001:db8::7]", &["2001:db8::7"], &["2001:db8::8"]),
        ("10.0.0.0/8", &["10.255.1.2", "::ffff:10.0.0.1"], &["11.0.0.0", "9.255.255.255"]),
        // bits behind the prefix length are ignored
        ("10.1.2.3/16", &["10.1.255.255"], &["10.2.0.0"]),
        ("192.0.2.7/32", &["192.0.2.7"], &["192.0.2.6"]),
        ("0.0.0.0/0", &["203.0.113.1"], &["2001:db8::1"]),
        ("::/0", &["2001:db8::1"], &["203.0.113.1"]),
        ("::ffff:10.0.0.0/104", &["10.9.9.9"], &["11.0.0.0"]),
        ("::ffff:0:0/96", &["203.0.113.1"], &["2001:db8::1"]),
        ("fd00::/8", &["fdff::1"], &["fe00::1", "10.0.0.1"]),
        ("[fd00::]/8", &["fdff::1"], &["fe00::1"]),
        ("2001:db8::1/128", &["2001:db8::1"], &["2001:db8::2"]),
        ("10.0.*", &["10.0.0.1", "10.0.255.255"], &["10.1.0.1", "110.0.0.1"]),
        ("10.*.*.5", &["10.1.2.5"], &["10.1.2.15", "10.1.2.6"]),
        ("*.5", &["10.1.2.5"], &["10.1.2.15", "10.1.5.2"]),
        ("192.0.2.1*", &["192.0.2.1", "192.0.2.100"], &["192.0.2.2"]),
        ("*", &["203.0.113.1", "2001:db8::1"], &[]),
        ("", &[], &["203.0.113.1", "::1"]),
        (" 192.0.2.7 ,, fd00::/8,", &["192.0.2.7", "fd00::1"], &["192.0.2.8"]),
    ] {
        for client in inside {
            assert!(has(entry, client), "{client} is in {entry:?}");
        }
        for client in outside {
            assert!(!has(entry, client), "{client} is not in {entry:?}");
        }
    }
}

#[test]
fn names_and_patterns_of_names_are_of_no_address() {
    // the owner of an address can give it a name that looks like another address
    let digits = list("10.0.*,*.5");
    assert!(digits.name_patterns.is_empty());
    let names = list("*.Example.com,gate-?way.invalid".replace('?', "_").as_str());
    assert_eq!((names.name_patterns.len(), names.hosts.len()), (1, 1));
    assert!(!names.has_address("10.0.0.1".parse().unwrap()));
    let pattern = &names.name_patterns[0];
    for (name, expected) in [
        ("a.example.com", true),
        ("a.b.example.com", true),
        ("example.com", false),
        ("a.example.com.attacker.test", false),
        ("aexample.com", false),
    ] {
        assert_eq!(pattern.matches(name), expected, "{name}");
    }
}

#[test]
fn stars_stand_for_any_text() {
    for (pattern, text, expected) in [
        ("a*b", "ab", true),
        ("a*b", "aXbXb", true),
        ("a*b", "aXbX", false),
        ("a*a", "a", false),
        ("*a*b*", "XXaYYbZZ", true),
        ("*a*b*", "XXbYYaZZ", false),
        ("a**c", "abc", true),
        ("*", "", true),
        ("abc", "abc", true),
        ("abc", "abcd", false),
    ] {
        assert_eq!(Pattern::new(pattern).matches(text), expected, "{pattern} {text}");
    }
}

#[test]
fn what_is_no_entry_is_named() {
    for entry in [
        "10.0.0.256",
        "10.0.0",
        "10.0.0.1.2",
        "010.0.0.1",
        "10.0..*",
        "10.0.0.0.*",
        "300.*",
        "10.0.0.0/33",
        "10.0.0.0/",
        "10.0.0.0/-1",
        "10.0.0.0/+8",
        "10.0.0.0/255.0.0.0",
        "10.0.0.0/8/8",
        "example.com/24",
        "fd00::/129",
        "::ffff:10.0.0.0/90",
        "fd00:*",
        "fd00::g",
        "fe80::1%eth0",
        "[10.0.0.1]",
        "[fd00::1",
        "host name",
        "-host..example",
        "host!",
        "b\u{fc}cher.example",
        "nul\0.example",
        "new\nline.example",
        "host.123",
    ] {
        let message = error(&format!("192.0.2.1,{entry}"));
        assert!(message.starts_with(&format!("{entry:?} ")), "{entry:?}: {message}");
    }
    let long = "x".repeat(64);
    assert!(error(&format!("{long}.example")).len() < 200);
}

#[test]
fn lists_are_bounded() {
    let many = |entry: &str, count: usize| vec![entry; count].join(",");
    assert!(ClientList::parse(&many("10.0.0.1", MAX_CLIENT_ENTRIES)).is_ok());
    assert!(error(&many("10.0.0.1", MAX_CLIENT_ENTRIES + 1)).contains("10000 entries"));
    assert!(ClientList::parse(&many("10.*", MAX_CLIENT_PATTERNS)).is_ok());
    assert!(error(&many("10.*", MAX_CLIENT_PATTERNS + 1)).contains("1000 entries"));
    assert!(error(&many("*.example", MAX_CLIENT_PATTERNS + 1)).contains("1000 entries"));
    assert!(ClientList::parse(&many("a.example", MAX_CLIENT_HOSTS)).is_ok());
    assert!(error(&many("a.example", MAX_CLIENT_HOSTS + 1)).contains("64 host names"));
    assert!(error(&" ".repeat(MAX_CLIENT_LIST_LEN + 1)).contains("megabyte"));
}

#[test]
fn what_is_blocked_is_refused_even_if_it_is_allowed() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let refusal = |allowed: &str, blocked: &str, client: &str| {
        let clients = Clients { allowed: list(allowed).into(), blocked: list(blocked).into() };
        runtime.block_on(clients.refusal(client.parse().unwrap()))
    };
    assert_eq!(refusal("*", "", "192.0.2.7"), None);
    assert!(refusal("*", "192.0.2.0/24", "192.0.2.7").unwrap().contains("BlockedClients"));
    assert!(refusal("*", "192.0.2.0/24", "::ffff:192.0.2.7").is_some());
    assert!(refusal("10.*", "", "192.0.2.7").unwrap().contains("AllowedClients"));
    assert!(refusal("", "", "192.0.2.7").unwrap().contains("AllowedClients"));
    assert!(refusal("192.0.2.7", "*", "192.0.2.7").is_some());
    assert_eq!(runtime.block_on(Clients::default().refusal("::1".parse().unwrap())), None);
}

#[test]
fn host_names_and_patterns_of_names_match_where_the_system_knows_them() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let contains =
        |text: &str, client: &str| runtime.block_on(list(text).contains(client.parse().unwrap()));
    assert!(contains("no-such-host.invalid,LocalHost.", "127.0.0.1"));
    assert!(contains("localhost", "::ffff:127.0.0.1"));
    assert!(!contains("localhost", "192.0.2.7"));
    assert!(!contains("no-such-host.invalid", "127.0.0.1"));
    assert!(!contains("*.no-such-domain.invalid", "127.0.0.1"));
}
