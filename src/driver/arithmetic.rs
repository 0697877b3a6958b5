//! The threads for arithmetic that takes long: Diffie-Hellman in large groups, signatures with large RSA
//! keys and with tokens. All servers of the process share them, and they have a lower priority than its
//! other threads: however many clients begin such an exchange at once, the connections that are up do not
//! wait for a processor. Look-ups of names and files have other threads and do not wait behind them.

use std::collections::VecDeque;
use std::sync::{Arc, OnceLock};
use std::thread;

use parking_lot::{Condvar, Mutex};

use super::priority::lower_priority;
use crate::limits::MAX_ARITHMETIC_THREADS;

/// A token may block a thread, so there are always several.
const MIN_THREADS: usize = 2;
/// The arithmetic needs little stack; it does not recurse.
const STACK_LEN: usize = 512 * 1024;

type Work = Box<dyn FnOnce() + Send>;

/// Jobs that wait for a thread: at most one for each connection.
#[derive(Default)]
struct Queue {
    waiting: Mutex<VecDeque<Work>>,
    more: Condvar,
}

/// The queue, once there is a thread that serves it; `None` if none could be started.
static QUEUE: OnceLock<Option<Arc<Queue>>> = OnceLock::new();

/// Runs `work`, which must not panic, on one of the threads; on this one if the system starts none.
pub(super) fn run(work: impl FnOnce() + Send + 'static) {
    match QUEUE.get_or_init(start) {
        Some(queue) => {
            queue.waiting.lock().push_back(Box::new(work));
            queue.more.notify_one();
        }
        None => work(),
    }
}

fn start() -> Option<Arc<Queue>> {
    let queue = Arc::new(Queue::default());
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let mut started = false;
    for _ in 0..cores.clamp(MIN_THREADS, MAX_ARITHMETIC_THREADS) {
        let queue = Arc::clone(&queue);
        let builder = thread::Builder::new().name("sshserver-math".to_owned());
        started |= builder.stack_size(STACK_LEN).spawn(move || serve(&queue)).is_ok();
    }
    started.then_some(queue)
}

/// The loop of a thread, which ends with the process.
fn serve(queue: &Queue) {
    lower_priority();
    loop {
        let mut waiting = queue.waiting.lock();
        let work = loop {
            match waiting.pop_front() {
                Some(work) => break work,
                None => queue.more.wait(&mut waiting),
            }
        };
        drop(waiting);
        work();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;

    #[test]
    fn all_work_is_done_on_other_threads() {
        let (done, results) = channel();
        for number in 0..100 {
            let done = done.clone();
            run(move || done.send((number, thread::current().id())).unwrap());
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
        run(move || {
            gone.recv().unwrap();
            waits.send("waited").unwrap();
        });
        run(move || {
            go.send(()).unwrap();
            done.send("went").unwrap();
        });
        let mut both: Vec<_> = finished.iter().collect();
        both.sort_unstable();
        assert_eq!(both, ["waited", "went"]);
    }
}
