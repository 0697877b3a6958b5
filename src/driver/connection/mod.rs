//! One connection, from its accept to its end.
//!
//! **Who may touch it when.** All state that changes is in the [`machine`], under one lock. Other threads
//! put their commands for the connection into its mailbox ([`link`]). Whoever gets the lock serves the
//! machine: runs the commands in the mailbox, reads, writes, and hands events to the program. The keeper of
//! the connection ([`keeper`]), its task or the program's thread, has to serve it when the stream is ready;
//! only the keeper reads, and the task in place of a program's thread that is busy. Any other thread of the
//! program may serve it at the end of a turn, and for a send; it never waits for the lock: if it does not
//! get the lock, it wakes the task, which serves the machine. A method that needs the lock takes `&mut
//! Machine`; one that does not has only a `&Link`.

mod arrive;
pub(super) mod channels;
pub(super) mod command;
pub(super) mod counters;
pub(super) mod events;
pub(super) mod finish;
pub(super) mod inbound;
pub(super) mod keeper;
mod keeping;
pub(super) mod link;
pub(super) mod machine;
mod run;
mod send;
pub(super) mod stage;
pub(super) mod task;
pub(super) mod tickets;
pub(super) mod unconsumed;

use std::net::IpAddr;
use std::sync::{Arc, Weak};
use std::time::Duration;

use bytes::Bytes;
use parking_lot::Mutex;

use self::command::Command;
use self::counters::Counters;
use self::keeper::By;
use self::link::{Link, Peer};
use self::machine::{After, Machine};
use super::clock;
use super::handler::{Mailbox, Reply};
use super::io::program_loop::{Ready, Sign};
use super::io::socket_options::Nagle;
use super::io::stream::{Addresses, ByteStream};
use super::permits::LoginPermit;
use super::service::{Desk, Served, ServiceCommand};
use super::shared::{Shared, next_connection};
use super::tunnel::TunnelCommand;
use super::tunnel::alarm::{Called, TunnelSign};
use super::turn::TurnEnd;
use crate::engine::{ChannelId, Connection, Queued, Ticket};
use crate::error::DisconnectReason;
use crate::files::Settings;
use crate::files::object::{Answer, ObjectSession};

/// How long the program may take to decide on a new connection before its stream is watched for the
/// client's leaving. Mostly the decision comes at once; having the stream watched costs more than that.
const UNWATCHED_TIME: Duration = Duration::from_millis(250);

/// One connection of a server.
#[derive(Debug)]
pub struct ConnectionHandle {
    pub(super) link: Link,
    pub(super) machine: Mutex<Machine>,
}

impl ConnectionHandle {
    /// Has to be called in the runtime of its task.
    pub(super) fn new(
        shared: Arc<Shared>,
        stream: Box<dyn ByteStream>,
        addresses: Addresses,
        login: Arc<LoginPermit>,
    ) -> Arc<Self> {
        let nagle = Nagle::of(&shared.settings().socket);
        let watched_from = clock::now().checked_add(UNWATCHED_TIME);
        Arc::new_cyclic(|me: &Weak<Self>| {
            let me: Weak<dyn Peer> = Weak::clone(me) as Weak<dyn Peer>;
            Self {
                link: Link::new(next_connection(), shared, stream, addresses, login, me),
                machine: Mutex::new(Machine::new(nagle, watched_from)),
            }
        })
    }

    /// The number of the connection.
    pub fn id(&self) -> u64 {
        self.link.id
    }

    /// The client's address and port.
    pub fn peer(&self) -> (IpAddr, u16) {
        (self.link.peer.ip().to_canonical(), self.link.peer.port())
    }

    /// The address that the client connected to.
    pub fn local_address(&self) -> IpAddr {
        self.link.local.ip().to_canonical()
    }

    /// Seconds that a send may take without progress; 0 fails at once.
    pub fn timeout(&self) -> u32 {
        self.link.timeout()
    }

    /// Changes [`Self::timeout`], also for the sends that are queued.
    pub fn set_timeout(&self, seconds: u32) {
        self.link.set_timeout(seconds);
    }

    /// The client's identification string, once it has come. Waits at most a moment for the engine.
    pub fn client_version(&self) -> Option<String> {
        self.look(|engine| engine.peer().version.map(str::to_owned))?
    }

    /// Whether strict key exchange was negotiated. Waits at most a moment for the engine.
    pub fn strict_kex(&self) -> Option<bool> {
        self.look(|engine| engine.peer().strict_kex)
    }

    /// Publishes the engine's counters of a channel, unless another thread holds the lock: then the values
    /// published last stay.
    pub(super) fn refresh(&self, channel: ChannelId, counters: &Counters) {
        let machine = self.machine.try_lock();
        if let Some(engine) = machine.as_ref().and_then(|machine| machine.stage.engine()) {
            counters.publish(engine.counters(channel));
        }
    }

    fn look<T>(&self, read: impl FnOnce(&Connection) -> T) -> Option<T> {
        // A turn writes little more than a megabyte, so the lock is free within milliseconds; a program
        // that reads a setting gets its value rather than none.
        let machine = self.machine.try_lock_for(Duration::from_millis(100))?;
        machine.stage.engine().map(read)
    }

