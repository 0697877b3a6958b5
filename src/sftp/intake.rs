//! Cuts the bytes of a channel into SFTP's packets: `uint32 length`, then so many bytes. What has not become
//! a packet stays in the blocks that it came in.

use std::collections::VecDeque;

use bytes::{Buf, Bytes, BytesMut};

use super::data::Data;
use super::packet::{BadPacket, WRITE};
use crate::limits::MAX_SFTP_PACKET_LEN;

/// What stands before the data of a WRITE at most: number, id, handle, offset, length of the data.
const MAX_WRITE_HEAD_LEN: usize = 1 + 4 + 4 + MAX_HANDLE_LEN + 8 + 4;
/// draft-ietf-secsh-filexfer-02, section 6.2: a handle has at most 256 bytes.
const MAX_HANDLE_LEN: usize = 256;

/// One packet, without its length.
#[derive(Debug, Clone)]
pub struct Packet {
    /// The packet; of a WRITE what comes before the data.
    pub(super) head: Bytes,
    /// The rest of a WRITE: its data and, if the client is wrong about the length of that, more.
    pub(super) rest: Data,
    /// The length of the packet and its length field.
    len: usize,
}

impl Packet {
    /// The bytes that it took in the channel.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Never: a packet without a byte is none.
    pub fn is_empty(&self) -> bool {
        false
    }

    /// Its number.
    pub(super) fn number(&self) -> u8 {
        self.head.first().copied().unwrap_or_default()
    }
}

/// The bytes of the client that are no packet yet.
#[derive(Debug, Default)]
pub struct Intake {
    pieces: VecDeque<Bytes>,
    len: usize,
}

impl Intake {
    /// Appends bytes of the channel.
    pub fn push(&mut self, bytes: Bytes) {
        if !bytes.is_empty() {
            self.len = self.len.saturating_add(bytes.len());
            self.pieces.push_back(bytes);
        }
    }

    /// The bytes that are there.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Whether [`Self::next_packet`] has something to say.
    pub fn has_packet(&self) -> bool {
        match self.peek_len() {
            Some(len) if is_allowed(len) => self.len.saturating_sub(4) >= len as usize,
            Some(_) => true,
            None => false,
        }
    }

    /// The next packet; `None` when it is not there as a whole.
    pub fn next_packet(&mut self) -> Result<Option<Packet>, BadPacket> {
        let Some(len) = self.peek_len() else {
            return Ok(None);
        };
        if !is_allowed(len) {
            return Err(BadPacket::Length(len));
        }
        let len = len as usize;
        if self.len.saturating_sub(4) < len {
            return Ok(None);
        }
        self.take(4);
        let is_write = self.pieces.front().and_then(|piece| piece.first()) == Some(&WRITE);
        let head_len = if is_write { self.write_head_len().min(len) } else { len };
        let head = self.take(head_len);
        let mut rest = Data::default();
        let mut left = len.saturating_sub(head_len);
        while left > 0
            && let Some(piece) = self.take_piece(left)
        {
            left = left.saturating_sub(piece.len());
            rest.push(piece);
        }
        if self.len == 0 {
            self.pieces = VecDeque::new();
        }
        Ok(Some(Packet { head, rest, len: len.saturating_add(4) }))
    }

    fn peek_len(&self) -> Option<u32> {
        let mut bytes = [0; 4];
        (self.peek(&mut bytes) == 4).then(|| u32::from_be_bytes(bytes))
    }

    /// Where the data of the WRITE at the front begins.
    fn write_head_len(&self) -> usize {
        let mut head = [0; 9];
        self.peek(&mut head);
        let handle = u32::from_be_bytes([head[5], head[6], head[7], head[8]]) as usize;
        // A longer handle is wrong; then no data is looked for.
        (MAX_WRITE_HEAD_LEN - MAX_HANDLE_LEN).saturating_add(handle.min(MAX_HANDLE_LEN))
    }

