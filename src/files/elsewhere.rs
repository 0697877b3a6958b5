//! Systems whose calls for files below a directory this server does not know yet: no session is opened.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::settings::Settings;
use crate::sftp::{Replies, Request};

/// An SFTP session; there is none.
#[derive(Debug)]
pub enum Session {}

impl Session {
    /// Fails.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::Unsupported`]
    pub fn open(_settings: Arc<Settings>, _stops: Arc<AtomicBool>) -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Runs requests in their order, and appends a reply for each.
    pub fn run(&mut self, _requests: VecDeque<Request>, _replies: &mut Replies) {
        match *self {}
    }

    /// Runs requests that need not wait.
    pub fn run_promptly(&mut self, _requests: &mut VecDeque<Request>, _replies: &mut Replies) {
        match *self {}
    }

    /// Whether nothing is open.
    pub fn is_idle(&self) -> bool {
        match *self {}
    }
}
