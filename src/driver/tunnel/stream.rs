//! The socket of a tunnel: a TCP connection or a Unix domain socket. Reads and writes never block; instead
//! of blocking they have the waker called when the socket is ready.

use std::io::{self, IoSlice, Read};
use std::net::Shutdown;
use std::task::{Context, Poll, ready};

use socket2::{SockRef, Socket};
use tokio::io::Interest;
use tokio::net::TcpStream;
#[cfg(unix)]
use tokio::net::UnixStream;

/// A connected socket.
#[derive(Debug)]
pub(in crate::driver) enum Stream {
    Tcp(TcpStream),
    #[cfg(unix)]
    Unix(UnixStream),
}

/// Does the same with either kind of socket.
macro_rules! either {
    ($value:expr, $stream:ident => $body:expr) => {
        match $value {
            Stream::Tcp($stream) => $body,
            #[cfg(unix)]
            Stream::Unix($stream) => $body,
        }
    };
}

impl Stream {
    /// Reads once; 0 is the end.
    pub(super) fn poll_read(
        &self,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let full = buf.len();
        loop {
            ready!(either!(self, stream => stream.poll_read_ready(cx)))?;
            match self.attempt(Interest::READABLE, full, |mut socket| socket.read(buf)) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                result => return Poll::Ready(result),
            }
        }
    }

    /// Writes once.
    pub(super) fn poll_write(
        &self,
        cx: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let full = parts.iter().map(|part| part.len()).sum();
        loop {
            ready!(either!(self, stream => stream.poll_write_ready(cx)))?;
            match self.attempt(Interest::WRITABLE, full, |socket| socket.send_vectored(parts)) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Ok(0) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                result => return Poll::Ready(result),
            }
        }
    }

    /// A short read or write means that the socket is drained or full. It returns WouldBlock to the
    /// runtime, which clears the socket's readiness and saves the system call that would find out (epoll
    /// and kqueue are edge-triggered; on Windows readiness is not).
    fn attempt(
        &self,
        interest: Interest,
        full: usize,
        work: impl FnOnce(&Socket) -> io::Result<usize>,
    ) -> io::Result<usize> {
        let mut part = None;
        let result = either!(self, stream => stream.try_io(interest, || {
            let len = work(&SockRef::from(stream))?;
            if cfg!(unix) && 0 < len && len < full {
                part = Some(len);
                return Err(io::ErrorKind::WouldBlock.into());
            }
            Ok(len)
        }));
        part.map_or(result, Ok)
    }

    /// Half-closes the socket: nothing more will be written. It fails if the peer has reset it, which is an
    /// end, too.
    pub(super) fn finish(&self) {
        let _ = either!(self, stream => SockRef::from(stream).shutdown(Shutdown::Write));
    }

    /// Writes `rest`, then half-closes the socket.
    pub(super) async fn drain(self, mut rest: &[u8]) -> io::Result<()> {
        while !rest.is_empty() {
            let parts = [IoSlice::new(rest)];
            let len = std::future::poll_fn(|cx| self.poll_write(cx, &parts)).await?;
            rest = rest.get(len..).unwrap_or_default();
        }
        self.finish();
        Ok(())
    }
}
