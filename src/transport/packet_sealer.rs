//! The binary packet protocol (RFC 4253 section 6) of the sending side: packets are built, padded and
//! sealed in place in the write buffer.

use crate::crypto::cipher::Sealer;
use crate::crypto::compression::Compressor;
use crate::crypto::random::Random;
use crate::error::Error;
use crate::wire::WriteBuffer;

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

    /// Appends one sealed packet to `out`; `build` appends its payload. `observe` sees the payload.
    pub(super) fn seal(
        &mut self,
        random: Option<&mut (dyn Random + 'static)>,
        out: &mut WriteBuffer,
        build: &mut dyn FnMut(&mut Vec<u8>),
        observe: &mut dyn FnMut(u32, &[u8]),
    ) -> Result<(), Error> {
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
    }

    /// Whether [`Self::seal_data`] can be used: the payload is not looked at as a whole.
    pub(super) fn seals_data(&self) -> bool {
        self.compressor.is_none()
    }

    /// As [`Self::seal`] for the payload `head` and then `data`, which is encrypted on its way to `out`.
    pub(super) fn seal_data(
        &mut self,
        random: Option<&mut (dyn Random + 'static)>,
        out: &mut WriteBuffer,
        head: &[u8],
        data: &[u8],
    ) -> Result<(), Error> {
        let start = out.len();
        out.extend_from_slice(&[0; HEAD_LEN]);
        out.extend_from_slice(head);
        let at = out.len().saturating_sub(start);
        out.extend_for(data.len());
        self.complete(random, out, start)?;
        let packet = out.get_mut(start..).unwrap_or_default();
        self.sealer.seal_from(self.sequence, packet, at, data)?;
        self.sequence = self.sequence.wrapping_add(1);
        Ok(())
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

/// Random bytes for padding, drawn in small batches: asking the generator for each packet costs more
/// than sealing a small one.
#[derive(Default)]
struct PaddingPool {
    bytes: [u8; 32],
    left: u8,
}

impl PaddingPool {
    /// Appends `len` random bytes. Without a generator (it is lent to a key exchange job, during
    /// which only a DISCONNECT may be sealed) the last bytes serve again: RFC 4253 section 6 asks
    /// for random padding, security does not hang on it.
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
