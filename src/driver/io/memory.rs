//! A stream of bytes in memory, for bytes that a program carries itself (over a WebSocket, a serial line,
//! another SSH channel) and for tests without ports. It has two ends. What one end has sent waits in a
//! bounded buffer until the other end reads it.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use bytes::{Buf, BufMut, BytesMut};
use parking_lot::{Condvar, Mutex};
use tokio::io::{Interest, Ready};

use super::stream::{Attempt, ByteStream, PollReady, Readiness, Received};
use crate::limits::MEMORY_STREAM_LEN;

/// One end of a stream in memory. Dropping it closes both directions: the other end reads EOF behind the
/// data, and cannot send any more.
#[derive(Debug)]
pub struct MemoryStream {
    both: Arc<Both>,
    /// The index of the side that this end reads from.
    mine: usize,
}

/// The state of both ends.
#[derive(Debug, Default)]
struct Both {
    sides: Mutex<[Side; 2]>,
    /// The number of changes, counted under the lock.
    changes: AtomicU64,
    /// Wakes threads that block in a read or write.
    changed: Condvar,
}

/// The data that one end has to read.
#[derive(Debug, Default)]
struct Side {
    unread: BytesMut,
    state: State,
    /// The waker of the task that reads here or waits for room.
    waker: Option<Waker>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum State {
    #[default]
    Open,
    /// The other end sends no more (EOF).
    Ended,
    /// The other end was reset. Data sent before can still be read.
    Broken,
    /// The end that reads here was dropped.
    Unread,
}

impl MemoryStream {
    /// The two ends of a new stream.
    pub fn pair() -> [Self; 2] {
        let both = Arc::new(Both::default());
        [0, 1].map(|mine| Self { both: Arc::clone(&both), mine })
    }

    /// Reads into `buf`, and blocks at most `time` until there is data; 0 is EOF. For threads that run no
    /// task, such as a client in a Rust program.
    pub fn read_within(&self, buf: &mut [u8], time: Duration) -> io::Result<usize> {
        let mut bytes = BytesMut::with_capacity(buf.len());
        self.wait(time, || {
            bytes.clear();
            let received = self.receive(&mut bytes, Attempt::Known)?;
            if received == Received::NOTHING && !buf.is_empty() {
                return Err(io::ErrorKind::WouldBlock.into());
            }
            Ok(())
        })?;
        buf.get_mut(..bytes.len()).unwrap_or_default().copy_from_slice(&bytes);
        Ok(bytes.len())
    }

    /// Writes what there is room for, and blocks at most `time` until there is room.
    pub fn write_within(&self, bytes: &[u8], time: Duration) -> io::Result<usize> {
        let mut sent = 0;
        self.wait(time, || {
            sent = self.send(bytes)?;
            Ok(())
        })?;
        Ok(sent)
    }

    /// Half-closes the stream: this end sends no more.
    pub fn end(&self) {
        // A shutdown in memory cannot fail.
        let _ = self.shut_down();
    }

    /// Repeats `attempt` until it returns something else than WouldBlock, or the time is over.
    fn wait(&self, time: Duration, mut attempt: impl FnMut() -> io::Result<()>) -> io::Result<()> {
        let until = Instant::now().checked_add(time);
        loop {
            let before = self.both.changes.load(Ordering::Acquire);
            match attempt() {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                result => return result,
            }
            let mut sides = self.both.sides.lock();
            while self.both.changes.load(Ordering::Acquire) == before {
                let is_over = match until {
                    Some(until) => self.both.changed.wait_until(&mut sides, until).timed_out(),
                    None => {
                        self.both.changed.wait(&mut sides);
                        false
                    }
                };
                if is_over {
                    return Err(io::ErrorKind::WouldBlock.into());
                }
            }
        }
    }

    /// Resets the stream: the other end gets an error behind the data that it has not read yet, as with a
    /// TCP socket.
    pub fn reset(&self) {
        self.with(|_, theirs| theirs.state = State::Broken);
    }

    /// Runs `work` on the side that this end reads and on the one that the other end reads, and wakes the
    /// other end if anything has changed.
    fn with<T>(&self, work: impl FnOnce(&mut Side, &mut Side) -> T) -> T {
        let (result, waker) = {
            let mut both = self.both.sides.lock();
            let [first, second] = &mut *both;
            let (mine, theirs) = if self.mine == 0 { (first, second) } else { (second, first) };
            let before = (mine.unread.len(), mine.state, theirs.unread.len(), theirs.state);
            let result = work(mine, theirs);
            if before == (mine.unread.len(), mine.state, theirs.unread.len(), theirs.state) {
                return result;
            }
            self.both.changes.fetch_add(1, Ordering::Release);
            (result, theirs.waker.take())
        };
        self.both.changed.notify_all();
        if let Some(waker) = waker {
            waker.wake();
        }
        result
    }
}

impl Drop for MemoryStream {
    fn drop(&mut self) {
        self.with(|mine, theirs| {
            mine.state = State::Unread;
            mine.unread = BytesMut::new();
            mine.waker = None;
            if theirs.state == State::Open {
                theirs.state = State::Ended;
            }
        });
    }
}

impl ByteStream for MemoryStream {
    fn receive(&self, bytes: &mut BytesMut, _attempt: Attempt) -> io::Result<Received> {
        let room = bytes.capacity().saturating_sub(bytes.len());
        self.with(|mine, _| {
            let len = room.min(mine.unread.len());
            if len == 0 {
                return match mine.state {
                    State::Broken => Err(io::ErrorKind::ConnectionReset.into()),
                    State::Ended => Ok(Received::END),
                    State::Open | State::Unread => Ok(Received::NOTHING),
                };
            }
            bytes.put_slice(mine.unread.get(..len).unwrap_or_default());
            mine.unread.advance(len);
            let is_all = mine.unread.is_empty() && mine.state == State::Open;
            if mine.unread.is_empty() {
                mine.unread = BytesMut::new();
            }
            Ok(Received { len, is_all })
        })
    }

