//! What reads on after a bad packet of a cipher that guards its lengths ([`Opener::guards_length`]):
//! it takes as much as the longest packet has, and works as long on it, before it says that the
//! packet is bad. Without this, an attacker who passes a block of another packet off as the start of
//! a packet sees its decrypted first bytes in when the connection ends (CVE-2008-5161).

use super::Opener;
use crate::error::CryptoError;

/// An opener that takes `missing` more bytes and then refuses, after opening a packet of `to_open`
/// bytes with the `opener` it takes the place of.
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

    /// All that is missing, so that nothing is looked at before.
    fn prefix_len(&self) -> usize {
        self.missing
    }

    fn length_counts(&self) -> bool {
        self.opener.length_counts()
    }

    fn packet_length(&mut self, sequence: u32, _prefix: &mut [u8]) -> Result<u32, CryptoError> {
        // whole blocks, and room for the tag; what it comes to is not looked at
        let whole = self.to_open.next_multiple_of(self.opener.block_len());
        let mut packet = vec![0; whole.saturating_add(self.opener.tag_len())];
        let _ = self.opener.open(sequence, &mut packet);
        Err(CryptoError::BadMac)
    }

    fn open(&mut self, _sequence: u32, _packet: &mut [u8]) -> Result<(), CryptoError> {
        Err(CryptoError::BadMac)
    }
}
