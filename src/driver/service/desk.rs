//! Where the calls of an SFTP session over an object of the program lie until the program has answered them.

use parking_lot::Mutex;

use super::buffers;
use super::number::next_number;
use crate::files::object::{Answer, Call, ObjectSession};
use crate::sftp::Replies;

/// What one session asks the program.
#[derive(Debug)]
pub struct Desk {
    /// The number of the service.
    number: u64,
    batch: Mutex<Option<Batch>>,
}

/// Calls that are to be answered together.
#[derive(Debug)]
struct Batch {
    session: Box<ObjectSession>,
    calls: Vec<Call>,
}

impl Default for Desk {
    fn default() -> Self {
        Self { number: next_number(), batch: Mutex::new(None) }
    }
}

impl Desk {
    /// The number of the service.
    pub(in crate::driver) fn number(&self) -> u64 {
        self.number
    }

    /// Takes the calls that wait.
    pub fn take(&self) -> Vec<Call> {
        self.batch.lock().as_mut().map(|batch| std::mem::take(&mut batch.calls)).unwrap_or_default()
    }

    pub(super) fn put(&self, session: Box<ObjectSession>, calls: Vec<Call>) {
        *self.batch.lock() = Some(Batch { session, calls });
    }

    /// Makes replies of the answers to all calls that were taken; `None` if nothing was asked.
    pub(in crate::driver) fn answered(&self, answers: Vec<Answer<'_>>) -> Option<Answered> {
        let Batch { mut session, .. } = self.batch.lock().take()?;
        let mut replies = Replies::into(buffers::take());
        session.answer(answers, &mut replies);
        Some(Answered { service: self.number, session, replies })
    }
}

/// A session whose calls are answered.
#[derive(Debug)]
pub(in crate::driver) struct Answered {
    pub(super) service: u64,
    pub(super) session: Box<ObjectSession>,
    pub(super) replies: Replies,
}
