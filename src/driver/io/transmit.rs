//! Moves sealed bytes from the engine to the socket. The buffer belongs to the thread, not to the
//! connection: a connection holds one only while the socket does not take everything.

use std::cell::Cell;
use std::io;
use std::time::Instant;

use super::socket_options::Nagle;
use super::stream::ByteStream;
use crate::engine::{Connection, WriteBuffer};
use crate::limits::{TUNNEL_TRANSMIT_TARGET, WRITTEN_IN_TURN};

/// What a caller's thread seals at most before the task has written it.
const UNWRITTEN_LEN: usize = 64 * 1024;
/// What is sealed at a time, the last packet included.
const BUFFER_LEN: usize = TUNNEL_TRANSMIT_TARGET + 16 * 1024;

thread_local! {
    static SPARE: Cell<WriteBuffer> = const { Cell::new(WriteBuffer::new()) };
}

/// The outbound side of one connection.
#[derive(Debug, Default)]
pub(in crate::driver) struct Transmit {
    bytes: WriteBuffer,
    written: usize,
    pub(in crate::driver) nagle: Nagle,
    /// The last call only sealed.
    untried: bool,
    /// Written in this turn.
    in_turn: usize,
    /// Why the socket takes no more, ever.
    pub(in crate::driver) error: Option<io::Error>,
}

impl Transmit {
    /// Whether there are bytes that the socket has not taken.
    pub(in crate::driver) fn is_pending(&self) -> bool {
        self.written < self.bytes.len()
    }

    /// Whether nobody has tried to write them yet: the socket may well take them.
    pub(in crate::driver) fn is_untried(&self) -> bool {
        self.untried
    }

    /// A turn of the connection begins.
    pub(in crate::driver) fn begin_turn(&mut self) {
        self.in_turn = 0;
    }

    /// Whether anything was written in this turn.
    pub(in crate::driver) fn has_written(&self) -> bool {
        self.in_turn > 0
    }

    /// Whether the turn has ended before everything was written.
    pub(in crate::driver) fn is_over(&self) -> bool {
        self.in_turn >= WRITTEN_IN_TURN
    }

    /// Seals and, if `write`, writes until nothing is left, the socket is full or the turn is over;
    /// `true` when anything was sealed, so that there may be events or room for input.
    pub(in crate::driver) fn run(
        &mut self,
        engine: &mut Connection,
        stream: &dyn ByteStream,
        write: bool,
        now: Instant,
    ) -> bool {
        self.run_with(engine, stream, write, |engine, out| engine.poll_transmit(now, out))
    }

    /// As [`Self::run`], for what `seal` appends until it has nothing more.
    pub(in crate::driver) fn run_with(
        &mut self,
        engine: &mut Connection,
        stream: &dyn ByteStream,
        write: bool,
        mut seal: impl FnMut(&mut Connection, &mut WriteBuffer) -> bool,
    ) -> bool {
        if self.error.is_some() {
            // Nothing is sealed for nobody: no send is to be called done that has gone nowhere.
            self.give_back();
            return false;
        }
        // What is only sealed is little, and there may be many connections with a little each.
        if write {
            self.make_room();
        }
        // What was only sealed leaves together with what can be sealed now.
        let mut seals_first = std::mem::replace(&mut self.untried, !write);
        let mut moved = false;
        let mut wrote = false;
        loop {
            if write && self.is_pending() && !std::mem::take(&mut seals_first) {
                if !std::mem::replace(&mut wrote, true) {
                    self.nagle.begin(stream.options());
                }
                if !self.flush(stream) {
                    break;
                }
            }
            let sealed = self.bytes.len() < UNWRITTEN_LEN
                && !self.is_over()
                && seal(engine, &mut self.bytes);
            moved |= sealed;
            let goes_on = sealed || (write && self.is_pending());
            if !goes_on {
                break;
            }
        }
        if wrote && !self.is_pending() {
            self.nagle.end(stream.options());
        }
        if !self.is_pending() {
            self.give_back();
        }
        moved
    }

    /// The buffer to seal into, with room.
    pub(in crate::driver) fn buffer(&mut self) -> &mut WriteBuffer {
        self.make_room();
        &mut self.bytes
    }

    fn make_room(&mut self) {
        if self.bytes.capacity() == 0 {
            self.bytes = SPARE.take();
            self.bytes.reserve(BUFFER_LEN);
        }
    }

    /// Writes what is sealed; `false` when the socket is full or broken.
    fn flush(&mut self, stream: &dyn ByteStream) -> bool {
        while let Some(rest) = self.bytes.get(self.written..)
            && !rest.is_empty()
        {
            match stream.send(rest) {
                Ok(len) => {
                    self.written = self.written.saturating_add(len);
                    self.in_turn = self.in_turn.saturating_add(len);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return false,
                Err(error) => {
                    self.error = Some(error);
                    self.written = self.bytes.len();
                    return false;
                }
            }
        }
        self.bytes.clear();
        self.written = 0;
        true
    }

    fn give_back(&mut self) {
        let mut bytes = std::mem::take(&mut self.bytes);
        self.written = 0;
        bytes.clear();
        if (BUFFER_LEN..=2 * BUFFER_LEN).contains(&bytes.capacity()) {
            SPARE.set(bytes);
        }
    }
}
