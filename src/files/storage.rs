//! Where files lie, as far as it matters for whether a call may have to wait: a hung disk or network must never
//! stop a thread that serves connections.

use std::os::fd::OwnedFd;
use std::time::{SystemTime, UNIX_EPOCH};

use rustix::fs::{
    AtFlags, StatFs, StatVfsMountFlags, Statx, StatxFlags, StatxTimestamp, fstatfs, fstatvfs, statx,
};

/// Linux's linux/magic.h
const TMPFS: u64 = 0x0102_1994;
const RAMFS: u64 = 0x8584_58f6;
/// Those that take RWF_NOWAIT, and whose attributes are in memory while a file is open.
const EXT4: u64 = 0xef53;
const XFS: u64 = 0x5846_5342;
const BTRFS: u64 = 0x9123_683e;

/// How long the time of a file's last access stands before a read changes it again (Linux's relatime).
const ACCESS_STANDS: i64 = 24 * 60 * 60;

/// Where files lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Storage {
    /// In memory: no call waits.
    Memory,
    /// On a disk of this machine. What is in the system's cache is there without waiting.
    Disk(Access),
    /// Anywhere: on a network, with another process.
    Unknown,
}

/// When a read writes the time of the last access: a write may wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    Never,
    /// When it is older than a change of the file, or than a day.
    Relative,
}

/// A mount, and what it is of.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mount {
    /// `None` if the system has no numbers for mounts (before Linux 5.8).
    id: Option<u64>,
    pub(super) storage: Storage,
}

impl Mount {
    /// The mount that a directory is on. May wait.
    pub(super) fn of(directory: &OwnedFd) -> Self {
        let id = statx(directory, "", AtFlags::EMPTY_PATH, StatxFlags::MNT_ID).ok();
        Self { id: id.as_ref().and_then(mount_id), storage: storage(directory) }
    }

    /// Where a file lies that was looked at with [`StatxFlags::MNT_ID`].
    pub(super) fn storage_of(&self, file: &Statx) -> Storage {
        if self.id.is_some() && self.id == mount_id(file) { self.storage } else { Storage::Unknown }
    }
}

fn mount_id(of: &Statx) -> Option<u64> {
    (of.stx_mask & StatxFlags::MNT_ID.bits() != 0).then_some(of.stx_mnt_id)
}

fn storage(directory: &OwnedFd) -> Storage {
    let (Ok(StatFs { f_type, .. }), Ok(mount)) = (fstatfs(directory), fstatvfs(directory)) else {
        return Storage::Unknown;
    };
    let has = |flag| mount.f_flag.contains(flag);
    match u64::try_from(f_type) {
        Ok(TMPFS | RAMFS) => Storage::Memory,
        Ok(EXT4 | XFS | BTRFS) => {
            if has(StatVfsMountFlags::NOATIME) || has(StatVfsMountFlags::RDONLY) {
                Storage::Disk(Access::Never)
            } else if has(StatVfsMountFlags::RELATIME) {
                Storage::Disk(Access::Relative)
            } else {
                Storage::Unknown
            }
        }
        _ => Storage::Unknown,
    }
}

impl Access {
    /// Whether a read of a file changes nothing.
    pub(super) fn stands(self, file: &Statx) -> bool {
        let is_before = |one: &StatxTimestamp, other: &StatxTimestamp| {
            (one.tv_sec, one.tv_nsec) < (other.tv_sec, other.tv_nsec)
        };
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let now = i64::try_from(now).unwrap_or(i64::MAX);
        self == Self::Never
            || (is_before(&file.stx_mtime, &file.stx_atime)
                && is_before(&file.stx_ctime, &file.stx_atime)
                && now.saturating_sub(file.stx_atime.tv_sec) < ACCESS_STANDS)
    }
}
