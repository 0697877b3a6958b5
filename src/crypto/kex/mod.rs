//! Key exchange methods, server side (RFC 4253 section 8 and similar ones). A method owns messages 30 to 49
//! and knows nothing of packets, host keys or the session identifier.

mod curve25519;
mod dh_group;
mod ecdh;
mod group;
mod group_exchange;
mod gss;
mod hybrid;
mod mlkem768x25519;
mod sntrup761x25519;
#[cfg(test)]
mod tests;

use super::Security;
use super::hash::Hash;
use super::random::Random;
use super::secret::Secret;
use crate::error::{Error, InvalidMessage, PeerMisbehaved};
use crate::wire::{Reader, Writer};

/// One running key exchange.
pub trait KexServer: Send {
    /// Takes the next message 30-49 (`payload` includes its number).
    fn handle(&mut self, random: &mut dyn Random, payload: &[u8]) -> Result<KexStep, Error>;

    /// Whether the next message takes so long that other connections would wait for it; it is then
    /// handled on another thread.
    fn is_heavy(&self) -> bool {
        false
    }

    /// Whether the client asks for a group before its public value comes.
    fn chooses_group(&self) -> bool {
        false
    }
}

/// The result of a message.
#[derive(Debug)]
pub enum KexStep {
    /// Send this payload and wait for the next message.
    Reply(Vec<u8>),
    /// The shared secret is known.
    Finished(KexOutcome),
}

/// The values for the exchange hash and the last reply.
#[derive(Debug)]
pub struct KexOutcome {
    /// The fields of the exchange hash between K_S and K, encoded (Q_C and Q_S as strings, e and f
    /// as mpints, and so on).
    pub hash_fields: Vec<u8>,
    /// K, encoded as the exchange hash takes it: mpint, or string for hybrid methods.
    pub shared_secret: Secret,
    /// The number of the reply: `byte reply_number | string K_S | server_public | string signature`.
    pub reply_number: u8,
    /// The server's public value as the reply takes it: Q_S as a string, f as an mpint.
    pub server_public: Vec<u8>,
}

/// One row of the registry.
#[derive(Clone, Copy)]
pub struct KexAlgorithm {
    /// The name on the wire.
    pub name: &'static str,
    /// The hash for the exchange hash and key derivation.
    pub hash: Hash,
    /// Whether it belongs into an offer.
    pub security: Security,
    /// How the server proves who it is.
    pub proof: ServerProof,
    /// Starts the arithmetic of the server side.
    pub start: fn() -> Box<dyn KexServer>,
}

/// How the server proves who it is in a key exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServerProof {
    /// A host key signs the exchange hash (RFC 4253 section 8).
    HostKey,
    /// A context of GSSAPI makes a MIC of it (RFC 4462 section 2.1).
    Gssapi,
}

impl std::fmt::Debug for KexAlgorithm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

/// The registry, in order of preference.
pub static KEXES: &[&KexAlgorithm] = &[
    &mlkem768x25519::MLKEM768X25519_SHA256,
    &sntrup761x25519::SNTRUP761X25519_SHA512,
    &sntrup761x25519::SNTRUP761X25519_SHA512_OPENSSH,
    &curve25519::CURVE25519_SHA256,
    &curve25519::CURVE25519_SHA256_LIBSSH,
    &group_exchange::GROUP_EXCHANGE_SHA256,
    &dh_group::GROUP14_SHA256,
    &dh_group::GROUP15_SHA512,
    &dh_group::GROUP16_SHA512,
    &dh_group::GROUP17_SHA512,
    &dh_group::GROUP18_SHA512,
    &ecdh::ECDH_NISTP256,
    &ecdh::ECDH_NISTP384,
    &ecdh::ECDH_NISTP521,
    &group_exchange::GROUP_EXCHANGE_SHA1,
    &dh_group::GROUP14_SHA1,
    &dh_group::GROUP1_SHA1,
    &gss::GSS_CURVE25519_SHA256,
    &gss::GSS_NISTP256_SHA256,
    &gss::GSS_GROUP14_SHA256,
    &gss::GSS_GROUP16_SHA512,
    &gss::GSS_GEX_SHA1,
    &gss::GSS_GROUP14_SHA1,
];

/// Looks a method up by its name.
pub fn by_name(name: &str) -> Option<&'static KexAlgorithm> {
    KEXES.iter().copied().find(|row| row.name == name)
}

/// The first message of every method here: SSH_MSG_KEXDH_INIT, SSH_MSG_KEX_ECDH_INIT,
/// SSH_MSG_KEX_HYBRID_INIT.
const INIT: u8 = 30;
/// The answer to [`INIT`].
const REPLY: u8 = 31;

/// Starts reading the only message that these methods take; any other number is an error.
fn read_init(payload: &[u8]) -> Result<Reader<'_>, Error> {
    let mut reader = Reader::new(payload);
    match reader.u8().map_err(|_| InvalidMessage::EmptyPayload)? {
        INIT => Ok(reader),
        number => Err(PeerMisbehaved::UnexpectedMessage(number).into()),
    }
}

/// A shared secret that is a number: an mpint (RFC 4253 section 8).
fn secret_mpint(magnitude: &[u8]) -> Secret {
    // capacity for all of it, so that no reallocation leaves a copy behind
    let mut encoded = Vec::with_capacity(4 + 1 + magnitude.len());
    Writer::new(&mut encoded).mpint(magnitude);
    Secret::new(encoded)
}

/// A shared secret that is a hash: a string, as the hybrid methods define K.
fn secret_string(bytes: &[u8]) -> Secret {
    let mut encoded = Vec::with_capacity(4 + bytes.len());
    Writer::new(&mut encoded).string(bytes);
    Secret::new(encoded)
}
