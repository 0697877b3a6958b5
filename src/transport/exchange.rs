//! Key exchanges (RFC 4253 sections 7 to 9): when they are due, proposals, the method's messages, new
//! keys, and compression that starts with the login.

use std::time::Instant;

use super::gss_exchange::GssFailure;
use super::kex::{Exchange, Finished, Job, JobOutput, JobStep, KeySource, Method};
use super::kex::{NextKeys, Running};
use super::negotiate::{self, EXT_INFO_CLIENT, Negotiated, STRICT_CLIENT};
use super::packet_codec::Packet;
use super::progress::{KeysInUse, Progress};
use super::rekey::{RekeyPolicy, Thresholds};
use super::settings::{Settings, StrictKex};
use super::{Incoming, Transport};
use crate::crypto::cipher::{Opener, Sealer};
use crate::crypto::compression::CompressionAlgorithm;
use crate::error::{Error, PeerMisbehaved};
use crate::wire::messages::{self, ExtInfo, KexInit, Message, NewKeys};
use crate::wire::{NameList, Writer};

impl Transport {
    /// When the interval for a key re-exchange ends; [`Self::start_exchange`] is due then.
    pub fn rekey_due(&self) -> Option<Instant> {
        if let Progress::Connection(_, keys) = &self.progress
            && !self.in_key_exchange()
        {
            return keys.policy.due();
        }
        None
    }

    /// Whether the keys in use are used up, or a re-exchange was asked for before the login.
    pub fn rekey_needed(&self) -> bool {
        let Some(keys) = self.progress.keys() else {
            return false;
        };
        let is_due = if self.progress.is_authenticated() {
            keys.wanted || self.are_used_up(keys, Thresholds::Wished)
        } else {
            self.are_used_up(keys, Thresholds::Safe)
        };
        is_due && !self.in_key_exchange()
    }

    fn are_used_up(&self, keys: &KeysInUse, thresholds: Thresholds) -> bool {
        let by = |usage| keys.policy.is_used_up(usage, thresholds);
        by(self.inbound.usage()) || by(self.outbound.usage())
    }

    /// Sends our KEXINIT, unless an exchange runs already. Between the first exchange and the login it is
    /// postponed if the keys in use are still safe: OpenSSH's client takes no KEXINIT while it logs in.
    pub fn start_exchange(&mut self, settings: &Settings) -> Result<(), Error> {
        if self.in_key_exchange() {
            return Ok(());
        }
        if let Progress::Authentication(_, keys) = &self.progress
            && !self.are_used_up(keys, Thresholds::Safe)
        {
            if let Some(keys) = self.progress.keys_mut() {
                keys.wanted = true;
            }
            return Ok(());
        }
        let ours = self.send_kex_init(settings)?;
        self.exchange = Exchange::AwaitKexInit { ours };
        Ok(())
    }

    /// RFC 4253 section 7.1
    pub(super) fn send_kex_init(&mut self, settings: &Settings) -> Result<Vec<u8>, Error> {
        let mut cookie = [0; 16];
        let random = self.random.as_mut().ok_or(Error::Internal("random source is lent"))?;
        random.fill(&mut cookie)?;
        let offer = negotiate::offer(settings);
        let list = |names| NameList::parse(names).map_err(|_| Error::Internal("our name-list"));
        let payload = KexInit {
            cookie,
            kex_algorithms: list(&offer.kex)?,
            server_host_key_algorithms: list(&offer.host_key)?,
            encryption_client_to_server: list(&offer.cipher)?,
            encryption_server_to_client: list(&offer.cipher)?,
            mac_client_to_server: list(&offer.mac)?,
            mac_server_to_client: list(&offer.mac)?,
            compression_client_to_server: list(&offer.compression)?,
            compression_server_to_client: list(&offer.compression)?,
            languages_client_to_server: list("")?,
            languages_server_to_client: list("")?,
            first_kex_packet_follows: false,
        }
        .encode();
        self.seal(&mut |out| out.extend_from_slice(&payload))?;
        Ok(payload)
    }

