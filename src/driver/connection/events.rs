//! Turns the engine's events into those of the program: gives channels the numbers that the program
//! knows them by, keeps the tables, and answers at once what nobody wants to be asked.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;

use super::command::OpError;
use super::drive::Core;
use super::handle::ConnectionHandle;
use crate::driver::handler::{Asked, ConnectionEnd, EventKind, OpResult, ServerEvent};
use crate::driver::shared::{ChannelEntry, next_channel};
use crate::driver::tunnel::{self, Asking};
use crate::engine::{
    Answer, ChannelId, Connection, Event, Notice, Outcome, Question, QuestionId, Ticket,
};
use crate::error::{Closed, Error};

impl ConnectionHandle {
    /// Hands over every event that the engine has; `true` if there was any.
    pub(in crate::driver) fn hand_over_events(
        self: &Arc<Self>,
        core: &mut Core,
        now: Instant,
    ) -> bool {
        let mut moved = false;
        while let Some(event) = core.engine.as_mut().and_then(|engine| engine.poll_event()) {
            moved = true;
            match event {
                Event::Question(id, question) => {
                    let answer = self.ask(core, id, question);
                    core.asked |= answer.is_none();
                    if let Some(answer) = answer
                        && let Some(engine) = &mut core.engine
                    {
                        // Void when the connection ended in the same turn.
                        let _ = engine.answer(now, id, answer);
                    }
                }
                Event::Delivery { channel, data_type, data } => {
                    let data = match &mut core.tunnels {
                        Some(tunnels) => match tunnels.deliver(channel, data_type, data) {
                            Ok(()) => continue,
                            Err(data) => data,
                        },
                        None => data,
                    };
                    let id = core.channels.get(&channel).copied();
                    match id {
                        Some(id) if self.shared.wants(EventKind::ChannelData) => {
                            core.unconsumed.delivered(self.load(), id, data.len());
                            self.tell(ServerEvent::ChannelData {
                                connection: self.id(),
                                channel: id,
                                data_type,
                                data: data.freeze(),
                            });
                        }
                        _ => {
                            if let Some(engine) = &mut core.engine {
                                engine.consumed(channel, data.len());
                            }
                        }
                    }
                }
                Event::Notice(notice) => self.note(core, notice),
                Event::Job(job) => {
                    core.job = Some(job);
                }
            }
        }
        moved
    }

