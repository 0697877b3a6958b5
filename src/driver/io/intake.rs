//! Reads the socket of one connection. The buffer belongs to the thread: between two reads a
//! connection keeps only the start of a packet that is not complete.
//!
//! When data floods in, each wake-up costs more than the data it brings, so the system is asked to
//! wake the task for more at a time (SO_RCVLOWAT). What is less than that is fetched a moment later.

use std::cell::Cell;
use std::io;
use std::time::{Duration, Instant};

use bytes::BytesMut;
use tokio::io::Interest;

use super::raw_socket;
use super::socket::Socket;
use crate::limits::{BLOCK_LEN, MAX_PACKET_LEN};

/// What is read at a time: dozens of packets for one system call, and always a whole packet.
const READ_LEN: usize = BLOCK_LEN + MAX_PACKET_LEN / 4;
/// A flood is at least this much ...
const FLOOD_LEN: usize = 1024 * 1024;
/// ... in this time.
const FLOOD_TIME: Duration = Duration::from_millis(8);
/// What a flooded connection is woken for.
const LOW_WATER: usize = BLOCK_LEN - 32 * 1024;
/// After this time it takes what there is.
pub(in crate::driver) const LULL: Duration = Duration::from_millis(2);

thread_local! {
    static SPARE: Cell<BytesMut> = Cell::new(BytesMut::new());
}

/// The inbound side of one connection.
#[derive(Debug)]
pub(in crate::driver) struct Intake {
    /// What was read and not used yet.
    pub(in crate::driver) bytes: BytesMut,
    /// Whether `bytes` is the thread's.
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
            since: Instant::now(),
            counted: 0,
        }
    }

    /// Whether the task is not woken for each packet, and has to look for itself after a [`LULL`].
    pub(in crate::driver) fn is_flooded(&self) -> bool {
        self.flooded
    }

    /// Reads once; `None` when there is nothing.
    pub(in crate::driver) fn read(&mut self, socket: &Socket) -> io::Result<Option<usize>> {
        self.make_room();
        let mut read = None;
        let result = socket.try_io(Interest::READABLE, || {
            let room = self.bytes.capacity().saturating_sub(self.bytes.len());
            let len = raw_socket::receive(&socket.raw(), &mut self.bytes)?;
            read = Some(len);
            // Less than there was room for was all there is: the runtime need not find that out with
            // another system call.
            if (1..room).contains(&len) { Err(io::ErrorKind::WouldBlock.into()) } else { Ok(()) }
        });
        self.count(socket, read.unwrap_or(0));
        match result {
            Err(error) if error.kind() != io::ErrorKind::WouldBlock => Err(error),
            Ok(()) | Err(_) => Ok(read),
        }
    }

    /// Reads without asking the runtime: how much, and whether that was all there is.
    pub(in crate::driver) fn receive(&mut self, socket: &Socket) -> io::Result<(usize, bool)> {
        self.make_room();
        let room = self.bytes.capacity().saturating_sub(self.bytes.len());
        let len = raw_socket::receive(&socket.raw(), &mut self.bytes)?;
        Ok((len, len < room))
    }

    /// Reads what the system has not woken the task for.
    pub(in crate::driver) fn read_after_lull(
        &mut self,
        socket: &Socket,
    ) -> io::Result<Option<usize>> {
        self.make_room();
        self.set_flooded(socket, false);
        match raw_socket::receive(&socket.raw(), &mut self.bytes) {
            Ok(read) => Ok(Some(read)),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Before waiting: gives the thread its buffer back.
    pub(in crate::driver) fn park(&mut self) {
        if !std::mem::replace(&mut self.lent, false) {
            return;
        }
        let rest = BytesMut::from(&*self.bytes);
        let mut spare = std::mem::replace(&mut self.bytes, rest);
        spare.clear();
        // what was read last may still be in use, then the buffer is let go
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

    fn count(&mut self, socket: &Socket, read: usize) {
        if self.flooded {
            return;
        }
        self.counted = self.counted.saturating_add(read);
        if self.counted >= FLOOD_LEN {
            let now = Instant::now();
            let flooded = now.saturating_duration_since(self.since) <= FLOOD_TIME;
            self.since = now;
            self.counted = 0;
            if flooded {
                self.set_flooded(socket, true);
            }
        }
    }

    /// It is only about speed: a system that cannot do it wakes the task as before.
    fn set_flooded(&mut self, socket: &Socket, flooded: bool) {
        if self.flooded != flooded
            && raw_socket::set_low_water(&socket.raw(), if flooded { LOW_WATER } else { 1 })
        {
            self.flooded = flooded;
        }
    }
}
