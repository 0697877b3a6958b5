//! The key exchange that GSSAPI authenticates (RFC 4462 section 2, RFC 8732): establishes a context with the
//! client, has the method without GSSAPI do its arithmetic on the public values, and proves the exchange
//! hash by a MIC of the context in place of a host key's signature.

use std::sync::Arc;

use crate::crypto::gss::{Acceptor, Established, Failed, Handshake, Progress};
use crate::crypto::kex::{KexOutcome, KexServer, KexStep};
use crate::crypto::random::Random;
use crate::error::{CryptoError, Error, InvalidMessage, PeerMisbehaved};
use crate::wire::messages::{
    KexGssContinue, KexGssError, Message, SSH_MSG_KEX_30, SSH_MSG_KEX_31, SSH_MSG_KEX_32,
    SSH_MSG_KEX_34, SSH_MSG_KEXGSS_GROUP, SSH_MSG_KEXGSS_GROUPREQ,
};
use crate::wire::{Reader, Writer};

/// One running exchange.
pub(super) struct GssExchange {
    /// The arithmetic.
    inner: Box<dyn KexServer>,
    acceptor: Arc<dyn Acceptor>,
    state: State,
}

enum State {
    /// The first token and the public value have to come; before that a group may be asked for.
    AwaitInit,
    /// The client's next token has to come.
    AwaitToken {
        handshake: Handshake,
        /// What the method without GSSAPI takes: its message with the client's public value.
        init: Vec<u8>,
    },
    /// The exchange is over.
    Done,
}

/// The result of a message.
pub(super) enum GssStep {
    /// Send this and wait for the client's next message.
    Reply(Vec<u8>),
    /// The context is complete and the shared secret is known.
    Finished(GssFinished),
    /// The context failed: send these, and end the connection.
    Failed(GssFailure),
}

/// What is needed for the last reply.
pub(super) struct GssFinished {
    pub(super) outcome: KexOutcome,
    pub(super) context: Established,
    token: Option<Vec<u8>>,
}

/// A context that failed.
#[derive(Debug)]
pub(super) struct GssFailure {
    /// For the client: a token, if the library made one, and a text that says nothing.
    pub(super) messages: Vec<Vec<u8>>,
    /// For the log.
    pub(super) why: String,
}

impl GssFailure {
    /// How the connection ends.
    pub(super) const ERROR: Error = Error::Crypto(CryptoError::GssContext);
}

impl From<Failed> for GssFailure {
    fn from(failed: Failed) -> Self {
        let mut messages = Vec::new();
        if let Some(token) = &failed.token {
            messages.push(KexGssContinue { token }.encode());
        }
        // RFC 4462 section 2.1 leaves the text open. What the library says names files and keys, and its
        // numbers say the same to who has its source.
        let error = KexGssError {
            major: GSS_S_FAILURE,
            minor: 0,
            text: "GSSAPI authentication failed",
            language_tag: b"",
        };
        messages.push(error.encode());
        Self { messages, why: failed.text }
    }
}

/// RFC 2744 section 3.9.1: the error without a further reason.
const GSS_S_FAILURE: u32 = 13 << 16;

impl GssExchange {
    pub(super) fn new(inner: Box<dyn KexServer>, acceptor: Arc<dyn Acceptor>) -> Self {
        Self { inner, acceptor, state: State::AwaitInit }
    }

    /// Whether the next message takes a step of the context, which may block.
    pub(super) fn may_block(payload: &[u8]) -> bool {
        matches!(payload.first(), Some(&(SSH_MSG_KEX_30 | SSH_MSG_KEX_31)))
    }

