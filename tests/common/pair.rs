//! A client and an engine face to face, without a socket and with a clock that only tests move.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use sshserver::crypto::signature::{self, PrivateKey};
use sshserver::engine::{
    Answer, Call, ChannelId, Config, Connection, Event, Order, Outcome, QuestionId, Queued,
    SendMode, Sent, Ticket, Verbosity,
};
use sshserver::error::{DisconnectReason, Error};
use sshserver::wire::messages::{
    self, ChannelData, ChannelEof, ChannelOpen, ChannelOpenConfirmation, ChannelRequest,
    ChannelWindowAdjust, Disconnect, Message, ServiceRequest, UserauthRequest,
};
use sshserver::wire::{WriteBuffer, Writer};

use super::client::{Client, Offer, Received};
use super::program::{Program, Seen};
use super::{FixedRandom, config};

/// Tickets of the echo; tests count from 1.
const ECHO: u64 = 1 << 32;

/// The two ends and the wire between them.
pub(crate) struct Pair {
    pub(crate) server: Connection,
    pub(crate) client: Client,
    pub(crate) program: Program,
    pub(crate) now: Instant,
    /// Everything the server has sent.
    pub(crate) sent: Vec<u8>,
    /// Bytes on their way to the server.
    pub(crate) to_server: BytesMut,
    /// How many bytes the server gets at a time.
    pub(crate) chunk: usize,
    /// Whether the client reads.
    pub(crate) reading: bool,
    /// Of every job so far, whether it takes long.
    pub(crate) jobs: Vec<bool>,
    /// The tickets that were given out, with their outcomes.
    tickets: HashMap<Ticket, Option<Outcome>>,
    next_ticket: u64,
    next_echo: u64,
    /// Whether jobs are run at once.
    pub(crate) run_jobs: bool,
}

impl Pair {
    pub(crate) fn new(config: Config, offer: Offer, program: Program) -> Self {
        let now = Instant::now();
        let random = Box::new(FixedRandom::new(7));
        Self {
            server: Connection::new(now, Arc::new(config), random, Verbosity::default()),
            client: Client::new(offer),
            program,
            now,
            sent: Vec::new(),
            to_server: BytesMut::new(),
            chunk: usize::MAX,
            reading: true,
            jobs: Vec::new(),
            tickets: HashMap::new(),
            next_ticket: 1,
            next_echo: ECHO,
            run_jobs: true,
        }
    }

    /// With everything as the defaults have it.
    pub(crate) fn plain() -> Self {
        Self::new(config(), Offer::default(), Program::default())
    }

    /// Moves bytes and answers questions until there is no more work.
    pub(crate) fn run(&mut self) {
        loop {
            let mut busy = self.take_events();
            busy |= self.transmit();
            busy |= !self.client.out.is_empty();
            self.to_server.extend_from_slice(&std::mem::take(&mut self.client.out));
            busy |= self.feed();
            if !busy {
                return;
            }
        }
    }

    /// The same, but the server's bytes are dropped: the client may not be able to decode them.
    pub(crate) fn run_without_client(&mut self) {
        self.to_server.extend_from_slice(&std::mem::take(&mut self.client.out));
        loop {
            let mut busy = self.take_events();
            busy |= self.server.poll_transmit(self.now, &mut WriteBuffer::new());
            let before = self.to_server.len();
            self.server.handle_input(self.now, &mut self.to_server);
            if !busy && self.to_server.len() == before {
                self.take_events();
                return;
            }
        }
    }

    /// The same while the client's own key exchanges are as they should be; once a test has sent
    /// messages of a key exchange by hand, the client hears nothing more.
    pub(crate) fn run_until_kex_is_out_of_step(&mut self) {
        if self.client.out_of_step {
            self.run_without_client();
        } else {
            self.run();
        }
    }

