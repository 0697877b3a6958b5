//! Looks names up for tunnels. The system's resolver blocks its thread for as long as the servers of
//! a name do not answer, so it gets threads of its own: those that the runtime has for work that
//! blocks are few, and key exchanges need them.

use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::Arc;

use tokio::sync::{Semaphore, oneshot};

use super::TunnelFailure;
use crate::limits::MAX_TUNNEL_LOOKUPS;

/// The resolver recurses little.
const STACK_LEN: usize = 256 * 1024;

static LOOKUPS: Semaphore = Semaphore::const_new(MAX_TUNNEL_LOOKUPS);

/// The addresses of a name, at least one.
pub(super) async fn resolve(
    own: &Arc<Semaphore>,
    host: &str,
    port: u16,
) -> Result<Vec<SocketAddr>, TunnelFailure> {
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    let closed = |_| TunnelFailure::HostNotFound;
    let own = Arc::clone(own).acquire_owned().await.map_err(closed)?;
    let all = LOOKUPS.acquire().await.map_err(closed)?;
    let (sender, answer) = oneshot::channel();
    let host = host.to_owned();
    std::thread::Builder::new().name("sshserver-names".to_owned()).stack_size(STACK_LEN).spawn(
        move || {
            let found = (host.as_str(), port).to_socket_addrs().map(Vec::from_iter);
            // Nobody may be left to tell. The permits last as long as the thread does.
            let _ = sender.send(found);
            drop((own, all));
        },
    )?;
    match answer.await {
        Ok(Ok(addresses)) if !addresses.is_empty() => Ok(addresses),
        _ => Err(TunnelFailure::HostNotFound),
    }
}
