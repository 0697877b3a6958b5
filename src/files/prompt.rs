//! Requests that are done at once, on the thread that serves the connection: those that cannot have to wait for
//! a disk, a network or another process. A wake-up of another thread costs more than what they do.
//!
//! Paths are resolved on the root's mount alone (RESOLVE_NO_XDEV), whose kind is known; on a disk only from the
//! system's cache (RESOLVE_CACHED), and read from there alone (RWF_NOWAIT). What is large even in memory is done
//! elsewhere as well, so that other connections get their turns.

use std::collections::VecDeque;
use std::io::IoSliceMut;

use rustix::fs::{OFlags, Statx, ftruncate};
use rustix::io::{Errno, ReadWriteFlags, pread, preadv2};

use super::attributes::{look, told};
use super::errors::{Refusal, Result};
use super::handles::File;
use super::operations::Opening;
use super::session::{Run, Session, refuse};
use super::storage::Storage;
use super::walk::Last;
use crate::limits::{MAX_SFTP_DATA_LEN, SFTP_PROMPT_FREE_LEN};
use crate::sftp::{Extended, HandleId, Open, Operation, Replies, Request, Status};

/// What came of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tried {
    Done,
    /// Nothing was done, as it may have to wait.
    MayWait,
}

impl Session {
    /// Runs requests from the front, up to the first that may have to wait, and appends a reply for each.
    pub fn run_promptly(&mut self, requests: &mut VecDeque<Request>, replies: &mut Replies) {
        while let Some(Request { id, operation }) = requests.pop_front() {
            let tried = match operation {
                Err(status) => Err(status.into()),
                Ok(Operation::Write { handle, offset, data }) => {
                    if self.is_in_memory(handle) {
                        let run = Run::new(id, handle, offset, data).with_all(requests);
                        self.write(&run, replies);
                        continue;
                    }
                    let operation = Ok(Operation::Write { handle, offset, data });
                    return requests.push_front(Request { id, operation });
                }
                Ok(operation) => match self.try_promptly(id, &operation, replies) {
                    Ok(Tried::MayWait) => {
                        return requests.push_front(Request { id, operation: Ok(operation) });
                    }
                    tried => tried,
                },
            };
            if let Err(refusal) = tried {
                refuse(id, refusal, replies);
            }
        }
    }

    fn is_in_memory(&self, handle: HandleId) -> bool {
        self.handles.file(handle).is_ok_and(|file| file.storage == Storage::Memory)
    }

    fn try_promptly(
        &mut self,
        id: u32,
        operation: &Operation,
        replies: &mut Replies,
    ) -> Result<Tried> {
        match operation {
            Operation::Read { handle, offset, len } => {
                self.read_promptly(id, *handle, Range { offset: *offset, len: *len }, replies)
            }
            Operation::Open(open) => self.open_promptly(id, open, replies),
            Operation::Close(handle) => self.close_promptly(id, *handle, replies),
            Operation::Stat(path) => self.tell_promptly(id, path, Last::Follow, replies),
            Operation::LStat(path) => self.tell_promptly(id, path, Last::Keep, replies),
            Operation::FStat(handle) => match self.handles.file(*handle) {
                Ok(file) if file.storage != Storage::Unknown => {
                    replies.attributes(id, &told(&look(&file.contents, b"")?));
                    Ok(Tried::Done)
                }
                Ok(_) | Err(_) => Ok(Tried::MayWait),
            },
            Operation::FSetStat(handle, to) if to.size.is_none() && self.is_in_memory(*handle) => {
                self.set_stat_open(*handle, to)?;
                replies.status(id, Status::Ok);
                Ok(Tried::Done)
            }
            Operation::Extended(Extended::Limits) => {
                self.tell_limits(id, replies);
                Ok(Tried::Done)
            }
            Operation::Write { .. }
            | Operation::SetStat(..)
            | Operation::FSetStat(..)
            | Operation::OpenDir(_)
            | Operation::ReadDir(_)
            | Operation::Remove(_)
            | Operation::MkDir(..)
            | Operation::RmDir(_)
            | Operation::RealPath(_)
            | Operation::Rename { .. }
            | Operation::ReadLink(_)
            | Operation::SymLink { .. }
            | Operation::Extended(_) => Ok(Tried::MayWait),
        }
    }

    fn tell_promptly(
        &self,
        id: u32,
        path: &[u8],
        last: Last,
        replies: &mut Replies,
    ) -> Result<Tried> {
        let Some(node) = self.root.node_promptly(&self.absolute(path), last)? else {
            return Ok(Tried::MayWait);
        };
        replies.attributes(id, &told(&look(&node, b"")?));
        Ok(Tried::Done)
    }

