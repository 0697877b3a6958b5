//! Finds the acceptor of GSSAPI when a server begins to listen. Whatever comes of it, the server listens.

use std::sync::Arc;

use tokio::sync::oneshot;
use tokio::time::timeout;

use super::gssapi::{self, Found, GssSettings};
use super::job_threads::{self, Work};
use super::shared::Shared;
use crate::crypto::kex::ServerProof;
use crate::engine::Config;
use crate::limits::GSS_ACQUIRE_TIME;
use crate::wire::escaped;

/// Finds the acceptor for new connections, if the settings have anything of GSSAPI, and says in the log what
/// came of it.
pub(super) async fn find(shared: &Arc<Shared>) {
    let settings = shared.settings();
    let is_given = settings.config.transport.gss.is_some() && !shared.has_acceptor();
    // a program in Rust may bring one of its own
    if is_given {
        return;
    }
    if !is_wanted(&settings.config) {
        return shared.set_acceptor(None);
    }
    let (found, finding) = oneshot::channel();
    let search = Search { settings: settings.gssapi.clone(), found };
    job_threads::GSSAPI.run(Box::new(search));
    let found = match timeout(GSS_ACQUIRE_TIME, finding).await {
        Ok(found) => found.unwrap_or_else(|_| Err("the search for a key has failed".to_owned())),
        Err(_) => Err("the key table does not answer".to_owned()),
    };
    match found {
        Ok(Found { acceptor, library }) => {
            shared.set_acceptor(Some(acceptor));
            shared.log(|| format!("GSSAPI is offered, by {library}."));
        }
        Err(why) => {
            shared.set_acceptor(None);
            // a text of the library, of the system or of a setting
            shared.log(|| format!("GSSAPI is not offered: {}.", escaped(&why)));
        }
    }
}

/// Whether there is anything that an acceptor would be used for.
fn is_wanted(config: &Config) -> bool {
    let kex = &config.transport.algorithms.kex;
    kex.iter().any(|row| row.proof == ServerProof::Gssapi)
        || config.auth_methods.contains("gssapi-")
}

/// A search on a thread that may block.
struct Search {
    settings: GssSettings,
    found: oneshot::Sender<Result<Found, String>>,
}

impl Work for Search {
    fn is_wanted(&self) -> bool {
        !self.found.is_closed()
    }

    fn run(self: Box<Self>) {
        let Self { settings, found } = *self;
        // nobody waits for it any more if this fails
        let _ = found.send(gssapi::acquire(&settings));
    }
}
