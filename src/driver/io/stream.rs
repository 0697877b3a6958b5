//! A stream of bytes with a client at the other end, which a connection reads and writes. It never blocks.
//! It may be a TCP socket, a Unix domain socket, any other descriptor, or bytes that a program carries
//! itself (`memory.rs`).

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::BytesMut;
use socket2::SockRef;
use tokio::io::{Interest, Ready};

/// A descriptor that is registered with a runtime.
#[cfg(unix)]
pub(in crate::driver) type Watched = tokio::io::unix::AsyncFd<Arc<std::os::fd::OwnedFd>>;
/// A socket that is registered with a runtime.
#[cfg(not(unix))]
pub(in crate::driver) type Watched = tokio::net::TcpStream;

/// The number of a descriptor.
#[cfg(unix)]
pub(in crate::driver) type Descriptor = std::os::fd::RawFd;
/// This system has no such numbers.
#[cfg(not(unix))]
pub(in crate::driver) type Descriptor = std::convert::Infallible;

/// The addresses of the two ends of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::driver) struct Addresses {
    /// The client's address.
    pub(in crate::driver) peer: SocketAddr,
    /// The address that the client connected to.
    pub(in crate::driver) local: SocketAddr,
}

/// Whether to read a stream that is not known to be readable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::driver) enum Attempt {
    /// Only if the runtime knows it to be readable, or does not watch it.
    Known,
    /// Always: the runtime may not have been told.
    Anyway,
}

/// The result of one read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::driver) struct Received {
    pub(in crate::driver) len: usize,
    /// Whether the stream is drained for now.
    pub(in crate::driver) is_all: bool,
}

impl Received {
    /// There are no bytes yet (WouldBlock).
    pub(in crate::driver) const NOTHING: Self = Self { len: 0, is_all: true };
    /// EOF.
    pub(in crate::driver) const END: Self = Self { len: 0, is_all: false };

    pub(in crate::driver) fn is_end(self) -> bool {
        self == Self::END
    }
}

/// A stream of bytes.
pub(in crate::driver) trait ByteStream:
    fmt::Debug + Send + Sync + 'static
{
    /// Appends the bytes that have come to `bytes`, as far as there is room. An error other than
    /// [`io::ErrorKind::WouldBlock`] means that the stream is broken.
    fn receive(&self, bytes: &mut BytesMut, attempt: Attempt) -> io::Result<Received>;

    /// Sends as many of the bytes as there is room for; [`io::ErrorKind::WouldBlock`] without any room.
    fn send(&self, bytes: &[u8]) -> io::Result<usize>;

    /// Half-close: nothing more will be sent.
    fn shut_down(&self) -> io::Result<()>;

    /// Why a broken stream is broken.
    fn failure(&self) -> io::Error;

    /// Registers the stream with the runtime of the caller, which reports its readiness from now on.
    fn watch(&self) -> io::Result<()>;

    /// The runtime need not watch the stream any more; whether it has.
    fn unwatch(&self) -> bool;

    /// The source of the stream's readiness.
    fn readiness(&self) -> Readiness<'_>;

    /// The descriptor that the program's own loop can poll; `None` if only a runtime can watch the stream.
    fn descriptor(&self) -> Option<Descriptor> {
        None
    }

    /// The socket, for setting options, if the stream is one.
    fn options(&self) -> Option<SockRef<'_>> {
        None
    }

    /// Acknowledges the bytes that have come at once (TCP_QUICKACK), on systems where that has to be asked
    /// for.
    fn acknowledge(&self) {
        #[cfg(any(target_os = "linux", target_os = "android"))]
        if let Some(socket) = self.options() {
            // This is only about speed; a socket that refuses works all the same.
            let _ = socket.set_tcp_quickack(true);
        }
    }
}

/// The source of a stream's readiness.
pub(in crate::driver) enum Readiness<'s> {
    /// The runtime, which watches the descriptor; `None` before [`ByteStream::watch`].
    Runtime(Option<Arc<Watched>>),
    /// The stream itself.
    Stream(&'s dyn PollReady),
}

/// A stream that reports its readiness itself.
pub(in crate::driver) trait PollReady: Send + Sync {
    /// The part of `interest` that the stream is ready for; the waker is called when that may have changed.
    /// The stream keeps one waker only.
    fn poll_ready(&self, interest: Interest, context: &mut Context<'_>) -> Poll<Ready>;
}

/// Waits until a watched stream is ready.
pub(in crate::driver) async fn ready(
    stream: &dyn ByteStream,
    interest: Interest,
) -> io::Result<Ready> {
    match stream.readiness() {
        Readiness::Runtime(watched) => {
            let Some(watched) = watched else {
                // Somebody else watches the stream since, and has woken the task.
                return std::future::pending().await;
            };
            #[cfg(unix)]
            return Ok(watched.ready(interest).await?.ready());
            #[cfg(not(unix))]
            return watched.ready(interest).await;
        }
        Readiness::Stream(stream) => {
            Ok(std::future::poll_fn(|context| stream.poll_ready(interest, context)).await)
        }
    }
}
