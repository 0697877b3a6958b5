//! The sockets of a reverse tunnel (RFC 4254 section 7.1, `streamlocal-forward@openssh.com`): where the
//! server listens for a client.

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

/// How often a port that the system chose for one address is tried to be had on the others too.
const ATTEMPTS: usize = 16;

/// The sockets of a reverse tunnel.
#[derive(Debug)]
pub(in crate::driver) struct Bound {
    pub(super) sockets: Vec<Socket>,
    pub(super) port: u16,
}

/// A socket that listens.
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
                // It is about speed only.
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

/// Listens where a tunnel is to lead from.
pub(super) async fn listen(
    lookups: &Arc<Semaphore>,
    place: &Place,
) -> Result<Bound, TunnelFailure> {
    match place {
        Place::Tcp { address, port } => {
            let addresses = addresses(lookups, address).await?;
            for _ in 1..ATTEMPTS {
                match bind_all(&addresses, *port) {
                    // The port that the system chose for the first address is taken on another.
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

/// RFC 4254 section 7.1: what the address of a request stands for.
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

/// The same port on every address; a family that this machine lacks is left out.
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
    //! A Unix domain socket that is removed from the file system with its listener.

    use std::fs::{self, File, Permissions};
    use std::io;
    use std::os::fd::OwnedFd;
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    use std::path::{Path, PathBuf};
    use std::task::{Context, Poll};

    use socket2::{Domain, SockAddr, Socket, Type};
    use tokio::net::{UnixListener, UnixStream};

    /// What is bound to a path.
    #[derive(Debug)]
    pub(in crate::driver::tunnel) struct Listener {
        listener: UnixListener,
        path: PathBuf,
        /// Device and file: what lies at the path later may be somebody else's.
        file: (u64, u64),
    }

    impl Listener {
        /// Binds; a path that exists is an error, whatever it is. Nobody but this user may connect.
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
                // Somebody else may have been faster.
                let _ = fs::remove_file(&self.path);
            }
        }
    }

    /// Removes what was bound if that leads to nothing.
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
