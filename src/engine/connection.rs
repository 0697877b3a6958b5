//! One connection: routes messages 1-49 to the transport, 50-79 to user authentication and 80-127 to the
//! channels, and puts the events of these layers into one queue.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use bytes::BytesMut;
use zeroize::Zeroize;

use super::config::Config;
use super::event::{Event, Notice, Question};
use super::job::{Job, JobOutput};
use super::liveness::{self, Liveness};
use super::open_questions::Questions;
use crate::channels::{ChannelEvent, ChannelId, Channels, Counters, Outcome, Ticket};
use crate::crypto::random::Random;
use crate::error::{Closed, Error, PeerMisbehaved};
use crate::limits::{MAX_TRANSMIT_BACKLOG, TRANSMIT_TARGET};
use crate::transport::{Incoming, TraceLine, Transport, Verbosity};
use crate::userauth::{self, UserAuth};
use crate::wire::WriteBuffer;
use crate::wire::messages::{self, Message, ServiceRequest};

/// The server side of one SSH connection.
pub struct Connection {
    pub(super) config: Arc<Config>,
    pub(super) transport: Transport,
    pub(super) phase: Phase,
    pub(super) channels: Channels,
    pub(super) questions: Questions,
    pub(super) events: VecDeque<Event>,
    /// Tickets of `exchange_keys` that wait for new keys.
    pub(super) rekey_tickets: Vec<Ticket>,
    pub(super) started: Instant,
    /// When the client last sent something or got its turn to answer, before it is authenticated; and the
    /// bytes it has sent that are not processed yet.
    pub(super) quiet_since: Instant,
    unprocessed: usize,
    /// Since when a job is out that may block.
    pub(super) blocked_since: Option<Instant>,
    pub(super) liveness: Liveness,
}

/// The client's properties.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer<'c> {
    /// Its identification string (RFC 4253 section 4.2), once it has come.
    pub version: Option<&'c str>,
    /// Whether strict key exchange was negotiated (OpenSSH's PROTOCOL 1.10).
    pub strict_kex: bool,
    /// Whether it is authenticated.
    pub is_authenticated: bool,
}

/// The services that run.
pub(super) enum Phase {
    /// The client has to request `ssh-userauth` (RFC 4253 section 10).
    AwaitUserauthService,
    /// RFC 4252
    Authenticating(Box<UserAuth>),
    /// Authenticated; the program decides whether `ssh-connection` starts.
    AwaitConnectionService { user: String },
    /// RFC 4254
    Connected,
    /// The connection is over.
    Ended,
}

impl Connection {
    /// Starts a connection: our identification string and KEXINIT are ready to be transmitted. `verbosity`
    /// chooses the optional notices that are built, from the first packet on.
    pub fn new(
        now: Instant,
        config: Arc<Config>,
        random: Box<dyn Random>,
        verbosity: Verbosity,
    ) -> Self {
        let mut transport = Transport::new(now, &config.transport, random);
        transport.trace().set_verbosity(verbosity);
        let begun = transport.start_exchange(&config.transport);
        let mut connection = Self {
            transport,
            phase: Phase::AwaitUserauthService,
            channels: Channels::default(),
            questions: Questions::default(),
            events: VecDeque::new(),
            rekey_tickets: Vec::new(),
            started: now,
            quiet_since: now,
            unprocessed: 0,
            blocked_since: None,
            liveness: Liveness::new(now),
            config,
        };
        if let Err(error) = begun {
            connection.fail(error);
        }
        connection
    }

    /// Processes bytes read from the socket, taking them off the front of `buf`. Stops early when
    /// [`Self::wants_input`] turns false; then it has to be called again with the remaining bytes once that
    /// changes. Returns `true` when the turn has processed as much as one may
    /// ([`crate::limits::TURN_WORK`]): then it has to be called again after other connections had their
    /// turn.
    pub fn handle_input(&mut self, now: Instant, buf: &mut BytesMut) -> bool {
        let before = buf.len();
        if buf.len() > self.unprocessed {
            self.quiet_since = now;
        }
        self.transport.begin_turn();
        while self.wants_input() && self.take_next(now, buf) {}
        if buf.len() != before {
            self.liveness.received(now);
        }
        self.unprocessed = buf.len();
        self.finish_step(Ok(()));
        self.transport.turn_is_over()
    }

