//! The questions that have no answer yet, and their scope. A question about the connection (a service,
//! authentication) stops all input; one about a channel only holds that channel's messages.

use super::event::QuestionId;
use crate::channels::ChannelId;
use crate::number_map::NumberMap;

/// The subject of a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Subject {
    Service(String),
    Auth,
    Prompts,
    Open(ChannelId),
    Request(ChannelId, u32),
    Forwarding,
}

/// The questions that have no answer yet, and whether a job is out.
#[derive(Debug, Default)]
pub(super) struct Questions {
    asked: u64,
    /// The question about the connection; there is at most one.
    connection: Option<(QuestionId, Subject)>,
    /// The questions about channels and global requests.
    channels: NumberMap<QuestionId, Subject>,
    job_is_out: bool,
}

impl Questions {
    fn next_id(&mut self) -> QuestionId {
        self.asked = self.asked.saturating_add(1);
        QuestionId(self.asked)
    }

    pub(super) fn ask(&mut self, subject: Subject) -> QuestionId {
        let id = self.next_id();
        self.connection = Some((id, subject));
        id
    }

    pub(super) fn open_asked(&mut self, channel: ChannelId) -> QuestionId {
        let id = self.next_id();
        self.channels.insert(id, Subject::Open(channel));
        id
    }

    pub(super) fn request_asked(&mut self, channel: ChannelId, number: u32) -> QuestionId {
        let id = self.next_id();
        self.channels.insert(id, Subject::Request(channel, number));
        id
    }

    pub(super) fn forwarding_asked(&mut self) -> QuestionId {
        let id = self.next_id();
        self.channels.insert(id, Subject::Forwarding);
        id
    }

    pub(super) fn take(&mut self, id: QuestionId) -> Option<Subject> {
        if self.connection.as_ref().is_some_and(|(asked, _)| *asked == id) {
            return self.connection.take().map(|(_, subject)| subject);
        }
        let subject = self.channels.remove(&id);
        if self.channels.is_empty() {
            self.channels = NumberMap::default();
        }
        subject
    }

    pub(super) fn restore(&mut self, id: QuestionId, subject: Subject) {
        match subject {
            Subject::Service(_) | Subject::Auth | Subject::Prompts => {
                self.connection = Some((id, subject));
            }
            Subject::Open(_) | Subject::Request(..) | Subject::Forwarding => {
                self.channels.insert(id, subject);
            }
        }
    }

    pub(super) fn job_out(&mut self) {
        self.job_is_out = true;
    }

    pub(super) fn job_done(&mut self) {
        self.job_is_out = false;
    }

    /// Whether no input may be processed.
    pub(super) fn block_connection(&self) -> bool {
        self.connection.is_some() || self.job_is_out
    }

    pub(super) fn clear(&mut self) {
        self.connection = None;
        self.channels = NumberMap::default();
    }
}
