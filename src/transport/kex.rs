//! The states of a key exchange (RFC 4253 section 7) and its arithmetic, separated as a [`Job`] so that the
//! driver may run slow ones on another thread.

use std::fmt;

use super::negotiate::{Negotiated, Suite};
use crate::crypto::cipher::{Opener, Sealer};
use crate::crypto::compression::Decompressor;
use crate::crypto::kex::{KexServer, KexStep};
use crate::crypto::key_derivation::derive;
use crate::crypto::random::Random;
use crate::crypto::secret::Secret;
use crate::error::Error;
use crate::wire::Writer;

/// The message or job that the key exchange waits for.
pub(super) enum Exchange {
    /// No exchange runs.
    Idle,
    /// Our KEXINIT is sent; the client's has to come.
    AwaitKexInit {
        /// I_S: our KEXINIT, for the exchange hash.
        ours: Vec<u8>,
    },
    /// Algorithms are chosen; a message 30-49 has to come.
    AwaitMethod(Box<Running>),
    /// A job is out; no input is processed.
    Computing,
    /// Our NEWKEYS is sent; the client's has to come.
    AwaitNewKeys(Box<NextKeys>),
}

/// A negotiated exchange.
pub(super) struct Running {
    pub(super) negotiated: Negotiated,
    pub(super) server: Box<dyn KexServer>,
    /// V_C, V_S, I_C and I_S, encoded as the exchange hash takes them.
    pub(super) preamble: Vec<u8>,
    /// Whether the next message of the method is a wrong guess, to be dropped (RFC 4253 section 7).
    pub(super) skip_next: bool,
}

/// The inbound side of keys that are agreed but not in use.
pub(super) struct NextKeys {
    pub(super) opener: Box<dyn Opener>,
    pub(super) decompressor: Option<Box<dyn Decompressor>>,
    pub(super) cipher_bytes: u64,
}

/// One step of key exchange arithmetic: shared secret and host key signature.
pub struct Job {
    pub(super) running: Box<Running>,
    pub(super) random: Box<dyn Random>,
    pub(super) payload: Vec<u8>,
}

/// The result of a [`Job`], which goes back to the connection.
pub struct JobOutput {
    pub(super) running: Box<Running>,
    pub(super) random: Box<dyn Random>,
    pub(super) result: Result<JobStep, Error>,
}

pub(super) enum JobStep {
    /// Send this and wait for the next message of the method.
    Reply(Vec<u8>),
    /// The exchange is done.
    Finished { reply: Vec<u8>, exchange_hash: Vec<u8>, shared_secret: Secret },
}

impl Job {
    /// Whether the job takes so long that other connections of the thread would wait for it.
    pub fn is_heavy(&self) -> bool {
        self.running.server.is_heavy() || self.running.negotiated.host_key.is_heavy()
    }

    /// Runs the arithmetic.
    pub fn run(mut self) -> JobOutput {
        let result = self.step();
        JobOutput { running: self.running, random: self.random, result }
    }

    fn step(&mut self) -> Result<JobStep, Error> {
        let outcome = match self.running.server.handle(self.random.as_mut(), &self.payload)? {
            KexStep::Reply(reply) => return Ok(JobStep::Reply(reply)),
            KexStep::Finished(outcome) => outcome,
        };
        let negotiated = &self.running.negotiated;
        let algorithm = negotiated.host_key_algorithm;
        let host_key = negotiated.host_key.blob_for(algorithm);
        let host_key = host_key.ok_or(Error::Internal("a host key that was not negotiated"))?;
        let mut host_key_field = Vec::with_capacity(host_key.len().saturating_add(4));
        Writer::new(&mut host_key_field).string(host_key);
        let exchange_hash = negotiated.kex.hash.digest(&[
            &self.running.preamble,
            &host_key_field,
            &outcome.hash_fields,
            outcome.shared_secret.expose(),
        ]);
        let signature = negotiated.host_key.sign(algorithm.signature_name(), &exchange_hash)?;
        let mut reply = Vec::new();
        Writer::new(&mut reply)
            .u8(outcome.reply_number)
            .raw(&host_key_field)
            .raw(&outcome.server_public)
            .string(&signature);
        Ok(JobStep::Finished { reply, exchange_hash, shared_secret: outcome.shared_secret })
    }
}

impl fmt::Debug for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Job({})", self.running.negotiated.kex.name)
    }
}

impl fmt::Debug for JobOutput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "JobOutput({})", self.running.negotiated.kex.name)
    }
}

/// The values that the keys of one exchange are derived from (RFC 4253 section 7.2).
pub(super) struct KeySource<'a> {
    pub(super) negotiated: &'a Negotiated,
    pub(super) shared_secret: &'a Secret,
    pub(super) exchange_hash: &'a [u8],
    pub(super) session_id: &'a [u8],
}

impl KeySource<'_> {
    fn key(&self, letter: u8, len: usize) -> Secret {
        derive(
            self.negotiated.kex.hash,
            self.shared_secret.expose(),
            self.exchange_hash,
            letter,
            self.session_id,
            len,
        )
    }

    /// Key, IV and MAC key of one direction, by their letters.
    fn keys(&self, suite: &Suite, [iv, key, mac]: [u8; 3]) -> (Secret, Secret, Secret) {
        (
            self.key(key, suite.cipher.key_len),
            self.key(iv, suite.cipher.iv_len),
            self.key(mac, suite.mac.map_or(0, |row| row.key_len)),
        )
    }

    /// The protection of the client-to-server direction.
    pub(super) fn opener(&self) -> Result<Box<dyn Opener>, Error> {
        let suite = &self.negotiated.client_to_server;
        let (key, iv, mac_key) = self.keys(suite, *b"ACE");
        Ok(suite.cipher.opener(key.expose(), iv.expose(), suite.mac, mac_key.expose())?)
    }

    /// The protection of the server-to-client direction.
    pub(super) fn sealer(&self) -> Result<Box<dyn Sealer>, Error> {
        let suite = &self.negotiated.server_to_client;
        let (key, iv, mac_key) = self.keys(suite, *b"BDF");
        Ok(suite.cipher.sealer(key.expose(), iv.expose(), suite.mac, mac_key.expose())?)
    }
}
