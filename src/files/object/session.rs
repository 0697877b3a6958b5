//! One SFTP session over an object of the program: makes calls of a batch of requests, and replies of the answers.
//! No two batches of a session are with the program at the same time.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;

use super::answer::{Answer, Entry, Told};
use super::call::{Call, Method, resolved};
use super::code::said;
use crate::files::{Allowed, Settings};
use crate::limits::{MAX_SFTP_DATA_LEN, MAX_SFTP_PACKET_LEN, SFTP_LARGE_LIST_LEN};
use crate::sftp::longname::{Shown, write_line};
use crate::sftp::{
    Attributes, Extended, HandleId, Limits, Open, Operation, Replies, Request, Status,
};

/// What SETSTAT may set: as of a directory.
const SETTABLE: u32 = 0o1777;
/// What a new file may have.
const CREATED: u32 = 0o777;

/// An SFTP session over an object of the program.
#[derive(Debug)]
pub struct ObjectSession {
    settings: Arc<Settings>,
    /// Methods that the object lacks, and with them extensions.
    lacks: Vec<&'static str>,
    /// A number is never given twice. A file that is being opened has one already.
    handles: HashMap<HandleId, Kind>,
    next: u64,
    /// What the program was asked, in the order of the calls.
    asked: Vec<Asked>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    File,
    Directory,
}

/// A request that waits for the program.
#[derive(Debug, Clone, Copy)]
struct Asked {
    id: u32,
    wants: Wants,
}

#[derive(Debug, Clone, Copy)]
enum Wants {
    Status,
    Handle(HandleId),
    Data { most: usize },
    Name,
    Attributes,
    Entries,
    FileSystem,
}

/// A call and what its reply is made of.
struct Step {
    call: Call,
    wants: Wants,
}

type Result<T> = std::result::Result<T, Status>;

impl ObjectSession {
    /// A session of an object that lacks what some `extensions` of the protocol need.
    pub fn new(settings: Arc<Settings>, lacks: Vec<&'static str>) -> Self {
        Self { settings, lacks, handles: HashMap::new(), next: 0, asked: Vec::new() }
    }

    /// SSH_FXP_VERSION with the extensions that the object can do.
    pub fn version(&self, replies: &mut Replies) {
        // The names of users are the system's, which the files of an object are not.
        let lacks = |name: &str| name.starts_with("users-groups") || self.lacks.contains(&name);
        replies.version(|name| !lacks(name));
    }

    /// Replies to what needs no program, and makes calls of the rest.
    pub fn prepare(&mut self, requests: VecDeque<Request>, replies: &mut Replies) -> Vec<Call> {
        let mut calls = Vec::new();
        self.asked.clear();
        for Request { id, operation } in requests {
            match operation.and_then(|operation| self.step(id, operation, replies)) {
                Ok(Some(Step { call, wants })) => {
                    calls.push(call);
                    self.asked.push(Asked { id, wants });
                }
                Ok(None) => {}
                Err(status) => replies.status(id, status),
            }
        }
        calls
    }

    /// Appends the replies to the calls of [`Self::prepare`]. A call without an answer has failed.
    pub fn answer(&mut self, answers: Vec<Answer<'_>>, replies: &mut Replies) {
        let mut answers = answers.into_iter();
        for Asked { id, wants } in std::mem::take(&mut self.asked) {
            let result = match answers.next() {
                Some(Answer { error: Some(code), .. }) => {
                    let said = said(&code);
                    replies.status_with(id, said.status, said.text);
                    Err(None)
                }
                Some(Answer { error: None, told }) => reply(id, wants, told, replies).map_err(Some),
                None => Err(Some(Status::Failure)),
            };
            let Err(refusal) = result else { continue };
            if let Some(status) = refusal {
                replies.status(id, status);
            }
            if let Wants::Handle(handle) = wants {
                self.handles.remove(&handle);
            }
        }
    }

    fn may(&self, wanted: Allowed) -> Result<()> {
        if self.settings.allowed.has(wanted) { Ok(()) } else { Err(Status::PermissionDenied) }
    }

