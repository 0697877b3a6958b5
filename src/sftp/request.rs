//! The requests of version 3 (draft-ietf-secsh-filexfer-02, sections 6 and 8), decoded. The client may be
//! wrong about anything in them; what is not in its packet is BAD_MESSAGE for this request alone.

use bytes::Bytes;

use super::attributes::Attributes;
use super::data::Data;
use super::extension::Extended;
use super::intake::Packet;
use super::packet::{self, BadPacket, HandleId};
use super::status::Status;
use crate::error::InvalidMessage;
use crate::limits::{MAX_SFTP_IDS, MAX_SFTP_PATH_LEN};
use crate::wire::Reader;

/// A request and the id that its reply has.
#[derive(Debug)]
pub struct Request {
    /// The client's number of it.
    pub id: u32,
    /// What it asks for, or the status that it is refused with.
    pub operation: Result<Operation, Status>,
}

/// What a request asks for. Paths are bytes: what is not UTF-8 is a name as well.
#[derive(Debug)]
pub enum Operation {
    /// SSH_FXP_OPEN
    Open(Open),
    /// SSH_FXP_CLOSE
    Close(HandleId),
    /// SSH_FXP_READ
    Read {
        /// The open file.
        handle: HandleId,
        /// Where reading begins.
        offset: u64,
        /// How much at most.
        len: u32,
    },
    /// SSH_FXP_WRITE
    Write {
        /// The open file.
        handle: HandleId,
        /// Where writing begins.
        offset: u64,
        /// What is written.
        data: Data,
    },
    /// SSH_FXP_LSTAT
    LStat(Bytes),
    /// SSH_FXP_FSTAT
    FStat(HandleId),
    /// SSH_FXP_SETSTAT
    SetStat(Bytes, Attributes),
    /// SSH_FXP_FSETSTAT
    FSetStat(HandleId, Attributes),
    /// SSH_FXP_OPENDIR
    OpenDir(Bytes),
    /// SSH_FXP_READDIR
    ReadDir(HandleId),
    /// SSH_FXP_REMOVE
    Remove(Bytes),
    /// SSH_FXP_MKDIR
    MkDir(Bytes, Attributes),
    /// SSH_FXP_RMDIR
    RmDir(Bytes),
    /// SSH_FXP_REALPATH
    RealPath(Bytes),
    /// SSH_FXP_STAT
    Stat(Bytes),
    /// SSH_FXP_RENAME: never replaces.
    Rename {
        /// The old name.
        from: Bytes,
        /// The new name.
        to: Bytes,
    },
    /// SSH_FXP_READLINK
    ReadLink(Bytes),
    /// SSH_FXP_SYMLINK
    SymLink {
        /// What the link says.
        target: Bytes,
        /// Where the link is made.
        link: Bytes,
    },
    /// SSH_FXP_EXTENDED
    Extended(Extended),
}

/// SSH_FXP_OPEN
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "the flags of the packet, one by one")]
pub struct Open {
    /// The file.
    pub path: Bytes,
    /// SSH_FXF_READ
    pub read: bool,
    /// SSH_FXF_WRITE
    pub write: bool,
    /// SSH_FXF_APPEND: every write goes to the end, whatever its offset is.
    pub append: bool,
    /// SSH_FXF_CREAT
    pub create: bool,
    /// SSH_FXF_TRUNC
    pub truncate: bool,
    /// SSH_FXF_EXCL
    pub exclusive: bool,
    /// Attributes of a file that is created.
    pub attributes: Attributes,
}

impl Packet {
    /// The version of an SSH_FXP_INIT. Its extensions are the business of nobody.
    pub fn init(&self) -> Result<u32, BadPacket> {
        if self.number() != packet::INIT {
            return Err(BadPacket::NotInit(self.number()));
        }
        let version = self.head.get(1..5).and_then(|bytes| bytes.try_into().ok());
        version.map(u32::from_be_bytes).ok_or(BadPacket::NoVersion)
    }

    /// Decodes a request.
    pub fn request(self) -> Result<Request, BadPacket> {
        let number = self.number();
        let mut fields = Fields {
            reader: Reader::new(self.head.get(1..).unwrap_or_default()),
            head: &self.head,
        };
        let id = fields.reader.u32().map_err(|_| BadPacket::NoId(number))?;
        Ok(Request { id, operation: fields.operation(number, &self.rest) })
    }
}

/// The fields of a request.
struct Fields<'p> {
    reader: Reader<'p>,
    head: &'p Bytes,
}

impl From<InvalidMessage> for Status {
    fn from(_: InvalidMessage) -> Self {
        Self::BadMessage
    }
}

