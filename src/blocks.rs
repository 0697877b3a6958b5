//! Large buffers for channel data, used again and again. The system hands out large allocations as
//! fresh pages, which it has to clear and map one by one; at a gigabyte a second that costs more than
//! decrypting what is put into them.

use std::ops::Range;

use bytes::Bytes;
use parking_lot::Mutex;

use crate::limits::{BLOCK_LEN, MAX_SPARE_BLOCKS};

/// What an opened packet has in front of its data at most.
const MAX_HEAD_LEN: usize = 16;
/// Room behind the data for the padding of the last packet.
const TAIL_LEN: usize = 256;

static SPARE: Mutex<Vec<Vec<u8>>> = Mutex::new(Vec::new());

/// A buffer for [`BLOCK_LEN`] bytes of data, which is used again when it is dropped.
#[derive(Debug)]
pub struct Block {
    bytes: Vec<u8>,
    /// Where the data ends; it begins at [`MAX_HEAD_LEN`].
    end: usize,
}

impl Block {
    /// An empty one.
    pub fn take() -> Self {
        let spare = SPARE.lock().pop();
        let bytes = spare.unwrap_or_else(|| vec![0; MAX_HEAD_LEN + BLOCK_LEN + TAIL_LEN]);
        Self { bytes, end: MAX_HEAD_LEN }
    }

    fn len(&self) -> usize {
        self.end.saturating_sub(MAX_HEAD_LEN)
    }

    /// Appends `data` if there is room for it.
    fn append(&mut self, data: &[u8]) -> bool {
        let end = self.end.saturating_add(data.len());
        let Some(target) = self.bytes.get_mut(self.end..end) else {
            return false;
        };
        target.copy_from_slice(data);
        self.end = end;
        true
    }

    /// Lends room for `len` bytes, so that what follows the first `head` of them stands right behind
    /// the data so far. Returns that head, `None` if there is no such room; [`Self::extend`] makes
    /// data count.
    pub fn land<E>(
        &mut self,
        head: usize,
        len: usize,
        write: impl FnOnce(&mut [u8]) -> Result<(), E>,
    ) -> Option<Result<[u8; MAX_HEAD_LEN], E>> {
        let start = self.end.checked_sub(head)?;
        let room = self.bytes.get_mut(start..start.checked_add(len)?)?;
        // the head lies over the end of the data so far
        let mut kept = [0; MAX_HEAD_LEN];
        kept.get_mut(..head)?.copy_from_slice(room.get(..head)?);
        let written = write(room);
        let mut landed = [0; MAX_HEAD_LEN];
        landed.get_mut(..head)?.copy_from_slice(room.get(..head)?);
        room.get_mut(..head)?.copy_from_slice(kept.get(..head)?);
        Some(written.map(|()| landed))
    }

    /// What has landed and does not count yet.
    pub fn landed(&self, len: usize) -> &[u8] {
        self.bytes.get(self.end..self.end.saturating_add(len)).unwrap_or_default()
    }

    /// Makes landed data count.
    pub fn extend(&mut self, len: usize) {
        let end = self.end.saturating_add(len);
        if end <= self.bytes.len() {
            self.end = end;
        }
    }

    fn data(&self) -> Range<usize> {
        MAX_HEAD_LEN..self.end
    }
}

impl AsRef<[u8]> for Block {
    fn as_ref(&self) -> &[u8] {
        self.bytes.get(self.data()).unwrap_or_default()
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        let bytes = std::mem::take(&mut self.bytes);
        let mut spare = SPARE.lock();
        if spare.len() < MAX_SPARE_BLOCKS {
            spare.push(bytes);
        }
    }
}

/// Gives half of the spare blocks back to the system; whether there are more.
pub fn shrink() -> bool {
    let mut spare = SPARE.lock();
    let kept = spare.len() / 2;
    let dropped = spare.split_off(kept);
    drop(spare);
    drop(dropped);
    kept > 0
}

/// A copy of `data`, of which the caller keeps its own.
pub fn copy(data: &[u8]) -> Bytes {
    if data.len() > BLOCK_LEN / 2 {
        let mut block = Block::take();
        if block.append(data) {
            return Bytes::from_owner(block);
        }
    }
    Bytes::copy_from_slice(data)
}

/// Data of one channel that came in one or more messages.
#[derive(Debug)]
pub struct Gather(Form);

#[derive(Debug)]
enum Form {
    /// One message, still where it was read.
    One(Bytes),
    Many(Block),
}

impl Gather {
    /// Takes a whole message without copying it.
    pub fn new(data: Bytes) -> Self {
        Self(Form::One(data))
    }

    /// Appends the next message, if there is room for it.
    pub fn append(&mut self, data: &[u8]) -> bool {
        match &mut self.0 {
            Form::One(first) => {
                if first.len().saturating_add(data.len()) > BLOCK_LEN {
                    return false;
                }
                let mut block = Block::take();
                let appended = block.append(first) && block.append(data);
                if appended {
                    self.0 = Form::Many(block);
                }
                appended
            }
            Form::Many(block) => block.append(data),
        }
    }

