//! Writes the data types of RFC 4251 section 5 to the end of a byte vector.

/// Appends fields to a buffer it borrows, so a message can be built in place in a larger one.
#[derive(Debug)]
pub struct Writer<'a> {
    out: &'a mut Vec<u8>,
}

impl<'a> Writer<'a> {
    /// Appends to the end of `out`.
    pub fn new(out: &'a mut Vec<u8>) -> Self {
        Self { out }
    }

    /// `byte`
    pub fn u8(&mut self, value: u8) -> &mut Self {
        self.out.push(value);
        self
    }

    /// `boolean`
    pub fn boolean(&mut self, value: bool) -> &mut Self {
        self.u8(u8::from(value))
    }

    /// `uint32`
    pub fn u32(&mut self, value: u32) -> &mut Self {
        self.raw(&value.to_be_bytes())
    }

    /// `uint64`
    pub fn u64(&mut self, value: u64) -> &mut Self {
        self.raw(&value.to_be_bytes())
    }

    /// Bytes without a length.
    pub fn raw(&mut self, bytes: &[u8]) -> &mut Self {
        self.out.extend_from_slice(bytes);
        self
    }

    /// `string`. Nothing this crate sends comes near 4 GiB; a longer one is cut at 2^32 - 1 bytes,
    /// which keeps the message well-formed.
    pub fn string(&mut self, bytes: impl AsRef<[u8]>) -> &mut Self {
        let bytes = bytes.as_ref();
        let len = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        self.u32(len);
        self.raw(bytes.get(..len as usize).unwrap_or(bytes))
    }

    /// `mpint` from the magnitude of a number that is not negative, most significant byte first;
    /// leading zeros are dropped.
    pub fn mpint(&mut self, magnitude: &[u8]) -> &mut Self {
        let zeros = magnitude.iter().take_while(|&&b| b == 0).count();
        let digits = magnitude.get(zeros..).unwrap_or_default();
        if digits.first().is_some_and(|b| b & 0x80 != 0) {
            let len = u32::try_from(digits.len().saturating_add(1)).unwrap_or(u32::MAX);
            self.u32(len).u8(0).raw(digits)
        } else {
            self.string(digits)
        }
    }

    /// `name-list`
    pub fn name_list<'n>(&mut self, names: impl IntoIterator<Item = &'n str>) -> &mut Self {
        let mut list = String::new();
        for name in names {
            if !list.is_empty() {
                list.push(',');
            }
            list.push_str(name);
        }
        self.string(list)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(f: impl FnOnce(&mut Writer<'_>)) -> Vec<u8> {
        let mut out = Vec::new();
        f(&mut Writer::new(&mut out));
        out
    }

    /// The examples of RFC 4251 section 5.
    #[test]
    fn mpints_and_lists_of_the_rfc() {
        assert_eq!(written(|w| _ = w.mpint(&[])), [0, 0, 0, 0]);
        assert_eq!(written(|w| _ = w.mpint(&[0, 0, 0x80])), [0, 0, 0, 2, 0, 0x80]);
        assert_eq!(
            written(|w| _ = w.mpint(&[0x09, 0xa3, 0x78, 0xf9, 0xb2, 0xe3, 0x32, 0xa7])),
            [0, 0, 0, 8, 0x09, 0xa3, 0x78, 0xf9, 0xb2, 0xe3, 0x32, 0xa7]
        );
        assert_eq!(written(|w| _ = w.name_list([])), [0, 0, 0, 0]);
        assert_eq!(written(|w| _ = w.name_list(["zlib", "none"])), *b"\0\0\0\x09zlib,none");
        assert_eq!(written(|w| _ = w.string("testing")), *b"\0\0\0\x07testing");
    }
}
