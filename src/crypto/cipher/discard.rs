//! Continues after a bad packet of a cipher that guards its lengths ([`Opener::guards_length`]): it reads
//! as many bytes as the longest packet has, and takes as long as for that one, before it reports the error.
//! Without this, an attacker who sends a block of another packet as the start of a packet could learn its
//! decrypted first bytes from when the connection ends (CVE-2008-5161).

use super::Opener;
use crate::error::CryptoError;

/// An opener that reads `missing` more bytes, opens a packet of `to_open` bytes with the `opener` that it
/// replaces, and then refuses.
pub fn discarding(opener: Box<dyn Opener>, missing: usize, to_open: usize) -> Box<dyn Opener> {
    Box::new(Discarding { opener, missing, to_open })
}

struct Discarding {
    opener: Box<dyn Opener>,
    missing: usize,
    to_open: usize,
}

impl Opener for Discarding {
    fn block_len(&self) -> usize {
        self.opener.block_len()
    }

    fn tag_len(&self) -> usize {
        self.opener.tag_len()
    }

    /// All missing bytes, so that nothing is decrypted before.
    fn prefix_len(&self) -> usize {
        self.missing
    }

    fn length_counts(&self) -> bool {
        self.opener.length_counts()
    }

    fn packet_length(&mut self, sequence: u32, _prefix: &mut [u8]) -> Result<u32, CryptoError> {
        // whole blocks, and room for the tag; the result is not used
        let whole = self.to_open.next_multiple_of(self.opener.block_len());
        let mut packet = vec![0; whole.saturating_add(self.opener.tag_len())];
        let _ = self.opener.open(sequence, &mut packet);
        Err(CryptoError::BadMac)
    }

    fn open(&mut self, _sequence: u32, _packet: &mut [u8]) -> Result<(), CryptoError> {
        Err(CryptoError::BadMac)
    }
}
