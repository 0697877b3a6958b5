//! One channel as an SFTP session. The bytes of the client become batches of requests. Those of a batch that need
//! not wait for anything are run right here, the rest on a thread for files. The replies are sealed straight from
//! the buffer that they were written to; while a thread for files is at work, those that are there are sent.
//!
//! Backpressure: what the client has sent is reported as consumed when its requests were run, and with enough
//! replies unsent no request is run. Its messages are read all the same, so that a WINDOW_ADJUST behind
//! requests is always seen.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::Instant;

use super::buffers;
use super::command::{Done, Outcome, ServiceCommand};
use super::desk::Desk;
use super::threads;
use crate::blocks::Gather;
use crate::driver::connection::link::Link;
use crate::driver::handler::ServerEvent;
use crate::driver::load::Charge;
use crate::driver::op_error::OpError;
use crate::engine::{ChannelId, Connection, Order, Outcome as End, Room, Ticket, WriteBuffer};
use crate::files::object::ObjectSession;
use crate::files::{Session, Settings};
use crate::limits::{MAX_SFTP_BATCH, MESSAGE_WORK, SFTP_BATCH_LEN, SFTP_REPLIES_LEN};
use crate::sftp::{BadPacket, Intake, Operation, Replies, Request};

/// An SFTP session on a channel.
#[derive(Debug)]
pub(super) struct Service {
    channel: ChannelId,
    /// Its number among all services of the process.
    pub(super) number: u64,
    intake: Intake,
    /// What the client has sent and was not told to be consumed.
    waiting: Charge,
    work: Work,
    /// Replies that are not sent, and how much of the first of them is.
    replies: VecDeque<Replies>,
    sent: usize,
    stage: Stage,
    /// Tells the thread for files that nobody waits for it any more.
    stops: Arc<AtomicBool>,
    /// Of a session over an object of the program: where its calls lie.
    desk: Option<Arc<Desk>>,
    /// The program waits for calls.
    awaiting: Option<Ticket>,
    /// Whether calls lie there that the program has not been told of.
    has_calls: bool,
    /// Whether it is in the list of services with something to do.
    pub(super) is_listed: bool,
}

/// Where the session's files are.
#[derive(Debug)]
enum Work {
    /// Here.
    Idle(Box<Session>),
    /// Here, over an object of the program.
    Ready(Box<ObjectSession>),
    /// With a thread for files: it opens the root. The program waits for that.
    Opening(Ticket),
    /// With a thread for files, or the program: it runs requests of so many bytes.
    Running(usize),
    /// Lost, or never opened.
    Gone,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// The client has to send SSH_FXP_INIT first.
    AwaitInit,
    Serving,
    /// The client has sent EOF: its requests are run to the end.
    Ending,
    /// Nothing more is taken from the client, as it does not speak SFTP or the files are lost.
    Broken,
}

/// What is left to do with a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Progress {
    /// It waits: for the client, the window, or a thread.
    Waits,
    /// It has more to send, and the transport has no room now.
    Stalled,
    /// It has more to send, and had its turn.
    Again,
    /// The session is over, with this exit status.
    Over(u32),
}

