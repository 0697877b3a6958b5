//! Compares our own code for vector instructions with AWS-LC: a packet of any length that begins anywhere
//! in a cache line has the same bytes and the same tag, opens again, and does not with a bit flipped; and
//! nothing is written outside of it. Called by the tests below and by `fuzz/`: with input of a fuzzer
//! (`targets/vector_code.rs`), and for every length and every alignment (`src/vector_sweep.rs`).
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test, which fuzz targets need too"
)]

use aws_lc_rs::aead::{
    AES_128_GCM, AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey, chacha20_poly1305_openssh,
};

use super::aws_lc::{CipherContext, CipherKind, Direction, HmacHash, HmacKey};
use super::sha_ni::{HmacSha256, Message};
use super::vector_code::VectorCode;
use super::{avx2, avx512, vaes};
use crate::error::CryptoError;

/// Bytes of a cache line, the longest vector there is.
pub const LINE: usize = 64;

/// The byte that fills the memory around a packet.
const GUARD: u8 = 0x5a;

type Tag = [u8; 16];

/// A key, a sequence number, and the plaintext.
#[derive(Debug, Clone, Copy)]
pub struct Packet<'p> {
    pub key: &'p [u8; 64],
    pub sequence: u32,
    pub plain: &'p [u8],
}

/// Where a packet is in memory, and which part of it is in other memory or wrong.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    /// The offset from a cache line, modulo [`LINE`].
    pub alignment: usize,
    /// Any number, from which the other choices are derived.
    pub draw: usize,
}

impl Place {
    /// A range in `len` bytes: most of them, or a few, or none.
    fn part(self, len: usize) -> (usize, usize) {
        let at = self.draw % (len + 1).min(200);
        let left = len - at;
        let end = len - self.draw / 200 % (left + 1).min(300);
        (at, end)
    }

    /// A bit in `len` bytes.
    fn bit(self, len: usize) -> (usize, u8) {
        (self.draw / 8 % len, 1 << (self.draw % 8))
    }
}

/// Compares at one place; made for one packet.
pub type Compare = Box<dyn FnMut(Place)>;

/// An implementation.
#[derive(Debug)]
pub struct Subject {
    pub name: &'static str,
    /// `None` where the processor lacks the instructions.
    pub compare: fn(Packet<'_>) -> Option<Compare>,
}

/// All of them.
pub static SUBJECTS: &[Subject] = &[
    Subject { name: "avx512: chacha20-poly1305", compare: chacha20_with_avx512 },
    Subject { name: "avx2: chacha20-poly1305", compare: chacha20_with_avx2 },
    Subject { name: "vaes: aes128-gcm", compare: |packet| gcm::<16>(packet) },
    Subject { name: "vaes: aes256-gcm", compare: |packet| gcm::<32>(packet) },
    Subject { name: "vaes: aes128-ctr", compare: |packet| ctr::<16>(packet) },
    Subject { name: "vaes: aes256-ctr", compare: |packet| ctr::<32>(packet) },
    Subject { name: "sha_ni: hmac-sha2-256", compare: hmac },
];

/// Memory in which bytes have the wanted alignment, with guard bytes around them.
struct Room {
    memory: Vec<u8>,
    start: usize,
    len: usize,
}

impl Room {
    fn of(longest: usize) -> Self {
        Self { memory: vec![GUARD; longest + 4 * LINE], start: LINE, len: 0 }
    }

    fn put(&mut self, alignment: usize, content: &[u8]) -> &mut [u8] {
        self.start = self.memory.as_ptr().align_offset(LINE) + LINE + alignment % LINE;
        self.len = content.len();
        let end = self.start + self.len;
        self.memory[self.start - LINE..self.start].fill(GUARD);
        self.memory[end..end + LINE].fill(GUARD);
        self.bytes().copy_from_slice(content);
        self.bytes()
    }

    fn bytes(&mut self) -> &mut [u8] {
        &mut self.memory[self.start..self.start + self.len]
    }

