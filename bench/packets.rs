//! Sealing and opening 32 KiB packets with the ciphers and MACs of the registry, next to AES-GCM
//! alone: `cargo bench --no-default-features --bench packets`.

use aws_lc_rs::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use sshserver::crypto::cipher::{CIPHERS, CipherAlgorithm};
use sshserver::crypto::mac::{MACS, MacAlgorithm};

/// `packet_length`, 32 KiB and the rest of a channel data message, padded to the block length.
const PACKET_LEN: usize = 4 + 32 * 1024 + 32;

fn main() {
    divan::main();
}

/// A cipher with a MAC, or alone where it brings its own.
#[derive(Clone, Copy)]
struct Suite {
    cipher: &'static CipherAlgorithm,
    mac: Option<&'static MacAlgorithm>,
}

impl std::fmt::Display for Suite {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.mac {
            Some(mac) => write!(f, "{} {}", self.cipher.name, mac.name),
            None => f.write_str(self.cipher.name),
        }
    }
}

/// Every cipher with hmac-sha1, and every MAC with aes256-ctr; all with all would be hundreds.
fn suites() -> Vec<Suite> {
    let mut suites = Vec::new();
    for &cipher in CIPHERS {
        if cipher.needs_mac() {
            let macs = MACS.iter().copied();
            let macs = macs.filter(|mac| cipher.name == "aes256-ctr" || mac.name == "hmac-sha1");
            suites.extend(macs.map(|mac| Suite { cipher, mac: Some(mac) }));
        } else {
            suites.push(Suite { cipher, mac: None });
        }
    }
    suites
}

fn key(len: usize) -> Vec<u8> {
    (0..len).map(|i| u8::try_from(i % 251).unwrap_or_default()).collect()
}

/// A packet with its length, and room for a tag of `tag_len`.
fn packet(length_counts: bool, block_len: usize, tag_len: usize) -> Vec<u8> {
    let counted = if length_counts { 0 } else { 4 };
    let body = (PACKET_LEN - counted).next_multiple_of(block_len) + counted - 4;
    let mut packet = u32::try_from(body).unwrap_or_default().to_be_bytes().to_vec();
    packet.resize(4 + body + tag_len, 5);
    packet
}

#[divan::bench(args = suites())]
fn seal(bencher: Bencher<'_, '_>, suite: &Suite) {
    let Suite { cipher, mac } = *suite;
    let mac_key = key(mac.map_or(0, |mac| mac.key_len));
    let sealer = cipher.sealer(&key(cipher.key_len), &key(cipher.iv_len), mac, &mac_key);
    let Ok(mut sealer) = sealer else { return };
    let plain = packet(sealer.length_counts(), sealer.block_len(), sealer.tag_len());
    let (mut sequence, mut buffer) = (0_u32, plain.clone());
    bencher.counter(BytesCount::new(plain.len())).bench_local(|| {
        buffer.copy_from_slice(&plain);
        sequence = sequence.wrapping_add(1);
        sealer.seal(sequence, black_box(&mut buffer))
    });
}

#[divan::bench(args = suites())]
fn open(bencher: Bencher<'_, '_>, suite: &Suite) {
    let Suite { cipher, mac } = *suite;
    let mac_key = key(mac.map_or(0, |mac| mac.key_len));
    let (cipher_key, iv) = (key(cipher.key_len), key(cipher.iv_len));
    let Ok(mut sealer) = cipher.sealer(&cipher_key, &iv, mac, &mac_key) else { return };
    let Ok(mut opener) = cipher.opener(&cipher_key, &iv, mac, &mac_key) else { return };
    let plain = packet(sealer.length_counts(), sealer.block_len(), sealer.tag_len());
    let (mut sealing, mut opening) = (0_u32, 0_u32);
    // sealed in the order in which they are opened: both sides count
    let sealed = || {
        let mut packet = plain.clone();
        let result = sealer.seal(sealing, &mut packet);
        sealing = sealing.wrapping_add(1);
        result.map(|()| packet)
    };
    bencher.counter(BytesCount::new(plain.len())).with_inputs(sealed).bench_local_values(
        |packet| {
            let mut packet = packet?;
            let prefix = packet.get_mut(..opener.prefix_len()).unwrap_or_default();
            opener.packet_length(opening, prefix)?;
            opener.open(opening, black_box(&mut packet))?;
            opening = opening.wrapping_add(1);
            Ok::<_, sshserver::error::CryptoError>(packet)
        },
    );
}

/// The primitive alone, the floor for aes128-gcm@openssh.com.
#[divan::bench]
fn aes_128_gcm_alone(bencher: Bencher<'_, '_>) {
    let Ok(unbound) = UnboundKey::new(&AES_128_GCM, &key(16)) else { return };
    let cipher = LessSafeKey::new(unbound);
    let mut buffer = vec![5; PACKET_LEN];
    bencher.counter(BytesCount::new(PACKET_LEN)).bench_local(|| {
        let nonce = Nonce::assume_unique_for_key([7; 12]);
        cipher.seal_in_place_separate_tag(nonce, Aad::empty(), black_box(&mut buffer))
    });
}
