//! Sealing and opening 32 KiB packets with the ciphers and MACs of the registry, next to AWS-LC's
//! primitives alone; and AES-GCM and chacha20-poly1305 with packets of several lengths, next to AWS-LC's:
//! `cargo bench --no-default-features --bench packets`.

use aws_lc_rs::aead::{
    AES_128_GCM, AES_256_GCM, Aad, Algorithm, LessSafeKey, Nonce, UnboundKey,
    chacha20_poly1305_openssh,
};
use aws_lc_rs::cipher::{AES_256, EncryptingKey, UnboundCipherKey};
use aws_lc_rs::hmac;
use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use sshserver::crypto::cipher::{CIPHERS, CipherAlgorithm, Loose, Mode, Sealer};
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
    let Some(mut sealer) = sealer(suite) else { return };
    let plain = packet(sealer.length_counts(), sealer.block_len(), sealer.tag_len());
    let (mut sequence, mut buffer) = (0_u32, plain.clone());
    bencher.counter(BytesCount::new(plain.len())).bench_local(|| {
        // What is sealed counts for nothing, but for its length.
        if let (Some(length), Some(right)) = (buffer.get_mut(..4), plain.get(..4)) {
            length.copy_from_slice(right);
        }
        sequence = sequence.wrapping_add(1);
        sealer.seal(sequence, black_box(&mut buffer))
    });
}

/// Two packets at once, where the MAC takes two.
#[divan::bench(args = suites().into_iter().filter(takes_two))]
fn seal_run(bencher: Bencher<'_, '_>, suite: &Suite) {
    let Some(mut sealer) = sealer(suite) else { return };
    let plain = packet(sealer.length_counts(), sealer.block_len(), sealer.tag_len());
    let (mut sequence, mut buffer, mut next) = (0_u32, plain.clone(), plain.clone());
    let data = plain.get(HEAD_LEN..HEAD_LEN + 32 * 1024).unwrap_or_default();
    bencher.counter(BytesCount::new(2 * plain.len())).bench_local(|| {
        for buffer in [&mut buffer, &mut next] {
            if let (Some(head), Some(right)) = (buffer.get_mut(..4), plain.get(..4)) {
                head.copy_from_slice(right);
            }
        }
        sequence = sequence.wrapping_add(2);
        let packets = [&mut buffer, &mut next];
        let mut run = packets.map(|packet| Loose { packet, at: HEAD_LEN, data: black_box(data) });
        sealer.seal_run(sequence, &mut run)
    });
}

/// What a packet has before the data: both lengths, and the head of the message.
const HEAD_LEN: usize = 5 + 9;

fn takes_two(suite: &Suite) -> bool {
    let mac = suite.mac.and_then(|mac| (mac.new)(&key(mac.key_len)).ok());
    mac.is_some_and(|mut mac| mac.pairs().is_some())
}

