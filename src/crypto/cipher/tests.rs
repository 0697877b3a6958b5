//! Tests that hold for every row of the cipher table, and helpers of the known-answer tests.

use super::*;
use crate::crypto::mac::MACS;
use crate::crypto::tests::same_names;

pub(super) use crate::crypto::tests::hex;

/// A plain packet: 22 bytes of payload and 10 of padding, a multiple of 16 without its length.
pub(super) fn sample_packet() -> Vec<u8> {
    let mut packet = vec![0, 0, 0, 0x20, 0x0a, 0x32];
    packet.extend([0xab; 20]);
    packet.extend([0; 10]);
    packet
}

/// Seals `plain` once for each of `sealed`, from `first` on, and opens it again.
pub(super) fn seals_to(
    row: &CipherAlgorithm,
    key: &[u8],
    iv: &[u8],
    first: u32,
    plain: &[u8],
    sealed: &[&str],
) {
    let sealer = row.sealer(key, iv, None, &[]).unwrap();
    let opener = row.opener(key, iv, None, &[]).unwrap();
    seals_and_opens(sealer, opener, first, plain, sealed);
}

/// A cipher with a MAC, and the keys of both.
pub(super) struct Suite<'k> {
    pub(super) cipher: &'k CipherAlgorithm,
    pub(super) key: &'k [u8],
    pub(super) iv: &'k [u8],
    pub(super) mac: &'k MacAlgorithm,
    pub(super) mac_key: &'k [u8],
}

/// The same with a MAC.
pub(super) fn seals_with_mac_to(suite: Suite<'_>, first: u32, plain: &[u8], sealed: &[&str]) {
    let Suite { cipher, key, iv, mac, mac_key } = suite;
    let sealer = cipher.sealer(key, iv, Some(mac), mac_key).unwrap();
    let opener = cipher.opener(key, iv, Some(mac), mac_key).unwrap();
    seals_and_opens(sealer, opener, first, plain, sealed);
}

pub(super) fn seals_and_opens(
    mut sealer: Box<dyn Sealer>,
    mut opener: Box<dyn Opener>,
    first: u32,
    plain: &[u8],
    sealed: &[&str],
) {
    for (sequence, sealed) in (first..=u32::MAX).zip(sealed) {
        let mut packet = plain.to_vec();
        packet.resize(plain.len() + sealer.tag_len(), 0);
        sealer.seal(sequence, &mut packet).unwrap();
        assert_eq!(packet, hex(sealed), "packet {sequence}");
        opens_to(&mut *opener, sequence, &mut packet, plain);
    }
}

/// Encrypts `plain` to `sealed` and back, the first block by itself, so that the state has to continue.
pub(super) fn runs_to(row: &CipherAlgorithm, key: &[u8], iv: &[u8], plain: &[u8], sealed: &[u8]) {
    let Mode::WithMac { encryptor, decryptor, .. } = row.mode else {
        panic!("{row:?} is an AEAD");
    };
    for (new, from, to) in [(encryptor, plain, sealed), (decryptor, sealed, plain)] {
        let mut cipher = new(key, iv).unwrap();
        let mut data = from.to_vec();
        let (first, rest) = data.split_at_mut(row.block_len);
        cipher.apply(first).unwrap();
        cipher.apply(rest).unwrap();
        assert_eq!(data, to, "{row:?}");
    }
}

fn opens_to(opener: &mut dyn Opener, sequence: u32, packet: &mut [u8], plain: &[u8]) {
    let prefix = opener.prefix_len();
    let length = opener.packet_length(sequence, &mut packet[..prefix]).unwrap();
    assert_eq!(length as usize, plain.len() - 4);
    opener.open(sequence, packet).unwrap();
    assert_eq!(packet[4..plain.len()], plain[4..]);
}

/// Every cipher, with every MAC where it takes one.
fn suites() -> impl Iterator<Item = (&'static CipherAlgorithm, Option<&'static MacAlgorithm>)> {
    CIPHERS.iter().flat_map(|&cipher| {
        let macs = MACS.iter().map(|&mac| Some(mac)).filter(|_| cipher.needs_mac());
        let alone = (!cipher.needs_mac()).then_some(None);
        macs.chain(alone).map(move |mac| (cipher, mac))
    })
}

fn both(
    cipher: &CipherAlgorithm,
    mac: Option<&MacAlgorithm>,
) -> (Box<dyn Opener>, Box<dyn Sealer>) {
    let key: Vec<u8> = (1..).take(cipher.key_len).collect();
    let iv: Vec<u8> = (101..).take(cipher.iv_len).collect();
    let mac_key = vec![7; mac.map_or(0, |mac| mac.key_len)];
    (
        cipher.opener(&key, &iv, mac, &mac_key).unwrap(),
        cipher.sealer(&key, &iv, mac, &mac_key).unwrap(),
    )
}

