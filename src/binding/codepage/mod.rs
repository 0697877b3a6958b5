//! The code pages of the CodePage setting: they convert between the bytes of a channel and the text of a
//! program. A [`Decoder`] follows one stream of bytes and keeps incomplete characters until the rest comes;
//! an [`Encoder`] writes each text by itself. Bytes that cannot be read become U+FFFD, characters that
//! cannot be written `?`.

mod escaped;
mod host;
mod iscii;
mod iso_2022_cn;
mod list;
mod other_tables;
mod sets;
mod shifted;
mod single_byte;
mod tables;
mod unicode;

use std::collections::HashMap;

use encoding_rs::Encoding;

use self::escaped::EscapedDecoder;
use self::host::{HostDecoder, HostEncoder, HostPage};
use self::iscii::{IsciiDecoder, ScriptIndex};
use self::iso_2022_cn::{Chinese, ChineseDecoder};
use self::sets::{Set, SetDecoder};
use self::shifted::{Scheme, ShiftedDecoder};
use self::unicode::{ByteOrder, Utf7Decoder, Utf16Decoder, Utf32Decoder};
use super::errors::Failure;

/// Stands for bytes without a meaning.
const REPLACEMENT: char = char::REPLACEMENT_CHARACTER;
/// What is written for a character that the code page lacks.
const MISSING: char = '?';
/// The documented default.
const UTF_8: u32 = 65001;

/// A documented code page.
#[derive(Debug)]
pub(super) struct CodePage {
    pub(super) id: u32,
    pub(super) name: &'static str,
    form: Form,
}

/// How the text of a page is stored.
#[derive(Debug)]
enum Form {
    Ascii,
    Utf7,
    Utf8,
    Utf16(ByteOrder),
    Utf32(ByteOrder),
    /// One byte for each character: the page of this number in `tables.rs` or `other_tables.rs`.
    Table(u32),
    /// One or more bytes for a character, without a state: the set of this number in `sets.rs`.
    Set(u32),
    /// A page of one byte, and two bytes between SO and SI.
    Host(HostPage),
    /// Several bytes for a character, without a state.
    Multi(&'static Encoding),
    /// The same; only characters of two bytes from 0xA1 on are written.
    Euc(&'static Encoding),
    /// Sequences of bytes switch between sets of characters.
    Shifted(Scheme),
    /// ISO-2022-CN.
    Chinese(Chinese),
    /// ISCII, which begins in this script.
    Iscii(ScriptIndex),
    /// Escapes behind a `\`.
    Escaped,
    Unsupported,
}

const fn page(id: u32, name: &'static str, form: Form) -> CodePage {
    CodePage { id, name, form }
}

/// The state of a decoder between two events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Memory {
    /// UTF-8, which JavaScript decodes itself.
    Utf8,
    /// Nothing: each byte is a character.
    Nothing,
    /// The bytes before decide.
    State,
}

impl CodePage {
    /// All that are documented.
    pub(super) fn all() -> &'static [Self] {
        list::PAGES
    }

