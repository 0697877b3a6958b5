//! One tunnel: moves bytes between a channel and a socket in both directions, each of which ends on its own
//! (half-close). It has no buffer of its own while no data waits: the client's data stays in the read
//! buffer of the connection until the socket has taken it, and the socket's data is sealed at once, so the
//! socket is read only when the flow control window and the transport have room (backpressure).

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::ops::Deref;
use std::task::Poll;
use std::time::Instant;

use bytes::{Buf, Bytes, BytesMut};

use super::alarm::{Alarm, TunnelSign};
use super::stream::Stream;
use super::tickets::NOBODY;
use crate::blocks::Gather;
use crate::driver::connection::link::Link;
use crate::driver::load::Charge;
use crate::engine::{ChannelId, Connection, Order, Queued, Room, WriteBuffer};
use crate::limits::TUNNEL_JOINED_LEN;

/// Pieces that one system call writes.
const MAX_PARTS: usize = 64;

/// Capacity for pieces that an idle tunnel keeps.
const KEPT_PIECES: usize = 16;

/// A tunnel whose two ends are open.
#[derive(Debug)]
pub(super) struct Splice {
    stream: Stream,
    alarm: Alarm,
    outgoing: Outgoing,
    /// Bytes in `outgoing`, and the charge for them while the socket does not take them.
    unwritten: usize,
    waiting: Charge,
    source: Source,
    sink: Sink,
    /// Whether it is in the list of tunnels with data to write.
    pub(super) is_dirty: bool,
}

/// The direction from the socket to the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    /// The socket is drained; the waker is called when it is readable.
    AwaitSocket,
    /// The window is used up; the engine reports when it has room.
    AwaitWindow,
    /// It is in the list of tunnels to read from.
    Ready,
    /// EOF was read from the socket and sent.
    Ended,
}

/// The direction from the client to the socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sink {
    Open,
    /// The client has sent EOF, but not all its data is written.
    Ending,
    Ended,
}

/// The result of a read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    /// The socket may have more.
    Again,
    /// The transport has no room now.
    Stalled,
    /// The socket or the window has to become ready first.
    Waits,
    /// EOF was read.
    Ended,
}

impl Splice {
    pub(super) fn new(stream: Stream, cx: &Link, id: ChannelId) -> Self {
        Self {
            stream,
            alarm: Alarm::new(cx.me(), TunnelSign::Channel(id)),
            outgoing: Outgoing::default(),
            unwritten: 0,
            waiting: cx.charge_pinned(0),
            source: Source::AwaitWindow,
            sink: Sink::Open,
            is_dirty: false,
        }
    }

    /// Queues data of the client.
    pub(super) fn deliver(&mut self, data: Gather) {
        self.unwritten = self.unwritten.saturating_add(data.len());
        self.outgoing.push(data);
    }

    /// The client has sent EOF.
    pub(super) fn end_sink(&mut self) {
        if self.sink == Sink::Open {
            self.sink = Sink::Ending;
        }
    }

    /// The waker was called; returns whether to read from the socket, and whether to write to it.
    pub(super) fn woken(&mut self) -> (bool, bool) {
        self.alarm.reset();
        let reads = self.source == Source::AwaitSocket;
        if reads {
            self.source = Source::Ready;
        }
        (reads, !self.outgoing.is_empty())
    }

    /// The window has room; returns whether to read from the socket.
    pub(super) fn window_opened(&mut self) -> bool {
        let reads = self.source == Source::AwaitWindow;
        if reads {
            self.source = Source::Ready;
        }
        reads
    }

    /// Writes what the socket takes; returns how many bytes that were.
    pub(super) fn write(&mut self) -> io::Result<usize> {
        let taken = self.write_outgoing()?;
        self.unwritten = self.unwritten.saturating_sub(taken);
        self.waiting.set(self.unwritten);
        Ok(taken)
    }

    fn write_outgoing(&mut self) -> io::Result<usize> {
        let mut taken = 0_usize;
        while !self.outgoing.is_empty() {
            let mut parts = [IoSlice::new(&[]); MAX_PARTS];
            let count = self.outgoing.fill(&mut parts);
            let parts = parts.get(..count).unwrap_or_default();
            match self.stream.poll_write(&mut self.alarm.context(), parts) {
                Poll::Ready(Ok(len)) => {
                    self.outgoing.advance(len);
                    taken = taken.saturating_add(len);
                }
                Poll::Ready(Err(error)) => return Err(error),
                Poll::Pending => {
                    self.outgoing.settle();
                    return Ok(taken);
                }
            }
        }
        if self.sink == Sink::Ending {
            self.stream.finish();
            self.sink = Sink::Ended;
        }
        Ok(taken)
    }

