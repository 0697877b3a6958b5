//! Opens the port. Names are looked up without blocking a thread of the runtime; the socket is bound
//! exclusively, so that a second server on the port is an error and not a lottery.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::TcpListener;

/// Where to listen.
#[derive(Debug, Clone)]
pub struct Listen {
    /// A name, an address, or nothing for all IPv4 addresses.
    pub host: String,
    /// 0 has the operating system choose.
    pub port: u16,
    /// Connections that the operating system holds until they are accepted.
    pub backlog: u16,
}

/// Why the port could not be opened.
#[derive(Debug)]
pub enum ListenError {
    /// The name has no address.
    HostNotFound(String),
    /// The operating system refused.
    Io(io::Error),
}

impl From<io::Error> for ListenError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl Listen {
    /// Opens the port; has to be called on the runtime.
    pub(super) async fn open(&self) -> Result<(TcpListener, SocketAddr), ListenError> {
        let address = SocketAddr::new(self.resolve().await?, self.port);
        let listener = bind_exclusively(address, self.backlog)?;
        let bound = listener.local_addr()?;
        Ok((listener, bound))
    }

    async fn resolve(&self) -> Result<IpAddr, ListenError> {
        let host = self.host.trim();
        if host.is_empty() {
            return Ok(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        }
        // A literal may carry the brackets of a URL.
        let literal = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        if let Ok(address) = literal.unwrap_or(host).parse() {
            return Ok(address);
        }
        let not_found = || ListenError::HostNotFound(host.to_owned());
        let found = tokio::net::lookup_host((host, self.port)).await;
        let addresses: Vec<IpAddr> = found.map_err(|_| not_found())?.map(|a| a.ip()).collect();
        let first_ipv4 = addresses.iter().find(|address| address.is_ipv4());
        first_ipv4.or(addresses.first()).copied().ok_or_else(not_found)
    }
}

/// Listens on an address that nobody else listens on; has to be called on the runtime.
pub(super) fn bind_exclusively(address: SocketAddr, backlog: u16) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    // On Unix this only lets a port be used again while connections of the last run linger; two
    // listeners still exclude each other. On Windows it would let anybody take the port over.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(i32::from(backlog))?;
    TcpListener::from_std(socket.into())
}
