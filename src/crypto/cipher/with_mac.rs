//! Combines a cipher and a MAC: encrypt-and-MAC, where the length is encrypted with the packet and the MAC
//! is over the plain packet (RFC 4253 section 6.4), and OpenSSH's encrypt-then-MAC, where the length is not
//! encrypted and the MAC over the encrypted packet is checked before decryption.

use subtle::ConstantTimeEq;

use super::{Keystream, Loose, Opener, Sealer};
use crate::crypto::apart::Apart;
use crate::crypto::mac::{Mac, MacAlgorithm};
use crate::error::CryptoError;

/// The inbound side for the kind of `mac`.
pub(super) fn opener(
    cipher: Box<dyn Keystream>,
    block_len: usize,
    guards_length: bool,
    mac: &MacAlgorithm,
    mac_key: &[u8],
) -> Result<Box<dyn Opener>, CryptoError> {
    let parts = Parts::new(cipher, block_len, mac, mac_key)?;
    Ok(if mac.encrypt_then_mac {
        Box::new(EncryptThenMac(parts))
    } else {
        Box::new(EncryptAndMac { parts, guards_length })
    })
}

/// The outbound side for the kind of `mac`.
pub(super) fn sealer(
    cipher: Box<dyn Keystream>,
    block_len: usize,
    mac: &MacAlgorithm,
    mac_key: &[u8],
) -> Result<Box<dyn Sealer>, CryptoError> {
    let parts = Parts::new(cipher, block_len, mac, mac_key)?;
    Ok(if mac.encrypt_then_mac {
        Box::new(EncryptThenMac(parts))
    } else {
        Box::new(EncryptAndMac { parts, guards_length: false })
    })
}

struct Parts {
    cipher: Box<dyn Keystream>,
    mac: Box<dyn Mac>,
    block_len: u8,
    tag_len: u8,
}

impl Parts {
    fn new(
        cipher: Box<dyn Keystream>,
        block_len: usize,
        mac: &MacAlgorithm,
        mac_key: &[u8],
    ) -> Result<Self, CryptoError> {
        if mac.tag_len > MAX_TAG_LEN || block_len < 8 {
            return Err(CryptoError::Failed);
        }
        Ok(Self {
            cipher,
            mac: (mac.new)(mac_key)?,
            block_len: u8::try_from(block_len).map_err(|_| CryptoError::Failed)?,
            tag_len: u8::try_from(mac.tag_len).map_err(|_| CryptoError::Failed)?,
        })
    }

    /// The packet without its tag, and the tag.
    fn split<'p>(&self, packet: &'p mut [u8]) -> Result<(&'p mut [u8], &'p mut [u8]), CryptoError> {
        let body_len = packet
            .len()
            .checked_sub(usize::from(self.tag_len))
            .filter(|&len| len >= LENGTH_LEN)
            .ok_or(CryptoError::Failed)?;
        packet.split_at_mut_checked(body_len).ok_or(CryptoError::Failed)
    }

    /// Encrypts the content of `plain`, and `data`, which belongs there from `at` on.
    fn encrypt_from(
        &mut self,
        plain: &mut [u8],
        at: usize,
        data: &[u8],
    ) -> Result<(), CryptoError> {
        let parts = Apart::new(plain, at, data, self.block_len.into())?;
        self.cipher.apply(parts.before)?;
        self.cipher.apply_from(parts.source, parts.target)?;
        self.cipher.apply(parts.after)
    }

    fn sign_both(
        &mut self,
        sequence: u32,
        packets: [[&[u8]; 3]; 2],
        tags: [&mut [u8]; 2],
    ) -> Result<(), CryptoError> {
        self.mac.pairs().ok_or(CryptoError::Failed)?.sign_both(sequence, packets, tags)
    }

    fn check(&mut self, sequence: u32, data: &[u8], tag: &[u8]) -> Result<(), CryptoError> {
        let mut room = [0; MAX_TAG_LEN];
        let expected = room.get_mut(..tag.len()).ok_or(CryptoError::Failed)?;
        self.mac.sign(sequence, data, expected)?;
        if bool::from(expected.ct_eq(tag)) { Ok(()) } else { Err(CryptoError::BadMac) }
    }
}

/// A sealer whose MAC may compute two packets at a time.
trait SealsPairs: Sealer {
    fn mac(&mut self) -> &mut dyn Mac;

    /// Encrypts a packet and the one after it; needs a MAC with [`Mac::pairs`].
    fn seal_both(
        &mut self,
        sequence: u32,
        packet: &mut Loose<'_>,
        next: &mut Loose<'_>,
    ) -> Result<(), CryptoError>;
}