    fn open_promptly(&mut self, id: u32, open: &Open, replies: &mut Replies) -> Result<Tried> {
        let opening = self.opening(open)?;
        let storage = self.root.mount.storage;
        let has_to_write = open.create || open.truncate;
        if (has_to_write && storage != Storage::Memory) || (open.truncate && !opening.writes) {
            return Ok(Tried::MayWait);
        }
        let path = self.absolute(&open.path);
        let contents = if open.truncate {
            self.emptied(&path, open, &opening)?
        } else {
            self.root.contents_promptly(&path, opening.flags, opening.mode)?
        };
        let Some(contents) = contents else {
            return Ok(Tried::MayWait);
        };
        self.add_opened(id, contents, &opening, replies)?;
        Ok(Tried::Done)
    }

    /// Opens a file in memory, without its contents. Those of a large one take a while to be freed.
    fn emptied(
        &self,
        path: &[u8],
        open: &Open,
        opening: &Opening,
    ) -> Result<Option<std::os::fd::OwnedFd>> {
        let flags = opening.flags.difference(OFlags::TRUNC);
        if open.create {
            // Most files that are sent are new.
            match self.root.contents_promptly(path, flags | OFlags::EXCL, opening.mode) {
                Err(Refusal::System(Errno::EXIST)) if !open.exclusive => {}
                result => return result,
            }
        }
        let Some(contents) = self.root.contents_promptly(path, flags, opening.mode)? else {
            return Ok(None);
        };
        if !frees_little(&look(&contents, b"")?) {
            return Ok(None);
        }
        match ftruncate(&contents, 0) {
            // It is no file; what is told of that is not told here.
            Err(_) => Ok(None),
            Ok(()) => Ok(Some(contents)),
        }
    }

    fn close_promptly(
        &mut self,
        id: u32,
        handle: HandleId,
        replies: &mut Replies,
    ) -> Result<Tried> {
        let closes = match self.handles.file(handle) {
            Ok(file) => file.closes_promptly()?,
            Err(_) => false,
        };
        if !closes {
            return Ok(Tried::MayWait);
        }
        self.handles.close(handle)?;
        replies.status(id, Status::Ok);
        Ok(Tried::Done)
    }

    fn read_promptly(
        &self,
        id: u32,
        handle: HandleId,
        range: Range,
        replies: &mut Replies,
    ) -> Result<Tried> {
        let Ok(file) = self.handles.file(handle) else {
            return Ok(Tried::MayWait);
        };
        let Range { offset, len } = range;
        let most = (len as usize).min(self.settings.max_read).min(MAX_SFTP_DATA_LEN);
        if most == 0 {
            return Ok(Tried::MayWait);
        }
        let len = match file.storage {
            Storage::Unknown => return Ok(Tried::MayWait),
            Storage::Memory => {
                replies.data(id, most, |room| pread(&file.contents, room, offset))?
            }
            Storage::Disk(access) => {
                let of = look(&file.contents, b"")?;
                if !access.stands(&of) {
                    return Ok(Tried::MayWait);
                }
                let rest = of.stx_size.saturating_sub(offset);
                let read = replies.data(id, most, |room| {
                    let wanted = room.len();
                    let mut room = [IoSliceMut::new(room)];
                    let flags = ReadWriteFlags::NOWAIT;
                    match preadv2(&file.contents, &mut room, offset, flags)? {
                        // The rest is not in the cache.
                        len if len < wanted && (len as u64) < rest => Err(Errno::AGAIN),
                        len => Ok(len),
                    }
                });
                match read {
                    Err(Errno::AGAIN | Errno::INTR | Errno::OPNOTSUPP) => {
                        return Ok(Tried::MayWait);
                    }
                    read => read?,
                }
            }
        };
        if len == 0 {
            replies.status(id, Status::Eof);
        }
        Ok(Tried::Done)
    }
}

/// A part of a file.
#[derive(Debug, Clone, Copy)]
struct Range {
    offset: u64,
    len: u32,
}

impl File {
    /// Whether closing it has nothing to wait for: nothing was written to a disk, and a file without a name is
    /// not freed by that.
    fn closes_promptly(&self) -> Result<bool> {
        Ok(match self.storage {
            Storage::Memory => {
                let of = look(&self.contents, b"")?;
                of.stx_nlink > 0 || frees_little(&of)
            }
            Storage::Disk(_) if !self.writes => look(&self.contents, b"")?.stx_nlink > 0,
            Storage::Disk(_) | Storage::Unknown => false,
        })
    }
}

/// Whether little memory is freed with a file in memory.
fn frees_little(of: &Statx) -> bool {
    of.stx_size <= SFTP_PROMPT_FREE_LEN && of.stx_blocks <= SFTP_PROMPT_FREE_LEN / 512
}
