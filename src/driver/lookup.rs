//! Runs what asks the system's resolver. It blocks its thread for as long as the servers of a name do
//! not answer, so it gets a thread of its own: those that the runtime has for work that blocks are
//! few, and connections with a key file of their own need them. The callers bound how many there are.

use std::io;

use tokio::sync::oneshot;

/// The resolver recurses little.
const STACK_LEN: usize = 256 * 1024;

/// What `question` says. The permits are given back when the thread is done, which may be long after
/// nobody waits for it any more.
pub(super) async fn ask<T: Send + 'static>(
    permits: impl Send + 'static,
    question: impl FnOnce() -> T + Send + 'static,
) -> io::Result<T> {
    let (sender, answer) = oneshot::channel();
    let thread = std::thread::Builder::new().name("sshserver-names".to_owned());
    thread.stack_size(STACK_LEN).spawn(move || {
        // Nobody may be left to tell.
        let _ = sender.send(question());
        drop(permits);
    })?;
    answer.await.map_err(|_| io::ErrorKind::Other.into())
}
