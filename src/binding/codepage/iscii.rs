//! ISCII (IS 13194:1991): the scripts of India in one set of bytes, pages 57002 to 57011. Which script a text is in
//! is decided by its page, or by an attribute in it, until the end of the line. Some bytes change the one before
//! them, so that a character may have to wait for the next byte.

use std::collections::HashMap;
use std::sync::OnceLock;

use super::other_tables::SCRIPTS;
use super::{MISSING, REPLACEMENT};

/// The page of the first script, Devanagari.
const FIRST_PAGE: u32 = 57002;
/// The first byte of the scripts; below are US-ASCII and the control characters of ISO 6429.
const LOWEST: u8 = 0xa1;
/// INV, an invisible consonant.
const INVISIBLE: u8 = 0xd9;
const HALANT: u8 = 0xe8;
const NUKTA: u8 = 0xe9;
const DANDA: u8 = 0xea;
/// ATR: the next byte names a script.
const ATTRIBUTE: u8 = 0xef;
/// EXT: the next byte is a sign of Vedic texts.
const EXTENSION: u8 = 0xf0;
/// The attribute of a page's own script.
const DEFAULT_SCRIPT: u8 = 0x40;
/// The attribute of Devanagari; the others follow in the order of their pages.
const FIRST_SCRIPT: u8 = 0x42;

const DANDA_CHAR: char = '\u{964}';
const DOUBLE_DANDA: char = '\u{965}';
const NON_JOINER: char = '\u{200c}';
const JOINER: char = '\u{200d}';
const ANUDATTA: char = '\u{952}';
const ABBREVIATION: char = '\u{970}';
/// The Gurmukhi sign that ISCII does not tell from the bindi, U+0A02.
const TIPPI: char = '\u{a70}';
const BINDI: char = '\u{a02}';

/// A script: the index of its page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ScriptIndex(u8);

impl ScriptIndex {
    /// The script of a page.
    pub(super) const fn of_page(id: u32) -> Self {
        let index = id.saturating_sub(FIRST_PAGE).to_le_bytes();
        Self(index[0])
    }

    fn of_attribute(byte: u8) -> Option<Self> {
        let index = byte.checked_sub(FIRST_SCRIPT)?;
        (usize::from(index) < SCRIPTS.len()).then_some(Self(index))
    }

    fn attribute(self) -> u8 {
        FIRST_SCRIPT.saturating_add(self.0)
    }

    fn script(self) -> Option<&'static Script> {
        static LOADED: OnceLock<Vec<Script>> = OnceLock::new();
        let load = || SCRIPTS.iter().map(|table| Script::load(table.plain, table.nukta)).collect();
        LOADED.get_or_init(load).get(usize::from(self.0))
    }

    fn plain(self, byte: u8) -> char {
        self.script().map_or(REPLACEMENT, |script| script.plain(byte))
    }

    fn with_nukta(self, byte: u8) -> Option<char> {
        self.script()?.with_nukta(byte)
    }
}

/// A script, by bytes and by characters.
struct Script {
    plain: Vec<char>,
    nukta: Vec<char>,
    codes: HashMap<char, Code>,
}

/// A byte, and the one behind it if there is one.
#[derive(Debug, Clone, Copy)]
struct Code(u8, Option<u8>);

impl Script {
    fn load(plain: &str, nukta: &str) -> Self {
        let (plain, nukta) = (plain.chars().collect(), nukta.chars().collect());
        let mut script = Self { plain, nukta, codes: HashMap::new() };
        for byte in LOWEST..=u8::MAX {
            script.codes.entry(script.plain(byte)).or_insert(Code(byte, None));
            if let Some(char) = script.with_nukta(byte) {
                script.codes.entry(char).or_insert(Code(byte, Some(NUKTA)));
            }
        }
        if let Some(&code) = script.codes.get(&BINDI) {
            script.codes.insert(TIPPI, code);
        }
        // What all scripts have in common is written without a change of script.
        script.codes.retain(|char, _| ![REPLACEMENT, JOINER].contains(char));
        script
    }

    fn plain(&self, byte: u8) -> char {
        let at = byte.checked_sub(LOWEST).map(usize::from);
        at.and_then(|at| self.plain.get(at).copied()).unwrap_or(REPLACEMENT)
    }

    /// What a byte and a nukta mean together.
    fn with_nukta(&self, byte: u8) -> Option<char> {
        let at = byte.checked_sub(LOWEST).map(usize::from)?;
        self.nukta.get(at).copied().filter(|char| *char != REPLACEMENT)
    }
}

/// What has come of a character and is not yet text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Held {
    #[default]
    Nothing,
    /// A character that a nukta or, if it is a danda, another danda changes.
    Byte(u8),
    /// A halant, whose character is text already.
    Halant,
    Attribute,
    Extension,
}

