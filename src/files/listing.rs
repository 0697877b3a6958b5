//! A directory that is being listed.

use std::os::fd::OwnedFd;
use std::time::{SystemTime, UNIX_EPOCH};

use rustix::fs::{Dir, Statx};
use rustix::io::Errno;

use super::attributes::{look, told};
use super::errors::Result;
use super::names::Names;
use crate::sftp::Replies;
use crate::sftp::longname::{self, Shown};

/// A directory that is being listed.
#[derive(Debug)]
pub(super) struct Listing {
    entries: Dir,
    /// Whether it is the root, which has nothing above it.
    is_root: bool,
}

impl Listing {
    pub(super) fn new(directory: OwnedFd, is_root: bool) -> Result<Self> {
        Ok(Self { entries: Dir::new(directory)?, is_root })
    }

    /// Replies with the next entries, about `most` bytes of them; `false` at the end.
    pub(super) fn read(
        &mut self,
        id: u32,
        most: usize,
        names: &mut Names,
        replies: &mut Replies,
    ) -> Result<bool> {
        let mut list = replies.names(id, most);
        let mut line = Vec::new();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        while list.len() < most {
            let Some(entry) = self.entries.read() else {
                break;
            };
            let entry = entry?;
            let name = entry.file_name().to_bytes();
            let shown = if self.is_root && name == b".." { &b"."[..] } else { name };
            match look(self.entries.fd()?, shown) {
                Ok(of) => {
                    write_line(&mut line, name, &of, names, now);
                    list.push(name, &line, &told(&of));
                }
                // It is gone since.
                Err(_) if name != b"." => {}
                Err(error) => return Err(error),
            }
        }
        let has_some = !list.is_empty();
        if has_some {
            list.finish();
        }
        Ok(has_some)
    }

    /// The directory, for its attributes.
    pub(super) fn attributes(&self) -> Result<Statx> {
        look(self.entries.fd().map_err(|_| Errno::BADF)?, b"")
    }
}

/// Writes the line of `ls -l`.
pub(super) fn write_line(line: &mut Vec<u8>, name: &[u8], of: &Statx, names: &mut Names, now: u64) {
    let [user, group] = names.both(of.stx_uid, of.stx_gid);
    let shown = Shown { name, links: of.stx_nlink.into(), user, group };
    longname::write_line(line, &shown, &told(of), now);
}
