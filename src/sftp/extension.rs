//! The extensions that SSH_FXP_VERSION names: all of OpenSSH's sftp-server (its PROTOCOL file, sections 4.3 to
//! 4.9, and draft-ietf-secsh-filexfer-extensions-00 for copy-data and home-directory).

use bytes::Bytes;

use super::attributes::Attributes;
use super::packet::HandleId;

/// Name and version of each.
pub const EXTENSIONS: &[(&str, &str)] = &[
    ("posix-rename@openssh.com", "1"),
    ("statvfs@openssh.com", "2"),
    ("fstatvfs@openssh.com", "2"),
    ("hardlink@openssh.com", "1"),
    ("fsync@openssh.com", "1"),
    ("lsetstat@openssh.com", "1"),
    ("limits@openssh.com", "1"),
    ("expand-path@openssh.com", "1"),
    ("copy-data", "1"),
    ("home-directory", "1"),
    ("users-groups-by-id@openssh.com", "1"),
];

/// What an SSH_FXP_EXTENDED asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Extended {
    /// Renames and replaces what has the new name, as POSIX rename(2) does.
    PosixRename {
        /// The old name.
        from: Bytes,
        /// The new name.
        to: Bytes,
    },
    /// The file system that a path lies on.
    StatVfs(Bytes),
    /// The file system of an open file.
    FStatVfs(HandleId),
    /// Another name for a file.
    HardLink {
        /// The name that the file has.
        from: Bytes,
        /// The new name.
        to: Bytes,
    },
    /// Waits until what was written is on the disk.
    Fsync(HandleId),
    /// As SETSTAT, of a symbolic link itself.
    LSetStat(Bytes, Attributes),
    /// The lengths and the number of handles that the server allows.
    Limits,
    /// The absolute form of a path that may begin with `~`.
    ExpandPath(Bytes),
    /// Copies within the server.
    CopyData {
        /// The handle that is read.
        from: HandleId,
        /// Where reading begins.
        from_offset: u64,
        /// How much is copied; 0 means up to the end.
        len: u64,
        /// The handle that is written.
        to: HandleId,
        /// Where writing begins.
        to_offset: u64,
    },
    /// The home directory of a user.
    HomeDirectory(Bytes),
    /// The names of users and groups.
    UsersGroupsById {
        /// Numbers of users.
        users: Vec<u32>,
        /// Numbers of groups.
        groups: Vec<u32>,
    },
}
