//! Copies between files of the server (copy-data), without the data leaving the kernel.

use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fs::copy_file_range;
use rustix::io::Errno;

use super::errors::Result;

/// Bytes that are copied between two looks at whether the client is still there.
const STEP_LEN: usize = 4 * 1024 * 1024;

/// A range of a file.
#[derive(Debug)]
pub(super) struct From<'f> {
    pub(super) file: &'f OwnedFd,
    pub(super) offset: u64,
    /// `None` up to the end.
    pub(super) len: Option<u64>,
}

/// Copies a range to `offset` of `to`.
pub(super) fn copy(from: &From<'_>, to: &OwnedFd, offset: u64, stops: &AtomicBool) -> Result<()> {
    let mut left = from.len.unwrap_or(u64::MAX);
    let (mut input, mut output) = (from.offset, offset);
    while left > 0 {
        if stops.load(Ordering::Relaxed) {
            return Err(Errno::CANCELED.into());
        }
        let step = usize::try_from(left).unwrap_or(STEP_LEN).min(STEP_LEN);
        match copy_file_range(from.file, Some(&mut input), to, Some(&mut output), step) {
            Ok(0) => break,
            Ok(len) => left = left.saturating_sub(len as u64),
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}
