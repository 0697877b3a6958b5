//! Turns the engine's events into those of the program: gives channels the numbers that the program knows
//! them by, keeps the tables, and answers a question at once if the program has no listener for it.

use std::time::Instant;

use super::link::Link;
use super::machine::Machine;
use crate::blocks::Gather;
use crate::driver::handler::{Asked, ConnectionEnd, EventKind, OpResult, Reply, ServerEvent};
use crate::driver::op_error::OpError;
use crate::driver::registry::OpenedChannel;
use crate::driver::service;
use crate::driver::shared::next_channel;
use crate::driver::tunnel::{self, Asking, OpenRequest};
use crate::engine::{
    Answer, ChannelId, Connection, Event, Notice, Outcome, Question, QuestionId, Ticket,
};
use crate::error::{Closed, Error};

impl Machine {
    /// Hands every event of the engine to the program; `true` if there was any. Sets `asked` to `true` if
    /// one was a question to the program.
    pub(in crate::driver) fn hand_over_events(
        &mut self,
        cx: &Link,
        now: Instant,
        asked: &mut bool,
    ) -> bool {
        let mut moved = false;
        while let Some(event) = self.stage.engine_mut().and_then(Connection::poll_event) {
            moved = true;
            match event {
                Event::Question(id, question) => match self.ask(cx, id, question) {
                    Some(answer) => self.answer(id, answer, now),
                    None => *asked = true,
                },
                Event::Delivery { channel, data_type, data } => {
                    self.deliver(cx, channel, data_type, data);
                }
                Event::Notice(notice) => self.note(cx, notice),
                Event::Job(job) => self.job = Some(job),
            }
        }
        moved
    }

    /// Gives the engine an answer. It is void when the connection has ended in the same turn.
    pub(in crate::driver) fn answer(&mut self, id: QuestionId, answer: Answer, now: Instant) {
        if let Some(engine) = self.stage.engine_mut() {
            let _ = engine.answer(now, id, answer);
        }
    }

    fn deliver(&mut self, cx: &Link, channel: ChannelId, data_type: Option<u32>, data: Gather) {
        let engine = self.stage.engine_mut();
        let data = match service::deliver(&mut self.services, engine, channel, data_type, data) {
            Ok(()) => return,
            Err(data) => data,
        };
        let data = match &mut self.tunnels {
            Some(tunnels) => match tunnels.deliver(channel, data_type, data) {
                Ok(()) => return,
                Err(data) => data,
            },
            None => data,
        };
        match self.channels.number(channel).filter(|_| cx.wants(EventKind::ChannelData)) {
            Some(number) => {
                self.channels.delivered(cx, number, data.len());
                cx.tell(ServerEvent::ChannelData {
                    connection: cx.id,
                    channel: number,
                    data_type,
                    data: data.freeze(),
                });
            }
            None => {
                if let Some(engine) = self.stage.engine_mut() {
                    engine.consumed(channel, data.len());
                }
            }
        }
    }

    /// Asks the program a question, or returns the starting value if the program has no listener for it.
    fn ask(&mut self, cx: &Link, id: QuestionId, question: Question) -> Option<Answer> {
        let connection = cx.id;
        let refused = || Reply::Answer(id, Answer::Accept(false));
        match question {
            Question::Service { name, accept } => {
                if !cx.wants(EventKind::ServiceRequest) {
                    return Some(Answer::Accept(accept));
                }
                let asked = Asked::new(cx.ask(refused(), name.len()), id);
                cx.tell(ServerEvent::ServiceRequest { connection, name, accept, asked });
            }
            Question::Auth(question) => {
                let refusal = Answer::Auth(cx.shared.handler.auth_refusal());
                if !cx.wants(EventKind::UserAuthRequest) {
                    return Some(refusal);
                }
                let asked = cx.ask(Reply::Answer(id, refusal), question.user.len());
                let asked = Asked::new(asked, id);
                cx.tell(ServerEvent::UserAuthRequest { connection, question, asked });
            }
            Question::Prompts { user } => {
                let (instruction, prompts) = cx.shared.handler.prompts(connection, &user);
                return Some(Answer::Prompts { instruction, prompts });
            }
            Question::ChannelOpen { channel, channel_type, parameters } => {
                let request = OpenRequest { channel, channel_type, parameters };
                return match tunnel::forward::ask(&mut self.tunnels, cx, id, request) {
                    Asking::Tunnel => None,
                    Asking::Refused(answer) => Some(answer),
                    Asking::Channel(request) => self.ask_open(cx, id, next_channel(), request),
                };
            }
            Question::Forwarding(request) => {
                return tunnel::reverse::ask(&mut self.tunnels, cx, id, request);
            }
            Question::ChannelRequest { channel, request_type, packet } => {
                let number = self.channels.number(channel);
                let Some(number) = number.filter(|_| cx.wants(EventKind::ChannelRequest)) else {
                    return Some(Answer::Accept(false));
                };
                let asked = Asked::new(cx.ask(refused(), packet.len()), id);
                cx.tell(ServerEvent::ChannelRequest {
                    connection,
                    channel: number,
                    request_type,
                    packet,
                    asked,
                });
            }
        }
        None
    }

    /// Asks the program whether to open a channel, which gets the number `number`.
    pub(in crate::driver) fn ask_open(
        &mut self,
        cx: &Link,
        id: QuestionId,
        number: u64,
        request: OpenRequest,
    ) -> Option<Answer> {
        if !cx.wants(EventKind::ChannelOpenRequest) {
            return Some(Answer::Accept(false));
        }
        let OpenRequest { channel, channel_type, parameters } = request;
        self.channels.add(channel, number);
        let refusal = Reply::Answer(id, Answer::Accept(false));
        let asked = Asked::new(cx.ask(refusal, parameters.len()), id);
        cx.tell(ServerEvent::ChannelOpenRequest {
            connection: cx.id,
            channel: number,
            channel_type,
            parameters,
            asked,
        });
        None
    }

