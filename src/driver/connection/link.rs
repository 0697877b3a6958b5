//! What of a connection may be used without its lock: its numbers and addresses, its stream, what the
//! program holds of it, and its mailbox, the commands that wait for whoever has the machine next.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::runtime::Handle;
use tokio::sync::Notify;

use super::command::Command;
use crate::driver::handler::{Envelope, EventKind, Mailbox, Reply, ServerEvent};
use crate::driver::io::program_loop::{Ready, Signs};
use crate::driver::io::runtime::{self, Sleeps};
use crate::driver::io::stream::{Addresses, ByteStream};
use crate::driver::load::{Charge, Kind, Load};
use crate::driver::op_error::OpError;
use crate::driver::permits::LoginPermit;
use crate::driver::shared::Shared;
use crate::driver::tunnel::alarm::{Called, TunnelSign};
use crate::driver::turn::TurnEnd;
use crate::engine::{ChannelId, Outcome, SendMode};
use crate::limits::{PINNED_EVENT_COST, QUEUED_EVENT_COST};

/// Consumed bytes of a channel that have the connection driven: less than half of the smallest window.
const CONSUMED_LEN: usize = 16 * 1024;
/// Channels with consumed bytes that have the connection driven: they are searched one by one.
const CONSUMED_CHANNELS: usize = 32;

/// A connection, to what knows it only by what it takes: answers of the program, the ends of its turns,
/// signs of the stream, and of the sockets of its tunnels.
pub(in crate::driver) trait Peer: Mailbox + TurnEnd + Ready + Called {}

/// What of a connection may be used without its lock.
#[derive(Debug)]
pub(in crate::driver) struct Link {
    pub(in crate::driver) id: u64,
    pub(in crate::driver) peer: SocketAddr,
    pub(in crate::driver) local: SocketAddr,
    /// Seconds that a send may take without progress.
    timeout: AtomicU32,
    pub(in crate::driver) shared: Arc<Shared>,
    pub(in crate::driver) stream: Box<dyn ByteStream>,
    pub(in crate::driver) login: Arc<LoginPermit>,
    /// Where the task runs, and everything else of the connection.
    pub(in crate::driver) runtime: Handle,
    /// Whether that thread sleeps.
    sleeps: &'static Sleeps,
    /// Wakes the task.
    notify: Arc<Notify>,
    /// What the program's thread was told of the stream, and nobody has looked at yet.
    pub(in crate::driver) signs: Signs,
    /// A hint: the task keeps the connection. The truth is in the machine.
    with_task: AtomicBool,
    load: Arc<Load>,
    queue: Mutex<Queue>,
    me: Weak<dyn Peer>,
}

/// What waits for whoever has the machine next.
#[derive(Debug)]
struct Queue {
    /// `None` when the connection is over: nobody would run a command.
    commands: Option<VecDeque<Command>>,
    /// What the program has used of each channel's data since the engine last heard of it.
    consumed: Vec<Consumed>,
    /// Sockets of tunnels that are ready.
    signs: Vec<TunnelSign>,
    /// The connection waits for the end of the program's turn.
    touched: bool,
}

/// Data of a channel that the program has used.
#[derive(Debug)]
pub(in crate::driver) struct Consumed {
    /// `None` when the channel is closed.
    pub(in crate::driver) local: Option<ChannelId>,
    /// What the program knows the channel by.
    pub(in crate::driver) channel: u64,
    pub(in crate::driver) len: usize,
}

impl Link {
    /// Has to be called in the runtime of its task.
    pub(in crate::driver) fn new(
        id: u64,
        shared: Arc<Shared>,
        stream: Box<dyn ByteStream>,
        addresses: Addresses,
        login: Arc<LoginPermit>,
        me: Weak<dyn Peer>,
    ) -> Self {
        let timeout = AtomicU32::new(shared.settings().timeout);
        let notify = Arc::new(Notify::new());
        Self {
            id,
            peer: addresses.peer,
            local: addresses.local,
            timeout,
            shared,
            stream,
            login,
            runtime: Handle::current(),
            sleeps: runtime::sleeps(),
            load: Arc::new(Load::new(Arc::clone(&notify))),
            notify,
            signs: Signs::default(),
            with_task: AtomicBool::new(false),
            queue: Mutex::new(Queue {
                commands: Some(VecDeque::new()),
                consumed: Vec::new(),
                signs: Vec::new(),
                touched: false,
            }),
            me,
        }
    }