    /// Whether input is processed: no question or job holds it back, and the peer reads what it was sent.
    pub fn wants_input(&self) -> bool {
        !self.is_ended()
            && !self.waits_for_program()
            && self.transport.backlog() < MAX_TRANSMIT_BACKLOG
    }

    /// Whether a question about the whole connection is open, a job is out, or too much is held behind
    /// questions about channels. Then no message of the client is processed.
    pub(super) fn waits_for_program(&self) -> bool {
        self.questions.block_connection() || self.channels.hold_too_much()
    }

    /// The peer has closed its side, or the socket broke.
    pub fn handle_eof(&mut self) {
        self.fail(Error::Closed(Closed::PeerGone));
    }

    /// Takes the result of a job.
    pub fn complete(&mut self, now: Instant, output: JobOutput) {
        self.questions.job_done();
        self.blocked_since = None;
        self.quiet_since = now;
        if !self.is_ended() {
            let result = match output {
                JobOutput::Exchange(output) => self.transport.complete(output),
                JobOutput::Login(output) => self.complete_login(now, output),
            };
            self.finish_step(result);
        }
    }

    pub(super) fn route(&mut self, now: Instant, incoming: Incoming) -> Result<(), Error> {
        let mut payload = match incoming {
            Incoming::Message(payload) => payload,
            Incoming::Job(job) => {
                self.compute(now, Job::Exchange(job));
                return Ok(());
            }
            Incoming::KeysChanged => {
                for ticket in std::mem::take(&mut self.rekey_tickets) {
                    let outcome = Outcome::Complete;
                    self.events.push_back(Event::Notice(Notice::Done { ticket, outcome }));
                }
                return Ok(());
            }
        };
        let number = payload.first().copied().unwrap_or_default();
        match (number, &mut self.phase) {
            (messages::SSH_MSG_SERVICE_REQUEST, _) => {
                let name = ServiceRequest::decode(&payload)?.service_name.to_owned();
                self.ask_service(name);
                Ok(())
            }
            (number, _) if messages::is_of_login(number) => {
                self.route_login(now, number, &mut payload)
            }
            (80..=127, Phase::Connected) => {
                if liveness::is_use(&payload) {
                    self.liveness.used(now);
                }
                self.channels.handle(payload.freeze(), &mut self.transport)
            }
            _ => Err(PeerMisbehaved::UnexpectedMessage(number).into()),
        }
    }

    /// Has the caller run a job.
    pub(super) fn compute(&mut self, now: Instant, job: Job) {
        self.blocked_since = job.may_block().then_some(now);
        self.questions.job_out();
        self.collect_trace();
        self.events.push_back(Event::Job(job));
    }

    /// Routes a message of user authentication. The payload is wiped in any case, so that no password or
    /// response is left in it.
    fn route_login(&mut self, now: Instant, number: u8, payload: &mut [u8]) -> Result<(), Error> {
        let result = if let Phase::Authenticating(userauth) = &mut self.phase {
            let client = self.transport.client_version().unwrap_or_default().to_owned();
            let settings = auth_settings(&self.config, &client);
            let session_id = self.transport.session_id().to_vec();
            userauth.handle(&settings, &session_id, payload, &mut self.transport)
        } else {
            Err(PeerMisbehaved::UnexpectedMessage(number).into())
        };
        payload.zeroize();
        self.follow(now, result?);
        Ok(())
    }

    /// Called after every step: starts a key exchange if the keys are used up, collects the events of the
    /// layers, and ends the connection on an error.
    pub(super) fn finish_step(&mut self, result: Result<(), Error>) {
        // RFC 4253 section 11.1: nothing is sent after SSH_MSG_DISCONNECT, no KEXINIT either
        if self.is_ended() {
            return;
        }
        let result = result.and_then(|()| {
            if self.transport.rekey_needed() {
                self.transport.start_exchange(&self.config.transport)
            } else {
                Ok(())
            }
        });
        self.collect_events();
        if let Err(error) = result {
            self.fail(error);
        }
    }

