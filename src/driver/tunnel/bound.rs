//! The listening sockets of a reverse tunnel (RFC 4254 section 7.1, `streamlocal-forward@openssh.com`).

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use super::lookup::resolve;
use super::stream::Stream;
use crate::driver::listener::{bind_exclusively, is_lacking};
use crate::driver::op_error::TunnelFailure;
use crate::engine::Place;

/// Connections that the operating system holds until they are accepted.
const BACKLOG: u16 = 128;

/// With port 0 and several addresses: attempts to find a port that is free on all of them.
const ATTEMPTS: usize = 16;

/// The listening sockets of a reverse tunnel, and their port.
#[derive(Debug)]
pub(in crate::driver) struct Bound {
    pub(super) sockets: Vec<Socket>,
    pub(super) port: u16,
}

/// A listening socket.
#[derive(Debug)]
pub(super) enum Socket {
    Tcp(TcpListener),
    #[cfg(unix)]
    Unix(unix::Listener),
}

impl Socket {
    pub(super) fn poll_accept(
        &self,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<(Stream, Option<SocketAddr>)>> {
        match self {
            Self::Tcp(listener) => listener.poll_accept(cx).map_ok(|(stream, peer)| {
                // TCP_NODELAY is about speed only.
                let _ = stream.set_nodelay(true);
                (Stream::Tcp(stream), Some(peer))
            }),
            #[cfg(unix)]
            Self::Unix(listener) => {
                listener.poll_accept(cx).map_ok(|stream| (Stream::Unix(stream), None))
            }
        }
    }
}

/// Binds the sockets of a reverse tunnel and listens on them.
pub(super) async fn listen(
    lookups: &Arc<Semaphore>,
    place: &Place,
) -> Result<Bound, TunnelFailure> {
    match place {
        Place::Tcp { address, port } => {
            let addresses = addresses(lookups, address).await?;
            for _ in 1..ATTEMPTS {
                match bind_all(&addresses, *port) {
                    // The port that the system chose for the first address is in use on another one.
                    Err(error) if *port == 0 && error.kind() == io::ErrorKind::AddrInUse => {}
                    result => return Ok(result?),
                }
            }
            Ok(bind_all(&addresses, *port)?)
        }
        #[cfg(unix)]
        Place::Unix { path } => {
            let sockets = vec![Socket::Unix(unix::Listener::bind(path)?)];
            Ok(Bound { sockets, port: 0 })
        }
        #[cfg(not(unix))]
        Place::Unix { .. } => Err(io::Error::from(io::ErrorKind::Unsupported).into()),
    }
}

/// The addresses that the address of a request stands for (RFC 4254 section 7.1).
async fn addresses(lookups: &Arc<Semaphore>, address: &str) -> Result<Vec<IpAddr>, TunnelFailure> {
    Ok(match address {
        "" | "*" => vec![Ipv4Addr::UNSPECIFIED.into(), Ipv6Addr::UNSPECIFIED.into()],
        "localhost" => vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()],
        name => {
            let mut found: Vec<IpAddr> =
                resolve(lookups, name, 0).await?.into_iter().map(|found| found.ip()).collect();
            found.sort();
            found.dedup();
            found
        }
    })
}

/// Binds the same port on every address; an address whose family this machine lacks is left out.
fn bind_all(addresses: &[IpAddr], mut port: u16) -> io::Result<Bound> {
    let mut sockets = Vec::new();
    let mut lacking = None;
    for address in addresses {
        match bind_exclusively(SocketAddr::new(*address, port), BACKLOG) {
            Ok(listener) => {
                port = listener.local_addr()?.port();
                sockets.push(Socket::Tcp(listener));
            }
            Err(error) if is_lacking(&error) => lacking = Some(error),
            Err(error) => return Err(error),
        }
    }
    match lacking {
        Some(error) if sockets.is_empty() => Err(error),
        Some(_) | None => Ok(Bound { sockets, port }),
    }
}

#[cfg(unix)]
mod unix {
    //! A Unix domain socket whose path is removed when the listener is dropped.

    use std::fs::{self, File, Permissions};
    use std::io;
    use std::os::fd::OwnedFd;
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    use std::path::{Path, PathBuf};
    use std::task::{Context, Poll};

    use socket2::{Domain, SockAddr, Socket, Type};
    use tokio::net::{UnixListener, UnixStream};

    /// A listener that is bound to a path.
    #[derive(Debug)]
    pub(in crate::driver::tunnel) struct Listener {
        listener: UnixListener,
        path: PathBuf,
        /// Device and inode: later the path may belong to a file of another process.
        file: (u64, u64),
    }

    impl Listener {
        /// Binds; an existing path is an error, whatever it is. Only this user may connect.
        pub(super) fn bind(path: &str) -> io::Result<Self> {
            let path = PathBuf::from(path);
            let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
            // On Linux the file gets the mode of the socket, so it is never open to others.
            let file = File::from(OwnedFd::from(socket));
            file.set_permissions(Permissions::from_mode(0o600))?;
            let socket = Socket::from(OwnedFd::from(file));
            socket.bind(&SockAddr::unix(&path)?)?;
            let guard = Unlink(Some(&path));
            fs::set_permissions(&path, Permissions::from_mode(0o600))?;
            let metadata = fs::symlink_metadata(&path)?;
            socket.set_nonblocking(true)?;
            socket.listen(i32::from(super::BACKLOG))?;
            let listener = UnixListener::from_std(OwnedFd::from(socket).into())?;
            guard.keep();
            Ok(Self { listener, file: (metadata.dev(), metadata.ino()), path })
        }

        pub(super) fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<UnixStream>> {
            self.listener.poll_accept(cx).map_ok(|(stream, _)| stream)
        }
    }

    impl Drop for Listener {
        fn drop(&mut self) {
            let ours = fs::symlink_metadata(&self.path)
                .is_ok_and(|found| (found.dev(), found.ino()) == self.file);
            if ours {
                // Another process may have removed it already.
                let _ = fs::remove_file(&self.path);
            }
        }
    }

    /// Removes the path of a bound socket if setting up the listener fails.
    struct Unlink<'a>(Option<&'a Path>);

    impl Unlink<'_> {
        fn keep(mut self) {
            self.0 = None;
        }
    }

    impl Drop for Unlink<'_> {
        fn drop(&mut self) {
            if let Some(path) = self.0 {
                let _ = fs::remove_file(path);
            }
        }
    }
}
