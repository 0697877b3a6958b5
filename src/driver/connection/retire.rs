//! The end of a connection: everything that was begun is told how it ended, also when the engine is
//! gone because its code panicked. No command is ever left without an end.

use std::future::{Future, poll_fn};
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::Poll;

use super::command::{Command, OpError};
use super::handle::ConnectionHandle;
use crate::driver::handler::{ConnectionEnd, EventKind, ServerEvent};
use crate::driver::tables::PastConnection;
use crate::engine::{Connection, Outcome};
use crate::error::{Closed, Error};

impl ConnectionHandle {
    /// Takes the connection out of the tables and tells so, once. Its task is over, or has only the socket
    /// to see to.
    pub(in crate::driver) fn retire(&self, end: Option<ConnectionEnd>) {
        if self.is_retired.swap(true, Ordering::AcqRel) {
            return;
        }
        // An abort ends the task while the program's thread still watches.
        self.no_more_hosted();
        let (end, channels, closing, undone, past) = {
            let mut core = self.core.lock();
            self.end_tunnels(&mut core);
            let is_known = self.is_known.load(Ordering::Relaxed);
            let past = is_known.then(|| self.past(core.engine.as_ref()));
            core.engine = None;
            core.job = None;
            for channel in std::mem::take(&mut core.unconsumed).into_channels() {
                self.shared.read_to_end(channel);
            }
            let mut undone = std::mem::take(&mut core.waiting);
            undone.extend(std::mem::take(&mut core.sending).into_iter().map(|(ticket, _)| ticket));
            undone.extend(std::mem::take(&mut core.opening).into_iter().map(|(ticket, _)| ticket));
            let end = match (core.end.take(), end) {
                // The socket knows better why the client is gone.
                (Some(ConnectionEnd::Engine(Error::Closed(Closed::PeerGone))), Some(end)) => end,
                (Some(end), _) | (None, Some(end)) => end,
                // Before there was an engine, while the program was asked about the connection.
                (None, None) if self.login.has_made_room() => {
                    ConnectionEnd::Engine(Error::Closed(Closed::MadeRoom))
                }
                (None, None) => ConnectionEnd::Panicked,
            };
            let channels = std::mem::take(&mut core.channels);
            (end, channels, std::mem::take(&mut core.closing), undone, past)
        };
        // Both are empty unless something panicked: the engine closes its channels when it ends, and
        // says how everything ended that it was to do.
        for channel in channels.into_values() {
            self.channel_gone(channel, true);
        }
        let unrun = {
            let mut queue = self.queue.lock();
            queue.closed = true;
            std::mem::take(&mut queue.commands)
        };
        let remains = self.shared.end_connection(self.id(), past);
        if matches!(end, ConnectionEnd::Panicked) && self.shared.wants(EventKind::Error) {
            self.tell(ServerEvent::Error { connection: self.id(), error: OpError::Panicked });
        }
        if let ConnectionEnd::Engine(Error::PeerIncompatible(why)) = end
            && why.is_of_algorithms()
            && self.shared.wants(EventKind::Error)
        {
            let error = OpError::Incompatible(why);
            self.shared.tell(ServerEvent::Error { connection: self.id(), error });
        }
        if let Some(remains) = remains {
            self.tell(ServerEvent::Disconnected { connection: self.id(), end, remains });
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
    pub(in crate::driver) fn disconnect_asked(&self) -> impl Future<Output = ()> {
        let asked = |command: &Command| matches!(command, Command::Disconnect { .. });
        poll_fn(move |_| match self.queue.lock().commands.iter().any(asked) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        })
    }

    /// Takes an open channel out of the table and tells so, as the end of a connection is told: whether or
    /// not anybody listens, whoever follows the events learns from it what to forget.
    pub(in crate::driver) fn channel_gone(&self, channel: u64, connection_over: bool) {
        if let Some(remains) = self.shared.end_channel(channel) {
            self.tell(ServerEvent::ChannelClosed {
                connection: self.id(),
                channel,
                connection_over,
                remains,
            });
        }
    }

    /// What the program can still read of the connection.
    fn past(&self, engine: Option<&Connection>) -> PastConnection {
        PastConnection {
            peer: self.peer,
            local: self.local,
            timeout: AtomicU32::new(self.timeout()),
            client_version: engine.and_then(|engine| engine.peer().version).map(str::to_owned),
            strict_kex: engine.map(|engine| engine.peer().strict_kex),
        }
    }
}