    /// Gives the server what is on its way; whether it took any.
    fn feed(&mut self) -> bool {
        let mut busy = false;
        let rest = self.to_server.len();
        if self.chunk >= rest {
            self.server.handle_input(self.now, &mut self.to_server);
            return self.to_server.len() != rest;
        }
        let mut waiting = BytesMut::new();
        while !self.to_server.is_empty() {
            let part = self.to_server.split_to(self.chunk.min(self.to_server.len()));
            waiting.extend_from_slice(&part);
            let before = waiting.len();
            self.server.handle_input(self.now, &mut waiting);
            busy |= waiting.len() != before || !self.to_server.is_empty();
            busy |= self.take_events();
        }
        self.to_server = waiting;
        busy
    }

    /// Moves the server's bytes to the client, if it reads.
    fn transmit(&mut self) -> bool {
        let mut busy = false;
        while self.reading {
            let mut out = WriteBuffer::new();
            if !self.server.poll_transmit(self.now, &mut out) {
                break;
            }
            busy = true;
            self.sent.extend_from_slice(&out);
            self.client.input(&out);
            self.take_events();
        }
        busy
    }

    fn take_events(&mut self) -> bool {
        let mut busy = false;
        while let Some(event) = self.server.poll_event() {
            busy = true;
            let last = self.program.seen.last();
            assert!(!matches!(last, Some(Seen::Ended(_))), "an event after the end: {event:?}");
            match event {
                Event::Question(id, question) => {
                    let seen = Seen::question(&question);
                    self.program.seen.push(seen.clone());
                    match self.program.answer(&question) {
                        Some(answer) => self.answer(id, answer),
                        None => self.program.open_questions.push((id, seen)),
                    }
                }
                Event::Delivery { channel, data_type, data } => {
                    assert!(!data.is_empty(), "an empty delivery");
                    self.delivery(channel, data_type, data.freeze());
                }
                Event::Notice(notice) => {
                    let seen = Seen::notice(notice);
                    self.note(&seen);
                    self.program.seen.push(seen);
                }
                Event::Job(job) => {
                    self.jobs.push(job.is_heavy());
                    if self.run_jobs {
                        self.server.complete(self.now, job.run());
                    }
                }
            }
        }
        busy
    }

    /// A question may still be answered after the end of its connection; the answer then has no effect.
    fn answer(&mut self, id: QuestionId, answer: Answer) {
        let answered = self.server.answer(self.now, id, answer);
        assert!(answered.is_ok() || self.server.is_ended(), "{answered:?}");
    }

    fn delivery(&mut self, channel: ChannelId, data_type: Option<u32>, data: Bytes) {
        self.program.seen.push(Seen::Data(channel, data_type, data.clone()));
        if self.program.echo {
            let ticket = Ticket(self.next_echo);
            self.next_echo += 1;
            self.tickets.insert(ticket, None);
            let len = data.len();
            let mode = SendMode::Wait(None);
            // in vain when the channel has ended meanwhile
            if self
                .server
                .queue(
                    self.now,
                    channel,
                    Queued::Data(Call { data_type, mode, sent: 0 }, data),
                    ticket,
                )
                .is_err()
            {
                self.tickets.remove(&ticket);
            }
            if self.program.consume {
                self.server.consumed(channel, len);
            }
        } else if self.program.consume {
            self.server.consumed(channel, data.len());
        }
    }

    fn note(&mut self, seen: &Seen) {
        match seen {
            Seen::Done(ticket, outcome) => {
                let slot = self.tickets.get_mut(ticket).expect("a ticket nobody gave out");
                assert!(slot.is_none(), "{ticket:?} came to its end twice");
                *slot = Some(outcome.clone());
            }
            Seen::Ended(_) => {
                assert!(self.server.is_ended());
                let left: Vec<_> = self.tickets.iter().filter(|(_, done)| done.is_none()).collect();
                assert!(left.is_empty(), "without an outcome: {left:?}");
            }
            _ => {}
        }
    }

