//! zlib (RFC 4253 section 6.2) and zlib@openssh.com, the same after authentication only: one zlib
//! stream (RFC 1950) per direction, flushed after every packet.

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

use super::{CompressionAlgorithm, Compressor, Decompressor};
use crate::crypto::Security;
use crate::error::{Error, InvalidMessage, LimitExceeded};

/// The registry row of zlib. It exposes code that parses hostile data to every client that can connect, so
/// the profiles leave it out.
pub(super) static ZLIB: CompressionAlgorithm = CompressionAlgorithm {
    name: "zlib",
    security: Security::Compatible,
    delayed: false,
    new: Some(streams),
};

/// The registry row of zlib@openssh.com, which the documented default list leaves out.
pub(super) static ZLIB_OPENSSH: CompressionAlgorithm = CompressionAlgorithm {
    name: "zlib@openssh.com",
    security: Security::ProfilesOnly,
    delayed: true,
    new: Some(streams),
};

fn streams() -> (Box<dyn Compressor>, Box<dyn Decompressor>) {
    (
        Box::new(Deflate(Compress::new(Compression::default(), true))),
        Box::new(Inflate(Decompress::new(true))),
    )
}

struct Deflate(Compress);

impl Compressor for Deflate {
    fn compress(&mut self, payload: &[u8], out: &mut Vec<u8>) -> Result<(), Error> {
        let mut rest = payload;
        // incompressible data grows by a few bytes in some thousand; the flush and the header of the first
        // packet take some more
        out.reserve(payload.len() + payload.len() / 512 + 64);
        loop {
            let taken = self.0.total_in();
            let status = self
                .0
                .compress_vec(rest, out, FlushCompress::Partial)
                .map_err(|_| Error::Internal("deflate"))?;
            rest = after(rest, self.0.total_in() - taken).ok_or(Error::Internal("deflate"))?;
            // remaining capacity means that the flush is complete
            if rest.is_empty() && (out.len() < out.capacity() || status == Status::BufError) {
                return Ok(());
            }
            out.reserve(MORE_ROOM);
        }
    }
}

struct Inflate(Decompress);

impl Decompressor for Inflate {
    fn decompress(&mut self, payload: &[u8], limit: usize, out: &mut Vec<u8>) -> Result<(), Error> {
        let start = out.len();
        let mut rest = payload;
        loop {
            let produced = out.len().saturating_sub(start);
            // one byte past the limit shows that there is more
            let room = (limit - produced).saturating_add(1);
            out.reserve_exact(room.min(INFLATE_CHUNK));
            let taken = self.0.total_in();
            let status = self
                .0
                .decompress_vec(rest, out, FlushDecompress::Sync)
                .map_err(|_| InvalidMessage::BadCompression)?;
            let taken = self.0.total_in() - taken;
            rest = after(rest, taken).ok_or(InvalidMessage::BadCompression)?;
            if out.len() - start > limit {
                out.truncate(start);
                return Err(LimitExceeded::InflatedPayload.into());
            }
            // RFC 4253 section 6.2: the stream continues in the next packet, so it has no end
            if status == Status::StreamEnd {
                return Err(InvalidMessage::BadCompression.into());
            }
            let has_room = out.len() < out.capacity();
            if rest.is_empty() && has_room {
                return Ok(());
            }
            if taken == 0 && out.len() - start == produced && has_room {
                return Err(InvalidMessage::BadCompression.into());
            }
        }
    }
}

fn after(input: &[u8], taken: u64) -> Option<&[u8]> {
    input.get(usize::try_from(taken).ok()?..)
}

