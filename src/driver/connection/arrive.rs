//! A connection that comes in: asks the program whether it wants it and with which host key, and gives it
//! its engine. The answers are commands: whoever runs them goes on, which is mostly the program's thread at
//! the end of its turn.

use std::sync::Arc;
use std::time::Instant;

use super::command::Command;
use super::link::Link;
use super::machine::Machine;
use super::stage::Stage;
use crate::crypto::random::SystemRandom;
use crate::crypto::signature::PrivateKey;
use crate::driver::handler::{
    ConnectedAnswer, ConnectedAsked, ConnectionEnd, EventKind, Reply, RequestAsked, ServerEvent,
};
use crate::driver::op_error::OpError;
use crate::engine::{Config, Connection};
use crate::error::{Closed, Error};

/// The program, or the server, has ended the connection before there was an engine to do it.
pub(in crate::driver) fn by_application() -> ConnectionEnd {
    ConnectionEnd::Engine(Error::Closed(Closed::ByApplication))
}

impl Machine {
    /// The client's address is looked up: asks the program whether it wants the connection. `refusal` is
    /// why the lists of addresses do not.
    pub(in crate::driver) fn ask_whether(
        &mut self,
        cx: &Link,
        refusal: Option<impl std::fmt::Display>,
    ) {
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

    /// Runs what the program answers before there is an engine. Other commands wait for that.
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

    /// Nobody is to hear of the connection.
    pub(in crate::driver) fn refuse(&mut self, cx: &Link) {
        self.stage = Stage::Refused;
        let _ = cx.stream.shut_down();
        drop(cx.close());
        cx.shared.tables().connection_ended(cx.id, None);
    }

    /// The connection is wanted, and has its place in the tables from now on. Asks which host key it gets.
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

    /// The connection gets its engine, and its keeper: the program's thread if that watches sockets.
    fn start(&mut self, cx: &Link, config: Arc<Config>) {
        let verbosity = cx.shared.verbosity();
        let random = Box::new(SystemRandom);
        let engine = Connection::new(Instant::now(), config, random, verbosity);
        self.verbosity = verbosity;
        self.stage = Stage::Live(Box::new(engine));
        self.choose_keeper(cx);
    }
}