    fn send(&self, bytes: &[u8]) -> io::Result<usize> {
        self.with(|mine, theirs| {
            if mine.state == State::Broken || theirs.state == State::Unread {
                return Err(io::ErrorKind::BrokenPipe.into());
            }
            let room = MEMORY_STREAM_LEN.saturating_sub(theirs.unread.len());
            let taken = bytes.get(..room.min(bytes.len())).unwrap_or_default();
            if taken.is_empty() && !bytes.is_empty() {
                return Err(io::ErrorKind::WouldBlock.into());
            }
            theirs.unread.extend_from_slice(taken);
            Ok(taken.len())
        })
    }

    fn shut_down(&self) -> io::Result<()> {
        self.with(|_, theirs| {
            if theirs.state == State::Open {
                theirs.state = State::Ended;
            }
        });
        Ok(())
    }

    fn failure(&self) -> io::Error {
        io::ErrorKind::ConnectionReset.into()
    }

    fn watch(&self) -> io::Result<()> {
        Ok(())
    }

    fn unwatch(&self) -> bool {
        false
    }

    fn readiness(&self) -> Readiness<'_> {
        Readiness::Stream(self)
    }
}

impl PollReady for MemoryStream {
    fn poll_ready(&self, interest: Interest, context: &mut Context<'_>) -> Poll<Ready> {
        let mut both = self.both.sides.lock();
        let [first, second] = &mut *both;
        let (mine, theirs) = if self.mine == 0 { (first, second) } else { (second, first) };
        // Who has sent everything and is gone breaks nothing, as long as nothing is to be sent to it.
        let is_broken = mine.state == State::Broken
            || (theirs.state == State::Unread && interest.is_writable());
        let mut ready = Ready::EMPTY;
        if interest.is_readable() && (!mine.unread.is_empty() || mine.state != State::Open) {
            ready |= Ready::READABLE;
        }
        let has_room = theirs.unread.len() < MEMORY_STREAM_LEN;
        if interest.is_writable() && (has_room || is_broken) {
            ready |= Ready::WRITABLE;
        }
        if is_broken {
            ready |= Ready::ERROR;
        }
        if ready.is_empty() {
            mine.waker = Some(context.waker().clone());
            return Poll::Pending;
        }
        Poll::Ready(ready)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn receive(stream: &MemoryStream) -> io::Result<(Vec<u8>, Received)> {
        let mut bytes = BytesMut::with_capacity(64);
        let received = stream.receive(&mut bytes, Attempt::Known)?;
        Ok((bytes.to_vec(), received))
    }

    #[test]
    fn what_one_end_sends_the_other_reads_to_its_end() {
        let [here, there] = MemoryStream::pair();
        assert_eq!(receive(&there).unwrap().1, Received::NOTHING);
        assert_eq!(here.send(b"abc").unwrap(), 3);
        assert_eq!(receive(&there).unwrap(), (b"abc".to_vec(), Received { len: 3, is_all: true }));
        here.send(b"d").unwrap();
        here.shut_down().unwrap();
        there.send(b"still").unwrap();
        assert_eq!(receive(&there).unwrap().0, b"d");
        assert_eq!(receive(&there).unwrap().1, Received::END);
        assert_eq!(receive(&here).unwrap().0, b"still");
    }

    #[test]
    fn an_end_takes_no_more_than_there_is_room_for() {
        let [here, there] = MemoryStream::pair();
        let much = vec![7; MEMORY_STREAM_LEN + 1];
        assert_eq!(here.send(&much).unwrap(), MEMORY_STREAM_LEN);
        assert_eq!(here.send(b"x").unwrap_err().kind(), io::ErrorKind::WouldBlock);
        let mut context = Context::from_waker(Waker::noop());
        assert!(here.poll_ready(Interest::WRITABLE, &mut context).is_pending());
        receive(&there).unwrap();
        assert!(here.poll_ready(Interest::WRITABLE, &mut context).is_ready());
        assert_eq!(here.send(b"x").unwrap(), 1);
    }

    #[test]
    fn a_broken_stream_is_an_error_for_the_other_end() {
        let [here, there] = MemoryStream::pair();
        here.send(b"last words").unwrap();
        here.reset();
        assert_eq!(receive(&there).unwrap().0, b"last words");
        assert_eq!(receive(&there).unwrap_err().kind(), io::ErrorKind::ConnectionReset);
        assert_eq!(there.send(b"x").unwrap_err().kind(), io::ErrorKind::BrokenPipe);
        let mut context = Context::from_waker(Waker::noop());
        assert!(there.poll_ready(Interest::ERROR, &mut context).is_ready());
    }
}
