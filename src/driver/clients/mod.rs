//! The lists of clients that may connect: addresses and names of AllowedClients and BlockedClients. An
//! address is compared with prefixes and patterns at once. Names are looked up when a client connects: the
//! host names of the list and, if the list has patterns of names, the name of the client (`names.rs`).

mod names;

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use tokio::task::JoinSet;
use tokio::time::timeout;

use self::names::{Host, is_name, name_of};
use crate::limits::{
    CLIENT_LOOKUP_TIME, MAX_CLIENT_ENTRIES, MAX_CLIENT_HOSTS, MAX_CLIENT_LIST_LEN,
    MAX_CLIENT_PATTERNS, MAX_QUOTED_LEN,
};

/// Who may connect.
#[derive(Debug, Clone)]
pub struct Clients {
    /// The only clients that may connect.
    pub allowed: Arc<ClientList>,
    /// Clients that may not connect.
    pub blocked: Arc<ClientList>,
}

impl Default for Clients {
    fn default() -> Self {
        let everybody =
            ClientList { text: "*".to_owned(), everybody: true, ..ClientList::default() };
        Self { allowed: Arc::new(everybody), blocked: Arc::default() }
    }
}

impl Clients {
    /// Why a client may not connect, if it may not.
    pub(super) async fn refusal(&self, client: IpAddr) -> Option<&'static str> {
        if self.blocked.contains(client).await {
            Some("it is in BlockedClients")
        } else if self.allowed.contains(client).await {
            None
        } else {
            Some("it is not in AllowedClients")
        }
    }
}

/// A list of clients: addresses, prefixes, patterns and host names.
#[derive(Debug, Default)]
pub struct ClientList {
    /// The list as it was written.
    text: String,
    everybody: bool,
    /// Addresses and masks.
    ipv4: Vec<(u32, u32)>,
    ipv6: Vec<(u128, u128)>,
    address_patterns: Vec<Pattern>,
    name_patterns: Arc<Vec<Pattern>>,
    hosts: Vec<Arc<Host>>,
}

/// Why a text is no list of clients.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientListError {
    entry: String,
    why: &'static str,
}

impl fmt::Display for ClientListError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.entry.is_empty() {
            f.write_str(self.why)
        } else {
            write!(f, "{:?} {}", self.entry, self.why)
        }
    }
}

impl std::error::Error for ClientListError {}

impl ClientList {
    /// Parses entries separated by commas; empty entries are ignored.
    pub fn parse(text: &str) -> Result<Self, ClientListError> {
        let whole = |why| ClientListError { entry: String::new(), why };
        if text.len() > MAX_CLIENT_LIST_LEN {
            return Err(whole("The list is longer than a megabyte."));
        }
        let mut list = Self { text: text.to_owned(), ..Self::default() };
        let mut patterns = Vec::new();
        let mut entries: usize = 0;
        for entry in text.split(',').map(str::trim).filter(|entry| !entry.is_empty()) {
            entries = entries.saturating_add(1);
            if entries > MAX_CLIENT_ENTRIES {
                return Err(whole("The list has more than 10000 entries."));
            }
            let wrong = |why| {
                let entry = entry.chars().take(MAX_QUOTED_LEN).collect();
                ClientListError { entry, why }
            };
            list.add(entry, &mut patterns).map_err(wrong)?;
            if patterns.len().saturating_add(list.address_patterns.len()) > MAX_CLIENT_PATTERNS {
                return Err(whole("The list has more than 1000 entries with *."));
            }
            if list.hosts.len() > MAX_CLIENT_HOSTS {
                return Err(whole("The list has more than 64 host names."));
            }
        }
        list.name_patterns = Arc::new(patterns);
        Ok(list)
    }