    fn path(&self, path: &Bytes) -> Vec<u8> {
        resolved(&self.settings.cwd, path)
    }

    /// A path of something that is made, removed or renamed, which the root can't be.
    fn entry(&self, path: &Bytes) -> Result<Vec<u8>> {
        Some(self.path(path)).filter(|path| path != b"/").ok_or(Status::Failure)
    }

    fn add(&mut self, kind: Kind) -> Result<HandleId> {
        if self.handles.len() >= self.settings.max_handles {
            return Err(Status::Failure);
        }
        let handle = HandleId(self.next);
        self.next = self.next.saturating_add(1);
        self.handles.insert(handle, kind);
        Ok(handle)
    }

    fn has(&self, handle: HandleId, kind: Kind) -> Result<HandleId> {
        let is_it = self.handles.get(&handle) == Some(&kind);
        is_it.then_some(handle).ok_or(Status::Failure)
    }

    fn created(&self, attributes: &Attributes, otherwise: u32) -> Attributes {
        let mode = attributes.permissions.unwrap_or(otherwise) & CREATED & !self.settings.umask;
        Attributes { permissions: Some(mode), ..Attributes::default() }
    }

    /// What is asked of the program for a request; `None` if it is answered already.
    fn step(
        &mut self,
        id: u32,
        operation: Operation,
        replies: &mut Replies,
    ) -> Result<Option<Step>> {
        use Method as M;
        let (call, wants) = match operation {
            Operation::Open(open) => return self.open(&open).map(Some),
            Operation::OpenDir(path) => return self.open_directory(&path).map(Some),
            Operation::Extended(extended) => return self.extended(id, extended, replies),
            Operation::Read { handle, offset, len } => {
                let most = (len as usize).min(self.settings.max_read).min(MAX_SFTP_DATA_LEN);
                if most == 0 {
                    return Err(Status::Failure);
                }
                let handle = self.has(handle, Kind::File)?;
                let call = Call { offset, len: most as u64, ..Call::of_handle(M::Read, handle) };
                return Ok(Some(Step { call, wants: Wants::Data { most } }));
            }
            Operation::Write { handle, offset, data } => {
                let handle = self.has(handle, Kind::File)?;
                (Call { offset, data, ..Call::of_handle(M::Write, handle) }, Wants::Status)
            }
            Operation::Close(handle) => {
                self.handles.remove(&handle).ok_or(Status::Failure)?;
                (Call::of_handle(M::Close, handle), Wants::Status)
            }
            Operation::Stat(path) => (Call::of_path(M::Stat, self.path(&path)), Wants::Attributes),
            Operation::LStat(path) => {
                (Call::of_path(M::LStat, self.path(&path)), Wants::Attributes)
            }
            Operation::FStat(handle) => {
                self.handles.get(&handle).ok_or(Status::Failure)?;
                (Call::of_handle(M::FStat, handle), Wants::Attributes)
            }
            Operation::SetStat(path, to) => (self.set(M::SetStat, &path, &to)?, Wants::Status),
            Operation::FSetStat(handle, to) => {
                self.may(Allowed::SETSTAT)?;
                let handle = self.has(handle, Kind::File)?;
                let attributes = settable(&to);
                (Call { attributes, ..Call::of_handle(M::FSetStat, handle) }, Wants::Status)
            }
            Operation::ReadDir(handle) => {
                let handle = self.has(handle, Kind::Directory)?;
                (Call::of_handle(M::ReadDir, handle), Wants::Entries)
            }
            Operation::RealPath(path) => {
                (Call::of_path(M::RealPath, self.path(&path)), Wants::Name)
            }
            Operation::ReadLink(path) => {
                (Call::of_path(M::ReadLink, self.path(&path)), Wants::Name)
            }
            operation @ (Operation::Remove(_)
            | Operation::MkDir(..)
            | Operation::RmDir(_)
            | Operation::Rename { .. }
            | Operation::SymLink { .. }) => (self.change(operation)?, Wants::Status),
        };
        Ok(Some(Step { call, wants }))
    }

