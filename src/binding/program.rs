//! The program as the driver sees it: takes the driver's events into a queue, wakes the JavaScript
//! thread once for a batch, and answers the questions that never cross the boundary.

use std::collections::{HashMap, VecDeque};
use std::mem;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;

use crate::driver::{Charge, Handler, ServerEvent, Wanted};
use crate::engine::{AuthAnswer, Prompt};

/// The load for which JavaScript is woken at once; with less, further events are waited for.
const ENOUGH: Load = Load { events: 64, bytes: 64 * 1024 };
/// The load that is handed over at a time, so that timers and other I/O of the program get their turn.
const BATCH: Load = Load { events: 1024, bytes: 8 * 1024 * 1024 };

#[derive(Debug, Clone, Copy)]
struct Load {
    events: usize,
    bytes: usize,
}

/// Wakes the JavaScript thread.
pub(super) trait Wake: Send + Sync + 'static {
    /// `false` when the environment has ended.
    fn wake(&self) -> bool;
}

/// The program of one server.
pub(super) struct Program {
    wanted: Wanted,
    queue: Mutex<Queue>,
    replies: Mutex<Replies>,
    /// `None` while the server is idle: events that come all the same wait for [`Self::rouse`].
    wake: Mutex<Option<Box<dyn Wake>>>,
    /// JavaScript expects no events: it need not be woken once the last socket is closed.
    may_rest: AtomicBool,
}

#[derive(Debug, Default)]
struct Queue {
    /// The events, with their charges on the load of their connections while they are queued: of successive
    /// events of one connection, the last one has the charge for all.
    events: VecDeque<(ServerEvent, Option<Charge>)>,
    bytes: usize,
    /// A wake-up is on its way.
    woken: bool,
    /// The JavaScript environment ends.
    gone: bool,
}

/// The answers to questions that do not cross the boundary.
#[derive(Debug, Default)]
struct Replies {
    auth_methods: String,
    instruction: String,
    prompts: Vec<Prompt>,
    connections: HashMap<u64, OfConnection>,
}

/// The program's settings for one connection.
#[derive(Debug, Default)]
struct OfConnection {
    prompts: Vec<Prompt>,
    banner: Option<String>,
}

impl Program {
    /// JavaScript is not woken before [`Self::rouse`].
    pub(super) fn new() -> Self {
        Self {
            wanted: Wanted::default(),
            queue: Mutex::default(),
            replies: Mutex::default(),
            wake: Mutex::default(),
            may_rest: AtomicBool::new(false),
        }
    }

    /// JavaScript is to be woken from now on, with the result of `wake` if there is nothing to wake it yet.
    pub(super) fn rouse<E>(
        &self,
        wake: impl FnOnce() -> Result<Box<dyn Wake>, E>,
    ) -> Result<(), E> {
        self.may_rest.store(false, Ordering::Release);
        {
            let mut awake = self.wake.lock();
            if awake.is_some() {
                return Ok(());
            }
            *awake = Some(wake()?);
        }
        let waiting = {
            let mut queue = self.queue.lock();
            queue.woken = !queue.events.is_empty();
            queue.woken
        };
        if waiting {
            self.wake_up();
        }
        Ok(())
    }

    /// JavaScript expects no more events.
    pub(super) fn may_rest(&self) {
        self.may_rest.store(true, Ordering::Release);
    }

    /// Drops the means to wake JavaScript if it is not needed any more; on the JavaScript thread.
    pub(super) fn rest(&self, server_is_idle: bool) {
        let rests = self.may_rest.load(Ordering::Acquire)
            && server_is_idle
            && self.queue.lock().events.is_empty();
        if rests {
            drop(self.wake.lock().take());
        }
    }

    /// Replaces the answers to questions that do not cross the boundary.
    pub(super) fn set_replies(&self, auth_methods: &str, instruction: &str, prompts: &[Prompt]) {
        let mut replies = self.replies.lock();
        auth_methods.clone_into(&mut replies.auth_methods);
        instruction.clone_into(&mut replies.instruction);
        prompts.clone_into(&mut replies.prompts);
    }

    pub(super) fn auth_methods(&self) -> String {
        self.replies.lock().auth_methods.clone()
    }

    pub(super) fn banner(&self, connection: u64) -> Option<String> {
        let replies = self.replies.lock();
        replies.connections.get(&connection)?.banner.clone()
    }

    pub(super) fn set_banner(&self, connection: u64, banner: String) {
        let mut replies = self.replies.lock();
        replies.connections.entry(connection).or_default().banner = Some(banner);
    }

