//! Hands a batch of events over as one flat array: for each event its kind, then its fields, as the
//! facade's `kinds.js` counts them. Questions stay here under a number until they are answered.

use base64ct::{Base64, Encoding};
use bytes::Bytes;
use napi::Env;
use napi::bindgen_prelude::{Array, Null, ToNapiValue, Uint8Array, Uint8ArraySlice};

use super::errors::Failure;
use super::memory;
use super::program::Program;
use crate::driver::{
    Asked, ConnectedAnswer, ConnectedAsked, EventKind, OpError, OpResult, Remains, RequestAsked,
    ServerEvent, TunnelAsked,
};
use crate::engine::{Answer, AuthAnswer, AuthParam, AuthQuestion, Outcome, Ticket};
use crate::number_map::NumberMap;

/// Kinds that are not documented events.
const OP_DONE: u8 = 32;
const ACTIVITY: u8 = 33;
const CONNECTED_FAILED: u8 = 34;

/// Shorter data is copied: an external buffer costs more than it saves. Longer data keeps alive what
/// it lies in: a block, or a copy of its own.
const COPIED_LEN: usize = 4 * 1024;

/// A question that waits for its answer.
pub(super) enum Pending {
    Request(RequestAsked),
    Connected(ConnectedAsked),
    Accept(Asked),
    Tunnel(TunnelAsked),
    Auth { connection: u64, asked: Asked },
}

/// The questions of one server by the numbers that the facade knows them by.
#[derive(Default)]
pub(super) struct Questions {
    last: u64,
    pending: NumberMap<u64, Pending>,
}

impl Questions {
    fn add(&mut self, question: Pending) -> u64 {
        self.last = self.last.wrapping_add(1);
        self.pending.insert(self.last, question);
        self.last
    }

    /// Answers yes or no; a number that is not there was answered before.
    pub(super) fn answer(&mut self, number: u64, yes: bool) {
        match self.pending.remove(&number) {
            Some(Pending::Request(asked)) => asked.answer(yes),
            Some(Pending::Connected(asked)) => asked.answer(if yes {
                ConnectedAnswer::ServerKeys
            } else {
                ConnectedAnswer::Refused
            }),
            Some(Pending::Accept(asked)) => asked.answer(Answer::Accept(yes)),
            // A bare yes says nothing of the methods that can follow, or of the port: dropped, it
            // refuses.
            Some(Pending::Auth { .. } | Pending::Tunnel(_)) | None => {}
        }
    }

    /// Answers an authentication request.
    pub(super) fn answer_auth(&mut self, number: u64, program: &Program, mut answer: AuthAnswer) {
        if let Some(Pending::Auth { connection, asked }) = self.pending.remove(&number) {
            answer.banner = program.take_banner(connection);
            asked.answer(Answer::Auth(answer));
        }
    }

    /// Answers the request for a tunnel: the port, or none for no tunnel.
    pub(super) fn answer_tunnel(&mut self, number: u64, port: Option<u16>) {
        if let Some(Pending::Tunnel(asked)) = self.pending.remove(&number) {
            asked.answer(port);
        }
    }

    /// Takes the question out which host key a connection gets.
    pub(super) fn take_connected(&mut self, number: u64) -> Option<ConnectedAsked> {
        match self.pending.remove(&number) {
            Some(Pending::Connected(asked)) => Some(asked),
            Some(
                Pending::Request(_)
                | Pending::Accept(_)
                | Pending::Tunnel(_)
                | Pending::Auth { .. },
            )
            | None => None,
        }
    }
}

/// What can still be read of connections and channels whose last events were handed over: the facade
/// says when the listeners of these are done.
#[derive(Default)]
pub(super) struct AllRemains {
    pub(super) connections: NumberMap<u64, Remains>,
    pub(super) channels: NumberMap<u64, Remains>,
}

/// The flat array that is being filled.
pub(super) struct Batch<'env, 'state> {
    env: &'env Env,
    array: Array<'env>,
    len: u32,
    questions: &'state mut Questions,
    remains: &'state mut AllRemains,
    program: &'state Program,
}

impl<'env, 'state> Batch<'env, 'state> {
    pub(super) fn new(
        env: &'env Env,
        questions: &'state mut Questions,
        remains: &'state mut AllRemains,
        program: &'state Program,
    ) -> napi::Result<Self> {
        Ok(Self { env, array: env.create_array(0)?, len: 0, questions, remains, program })
    }

