//! The binary packet protocol (RFC 4253 section 6) of the sending side: packets are built, padded and
//! sealed in place in the write buffer.

use crate::crypto::cipher::{Loose, Sealer};
use crate::crypto::compression::Compressor;
use crate::crypto::random::Random;
use crate::error::Error;
use crate::wire::{Part, WriteBuffer};

use super::packet_codec::{HEAD_LEN, LENGTH_LEN, MIN_PADDING, Usage};

/// The sending side.
pub(super) struct Outbound {
    sealer: Box<dyn Sealer>,
    compressor: Option<Box<dyn Compressor>>,
    sequence: u32,
    usage: Usage,
    padding: PaddingPool,
}

impl Outbound {
    pub(super) fn new(sealer: Box<dyn Sealer>) -> Self {
        Self {
            sealer,
            compressor: None,
            sequence: 0,
            usage: Usage::default(),
            padding: PaddingPool::default(),
        }
    }

    /// Takes new keys into use (after our NEWKEYS).
    pub(super) fn rekey(&mut self, sealer: Box<dyn Sealer>, reset_sequence: bool) {
        self.sealer = sealer;
        self.compressor = None;
        self.usage = Usage::default();
        if reset_sequence {
            self.sequence = 0;
        }
    }

    pub(super) fn set_compressor(&mut self, compressor: Box<dyn Compressor>) {
        self.compressor = Some(compressor);
    }

    pub(super) fn usage(&self) -> Usage {
        self.usage
    }

