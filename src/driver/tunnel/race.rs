//! Connects to one of several addresses (RFC 8305, "Happy Eyeballs"): often not all addresses of a host
//! answer, and one that does not must not use up the time for the others. Called by `forward`.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;

/// The result of an attempt, and its permit: the next attempt takes that over.
type Ended<T> = (io::Result<T>, Option<OwnedSemaphorePermit>);

/// Returns the connection that is established first. An attempt begins when the one before has failed, or
/// when `pause` is over; attempts that are still under way at the end are dropped. Each but the first needs
/// a permit of `spare`. Without a connection it returns the last error, or `None` if there were no
/// addresses.
pub(super) async fn first_of<T, C, P>(
    addresses: Vec<SocketAddr>,
    spare: &Arc<Semaphore>,
    connect: impl Fn(SocketAddr) -> C,
    pause: impl Fn() -> P,
) -> Result<T, Option<io::Error>>
where
    T: Send + 'static,
    C: Future<Output = io::Result<T>> + Send + 'static,
    P: Future<Output = ()>,
{
    let mut waiting = alternated(addresses).into_iter();
    let mut running: JoinSet<Ended<T>> = JoinSet::new();
    let mut failure = None;
    let start = |running: &mut JoinSet<Ended<T>>, address, permit| {
        let attempt = connect(address);
        running.spawn(async move { (attempt.await, permit) });
    };
    if let Some(address) = waiting.next() {
        start(&mut running, address, None);
    }
    loop {
        let is_last = waiting.len() == 0;
        tokio::select! {
            biased;
            Some(ended) = running.join_next() => {
                let (result, permit) = ended.map_err(io::Error::other)?;
                match result {
                    Ok(connected) => return Ok(connected),
                    Err(error) => failure = Some(error),
                }
                // RFC 8305 section 5: after a failure the next attempt begins at once
                if let Some(address) = waiting.next() {
                    start(&mut running, address, permit);
                }
            }
            permit = turn(spare, pause()), if !is_last => {
                if let Some(address) = waiting.next() {
                    start(&mut running, address, permit);
                }
            }
            else => return Err(failure),
        }
    }
}

/// Waits until one more attempt may begin beside those under way.
async fn turn(
    spare: &Arc<Semaphore>,
    pause: impl Future<Output = ()>,
) -> Option<OwnedSemaphorePermit> {
    pause.await;
    // the semaphore is never closed
    Arc::clone(spare).acquire_owned().await.ok()
}