/// A plain packet with about `payload_len` bytes of payload, padded for `sealer`, and room for the
/// tag.
fn packet_for(sealer: &dyn Sealer, payload_len: usize) -> (Vec<u8>, Vec<u8>) {
    let length_counts = if sealer.length_counts() { 4 } else { 0 };
    let block_len = sealer.block_len();
    let mut padding = block_len - (length_counts + 1 + payload_len) % block_len;
    if padding < 4 {
        padding += block_len;
    }
    let length = u32::try_from(1 + payload_len + padding).unwrap();
    let mut plain = length.to_be_bytes().to_vec();
    plain.push(u8::try_from(padding).unwrap());
    plain.extend((0..=250).cycle().take(payload_len));
    plain.resize(plain.len() + padding, 0xee);
    let mut packet = plain.clone();
    packet.resize(plain.len() + sealer.tag_len(), 0);
    (plain, packet)
}

#[test]
fn every_suite_seals_and_opens_a_sequence_of_packets() {
    for (cipher, mac) in suites() {
        let (mut opener, mut sealer) = both(cipher, mac);
        let mut from_elsewhere = both(cipher, mac).1;
        assert_eq!(opener.tag_len(), sealer.tag_len());
        assert_eq!(opener.block_len(), sealer.block_len());
        assert_eq!(opener.length_counts(), sealer.length_counts());
        assert_eq!(opener.block_len(), cipher.block_len);
        let lens = [0, 1, 11, 12, 100, 1000, 35_000, 5];
        let first = u32::MAX - 3;
        for (i, len) in (0..).zip(lens) {
            let sequence = first.wrapping_add(i);
            let (plain, mut packet) = packet_for(&*sealer, len);
            let (mut other, data) = (packet.clone(), 5 + len.min(9)..5 + len);
            other[data.clone()].fill(0xaa);
            let (at, data) = (data.start, &plain[data]);
            from_elsewhere.seal_from(sequence, &mut other, at, data).unwrap();
            sealer.seal(sequence, &mut packet).unwrap();
            assert_eq!(other, packet, "{cipher:?} {mac:?} {len}");
            assert_ne!(packet[5..plain.len()], plain[5..], "{cipher:?} {mac:?}");
            opens_to(&mut *opener, sequence, &mut packet, &plain);
        }
    }
}

#[test]
fn the_packets_of_a_run_are_sealed_as_one_after_the_other() {
    for (cipher, mac) in suites() {
        let mut one_by_one = both(cipher, mac).1;
        let mut at_once = both(cipher, mac).1;
        let mut sequence = u32::MAX - 2;
        for lens in [&[35_000, 35_000][..], &[], &[0, 0, 20_000], &[20_000, 3], &[3, 200, 300, 9]] {
            let mut expected: Vec<_> =
                lens.iter().map(|len| packet_for(&*one_by_one, *len).1).collect();
            let datas: Vec<_> = lens.iter().map(|len: &usize| 5 + len.min(&9)..5 + len).collect();
            let mut packets = expected.clone();
            let data: Vec<_> = packets
                .iter()
                .zip(&datas)
                .map(|(packet, at)| packet[at.clone()].to_vec())
                .collect();
            for (packet, range) in packets.iter_mut().zip(&datas) {
                packet[range.clone()].fill(0xaa);
            }
            let places = packets.iter_mut().zip(&datas).zip(&data);
            let mut run: Vec<_> =
                places.map(|((packet, at), data)| Loose { packet, at: at.start, data }).collect();
            at_once.seal_run(sequence, &mut run).unwrap();
            for packet in &mut expected {
                one_by_one.seal(sequence, packet).unwrap();
                sequence = sequence.wrapping_add(1);
            }
            assert_eq!(packets, expected, "{cipher:?} {mac:?} {lens:?}");
        }
    }
}

#[test]
fn a_flipped_bit_after_the_length_is_refused_by_every_suite() {
    for (cipher, mac) in suites() {
        let (_, mut sealer) = both(cipher, mac);
        let (_, mut sealed) = packet_for(&*sealer, 40);
        sealer.seal(9, &mut sealed).unwrap();
        for at in 4..sealed.len() {
            let (mut opener, _) = both(cipher, mac);
            let mut packet = sealed.clone();
            packet[at] ^= 1 << (at % 8);
            let prefix = opener.prefix_len();
            opener.packet_length(9, &mut packet[..prefix]).unwrap();
            assert_eq!(
                opener.open(9, &mut packet),
                Err(CryptoError::BadMac),
                "{cipher:?} {mac:?} byte {at}"
            );
        }
    }
}

