//! ISO-2022-CN (RFC 1922): GB 2312 or the first plane of CNS 11643 after SO, its second plane after SS2, and, read
//! only, its planes 3 to 7 after SS3 (ISO-2022-CN-EXT). 50227 writes GB 2312, 50229 writes CNS 11643.

use encoding_rs::GBK;

use super::sets::{CNS, Set};
use super::{REPLACEMENT, euc_pair};

const ESC: u8 = 0x1b;
const SO: u8 = 0x0e;
const SI: u8 = 0x0f;

/// What is written, and what stands behind SO as long as nothing else has been designated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Chinese {
    Simplified,
    Traditional,
}

/// A set of characters of two bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Plane {
    Gb2312,
    /// Of CNS 11643.
    Cns(u8),
}

/// What an escape sequence does.
#[derive(Debug, Clone, Copy)]
enum Action {
    /// This set is behind SO from now on.
    Shift(Plane),
    /// Behind SS2.
    Second(Plane),
    /// Behind SS3.
    Third(Plane),
    /// SS2: for one character.
    UseSecond,
    /// SS3.
    UseThird,
}

/// RFC 1922, section 2 and 3: what follows on ESC.
const ESCAPES: &[(&[u8], Action)] = &[
    (b"$)A", Action::Shift(Plane::Gb2312)),
    (b"$)G", Action::Shift(Plane::Cns(1))),
    (b"$*H", Action::Second(Plane::Cns(2))),
    (b"$+I", Action::Third(Plane::Cns(3))),
    (b"$+J", Action::Third(Plane::Cns(4))),
    (b"$+K", Action::Third(Plane::Cns(5))),
    (b"$+L", Action::Third(Plane::Cns(6))),
    (b"$+M", Action::Third(Plane::Cns(7))),
    (b"N", Action::UseSecond),
    (b"O", Action::UseThird),
];

impl Chinese {
    fn plane(self) -> Plane {
        match self {
            Self::Simplified => Plane::Gb2312,
            Self::Traditional => Plane::Cns(1),
        }
    }

    /// Designates the set behind SO, and begins to use it.
    fn shift(self) -> &'static [u8] {
        match self {
            Self::Simplified => b"\x1b$)A\x0e",
            Self::Traditional => b"\x1b$)G\x0e",
        }
    }

    /// The bytes of a text, which begins and ends in US-ASCII.
    pub(super) fn encode(self, text: &str) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(text.len());
        let (mut shifted, mut designated) = (false, false);
        for char in text.chars() {
            let place = if char.is_ascii() { None } else { self.place(char) };
            // A character of the second plane does not end the shift.
            let second = matches!(place, Some((Plane::Cns(2), _)));
            if place.is_some() != shifted && !second {
                shifted = place.is_some();
                bytes.extend(if shifted { self.shift() } else { &[SI] });
            }
            if second {
                // RFC 1922: a designation lasts until the end of its line.
                let designation = if designated { &b"\x1bN"[..] } else { b"\x1b$*H\x1bN" };
                bytes.extend(designation);
                designated = true;
            }
            designated &= char != '\n';
            match place {
                Some((_, pair)) => bytes.extend(pair),
                None => bytes.push(u8::try_from(char).ok().filter(u8::is_ascii).unwrap_or(b'?')),
            }
        }
        if shifted {
            bytes.push(SI);
        }
        bytes
    }

    /// The set of a character and its bytes there.
    fn place(self, char: char) -> Option<(Plane, [u8; 2])> {
        match self {
            Self::Simplified => {
                let [lead, trail] = euc_pair(GBK, char)?;
                Some((Plane::Gb2312, [lead & 0x7f, trail & 0x7f]))
            }
            Self::Traditional => {
                let [_, plane, lead, trail] = Set::get(CNS).code(char)?.to_be_bytes();
                // In EUC-TW the first plane has two bytes only.
                let plane = if plane == 0 { 1 } else { plane & 0x0f };
                let pair = [lead & 0x7f, trail & 0x7f];
                (plane <= 2).then_some((Plane::Cns(plane), pair))
            }
        }
    }
}