/// RFC 8305 section 4: addresses of the two families alternate, beginning with the family of the first
/// address. Within a family the order is that of the resolver (RFC 6724).
fn alternated(addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let begins_with_v4 = addresses.first().is_some_and(SocketAddr::is_ipv4);
    let (first, second): (Vec<_>, Vec<_>) =
        addresses.into_iter().partition(|address| address.is_ipv4() == begins_with_v4);
    let mut second = second.into_iter();
    let mut all = Vec::new();
    for address in first {
        all.push(address);
        all.extend(second.next());
    }
    all.extend(second);
    all
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};
    use std::pin::Pin;
    use std::sync::Mutex;
    use std::sync::mpsc::{Receiver, channel};

    use tokio::sync::oneshot;

    use super::*;

    type Connecting = Pin<Box<dyn Future<Output = io::Result<SocketAddr>> + Send>>;

    /// How an attempt ends.
    #[derive(Clone, Copy, PartialEq, Eq)]
    enum Fate {
        Works,
        Fails,
        /// It gets no answer; the test sees when it is dropped.
        Hangs,
    }
    use Fate::{Fails, Hangs, Works};

    fn v4(last: u8) -> SocketAddr {
        SocketAddr::from(([192, 0, 2, last], 22))
    }

    fn v6(last: u16) -> SocketAddr {
        SocketAddr::from(([0x2001, 0xdb8, 0, 0, 0, 0, 0, last], 22))
    }

    /// Sends its address when it is dropped.
    struct Dropped(SocketAddr, std::sync::mpsc::Sender<SocketAddr>);

    impl Drop for Dropped {
        fn drop(&mut self) {
            // the receiver is gone when the test is over
            _ = self.1.send(self.0);
        }
    }

    struct Outcome {
        result: Result<SocketAddr, Option<io::ErrorKind>>,
        began: Vec<SocketAddr>,
        dropped: Receiver<SocketAddr>,
        spare: Arc<Semaphore>,
    }

    /// Runs attempts with these fates. `patient`: no pause ever ends.
    fn run(attempts: &[(SocketAddr, Fate)], spare: usize, patient: bool) -> Outcome {
        let (tell, dropped) = channel();
        let began = Mutex::new(Vec::new());
        let spare = Arc::new(Semaphore::new(spare));
        let connect = |address: SocketAddr| -> Connecting {
            began.lock().unwrap().push(address);
            let fate = attempts.iter().find(|(of, _)| *of == address).unwrap().1;
            let noted = Dropped(address, tell.clone());
            match fate {
                Works => Box::pin(ready(Ok(address))),
                Fails => Box::pin(ready(Err(io::ErrorKind::ConnectionRefused.into()))),
                Hangs => Box::pin(async move {
                    let _noted = noted;
                    pending().await
                }),
            }
        };
        let pause = || async move {
            if patient {
                pending::<()>().await;
            }
            // lets the attempts that have begun run until they wait
            tokio::task::yield_now().await;
        };
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let addresses = attempts.iter().map(|(address, _)| *address).collect();
        let result = runtime.block_on(first_of(addresses, &spare, connect, pause));
        drop(runtime);
        let result = result.map_err(|error| error.map(|error| error.kind()));
        Outcome { result, began: began.into_inner().unwrap(), dropped, spare }
    }

    #[test]
    fn the_families_come_in_turn() {
        for (given, wanted) in [
            (vec![], vec![]),
            (vec![v4(1), v4(2)], vec![v4(1), v4(2)]),
            (vec![v6(1), v6(2), v6(3), v4(1)], vec![v6(1), v4(1), v6(2), v6(3)]),
            (vec![v4(1), v6(1), v6(2), v6(3)], vec![v4(1), v6(1), v6(2), v6(3)]),
            (vec![v6(1), v4(1), v4(2), v6(2)], vec![v6(1), v4(1), v6(2), v4(2)]),
        ] {
            assert_eq!(alternated(given), wanted);
        }
    }

    #[test]
    fn addresses_that_do_not_answer_do_not_keep_the_others_waiting() {
        let attempts = [(v6(1), Hangs), (v6(2), Hangs), (v4(1), Hangs), (v4(2), Works)];
        let outcome = run(&attempts, 16, false);
        assert_eq!(outcome.result, Ok(v4(2)));
        assert_eq!(outcome.began, [v6(1), v4(1), v6(2), v4(2)]);
        // the attempts still under way are dropped
        let mut dropped: Vec<_> = outcome.dropped.try_iter().collect();
        dropped.retain(|address| *address != v4(2));
        dropped.sort();
        let mut wanted = [v6(1), v4(1), v6(2)];
        wanted.sort();
        assert_eq!(dropped, wanted);
        assert_eq!(outcome.spare.available_permits(), 16);
    }

    #[test]
    fn a_failure_does_not_wait_for_its_time() {
        let attempts = [(v6(1), Fails), (v4(1), Fails), (v6(2), Works), (v4(2), Works)];
        let outcome = run(&attempts, 0, true);
        assert_eq!(outcome.result, Ok(v6(2)));
        assert_eq!(outcome.began, [v6(1), v4(1), v6(2)]);
    }

    #[test]
    fn the_first_has_its_time_alone() {
        let outcome = run(&[(v6(1), Works), (v4(1), Works)], 16, true);
        assert_eq!(outcome.result, Ok(v6(1)));
        assert_eq!(outcome.began, [v6(1)]);
    }

    #[test]
    fn without_any_that_works_the_last_error_is_told() {
        let refused = Err(Some(io::ErrorKind::ConnectionRefused));
        assert_eq!(run(&[(v6(1), Fails), (v4(1), Fails)], 16, false).result, refused);
        assert_eq!(run(&[(v6(1), Fails)], 0, true).result, refused);
        assert_eq!(run(&[], 16, false).result, Err(None));
    }

    /// One permit: beside the first attempt there is one more at a time, and what fails makes room.
    #[test]
    fn attempts_at_a_time_are_bounded() {
        let spare = Arc::new(Semaphore::new(1));
        let under_way = Arc::new(Mutex::new((0_usize, 0_usize)));
        let (fail, mut failing) = (Mutex::new(Vec::new()), Vec::new());
        for _ in 0..5 {
            let (sender, receiver) = oneshot::channel::<()>();
            fail.lock().unwrap().push(receiver);
            failing.push(sender);
        }
        let connect = |address: SocketAddr| -> Connecting {
            let under_way = Arc::clone(&under_way);
            let receiver = fail.lock().unwrap().remove(0);
            Box::pin(async move {
                let count = |change: isize| {
                    let mut counts = under_way.lock().unwrap();
                    counts.0 = counts.0.saturating_add_signed(change);
                    counts.1 = counts.1.max(counts.0);
                };
                count(1);
                let told = receiver.await;
                count(-1);
                if told.is_ok() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(address) }
            })
        };
        let addresses: Vec<_> = (1..=5).map(v4).collect();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let result = runtime.block_on(async {
            let telling = async {
                for sender in failing.drain(..4) {
                    for _ in 0..20 {
                        tokio::task::yield_now().await;
                    }
                    sender.send(()).unwrap();
                }
                for _ in 0..20 {
                    tokio::task::yield_now().await;
                }
                drop(failing.pop());
            };
            let race = first_of(addresses, &spare, connect, || ready(()));
            tokio::join!(race, telling).0
        });
        assert_eq!(result.unwrap(), v4(5));
        assert_eq!(under_way.lock().unwrap().1, 2);
    }
}