    /// The block that the next message may land in.
    pub fn block_mut(&mut self) -> Option<&mut Block> {
        match &mut self.0 {
            Form::One(_) => None,
            Form::Many(block) => Some(block),
        }
    }

    /// The bytes in one piece, in memory of their own: holding on to them holds at most twice as
    /// much, and nothing of the buffer they were read into.
    pub fn freeze(self) -> Bytes {
        match self.0 {
            Form::One(data) => Bytes::copy_from_slice(&data),
            Form::Many(block) if block.len() < BLOCK_LEN / 2 => {
                Bytes::copy_from_slice(block.as_ref())
            }
            Form::Many(block) => Bytes::from_owner(block),
        }
    }
}

impl From<Block> for Gather {
    fn from(block: Block) -> Self {
        Self(Form::Many(block))
    }
}

impl std::ops::Deref for Gather {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match &self.0 {
            Form::One(data) => data,
            Form::Many(block) => block.as_ref(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gather(parts: &[&[u8]]) -> Gather {
        let (first, rest) = parts.split_first().unwrap();
        let mut gather = Gather::new(Bytes::copy_from_slice(first));
        for part in rest {
            assert!(gather.append(part));
        }
        gather
    }

    fn fill(room: &mut [u8], byte: u8) -> Result<(), ()> {
        room.fill(byte);
        Ok(())
    }

    #[test]
    fn messages_are_joined_in_order() {
        assert_eq!(gather(&[b"abc"]).freeze(), &b"abc"[..]);
        assert_eq!(gather(&[b"abc", b"", b"de", b"f"]).freeze(), &b"abcdef"[..]);
        let half = vec![7; BLOCK_LEN / 2];
        assert_eq!(gather(&[&half, &half]).freeze(), vec![7; BLOCK_LEN]);
    }

    #[test]
    fn a_block_takes_no_more_than_it_holds() {
        let (most, one) = (vec![1; BLOCK_LEN - 1], [2; 1]);
        let mut full = gather(&[&most, &one]);
        assert!(!full.append(&vec![3; TAIL_LEN + 1]));
        assert_eq!(full.len(), BLOCK_LEN);
        let mut full = Gather::new(Bytes::from(vec![1; BLOCK_LEN]));
        assert!(!full.append(&one));
        assert_eq!(full.freeze().len(), BLOCK_LEN);
    }

    #[test]
    fn what_lands_stands_behind_what_was_there() {
        let mut block = Block::take();
        for (number, len) in [(1_u8, 100), (2, 1), (3, 5000)] {
            let landed = block.land(10, 10 + len + 7, |room| {
                assert_eq!(room.len(), 17 + len);
                room.fill(number);
                Ok::<(), ()>(())
            });
            assert_eq!(landed.unwrap().unwrap()[..10], [number; 10]);
            assert_eq!(block.landed(len), vec![number; len]);
            // what does not count is written over
            assert!(block.land(10, 50, |room| Err::<(), u8>(room[0])).unwrap().is_err());
            block.land(10, 10 + len, |room| fill(room, number)).unwrap().unwrap();
            block.extend(len);
        }
        let expected = [vec![1; 100], vec![2; 1], vec![3; 5000]].concat();
        assert_eq!(block.as_ref(), expected);
        let room = BLOCK_LEN - expected.len();
        assert!(block.land(10, 10 + room + TAIL_LEN, |_| Ok::<(), ()>(())).is_some());
        assert!(block.land(10, 11 + room + TAIL_LEN, |_| Ok::<(), ()>(())).is_none());
        assert!(block.land(17, 100, |_| Ok::<(), ()>(())).is_none());
        assert!(block.land(10, 9, |_| Ok::<(), ()>(())).is_none());
    }

    #[test]
    fn what_is_kept_keeps_its_bytes_while_blocks_are_used_again() {
        let mut kept = Vec::new();
        for number in 0..50 {
            kept.push(gather(&[&[number; BLOCK_LEN / 2], &[number; 100]]).freeze());
            if number % 3 == 0 {
                kept.remove(0);
            }
            assert_eq!(copy(&vec![number; BLOCK_LEN]), vec![number; BLOCK_LEN]);
        }
        for bytes in kept {
            let first = bytes[0];
            assert_eq!(bytes, vec![first; BLOCK_LEN / 2 + 100]);
        }
    }

    #[test]
    fn spare_blocks_are_bounded_and_given_back() {
        let many: Vec<_> = (0..MAX_SPARE_BLOCKS * 2).map(|_| copy(&vec![1; BLOCK_LEN])).collect();
        drop(many);
        assert!(SPARE.lock().len() <= MAX_SPARE_BLOCKS);
        let rounds = (0..100).take_while(|_| shrink()).count();
        assert!(rounds < 100);
    }
}
