//! Writes the few DER values that this module needs (X.690), into memory that is wiped, as private keys are
//! among them.

use zeroize::Zeroizing;

pub(super) const INTEGER: u8 = 0x02;
pub(super) const BIT_STRING: u8 = 0x03;
pub(super) const OCTET_STRING: u8 = 0x04;
pub(super) const SEQUENCE: u8 = 0x30;
/// `[1] EXPLICIT`
pub(super) const CONTEXT_1: u8 = 0xa1;

/// One value: the tag, the length and the concatenated `parts`.
pub(super) fn value(tag: u8, parts: &[&[u8]]) -> Zeroizing<Vec<u8>> {
    let len: usize = parts.iter().map(|part| part.len()).sum();
    let mut out = Zeroizing::new(Vec::with_capacity(len.saturating_add(10)));
    out.push(tag);
    let bytes = len.to_be_bytes();
    let zeros = bytes.iter().take_while(|&&b| b == 0).count();
    let digits = bytes.get(zeros..).unwrap_or_default();
    if len >= 0x80 {
        // X.690 8.1.3.5, the long form; a usize has at most 8 bytes
        out.push(0x80 | u8::try_from(digits.len()).unwrap_or(0x7f));
        out.extend_from_slice(digits);
    } else {
        out.push(u8::try_from(len).unwrap_or(0x7f));
    }
    for part in parts {
        out.extend_from_slice(part);
    }
    out
}

/// INTEGER from the magnitude of a number that is not negative.
pub(super) fn unsigned(magnitude: &[u8]) -> Zeroizing<Vec<u8>> {
    let digits = without_zeros(magnitude);
    match digits.first() {
        Some(first) if first & 0x80 == 0 => value(INTEGER, &[digits]),
        Some(_) | None => value(INTEGER, &[&[0], digits]),
    }
}

/// BIT STRING of whole bytes.
pub(super) fn bit_string(bytes: &[u8]) -> Zeroizing<Vec<u8>> {
    value(BIT_STRING, &[&[0], bytes])
}

/// A magnitude in its shortest form.
pub(super) fn without_zeros(magnitude: &[u8]) -> &[u8] {
    let zeros = magnitude.iter().take_while(|&&b| b == 0).count();
    magnitude.get(zeros..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_have_their_shortest_form() {
        assert_eq!(*value(OCTET_STRING, &[b"a", b"b"]), b"\x04\x02ab");
        assert_eq!(value(OCTET_STRING, &[&[7; 0x7f]])[..2], [4, 0x7f]);
        assert_eq!(value(OCTET_STRING, &[&[7; 0x80]])[..3], [4, 0x81, 0x80]);
        assert_eq!(value(OCTET_STRING, &[&[7; 0x1234]])[..4], [4, 0x82, 0x12, 0x34]);
    }

    #[test]
    fn integers_are_not_negative_and_shortest() {
        assert_eq!(*unsigned(&[]), [2, 1, 0]);
        assert_eq!(*unsigned(&[0, 0, 0x7f]), [2, 1, 0x7f]);
        assert_eq!(*unsigned(&[0x80]), [2, 2, 0, 0x80]);
    }
}
