//! The transport layer protocol (RFC 4253), server side: identification, binary packets, key exchange. It
//! passes on the messages of the services and does not read their content.

mod exchange;
mod gss_exchange;
mod kex;
mod negotiate;
mod outbox;
mod packet_codec;
mod packet_sealer;
mod phase;
mod progress;
mod rekey;
mod settings;
mod trace;
mod turn_work;
mod version;

use std::time::Instant;

use bytes::BytesMut;
use zeroize::Zeroize;

use self::kex::Exchange;
use self::negotiate::Negotiated;
use self::packet_codec::{Inbound, Packet};
use self::packet_sealer::Outbound;
use self::phase::{Stage, Verdict};
use self::progress::Progress;
use self::rekey::FloodGuard;
use self::trace::{Direction, Trace};
use self::turn_work::TurnWork;
use crate::blocks::Landing;
use crate::crypto::cipher::plaintext;
use crate::crypto::gss::Established;
use crate::crypto::random::Random;
use crate::error::{DisconnectReason, Error, InvalidMessage, LimitExceeded};
use crate::limits::{MAX_EARLY_MESSAGES, MAX_PACKET_LEN, MAX_PACKET_LEN_UNAUTHENTICATED};
use crate::wire::messages::{
    self, Disconnect, ExtInfo, GlobalRequest, Message, NewKeys, RequestFailure, Unimplemented,
};
use crate::wire::{Reader, WriteBuffer, description};

pub use self::kex::{Job, JobOutput};
pub use self::settings::{AlgorithmLists, RekeyThresholds, Settings, StrictKex};
pub use self::trace::{TraceLine, Verbosity};
pub use self::version::VersionPattern;

