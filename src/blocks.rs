//! Large buffers for channel data, which are reused. The system hands out large allocations as fresh pages,
//! which it has to clear and map one by one; at a gigabyte a second that costs more than decrypting the
//! data.

use std::ops::Range;

use bytes::Bytes;
use parking_lot::Mutex;

use crate::limits::{BLOCK_LEN, MAX_SPARE_BLOCKS};

/// The longest head before the data of an opened packet.
const MAX_HEAD_LEN: usize = 16;
/// Room behind the data for the padding of the last packet.
const TAIL_LEN: usize = 256;

static SPARE: Mutex<Vec<Vec<u8>>> = Mutex::new(Vec::new());

/// A buffer for [`BLOCK_LEN`] bytes of data, which goes back to the spare blocks when it is dropped.
#[derive(Debug)]
struct Block {
    bytes: Vec<u8>,
    /// Where the data ends; it begins at [`MAX_HEAD_LEN`].
    end: usize,
}

impl Block {
    /// An empty block.
    fn take() -> Self {
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

    /// Lends room for `len` bytes, of which those behind the first `head` follow the data so far. Returns
    /// the head; `None` if there is no such room.
    fn lend<E>(
        &mut self,
        head: usize,
        len: usize,
        write: impl FnOnce(&mut [u8]) -> Result<(), E>,
    ) -> Option<Result<[u8; MAX_HEAD_LEN], E>> {
        let start = self.end.checked_sub(head)?;
        let room = self.bytes.get_mut(start..start.checked_add(len)?)?;
        // the head overwrites the end of the data so far, which is restored afterwards
        let mut kept = [0; MAX_HEAD_LEN];
        kept.get_mut(..head)?.copy_from_slice(room.get(..head)?);
        let written = write(room);
        let mut landed = [0; MAX_HEAD_LEN];
        landed.get_mut(..head)?.copy_from_slice(room.get(..head)?);
        room.get_mut(..head)?.copy_from_slice(kept.get(..head)?);
        Some(written.map(|()| landed))
    }

    /// Whether [`Self::lend`] has room.
    fn has_room(&self, head: usize, len: usize) -> bool {
        let end = self.end.checked_sub(head).and_then(|start| start.checked_add(len));
        end.is_some_and(|end| end <= self.bytes.len())
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

/// Frees half of the spare blocks; returns whether any are left.
pub fn shrink() -> bool {
    let mut spare = SPARE.lock();
    let kept = spare.len() / 2;
    let dropped = spare.split_off(kept);
    drop(spare);
    drop(dropped);
    kept > 0
}

/// A copy of `data` in a block or in memory of its own.
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
    /// One message, still in the buffer it was read into.
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

    /// The bytes in one piece, in memory of their own: keeping them keeps at most twice as much, and not
    /// the buffer they were read into.
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

impl std::ops::Deref for Gather {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match &self.0 {
            Form::One(data) => data,
            Form::Many(block) => block.as_ref(),
        }
    }
}

/// Where the data of the next packet lands: behind the data that came before it, or in a block of its own.
/// Landed data counts only once it is accepted; dropping this discards it.
#[derive(Debug)]
pub struct Landing<'g> {
    last: Option<&'g mut Block>,
    own: Option<Block>,
    /// The landed data, if any.
    landed: Option<Landed>,
}

#[derive(Debug, Clone, Copy)]
struct Landed {
    len: usize,
    is_own: bool,
}

impl<'g> Landing<'g> {
    /// A landing behind `last`, if that has room.
    pub fn new(last: Option<&'g mut Gather>) -> Self {
        let last = last.and_then(|last| match &mut last.0 {
            Form::One(_) => None,
            Form::Many(block) => Some(block),
        });
        Self { last, own: None, landed: None }
    }

    /// Lends room for `len` bytes, of which those behind the first `head` land. Returns the head; `None` if
    /// there is no such room. Data that has landed before is discarded.
    pub fn lend<E>(
        &mut self,
        head: usize,
        len: usize,
        write: impl FnOnce(&mut [u8]) -> Result<(), E>,
    ) -> Option<Result<[u8; MAX_HEAD_LEN], E>> {
        self.landed = None;
        let last = self.last.as_deref_mut().filter(|block| block.has_room(head, len));
        let is_own = last.is_none();
        let block = last.unwrap_or_else(|| self.own.get_or_insert_with(Block::take));
        let written = block.lend(head, len, write)?;
        if written.is_ok() {
            self.landed = Some(Landed { len: len.saturating_sub(head), is_own });
        }
        Some(written)
    }

    /// Only the first `len` bytes of the landed data count.
    pub fn truncate(&mut self, len: usize) {
        if let Some(landed) = &mut self.landed {
            landed.len = landed.len.min(len);
        }
    }

