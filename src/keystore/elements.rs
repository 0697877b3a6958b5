//! Reads the elements of a DER value one after another (X.690), for formats whose structures have choices
//! by tag; and converts BER, in which some programs write stores, to DER.

use der::asn1::{AnyRef, ObjectIdentifier};
use der::{Decode, Reader, SliceReader, Tag, TagNumber, Tagged};
use zeroize::Zeroizing;

use super::asn1;
use crate::limits::MAX_STORE_DEPTH;

/// The value does not parse. The caller, which knows the structure, names it in the error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NotDer;

/// The remaining elements of a constructed value.
#[derive(Clone)]
pub(super) struct Elements<'a>(SliceReader<'a>);

/// `[number]`, constructed.
pub(super) const fn context(number: u32) -> Tag {
    Tag::ContextSpecific { constructed: true, number: TagNumber(number) }
}

impl<'a> Elements<'a> {
    /// The elements of the one value that `data` is.
    pub(super) fn of_data(data: &'a [u8], tag: Tag) -> Result<Self, NotDer> {
        let outer = AnyRef::from_der(data).map_err(|_| NotDer)?;
        if outer.tag() == tag { Self::of(outer) } else { Err(NotDer) }
    }

    /// The elements of a value.
    pub(super) fn of(value: AnyRef<'a>) -> Result<Self, NotDer> {
        SliceReader::new(value.value()).map(Self).map_err(|_| NotDer)
    }

    /// Whether all are taken.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_finished()
    }

    /// Checks that no element remains.
    pub(super) fn finish(self) -> Result<(), NotDer> {
        if self.is_empty() { Ok(()) } else { Err(NotDer) }
    }

    /// The next element of any type.
    pub(super) fn any(&mut self) -> Result<AnyRef<'a>, NotDer> {
        AnyRef::decode(&mut self.0).map_err(|_| NotDer)
    }

    /// The next element as it is encoded, and its tag.
    pub(super) fn encoded(&mut self) -> Result<(&'a [u8], Tag), NotDer> {
        let tag = Tag::peek(&self.0).map_err(|_| NotDer)?;
        let encoded = self.0.tlv_bytes().map_err(|_| NotDer)?;
        Ok((encoded, tag))
    }

    /// The next element, if it has the tag.
    pub(super) fn optional(&mut self, tag: Tag) -> Result<Option<AnyRef<'a>>, NotDer> {
        let is_next = !self.is_empty() && Tag::peek(&self.0).map_err(|_| NotDer)? == tag;
        if is_next { self.any().map(Some) } else { Ok(None) }
    }

    /// The content of the next element, which has to have the tag.
    pub(super) fn bytes(&mut self, tag: Tag) -> Result<&'a [u8], NotDer> {
        let element = self.any()?;
        if element.tag() == tag { Ok(element.value()) } else { Err(NotDer) }
    }

    /// The elements of the next element, which has to have the tag.
    pub(super) fn inside(&mut self, tag: Tag) -> Result<Self, NotDer> {
        let element = self.any()?;
        if element.tag() == tag { Self::of(element) } else { Err(NotDer) }
    }

    pub(super) fn sequence(&mut self) -> Result<Self, NotDer> {
        self.inside(Tag::Sequence)
    }

    pub(super) fn octets(&mut self) -> Result<&'a [u8], NotDer> {
        self.bytes(Tag::OctetString)
    }

    pub(super) fn oid(&mut self) -> Result<ObjectIdentifier, NotDer> {
        self.any()?.decode_as().map_err(|_| NotDer)
    }

    /// A number that is not negative.
    pub(super) fn number(&mut self) -> Result<u64, NotDer> {
        self.any()?.decode_as().map_err(|_| NotDer)
    }
}

/// AlgorithmIdentifier (RFC 5280 section 4.1.1.2).
#[derive(Clone, Copy)]
pub(super) struct Algorithm<'a> {
    pub(super) oid: ObjectIdentifier,
    pub(super) parameters: Option<AnyRef<'a>>,
}

impl<'a> Algorithm<'a> {
    /// The next of `elements`.
    pub(super) fn next(elements: &mut Elements<'a>) -> Result<Self, NotDer> {
        Self::of(elements.sequence()?)
    }

    /// Reads the content of its SEQUENCE.
    pub(super) fn of(mut inside: Elements<'a>) -> Result<Self, NotDer> {
        let oid = inside.oid()?;
        let parameters = if inside.is_empty() { None } else { Some(inside.any()?) };
        inside.finish()?;
        Ok(Self { oid, parameters })
    }

    /// The elements of the parameters, which have to be a SEQUENCE.
    pub(super) fn sequence(&self) -> Result<Elements<'a>, NotDer> {
        match self.parameters {
            Some(parameters) if parameters.tag() == Tag::Sequence => Elements::of(parameters),
            Some(_) | None => Err(NotDer),
        }
    }

    /// The content of the parameters, which have to be an OCTET STRING.
    pub(super) fn octets(&self) -> Result<&'a [u8], NotDer> {
        match self.parameters {
            Some(parameters) if parameters.tag() == Tag::OctetString => Ok(parameters.value()),
            Some(_) | None => Err(NotDer),
        }
    }
}

/// Converts `data`, which has to be one BER value, to DER as far as lengths and strings in pieces are
/// concerned: lengths become definite (X.690 10.1), strings whole (10.2).
pub(super) fn to_der(data: &[u8]) -> Result<Zeroizing<Vec<u8>>, NotDer> {
    let mut rest = data;
    let der = element(&mut rest, 0)?;
    if rest.is_empty() { Ok(der) } else { Err(NotDer) }
}

