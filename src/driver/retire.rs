//! The end of a connection: everything that was begun is told how it ended, also when the engine is
//! gone because its code panicked. No command is ever left without an end.

use std::future::{Future, poll_fn};
use std::sync::atomic::Ordering;
use std::task::Poll;

use super::command::{Command, OpError};
use super::connection::ConnectionHandle;
use super::handler::{ConnectionEnd, EventKind, ServerEvent};
use crate::engine::Outcome;
use crate::error::{Closed, Error};

impl ConnectionHandle {
    /// Takes the connection out of the tables and tells so, once. Its task is over, or has only the socket
    /// to see to.
    pub(super) fn retire(&self, end: Option<ConnectionEnd>) {
        if self.is_retired.swap(true, Ordering::AcqRel) {
            return;
        }
        // An abort ends the task while the program's thread still watches.
        self.no_more_hosted();
        let (end, channels, closing, undone) = {
            let mut core = self.core.lock();
            self.end_tunnels(&mut core);
            core.engine = None;
            core.job = None;
            let mut undone = std::mem::take(&mut core.waiting);
            undone.extend(std::mem::take(&mut core.sending).into_iter().map(|(ticket, _)| ticket));
            undone.extend(std::mem::take(&mut core.opening).into_iter().map(|(ticket, _)| ticket));
            let end = match (core.end.take(), end) {
                // The socket knows better why the client is gone.
                (Some(ConnectionEnd::Engine(Error::Closed(Closed::PeerGone))), Some(end)) => end,
                (Some(end), _) | (None, Some(end)) => end,
                (None, None) => ConnectionEnd::Panicked,
            };
            let channels = std::mem::take(&mut core.channels);
            (end, channels, std::mem::take(&mut core.closing), undone)
        };
        // Both are empty unless something panicked: the engine closes its channels when it ends, and
        // says how everything ended that it was to do.
        for channel in channels.into_values() {
            self.channel_gone(channel);
        }
        let unrun = {
            let mut queue = self.queue.lock();
            queue.closed = true;
            std::mem::take(&mut queue.commands)
        };
        self.shared.remove_connection(self.id());
        if matches!(end, ConnectionEnd::Panicked) && self.shared.wants(EventKind::Error) {
            self.shared
                .tell(ServerEvent::Error { connection: self.id(), error: OpError::Panicked });
        }
        if self.is_known.load(Ordering::Relaxed) && self.shared.wants(EventKind::Disconnected) {
            self.shared.tell(ServerEvent::Disconnected { connection: self.id(), end });
        }
        for ticket in undone {
            let result = Err(OpError::Outcome(Outcome::ConnectionEnded));
            self.shared.tell(ServerEvent::Done { ticket, result });
        }
        for command in &unrun {
            self.report_unrun(command);
        }
        for ticket in closing {
            let result = Ok(None);
            self.shared.tell(ServerEvent::Done { ticket, result });
        }
        self.shared.connection_over();
    }

    /// Until somebody wants to disconnect before there is an engine to do it. To be polled whenever
    /// [`Self::notify`] has woken the task.
    pub(super) fn disconnect_asked(&self) -> impl Future<Output = ()> {
        let asked = |command: &Command| matches!(command, Command::Disconnect { .. });
        poll_fn(move |_| match self.queue.lock().commands.iter().any(asked) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        })
    }

    /// Takes an open channel out of the table.
    pub(super) fn channel_gone(&self, channel: u64) {
        if self.shared.remove_channel(channel) && self.shared.wants(EventKind::ChannelClosed) {
            self.shared.tell(ServerEvent::ChannelClosed { connection: self.id(), channel });
        }
    }
}
