//! The binary packet protocol (RFC 4253 section 6) of the receiving side: length, padding, sequence number,
//! compression. Only this and `packet_sealer.rs` know the framing.
//!
//! `uint32 packet_length | byte padding_length | payload | random padding | mac`

use bytes::{Buf, BytesMut};
use zeroize::Zeroize;

use crate::blocks::Landing;
use crate::crypto::cipher::{Opener, discarding, plaintext};
use crate::crypto::compression::Decompressor;
use crate::error::{CryptoError, Error, InvalidMessage};
use crate::limits::MAX_PAYLOAD_LEN;
use crate::wire::messages;

/// RFC 4253 section 6: at least four bytes of padding.
pub(super) const MIN_PADDING: usize = 4;
/// `packet_length` and `padding_length`.
pub(super) const HEAD_LEN: usize = 5;
pub(super) const LENGTH_LEN: usize = 4;
/// Bytes before the data in the payload of a packet whose data lands in a block: the message number, the
/// channel and the length (RFC 4254 section 5.2).
const LANDED_HEAD_LEN: usize = 9;
/// The same with the padding length before the payload.
const PLAIN_HEAD_LEN: usize = 1 + LANDED_HEAD_LEN;
type PlainHead = [u8; PLAIN_HEAD_LEN];
/// The length from which on a packet's data lands in a block; smaller packets are not worth that.
const MIN_LANDING_LEN: usize = 4 * 1024;

/// One opened packet.
#[derive(Debug)]
pub(super) struct Packet {
    /// Its sequence number.
    pub(super) sequence: u32,
    /// The payload, not empty; without data that has landed in a block.
    pub(super) payload: BytesMut,
}

/// What passed one direction since its keys were taken into use.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Usage {
    pub(super) bytes: u64,
    pub(super) packets: u64,
}

impl Usage {
    pub(super) fn add(&mut self, packet_len: usize) {
        self.bytes = self.bytes.saturating_add(packet_len as u64);
        self.packets = self.packets.saturating_add(1);
    }

    /// A sequence number may not repeat under one key: an error ends the connection before it does.
    pub(super) fn check(&self) -> Result<(), Error> {
        if self.packets > u64::from(u32::MAX) { Err(CryptoError::Failed.into()) } else { Ok(()) }
    }
}

/// The receiving side.
pub(super) struct Inbound {
    opener: Box<dyn Opener>,
    decompressor: Option<Box<dyn Decompressor>>,
    sequence: u32,
    /// Length of the whole packet at the front of the buffer, once its length field was decrypted.
    current: Option<usize>,
    usage: Usage,
}

/// Takes a packet off the front, whose first `opened` bytes are decrypted already. A small one is copied:
/// an event that kept it would otherwise keep the whole read buffer alive, and a new one of hundreds of
/// kilobytes would be needed.
fn take(buf: &mut BytesMut, len: usize, opened: usize) -> BytesMut {
    match buf.get_mut(..len) {
        Some(small) if len < MIN_LANDING_LEN => {
            let packet = copy_out(small, opened);
            buf.advance(len);
            packet
        }
        _ => buf.split_to(len),
    }
}

/// Copies a packet out and wipes its decrypted start in the read buffer: that may have the first characters
/// of a password or response, and the owner of the packet wipes only the copy.
fn copy_out(packet: &mut [u8], opened: usize) -> BytesMut {
    let copy = BytesMut::from(&*packet);
    if let Some(opened) = packet.get_mut(..opened) {
        opened.zeroize();
    }
    copy
}

impl Inbound {
    pub(super) fn new(opener: Box<dyn Opener>) -> Self {
        Self { opener, decompressor: None, sequence: 0, current: None, usage: Usage::default() }
    }

    /// Takes new keys into use (after the client's NEWKEYS).
    pub(super) fn rekey(&mut self, opener: Box<dyn Opener>, reset_sequence: bool) {
        self.opener = opener;
        self.decompressor = None;
        self.usage = Usage::default();
        if reset_sequence {
            self.sequence = 0;
        }
    }

