//! A connection that comes in: asks the program whether to accept it and with which host key, and gives
//! it its engine. All of it is one future, which is run on by whoever has what it waits for: mostly that
//! is the program's thread, which answers and goes on at the end of its turn. The task, which sees to
//! the time, is woken only when there is something for it to do.

use std::future::{Future, pending};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

use parking_lot::{Mutex, MutexGuard};
use tokio::io::Interest;
use tokio::runtime::Handle;
use tokio::sync::{Notify, oneshot, watch};
use tokio::time::{sleep, sleep_until};

use super::command::OpError;
use super::handle::{ConnectionHandle, Ends, WakeUp};
use super::task::{PROMPT_READS, Task};
use crate::crypto::random::SystemRandom;
use crate::driver::handler::{
    ConnectedAnswer, ConnectedAsked, ConnectionEnd, EventKind, RequestAsked, ServerEvent,
};
use crate::driver::io::runtime::{self, Sleeps};
use crate::driver::io::socket::{Accepted, Socket};
use crate::driver::io::socket_options::Nagle;
use crate::driver::permits::LoginPermit;
use crate::driver::shared::{Halt, Shared, next_connection};
use crate::engine::{Config, Connection};
use crate::error::{Closed, Error};
use crate::limits::IDENTIFICATION_TIME;

/// How long a program may take to answer before anybody looks whether the client is still there.
const UNWATCHED_TIME: Duration = Duration::from_millis(250);

/// A connection on its way in.
pub(in crate::driver) struct Arrival {
    shared: Arc<Shared>,
    runtime: Handle,
    /// Wakes the task.
    notify: Arc<Notify>,
    /// When the task wakes by itself.
    armed: Option<Instant>,
    /// Somebody else runs on: the task need not be woken.
    quiet: AtomicBool,
    stage: Mutex<Stage>,
}

enum Stage {
    Coming(Pin<Box<dyn Future<Output = Option<Task>> + Send>>),
    /// There is nothing more to ask; `None` when there is no connection.
    Here(Option<Task>),
}

/// What the program answers with.
#[derive(Debug)]
pub(in crate::driver) struct Reply<T> {
    answer: oneshot::Sender<T>,
    arrival: Weak<Arrival>,
}

impl<T> Reply<T> {
    /// Answers; what follows from it is done at the end of the program's turn, or here and now.
    pub(in crate::driver) fn send(self, answer: T) {
        let Some(arrival) = self.arrival.upgrade() else {
            return;
        };
        arrival.quiet.store(true, Ordering::Release);
        // The connection may be over (shutdown): nobody is left to tell.
        let _ = self.answer.send(answer);
        if !arrival.shared.turn.defer(&arrival) {
            arrival.run_on();
        }
    }
}

impl std::fmt::Debug for Arrival {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Arrival").finish_non_exhaustive()
    }
}

impl Wake for Arrival {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.quiet.load(Ordering::Acquire) {
            self.notify.notify_one();
        }
    }
}

impl Arrival {
    /// Has to be called on the task, whose thread the connection belongs to.
    pub(in crate::driver) fn new(
        shared: Arc<Shared>,
        socket: Accepted,
        login: Arc<LoginPermit>,
        halt: watch::Receiver<Halt>,
    ) -> Arc<Self> {
        let config = Arc::clone(&shared.settings().config);
        // No engine will need a timer earlier.
        let times = [config.login_grace, config.handshake_timeout, Some(IDENTIFICATION_TIME)];
        let armed = times.into_iter().flatten().min();
        let armed = armed.and_then(|time| Instant::now().checked_add(time));
        let notify = Arc::new(Notify::new());
        Arc::new_cyclic(|arrival| {
            let admission = Admission {
                shared: Arc::clone(&shared),
                arrival: Weak::clone(arrival),
                notify: Arc::clone(&notify),
                sleeps: runtime::sleeps(),
                armed,
                halt,
            };
            Self {
                shared,
                runtime: Handle::current(),
                notify,
                armed,
                quiet: AtomicBool::new(false),
                stage: Mutex::new(Stage::Coming(Box::pin(admission.admit(socket, login)))),
            }
        })
    }