fn sealer(Suite { cipher, mac }: &Suite) -> Option<Box<dyn Sealer>> {
    let mac_key = key(mac.map_or(0, |mac| mac.key_len));
    cipher.sealer(&key(cipher.key_len), &key(cipher.iv_len), *mac, &mac_key).ok()
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

/// AWS-LC's primitive alone: the floor for `aes128-gcm@openssh.com`.
#[divan::bench]
fn alone_aes_128_gcm(bencher: Bencher<'_, '_>) {
    gcm_alone(bencher, &AES_128_GCM, 16);
}

/// As above, for `aes256-gcm@openssh.com`.
#[divan::bench]
fn alone_aes_256_gcm(bencher: Bencher<'_, '_>) {
    gcm_alone(bencher, &AES_256_GCM, 32);
}

fn gcm_alone(bencher: Bencher<'_, '_>, algorithm: &'static Algorithm, key_len: usize) {
    let Ok(unbound) = UnboundKey::new(algorithm, &key(key_len)) else { return };
    let cipher = LessSafeKey::new(unbound);
    let mut buffer = vec![5; PACKET_LEN];
    bencher.counter(BytesCount::new(PACKET_LEN)).bench_local(|| {
        let nonce = Nonce::assume_unique_for_key([7; 12]);
        cipher.seal_in_place_separate_tag(nonce, Aad::empty(), black_box(&mut buffer))
    });
}

/// AWS-LC's CTR alone; with a MAC the floor is the sum of both.
#[divan::bench]
fn alone_aes_256_ctr(bencher: Bencher<'_, '_>) {
    let Ok(unbound) = UnboundCipherKey::new(&AES_256, &key(32)) else { return };
    let Ok(cipher) = EncryptingKey::ctr(unbound) else { return };
    let mut buffer = vec![5; PACKET_LEN];
    bencher
        .counter(BytesCount::new(PACKET_LEN))
        .bench_local(|| cipher.encrypt(black_box(&mut buffer)));
}

/// AWS-LC's HMACs alone.
#[divan::bench(args = ["sha1", "sha2-256", "sha2-512"])]
fn alone_hmac(bencher: Bencher<'_, '_>, hash: &str) {
    let (algorithm, key_len) = match hash {
        "sha1" => (hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, 20),
        "sha2-256" => (hmac::HMAC_SHA256, 32),
        _ => (hmac::HMAC_SHA512, 64),
    };
    let key = hmac::Key::new(algorithm, &key(key_len));
    let buffer = vec![5; PACKET_LEN];
    bencher
        .counter(BytesCount::new(PACKET_LEN))
        .bench_local(|| hmac::sign(&key, black_box(&buffer)));
}

/// Lengths of packets without their length and their tag: the shortest, a keystroke, an answer, a full
/// packet.
const GCM_LENS: [usize; 5] = [16, 32, 64, 1024, 32 * 1024 + 32];

#[divan::bench(args = GCM_LENS, consts = [16, 32], sample_count = 1000, sample_size = 8)]
fn gcm_seal<const KEY: usize>(bencher: Bencher<'_, '_>, len: usize) {
    let name = if KEY == 16 { "aes128-gcm@openssh.com" } else { "aes256-gcm@openssh.com" };
    let cipher = sshserver::crypto::cipher::by_name(name);
    let sealer = cipher.map(|cipher| cipher.sealer(&key(KEY), &key(12), None, &[]));
    let Some(Ok(mut sealer)) = sealer else { return };
    let mut buffer = vec![5; 4 + len + 16];
    bencher.counter(BytesCount::new(len)).bench_local(|| sealer.seal(0, black_box(&mut buffer)));
}

#[divan::bench(args = GCM_LENS, consts = [16, 32], sample_count = 1000, sample_size = 8)]
fn gcm_seal_by_aws_lc<const KEY: usize>(bencher: Bencher<'_, '_>, len: usize) {
    let algorithm = if KEY == 16 { &AES_128_GCM } else { &AES_256_GCM };
    let Ok(unbound) = UnboundKey::new(algorithm, &key(KEY)) else { return };
    let cipher = LessSafeKey::new(unbound);
    let mut buffer = vec![5; len];
    bencher.counter(BytesCount::new(len)).bench_local(|| {
        let nonce = Nonce::assume_unique_for_key([7; 12]);
        cipher.seal_in_place_separate_tag(nonce, Aad::from([5; 4]), black_box(&mut buffer))
    });
}

/// Lengths of packets without their tag: a keystroke, an answer, a full packet.
const CHACHA_LENS: [usize; 3] = [64, 1024, 32 * 1024];

fn chacha() -> Option<&'static CipherAlgorithm> {
    sshserver::crypto::cipher::by_name("chacha20-poly1305@openssh.com")
}

// many short runs: the first ones with wide vectors are slower
#[divan::bench(args = CHACHA_LENS, sample_count = 1000, sample_size = 8)]
fn chacha_seal(bencher: Bencher<'_, '_>, len: usize) {
    let sealer = chacha().map(|cipher| cipher.sealer(&key(64), &[], None, &[]));
    let Some(Ok(mut sealer)) = sealer else { return };
    let mut sequence = 0_u32;
    let mut buffer = vec![5; len + 16];
    bencher.counter(BytesCount::new(len)).bench_local(|| {
        sequence = sequence.wrapping_add(1);
        sealer.seal(sequence, black_box(&mut buffer))
    });
}