/// [`Sealer::seal_run`], two packets at a time if the MAC can do that.
fn in_pairs(
    sealer: &mut impl SealsPairs,
    mut sequence: u32,
    run: &mut [Loose<'_>],
) -> Result<(), CryptoError> {
    let most = if sealer.mac().pairs().is_some() { 2 } else { 1 };
    for few in run.chunks_mut(most) {
        match few {
            [packet, next] => sealer.seal_both(sequence, packet, next)?,
            [Loose { packet, at, data }] => sealer.seal_from(sequence, packet, *at, data)?,
            _ => {}
        }
        sequence = sequence.wrapping_add(u32::try_from(few.len()).unwrap_or(0));
    }
    Ok(())
}

struct EncryptAndMac {
    parts: Parts,
    guards_length: bool,
}

impl Opener for EncryptAndMac {
    fn block_len(&self) -> usize {
        self.parts.block_len.into()
    }

    fn tag_len(&self) -> usize {
        self.parts.tag_len.into()
    }

    fn prefix_len(&self) -> usize {
        self.parts.block_len.into()
    }

    fn length_counts(&self) -> bool {
        true
    }

    fn guards_length(&self) -> bool {
        self.guards_length
    }

    fn packet_length(&mut self, _sequence: u32, prefix: &mut [u8]) -> Result<u32, CryptoError> {
        if prefix.len() != usize::from(self.parts.block_len) {
            return Err(CryptoError::Failed);
        }
        self.parts.cipher.apply(prefix)?;
        super::length_in_clear(prefix)
    }

    fn open(&mut self, sequence: u32, packet: &mut [u8]) -> Result<(), CryptoError> {
        let (body, tag) = self.parts.split(packet)?;
        let encrypted =
            body.get_mut(usize::from(self.parts.block_len)..).ok_or(CryptoError::Failed)?;
        self.parts.cipher.apply(encrypted)?;
        self.parts.check(sequence, body, tag)
    }
}

impl Sealer for EncryptAndMac {
    fn block_len(&self) -> usize {
        self.parts.block_len.into()
    }

    fn tag_len(&self) -> usize {
        self.parts.tag_len.into()
    }

    fn length_counts(&self) -> bool {
        true
    }

    fn seal(&mut self, sequence: u32, packet: &mut [u8]) -> Result<(), CryptoError> {
        let (body, tag) = self.parts.split(packet)?;
        self.parts.mac.sign(sequence, body, tag)?;
        self.parts.cipher.apply(body)
    }

    fn seal_run(&mut self, sequence: u32, run: &mut [Loose<'_>]) -> Result<(), CryptoError> {
        in_pairs(self, sequence, run)
    }
}

impl SealsPairs for EncryptAndMac {
    fn mac(&mut self) -> &mut dyn Mac {
        &mut *self.parts.mac
    }

    fn seal_both(
        &mut self,
        sequence: u32,
        packet: &mut Loose<'_>,
        next: &mut Loose<'_>,
    ) -> Result<(), CryptoError> {
        let (body, tag) = self.parts.split(packet.packet)?;
        let (next_body, next_tag) = self.parts.split(next.packet)?;
        let plain = [joined(body, packet.at, packet.data)?, joined(next_body, next.at, next.data)?];
        self.parts.sign_both(sequence, plain, [tag, next_tag])?;
        self.parts.encrypt_from(body, packet.at, packet.data)?;
        self.parts.encrypt_from(next_body, next.at, next.data)
    }
}

/// A packet in three parts, of which the middle one is in other memory.
fn joined<'p>(body: &'p [u8], at: usize, data: &'p [u8]) -> Result<[&'p [u8]; 3], CryptoError> {
    let end = at.checked_add(data.len()).ok_or(CryptoError::Failed)?;
    let (Some(before), Some(after)) = (body.get(..at), body.get(end..)) else {
        return Err(CryptoError::Failed);
    };
    Ok([before, data, after])
}

struct EncryptThenMac(Parts);

impl Opener for EncryptThenMac {
    fn block_len(&self) -> usize {
        self.0.block_len.into()
    }

    fn tag_len(&self) -> usize {
        self.0.tag_len.into()
    }

    fn prefix_len(&self) -> usize {
        LENGTH_LEN
    }

    fn length_counts(&self) -> bool {
        false
    }

    fn packet_length(&mut self, _sequence: u32, prefix: &mut [u8]) -> Result<u32, CryptoError> {
        super::length_in_clear(prefix)
    }

    fn open(&mut self, sequence: u32, packet: &mut [u8]) -> Result<(), CryptoError> {
        let (body, tag) = self.0.split(packet)?;
        self.0.check(sequence, body, tag)?;
        let encrypted = body.get_mut(LENGTH_LEN..).ok_or(CryptoError::Failed)?;
        self.0.cipher.apply(encrypted)
    }
}

impl Sealer for EncryptThenMac {
    fn block_len(&self) -> usize {
        self.0.block_len.into()
    }

    fn tag_len(&self) -> usize {
        self.0.tag_len.into()
    }

    fn length_counts(&self) -> bool {
        false
    }

    fn seal(&mut self, sequence: u32, packet: &mut [u8]) -> Result<(), CryptoError> {
        let (body, tag) = self.0.split(packet)?;
        let plain = body.get_mut(LENGTH_LEN..).ok_or(CryptoError::Failed)?;
        self.0.cipher.apply(plain)?;
        self.0.mac.sign(sequence, body, tag)
    }

    fn seal_from(
        &mut self,
        sequence: u32,
        packet: &mut [u8],
        at: usize,
        data: &[u8],
    ) -> Result<(), CryptoError> {
        let (body, tag) = self.0.split(packet)?;
        self.encrypt_from(body, at, data)?;
        self.0.mac.sign(sequence, body, tag)
    }

    fn seal_run(&mut self, sequence: u32, run: &mut [Loose<'_>]) -> Result<(), CryptoError> {
        in_pairs(self, sequence, run)
    }
}

impl SealsPairs for EncryptThenMac {
    fn mac(&mut self) -> &mut dyn Mac {
        &mut *self.0.mac
    }

    fn seal_both(
        &mut self,
        sequence: u32,
        packet: &mut Loose<'_>,
        next: &mut Loose<'_>,
    ) -> Result<(), CryptoError> {
        let (body, tag) = self.0.split(packet.packet)?;
        let (next_body, next_tag) = self.0.split(next.packet)?;
        self.encrypt_from(body, packet.at, packet.data)?;
        self.encrypt_from(next_body, next.at, next.data)?;
        let sealed = [[&*body, &[], &[]], [&*next_body, &[], &[]]];
        self.0.sign_both(sequence, sealed, [tag, next_tag])
    }
}

impl EncryptThenMac {
    /// Encrypts everything but the length.
    fn encrypt_from(&mut self, body: &mut [u8], at: usize, data: &[u8]) -> Result<(), CryptoError> {
        let plain = body.get_mut(LENGTH_LEN..).ok_or(CryptoError::Failed)?;
        let at = at.checked_sub(LENGTH_LEN).ok_or(CryptoError::Failed)?;
        self.0.encrypt_from(plain, at, data)
    }
}

const LENGTH_LEN: usize = 4;

/// The longest tag: hmac-sha2-512.
const MAX_TAG_LEN: usize = 64;

#[cfg(test)]
mod tests {
    use crate::crypto::cipher::by_name;
    use crate::crypto::cipher::tests::{Suite, seals_with_mac_to};
    use crate::crypto::mac;

    fn plain(length: u8, padding: u8) -> Vec<u8> {
        let mut packet = vec![0, 0, 0, length, padding, 0x5e];
        packet.extend([0xab; 21]);
        packet.resize(4 + usize::from(length), 0);
        packet
    }

    /// Two packets of aes128-ctr from sequence number 3 on, with hmac-sha2-256 both ways; computed
    /// with OpenSSL 4 and Python's hmac from RFC 4253 section 6 and OpenSSH's PROTOCOL section 1.5.
    #[test]
    fn known_answers() {
        let key: Vec<u8> = (0..64).collect();
        let (key, rest) = key.split_at(16);
        let (iv, mac_key) = rest.split_at(16);
        let cipher = by_name("aes128-ctr").unwrap();
        for (mac, plain, sealed) in [
            (
                "hmac-sha2-256",
                plain(28, 6),
                [
                    "07feef68e78ba8c53ba545ba253f393839696eaf73a729a9edd2d6628bf9de08\
                 2c33e9cd37d6bc24f322879db43c641c97333384909164e5fab5327eecf8b9ec",
                    "ca21387b33bb5300ce3d21870a7e96d1fb59cd1ff0e916de87389e02ce0cd108\
                 80d6a19e75f0be6c6726a4327d19b619136a144840a95867a7aa0c26c26bccf7",
                ],
            ),
            (
                "hmac-sha2-256-etm@openssh.com",
                plain(32, 10),
                [
                    "000000200da044df4a7ea8c53ba545ba253f393839696eaf73a7290246797d62\
                 8bf9de089617e273066fae95fb66417ac7080a5a4cc734b9ba0376aee2fc62b3\
                 771d0bcc",
                    "00000020c07f93cc9e4e5300ce3d21870a7e96d1fb59cd1ff0e916752c933502\
                 ce0cd108076e15125c6c4d36ae937ef3157a5b5440a042cbafe1be2a7474b445\
                 dd1c0f8b",
                ],
            ),
        ] {
            let mac = mac::by_name(mac).unwrap();
            seals_with_mac_to(Suite { cipher, key, iv, mac, mac_key }, 3, &plain, &sealed);
        }
    }
}
