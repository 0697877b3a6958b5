//! The task of one connection, on a thread for I/O. It serves the machine whenever another thread wakes it
//! or, if it is the keeper, the stream is ready; it keeps the timers, runs jobs that take long, and at the
//! end gives the client time to close first. While it waits it holds no buffer, so that an idle connection
//! costs little.

use std::io;
use std::pin::{Pin, pin};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use bytes::BytesMut;
use tokio::io::Interest;
use tokio::sync::watch;
use tokio::task::yield_now;
use tokio::time::{Sleep, sleep, timeout};

use super::ConnectionHandle;
use super::keeper::By;
use super::link::Link;
use super::machine::{Next, Rest, run_here};
use crate::driver::clock;
use crate::driver::handler::ConnectionEnd;
use crate::driver::io::intake::LULL;
use crate::driver::io::program_loop::Sign;
use crate::driver::io::stream::{Addresses, Attempt, ByteStream, ready};
use crate::driver::job_threads::{self, Work};
use crate::driver::permits::SocketPermit;
use crate::driver::shared::{Halt, Shared};
use crate::driver::tables::Tables;
use crate::engine::Job;
use crate::error::{Closed, Error};
use crate::limits::{FLUSH_TIME, LINGER_LEN, LINGER_TIME};

/// What a newly accepted stream needs to be served.
pub(in crate::driver) struct Arrival {
    pub(in crate::driver) shared: Arc<Shared>,
    pub(in crate::driver) tables: Arc<Tables>,
    pub(in crate::driver) permit: SocketPermit,
    /// The server's order to end, subscribed to since the accept, so that none is missed.
    pub(in crate::driver) halt: watch::Receiver<Halt>,
}

impl Arrival {
    /// Serves the stream to its end.
    pub(in crate::driver) async fn serve(
        mut self,
        stream: Box<dyn ByteStream>,
        addresses: Addresses,
    ) {
        let login = Arc::clone(&self.permit.login);
        let shared = Arc::clone(&self.shared);
        let handle = ConnectionHandle::new(shared, stream, addresses, Arc::clone(&login));
        self.tables.add_connection(&handle);
        let task = Task { handle };
        let end = tokio::select! {
            end = task.run() => end,
            () = task.halted(&mut self.halt) => End::AtOnce,
            () = login.revoked() => {
                task.finish(Some(ConnectionEnd::Engine(Error::Closed(Closed::MadeRoom))));
                End::AtOnce
            }
        };
        let handle = Arc::clone(&task.handle);
        drop(task);
        if end == End::WithTheClient {
            // At most LINGER_TIME: then the stream is closed, whether or not the client has closed it.
            tokio::select! {
                _ = timeout(LINGER_TIME, linger(&*handle.link.stream)) => {}
                () = aborted(&mut self.halt) => {}
            }
        }
        drop(handle);
        self.leave();
    }

    /// Called when the stream is closed: gives its permit back, and tells the handler if it was the last.
    pub(in crate::driver) fn leave(self) {
        let Self { shared, permit, .. } = self;
        drop(permit);
        if shared.permits.has_no_sockets() {
            shared.handler.idle();
        }
    }
}

/// Later than anything that a timer is set for.
const FAR_AWAY: Duration = Duration::from_secs(10 * 365 * 24 * 3600);

/// How a stream ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// The client closes first, if it does so within LINGER_TIME.
    WithTheClient,
    AtOnce,
}

/// Finishes the connection when dropped, even if its future is cancelled or panics.
struct Task {
    handle: Arc<ConnectionHandle>,
}

impl Task {
    fn link(&self) -> &Link {
        &self.handle.link
    }

    /// Serves the connection until the program has all its events.
    async fn run(&self) -> End {
        let link = self.link();
        if let Some(refusal) = self.look_up().await {
            let mut machine = self.handle.machine.lock();
            machine.guarded(link, |machine| machine.ask_whether(link, refusal));
        }
        // Set before they are first waited for: what is due is earlier than this.
        let (mut timer, mut lull) = (pin!(sleep(FAR_AWAY)), pin!(sleep(FAR_AWAY)));
        let mut flush_until = None;
        loop {
            let (rest, flooded) = self.step();
            if let Some(job) = rest.job {
                run_job(&self.handle, job);
                continue;
            }
            let mut deadline = rest.deadline;
            match rest.next {
                Next::Over => return End::WithTheClient,
                Next::Refused => return End::AtOnce,
                Next::GoOn => {
                    yield_now().await;
                    continue;
                }
                Next::AwaitCall => {}
                Next::AwaitProgram => {
                    if deadline.is_none() && !self.watch() {
                        continue;
                    }
                }
                Next::AwaitStream { .. } => {
                    if !self.watch() {
                        continue;
                    }
                }
                Next::Flush => {
                    let until = flush_until.get_or_insert_with(|| clock::now() + FLUSH_TIME);
                    if *until <= clock::now() || link.stream.watch().is_err() {
                        self.finish(None);
                        return End::WithTheClient;
                    }
                    deadline = Some(*until);
                }
            }
            set_timer(timer.as_mut(), deadline);
            if flooded {
                lull.as_mut().reset(tokio::time::Instant::now() + LULL);
            }
            let timers = Timers {
                timer: timer.as_mut(),
                is_set: deadline.is_some(),
                lull: lull.as_mut(),
                flooded,
            };
            link.signs.add(self.wait(rest.next, timers).await);
        }
    }

