//! Reads the data types of RFC 4251 section 5 from a byte slice without copying. Every message parser uses
//! it, so it checks every length before it uses it.

use crate::error::InvalidMessage;
use crate::limits::MAX_NAME_LEN;

type Result<T> = std::result::Result<T, InvalidMessage>;

/// A cursor over the fields of one message.
#[derive(Debug, Clone)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Starts at the first byte of `bytes`.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// The bytes not read yet.
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Whether every byte was read.
    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// Takes the next `len` bytes as they are: `byte[len]`.
    pub fn bytes(&mut self, len: usize) -> Result<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(len).ok_or(InvalidMessage::Truncated)?;
        self.rest = rest;
        Ok(taken)
    }

    /// Takes all remaining bytes, for fields that run to the end of the message.
    pub fn take_rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.rest)
    }

    /// `byte`
    pub fn u8(&mut self) -> Result<u8> {
        let (&byte, rest) = self.rest.split_first().ok_or(InvalidMessage::Truncated)?;
        self.rest = rest;
        Ok(byte)
    }

    /// `boolean`: every value but 0 is true.
    pub fn boolean(&mut self) -> Result<bool> {
        Ok(self.u8()? != 0)
    }

    /// `uint32`
    pub fn u32(&mut self) -> Result<u32> {
        let (bytes, rest) = self.rest.split_first_chunk().ok_or(InvalidMessage::Truncated)?;
        self.rest = rest;
        Ok(u32::from_be_bytes(*bytes))
    }

    /// `uint64`
    pub fn u64(&mut self) -> Result<u64> {
        let (bytes, rest) = self.rest.split_first_chunk().ok_or(InvalidMessage::Truncated)?;
        self.rest = rest;
        Ok(u64::from_be_bytes(*bytes))
    }

    /// `string`: its bytes.
    pub fn string(&mut self) -> Result<&'a [u8]> {
        let len = self.u32()?;
        self.bytes(usize::try_from(len).map_err(|_| InvalidMessage::Truncated)?)
    }

    /// The language tag at the end of a message: a `string` without a meaning today, which some senders
    /// leave out.
    pub fn language_tag(&mut self) -> Result<&'a [u8]> {
        if self.is_empty() { Ok(&[]) } else { self.string() }
    }

    /// `string` that has to be UTF-8.
    pub fn text(&mut self) -> Result<&'a str> {
        std::str::from_utf8(self.string()?).map_err(|_| InvalidMessage::BadText)
    }

    /// `string` holding a name: printable US-ASCII without space or comma (RFC 4251 section 6). Names of
    /// any length are accepted here; only lists bound them.
    pub fn name(&mut self) -> Result<&'a str> {
        let name = self.text()?;
        if name.bytes().all(is_of_name) { Ok(name) } else { Err(InvalidMessage::BadText) }
    }

    /// `name-list`
    pub fn name_list(&mut self) -> Result<NameList<'a>> {
        let list = std::str::from_utf8(self.string()?).map_err(|_| InvalidMessage::BadNameList)?;
        NameList::parse(list)
    }

    /// `mpint` that is not negative, in its shortest form; the magnitude without leading zeros.
    pub fn mpint(&mut self) -> Result<&'a [u8]> {
        let bytes = self.string()?;
        match bytes {
            [] => Ok(bytes),
            [0, magnitude @ ..] => match magnitude {
                // RFC 4251 section 5: unnecessary leading zero bytes are not allowed
                [first, ..] if first & 0x80 != 0 => Ok(magnitude),
                _ => Err(InvalidMessage::BadMpint),
            },
            [first, ..] if first & 0x80 != 0 => Err(InvalidMessage::BadMpint),
            _ => Ok(bytes),
        }
    }

    /// Ends the message: remaining bytes make it invalid.
    pub fn finish(self) -> Result<()> {
        if self.rest.is_empty() { Ok(()) } else { Err(InvalidMessage::TrailingBytes) }
    }
}

/// Whether a text is a name of the protocol: 1 to 64 printable characters of US-ASCII without space and
/// comma (RFC 4251 section 6, RFC 4250 section 4.6.1).
pub fn is_name(text: &str) -> bool {
    (1..=MAX_NAME_LEN).contains(&text.len()) && text.bytes().all(is_of_name)
}