    /// Discards the landed data.
    pub fn clear(&mut self) {
        self.landed = None;
    }

    /// The landed data; `None` if there is none.
    pub fn data(&self) -> Option<&[u8]> {
        let landed = self.landed?;
        let block = if landed.is_own { self.own.as_ref() } else { self.last.as_deref() }?;
        block.bytes.get(block.end..block.end.checked_add(landed.len)?)
    }

    /// Whether the landed data is behind the data that came before it.
    pub fn is_behind(&self) -> bool {
        self.landed.is_some_and(|landed| !landed.is_own)
    }

    /// Accepts the landed data: behind the data that came before it, or as data of its own, which is
    /// returned.
    pub fn accept(mut self) -> Option<Gather> {
        let len = self.data()?.len();
        let is_own = !self.is_behind();
        let block = if is_own { self.own.as_mut() } else { self.last.as_deref_mut() }?;
        block.end = block.end.saturating_add(len);
        self.own.filter(|_| is_own).map(|block| Gather(Form::Many(block)))
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

    /// Has `len` bytes land behind a head of 10 and before padding of 7, and accepts them if `counts`.
    fn land(gather: &mut Gather, byte: u8, len: usize, counts: bool) {
        let mut landing = Landing::new(Some(gather));
        assert_eq!(landing.data(), None);
        let head = landing.lend(10, 10 + len + 7, |room| {
            assert_eq!(room.len(), 17 + len);
            room.fill(byte);
            Ok::<(), ()>(())
        });
        assert_eq!(head.unwrap().unwrap()[..10], [byte; 10]);
        landing.truncate(len);
        assert!(landing.is_behind());
        assert_eq!(landing.data(), Some(&vec![byte; len][..]));
        if counts {
            assert!(landing.accept().is_none(), "it is behind what there was");
        }
    }

    #[test]
    fn what_lands_stands_behind_what_was_there_once_it_is_accepted() {
        let mut gathered = gather(&[b"ab", b"c"]);
        let mut expected = b"abc".to_vec();
        for (number, len) in [(1, 100), (2, 1), (3, 5000)] {
            land(&mut gathered, 9, 50, false);
            assert_eq!(*gathered, expected);
            land(&mut gathered, number, len, true);
            expected.extend(vec![number; len]);
            assert_eq!(*gathered, expected);
        }
    }

    #[test]
    fn what_could_not_be_written_has_not_landed() {
        let mut gathered = gather(&[b"ab", b"c"]);
        let mut landing = Landing::new(Some(&mut gathered));
        landing
            .lend(1, 5, |room| {
                room.fill(1);
                Ok::<(), u8>(())
            })
            .unwrap()
            .unwrap();
        let refused = landing.lend(1, 5, |room| {
            room.fill(2);
            Err::<(), u8>(7)
        });
        assert_eq!(refused.unwrap(), Err(7));
        assert_eq!(landing.data(), None);
        assert!(landing.accept().is_none());
        assert_eq!(*gathered, *b"abc");
        let mut landing = Landing::new(Some(&mut gathered));
        landing
            .lend(1, 5, |room| {
                room.fill(1);
                Ok::<(), u8>(())
            })
            .unwrap()
            .unwrap();
        landing.clear();
        assert!(landing.accept().is_none());
        assert_eq!(*gathered, *b"abc");
    }

    #[test]
    fn what_has_no_room_behind_the_last_data_lands_in_a_block_of_its_own() {
        let one = || Some(Gather::new(Bytes::from_static(b"where it was read")));
        let nearly_full = || Some(gather(&[&vec![1; BLOCK_LEN - 1], b"2"]));
        for mut last in [None, one(), nearly_full()] {
            let before = last.as_deref().map(<[u8]>::to_vec);
            for counts in [false, true] {
                let mut landing = Landing::new(last.as_mut());
                let write = |room: &mut [u8]| {
                    room.fill(5);
                    Ok::<(), ()>(())
                };
                landing.lend(10, 1000 + TAIL_LEN, write).unwrap().unwrap();
                assert!(!landing.is_behind());
                landing.truncate(900);
                if counts {
                    assert_eq!(*landing.accept().unwrap(), [5; 900]);
                }
            }
            assert_eq!(last.as_deref().map(<[u8]>::to_vec), before);
        }
    }

    #[test]
    fn what_has_no_room_at_all_does_not_land() {
        let mut landing = Landing::new(None);
        let write = |_: &mut [u8]| Ok::<(), ()>(());
        assert!(landing.lend(10, 10 + BLOCK_LEN + TAIL_LEN, write).is_some());
        assert!(landing.lend(10, 11 + BLOCK_LEN + TAIL_LEN, write).is_none());
        assert!(landing.lend(17, 100, write).is_none());
        assert!(landing.lend(10, 9, write).is_none());
        assert_eq!(landing.data(), None);
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