    /// Whether it has this content, and no guard byte was overwritten.
    fn is(&self, content: &[u8]) -> bool {
        let end = self.start + self.len;
        let guards = [&self.memory[self.start - LINE..self.start], &self.memory[end..end + LINE]];
        guards.iter().all(|guard| guard.iter().all(|byte| *byte == GUARD))
            && self.memory[self.start..end] == *content
    }
}

fn chacha20_with_avx512(packet: Packet<'_>) -> Option<Compare> {
    let may = VectorCode::under_test();
    let sealer = avx512::SealingKey::new(may, packet.key)?;
    let mut opener = avx512::OpeningKey::new(may, packet.key)?;
    let sequence = packet.sequence;
    Some(chacha20(
        packet,
        move |packet, at, data: &[u8], tag| {
            packet[at..at + data.len()].copy_from_slice(data);
            sealer.seal_in_place(sequence, packet, tag);
        },
        move |packet, tag| {
            let length = opener.decrypt_packet_length(sequence, *packet.first_chunk().unwrap());
            (length, opener.open_in_place(sequence, packet, tag))
        },
    ))
}

fn chacha20_with_avx2(packet: Packet<'_>) -> Option<Compare> {
    let may = VectorCode::under_test();
    let sealer = avx2::Keys::new(may, packet.key)?;
    let opener = avx2::Keys::new(may, packet.key)?;
    let sequence = packet.sequence;
    Some(chacha20(
        packet,
        move |packet, at, data, tag| sealer.seal_from(sequence, packet, at, data, tag).unwrap(),
        move |packet, tag| {
            let length = opener.decrypt_packet_length(sequence, *packet.first_chunk().unwrap());
            (length, opener.open_in_place(sequence, packet, tag))
        },
    ))
}

type Opened = ([u8; 4], Result<(), CryptoError>);

/// The packet is a length with the plaintext behind it.
fn chacha20(
    packet: Packet<'_>,
    seal: impl Fn(&mut [u8], usize, &[u8], &mut Tag) + 'static,
    mut open: impl FnMut(&mut [u8], &Tag) -> Opened + 'static,
) -> Compare {
    let len = u32::try_from(packet.plain.len()).unwrap();
    let plain = [&len.to_be_bytes(), packet.plain].concat();
    let (mut expected, mut expected_tag) = (plain.clone(), [0; 16]);
    let aws_lc = chacha20_poly1305_openssh::SealingKey::new(packet.key);
    aws_lc.seal_in_place(packet.sequence, &mut expected, &mut expected_tag);
    let (mut room, mut apart) = (Room::of(plain.len()), Room::of(plain.len()));
    Box::new(move |place| {
        let (at, end) = place.part(plain.len() - 4);
        let (at, end) = (at + 4, end + 4);
        apart.put(place.draw, &plain[at..end]);
        room.put(place.alignment, &plain)[at..end].fill(0xaa);
        let mut tag = [0; 16];
        seal(room.bytes(), at, apart.bytes(), &mut tag);
        assert!(room.is(&expected) && tag == expected_tag, "sealed {at} {end}");

        let (byte, bit) = place.bit(expected.len() + 16);
        match room.bytes().get_mut(byte) {
            Some(wrong) => *wrong ^= bit,
            None => tag[byte - expected.len()] ^= bit,
        }
        assert_eq!(open(room.bytes(), &tag).1, Err(CryptoError::BadMac), "{byte} {bit}");
        // a packet with a wrong tag is not decrypted
        if let Some(wrong) = room.bytes().get_mut(byte) {
            *wrong ^= bit;
        }
        assert!(room.is(&expected), "refused {byte} {bit}");

        let (length, result) = open(room.bytes(), &expected_tag);
        assert_eq!((&length[..], result), (&plain[..4], Ok(())));
        room.bytes()[..4].copy_from_slice(&length);
        assert!(room.is(&plain), "opened");
    })
}

fn gcm<const KEY_LEN: usize>(packet: Packet<'_>) -> Option<Compare> {
    let key = packet.key.first_chunk::<KEY_LEN>()?;
    let ours = vaes::Key::new(VectorCode::under_test(), key)?;
    let algorithm = if KEY_LEN == 16 { &AES_128_GCM } else { &AES_256_GCM };
    let aws_lc = LessSafeKey::new(UnboundKey::new(algorithm, key).unwrap());
    let mut nonce: [u8; 12] = *packet.key[48..].first_chunk().unwrap();
    nonce[8..].copy_from_slice(&packet.sequence.to_be_bytes());
    let aad: [u8; 4] = *packet.key[44..].first_chunk().unwrap();
    let plain = packet.plain.to_vec();
    let mut expected = plain.clone();
    let expected_tag = aws_lc
        .seal_in_place_separate_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(aad),
            &mut expected,
        )
        .unwrap();
    let expected_tag: Tag = expected_tag.as_ref().try_into().unwrap();
    let (mut room, mut apart) = (Room::of(plain.len()), Room::of(plain.len()));
    Some(Box::new(move |place| {
        let Place { alignment, draw } = place;
        let mut tag = [0; 16];
        ours.seal(&nonce, &aad, room.put(alignment, &plain), &mut tag);
        assert!(room.is(&expected) && tag == expected_tag, "sealed");

        let (at, end) = place.part(plain.len());
        apart.put(draw, &plain[at..end]);
        room.put(alignment, &plain)[at..end].fill(0xaa);
        ours.seal_from(&nonce, &aad, room.bytes(), at, apart.bytes(), &mut tag).unwrap();
        assert!(room.is(&expected) && tag == expected_tag, "sealed {at} {end}");

        ours.open(&nonce, &aad, room.bytes(), &tag).unwrap();
        assert!(room.is(&plain), "opened");

        apart.put(draw, &expected);
        room.bytes().fill(0xaa);
        ours.open_into(&nonce, &aad, apart.bytes(), &tag, room.bytes()).unwrap();
        assert!(room.is(&plain), "opened from elsewhere");

        let (byte, bit) = place.bit(expected.len() + 16);
        match apart.bytes().get_mut(byte) {
            Some(wrong) => *wrong ^= bit,
            None => tag[byte - expected.len()] ^= bit,
        }
        let refused = Err(CryptoError::BadMac);
        assert_eq!(
            ours.open_into(&nonce, &aad, apart.bytes(), &tag, room.bytes()),
            refused,
            "{byte} {bit}"
        );
        let nothing = vec![0; plain.len()];
        assert!(room.is(&nothing), "left {byte} {bit}");
        assert_eq!(ours.open(&nonce, &aad, apart.bytes(), &tag), refused, "{byte} {bit}");
        assert!(apart.is(&nothing), "left {byte} {bit}");
    }))
}

