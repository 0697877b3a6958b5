//! What a session has open.

use std::collections::HashMap;
use std::os::fd::OwnedFd;

use super::errors::Result;
use super::listing::Listing;
use super::storage::Storage;
use crate::sftp::{HandleId, Status};

/// An open file.
#[derive(Debug)]
pub(super) struct File {
    pub(super) contents: OwnedFd,
    /// Every write goes to the end, whatever its offset is.
    pub(super) appends: bool,
    /// Whether it is open for writing.
    pub(super) writes: bool,
    /// Where it lies.
    pub(super) storage: Storage,
}

#[derive(Debug)]
enum Handle {
    File(File),
    Directory(Box<Listing>),
}

/// The open files and directories of a session. A number is never given twice.
#[derive(Debug)]
pub(super) struct Handles {
    open: HashMap<HandleId, Handle>,
    next: u64,
    most: usize,
}

impl Handles {
    pub(super) fn new(most: usize) -> Self {
        Self { open: HashMap::new(), next: 0, most }
    }

    /// Refuses one more than is allowed; to be asked before anything is opened or created.
    pub(super) fn has_room(&self) -> Result<()> {
        if self.open.len() < self.most { Ok(()) } else { Err(Status::Failure.into()) }
    }

    pub(super) fn add_file(&mut self, file: File) -> HandleId {
        self.add(Handle::File(file))
    }

    pub(super) fn add_directory(&mut self, listing: Listing) -> HandleId {
        self.add(Handle::Directory(Box::new(listing)))
    }

    fn add(&mut self, handle: Handle) -> HandleId {
        let id = HandleId(self.next);
        self.next = self.next.saturating_add(1);
        self.open.insert(id, handle);
        id
    }

    pub(super) fn file(&self, id: HandleId) -> Result<&File> {
        match self.open.get(&id) {
            Some(Handle::File(file)) => Ok(file),
            Some(Handle::Directory(_)) | None => Err(Status::Failure.into()),
        }
    }

    pub(super) fn directory(&mut self, id: HandleId) -> Result<&mut Listing> {
        match self.open.get_mut(&id) {
            Some(Handle::Directory(listing)) => Ok(listing),
            Some(Handle::File(_)) | None => Err(Status::Failure.into()),
        }
    }

    /// Closes one.
    pub(super) fn close(&mut self, id: HandleId) -> Result<()> {
        match self.open.remove(&id) {
            Some(_) => Ok(()),
            None => Err(Status::Failure.into()),
        }
    }

    /// Whether nothing is open.
    pub(super) fn is_empty(&self) -> bool {
        self.open.is_empty()
    }
}