    pub(super) fn handle_kex_init(
        &mut self,
        now: Instant,
        settings: &Settings,
        packet: &Packet,
    ) -> Result<(), Error> {
        let client = KexInit::decode(&packet.payload)?;
        let ours = match std::mem::replace(&mut self.exchange, Exchange::Idle) {
            Exchange::AwaitKexInit { ours } => ours,
            Exchange::Idle => {
                self.flood.key_exchange(now)?;
                self.send_kex_init(settings)?
            }
            Exchange::AwaitMethod(_) | Exchange::Computing | Exchange::AwaitNewKeys(_) => {
                return Err(PeerMisbehaved::UnexpectedMessage(messages::SSH_MSG_KEXINIT).into());
            }
        };
        let is_first = self.progress.awaits_first_kex_init();
        if is_first {
            let strict = settings.strict_kex != StrictKex::Disabled
                && client.kex_algorithms.contains(STRICT_CLIENT);
            self.progress.negotiated(strict)?;
            // OpenSSH PROTOCOL 1.10: KEXINIT has to be the first packet
            if strict && packet.sequence != 0 {
                let number = messages::SSH_MSG_KEXINIT;
                return Err(PeerMisbehaved::StrictKexViolation(number).into());
            }
        }
        let strict = self.strict_kex();
        let negotiated = negotiate::negotiate(settings, &client, strict)?;
        self.trace.milestone(|| negotiated.describe(strict));
        let mut preamble = Vec::new();
        Writer::new(&mut preamble)
            .string(self.client_version().unwrap_or_default())
            .string(&settings.version)
            .string(&packet.payload)
            .string(&ours);
        self.exchange = Exchange::AwaitMethod(Box::new(Running {
            method: Method::start(&negotiated),
            preamble,
            skip_next: negotiated.skip_guess,
            negotiated,
        }));
        // RFC 8308 section 2.1: the marker counts in the first KEXINIT only
        if is_first && client.kex_algorithms.contains(EXT_INFO_CLIENT) {
            self.defer_ext_info(settings);
        }
        Ok(())
    }

    /// RFC 8308 section 2.4: the next packet after our first NEWKEYS.
    fn defer_ext_info(&mut self, settings: &Settings) {
        let mut extensions = Vec::new();
        Writer::new(&mut extensions)
            .string("server-sig-algs")
            .name_list(settings.algorithms.user_signature.iter().map(|row| row.name));
        let message = ExtInfo { nr_extensions: 1, extensions: &extensions };
        self.deferred.insert(0, message.encode());
    }

    pub(super) fn handle_method(&mut self, packet: Packet) -> Result<Option<Incoming>, Error> {
        let number = packet.payload.first().copied().unwrap_or_default();
        let Exchange::AwaitMethod(running) = &mut self.exchange else {
            return Err(PeerMisbehaved::UnexpectedMessage(number).into());
        };
        if std::mem::take(&mut running.skip_next) {
            return Ok(None);
        }
        let random = self.random.take().ok_or(Error::Internal("random source is lent"))?;
        let Exchange::AwaitMethod(running) =
            std::mem::replace(&mut self.exchange, Exchange::Computing)
        else {
            return Err(Error::Internal("key exchange state"));
        };
        let payload = packet.payload.to_vec();
        Ok(Some(Incoming::Job(Job { running, random, payload })))
    }

    /// Takes the result of a job.
    pub fn complete(&mut self, output: JobOutput) -> Result<(), Error> {
        if !matches!(self.exchange, Exchange::Computing) {
            return Err(Error::Internal("no job is out"));
        }
        let JobOutput { running, random, result } = output;
        self.random = Some(random);
        match result? {
            JobStep::Reply(reply) => {
                self.seal(&mut |out| out.extend_from_slice(&reply))?;
                self.exchange = Exchange::AwaitMethod(running);
                Ok(())
            }
            JobStep::Refused(failure) => {
                self.trace.milestone(|| format!("GSSAPI: {}", failure.why));
                for message in &failure.messages {
                    self.seal(&mut |out| out.extend_from_slice(message))?;
                }
                Err(GssFailure::ERROR)
            }
            JobStep::Finished(finished) => {
                let Finished { reply, exchange_hash, shared_secret, context } = *finished;
                // RFC 4462 section 4: a login may use the context of the first exchange alone
                if self.progress.awaits_first_keys() {
                    self.gss_context = context;
                }
                self.seal(&mut |out| out.extend_from_slice(&reply))?;
                self.seal_message(&NewKeys {})?;
                self.progress.keyed(&exchange_hash)?;
                let negotiated = running.negotiated;
                let source = KeySource {
                    negotiated: &negotiated,
                    shared_secret: &shared_secret,
                    exchange_hash: &exchange_hash,
                    session_id: self.session_id(),
                };
                let (opener, sealer) = (source.opener()?, source.sealer()?);
                self.use_keys(negotiated, opener, sealer)
            }
        }
    }