    /// The list as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    fn add(&mut self, entry: &str, names: &mut Vec<Pattern>) -> Result<(), &'static str> {
        if entry == "*" {
            self.everybody = true;
            return Ok(());
        }
        if let Some((address, len)) = entry.split_once('/') {
            let address = literal(address).ok_or("does not begin with an address.")?;
            return self.add_prefix(address, len);
        }
        if let Some(address) = literal(entry) {
            self.add_address(address);
            return Ok(());
        }
        if entry.contains(':') {
            return Err("is no IPv6 address; several of them are a prefix, as in fd00::/8.");
        }
        let looks_like_address =
            entry.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'*'));
        if looks_like_address {
            if !is_address_pattern(entry) {
                return Err("is no IPv4 address, and no pattern of any.");
            }
            self.address_patterns.push(Pattern::new(entry));
            return Ok(());
        }
        let name = entry.strip_suffix('.').unwrap_or(entry).to_ascii_lowercase();
        if !is_name(&name) {
            return Err("is neither an address nor a host name.");
        }
        if name.contains('*') {
            names.push(Pattern::new(&name));
        } else {
            self.hosts.push(Arc::new(Host::new(name)));
        }
        Ok(())
    }

    fn add_address(&mut self, address: IpAddr) {
        match address.to_canonical() {
            IpAddr::V4(address) => self.ipv4.push((address.to_bits(), u32::MAX)),
            IpAddr::V6(address) => self.ipv6.push((address.to_bits(), u128::MAX)),
        }
    }

    /// Bits behind the prefix length are ignored.
    fn add_prefix(&mut self, address: IpAddr, len: &str) -> Result<(), &'static str> {
        let bad = "does not have the length of a prefix behind the slash.";
        let digits = !len.is_empty() && len.bytes().all(|byte| byte.is_ascii_digit());
        let len: u32 = len.parse().ok().filter(|_| digits).ok_or(bad)?;
        match (address, mapped(address)) {
            // A prefix of IPv4-mapped addresses is one of IPv4 addresses.
            (IpAddr::V6(_), Some(address)) if (96..=128).contains(&len) => {
                self.add_ipv4(address, len.saturating_sub(96));
            }
            (IpAddr::V4(address), _) if len <= 32 => self.add_ipv4(address.to_bits(), len),
            (IpAddr::V6(address), None) if len <= 128 => {
                let mask = u128::MAX.checked_shl(128_u32.saturating_sub(len)).unwrap_or(0);
                self.ipv6.push((address.to_bits() & mask, mask));
            }
            _ => return Err(bad),
        }
        Ok(())
    }

    fn add_ipv4(&mut self, address: u32, len: u32) {
        let mask = u32::MAX.checked_shl(32_u32.saturating_sub(len)).unwrap_or(0);
        self.ipv4.push((address & mask, mask));
    }

    /// Whether a client is in the list. Looks names up only if addresses do not decide, and waits at most
    /// [`CLIENT_LOOKUP_TIME`]; then the last known addresses of the hosts decide.
    async fn contains(&self, client: IpAddr) -> bool {
        let client = client.to_canonical();
        if self.has_address(client) || self.hosts.iter().any(|host| host.is_known_at(client)) {
            return true;
        }
        if self.hosts.is_empty() && self.name_patterns.is_empty() {
            return false;
        }
        let known = |_| self.hosts.iter().any(|host| host.was_at(client));
        timeout(CLIENT_LOOKUP_TIME, self.has_name(client)).await.unwrap_or_else(known)
    }

    /// Whether the list has a client's address, in its canonical form, whatever its name is.
    pub fn has_address(&self, client: IpAddr) -> bool {
        let in_prefix = match client {
            IpAddr::V4(client) => {
                let client = client.to_bits();
                self.ipv4.iter().any(|(address, mask)| client & mask == *address)
            }
            IpAddr::V6(client) => {
                let client = client.to_bits();
                self.ipv6.iter().any(|(address, mask)| client & mask == *address)
            }
        };
        if self.everybody || in_prefix {
            return true;
        }
        // Patterns of addresses match IPv4 addresses only.
        if self.address_patterns.is_empty() || client.is_ipv6() {
            return false;
        }
        let text = client.to_string();
        self.address_patterns.iter().any(|pattern| pattern.matches(&text))
    }

    async fn has_name(&self, client: IpAddr) -> bool {
        let mut asked = JoinSet::new();
        for host in &self.hosts {
            let host = Arc::clone(host);
            asked.spawn(async move { host.is_at(client).await });
        }
        if !self.name_patterns.is_empty() {
            let patterns = Arc::clone(&self.name_patterns);
            asked.spawn(async move {
                let name = name_of(client).await;
                name.is_some_and(|name| patterns.iter().any(|pattern| pattern.matches(&name)))
            });
        }
        while let Some(answer) = asked.join_next().await {
            if answer.unwrap_or(false) {
                return true;
            }
        }
        false
    }
}

/// An address, with or without the brackets of a URL.
fn literal(text: &str) -> Option<IpAddr> {
    let inner = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    match inner {
        Some(inner) => inner.parse::<Ipv6Addr>().ok().map(IpAddr::V6),
        None => text.parse().ok(),
    }
}

/// The IPv4 address in an IPv4-mapped one.
fn mapped(address: IpAddr) -> Option<u32> {
    match address {
        IpAddr::V4(_) => None,
        IpAddr::V6(address) => address.to_ipv4_mapped().map(|address| address.to_bits()),
    }
}

/// Whether digits, dots and stars can match any address: a typing error must not pass for a pattern that
/// matches no client.
fn is_address_pattern(text: &str) -> bool {
    let parts: Vec<&str> = text.split('.').collect();
    let good = |part: &&str| {
        let number = || part.parse::<u8>().is_ok_and(|number| number.to_string() == **part);
        if part.contains('*') { part.len() <= 7 } else { number() }
    };
    text.contains('*') && parts.len() <= 4 && parts.iter().all(good)
}

/// A pattern with stars, each of which matches any text. Matching takes time in proportion to the text and
/// to the pattern.
#[derive(Debug)]
struct Pattern {
    /// The parts before, between and after the stars.
    parts: Vec<Box<str>>,
}

impl Pattern {
    fn new(text: &str) -> Self {
        Self { parts: text.split('*').map(Into::into).collect() }
    }

    fn matches(&self, text: &str) -> bool {
        let Some((first, rest)) = self.parts.split_first() else {
            return false;
        };
        let Some(mut left) = text.strip_prefix(&**first) else {
            return false;
        };
        let Some((last, between)) = rest.split_last() else {
            return left.is_empty();
        };
        for part in between {
            // The first match is the best: it leaves the most text for the parts that follow.
            let Some((_, after)) = left.split_once(&**part) else {
                return false;
            };
            left = after;
        }
        left.ends_with(&**last)
    }
}

#[cfg(test)]
mod tests;
