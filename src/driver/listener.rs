//! Opens the port, with one socket for each address. Host names are looked up without blocking a thread of
//! the runtime. Unless the port is to be shared, it is bound exclusively, so that a second server on it is
//! an error and does not take some of the connections.

use std::future::poll_fn;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};
use std::task::Poll;

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::TcpListener;

#[cfg(windows)]
use super::io::raw_socket;
use super::io::socket::{Accepted, Listener};
use super::lookup;
use super::os_error;

/// With port 0 and two families: attempts to find a port that is free in both.
const PORT_TRIES: u32 = 8;

/// Where to listen.
#[derive(Debug, Clone)]
pub struct Listen {
    /// A name, an address, or nothing for all addresses.
    pub host: String,
    /// The port; 0 has the operating system choose one.
    pub port: u16,
    /// Connections that the operating system holds until they are accepted (the backlog).
    pub backlog: u16,
    /// The families of the addresses of `host` to listen on.
    pub families: Families,
    /// Whether the port is bound exclusively; else sockets that ask for sharing, too, can listen on it.
    pub exclusive: bool,
}

impl Default for Listen {
    /// All IPv4 addresses, exclusively, on a port that the operating system chooses.
    fn default() -> Self {
        let families = Families::default();
        Self { host: String::new(), port: 0, backlog: 511, families, exclusive: true }
    }
}

/// Families of addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Families {
    /// IPv4 only.
    #[default]
    Ipv4,
    /// IPv6 only.
    Ipv6,
    /// Both; where the system has no IPv6, IPv4 only.
    Both,
}

impl Families {
    fn have(self, address: IpAddr) -> bool {
        match self {
            Self::Ipv4 => address.is_ipv4(),
            Self::Ipv6 => address.is_ipv6(),
            Self::Both => true,
        }
    }
}

/// Why the port could not be opened.
#[derive(Debug)]
pub enum ListenError {
    /// The name has no address.
    HostNotFound(String),
    /// The name, or the address, has no address of these families.
    OtherFamily(String, Families),
    /// The operating system refused.
    Io(io::Error),
}

impl From<io::Error> for ListenError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// The open port.
#[derive(Debug)]
pub(super) struct Listeners {
    sockets: Vec<Listener>,
    /// The listener to try first, round-robin: a flood of one family must not keep the other out.
    turn: usize,
}

impl Listeners {
    pub(super) async fn accept(&mut self) -> io::Result<(Accepted, SocketAddr)> {
        self.turn = self.turn.wrapping_add(1);
        let (before, after) = match self.turn.checked_rem(self.sockets.len()) {
            Some(turn) => self.sockets.split_at(turn),
            None => (&*self.sockets, &[][..]),
        };
        poll_fn(|context| {
            let mut sockets = after.iter().chain(before);
            let accepted = sockets.find_map(|socket| match socket.poll_accept(context) {
                Poll::Ready(accepted) => Some(accepted),
                Poll::Pending => None,
            });
            accepted.map_or(Poll::Pending, Poll::Ready)
        })
        .await
    }
}

impl Listen {
    /// Opens the port; has to be called on the runtime. Returns the listeners and the address of the first.
    pub(super) async fn open(&self) -> Result<(Listeners, SocketAddr), ListenError> {
        let addresses = self.resolve().await?;
        let sockets = self.bind(&addresses)?;
        let first = sockets.first().ok_or(io::ErrorKind::AddrNotAvailable).map_err(io::Error::from);
        let bound = first?.local_addr()?;
        Ok((Listeners { sockets, turn: 0 }, bound))
    }

