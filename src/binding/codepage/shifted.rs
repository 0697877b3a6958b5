//! Encodings with a state: ISO-2022-JP in three variants (RFC 1468), ISO-2022-KR (RFC 1557), HZ (RFC 1843).
//! Their double bytes are those of the EUC encodings without the high bits.

use encoding_rs::{EUC_JP, EUC_KR, Encoding, GBK, ISO_2022_JP};

use super::{REPLACEMENT, euc_pair};

const ESC: u8 = 0x1b;
const SO: u8 = 0x0e;
const SI: u8 = 0x0f;
/// The half-width katakana U+FF61 to U+FF9F are 0x21 to 0x5F of their set.
const KATAKANA: std::ops::RangeInclusive<char> = '\u{ff61}'..='\u{ff9f}';

/// The encoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scheme {
    /// Half-width katakana are written full-width.
    Jp50220,
    /// Half-width katakana have their own escape sequence.
    Jp50221,
    /// Half-width katakana are switched to by SO and SI.
    Jp50222,
    Korean,
    Hz,
}

/// A set of characters that is in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Set {
    Ascii,
    Katakana,
    Double,
    /// JIS X 0212, behind 0x8F in EUC-JP.
    Supplement,
}

impl Scheme {
    /// RFC 1468, and for 0x28 0x49 and 0x24 0x28 0x44 RFC 1557's relatives: what follows on ESC.
    fn escapes(self) -> &'static [(&'static [u8], Option<Set>)] {
        match self {
            Self::Jp50220 | Self::Jp50221 | Self::Jp50222 => &[
                (b"(B", Some(Set::Ascii)),
                (b"(J", Some(Set::Ascii)),
                (b"(I", Some(Set::Katakana)),
                (b"$@", Some(Set::Double)),
                (b"$B", Some(Set::Double)),
                (b"$(D", Some(Set::Supplement)),
            ],
            Self::Korean => &[(b"$)C", None)],
            Self::Hz => &[],
        }
    }

    fn is_japanese(self) -> bool {
        matches!(self, Self::Jp50220 | Self::Jp50221 | Self::Jp50222)
    }

    fn encoding(self) -> &'static Encoding {
        match self {
            Self::Jp50220 | Self::Jp50221 | Self::Jp50222 => EUC_JP,
            Self::Korean => EUC_KR,
            Self::Hz => GBK,
        }
    }

    /// What switches to a set; from which one does not matter except in Japanese.
    fn switch(self, from: Set, to: Set) -> &'static [u8] {
        match (self, to) {
            (Self::Jp50222, Set::Ascii) if from == Set::Katakana => &[SI],
            (Self::Jp50222, Set::Katakana) if from == Set::Ascii => &[SO],
            (Self::Jp50222, Set::Katakana) => b"\x1b(B\x0e",
            (Self::Jp50222, Set::Double) if from == Set::Katakana => b"\x0f\x1b$B",
            (Self::Jp50220 | Self::Jp50221 | Self::Jp50222, Set::Ascii) => b"\x1b(B",
            (Self::Jp50220 | Self::Jp50221, Set::Katakana) => b"\x1b(I",
            (Self::Jp50220 | Self::Jp50221 | Self::Jp50222, _) => b"\x1b$B",
            (Self::Korean, Set::Ascii) => &[SI],
            (Self::Korean, _) => &[SO],
            (Self::Hz, Set::Ascii) => b"~}",
            (Self::Hz, _) => b"~{",
        }
    }

    /// The bytes of a text, which begins and ends in US-ASCII.
    pub(super) fn encode(self, text: &str) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(text.len());
        // RFC 1557: the designation once, before anything else.
        if self == Self::Korean && !text.is_ascii() {
            bytes.extend(b"\x1b$)C");
        }
        let mut current = Set::Ascii;
        for char in text.chars() {
            let (set, code, len) = self.place(char);
            if set != current {
                bytes.extend(self.switch(current, set));
                current = set;
            }
            bytes.extend(code.iter().take(len));
            if self == Self::Hz && set == Set::Ascii && char == '~' {
                bytes.push(b'~');
            }
        }
        if current != Set::Ascii {
            bytes.extend(self.switch(current, Set::Ascii));
        }
        bytes
    }

    /// The set of a character, and its one or two bytes there.
    fn place(self, char: char) -> (Set, [u8; 2], usize) {
        if let Some(byte) = u8::try_from(char).ok().filter(u8::is_ascii) {
            return (Set::Ascii, [byte, 0], 1);
        }
        if self.is_japanese() && KATAKANA.contains(&char) {
            if self != Self::Jp50220 {
                let offset = u32::from(char).saturating_sub(0xff61).saturating_add(0x21);
                return (Set::Katakana, [u8::try_from(offset).unwrap_or(b'?'), 0], 1);
            }
            if let Some(pair) = full_width(char) {
                return (Set::Double, pair, 2);
            }
        }
        match euc_pair(self.encoding(), char) {
            // RFC 1843: the rows of GB 2312 end with 0x77.
            Some([lead, _]) if self == Self::Hz && lead > 0xf7 => (Set::Ascii, [b'?', 0], 1),
            Some([lead, trail]) => (Set::Double, [lead & 0x7f, trail & 0x7f], 2),
            None => (Set::Ascii, [b'?', 0], 1),
        }
    }
}

