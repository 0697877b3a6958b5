//! The host names in a list of clients, and the names of clients. A host name of the list stands for its
//! addresses, which are looked up now and then. The name of a client comes from the owner of its address (a
//! PTR record), so it counts only if its own forward look-up has this address.

use std::net::{IpAddr, ToSocketAddrs};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::sync::Semaphore;

use crate::driver::lookup;
use crate::limits::{CLIENT_HOST_RETRY_TIME, CLIENT_HOST_TIME, MAX_CLIENT_LOOKUPS};

static LOOKUPS: Semaphore = Semaphore::const_new(MAX_CLIENT_LOOKUPS);

/// A host name of a list.
#[derive(Debug)]
pub(super) struct Host {
    name: String,
    found: Mutex<Option<Found>>,
    /// Held during a look-up, so that clients that connect meanwhile do not begin another.
    asking: tokio::sync::Mutex<()>,
}

#[derive(Debug)]
struct Found {
    addresses: Vec<IpAddr>,
    at: Instant,
    time: Duration,
}

impl Found {
    fn is_fresh(&self) -> bool {
        self.at.elapsed() < self.time
    }
}

impl Host {
    pub(super) fn new(name: String) -> Self {
        Self { name, found: Mutex::default(), asking: tokio::sync::Mutex::default() }
    }

    /// Whether the name is known to have this address, from a look-up that is not too old.
    pub(super) fn is_known_at(&self, address: IpAddr) -> bool {
        let found = self.found.lock();
        found.as_ref().is_some_and(|found| found.is_fresh() && found.addresses.contains(&address))
    }

    /// Whether the name had this address at its last successful look-up.
    pub(super) fn was_at(&self, address: IpAddr) -> bool {
        self.found.lock().as_ref().is_some_and(|found| found.addresses.contains(&address))
    }

    /// Whether the name has this address. A caller that gives up waiting does not change what is known.
    pub(super) async fn is_at(&self, address: IpAddr) -> bool {
        let _one_at_a_time = self.asking.lock().await;
        if !self.found.lock().as_ref().is_some_and(Found::is_fresh) {
            let answer = addresses_of(self.name.clone()).await;
            let mut found = self.found.lock();
            let (addresses, time) = match answer {
                Some(addresses) => (addresses, CLIENT_HOST_TIME),
                // A failed look-up changes nothing: name servers may be out of order for a while.
                None => {
                    let known = found.take().map(|found| found.addresses);
                    (known.unwrap_or_default(), CLIENT_HOST_RETRY_TIME)
                }
            };
            *found = Some(Found { addresses, at: Instant::now(), time });
        }
        self.was_at(address)
    }
}

/// The name of a client, if a look-up of that name has the client's address.
pub(super) async fn name_of(client: IpAddr) -> Option<String> {
    let permit = LOOKUPS.acquire().await.ok()?;
    let name = lookup::ask(permit, move || dns_lookup::lookup_addr(&client)).await.ok()?.ok()?;
    let name = name.strip_suffix('.').unwrap_or(&name).to_ascii_lowercase();
    // The owner of an address can write anything into its PTR record.
    if !is_name(&name) || name.contains('*') {
        return None;
    }
    addresses_of(name.clone()).await?.contains(&client).then_some(name)
}

/// The addresses of a name; `None` if there are none, or if the look-up failed.
async fn addresses_of(name: String) -> Option<Vec<IpAddr>> {
    let permit = LOOKUPS.acquire().await.ok()?;
    let found = lookup::ask(permit, move || (name, 0_u16).to_socket_addrs()).await.ok()?.ok()?;
    let addresses: Vec<IpAddr> = found.map(|found| found.ip().to_canonical()).collect();
    (!addresses.is_empty()).then_some(addresses)
}

/// Whether a text is a host name (RFC 1123 section 2.1), with the underscores that occur in practice and
/// the stars of a pattern. A text whose last label has only digits is an address.
pub(super) fn is_name(text: &str) -> bool {
    let label = |label: &str| {
        let inside = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'*');
        (1..=63).contains(&label.len()) && label.bytes().all(inside)
    };
    let last = text.rsplit('.').next().unwrap_or_default();
    text.len() <= 253
        && text.split('.').all(label)
        && !last.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_runtime<T>(test: impl AsyncFnOnce() -> T) -> T {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(test())
    }

    #[test]
    fn a_host_is_looked_up_once_and_then_known() {
        let loopback: IpAddr = "127.0.0.1".parse().unwrap();
        let other: IpAddr = "192.0.2.7".parse().unwrap();
        let host = Host::new("localhost".to_owned());
        assert!(!host.is_known_at(loopback), "nobody has asked yet");
        with_runtime(async || {
            assert!(host.is_at(loopback).await);
            assert!(!host.is_at(other).await);
        });
        assert!(host.is_known_at(loopback));
        assert!(!host.is_known_at(other));
    }

    #[test]
    fn addresses_are_kept_while_the_name_cannot_be_looked_up() {
        let address: IpAddr = "192.0.2.7".parse().unwrap();
        // RFC 2606: no host has this name. The addresses that were found before are out of date.
        let host = Host::new("host.invalid".to_owned());
        with_runtime(async || {
            assert!(!host.is_at(address).await);
            *host.found.lock() = Some(out_of_date(address));
            assert!(!host.is_known_at(address));
            assert!(host.is_at(address).await);
        });
    }

    #[test]
    fn addresses_are_kept_when_nobody_waits_for_the_look_up_any_more() {
        let address: IpAddr = "192.0.2.7".parse().unwrap();
        let host = Host::new("host.invalid".to_owned());
        *host.found.lock() = Some(out_of_date(address));
        with_runtime(async || {
            let mut asked = std::pin::pin!(host.is_at(address));
            std::future::poll_fn(|context| {
                // The look-up is under way, or has ended already; in either case this future is dropped
                // now.
                let _ = asked.as_mut().poll(context);
                std::task::Poll::Ready(())
            })
            .await;
        });
        assert!(host.was_at(address));
    }

    fn out_of_date(address: IpAddr) -> Found {
        Found { addresses: vec![address], at: Instant::now(), time: Duration::ZERO }
    }
}