    /// One address of each family at most, IPv4 first.
    async fn resolve(&self) -> Result<Vec<SocketAddr>, ListenError> {
        let host = self.host.trim();
        // An address literal may have the brackets of a URL.
        let literal = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        let literal = literal.unwrap_or(host);
        let found: Vec<SocketAddr> = if host.is_empty() {
            both(Ipv4Addr::UNSPECIFIED, Ipv6Addr::UNSPECIFIED).into()
        } else if host.eq_ignore_ascii_case("localhost") {
            // RFC 6761 section 6.3: `localhost` is the loopback address, whatever name servers say
            both(Ipv4Addr::LOCALHOST, Ipv6Addr::LOCALHOST).into()
        } else if let Ok(address) = literal.parse::<IpAddr>() {
            vec![SocketAddr::new(address.to_canonical(), 0)]
        } else {
            // A look-up also resolves an address with a zone, such as `fe80::1%eth0`.
            let name = literal.to_owned();
            let asked = lookup::ask((), move || {
                (name.as_str(), 0).to_socket_addrs().map(Vec::from_iter).unwrap_or_default()
            });
            asked.await?
        };
        if found.is_empty() {
            return Err(ListenError::HostNotFound(host.to_owned()));
        }
        let wanted = |address: &&SocketAddr| self.families.have(address.ip());
        let ipv4 = found.iter().filter(wanted).find(|address| address.is_ipv4());
        let ipv6 = found.iter().filter(wanted).find(|address| address.is_ipv6());
        let addresses: Vec<SocketAddr> = ipv4.into_iter().chain(ipv6).copied().collect();
        if addresses.is_empty() {
            return Err(ListenError::OtherFamily(host.to_owned(), self.families));
        }
        Ok(addresses)
    }

    fn bind(&self, addresses: &[SocketAddr]) -> io::Result<Vec<Listener>> {
        let mut tries = 1;
        loop {
            match self.bind_once(addresses) {
                Err(error)
                    if self.port == 0
                        && addresses.len() > 1
                        && error.kind() == io::ErrorKind::AddrInUse
                        && tries < PORT_TRIES =>
                {
                    tries = tries.saturating_add(1);
                }
                result => return result,
            }
        }
    }

    /// Binds the same port on each address.
    fn bind_once(&self, addresses: &[SocketAddr]) -> io::Result<Vec<Listener>> {
        let mut port = self.port;
        let mut sockets = Vec::new();
        for address in addresses {
            let mut address = *address;
            address.set_port(port);
            match bind(address, self.backlog, self.exclusive).and_then(Listener::new) {
                Ok(socket) => {
                    port = socket.local_addr()?.port();
                    sockets.push(socket);
                }
                Err(error) if !sockets.is_empty() && is_lacking(&error) && !has_ipv6() => {}
                Err(error) => return Err(error),
            }
        }
        Ok(sockets)
    }
}

fn both(ipv4: Ipv4Addr, ipv6: Ipv6Addr) -> [SocketAddr; 2] {
    [SocketAddr::new(ipv4.into(), 0), SocketAddr::new(ipv6.into(), 0)]
}

/// Whether binding has failed because this machine lacks the address: its family is not supported, or no
/// interface has it.
pub(super) fn is_lacking(error: &io::Error) -> bool {
    matches!(os_error::number(error), 10043 | 10047 | 10049)
}

fn has_ipv6() -> bool {
    let address = SocketAddr::new(Ipv6Addr::LOCALHOST.into(), 0);
    let socket = Socket::new(Domain::IPV6, Type::STREAM, Some(Protocol::TCP));
    socket.and_then(|socket| socket.bind(&address.into())).is_ok()
}

/// Listens exclusively on an address; has to be called on the runtime.
pub(super) fn bind_exclusively(address: SocketAddr, backlog: u16) -> io::Result<TcpListener> {
    TcpListener::from_std(bind(address, backlog, true)?.into())
}

fn bind(address: SocketAddr, backlog: u16, exclusive: bool) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    // On Unix SO_REUSEADDR only lets a port be used again while connections of the last run are in
    // TIME_WAIT; two listeners still exclude each other. On Windows it would let any process take the port
    // over.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    if exclusive {
        #[cfg(windows)]
        raw_socket::set_exclusive(&socket)?;
    } else {
        #[cfg(unix)]
        socket.set_reuse_port(true)?;
        #[cfg(windows)]
        socket.set_reuse_address(true)?;
    }
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(i32::from(backlog))?;
    Ok(socket)
}