/// The full-width katakana, from ISO-2022-JP of the Encoding Standard: `ESC $ B`, two bytes, `ESC ( B`.
fn full_width(char: char) -> Option<[u8; 2]> {
    let mut buffer = [0; 4];
    let (bytes, _, missing) = ISO_2022_JP.encode(char.encode_utf8(&mut buffer));
    match bytes.as_ref() {
        [ESC, b'$', b'B', lead, trail, ..] if !missing => Some([*lead, *trail]),
        _ => None,
    }
}

pub(super) struct ShiftedDecoder {
    scheme: Scheme,
    set: Set,
    /// After SO.
    shifted: bool,
    lead: Option<u8>,
    /// The part of an escape sequence that has come, ESC first; those of HZ begin with `~`.
    escape: Vec<u8>,
}

impl ShiftedDecoder {
    pub(super) fn new(scheme: Scheme) -> Self {
        Self { scheme, set: Set::Ascii, shifted: false, lead: None, escape: Vec::new() }
    }

    pub(super) fn decode(&mut self, bytes: &[u8], text: &mut String) {
        for &byte in bytes {
            self.byte(byte, text);
        }
    }

    fn byte(&mut self, byte: u8, text: &mut String) {
        if !self.escape.is_empty() {
            self.escape.push(byte);
            if self.scheme == Scheme::Hz {
                self.tilde(byte, text)
            } else {
                self.escaped(text)
            }
            return;
        }
        match byte {
            ESC if self.scheme != Scheme::Hz => self.begin_escape(byte, text),
            b'~' if self.scheme == Scheme::Hz && self.lead.is_none() => {
                self.begin_escape(byte, text);
            }
            SO | SI if self.scheme != Scheme::Hz => {
                self.lose_lead(text);
                self.shifted = byte == SO;
            }
            _ => self.character(byte, text),
        }
    }

    fn begin_escape(&mut self, byte: u8, text: &mut String) {
        self.lose_lead(text);
        self.escape.push(byte);
    }

    fn escaped(&mut self, text: &mut String) {
        let tail = self.escape.get(1..).unwrap_or_default();
        let mut known = self.scheme.escapes().iter();
        let Some((sequence, set)) = known.find(|(sequence, _)| sequence.starts_with(tail)) else {
            // An unknown sequence: the bytes behind the ESC are text.
            text.push(REPLACEMENT);
            for byte in std::mem::take(&mut self.escape).into_iter().skip(1) {
                self.byte(byte, text);
            }
            return;
        };
        if sequence.len() == tail.len() {
            self.set = set.unwrap_or(self.set);
            self.escape.clear();
        }
    }

    /// RFC 1843: `~{`, `~}`, `~~`, and `~` before the end of a line, which continues it.
    fn tilde(&mut self, byte: u8, text: &mut String) {
        self.escape.clear();
        match byte {
            b'{' => self.set = Set::Double,
            b'}' => self.set = Set::Ascii,
            b'~' => text.push('~'),
            b'\n' => {}
            _ => {
                text.push(REPLACEMENT);
                self.byte(byte, text);
            }
        }
    }

    fn lose_lead(&mut self, text: &mut String) {
        if self.lead.take().is_some() {
            text.push(REPLACEMENT);
        }
    }

    fn current(&self) -> Set {
        match (self.shifted, self.scheme.is_japanese()) {
            (true, true) => Set::Katakana,
            (true, false) => Set::Double,
            (false, _) => self.set,
        }
    }

    fn character(&mut self, byte: u8, text: &mut String) {
        if byte <= b' ' || byte == 0x7f {
            self.lose_lead(text);
            // RFC 1843: a line begins in US-ASCII.
            if byte == b'\n' && self.scheme == Scheme::Hz {
                self.set = Set::Ascii;
            }
            text.push(char::from(byte));
            return;
        }
        if byte >= 0x80 {
            self.lose_lead(text);
            let katakana = self.scheme.is_japanese() && (0xa1..=0xdf).contains(&byte);
            text.push(if katakana { half_width(byte & 0x7f) } else { REPLACEMENT });
            return;
        }
        match self.current() {
            Set::Ascii => text.push(char::from(byte)),
            Set::Katakana => text.push(half_width(byte)),
            set @ (Set::Double | Set::Supplement) => match self.lead.take() {
                None => self.lead = Some(byte),
                Some(lead) => self.pair(set, lead, byte, text),
            },
        }
    }

    fn pair(&self, set: Set, lead: u8, trail: u8, text: &mut String) {
        let all = [0x8f, lead | 0x80, trail | 0x80];
        let bytes = if set == Set::Supplement { &all[..] } else { &all[1..] };
        let encoding = self.scheme.encoding();
        match encoding.decode_without_bom_handling_and_without_replacement(bytes) {
            Some(decoded) => text.push_str(&decoded),
            None => text.push(REPLACEMENT),
        }
    }
}

fn half_width(byte: u8) -> char {
    let katakana = (0x21..=0x5f).contains(&byte);
    let number = u32::from(byte).saturating_sub(0x21).saturating_add(0xff61);
    char::from_u32(number).filter(|_| katakana).unwrap_or(REPLACEMENT)
}
