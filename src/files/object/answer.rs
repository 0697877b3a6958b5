//! What the program answers to a call.

use crate::sftp::{Attributes, FileSystem};

/// The answer to one call. What the call does not ask for is ignored, and what it does and is not there is a
/// failure.
#[derive(Debug, Clone, Default)]
pub struct Answer<'d> {
    /// Node's code of the error, as `ENOENT`.
    pub error: Option<String>,
    /// What is told, if the call has not failed.
    pub told: Told<'d>,
}

/// What a call tells.
#[derive(Debug, Clone, Default)]
pub enum Told<'d> {
    /// That it is done.
    #[default]
    Nothing,
    /// What was read; at the end of the file nothing.
    Read(&'d [u8]),
    /// A path.
    Name(Vec<u8>),
    /// Attributes.
    Attributes(Attributes),
    /// Entries of a directory.
    Entries(Vec<Entry>),
    /// The file system.
    FileSystem(FileSystem),
}

/// An entry of a directory.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Its name.
    pub name: Vec<u8>,
    /// How many names the file has.
    pub links: u64,
    /// What is told of it.
    pub attributes: Attributes,
}
