use super::tests::{decode, encode, find};
use super::*;
use sha2::{Digest, Sha256};

const SETS: &str = include_str!("../../../tests/vectors/codepages/sets.txt");

/// The pages with sets, states or escapes of their own, and a text that each can write.
const TEXTS: &[(u32, &str)] = &[
    (1361, "a한글 ㈜漢"),
    (10001, "aｱ日本語～"),
    (10002, "a中文臺灣©"),
    (10003, "a한글漢"),
    (10008, "a中国汉字"),
    (20000, "a中文臺灣"),
    (20001, "a中文臺灣"),
    (20002, "a中文臺灣"),
    (20003, "a中文臺灣"),
    (20004, "a中文臺灣"),
    (20005, "a中文臺灣"),
    (20261, "aéÅñŁ"),
    (50227, "a中国b汉字\n汉"),
    (50229, "a中文b乂乜\n乂中"),
    (50930, "A日本ｱ語1"),
    (50931, "aÄ日本語1"),
    (50933, "A한글1漢"),
    (50935, "A中国1汉"),
    (50937, "A中文1臺"),
    (50939, "a日本ｱ語1"),
    (51950, "a中文乂\u{200d1}b"),
    (57002, "a\u{958}ख् । ॥ग\n\u{200d}"),
    (57003, "aকখৢ"),
    (57004, "aகஎஏ"),
    (57005, "aకఌ"),
    (57006, "aকখ"),
    (57007, "aକଖ"),
    (57008, "aಕಖ"),
    (57009, "aകഴ"),
    (57010, "aકૐ"),
    (57011, "aਕ\u{a59}"),
    (2, "aÅŁﬁ"),
    (6, "1∀Αα€"),
    (7, "a\\b\u{80}é漢😀"),
];

#[test]
fn the_sets_are_those_of_dot_net() {
    let mut count = 0;
    for line in SETS.lines() {
        let fields: Vec<&str> = line.split(' ').collect();
        let set = Set::get(fields[0].parse().unwrap());
        let mut lines = String::new();
        let mut found = 0;
        for code in 0..=0xffff {
            if let Some(char) = set.char(code) {
                lines.push_str(&format!("{code:x} {:x}\n", u32::from(char)));
                assert_eq!(set.code(char), Some(code), "{line}");
                found += 1;
            }
        }
        assert_eq!(found.to_string(), fields[1], "{line}");
        let digest: String =
            Sha256::digest(lines).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(digest, fields[2], "{line}");
        count += 1;
    }
    assert_eq!(count, 12);
}

#[test]
fn every_text_comes_back_in_pieces_of_any_length() {
    for &(id, text) in TEXTS {
        let bytes = encode(id, text);
        assert!(bytes.len() >= text.chars().count(), "{id}");
        for length in 1..=bytes.len() {
            let mut decoder = find(id).decoder();
            // What may still be changed by a byte behind it comes with that.
            let end = find(id).encoder().encode("1".to_owned());
            let pieces = bytes.chunks(length).chain([end.as_slice()]);
            let read: String = pieces.map(|piece| decoder.decode(piece)).collect();
            assert_eq!(read, format!("{text}1"), "{id} by {length}");
        }
    }
    let states = CodePage::all().iter().filter(|page| {
        matches!(
            page.form,
            Form::Set(_) | Form::Host(_) | Form::Chinese(_) | Form::Iscii(_) | Form::Escaped
        )
    });
    for page in states {
        assert!(TEXTS.iter().any(|(id, _)| *id == page.id), "{}", page.id);
    }
}

#[test]
fn texts_have_these_bytes() {
    for (id, text, bytes) in [
        (1361, "한", b"\xd0\x65".as_slice()),
        (50930, "a日", b"\x62\x0e\x45\x62\x0f"),
        (50931, "a日", b"\x81\x0e\x45\x62\x0f"),
        (50939, "a日A", b"\x81\x0e\x45\x62\x0f\xc1"),
        (50229, "a中\n乂", b"a\x1b$)G\x0eDc\x0f\n\x1b$*H\x1bN!!"),
        (50229, "乂乂", b"\x1b$*H\x1bN!!\x1bN!!"),
        (51950, "中乂", b"\xc4\xe3\x8e\xa2\xa1\xa1"),
        // The script of another page, and back before the end of the line.
        (57002, "কa\nক", b"\xef\x43\xb3a\xef\x42\n\xef\x43\xb3\xef\x42"),
        (57003, "ক।", b"\xb3\xea"),
        (57002, "क्\u{200c}क्\u{200d}", b"\xb3\xe8\xe8\xb3\xe8\xe9"),
        (57011, "\u{a70}\u{a02}", b"\xa2\xa2"),
        (57002, "\u{952}\u{970}", b"\xf0\xb8\xf0\xbf"),
        (7, "é\\漢\u{1f600}", br"\351\\\u6f22\ud83d\ude00"),
    ] {
        assert_eq!(encode(id, text), bytes, "{id} {text}");
    }
}

