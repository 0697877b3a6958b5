//! A stream whose other end, the wire, is a script: it decides how much one read gives and one write takes,
//! when there is nothing although the stream said otherwise, and when reading, writing or both fail. The
//! fuzz targets of the driver call it (`fuzz/src/driver/`). Built with the tests, too, so that it keeps
//! compiling.
#![allow(missing_docs, reason = "fuzz targets are its only readers")]

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use bytes::{Buf, BufMut, BytesMut};
use parking_lot::Mutex;
use tokio::io::{Interest, Ready};

use super::incoming::Incoming;
use super::io::stream::{Addresses, Attempt, ByteStream, PollReady, Readiness, Received};

/// The client's end: what a network does with the bytes of both sides.
#[derive(Debug)]
pub struct Wire(Arc<Mutex<State>>);

/// The server's end.
#[derive(Debug)]
struct Scripted(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    to_server: BytesMut,
    from_server: Vec<u8>,
    /// Bytes that the server may write until there is room again.
    room: usize,
    /// Most bytes of one read, and of one write.
    most_read: usize,
    most_written: usize,
    /// Reads, and writes, that find nothing to do before the others.
    false_reads: u32,
    false_writes: u32,
    /// A false read, or write, was made: the stream is not ready before the next change.
    nothing_to_read: bool,
    nothing_to_write: bool,
    /// The client sends no more.
    is_ended: bool,
    read_error: Option<ErrorKind>,
    write_error: Option<ErrorKind>,
    /// The runtime cannot watch the stream.
    cannot_watch: bool,
    is_shut_down: bool,
    is_dropped: bool,
    /// The server has got an error.
    has_failed: bool,
    reads: u64,
    waker: Option<Waker>,
}

