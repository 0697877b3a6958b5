//! The socket of a connection, and where it is accepted. On Unix the runtime of its task watches it only
//! from when it has to: until then the program's event loop may do so (`program_loop.rs`). Elsewhere
//! the runtime always does.

use std::io;

use socket2::SockRef;

#[cfg(not(unix))]
pub(in crate::driver) use other::{Accepted, Listener, Socket, move_here};
#[cfg(unix)]
pub(in crate::driver) use unix::{Accepted, Listener, Socket, move_here};

/// The error that the system has noted. It tells each only once, so that somebody else may have had it.
fn failure(socket: &SockRef<'_>) -> io::Error {
    let noted = socket.take_error().unwrap_or_else(Some);
    noted.unwrap_or_else(|| io::ErrorKind::ConnectionReset.into())
}

#[cfg(unix)]
mod unix {
    use std::io::{self, Read, Write};
    use std::net::{self, SocketAddr};
    use std::os::fd::{AsRawFd, RawFd};
    use std::sync::{Arc, OnceLock};
    use std::task::{Context, Poll, ready};

    use socket2::SockRef;
    use tokio::io::unix::AsyncFd;
    use tokio::io::{Interest, Ready};

    use super::failure;
    use crate::driver::io::raw_socket;

    /// A socket that was accepted, which no runtime watches.
    pub(in crate::driver) type Accepted = net::TcpStream;

    /// An open port. A `TcpListener` of the runtime would have that watch each socket that it accepts,
    /// which costs four system calls and is of no use.
    #[derive(Debug)]
    pub(in crate::driver) struct Listener(AsyncFd<net::TcpListener>);

    impl Listener {
        /// Takes a socket that listens and never blocks; has to be called on the runtime.
        pub(in crate::driver) fn new(socket: socket2::Socket) -> io::Result<Self> {
            raw_socket::watch_port(socket.into()).map(Self)
        }

        pub(in crate::driver) fn local_addr(&self) -> io::Result<SocketAddr> {
            self.0.get_ref().local_addr()
        }

        pub(in crate::driver) fn poll_accept(
            &self,
            context: &mut Context<'_>,
        ) -> Poll<io::Result<(Accepted, SocketAddr)>> {
            loop {
                let mut guard = ready!(self.0.poll_read_ready(context))?;
                if let Ok(accepted) = guard.try_io(|socket| socket.get_ref().accept()) {
                    let (socket, peer) = accepted?;
                    socket.set_nonblocking(true)?;
                    return Poll::Ready(Ok((socket, peer)));
                }
            }
        }
    }

    /// Has the runtime of the caller be the one of the socket.
    pub(in crate::driver) fn move_here(socket: Accepted) -> io::Result<Accepted> {
        Ok(socket)
    }

    /// A socket that never blocks.
    #[derive(Debug)]
    pub(in crate::driver) struct Socket {
        stream: Arc<net::TcpStream>,
        watch: OnceLock<AsyncFd<Arc<net::TcpStream>>>,
    }

    impl Socket {
        pub(in crate::driver) fn new(socket: Accepted) -> Self {
            Self { stream: Arc::new(socket), watch: OnceLock::new() }
        }

        /// Has this runtime watch the socket from now on.
        pub(in crate::driver) fn watch(&self) -> io::Result<()> {
            if self.watch.get().is_none() {
                let watch = raw_socket::watch(&self.stream)?;
                // Only the task of the connection calls this.
                let _ = self.watch.set(watch);
            }
            Ok(())
        }

        /// Waits until the socket is ready; [`Self::watch`] has to have been called.
        pub(in crate::driver) async fn ready(&self, interest: Interest) -> io::Result<Ready> {
            let watch = self.watch.get().ok_or(io::ErrorKind::NotConnected)?;
            Ok(watch.ready(interest).await?.ready())
        }