    pub(super) fn set_decompressor(&mut self, decompressor: Box<dyn Decompressor>) {
        self.decompressor = Some(decompressor);
    }

    pub(super) fn usage(&self) -> Usage {
        self.usage
    }

    /// Takes the next packet off the front of `buf`; `None` while it is incomplete. The data of a large
    /// packet of a channel lands in a block.
    pub(super) fn next(
        &mut self,
        buf: &mut BytesMut,
        max_packet_len: usize,
        landing: Option<&mut Landing<'_>>,
    ) -> Result<Option<Packet>, Error> {
        let Some(total) = self.total(buf, max_packet_len)? else {
            return Ok(None);
        };
        let len = total.saturating_sub(LENGTH_LEN).saturating_sub(self.opener.tag_len());
        if let Some(landing) = landing.filter(|_| self.may_land(total))
            && let Some(head) = self.open_into(landing, buf, total, len)
        {
            buf.advance(total);
            return match head {
                Ok(head) => self.landed(landing, head, total, len).map(Some),
                Err(error) => self.refuse(error.into(), total, buf, max_packet_len).map(|()| None),
            };
        }
        let mut packet = take(buf, total, self.opened_in_place());
        if let Err(error) = self.opener.open(self.sequence, &mut packet) {
            self.refuse(error.into(), total, buf, max_packet_len)?;
            return Ok(None);
        }
        let sequence = self.opened(total)?;
        packet.truncate(total.saturating_sub(self.opener.tag_len()));
        strip_padding(&mut packet)?;
        let payload = self.inflate(packet)?;
        if payload.is_empty() {
            return Err(InvalidMessage::EmptyPayload.into());
        }
        Ok(Some(Packet { sequence, payload }))
    }

    fn may_land(&self, total: usize) -> bool {
        total >= MIN_LANDING_LEN && self.decompressor.is_none()
    }

    /// Opens the packet of this length at the front of `buf`, with the bytes behind its head going to the
    /// block; `None` if the block has no room.
    fn open_into(
        &mut self,
        landing: &mut Landing<'_>,
        buf: &mut BytesMut,
        total: usize,
        len: usize,
    ) -> Option<Result<PlainHead, CryptoError>> {
        let (opener, sequence) = (&mut self.opener, self.sequence);
        let sealed = buf.get_mut(..total).unwrap_or_default();
        let open = |opened: &mut [u8]| opener.open_into(sequence, sealed, opened);
        let head = landing.lend(PLAIN_HEAD_LEN, len, open)?;
        Some(head.and_then(|head| head.first_chunk().copied().ok_or(CryptoError::Failed)))
    }

    /// The packet whose data has landed; `len` is the length between its length field and its tag.
    fn landed(
        &mut self,
        landing: &mut Landing<'_>,
        [padding, head @ ..]: PlainHead,
        total: usize,
        len: usize,
    ) -> Result<Packet, Error> {
        let sequence = self.opened(total)?;
        // RFC 4253 section 6: hardly any payload and thousands of bytes of padding, which a packet cannot
        // have
        let data_len = unpadded_len(len, padding)?
            .checked_sub(LANDED_HEAD_LEN)
            .ok_or(InvalidMessage::BadPaddingLength)?;
        landing.truncate(data_len);
        let mut payload = BytesMut::from(&head[..]);
        if payload.first() != Some(&messages::SSH_MSG_CHANNEL_DATA) {
            // not channel data: copied back out of the block
            payload.extend_from_slice(landing.data().unwrap_or_default());
            landing.clear();
        }
        Ok(Packet { sequence, payload })
    }

