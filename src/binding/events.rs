//! Hands a batch of events over as one flat array: for each event its kind, then its fields, as the table of
//! `boundary.rs` has them. Questions stay here under a number until they are answered.

use std::borrow::Cow;

use base64ct::{Base64, Encoding};
use napi::Env;
use napi::bindgen_prelude::Array;

use super::boundary::{self, Row};
use super::errors::Failure;
use super::flat_array::{Copied, FlatArray, Packet};
use super::memory;
use super::program::Program;
use crate::crypto::gss::KERBEROS_NAME;
use crate::driver::{
    Asked, ConnectedAnswer, ConnectedAsked, OpError, OpResult, Remains, RequestAsked, ServerEvent,
    TunnelAsked,
};
use crate::engine::{Answer, AuthAnswer, AuthParam, AuthQuestion, Outcome, Ticket};
use crate::number_map::NumberMap;

/// A question that has no answer yet.
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

    /// Answers yes or no; a number that is not found was answered before.
    pub(super) fn answer(&mut self, number: u64, yes: bool) {
        match self.pending.remove(&number) {
            Some(Pending::Request(asked)) => asked.answer(yes),
            Some(Pending::Connected(asked)) => asked.answer(if yes {
                ConnectedAnswer::ServerKeys
            } else {
                ConnectedAnswer::Refused
            }),
            Some(Pending::Accept(asked)) => asked.answer(Answer::Accept(yes)),
            // A bare yes has neither the methods that can follow nor the port. The dropped question
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

    /// Answers the question about a tunnel: the port, or `None` to refuse it.
    pub(super) fn answer_tunnel(&mut self, number: u64, port: Option<u16>) {
        if let Some(Pending::Tunnel(asked)) = self.pending.remove(&number) {
            asked.answer(port);
        }
    }

    /// Takes out the question of the host key for a connection.
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

/// Keeps what can be read of connections and channels whose last events were handed over, until the facade
/// says that the listeners of those are done.
#[derive(Default)]
pub(super) struct AllRemains {
    pub(super) connections: NumberMap<u64, Remains>,
    pub(super) channels: NumberMap<u64, Remains>,
}

/// A batch that is being filled.
pub(super) struct Batch<'env, 'state> {
    array: FlatArray<'env>,
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
        Ok(Self { array: FlatArray::new(env)?, questions, remains, program })
    }

    pub(super) fn finish(self) -> Array<'env> {
        self.array.finish()
    }

    /// Appends one event.
    pub(super) fn push(&mut self, event: ServerEvent) -> napi::Result<()> {
        match event {
            ServerEvent::Connected { connection, asked } => boundary::Connected {
                question: self.questions.add(Pending::Connected(asked)),
                connection,
            }
            .put(&mut self.array),
            ServerEvent::ConnectionRequest { peer, accept, asked } => boundary::ConnectionRequest {
                question: self.questions.add(Pending::Request(asked)),
                address: peer.ip().to_canonical().to_string(),
                port: peer.port(),
                accept,
            }
            .put(&mut self.array),
            ServerEvent::ConnectedFailed { error } => {
                let Failure { code, message } = (&error).into();
                boundary::ConnectedFailed { code, message }.put(&mut self.array)
            }
            ServerEvent::Disconnected { connection, end, remains } => {
                self.remains.connections.insert(connection, remains);
                let Failure { code, message } = (&end).into();
                boundary::Disconnected { connection, code, message }.put(&mut self.array)
            }
            ServerEvent::Error { connection, error } => {
                let Failure { code, message } = (&error).into();
                boundary::Error { connection, code, message }.put(&mut self.array)
            }
            ServerEvent::Log { connection, level, message } => {
                boundary::Log { connection, level, message, log_type: "" }.put(&mut self.array)
            }
            ServerEvent::Status { connection, message } => {
                boundary::Status { connection, message }.put(&mut self.array)
            }
            ServerEvent::ServiceRequest { connection, name, accept, asked } => {
                let question = self.questions.add(Pending::Accept(asked));
                boundary::ServiceRequest { question, connection, service: name, accept }
                    .put(&mut self.array)
            }
            ServerEvent::UserAuthRequest { connection, question, asked } => {
                self.push_auth(connection, &question, asked)
            }
            ServerEvent::Done { ticket, result } => self.push_done(ticket, &result),
            ServerEvent::Activity(active) => {
                if !active {
                    memory::trim_later();
                }
                boundary::Activity { active }.put(&mut self.array)
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
            } => boundary::ChannelOpenRequest {
                question: self.questions.add(Pending::Accept(asked)),
                connection,
                channel,
                service: channel_type,
                parameters: Copied(&parameters),
            }
            .put(&mut self.array),
            ServerEvent::ChannelRequest { connection, channel, request_type, packet, asked } => {
                boundary::ChannelRequest {
                    question: self.questions.add(Pending::Accept(asked)),
                    connection,
                    channel,
                    request_type,
                    packet: Packet { packet: &packet, channel },
                }
                .put(&mut self.array)
            }
            ServerEvent::ChannelData { connection, channel, data_type, data } => {
                let data_type = data_type.unwrap_or(0);
                boundary::ChannelData { connection, channel, bytes: data, data_type }
                    .put(&mut self.array)
            }
            ServerEvent::ChannelOpened { connection, channel } => {
                boundary::ChannelOpened { connection, channel }.put(&mut self.array)
            }
            ServerEvent::ChannelReadyToSend { connection, channel } => {
                boundary::ChannelReadyToSend { connection, channel }.put(&mut self.array)
            }
            ServerEvent::ChannelEof { connection, channel } => {
                boundary::ChannelEof { connection, channel }.put(&mut self.array)
            }
            ServerEvent::ChannelClosed { connection, channel, connection_over, remains } => {
                self.remains.channels.insert(channel, remains);
                boundary::ChannelClosed { connection, channel, connection_over }
                    .put(&mut self.array)
            }
            ServerEvent::TunnelRequested {
                connection,
                tunnel,
                direction,
                address,
                port,
                asked,
            } => boundary::TunnelRequested {
                question: self.questions.add(Pending::Tunnel(asked)),
                connection,
                channel: tunnel,
                direction: direction as u8,
                address,
                port,
            }
            .put(&mut self.array),
            ServerEvent::TunnelClosed { connection, tunnel, address, port } => {
                boundary::TunnelClosed { connection, channel: tunnel, address, port }
                    .put(&mut self.array)
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
        let (text, bytes) = match &question.param {
            AuthParam::None => (Cow::Borrowed(""), None),
            AuthParam::Text(secret) => {
                (String::from_utf8_lossy(secret.expose()), Some(Copied(secret.expose())))
            }
            AuthParam::PublicKey(blob) => {
                (Cow::Owned(Base64::encode_string(blob)), Some(Copied(blob)))
            }
            AuthParam::SignatureStatus(good) => {
                (Cow::Borrowed(if *good { "1" } else { "0" }), None)
            }
            AuthParam::Principal(initiator) => (Cow::Borrowed(&*initiator.principal), None),
        };
        let initiator = match &question.param {
            AuthParam::Principal(initiator) => Some(initiator),
            AuthParam::None
            | AuthParam::Text(_)
            | AuthParam::PublicKey(_)
            | AuthParam::SignatureStatus(_) => None,
        };
        boundary::UserAuthRequest {
            question: self.questions.add(Pending::Auth { connection, asked }),
            connection,
            user: question.user.as_str(),
            service: question.service.as_str(),
            auth_method: question.method.as_str(),
            auth_param: &*text,
            auth_param_b: bytes,
            available_methods: self.program.auth_methods(),
            key_algorithm: question.key_algorithm.as_str(),
            signed: question.signed,
            user_verified: question.user_verified,
            partial_successes: question.partial_successes.join(","),
            gss_local_name: initiator.map_or("", |it| &*it.local_name),
            gss_mechanism: initiator.map_or("", |_| KERBEROS_NAME),
            gss_delegated: initiator.is_some_and(|it| it.delegated),
        }
        .put(&mut self.array)
    }

    /// The end of an operation.
    fn push_done(&mut self, ticket: Ticket, result: &OpResult) -> napi::Result<()> {
        let op = ticket.0;
        match result {
            Ok(channel) => {
                boundary::OpDone { op, code: 0, message: "", value: *channel }.put(&mut self.array)
            }
            Err(error) => {
                let Failure { code, message } = error.into();
                let value = if let OpError::Outcome(
                    Outcome::WouldBlock { sent } | Outcome::TimedOut { sent },
                ) = error
                {
                    u64::try_from(*sent).ok()
                } else {
                    None
                };
                boundary::OpDone { op, code, message, value }.put(&mut self.array)
            }
        }
    }
}
