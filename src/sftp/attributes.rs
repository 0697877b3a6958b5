//! The attributes of a file as version 3 has them (draft-ietf-secsh-filexfer-02, section 5).

use crate::error::InvalidMessage;
use crate::wire::{Reader, Writer};

const SIZE: u32 = 0x0000_0001;
const UIDGID: u32 = 0x0000_0002;
const PERMISSIONS: u32 = 0x0000_0004;
const ACMODTIME: u32 = 0x0000_0008;
const EXTENDED: u32 = 0x8000_0000;

/// `ATTRS`: what a reply tells of a file, or a request asks to change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Attributes {
    /// The file's length in bytes.
    pub size: Option<u64>,
    /// Who owns it.
    pub owner: Option<Owner>,
    /// The file's type and permissions, as in POSIX `st_mode`.
    pub permissions: Option<u32>,
    /// When it was read and changed.
    pub times: Option<Times>,
}

/// The owner of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owner {
    /// POSIX `uid_t`
    pub uid: u32,
    /// POSIX `gid_t`
    pub gid: u32,
}

/// The times of a file, in seconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Times {
    /// Of the last access.
    pub accessed: u32,
    /// Of the last modification.
    pub modified: u32,
}

impl Attributes {
    /// `uint32 flags`, then those fields that a flag is set for. Extended attributes are skipped, as clients
    /// may send those of other servers; unknown flags are ignored, as OpenSSH does it.
    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, InvalidMessage> {
        let flags = reader.u32()?;
        let has = |flag| flags & flag != 0;
        let mut attributes = Self::default();
        if has(SIZE) {
            attributes.size = Some(reader.u64()?);
        }
        if has(UIDGID) {
            attributes.owner = Some(Owner { uid: reader.u32()?, gid: reader.u32()? });
        }
        if has(PERMISSIONS) {
            attributes.permissions = Some(reader.u32()?);
        }
        if has(ACMODTIME) {
            attributes.times = Some(Times { accessed: reader.u32()?, modified: reader.u32()? });
        }
        if has(EXTENDED) {
            // Each pair takes eight bytes at least, so that the packet's length bounds the loop.
            for _ in 0..reader.u32()? {
                reader.string()?;
                reader.string()?;
            }
        }
        Ok(attributes)
    }

    /// Appends the fields that are there.
    pub(super) fn write(&self, writer: &mut Writer<'_>) {
        let flag = |is_there, flag| if is_there { flag } else { 0 };
        let flags = flag(self.size.is_some(), SIZE)
            | flag(self.owner.is_some(), UIDGID)
            | flag(self.permissions.is_some(), PERMISSIONS)
            | flag(self.times.is_some(), ACMODTIME);
        writer.u32(flags);
        if let Some(size) = self.size {
            writer.u64(size);
        }
        if let Some(owner) = self.owner {
            writer.u32(owner.uid).u32(owner.gid);
        }
        if let Some(permissions) = self.permissions {
            writer.u32(permissions);
        }
        if let Some(times) = self.times {
            writer.u32(times.accessed).u32(times.modified);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_combination_is_read_as_it_was_written() {
        for bits in 0_u32..16 {
            let attributes = Attributes {
                size: (bits & 1 != 0).then_some(1 << 40),
                owner: (bits & 2 != 0).then_some(Owner { uid: 1000, gid: u32::MAX }),
                permissions: (bits & 4 != 0).then_some(0o100_644),
                times: (bits & 8 != 0).then_some(Times { accessed: 1, modified: u32::MAX }),
            };
            let mut bytes = Vec::new();
            attributes.write(&mut Writer::new(&mut bytes));
            let mut reader = Reader::new(&bytes);
            assert_eq!(Attributes::read(&mut reader), Ok(attributes));
            assert!(reader.is_empty());
            for len in 0..bytes.len() {
                assert!(Attributes::read(&mut Reader::new(&bytes[..len])).is_err());
            }
        }
    }

    #[test]
    fn extended_attributes_are_skipped_and_bounded_by_the_packet() {
        let mut bytes = Vec::new();
        Writer::new(&mut bytes).u32(EXTENDED | PERMISSIONS).u32(0o644);
        Writer::new(&mut bytes).u32(2).string("a").string("b").string("c").string("");
        let read = Attributes::read(&mut Reader::new(&bytes)).unwrap();
        assert_eq!(read, Attributes { permissions: Some(0o644), ..Attributes::default() });
        bytes[11] = 255; // more pairs than there are
        assert!(Attributes::read(&mut Reader::new(&bytes)).is_err());
    }
}