    /// Copies the first bytes, as many as there are; returns how many.
    fn peek(&self, into: &mut [u8]) -> usize {
        let mut filled = 0_usize;
        for piece in &self.pieces {
            let Some(room) = into.get_mut(filled..).filter(|room| !room.is_empty()) else {
                break;
            };
            let len = room.len().min(piece.len());
            if let (Some(to), Some(from)) = (room.get_mut(..len), piece.get(..len)) {
                to.copy_from_slice(from);
            }
            filled = filled.saturating_add(len);
        }
        filled
    }

    /// Takes `len` bytes in one piece, copied together if they are not.
    fn take(&mut self, len: usize) -> Bytes {
        match self.take_piece(len) {
            Some(piece) if piece.len() == len => piece,
            first => {
                let mut whole = BytesMut::with_capacity(len);
                whole.extend_from_slice(&first.unwrap_or_default());
                while whole.len() < len
                    && let Some(piece) = self.take_piece(len.saturating_sub(whole.len()))
                {
                    whole.extend_from_slice(&piece);
                }
                whole.freeze()
            }
        }
    }

    /// Takes at most `len` bytes of the first piece.
    fn take_piece(&mut self, len: usize) -> Option<Bytes> {
        let first = self.pieces.front_mut()?;
        let piece = first.split_to(len.min(first.len()));
        if !first.has_remaining() {
            self.pieces.pop_front();
        }
        self.len = self.len.saturating_sub(piece.len());
        Some(piece)
    }
}

fn is_allowed(len: u32) -> bool {
    len > 0 && len as usize <= MAX_SFTP_PACKET_LEN
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(body: &[u8]) -> Vec<u8> {
        [&u32::try_from(body.len()).unwrap().to_be_bytes()[..], body].concat()
    }

    fn write(data: &[u8]) -> Vec<u8> {
        let mut body = vec![WRITE, 0, 0, 0, 7, 0, 0, 0, 4, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 5];
        body.extend(u32::try_from(data.len()).unwrap().to_be_bytes());
        body.extend(data);
        packet(&body)
    }

    #[test]
    fn packets_are_the_same_however_the_bytes_are_cut() {
        let stream = [packet(&[1, 0, 0, 0, 3]), write(b"hello, world"), packet(&[4]), write(b"")];
        let lens: Vec<_> = stream.iter().map(Vec::len).collect();
        let stream = stream.concat();
        for step in 1..=stream.len() {
            let mut intake = Intake::default();
            let mut found = Vec::new();
            for piece in stream.chunks(step) {
                intake.push(Bytes::copy_from_slice(piece));
                while let Some(packet) = intake.next_packet().unwrap() {
                    found.push(packet);
                }
                assert!(!intake.has_packet());
            }
            let numbers: Vec<_> = found.iter().map(Packet::number).collect();
            assert_eq!(numbers, [1, WRITE, 4, WRITE]);
            assert_eq!(found.iter().map(Packet::len).collect::<Vec<_>>(), lens);
            let data: Vec<u8> = found[1].rest.pieces().concat();
            assert_eq!(data, b"hello, world");
            assert_eq!((found[1].head.len(), found[3].rest.len()), (25, 0));
            assert!(intake.is_empty());
        }
    }

    #[test]
    fn absurd_lengths_are_refused_before_their_bytes_come() {
        for len in [0, u32::try_from(MAX_SFTP_PACKET_LEN).unwrap() + 1, u32::MAX] {
            let mut intake = Intake::default();
            intake.push(Bytes::copy_from_slice(&len.to_be_bytes()));
            assert!(intake.has_packet());
            assert_eq!(intake.next_packet().unwrap_err(), BadPacket::Length(len));
        }
    }

    #[test]
    fn a_write_that_is_shorter_than_its_head_is_all_head() {
        let mut intake = Intake::default();
        intake.push(packet(&[WRITE, 0, 0]).into());
        let cut = intake.next_packet().unwrap().unwrap();
        assert_eq!((cut.head.len(), cut.rest.len()), (3, 0));
        intake.push(packet(&[WRITE, 0, 0, 0, 0, 255, 255, 255, 255, 1, 2, 3]).into());
        assert_eq!(intake.next_packet().unwrap().unwrap().head.len(), 12);
    }
}
