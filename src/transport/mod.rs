//! The transport layer protocol (RFC 4253), server side: identification, binary packets, key
//! exchange. It hands on the messages of the services and knows nothing of their content.

mod kex;
mod negotiate;
mod outbox;
mod packet_codec;
mod packet_sealer;
mod phase;
mod rekey;
mod settings;
mod trace;
mod turn_work;
mod version;

use std::time::Instant;

use bytes::BytesMut;
use zeroize::Zeroize;

use self::kex::{Exchange, JobStep, KeySource, NextKeys, Running};
use self::negotiate::{EXT_INFO_CLIENT, Negotiated, STRICT_CLIENT};
use self::packet_codec::{Inbound, Packet};
use self::packet_sealer::Outbound;
use self::phase::{Stage, Verdict};
use self::rekey::{FloodGuard, RekeyPolicy};
use self::trace::{Direction, Trace};
use self::turn_work::TurnWork;
use crate::blocks::Landing;
use crate::crypto::cipher::plaintext;
use crate::crypto::random::Random;
use crate::error::{DisconnectReason, Error, InvalidMessage, LimitExceeded, PeerMisbehaved};
use crate::limits::{MAX_EARLY_MESSAGES, MAX_PACKET_LEN, MAX_PACKET_LEN_UNAUTHENTICATED};
use crate::wire::messages::{
    self, Disconnect, ExtInfo, GlobalRequest, KexInit, Message, NewKeys, RequestFailure,
    Unimplemented,
};
use crate::wire::{NameList, Reader, WriteBuffer, Writer, description};

pub use self::kex::{Job, JobOutput};
pub use self::settings::{AlgorithmLists, RekeyThresholds, Settings, StrictKex};
pub use self::trace::{TraceLine, Verbosity};
pub use self::version::VersionPattern;

/// What came off the wire for the layers above.
#[derive(Debug)]
pub enum Incoming {
    /// A message of a service, message number included; without the data that has landed.
    Message(BytesMut),
    /// Arithmetic to run; nothing is read until [`Transport::complete`].
    Job(Job),
    /// New keys are in use in both directions.
    KeysChanged,
}

/// The transport layer of one connection.
pub struct Transport {
    inbound: Inbound,
    outbound: Outbound,
    exchange: Exchange,
    /// Key exchanges completed.
    exchanges: u64,
    /// H of the first exchange.
    session_id: Vec<u8>,
    client_version: Option<String>,
    strict: bool,
    authenticated: bool,
    policy: Option<RekeyPolicy>,
    /// New keys were asked for before the client was authenticated.
    wanted: bool,
    flood: FloodGuard,
    /// Messages of services that had not started.
    early_messages: u32,
    /// `None` while a job has it.
    random: Option<Box<dyn Random>>,
    /// Sealed packets for the socket.
    sealed: WriteBuffer,
    /// Payloads that wait for the exchange to end.
    deferred: Vec<Vec<u8>>,
    deferred_bytes: usize,
    /// Compression that starts with authentication (zlib@openssh.com).
    delayed_compression: Option<Box<Negotiated>>,
    trace: Trace,
    work: TurnWork,
}

impl Transport {
    /// Starts with our identification string; [`Self::start_exchange`] has to follow.
    pub fn new(now: Instant, settings: &Settings, random: Box<dyn Random>) -> Self {
        let (opener, sealer) = plaintext();
        let mut sealed = WriteBuffer::from(settings.version.clone().into_bytes());
        sealed.extend_from_slice(b"\r\n");
        Self {
            inbound: Inbound::new(opener),
            outbound: Outbound::new(sealer),
            exchange: Exchange::Idle,
            exchanges: 0,
            session_id: Vec::new(),
            client_version: None,
            strict: false,
            authenticated: false,
            policy: None,
            wanted: false,
            flood: FloodGuard::new(now),
            early_messages: 0,
            random: Some(random),
            sealed,
            deferred: Vec::new(),
            deferred_bytes: 0,
            delayed_compression: None,
            trace: Trace::default(),
            work: TurnWork::default(),
        }
    }

    /// A turn begins, in which [`Self::next`] processes [`crate::limits::TURN_WORK`] at most.
    pub fn begin_turn(&mut self) {
        self.work.begin();
    }

    /// Whether the turn has processed what it may: [`Self::next`] gives nothing more.
    pub fn turn_is_over(&self) -> bool {
        self.work.is_over()
    }