    /// The length of the whole packet at the front of `buf`; `None` while it is incomplete.
    fn total(&mut self, buf: &mut BytesMut, max_packet_len: usize) -> Result<Option<usize>, Error> {
        let total = match self.current {
            Some(total) => total,
            None => {
                let Some(prefix) = buf.get_mut(..self.opener.prefix_len()) else {
                    return Ok(None);
                };
                let len = self.opener.packet_length(self.sequence, prefix)?;
                match self.checked_total(len, max_packet_len) {
                    Ok(total) => {
                        self.current = Some(total);
                        total
                    }
                    Err(error) => {
                        self.refuse(error, 0, buf, max_packet_len)?;
                        return Ok(None);
                    }
                }
            }
        };
        Ok((buf.len() >= total).then_some(total))
    }

    /// How many bytes of a packet are decrypted in the read buffer, to know its length.
    fn opened_in_place(&self) -> usize {
        if self.opener.length_counts() { self.opener.prefix_len() } else { 0 }
    }

    /// Counts a packet that was opened; returns its sequence number.
    fn opened(&mut self, total: usize) -> Result<u32, Error> {
        self.current = None;
        let sequence = self.sequence;
        self.sequence = sequence.wrapping_add(1);
        self.usage.add(total);
        self.usage.check()?;
        Ok(sequence)
    }

    /// RFC 4253 section 6: the length is a multiple of the block length, and the packet is at least
    /// 16 bytes (or one block) long.
    fn checked_total(&self, len: u32, max_packet_len: usize) -> Result<usize, Error> {
        let bad = Error::InvalidMessage(InvalidMessage::BadPacketLength);
        let len = usize::try_from(len).map_err(|_| bad.clone())?;
        let block_len = self.opener.block_len();
        let counted = if self.opener.length_counts() { LENGTH_LEN } else { 0 };
        let in_bounds = len <= max_packet_len
            // padding length, one byte of payload and the least padding
            && len >= 1 + 1 + MIN_PADDING
            && len.saturating_add(counted) >= block_len;
        if !in_bounds || len.saturating_add(counted).checked_rem(block_len) != Some(0) {
            return Err(bad);
        }
        len.checked_add(LENGTH_LEN).and_then(|n| n.checked_add(self.opener.tag_len())).ok_or(bad)
    }

    /// Returns the error of a packet whose first `taken` bytes are not in `buf` any more: at once, or, if
    /// the cipher hides the length, only after as many bytes as the longest packet has. Until then nothing
    /// else is read, and nothing is told.
    #[cold]
    fn refuse(
        &mut self,
        error: Error,
        taken: usize,
        buf: &mut BytesMut,
        max_packet_len: usize,
    ) -> Result<(), Error> {
        if !self.opener.guards_length() {
            return Err(error);
        }
        let longest = max_packet_len
            .saturating_add(LENGTH_LEN)
            .saturating_add(self.opener.tag_len())
            .max(taken);
        let missing = longest.saturating_sub(taken);
        // the time that the error takes has to be that of opening the longest packet, too
        let to_open = if buf.len() < missing { longest } else { missing };
        let opener = std::mem::replace(&mut self.opener, plaintext().0);
        self.opener = discarding(opener, missing, to_open);
        self.current = None;
        self.total(buf, max_packet_len).map(|_| ())
    }

    fn inflate(&mut self, mut payload: BytesMut) -> Result<BytesMut, Error> {
        match &mut self.decompressor {
            Some(decompressor) => inflate(&mut **decompressor, &mut payload, &mut Vec::new()),
            None => Ok(payload),
        }
    }
}

/// Inflates into `room`. For a message of the login, the bytes in `room` and in the packet are wiped; the
/// compression stream's own history, which later packets need, stays until the connection ends.
fn inflate(
    decompressor: &mut dyn Decompressor,
    payload: &mut [u8],
    room: &mut Vec<u8>,
) -> Result<BytesMut, Error> {
    decompressor.decompress(payload, MAX_PAYLOAD_LEN, room)?;
    let inflated = BytesMut::from(room.as_slice());
    if room.first().copied().is_some_and(messages::is_of_login) {
        room.zeroize();
        payload.zeroize();
    }
    Ok(inflated)
}