    /// Backpressure of the program: with `true` it falls behind with the events of the connection, and
    /// nothing is read from the stream until it calls this with `false`.
    pub fn pause(&self, paused: bool) {
        self.link.load().set_paused(paused);
    }

    /// Closes a channel after the data that is queued on it.
    pub fn close_channel(&self, channel: ChannelId, ticket: Ticket) {
        self.link.submit_in_turn(Command::Queue(channel, Queued::Close, ticket));
    }

    /// Closes a channel and drops the data that is queued on it.
    pub fn abort_channel(&self, channel: ChannelId, ticket: Ticket) {
        self.link.submit_in_turn(Command::Queue(channel, Queued::Abort, ticket));
    }

    /// Opens a channel; the result is its number.
    pub fn open_channel(&self, channel_type: String, parameters: Bytes, ticket: Ticket) {
        self.link.submit_in_turn(Command::OpenChannel { channel_type, parameters, ticket });
    }

    /// Serves a channel as an SFTP session over a directory. It is done when the directory is open: what the
    /// client has sent before is kept if the request that asks for the session is not answered yet.
    pub fn serve_files(&self, channel: ChannelId, settings: Arc<Settings>, ticket: Ticket) {
        let start = ServiceCommand::Start { channel, settings, ticket };
        self.link.submit_in_turn(Command::Service(start));
    }

    /// Serves a channel as an SFTP session over an object of the program, which takes its calls from the desk.
    pub fn serve_object(
        &self,
        channel: ChannelId,
        session: Box<ObjectSession>,
        desk: Arc<Desk>,
        ticket: Ticket,
    ) {
        let start = ServiceCommand::StartObject { channel, session, desk, ticket };
        self.link.submit_in_turn(Command::Service(start));
    }

    /// Waits for calls on the desk of a channel; done when there are some, or when there will be none.
    pub fn await_calls(&self, channel: ChannelId, desk: &Desk, ticket: Ticket) {
        let service = desk.number();
        let wait = ServiceCommand::Await { channel, service, ticket };
        self.link.submit_in_turn(Command::Service(wait));
    }

    /// The program has answered all calls that it took from the desk.
    pub fn answer_calls(&self, channel: ChannelId, desk: &Desk, answers: Vec<Answer<'_>>) {
        if let Some(answered) = desk.answered(answers) {
            let done = ServiceCommand::answered(channel, answered);
            self.link.submit_in_turn(Command::Service(done));
        }
    }

    /// Starts a key re-exchange.
    pub fn exchange_keys(&self, ticket: Ticket) {
        self.link.submit(Command::ExchangeKeys(ticket));
    }

    /// Disconnects; the command is done when the connection is over.
    pub fn disconnect(&self, ticket: Option<Ticket>) {
        self.link.submit(Command::Disconnect {
            reason: DisconnectReason::ByApplication,
            description: "disconnected by application",
            ticket,
        });
    }

    /// The program has used data of a channel; `local` is `None` if the channel is closed.
    pub(super) fn consumed(&self, local: Option<ChannelId>, channel: u64, len: usize) {
        if self.link.add_consumed(local, channel, len) && !self.link.touch() {
            self.serve_here();
        }
    }

    /// Serves the machine on this thread, or wakes the task if another thread holds the lock.
    fn serve_here(&self) {
        let Some(mut machine) = self.machine.try_lock() else {
            // The thread that holds the lock may be past the point where it would see this.
            return self.link.wake_task();
        };
        machine.serve(&self.link, By::Program);
        let after = machine.after();
        drop(machine);
        self.see_to(after);
    }

    /// Does what is left to do after a thread of the program has served a machine. The lock is not held
    /// here, so that other connections may be served meanwhile.
    fn see_to(&self, after: After) {
        match after {
            After::Nothing => {}
            After::Touch if self.link.touch() => {}
            After::Touch | After::WakeTask => self.link.wake_task(),
        }
    }
}

impl Peer for ConnectionHandle {}

impl Mailbox for ConnectionHandle {
    fn answered(&self, reply: Reply, cost: usize) {
        self.link.submit_in_turn(Command::of(reply));
        self.link.question_over(cost);
    }

    fn unanswered(&self, reply: Reply, cost: usize) {
        self.link.submit(Command::of(reply));
        self.link.question_over(cost);
    }
}

impl TurnEnd for ConnectionHandle {
    fn turn_ended(&self) {
        let commands_wait = self.link.end_touch();
        // Without commands there are only consumed bytes and sealed packets: little work, done on this
        // thread.
        if commands_wait && self.link.is_tasks_business() {
            self.link.wake_task();
        } else {
            self.serve_here();
        }
    }
}

impl Ready for ConnectionHandle {
    fn ready(&self, sign: Sign) {
        self.link.signs.add(sign);
        self.serve_here();
    }

    fn stands_still(&self) {
        self.machine.lock().program_stands_still(&self.link);
    }
}

impl Called for ConnectionHandle {
    fn call(&self, sign: TunnelSign) {
        self.link.add_tunnel_sign(sign);
    }

    fn decided(&self, command: TunnelCommand) {
        self.link.submit(Command::Tunnel(command));
    }
}

impl Served for ConnectionHandle {
    fn served(&self, command: ServiceCommand) {
        self.link.submit(Command::Service(command));
    }
}
