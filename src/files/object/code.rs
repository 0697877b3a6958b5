//! The status for each error code of Node: the groups are those of OpenSSH's sftp-server, as for directories.

use crate::sftp::Status;

/// What a reply says of an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) status: Status,
    pub(super) text: &'static str,
}

/// What a code means. The text is never the program's own, which names its paths.
pub(super) fn said(code: &str) -> Said {
    let (status, text) = match code {
        "ENOENT" => (Status::NoSuchFile, "No such file or directory"),
        "ENOTDIR" => (Status::NoSuchFile, "Not a directory"),
        "EBADF" => (Status::NoSuchFile, "Bad file descriptor"),
        "ELOOP" => (Status::NoSuchFile, "Too many levels of symbolic links"),
        "EPERM" => (Status::PermissionDenied, "Operation not permitted"),
        "EACCES" => (Status::PermissionDenied, "Permission denied"),
        "EROFS" => (Status::PermissionDenied, "Read-only file system"),
        "ENOSYS" | "ENOTSUP" | "EOPNOTSUPP" => (Status::Unsupported, "Operation unsupported"),
        "EEXIST" => (Status::Failure, "File exists"),
        "EISDIR" => (Status::Failure, "Is a directory"),
        "ENOTEMPTY" => (Status::Failure, "Directory not empty"),
        "ENOSPC" => (Status::Failure, "No space left on device"),
        "EDQUOT" => (Status::Failure, "Disk quota exceeded"),
        "EFBIG" => (Status::Failure, "File too large"),
        "ENAMETOOLONG" => (Status::Failure, "File name too long"),
        "EINVAL" => (Status::Failure, "Invalid argument"),
        "EXDEV" => (Status::Failure, "Invalid cross-device link"),
        "EBUSY" => (Status::Failure, "Device or resource busy"),
        "EIO" => (Status::Failure, "Input/output error"),
        "EOF" => (Status::Eof, "End of file"),
        _ => (Status::Failure, "Failure"),
    };
    Said { status, text }
}
