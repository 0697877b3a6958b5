//! A stream of bytes with a client at the other end: what a connection reads and writes. It never blocks.
//! A TCP socket is one, and so are a Unix domain socket, any descriptor, and what a program carries itself
//! (`memory.rs`).

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::BytesMut;
use socket2::SockRef;
use tokio::io::{Interest, Ready};

/// A descriptor that a runtime watches.
#[cfg(unix)]
pub(in crate::driver) type Watched = tokio::io::unix::AsyncFd<Arc<std::os::fd::OwnedFd>>;
/// A socket that a runtime watches.
#[cfg(not(unix))]
pub(in crate::driver) type Watched = tokio::net::TcpStream;

/// The number that the system knows a descriptor by.
#[cfg(unix)]
pub(in crate::driver) type Descriptor = std::os::fd::RawFd;
/// Nothing is known by such a number here.
#[cfg(not(unix))]
pub(in crate::driver) type Descriptor = std::convert::Infallible;

/// The two ends of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::driver) struct Addresses {
    /// The client's.
    pub(in crate::driver) peer: SocketAddr,
    /// The one that the client connected to.
    pub(in crate::driver) local: SocketAddr,
}

/// Whether it is known that a stream has something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::driver) enum Attempt {
    /// Only what the runtime knows of, if it watches the stream.
    Known,
    /// Whatever there is: the runtime may not have been told.
    Anyway,
}

/// What one read has brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::driver) struct Received {
    pub(in crate::driver) len: usize,
    /// That was all there is for now.
    pub(in crate::driver) is_all: bool,
}

impl Received {
    /// Nothing is there yet.
    pub(in crate::driver) const NOTHING: Self = Self { len: 0, is_all: true };
    /// Nothing more will come.
    pub(in crate::driver) const END: Self = Self { len: 0, is_all: false };

    pub(in crate::driver) fn is_end(self) -> bool {
        self == Self::END
    }
}

/// A stream of bytes.
pub(in crate::driver) trait ByteStream:
    fmt::Debug + Send + Sync + 'static
{
    /// Appends what has come to `bytes`, as far as there is room. An error other than the last bytes being
    /// read means that the stream is broken.
    fn receive(&self, bytes: &mut BytesMut, attempt: Attempt) -> io::Result<Received>;

    /// Takes bytes to send, as many as it has room for; [`io::ErrorKind::WouldBlock`] when that is none.
    fn send(&self, bytes: &[u8]) -> io::Result<usize>;

    /// Nothing more will be sent.
    fn shut_down(&self) -> io::Result<()>;

    /// Why a stream that is broken is.
    fn failure(&self) -> io::Error;

    /// Has the runtime of the caller tell when the stream is ready, from now on.
    fn watch(&self) -> io::Result<()>;

    /// The runtime need not watch the stream any more.
    fn unwatch(&self);

    /// What tells that the stream is ready.
    fn readiness(&self) -> Readiness<'_>;

    /// What the program's own loop can wait for; `None` if only a runtime can watch the stream.
    fn descriptor(&self) -> Option<Descriptor> {
        None
    }

    /// The options of the socket, if it is one.
    fn options(&self) -> Option<SockRef<'_>> {
        None
    }

    /// Has the client's system told at once that its bytes have come (TCP_QUICKACK), where that has to be
    /// asked for.
    fn acknowledge(&self) {
        #[cfg(any(target_os = "linux", target_os = "android"))]
        if let Some(socket) = self.options() {
            // It is only about speed; a socket that refuses works all the same.
            let _ = socket.set_tcp_quickack(true);
        }
    }
}

/// What tells that a stream is ready.
pub(in crate::driver) enum Readiness<'s> {
    /// The runtime, which watches a descriptor; `None` before [`ByteStream::watch`].
    Runtime(Option<Arc<Watched>>),
    /// The stream itself.
    Stream(&'s dyn PollReady),
}

/// A stream that tells itself when it is ready.
pub(in crate::driver) trait PollReady: Send + Sync {
    /// What of `interest` the stream is ready for; the waker is called when that may have changed. There
    /// is one waker.
    fn poll_ready(&self, interest: Interest, context: &mut Context<'_>) -> Poll<Ready>;
}

/// Waits until a stream that is watched is ready.
pub(in crate::driver) async fn ready(
    stream: &dyn ByteStream,
    interest: Interest,
) -> io::Result<Ready> {
    match stream.readiness() {
        Readiness::Runtime(watched) => {
            let watched = watched.ok_or(io::ErrorKind::NotConnected)?;
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
