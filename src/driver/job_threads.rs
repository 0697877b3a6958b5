//! The threads for jobs that take long: one pool for arithmetic (Diffie-Hellman in large groups, signatures
//! with large RSA keys and with tokens), one for steps of GSSAPI, which may wait for files. All servers of
//! the process share them, and they have a lower priority than its other threads: however many clients begin
//! such a job at once, the connections that are up do not wait for a processor. Look-ups of names and files
//! have other threads and do not wait behind them.

use std::collections::VecDeque;
use std::sync::{Arc, OnceLock};
use std::thread;

use parking_lot::{Condvar, Mutex};

use super::priority::lower_priority;
use crate::limits::{MAX_ARITHMETIC_THREADS, MAX_GSS_THREADS, MAX_WAITING_JOBS};

/// A token may block a thread, so there are always several.
const MIN_THREADS: usize = 2;
/// Arithmetic needs little stack; it does not recurse.
const STACK_LEN: usize = 512 * 1024;
/// The library of GSSAPI may load others, and parses their configuration.
const GSS_STACK_LEN: usize = 1024 * 1024;

/// For arithmetic.
pub(super) static ARITHMETIC: Pool = Pool {
    name: "sshserver-math",
    stack_len: STACK_LEN,
    count: || {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        cores.clamp(MIN_THREADS, MAX_ARITHMETIC_THREADS)
    },
    queue: OnceLock::new(),
};

/// For GSSAPI.
pub(super) static GSSAPI: Pool = Pool {
    name: "sshserver-gss",
    stack_len: GSS_STACK_LEN,
    // most of them wait, if any
    count: || MAX_GSS_THREADS,
    queue: OnceLock::new(),
};

/// What a thread does. It must not panic.
pub(super) trait Work: Send {
    /// Whether anybody still waits for it.
    fn is_wanted(&self) -> bool;

    fn run(self: Box<Self>);
}

/// Threads that are started when there is work for them, and end with the process.
pub(super) struct Pool {
    name: &'static str,
    stack_len: usize,
    /// How many there are at most.
    count: fn() -> usize,
    queue: OnceLock<Arc<Queue>>,
}

/// Work that waits for a thread: at most one for each connection, and for connections that are over.
#[derive(Default)]
struct Queue {
    waiting: Mutex<Waiting>,
    more: Condvar,
}

#[derive(Default)]
struct Waiting {
    work: VecDeque<Box<dyn Work>>,
    /// With this many, those that nobody waits for are dropped.
    sweep_at: usize,
    threads: usize,
    /// Those of them that wait for work.
    idle: usize,
}

impl Waiting {
    fn push(&mut self, work: Box<dyn Work>) {
        if self.work.len() >= self.sweep_at.max(MAX_WAITING_JOBS) {
            self.work.retain(|work| work.is_wanted());
            // so that sweeping costs no more than what has been added since
            self.sweep_at = self.work.len().saturating_mul(2);
        }
        self.work.push_back(work);
    }
}

impl Pool {
    /// Runs `work` on one of the threads; on this one if the system starts none.
    pub(super) fn run(&self, work: Box<dyn Work>) {
        let queue = self.queue.get_or_init(Arc::default);
        let mut waiting = queue.waiting.lock();
        waiting.push(work);
        let is_short = waiting.idle < waiting.work.len() && waiting.threads < (self.count)();
        if is_short && self.start(queue) {
            waiting.threads = waiting.threads.saturating_add(1);
        }
        if waiting.threads > 0 {
            queue.more.notify_one();
            return;
        }
        let left = waiting.work.pop_back();
        drop(waiting);
        if let Some(work) = left {
            work.run();
        }
    }

    /// Starts a thread; whether the system did.
    fn start(&self, queue: &Arc<Queue>) -> bool {
        let queue = Arc::clone(queue);
        let builder = thread::Builder::new().name(self.name.to_owned());
        builder.stack_size(self.stack_len).spawn(move || serve(&queue)).is_ok()
    }
}

/// The loop of a thread, which ends with the process.
fn serve(queue: &Queue) {
    lower_priority();
    loop {
        let mut waiting = queue.waiting.lock();
        let work = loop {
            if let Some(work) = waiting.work.pop_front() {
                break work;
            }
            waiting.idle = waiting.idle.saturating_add(1);
            queue.more.wait(&mut waiting);
            waiting.idle = waiting.idle.saturating_sub(1);
        };
        drop(waiting);
        work.run();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    /// What a closure does; wanted as the flag says.
    struct Closure<F>(F, bool);

    impl<F: FnOnce() + Send> Work for Closure<F> {
        fn is_wanted(&self) -> bool {
            self.1
        }

        fn run(self: Box<Self>) {
            (self.0)();
        }
    }

    fn work(run: impl FnOnce() + Send + 'static) -> Box<dyn Work> {
        Box::new(Closure(run, true))
    }

    #[test]
    fn all_work_is_done_on_other_threads() {
        let (done, results) = channel();
        for number in 0..100 {
            let done = done.clone();
            let run = move || done.send((number, thread::current().id())).unwrap();
            ARITHMETIC.run(work(run));
        }
        drop(done);
        let mut numbers = Vec::new();
        for (number, thread) in results {
            assert_ne!(thread, thread::current().id());
            numbers.push(number);
        }
        numbers.sort_unstable();
        assert_eq!(numbers, (0..100).collect::<Vec<_>>());
    }

    /// Two jobs that wait for each other: with one thread alone they would wait for ever.
    #[test]
    fn one_that_waits_does_not_hold_up_the_rest() {
        let (go, gone) = channel();
        let (done, finished) = channel();
        let waits = done.clone();
        ARITHMETIC.run(work(move || {
            gone.recv().unwrap();
            waits.send("waited").unwrap();
        }));
        ARITHMETIC.run(work(move || {
            go.send(()).unwrap();
            done.send("went").unwrap();
        }));
        let mut both: Vec<_> = finished.iter().collect();
        both.sort_unstable();
        assert_eq!(both, ["waited", "went"]);
    }

    #[test]
    fn threads_of_gssapi_that_hang_hold_up_no_arithmetic() {
        let (go, gone) = channel::<()>();
        let gone = Arc::new(Mutex::new(gone));
        for _ in 0..MAX_GSS_THREADS {
            let gone = Arc::clone(&gone);
            // all of them end with the test
            GSSAPI.run(work(move || assert!(gone.lock().recv().is_err())));
        }
        let (done, finished) = channel();
        ARITHMETIC.run(work(move || done.send(()).unwrap()));
        finished.recv().unwrap();
        drop(go);
    }

    #[test]
    fn work_that_nobody_waits_for_does_not_pile_up() {
        let mut waiting = Waiting::default();
        for number in 0..10 * MAX_WAITING_JOBS {
            waiting.push(Box::new(Closure(|| {}, number % 20 == 0)));
            assert!(waiting.work.len() <= 2 * MAX_WAITING_JOBS);
        }
        let wanted = waiting.work.iter().filter(|work| work.is_wanted()).count();
        assert_eq!(wanted, MAX_WAITING_JOBS / 2, "none that is wanted is dropped");
    }
}