const CONSTRUCTED: u8 = 0x20;
const NUMBER: u8 = 0x1f;
const END_OF_CONTENTS: [u8; 2] = [0, 0];

fn element(rest: &mut &[u8], depth: usize) -> Result<Zeroizing<Vec<u8>>, NotDer> {
    if depth >= MAX_STORE_DEPTH {
        return Err(NotDer);
    }
    let tag = take(rest, 1)?.first().copied().ok_or(NotDer)?;
    // no structure that is read here has a tag number above 30
    if tag & NUMBER == NUMBER {
        return Err(NotDer);
    }
    let len = length(rest)?;
    if tag & CONSTRUCTED == 0 {
        return Ok(asn1::value(tag, &[take(rest, len.ok_or(NotDer)?)?]));
    }
    let mut inside = match len {
        Some(len) => take(rest, len)?,
        None => *rest,
    };
    // X.690 8.7.3: a string in pieces, each of which may be in pieces
    let is_string = tag == CONSTRUCTED | asn1::OCTET_STRING;
    let mut joined = Zeroizing::new(Vec::new());
    loop {
        if len.is_none() && inside.starts_with(&END_OF_CONTENTS) {
            take(&mut inside, END_OF_CONTENTS.len())?;
            *rest = inside;
            break;
        }
        if len.is_some() && inside.is_empty() {
            break;
        }
        let piece = element(&mut inside, depth.saturating_add(1))?;
        if is_string {
            let piece = AnyRef::from_der(&piece).map_err(|_| NotDer)?;
            if piece.tag() != Tag::OctetString {
                return Err(NotDer);
            }
            joined.extend_from_slice(piece.value());
        } else {
            joined.extend_from_slice(&piece);
        }
    }
    let tag = if is_string { asn1::OCTET_STRING } else { tag };
    Ok(asn1::value(tag, &[&joined]))
}

/// X.690 8.1.3; `None` is the indefinite form.
fn length(rest: &mut &[u8]) -> Result<Option<usize>, NotDer> {
    let first = take(rest, 1)?.first().copied().ok_or(NotDer)?;
    match first {
        0..0x80 => Ok(Some(usize::from(first))),
        0x80 => Ok(None),
        0x81.. => {
            let digits = take(rest, usize::from(first & 0x7f))?;
            let digits = asn1::without_zeros(digits);
            if digits.len() > size_of::<u32>() {
                return Err(NotDer);
            }
            let len = digits.iter().fold(0_u64, |len, &digit| len << 8 | u64::from(digit));
            usize::try_from(len).map(Some).map_err(|_| NotDer)
        }
    }
}

fn take<'a>(rest: &mut &'a [u8], len: usize) -> Result<&'a [u8], NotDer> {
    let (taken, after) = rest.split_at_checked(len).ok_or(NotDer)?;
    *rest = after;
    Ok(taken)
}

/// The content of a SEQUENCE in BER or DER, by which structures are recognized.
pub(super) fn start_of_sequence(data: &[u8]) -> Option<&[u8]> {
    let mut rest = data.strip_prefix(&[asn1::SEQUENCE])?;
    length(&mut rest).ok()?;
    Some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ber_becomes_der() {
        let cases: [(&[u8], &[u8]); 7] = [
            (&[0x30, 0x80, 0, 0], &[0x30, 0]),
            (&[0x30, 0x80, 2, 1, 5, 0, 0], &[0x30, 3, 2, 1, 5]),
            (&[0x30, 0x81, 3, 2, 1, 5], &[0x30, 3, 2, 1, 5]),
            (&[0x30, 0x84, 0, 0, 0, 3, 2, 1, 5], &[0x30, 3, 2, 1, 5]),
            (&[0x24, 0x80, 4, 1, 7, 4, 2, 8, 9, 0, 0], &[4, 3, 7, 8, 9]),
            (&[0x24, 6, 0x24, 4, 4, 2, 8, 9], &[4, 2, 8, 9]),
            (&[0xa0, 0x80, 0x30, 0x80, 0, 0, 4, 0, 0, 0], &[0xa0, 4, 0x30, 0, 4, 0]),
        ];
        for (ber, der) in cases {
            assert_eq!(to_der(ber).as_ref().map(|it| it.as_slice()), Ok(der), "{ber:x?}");
        }
    }

    #[test]
    fn bad_ber_is_refused() {
        let deep = [[0x30, 0x80]; 400_000].concat();
        let cases: [&[u8]; 12] = [
            &[],
            &[0x30],
            &[0x30, 0x80],
            &[0x30, 0x80, 0],
            &[0x30, 1],
            &[4, 0x80, 0, 0],
            &[0x30, 0, 0],
            &[0x1f, 0x81, 1, 0],
            &[0x30, 0x85, 1, 0, 0, 0, 0],
            &[0x30, 0xff],
            &[0x24, 3, 2, 1, 5],
            &deep,
        ];
        for data in cases {
            assert_eq!(to_der(data), Err(NotDer), "{:x?}", data.get(..20));
        }
        let nested = |levels: usize| [[0x30, 0x80].repeat(levels), vec![0; 2 * levels]].concat();
        assert!(to_der(&nested(MAX_STORE_DEPTH)).is_ok());
        assert!(to_der(&nested(MAX_STORE_DEPTH + 1)).is_err());
    }
}
