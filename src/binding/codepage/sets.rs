//! Sets of characters with several bytes, from `sets/*.bin`, which scripts/codepages.mjs writes. They are unpacked
//! when a page is used for the first time.

use std::io::Read;
use std::sync::OnceLock;

use flate2::read::DeflateDecoder;

/// The codes of CNS 11643 in EUC-TW: its planes from 2 on have four bytes.
pub(super) const CNS: u32 = 51950;
/// What may stand before the two bytes of its first plane.
const FIRST_PLANE: u32 = 0x8ea1;

/// Characters and their codes: the bytes of each as one number, the first byte the highest.
#[derive(Debug, Default)]
pub(super) struct Set {
    runs: Vec<Run>,
    chars: Vec<char>,
    /// Which code is written, by character.
    codes: Vec<(char, u32)>,
}

/// Codes that follow one another.
#[derive(Debug)]
struct Run {
    first: u32,
    count: u32,
    /// The place of the first one's character.
    at: usize,
}

/// A set, packed and unpacked.
struct Source {
    id: u32,
    packed: &'static [u8],
    set: OnceLock<Set>,
}

const fn source(id: u32, packed: &'static [u8]) -> Source {
    Source { id, packed, set: OnceLock::new() }
}

/// Most are named after their page; 300, 834, 835 and 837 are the double bytes of IBM's hosts.
static SOURCES: [Source; 17] = [
    source(300, include_bytes!("sets/300.bin")),
    source(834, include_bytes!("sets/834.bin")),
    source(835, include_bytes!("sets/835.bin")),
    source(837, include_bytes!("sets/837.bin")),
    source(1361, include_bytes!("sets/1361.bin")),
    source(10001, include_bytes!("sets/10001.bin")),
    source(10002, include_bytes!("sets/10002.bin")),
    source(10003, include_bytes!("sets/10003.bin")),
    source(10008, include_bytes!("sets/10008.bin")),
    source(20000, include_bytes!("sets/20000.bin")),
    source(20001, include_bytes!("sets/20001.bin")),
    source(20002, include_bytes!("sets/20002.bin")),
    source(20003, include_bytes!("sets/20003.bin")),
    source(20004, include_bytes!("sets/20004.bin")),
    source(20005, include_bytes!("sets/20005.bin")),
    source(20261, include_bytes!("sets/20261.bin")),
    source(CNS, include_bytes!("sets/51950.bin")),
];

