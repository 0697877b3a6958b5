//! Reads the stream of one connection. The read buffer belongs to the thread: between two reads a
//! connection keeps only the start of a packet that is not complete.
//!
//! When data floods in, each wake-up costs more than the data it brings, so the system is asked to wake the
//! task only when much has come (SO_RCVLOWAT, a low watermark). A timer fetches what is less than that.

use std::cell::Cell;
use std::io;
use std::time::{Duration, Instant};

use bytes::BytesMut;

use super::raw_socket;
use super::stream::{Attempt, ByteStream, Received};
use crate::driver::clock;
use crate::limits::{BLOCK_LEN, MAX_PACKET_LEN};

/// Bytes of one read: dozens of packets for one system call, and always a whole packet.
const READ_LEN: usize = BLOCK_LEN + MAX_PACKET_LEN / 4;
/// Input is a flood when at least this much comes ...
const FLOOD_LEN: usize = 1024 * 1024;
/// ... in this time.
const FLOOD_TIME: Duration = Duration::from_millis(8);
/// The low watermark of a flooded socket (SO_RCVLOWAT): the task is woken for at least so many bytes.
const LOW_WATER: usize = BLOCK_LEN - 32 * 1024;
/// How long a flooded socket may stay below the low watermark before the task reads what has come.
pub(in crate::driver) const LULL: Duration = Duration::from_millis(2);

thread_local! {
    static SPARE: Cell<BytesMut> = Cell::new(BytesMut::new());
}

/// The inbound side of one connection.
#[derive(Debug)]
pub(in crate::driver) struct Intake {
    /// Bytes that were read and that the engine has not taken.
    pub(in crate::driver) bytes: BytesMut,
    /// Whether `bytes` is the thread's buffer.
    lent: bool,
    flooded: bool,
    /// The start of the time in which `counted` bytes came.
    since: Instant,
    counted: usize,
}

impl Intake {
    pub(in crate::driver) fn new() -> Self {
        Self {
            bytes: BytesMut::new(),
            lent: false,
            flooded: false,
            since: clock::now(),
            counted: 0,
        }
    }

    /// Whether SO_RCVLOWAT is raised: the task is not woken for each packet, and has to read after a
    /// [`LULL`].
    pub(in crate::driver) fn is_flooded(&self) -> bool {
        self.flooded
    }

    /// Reads once.
    pub(in crate::driver) fn read(
        &mut self,
        stream: &dyn ByteStream,
        attempt: Attempt,
    ) -> io::Result<Received> {
        self.make_room();
        match stream.receive(&mut self.bytes, attempt) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(Received::NOTHING),
            received => received,
        }
    }

    /// Gives the thread its buffer back; called before each wait and each read.
    pub(in crate::driver) fn park(&mut self) {
        if !std::mem::replace(&mut self.lent, false) {
            return;
        }
        let rest = BytesMut::from(&*self.bytes);
        let mut spare = std::mem::replace(&mut self.bytes, rest);
        spare.clear();
        // if data of the last read is still in use, the buffer cannot be reclaimed and is not kept
        if spare.try_reclaim(READ_LEN) {
            SPARE.set(spare);
        }
    }

    fn make_room(&mut self) {
        if !self.lent {
            self.lent = true;
            let mut buffer = SPARE.take();
            buffer.reserve(READ_LEN);
            buffer.extend_from_slice(&self.bytes);
            self.bytes = buffer;
        }
    }

    /// Counts bytes that the task has read, and raises SO_RCVLOWAT if they are a flood.
    pub(in crate::driver) fn count(&mut self, stream: &dyn ByteStream, read: usize) {
        if self.flooded {
            return;
        }
        self.counted = self.counted.saturating_add(read);
        if self.counted >= FLOOD_LEN {
            let now = clock::now();
            let flooded = now.saturating_duration_since(self.since) <= FLOOD_TIME;
            self.since = now;
            self.counted = 0;
            if flooded {
                self.set_flooded(stream, true);
            }
        }
    }

    /// Lowers SO_RCVLOWAT: the flood is over.
    pub(in crate::driver) fn end_flood(&mut self, stream: &dyn ByteStream) {
        self.set_flooded(stream, false);
    }

    /// This is only about speed: a system without SO_RCVLOWAT wakes the task for every packet.
    fn set_flooded(&mut self, stream: &dyn ByteStream, flooded: bool) {
        if self.flooded != flooded
            && let Some(socket) = stream.options()
            && raw_socket::set_low_water(&socket, if flooded { LOW_WATER } else { 1 })
        {
            self.flooded = flooded;
        }
    }
}
