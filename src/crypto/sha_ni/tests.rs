//! Agreement with AWS-LC; `mac/hmac.rs` has the test cases of RFC 4231. Where the processor lacks the
//! instructions there is nothing to test: each test says so and is counted as skipped by `npm test`.

use super::*;
use crate::crypto::aws_lc::{HmacHash, HmacKey};
use crate::crypto::tests::{Numbers, or_skipped};

fn supported() -> bool {
    or_skipped(HmacSha256::new(VectorCode::under_test(), &[0; HASH]).is_some(), "crypto/sha_ni")
}

/// A key here and there.
fn keys(random: &mut Numbers) -> (HmacSha256, HmacKey<64>) {
    let key: Tag = random.array();
    (
        HmacSha256::new(VectorCode::under_test(), &key).unwrap(),
        HmacKey::new(HmacHash::Sha256, &key).unwrap(),
    )
}

fn by_aws_lc(key: &HmacKey<64>, message: Message<'_>) -> Tag {
    let tag = key.sign(&[&message.sequence.to_be_bytes(), &message.parts.concat()]).unwrap();
    tag.as_bytes().try_into().unwrap()
}

/// Bytes in three parts, wherever they meet.
fn in_parts<'d>(random: &mut Numbers, data: &'d [u8]) -> [&'d [u8]; 3] {
    let mut cuts = [random.below(data.len() + 1), random.below(data.len() + 1)];
    cuts.sort_unstable();
    [&data[..cuts[0]], &data[cuts[0]..cuts[1]], &data[cuts[1]..]]
}

#[test]
fn agrees_with_aws_lc_for_every_length() {
    if !supported() {
        return;
    }
    let mut random = Numbers(0x686d_6163);
    for len in (0..=300).chain([32_767, 32_768, 35_000]) {
        let (ours, aws_lc) = keys(&mut random);
        let (data, sequence) = (random.bytes(len), u32::MAX - 7);
        let parts = in_parts(&mut random, &data);
        let message = Message { sequence, parts };
        assert_eq!(ours.sign(message), Ok(by_aws_lc(&aws_lc, message)), "{len}");
    }
}

#[test]
fn two_messages_have_the_tags_of_each() {
    if !supported() {
        return;
    }
    let mut random = Numbers(0x7477_6f00);
    let lens = [0, 1, 59, 60, 61, 123, 124, 125, 200, 1000, 32_700];
    for first in lens {
        for second in lens {
            let (ours, aws_lc) = keys(&mut random);
            let data = [random.bytes(first), random.bytes(second)];
            let messages = [(u32::MAX, &data[0]), (0, &data[1])]
                .map(|(sequence, data)| Message { sequence, parts: in_parts(&mut random, data) });
            let expected = messages.map(|message| by_aws_lc(&aws_lc, message));
            assert_eq!(ours.sign_both(messages), Ok(expected));
        }
    }
}

/// Project Wycheproof's hmac_sha256_test.json: those of the keys that SSH has, the first four bytes of whose
/// messages stand for the sequence number.
#[test]
fn cases_of_wycheproof() {
    use wycheproof::mac::{TestName, TestSet};

    if !supported() {
        return;
    }
    let groups = TestSet::load(TestName::HmacSha256).unwrap().test_groups;
    let mut count = 0;
    for test in groups.into_iter().flat_map(|group| group.tests) {
        let (Ok(key), Some((sequence, data))) =
            ((&test.key[..]).try_into(), test.msg.split_first_chunk())
        else {
            continue;
        };
        let ours = HmacSha256::new(VectorCode::under_test(), key).unwrap();
        let sequence = u32::from_be_bytes(*sequence);
        let message = Message { sequence, parts: [data, &[], &[]] };
        for tag in [ours.sign(message).unwrap(), ours.sign_both([message; 2]).unwrap()[1]] {
            let same = tag[..test.tag.len()] == test.tag[..];
            assert_eq!(same, !test.result.must_fail(), "case {}", test.tc_id);
        }
        count += 1;
    }
    assert!(count >= 90, "{count} cases");
}