#[test]
fn what_they_lack_is_their_question_mark() {
    for (id, expected) in [
        (1361, b"a?b".as_slice()),
        (20261, b"a?b"),
        (50229, b"a?b"),
        (50930, b"\x62\x6f\x63"),
        (50931, b"\x81\x6f\x82"),
        (51950, b"a?b"),
        (57004, b"a?b"),
        (2, b"a?b"),
    ] {
        assert_eq!(encode(id, "a\u{1f600}b"), expected, "{id}");
    }
    // As characters of a host's page they would begin and end its double bytes.
    assert_eq!(encode(50930, "\u{e}\u{f}"), b"\x6f\x6f");
    assert_eq!(encode(57002, "\u{200c}"), b"?");
    // The third plane of CNS 11643 is read, and not written.
    assert_eq!(encode(50229, "\u{4e28}"), b"?");
    assert_eq!(decode(50229, b"\x1b$+I\x1bO!!"), decode(51950, b"\x8e\xa3\xa1\xa1"));
}

#[test]
fn bytes_that_mean_nothing_are_replaced_and_nothing_after_them_is_lost() {
    for (id, bytes, expected) in [
        (1361, b"\x84\x20a".as_slice(), "\u{fffd} a"),
        (1361, b"\x84\xffa", "\u{fffd}a"),
        (1361, b"\xffa", "\u{fffd}a"),
        (51950, b"\x8e\xa2\xa1a", "\u{fffd}a"),
        (51950, b"\x8e\xa1\xa1\xa1a", "\u{3000}a"),
        (51950, b"\x8e\xa1\x41", "\u{fffd}A"),
        (51950, b"\x8ea", "\u{fffd}a"),
        // A character that the end of the shift or a control character cuts.
        (50930, b"\x0e\x45\x0f\x62", "\u{fffd}a"),
        (50930, b"\x0e\x45\x25\x45\x62\x0f\x62", "\u{fffd}\n日a"),
        (50930, b"\x0e\xfe\xfe\x0f\x62", "\u{fffd}a"),
        (50229, b"\x0eD\n a", "\u{fffd}\n a"),
        (50229, b"\x1bND\x0fa", "\u{fffd}a"),
        (50229, b"\x1bN!&a", "\u{fffd}a"),
        (50229, b"\x1b$)G\x0eDc\x0f\x1b$)A\x0eVP\x0f", "中中"),
        (50229, b"\x1b$)Za", "\u{fffd}$)Za"),
        (50229, b"\x80a", "\u{fffd}a"),
        (50227, b"\x1b$)A\x0eVP\nVP", "中\nVP"),
        (57002, b"\xef\x5aa", "\u{fffd}Za"),
        (57002, b"\xef\x40\xb3a", "कa"),
        (57002, b"\xef\x43\xb3\n\xb3a", "ক\nकa"),
        (57002, b"\xf0\xb3a", "\u{fffd}कa"),
        (57002, b"\xea\xea\xeaa", "॥।a"),
        (57004, b"\xb4a", "\u{fffd}a"),
        (7, b"\\x41", "\u{fffd}x41"),
        (7, b"\\4000", "\u{fffd}4000"),
        (7, b"\\u12g", "\u{fffd}u12g"),
        (7, b"\\ud83da", "\u{fffd}a"),
        (7, b"\\ud83d\\\\", "\u{fffd}\\"),
        (7, b"\xe9\\351", "\u{fffd}é"),
        (7, b"\\uD83D\\uDE00", "\u{1f600}"),
    ] {
        assert_eq!(decode(id, bytes), expected, "{id} {bytes:02x?}");
    }
}

#[test]
fn what_is_kept_between_two_events_stays_small() {
    // The longest things that begin and never end.
    for (id, bytes) in [
        (7, b"\\u123".as_slice()),
        (7, b"\\37"),
        (50229, b"\x1b$)"),
        (50229, b"\x1b$*"),
        (51950, b"\x8e\xa2\xa1"),
    ] {
        let mut decoder = find(id).decoder();
        for _ in 0..10_000 {
            decoder.decode(bytes);
        }
        let held = match decoder.0 {
            Reader::Escaped(decoder) => decoder.held(),
            Reader::Chinese(decoder) => decoder.held(),
            Reader::Set(decoder) => size_of_val(&decoder),
            Reader::Table(_)
            | Reader::Utf7(_)
            | Reader::Utf16(_)
            | Reader::Utf32(_)
            | Reader::Multi(_)
            | Reader::Host(_)
            | Reader::Shifted(_)
            | Reader::Iscii(_) => usize::MAX,
        };
        assert!(held <= 16, "{id}: {held}");
    }
}
