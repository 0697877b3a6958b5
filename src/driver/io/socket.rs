//! The socket of a connection, and the listening socket. On Unix the runtime of the connection's task
//! watches the socket only from when it has to: until then the program's event loop may watch it
//! (`program_loop.rs`). On other systems the runtime always watches it.

use std::io;

use socket2::SockRef;

#[cfg(not(unix))]
pub(in crate::driver) use other::{Accepted, Listener, Socket, move_here};
#[cfg(unix)]
pub(in crate::driver) use unix::{Accepted, Kind, Listener, Socket, move_here};

use super::stream::Received;

/// The pending error of a socket (SO_ERROR). The system reports each error only once, so another call may
/// have taken it.
fn failure(socket: &SockRef<'_>) -> io::Error {
    let noted = socket.take_error().unwrap_or_else(Some);
    noted.unwrap_or_else(|| io::ErrorKind::ConnectionReset.into())
}

/// The result of reading `len` bytes with room for more.
fn received(len: usize, room: usize) -> Received {
    match len {
        0 => Received::END,
        len => Received { len, is_all: len < room },
    }
}

#[cfg(unix)]
mod unix {
    use std::io;
    use std::net::{self, SocketAddr};
    use std::os::fd::{AsRawFd, OwnedFd};
    use std::sync::Arc;
    use std::task::{Context, Poll, ready};

    use bytes::BytesMut;
    use parking_lot::RwLock;
    use socket2::SockRef;
    use tokio::io::Interest;
    use tokio::io::unix::AsyncFd;

    use super::{failure, received};
    use crate::driver::io::raw_socket;
    use crate::driver::io::stream::{
        Attempt, ByteStream, Descriptor, Readiness, Received, Watched,
    };

    /// An accepted socket, which no runtime watches yet.
    pub(in crate::driver) type Accepted = net::TcpStream;

    /// A listening socket. A `TcpListener` of the runtime would register each socket that it accepts, which
    /// costs four system calls and is of no use.
    #[derive(Debug)]
    pub(in crate::driver) struct Listener(AsyncFd<net::TcpListener>);

    impl Listener {
        /// Takes a listening, non-blocking socket; has to be called on the runtime.
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

    /// Moves the socket to the runtime of the caller.
    pub(in crate::driver) fn move_here(socket: Accepted) -> io::Result<Accepted> {
        Ok(socket)
    }

    /// The kind of a descriptor.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub(in crate::driver) enum Kind {
        Tcp,
        /// A Unix domain socket.
        Local,
        /// A pipe, a terminal, or any other descriptor that can be read and written.
        File,
    }

    /// A non-blocking descriptor.
    #[derive(Debug)]
    pub(in crate::driver) struct Socket {
        descriptor: Arc<OwnedFd>,
        kind: Kind,
        watched: RwLock<Option<Arc<Watched>>>,
    }

    impl Socket {
        /// `descriptor` must be non-blocking.
        pub(in crate::driver) fn new(descriptor: OwnedFd, kind: Kind) -> Self {
            Self { descriptor: Arc::new(descriptor), kind, watched: RwLock::default() }
        }

        pub(in crate::driver) fn accepted(socket: Accepted) -> Self {
            Self::new(socket.into(), Kind::Tcp)
        }

        fn socket(&self) -> SockRef<'_> {
            SockRef::from(&*self.descriptor)
        }

        /// Runs `work` unless the runtime knows that the socket is not ready.
        fn attempt<T>(
            &self,
            interest: Interest,
            work: impl FnOnce() -> io::Result<T>,
        ) -> io::Result<T> {
            match &*self.watched.read() {
                Some(watched) => watched.try_io(interest, |_| work()),
                None => work(),
            }
        }