    /// Appends one sealed packet to `out`; `build` appends its payload, which `observe` gets before
    /// encryption.
    pub(super) fn seal(
        &mut self,
        random: Option<&mut (dyn Random + 'static)>,
        out: &mut WriteBuffer,
        build: &mut dyn FnMut(&mut Vec<u8>),
        observe: &mut dyn FnMut(u32, &[u8]),
    ) -> Result<(), Error> {
        sealed_or_nothing(out, |out| {
            let start = out.len();
            out.extend_from_slice(&[0; HEAD_LEN]);
            let payload_start = out.len();
            out.build(|room| build(room));
            observe(self.sequence, out.get(payload_start..).unwrap_or_default());
            if let Some(compressor) = &mut self.compressor {
                let plain = out.split_off(payload_start);
                let mut result = Ok(());
                out.build(|room| result = compressor.compress(&plain, room));
                result?;
            }
            self.complete(random, out, start)?;
            let packet = out.get_mut(start..).unwrap_or_default();
            self.sealer.seal(self.sequence, packet)?;
            self.sequence = self.sequence.wrapping_add(1);
            Ok(())
        })
    }

    /// Whether [`Self::seal_run`] can be used: no compression needs whole payloads.
    pub(super) fn seals_data(&self) -> bool {
        self.compressor.is_none()
    }

    /// As [`Self::seal`], for every message of a run, whose data is encrypted on its way to `out`. It seals
    /// two messages at a time: some MACs take little longer for two than for one.
    pub(super) fn seal_run<'d>(
        &mut self,
        mut random: Option<&mut (dyn Random + 'static)>,
        out: &mut WriteBuffer,
        run: &mut dyn Iterator<Item = Part<'d>>,
    ) -> Result<(), Error> {
        while let Some(part) = run.next() {
            let next = run.next();
            let random = random.as_deref_mut();
            sealed_or_nothing(out, |out| self.seal_few(random, out, &part, next.as_ref()))?;
        }
        Ok(())
    }

    fn seal_few(
        &mut self,
        mut random: Option<&mut (dyn Random + 'static)>,
        out: &mut WriteBuffer,
        part: &Part<'_>,
        next: Option<&Part<'_>>,
    ) -> Result<(), Error> {
        let start = out.len();
        let at = self.append_around(random.as_deref_mut(), out, part)?;
        let middle = out.len().saturating_sub(start);
        let next = match next {
            Some(part) => Some((self.append_around(random, out, part)?, &*part.data)),
            None => None,
        };
        let packets = out.get_mut(start..).unwrap_or_default();
        let (packet, rest) = packets.split_at_mut(middle);
        let first = Loose { packet, at, data: &part.data };
        let sealed = match next {
            Some((at, data)) => {
                let next = Loose { packet: rest, at, data };
                self.sealer.seal_run(self.sequence, &mut [first, next]).map(|()| 2)
            }
            None => self.sealer.seal_run(self.sequence, &mut [first]).map(|()| 1),
        };
        self.sequence = self.sequence.wrapping_add(sealed?);
        Ok(())
    }

    /// Appends a packet with room for the data behind its head; returns where the data belongs.
    fn append_around(
        &mut self,
        random: Option<&mut (dyn Random + 'static)>,
        out: &mut WriteBuffer,
        part: &Part<'_>,
    ) -> Result<usize, Error> {
        let start = out.len();
        out.extend_from_slice(&[0; HEAD_LEN]);
        out.extend_from_slice(part.head.bytes());
        let at = out.len().saturating_sub(start);
        out.extend_for(part.data.len());
        self.complete(random, out, start)?;
        Ok(at)
    }

    /// Makes a packet of the payload at the end of `out`, with room for its tag.
    fn complete(
        &mut self,
        random: Option<&mut (dyn Random + 'static)>,
        out: &mut WriteBuffer,
        start: usize,
    ) -> Result<(), Error> {
        self.usage.check()?;
        self.pad(random, out, start)?;
        out.extend_for(self.sealer.tag_len());
        self.usage.add(out.len().saturating_sub(start));
        Ok(())
    }

    /// Appends the padding and fills in both lengths.
    fn pad(
        &mut self,
        random: Option<&mut (dyn Random + 'static)>,
        out: &mut WriteBuffer,
        start: usize,
    ) -> Result<(), Error> {
        let internal = Error::Internal("packet length");
        let block_len = self.sealer.block_len();
        let len = out.len().saturating_sub(start);
        let counted =
            if self.sealer.length_counts() { len } else { len.saturating_sub(LENGTH_LEN) };
        let over = counted
            .saturating_add(MIN_PADDING)
            .checked_rem(block_len)
            .ok_or_else(|| internal.clone())?;
        let mut padding = MIN_PADDING;
        if over != 0 {
            padding = padding.saturating_add(block_len.saturating_sub(over));
        }
        // RFC 4253 section 6: at least 16 bytes before the MAC
        if len.saturating_add(padding) < 16 {
            padding = padding.saturating_add(block_len);
        }
        self.padding.append(random, padding, out)?;
        let packet_len = out.len().saturating_sub(start).saturating_sub(LENGTH_LEN);
        let packet_len = u32::try_from(packet_len).map_err(|_| internal.clone())?;
        let padding = u8::try_from(padding).map_err(|_| internal.clone())?;
        let head = out.get_mut(start..).and_then(|p| p.first_chunk_mut()).ok_or(internal)?;
        let [a, b, c, d] = packet_len.to_be_bytes();
        *head = [a, b, c, d, padding];
        Ok(())
    }
}

/// Removes bytes that could not be sealed: they must not be sent as plaintext with the packets behind them.
fn sealed_or_nothing(
    out: &mut WriteBuffer,
    seal: impl FnOnce(&mut WriteBuffer) -> Result<(), Error>,
) -> Result<(), Error> {
    let start = out.len();
    let result = seal(out);
    if result.is_err() {
        out.truncate(start);
    }
    result
}

/// Random bytes for padding, drawn in small batches: calling the generator for each packet costs more than
/// sealing a small one.
#[derive(Default)]
struct PaddingPool {
    bytes: [u8; 32],
    left: u8,
}

impl PaddingPool {
    /// Appends `len` random bytes. Without a generator (a key exchange job has it, during which only a
    /// DISCONNECT may be sealed) the last bytes are used again: RFC 4253 section 6 asks for random padding,
    /// but security does not depend on it.
    fn append(
        &mut self,
        mut random: Option<&mut (dyn Random + 'static)>,
        len: usize,
        out: &mut WriteBuffer,
    ) -> Result<(), Error> {
        let mut missing = len;
        while missing > 0 {
            if self.left == 0 {
                if let Some(random) = random.as_deref_mut() {
                    random.fill(&mut self.bytes)?;
                }
                self.left = u8::try_from(self.bytes.len()).unwrap_or(u8::MAX);
            }
            let take = missing.min(usize::from(self.left));
            out.extend_from_slice(self.bytes.get(..take).unwrap_or_default());
            self.bytes.rotate_left(take);
            self.left = self.left.saturating_sub(u8::try_from(take).unwrap_or(u8::MAX));
            missing = missing.saturating_sub(take);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::cipher::{self, CipherAlgorithm};
    use crate::crypto::mac;
    use crate::error::CryptoError;
    use crate::wire::messages::DataHead;

    fn outbound(cipher: &CipherAlgorithm, mac: &str) -> Outbound {
        let (key, iv) = (vec![1; cipher.key_len], vec![2; cipher.iv_len]);
        let mac = mac::by_name(mac).unwrap();
        Outbound::new(cipher.sealer(&key, &iv, Some(mac), &vec![3; mac.key_len]).unwrap())
    }

    fn part(channel: u32, data: &[u8]) -> Part<'_> {
        let len = u32::try_from(data.len()).unwrap();
        let data_type = (channel == 1).then_some(1);
        Part { head: DataHead::new(channel, data_type, len), data: data.into() }
    }

    #[test]
    fn the_packets_of_a_run_are_those_of_one_after_the_other() {
        for (cipher, mac) in [
            ("aes256-ctr", "hmac-sha2-256"),
            ("aes128-ctr", "hmac-sha2-256-etm@openssh.com"),
            ("aes256-cbc", "hmac-sha2-256"),
            ("aes256-ctr", "hmac-sha2-512"),
        ] {
            let cipher = cipher::by_name(cipher).unwrap();
            for lens in [&[][..], &[7], &[0, 5], &[300, 32_700, 1], &[40, 0, 32_700, 32_700]] {
                let datas: Vec<_> = lens.iter().map(|len| vec![7; *len]).collect();
                let parts = || (0..).zip(&datas).map(|(channel, data)| part(channel, data));
                let (mut at_once, mut one_by_one) = (outbound(cipher, mac), outbound(cipher, mac));
                let (mut found, mut expected) = (WriteBuffer::new(), WriteBuffer::new());
                at_once.seal_run(None, &mut found, &mut parts()).unwrap();
                for part in parts() {
                    let mut build = |room: &mut Vec<u8>| {
                        room.extend_from_slice(part.head.bytes());
                        room.extend_from_slice(&part.data);
                    };
                    one_by_one.seal(None, &mut expected, &mut build, &mut |_, _| ()).unwrap();
                }
                assert!(*found == *expected, "{cipher:?} {mac} {lens:?}");
                assert_eq!(at_once.usage(), one_by_one.usage());
                assert_eq!(at_once.sequence, one_by_one.sequence);
            }
        }
    }

    /// Seals nothing.
    struct Broken;

    impl Sealer for Broken {
        fn block_len(&self) -> usize {
            8
        }

        fn tag_len(&self) -> usize {
            0
        }

        fn length_counts(&self) -> bool {
            true
        }

        fn seal(&mut self, _sequence: u32, _packet: &mut [u8]) -> Result<(), CryptoError> {
            Err(CryptoError::Failed)
        }
    }

    #[test]
    fn what_cannot_be_sealed_does_not_leave_in_the_clear() {
        let mut outbound = Outbound::new(Box::new(Broken));
        let mut out = WriteBuffer::from(b"sealed".to_vec());
        let mut build = |room: &mut Vec<u8>| room.extend_from_slice(b"secret");
        assert!(outbound.seal(None, &mut out, &mut build, &mut |_, _| ()).is_err());
        for count in 1..=2 {
            let mut run = (0..count).map(|channel| part(channel, b"secret"));
            assert!(outbound.seal_run(None, &mut out, &mut run).is_err());
        }
        assert_eq!(*out, *b"sealed");
    }
}