    /// Why the lists of clients do not want the client; `None` when the connection is over before that is
    /// known.
    async fn look_up(&self) -> Option<Option<&'static str>> {
        let link = self.link();
        let settings = link.shared.settings();
        let mut looked_up = pin!(settings.clients.refusal(link.peer.ip()));
        loop {
            tokio::select! {
                refusal = looked_up.as_mut() => return Some(refusal),
                // Only a shutdown can want anything of it yet.
                () = link.woken() => {
                    if link.command_count() > 0 {
                        return None;
                    }
                }
            }
        }
    }

    /// Everything that can be done without waiting.
    fn step(&self) -> (Rest, bool) {
        let link = self.link();
        let mut machine = self.handle.machine.lock();
        machine.serve(link, By::Task);
        (machine.rest(link), machine.inbound.intake.is_flooded())
    }

    /// Has the runtime watch the stream; `false` when that fails, which ends the connection.
    fn watch(&self) -> bool {
        let Err(error) = self.link().stream.watch() else {
            return true;
        };
        self.finish(Some(ConnectionEnd::Socket(error)));
        false
    }

    fn finish(&self, cause: Option<ConnectionEnd>) {
        let link = self.link();
        self.handle.machine.lock().guarded(link, |machine| machine.finish(link, cause));
    }

    /// Waits until there is something to do; returns what is known of the stream then.
    async fn wait(&self, next: Next, timers: Timers<'_>) -> Sign {
        let link = self.link();
        let (reads, interest) = match next {
            Next::AwaitStream { reads: true, writes: true } => {
                (true, Some(Interest::READABLE | Interest::WRITABLE))
            }
            Next::AwaitStream { reads: true, writes: false } => (true, Some(Interest::READABLE)),
            // Without reading, only an explicit interest in errors shows that the stream is broken.
            Next::AwaitStream { reads: false, writes: true } => {
                (false, Some(Interest::WRITABLE | Interest::ERROR))
            }
            Next::AwaitStream { reads: false, writes: false } => (false, Some(Interest::ERROR)),
            Next::AwaitProgram => (false, (!timers.is_set).then_some(Interest::ERROR)),
            Next::Flush => (false, Some(Interest::WRITABLE)),
            Next::GoOn | Next::AwaitCall | Next::Over | Next::Refused => (false, None),
        };
        let stream_is_ready = async {
            match interest {
                Some(interest) => ready(&*link.stream, interest).await,
                None => std::future::pending().await,
            }
        };
        let flooded = timers.flooded && reads;
        tokio::select! {
            ready = stream_is_ready => match ready {
                Ok(ready) if reads && (ready.is_readable() || ready.is_read_closed()) => {
                    Sign::Readable
                }
                Ok(ready) if ready.is_error() && !reads => Sign::Broken,
                Ok(_) => Sign::Nothing,
                Err(_) => Sign::Broken,
            },
            () = link.woken() => Sign::Nothing,
            () = timers.timer, if timers.is_set => Sign::Nothing,
            () = timers.lull, if flooded => Sign::Lull,
        }
    }

    /// Until everything ends at once. When the server is told to end, so is the connection: nobody may know of
    /// it yet who could end it.
    async fn halted(&self, halt: &mut watch::Receiver<Halt>) {
        while !halt.borrow().aborted && halt.changed().await.is_ok() {
            if !halt.borrow_and_update().aborted {
                self.handle.disconnect(None);
            }
        }
    }
}

struct Timers<'t> {
    timer: Pin<&'t mut Sleep>,
    is_set: bool,
    lull: Pin<&'t mut Sleep>,
    flooded: bool,
}

impl Drop for Task {
    fn drop(&mut self) {
        self.finish(None);
    }
}

/// Runs a heavy job on another thread, where it delays no other connection.
fn run_job(handle: &Arc<ConnectionHandle>, job: Job) {
    let pool = if job.may_block() { &job_threads::GSSAPI } else { &job_threads::ARITHMETIC };
    pool.run(Box::new(HeavyJob { handle: Arc::downgrade(handle), job }));
}

/// A heavy job, which may wait for long: it holds only a weak handle, and so does not keep the socket of a
/// connection that is over.
struct HeavyJob {
    handle: Weak<ConnectionHandle>,
    job: Job,
}

impl Work for HeavyJob {
    fn is_wanted(&self) -> bool {
        self.handle.upgrade().is_some_and(|handle| !handle.link.is_closed())
    }

    fn run(self: Box<Self>) {
        if !self.is_wanted() {
            return;
        }
        let Self { handle, job } = *self;
        let done = run_here(job);
        if let Some(handle) = handle.upgrade() {
            handle.link.submit(done);
        }
    }
}

/// Only moves the timer forward: a timer that fires too early costs one more turn, resetting it for each
/// packet costs more.
fn set_timer(mut timer: Pin<&mut Sleep>, deadline: Option<Instant>) {
    if let Some(deadline) = deadline.map(tokio::time::Instant::from)
        && (deadline < timer.deadline() || timer.is_elapsed())
    {
        timer.as_mut().reset(deadline);
    }
}

/// Lets the client close first: closing a socket with unread bytes sends RST, and the client could lose the
/// DISCONNECT.
async fn linger(stream: &dyn ByteStream) {
    let mut scratch = BytesMut::with_capacity(512);
    let mut left = LINGER_LEN;
    while left > 0 {
        scratch.clear();
        match stream.receive(&mut scratch, Attempt::Known) {
            Ok(received) if received.is_end() => return,
            Ok(received) if received.len > 0 => left = left.saturating_sub(received.len),
            Err(error) if error.kind() != io::ErrorKind::WouldBlock => return,
            Ok(_) | Err(_) => {
                // The stream is watched only now: mostly the client has closed already, and watching costs
                // system calls.
                if stream.watch().is_err() || ready(stream, Interest::READABLE).await.is_err() {
                    return;
                }
            }
        }
    }
}

async fn aborted(halt: &mut watch::Receiver<Halt>) {
    // The channel is closed when the server is dropped, which is an abort, too.
    let _ = halt.wait_for(|halt| halt.aborted).await;
}
