//! What each request does to files.

use std::os::fd::OwnedFd;

use rustix::fs::{
    AtFlags, FileType, Mode, OFlags, RenameFlags, StatVfsMountFlags, fstatvfs, fsync, linkat,
    mkdirat, readlinkat, renameat, renameat_with, statat, symlinkat, unlinkat,
};
use rustix::io::{Errno, pread};

use super::attributes::{change, change_at, created, look, told};
use super::copy::{From, copy};
use super::errors::Result;
use super::handles::File;
use super::listing::Listing;
use super::paths::absolute;
use super::session::{NO_MODE, Session};
use super::settings::Allowed;
use super::walk::{Last, Place};
use crate::limits::{
    MAX_SFTP_DATA_LEN, MAX_SFTP_PACKET_LEN, SFTP_LARGE_LIST_LEN, SFTP_SMALL_LIST_LEN,
};
use crate::sftp::{
    Attributes, Extended, FileSystem, HandleId, Limits, Open, Operation, Replies, Status,
};

impl Session {
    pub(super) fn operate(
        &mut self,
        id: u32,
        operation: Operation,
        replies: &mut Replies,
    ) -> Result<()> {
        match operation {
            Operation::Read { handle, offset, len } => {
                return self.read(id, handle, offset, len, replies);
            }
            Operation::ReadDir(handle) => return self.read_directory(id, handle, replies),
            Operation::Open(open) => return self.open_file(id, &open, replies),
            Operation::OpenDir(path) => return self.open_directory(id, &path, replies),
            Operation::Stat(path) => return self.tell(id, &path, Last::Follow, replies),
            Operation::LStat(path) => return self.tell(id, &path, Last::Keep, replies),
            Operation::FStat(handle) => return self.tell_open(id, handle, replies),
            Operation::RealPath(path) => return self.real_path(id, &path, replies),
            Operation::ReadLink(path) => return self.read_link(id, &path, replies),
            Operation::Extended(extended) => return self.extended(id, extended, replies),
            Operation::Close(handle) => self.handles.close(handle),
            Operation::SetStat(path, to) => self.set_stat(&path, Last::Follow, &to),
            Operation::FSetStat(handle, to) => self.set_stat_open(handle, &to),
            Operation::Remove(path) => self.unlink(&path, Allowed::REMOVE, AtFlags::empty()),
            Operation::RmDir(path) => self.unlink(&path, Allowed::RMDIR, AtFlags::REMOVEDIR),
            Operation::MkDir(path, attributes) => self.make_directory(&path, &attributes),
            Operation::Rename { from, to } => self.rename(&from, &to),
            Operation::SymLink { target, link } => self.make_link(&target, &link),
            // They are run together with those that follow.
            Operation::Write { .. } => Err(Status::Failure.into()),
        }
        .map(|()| replies.status(id, Status::Ok))
    }

    fn extended(&mut self, id: u32, extended: Extended, replies: &mut Replies) -> Result<()> {
        match extended {
            Extended::StatVfs(path) => {
                let node = self.root.node(&self.absolute(&path), Last::Follow)?;
                return tell_file_system(id, &node, replies);
            }
            Extended::FStatVfs(handle) => {
                return tell_file_system(id, &self.handles.file(handle)?.contents, replies);
            }
            Extended::Limits => {
                self.tell_limits(id, replies);
                return Ok(());
            }
            Extended::ExpandPath(path) => return self.expand_path(id, &path, replies),
            Extended::HomeDirectory(_) => {
                replies.name(id, &self.settings.cwd);
                return Ok(());
            }
            Extended::UsersGroupsById { users, groups } => {
                self.tell_names(id, &users, &groups, replies);
                return Ok(());
            }
            Extended::PosixRename { from, to } => self.replace(&from, &to),
            Extended::HardLink { from, to } => self.hard_link(&from, &to),
            Extended::Fsync(handle) => Ok(fsync(&self.handles.file(handle)?.contents)?),
            Extended::LSetStat(path, to) => self.set_stat(&path, Last::Keep, &to),
            Extended::CopyData { from, from_offset, len, to, to_offset } => {
                let input = self.handles.file(from)?;
                let output = self.handles.file(to)?;
                let len = Some(len).filter(|len| *len > 0);
                let range = From { file: &input.contents, offset: from_offset, len };
                if from == to {
                    Err(Status::Failure.into())
                } else {
                    copy(&range, &output.contents, to_offset, &self.stops)
                }
            }
        }
        .map(|()| replies.status(id, Status::Ok))
    }