    /// Reads from the socket into `scratch`, and seals that into `out`; returns how many bytes were moved.
    pub(super) fn read(
        &mut self,
        now: Instant,
        engine: &mut Connection,
        channel: ChannelId,
        out: &mut WriteBuffer,
        scratch: &mut [u8],
    ) -> io::Result<(Reading, usize)> {
        let mut total = 0_usize;
        let mut room = engine.send(now, channel, Order::Tunnel, &[], out).room;
        loop {
            let most = match room {
                Room::Bytes(room) => room.min(scratch.len()),
                Room::AwaitTransport => return Ok((Reading::Stalled, total)),
                Room::AwaitWindow => {
                    self.source = Source::AwaitWindow;
                    return Ok((Reading::Waits, total));
                }
            };
            let buf = scratch.get_mut(..most).unwrap_or_default();
            match self.stream.poll_read(&mut self.alarm.context(), buf) {
                Poll::Ready(Ok(0)) => {
                    self.source = Source::Ended;
                    // This fails if the channel is closing anyway.
                    let _ = engine.queue(now, channel, Queued::Eof, NOBODY);
                    return Ok((Reading::Ended, total));
                }
                Poll::Ready(Ok(len)) => {
                    let data = buf.get(..len).unwrap_or_default();
                    let sent = engine.send(now, channel, Order::Tunnel, data, out);
                    if sent.len < len {
                        // the engine has failed: what was read is lost, and the end of the connection
                        // follows
                        return Ok((Reading::Waits, total));
                    }
                    total = total.saturating_add(len);
                    // A short read has drained the socket: the next poll is pending and sets the waker.
                    if len == most {
                        return Ok((Reading::Again, total));
                    }
                    room = sent.room;
                }
                Poll::Ready(Err(error)) => return Err(error),
                Poll::Pending => {
                    self.source = Source::AwaitSocket;
                    return Ok((Reading::Waits, total));
                }
            }
        }
    }

    /// Whether both directions have ended.
    pub(super) fn has_ended(&self) -> bool {
        self.source == Source::Ended && self.sink == Sink::Ended
    }

    /// The socket and the data that it has not taken, if there is any.
    pub(super) fn into_rest(self) -> Option<(Stream, Bytes)> {
        let rest = self.outgoing.join();
        (!rest.is_empty()).then_some((self.stream, rest))
    }
}

/// Data that the socket has not taken, in order: pieces, and behind them a buffer in which small ones are
/// joined.
#[derive(Debug, Default)]
struct Outgoing {
    pieces: VecDeque<Piece>,
    /// Bytes of the first piece that the socket has taken.
    taken: usize,
    joined: BytesMut,
    /// The socket was full at the last attempt, so pieces are copied out of the read buffer and joined.
    is_settled: bool,
}

#[derive(Debug)]
enum Piece {
    /// In the connection's read buffer; nearly always the socket takes it from there in the same turn.
    Fresh(Gather),
    /// In memory of its own.
    Kept(Bytes),
}

impl Deref for Piece {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Fresh(data) => data,
            Self::Kept(data) => data,
        }
    }
}

impl Outgoing {
    fn is_empty(&self) -> bool {
        self.pieces.is_empty() && self.joined.is_empty()
    }

    fn push(&mut self, data: Gather) {
        if self.is_settled {
            self.keep(data.freeze());
        } else {
            self.pieces.push_back(Piece::Fresh(data));
        }
    }

    fn keep(&mut self, data: Bytes) {
        if data.len() < TUNNEL_JOINED_LEN {
            self.joined.extend_from_slice(&data);
        } else {
            self.flush_joined();
            self.pieces.push_back(Piece::Kept(data));
        }
    }

    /// The socket is full: copies pieces out of the connection's read buffer, and joins small ones.
    fn settle(&mut self) {
        if std::mem::replace(&mut self.is_settled, true) {
            return;
        }
        let mut taken = std::mem::take(&mut self.taken);
        let joined = std::mem::take(&mut self.joined);
        for piece in std::mem::take(&mut self.pieces) {
            let mut piece = match piece {
                Piece::Fresh(data) => data.freeze(),
                Piece::Kept(data) => data,
            };
            piece.advance(std::mem::take(&mut taken).min(piece.len()));
            self.keep(piece);
        }
        if !joined.is_empty() {
            self.keep(joined.freeze());
        }
    }