/// Input for the layers above.
#[derive(Debug)]
pub enum Incoming {
    /// A message of a service, message number included; without data that has landed in a block.
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
    progress: Progress,
    exchange: Exchange,
    flood: FloodGuard,
    /// The number of messages of services that had not started.
    early_messages: u32,
    /// The random source; `None` while a job has it.
    random: Option<Box<dyn Random>>,
    /// Sealed packets for the socket.
    sealed: WriteBuffer,
    /// Payloads that wait for the end of the key exchange.
    deferred: Vec<Vec<u8>>,
    deferred_bytes: usize,
    /// Compression that starts with authentication (zlib@openssh.com).
    delayed_compression: Option<Box<Negotiated>>,
    /// The context of the first exchange, if GSSAPI has authenticated that.
    gss_context: Option<Established>,
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
            progress: Progress::Identification,
            exchange: Exchange::Idle,
            flood: FloodGuard::new(now),
            early_messages: 0,
            random: Some(random),
            sealed,
            deferred: Vec::new(),
            deferred_bytes: 0,
            delayed_compression: None,
            gss_context: None,
            trace: Trace::default(),
            work: TurnWork::default(),
        }
    }

    /// Begins a turn, in which [`Self::next`] processes [`crate::limits::TURN_WORK`] at most.
    pub fn begin_turn(&mut self) {
        self.work.begin();
    }

    /// Whether the turn has processed as much as one may: then [`Self::next`] returns `None`.
    pub fn turn_is_over(&self) -> bool {
        self.work.is_over()
    }

    /// The lines for logs and status.
    pub fn trace(&mut self) -> &mut Trace {
        &mut self.trace
    }

    /// The client's identification string.
    pub fn client_version(&self) -> Option<&str> {
        self.progress.client_version()
    }

    /// Whether strict kex is in force.
    pub fn strict_kex(&self) -> bool {
        self.progress.strict()
    }

    /// The session identifier (RFC 4253 section 7.2); empty before the first exchange.
    pub fn session_id(&self) -> &[u8] {
        self.progress.session_id().unwrap_or_default()
    }

    /// Takes the context of the first exchange, if GSSAPI has authenticated that.
    pub fn take_gss_context(&mut self) -> Option<Established> {
        self.gss_context.take()
    }

    /// Whether the messages of services are sent at once; otherwise they are deferred.
    pub fn can_send(&self) -> bool {
        match self.exchange {
            Exchange::Idle | Exchange::AwaitNewKeys(_) => self.progress.is_keyed(),
            Exchange::AwaitKexInit { .. } | Exchange::AwaitMethod(_) | Exchange::Computing => false,
        }
    }

    /// Whether a key exchange runs.
    pub fn in_key_exchange(&self) -> bool {
        !matches!(self.exchange, Exchange::Idle)
    }

    /// Sealed bytes that were not taken for the socket yet.
    pub fn backlog(&self) -> usize {
        self.sealed.len()
    }

    /// Seals into `out` from now on, behind its content, until [`Self::return_buffer`]: the caller's buffer
    /// is large already, and the bytes need not be copied.
    pub fn lend_buffer(&mut self, out: &mut WriteBuffer) {
        out.extend_from_slice(&self.sealed);
        self.sealed.clear();
        std::mem::swap(out, &mut self.sealed);
    }

    /// Gives the buffer of [`Self::lend_buffer`] back, with all sealed packets.
    pub fn return_buffer(&mut self, out: &mut WriteBuffer) {
        std::mem::swap(out, &mut self.sealed);
    }

    /// Frees empty buffers.
    pub fn release_memory(&mut self) {
        if self.sealed.is_empty() {
            self.sealed = WriteBuffer::new();
        }
        if self.deferred.is_empty() {
            self.deferred = Vec::new();
        }
        self.trace.release_memory();
    }

    /// Takes the next input for the layers above off the front of `buf`; `None` while no packet is
    /// complete, while a job is out, or when the turn is over. The data of a large channel message lands in
    /// a block.
    pub fn next(
        &mut self,
        now: Instant,
        settings: &Settings,
        buf: &mut BytesMut,
        landing: Option<&mut Landing<'_>>,
    ) -> Result<Option<Incoming>, Error> {
        let mut landing = landing.filter(|_| !self.trace.wants_packets());
        if matches!(self.progress, Progress::Identification) {
            let Some(version) = version::read_identification(buf)? else {
                return Ok(None);
            };
            self.trace.milestone(|| format!("Client identification: {version}"));
            let checked = settings.version_pattern.check(&version);
            self.progress.identified(version)?;
            checked?;
        }
        while !matches!(self.exchange, Exchange::Computing) && !self.work.is_over() {
            let max = if self.progress.is_authenticated() {
                MAX_PACKET_LEN
            } else {
                MAX_PACKET_LEN_UNAUTHENTICATED
            };
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

    /// Refuses a message of a service that has not started.
    fn refuse_early(&mut self, packet: &Packet) -> Result<(), Error> {
        self.early_messages = self.early_messages.saturating_add(1);
        if self.early_messages > MAX_EARLY_MESSAGES {
            return Err(LimitExceeded::EarlyMessages.into());
        }
        match GlobalRequest::decode(&packet.payload) {
            // RFC 4254 section 4: every keepalive request waits for this reply
            Ok(GlobalRequest { want_reply: true, .. }) => self.seal_message(&RequestFailure {}),
            Ok(_) | Err(_) => {
                self.seal_message(&Unimplemented { packet_sequence_number: packet.sequence })
            }
        }
    }

    fn stage(&self) -> Stage {
        self.progress.stage(match self.exchange {
            Exchange::Idle | Exchange::AwaitKexInit { .. } => false,
            Exchange::AwaitMethod(_) | Exchange::Computing | Exchange::AwaitNewKeys(_) => true,
        })
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
            // it may be a password that came too early or too late
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
                // before authentication any client could send one to be allowed another exchange
                if self.progress.is_authenticated() {
                    self.flood.service_message();
                }
                Ok(Some(Incoming::Message(packet.payload)))
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

    /// Seals a payload at once, whatever the state of the key exchange.
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

/// The error for the client's SSH_MSG_DISCONNECT. The connection ends even if the message does not parse:
/// the reason is what can be read of it.
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

/// Parses EXT_INFO. No extension of clients concerns a server yet (RFC 8308).
fn check_ext_info(payload: &[u8]) -> Result<(), InvalidMessage> {
    let message = ExtInfo::decode(payload)?;
    let mut reader = Reader::new(message.extensions);
    for _ in 0..message.nr_extensions {
        reader.string()?;
        reader.string()?;
    }
    reader.finish()
}
