//! Pages of one byte for each character: from the texts of `tables.rs` and `other_tables.rs` to 256 characters.

use super::REPLACEMENT;
use super::other_tables::OTHER_TABLES;
use super::tables::{EBCDIC_CONTROLS, TABLES, Table};

/// US-ASCII: the upper half means nothing.
pub(super) fn ascii() -> Box<[char; 256]> {
    collect((0..128).map(char::from))
}

/// The characters of the page of this number, by byte.
pub(super) fn chars(id: u32) -> Box<[char; 256]> {
    let mut tables = TABLES.iter().chain(OTHER_TABLES);
    match tables.find(|(number, _)| *number == id).map(|(_, table)| table) {
        Some(Table::Ascii(upper)) => collect((0..128).map(char::from).chain(upper.chars())),
        Some(Table::Ebcdic(rest)) => collect(EBCDIC_CONTROLS.chars().chain(rest.chars())),
        Some(Table::Whole(all)) => collect(all.chars()),
        None => collect(std::iter::empty()),
    }
}

fn collect(characters: impl Iterator<Item = char>) -> Box<[char; 256]> {
    let mut chars = Box::new([REPLACEMENT; 256]);
    for (place, char) in chars.iter_mut().zip(characters) {
        *place = char;
    }
    chars
}
