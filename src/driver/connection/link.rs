//! The part of a connection that may be used without its lock: its numbers and addresses, its stream, its
//! load, and its mailbox, the commands for whoever gets the lock next.

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
use crate::driver::service::Served;
use crate::driver::shared::Shared;
use crate::driver::tunnel::alarm::{Called, TunnelSign};
use crate::driver::turn::TurnEnd;
use crate::engine::{ChannelId, Outcome, SendMode};
use crate::limits::{PINNED_EVENT_COST, QUEUED_EVENT_COST};

/// Consumed bytes of a channel for which the machine is served at once: less than half of the smallest
/// window.
const CONSUMED_LEN: usize = 16 * 1024;
/// Channels with consumed bytes for which the machine is served at once: the list is searched linearly.
const CONSUMED_CHANNELS: usize = 32;

/// A connection, as seen by those that call it: answers of the program, the ends of its turns, signs of the
/// stream and of the sockets of its tunnels.
pub(in crate::driver) trait Peer:
    Mailbox + TurnEnd + Ready + Called + Served
{
}

/// The part of a connection that may be used without its lock.
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
    /// The runtime of the connection's task, where all other tasks of the connection run, too.
    pub(in crate::driver) runtime: Handle,
    /// Whether the thread of that runtime sleeps.
    sleeps: &'static Sleeps,
    /// Wakes the task.
    notify: Arc<Notify>,
    /// Signs of the stream that nobody has looked at yet.
    pub(in crate::driver) signs: Signs,
    /// A hint: whether the task is the keeper. The machine holds the truth.
    with_task: AtomicBool,
    load: Arc<Load>,
    queue: Mutex<Queue>,
    me: Weak<dyn Peer>,
}

/// The mailbox: commands for whoever gets the lock next.
#[derive(Debug)]
struct Queue {
    /// `None` when the connection is over: nobody would run a command.
    commands: Option<VecDeque<Command>>,
    /// Data of each channel that the program has used, and that was not reported to the engine yet.
    consumed: Vec<Consumed>,
    /// Sockets of tunnels that are ready.
    signs: Vec<TunnelSign>,
    /// Whether the connection is served at the end of the program's turn.
    touched: bool,
}

/// Data of a channel that the program has used.
#[derive(Debug)]
pub(in crate::driver) struct Consumed {
    /// `None` when the channel is closed.
    pub(in crate::driver) local: Option<ChannelId>,
    /// The program's number of the channel.
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

    /// Hands an event of the connection to the program.
    pub(in crate::driver) fn tell(&self, event: ServerEvent) {
        let cost = event.carried_len().saturating_add(QUEUED_EVENT_COST);
        let charge = self.load.charge(Kind::Queued, cost);
        self.shared.tell_charged(event, Some(charge));
    }

    /// Logs a line about the connection.
    pub(in crate::driver) fn log(&self, message: impl FnOnce() -> String) {
        if self.shared.verbosity().log_level > 0 {
            self.tell(ServerEvent::Log { connection: self.id, level: 1, message: message() });
        }
    }

    /// Reports an error to the program, if that has a listener for errors.
    pub(in crate::driver) fn tell_error(&self, error: OpError) {
        if self.wants(EventKind::Error) {
            self.tell(ServerEvent::Error { connection: self.id, error });
        }
    }

    /// The reply handle of a question to the program; `len` is the length of the question's data, which
    /// counts as load.
    pub(in crate::driver) fn ask(&self, refusal: Reply, len: usize) -> Envelope {
        let cost = len.max(PINNED_EVENT_COST);
        self.load.add(Kind::Pinned, cost);
        Envelope::new(self.me(), refusal, cost)
    }

    /// The reply handle of a question that counts as no load: it comes before the client can ask for much.
    pub(in crate::driver) fn ask_free(&self, refusal: Reply) -> Envelope {
        Envelope::new(self.me(), refusal, 0)
    }

    /// The program has answered or dropped a question.
    pub(in crate::driver) fn question_over(&self, cost: usize) {
        if cost > 0 {
            self.load.subtract(Kind::Pinned, cost);
        }
    }

    /// A charge for data that a tunnel's socket has not taken.
    pub(in crate::driver) fn charge_pinned(&self, len: usize) -> Charge {
        self.load.charge(Kind::Pinned, len)
    }

    /// The load: what the program holds of the connection.
    pub(in crate::driver) fn load(&self) -> &Arc<Load> {
        &self.load
    }

    /// Whether the program holds so much of the connection that nothing more may be read (backpressure). If
    /// so, the task is woken when there is room again.
    pub(in crate::driver) fn is_overloaded(&self) -> bool {
        self.load.is_too_much()
    }

    /// The connection itself, to be called later.
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

    /// Waits until somebody wakes the task.
    pub(in crate::driver) async fn woken(&self) {
        self.notify.notified().await;
    }