    /// The lines for logs and status.
    pub fn trace(&mut self) -> &mut Trace {
        &mut self.trace
    }

    /// The client's identification string.
    pub fn client_version(&self) -> Option<&str> {
        self.client_version.as_deref()
    }

    /// Whether strict kex is in force.
    pub fn strict_kex(&self) -> bool {
        self.strict
    }

    /// The session identifier (RFC 4253 section 7.2); empty before the first exchange.
    pub fn session_id(&self) -> &[u8] {
        &self.session_id
    }

    /// Whether the messages of services go out at once; otherwise they wait.
    pub fn can_send(&self) -> bool {
        match self.exchange {
            Exchange::Idle | Exchange::AwaitNewKeys(_) => !self.session_id.is_empty(),
            Exchange::AwaitKexInit { .. } | Exchange::AwaitMethod(_) | Exchange::Computing => false,
        }
    }

    /// Whether a key exchange runs.
    pub fn in_key_exchange(&self) -> bool {
        !matches!(self.exchange, Exchange::Idle)
    }

    /// Sealed bytes not taken yet.
    pub fn backlog(&self) -> usize {
        self.sealed.len()
    }

    /// Seals into `out` from now on, behind what is there, until [`Self::return_buffer`]: the caller's
    /// buffer is large already, and the bytes need not be moved.
    pub fn lend_buffer(&mut self, out: &mut WriteBuffer) {
        out.extend_from_slice(&self.sealed);
        self.sealed.clear();
        std::mem::swap(out, &mut self.sealed);
    }

    /// Gives the buffer of [`Self::lend_buffer`] back, with everything that is sealed.
    pub fn return_buffer(&mut self, out: &mut WriteBuffer) {
        std::mem::swap(out, &mut self.sealed);
    }

    /// Gives memory back that is empty.
    pub fn rest(&mut self) {
        if self.sealed.is_empty() {
            self.sealed = WriteBuffer::new();
        }
        if self.deferred.is_empty() {
            self.deferred = Vec::new();
        }
        self.trace.rest();
    }

    /// Takes the next thing for the layers above off the front of `buf`; `None` while there is
    /// nothing complete, while a job is out, or when the turn is over. The data of a large message of a channel
    /// lands.
    pub fn next(
        &mut self,
        now: Instant,
        settings: &Settings,
        buf: &mut BytesMut,
        landing: Option<&mut Landing<'_>>,
    ) -> Result<Option<Incoming>, Error> {
        let mut landing = landing.filter(|_| !self.trace.wants_packets());
        if self.client_version.is_none() {
            let Some(version) = version::read_identification(buf)? else {
                return Ok(None);
            };
            self.trace.milestone(|| format!("Client identification: {version}"));
            let checked = settings.version_pattern.check(&version);
            self.client_version = Some(version);
            checked?;
        }
        while !matches!(self.exchange, Exchange::Computing) && !self.work.is_over() {
            let max =
                if self.authenticated { MAX_PACKET_LEN } else { MAX_PACKET_LEN_UNAUTHENTICATED };
            let Some(packet) = self.inbound.next(buf, max, landing.as_deref_mut())? else {
                return Ok(None);
            };
            let landed = landing.as_ref().and_then(|landing| landing.data());
            self.work.count(packet.payload.len().saturating_add(landed.map_or(0, <[u8]>::len)));
            self.trace.packet(Direction::Received, packet.sequence, &packet.payload);
            if let Some(incoming) = self.dispatch(now, settings, packet)? {
                return Ok(Some(incoming));
            }
        }
        Ok(None)
    }

    /// A message of a service that has not started.
    fn refuse_early(&mut self, packet: &Packet) -> Result<(), Error> {
        self.early_messages = self.early_messages.saturating_add(1);
        if self.early_messages > MAX_EARLY_MESSAGES {
            return Err(LimitExceeded::EarlyMessages.into());
        }
        match GlobalRequest::decode(&packet.payload) {
            // RFC 4254 section 4: what every keepalive is there for
            Ok(GlobalRequest { want_reply: true, .. }) => self.seal_message(&RequestFailure {}),
            Ok(_) | Err(_) => {
                self.seal_message(&Unimplemented { packet_sequence_number: packet.sequence })
            }
        }
    }

