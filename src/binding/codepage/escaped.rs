//! NonLossyASCII, number 7 of macOS: what US-ASCII lacks is `\` and three octal digits up to U+00FF, and above
//! that `\u` and four hexadecimal ones for each number of UTF-16. A `\` is doubled. GNUstep and Foundation do so.

use super::REPLACEMENT;
use super::unicode::Units;

#[derive(Default)]
pub(super) struct EscapedDecoder {
    /// What has come of an escape, `\` first: at most five bytes.
    escape: Vec<u8>,
    units: Units,
}

impl EscapedDecoder {
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
        if self.escape.is_empty() && byte != b'\\' {
            self.units.interrupt(text);
            text.push(if byte.is_ascii() { char::from(byte) } else { REPLACEMENT });
            return;
        }
        self.escape.push(byte);
        match self.escape.as_slice() {
            [_] | [_, b'u'] | [_, b'0'..=b'3'] => return,
            [_, b'\\'] => {
                self.units.interrupt(text);
                text.push('\\');
            }
            [_, b'u', digits @ ..] if digits.iter().all(u8::is_ascii_hexdigit) => {
                if digits.len() < 4 {
                    return;
                }
                self.units.push(number(digits, 16), text);
            }
            [_, digits @ ..] if digits.iter().all(|digit| (b'0'..=b'7').contains(digit)) => {
                if digits.len() < 3 {
                    // `\4` to `\7` are too large for a byte.
                    return if digits.len() == 1 {
                        self.give_up(text)
                    };
                }
                self.units.push(number(digits, 8), text);
            }
            _ => return self.give_up(text),
        }
        self.escape.clear();
    }

    /// No escape: what stands behind the `\` is text.
    fn give_up(&mut self, text: &mut String) {
        self.units.interrupt(text);
        text.push(REPLACEMENT);
        for byte in std::mem::take(&mut self.escape).into_iter().skip(1) {
            self.byte(byte, text);
        }
    }
}

fn number(digits: &[u8], radix: u32) -> u16 {
    let text = str::from_utf8(digits).unwrap_or_default();
    u16::from_str_radix(text, radix).unwrap_or_default()
}

pub(super) fn encode(text: &str) -> Vec<u8> {
    let mut written = String::with_capacity(text.len());
    for char in text.chars() {
        match u8::try_from(char) {
            Ok(b'\\') => written.push_str("\\\\"),
            Ok(byte) if byte.is_ascii() => written.push(char),
            Ok(byte) => written.push_str(&format!("\\{byte:03o}")),
            Err(_) => {
                for unit in char.encode_utf16(&mut [0; 2]) {
                    written.push_str(&format!("\\u{unit:04x}"));
                }
            }
        }
    }
    written.into_bytes()
}
