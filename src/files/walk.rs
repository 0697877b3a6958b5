//! Resolves a path below a root one name at a time, without openat2(2). No link is followed by the kernel: each
//! name is opened with O_NOFOLLOW in the directory before it, and what a link says is walked in turn. `..` is
//! opened and compared with the directory that was left: one that others have moved elsewhere leads nowhere.
//!
//! It is also how a session learns the name of what a path leads to, as the kernel would tell the path outside
//! of the root.

use std::os::fd::OwnedFd;

use rustix::fs::{AtFlags, FileType, Mode, OFlags, StatxFlags, openat, readlinkat, statx};
use rustix::io::Errno;

use super::errors::Result;
use super::paths::components;
use super::settings::Symlinks;
use crate::limits::{MAX_SFTP_PATH_LEN, MAX_SYMLINKS};

/// What is done when the last name of a path is a symbolic link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Last {
    Follow,
    Keep,
}

/// A directory and the name of an entry in it, which may not exist.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) directory: OwnedFd,
    pub(super) name: Vec<u8>,
}

/// A directory on the way from the root, which has no name itself.
#[derive(Debug)]
struct Step {
    name: Vec<u8>,
    /// Device and inode of the directory that the name was opened in.
    left: Identity,
}

/// Device and inode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Identity {
    major: u32,
    minor: u32,
    inode: u64,
}

/// What a name is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Directory,
    Link,
    Other,
}

/// A way from the root.
#[derive(Debug)]
pub(super) struct Walk {
    root: OwnedFd,
    symlinks: Symlinks,
    steps: Vec<Step>,
    here: OwnedFd,
    here_is: Identity,
    links: usize,
    /// What the last name is, unless that is a directory that was walked into.
    last: Option<Found>,
}

/// The last name of a path.
#[derive(Debug)]
struct Found {
    name: Vec<u8>,
    /// `None` if nothing has the name.
    node: Option<OwnedFd>,
}

const PATH: OFlags = OFlags::PATH.union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

impl Walk {
    pub(super) fn new(root: &OwnedFd, symlinks: Symlinks) -> Result<Self> {
        let root = openat(root, ".", PATH, Mode::empty())?;
        let here = openat(&root, ".", PATH, Mode::empty())?;
        let (_, here_is) = look(&here)?;
        Ok(Self { root, symlinks, steps: Vec::new(), here, here_is, links: 0, last: None })
    }

    /// Goes the whole path. Its last name need not exist.
    pub(super) fn to(mut self, path: &[u8], last: Last) -> Result<Self> {
        let ends_in_directory = path.ends_with(b"/") || path.ends_with(b"/.");
        // The names that are left, the next one last.
        let mut names: Vec<Vec<u8>> = components(path).rev().map(<[u8]>::to_vec).collect();
        while let Some(name) = names.pop() {
            let is_last = names.is_empty();
            if name == b".." {
                self.up()?;
                continue;
            }
            let node = match openat(&self.here, &name[..], PATH, Mode::empty()) {
                Ok(node) => node,
                Err(Errno::NOENT) if is_last => {
                    self.last = Some(Found { name, node: None });
                    return Ok(self);
                }
                Err(error) => return Err(error.into()),
            };
            let (kind, identity) = look(&node)?;
            match kind {
                Kind::Directory => {
                    self.steps.push(Step { name, left: self.here_is });
                    (self.here, self.here_is) = (node, identity);
                }
                Kind::Link if !is_last || last == Last::Follow || ends_in_directory => {
                    let target = self.read(&node)?;
                    names.extend(components(&target).rev().map(<[u8]>::to_vec));
                }
                Kind::Link | Kind::Other if is_last => {
                    if ends_in_directory {
                        return Err(Errno::NOTDIR.into());
                    }
                    self.last = Some(Found { name, node: Some(node) });
                }
                Kind::Link | Kind::Other => return Err(Errno::NOTDIR.into()),
            }
        }
        Ok(self)
    }

    /// What a link says. If that begins at `/`, so does the rest of the walk.
    fn read(&mut self, link: &OwnedFd) -> Result<Vec<u8>> {
        self.links = self.links.saturating_add(1);
        if self.links > MAX_SYMLINKS || self.symlinks == Symlinks::Refuse {
            return Err(Errno::LOOP.into());
        }
        let target = readlinkat(link, "", Vec::new())?.into_bytes();
        if target.len() > MAX_SFTP_PATH_LEN {
            return Err(Errno::NAMETOOLONG.into());
        }
        if target.starts_with(b"/") {
            self.steps.clear();
            self.here = openat(&self.root, ".", PATH, Mode::empty())?;
            (_, self.here_is) = look(&self.here)?;
        }
        Ok(target)
    }

    /// `..`: nothing is above the root.
    fn up(&mut self) -> Result<()> {
        let Some(step) = self.steps.pop() else {
            return Ok(());
        };
        let above = openat(&self.here, "..", PATH | OFlags::DIRECTORY, Mode::empty())?;
        let (_, identity) = look(&above)?;
        if identity != step.left {
            return Err(Errno::XDEV.into());
        }
        (self.here, self.here_is) = (above, identity);
        Ok(())
    }

    /// Where it led, as a client may see it.
    pub(super) fn path(&self) -> Vec<u8> {
        let last = self.last.iter().map(|found| &found.name);
        let mut path = Vec::new();
        for name in self.steps.iter().map(|step| &step.name).chain(last) {
            path.push(b'/');
            path.extend_from_slice(name);
        }
        if path.is_empty() { b"/".to_vec() } else { path }
    }

    /// What it led to.
    pub(super) fn into_node(self) -> Result<OwnedFd> {
        match self.last {
            Some(found) => Ok(found.node.ok_or(Errno::NOENT)?),
            None => Ok(self.here),
        }
    }

    /// The directory that it led to, and the last name in it: empty if that is a directory itself.
    pub(super) fn into_place(self) -> Place {
        let name = self.last.map(|found| found.name).unwrap_or_default();
        Place { directory: self.here, name }
    }
}

fn look(node: &OwnedFd) -> Result<(Kind, Identity)> {
    let of = statx(node, "", AtFlags::EMPTY_PATH, StatxFlags::TYPE | StatxFlags::INO)?;
    let kind = match FileType::from_raw_mode(of.stx_mode.into()) {
        FileType::Directory => Kind::Directory,
        FileType::Symlink => Kind::Link,
        FileType::RegularFile
        | FileType::Fifo
        | FileType::Socket
        | FileType::CharacterDevice
        | FileType::BlockDevice
        | FileType::Unknown => Kind::Other,
    };
    let (major, minor, inode) = (of.stx_dev_major, of.stx_dev_minor, of.stx_ino);
    Ok((kind, Identity { major, minor, inode }))
}