    /// Marks the task as the keeper, and wakes it.
    pub(in crate::driver) fn give_to_task(&self) {
        self.with_task.store(true, Ordering::Relaxed);
        self.wake_task();
    }

    /// Marks the program's thread as the keeper.
    pub(in crate::driver) fn take_from_task(&self) {
        self.with_task.store(false, Ordering::Relaxed);
    }

    /// Whether a thread of the program leaves serving to the task: it is the keeper, and its thread is
    /// awake.
    pub(in crate::driver) fn is_tasks_business(&self) -> bool {
        self.with_task.load(Ordering::Relaxed) && !self.sleeps.now()
    }

    /// Queues a command, and wakes the task to run it.
    pub(in crate::driver) fn submit(&self, command: Command) {
        if self.enqueue(command) {
            self.wake_task();
        }
    }

    /// Queues a command of the program, which runs at the end of its turn, or on the task if there is none.
    pub(in crate::driver) fn submit_in_turn(&self, command: Command) {
        if self.enqueue(command) && !self.touch() {
            self.wake_task();
        }
    }

    /// `false` when the connection is over; then the command's end is reported at once.
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

    /// Reports the end of a command that comes too late to be run.
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

    /// Takes the next command out of the mailbox.
    pub(in crate::driver) fn next_command(&self) -> Option<Command> {
        self.queue.lock().commands.as_mut()?.pop_front()
    }

    /// Takes out the next command that `wanted` is true for; the others stay queued.
    pub(in crate::driver) fn next_command_of(
        &self,
        wanted: impl Fn(&Command) -> bool,
    ) -> Option<Command> {
        let mut queue = self.queue.lock();
        let commands = queue.commands.as_mut()?;
        let at = commands.iter().position(wanted)?;
        commands.remove(at)
    }

    /// How many commands are queued.
    pub(in crate::driver) fn command_count(&self) -> usize {
        self.queue.lock().commands.as_ref().map_or(0, VecDeque::len)
    }

    /// Whether the connection is over, and takes no more commands.
    pub(in crate::driver) fn is_closed(&self) -> bool {
        self.queue.lock().commands.is_none()
    }

    /// Takes no more commands from now on; returns those that were not run.
    pub(in crate::driver) fn close(&self) -> VecDeque<Command> {
        self.queue.lock().commands.take().unwrap_or_default()
    }

    /// Frees empty buffers.
    pub(in crate::driver) fn release_memory(&self) {
        let mut queue = self.queue.lock();
        if let Some(commands) = queue.commands.as_mut().filter(|commands| commands.is_empty()) {
            *commands = VecDeque::new();
        }
        if queue.consumed.is_empty() {
            queue.consumed = Vec::new();
        }
    }

    /// Notes that the program has used data of a channel; `true` when it is time to report that to the
    /// engine.
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
        // Few bytes may be many events, and those may be all that holds the connection's input back.
        total >= CONSUMED_LEN || queue.consumed.len() >= CONSUMED_CHANNELS || self.load.has_waiter()
    }

    /// Whether the program has used data that was not reported to the engine yet.
    pub(in crate::driver) fn has_consumed(&self) -> bool {
        !self.queue.lock().consumed.is_empty()
    }

    pub(in crate::driver) fn take_consumed(&self) -> Vec<Consumed> {
        std::mem::take(&mut self.queue.lock().consumed)
    }

    /// Notes that a socket of a tunnel is ready, and wakes the task.
    pub(in crate::driver) fn add_tunnel_sign(&self, sign: TunnelSign) {
        self.queue.lock().signs.push(sign);
        self.wake_task();
    }

    pub(in crate::driver) fn take_tunnel_signs(&self, mut take: impl FnMut(TunnelSign)) {
        self.queue.lock().signs.drain(..).for_each(&mut take);
    }

    /// Has the machine served at the end of the program's turn; `false` when no turn is under way.
    pub(in crate::driver) fn touch(&self) -> bool {
        self.shared.turn.touch(|| self.mark_touched())
    }

    /// Has the machine served at the end of the turn that events begin; `false` if the program has no
    /// turns.
    pub(in crate::driver) fn visit(&self) -> bool {
        self.shared.turn.visit(|| self.mark_touched())
    }

    /// Notes that the connection waits for the end of the program's turn; `None` when it does so already.
    fn mark_touched(&self) -> Option<Weak<dyn TurnEnd>> {
        let touched = std::mem::replace(&mut self.queue.lock().touched, true);
        (!touched).then(|| self.me() as Weak<dyn TurnEnd>)
    }

    /// The program's turn is over: takes the mark away; returns whether commands are queued.
    pub(in crate::driver) fn end_touch(&self) -> bool {
        let mut queue = self.queue.lock();
        queue.touched = false;
        queue.commands.as_ref().is_some_and(|commands| !commands.is_empty())
    }
}