    fn stage(&self) -> Stage {
        if self.exchanges == 0 {
            return Stage::FirstKeyExchange { strict: self.strict };
        }
        match (&self.exchange, self.authenticated) {
            (Exchange::Idle | Exchange::AwaitKexInit { .. }, true) => Stage::Connection,
            (Exchange::Idle | Exchange::AwaitKexInit { .. }, false) => Stage::Authentication,
            (Exchange::AwaitMethod(_) | Exchange::Computing | Exchange::AwaitNewKeys(_), _) => {
                Stage::KeyExchange
            }
        }
    }

    fn dispatch(
        &mut self,
        now: Instant,
        settings: &Settings,
        mut packet: Packet,
    ) -> Result<Option<Incoming>, Error> {
        let number = packet.payload.first().copied().unwrap_or_default();
        let verdict = phase::check(number, self.stage());
        if verdict != Verdict::Handle && messages::is_of_login(number) {
            // a password that came too early or too late is one, too
            packet.payload.zeroize();
        }
        match verdict {
            Verdict::Handle => {}
            Verdict::Ignore => return Ok(None),
            Verdict::Refuse(error) => return Err(error.into()),
            Verdict::Unimplemented => {
                self.seal_message(&Unimplemented { packet_sequence_number: packet.sequence })?;
                return Ok(None);
            }
            Verdict::TooEarly => return self.refuse_early(&packet).map(|()| None),
        }
        match number {
            messages::SSH_MSG_DISCONNECT => Err(disconnected(&packet.payload)),
            messages::SSH_MSG_IGNORE
            | messages::SSH_MSG_UNIMPLEMENTED
            | messages::SSH_MSG_DEBUG => Ok(None),
            messages::SSH_MSG_EXT_INFO => {
                check_ext_info(&packet.payload)?;
                Ok(None)
            }
            messages::SSH_MSG_KEXINIT => {
                self.handle_kex_init(now, settings, &packet)?;
                Ok(None)
            }
            messages::SSH_MSG_NEWKEYS => {
                NewKeys::decode(&packet.payload)?;
                self.handle_new_keys(now, settings)?;
                Ok(Some(Incoming::KeysChanged))
            }
            30..=49 => self.handle_method(packet),
            _ => {
                // before authentication anybody could send one to pay for the next exchange
                if self.authenticated {
                    self.flood.service_message();
                }
                Ok(Some(Incoming::Message(packet.payload)))
            }
        }
    }

