//! No encryption and no MAC: the packets before the first SSH_MSG_NEWKEYS (RFC 4253 section 6). Not
//! in the registry, so nothing can offer it.

use super::{Opener, Sealer};
use crate::error::CryptoError;

/// Both directions of a connection that has exchanged no keys yet.
pub fn plaintext() -> (Box<dyn Opener>, Box<dyn Sealer>) {
    (Box::new(Plaintext), Box::new(Plaintext))
}

/// A type without fields: a box of it does not allocate.
struct Plaintext;

impl Opener for Plaintext {
    fn block_len(&self) -> usize {
        BLOCK_LEN
    }

    fn tag_len(&self) -> usize {
        0
    }

    fn prefix_len(&self) -> usize {
        4
    }

    fn length_counts(&self) -> bool {
        true
    }

    fn packet_length(&mut self, _sequence: u32, prefix: &mut [u8]) -> Result<u32, CryptoError> {
        super::length_in_clear(prefix)
    }

    fn open(&mut self, _sequence: u32, _packet: &mut [u8]) -> Result<(), CryptoError> {
        Ok(())
    }
}

impl Sealer for Plaintext {
    fn block_len(&self) -> usize {
        BLOCK_LEN
    }

    fn tag_len(&self) -> usize {
        0
    }

    fn length_counts(&self) -> bool {
        true
    }

    fn seal(&mut self, _sequence: u32, _packet: &mut [u8]) -> Result<(), CryptoError> {
        Ok(())
    }
}

const BLOCK_LEN: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_pass_as_they_are() {
        let (mut opener, mut sealer) = plaintext();
        let plain = *b"\0\0\0\x0c\x0a\x15abcdefghij";
        let mut packet = plain;
        sealer.seal(0, &mut packet).unwrap();
        assert_eq!(opener.packet_length(0, &mut packet[..4]), Ok(12));
        opener.open(0, &mut packet).unwrap();
        assert_eq!(packet, plain);
        assert!(opener.packet_length(0, &mut [0; 3]).is_err());
    }
}