impl Set {
    /// The set of this number.
    pub(super) fn get(id: u32) -> &'static Self {
        static NONE: Set = Set { runs: Vec::new(), chars: Vec::new(), codes: Vec::new() };
        let found = SOURCES.iter().find(|source| source.id == id);
        found.map_or(&NONE, |source| source.set.get_or_init(|| Self::unpack(source.packed)))
    }

    /// The format is that of `pack` in scripts/codepage_sets.mjs.
    fn unpack(packed: &[u8]) -> Self {
        let mut bytes = Vec::new();
        // The addon's own data: a test unpacks every set.
        let _ = DeflateDecoder::new(packed).read_to_end(&mut bytes);
        let mut numbers = Numbers(bytes.into_iter());
        let mut set = Self::default();
        let (mut next, mut at) = (0_u32, 0_usize);
        for _ in 0..numbers.next().unwrap_or_default() {
            let first = next.saturating_add(numbers.next().unwrap_or_default());
            let count = numbers.next().unwrap_or_default().saturating_add(1);
            set.runs.push(Run { first, count, at });
            next = first.saturating_add(count);
            at = at.saturating_add(usize::try_from(count).unwrap_or_default());
        }
        let mut expected = 0_u32;
        for number in numbers.by_ref().take(at) {
            let distance = number >> 1;
            let char = if number & 1 == 0 {
                expected.wrapping_add(distance)
            } else {
                expected.wrapping_sub(distance).wrapping_sub(1)
            };
            set.chars.extend(char::from_u32(char));
            expected = char.wrapping_add(1);
        }
        set.codes = set.written(numbers);
        set
    }

    /// All but those that are only read.
    fn written(&self, mut only_read: Numbers) -> Vec<(char, u32)> {
        let codes = self.runs.iter().flat_map(|run| (0..run.count).map(|place| run.code(place)));
        let mut left_out = only_read.next();
        let mut written = Vec::with_capacity(self.chars.len());
        for (char, code) in self.chars.iter().zip(codes) {
            if left_out == Some(0) {
                left_out = only_read.next();
            } else {
                left_out = left_out.map(|count| count.saturating_sub(1));
                written.push((*char, code));
            }
        }
        written.sort_unstable();
        written
    }

    /// What a code means.
    pub(super) fn char(&self, code: u32) -> Option<char> {
        let code = if code >> 16 == FIRST_PLANE { code & 0xffff } else { code };
        let run = self.run_from(code).filter(|run| run.first <= code)?;
        let place = usize::try_from(code.saturating_sub(run.first)).ok()?;
        self.chars.get(run.at.saturating_add(place)).copied()
    }

    /// The code of a character.
    pub(super) fn code(&self, char: char) -> Option<u32> {
        let at = self.codes.binary_search_by_key(&char, |(char, _)| *char).ok()?;
        self.codes.get(at).map(|(_, code)| *code)
    }

    /// Whether a code of more bytes begins with these.
    pub(super) fn continues(&self, code: u32) -> bool {
        if self.is_long() && [code, code >> 8].contains(&FIRST_PLANE) {
            return code == FIRST_PLANE || self.continues(code & 0xff);
        }
        (1..4).any(|more| {
            let low = u32::MAX.checked_shr(32_u32.saturating_sub(8 * more)).unwrap_or_default();
            let first = u64::from(code) << (8 * more);
            u32::try_from(first).is_ok_and(|first| {
                first > 0 && self.run_from(first).is_some_and(|run| run.first <= first | low)
            })
        })
    }

    /// Whether it has codes of more than two bytes.
    fn is_long(&self) -> bool {
        self.runs.last().is_some_and(|run| run.first > 0xffff)
    }

    /// The first run that does not end before this code.
    fn run_from(&self, code: u32) -> Option<&Run> {
        let at = self.runs.partition_point(|run| run.code(run.count) <= code);
        self.runs.get(at)
    }
}

impl Run {
    fn code(&self, place: u32) -> u32 {
        self.first.saturating_add(place)
    }
}

/// Numbers with seven bits in a byte, the lowest first.
struct Numbers(std::vec::IntoIter<u8>);

impl Iterator for Numbers {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        let (mut number, mut shift) = (0_u32, 0_u32);
        for byte in self.0.by_ref() {
            number |= u32::from(byte & 0x7f).checked_shl(shift).unwrap_or_default();
            if byte < 0x80 {
                return Some(number);
            }
            shift = shift.saturating_add(7);
        }
        None
    }
}

/// Reads pages with one set of characters, each of one or more bytes, without a state between them.
pub(super) struct SetDecoder {
    set: &'static Set,
    /// The beginning of a character: its bytes as a number; no character begins with zero.
    begun: u32,
}

impl SetDecoder {
    pub(super) fn new(set: &'static Set) -> Self {
        Self { set, begun: 0 }
    }

    pub(super) fn decode(&mut self, bytes: &[u8], text: &mut String) {
        for &byte in bytes {
            self.byte(byte, text);
        }
    }

    fn byte(&mut self, byte: u8, text: &mut String) {
        let begun = std::mem::take(&mut self.begun);
        let code = (begun << 8) | u32::from(byte);
        if let Some(char) = self.set.char(code) {
            text.push(char);
        } else if self.set.continues(code) {
            self.begun = code;
        } else {
            text.push(super::REPLACEMENT);
            // Like the Encoding Standard: a byte of US-ASCII is not lost with the one before it.
            if begun != 0 && byte.is_ascii() {
                self.byte(byte, text);
            }
        }
    }
}

/// The bytes of a text, each character by itself.
pub(super) fn encode(set: &Set, text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    for char in text.chars() {
        let code = set.code(char).unwrap_or(u32::from(super::MISSING));
        let unused = usize::try_from(code.leading_zeros() / 8).unwrap_or_default().min(3);
        bytes.extend(code.to_be_bytes().get(unused..).unwrap_or_default());
    }
    bytes
}