impl Wire {
    /// A stream without any limits.
    pub fn new(peer: SocketAddr, local: SocketAddr) -> (Self, Incoming) {
        let state = Arc::new(Mutex::new(State {
            to_server: BytesMut::new(),
            from_server: Vec::new(),
            room: usize::MAX,
            most_read: usize::MAX,
            most_written: usize::MAX,
            false_reads: 0,
            false_writes: 0,
            nothing_to_read: false,
            nothing_to_write: false,
            is_ended: false,
            read_error: None,
            write_error: None,
            cannot_watch: false,
            is_shut_down: false,
            is_dropped: false,
            has_failed: false,
            reads: 0,
            waker: None,
        }));
        let stream = Box::new(Scripted(Arc::clone(&state)));
        (Self(state), Incoming::ready(stream, Addresses { peer, local }))
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        let waker = {
            let mut state = self.0.lock();
            change(&mut state);
            state.nothing_to_read = false;
            state.nothing_to_write = false;
            state.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// The client has sent this.
    pub fn send(&self, bytes: &[u8]) {
        self.change(|state| {
            if !state.is_ended && state.read_error.is_none() {
                state.to_server.extend_from_slice(bytes);
            }
        });
    }

    /// What the server has sent.
    pub fn receive(&self) -> Vec<u8> {
        std::mem::take(&mut self.0.lock().from_server)
    }

    /// The server may write this much from now on.
    pub fn set_room(&self, room: usize) {
        self.change(|state| state.room = room);
    }

    /// Most bytes of one read, and of one write.
    pub fn set_most(&self, read: usize, written: usize) {
        self.change(|state| {
            state.most_read = read.max(1);
            state.most_written = written.max(1);
        });
    }

    /// The next reads and writes find nothing to do, although the stream said that it is ready.
    pub fn set_false(&self, reads: u32, writes: u32) {
        self.change(|state| {
            state.false_reads = reads;
            state.false_writes = writes;
        });
    }

    /// The stream may be ready again after a false read or write.
    pub fn nudge(&self) {
        self.change(|_| {});
    }

    /// The client sends no more (EOF).
    pub fn end(&self) {
        self.change(|state| state.is_ended = true);
    }

    /// The connection is broken in both directions, behind the bytes that the client has sent.
    pub fn reset(&self, error: ErrorKind) {
        self.change(|state| {
            state.read_error.get_or_insert(error);
            state.write_error.get_or_insert(error);
        });
    }

    /// Reading fails, behind the bytes that the client has sent.
    pub fn fail_reads(&self, error: ErrorKind) {
        self.change(|state| state.read_error = Some(error));
    }

    /// Writing fails, which nobody knows before the next write.
    pub fn fail_writes(&self, error: ErrorKind) {
        self.change(|state| state.write_error = Some(error));
    }

    /// The runtime cannot watch the stream any more.
    pub fn fail_watching(&self) {
        self.change(|state| state.cannot_watch = true);
    }

    /// Whether the server has got an error when it read or wrote.
    pub fn has_failed(&self) -> bool {
        self.0.lock().has_failed
    }

    /// Whether the server has half-closed the stream.
    pub fn is_shut_down(&self) -> bool {
        self.0.lock().is_shut_down
    }

    /// Whether the server has closed the stream.
    pub fn is_closed(&self) -> bool {
        self.0.lock().is_dropped
    }

    /// Bytes that the server has not read.
    pub fn unread(&self) -> usize {
        self.0.lock().to_server.len()
    }

    /// How many times the server has read.
    pub fn reads(&self) -> u64 {
        self.0.lock().reads
    }
}

impl Drop for Scripted {
    fn drop(&mut self) {
        self.0.lock().is_dropped = true;
    }
}

impl ByteStream for Scripted {
    fn receive(&self, bytes: &mut BytesMut, _attempt: Attempt) -> io::Result<Received> {
        let mut state = self.0.lock();
        state.reads = state.reads.saturating_add(1);
        // A stream that has ended is always ready.
        let is_open = !state.is_ended && state.read_error.is_none();
        if is_open && state.false_reads > 0 {
            state.false_reads = state.false_reads.saturating_sub(1);
            state.nothing_to_read = true;
            return Err(ErrorKind::WouldBlock.into());
        }
        let room = bytes.capacity().saturating_sub(bytes.len());
        let len = room.min(state.most_read).min(state.to_server.len());
        if len > 0 {
            bytes.put_slice(state.to_server.get(..len).unwrap_or_default());
            state.to_server.advance(len);
            return Ok(Received { len, is_all: state.to_server.is_empty() && is_open });
        }
        match state.read_error {
            Some(error) => {
                state.has_failed = true;
                Err(error.into())
            }
            None if state.is_ended => Ok(Received::END),
            None => Ok(Received::NOTHING),
        }
    }

    fn send(&self, bytes: &[u8]) -> io::Result<usize> {
        let mut state = self.0.lock();
        if state.write_error.is_none() && state.false_writes > 0 {
            state.false_writes = state.false_writes.saturating_sub(1);
            state.nothing_to_write = true;
            return Err(ErrorKind::WouldBlock.into());
        }
        if let Some(error) = state.write_error {
            state.has_failed = true;
            return Err(error.into());
        }
        let len = bytes.len().min(state.room).min(state.most_written);
        if len == 0 && !bytes.is_empty() {
            return Err(ErrorKind::WouldBlock.into());
        }
        state.room = state.room.saturating_sub(len);
        state.from_server.extend_from_slice(bytes.get(..len).unwrap_or_default());
        Ok(len)
    }

    fn shut_down(&self) -> io::Result<()> {
        let mut state = self.0.lock();
        state.is_shut_down = true;
        state.write_error.map_or(Ok(()), |error| Err(error.into()))
    }

    fn failure(&self) -> io::Error {
        let state = self.0.lock();
        state.read_error.or(state.write_error).unwrap_or(ErrorKind::ConnectionReset).into()
    }

    fn watch(&self) -> io::Result<()> {
        if self.0.lock().cannot_watch { Err(ErrorKind::OutOfMemory.into()) } else { Ok(()) }
    }

    fn unwatch(&self) -> bool {
        false
    }

    fn readiness(&self) -> Readiness<'_> {
        Readiness::Stream(self)
    }
}

impl PollReady for Scripted {
    fn poll_ready(&self, interest: Interest, context: &mut Context<'_>) -> Poll<Ready> {
        let mut state = self.0.lock();
        let is_over = state.is_ended || state.read_error.is_some();
        let has_input = !state.to_server.is_empty() && !state.nothing_to_read;
        let mut ready = Ready::EMPTY;
        if interest.is_readable() && (has_input || is_over) {
            ready |= Ready::READABLE;
        }
        let has_room = state.room > 0 && !state.nothing_to_write;
        if interest.is_writable() && (has_room || state.write_error.is_some()) {
            ready |= Ready::WRITABLE;
        }
        // As a runtime, which tells nobody what was not asked for.
        let is_broken = state.read_error.is_some() && state.write_error.is_some();
        if interest.is_error() && is_broken {
            ready |= Ready::ERROR;
        }
        if ready.is_empty() {
            state.waker = Some(context.waker().clone());
            return Poll::Pending;
        }
        Poll::Ready(ready)
    }
}