    pub(super) fn finish(self) -> Array<'env> {
        self.array
    }

    fn put<T: ToNapiValue>(&mut self, value: T) -> napi::Result<()> {
        self.array.set(self.len, value)?;
        self.len = self.len.saturating_add(1);
        Ok(())
    }

    fn put_kind(&mut self, kind: EventKind) -> napi::Result<()> {
        self.put(kind as u8)
    }

    /// A number of a table or a counter: below 2^53.
    fn put_number(&mut self, number: u64) -> napi::Result<()> {
        self.put(i64::try_from(number).unwrap_or(i64::MAX))
    }

    fn put_question(&mut self, question: Pending) -> napi::Result<()> {
        let number = self.questions.add(question);
        self.put_number(number)
    }

    fn put_of_connection(&mut self, kind: EventKind, connection: u64) -> napi::Result<()> {
        self.put_kind(kind)?;
        self.put_number(connection)
    }

    fn put_of_channel(
        &mut self,
        kind: EventKind,
        connection: u64,
        channel: u64,
    ) -> napi::Result<()> {
        self.put_of_connection(kind, connection)?;
        self.put_number(channel)
    }

    fn put_failure(&mut self, failure: Failure) -> napi::Result<()> {
        self.put(failure.code)?;
        self.put(failure.message)
    }

    /// Bytes that the engine may still have: JavaScript gets its own.
    fn put_copy(&mut self, bytes: &[u8]) -> napi::Result<()> {
        let copy = Uint8ArraySlice::copy_from(self.env, bytes)?;
        self.put(copy)
    }

    /// A request as the program knows it: the channel in it is the number that the other calls take.
    fn put_packet(&mut self, packet: &[u8], channel: u64) -> napi::Result<()> {
        // byte SSH_MSG_CHANNEL_REQUEST | uint32 recipient_channel | ..
        let mut own = packet.to_vec();
        if let (Some(recipient), Ok(channel)) = (own.get_mut(1..5), u32::try_from(channel)) {
            recipient.copy_from_slice(&channel.to_be_bytes());
        }
        self.put_copy(&own)
    }

    /// Data of a channel, which is in memory of its own (`Gather::freeze`): a large one is lent.
    fn put_data(&mut self, bytes: Bytes) -> napi::Result<()> {
        if bytes.len() <= COPIED_LEN {
            return self.put_copy(&bytes);
        }
        memory::shrink_later();
        let (start, len) = (bytes.as_ptr().cast_mut(), bytes.len());
        // SAFETY: `start` and `len` are those of `bytes`, which the closure keeps alive until the
        // array buffer is collected, and nothing takes the memory back before. JavaScript may write to
        // them: they are the only handle to this memory, because the engine makes a copy or a block of
        // what it delivers and keeps neither.
        let lent = unsafe { Uint8Array::with_external_data(start, len, move |_, _| drop(bytes)) };
        self.put(lent)
    }

    /// Appends one event.
    pub(super) fn push(&mut self, event: ServerEvent) -> napi::Result<()> {
        match event {
            ServerEvent::Connected { connection, asked } => {
                self.put_kind(EventKind::Connected)?;
                self.put_question(Pending::Connected(asked))?;
                self.put_number(connection)
            }
            ServerEvent::ConnectionRequest { peer, accept, asked } => {
                self.put_kind(EventKind::ConnectionRequest)?;
                self.put_question(Pending::Request(asked))?;
                self.put(peer.ip().to_canonical().to_string())?;
                self.put(peer.port())?;
                self.put(accept)
            }
            ServerEvent::ConnectedFailed { error } => {
                self.put(CONNECTED_FAILED)?;
                self.put_failure((&error).into())
            }
            ServerEvent::Disconnected { connection, end, remains } => {
                self.remains.connections.insert(connection, remains);
                self.put_of_connection(EventKind::Disconnected, connection)?;
                self.put_failure((&end).into())
            }
            ServerEvent::Error { connection, error } => {
                self.put_of_connection(EventKind::Error, connection)?;
                self.put_failure((&error).into())
            }
            ServerEvent::Log { connection, level, message } => {
                self.put_of_connection(EventKind::Log, connection)?;
                self.put(level)?;
                self.put(message)?;
                self.put("")
            }
            ServerEvent::Status { connection, message } => {
                self.put_of_connection(EventKind::Status, connection)?;
                self.put(message)
            }
            ServerEvent::ServiceRequest { connection, name, accept, asked } => {
                self.put_kind(EventKind::ServiceRequest)?;
                self.put_question(Pending::Accept(asked))?;
                self.put_number(connection)?;
                self.put(name)?;
                self.put(accept)
            }
            ServerEvent::UserAuthRequest { connection, question, asked } => {
                self.push_auth(connection, &question, asked)
            }
            ServerEvent::Done { ticket, result } => self.push_done(ticket, &result),
            ServerEvent::Activity(active) => {
                if !active {
                    memory::trim_later();
                }
                self.put(ACTIVITY)?;
                self.put(u8::from(active))
            }
            channel @ (ServerEvent::ChannelOpenRequest { .. }
            | ServerEvent::ChannelRequest { .. }
            | ServerEvent::ChannelOpened { .. }
            | ServerEvent::ChannelReadyToSend { .. }
            | ServerEvent::ChannelData { .. }
            | ServerEvent::ChannelEof { .. }
            | ServerEvent::ChannelClosed { .. }
            | ServerEvent::TunnelRequested { .. }
            | ServerEvent::TunnelClosed { .. }) => self.push_of_channel(channel),
        }
    }

    fn push_of_channel(&mut self, event: ServerEvent) -> napi::Result<()> {
        match event {
            ServerEvent::ChannelOpenRequest {
                connection,
                channel,
                channel_type,
                parameters,
                asked,
            } => {
                self.put_kind(EventKind::ChannelOpenRequest)?;
                self.put_question(Pending::Accept(asked))?;
                self.put_number(connection)?;
                self.put_number(channel)?;
                self.put(channel_type)?;
                self.put_copy(&parameters)
            }
            ServerEvent::ChannelRequest { connection, channel, request_type, packet, asked } => {
                self.put_kind(EventKind::ChannelRequest)?;
                self.put_question(Pending::Accept(asked))?;
                self.put_number(connection)?;
                self.put_number(channel)?;
                self.put(request_type)?;
                self.put_packet(&packet, channel)
            }
            ServerEvent::ChannelData { connection, channel, data_type, data } => {
                self.put_of_channel(EventKind::ChannelData, connection, channel)?;
                self.put_data(data)?;
                self.put(data_type.unwrap_or(0))
            }
            ServerEvent::ChannelOpened { connection, channel } => {
                self.put_of_channel(EventKind::ChannelOpened, connection, channel)
            }
            ServerEvent::ChannelReadyToSend { connection, channel } => {
                self.put_of_channel(EventKind::ChannelReadyToSend, connection, channel)
            }
            ServerEvent::ChannelEof { connection, channel } => {
                self.put_of_channel(EventKind::ChannelEof, connection, channel)
            }
            ServerEvent::ChannelClosed { connection, channel, connection_over, remains } => {
                self.remains.channels.insert(channel, remains);
                self.put_of_channel(EventKind::ChannelClosed, connection, channel)?;
                self.put(connection_over)
            }
            ServerEvent::TunnelRequested {
                connection,
                tunnel,
                direction,
                address,
                port,
                asked,
            } => {
                self.put_kind(EventKind::TunnelRequested)?;
                self.put_question(Pending::Tunnel(asked))?;
                self.put_number(connection)?;
                self.put_number(tunnel)?;
                self.put(direction as u8)?;
                self.put(address)?;
                self.put(port)
            }
            ServerEvent::TunnelClosed { connection, tunnel, address, port } => {
                self.put_of_channel(EventKind::TunnelClosed, connection, tunnel)?;
                self.put(address)?;
                self.put(port)
            }
            ServerEvent::ConnectionRequest { .. }
            | ServerEvent::ConnectedFailed { .. }
            | ServerEvent::Connected { .. }
            | ServerEvent::Disconnected { .. }
            | ServerEvent::Error { .. }
            | ServerEvent::Log { .. }
            | ServerEvent::Status { .. }
            | ServerEvent::ServiceRequest { .. }
            | ServerEvent::UserAuthRequest { .. }
            | ServerEvent::Done { .. }
            | ServerEvent::Activity(_) => Ok(()),
        }
    }

    fn push_auth(
        &mut self,
        connection: u64,
        question: &AuthQuestion,
        asked: Asked,
    ) -> napi::Result<()> {
        let methods = self.program.auth_methods();
        self.put_kind(EventKind::UserAuthRequest)?;
        self.put_question(Pending::Auth { connection, asked })?;
        self.put_number(connection)?;
        self.put(question.user.as_str())?;
        self.put(question.service.as_str())?;
        self.put(question.method.as_str())?;
        match &question.param {
            AuthParam::None => {
                self.put("")?;
                self.put(Null)?;
            }
            AuthParam::Text(secret) => {
                self.put(&*String::from_utf8_lossy(secret.expose()))?;
                self.put_copy(secret.expose())?;
            }
            AuthParam::PublicKey(blob) => {
                self.put(Base64::encode_string(blob))?;
                self.put_copy(blob)?;
            }
            AuthParam::SignatureStatus(good) => {
                self.put(if *good { "1" } else { "0" })?;
                self.put(Null)?;
            }
        }
        self.put(methods)?;
        self.put(question.key_algorithm.as_str())?;
        self.put(question.signed)?;
        self.put(question.partial_successes.join(","))
    }

    /// The end of an operation.
    fn push_done(&mut self, ticket: Ticket, result: &OpResult) -> napi::Result<()> {
        self.put(OP_DONE)?;
        self.put_number(ticket.0)?;
        match result {
            Ok(channel) => {
                self.put(0)?;
                self.put("")?;
                match channel {
                    Some(channel) => self.put_number(*channel),
                    None => self.put(Null),
                }
            }
            Err(error) => {
                self.put_failure(error.into())?;
                if let OpError::Outcome(Outcome::WouldBlock { sent } | Outcome::TimedOut { sent }) =
                    error
                {
                    self.put_number(u64::try_from(*sent).unwrap_or(u64::MAX))
                } else {
                    self.put(Null)
                }
            }
        }
    }
}