impl Service {
    /// Begins to open the root.
    pub(super) fn start(
        cx: &Link,
        channel: ChannelId,
        number: u64,
        settings: Arc<Settings>,
        ticket: Ticket,
    ) -> Self {
        let stops = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&stops);
        perform(cx, channel, number, &stops, move || {
            Outcome::Opened(Session::open(settings, flag).map(Box::new))
        });
        Self {
            channel,
            number,
            intake: Intake::default(),
            waiting: cx.charge_pinned(0),
            work: Work::Opening(ticket),
            replies: VecDeque::new(),
            sent: 0,
            stage: Stage::AwaitInit,
            stops,
            desk: None,
            awaiting: None,
            has_calls: false,
            is_listed: false,
        }
    }

    /// A session over an object of the program.
    pub(super) fn over(
        cx: &Link,
        channel: ChannelId,
        session: Box<ObjectSession>,
        desk: Arc<Desk>,
    ) -> Self {
        Self {
            channel,
            number: desk.number(),
            intake: Intake::default(),
            waiting: cx.charge_pinned(0),
            work: Work::Ready(session),
            replies: VecDeque::new(),
            sent: 0,
            stage: Stage::AwaitInit,
            stops: Arc::default(),
            desk: Some(desk),
            awaiting: None,
            has_calls: false,
            is_listed: false,
        }
    }

    /// The program waits for calls.
    pub(super) fn await_calls(&mut self, cx: &Link, ticket: Ticket) {
        if std::mem::take(&mut self.has_calls) {
            return tell_calls(cx, ticket);
        }
        if let Some(before) = self.awaiting.replace(ticket) {
            tell_calls(cx, before);
        }
    }

    /// Takes data of the client; returns how many bytes of it nobody wants.
    pub(super) fn deliver(&mut self, data: Gather) -> usize {
        if self.stage == Stage::Broken {
            return data.len();
        }
        self.intake.push(data.freeze());
        self.waiting.set(self.intake.len());
        0
    }

    /// The client has sent EOF.
    pub(super) fn end(&mut self) {
        if self.stage != Stage::Broken {
            self.stage = Stage::Ending;
        }
    }

    /// A thread for files has done its work. Returns the bytes of the client that were used, and the ticket of
    /// the program that the root is open, or why not.
    pub(super) fn done(&mut self, outcome: Outcome) -> Finished {
        let mut finished = Finished::default();
        match std::mem::replace(&mut self.work, Work::Gone) {
            Work::Running(len) => finished.consumed = len,
            Work::Opening(ticket) => finished.opened = Some((ticket, Ok(()))),
            Work::Idle(_) | Work::Ready(_) | Work::Gone => {}
        }
        match outcome {
            Outcome::Opened(Ok(session)) => self.work = Work::Idle(session),
            Outcome::Ran { session, replies } => {
                self.work = Work::Idle(session);
                self.replies.push_back(replies);
            }
            Outcome::Answered { session, replies } => {
                self.work = Work::Ready(session);
                self.replies.push_back(replies);
            }
            Outcome::Opened(Err(error)) => {
                if let Some((_, result)) = &mut finished.opened {
                    *result = Err(error);
                }
                self.break_off();
            }
            Outcome::Panicked => {
                if let Some((_, result)) = &mut finished.opened {
                    *result = Err(std::io::ErrorKind::Other.into());
                }
                self.break_off();
            }
        }
        finished
    }

    /// Sends replies and has requests run, as far as that is possible now.
    pub(super) fn run(
        &mut self,
        cx: &Link,
        engine: &mut Connection,
        out: &mut WriteBuffer,
        now: Instant,
        budget: &mut usize,
    ) -> Progress {
        let sending = loop {
            let sending = self.send(engine, out, now, budget);
            if *budget == 0 || !self.run_batch(cx, engine, budget) {
                break sending;
            }
        };
        if *budget == 0 && sending == Progress::Waits && self.intake.has_packet() {
            return Progress::Again;
        }
        if sending != Progress::Waits || !self.replies.is_empty() {
            return sending;
        }
        let is_at_rest = matches!(self.work, Work::Idle(_) | Work::Ready(_) | Work::Gone);
        match self.stage {
            Stage::Broken if is_at_rest => Progress::Over(1),
            // What is left is the beginning of a packet that never comes.
            Stage::Ending if is_at_rest => Progress::Over(0),
            Stage::AwaitInit | Stage::Serving | Stage::Ending | Stage::Broken => Progress::Waits,
        }
    }

    /// Seals replies, as far as window and transport have room.
    fn send(
        &mut self,
        engine: &mut Connection,
        out: &mut WriteBuffer,
        now: Instant,
        budget: &mut usize,
    ) -> Progress {
        while let Some(first) = self.replies.front() {
            let rest = first.bytes().get(self.sent..).unwrap_or_default();
            if rest.is_empty() {
                self.sent = 0;
                if let Some(sent) = self.replies.pop_front() {
                    buffers::give_back(sent.into_buffer());
                }
                continue;
            }
            if *budget == 0 {
                return Progress::Again;
            }
            let room = match engine.send(now, self.channel, Order::Tunnel, &[], out).room {
                Room::Bytes(room) => room,
                Room::AwaitTransport => return Progress::Stalled,
                Room::AwaitWindow => return Progress::Waits,
            };
            let part = rest.get(..room.min(rest.len())).unwrap_or_default();
            let sent = engine.send(now, self.channel, Order::Tunnel, part, out).len;
            if sent == 0 {
                // The engine has failed, or the channel is closing: its end follows.
                return Progress::Waits;
            }
            self.sent = self.sent.saturating_add(sent);
            *budget = budget.saturating_sub(sent);
        }
        Progress::Waits
    }

    fn unsent(&self) -> usize {
        self.replies.iter().map(Replies::len).sum()
    }

    /// Runs the next requests, or gives them to a thread for files; `true` if there may be replies now.
    fn run_batch(&mut self, cx: &Link, engine: &mut Connection, budget: &mut usize) -> bool {
        if self.stage == Stage::Broken
            || !matches!(self.work, Work::Idle(_) | Work::Ready(_))
            || self.unsent() >= SFTP_REPLIES_LEN
            || !self.intake.has_packet()
        {
            return false;
        }
        let mut replies = Replies::into(buffers::take());
        let Batch { mut requests, len } = match self.next_batch(&mut replies) {
            Ok(batch) => batch,
            Err(bad) => {
                cx.log(|| format!("The SFTP session ends: the client has sent {bad}"));
                self.break_off();
                return false;
            }
        };
        let mut session = match std::mem::replace(&mut self.work, Work::Running(len)) {
            Work::Idle(session) => session,
            Work::Ready(session) => {
                *budget = budget.saturating_sub(work_of(requests.len(), len));
                self.ask(cx, session, requests, replies);
                if matches!(self.work, Work::Ready(_)) {
                    engine.consumed(self.channel, len);
                }
                return true;
            }
            Work::Opening(_) | Work::Running(_) | Work::Gone => return false,
        };
        let waiting = requests.len();
        let prompt = AssertUnwindSafe(|| session.run_promptly(&mut requests, &mut replies));
        if catch_unwind(prompt).is_err() {
            self.work = Work::Gone;
            close(session);
            self.break_off();
            engine.consumed(self.channel, len);
            cx.tell_error(OpError::Panicked);
            return false;
        }
        let done = waiting.saturating_sub(requests.len());
        *budget = budget.saturating_sub(work_of(done, len));
        // They are not kept back by a request that waits for a disk.
        self.replies.push_back(replies);
        if requests.is_empty() {
            self.work = Work::Idle(session);
            engine.consumed(self.channel, len);
        } else {
            perform(cx, self.channel, self.number, &self.stops, move || {
                let mut replies = Replies::into(buffers::take());
                session.run(requests, &mut replies);
                Outcome::Ran { session, replies }
            });
        }
        true
    }

    /// Asks the program for what a batch of requests needs of it.
    fn ask(
        &mut self,
        cx: &Link,
        mut session: Box<ObjectSession>,
        requests: VecDeque<Request>,
        mut replies: Replies,
    ) {
        let calls = session.prepare(requests, &mut replies);
        self.replies.push_back(replies);
        let Some(desk) = self.desk.as_ref().filter(|_| !calls.is_empty()) else {
            self.work = Work::Ready(session);
            return;
        };
        desk.put(session, calls);
        match self.awaiting.take() {
            Some(ticket) => tell_calls(cx, ticket),
            None => self.has_calls = true,
        }
    }

    /// Takes as many requests as may run together.
    fn next_batch(&mut self, replies: &mut Replies) -> Result<Batch, BadPacket> {
        let mut batch = Batch::default();
        let mut cost = 0_usize;
        while batch.requests.len() < MAX_SFTP_BATCH
            && cost < SFTP_BATCH_LEN
            && let Some(packet) = self.intake.next_packet()?
        {
            batch.len = batch.len.saturating_add(packet.len());
            if self.stage == Stage::AwaitInit {
                packet.init()?;
                match &self.work {
                    Work::Ready(session) => session.version(replies),
                    Work::Idle(_) | Work::Opening(_) | Work::Running(_) | Work::Gone => {
                        replies.version(|_| true);
                    }
                }
                self.stage = Stage::Serving;
                continue;
            }
            let request = packet.request()?;
            cost = cost.saturating_add(cost_of(&request));
            batch.requests.push_back(request);
        }
        Ok(batch)
    }

    fn break_off(&mut self) {
        self.stage = Stage::Broken;
        self.intake = Intake::default();
        self.waiting.set(0);
    }

    /// The channel is gone: the thread for files stops, and what is open is closed there, as that may block.
    /// A program that waits for the root is told so: the thread that opens it may never come back.
    pub(super) fn close(self, cx: &Link) {
        if let Some(ticket) = self.awaiting {
            tell_calls(cx, ticket);
        }
        self.stops.store(true, Ordering::Relaxed);
        match self.work {
            Work::Idle(session) => close(session),
            Work::Opening(ticket) => {
                let result = Err(OpError::Outcome(End::ChannelClosed));
                cx.shared.tell(ServerEvent::Done { ticket, result });
            }
            Work::Ready(_) | Work::Running(_) | Work::Gone => {}
        }
    }
}