impl Fields<'_> {
    fn operation(&mut self, number: u8, rest: &Data) -> Result<Operation, Status> {
        Ok(match number {
            packet::OPEN => Operation::Open(self.open()?),
            packet::CLOSE => Operation::Close(self.handle()?),
            packet::READ => Operation::Read {
                handle: self.handle()?,
                offset: self.reader.u64()?,
                len: self.reader.u32()?,
            },
            packet::WRITE => self.write(rest)?,
            packet::LSTAT => Operation::LStat(self.path()?),
            packet::FSTAT => Operation::FStat(self.handle()?),
            packet::SETSTAT => Operation::SetStat(self.path()?, self.attributes()?),
            packet::FSETSTAT => Operation::FSetStat(self.handle()?, self.attributes()?),
            packet::OPENDIR => Operation::OpenDir(self.path()?),
            packet::READDIR => Operation::ReadDir(self.handle()?),
            packet::REMOVE => Operation::Remove(self.path()?),
            packet::MKDIR => Operation::MkDir(self.path()?, self.attributes()?),
            packet::RMDIR => Operation::RmDir(self.path()?),
            packet::REALPATH => Operation::RealPath(self.path()?),
            packet::STAT => Operation::Stat(self.path()?),
            packet::RENAME => Operation::Rename { from: self.path()?, to: self.path()? },
            packet::READLINK => Operation::ReadLink(self.path()?),
            // OpenSSH's PROTOCOL, section 4.1: the draft has them the other way round, and everybody
            // followed OpenSSH
            packet::SYMLINK => Operation::SymLink { target: self.path()?, link: self.path()? },
            packet::EXTENDED => Operation::Extended(self.extended()?),
            _ => return Err(Status::Unsupported),
        })
    }

    fn open(&mut self) -> Result<Open, Status> {
        let path = self.path()?;
        let flags = self.reader.u32()?;
        let has = |flag| flags & flag != 0;
        Ok(Open {
            path,
            read: has(0x01),
            write: has(0x02),
            append: has(0x04),
            create: has(0x08),
            truncate: has(0x10),
            exclusive: has(0x20),
            attributes: self.attributes()?,
        })
    }

    fn write(&mut self, rest: &Data) -> Result<Operation, Status> {
        let (handle, offset) = (self.handle()?, self.reader.u64()?);
        let len = self.reader.u32()? as usize;
        if !self.reader.is_empty() || len != rest.len() {
            return Err(Status::BadMessage);
        }
        Ok(Operation::Write { handle, offset, data: rest.clone() })
    }

    fn extended(&mut self) -> Result<Extended, Status> {
        let name = self.reader.string()?;
        Ok(match name {
            b"posix-rename@openssh.com" => {
                Extended::PosixRename { from: self.path()?, to: self.path()? }
            }
            b"statvfs@openssh.com" => Extended::StatVfs(self.path()?),
            b"fstatvfs@openssh.com" => Extended::FStatVfs(self.handle()?),
            b"hardlink@openssh.com" => Extended::HardLink { from: self.path()?, to: self.path()? },
            b"fsync@openssh.com" => Extended::Fsync(self.handle()?),
            b"lsetstat@openssh.com" => Extended::LSetStat(self.path()?, self.attributes()?),
            b"limits@openssh.com" => Extended::Limits,
            b"expand-path@openssh.com" => Extended::ExpandPath(self.path()?),
            b"copy-data" => Extended::CopyData {
                from: self.handle()?,
                from_offset: self.reader.u64()?,
                len: self.reader.u64()?,
                to: self.handle()?,
                to_offset: self.reader.u64()?,
            },
            b"home-directory" => Extended::HomeDirectory(self.path()?),
            b"users-groups-by-id@openssh.com" => {
                Extended::UsersGroupsById { users: self.ids()?, groups: self.ids()? }
            }
            _ => return Err(Status::Unsupported),
        })
    }

    fn attributes(&mut self) -> Result<Attributes, Status> {
        Ok(Attributes::read(&mut self.reader)?)
    }

    /// A path. One with a zero byte names nothing, as the system's calls would see only its beginning.
    fn path(&mut self) -> Result<Bytes, Status> {
        let path = self.reader.string()?;
        if path.contains(&0) || path.len() > MAX_SFTP_PATH_LEN {
            return Err(Status::NoSuchFile);
        }
        Ok(self.head.slice_ref(path))
    }

    /// A handle. One that this server did not give is no handle, and not a malformed packet.
    fn handle(&mut self) -> Result<HandleId, Status> {
        let handle = self.reader.string()?;
        let number = handle.try_into().map_err(|_| Status::Failure)?;
        Ok(HandleId(u64::from_be_bytes(number)))
    }

    /// `string` of `uint32`s
    fn ids(&mut self) -> Result<Vec<u32>, Status> {
        let (ids, rest) = self.reader.string()?.as_chunks::<4>();
        if !rest.is_empty() || ids.len() > MAX_SFTP_IDS {
            return Err(Status::BadMessage);
        }
        Ok(ids.iter().map(|id| u32::from_be_bytes(*id)).collect())
    }
}

#[cfg(test)]
mod tests;
