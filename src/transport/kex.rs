//! The states of a key exchange (RFC 4253 section 7) and its arithmetic, separated as a [`Job`] so that the
//! driver may run slow ones on another thread.

use std::fmt;

use super::gss_exchange::{GssExchange, GssFailure, GssStep};
use super::negotiate::{HostKey, Negotiated, Proof, Suite};
use crate::crypto::cipher::{Opener, Sealer};
use crate::crypto::compression::Decompressor;
use crate::crypto::gss::Established;
use crate::crypto::kex::{KexOutcome, KexServer, KexStep};
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
    pub(super) method: Method,
    /// V_C, V_S, I_C and I_S, encoded as the exchange hash takes them.
    pub(super) preamble: Vec<u8>,
    /// Whether the next message of the method is a wrong guess, to be dropped (RFC 4253 section 7).
    pub(super) skip_next: bool,
}

/// The messages of an exchange, by how the server proves who it is.
pub(super) enum Method {
    Signed(Box<dyn KexServer>, HostKey),
    Gss(Box<GssExchange>),
}

impl Method {
    pub(super) fn start(negotiated: &Negotiated) -> Self {
        let arithmetic = (negotiated.kex.start)();
        match &negotiated.proof {
            Proof::HostKey(host_key) => Self::Signed(arithmetic, host_key.clone()),
            Proof::Gss(acceptor) => {
                Self::Gss(Box::new(GssExchange::new(arithmetic, acceptor.clone())))
            }
        }
    }
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
    Finished(Box<Finished>),
    /// The context of GSSAPI failed.
    Refused(GssFailure),
}

/// An exchange that is done.
pub(super) struct Finished {
    pub(super) reply: Vec<u8>,
    pub(super) exchange_hash: Vec<u8>,
    pub(super) shared_secret: Secret,
    /// The context of GSSAPI, if it was one.
    pub(super) context: Option<Established>,
}

impl Job {
    /// Whether the job takes so long that other connections of the thread would wait for it.
    pub fn is_heavy(&self) -> bool {
        match &self.running.method {
            Method::Signed(server, host_key) => server.is_heavy() || host_key.key.is_heavy(),
            Method::Gss(_) => self.may_block(),
        }
    }

    /// Whether it may wait for files and other processes.
    pub fn may_block(&self) -> bool {
        matches!(self.running.method, Method::Gss(_)) && GssExchange::may_block(&self.payload)
    }

    /// Runs the arithmetic.
    pub fn run(mut self) -> JobOutput {
        let result = self.step();
        JobOutput { running: self.running, random: self.random, result }
    }

    fn step(&mut self) -> Result<JobStep, Error> {
        let Running { method, negotiated, preamble, .. } = &mut *self.running;
        let hashed = Hashed { negotiated, preamble };
        match method {
            Method::Signed(server, host_key) => {
                match server.handle(self.random.as_mut(), &self.payload)? {
                    KexStep::Reply(reply) => Ok(JobStep::Reply(reply)),
                    KexStep::Finished(outcome) => hashed.signed(outcome, host_key),
                }
            }
            Method::Gss(exchange) => {
                match exchange.handle(self.random.as_mut(), &self.payload)? {
                    GssStep::Reply(reply) => Ok(JobStep::Reply(reply)),
                    GssStep::Failed(failure) => Ok(JobStep::Refused(failure)),
                    GssStep::Finished(mut finished) => {
                        // RFC 4462 section 2.1: K_S is empty, as no host key was sent
                        let exchange_hash = hashed.hash(b"", &finished.outcome);
                        Ok(match finished.reply(&exchange_hash) {
                            Err(failure) => JobStep::Refused(failure),
                            Ok(reply) => JobStep::Finished(Box::new(Finished {
                                reply,
                                exchange_hash,
                                shared_secret: finished.outcome.shared_secret,
                                context: Some(finished.context),
                            })),
                        })
                    }
                }
            }
        }
    }
}

/// What an exchange hash is of, besides the results of the method.
struct Hashed<'r> {
    negotiated: &'r Negotiated,
    preamble: &'r [u8],
}

impl Hashed<'_> {
    /// H (RFC 4253 section 8).
    fn hash(&self, host_key: &[u8], outcome: &KexOutcome) -> Vec<u8> {
        let mut host_key_field = Vec::with_capacity(host_key.len().saturating_add(4));
        Writer::new(&mut host_key_field).string(host_key);
        self.negotiated.kex.hash.digest(&[
            self.preamble,
            &host_key_field,
            &outcome.hash_fields,
            outcome.shared_secret.expose(),
        ])
    }

    /// The end of an exchange that a host key signs.
    fn signed(&self, outcome: KexOutcome, host_key: &HostKey) -> Result<JobStep, Error> {
        let HostKey { algorithm, key } = host_key;
        let blob = key.blob_for(algorithm);
        let blob = blob.ok_or(Error::Internal("a host key that was not negotiated"))?;
        let exchange_hash = self.hash(&blob, &outcome);
        let signature = key.sign_as(algorithm, &exchange_hash)?;
        let mut reply = Vec::new();
        Writer::new(&mut reply)
            .u8(outcome.reply_number)
            .string(&blob)
            .raw(&outcome.server_public)
            .string(&signature);
        let shared_secret = outcome.shared_secret;
        let context = None;
        Ok(JobStep::Finished(Box::new(Finished { reply, exchange_hash, shared_secret, context })))
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