    /// A new ticket.
    pub(crate) fn ticket(&mut self) -> Ticket {
        let ticket = Ticket(self.next_ticket);
        self.next_ticket += 1;
        self.tickets.insert(ticket, None);
        ticket
    }

    /// The ticket of a command that was refused never has an outcome.
    pub(crate) fn forget(&mut self, ticket: Ticket) {
        self.tickets.remove(&ticket);
    }

    /// The outcome of a ticket.
    pub(crate) fn outcome(&self, ticket: Ticket) -> Option<Outcome> {
        self.tickets[&ticket].clone()
    }

    /// Sends data from the program.
    pub(crate) fn send(&mut self, channel: ChannelId, data: &[u8], mode: SendMode) -> Ticket {
        let ticket = self.ticket();
        let data = Bytes::copy_from_slice(data);
        self.server.queue(self.now, channel, Queued::Data(Call::new(mode), data), ticket).unwrap();
        ticket
    }

    /// Sends what can leave at once of data that stays where it is; how many bytes that was.
    pub(crate) fn send_at_once(&mut self, channel: ChannelId, data: &[u8]) -> usize {
        let call = Call::new(SendMode::Wait(None));
        self.order(channel, Order::Call(call), data).len
    }

    /// Sends data of a call, or of a tunnel, at once.
    pub(crate) fn order(&mut self, channel: ChannelId, order: Order, data: &[u8]) -> Sent {
        let mut out = WriteBuffer::new();
        let sent = self.server.send(self.now, channel, order, data, &mut out);
        self.sent.extend_from_slice(&out);
        self.client.input(&out);
        sent
    }

    /// Answers a question that was left open.
    pub(crate) fn answer_open_question(&mut self, answer: Answer) {
        let (id, _) = self.program.open_questions.remove(0);
        self.answer(id, answer);
        self.run_until_kex_is_out_of_step();
    }

    /// Moves the clock to when the engine wants it, at most by `most`.
    pub(crate) fn sleep(&mut self, most: Duration) {
        let until = self.now + most;
        while let Some(due) = self.server.poll_timeout().filter(|due| *due <= until) {
            self.now = due.max(self.now);
            self.server.handle_timeout(self.now);
            self.run();
        }
        self.now = until;
    }

    /// Identification and the first key exchange.
    pub(crate) fn exchange_keys(&mut self) {
        self.client.send_version();
        self.client.send_kex_init();
        self.run();
    }

    /// The same, but the client keeps its NEWKEYS back.
    pub(crate) fn run_until_newkeys_is_due(&mut self) {
        self.client.without_new_keys = true;
        self.run();
        assert_eq!(self.client.numbers.last(), Some(&messages::SSH_MSG_NEWKEYS));
    }

    /// The same, and it has to succeed.
    pub(crate) fn handshake(&mut self) {
        self.exchange_keys();
        assert_eq!(self.client.exchanges, 1, "{:?}", self.program.seen);
    }

