//! The mixed pages of IBM's hosts: a page of EBCDIC with one byte for each character, and a set with two bytes
//! between SO and SI. Every text that is written begins and ends outside of them.

use std::collections::HashMap;

use super::sets::Set;
use super::single_byte;
use super::{MISSING, REPLACEMENT, bytes_of};

const SO: u8 = 0x0e;
const SI: u8 = 0x0f;
/// The first byte of a character of two bytes; what is below is a control character.
const LOWEST_LEAD: u8 = 0x40;

/// What a page consists of.
#[derive(Debug, Clone, Copy)]
pub(super) struct HostPage {
    /// Its number in `tables.rs`.
    pub(super) single: u32,
    /// Its number in `sets.rs`.
    pub(super) double: u32,
}

pub(super) struct HostDecoder {
    single: Box<[char; 256]>,
    double: &'static Set,
    shifted: bool,
    lead: Option<u8>,
}

impl HostDecoder {
    pub(super) fn new(page: HostPage) -> Self {
        let single = single_byte::chars(page.single);
        Self { single, double: Set::get(page.double), shifted: false, lead: None }
    }

    pub(super) fn decode(&mut self, bytes: &[u8], text: &mut String) {
        for &byte in bytes {
            self.byte(byte, text);
        }
    }

    fn byte(&mut self, byte: u8, text: &mut String) {
        if byte == SO || byte == SI {
            self.lose_lead(text);
            self.shifted = byte == SO;
        } else if !self.shifted || byte < LOWEST_LEAD {
            self.lose_lead(text);
            text.extend(self.single.get(usize::from(byte)));
        } else if let Some(lead) = self.lead.take() {
            let code = u32::from(u16::from_be_bytes([lead, byte]));
            text.push(self.double.char(code).unwrap_or(REPLACEMENT));
        } else {
            self.lead = Some(byte);
        }
    }

    fn lose_lead(&mut self, text: &mut String) {
        if self.lead.take().is_some() {
            text.push(REPLACEMENT);
        }
    }
}

#[derive(Debug)]
pub(super) struct HostEncoder {
    single: HashMap<char, u8>,
    double: &'static Set,
}

impl HostEncoder {
    pub(super) fn new(page: HostPage) -> Self {
        let mut single = bytes_of(&single_byte::chars(page.single));
        // As characters they would begin and end the double bytes.
        single.retain(|_, byte| *byte != SO && *byte != SI);
        Self { single, double: Set::get(page.double) }
    }

    pub(super) fn encode(&self, text: &str) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(text.len());
        let mut shifted = false;
        let missing = self.single.get(&MISSING).copied().unwrap_or_default();
        for char in text.chars() {
            let single = self.single.get(&char).copied();
            let double = if single.is_none() { self.double.code(char) } else { None };
            if double.is_some() != shifted {
                shifted = double.is_some();
                bytes.push(if shifted { SO } else { SI });
            }
            match double.and_then(|code| u16::try_from(code).ok()) {
                Some(pair) => bytes.extend(pair.to_be_bytes()),
                None => bytes.push(single.unwrap_or(missing)),
            }
        }
        if shifted {
            bytes.push(SI);
        }
        bytes
    }
}