fn is_of_name(byte: u8) -> bool {
    byte.is_ascii_graphic() && byte != b','
}

/// A comma-separated list of names (RFC 4251 section 5), borrowed from the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NameList<'a>(&'a str);

impl<'a> NameList<'a> {
    /// Checks a list: ASCII, no empty name, no name above 64 characters, no control character. One comma at
    /// the end is accepted: libssh 0.10 sends its ciphers with one.
    pub fn parse(list: &'a str) -> Result<Self> {
        let names = list.strip_suffix(',').unwrap_or(list);
        if list.is_empty() || names.split(',').all(is_name) {
            Ok(Self(list))
        } else {
            Err(InvalidMessage::BadNameList)
        }
    }

    /// The names, in order.
    pub fn iter(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.0.split(',').filter(|name| !name.is_empty())
    }

    /// Whether `name` is in the list.
    pub fn contains(&self, name: &str) -> bool {
        self.iter().any(|n| n == name)
    }

    /// The first name.
    pub fn first(&self) -> Option<&'a str> {
        self.iter().next()
    }

    /// The list as it stands on the wire.
    pub fn as_str(&self) -> &'a str {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The mpint examples of RFC 4251 section 5 that are not negative.
    #[test]
    fn mpints_of_the_rfc() {
        let cases: [(&[u8], &[u8]); 3] = [
            (&[0, 0, 0, 0], &[]),
            (
                &[0, 0, 0, 8, 0x09, 0xa3, 0x78, 0xf9, 0xb2, 0xe3, 0x32, 0xa7],
                &[0x09, 0xa3, 0x78, 0xf9, 0xb2, 0xe3, 0x32, 0xa7],
            ),
            (&[0, 0, 0, 2, 0, 0x80], &[0x80]),
        ];
        for (wire, magnitude) in cases {
            assert_eq!(Reader::new(wire).mpint(), Ok(magnitude));
        }
    }

    #[test]
    fn bad_mpints_are_refused() {
        let negative = [0, 0, 0, 2, 0xed, 0xcc];
        let padded = [0, 0, 0, 2, 0, 0x7f];
        let zero_with_a_byte = [0, 0, 0, 1, 0];
        for wire in [&negative[..], &padded, &zero_with_a_byte] {
            assert_eq!(Reader::new(wire).mpint(), Err(InvalidMessage::BadMpint));
        }
    }

    #[test]
    fn a_length_past_the_end_is_truncated() {
        assert_eq!(Reader::new(&[0, 0, 0, 5, 1]).string(), Err(InvalidMessage::Truncated));
        assert_eq!(Reader::new(&[0xff; 4]).string(), Err(InvalidMessage::Truncated));
        assert_eq!(Reader::new(&[0, 0, 0]).u32(), Err(InvalidMessage::Truncated));
        assert_eq!(Reader::new(&[]).u8(), Err(InvalidMessage::Truncated));
    }

    #[test]
    fn name_lists() {
        assert_eq!(NameList::parse("").map(|l| l.iter().count()), Ok(0));
        assert_eq!(NameList::parse("zlib,none").map(|l| l.first()), Ok(Some("zlib")));
        let trailing = NameList::parse("zlib,none,").unwrap();
        assert_eq!(trailing.iter().collect::<Vec<_>>(), ["zlib", "none"]);
        for bad in [",", ",,", "a,,", ",a", "a,,b", "a b", "a\0", "ä"] {
            assert_eq!(NameList::parse(bad), Err(InvalidMessage::BadNameList), "{bad:?}");
        }
        assert!(NameList::parse(&"x".repeat(65)).is_err());
    }

    #[test]
    fn names() {
        for good in ["x", "keepalive@openssh.com", &"x".repeat(64)] {
            assert!(is_name(good), "{good}");
        }
        for bad in ["", "a b", "a,b", "a\n", "\u{e4}", &"x".repeat(65)] {
            assert!(!is_name(bad), "{bad:?}");
        }
    }

    #[test]
    fn left_over_bytes_are_refused() {
        let mut reader = Reader::new(&[1, 2]);
        assert_eq!(reader.u8(), Ok(1));
        assert_eq!(reader.finish(), Err(InvalidMessage::TrailingBytes));
    }
}
