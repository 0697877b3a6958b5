//! The data of an SSH_FXP_WRITE: pieces of the blocks that the client's data was decrypted into, which are
//! never copied together.

use std::io::IoSlice;

use bytes::Bytes;

/// Bytes in one or more pieces.
#[derive(Debug, Clone, Default)]
pub struct Data {
    pieces: Vec<Bytes>,
    len: usize,
}

impl From<Bytes> for Data {
    fn from(piece: Bytes) -> Self {
        let mut data = Self::default();
        data.push(piece);
        data
    }
}

impl Data {
    pub(super) fn push(&mut self, piece: Bytes) {
        if !piece.is_empty() {
            self.len = self.len.saturating_add(piece.len());
            self.pieces.push(piece);
        }
    }

    /// All bytes.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The pieces, in order.
    pub fn pieces(&self) -> &[Bytes] {
        &self.pieces
    }

    /// The pieces for a system call that gathers them.
    pub fn slices(&self) -> impl Iterator<Item = IoSlice<'_>> {
        self.pieces.iter().map(|piece| IoSlice::new(piece))
    }
}
