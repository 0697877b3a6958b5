//! A new connection: asks the program whether it wants the connection and with which host key, and creates
//! its engine. The answers are commands: the thread that runs them goes on with the next step, mostly the
//! program's thread at the end of its turn.

use std::sync::Arc;

use super::command::Command;
use super::link::Link;
use super::machine::Machine;
use super::stage::Stage;
use crate::crypto::random::SystemRandom;
use crate::crypto::signature::PrivateKey;
use crate::driver::clock;
use crate::driver::handler::{
    ConnectedAnswer, ConnectedAsked, ConnectionEnd, EventKind, Reply, RequestAsked, ServerEvent,
};
use crate::driver::op_error::OpError;
use crate::engine::{Config, Connection};
use crate::error::{Closed, Error};

/// The end of a connection that the program or the server has ended before it had an engine.
fn by_application() -> ConnectionEnd {
    ConnectionEnd::Engine(Error::Closed(Closed::ByApplication))
}

impl Machine {
    /// Asks the program whether it wants the connection, once the client's address is looked up. `refusal`
    /// is the reason of the lists of addresses, if they refuse the client.
    pub(in crate::driver) fn ask_whether(
        &mut self,
        cx: &Link,
        refusal: Option<impl std::fmt::Display>,
    ) {
        // A shutdown may have ended it meanwhile.
        self.arrive(cx);
        if !matches!(self.stage, Stage::Asking) {
            return;
        }
        if cx.wants(EventKind::ConnectionRequest) {
            let asked = RequestAsked(cx.ask_free(Reply::Accept(false)));
            let (peer, accept) = (cx.peer, refusal.is_none());
            cx.shared.tell(ServerEvent::ConnectionRequest { peer, accept, asked });
        } else if let Some(why) = refusal {
            cx.shared.log(|| format!("Connection from {} closed: {why}.", cx.peer));
            self.refuse(cx);
        } else {
            self.ask_for_key(cx);
        }
    }

    /// Runs the commands that decide on a connection without an engine. Other commands stay queued until
    /// there is one.
    pub(in crate::driver) fn arrive(&mut self, cx: &Link) {
        let is_for_this = |command: &Command| {
            matches!(
                command,
                Command::Accept(_)
                    | Command::HostKey(_)
                    | Command::KeyLoaded(_)
                    | Command::Disconnect { .. }
            )
        };
        while self.stage.is_arriving()
            && let Some(command) = cx.next_command_of(is_for_this)
        {
            if let Command::Disconnect { ticket, .. } = &command
                && self.is_known()
            {
                self.tickets.closing.extend(*ticket);
                self.stage.part(by_application());
            } else if let Command::Accept(true) = command {
                self.ask_for_key(cx);
            } else if let Command::HostKey(answer) = command {
                self.choose_key(cx, answer);
            } else if let Command::KeyLoaded(loaded) = command {
                self.use_key(cx, loaded);
            } else {
                self.refuse(cx);
            }
        }
    }

    fn is_known(&self) -> bool {
        !matches!(self.stage, Stage::Asking)
    }

    /// Ends a connection that the program did not want or does not know of; it gets no event.
    pub(in crate::driver) fn refuse(&mut self, cx: &Link) {
        self.stage = Stage::Refused;
        let _ = cx.stream.shut_down();
        drop(cx.close());
        cx.shared.tables().connection_ended(cx.id, None);
    }

    /// The connection is wanted: enters it into the tables, and asks the program for its host key.
    fn ask_for_key(&mut self, cx: &Link) {
        self.stage = Stage::ChoosingKey;
        cx.shared.connection_comes(cx.id);
        if cx.wants(EventKind::Connected) {
            let refusal = Reply::HostKey(ConnectedAnswer::Refused);
            let asked = ConnectedAsked(cx.ask_free(refusal));
            cx.shared.tell(ServerEvent::Connected { connection: cx.id, asked });
        } else {
            self.start(cx, Arc::clone(&cx.shared.settings().config));
        }
    }

    fn choose_key(&mut self, cx: &Link, answer: ConnectedAnswer) {
        match answer {
            ConnectedAnswer::ServerKeys => {
                self.start(cx, Arc::clone(&cx.shared.settings().config));
            }
            ConnectedAnswer::Load(load) => {
                let me = cx.me();
                let loading = cx.runtime.spawn_blocking(load);
                cx.runtime.spawn(async move {
                    let loaded = loading.await.unwrap_or_else(|_| Err("internal error".to_owned()));
                    if let Some(me) = me.upgrade() {
                        me.answered(Reply::KeyLoaded(loaded), 0);
                    }
                });
            }
            ConnectedAnswer::Refused => self.stage.part(ConnectionEnd::NoHostKey),
        }
    }

    fn use_key(&mut self, cx: &Link, loaded: Result<Arc<PrivateKey>, String>) {
        match loaded {
            Ok(key) => {
                let mut config = Config::clone(&cx.shared.settings().config);
                config.transport.host_keys = vec![key];
                self.start(cx, Arc::new(config));
            }
            Err(why) => {
                if cx.wants(EventKind::Error) {
                    let error = OpError::HostKey(why);
                    cx.shared.tell(ServerEvent::Error { connection: cx.id, error });
                }
                self.stage.part(ConnectionEnd::NoHostKey);
            }
        }
    }

    /// Creates the engine, and chooses the keeper: the program's thread if that watches sockets.
    fn start(&mut self, cx: &Link, config: Arc<Config>) {
        let verbosity = cx.shared.verbosity();
        let random = Box::new(SystemRandom);
        let engine = Connection::new(clock::now(), config, random, verbosity);
        self.verbosity = verbosity;
        self.stage = Stage::Live(Box::new(engine));
        self.choose_keeper(cx);
    }
}