    pub(in crate::driver) fn wants(&self, kind: EventKind) -> bool {
        self.shared.wants(kind)
    }

    /// Tells the program what has happened on the connection.
    pub(in crate::driver) fn tell(&self, event: ServerEvent) {
        let cost = event.carried_len().saturating_add(QUEUED_EVENT_COST);
        let charge = self.load.charge(Kind::Queued, cost);
        self.shared.tell_charged(event, Some(charge));
    }

    /// Tells the program of an error, if it wants to know.
    pub(in crate::driver) fn tell_error(&self, error: OpError) {
        if self.wants(EventKind::Error) {
            self.tell(ServerEvent::Error { connection: self.id, error });
        }
    }

    /// A question that the program has to answer; `len` is that of what it is about.
    pub(in crate::driver) fn ask(&self, refusal: Reply, len: usize) -> Envelope {
        let cost = len.max(PINNED_EVENT_COST);
        self.load.add(Kind::Pinned, cost);
        Envelope::new(self.me(), refusal, cost)
    }

    /// The same, for what is asked before there is a client who could ask for much.
    pub(in crate::driver) fn ask_free(&self, refusal: Reply) -> Envelope {
        Envelope::new(self.me(), refusal, 0)
    }

    /// The program has done with a question.
    pub(in crate::driver) fn question_over(&self, cost: usize) {
        if cost > 0 {
            self.load.subtract(Kind::Pinned, cost);
        }
    }

    /// Counts what a tunnel's socket has to take.
    pub(in crate::driver) fn charge_pinned(&self, len: usize) -> Charge {
        self.load.charge(Kind::Pinned, len)
    }

    /// What the program holds of the connection.
    pub(in crate::driver) fn load(&self) -> &Arc<Load> {
        &self.load
    }

    /// Whether the program holds so much of the connection that nothing more may be read. The task is
    /// woken when that has changed.
    pub(in crate::driver) fn is_overloaded(&self) -> bool {
        self.load.is_too_much()
    }

    /// The connection itself, for what calls it.
    pub(in crate::driver) fn me(&self) -> Weak<dyn Peer> {
        Weak::clone(&self.me)
    }

    pub(in crate::driver) fn timeout(&self) -> u32 {
        self.timeout.load(Ordering::Relaxed)
    }

    pub(in crate::driver) fn set_timeout(&self, seconds: u32) {
        self.timeout.store(seconds, Ordering::Relaxed);
        self.submit(Command::SetSendMode(self.send_mode()));
    }

    pub(in crate::driver) fn send_mode(&self) -> SendMode {
        match self.timeout() {
            0 => SendMode::NoWait,
            seconds => SendMode::Wait(Some(Duration::from_secs(u64::from(seconds)))),
        }
    }

    pub(in crate::driver) fn wake_task(&self) {
        self.notify.notify_one();
    }

    /// Until somebody wakes the task.
    pub(in crate::driver) async fn woken(&self) {
        self.notify.notified().await;
    }

    /// The task is to keep the connection.
    pub(in crate::driver) fn give_to_task(&self) {
        self.with_task.store(true, Ordering::Relaxed);
        self.wake_task();
    }

    /// The program's thread keeps the connection.
    pub(in crate::driver) fn take_from_task(&self) {
        self.with_task.store(false, Ordering::Relaxed);
    }

    /// Whether a thread of the program is to leave the connection to its task, which is busy anyway.
    pub(in crate::driver) fn is_tasks_business(&self) -> bool {
        self.with_task.load(Ordering::Relaxed) && !self.sleeps.now()
    }

    /// Has the machine run a command, on the task.
    pub(in crate::driver) fn submit(&self, command: Command) {
        if self.enqueue(command) {
            self.wake_task();
        }
    }

    /// Has the machine run a command of the program at the end of its turn, or on the task.
    pub(in crate::driver) fn submit_in_turn(&self, command: Command) {
        if self.enqueue(command) && !self.touch() {
            self.wake_task();
        }
    }

    /// `false` when nobody runs commands any more.
    fn enqueue(&self, command: Command) -> bool {
        let refused = match &mut self.queue.lock().commands {
            Some(commands) => {
                commands.push_back(command);
                None
            }
            None => Some(command),
        };
        if let Some(command) = &refused {
            self.report_unrun(command);
        }
        refused.is_none()
    }