/// A packet moved to another place in the sequence is refused: by the sequence number, or by the
/// invocation counter of GCM.
#[test]
fn a_replayed_packet_is_refused_by_every_suite() {
    for (cipher, mac) in suites() {
        let (mut opener, mut sealer) = both(cipher, mac);
        let (plain, mut sealed) = packet_for(&*sealer, 40);
        sealer.seal(0, &mut sealed).unwrap();
        opens_to(&mut *opener, 0, &mut sealed.clone(), &plain);
        let prefix = opener.prefix_len();
        // the length may be any number, or an error
        let _ = opener.packet_length(1, &mut sealed[..prefix]);
        assert_eq!(opener.open(1, &mut sealed), Err(CryptoError::BadMac), "{cipher:?} {mac:?}");
    }
}

#[test]
fn packets_too_short_for_their_tag_are_errors() {
    for (cipher, mac) in suites() {
        let (mut opener, mut sealer) = both(cipher, mac);
        let shortest = 4 + sealer.tag_len();
        for len in 0..shortest {
            assert!(opener.open(0, &mut vec![0; len]).is_err(), "{cipher:?} {len}");
            assert!(sealer.seal(0, &mut vec![0; len]).is_err(), "{cipher:?} {len}");
        }
        assert!(opener.packet_length(0, &mut [0; 3]).is_err(), "{cipher:?}");
    }
}

#[test]
fn a_cipher_that_needs_a_mac_is_not_built_without_one() {
    for cipher in CIPHERS.iter().filter(|cipher| cipher.needs_mac()) {
        let (key, iv) = (vec![0; cipher.key_len], vec![0; cipher.iv_len]);
        assert!(cipher.opener(&key, &iv, None, &[]).is_err(), "{cipher:?}");
        assert!(cipher.sealer(&key, &iv, None, &[]).is_err(), "{cipher:?}");
    }
}

#[test]
fn terrapin_applies_to_chacha20_and_to_cbc_with_encrypt_then_mac() {
    for cipher in CIPHERS {
        let chacha20 = cipher.name == "chacha20-poly1305@openssh.com";
        let cbc = cipher.name.ends_with("-cbc");
        assert_eq!(cipher.terrapin_affected(None), chacha20, "{cipher:?}");
        for mac in MACS {
            let expected = chacha20 || (cbc && mac.encrypt_then_mac);
            assert_eq!(cipher.terrapin_affected(Some(mac)), expected, "{cipher:?} {mac:?}");
        }
    }
}

/// CBC guards its lengths, except with encrypt-then-MAC, where the length is not encrypted.
#[test]
fn cbc_guards_its_lengths() {
    for (cipher, mac) in suites() {
        let etm = mac.is_some_and(|mac| mac.encrypt_then_mac);
        let expected = cipher.name.ends_with("-cbc") && !etm;
        assert_eq!(both(cipher, mac).0.guards_length(), expected, "{cipher:?} {mac:?}");
    }
}

#[test]
fn keys_and_ivs_of_other_lengths_are_refused_by_every_cipher() {
    for cipher in CIPHERS {
        let mac = cipher.needs_mac().then_some(MACS[0]);
        let mac_key = vec![0; mac.map_or(0, |mac| mac.key_len)];
        for (key_len, iv_len) in [
            (cipher.key_len - 1, cipher.iv_len),
            (cipher.key_len + 1, cipher.iv_len),
            (0, cipher.iv_len),
        ] {
            let (key, iv) = (vec![0; key_len], vec![0; iv_len]);
            assert!(cipher.opener(&key, &iv, mac, &mac_key).is_err(), "{cipher:?}");
            assert!(cipher.sealer(&key, &iv, mac, &mac_key).is_err(), "{cipher:?}");
        }
        if cipher.iv_len > 0 {
            let (key, iv) = (vec![0; cipher.key_len], vec![0; cipher.iv_len - 1]);
            assert!(cipher.opener(&key, &iv, mac, &mac_key).is_err(), "{cipher:?}");
            assert!(cipher.sealer(&key, &iv, mac, &mac_key).is_err(), "{cipher:?}");
        }
    }
}

#[test]
fn keys_of_small_blocks_end_after_a_gigabyte() {
    for cipher in CIPHERS.iter().filter(|cipher| cipher.needs_mac()) {
        let expected = if cipher.block_len == 8 { 1 << 30 } else { 1 << 36 };
        assert_eq!(cipher.rekey_after_bytes, expected, "{cipher:?}");
    }
}

#[test]
fn every_cipher_has_a_known_answer() {
    let checked = [
        aes_cbc::tests::known_answers(),
        aes_ctr::tests::known_answers(),
        aes_gcm::tests::known_answers(),
        arcfour::tests::known_answers(),
        blowfish::tests::known_answers(),
        cast128::tests::known_answers(),
        chacha20_poly1305::tests::known_answers(),
        triple_des::tests::known_answers(),
    ];
    same_names(CIPHERS.iter().map(|row| row.name), checked.concat());
}