    /// Uses the outbound keys at once and keeps the inbound ones for the client's NEWKEYS.
    fn use_keys(
        &mut self,
        negotiated: Negotiated,
        opener: Box<dyn Opener>,
        sealer: Box<dyn Sealer>,
    ) -> Result<(), Error> {
        self.outbound.rekey(sealer, self.strict_kex());
        let (inward, outward) = (negotiated.client_to_server, negotiated.server_to_client);
        // while SSH_MSG_USERAUTH_SUCCESS is deferred to the end of this exchange, the client has not logged
        // in yet
        let told = self.progress.is_authenticated()
            && !self.deferred.iter().any(|payload| is_success(payload));
        let starts =
            |row: &CompressionAlgorithm| (told || !row.delayed).then_some(row.new).flatten();
        let decompressor = starts(inward.compression).map(|new| new().1);
        if let Some(new) = starts(outward.compression) {
            self.outbound.set_compressor(new().0);
        }
        let cipher_bytes = inward.cipher.rekey_after_bytes.min(outward.cipher.rekey_after_bytes);
        let delayed = [inward, outward].iter().any(|suite| suite.compression.delayed);
        self.delayed_compression = (delayed && !told).then(|| Box::new(negotiated));
        self.exchange =
            Exchange::AwaitNewKeys(Box::new(NextKeys { opener, decompressor, cipher_bytes }));
        self.deferred_bytes = 0;
        for payload in std::mem::take(&mut self.deferred) {
            self.seal(&mut |out| out.extend_from_slice(&payload))?;
            if is_success(&payload) {
                self.start_delayed_compression();
            }
        }
        Ok(())
    }

    pub(super) fn handle_new_keys(
        &mut self,
        now: Instant,
        settings: &Settings,
    ) -> Result<(), Error> {
        let Exchange::AwaitNewKeys(keys) = std::mem::replace(&mut self.exchange, Exchange::Idle)
        else {
            return Err(PeerMisbehaved::UnexpectedMessage(messages::SSH_MSG_NEWKEYS).into());
        };
        self.inbound.rekey(keys.opener, self.strict_kex());
        if let Some(decompressor) = keys.decompressor {
            self.inbound.set_decompressor(decompressor);
        }
        self.progress.secured(RekeyPolicy::new(now, &settings.rekey, keys.cipher_bytes))?;
        self.trace.milestone(|| "New keys are in use".to_owned());
        Ok(())
    }

    /// Authentication has succeeded, and SSH_MSG_USERAUTH_SUCCESS was sent or deferred: larger packets are
    /// taken from now on, and delayed compression starts behind that message, which may be after a key
    /// exchange.
    pub fn set_authenticated(&mut self) -> Result<(), Error> {
        self.progress.authenticated()?;
        if self.can_send() {
            self.start_delayed_compression();
        }
        Ok(())
    }

    fn start_delayed_compression(&mut self) {
        let Some(negotiated) = self.delayed_compression.take() else {
            return;
        };
        let delayed = |row: &CompressionAlgorithm| row.delayed.then_some(row.new).flatten();
        if let Some(new) = delayed(negotiated.server_to_client.compression) {
            self.outbound.set_compressor(new().0);
        }
        if let Some(new) = delayed(negotiated.client_to_server.compression) {
            if let Exchange::AwaitNewKeys(keys) = &mut self.exchange {
                // the inbound keys are agreed but not in use: decompression starts with them
                keys.decompressor = Some(new().1);
            } else {
                self.inbound.set_decompressor(new().1);
            }
        }
    }
}

fn is_success(payload: &[u8]) -> bool {
    payload.first() == Some(&messages::SSH_MSG_USERAUTH_SUCCESS)
}
