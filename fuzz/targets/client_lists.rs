//! Lists of clients: any text, and an address that is looked for in it, beside a second implementation
//! that looks at bits and letters one by one.

#![no_main]

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use libfuzzer_sys::fuzz_target;
use sshserver::driver::ClientList;
use sshserver_fuzz::Input;

fuzz_target!(|data: &[u8]| {
    let mut input = Input(data);
    let kind = input.byte();
    let client = address(kind, &mut input);
    let text = String::from_utf8_lossy(input.0).into_owned();
    // the address itself, and a prefix of it, are among what is written
    let own = match kind >> 4 {
        0 => format!("{client},"),
        1 => format!("{client}/{},", kind & 15),
        _ => String::new(),
    };
    let text = own + &text;
    match ClientList::parse(&text) {
        Ok(list) => assert_eq!(
            list.has_address(client.to_canonical()),
            has(&text, client),
            "{client} {text:?}"
        ),
        Err(error) => {
            let message = error.to_string();
            assert!(message.len() < 1000 && !message.contains(char::is_control), "{message:?}");
        }
    }
});

fn address(kind: u8, input: &mut Input<'_>) -> IpAddr {
    let mut bytes = [0; 16];
    for (byte, given) in bytes.iter_mut().zip(input.bytes(16)) {
        *byte = *given;
    }
    let [a, b, c, d, ..] = bytes;
    let ipv4 = Ipv4Addr::new(a, b, c, d);
    match kind % 3 {
        0 => IpAddr::V4(ipv4),
        1 => IpAddr::V6(Ipv6Addr::from(bytes)),
        _ => IpAddr::V6(ipv4.to_ipv6_mapped()),
    }
}

/// Whether a list that was taken has an address.
fn has(text: &str, client: IpAddr) -> bool {
    let client = client.to_canonical();
    text.split(',').map(str::trim).filter(|entry| !entry.is_empty()).any(|entry| {
        if let Some((prefix, len)) = entry.split_once('/') {
            let len: usize = len.parse().expect("a length");
            let prefix = read(prefix).expect("an address");
            // the prefix of an IPv4-mapped address counts as it is written
            let same =
                |a: &[bool], b: &[bool]| a.len() >= len && b.len() >= len && a[..len] == b[..len];
            return match (prefix, client) {
                (IpAddr::V6(prefix), IpAddr::V4(client)) => {
                    prefix.to_ipv4_mapped().is_some()
                        && same(&bits(&prefix.octets()), &bits(&client.to_ipv6_mapped().octets()))
                }
                (IpAddr::V4(prefix), IpAddr::V4(client)) => {
                    same(&bits(&prefix.octets()), &bits(&client.octets()))
                }
                (IpAddr::V6(prefix), IpAddr::V6(client)) => {
                    same(&bits(&prefix.octets()), &bits(&client.octets()))
                }
                (IpAddr::V4(_), IpAddr::V6(_)) => false,
            };
        }
        if let Some(address) = read(entry) {
            return address.to_canonical() == client;
        }
        let of_digits = entry.bytes().all(|byte| byte.is_ascii_digit() || b".*".contains(&byte));
        entry == "*"
            || (of_digits
                && client.is_ipv4()
                && matches(entry.as_bytes(), client.to_string().as_bytes()))
    })
}

fn read(text: &str) -> Option<IpAddr> {
    let inner = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
    match inner {
        Some(inner) => inner.parse().ok().map(IpAddr::V6),
        None => text.parse().ok(),
    }
}

fn bits(octets: &[u8]) -> Vec<bool> {
    octets.iter().flat_map(|octet| (0..8).rev().map(move |bit| octet >> bit & 1 == 1)).collect()
}

/// Letter by letter: what of the pattern may come next after each letter of the text.
fn matches(pattern: &[u8], text: &[u8]) -> bool {
    let mut reached = vec![false; pattern.len() + 1];
    reached[0] = true;
    let stars = |reached: &mut Vec<bool>| {
        for at in 0..pattern.len() {
            reached[at + 1] |= reached[at] && pattern[at] == b'*';
        }
    };
    stars(&mut reached);
    for letter in text {
        let before = reached.clone();
        for at in 0..=pattern.len() {
            let literal = at > 0 && before[at - 1] && pattern[at - 1] == *letter;
            let star = at < pattern.len() && before[at] && pattern[at] == b'*';
            reached[at] = literal || star;
        }
        stars(&mut reached);
    }
    reached[pattern.len()]
}