    /// The end of a command that nobody runs any more.
    pub(in crate::driver) fn report_unrun(&self, command: &Command) {
        let Some(ticket) = command.ticket() else {
            return;
        };
        let result = if command.is_end() {
            Ok(None)
        } else {
            Err(OpError::Outcome(Outcome::ConnectionEnded))
        };
        self.shared.tell(ServerEvent::Done { ticket, result });
    }

    /// The next command.
    pub(in crate::driver) fn next_command(&self) -> Option<Command> {
        self.queue.lock().commands.as_mut()?.pop_front()
    }

    /// The next command of those that `wanted` says; the others wait.
    pub(in crate::driver) fn next_command_of(
        &self,
        wanted: impl Fn(&Command) -> bool,
    ) -> Option<Command> {
        let mut queue = self.queue.lock();
        let commands = queue.commands.as_mut()?;
        let at = commands.iter().position(wanted)?;
        commands.remove(at)
    }

    /// How many commands wait.
    pub(in crate::driver) fn command_count(&self) -> usize {
        self.queue.lock().commands.as_ref().map_or(0, VecDeque::len)
    }

    /// Whether the connection is over, and nobody runs commands.
    pub(in crate::driver) fn is_closed(&self) -> bool {
        self.queue.lock().commands.is_none()
    }

    /// Takes no more commands; those that nobody has run.
    pub(in crate::driver) fn close(&self) -> VecDeque<Command> {
        self.queue.lock().commands.take().unwrap_or_default()
    }

    /// Gives memory back that is empty.
    pub(in crate::driver) fn release_memory(&self) {
        let mut queue = self.queue.lock();
        if let Some(commands) = queue.commands.as_mut().filter(|commands| commands.is_empty()) {
            *commands = VecDeque::new();
        }
        if queue.consumed.is_empty() {
            queue.consumed = Vec::new();
        }
    }

    /// The program has used data of a channel; `true` when that is enough to tell the engine.
    pub(in crate::driver) fn add_consumed(
        &self,
        local: Option<ChannelId>,
        channel: u64,
        len: usize,
    ) -> bool {
        let mut queue = self.queue.lock();
        let known = queue.consumed.iter_mut().find(|consumed| consumed.channel == channel);
        let total = match known {
            Some(consumed) => {
                consumed.len = consumed.len.saturating_add(len);
                consumed.len
            }
            None => {
                queue.consumed.push(Consumed { local, channel, len });
                len
            }
        };
        // What is used may be little in bytes and much in events, and all that the connection waits for.
        total >= CONSUMED_LEN || queue.consumed.len() >= CONSUMED_CHANNELS || self.load.has_waiter()
    }

    /// Whether the program has used data that the engine has not heard of.
    pub(in crate::driver) fn has_consumed(&self) -> bool {
        !self.queue.lock().consumed.is_empty()
    }

    pub(in crate::driver) fn take_consumed(&self) -> Vec<Consumed> {
        std::mem::take(&mut self.queue.lock().consumed)
    }

    /// A socket of a tunnel is ready.
    pub(in crate::driver) fn add_tunnel_sign(&self, sign: TunnelSign) {
        self.queue.lock().signs.push(sign);
        self.wake_task();
    }

    pub(in crate::driver) fn take_tunnel_signs(&self, mut take: impl FnMut(TunnelSign)) {
        self.queue.lock().signs.drain(..).for_each(&mut take);
    }

    /// Has the connection driven at the end of the program's turn; `false` when none is under way.
    pub(in crate::driver) fn touch(&self) -> bool {
        self.shared.turn.touch(|| self.mark_touched())
    }

    /// Has the connection driven at the end of the turn that events begin; `false` for programs that have
    /// no turns.
    pub(in crate::driver) fn visit(&self) -> bool {
        self.shared.turn.visit(|| self.mark_touched())
    }

    /// Notes that the connection waits for the end of the program's turn; `None` when it does so already.
    fn mark_touched(&self) -> Option<Arc<dyn TurnEnd>> {
        let touched = std::mem::replace(&mut self.queue.lock().touched, true);
        if touched { None } else { self.me.upgrade().map(|me| me as Arc<dyn TurnEnd>) }
    }

    /// The program's turn is over; whether commands wait.
    pub(in crate::driver) fn end_touch(&self) -> bool {
        let mut queue = self.queue.lock();
        queue.touched = false;
        queue.commands.as_ref().is_some_and(|commands| !commands.is_empty())
    }
}
