//! The acceptor that the engine's GSSAPI uses, by the library of the system: finds the library and the key
//! that the server proves itself with. What blocks runs on threads of its own (`driver/job_threads.rs`).

mod library;

use std::fmt;
use std::sync::Arc;

use self::library::{Accepted, Credential, Library, Outcome, RawContext, c_text};
use crate::crypto::gss::{Acceptor, Context, Failed, Initiator, Step};

/// Where the library and its key are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GssSettings {
    /// The file name of the library; without one, that of MIT or of Heimdal, whichever there is.
    pub library: String,
    /// The key table, as the library takes it (`FILE:/etc/sshd.keytab`, or a path); without one, that of the
    /// system.
    pub keytab: String,
}

/// MIT's library, then Heimdal's. Other systems have other types (macOS packs them, Windows has SSPI), and
/// nobody has tried them.
#[cfg(target_os = "linux")]
const LIBRARIES: &[&str] = &["libgssapi_krb5.so.2", "libgssapi.so.3"];
#[cfg(not(target_os = "linux"))]
const LIBRARIES: &[&str] = &[];

/// An acceptor.
pub(super) struct Found {
    pub(super) acceptor: Arc<dyn Acceptor>,
    /// The name of its library.
    pub(super) library: String,
}

/// The acceptor with the key of the key table, or why there is none. It may block for as long as the library
/// likes.
pub(super) fn acquire(settings: &GssSettings) -> Result<Found, String> {
    let library = load(&settings.library)?;
    let keytab = match &*settings.keytab {
        "" => None,
        keytab => Some(c_text(keytab).ok_or("the name of the key table is not valid")?),
    };
    let credential = library.acquire(keytab.as_deref())?;
    let acceptor = Arc::new(SystemAcceptor(Arc::new(Key { credential, library })));
    Ok(Found { acceptor, library: library.name().to_owned() })
}

fn load(name: &str) -> Result<&'static Library, String> {
    if LIBRARIES.is_empty() {
        return Err("this system's library is not supported".to_owned());
    }
    if !name.is_empty() {
        return Library::load(name);
    }
    let mut failures = Vec::new();
    for name in LIBRARIES {
        match Library::load(name) {
            Ok(library) => return Ok(library),
            Err(failure) => failures.push(failure),
        }
    }
    Err(failures.join("; "))
}

/// A key of the server.
struct Key {
    credential: Credential,
    library: &'static Library,
}

struct SystemAcceptor(Arc<Key>);

impl fmt::Debug for SystemAcceptor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SystemAcceptor").field(&self.0.library.name()).finish()
    }
}

impl Acceptor for SystemAcceptor {
    fn begin(&self) -> Box<dyn Context> {
        let raw = RawContext::new(self.0.library);
        Box::new(SystemContext { raw, key: Arc::clone(&self.0) })
    }
}

/// A context, with the key that it is accepted with.
struct SystemContext {
    raw: RawContext,
    key: Arc<Key>,
}

impl Context for SystemContext {
    fn step(&mut self, token: &[u8]) -> Result<Step, Failed> {
        let Accepted { token, outcome } = self.raw.accept(&self.key.credential, token);
        let made = (!token.is_empty()).then_some(token);
        match outcome {
            Ok(Outcome::Continues) => Ok(Step::Continue(made.unwrap_or_default())),
            Ok(Outcome::Complete { flags, principal, local_name }) => {
                let initiator = Initiator {
                    principal,
                    local_name,
                    delegated: flags.delegated(),
                    mutual: flags.mutual(),
                    integrity: flags.integrity(),
                };
                Ok(Step::Complete { token: made, initiator })
            }
            Err(text) => Err(Failed { token: made, text }),
        }
    }

    fn mic(&mut self, message: &[u8]) -> Result<Vec<u8>, Failed> {
        self.raw.mic(message).map_err(Failed::because)
    }

    fn verify(&mut self, message: &[u8], mic: &[u8]) -> Result<(), Failed> {
        self.raw.verify(message, mic).map_err(Failed::because)
    }
}