    fn flush_joined(&mut self) {
        if !self.joined.is_empty() {
            self.pieces.push_back(Piece::Kept(self.joined.split().freeze()));
        }
    }

    /// Fills `parts` with the first pieces; returns how many there are.
    fn fill<'a>(&'a self, parts: &mut [IoSlice<'a>]) -> usize {
        let mut taken = self.taken;
        let joined = Some(&self.joined[..]).filter(|joined| !joined.is_empty());
        let pieces = self.pieces.iter().map(|piece| {
            let rest = piece.get(std::mem::take(&mut taken)..);
            rest.unwrap_or_default()
        });
        let filled = parts.iter_mut().zip(pieces.chain(joined));
        filled.map(|(part, piece)| *part = IoSlice::new(piece)).count()
    }

    fn advance(&mut self, mut len: usize) {
        while len > 0 {
            let Some(first) = self.pieces.front() else {
                self.joined.advance(len.min(self.joined.len()));
                break;
            };
            let rest = first.len().saturating_sub(self.taken);
            if len < rest {
                self.taken = self.taken.saturating_add(len);
                break;
            }
            len = len.saturating_sub(rest);
            self.taken = 0;
            self.pieces.pop_front();
        }
        if self.is_empty() {
            // All is written: frees nearly all memory.
            self.joined = BytesMut::new();
            self.pieces.shrink_to(KEPT_PIECES);
            self.is_settled = false;
        }
    }

    /// All data, copied into one piece.
    fn join(&self) -> Bytes {
        let mut whole = BytesMut::new();
        let mut taken = self.taken;
        for piece in &self.pieces {
            whole.extend_from_slice(piece.get(std::mem::take(&mut taken)..).unwrap_or_default());
        }
        whole.extend_from_slice(&self.joined);
        whole.freeze()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fresh(data: &[u8]) -> Gather {
        Gather::new(Bytes::copy_from_slice(data))
    }

    fn text(outgoing: &Outgoing) -> Vec<u8> {
        let mut parts = [IoSlice::new(&[]); MAX_PARTS];
        let count = outgoing.fill(&mut parts);
        parts[..count].iter().flat_map(|part| part.to_vec()).collect()
    }

    #[test]
    fn small_pieces_are_joined_only_while_the_socket_is_full() {
        let mut outgoing = Outgoing::default();
        outgoing.push(fresh(b"abc"));
        outgoing.push(fresh(b"def"));
        assert_eq!(outgoing.pieces.len(), 2);
        outgoing.advance(1);
        assert_eq!(text(&outgoing), b"bcdef");
        outgoing.settle();
        assert_eq!((outgoing.pieces.len(), &outgoing.joined[..]), (0, &b"bcdef"[..]));
        let large = vec![7; TUNNEL_JOINED_LEN];
        outgoing.push(fresh(&large));
        outgoing.push(fresh(b"x"));
        outgoing.push(fresh(b"y"));
        assert_eq!(outgoing.pieces.len(), 2);
        assert_eq!(text(&outgoing), [b"bcdef", &large[..], b"xy"].concat());
        outgoing.advance(4);
        outgoing.advance(large.len());
        assert_eq!(text(&outgoing), b"\x07xy");
        assert_eq!(outgoing.join(), &b"\x07xy"[..]);
        outgoing.advance(2);
        assert_eq!(text(&outgoing), b"y");
    }

    #[test]
    fn what_is_half_taken_is_settled_without_it() {
        let mut outgoing = Outgoing::default();
        outgoing.push(fresh(&[1; TUNNEL_JOINED_LEN]));
        outgoing.push(fresh(&[2; TUNNEL_JOINED_LEN]));
        outgoing.advance(TUNNEL_JOINED_LEN + 5);
        outgoing.settle();
        outgoing.push(fresh(&[3]));
        assert_eq!(text(&outgoing), [&[2; TUNNEL_JOINED_LEN - 5][..], &[3]].concat());
    }

    #[test]
    fn what_is_taken_leaves_no_memory_behind() {
        let mut outgoing = Outgoing::default();
        outgoing.push(fresh(b"abc"));
        outgoing.settle();
        outgoing.push(fresh(b"d"));
        outgoing.advance(4);
        assert!(outgoing.is_empty() && !outgoing.is_settled);
        assert!(outgoing.pieces.capacity() <= KEPT_PIECES);
        assert_eq!(outgoing.joined.capacity(), 0);
    }
}
