//! The numbers of SFTP's packets (draft-ietf-secsh-filexfer-02, section 3), handles, and what can be wrong with
//! a packet.

/// Begins a session; answered by [`VERSION`].
pub(super) const INIT: u8 = 1;
pub(super) const VERSION: u8 = 2;
pub(super) const OPEN: u8 = 3;
pub(super) const CLOSE: u8 = 4;
pub(super) const READ: u8 = 5;
pub(super) const WRITE: u8 = 6;
pub(super) const LSTAT: u8 = 7;
pub(super) const FSTAT: u8 = 8;
pub(super) const SETSTAT: u8 = 9;
pub(super) const FSETSTAT: u8 = 10;
pub(super) const OPENDIR: u8 = 11;
pub(super) const READDIR: u8 = 12;
pub(super) const REMOVE: u8 = 13;
pub(super) const MKDIR: u8 = 14;
pub(super) const RMDIR: u8 = 15;
pub(super) const REALPATH: u8 = 16;
pub(super) const STAT: u8 = 17;
pub(super) const RENAME: u8 = 18;
pub(super) const READLINK: u8 = 19;
pub(super) const SYMLINK: u8 = 20;
pub(super) const STATUS: u8 = 101;
pub(super) const HANDLE: u8 = 102;
pub(super) const DATA: u8 = 103;
pub(super) const NAME: u8 = 104;
pub(super) const ATTRS: u8 = 105;
pub(super) const EXTENDED: u8 = 200;
pub(super) const EXTENDED_REPLY: u8 = 201;

/// The number of an open file or directory, which is its handle's eight bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HandleId(pub u64);

/// Why nothing more of a session can be read: where the next packet begins is not known, or the client does
/// not speak SFTP. The session ends; the connection does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadPacket {
    /// Its length is 0, or more than is allowed.
    Length(u32),
    /// The first packet is not SSH_FXP_INIT.
    NotInit(u8),
    /// SSH_FXP_INIT has no version.
    NoVersion,
    /// It has no request id, so that no reply can be sent.
    NoId(u8),
}

impl std::fmt::Display for BadPacket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Length(len) => write!(f, "a packet of {len} bytes"),
            Self::NotInit(number) => write!(f, "packet {number} before SSH_FXP_INIT"),
            Self::NoVersion => f.write_str("SSH_FXP_INIT without a version"),
            Self::NoId(number) => write!(f, "packet {number} without a request id"),
        }
    }
}