    /// RFC 4253 section 7.1
    fn send_kex_init(&mut self, settings: &Settings) -> Result<Vec<u8>, Error> {
        let mut cookie = [0; 16];
        let random = self.random.as_mut().ok_or(Error::Internal("random source is lent"))?;
        random.fill(&mut cookie)?;
        let offer = negotiate::offer(settings);
        self.wanted = false;
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

    fn handle_kex_init(
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
        if self.exchanges == 0 {
            self.strict = settings.strict_kex != StrictKex::Disabled
                && client.kex_algorithms.contains(STRICT_CLIENT);
            // OpenSSH PROTOCOL 1.10: KEXINIT has to be the first packet
            if self.strict && packet.sequence != 0 {
                let number = messages::SSH_MSG_KEXINIT;
                return Err(PeerMisbehaved::StrictKexViolation(number).into());
            }
        }
        let negotiated = negotiate::negotiate(settings, &client, self.strict)?;
        self.trace.milestone(|| negotiated.describe(self.strict));
        let mut preamble = Vec::new();
        Writer::new(&mut preamble)
            .string(self.client_version.as_deref().unwrap_or_default())
            .string(&settings.version)
            .string(&packet.payload)
            .string(&ours);
        self.exchange = Exchange::AwaitMethod(Box::new(Running {
            server: (negotiated.kex.start)(),
            preamble,
            skip_next: negotiated.skip_guess,
            negotiated,
        }));
        // RFC 8308 section 2.1: the marker counts in the first KEXINIT only
        if self.exchanges == 0 && client.kex_algorithms.contains(EXT_INFO_CLIENT) {
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

    fn handle_method(&mut self, packet: Packet) -> Result<Option<Incoming>, Error> {
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
            JobStep::Finished { reply, exchange_hash, shared_secret } => {
                self.seal(&mut |out| out.extend_from_slice(&reply))?;
                self.seal_message(&NewKeys {})?;
                if self.session_id.is_empty() {
                    self.session_id.clone_from(&exchange_hash);
                }
                let negotiated = running.negotiated;
                let source = KeySource {
                    negotiated: &negotiated,
                    shared_secret: &shared_secret,
                    exchange_hash: &exchange_hash,
                    session_id: &self.session_id,
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
        opener: Box<dyn crate::crypto::cipher::Opener>,
        sealer: Box<dyn crate::crypto::cipher::Sealer>,
    ) -> Result<(), Error> {
        self.outbound.rekey(sealer, self.strict);
        let (inward, outward) = (negotiated.client_to_server, negotiated.server_to_client);
        // while SSH_MSG_USERAUTH_SUCCESS waits for this exchange, the client does not know yet
        let told = self.authenticated && !self.deferred.iter().any(|payload| is_success(payload));
        let starts = |row: &crate::crypto::compression::CompressionAlgorithm| {
            (told || !row.delayed).then_some(row.new).flatten()
        };
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

    fn handle_new_keys(&mut self, now: Instant, settings: &Settings) -> Result<(), Error> {
        let Exchange::AwaitNewKeys(keys) = std::mem::replace(&mut self.exchange, Exchange::Idle)
        else {
            return Err(PeerMisbehaved::UnexpectedMessage(messages::SSH_MSG_NEWKEYS).into());
        };
        self.inbound.rekey(keys.opener, self.strict);
        if let Some(decompressor) = keys.decompressor {
            self.inbound.set_decompressor(decompressor);
        }
        self.policy = Some(RekeyPolicy::new(now, &settings.rekey, keys.cipher_bytes));
        self.exchanges = self.exchanges.saturating_add(1);
        self.trace.milestone(|| "New keys are in use".to_owned());
        Ok(())
    }

    /// Authentication has succeeded, and SSH_MSG_USERAUTH_SUCCESS was put: larger packets are taken,
    /// and delayed compression starts behind it, which may be after a key exchange.
    pub fn set_authenticated(&mut self) {
        self.authenticated = true;
        if self.can_send() {
            self.start_delayed_compression();
        }
    }

    fn start_delayed_compression(&mut self) {
        let Some(negotiated) = self.delayed_compression.take() else {
            return;
        };
        let delayed = |row: &crate::crypto::compression::CompressionAlgorithm| {
            row.delayed.then_some(row.new).flatten()
        };
        if let Some(new) = delayed(negotiated.server_to_client.compression) {
            self.outbound.set_compressor(new().0);
        }
        if let Some(new) = delayed(negotiated.client_to_server.compression) {
            if let Exchange::AwaitNewKeys(keys) = &mut self.exchange {
                // the keys for it are agreed but not in use: it starts with them
                keys.decompressor = Some(new().1);
            } else {
                self.inbound.set_decompressor(new().1);
            }
        }
    }

    /// Tells the client why the connection ends (RFC 4253 section 11.1).
    pub fn disconnect(&mut self, reason: DisconnectReason, description: &str) -> Result<(), Error> {
        self.trace.milestone(|| format!("Disconnecting: {description}"));
        self.seal_message(&Disconnect {
            reason_code: reason as u32,
            description: description.as_bytes(),
            language_tag: b"",
        })
    }

    fn seal_message<'m, M: Message<'m>>(&mut self, message: &M) -> Result<(), Error> {
        self.seal(&mut |out| message.encode_to(out))
    }

    /// Seals a payload at once, whatever the state.
    fn seal(&mut self, build: &mut dyn FnMut(&mut Vec<u8>)) -> Result<(), Error> {
        let trace = &mut self.trace;
        self.outbound.seal(
            self.random.as_deref_mut(),
            &mut self.sealed,
            build,
            &mut |sequence, payload| trace.packet(Direction::Sent, sequence, payload),
        )
    }
}

fn is_success(payload: &[u8]) -> bool {
    payload.first() == Some(&messages::SSH_MSG_USERAUTH_SUCCESS)
}

/// The client's SSH_MSG_DISCONNECT. It ends the connection whatever it looks like: what can be read of it
/// is told.
fn disconnected(payload: &[u8]) -> Error {
    let mut reader = Reader::new(payload.get(1..).unwrap_or_default());
    match reader.u32() {
        Ok(reason) => {
            let description = description(reader.string().unwrap_or_default());
            Error::Disconnected { reason, description }
        }
        Err(error) => error.into(),
    }
}

/// Clients have no extension that concerns a server yet; the message only has to parse (RFC 8308).
fn check_ext_info(payload: &[u8]) -> Result<(), InvalidMessage> {
    let message = ExtInfo::decode(payload)?;
    let mut reader = Reader::new(message.extensions);
    for _ in 0..message.nr_extensions {
        reader.string()?;
        reader.string()?;
    }
    reader.finish()
}
