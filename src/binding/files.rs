//! SFTP sessions that the addon serves itself: what the program says about one.

use std::path::PathBuf;
use std::sync::Arc;

use napi_derive::napi;

use super::errors::{Failure, shown};
use super::server::{NativeServer, ticket};
use crate::files::{Allowed, Settings, Symlinks};

/// What a session serves.
#[napi(object)]
pub struct FilesOptions {
    /// The directory that is the client's `/`.
    pub root: String,
    /// The client's working directory in it.
    pub cwd: String,
    /// The operations that are allowed, by the names of `ALLOWED`.
    pub allow: Vec<String>,
    /// Permissions that new files don't get.
    pub umask: u32,
    /// Whether symbolic links are followed.
    pub follow_links: bool,
    /// Whether names of users and groups are looked up.
    pub names: bool,
    /// Files and directories that may be open at once.
    pub open_handles: u32,
    /// The longest READ and WRITE, in bytes.
    pub read_length: u32,
    pub write_length: u32,
}

/// The operations of `SftpOptions.allow`.
const ALLOWED: &[(&str, Allowed)] = &[
    ("read", Allowed::READ),
    ("write", Allowed::WRITE),
    ("list", Allowed::LIST),
    ("setstat", Allowed::SETSTAT),
    ("remove", Allowed::REMOVE),
    ("rename", Allowed::RENAME),
    ("mkdir", Allowed::MKDIR),
    ("rmdir", Allowed::RMDIR),
    ("symlink", Allowed::SYMLINK),
    ("link", Allowed::LINK),
];

/// The names of the operations that can be allowed.
#[napi]
pub fn sftp_operations() -> Vec<String> {
    ALLOWED.iter().map(|(name, _)| (*name).to_owned()).collect()
}

impl TryFrom<FilesOptions> for Settings {
    type Error = Failure;

    fn try_from(options: FilesOptions) -> Result<Self, Failure> {
        let mut allowed = Allowed::NONE;
        for name in &options.allow {
            let row = ALLOWED.iter().find(|(known, _)| known == name);
            let (_, operation) = row.ok_or_else(|| Failure::invalid(shown(name)))?;
            allowed = allowed.or(*operation);
        }
        Ok(Self {
            root: PathBuf::from(options.root),
            cwd: options.cwd.into_bytes(),
            symlinks: if options.follow_links { Symlinks::Inside } else { Symlinks::Refuse },
            allowed,
            umask: options.umask,
            names: options.names,
            max_handles: options.open_handles as usize,
            max_read: options.read_length as usize,
            max_write: options.write_length as usize,
            walks: false,
        })
    }
}

#[napi]
impl NativeServer {
    /// Serves a channel as an SFTP session; the operation has ended when the root is open.
    #[napi]
    pub fn serve_files(
        &self,
        op: f64,
        channel: f64,
        options: FilesOptions,
    ) -> napi::Result<(), String> {
        let entry = self.state.channel(channel)?;
        let settings = Arc::new(Settings::try_from(options)?);
        entry.connection.serve_files(entry.local, settings, ticket(op));
        Ok(())
    }
}