    /// The page that is used until another is chosen.
    pub(super) fn utf8() -> &'static Self {
        static UTF8: CodePage = page(UTF_8, "Unicode UTF-8", Form::Utf8);
        &UTF8
    }

    /// A supported page by its number.
    pub(super) fn find(id: u32) -> Result<&'static Self, Failure> {
        let found = list::PAGES.iter().find(|page| page.id == id);
        let unknown = || Failure::invalid(format!("There is no code page {id}."));
        let page = found.ok_or_else(unknown)?;
        if !page.is_supported() {
            let name = page.name;
            let text = format!("Code page {id} ({name}) is not supported.");
            return Err(Failure::invalid(text));
        }
        Ok(page)
    }

    /// Whether its text can be read and written.
    pub(super) fn is_supported(&self) -> bool {
        !matches!(self.form, Form::Unsupported)
    }

    /// The state that its decoder needs.
    pub(super) fn memory(&self) -> Memory {
        match self.form {
            Form::Utf8 => Memory::Utf8,
            Form::Ascii | Form::Table(_) | Form::Unsupported => Memory::Nothing,
            Form::Utf7
            | Form::Utf16(_)
            | Form::Utf32(_)
            | Form::Multi(_)
            | Form::Euc(_)
            | Form::Set(_)
            | Form::Host(_)
            | Form::Shifted(_)
            | Form::Chinese(_)
            | Form::Iscii(_)
            | Form::Escaped => Memory::State,
        }
    }

    /// A decoder for one stream of bytes.
    pub(super) fn decoder(&self) -> Decoder {
        Decoder(match self.form {
            Form::Ascii | Form::Unsupported => Reader::Table(single_byte::ascii()),
            Form::Table(id) => Reader::Table(single_byte::chars(id)),
            Form::Utf7 => Reader::Utf7(Utf7Decoder::default()),
            Form::Utf8 => Reader::Multi(encoding_rs::UTF_8.new_decoder_without_bom_handling()),
            Form::Utf16(order) => Reader::Utf16(Utf16Decoder::new(order)),
            Form::Utf32(order) => Reader::Utf32(Utf32Decoder::new(order)),
            Form::Multi(encoding) | Form::Euc(encoding) => {
                Reader::Multi(encoding.new_decoder_without_bom_handling())
            }
            Form::Set(id) => Reader::Set(SetDecoder::new(Set::get(id))),
            Form::Host(page) => Reader::Host(HostDecoder::new(page)),
            Form::Shifted(scheme) => Reader::Shifted(ShiftedDecoder::new(scheme)),
            Form::Chinese(scheme) => Reader::Chinese(ChineseDecoder::new(scheme)),
            Form::Iscii(script) => Reader::Iscii(IsciiDecoder::new(script)),
            Form::Escaped => Reader::Escaped(EscapedDecoder::default()),
        })
    }

    /// An encoder for any number of texts.
    pub(super) fn encoder(&self) -> Encoder {
        Encoder(match self.form {
            Form::Ascii | Form::Unsupported => Writer::Table(bytes_of(&single_byte::ascii())),
            Form::Table(id) => Writer::Table(bytes_of(&single_byte::chars(id))),
            Form::Utf7 => Writer::Utf7,
            Form::Utf8 => Writer::Utf8,
            Form::Utf16(order) => Writer::Utf16(order),
            Form::Utf32(order) => Writer::Utf32(order),
            Form::Multi(encoding) => Writer::Multi(encoding),
            Form::Euc(encoding) => Writer::Euc(encoding),
            Form::Set(id) => Writer::Set(Set::get(id)),
            Form::Host(page) => Writer::Host(HostEncoder::new(page)),
            Form::Shifted(scheme) => Writer::Shifted(scheme),
            Form::Chinese(scheme) => Writer::Chinese(scheme),
            Form::Iscii(script) => Writer::Iscii(script),
            Form::Escaped => Writer::Escaped,
        })
    }
}

/// Reads the bytes of one stream, in pieces of any length.
pub(super) struct Decoder(Reader);

enum Reader {
    Table(Box<[char; 256]>),
    Utf7(Utf7Decoder),
    Utf16(Utf16Decoder),
    Utf32(Utf32Decoder),
    Multi(encoding_rs::Decoder),
    Set(SetDecoder),
    Host(HostDecoder),
    Shifted(ShiftedDecoder),
    Chinese(ChineseDecoder),
    Iscii(IsciiDecoder),
    Escaped(EscapedDecoder),
}

impl Decoder {
    /// The text that is complete with these bytes.
    pub(super) fn decode(&mut self, bytes: &[u8]) -> String {
        let mut text = String::with_capacity(bytes.len());
        match &mut self.0 {
            Reader::Table(chars) => {
                let char_of = |byte: &u8| chars.get(usize::from(*byte)).copied();
                text.extend(bytes.iter().filter_map(char_of));
            }
            Reader::Utf7(decoder) => decoder.decode(bytes, &mut text),
            Reader::Utf16(decoder) => decoder.decode(bytes, &mut text),
            Reader::Utf32(decoder) => decoder.decode(bytes, &mut text),
            Reader::Multi(decoder) => {
                let most = decoder.max_utf8_buffer_length(bytes.len());
                text.reserve(most.unwrap_or_default());
                // There is room for the whole output, so all input is taken.
                let _ = decoder.decode_to_string(bytes, &mut text, false);
            }
            Reader::Set(decoder) => decoder.decode(bytes, &mut text),
            Reader::Host(decoder) => decoder.decode(bytes, &mut text),
            Reader::Shifted(decoder) => decoder.decode(bytes, &mut text),
            Reader::Chinese(decoder) => decoder.decode(bytes, &mut text),
            Reader::Iscii(decoder) => decoder.decode(bytes, &mut text),
            Reader::Escaped(decoder) => decoder.decode(bytes, &mut text),
        }
        text
    }
}

