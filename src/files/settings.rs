//! What the program decides of an SFTP session.

use std::path::PathBuf;

use crate::limits::{MAX_SFTP_DATA_LEN, MAX_SFTP_HANDLES};

/// What a session serves, and what it allows.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The directory that is the client's `/`.
    pub root: PathBuf,
    /// The client's working directory in it: where relative paths begin.
    pub cwd: Vec<u8>,
    /// What is done with symbolic links.
    pub symlinks: Symlinks,
    /// Operations that are allowed.
    pub allowed: Allowed,
    /// Permissions that new files and directories don't get, besides those of the process's umask.
    pub umask: u32,
    /// Whether the names of users and groups are looked up; else their numbers are shown.
    pub names: bool,
    /// Files and directories that may be open at once.
    pub max_handles: usize,
    /// The longest READ, in bytes; a longer one gets so much.
    pub max_read: usize,
    /// The longest WRITE that clients are told of, in bytes.
    pub max_write: usize,
    /// Resolves paths without openat2(2), as where the kernel lacks it.
    pub walks: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            root: PathBuf::from("/nonexistent"),
            cwd: b"/".to_vec(),
            symlinks: Symlinks::Inside,
            allowed: Allowed::ALL,
            umask: 0,
            names: true,
            max_handles: MAX_SFTP_HANDLES,
            max_read: MAX_SFTP_DATA_LEN,
            max_write: MAX_SFTP_DATA_LEN,
            walks: false,
        }
    }
}

/// What is done with symbolic links that a path leads through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Symlinks {
    /// They are followed within the root: `/` of an absolute one is the root, and nothing is above that.
    #[default]
    Inside,
    /// A path that leads through one is refused.
    Refuse,
}

/// A set of operations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowed(u16);

impl Allowed {
    /// Nothing.
    pub const NONE: Self = Self(0);
    /// Opening files to read them.
    pub const READ: Self = Self(1);
    /// Opening files to write, to create or to truncate them.
    pub const WRITE: Self = Self(1 << 1);
    /// Listing directories.
    pub const LIST: Self = Self(1 << 2);
    /// Changing length, permissions, owner and times.
    pub const SETSTAT: Self = Self(1 << 3);
    /// Removing files.
    pub const REMOVE: Self = Self(1 << 4);
    /// Renaming.
    pub const RENAME: Self = Self(1 << 5);
    /// Making directories.
    pub const MKDIR: Self = Self(1 << 6);
    /// Removing directories.
    pub const RMDIR: Self = Self(1 << 7);
    /// Making symbolic links.
    pub const SYMLINK: Self = Self(1 << 8);
    /// Making hard links.
    pub const LINK: Self = Self(1 << 9);
    /// Everything.
    pub const ALL: Self = Self((1 << 10) - 1);
    /// Nothing that changes anything.
    pub const READ_ONLY: Self = Self(Self::READ.0 | Self::LIST.0);

    /// Whether all of `wanted` is in it.
    pub fn has(self, wanted: Self) -> bool {
        self.0 & wanted.0 == wanted.0
    }

    /// What is in either.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Without `unwanted`.
    #[must_use]
    pub fn without(self, unwanted: Self) -> Self {
        Self(self.0 & !unwanted.0)
    }
}