    pub(super) fn tell_limits(&mut self, id: u32, replies: &mut Replies) {
        self.takes_large = true;
        replies.limits(
            id,
            &Limits {
                packet_len: MAX_SFTP_PACKET_LEN as u64,
                read_len: self.settings.max_read as u64,
                write_len: self.settings.max_write as u64,
                handles: self.settings.max_handles as u64,
            },
        );
    }

    fn tell_names(&mut self, id: u32, users: &[u32], groups: &[u32], replies: &mut Replies) {
        let users: Vec<_> = users.iter().map(|uid| self.names.user(*uid).to_owned()).collect();
        let groups: Vec<_> = groups.iter().map(|gid| self.names.group(*gid).to_owned()).collect();
        replies.users_and_groups(id, &users, &groups);
    }

    /// A path that may begin with `~`, which is the working directory.
    fn expand_path(&self, id: u32, path: &[u8], replies: &mut Replies) -> Result<()> {
        match path.strip_prefix(b"~") {
            Some(rest @ (b"" | [b'/', ..])) => {
                self.real_path(id, &[&self.settings.cwd[..], rest].concat(), replies)
            }
            // The homes of other users are nothing that this server knows.
            Some(_) => Err(Errno::NOENT.into()),
            None => self.real_path(id, path, replies),
        }
    }

    fn set_stat(&self, path: &[u8], last: Last, to: &Attributes) -> Result<()> {
        self.may(Allowed::SETSTAT)?;
        change_at(&self.root, &self.absolute(path), last, to)
    }

    pub(super) fn set_stat_open(&self, handle: HandleId, to: &Attributes) -> Result<()> {
        self.may(Allowed::SETSTAT)?;
        change(&self.handles.file(handle)?.contents, to)
    }

    fn make_directory(&self, path: &[u8], attributes: &Attributes) -> Result<()> {
        self.may(Allowed::MKDIR)?;
        let Place { directory, name } = self.root.place(&self.absolute(path))?;
        Ok(mkdirat(&directory, &name[..], created(attributes, 0o777, self.umask()))?)
    }

    /// The target is kept as it is: where it leads is decided when it is followed.
    fn make_link(&self, target: &[u8], link: &[u8]) -> Result<()> {
        self.may(Allowed::SYMLINK)?;
        let Place { directory, name } = self.root.place(&self.absolute(link))?;
        Ok(symlinkat(target, &directory, &name[..])?)
    }

    fn read_link(&self, id: u32, path: &[u8], replies: &mut Replies) -> Result<()> {
        let Place { directory, name } = self.root.place(&self.absolute(path))?;
        let target = readlinkat(&directory, &name[..], Vec::new())?;
        replies.name(id, target.as_bytes());
        Ok(())
    }

    fn hard_link(&self, from: &[u8], to: &[u8]) -> Result<()> {
        self.may(Allowed::LINK)?;
        let from = self.root.place(&self.absolute(from))?;
        let to = self.root.place(&self.absolute(to))?;
        link(&from, &to)
    }

    /// Renames as POSIX does.
    fn replace(&self, from: &[u8], to: &[u8]) -> Result<()> {
        self.may(Allowed::RENAME)?;
        let from = self.root.place(&self.absolute(from))?;
        let to = self.root.place(&self.absolute(to))?;
        Ok(renameat(&from.directory, &from.name[..], &to.directory, &to.name[..])?)
    }