pub(super) struct ChineseDecoder {
    scheme: Chinese,
    shifted: bool,
    /// Behind SO.
    plane: Plane,
    /// Behind SS2.
    second: Option<Plane>,
    /// Behind SS3.
    third: Option<Plane>,
    /// The set of the next character only.
    single: Option<Option<Plane>>,
    lead: Option<u8>,
    /// The part of an escape sequence that has come, ESC first: at most three bytes.
    escape: Vec<u8>,
}

impl ChineseDecoder {
    pub(super) fn new(scheme: Chinese) -> Self {
        Self {
            scheme,
            shifted: false,
            plane: scheme.plane(),
            second: None,
            third: None,
            single: None,
            lead: None,
            escape: Vec::new(),
        }
    }

    /// The length of what has begun.
    #[cfg(test)]
    pub(super) fn held(&self) -> usize {
        self.escape.len()
    }

    pub(super) fn decode(&mut self, bytes: &[u8], text: &mut String) {
        for &byte in bytes {
            self.byte(byte, text);
        }
    }

    fn byte(&mut self, byte: u8, text: &mut String) {
        if !self.escape.is_empty() {
            self.escape.push(byte);
            return self.escaped(text);
        }
        match byte {
            ESC | SO | SI => {
                self.lose_character(text);
                if byte == ESC {
                    self.escape.push(byte);
                } else {
                    self.shifted = byte == SO;
                }
            }
            0..=b' ' | 0x7f => {
                self.lose_character(text);
                if byte == b'\n' {
                    // RFC 1922: a line begins in US-ASCII, with nothing designated.
                    *self = Self::new(self.scheme);
                }
                text.push(char::from(byte));
            }
            0x80.. => {
                self.lose_character(text);
                text.push(REPLACEMENT);
            }
            _ if self.single.is_some() || self.shifted => match self.lead.take() {
                None => self.lead = Some(byte),
                Some(lead) => {
                    let plane = self.single.take().unwrap_or(Some(self.plane));
                    text.push(plane.map_or(REPLACEMENT, |plane| plane.char(lead, byte)));
                }
            },
            _ => text.push(char::from(byte)),
        }
    }

    fn escaped(&mut self, text: &mut String) {
        let tail = self.escape.get(1..).unwrap_or_default();
        let mut known = ESCAPES.iter();
        let Some((sequence, action)) = known.find(|(sequence, _)| sequence.starts_with(tail))
        else {
            // An unknown sequence: the bytes behind the ESC are text.
            text.push(REPLACEMENT);
            for byte in std::mem::take(&mut self.escape).into_iter().skip(1) {
                self.byte(byte, text);
            }
            return;
        };
        if sequence.len() == tail.len() {
            self.escape.clear();
            match *action {
                Action::Shift(plane) => self.plane = plane,
                Action::Second(plane) => self.second = Some(plane),
                Action::Third(plane) => self.third = Some(plane),
                Action::UseSecond => self.single = Some(self.second),
                Action::UseThird => self.single = Some(self.third),
            }
        }
    }

    /// What has begun of a character ends here.
    fn lose_character(&mut self, text: &mut String) {
        let lead = self.lead.take().is_some();
        if self.single.take().is_some() || lead {
            text.push(REPLACEMENT);
        }
    }
}

impl Plane {
    fn char(self, lead: u8, trail: u8) -> char {
        let pair = [lead | 0x80, trail | 0x80];
        match self {
            Self::Gb2312 => {
                let text = GBK.decode_without_bom_handling_and_without_replacement(&pair);
                text.and_then(|text| text.chars().next()).unwrap_or(REPLACEMENT)
            }
            Self::Cns(1) => cns(u32::from(u16::from_be_bytes(pair))),
            Self::Cns(plane) => cns(u32::from_be_bytes([0x8e, 0xa0 | plane, pair[0], pair[1]])),
        }
    }
}

fn cns(code: u32) -> char {
    Set::get(CNS).char(code).unwrap_or(REPLACEMENT)
}
