//! The threads of the process that do all I/O, shared by all servers. Each has a runtime of its own, and a
//! connection stays on one of them: that costs fewer wake-ups than work stealing. They are created when the
//! first server starts and live as long as the process: idle threads cost next to nothing.

use std::cell::{Cell, RefCell};
use std::future::pending;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::runtime::{Builder, Handle};
use tokio::sync::Notify;

use crate::driver::handler::Handler;

/// More threads than this do not help: one JavaScript thread decides for all of them.
const MAX_THREADS: usize = 4;

/// Threads of each runtime for work that blocks: opening key files, and returning memory to the system.
/// Name look-ups and key exchanges have threads of their own.
const BLOCKING_THREADS: usize = 2;

/// I/O needs little stack; the default of 2 MiB is for code that recurses.
const STACK_LEN: usize = 512 * 1024;

/// Whether an I/O thread sleeps.
#[derive(Debug, Default)]
pub(in crate::driver) struct Sleeps(AtomicBool);

impl Sleeps {
    /// A hint: it may change at any time.
    pub(in crate::driver) fn now(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Of threads that are no I/O threads.
static AWAKE: Sleeps = Sleeps(AtomicBool::new(false));

static RUNTIMES: OnceLock<Vec<Handle>> = OnceLock::new();
static STARTING: Mutex<()> = Mutex::new(());
static NEXT: AtomicUsize = AtomicUsize::new(0);

/// The next runtime, round-robin, or why there is none.
pub(in crate::driver) fn handle() -> io::Result<Handle> {
    // A fuzz target runs everything on its own thread, and moves its clock.
    #[cfg(fuzzing)]
    if let Ok(own) = Handle::try_current() {
        return Ok(own);
    }
    let runtimes = all()?;
    let turn = NEXT.fetch_add(1, Ordering::Relaxed);
    let index = turn.checked_rem(runtimes.len()).unwrap_or_default();
    runtimes.get(index).cloned().ok_or_else(|| io::ErrorKind::Other.into())
}

/// The runtime for a socket that was accepted on this one; `None` for this one.
pub(in crate::driver) fn elsewhere() -> Option<Handle> {
    let several = all().is_ok_and(|runtimes| runtimes.len() > 1);
    several.then(handle).and_then(Result::ok)
}

fn all() -> io::Result<&'static [Handle]> {
    if let Some(runtimes) = RUNTIMES.get() {
        return Ok(runtimes);
    }
    let _one_at_a_time = STARTING.lock();
    if let Some(runtimes) = RUNTIMES.get() {
        return Ok(runtimes);
    }
    // A failure for want of files or memory may pass: only success is stored.
    let runtimes = start()?;
    Ok(RUNTIMES.get_or_init(|| runtimes))
}

fn start() -> io::Result<Vec<Handle>> {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    // The program has a thread of its own, which is busy whenever these are.
    let threads = cores.saturating_sub(1).clamp(1, MAX_THREADS);
    let mut runtimes = Vec::new();
    for _ in 0..threads {
        match start_one() {
            Ok(runtime) => runtimes.push(runtime),
            Err(error) if runtimes.is_empty() => return Err(error),
            // Fewer threads than planned work, too.
            Err(_) => break,
        }
    }
    Ok(runtimes)
}

fn start_one() -> io::Result<Handle> {
    // Lives as long as the process, as the thread does.
    let sleeps: &'static Sleeps = Box::leak(Box::default());
    let runtime = Builder::new_current_thread()
        .on_thread_park(|| sleeps.0.store(true, Ordering::Relaxed))
        .on_thread_unpark(|| sleeps.0.store(false, Ordering::Relaxed))
        .max_blocking_threads(BLOCKING_THREADS)
        .thread_name("sshserver")
        .thread_stack_size(STACK_LEN)
        .enable_all()
        .build()?;
    let handle = runtime.handle().clone();
    let builder = thread::Builder::new().name("sshserver".to_owned()).stack_size(STACK_LEN);
    builder.spawn(move || {
        let flusher = Flusher::default();
        runtime.spawn(flush_all(Arc::clone(&flusher.wake)));
        FLUSHER.set(Some(flusher));
        SLEEPS.set(sleeps);
        runtime.block_on(pending::<()>());
    })?;
    Ok(handle)
}

/// The handlers that an I/O thread has to flush.
#[derive(Default)]
struct Flusher {
    wake: Arc<Notify>,
    waiting: Vec<Arc<dyn Handler>>,
}

thread_local! {
    static FLUSHER: RefCell<Option<Flusher>> = const { RefCell::new(None) };
    static SLEEPS: Cell<&'static Sleeps> = const { Cell::new(&AWAKE) };
}

/// Whether this thread sleeps, for other threads to read.
pub(in crate::driver) fn sleeps() -> &'static Sleeps {
    SLEEPS.get()
}

/// Flushes a handler once the tasks of this thread that are ready now have run, which coalesces their
/// wake-ups of the program; on a thread of the program at once.
pub(in crate::driver) fn flush_soon(handler: &Arc<dyn Handler>) {
    let is_ours = FLUSHER.with_borrow_mut(|flusher| match flusher {
        Some(flusher) => {
            if !flusher.waiting.iter().any(|waiting| Arc::ptr_eq(waiting, handler)) {
                flusher.waiting.push(Arc::clone(handler));
                flusher.wake.notify_one();
            }
            true
        }
        None => false,
    });
    if !is_ours {
        handler.flush();
    }
}

/// A task that flushes the handlers. When woken, it is queued behind the tasks of the thread that are ready
/// already.
async fn flush_all(wake: Arc<Notify>) {
    loop {
        wake.notified().await;
        let take = |flusher: &mut Option<Flusher>| {
            flusher.as_mut().map(|flusher| std::mem::take(&mut flusher.waiting))
        };
        for handler in FLUSHER.with_borrow_mut(take).unwrap_or_default() {
            handler.flush();
        }
    }
}

/// Runs `work` after a delay on a thread that may block; not at all if there is no runtime.
pub fn later(delay: Duration, work: impl FnOnce() + Send + 'static) {
    if let Ok(runtime) = handle() {
        runtime.spawn(async move {
            tokio::time::sleep(delay).await;
            tokio::task::spawn_blocking(work);
        });
    }
}