/// Requests that run together.
#[derive(Debug, Default)]
struct Batch {
    requests: VecDeque<Request>,
    /// Bytes of the channel that they took.
    len: usize,
}

/// What [`Service::done`] has found.
#[derive(Debug, Default)]
pub(super) struct Finished {
    pub(super) consumed: usize,
    pub(super) opened: Option<(Ticket, std::io::Result<()>)>,
}

/// The bytes that a request moves, about.
fn cost_of(request: &Request) -> usize {
    match &request.operation {
        Ok(Operation::Read { len, .. }) => *len as usize,
        Ok(Operation::Write { data, .. }) => data.len(),
        Ok(Operation::ReadDir(_)) => SFTP_BATCH_LEN / 4,
        _ => SFTP_BATCH_LEN / MAX_SFTP_BATCH,
    }
}

/// The work of so many requests of so many bytes. A small one may cost as much as a large one: its path has to
/// be found.
fn work_of(requests: usize, len: usize) -> usize {
    requests.saturating_mul(MESSAGE_WORK).saturating_add(len)
}

/// Tells the program to look for calls.
pub(super) fn tell_calls(cx: &Link, ticket: Ticket) {
    cx.shared.tell(ServerEvent::Done { ticket, result: Ok(None) });
}

/// Closes what a session has open, where that may block.
pub(super) fn close(session: Box<Session>) {
    if !session.is_idle() {
        threads::run(move || drop(session));
    }
}

/// Has a thread for files do `work`, and tells the connection what came of it.
fn perform(
    cx: &Link,
    channel: ChannelId,
    service: u64,
    stops: &Arc<AtomicBool>,
    work: impl FnOnce() -> Outcome + Send + 'static,
) {
    let connection: Weak<_> = cx.me();
    let stops = Arc::clone(stops);
    threads::run(move || {
        if stops.load(Ordering::Relaxed) {
            return;
        }
        let result = catch_unwind(AssertUnwindSafe(work)).unwrap_or(Outcome::Panicked);
        if let Some(connection) = connection.upgrade().filter(|_| !stops.load(Ordering::Relaxed)) {
            let done = Done { channel, service, result };
            connection.served(ServiceCommand::Done(Box::new(done)));
        }
    });
}