    /// Sends a message and runs.
    pub(crate) fn say<'m>(&mut self, message: &impl Message<'m>) {
        self.client.say(message);
        self.run();
    }

    /// The client's service request.
    pub(crate) fn request_service(&mut self, service_name: &str) {
        self.say(&ServiceRequest { service_name });
    }

    /// Up to the point where the client may authenticate.
    pub(crate) fn start_authentication(&mut self) {
        self.handshake();
        self.request_service("ssh-userauth");
        self.take_number(messages::SSH_MSG_SERVICE_ACCEPT);
    }

    /// An authentication request.
    pub(crate) fn authenticate(&mut self, method_name: &str, method_specific: &[u8]) {
        self.say(&UserauthRequest {
            user_name: b"user",
            service_name: "ssh-connection",
            method_name,
            method_specific,
        });
    }

    pub(crate) fn try_password(&mut self, password: &str) {
        let mut fields = vec![0];
        Writer::new(&mut fields).string(password);
        self.authenticate("password", &fields);
    }

    /// A publickey request; with `signed`, the signature is over the right data.
    pub(crate) fn try_key(&mut self, key: &PrivateKey, algorithm: &str, signed: bool) {
        let payload = public_key_request(&self.client.session_id, key, algorithm, signed);
        self.client.send(&payload);
        self.run();
    }

    /// Up to the point where the client may open channels.
    pub(crate) fn login(&mut self) {
        self.start_authentication();
        while self.client.received.pop_front().is_some() {}
        self.try_password("secret");
        self.take_number(messages::SSH_MSG_USERAUTH_SUCCESS);
    }

    /// Opens a channel of type session.
    pub(crate) fn open(&mut self, sender_channel: u32) -> ChannelId {
        self.open_with(sender_channel, u32::MAX, 32 * 1024)
    }

    /// Opens a channel with a window and a maximum packet size.
    pub(crate) fn open_with(&mut self, sender: u32, window: u32, max_packet: u32) -> ChannelId {
        self.say(&ChannelOpen {
            channel_type: "session",
            sender_channel: sender,
            initial_window_size: window,
            maximum_packet_size: max_packet,
            type_specific: b"",
        });
        let payload = self.take_number(messages::SSH_MSG_CHANNEL_OPEN_CONFIRMATION);
        let confirmation = ChannelOpenConfirmation::decode(&payload).unwrap();
        assert_eq!(confirmation.recipient_channel, sender);
        ChannelId(confirmation.sender_channel)
    }

    /// Sends data on a channel, without regard to the window.
    pub(crate) fn send_from_client(&mut self, channel: ChannelId, data: &[u8]) {
        self.say(&ChannelData { recipient_channel: channel.0, data });
    }

    /// Sends a channel request.
    pub(crate) fn request(&mut self, channel: ChannelId, request_type: &str, want_reply: bool) {
        self.say(&ChannelRequest {
            recipient_channel: channel.0,
            request_type,
            want_reply,
            type_specific: b"",
        });
    }

    pub(crate) fn adjust(&mut self, channel: ChannelId, bytes_to_add: u32) {
        self.say(&ChannelWindowAdjust { recipient_channel: channel.0, bytes_to_add });
    }

    pub(crate) fn eof(&mut self, channel: ChannelId) {
        self.say(&ChannelEof { recipient_channel: channel.0 });
    }

    /// The next message of the server, if there is one.
    pub(crate) fn take(&mut self) -> Option<Vec<u8>> {
        self.client.received.pop_front().map(|received| received.payload)
    }

    /// The next message of the server, EXT_INFO aside; it has to have this number.
    pub(crate) fn take_number(&mut self, number: u8) -> Vec<u8> {
        loop {
            let next = self.client.received.pop_front();
            let Some(Received { payload, .. }) = next else {
                panic!("no {}: {:?}", messages::name(number), self.program.seen);
            };
            if payload[0] != messages::SSH_MSG_EXT_INFO || number == payload[0] {
                assert_eq!(payload[0], number, "{payload:?}");
                return payload;
            }
        }
    }

    /// The numbers of the messages that wait at the client, which are dropped.
    pub(crate) fn take_numbers(&mut self) -> Vec<u8> {
        self.client.received.drain(..).map(|received| received.payload[0]).collect()
    }

    /// What came in on the channel that the client numbers `recipient`, other messages dropped.
    pub(crate) fn take_data(&mut self, recipient: u32) -> Vec<u8> {
        let mut data = Vec::new();
        for received in self.client.received.drain(..) {
            if let Ok(message) = ChannelData::decode(&received.payload)
                && message.recipient_channel == recipient
            {
                data.extend_from_slice(message.data);
            }
        }
        data
    }

    /// What the program got on a channel.
    pub(crate) fn delivered(&self, channel: ChannelId) -> Vec<u8> {
        let mut all = Vec::new();
        for seen in &self.program.seen {
            if let Seen::Data(of, None, data) = seen
                && *of == channel
            {
                all.extend_from_slice(data);
            }
        }
        all
    }

    pub(crate) fn has_seen(&self, seen: &Seen) -> bool {
        self.program.seen.contains(seen)
    }

    /// The error the connection ended with.
    pub(crate) fn ended(&self) -> Option<&Error> {
        match self.program.seen.last() {
            Some(Seen::Ended(error)) => Some(error),
            _ => None,
        }
    }

    /// Drops what waits at the client and takes the reason of the server's DISCONNECT, which has
    /// to be its last message.
    pub(crate) fn disconnect_reason(&mut self) -> Option<u32> {
        let received: Vec<_> = self.client.received.drain(..).collect();
        let last = received.last()?;
        let reason = Disconnect::decode(&last.payload).ok().map(|message| message.reason_code);
        if reason.is_some() {
            assert_eq!(self.client.numbers.last(), Some(&messages::SSH_MSG_DISCONNECT));
        }
        reason
    }

    /// The connection has ended with this error, and the client was told this reason.
    pub(crate) fn assert_ended(&mut self, error: &Error, reason: Option<DisconnectReason>) {
        assert_eq!(self.ended(), Some(error), "{:?}", self.program.seen);
        assert_eq!(self.disconnect_reason(), reason.map(|reason| reason as u32), "{error}");
        self.assert_silent();
    }

    /// After the end the engine gives no output, whatever its input.
    pub(crate) fn assert_silent(&mut self) {
        let mut more = BytesMut::from(&[0_u8; 64][..]);
        self.server.handle_input(self.now, &mut more);
        self.server.handle_timeout(self.now + Duration::from_secs(100_000));
        self.server.consumed(ChannelId(0), 1);
        self.server.handle_eof();
        assert!(self.server.poll_event().is_none());
        assert!(!self.server.poll_transmit(self.now, &mut WriteBuffer::new()));
        assert_eq!(self.server.poll_timeout(), None);
        assert!(!self.server.wants_input());
    }

    /// The connection is up: a global request gets its reply.
    pub(crate) fn assert_alive(&mut self) {
        while self.client.received.pop_front().is_some() {}
        self.client.send(b"\x50\0\0\0\x15keepalive@openssh.com\x01");
        self.run();
        assert_eq!(self.ended(), None);
        assert_eq!(self.take_numbers(), [messages::SSH_MSG_REQUEST_FAILURE]);
    }
}

