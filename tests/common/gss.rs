//! A library of GSSAPI without Kerberos: a token says itself what comes of it. MICs are hashes with a key that
//! both sides have, so that one of another message is wrong.

use std::sync::Arc;

use sshserver::crypto::gss::{Acceptor, Context, Failed, Initiator, Step};
use sshserver::crypto::hash::Hash;
use sshserver::engine::Config;

/// The token of a client whose ticket is good: `bob@TEST` has it.
pub(crate) const GOOD: &[u8] = b"good";
/// One that has to be followed by another.
pub(crate) const MORE: &[u8] = b"more";
/// One that the library refuses, without a token of its own.
pub(crate) const BAD: &[u8] = b"bad";
/// One that it refuses with a token.
pub(crate) const BAD_WITH_TOKEN: &[u8] = b"bad with token";
/// A good one without integrity.
pub(crate) const NO_INTEGRITY: &[u8] = b"no integrity";
/// A good one without mutual authentication.
pub(crate) const NOT_MUTUAL: &[u8] = b"not mutual";
/// A good one of a principal without an account here.
pub(crate) const FOREIGN: &[u8] = b"foreign";
/// A good one that delegates a credential.
pub(crate) const DELEGATES: &[u8] = b"delegates";

/// What the library says of a bad token, which no client may see.
pub(crate) const SECRET_TEXT: &str = "no key for host/secret@TEST in FILE:/etc/secret.keytab";

/// The MIC of a message.
pub(crate) fn mic(message: &[u8]) -> Vec<u8> {
    Hash::Sha256.digest(&[b"the key of the context", message])
}

/// Accepts by the tokens above.
#[derive(Debug)]
pub(crate) struct FakeAcceptor;

struct FakeContext;

impl Acceptor for FakeAcceptor {
    fn begin(&self) -> Box<dyn Context> {
        Box::new(FakeContext)
    }
}

impl Context for FakeContext {
    fn step(&mut self, token: &[u8]) -> Result<Step, Failed> {
        let failed = |token| Err(Failed { token, text: SECRET_TEXT.to_owned() });
        match token {
            MORE => return Ok(Step::Continue(b"go on".to_vec())),
            BAD_WITH_TOKEN => return failed(Some(b"sorry".to_vec())),
            GOOD | NO_INTEGRITY | NOT_MUTUAL | FOREIGN | DELEGATES => {}
            _ => return failed(None),
        }
        let is_foreign = token == FOREIGN;
        let (principal, local_name) =
            if is_foreign { ("eve@OTHER", "") } else { ("bob@TEST", "bob") };
        Ok(Step::Complete {
            token: (!is_foreign).then(|| b"welcome".to_vec()),
            initiator: Initiator {
                principal: principal.to_owned(),
                local_name: local_name.to_owned(),
                delegated: token == DELEGATES,
                mutual: token != NOT_MUTUAL,
                integrity: token != NO_INTEGRITY,
            },
        })
    }

    fn mic(&mut self, message: &[u8]) -> Result<Vec<u8>, Failed> {
        Ok(mic(message))
    }

    fn verify(&mut self, message: &[u8], given: &[u8]) -> Result<(), Failed> {
        if given == mic(message) { Ok(()) } else { Err(Failed::because(SECRET_TEXT)) }
    }
}

/// The configuration of other tests, with this library and the methods of GSSAPI.
pub(crate) fn gss_config() -> Config {
    let mut config = super::config();
    config.transport.gss = Some(Arc::new(FakeAcceptor));
    config.auth_methods = "gssapi-keyex,gssapi-with-mic,password".to_owned();
    config
}