/// Whole blocks only; the key stream continues between two parts.
fn ctr<const KEY_LEN: usize>(packet: Packet<'_>) -> Option<Compare> {
    let key = *packet.key.first_chunk::<KEY_LEN>()?;
    let mut iv: [u8; 16] = *packet.key[48..].first_chunk().unwrap();
    iv[12..].copy_from_slice(&packet.sequence.to_be_bytes());
    let new = move || vaes::CtrKey::new(VectorCode::under_test(), &key, &iv);
    new()?;
    let kind = if KEY_LEN == 16 { CipherKind::Aes128Ctr } else { CipherKind::Aes256Ctr };
    let plain = packet.plain[..packet.plain.len() / 16 * 16].to_vec();
    let mut expected = plain.clone();
    CipherContext::new(kind, Direction::Encrypt, &key, &iv).unwrap().update(&mut expected).unwrap();
    let (mut room, mut apart) = (Room::of(plain.len()), Room::of(plain.len()));
    Some(Box::new(move |Place { alignment, draw }| {
        let cut = draw % (plain.len() / 16 + 1) * 16;
        let mut ours = new().unwrap();
        let (first, second) = room.put(alignment, &plain).split_at_mut(cut);
        ours.apply(first).unwrap();
        ours.apply(second).unwrap();
        assert!(room.is(&expected), "{cut}");
        let mut ours = new().unwrap();
        apart.put(draw, &plain);
        room.bytes().fill(0xaa);
        for (from, to) in [(0, cut), (cut, plain.len())] {
            ours.apply_from(&apart.bytes()[from..to], &mut room.bytes()[from..to]).unwrap();
        }
        assert!(room.is(&expected), "from elsewhere {cut}");
    }))
}

