//! The task of one connection: asks the program whether to accept it and with which host key, then
//! reads, drives the engine and waits, until the connection ends. While it waits for the client it
//! holds no buffer, so that an idle connection costs little.

use std::io;
use std::net::Shutdown;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use tokio::io::Interest;
use tokio::net::TcpStream;
use tokio::sync::{oneshot, watch};
use tokio::time::{Sleep, sleep, timeout, timeout_at};

use super::arithmetic;
use super::command::{Command, OpError};
use super::connection::ConnectionHandle;
use super::drive::Step;
use super::handler::{
    ConnectedAnswer, ConnectedAsked, ConnectionEnd, EventKind, RequestAsked, ServerEvent,
};
use super::hosted::Hosted;
use super::intake::{Intake, LULL};
use super::shared::{Halt, Shared, Slot, Stranger, next_connection};
use super::socket::Socket;
use super::socket_options::Nagle;
use crate::crypto::random::SystemRandom;
use crate::engine::{Config, Connection, Job};
use crate::error::{Closed, Error};

/// How many reads are acknowledged at once: those of handshake, login and the opening of channels.
const PROMPT_READS: u8 = 64;
/// How long the last bytes, DISCONNECT among them, may take to leave.
const FLUSH_TIME: Duration = Duration::from_secs(5);
/// How long the client gets to close its side after we closed ours.
const LINGER_TIME: Duration = Duration::from_secs(1);
/// What is read and dropped meanwhile at most.
const LINGER_LEN: usize = 1024 * 1024;

/// Serves one TCP connection from its accept to its end; `halt` has been watched since the accept.
pub(super) async fn serve(
    shared: Arc<Shared>,
    socket: TcpStream,
    slot: Slot,
    mut halt: watch::Receiver<Halt>,
) {
    let server = Arc::clone(&shared);
    let stranger = Arc::clone(&slot.stranger);
    if let Some(task) = Task::admit(shared, socket, stranger, &mut halt).await {
        task.run(halt).await;
    }
    drop(slot);
    if server.has_no_sockets() {
        server.handler.idle();
    }
}

/// Why the task goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Woken {
    /// The socket can be read.
    Readable,
    /// The system has kept still for a while, and may have bytes all the same.
    Lull,
    Otherwise,
}

/// The connection in the tables; taken out of them on drop, whatever happens.
struct Task {
    handle: Arc<ConnectionHandle>,
    nagle: Nagle,
    end: Option<ConnectionEnd>,
    retired: bool,
}

impl Task {
    /// Asks the program whether it wants the connection, and gives it its number.
    async fn admit(
        shared: Arc<Shared>,
        socket: TcpStream,
        stranger: Arc<Stranger>,
        halt: &mut watch::Receiver<Halt>,
    ) -> Option<Self> {
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
        let refusal = tokio::select! {
            refusal = settings.clients.refusal(peer.ip()) => refusal,
            _ = halt.changed() => return None,
        };
        if shared.wants(EventKind::ConnectionRequest) {
            let (sender, answer) = oneshot::channel();
            let (accept, asked) = (refusal.is_none(), RequestAsked(sender));
            shared.tell(ServerEvent::ConnectionRequest { peer, accept, asked });
            let accepted = tokio::select! {
                accepted = answer => accepted.unwrap_or(false),
                _ = halt.changed() => false,
            };
            if !accepted {
                return None;
            }
        } else if let Some(why) = refusal {
            shared.log(|| format!("Connection from {peer} closed: {why}."));
            return None;
        }
        let id = next_connection();
        // A socket that cannot leave its runtime is closed, as one that cannot be set up.
        let socket = Socket::new(socket).ok()?;
        let handle =
            ConnectionHandle::new(id, Arc::clone(&shared), socket, stranger, (peer, local));
        let handle = Arc::new(handle);
        shared.add_connection(&handle);
        let nagle = Nagle::of(&settings.socket);
        Some(Self { handle, nagle, end: None, retired: false })
    }

    async fn run(mut self, mut halt: watch::Receiver<Halt>) {
        // A shutdown may have looked for connections before this one was in the table.
        if halt.has_changed().unwrap_or(true) {
            self.end = Some(ConnectionEnd::Engine(Error::Closed(Closed::ByApplication)));
            return;
        }
        let Some(config) = self.choose_host_key(&mut halt).await else {
            return;
        };
        let verbosity = self.handle.shared.verbosity();
        let random = Box::new(SystemRandom);
        let engine = Connection::with_verbosity(Instant::now(), config, random, verbosity);
        self.handle.start(engine, self.nagle);
        tokio::select! {
            () = self.converse() => {}
            () = aborted(&mut halt) => return,
        }
        tokio::select! {
            () = self.part() => {}
            () = aborted(&mut halt) => {}
        }
    }