    fn note(&mut self, cx: &Link, notice: Notice) {
        let connection = cx.id;
        match notice {
            Notice::Status(message) => cx.tell(ServerEvent::Status { connection, message }),
            Notice::Log { level, message } => {
                cx.tell(ServerEvent::Log { connection, level, message });
            }
            Notice::Authenticated { .. } => cx.login.logged_in(),
            Notice::ChannelOpened { channel, channel_type } => {
                if let Some(socket) = cx.stream.options() {
                    self.outbound.nagle.channel_opened(&socket);
                }
                if !tunnel::opened(&mut self.tunnels, cx, channel) {
                    self.channel_opened(cx, channel, channel_type);
                }
            }
            Notice::ChannelReadyToSend { channel } => {
                if !tunnel::ready(&mut self.tunnels, channel)
                    && !service::ready(&mut self.services, channel)
                {
                    self.channel_ready(cx, channel);
                }
            }
            Notice::ChannelEof { channel } => {
                if !tunnel::ended(&mut self.tunnels, channel)
                    && !service::ended(&mut self.services, channel)
                    && let Some(channel) = self.channels.number(channel)
                    && cx.wants(EventKind::ChannelEof)
                {
                    cx.tell(ServerEvent::ChannelEof { connection, channel });
                }
            }
            Notice::ChannelClosed { channel } => {
                service::closed(&mut self.services, cx, channel);
                if !tunnel::closed(&mut self.tunnels, cx, channel) {
                    self.channel_closed(cx, channel);
                }
            }
            Notice::ChannelNotOpened { channel } => {
                self.channels.remove(channel);
            }
            Notice::Done { ticket, outcome } => self.done(cx, ticket, outcome),
            Notice::Ended(error) => self.engine_ended(cx, error),
        }
    }

    fn channel_opened(&mut self, cx: &Link, local: ChannelId, service: String) {
        let (number, counters) = self.channels.open(local, next_channel);
        let opened = OpenedChannel { connection: cx.id, number, local, service, counters };
        cx.shared.tables().channel_opened(opened);
        if cx.wants(EventKind::ChannelOpened) {
            cx.tell(ServerEvent::ChannelOpened { connection: cx.id, channel: number });
        }
    }

    fn channel_ready(&mut self, cx: &Link, local: ChannelId) {
        let Some(channel) = self.channels.number(local) else {
            return;
        };
        if let Some(counters) = self.channels.counters(local) {
            counters.publish_ready(true);
        }
        if cx.wants(EventKind::ChannelReadyToSend) {
            cx.tell(ServerEvent::ChannelReadyToSend { connection: cx.id, channel });
        }
    }

    fn channel_closed(&mut self, cx: &Link, local: ChannelId) {
        let Some(number) = self.channels.remove(local) else {
            return;
        };
        if self.channels.has_unused(number) {
            cx.shared.tables().closed_unread(number, cx.id);
        }
        let is_over = self.stage.engine().is_none_or(Connection::is_ended);
        channel_gone(cx, number, is_over);
    }

    fn engine_ended(&mut self, cx: &Link, error: Error) {
        let of_stream = self.outbound.error.take().or_else(|| self.inbound.take_error());
        let end = match (error, of_stream) {
            // The error of the stream says more precisely why the client is gone.
            (Error::Closed(Closed::PeerGone), Some(error)) => ConnectionEnd::Socket(error),
            (error, _) => ConnectionEnd::Engine(error),
        };
        self.stage.part(end);
        tunnel::end_all(&mut self.tunnels, cx);
        service::end_all(&mut self.services, cx);
    }

    /// A command has ended.
    pub(in crate::driver) fn done(&mut self, cx: &Link, ticket: Ticket, outcome: Outcome) {
        if tunnel::is_ours(ticket) {
            return tunnel::done(&mut self.tunnels, cx, ticket, outcome);
        }
        if let Some((channel, counters)) = self.tickets.done(ticket)
            && let Some(engine) = self.stage.engine()
        {
            // The counters are up to date before the program is told of the end of its send.
            counters.publish(engine.counters(channel));
        }
        if !self.tickets.is_told(ticket, &outcome) {
            let result = self.result(ticket, outcome);
            cx.shared.tell(ServerEvent::Done { ticket, result });
        }
    }

    fn result(&mut self, ticket: Ticket, outcome: Outcome) -> OpResult {
        let opening = self.tickets.opened(ticket);
        match outcome {
            Outcome::Complete => Ok(None),
            Outcome::Opened(channel) => Ok(self.channels.number(channel)),
            refused @ (Outcome::OpenRefused { .. }
            | Outcome::WouldBlock { .. }
            | Outcome::TimedOut { .. }
            | Outcome::ChannelClosed
            | Outcome::ConnectionEnded) => {
                if let Some(channel) = opening {
                    self.channels.remove(channel);
                }
                Err(OpError::Outcome(refused))
            }
        }
    }
}

/// Takes a channel out of the tables and reports its end. As with a connection, that is reported whether or
/// not the program has a listener: the facade learns from it what to forget.
pub(in crate::driver) fn channel_gone(cx: &Link, channel: u64, connection_over: bool) {
    if let Some(remains) = cx.shared.tables().channel_ended(channel) {
        cx.tell(ServerEvent::ChannelClosed {
            connection: cx.id,
            channel,
            connection_over,
            remains,
        });
    }
}