    /// Takes the next message 30-49.
    pub(super) fn handle(
        &mut self,
        random: &mut dyn Random,
        payload: &[u8],
    ) -> Result<GssStep, Error> {
        let mut reader = Reader::new(payload);
        let number = reader.u8().map_err(|_| InvalidMessage::EmptyPayload)?;
        match (std::mem::replace(&mut self.state, State::Done), number) {
            (State::AwaitInit, SSH_MSG_KEXGSS_GROUPREQ) => {
                self.state = State::AwaitInit;
                self.handle_group_request(random, reader.take_rest())
            }
            (State::AwaitInit, SSH_MSG_KEX_30) => {
                let token = reader.string()?;
                let init = self.inner_init(reader.take_rest());
                let handshake = Handshake::begin(&self.acceptor);
                self.step(random, handshake, Init { init, token })
            }
            (State::AwaitToken { handshake, init }, SSH_MSG_KEX_31) => {
                let token = KexGssContinue::decode(payload)?.token;
                self.step(random, handshake, Init { init, token })
            }
            _ => Err(PeerMisbehaved::UnexpectedMessage(number).into()),
        }
    }

    /// RFC 4462 section 2.2: the messages of RFC 4419 under other numbers.
    fn handle_group_request(
        &mut self,
        random: &mut dyn Random,
        request: &[u8],
    ) -> Result<GssStep, Error> {
        let unexpected = PeerMisbehaved::UnexpectedMessage(SSH_MSG_KEXGSS_GROUPREQ);
        if !self.inner.chooses_group() {
            return Err(unexpected.into());
        }
        match self.inner.handle(random, &renumbered(SSH_MSG_KEX_34, request))? {
            KexStep::Reply(reply) => {
                let parameters = reply.get(1..).unwrap_or_default();
                Ok(GssStep::Reply(renumbered(SSH_MSG_KEXGSS_GROUP, parameters)))
            }
            KexStep::Finished(_) => Err(unexpected.into()),
        }
    }

    /// The message of the method without GSSAPI that carries the client's public value.
    fn inner_init(&self, public: &[u8]) -> Vec<u8> {
        let number = if self.inner.chooses_group() { SSH_MSG_KEX_32 } else { SSH_MSG_KEX_30 };
        renumbered(number, public)
    }

    fn step(
        &mut self,
        random: &mut dyn Random,
        handshake: Handshake,
        message: Init<'_>,
    ) -> Result<GssStep, Error> {
        let (context, token) = match handshake.step(message.token) {
            Err(failed) => return Ok(GssStep::Failed(failed.into())),
            Ok(Progress::Continue(handshake, token)) => {
                self.state = State::AwaitToken { handshake, init: message.init };
                return Ok(GssStep::Reply(KexGssContinue { token: &token }.encode()));
            }
            Ok(Progress::Complete(context, token)) => (context, token),
        };
        // RFC 4462 section 2.1: both have to be true
        let initiator = context.initiator();
        if !initiator.mutual || !initiator.integrity {
            let why = "the client's context has no mutual authentication, or no integrity";
            return Ok(GssStep::Failed(Failed::because(why).into()));
        }
        match self.inner.handle(random, &message.init)? {
            KexStep::Finished(outcome) => {
                Ok(GssStep::Finished(GssFinished { outcome, context, token }))
            }
            // an old group request, or a message of another kind, where the public value has to be
            KexStep::Reply(_) => Err(PeerMisbehaved::UnexpectedMessage(SSH_MSG_KEX_30).into()),
        }
    }
}

/// A message with a token.
struct Init<'t> {
    /// What [`State::AwaitToken`] keeps.
    init: Vec<u8>,
    token: &'t [u8],
}

impl GssFinished {
    /// `byte 32 | server_public | string MIC of H | boolean | [string token]` (RFC 4462 section 2.1:
    /// KEXGSS_COMPLETE)
    pub(super) fn reply(&mut self, exchange_hash: &[u8]) -> Result<Vec<u8>, GssFailure> {
        let mic = self.context.mic(exchange_hash)?;
        let mut reply = Vec::new();
        let mut writer = Writer::new(&mut reply);
        writer.u8(SSH_MSG_KEX_32).raw(&self.outcome.server_public).string(&mic);
        writer.boolean(self.token.is_some());
        if let Some(token) = &self.token {
            writer.string(token);
        }
        Ok(reply)
    }
}

fn renumbered(number: u8, fields: &[u8]) -> Vec<u8> {
    let mut message = Vec::with_capacity(fields.len().saturating_add(1));
    Writer::new(&mut message).u8(number).raw(fields);
    message
}
