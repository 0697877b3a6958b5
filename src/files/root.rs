//! The root of a session, and the three ways in: to a file's node, to its contents, and to the directory that
//! has an entry. All resolve the path below the root, in the kernel by openat2(2) with RESOLVE_IN_ROOT or, where
//! that is missing or forbidden, by `walk.rs`.

use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{CWD, Mode, OFlags, ResolveFlags, open, openat, openat2};
use rustix::io::Errno;

use super::errors::Result;
use super::paths::entry;
use super::settings::Symlinks;
use super::storage::{Mount, Storage};
use super::walk::{Last, Place, Walk};
use crate::limits::MAX_RESOLUTIONS;

/// The directory that is a session's `/`.
#[derive(Debug)]
pub(super) struct Root {
    directory: OwnedFd,
    symlinks: Symlinks,
    /// `None` if paths are walked.
    resolve: Option<ResolveFlags>,
    /// What it is mounted from.
    pub(super) mount: Mount,
}

impl Root {
    pub(super) fn open(path: &Path, symlinks: Symlinks, walks: bool) -> std::io::Result<Self> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let directory = open(path, flags, Mode::empty())?;
        let links = match symlinks {
            Symlinks::Inside => ResolveFlags::NO_MAGICLINKS,
            Symlinks::Refuse => ResolveFlags::NO_SYMLINKS,
        };
        let resolve = ResolveFlags::IN_ROOT | links;
        // Kernels before 5.6 lack it, and sandboxes forbid it: gVisor, old lists of seccomp.
        let works = openat2(&directory, ".", flags, Mode::empty(), resolve).is_ok();
        let mount = Mount::of(&directory);
        Ok(Self { directory, symlinks, resolve: (works && !walks).then_some(resolve), mount })
    }

    /// The walk through a path.
    pub(super) fn walk(&self, path: &[u8], last: Last) -> Result<Walk> {
        Walk::new(&self.directory, self.symlinks)?.to(path, last)
    }

    /// The node of a path, for its attributes: nothing is opened.
    pub(super) fn node(&self, path: &[u8], last: Last) -> Result<OwnedFd> {
        let Some(resolve) = self.resolve else {
            return self.walk(path, last)?.into_node();
        };
        let follow = match last {
            Last::Follow => OFlags::empty(),
            Last::Keep => OFlags::NOFOLLOW,
        };
        // A link that is not followed leads nowhere: only those on the way to it are refused.
        self.resolve(path, OFlags::PATH | follow, Mode::empty(), resolve)
    }

    /// Opens a file or directory.
    pub(super) fn contents(&self, path: &[u8], flags: OFlags, mode: Mode) -> Result<OwnedFd> {
        if let Some(resolve) = self.resolve {
            return self.resolve(path, flags, mode, resolve);
        }
        // What exclusively is to be created must not be a link either.
        let last = if flags.contains(OFlags::EXCL) { Last::Keep } else { Last::Follow };
        let Place { directory, name } = self.walk(path, last)?.into_place();
        let flags = flags | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let name = if name.is_empty() { b".".to_vec() } else { name };
        Ok(openat(directory, name, flags, mode)?)
    }

    /// As [`Self::node`], if that need not wait.
    pub(super) fn node_promptly(&self, path: &[u8], last: Last) -> Result<Option<OwnedFd>> {
        let follow = match last {
            Last::Follow => OFlags::empty(),
            Last::Keep => OFlags::NOFOLLOW,
        };
        self.contents_promptly(path, OFlags::PATH | follow, Mode::empty())
    }

    /// As [`Self::contents`], if that need not wait. What is created must be in memory. A path through links may
    /// take a millisecond (40 of them, each 4 KiB long), so a thread for files follows it.
    pub(super) fn contents_promptly(
        &self,
        path: &[u8],
        flags: OFlags,
        mode: Mode,
    ) -> Result<Option<OwnedFd>> {
        let cached = match self.mount.storage {
            Storage::Memory => ResolveFlags::empty(),
            Storage::Disk(_) => ResolveFlags::CACHED,
            Storage::Unknown => return Ok(None),
        };
        let Some(resolve) = self.resolve else {
            return Ok(None);
        };
        let path = if path.is_empty() { b"/" } else { path };
        let kept_to = ResolveFlags::NO_XDEV | ResolveFlags::NO_SYMLINKS | cached;
        let (flags, resolve) = (flags | OFlags::CLOEXEC, resolve | kept_to);
        match openat2(&self.directory, path, flags, mode, resolve) {
            // Not in the cache, on another mount, or through a link. Kernels before 5.12 know no
            // RESOLVE_CACHED.
            Err(Errno::AGAIN | Errno::INTR | Errno::XDEV | Errno::INVAL | Errno::LOOP) => Ok(None),
            result => Ok(Some(result?)),
        }
    }

    /// The directory of an entry that is to be made, removed or renamed.
    pub(super) fn place(&self, path: &[u8]) -> Result<Place> {
        let entry = entry(path)?;
        let directory = self.node(entry.directory, Last::Follow)?;
        Ok(Place { directory, name: entry.name.to_vec() })
    }

    fn resolve(
        &self,
        path: &[u8],
        flags: OFlags,
        mode: Mode,
        resolve: ResolveFlags,
    ) -> Result<OwnedFd> {
        let path = if path.is_empty() { b"/" } else { path };
        let flags = flags | OFlags::CLOEXEC;
        for _ in 0..MAX_RESOLUTIONS {
            match openat2(&self.directory, path, flags, mode, resolve) {
                Err(Errno::AGAIN | Errno::INTR) => {}
                result => return Ok(result?),
            }
        }
        Err(Errno::AGAIN.into())
    }
}

/// A path of the process itself, which has nothing to do with a session's root: what a descriptor is called
/// in /proc. For the calls that take no descriptor without contents.
pub(super) fn in_proc(descriptor: &OwnedFd) -> String {
    use std::os::fd::AsRawFd;
    format!("/proc/self/fd/{}", descriptor.as_raw_fd())
}

/// The place that paths of [`in_proc`] are relative to.
pub(super) const PROC: rustix::fd::BorrowedFd<'static> = CWD;