    fn collect_trace(&mut self) {
        for line in self.transport.trace().take() {
            self.events.push_back(Event::Notice(match line {
                TraceLine::Status(text) => Notice::Status(text),
                TraceLine::Log(level, message) => Notice::Log { level, message },
            }));
        }
    }

    pub(super) fn collect_events(&mut self) {
        self.collect_trace();
        while let Some(event) = self.channels.poll_event() {
            if let Some(event) = self.channel_event(event) {
                self.events.push_back(event);
            }
        }
    }

    fn channel_event(&mut self, event: ChannelEvent) -> Option<Event> {
        Some(Event::Notice(match event {
            ChannelEvent::OpenRequested { channel, channel_type, parameters } => {
                let id = self.questions.open_asked(channel);
                let question = Question::ChannelOpen { channel, channel_type, parameters };
                return Some(Event::Question(id, question));
            }
            ChannelEvent::Requested { number, channel, request_type, packet } => {
                let id = self.questions.request_asked(channel, number);
                let question = Question::ChannelRequest { channel, request_type, packet };
                return Some(Event::Question(id, question));
            }
            ChannelEvent::GlobalRequested(request) => {
                let id = self.questions.forwarding_asked();
                return Some(Event::Question(id, Question::Forwarding(request)));
            }
            ChannelEvent::Data { channel, data_type, data } => {
                self.deliver(channel, data_type, data);
                return None;
            }
            ChannelEvent::Opened { channel, channel_type } => {
                Notice::ChannelOpened { channel, channel_type }
            }
            ChannelEvent::ReadyToSend(channel) => Notice::ChannelReadyToSend { channel },
            ChannelEvent::Eof(channel) => Notice::ChannelEof { channel },
            ChannelEvent::Closed(channel) => Notice::ChannelClosed { channel },
            ChannelEvent::NotOpened(channel) => Notice::ChannelNotOpened { channel },
            ChannelEvent::Misbehaved(channel, what) => {
                let line =
                    || format!("Channel {} is closed for the client's fault: {what}", channel.0);
                self.transport.trace().milestone(line);
                self.collect_trace();
                return None;
            }
            ChannelEvent::Done(ticket, outcome) => Notice::Done { ticket, outcome },
        }))
    }

    /// Ends the connection with DISCONNECT; every command and channel is reported as ended.
    pub(super) fn fail(&mut self, error: Error) {
        if self.is_ended() {
            return;
        }
        if let Some(reason) = error.disconnect_reason() {
            // a client is not told details of a bug on this side
            let description = if matches!(error, Error::Internal(_)) {
                "internal error".to_owned()
            } else {
                error.to_string()
            };
            // if this fails, the client only sees the connection close
            _ = self.transport.disconnect(reason, &description);
        }
        self.end(error);
    }

    /// Reports the end of everything; the peer was told or is gone.
    pub(super) fn end(&mut self, error: Error) {
        self.phase = Phase::Ended;
        self.questions.clear();
        self.channels.end();
        for ticket in std::mem::take(&mut self.rekey_tickets) {
            let outcome = Outcome::ConnectionEnded;
            self.events.push_back(Event::Notice(Notice::Done { ticket, outcome }));
        }
        self.collect_events();
        self.events.push_back(Event::Notice(Notice::Ended(error)));
    }

    /// The next event.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// Frees empty buffers: to be called before a connection waits for its client, which may be for hours.
    pub fn release_memory(&mut self) {
        if self.events.is_empty() {
            self.events = VecDeque::new();
        }
        self.channels.release_memory();
        self.transport.release_memory();
    }