    /// The requests that change the tree and tell nothing.
    fn change(&self, operation: Operation) -> Result<Call> {
        Ok(match operation {
            Operation::Remove(path) => {
                self.may(Allowed::REMOVE)?;
                Call::of_path(Method::Remove, self.entry(&path)?)
            }
            Operation::RmDir(path) => {
                self.may(Allowed::RMDIR)?;
                Call::of_path(Method::RmDir, self.entry(&path)?)
            }
            Operation::MkDir(path, attributes) => {
                self.may(Allowed::MKDIR)?;
                let attributes = self.created(&attributes, 0o777);
                Call { attributes, ..Call::of_path(Method::MkDir, self.entry(&path)?) }
            }
            Operation::Rename { from, to } => {
                self.pair(Method::Rename, Allowed::RENAME, &from, &to)?
            }
            Operation::SymLink { target, link } => {
                self.may(Allowed::SYMLINK)?;
                Call::of_paths(Method::SymLink, target.to_vec(), self.entry(&link)?)
            }
            Operation::Open(_)
            | Operation::Close(_)
            | Operation::Read { .. }
            | Operation::Write { .. }
            | Operation::LStat(_)
            | Operation::FStat(_)
            | Operation::SetStat(..)
            | Operation::FSetStat(..)
            | Operation::OpenDir(_)
            | Operation::ReadDir(_)
            | Operation::RealPath(_)
            | Operation::Stat(_)
            | Operation::ReadLink(_)
            | Operation::Extended(_) => return Err(Status::Unsupported),
        })
    }

    fn pair(&self, method: Method, wanted: Allowed, from: &Bytes, to: &Bytes) -> Result<Call> {
        self.may(wanted)?;
        Ok(Call::of_paths(method, self.entry(from)?, self.entry(to)?))
    }

    fn set(&self, method: Method, path: &Bytes, to: &Attributes) -> Result<Call> {
        self.may(Allowed::SETSTAT)?;
        Ok(Call { attributes: settable(to), ..Call::of_path(method, self.path(path)) })
    }

    fn open(&mut self, open: &Open) -> Result<Step> {
        if open.write || open.append || open.create || open.truncate {
            self.may(Allowed::WRITE)?;
        }
        if open.read || !(open.write || open.append) {
            self.may(Allowed::READ)?;
        }
        let flag = |is_set, flag| if is_set { flag } else { 0 };
        let flags = flag(open.read, 0x01)
            | flag(open.write, 0x02)
            | flag(open.append, 0x04)
            | flag(open.create, 0x08)
            | flag(open.truncate, 0x10)
            | flag(open.exclusive, 0x20);
        let handle = self.add(Kind::File)?;
        let attributes = self.created(&open.attributes, 0o666);
        let path = self.path(&open.path);
        let call = Call { path, flags, attributes, ..Call::of_handle(Method::Open, handle) };
        Ok(Step { call, wants: Wants::Handle(handle) })
    }

    fn open_directory(&mut self, path: &Bytes) -> Result<Step> {
        self.may(Allowed::LIST)?;
        let handle = self.add(Kind::Directory)?;
        let call = Call { path: self.path(path), ..Call::of_handle(Method::OpenDir, handle) };
        Ok(Step { call, wants: Wants::Handle(handle) })
    }