    /// Asks the program which host key the connection gets; `None` ends it.
    async fn choose_host_key(&mut self, halt: &mut watch::Receiver<Halt>) -> Option<Arc<Config>> {
        let shared = &self.handle.shared;
        self.handle.is_known.store(true, Ordering::Relaxed);
        let answer = if shared.wants(EventKind::Connected) {
            let (sender, answer) = oneshot::channel();
            shared.tell(ServerEvent::Connected {
                connection: self.handle.id(),
                asked: ConnectedAsked(sender),
            });
            tokio::select! {
                answer = answer => answer.unwrap_or(ConnectedAnswer::Refused),
                () = disconnected(&self.handle, halt) => {
                    self.end = Some(ConnectionEnd::Engine(Error::Closed(Closed::ByApplication)));
                    return None;
                }
            }
        } else {
            ConnectedAnswer::ServerKeys
        };
        let config = Arc::clone(&shared.settings().config);
        let loaded = match answer {
            ConnectedAnswer::ServerKeys => return Some(config),
            ConnectedAnswer::Load(load) => tokio::task::spawn_blocking(load)
                .await
                .unwrap_or_else(|_| Err("internal error".to_owned())),
            ConnectedAnswer::Refused => {
                self.end = Some(ConnectionEnd::NoHostKey);
                return None;
            }
        };
        match loaded {
            Ok(key) => {
                let mut config = Config::clone(&config);
                config.transport.host_keys = vec![key];
                Some(Arc::new(config))
            }
            Err(why) => {
                if shared.wants(EventKind::Error) {
                    let error = OpError::HostKey(why);
                    shared.tell(ServerEvent::Error { connection: self.handle.id(), error });
                }
                self.end = Some(ConnectionEnd::NoHostKey);
                None
            }
        }
    }

    /// Until the engine has come to its end.
    async fn converse(&mut self) {
        let mut intake = Intake::new();
        let mut eof = false;
        let mut prompt_reads = PROMPT_READS;
        // Set before it is first waited for.
        let mut timer = pin!(sleep(Duration::ZERO));
        if self.handle.host(PROMPT_READS) {
            let Some(hosted) = self.attend(timer.as_mut()).await else {
                return;
            };
            eof = hosted.eof;
            prompt_reads = hosted.prompt_reads;
            intake = hosted.intake.unwrap_or(intake);
        } else if let Err(error) = self.handle.socket.watch() {
            self.end = Some(ConnectionEnd::Socket(error));
            return;
        }
        // The socket has something that the engine does not want yet.
        let mut stalled = false;
        let mut has_read = false;
        // Set before it is first waited for, too.
        let mut lull = pin!(sleep(Duration::ZERO));
        loop {
            let (job, step) = self.handle.step(&mut intake.bytes, eof, stalled);
            if let Some(job) = job {
                run_job(&self.handle, job);
                continue;
            }
            if step.ended {
                return;
            }
            intake.park();
            if std::mem::take(&mut has_read) {
                acknowledge(&self.handle.socket);
            }
            if intake.is_flooded() {
                lull.as_mut().reset(tokio::time::Instant::now() + LULL);
            }
            let timers = (timer.as_mut(), lull.as_mut());
            // A question is usually answered before the client sends more, and by another thread:
            // this one need not be woken for it.
            stalled = step.stalled;
            let reads = !eof && !stalled;
            let read = match self.wait(step, reads, intake.is_flooded(), timers).await {
                Woken::Readable | Woken::Lull if !self.handle.may_read() => {
                    stalled = true;
                    continue;
                }
                Woken::Readable => intake.read(&self.handle.socket),
                Woken::Lull => intake.read_after_lull(&self.handle.socket),
                Woken::Otherwise => continue,
            };
            match read {
                Ok(Some(0)) => eof = true,
                Ok(Some(_)) => {
                    has_read = prompt_reads > 0;
                    prompt_reads = prompt_reads.saturating_sub(1);
                }
                Ok(None) => {}
                Err(error) => {
                    self.end.get_or_insert(ConnectionEnd::Socket(error));
                    eof = true;
                }
            }
        }
    }

    /// While the program's thread watches the socket; `None` when the connection is over.
    async fn attend(&mut self, mut timer: Pin<&mut Sleep>) -> Option<Box<Hosted>> {
        loop {
            let (job, step) = self.handle.step_hosted();
            if let Some(job) = job {
                run_job(&self.handle, job);
                continue;
            }
            if step.ended || step.leaves || step.blocked {
                return self.take_over(step.ended);
            }
            let gate = self.handle.shared.handler.gate();
            set_timer(timer.as_mut(), step.deadline);
            tokio::select! {
                () = self.handle.notify.notified() => {}
                () = timer.as_mut(), if step.deadline.is_some() => {}
                () = gate.wait_open(), if step.gated => {}
            }
        }
    }

    /// Takes the socket over from the program's thread.
    fn take_over(&mut self, ended: bool) -> Option<Box<Hosted>> {
        let mut hosted = self.handle.no_more_hosted()?;
        if let Some(error) = hosted.error.take() {
            self.end.get_or_insert(ConnectionEnd::Socket(error));
        }
        if ended {
            return None;
        }
        if let Err(error) = self.handle.socket.watch() {
            self.end.get_or_insert(ConnectionEnd::Socket(error));
            return None;
        }
        Some(hosted)
    }