#[divan::bench(args = CHACHA_LENS, sample_count = 1000, sample_size = 8)]
fn chacha_seal_by_aws_lc(bencher: Bencher<'_, '_>, len: usize) {
    let Ok(key) = key(64).try_into() else { return };
    let sealer = chacha20_poly1305_openssh::SealingKey::new(&key);
    let mut sequence = 0_u32;
    let (mut buffer, mut tag) = (vec![5; len], [0; 16]);
    bencher.counter(BytesCount::new(len)).bench_local(|| {
        sequence = sequence.wrapping_add(1);
        sealer.seal_in_place(sequence, black_box(&mut buffer), &mut tag);
        tag
    });
}

/// The packets that `open` opens again and again: a new sequence number each time, as on a
/// connection.
fn chacha_sealed(len: usize) -> Vec<(Vec<u8>, [u8; 16])> {
    let Ok(key) = key(64).try_into() else { return Vec::new() };
    let sealer = chacha20_poly1305_openssh::SealingKey::new(&key);
    let sealed = (0..4).map(|sequence| {
        let (mut packet, mut tag) = (vec![5; len], [0; 16]);
        sealer.seal_in_place(sequence, &mut packet, &mut tag);
        (packet, tag)
    });
    sealed.collect()
}

#[divan::bench(args = CHACHA_LENS, sample_count = 1000, sample_size = 8)]
fn chacha_open(bencher: Bencher<'_, '_>, len: usize) {
    let opener = chacha().map(|cipher| cipher.opener(&key(64), &[], None, &[]));
    let Some(Ok(mut opener)) = opener else { return };
    let sealed: Vec<_> = chacha_sealed(len).iter().map(|(p, t)| [p, &t[..]].concat()).collect();
    let mut packets = (0_u32..).zip(&sealed).take(sealed.len()).cycle();
    let mut buffer = vec![0; len + 16];
    bencher.counter(BytesCount::new(len)).bench_local(|| {
        let Some((sequence, packet)) = packets.next() else { return };
        buffer.copy_from_slice(packet);
        let prefix = buffer.get_mut(..4).unwrap_or_default();
        let length = opener.packet_length(sequence, black_box(prefix));
        let opened = opener.open(sequence, black_box(&mut buffer));
        assert!(length.is_ok() && opened.is_ok());
    });
}

#[divan::bench(args = CHACHA_LENS, sample_count = 1000, sample_size = 8)]
fn chacha_open_by_aws_lc(bencher: Bencher<'_, '_>, len: usize) {
    let Ok(key) = key(64).try_into() else { return };
    let opener = chacha20_poly1305_openssh::OpeningKey::new(&key);
    let sealed = chacha_sealed(len);
    let mut packets = (0_u32..).zip(&sealed).take(sealed.len()).cycle();
    let mut buffer = vec![0; len];
    bencher.counter(BytesCount::new(len)).bench_local(|| {
        let Some((sequence, (packet, tag))) = packets.next() else { return };
        buffer.copy_from_slice(packet);
        let prefix = buffer.first_chunk().copied().unwrap_or_default();
        black_box(opener.decrypt_packet_length(sequence, prefix));
        assert!(opener.open_in_place(sequence, black_box(&mut buffer), tag).is_ok());
    });
}

/// The counter mode of the registry alone.
#[divan::bench]
fn ctr_256(bencher: Bencher<'_, '_>) {
    let cipher = sshserver::crypto::cipher::by_name("aes256-ctr");
    let Some(CipherAlgorithm { mode: Mode::WithMac { encryptor, .. }, .. }) = cipher else {
        return;
    };
    let Ok(mut cipher) = encryptor(&key(32), &key(16)) else { return };
    let mut buffer = vec![5; PACKET_LEN.next_multiple_of(16)];
    bencher
        .counter(BytesCount::new(PACKET_LEN))
        .bench_local(|| cipher.apply(black_box(&mut buffer)));
}
