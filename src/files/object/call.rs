//! What the program is asked to do with its object.

use bytes::Bytes;

use crate::sftp::{Attributes, Data, HandleId};

/// What is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are those of the requests")]
pub enum Method {
    Open,
    Close,
    Read,
    Write,
    Stat,
    LStat,
    FStat,
    SetStat,
    LSetStat,
    FSetStat,
    OpenDir,
    ReadDir,
    Remove,
    MkDir,
    RmDir,
    RealPath,
    Rename,
    PosixRename,
    ReadLink,
    SymLink,
    HardLink,
    Fsync,
    StatVfs,
    FStatVfs,
    CopyData,
}

impl Method {
    /// The name that the program knows it by.
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Close => "close",
            Self::Read => "read",
            Self::Write => "write",
            Self::Stat => "stat",
            Self::LStat => "lstat",
            Self::FStat => "fstat",
            Self::SetStat => "setstat",
            Self::LSetStat => "lsetstat",
            Self::FSetStat => "fsetstat",
            Self::OpenDir => "opendir",
            Self::ReadDir => "readdir",
            Self::Remove => "remove",
            Self::MkDir => "mkdir",
            Self::RmDir => "rmdir",
            Self::RealPath => "realpath",
            Self::Rename => "rename",
            Self::PosixRename => "posixRename",
            Self::ReadLink => "readlink",
            Self::SymLink => "symlink",
            Self::HardLink => "hardlink",
            Self::Fsync => "fsync",
            Self::StatVfs => "statvfs",
            Self::FStatVfs => "fstatvfs",
            Self::CopyData => "copyData",
        }
    }
}

/// One call. What a method has no use for is empty.
#[derive(Debug, Clone)]
pub struct Call {
    /// What is called.
    pub method: Method,
    /// An absolute path without `.` and `..`; the target of a symbolic link as the client wrote it.
    pub path: Vec<u8>,
    /// The other path of those with two.
    pub to: Vec<u8>,
    /// The handle; of OPEN and OPENDIR the one that the file gets.
    pub handle: HandleId,
    /// The handle that `copyData` writes.
    pub other: HandleId,
    /// Where it reads or writes.
    pub offset: u64,
    /// Where `copyData` writes.
    pub to_offset: u64,
    /// How much it reads.
    pub len: u64,
    /// SSH_FXF_* of an OPEN.
    pub flags: u32,
    /// The attributes to set; of OPEN and MKDIR the permissions of what is created.
    pub attributes: Attributes,
    /// What is written.
    pub data: Data,
}

impl Call {
    pub(super) fn new(method: Method) -> Self {
        Self {
            method,
            path: Vec::new(),
            to: Vec::new(),
            handle: HandleId(0),
            other: HandleId(0),
            offset: 0,
            to_offset: 0,
            len: 0,
            flags: 0,
            attributes: Attributes::default(),
            data: Data::default(),
        }
    }

    pub(super) fn of_path(method: Method, path: Vec<u8>) -> Self {
        Self { path, ..Self::new(method) }
    }

    pub(super) fn of_paths(method: Method, path: Vec<u8>, to: Vec<u8>) -> Self {
        Self { path, to, ..Self::new(method) }
    }

    pub(super) fn of_handle(method: Method, handle: HandleId) -> Self {
        Self { handle, ..Self::new(method) }
    }
}

/// The absolute form of a client's path without `.` and `..`: nothing is above `/`. The object decides what its
/// symbolic links mean, so `..` leads to where the path came from.
pub(super) fn resolved(cwd: &[u8], path: &Bytes) -> Vec<u8> {
    let begin = if path.starts_with(b"/") { &b""[..] } else { cwd };
    let mut names: Vec<&[u8]> = Vec::new();
    for name in [begin, path].into_iter().flat_map(|part| part.split(|byte| *byte == b'/')) {
        match name {
            b"" | b"." => {}
            b".." => drop(names.pop()),
            name => names.push(name),
        }
    }
    let mut whole = Vec::new();
    for name in names {
        whole.push(b'/');
        whole.extend_from_slice(name);
    }
    if whole.is_empty() { b"/".to_vec() } else { whole }
}