    pub(super) fn absolute(&self, path: &[u8]) -> Vec<u8> {
        absolute(&self.settings.cwd, path)
    }

    fn tell(&self, id: u32, path: &[u8], last: Last, replies: &mut Replies) -> Result<()> {
        let node = self.root.node(&self.absolute(path), last)?;
        replies.attributes(id, &told(&look(&node, b"")?));
        Ok(())
    }

    fn tell_open(&mut self, id: u32, handle: HandleId, replies: &mut Replies) -> Result<()> {
        let of = match self.handles.file(handle) {
            Ok(file) => look(&file.contents, b"")?,
            Err(_) => self.handles.directory(handle)?.attributes()?,
        };
        replies.attributes(id, &told(&of));
        Ok(())
    }

    /// The name of what a path leads to. As with OpenSSH, the last name need not exist.
    fn real_path(&self, id: u32, path: &[u8], replies: &mut Replies) -> Result<()> {
        let walk = self.root.walk(&self.absolute(path), Last::Follow)?;
        replies.name(id, &walk.path());
        Ok(())
    }

    fn open_file(&mut self, id: u32, open: &Open, replies: &mut Replies) -> Result<()> {
        let opening = self.opening(open)?;
        let path = self.absolute(&open.path);
        let contents = self.root.contents(&path, opening.flags, opening.mode)?;
        self.add_opened(id, contents, &opening, replies)
    }

    /// How a file is to be opened, if that is allowed.
    pub(super) fn opening(&self, open: &Open) -> Result<Opening> {
        self.handles.has_room()?;
        let changes = open.write || open.append || open.create || open.truncate;
        if changes {
            self.may(Allowed::WRITE)?;
        }
        let writes = open.write || open.append;
        if open.read || !writes {
            self.may(Allowed::READ)?;
        }
        let access = match (open.read, writes) {
            (true, true) => OFlags::RDWR,
            (false, true) => OFlags::WRONLY,
            (_, false) => OFlags::RDONLY,
        };
        let mut flags = access | OFlags::NONBLOCK | OFlags::NOCTTY;
        flags.set(OFlags::APPEND, open.append);
        flags.set(OFlags::CREATE, open.create);
        flags.set(OFlags::TRUNC, open.truncate);
        flags.set(OFlags::EXCL, open.exclusive && open.create);
        let mode =
            if open.create { created(&open.attributes, 0o666, self.umask()) } else { NO_MODE };
        Ok(Opening { flags, mode, appends: open.append, writes })
    }

    /// Gives the client a handle of what was opened, if that is a file.
    pub(super) fn add_opened(
        &mut self,
        id: u32,
        contents: OwnedFd,
        opening: &Opening,
        replies: &mut Replies,
    ) -> Result<()> {
        let of = look(&contents, b"")?;
        // A pipe would make a READ wait for ever, and a device is no business of a file server.
        match FileType::from_raw_mode(of.stx_mode.into()) {
            FileType::RegularFile => {}
            FileType::Directory => return Err(Errno::ISDIR.into()),
            FileType::Symlink
            | FileType::Fifo
            | FileType::Socket
            | FileType::CharacterDevice
            | FileType::BlockDevice
            | FileType::Unknown => return Err(Status::PermissionDenied.into()),
        }
        let Opening { appends, writes, .. } = *opening;
        let storage = self.root.mount.storage_of(&of);
        let file = File { contents, appends, writes, storage };
        replies.handle(id, self.handles.add_file(file));
        Ok(())
    }

    fn open_directory(&mut self, id: u32, path: &[u8], replies: &mut Replies) -> Result<()> {
        self.handles.has_room()?;
        self.may(Allowed::LIST)?;
        let path = self.absolute(path);
        let is_root = self.root.walk(&path, Last::Follow)?.path() == b"/";
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NONBLOCK;
        let directory = self.root.contents(&path, flags, NO_MODE)?;
        replies.handle(id, self.handles.add_directory(Listing::new(directory, is_root)?));
        Ok(())
    }