    /// Until the connection is there and needs its task, or there is none. For the task.
    pub(in crate::driver) async fn wait(
        self: Arc<Self>,
        halt: &mut watch::Receiver<Halt>,
    ) -> Option<Task> {
        let mut armed = self.armed.map(tokio::time::Instant::from);
        loop {
            if let Stage::Here(task) = &mut *self.poll(self.stage.lock()) {
                return task.take();
            }
            let timer = async {
                match armed {
                    Some(armed) => sleep_until(armed).await,
                    None => pending().await,
                }
            };
            tokio::select! {
                () = self.notify.notified() => {}
                _ = halt.changed() => {}
                () = timer => armed = None,
            }
        }
    }

    /// Goes on after an answer, on the thread that has given it.
    pub(in crate::driver) fn run_on(self: &Arc<Self>) {
        self.quiet.store(false, Ordering::Release);
        let Some(stage) = self.stage.try_lock() else {
            // Whoever has it may have looked for the answer already.
            return self.notify.notify_one();
        };
        let needs_task = match &*self.poll(stage) {
            Stage::Here(Some(task)) => !task.is_hosted() || self.is_late(),
            Stage::Here(None) => true,
            Stage::Coming(_) => false,
        };
        if needs_task {
            self.notify.notify_one();
        }
    }

    /// Nobody runs on: the task has to.
    pub(in crate::driver) fn leave(&self) {
        self.quiet.store(false, Ordering::Release);
        self.notify.notify_one();
    }

    /// Whether the task has used its timer up.
    fn is_late(&self) -> bool {
        self.armed.is_some_and(|armed| armed <= Instant::now())
    }

    fn poll<'s>(self: &Arc<Self>, mut stage: MutexGuard<'s, Stage>) -> MutexGuard<'s, Stage> {
        if let Stage::Coming(coming) = &mut *stage {
            let waker = Waker::from(Arc::clone(self));
            let _runtime = self.runtime.enter();
            let mut context = Context::from_waker(&waker);
            // What panics in here ends this connection only.
            match catch_unwind(AssertUnwindSafe(|| coming.as_mut().poll(&mut context))) {
                Ok(Poll::Pending) => {}
                Ok(Poll::Ready(task)) => *stage = Stage::Here(task),
                Err(_) => *stage = Stage::Here(None),
            }
        }
        stage
    }
}

/// What a connection on its way in needs.
struct Admission {
    shared: Arc<Shared>,
    arrival: Weak<Arrival>,
    notify: Arc<Notify>,
    sleeps: &'static Sleeps,
    armed: Option<Instant>,
    halt: watch::Receiver<Halt>,
}

impl Admission {
    async fn admit(mut self, socket: Accepted, login: Arc<LoginPermit>) -> Option<Task> {
        let (socket, ends, nagle) = self.ask_whether(socket).await?;
        let handle = Arc::new(ConnectionHandle::new(
            next_connection(),
            Arc::clone(&self.shared),
            socket,
            login,
            ends,
            WakeUp { notify: Arc::clone(&self.notify), sleeps: self.sleeps },
        ));
        self.shared.add_connection(&handle);
        let mut task = Task::new(Arc::clone(&handle));
        // A shutdown may have looked for connections before this one was in the table.
        if self.halt.has_changed().unwrap_or(true) {
            task.fail(by_application());
            return Some(task);
        }
        match self.choose_host_key(&handle).await {
            Ok(config) => {
                let verbosity = self.shared.verbosity();
                let random = Box::new(SystemRandom);
                let engine = Connection::new(Instant::now(), config, random, verbosity);
                handle.start(engine, nagle, self.armed);
                if handle.host(PROMPT_READS) {
                    handle.drive_now();
                }
            }
            Err(end) => task.fail(end),
        }
        Some(task)
    }

