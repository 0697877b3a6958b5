//! The settings about who may connect, where the server listens and the sockets, with their defaults.

use std::sync::Arc;
use std::time::Duration;

use crate::driver::{self, ClientList, ClientListError, Families, SocketOptions};

/// Who may connect, and the sockets.
#[derive(Debug)]
pub(super) struct Sockets {
    pub(super) allowed: Clients,
    pub(super) blocked: Clients,
    pub(super) exclusive: bool,
    pub(super) families: Families,
    /// Bytes; 0 for what the system has.
    pub(super) in_buffer: u32,
    pub(super) out_buffer: u32,
    /// Milliseconds; 0 for what the system has.
    pub(super) keep_alive_time: u32,
    pub(super) keep_alive_interval: u32,
    pub(super) no_delay: bool,
    /// Seconds; 0 for no limit.
    pub(super) handshake_timeout: u32,
}

/// A list of clients, as it was set and as it is used.
#[derive(Debug)]
pub(super) struct Clients {
    pub(super) text: String,
    list: Arc<ClientList>,
}

impl Clients {
    pub(super) fn parse(text: &str) -> Result<Self, ClientListError> {
        let list = Arc::new(ClientList::parse(text)?);
        Ok(Self { text: text.to_owned(), list })
    }
}

impl Default for Sockets {
    fn default() -> Self {
        let driver::Clients { allowed, blocked } = driver::Clients::default();
        Self {
            allowed: Clients { text: "*".to_owned(), list: allowed },
            blocked: Clients { text: String::new(), list: blocked },
            exclusive: true,
            families: Families::Ipv4,
            in_buffer: 0,
            out_buffer: 0,
            keep_alive_time: 0,
            keep_alive_interval: 0,
            no_delay: false,
            handshake_timeout: 0,
        }
    }
}

impl Sockets {
    /// Who may connect.
    pub(super) fn clients(&self) -> driver::Clients {
        let (allowed, blocked) = (Arc::clone(&self.allowed.list), Arc::clone(&self.blocked.list));
        driver::Clients { allowed, blocked }
    }

    /// What sockets of connections get.
    pub(super) fn options(&self) -> SocketOptions {
        SocketOptions {
            receive_buffer: Some(self.in_buffer).filter(|len| *len > 0),
            send_buffer: Some(self.out_buffer).filter(|len| *len > 0),
            keep_alive_time: milliseconds(self.keep_alive_time),
            keep_alive_interval: milliseconds(self.keep_alive_interval),
            no_delay: self.no_delay,
        }
    }
}

/// A documented number of milliseconds; 0 stands for none.
fn milliseconds(number: u32) -> Option<Duration> {
    (number > 0).then(|| Duration::from_millis(u64::from(number)))
}