        fn receive_once(&self, bytes: &mut BytesMut) -> io::Result<usize> {
            match self.kind {
                Kind::Tcp | Kind::Local => raw_socket::receive(&self.socket(), bytes),
                Kind::File => raw_socket::read(&self.descriptor, bytes),
            }
        }
    }

    impl ByteStream for Socket {
        fn receive(&self, bytes: &mut BytesMut, attempt: Attempt) -> io::Result<Received> {
            let room = bytes.capacity().saturating_sub(bytes.len());
            if attempt == Attempt::Anyway {
                return Ok(received(self.receive_once(bytes)?, room));
            }
            let mut read = None;
            let result = self.attempt(Interest::READABLE, || {
                let len = self.receive_once(bytes)?;
                read = Some(received(len, room));
                // A short read has drained the socket (edge-triggered readiness is cleared), without a
                // further system call to find that out.
                if (1..room).contains(&len) {
                    Err(io::ErrorKind::WouldBlock.into())
                } else {
                    Ok(())
                }
            });
            match (read, result) {
                (Some(read), _) => Ok(read),
                (None, Err(error)) => Err(error),
                (None, Ok(())) => Ok(Received::NOTHING),
            }
        }

        fn send(&self, bytes: &[u8]) -> io::Result<usize> {
            self.attempt(Interest::WRITABLE, || match self.kind {
                Kind::Tcp | Kind::Local => self.socket().send(bytes),
                Kind::File => raw_socket::write(&self.descriptor, bytes),
            })
        }

        fn shut_down(&self) -> io::Result<()> {
            match self.kind {
                Kind::Tcp | Kind::Local => self.socket().shutdown(net::Shutdown::Write),
                // It is closed with its last descriptor only.
                Kind::File => Ok(()),
            }
        }

        fn failure(&self) -> io::Error {
            match self.kind {
                Kind::Tcp | Kind::Local => failure(&self.socket()),
                Kind::File => io::ErrorKind::BrokenPipe.into(),
            }
        }

        fn watch(&self) -> io::Result<()> {
            let mut watched = self.watched.write();
            if watched.is_none() {
                *watched = Some(Arc::new(raw_socket::watch(&self.descriptor)?));
            }
            Ok(())
        }

        fn unwatch(&self) -> bool {
            self.watched.write().take().is_some()
        }

        fn readiness(&self) -> Readiness<'_> {
            Readiness::Runtime(self.watched.read().clone())
        }

        fn descriptor(&self) -> Option<Descriptor> {
            Some(self.descriptor.as_raw_fd())
        }

        fn options(&self) -> Option<SockRef<'_>> {
            (self.kind == Kind::Tcp).then(|| self.socket())
        }
    }
}

#[cfg(not(unix))]
mod other {
    use std::io;
    use std::net::{Shutdown, SocketAddr};
    use std::sync::Arc;
    use std::task::{Context, Poll};

    use bytes::BytesMut;
    use socket2::SockRef;
    use tokio::io::Interest;
    use tokio::net::{TcpListener, TcpStream};

    use super::{failure, received};
    use crate::driver::io::raw_socket;
    use crate::driver::io::stream::{Attempt, ByteStream, Readiness, Received};

    /// An accepted socket, which the runtime that has accepted it watches.
    pub(in crate::driver) type Accepted = TcpStream;

    /// A listening socket.
    #[derive(Debug)]
    pub(in crate::driver) struct Listener(TcpListener);

    impl Listener {
        /// Takes a listening, non-blocking socket; has to be called on the runtime.
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

    /// Moves the socket to the runtime of the caller.
    pub(in crate::driver) fn move_here(socket: Accepted) -> io::Result<Accepted> {
        socket.into_std().and_then(TcpStream::from_std)
    }

    /// A non-blocking socket.
    #[derive(Debug)]
    pub(in crate::driver) struct Socket(Arc<TcpStream>);

    impl Socket {
        /// Has to be called on the runtime of the socket.
        pub(in crate::driver) fn accepted(socket: Accepted) -> Self {
            Self(Arc::new(socket))
        }

        fn socket(&self) -> SockRef<'_> {
            SockRef::from(&*self.0)
        }
    }

    impl ByteStream for Socket {
        fn receive(&self, bytes: &mut BytesMut, attempt: Attempt) -> io::Result<Received> {
            let room = bytes.capacity().saturating_sub(bytes.len());
            let mut work = || raw_socket::receive(&self.socket(), bytes);
            let len = match attempt {
                Attempt::Known => self.0.try_io(Interest::READABLE, work)?,
                Attempt::Anyway => work()?,
            };
            Ok(received(len, room))
        }

        fn send(&self, bytes: &[u8]) -> io::Result<usize> {
            self.0.try_write(bytes)
        }

        fn shut_down(&self) -> io::Result<()> {
            self.socket().shutdown(Shutdown::Write)
        }

        fn failure(&self) -> io::Error {
            failure(&self.socket())
        }

        /// The runtime watches the socket from the start.
        fn watch(&self) -> io::Result<()> {
            Ok(())
        }

        fn unwatch(&self) -> bool {
            false
        }

        fn readiness(&self) -> Readiness<'_> {
            Readiness::Runtime(Some(Arc::clone(&self.0)))
        }

        fn options(&self) -> Option<SockRef<'_>> {
            Some(self.socket())
        }
    }
}
