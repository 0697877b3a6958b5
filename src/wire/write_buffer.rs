//! The bytes that wait to be written to a socket. It is appended to as a `Vec<u8>` is, but memory that was
//! used before is not cleared before it is used again, which would cost as much as a copy of the data.

use std::ops::{Deref, DerefMut};

/// Bytes to write.
#[derive(Debug, Default)]
pub struct WriteBuffer {
    /// The memory, of which the part behind `end` was initialized by an earlier use.
    room: Vec<u8>,
    len: usize,
}

impl WriteBuffer {
    /// An empty buffer, without memory.
    pub const fn new() -> Self {
        Self { room: Vec::new(), len: 0 }
    }

    /// Bytes that it can hold without a new allocation.
    pub fn capacity(&self) -> usize {
        self.room.capacity()
    }

    /// Allocates memory for so many more bytes.
    pub fn reserve(&mut self, additional: usize) {
        let unused = self.room.len().saturating_sub(self.len);
        self.room.reserve(additional.saturating_sub(unused));
    }

    /// Removes all bytes, and keeps the memory.
    pub fn clear(&mut self) {
        self.len = 0;
    }

    /// Appends bytes.
    pub fn extend_from_slice(&mut self, bytes: &[u8]) {
        let end = self.len.saturating_add(bytes.len());
        match self.room.get_mut(self.len..end) {
            Some(place) => place.copy_from_slice(bytes),
            None => self.build(|room| room.extend_from_slice(bytes)),
        }
        self.len = end;
    }

    /// Appends so many bytes for the caller to fill in: each is 0, or an old byte of the buffer.
    pub fn extend_for(&mut self, additional: usize) {
        self.len = self.len.saturating_add(additional);
        if self.room.len() < self.len {
            self.room.resize(self.len, 0);
        }
    }

    /// Appends the bytes that `append` appends.
    pub fn build(&mut self, append: impl FnOnce(&mut Vec<u8>)) {
        self.room.truncate(self.len);
        append(&mut self.room);
        self.len = self.room.len();
    }

    /// Wipes and removes the bytes from `len` on.
    pub fn truncate(&mut self, len: usize) {
        self.get_mut(len..).unwrap_or_default().fill(0);
        self.len = self.len.min(len);
    }

    /// Removes the bytes from `at` on, and returns them.
    pub fn split_off(&mut self, at: usize) -> Vec<u8> {
        let bytes = self.get(at..).unwrap_or_default().to_vec();
        self.len = self.len.min(at);
        bytes
    }
}

impl Deref for WriteBuffer {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.room.get(..self.len).unwrap_or_default()
    }
}

impl DerefMut for WriteBuffer {
    fn deref_mut(&mut self) -> &mut [u8] {
        self.room.get_mut(..self.len).unwrap_or_default()
    }
}

impl From<Vec<u8>> for WriteBuffer {
    fn from(room: Vec<u8>) -> Self {
        let len = room.len();
        Self { room, len }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_appends_whatever_stood_there_before() {
        let mut buffer = WriteBuffer::from(vec![7; 20]);
        for len in [0, 1, 5, 30] {
            buffer.clear();
            buffer.extend_from_slice(b"one");
            buffer.extend_for(len);
            assert_eq!(buffer.len(), 3 + len);
            buffer[3..].fill(b'-');
            buffer.extend_from_slice(b"two");
            buffer.build(|room| room.extend_from_slice(b"three"));
            let all = [b"one".to_vec(), vec![b'-'; len], b"twothree".to_vec()].concat();
            assert_eq!(*buffer, all[..]);
            assert_eq!(buffer.split_off(3 + len), b"twothree");
            assert_eq!(*buffer, all[..3 + len]);
            assert_eq!(buffer.split_off(100), b"");
            assert_eq!(buffer.len(), 3 + len);
        }
    }

    #[test]
    fn room_is_cleared_once_only() {
        let mut buffer = WriteBuffer::new();
        buffer.extend_for(4);
        assert_eq!(*buffer, [0; 4]);
        buffer.extend_from_slice(b"abc");
        buffer.clear();
        buffer.extend_for(6);
        assert_eq!(*buffer, *b"\0\0\0\0ab");
        buffer.extend_for(2);
        assert_eq!(*buffer, *b"\0\0\0\0abc\0");
    }

    #[test]
    fn what_is_cut_off_is_wiped() {
        let mut buffer = WriteBuffer::from(b"public secret".to_vec());
        buffer.truncate(7);
        assert_eq!(*buffer, *b"public ");
        buffer.truncate(100);
        buffer.extend_for(6);
        assert_eq!(*buffer, *b"public \0\0\0\0\0\0");
    }

    #[test]
    fn memory_is_asked_for_beyond_what_is_unused() {
        let mut buffer = WriteBuffer::from(vec![0; 100]);
        buffer.clear();
        let capacity = buffer.capacity();
        buffer.reserve(capacity);
        assert_eq!(buffer.capacity(), capacity);
        buffer.reserve(capacity + 1);
        assert!(buffer.capacity() > capacity);
        assert!(buffer.is_empty());
    }
}