    /// Asks the program, or gives the answer that holds when nobody wants to be asked.
    fn ask(
        self: &Arc<Self>,
        core: &mut Core,
        id: QuestionId,
        question: Question,
    ) -> Option<Answer> {
        let connection = self.id();
        match question {
            Question::Service { name, accept } => {
                if !self.shared.wants(EventKind::ServiceRequest) {
                    return Some(Answer::Accept(accept));
                }
                let asked = Asked::new(self, id, Answer::Accept(false), name.len());
                self.tell(ServerEvent::ServiceRequest { connection, name, accept, asked });
            }
            Question::Auth(question) => {
                let refusal = Answer::Auth(self.shared.handler.auth_refusal());
                if !self.shared.wants(EventKind::UserAuthRequest) {
                    return Some(refusal);
                }
                let asked = Asked::new(self, id, refusal, question.user.len());
                self.tell(ServerEvent::UserAuthRequest { connection, question, asked });
            }
            Question::Prompts { user } => {
                let (instruction, prompts) = self.shared.handler.prompts(connection, &user);
                return Some(Answer::Prompts { instruction, prompts });
            }
            Question::ChannelOpen { channel, channel_type, parameters } => {
                match self.ask_forward(core, id, channel, &channel_type, &parameters) {
                    Asking::Tunnel => {}
                    Asking::Refused(answer) => return Some(answer),
                    Asking::Channel => {
                        let number = next_channel();
                        return self.ask_open(core, id, channel, number, channel_type, parameters);
                    }
                }
            }
            Question::Forwarding(request) => return self.ask_reverse(core, id, request),
            Question::ChannelRequest { channel, request_type, packet } => {
                let number = core.channels.get(&channel).copied();
                let Some(number) = number.filter(|_| self.shared.wants(EventKind::ChannelRequest))
                else {
                    return Some(Answer::Accept(false));
                };
                let asked = Asked::new(self, id, Answer::Accept(false), packet.len());
                self.tell(ServerEvent::ChannelRequest {
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

    /// Asks the program whether to open a channel that it is to know by this number.
    pub(in crate::driver) fn ask_open(
        self: &Arc<Self>,
        core: &mut Core,
        id: QuestionId,
        channel: ChannelId,
        number: u64,
        channel_type: String,
        parameters: Bytes,
    ) -> Option<Answer> {
        if !self.shared.wants(EventKind::ChannelOpenRequest) {
            return Some(Answer::Accept(false));
        }
        core.channels.insert(channel, number);
        let asked = Asked::new(self, id, Answer::Accept(false), parameters.len());
        self.tell(ServerEvent::ChannelOpenRequest {
            connection: self.id(),
            channel: number,
            channel_type,
            parameters,
            asked,
        });
        None
    }

    fn note(self: &Arc<Self>, core: &mut Core, notice: Notice) {
        let connection = self.id();
        match notice {
            Notice::Status(message) => {
                self.tell(ServerEvent::Status { connection, message });
            }
            Notice::Log { level, message } => {
                self.tell(ServerEvent::Log { connection, level, message })
            }
            Notice::Authenticated { .. } => self.login.logged_in(),
            Notice::ChannelOpened { channel, channel_type } => {
                core.transmit.nagle.channel_opened(&self.socket.raw());
                if !self.tunnel_opened(core, channel) {
                    self.channel_opened(core, channel, channel_type);
                }
            }
            Notice::ChannelReadyToSend { channel } => {
                if !self.tunnel_ready(core, channel) {
                    self.channel_ready(core, channel);
                }
            }
            Notice::ChannelEof { channel } => {
                if self.tunnel_eof(core, channel) {
                    return;
                }
                if let Some(&channel) = core.channels.get(&channel)
                    && self.shared.wants(EventKind::ChannelEof)
                {
                    self.tell(ServerEvent::ChannelEof { connection, channel });
                }
            }
            Notice::ChannelClosed { channel } => {
                if self.tunnel_closed(core, channel) {
                    return;
                }
                if let Some(number) = core.channels.remove(&channel) {
                    if core.unconsumed.has(number) {
                        self.shared.closed_unread(number, self);
                    }
                    let is_over = core.engine.as_ref().is_none_or(Connection::is_ended);
                    self.channel_gone(number, is_over);
                }
            }
            Notice::ChannelNotOpened { channel } => {
                core.channels.remove(&channel);
            }
            Notice::Done { ticket, outcome } => self.done(core, ticket, outcome),
            Notice::Ended(error) => {
                let end = match (error, core.transmit.error.take()) {
                    (Error::Closed(Closed::PeerGone), Some(error)) => ConnectionEnd::Socket(error),
                    (error, _) => ConnectionEnd::Engine(error),
                };
                // The first cause counts: the socket may have said more than the engine knows.
                core.end.get_or_insert(end);
                self.end_tunnels(core);
            }
        }
    }

    fn channel_opened(self: &Arc<Self>, core: &mut Core, local: ChannelId, service: String) {
        let channel = *core.channels.entry(local).or_insert_with(next_channel);
        let entry = ChannelEntry::new(Arc::clone(self), local, channel, service);
        self.shared.add_channel(channel, Arc::new(entry));
        if self.shared.wants(EventKind::ChannelOpened) {
            self.tell(ServerEvent::ChannelOpened { connection: self.id(), channel });
        }
    }

    fn channel_ready(&self, core: &mut Core, local: ChannelId) {
        let Some(&channel) = core.channels.get(&local) else {
            return;
        };
        if let Some(entry) = self.shared.channel(channel) {
            entry.publish_ready(true);
        }
        if self.shared.wants(EventKind::ChannelReadyToSend) {
            self.tell(ServerEvent::ChannelReadyToSend { connection: self.id(), channel });
        }
    }

    pub(in crate::driver) fn done(&self, core: &mut Core, ticket: Ticket, outcome: Outcome) {
        if tunnel::is_ours(ticket) {
            return self.tunnel_done(core, ticket, outcome);
        }
        self.publish_counters(core, ticket);
        if outcome == Outcome::Complete
            && let Some((watched, complete)) = &mut core.watched
            && *watched == ticket
        {
            *complete = true;
            return;
        }
        let result = Self::result(core, ticket, outcome);
        self.shared.tell(ServerEvent::Done { ticket, result });
    }

    /// The counters of the channel are up to date before the program hears of the end of its send.
    fn publish_counters(&self, core: &mut Core, ticket: Ticket) {
        let Some(at) = core.sending.iter().position(|(sent, _)| *sent == ticket) else {
            return core.waiting.retain(|waiting| *waiting != ticket);
        };
        let (_, entry) = core.sending.swap_remove(at);
        if let Some(engine) = &core.engine {
            entry.publish(engine.counters(entry.local));
        }
    }

    fn result(core: &mut Core, ticket: Ticket, outcome: Outcome) -> OpResult {
        let opening = core.opening.iter().position(|(opened, _)| *opened == ticket);
        let opening = opening.map(|at| core.opening.swap_remove(at));
        match outcome {
            Outcome::Complete => Ok(None),
            Outcome::Opened(channel) => Ok(core.channels.get(&channel).copied()),
            refused @ (Outcome::OpenRefused { .. }
            | Outcome::WouldBlock { .. }
            | Outcome::TimedOut { .. }
            | Outcome::ChannelClosed
            | Outcome::ConnectionEnded) => {
                if let Some((_, channel)) = opening {
                    core.channels.remove(&channel);
                }
                Err(OpError::Outcome(refused))
            }
        }
    }
}
