//! Attributes of files: from the system's `statx`, and back.

use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::{
    AtFlags, Gid, Mode, OFlags, Statx, StatxFlags, Timespec, Timestamps, Uid, chmodat, chownat,
    fchmod, fchown, ftruncate, futimens, statx, utimensat,
};
use rustix::io::Errno;

use super::errors::Result;
use super::root::{PROC, Root, in_proc};
use super::walk::Last;
use crate::sftp::{Attributes, Owner, Times};

/// What SETSTAT may set: not the set-user-ID and set-group-ID bits, with which a file server hands out rights.
const SETTABLE: u32 = 0o1777;
/// What a new file may have.
const CREATED: u32 = 0o777;

/// The attributes of what is open, or of a name in an open directory.
pub(super) fn look(of: impl AsFd, name: &[u8]) -> Result<Statx> {
    let how = AtFlags::EMPTY_PATH | AtFlags::SYMLINK_NOFOLLOW | AtFlags::STATX_DONT_SYNC;
    Ok(statx(of, name, how, StatxFlags::BASIC_STATS | StatxFlags::MNT_ID)?)
}

/// As a reply tells them. Version 3 has no room for times before 1970 and after 2106.
pub(super) fn told(of: &Statx) -> Attributes {
    let seconds = |time: i64| u32::try_from(time.max(0)).unwrap_or(u32::MAX);
    Attributes {
        size: Some(of.stx_size),
        owner: Some(Owner { uid: of.stx_uid, gid: of.stx_gid }),
        permissions: Some(of.stx_mode.into()),
        times: Some(Times {
            accessed: seconds(of.stx_atime.tv_sec),
            modified: seconds(of.stx_mtime.tv_sec),
        }),
    }
}

/// The permissions of something new.
pub(super) fn created(attributes: &Attributes, otherwise: u32, umask: u32) -> Mode {
    Mode::from_raw_mode(attributes.permissions.unwrap_or(otherwise) & CREATED & !umask)
}

fn permissions(raw: u32) -> Mode {
    Mode::from_raw_mode(raw & SETTABLE)
}

fn timestamps(times: Times) -> Timestamps {
    let time = |seconds: u32| Timespec { tv_sec: seconds.into(), tv_nsec: 0 };
    Timestamps { last_access: time(times.accessed), last_modification: time(times.modified) }
}

fn ids(owner: Owner) -> Owned {
    let Owner { uid, gid } = owner;
    // The system takes the highest number for "as it is", which is no number of a client.
    let (user, group) = (Uid::from_raw, Gid::from_raw);
    Owned {
        user: (uid != u32::MAX).then(|| user(uid)),
        group: (gid != u32::MAX).then(|| group(gid)),
    }
}

struct Owned {
    user: Option<Uid>,
    group: Option<Gid>,
}

/// Changes the attributes of an open file, all that can be; the error is the last one, as OpenSSH has it.
pub(super) fn change(file: &OwnedFd, to: &Attributes) -> Result<()> {
    let mut result = Ok(());
    if let Some(size) = to.size {
        result = ftruncate(file, size).or(Err(Errno::INVAL)).and(result);
    }
    if let Some(raw) = to.permissions {
        result = fchmod(file, permissions(raw)).and(result);
    }
    if let Some(times) = to.times {
        result = futimens(file, &timestamps(times)).and(result);
    }
    if let Some(owner) = to.owner {
        let Owned { user, group } = ids(owner);
        result = fchown(file, user, group).and(result);
    }
    Ok(result?)
}

/// Changes the attributes of a path; with `Last::Keep` those of a symbolic link itself.
pub(super) fn change_at(root: &Root, path: &[u8], last: Last, to: &Attributes) -> Result<()> {
    let node = root.node(path, last)?;
    let mut result = Ok(());
    if let Some(size) = to.size {
        result = truncate(root, path, last, size).and(result);
    }
    if let Some(raw) = to.permissions {
        let changed = chmodat(PROC, in_proc(&node), permissions(raw), AtFlags::empty());
        result = changed.map_err(Into::into).and(result);
    }
    if let Some(times) = to.times {
        let times = timestamps(times);
        let changed = match utimensat(&node, "", &times, AtFlags::EMPTY_PATH) {
            // Kernels before 5.8 take no empty path.
            Err(Errno::INVAL | Errno::NOENT) => {
                utimensat(PROC, in_proc(&node), &times, AtFlags::empty())
            }
            changed => changed,
        };
        result = changed.map_err(Into::into).and(result);
    }
    if let Some(owner) = to.owner {
        let Owned { user, group } = ids(owner);
        let changed = chownat(&node, "", user, group, AtFlags::EMPTY_PATH);
        result = changed.map_err(Into::into).and(result);
    }
    result
}

fn truncate(root: &Root, path: &[u8], last: Last, size: u64) -> Result<()> {
    if last == Last::Keep {
        return Err(Errno::OPNOTSUPP.into());
    }
    let flags = OFlags::WRONLY | OFlags::NONBLOCK | OFlags::NOCTTY;
    let file = root.contents(path, flags, Mode::empty())?;
    Ok(ftruncate(&file, size)?)
}