    /// Asks the program whether it wants the connection.
    async fn ask_whether(&mut self, socket: Accepted) -> Option<(Socket, Ends, Nagle)> {
        let shared = &self.shared;
        let settings = shared.settings();
        let (peer, local) = match settings.socket.prepare(&socket) {
            Ok(addresses) => addresses,
            Err(error) => {
                if shared.wants(EventKind::Connected) {
                    shared.tell(ServerEvent::ConnectedFailed { error });
                }
                return None;
            }
        };
        let socket = Socket::new(socket);
        let refusal = tokio::select! {
            refusal = settings.clients.refusal(peer.ip()) => refusal,
            _ = self.halt.changed() => return None,
        };
        if shared.wants(EventKind::ConnectionRequest) {
            let (sender, answer) = oneshot::channel();
            let asked = RequestAsked(self.reply(sender));
            let accept = refusal.is_none();
            shared.tell(ServerEvent::ConnectionRequest { peer, accept, asked });
            let accepted = tokio::select! {
                accepted = answer => accepted.unwrap_or(false),
                _ = self.halt.changed() => false,
                () = broken(&socket) => false,
            };
            if !accepted {
                return None;
            }
        } else if let Some(why) = refusal {
            shared.log(|| format!("Connection from {peer} closed: {why}."));
            return None;
        }
        Some((socket, Ends { peer, local }, Nagle::of(&settings.socket)))
    }

    /// Asks the program which host key the connection gets, and why it gets none.
    async fn choose_host_key(
        &mut self,
        handle: &Arc<ConnectionHandle>,
    ) -> Result<Arc<Config>, ConnectionEnd> {
        let shared = &self.shared;
        handle.is_known.store(true, Ordering::Relaxed);
        let answer = if shared.wants(EventKind::Connected) {
            let (sender, answer) = oneshot::channel();
            let asked = ConnectedAsked(self.reply(sender));
            shared.tell(ServerEvent::Connected { connection: handle.id(), asked });
            tokio::select! {
                answer = answer => answer.unwrap_or(ConnectedAnswer::Refused),
                () = handle.disconnect_asked() => return Err(by_application()),
                () = broken(&handle.socket) => {
                    return Err(ConnectionEnd::Socket(handle.socket.failure()));
                }
                // An error means that the server is gone, which is the same.
                _ = self.halt.changed() => return Err(by_application()),
            }
        } else {
            ConnectedAnswer::ServerKeys
        };
        let config = Arc::clone(&shared.settings().config);
        let loaded = match answer {
            ConnectedAnswer::ServerKeys => return Ok(config),
            ConnectedAnswer::Load(load) => tokio::task::spawn_blocking(load)
                .await
                .unwrap_or_else(|_| Err("internal error".to_owned())),
            ConnectedAnswer::Refused => return Err(ConnectionEnd::NoHostKey),
        };
        match loaded {
            Ok(key) => {
                let mut config = Config::clone(&config);
                config.transport.host_keys = vec![key];
                Ok(Arc::new(config))
            }
            Err(why) => {
                if shared.wants(EventKind::Error) {
                    let error = OpError::HostKey(why);
                    shared.tell(ServerEvent::Error { connection: handle.id(), error });
                }
                Err(ConnectionEnd::NoHostKey)
            }
        }
    }

    fn reply<T>(&self, answer: oneshot::Sender<T>) -> Reply<T> {
        Reply { answer, arrival: Weak::clone(&self.arrival) }
    }
}

/// Until the client is known to be gone. Nobody reads or writes yet who would find out.
async fn broken(socket: &Socket) {
    // Mostly the answer comes at once; having the socket watched costs more than that.
    sleep(UNWATCHED_TIME).await;
    if socket.watch().is_ok() {
        while socket.ready(Interest::ERROR).await.is_ok_and(|ready| !ready.is_error()) {}
    } else {
        pending().await
    }
}

fn by_application() -> ConnectionEnd {
    ConnectionEnd::Engine(Error::Closed(Closed::ByApplication))
}
