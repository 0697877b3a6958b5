//! One SFTP session over a directory: takes the requests in their order and appends the replies. A batch of
//! requests runs on one thread, and no two batches of a session at the same time.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use rustix::fs::Mode;

use super::errors::{Refusal, Result};
use super::handles::Handles;
use super::names::Names;
use super::root::Root;
use super::settings::{Allowed, Settings};
use super::write::write;
use crate::sftp::{Data, HandleId, Operation, Replies, Request, Status};

/// An SFTP session.
#[derive(Debug)]
pub struct Session {
    pub(super) root: Root,
    pub(super) settings: Arc<Settings>,
    pub(super) handles: Handles,
    pub(super) names: Names,
    /// Whether the client has asked for the limits, so that it takes replies of any length.
    pub(super) takes_large: bool,
    /// Set when nobody waits for the replies any more.
    pub(super) stops: Arc<AtomicBool>,
}

impl Session {
    /// Opens the root.
    ///
    /// # Errors
    ///
    /// The system's, when the root is no directory that can be opened.
    pub fn open(settings: Arc<Settings>, stops: Arc<AtomicBool>) -> std::io::Result<Self> {
        let root = Root::open(&settings.root, settings.symlinks, settings.walks)?;
        let handles = Handles::new(settings.max_handles);
        let names = Names::new(settings.names);
        Ok(Self { root, settings, handles, names, takes_large: false, stops })
    }

    /// Runs requests in their order, and appends a reply for each.
    pub fn run(&mut self, mut requests: VecDeque<Request>, replies: &mut Replies) {
        while let Some(Request { id, operation }) = requests.pop_front() {
            match operation {
                Err(status) => replies.status(id, status),
                Ok(Operation::Write { handle, offset, data }) => {
                    let run = Run::new(id, handle, offset, data).with_all(&mut requests);
                    self.write(&run, replies);
                }
                Ok(operation) => {
                    if let Err(refusal) = self.operate(id, operation, replies) {
                        refuse(id, refusal, replies);
                    }
                }
            }
        }
    }

    pub(super) fn write(&self, run: &Run, replies: &mut Replies) {
        let data: Vec<&Data> = run.writes.iter().map(|(_, data)| data).collect();
        match self.handles.file(run.handle) {
            Ok(file) => {
                let mut written = write(file, run.offset, &data);
                for (id, data) in &run.writes {
                    match written.take(data.len()) {
                        Ok(()) => replies.status(*id, Status::Ok),
                        Err(refusal) => refuse(*id, refusal, replies),
                    }
                }
            }
            Err(refusal) => run.writes.iter().for_each(|(id, _)| refuse(*id, refusal, replies)),
        }
    }

    pub(super) fn may(&self, wanted: Allowed) -> Result<()> {
        if self.settings.allowed.has(wanted) {
            Ok(())
        } else {
            Err(Status::PermissionDenied.into())
        }
    }

    pub(super) fn umask(&self) -> u32 {
        self.settings.umask
    }

    /// Whether nothing is open, so that its end needs no thread for files.
    pub fn is_idle(&self) -> bool {
        self.handles.is_empty()
    }
}

pub(super) fn refuse(id: u32, refusal: Refusal, replies: &mut Replies) {
    replies.status_with(id, refusal.status(), &refusal.text());
}

/// No permissions, where a call wants some for a file that it creates and it creates none.
pub(super) const NO_MODE: Mode = Mode::empty();

/// WRITEs of one file, each beginning where the one before ends.
pub(super) struct Run {
    handle: HandleId,
    offset: u64,
    len: u64,
    writes: Vec<(u32, Data)>,
}

impl Run {
    pub(super) fn new(id: u32, handle: HandleId, offset: u64, data: Data) -> Self {
        Self { handle, offset, len: data.len() as u64, writes: vec![(id, data)] }
    }

    /// Takes those that follow from the front of what is to be run next.
    pub(super) fn with_all(mut self, requests: &mut VecDeque<Request>) -> Self {
        while requests.front().is_some_and(|next| self.goes_on_with(next))
            && let Some(next) = requests.pop_front()
        {
            self.push(next);
        }
        self
    }

    fn goes_on_with(&self, request: &Request) -> bool {
        let Ok(Operation::Write { handle, offset, .. }) = &request.operation else {
            return false;
        };
        *handle == self.handle && self.offset.checked_add(self.len) == Some(*offset)
    }

    fn push(&mut self, request: Request) {
        if let Ok(Operation::Write { data, .. }) = request.operation {
            self.len = self.len.saturating_add(data.len() as u64);
            self.writes.push((request.id, data));
        }
    }
}