/// A publickey request; with `signed`, signed over the session identifier.
pub(crate) fn public_key_request(
    session_id: &[u8],
    key: &PrivateKey,
    algorithm: &str,
    signed: bool,
) -> Vec<u8> {
    let sign = |message: &[u8]| {
        let row = signature::by_name(algorithm).unwrap();
        key.sign_as(row, message).unwrap()
    };
    let signed = signed.then_some(&sign as &dyn Fn(&[u8]) -> Vec<u8>);
    key_request(session_id, key.public_blob(), algorithm, signed)
}

/// The same with any blob, and with what signs.
pub(crate) fn key_request(
    session_id: &[u8],
    key_blob: &[u8],
    algorithm: &str,
    sign: Option<&dyn Fn(&[u8]) -> Vec<u8>>,
) -> Vec<u8> {
    let mut fields = Vec::new();
    Writer::new(&mut fields).boolean(sign.is_some()).string(algorithm).string(key_blob);
    let request = UserauthRequest {
        user_name: b"user",
        service_name: "ssh-connection",
        method_name: "publickey",
        method_specific: &fields,
    };
    let mut payload = request.encode();
    if let Some(sign) = sign {
        let mut message = Vec::new();
        Writer::new(&mut message).string(session_id).raw(&payload);
        Writer::new(&mut payload).string(sign(&message));
    }
    payload
}
