//! The socket of a connection. On Unix the runtime of its task watches it only from when it has to: until
//! then the program's event loop may do so (`program_loop.rs`). Elsewhere the runtime always does.

#[cfg(not(unix))]
pub(super) use other::Socket;
#[cfg(unix)]
pub(super) use unix::Socket;

#[cfg(unix)]
mod unix {
    use std::io::{self, Read, Write};
    use std::net;
    use std::os::fd::{AsRawFd, RawFd};
    use std::sync::{Arc, OnceLock};

    use socket2::SockRef;
    use tokio::io::unix::AsyncFd;
    use tokio::io::{Interest, Ready};
    use tokio::net::TcpStream;

    use super::super::raw_socket;

    /// A socket that never blocks.
    #[derive(Debug)]
    pub(in super::super) struct Socket {
        stream: Arc<net::TcpStream>,
        watch: OnceLock<AsyncFd<Arc<net::TcpStream>>>,
    }

    impl Socket {
        /// Takes the socket out of its runtime.
        pub(in super::super) fn new(socket: TcpStream) -> io::Result<Self> {
            Ok(Self { stream: Arc::new(socket.into_std()?), watch: OnceLock::new() })
        }

        /// Has this runtime watch the socket from now on.
        pub(in super::super) fn watch(&self) -> io::Result<()> {
            if self.watch.get().is_none() {
                let watch = raw_socket::watch(&self.stream)?;
                // Only the task of the connection calls this.
                let _ = self.watch.set(watch);
            }
            Ok(())
        }

        /// Waits until the socket is ready; [`Self::watch`] has to have been called.
        pub(in super::super) async fn ready(&self, interest: Interest) -> io::Result<Ready> {
            let watch = self.watch.get().ok_or(io::ErrorKind::NotConnected)?;
            Ok(watch.ready(interest).await?.ready())
        }

        /// Runs `work` unless the socket is known not to be ready.
        pub(in super::super) fn try_io<T>(
            &self,
            interest: Interest,
            work: impl FnOnce() -> io::Result<T>,
        ) -> io::Result<T> {
            match self.watch.get() {
                Some(watch) => watch.try_io(interest, |_| work()),
                None => work(),
            }
        }

        pub(in super::super) fn try_read(&self, bytes: &mut [u8]) -> io::Result<usize> {
            self.try_io(Interest::READABLE, || (&*self.stream).read(bytes))
        }

        pub(in super::super) fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
            self.try_io(Interest::WRITABLE, || (&*self.stream).write(bytes))
        }

        /// For its options, and for reading without asking the runtime.
        pub(in super::super) fn raw(&self) -> SockRef<'_> {
            SockRef::from(&*self.stream)
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

    use socket2::SockRef;
    use tokio::io::{Interest, Ready};
    use tokio::net::TcpStream;

    /// A socket that never blocks.
    #[derive(Debug)]
    pub(in super::super) struct Socket(TcpStream);

    impl Socket {
        /// The runtime of the socket has to be the one that calls.
        pub(in super::super) fn new(socket: TcpStream) -> io::Result<Self> {
            Ok(Self(socket))
        }

        /// The runtime watches it already.
        pub(in super::super) fn watch(&self) -> io::Result<()> {
            Ok(())
        }

        /// Waits until the socket is ready.
        pub(in super::super) async fn ready(&self, interest: Interest) -> io::Result<Ready> {
            self.0.ready(interest).await
        }

        /// Runs `work` unless the socket is known not to be ready.
        pub(in super::super) fn try_io<T>(
            &self,
            interest: Interest,
            work: impl FnOnce() -> io::Result<T>,
        ) -> io::Result<T> {
            self.0.try_io(interest, work)
        }

        pub(in super::super) fn try_read(&self, bytes: &mut [u8]) -> io::Result<usize> {
            self.0.try_read(bytes)
        }

        pub(in super::super) fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
            self.0.try_write(bytes)
        }

        /// For its options, and for reading without asking the runtime.
        pub(in super::super) fn raw(&self) -> SockRef<'_> {
            SockRef::from(&self.0)
        }
    }
}
