//! The packet codec for the fuzzer: it is private to this layer, so its fuzz target starts here.
//! Only in the builds of `scripts/fuzz.mjs`.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs,
    reason = "a fuzz target fails by panicking"
)]

use bytes::BytesMut;

use super::packet_codec::{Inbound, Outbound};
use crate::crypto::cipher::{CIPHERS, plaintext};
use crate::crypto::compression;
use crate::crypto::mac::MACS;
use crate::crypto::random::Random;
use crate::error::CryptoError;
use crate::limits::MAX_PACKET_LEN;

struct Zeros;

impl Random for Zeros {
    fn fill(&mut self, out: &mut [u8]) -> Result<(), CryptoError> {
        out.fill(0);
        Ok(())
    }
}

/// `input` is a suite, a size of pieces, and payloads with a length byte each; then it is taken as
/// packets itself.
pub fn fuzz_packet_codec(input: &[u8]) {
    let [suite, piece, rest @ ..] = input else {
        return;
    };
    round_trip(usize::from(*suite), usize::from(*piece) + 1, rest);
    let (mut inbound, _) = codec(usize::from(*suite));
    let mut buf = BytesMut::from(rest);
    while let Ok(Some(packet)) = inbound.next(&mut buf, MAX_PACKET_LEN) {
        assert!(!packet.payload.is_empty());
    }
}

fn codec(suite: usize) -> (Inbound, Outbound) {
    let suites = CIPHERS.len() * MACS.len() + 1;
    let index = suite % suites;
    let (mut inbound, mut outbound) = if index == 0 {
        let (opener, sealer) = plaintext();
        (Inbound::new(opener), Outbound::new(sealer))
    } else {
        let row = CIPHERS[(index - 1) / MACS.len()];
        let mac = MACS[(index - 1) % MACS.len()];
        let (key, iv) = (vec![1; row.key_len], vec![2; row.iv_len]);
        let mac_key = vec![3; mac.key_len];
        let opener = row.opener(&key, &iv, Some(mac), &mac_key).unwrap();
        let sealer = row.sealer(&key, &iv, Some(mac), &mac_key).unwrap();
        (Inbound::new(opener), Outbound::new(sealer))
    };
    if suite / suites % 2 == 1 {
        let (compressor, decompressor) = compression::by_name("zlib").unwrap().new.unwrap()();
        inbound.set_decompressor(decompressor);
        outbound.set_compressor(compressor);
    }
    (inbound, outbound)
}

fn round_trip(suite: usize, piece: usize, mut rest: &[u8]) {
    let (mut inbound, mut outbound) = codec(suite);
    let (mut sealed, mut payloads) = (Vec::new(), Vec::new());
    while let Some((&len, after)) = rest.split_first() {
        let len = usize::from(len).min(after.len());
        let (payload, after) = after.split_at(len);
        rest = after;
        if payload.is_empty() {
            continue;
        }
        payloads.push(payload.to_vec());
        let mut build = |out: &mut Vec<u8>| out.extend_from_slice(payload);
        outbound.seal(Some(&mut Zeros), &mut sealed, &mut build, &mut |_, _| {}).unwrap();
    }
    let mut buf = BytesMut::new();
    let mut opened = Vec::new();
    for part in sealed.chunks(piece) {
        buf.extend_from_slice(part);
        while let Some(packet) = inbound.next(&mut buf, MAX_PACKET_LEN).unwrap() {
            assert_eq!(packet.sequence as usize, opened.len());
            opened.push(packet.payload.to_vec());
        }
    }
    assert!(buf.is_empty());
    assert_eq!(opened, payloads);
}
