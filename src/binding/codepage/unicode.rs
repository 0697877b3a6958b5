//! UTF-7 (RFC 2152), UTF-16 and UTF-32. No byte order mark is written, and one in the input is a character
//! like any other.

use super::REPLACEMENT;

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Which byte of a number comes first.
#[derive(Debug, Clone, Copy)]
pub(super) enum ByteOrder {
    Little,
    Big,
}

/// Joins the halves of surrogate pairs.
#[derive(Default)]
pub(super) struct Units {
    high: Option<u16>,
}

impl Units {
    pub(super) fn push(&mut self, unit: u16, text: &mut String) {
        let pair = self.high.take().into_iter().chain([unit]);
        if (0xd800..0xdc00).contains(&unit) {
            // A high surrogate without a low one behind it.
            text.extend(pair.clone().take(pair.count().saturating_sub(1)).map(|_| REPLACEMENT));
            self.high = Some(unit);
        } else {
            text.extend(char::decode_utf16(pair).map(|char| char.unwrap_or(REPLACEMENT)));
        }
    }

    /// The input has something else than a unit next.
    pub(super) fn interrupt(&mut self, text: &mut String) {
        if self.high.take().is_some() {
            text.push(REPLACEMENT);
        }
    }
}

pub(super) struct Utf16Decoder {
    order: ByteOrder,
    first: Option<u8>,
    units: Units,
}

impl Utf16Decoder {
    pub(super) fn new(order: ByteOrder) -> Self {
        Self { order, first: None, units: Units::default() }
    }

    pub(super) fn decode(&mut self, bytes: &[u8], text: &mut String) {
        for &byte in bytes {
            let Some(first) = self.first.take() else {
                self.first = Some(byte);
                continue;
            };
            let unit = match self.order {
                ByteOrder::Little => u16::from_le_bytes([first, byte]),
                ByteOrder::Big => u16::from_be_bytes([first, byte]),
            };
            self.units.push(unit, text);
        }
    }
}

pub(super) struct Utf32Decoder {
    order: ByteOrder,
    collected: u32,
    count: u8,
}

impl Utf32Decoder {
    pub(super) fn new(order: ByteOrder) -> Self {
        Self { order, collected: 0, count: 0 }
    }

    pub(super) fn decode(&mut self, bytes: &[u8], text: &mut String) {
        for &byte in bytes {
            self.collected = (self.collected << 8) | u32::from(byte);
            self.count = self.count.wrapping_add(1) % 4;
            if self.count == 0 {
                let number = match self.order {
                    ByteOrder::Little => self.collected.swap_bytes(),
                    ByteOrder::Big => self.collected,
                };
                text.push(char::from_u32(number).unwrap_or(REPLACEMENT));
            }
        }
    }
}

#[derive(Default)]
pub(super) struct Utf7Decoder {
    /// Inside of `+...-`.
    encoded: bool,
    /// Nothing has come since the `+`.
    empty: bool,
    bits: u32,
    count: u32,
    units: Units,
}

impl Utf7Decoder {
    pub(super) fn decode(&mut self, bytes: &[u8], text: &mut String) {
        for &byte in bytes {
            let value = BASE64.iter().position(|digit| *digit == byte);
            match value.and_then(|value| u32::try_from(value).ok()) {
                Some(value) if self.encoded => self.digit(value, text),
                _ => self.direct(byte, text),
            }
        }
    }

    fn digit(&mut self, value: u32, text: &mut String) {
        self.empty = false;
        self.bits = ((self.bits << 6) | value) & 0x003f_ffff;
        self.count = self.count.saturating_add(6);
        if self.count >= 16 {
            self.count = self.count.saturating_sub(16);
            let unit = (self.bits >> self.count) & 0xffff;
            self.units.push(u16::try_from(unit).unwrap_or_default(), text);
        }
    }

    fn direct(&mut self, byte: u8, text: &mut String) {
        let ended = std::mem::take(&mut self.encoded);
        self.units.interrupt(text);
        match byte {
            b'-' if ended && self.empty => text.push('+'),
            b'-' if ended => {}
            b'+' => {
                self.encoded = true;
                self.empty = true;
                self.bits = 0;
                self.count = 0;
            }
            _ if byte.is_ascii() => text.push(char::from(byte)),
            _ => text.push(REPLACEMENT),
        }
    }
}

pub(super) fn encode_utf16(text: &str, order: ByteOrder) -> Vec<u8> {
    let bytes = |unit: u16| match order {
        ByteOrder::Little => unit.to_le_bytes(),
        ByteOrder::Big => unit.to_be_bytes(),
    };
    text.encode_utf16().flat_map(bytes).collect()
}

pub(super) fn encode_utf32(text: &str, order: ByteOrder) -> Vec<u8> {
    let bytes = |char: char| match order {
        ByteOrder::Little => u32::from(char).to_le_bytes(),
        ByteOrder::Big => u32::from(char).to_be_bytes(),
    };
    text.chars().flat_map(bytes).collect()
}

/// RFC 2152 rule 1 and 3: its set D and white space as they are, all else in base64, `+` as `+-`.
pub(super) fn encode_utf7(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut run = Run::default();
    for char in text.chars() {
        let direct = u8::try_from(char).ok().filter(|byte| is_direct(*byte) || *byte == b'+');
        let Some(byte) = direct else {
            let mut units = [0; 2];
            for unit in char.encode_utf16(&mut units) {
                run.unit(*unit, &mut bytes);
            }
            continue;
        };
        run.end(&mut bytes);
        bytes.push(byte);
        if byte == b'+' {
            bytes.push(b'-');
        }
    }
    run.end(&mut bytes);
    bytes
}

fn is_direct(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"'(),-./:? \t\r\n".contains(&byte)
}

/// A run of base64 that is being written.
#[derive(Default)]
struct Run {
    open: bool,
    bits: u32,
    count: u32,
}

impl Run {
    fn unit(&mut self, unit: u16, bytes: &mut Vec<u8>) {
        if !self.open {
            self.open = true;
            bytes.push(b'+');
        }
        self.bits = (self.bits << 16) | u32::from(unit);
        self.count = self.count.saturating_add(16);
        while self.count >= 6 {
            self.count = self.count.saturating_sub(6);
            bytes.extend(digit(self.bits >> self.count));
        }
        self.bits &= 0x3f;
    }

    fn end(&mut self, bytes: &mut Vec<u8>) {
        if !std::mem::take(&mut self.open) {
            return;
        }
        if self.count > 0 {
            bytes.extend(digit(self.bits << 6_u32.saturating_sub(self.count)));
        }
        self.bits = 0;
        self.count = 0;
        bytes.push(b'-');
    }
}

fn digit(value: u32) -> Option<u8> {
    usize::try_from(value & 0x3f).ok().and_then(|value| BASE64.get(value).copied())
}