        /// Runs `work` unless the socket is known not to be ready.
        pub(in crate::driver) fn try_io<T>(
            &self,
            interest: Interest,
            work: impl FnOnce() -> io::Result<T>,
        ) -> io::Result<T> {
            match self.watch.get() {
                Some(watch) => watch.try_io(interest, |_| work()),
                None => work(),
            }
        }

        pub(in crate::driver) fn try_read(&self, bytes: &mut [u8]) -> io::Result<usize> {
            self.try_io(Interest::READABLE, || (&*self.stream).read(bytes))
        }

        pub(in crate::driver) fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
            self.try_io(Interest::WRITABLE, || (&*self.stream).write(bytes))
        }

        /// For its options, and for reading without asking the runtime.
        pub(in crate::driver) fn raw(&self) -> SockRef<'_> {
            SockRef::from(&*self.stream)
        }

        /// Why a socket that is broken is.
        pub(in crate::driver) fn failure(&self) -> io::Error {
            failure(&self.raw())
        }
    }

    impl AsRawFd for Socket {
        fn as_raw_fd(&self) -> RawFd {
            self.stream.as_raw_fd()
        }
    }
}

#[cfg(not(unix))]
mod other {
    use std::io;
    use std::net::SocketAddr;
    use std::task::{Context, Poll};

    use socket2::SockRef;
    use tokio::io::{Interest, Ready};
    use tokio::net::{TcpListener, TcpStream};

    use super::failure;

    /// A socket that was accepted, which the runtime watches that has accepted it.
    pub(in crate::driver) type Accepted = TcpStream;

    /// An open port.
    #[derive(Debug)]
    pub(in crate::driver) struct Listener(TcpListener);

    impl Listener {
        /// Takes a socket that listens and never blocks; has to be called on the runtime.
        pub(in crate::driver) fn new(socket: socket2::Socket) -> io::Result<Self> {
            TcpListener::from_std(socket.into()).map(Self)
        }

        pub(in crate::driver) fn local_addr(&self) -> io::Result<SocketAddr> {
            self.0.local_addr()
        }

        pub(in crate::driver) fn poll_accept(
            &self,
            context: &mut Context<'_>,
        ) -> Poll<io::Result<(Accepted, SocketAddr)>> {
            self.0.poll_accept(context)
        }
    }

    /// Has the runtime of the caller be the one of the socket.
    pub(in crate::driver) fn move_here(socket: Accepted) -> io::Result<Accepted> {
        socket.into_std().and_then(TcpStream::from_std)
    }

    /// A socket that never blocks.
    #[derive(Debug)]
    pub(in crate::driver) struct Socket(TcpStream);

    impl Socket {
        /// The runtime of the socket has to be the one that calls.
        pub(in crate::driver) fn new(socket: Accepted) -> Self {
            Self(socket)
        }

        /// The runtime watches it already.
        pub(in crate::driver) fn watch(&self) -> io::Result<()> {
            Ok(())
        }

        /// Waits until the socket is ready.
        pub(in crate::driver) async fn ready(&self, interest: Interest) -> io::Result<Ready> {
            self.0.ready(interest).await
        }

        /// Runs `work` unless the socket is known not to be ready.
        pub(in crate::driver) fn try_io<T>(
            &self,
            interest: Interest,
            work: impl FnOnce() -> io::Result<T>,
        ) -> io::Result<T> {
            self.0.try_io(interest, work)
        }

        pub(in crate::driver) fn try_read(&self, bytes: &mut [u8]) -> io::Result<usize> {
            self.0.try_read(bytes)
        }

        pub(in crate::driver) fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
            self.0.try_write(bytes)
        }

        /// For its options, and for reading without asking the runtime.
        pub(in crate::driver) fn raw(&self) -> SockRef<'_> {
            SockRef::from(&self.0)
        }

        /// Why a socket that is broken is.
        pub(in crate::driver) fn failure(&self) -> io::Error {
            failure(&self.raw())
        }
    }
}
