//! Runs a question to the system's resolver on a thread of its own. It blocks that thread for as long as
//! the name servers do not answer; the runtime has few threads for work that blocks, and connections with a
//! key file of their own need them. The callers bound the number of these threads.

use std::io;

use tokio::sync::oneshot;

/// The resolver recurses little.
const STACK_LEN: usize = 256 * 1024;

/// Runs `question` and returns its answer. The permits are dropped when the thread is done, which may be
/// long after the caller has given up.
pub(super) async fn ask<T: Send + 'static>(
    permits: impl Send + 'static,
    question: impl FnOnce() -> T + Send + 'static,
) -> io::Result<T> {
    let (sender, answer) = oneshot::channel();
    let thread = std::thread::Builder::new().name("sshserver-names".to_owned());
    thread.stack_size(STACK_LEN).spawn(move || {
        // Sending fails if the caller has given up.
        let _ = sender.send(question());
        drop(permits);
    })?;
    answer.await.map_err(|_| io::ErrorKind::Other.into())
}