    /// Appends sealed bytes for the socket, about [`TRANSMIT_TARGET`] at most; returns whether there were
    /// any. Channel data is sealed here, so events may follow.
    pub fn poll_transmit(&mut self, now: Instant, out: &mut WriteBuffer) -> bool {
        let before = out.len();
        let budget = TRANSMIT_TARGET.saturating_sub(self.transport.backlog());
        self.transport.lend_buffer(out);
        if !self.is_ended() && self.transport.can_send() && self.channels.wants_pump() {
            let sealed = self.transport.backlog();
            let result = self.channels.pump(now, budget, &mut self.transport);
            if self.transport.backlog() != sealed {
                self.liveness.used(now);
            }
            self.finish_step(result);
        }
        self.transport.return_buffer(out);
        let moved = out.len() > before;
        if moved {
            self.liveness.sent(now);
        }
        moved
    }

    /// Whether the connection is over.
    pub fn is_ended(&self) -> bool {
        matches!(self.phase, Phase::Ended)
    }

    pub(super) fn is_authenticated(&self) -> bool {
        matches!(self.phase, Phase::Connected)
    }

    /// The client's properties as far as they are known.
    pub fn peer(&self) -> Peer<'_> {
        Peer {
            version: self.transport.client_version(),
            strict_kex: self.transport.strict_kex(),
            is_authenticated: self.is_authenticated(),
        }
    }

    /// The send counters of a channel; `None` if it is not open.
    pub fn counters(&self, channel: ChannelId) -> Option<Counters> {
        self.channels.counters(channel)
    }

    /// Chooses the optional notices that are built.
    pub fn set_verbosity(&mut self, verbosity: Verbosity) {
        self.transport.trace().set_verbosity(verbosity);
    }
}

pub(super) fn auth_settings<'a>(config: &'a Config, client: &'a str) -> userauth::Settings<'a> {
    userauth::Settings {
        signatures: &config.transport.algorithms.user_signature,
        max_attempts: config.max_auth_attempts,
        ask_after_signature: config.ask_after_signature,
        methods: &config.auth_methods,
        min_rsa_bits: config.transport.algorithms.min_rsa_bits,
        unix_time: config.wall_clock.map(|clock| clock()),
        critical_options: &config.critical_options,
        client_version: client,
        gss: config.transport.gss.as_ref(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::random::SystemRandom;

    fn connection(phase: Phase) -> Connection {
        let random = Box::new(SystemRandom);
        let mut connection =
            Connection::new(Instant::now(), Arc::default(), random, Verbosity::default());
        connection.phase = phase;
        connection
    }

    fn request(password: &[u8], more: &[u8]) -> Vec<u8> {
        let mut payload = vec![messages::SSH_MSG_USERAUTH_REQUEST];
        for field in ["demo", "ssh-connection", "password"] {
            payload.extend(u32::try_from(field.len()).unwrap().to_be_bytes());
            payload.extend(field.as_bytes());
        }
        payload.push(0);
        payload.extend(u32::try_from(password.len()).unwrap().to_be_bytes());
        payload.extend([password, more].concat());
        payload
    }

    #[test]
    fn messages_of_a_login_are_wiped_whatever_becomes_of_them() {
        let login = || Phase::Authenticating(Box::default());
        let secret = b"hunter2";
        let responses = [[61, 0, 0, 0, 1, 0, 0, 0, 7].as_slice(), secret].concat();
        for (phase, mut payload, good) in [
            (login(), request(secret, b""), true),
            (login(), request(secret, b"left over"), false),
            (login(), responses, false),
            (Phase::AwaitUserauthService, request(secret, b""), false),
        ] {
            let number = payload[0];
            let mut connection = connection(phase);
            assert_eq!(connection.route_login(Instant::now(), number, &mut payload).is_ok(), good);
            assert!(payload.iter().all(|byte| *byte == 0), "{payload:?}");
            let asked = connection.events.iter().find_map(|event| {
                let Event::Question(_, Question::Auth(question)) = event else {
                    return None;
                };
                Some(&question.param)
            });
            assert_eq!(asked.is_some(), good);
            if let Some(userauth::AuthParam::Text(password)) = asked {
                assert_eq!(password.expose(), secret);
            }
        }
    }
}