pub(super) struct IsciiDecoder {
    page: ScriptIndex,
    script: ScriptIndex,
    held: Held,
}

impl IsciiDecoder {
    pub(super) fn new(page: ScriptIndex) -> Self {
        Self { page, script: page, held: Held::Nothing }
    }

    pub(super) fn decode(&mut self, bytes: &[u8], text: &mut String) {
        for &byte in bytes {
            self.byte(byte, text);
        }
    }

    fn byte(&mut self, byte: u8, text: &mut String) {
        match (std::mem::take(&mut self.held), byte) {
            (Held::Byte(DANDA), DANDA) => return text.push(DOUBLE_DANDA),
            (Held::Byte(base), NUKTA) => {
                if let Some(char) = self.script.with_nukta(base) {
                    return text.push(char);
                }
                text.push(self.alone(base));
            }
            (Held::Byte(base), _) => text.push(self.alone(base)),
            (Held::Halant, HALANT) => return text.push(NON_JOINER),
            (Held::Halant, NUKTA) => return text.push(JOINER),
            (Held::Attribute, DEFAULT_SCRIPT) => return self.script = self.page,
            (Held::Attribute, _) => match ScriptIndex::of_attribute(byte) {
                Some(script) => return self.script = script,
                None => text.push(REPLACEMENT),
            },
            (Held::Extension, 0xb8) => return text.push(ANUDATTA),
            (Held::Extension, 0xbf) => return text.push(ABBREVIATION),
            (Held::Extension, _) => text.push(REPLACEMENT),
            (Held::Halant | Held::Nothing, _) => {}
        }
        self.first(byte, text);
    }

    /// A byte that does not belong to the one before it.
    fn first(&mut self, byte: u8, text: &mut String) {
        match byte {
            ATTRIBUTE => self.held = Held::Attribute,
            EXTENSION => self.held = Held::Extension,
            HALANT => {
                text.push(self.alone(byte));
                self.held = Held::Halant;
            }
            DANDA => self.held = Held::Byte(byte),
            LOWEST.. if self.script.with_nukta(byte).is_some() => self.held = Held::Byte(byte),
            LOWEST.. => text.push(self.alone(byte)),
            _ => {
                if byte == b'\n' || byte == b'\r' {
                    self.script = self.page;
                }
                text.push(char::from(byte));
            }
        }
    }

    fn alone(&self, byte: u8) -> char {
        if byte == DANDA { DANDA_CHAR } else { self.script.plain(byte) }
    }
}

/// The bytes of a text, whose lines begin and end in the script of the page.
pub(super) fn encode(page: ScriptIndex, text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut script = page;
    let mut halant = false;
    for char in text.chars() {
        if matches!(char, '\n' | '\r') {
            change(&mut script, page, &mut bytes);
        }
        let code = match common(char, halant) {
            Some(code) => code,
            None => match place(char, script) {
                Some((other, code)) => {
                    change(&mut script, other, &mut bytes);
                    code
                }
                None => Code(u8::try_from(MISSING).unwrap_or_default(), None),
            },
        };
        halant = code.0 == HALANT && code.1.is_none() && char != NON_JOINER;
        bytes.push(code.0);
        bytes.extend(code.1);
    }
    change(&mut script, page, &mut bytes);
    bytes
}

/// A character that is no matter of a script; whether a halant is before it.
fn common(char: char, halant: bool) -> Option<Code> {
    match char {
        NON_JOINER if halant => Some(Code(HALANT, None)),
        JOINER if halant => Some(Code(NUKTA, None)),
        JOINER => Some(Code(INVISIBLE, None)),
        DANDA_CHAR => Some(Code(DANDA, None)),
        DOUBLE_DANDA => Some(Code(DANDA, Some(DANDA))),
        ANUDATTA => Some(Code(EXTENSION, Some(0xb8))),
        ABBREVIATION => Some(Code(EXTENSION, Some(0xbf))),
        _ => u8::try_from(char).ok().filter(|byte| *byte < LOWEST).map(|byte| Code(byte, None)),
    }
}

/// Where a character is: in this script, if it has it.
fn place(char: char, script: ScriptIndex) -> Option<(ScriptIndex, Code)> {
    let all = (0..=u8::MAX).map(ScriptIndex).take(SCRIPTS.len());
    let mut candidates = [script].into_iter().chain(all);
    candidates.find_map(|other| Some((other, *other.script()?.codes.get(&char)?)))
}

fn change(script: &mut ScriptIndex, to: ScriptIndex, bytes: &mut Vec<u8>) {
    if *script != to {
        bytes.extend([ATTRIBUTE, to.attribute()]);
        *script = to;
    }
}
