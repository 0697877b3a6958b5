//! The program on top of the driver, and its server: sockets on loopback, events in the order
//! in which they come. The test reads every event that the program does not handle itself.
//!
//! Test crates whose name ends with `hosted` run the same tests with a program whose own thread watches
//! the sockets.

use std::io;
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use sshserver::crypto::random::SystemRandom;
use sshserver::crypto::signature::generate_ed25519;
use sshserver::driver::{
    Charge, ConnectedAnswer, ConnectionEnd, EventKind, Handler, Listen, OpResult, ProgramTime,
    Server, ServerEvent, Settings, Wanted,
};
use sshserver::engine::{AuthAnswer, Config, Prompt, Ticket};

use super::socket::announce;

/// A timeout that is longer than anything here takes; only a failing test reaches it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Handles the program's own events; returns those that are for the test.
type Take = Box<dyn Fn(ServerEvent) -> Option<ServerEvent> + Send + Sync>;

/// The charges of the events on their connections (backpressure).
#[derive(Default)]
pub(crate) struct Charges(Mutex<Option<Vec<Charge>>>);

impl Charges {
    fn take(&self, charge: Option<Charge>) {
        if let Some(kept) = &mut *self.0.lock().unwrap() {
            kept.extend(charge);
        }
    }

    /// From now on the driver counts every event as not taken by the program.
    pub(crate) fn keep(&self) {
        self.0.lock().unwrap().get_or_insert_default();
    }

    /// Counts all events as taken by the program.
    pub(crate) fn release(&self) {
        drop(self.0.lock().unwrap().take());
    }

    /// Waits until as many events wait as `enough` says.
    pub(crate) fn until(&self, enough: impl Fn(usize) -> bool) {
        let since = Instant::now();
        while !enough(self.len()) {
            assert!(since.elapsed() < PATIENCE, "{} events wait", self.len());
            std::thread::yield_now();
        }
    }

    /// How many events wait.
    pub(crate) fn len(&self) -> usize {
        self.0.lock().unwrap().as_ref().map_or(0, Vec::len)
    }
}

/// Sends its events to the test.
pub(crate) struct Program {
    pub(crate) wanted: Wanted,
    /// While the program is held back: the charges of the events that it has not taken.
    pub(crate) charges: Charges,
    /// The last connection whose end the driver has reported, whether or not the program wanted the event.
    pub(crate) forgotten: AtomicU64,
    take: Take,
    events: Mutex<Sender<ServerEvent>>,
}

impl Handler for Program {
    fn wanted(&self) -> &Wanted {
        &self.wanted
    }

    fn handle(&self, event: ServerEvent, charge: Option<Charge>) -> bool {
        self.charges.take(charge);
        if let Some(event) = (self.take)(event) {
            // The test may be over.
            let _ = self.events.lock().unwrap().send(event);
        }
        false
    }

    fn forget(&self, connection: u64) {
        self.forgotten.store(connection, Ordering::Relaxed);
    }

    fn auth_refusal(&self) -> AuthAnswer {
        AuthAnswer::default()
    }

    fn prompts(&self, _connection: u64, _user: &str) -> (String, Vec<Prompt>) {
        (String::new(), Vec::new())
    }
}

/// A server with its program.
pub(crate) struct Fixture {
    pub(crate) server: Arc<Server>,
    pub(crate) program: Arc<Program>,
    /// What the server has: a test that changes them sets them again.
    pub(crate) settings: Settings,
    pub(crate) events: Receiver<ServerEvent>,
    last_ticket: u64,
    #[cfg(unix)]
    pub(crate) thread: Option<ProgramThread>,
}

impl Fixture {
    /// All events are for the test.
    pub(crate) fn new(settings: Settings) -> Self {
        Self::taking(settings, Some)
    }

    /// With a program that takes events for itself. All of them are wanted.
    pub(crate) fn taking(
        settings: Settings,
        take: impl Fn(ServerEvent) -> Option<ServerEvent> + Send + Sync + 'static,
    ) -> Self {
        // On a slow machine, too, the program's thread keeps its connections however much time they take.
        let time = ProgramTime {
            of_one: Duration::MAX,
            of_all: Duration::MAX,
            standing_still: Duration::MAX,
        };
        Self::with_time(settings, time, take)
    }

    /// As [`Self::taking`], with this limit on the time of the program's own thread.
    pub(crate) fn with_time(
        settings: Settings,
        time: ProgramTime,
        take: impl Fn(ServerEvent) -> Option<ServerEvent> + Send + Sync + 'static,
    ) -> Self {
        let (sender, events) = channel();
        let program = Arc::new(Program {
            wanted: Wanted::default(),
            charges: Charges::default(),
            forgotten: AtomicU64::new(0),
            take: Box::new(take),
            events: Mutex::new(sender),
        });
        program.wanted.set(u64::MAX);
        let handler: Arc<dyn Handler> = program.clone();
        let server = Arc::new(Server::new(handler, settings.clone()));
        #[cfg(unix)]
        let thread =
            env!("CARGO_CRATE_NAME").ends_with("hosted").then(|| ProgramThread::new(&server, time));
        #[cfg(not(unix))]
        let _ = time;
        Self {
            server,
            program,
            settings,
            events,
            last_ticket: 0,
            #[cfg(unix)]
            thread,
        }
    }

    /// The same server, and the address on which it listens now.
    pub(crate) fn listening(mut self) -> (Self, SocketAddr) {
        self.start(at("127.0.0.1", 0)).unwrap();
        let address = self.server.listening_on().unwrap();
        (self, address)
    }

