//! The task of one connection: once that has its engine (`arrival.rs`), reads, drives the engine and
//! waits, until the connection ends. While it waits for the client it
//! holds no buffer, so that an idle connection costs little.

use std::io;
use std::net::Shutdown;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use tokio::io::Interest;
use tokio::sync::watch;
use tokio::task::yield_now;
use tokio::time::{Sleep, sleep, timeout, timeout_at};

use super::arrival::Arrival;
use super::command::Command;
use super::drive::Step;
use super::handle::ConnectionHandle;
use super::hosted::Hosted;
use crate::driver::arithmetic;
use crate::driver::handler::ConnectionEnd;
use crate::driver::io::intake::{Intake, LULL};
use crate::driver::io::socket::{Accepted, Socket};
use crate::driver::permits::{LoginPermit, SocketPermit};
use crate::driver::shared::{Halt, Shared};
use crate::engine::Job;
use crate::error::{Closed, Error};
use crate::limits::{FLUSH_TIME, LINGER_LEN, LINGER_TIME, READ_IN_TURN};

/// How many reads are acknowledged at once: those of handshake, login and the opening of channels.
pub(in crate::driver) const PROMPT_READS: u8 = 64;
/// Serves one TCP connection from its accept to its end; `halt` has been watched since the accept.
pub(in crate::driver) async fn serve(
    shared: Arc<Shared>,
    socket: Accepted,
    permit: SocketPermit,
    mut halt: watch::Receiver<Halt>,
) {
    let server = Arc::clone(&shared);
    let login = Arc::clone(&permit.login);
    let arrival = Arrival::new(shared, socket, Arc::clone(&login), halt.clone());
    let task = tokio::select! {
        task = arrival.wait(&mut halt) => task,
        () = login.revoked() => None,
    };
    if let Some(task) = task {
        task.run(halt, &login).await;
    }
    drop(permit);
    if server.permits.has_no_sockets() {
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
    /// The socket is broken.
    Broken,
    Otherwise,
}

/// The connection in the tables; taken out of them on drop, whatever happens.
pub(in crate::driver) struct Task {
    handle: Arc<ConnectionHandle>,
    end: Option<ConnectionEnd>,
}

impl Task {
    pub(in crate::driver) fn new(handle: Arc<ConnectionHandle>) -> Self {
        Self { handle, end: None }
    }

    /// The connection ends before it has an engine.
    pub(in crate::driver) fn fail(&mut self, end: ConnectionEnd) {
        self.end = Some(end);
    }

    /// Whether the program's thread watches the socket.
    pub(in crate::driver) fn is_hosted(&self) -> bool {
        self.handle.is_hosted.load(Ordering::Relaxed)
    }

    async fn run(mut self, mut halt: watch::Receiver<Halt>, login: &LoginPermit) {
        if self.end.is_some() {
            return;
        }
        tokio::select! {
            () = self.converse() => {}
            () = aborted(&mut halt) => return,
            () = login.revoked() => {
                return self.fail(ConnectionEnd::Engine(Error::Closed(Closed::MadeRoom)));
            }
        }
        tokio::select! {
            () = self.part() => {}
            () = aborted(&mut halt) => {}
        }
    }

    /// Until the engine has come to its end.
    async fn converse(&mut self) {
        // Mostly this task sleeps from when its connection has an engine to when that is at its end.
        if self.handle.is_retired.load(Ordering::Acquire) {
            return;
        }
        let mut intake = Intake::new();
        let mut eof = false;
        let mut prompt_reads = PROMPT_READS;
        // Set before it is first waited for.
        let mut timer = pin!(sleep(Duration::ZERO));
        if self.is_hosted() {
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
        let mut read_in_turn = 0_usize;
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
            if step.turn_is_over || read_in_turn >= READ_IN_TURN {
                read_in_turn = 0;
                yield_now().await;
            }
            if step.turn_is_over {
                continue;
            }
            if step.broken || self.end.is_some() {
                if eof || !self.reads_on(&mut intake) {
                    self.handle.break_off();
                }
                continue;
            }
            intake.park();
            if std::mem::take(&mut has_read) {
                acknowledge(&self.handle.socket);
            }
            if intake.is_flooded() {
                lull.as_mut().reset(tokio::time::Instant::now() + LULL);
            }
            let timers = Timers { timer: timer.as_mut(), lull: lull.as_mut() };
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
                Woken::Broken => Err(self.handle.socket.failure()),
                Woken::Otherwise => continue,
            };
            match read {
                Ok(Some(0)) => eof = true,
                Ok(Some(len)) => {
                    has_read = prompt_reads > 0;
                    prompt_reads = prompt_reads.saturating_sub(1);
                    read_in_turn = read_in_turn.saturating_add(len);
                }
                Ok(None) => {}
                Err(error) => {
                    self.end.get_or_insert(ConnectionEnd::Socket(error));
                }
            }
        }
    }

    /// Reads what a broken socket still has, as far as the engine takes it: what the client sent before
    /// counts. `false` when that was all.
    fn reads_on(&self, intake: &mut Intake) -> bool {
        !self.handle.is_overloaded()
            && self.handle.may_read()
            && intake.receive(&self.handle.socket).is_ok_and(|(len, _)| len > 0)
    }

    /// While the program's thread watches the socket; `None` when the connection is over.
    async fn attend(&mut self, mut timer: Pin<&mut Sleep>) -> Option<Box<Hosted>> {
        loop {
            let (job, step) = self.handle.step_hosted();
            if let Some(job) = job {
                run_job(&self.handle, job);
                continue;
            }
            if step.ended || step.leaves || step.blocked || step.broken {
                return self.take_over(step.ended);
            }
            set_timer(timer.as_mut(), step.deadline);
            tokio::select! {
                () = self.handle.notify.notified() => {}
                () = timer.as_mut(), if step.deadline.is_some() => {}
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
        Timers { mut timer, lull }: Timers<'_>,
    ) -> Woken {
        let reads = reads && !self.handle.is_overloaded();
        let interest = match (reads, step.blocked) {
            (true, true) => Interest::READABLE | Interest::WRITABLE,
            (true, false) => Interest::READABLE,
            // Nobody reads or writes who would find out that the socket is broken.
            (false, true) => Interest::WRITABLE | Interest::ERROR,
            (false, false) => Interest::ERROR,
        };
        set_timer(timer.as_mut(), step.deadline);
        tokio::select! {
            ready = self.handle.socket.ready(interest) => match ready {
                Ok(ready) if reads && (ready.is_readable() || ready.is_read_closed()) => {
                    Woken::Readable
                }
                Ok(ready) if ready.is_error() && !reads => Woken::Broken,
                Ok(_) => Woken::Otherwise,
                Err(_) => Woken::Broken,
            },
            () = self.handle.notify.notified() => Woken::Otherwise,
            () = timer, if step.deadline.is_some() => Woken::Otherwise,
            () = lull, if flooded && reads => Woken::Lull,
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
        self.handle.retire(self.end.take());
    }
}

/// Acknowledges what was read, unless a reply has done so already. A client with Nagle's algorithm on
/// holds its next small message back until then, and the system's delay for acknowledgements would
/// cost it 40 ms at each step that gets no reply.
pub(in crate::driver) fn acknowledge(socket: &Socket) {
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
pub(in crate::driver) fn run_here(job: Job) -> Command {
    let output = catch_unwind(AssertUnwindSafe(|| job.run()));
    output.map_or(Command::JobPanicked, Command::Complete)
}

/// What rings while a task waits.
struct Timers<'t> {
    /// For what the engine has to do.
    timer: Pin<&'t mut Sleep>,
    /// For what the system does not wake a flooded connection for.
    lull: Pin<&'t mut Sleep>,
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

async fn aborted(halt: &mut watch::Receiver<Halt>) {
    // An error means that the server is gone, which is the same.
    let _ = halt.wait_for(|halt| halt.aborted).await;
}
