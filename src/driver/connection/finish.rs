//! The end of a connection: every command and channel that has begun is reported as ended, even when the
//! engine was dropped because its code panicked. No ticket is ever left without a report.

use std::sync::atomic::AtomicU32;

use super::events::channel_gone;
use super::link::Link;
use super::machine::Machine;
use super::stage::Stage;
use crate::driver::handler::{ConnectionEnd, EventKind, ServerEvent};
use crate::driver::op_error::OpError;
use crate::driver::registry::PastConnection;
use crate::driver::{service, tunnel};
use crate::engine::{Connection, Outcome};
use crate::error::{Closed, Error};

impl Machine {
    /// Shuts our side of the stream down, takes the connection out of the tables and reports its end, once.
    /// `cause` is the reason, unless the stage has one already.
    pub(in crate::driver) fn finish(&mut self, cx: &Link, cause: Option<ConnectionEnd>) {
        let (engine, end) = match std::mem::replace(&mut self.stage, Stage::Over) {
            last @ (Stage::Refused | Stage::Over) => {
                self.stage = last;
                return;
            }
            Stage::Asking => return self.refuse(cx),
            Stage::ChoosingKey => (None, cause),
            Stage::Live(engine) => (Some(engine), cause),
            Stage::Parting { engine, end } => (engine, Some(end)),
        };
        let end = end.unwrap_or_else(|| {
            if cx.login.has_made_room() {
                ConnectionEnd::Engine(Error::Closed(Closed::MadeRoom))
            } else {
                ConnectionEnd::Panicked
            }
        });
        // Half-close: tells the client that nothing more comes. Where that fails the client is gone.
        let _ = cx.stream.shut_down();
        // An abort drops the task while the program's thread still keeps the connection.
        self.leave_program(cx);
        tunnel::end_all(&mut self.tunnels, cx);
        service::end_all(&mut self.services, cx);
        self.job = None;
        self.channels.forget_unused(cx);
        let past = past(cx, engine.as_deref());
        drop(engine);
        // There are none unless something panicked: the engine closes its channels when it ends.
        for channel in self.channels.take_all() {
            channel_gone(cx, channel, true);
        }
        self.tell_end(cx, end, past);
        self.tell_undone(cx);
        cx.shared.connection_over();
    }

    /// The telling of the end has panicked: takes the connection out of the tables all the same.
    pub(in crate::driver) fn abandon(&mut self, cx: &Link) {
        self.stage = Stage::Over;
        self.leave_program(cx);
        cx.shared.tables().connection_ended(cx.id, None);
        self.tell_undone(cx);
        cx.shared.connection_over();
    }

    fn tell_end(&self, cx: &Link, end: ConnectionEnd, past: PastConnection) {
        let connection = cx.id;
        let remains = cx.shared.tables().connection_ended(connection, Some(past));
        if matches!(end, ConnectionEnd::Panicked) {
            cx.tell_error(OpError::Panicked);
        }
        if let ConnectionEnd::Engine(Error::PeerIncompatible(why)) = end
            && why.is_of_algorithms()
            && cx.wants(EventKind::Error)
        {
            let error = OpError::Incompatible(why);
            cx.shared.tell(ServerEvent::Error { connection, error });
        }
        if let Some(remains) = remains {
            cx.tell(ServerEvent::Disconnected { connection, end, remains });
        }
    }

    /// Reports the end of tickets that have no result. The engine has reported those of its commands,
    /// unless it panicked.
    fn tell_undone(&mut self, cx: &Link) {
        for ticket in self.tickets.take_undone() {
            let result = Err(OpError::Outcome(Outcome::ConnectionEnded));
            cx.shared.tell(ServerEvent::Done { ticket, result });
        }
        for command in &cx.close() {
            cx.report_unrun(command);
        }
        for ticket in std::mem::take(&mut self.tickets.closing) {
            cx.shared.tell(ServerEvent::Done { ticket, result: Ok(None) });
        }
    }
}

/// What the program can still read of the connection until it has handled the last event.
fn past(cx: &Link, engine: Option<&Connection>) -> PastConnection {
    PastConnection {
        peer: cx.peer,
        local: cx.local,
        timeout: AtomicU32::new(cx.timeout()),
        client_version: engine.and_then(|engine| engine.peer().version).map(str::to_owned),
        strict_kex: engine.map(|engine| engine.peer().strict_kex),
    }
}
