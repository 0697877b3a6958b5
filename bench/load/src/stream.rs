//! A TCP stream that saves system calls. russh's client reads each packet with two reads and writes
//! after each packet that it handled; here the reads come out of a buffer, and with `Writes::Joined`
//! what is written waits until everything that has arrived was handled, or there is nothing to read.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// When written bytes go to the socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Writes {
    /// At once; a full socket makes the writer wait.
    Direct,
    /// When all input was handled; they are kept as long as the socket is full, so that a client
    /// that sends and receives much can't wait for a server that waits for it. The windows of the
    /// channels bound what is kept.
    Joined,
}

/// The stream.
#[derive(Debug)]
pub struct LeanStream {
    inner: TcpStream,
    input: Box<[u8]>,
    start: usize,
    end: usize,
    output: Vec<u8>,
    sent: usize,
    writes: Writes,
}

impl LeanStream {
    /// Reads through a buffer of so many bytes (none with 0).
    pub fn new(inner: TcpStream, buffer: usize, writes: Writes) -> Self {
        let input = vec![0; buffer].into_boxed_slice();
        Self { inner, input, start: 0, end: 0, output: Vec::new(), sent: 0, writes }
    }

    /// Sends what the socket takes. `Ready` when nothing is left.
    fn poll_send(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while let Some(rest) = self.output.get(self.sent..)
            && !rest.is_empty()
        {
            match ready!(Pin::new(&mut self.inner).poll_write(cx, rest))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                written => self.sent += written,
            }
        }
        self.output.clear();
        self.sent = 0;
        Poll::Ready(Ok(()))
    }

    fn take(&mut self, buf: &mut ReadBuf<'_>) {
        let end = self.end.min(self.start + buf.remaining());
        if let Some(part) = self.input.get(self.start..end) {
            buf.put_slice(part);
            self.start = end;
        }
    }
}

impl AsyncRead for LeanStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if this.start == this.end {
            // Before waiting for an answer, the questions have to be out. A full socket wakes this
            // task again.
            if let Poll::Ready(Err(error)) = this.poll_send(cx) {
                return Poll::Ready(Err(error));
            }
            if buf.remaining() >= this.input.len() {
                return Pin::new(&mut this.inner).poll_read(cx, buf);
            }
            let mut input = ReadBuf::new(&mut this.input);
            ready!(Pin::new(&mut this.inner).poll_read(cx, &mut input))?;
            this.start = 0;
            this.end = input.filled().len();
        }
        this.take(buf);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for LeanStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.writes {
            Writes::Direct => Pin::new(&mut self.inner).poll_write(cx, buf),
            Writes::Joined => {
                self.output.extend_from_slice(buf);
                Poll::Ready(Ok(buf.len()))
            }
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.start == self.end
            && let Poll::Ready(Err(error)) = self.poll_send(cx)
        {
            return Poll::Ready(Err(error));
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_send(cx))?;
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    #[tokio::test]
    async fn joined_writes_wait_for_the_input_that_has_arrived() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let mut server = listener.accept().await.unwrap().0;
        let mut client = LeanStream::new(client, 64, Writes::Joined);

        server.write_all(b"abcd").await.unwrap();
        let mut two = [0; 2];
        client.read_exact(&mut two).await.unwrap();
        client.write_all(b"1").await.unwrap();
        client.flush().await.unwrap();
        assert_eq!(client.output, b"1", "two bytes of input are still to be handled");

        client.read_exact(&mut two).await.unwrap();
        client.write_all(b"2").await.unwrap();
        client.flush().await.unwrap();
        assert!(client.output.is_empty());
        server.read_exact(&mut two).await.unwrap();
        assert_eq!(&two, b"12");
    }
}