/// In three parts, alone and beside a message of another length.
fn hmac(packet: Packet<'_>) -> Option<Compare> {
    let key = packet.key.first_chunk()?;
    let ours = HmacSha256::new(VectorCode::under_test(), key)?;
    let aws_lc = HmacKey::<64>::new(HmacHash::Sha256, key).unwrap();
    let (sequence, plain) = (packet.sequence, packet.plain.to_vec());
    let next = plain[..plain.len() / 2].to_vec();
    let tag_of = |sequence: u32, data: &[u8]| -> [u8; 32] {
        let tag = aws_lc.sign(&[&sequence.to_be_bytes(), data]).unwrap();
        tag.as_bytes().try_into().unwrap()
    };
    let after = sequence.wrapping_add(1);
    let (expected, expected_next) = (tag_of(sequence, &plain), tag_of(after, &next));
    let (mut room, mut apart) = (Room::of(plain.len()), Room::of(plain.len()));
    Some(Box::new(move |place| {
        let (at, end) = place.part(plain.len());
        let data = &*room.put(place.alignment, &plain);
        let parts = [&data[..at], &data[at..end], &data[end..]];
        let message = Message { sequence, parts };
        assert_eq!(ours.sign(message), Ok(expected), "{at} {end}");
        let beside = Message { sequence: after, parts: [apart.put(place.draw, &next), &[], &[]] };
        assert_eq!(ours.sign_both([message, beside]), Ok([expected, expected_next]));
        assert_eq!(ours.sign_both([beside, message]), Ok([expected_next, expected]));
        assert!(room.is(&plain) && apart.is(&next), "written");
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::tests::{Numbers, or_skipped};

    /// Compares every subject of a folder, if the processor has the instructions for it.
    fn agree(folder: &str) {
        let none = Packet { key: &[0; 64], sequence: 0, plain: &[] };
        let subjects = SUBJECTS.iter().filter(|subject| subject.name.starts_with(folder));
        let subjects: Vec<_> = subjects.collect();
        assert!(!subjects.is_empty(), "{folder}");
        let supported = subjects.iter().all(|subject| (subject.compare)(none).is_some());
        if or_skipped(supported, &format!("crypto/{folder}")) {
            subjects.into_iter().for_each(agrees);
        }
    }

    /// Every length up to that of the widest code, each at another offset in its line, and the edges of
    /// longer lengths.
    fn agrees(subject: &Subject) {
        let mut random = Numbers(0x6469_6666);
        let edges = [1023, 1024, 1025, 2048, 4097, 16_383, 32_768, 32_785, 65_537, 70_000];
        for len in (0..=520).chain(edges) {
            let (key, plain) = (random.array(), random.bytes(len));
            let sequence = u32::MAX - u32::try_from(len).unwrap();
            let packet = Packet { key: &key, sequence, plain: &plain };
            let mut compare = (subject.compare)(packet).unwrap();
            for alignment in [len % LINE, random.below(LINE)] {
                compare(Place { alignment, draw: random.below(1 << 24) });
            }
        }
        let plain = random.bytes(777);
        let key = random.array();
        let mut compare =
            (subject.compare)(Packet { key: &key, sequence: 7, plain: &plain }).unwrap();
        for alignment in 0..LINE {
            compare(Place { alignment, draw: random.below(1 << 24) });
        }
    }

    #[test]
    fn avx2_agrees_with_aws_lc() {
        agree("avx2");
    }

    #[test]
    fn avx512_agrees_with_aws_lc() {
        agree("avx512");
    }

    #[test]
    fn sha_ni_agrees_with_aws_lc() {
        agree("sha_ni");
    }

    #[test]
    fn vaes_agrees_with_aws_lc() {
        agree("vaes");
    }

    #[test]
    fn a_write_beside_the_packet_is_noticed() {
        let mut room = Room::of(100);
        for alignment in 0..LINE {
            room.put(alignment, &[1; 100]);
            assert_eq!(room.bytes().as_ptr().align_offset(LINE), (LINE - alignment) % LINE);
            assert!(room.is(&[1; 100]));
            for at in [room.start - 1, room.start + 100] {
                room.memory[at] ^= 1;
                assert!(!room.is(&[1; 100]));
                room.memory[at] ^= 1;
            }
            room.memory[room.start + 50] ^= 1;
            assert!(!room.is(&[1; 100]));
        }
    }
}