    /// From now on only events of these kinds are wanted.
    pub(crate) fn want(&self, kinds: &[EventKind]) {
        self.program.wanted.set(kinds.iter().fold(0, |mask, kind| mask | 1 << (*kind as u8)));
    }

    pub(crate) fn ticket(&mut self) -> Ticket {
        self.last_ticket += 1;
        Ticket(self.last_ticket)
    }

    pub(crate) fn start(&mut self, listen: Listen) -> OpResult {
        let ticket = self.ticket();
        self.server.start(listen, ticket)?;
        let done = self.done(ticket);
        announce(&self.server);
        done
    }

    pub(crate) fn stop(&mut self) -> OpResult {
        let ticket = self.ticket();
        self.server.stop(ticket);
        self.done(ticket)
    }

    /// Asks for a shutdown, whose end is still to come.
    pub(crate) fn shut_down(&mut self) -> Ticket {
        let ticket = self.ticket();
        self.server.shutdown(ticket);
        ticket
    }

    pub(crate) fn next(&self) -> ServerEvent {
        self.events.recv_timeout(PATIENCE).expect("an event")
    }

    /// Skips events until one is taken.
    pub(crate) fn until<T>(&self, mut take: impl FnMut(ServerEvent) -> Option<T>) -> T {
        loop {
            if let Some(taken) = take(self.next()) {
                return taken;
            }
        }
    }

    pub(crate) fn done(&self, wanted: Ticket) -> OpResult {
        self.until(|event| match event {
            ServerEvent::Done { ticket, result } if ticket == wanted => Some(result),
            _ => None,
        })
    }

    /// The ends of all of these, in whatever order they come. Other events that come meanwhile are kept,
    /// because dropping a question would answer it.
    pub(crate) fn all_done(&self, wanted: &[Ticket]) -> Vec<OpResult> {
        let mut kept = Vec::new();
        let mut results: Vec<Option<OpResult>> = wanted.iter().map(|_| None).collect();
        while results.iter().any(Option::is_none) {
            match self.next() {
                ServerEvent::Done { ticket, result } => {
                    let at = wanted.iter().position(|wanted| *wanted == ticket).unwrap();
                    assert!(results[at].replace(result).is_none(), "done twice");
                }
                other => kept.push(other),
            }
        }
        results.into_iter().flatten().collect()
    }

    pub(crate) fn disconnected(&self) -> (u64, ConnectionEnd) {
        self.until(|event| match event {
            ServerEvent::Disconnected { connection, end, .. } => Some((connection, end)),
            _ => None,
        })
    }

    /// Accepts the next connection.
    pub(crate) fn accept(&self, answer: ConnectedAnswer) -> u64 {
        self.until(|event| match event {
            ServerEvent::ConnectionRequest { asked, .. } => {
                asked.answer(true);
                Some(())
            }
            _ => None,
        });
        let (connection, asked) = self.until(|event| match event {
            ServerEvent::Connected { connection, asked } => Some((connection, asked)),
            _ => None,
        });
        asked.answer(answer);
        connection
    }
}

/// A program's thread that watches the sockets until it is dropped.
#[cfg(unix)]
pub(crate) struct ProgramThread {
    /// The thread is busy while this lock is held.
    pub(crate) busy: Arc<Mutex<()>>,
    stop: Arc<mio::Waker>,
    thread: Option<std::thread::JoinHandle<()>>,
}

#[cfg(unix)]
impl ProgramThread {
    const SOCKETS: mio::Token = mio::Token(0);
    const STOP: mio::Token = mio::Token(1);

    fn new(server: &Server, time: ProgramTime) -> Self {
        let program_loop = server.program_loop(time).unwrap();
        let mut poll = mio::Poll::new().unwrap();
        let stop = Arc::new(mio::Waker::new(poll.registry(), Self::STOP).unwrap());
        let descriptor = program_loop.descriptor();
        let mut source = mio::unix::SourceFd(&descriptor);
        poll.registry().register(&mut source, Self::SOCKETS, mio::Interest::READABLE).unwrap();
        let busy = Arc::new(Mutex::new(()));
        let is_busy = Arc::clone(&busy);
        let run = move || {
            let mut events = mio::Events::with_capacity(8);
            loop {
                match poll.poll(&mut events, None) {
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                    polled => polled.unwrap(),
                }
                if events.iter().any(|event| event.token() == Self::STOP) {
                    return;
                }
                drop(is_busy.lock().unwrap());
                program_loop.serve();
            }
        };
        Self { busy, stop, thread: Some(std::thread::spawn(run)) }
    }
}

#[cfg(unix)]
impl Drop for ProgramThread {
    fn drop(&mut self) {
        self.stop.wake().unwrap();
        // A panic of the thread is one of the test, unless that has one of its own.
        let ended = self.thread.take().map(std::thread::JoinHandle::join);
        if !std::thread::panicking() {
            ended.unwrap().unwrap();
        }
    }
}

/// The engine's defaults with a host key of its own.
pub(crate) fn settings() -> Settings {
    let mut config = Config::default();
    config.transport.host_keys.push(Arc::new(generate_ed25519(&mut SystemRandom).unwrap()));
    Settings { config: Arc::new(config), ..Settings::default() }
}

/// Where to listen, and nothing special about it.
pub(crate) fn at(host: &str, port: u16) -> Listen {
    Listen { host: host.to_owned(), port, ..Listen::default() }
}

/// A TCP client that does not wait for ever.
pub(crate) fn try_connect(address: SocketAddr) -> io::Result<TcpStream> {
    let client = TcpStream::connect(address)?;
    client.set_read_timeout(Some(PATIENCE))?;
    Ok(client)
}

pub(crate) fn connect(address: SocketAddr) -> TcpStream {
    try_connect(address).unwrap()
}