/// Capacity that is added when deflate fills its output, for a payload that grows.
const MORE_ROOM: usize = 1024;
/// Output capacity that a packet gets before it has shown that it needs more: inflated data can be a
/// thousand times as long.
const INFLATE_CHUNK: usize = 16 * 1024;

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::crypto::tests::hex;

    fn inflate(stream: &mut dyn Decompressor, data: &[u8], limit: usize) -> Result<Vec<u8>, Error> {
        let mut out = Vec::new();
        stream.decompress(data, limit, &mut out).map(|()| out)
    }

    /// Two packets of one stream, compressed by zlib 1.2.13 with a partial flush after each.
    pub(in crate::crypto::compression) fn known_answers() -> Vec<&'static str> {
        for row in [&ZLIB, &ZLIB_OPENSSH] {
            let (_, mut stream) = row.new.unwrap()();
            for (packet, payload) in [
                (
                    "789c8a2b2ece50a8cac94c5228484cce4e2d51c8cf4bd5c1c10608",
                    "packet one, packet one, packet one",
                ),
                ("a03874b525e5f958d502c50102", "packet two, packet one, packet two"),
            ] {
                let inflated = inflate(&mut *stream, &hex(packet), 1000).unwrap();
                assert_eq!(inflated, [b"\x5essh zlib ", payload.as_bytes()].concat());
            }
        }
        vec![ZLIB.name, ZLIB_OPENSSH.name]
    }

    #[test]
    fn each_packet_inflates_at_once_and_the_stream_runs_on() {
        let (mut compressor, mut decompressor) = streams();
        let mut noise = vec![0; 40_000];
        aws_lc_rs::rand::fill(&mut noise).unwrap();
        let text = b"the same words again and again, ".repeat(1100);
        let mut packets = Vec::new();
        for payload in [&text[..], &noise, &[], &text, &[7], &noise[..3], &text[..100]] {
            let mut packet = b"before".to_vec();
            compressor.compress(payload, &mut packet).unwrap();
            packets.push(packet.len());
            let mut out = b"there".to_vec();
            decompressor.decompress(&packet[6..], 100_000, &mut out).unwrap();
            assert_eq!(out, [b"there", payload].concat());
        }
        assert!(packets[0] < 500 && packets[3] < packets[0], "{packets:?}");
        assert!(packets[1] < 40_100, "{packets:?}");
    }

    /// Output of every length around the room there is, for the loop of the compressor.
    #[test]
    fn packets_of_all_small_sizes_come_out_whole() {
        let (mut compressor, mut decompressor) = streams();
        let mut noise = vec![0; 700];
        aws_lc_rs::rand::fill(&mut noise).unwrap();
        for len in 0..noise.len() {
            // a vector without room to spare
            let mut packet = Vec::new();
            compressor.compress(&noise[..len], &mut packet).unwrap();
            let inflated = inflate(&mut *decompressor, &packet, len).unwrap();
            assert_eq!(inflated, noise[..len]);
        }
    }

    #[test]
    fn inflating_stops_at_the_limit() {
        let payload = vec![0; 10_000_000];
        for (limit, fits) in [(0, false), (35_000, false), (9_999_999, false), (10_000_000, true)] {
            let (mut compressor, mut decompressor) = streams();
            let mut packet = Vec::new();
            compressor.compress(&payload, &mut packet).unwrap();
            assert!(packet.len() < 20_000);
            let mut out = Vec::new();
            let result = decompressor.decompress(&packet, limit, &mut out);
            if fits {
                assert_eq!((result, out.len()), (Ok(()), limit));
            } else {
                assert_eq!(result, Err(LimitExceeded::InflatedPayload.into()));
                assert!(out.capacity() <= 2 * (limit + INFLATE_CHUNK));
            }
        }
    }

    #[test]
    fn bad_data_is_refused() {
        let ended = hex("789c4bcd4b494d010006100201");
        let trailing = [&ended[..], b"more"].concat();
        let preset_dictionary = hex("78bb00000001");
        for bad in
            [&ended[..], &trailing, &preset_dictionary, b"not a zlib header", &[0x78, 0x9c, 7]]
        {
            let (_, mut stream) = streams();
            assert_eq!(
                inflate(&mut *stream, bad, 1000),
                Err(InvalidMessage::BadCompression.into()),
                "{bad:?}"
            );
        }
    }
}