    fn read(
        &self,
        id: u32,
        handle: HandleId,
        offset: u64,
        len: u32,
        replies: &mut Replies,
    ) -> Result<()> {
        let file = self.handles.file(handle)?;
        let most = (len as usize).min(self.settings.max_read).min(MAX_SFTP_DATA_LEN);
        let len = replies.data(id, most, |room| pread(&file.contents, room, offset))?;
        if len == 0 && most > 0 {
            replies.status(id, Status::Eof);
        } else if len == 0 {
            return Err(Errno::INVAL.into());
        }
        Ok(())
    }

    fn read_directory(&mut self, id: u32, handle: HandleId, replies: &mut Replies) -> Result<()> {
        let most = if self.takes_large { SFTP_LARGE_LIST_LEN } else { SFTP_SMALL_LIST_LEN };
        let listing = self.handles.directory(handle)?;
        if !listing.read(id, most, &mut self.names, replies)? {
            replies.status(id, Status::Eof);
        }
        Ok(())
    }

    fn unlink(&self, path: &[u8], wanted: Allowed, flags: AtFlags) -> Result<()> {
        self.may(wanted)?;
        let Place { directory, name } = self.root.place(&self.absolute(path))?;
        Ok(unlinkat(&directory, &name[..], flags)?)
    }

    /// RENAME of version 3 fails if something has the new name already.
    fn rename(&self, from: &[u8], to: &[u8]) -> Result<()> {
        self.may(Allowed::RENAME)?;
        let from = self.root.place(&self.absolute(from))?;
        let to = self.root.place(&self.absolute(to))?;
        let (old, new) = (&from.name[..], &to.name[..]);
        let flags = RenameFlags::NOREPLACE;
        match renameat_with(&from.directory, old, &to.directory, new, flags) {
            // The file system does not know the flag: a link fails if the name is taken.
            Err(Errno::INVAL | Errno::NOSYS) => {}
            result => return Ok(result?),
        }
        let of = statat(&from.directory, old, AtFlags::SYMLINK_NOFOLLOW)?;
        if FileType::from_raw_mode(of.st_mode) == FileType::Directory {
            // One directory replaces another only if that is empty.
            if statat(&to.directory, new, AtFlags::SYMLINK_NOFOLLOW).is_ok() {
                return Err(Errno::EXIST.into());
            }
            return Ok(renameat(&from.directory, old, &to.directory, new)?);
        }
        link(&from, &to)?;
        Ok(unlinkat(&from.directory, old, AtFlags::empty())?)
    }
}

/// How a file is opened.
#[derive(Debug)]
pub(super) struct Opening {
    pub(super) flags: OFlags,
    pub(super) mode: Mode,
    pub(super) appends: bool,
    pub(super) writes: bool,
}

/// Another name for a file; a symbolic link is not followed.
fn link(from: &Place, to: &Place) -> Result<()> {
    let (old, new) = (&from.name[..], &to.name[..]);
    Ok(linkat(&from.directory, old, &to.directory, new, AtFlags::empty())?)
}

fn tell_file_system(id: u32, file: &OwnedFd, replies: &mut Replies) -> Result<()> {
    let of = fstatvfs(file)?;
    replies.file_system(
        id,
        &FileSystem {
            block_len: of.f_bsize,
            fragment_len: of.f_frsize,
            blocks: of.f_blocks,
            blocks_free: of.f_bfree,
            blocks_available: of.f_bavail,
            files: of.f_files,
            files_free: of.f_ffree,
            files_available: of.f_favail,
            id: of.f_fsid,
            is_read_only: of.f_flag.contains(StatVfsMountFlags::RDONLY),
            is_nosuid: of.f_flag.contains(StatVfsMountFlags::NOSUID),
            max_name_len: of.f_namemax,
        },
    );
    Ok(())
}