    /// Waits until there is something to do.
    async fn wait(
        &self,
        step: Step,
        reads: bool,
        flooded: bool,
        (mut timer, lull): (Pin<&mut Sleep>, Pin<&mut Sleep>),
    ) -> Woken {
        let gate = self.handle.shared.handler.gate();
        let gated = gate.is_closed();
        let reads = reads && !gated;
        let interest = match (reads, step.blocked) {
            (true, true) => Interest::READABLE | Interest::WRITABLE,
            (false, true) => Interest::WRITABLE,
            (_, false) => Interest::READABLE,
        };
        set_timer(timer.as_mut(), step.deadline);
        tokio::select! {
            ready = self.handle.socket.ready(interest), if reads || step.blocked => {
                if reads && ready.is_ok_and(|ready| ready.is_readable() || ready.is_read_closed()) {
                    Woken::Readable
                } else {
                    Woken::Otherwise
                }
            }
            () = self.handle.notify.notified() => Woken::Otherwise,
            () = timer, if step.deadline.is_some() => Woken::Otherwise,
            () = lull, if flooded && reads => Woken::Lull,
            () = gate.wait_open(), if gated || step.gated => Woken::Otherwise,
        }
    }

    /// Sends the last bytes and lets the client close first: closing a socket with unread bytes
    /// would reset the connection, and DISCONNECT with it.
    async fn part(self) {
        let deadline = tokio::time::Instant::now() + FLUSH_TIME;
        while !self.handle.flush() {
            if self.handle.socket.watch().is_err() {
                break;
            }
            match timeout_at(deadline, self.handle.socket.ready(Interest::WRITABLE)).await {
                Ok(Ok(_)) => {}
                Ok(Err(_)) | Err(_) => break,
            }
        }
        let failed = self.end.is_some();
        let closed = self.handle.socket.raw().shutdown(Shutdown::Write);
        let handle = Arc::clone(&self.handle);
        drop(self);
        if !failed && closed.is_ok() {
            // Over when the time is: the client had its chance.
            let _ = timeout(LINGER_TIME, discard(&handle.socket)).await;
        }
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        if !std::mem::replace(&mut self.retired, true) {
            self.handle.retire(self.end.take());
        }
    }
}

/// Acknowledges what was read, unless a reply has done so already. A client with Nagle's algorithm on
/// holds its next small message back until then, and the system's delay for acknowledgements would
/// cost it 40 ms at each step that gets no reply.
pub(super) fn acknowledge(socket: &Socket) {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    // It is only about speed; a socket that refuses works all the same.
    let _ = socket.raw().set_tcp_quickack(true);
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    let _ = socket;
}

/// What is quick here, the rest where it does not delay other connections. There it may have to wait
/// for long, and must not keep the socket of a connection that is over meanwhile.
fn run_job(handle: &Arc<ConnectionHandle>, job: Job) {
    if !job.is_heavy() {
        return handle.submit(run_here(job));
    }
    let handle = Arc::downgrade(handle);
    arithmetic::run(move || {
        if handle.upgrade().is_none_or(|handle| handle.queue.lock().closed) {
            return;
        }
        let done = run_here(job);
        if let Some(handle) = handle.upgrade() {
            handle.submit(done);
        }
    });
}

/// Runs a job; what the engine is to do then.
pub(super) fn run_here(job: Job) -> Command {
    let output = catch_unwind(AssertUnwindSafe(|| job.run()));
    output.map_or(Command::JobPanicked, Command::Complete)
}

/// A timer that rings too early costs one more turn; setting it for each packet more.
fn set_timer(mut timer: Pin<&mut Sleep>, deadline: Option<Instant>) {
    if let Some(deadline) = deadline.map(tokio::time::Instant::from)
        && (deadline < timer.deadline() || timer.is_elapsed())
    {
        timer.as_mut().reset(deadline);
    }
}

async fn discard(socket: &Socket) {
    let mut scratch = [0; 512];
    let mut left = LINGER_LEN;
    while left > 0 {
        match socket.try_read(&mut scratch) {
            Ok(0) => return,
            Ok(len) => left = left.saturating_sub(len),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                // Mostly the client has closed already, and nobody has to watch for that.
                if socket.watch().is_err() || socket.ready(Interest::READABLE).await.is_err() {
                    return;
                }
            }
            Err(_) => return,
        }
    }
}

/// Somebody wants to end this connection, or all of them.
async fn disconnected(handle: &ConnectionHandle, halt: &mut watch::Receiver<Halt>) {
    tokio::select! {
        () = handle.disconnect_asked() => {}
        // An error means that the server is gone, which is the same.
        _ = halt.changed() => {}
    }
}

async fn aborted(halt: &mut watch::Receiver<Halt>) {
    // An error means that the server is gone, which is the same.
    let _ = halt.wait_for(|halt| halt.aborted).await;
}
