//! Looks up host names for tunnels; the number of look-ups at a time is bounded, for each connection and
//! for all.

use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::Arc;

use tokio::sync::Semaphore;

use crate::driver::lookup;
use crate::driver::op_error::TunnelFailure;
use crate::limits::MAX_TUNNEL_LOOKUPS;

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
    let host = host.to_owned();
    let found = lookup::ask((own, all), move || {
        (host.as_str(), port).to_socket_addrs().map(Vec::from_iter)
    });
    match found.await? {
        Ok(addresses) if !addresses.is_empty() => Ok(addresses),
        Ok(_) | Err(_) => Err(TunnelFailure::HostNotFound),
    }
}