    fn extended(&self, id: u32, extended: Extended, replies: &mut Replies) -> Result<Option<Step>> {
        let (call, wants) = match extended {
            Extended::Limits => {
                self.tell_limits(id, replies);
                return Ok(None);
            }
            Extended::HomeDirectory(_) => {
                replies.name(id, &self.settings.cwd);
                return Ok(None);
            }
            Extended::UsersGroupsById { .. } => return Err(Status::Unsupported),
            Extended::ExpandPath(path) => {
                (Call::of_path(Method::RealPath, self.expanded(path)?), Wants::Name)
            }
            Extended::StatVfs(path) => {
                (Call::of_path(Method::StatVfs, self.path(&path)), Wants::FileSystem)
            }
            Extended::FStatVfs(handle) => {
                self.handles.get(&handle).ok_or(Status::Failure)?;
                (Call::of_handle(Method::FStatVfs, handle), Wants::FileSystem)
            }
            Extended::PosixRename { from, to } => {
                let call = self.pair(Method::PosixRename, Allowed::RENAME, &from, &to)?;
                (call, Wants::Status)
            }
            Extended::HardLink { from, to } => {
                (self.pair(Method::HardLink, Allowed::LINK, &from, &to)?, Wants::Status)
            }
            Extended::Fsync(handle) => {
                (Call::of_handle(Method::Fsync, self.has(handle, Kind::File)?), Wants::Status)
            }
            Extended::LSetStat(path, to) => {
                (self.set(Method::LSetStat, &path, &to)?, Wants::Status)
            }
            Extended::CopyData { from, from_offset, len, to, to_offset } => {
                let from = self.has(from, Kind::File)?;
                let other = self
                    .has(to, Kind::File)
                    .and_then(|to| if to == from { Err(Status::Failure) } else { Ok(to) })?;
                let call = Call::of_handle(Method::CopyData, from);
                (Call { other, offset: from_offset, to_offset, len, ..call }, Wants::Status)
            }
        };
        Ok(Some(Step { call, wants }))
    }

    /// A path that may begin with `~`, which is the working directory.
    fn expanded(&self, path: Bytes) -> Result<Vec<u8>> {
        let rest = match path.strip_prefix(b"~") {
            Some(rest @ (b"" | [b'/', ..])) => rest,
            Some(_) => return Err(Status::NoSuchFile),
            None => return Ok(self.path(&path)),
        };
        Ok(self.path(&[&self.settings.cwd[..], rest].concat().into()))
    }

    fn tell_limits(&self, id: u32, replies: &mut Replies) {
        let Settings { max_read, max_write, max_handles, .. } = *self.settings;
        let limits = Limits {
            packet_len: MAX_SFTP_PACKET_LEN as u64,
            read_len: max_read as u64,
            write_len: max_write as u64,
            handles: max_handles as u64,
        };
        replies.limits(id, &limits);
    }
}

/// What may be set of attributes: not the bits with which a file server hands out rights.
fn settable(to: &Attributes) -> Attributes {
    Attributes { permissions: to.permissions.map(|mode| mode & SETTABLE), ..*to }
}

/// Replies with what the program tells, if that is what the request wants.
fn reply(id: u32, wants: Wants, told: Told<'_>, replies: &mut Replies) -> Result<()> {
    match (wants, told) {
        (Wants::Status, _) => replies.status(id, Status::Ok),
        (Wants::Handle(handle), _) => replies.handle(id, handle),
        (Wants::Data { most }, Told::Read(data)) => {
            let data = data.get(..most).unwrap_or(data);
            if data.is_empty() {
                return Err(Status::Eof);
            }
            replies.data(id, data.len(), |room| {
                room.copy_from_slice(data);
                Ok::<_, Status>(data.len())
            })?;
        }
        (Wants::Name, Told::Name(name)) if name.len() <= SFTP_LARGE_LIST_LEN / 4 => {
            replies.name(id, &name);
        }
        (Wants::Attributes, Told::Attributes(attributes)) => replies.attributes(id, &attributes),
        (Wants::FileSystem, Told::FileSystem(of)) => replies.file_system(id, &of),
        (Wants::Entries, Told::Entries(entries)) => return list(id, &entries, replies),
        _ => return Err(Status::Failure),
    }
    Ok(())
}

/// Replies with entries; without any that is the end of the directory.
fn list(id: u32, entries: &[Entry], replies: &mut Replies) -> Result<()> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let mut names = replies.names(id, 0);
    let mut line = Vec::new();
    for Entry { name, links, attributes } in entries {
        let shown = Shown { name, links: *links, user: "", group: "" };
        write_line(&mut line, &shown, attributes, now);
        names.push(name, &line, attributes);
        // The program gives few at a time; more than a packet holds is its fault.
        if names.len() > SFTP_LARGE_LIST_LEN {
            return Err(Status::Failure);
        }
    }
    if names.is_empty() {
        return Err(Status::Eof);
    }
    names.finish();
    Ok(())
}
