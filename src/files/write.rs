//! Writing: WRITEs of one file that follow one another become one system call.

use std::io::IoSlice;

use rustix::io::{Errno, pwritev, writev};

use super::errors::{Refusal, Result};
use super::handles::File;
use crate::sftp::Data;

/// Pieces that one system call takes (IOV_MAX of Linux).
const MAX_PIECES: usize = 1024;

/// Writes the data one behind the other; returns how many bytes of it were written, and why not all.
pub(super) fn write(file: &File, offset: u64, data: &[&Data]) -> Written {
    let pieces: Vec<IoSlice<'_>> = data.iter().flat_map(|data| data.slices()).collect();
    let mut rest = &mut pieces.into_boxed_slice()[..];
    let mut written = Written { len: 0, error: None };
    while !rest.is_empty() {
        let part = rest.get(..rest.len().min(MAX_PIECES)).unwrap_or_default();
        let result = match offset.checked_add(written.len) {
            Some(_) if file.appends => writev(&file.contents, part),
            Some(at) => pwritev(&file.contents, part, at),
            None => Err(Errno::FBIG),
        };
        match result {
            Ok(0) => {
                written.error = Some(Errno::IO.into());
                break;
            }
            Ok(len) => {
                written.len = written.len.saturating_add(len as u64);
                IoSlice::advance_slices(&mut rest, len);
            }
            Err(Errno::INTR) => {}
            Err(error) => {
                written.error = Some(error.into());
                break;
            }
        }
    }
    written
}

/// The result of a [`write`].
#[derive(Debug)]
pub(super) struct Written {
    len: u64,
    error: Option<Refusal>,
}

impl Written {
    /// Whether the next `len` bytes were written.
    pub(super) fn take(&mut self, len: usize) -> Result<()> {
        match (self.len.checked_sub(len as u64), self.error) {
            (Some(rest), _) => {
                self.len = rest;
                Ok(())
            }
            (None, error) => {
                self.len = 0;
                Err(error.unwrap_or(Refusal::System(Errno::IO)))
            }
        }
    }
}
