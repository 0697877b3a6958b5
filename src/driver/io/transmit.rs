//! Moves sealed bytes from the engine to the stream. The write buffer belongs to the thread, not to the
//! connection: a connection holds one only while the stream does not take everything.

use std::cell::Cell;
use std::io;
use std::time::Instant;

use super::socket_options::Nagle;
use super::stream::ByteStream;
use crate::engine::{Connection, WriteBuffer};
use crate::limits::{TUNNEL_TRANSMIT_TARGET, WRITTEN_IN_TURN};

/// Bytes that are sealed at most before they are written (high watermark).
const UNWRITTEN_LEN: usize = 64 * 1024;
/// Size of the write buffer, the last packet included.
const BUFFER_LEN: usize = TUNNEL_TRANSMIT_TARGET + 16 * 1024;

thread_local! {
    static SPARE: Cell<WriteBuffer> = const { Cell::new(WriteBuffer::new()) };
}

/// The outbound side of one connection: sealed bytes, and their way to the stream.
#[derive(Debug, Default)]
pub(in crate::driver) struct Transmit {
    bytes: WriteBuffer,
    written: usize,
    pub(in crate::driver) nagle: Nagle,
    /// Whether the last call sealed bytes without writing them.
    untried: bool,
    /// Bytes that were written in this turn of the connection.
    in_turn: usize,
    /// The write error that has broken the stream.
    pub(in crate::driver) error: Option<io::Error>,
}

impl Transmit {
    /// Whether there are sealed bytes that the stream has not taken.
    pub(in crate::driver) fn is_pending(&self) -> bool {
        self.written < self.bytes.len()
    }

    /// Whether the stream has not taken them when they were last written.
    pub(in crate::driver) fn is_blocked(&self) -> bool {
        self.is_pending() && !self.untried
    }

    /// Begins a turn of the connection.
    pub(in crate::driver) fn begin_turn(&mut self) {
        self.in_turn = 0;
    }

    /// Whether anything was written in this turn.
    pub(in crate::driver) fn has_written(&self) -> bool {
        self.in_turn > 0
    }

    /// Whether this turn has written as much as one may.
    pub(in crate::driver) fn is_over(&self) -> bool {
        self.in_turn >= WRITTEN_IN_TURN
    }

    /// Seals and, if `write`, writes until nothing is left, the stream is full or the turn has written as
    /// much as one may; `true` when anything was sealed, so that there may be events or room for input.
    pub(in crate::driver) fn run(
        &mut self,
        engine: &mut Connection,
        stream: &dyn ByteStream,
        write: bool,
        now: Instant,
    ) -> bool {
        self.run_with(engine, stream, write, |engine, out| engine.poll_transmit(now, out))
    }

    /// As [`Self::run`], with bytes that `seal` appends until it returns `false`.
    pub(in crate::driver) fn run_with(
        &mut self,
        engine: &mut Connection,
        stream: &dyn ByteStream,
        write: bool,
        mut seal: impl FnMut(&mut Connection, &mut WriteBuffer) -> bool,
    ) -> bool {
        if self.error.is_some() {
            // Bytes for a broken stream are not sealed: a send must not be reported as complete that went
            // nowhere.
            self.give_back();
            return false;
        }
        // Bytes that are only sealed are few, and many connections may have some: they need no whole
        // buffer.
        if write {
            self.make_room();
        }
        // Bytes that were only sealed are written together with those that can be sealed now.
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

    /// Writes the sealed bytes; `false` when the stream is full or broken.
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