/// Reduces an opened packet without its tag to its payload.
fn strip_padding(packet: &mut BytesMut) -> Result<(), Error> {
    let padding = packet.get(LENGTH_LEN).copied().unwrap_or_default();
    let payload_len = unpadded_len(packet.len().saturating_sub(LENGTH_LEN), padding)?;
    packet.advance(HEAD_LEN);
    packet.truncate(payload_len);
    Ok(())
}

/// The length of the payload between the padding length and the padding.
fn unpadded_len(len: usize, padding: u8) -> Result<usize, Error> {
    let padding = usize::from(padding);
    // RFC 4253 section 6: at least 4 bytes of padding, and the payload is not negative
    let payload_len = len.checked_sub(1).and_then(|n| n.checked_sub(padding));
    payload_len
        .filter(|_| padding >= MIN_PADDING)
        .ok_or(Error::InvalidMessage(InvalidMessage::BadPaddingLength))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::cipher::{CIPHERS, CipherAlgorithm};
    use crate::crypto::mac::{MACS, MacAlgorithm};
    use crate::crypto::random::Random;
    use crate::limits::MAX_PACKET_LEN;
    use crate::transport::packet_sealer::Outbound;
    use crate::wire::WriteBuffer;

    struct Counting(u8);

    impl Random for Counting {
        fn fill(&mut self, out: &mut [u8]) -> Result<(), CryptoError> {
            for byte in out {
                self.0 = self.0.wrapping_add(1);
                *byte = self.0;
            }
            Ok(())
        }
    }

    fn seal(outbound: &mut Outbound, payload: &[u8]) -> Vec<u8> {
        let mut out = WriteBuffer::new();
        let mut build = |out: &mut Vec<u8>| out.extend_from_slice(payload);
        outbound.seal(Some(&mut Counting(0)), &mut out, &mut build, &mut |_, _| {}).unwrap();
        out.to_vec()
    }

    fn both(cipher: &CipherAlgorithm, mac: &MacAlgorithm) -> (Inbound, Outbound) {
        let (key, iv) = (vec![1; cipher.key_len], vec![2; cipher.iv_len]);
        let mac_key = vec![3; mac.key_len];
        let opener = cipher.opener(&key, &iv, Some(mac), &mac_key).unwrap();
        (
            Inbound::new(opener),
            Outbound::new(cipher.sealer(&key, &iv, Some(mac), &mac_key).unwrap()),
        )
    }

    /// RFC 4253 section 6: at least 4 bytes of padding, whole blocks, at least 16 bytes; and not a block
    /// more than needed.
    #[test]
    fn padding_is_the_least_that_is_legal() {
        for len in 1..100 {
            let packet = seal(&mut Outbound::new(plaintext().1), &vec![7; len]);
            let padding = usize::from(packet[4]);
            assert_eq!(packet.len() % 8, 0);
            assert!(packet.len() >= 16);
            assert!((4..12).contains(&padding) || packet.len() == 16, "{len}: {padding}");
            assert_eq!(packet[..4], u32::try_from(packet.len() - 4).unwrap().to_be_bytes());
            assert_eq!(packet.len(), 5 + len + padding);
        }
    }

    #[test]
    fn padding_is_random() {
        let mut outbound = Outbound::new(plaintext().1);
        let paddings: Vec<_> = (0..4).map(|_| seal(&mut outbound, b"abc")[8..].to_vec()).collect();
        let mut different = paddings.clone();
        different.sort();
        different.dedup();
        assert_eq!(different.len(), paddings.len());
    }

    #[test]
    fn packets_of_every_suite_arrive_byte_by_byte() {
        for cipher in CIPHERS {
            for mac in MACS {
                let (mut inbound, mut outbound) = both(cipher, mac);
                let mut buf = BytesMut::new();
                for (sequence, len) in [(0, 1), (1, 30), (2, 500)] {
                    let payload = vec![9; len];
                    let sealed = seal(&mut outbound, &payload);
                    let (last, start) = sealed.split_last().unwrap();
                    for byte in start {
                        buf.extend_from_slice(&[*byte]);
                        assert!(inbound.next(&mut buf, MAX_PACKET_LEN, None).unwrap().is_none());
                    }
                    buf.extend_from_slice(&[*last]);
                    let packet = inbound.next(&mut buf, MAX_PACKET_LEN, None).unwrap().unwrap();
                    assert_eq!((packet.sequence, &packet.payload[..]), (sequence, &payload[..]));
                    assert!(buf.is_empty());
                }
                assert_eq!(inbound.usage(), outbound.usage());
                assert_eq!(inbound.usage().packets, 3);
            }
        }
    }

    #[test]
    fn sequence_numbers_start_anew_only_when_told() {
        for (reset, expected) in [(false, 2), (true, 0)] {
            let mut inbound = Inbound::new(plaintext().0);
            let mut outbound = Outbound::new(plaintext().1);
            let pass = |inbound: &mut Inbound, outbound: &mut Outbound| {
                let mut buf = BytesMut::from(&seal(outbound, b"x")[..]);
                inbound.next(&mut buf, MAX_PACKET_LEN, None).unwrap().unwrap().sequence
            };
            pass(&mut inbound, &mut outbound);
            pass(&mut inbound, &mut outbound);
            inbound.rekey(plaintext().0, reset);
            outbound.rekey(plaintext().1, reset);
            assert_eq!(inbound.usage(), Usage::default());
            assert_eq!(outbound.usage(), Usage::default());
            assert_eq!(pass(&mut inbound, &mut outbound), expected);
        }
    }

    /// The first block has two characters of a response to a prompt.
    #[test]
    fn the_start_of_a_small_packet_is_not_left_in_the_read_buffer() {
        let response = b"\x3d\0\0\0\x01\0\0\0\x07hunter2";
        for cipher in CIPHERS.iter().filter(|cipher| cipher.needs_mac()) {
            for mac in MACS {
                let (mut inbound, mut outbound) = both(cipher, mac);
                let sealed = seal(&mut outbound, response);
                let mut buf = BytesMut::from(&sealed[..]);
                let total = inbound.total(&mut buf, MAX_PACKET_LEN).unwrap().unwrap();
                let read = buf.to_vec();
                let opened = inbound.opened_in_place();
                let copy = copy_out(&mut buf, opened);
                assert_eq!((total, &copy[..]), (sealed.len(), &read[..]));
                assert!(buf[..opened].iter().all(|byte| *byte == 0));
                assert_eq!(buf[opened..], sealed[opened..]);
            }
        }
    }

    #[test]
    fn what_a_login_inflates_to_is_left_nowhere() {
        let zlib = crate::crypto::compression::by_name("zlib").unwrap();
        let (mut compressor, mut decompressor) = zlib.new.unwrap()();
        for (number, wiped) in [(49, false), (50, true), (61, true), (79, true), (94, false)] {
            let plain = [&[number], b"hunter2".as_slice()].concat();
            let mut payload = Vec::new();
            compressor.compress(&plain, &mut payload).unwrap();
            let compressed = payload.clone();
            let mut room = Vec::new();
            let inflated = inflate(&mut *decompressor, &mut payload, &mut room).unwrap();
            assert_eq!(inflated, plain);
            if wiped {
                assert!(room.is_empty());
                assert!(payload.iter().all(|byte| *byte == 0));
            } else {
                assert_eq!((room, payload), (plain, compressed));
            }
        }
    }

    /// No sequence number may repeat under the same keys.
    #[test]
    fn keys_end_with_their_sequence_numbers() {
        let all = u64::from(u32::MAX) + 1;
        assert_eq!(Usage { bytes: 0, packets: all - 1 }.check(), Ok(()));
        assert_eq!(Usage { bytes: 0, packets: all }.check(), Err(CryptoError::Failed.into()));
    }
}