/// Writes texts, each for itself.
#[derive(Debug)]
pub(super) struct Encoder(Writer);

#[derive(Debug)]
enum Writer {
    Utf7,
    Utf8,
    Utf16(ByteOrder),
    Utf32(ByteOrder),
    Table(HashMap<char, u8>),
    Multi(&'static Encoding),
    Euc(&'static Encoding),
    Set(&'static Set),
    Host(HostEncoder),
    Shifted(Scheme),
    Chinese(Chinese),
    Iscii(ScriptIndex),
    Escaped,
}

impl Encoder {
    /// The bytes of a text.
    pub(super) fn encode(&self, text: String) -> Vec<u8> {
        match &self.0 {
            Writer::Utf8 => text.into_bytes(),
            Writer::Utf7 => unicode::encode_utf7(&text),
            Writer::Utf16(order) => unicode::encode_utf16(&text, *order),
            Writer::Utf32(order) => unicode::encode_utf32(&text, *order),
            Writer::Table(bytes) => {
                let missing = bytes.get(&MISSING).copied().unwrap_or(b'?');
                text.chars().map(|char| bytes.get(&char).copied().unwrap_or(missing)).collect()
            }
            Writer::Multi(encoding) => encode_multi(encoding, &text),
            Writer::Euc(encoding) => encode_euc(encoding, &text),
            Writer::Set(set) => sets::encode(set, &text),
            Writer::Host(encoder) => encoder.encode(&text),
            Writer::Shifted(scheme) => scheme.encode(&text),
            Writer::Chinese(scheme) => scheme.encode(&text),
            Writer::Iscii(script) => iscii::encode(*script, &text),
            Writer::Escaped => escaped::encode(&text),
        }
    }
}

/// If two bytes have the same meaning, the lower one is written.
fn bytes_of(chars: &[char; 256]) -> HashMap<char, u8> {
    let mut bytes = HashMap::with_capacity(chars.len());
    for (byte, char) in (0..=u8::MAX).zip(chars) {
        if *char != REPLACEMENT {
            bytes.entry(*char).or_insert(byte);
        }
    }
    bytes
}

fn encode_multi(encoding: &'static Encoding, text: &str) -> Vec<u8> {
    use encoding_rs::EncoderResult::{InputEmpty, OutputFull, Unmappable};
    let mut encoder = encoding.new_encoder();
    let mut bytes = Vec::new();
    let mut rest = text;
    loop {
        let room = encoder.max_buffer_length_from_utf8_without_replacement(rest.len());
        bytes.reserve(room.unwrap_or_default().max(16));
        let (result, read) =
            encoder.encode_from_utf8_to_vec_without_replacement(rest, &mut bytes, true);
        rest = rest.get(read..).unwrap_or_default();
        match result {
            InputEmpty => return bytes,
            OutputFull => {}
            Unmappable(_) => bytes.push(b'?'),
        }
    }
}

fn encode_euc(encoding: &'static Encoding, text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    for char in text.chars() {
        if char.is_ascii() {
            bytes.extend(char.encode_utf8(&mut [0; 4]).as_bytes());
        } else if let Some(pair) = euc_pair(encoding, char) {
            bytes.extend(pair);
        } else {
            bytes.push(b'?');
        }
    }
    bytes
}

/// The two bytes of a character that is in the plane both bytes of which are from 0xA1 to 0xFE.
fn euc_pair(encoding: &'static Encoding, char: char) -> Option<[u8; 2]> {
    let mut buffer = [0; 4];
    let (bytes, _, missing) = encoding.encode(char.encode_utf8(&mut buffer));
    match bytes.as_ref() {
        &[lead, trail] if !missing && lead >= 0xa1 && trail >= 0xa1 => Some([lead, trail]),
        _ => None,
    }
}

#[cfg(test)]
mod set_tests;
#[cfg(test)]
mod tests;