    /// The banner of a connection; it is sent once.
    pub(super) fn take_banner(&self, connection: u64) -> Option<String> {
        let mut replies = self.replies.lock();
        replies.connections.get_mut(&connection)?.banner.take()
    }

    pub(super) fn connection_prompts(&self, connection: u64) -> Vec<Prompt> {
        let replies = self.replies.lock();
        let own = replies.connections.get(&connection);
        own.map(|own| own.prompts.clone()).unwrap_or_default()
    }

    pub(super) fn set_connection_prompts(&self, connection: u64, prompts: Vec<Prompt>) {
        let mut replies = self.replies.lock();
        replies.connections.entry(connection).or_default().prompts = prompts;
    }

    /// The next batch of events.
    pub(super) fn take_batch(&self) -> Vec<ServerEvent> {
        let mut batch = Vec::new();
        // Dropped at the end, outside of the lock: dropping a charge may wake a connection.
        let mut charges = Vec::new();
        let more = {
            let mut queue = self.queue.lock();
            let mut bytes: usize = 0;
            while batch.len() < BATCH.events && bytes < BATCH.bytes {
                let Some((event, charge)) = queue.events.pop_front() else {
                    break;
                };
                bytes = bytes.saturating_add(event.carried_len());
                batch.push(event);
                charges.extend(charge);
            }
            queue.bytes = queue.bytes.saturating_sub(bytes);
            queue.woken = !queue.events.is_empty();
            queue.woken
        };
        if more {
            self.wake_up();
        }
        batch
    }

    /// Runs `work` on the JavaScript thread, which need not be woken for the events of `work`. `true` when
    /// there are such events, no wake-up is on its way, and `again` says that the caller takes them without
    /// one.
    pub(super) fn without_wakes(&self, again: bool, work: impl FnOnce()) -> bool {
        let woken = mem::replace(&mut self.queue.lock().woken, true);
        work();
        if woken {
            return false;
        }
        let wake = {
            let mut queue = self.queue.lock();
            queue.woken = !queue.events.is_empty();
            queue.woken
        };
        if wake && !again {
            self.wake_up();
        }
        wake && again
    }

    /// Drops everything: the JavaScript environment ends.
    pub(super) fn close(&self) {
        let events = {
            let mut queue = self.queue.lock();
            queue.gone = true;
            queue.bytes = 0;
            mem::take(&mut queue.events)
        };
        // Outside of the lock: a dropped question answers itself.
        drop(events);
    }

    fn wake_up(&self) {
        let is_there = self.wake.lock().as_ref().is_none_or(|wake| wake.wake());
        if !is_there {
            self.close();
        }
    }
}

impl Handler for Program {
    fn wanted(&self) -> &Wanted {
        &self.wanted
    }

    fn handle(&self, event: ServerEvent, mut charge: Option<Charge>) -> bool {
        let bytes = event.carried_len();
        let (wake, later) = {
            let mut queue = self.queue.lock();
            if queue.gone {
                drop(queue);
                drop(event);
                return false;
            }
            if let Some(charge) = &mut charge
                && let Some((_, before)) = queue.events.back_mut()
            {
                charge.take_over(before);
            }
            queue.events.push_back((event, charge));
            queue.bytes = queue.bytes.saturating_add(bytes);
            let enough = queue.events.len() >= ENOUGH.events || queue.bytes >= ENOUGH.bytes;
            let wake = enough && !mem::replace(&mut queue.woken, true);
            (wake, !queue.woken)
        };
        if wake {
            self.wake_up();
        }
        later
    }

    fn flush(&self) {
        let wake = {
            let mut queue = self.queue.lock();
            !queue.events.is_empty() && !mem::replace(&mut queue.woken, true)
        };
        if wake {
            self.wake_up();
        }
    }

    fn idle(&self) {
        if self.may_rest.load(Ordering::Acquire) {
            self.wake_up();
        }
    }

    fn forget(&self, connection: u64) {
        self.replies.lock().connections.remove(&connection);
    }

    fn auth_refusal(&self) -> AuthAnswer {
        AuthAnswer { available_methods: self.auth_methods(), ..AuthAnswer::default() }
    }

    fn prompts(&self, connection: u64, _user: &str) -> (String, Vec<Prompt>) {
        let replies = self.replies.lock();
        let own = replies.connections.get(&connection);
        let own = own.map(|own| &own.prompts).filter(|own| !own.is_empty());
        let prompts = own.unwrap_or(&replies.prompts).clone();
        (replies.instruction.clone(), prompts)
    }
}
