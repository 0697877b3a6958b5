//! A server: listens, starts a task for each connection, and looks numbers up in the tables. A command that
//! takes time ends with a [`ServerEvent::Done`].

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::{Notify, oneshot};

use super::acceptor;
use super::channel_entry::ChannelEntry;
use super::connection::ConnectionHandle;
use super::connection::task::Arrival;
use super::handler::{EventKind, Handler, OpResult, ServerEvent};
use super::incoming::Incoming;
use super::io::program_loop::{ProgramLoop, ProgramTime};
use super::io::runtime;
use super::io::socket::{Accepted, Socket, move_here};
use super::listener::{Listen, Listeners};
use super::op_error::OpError;
use super::os_error;
use super::registry::{PastChannel, PastConnection, Registry};
use super::shared::{Settings, Shared};
use super::tables::{Known, Tables};
use crate::engine::Ticket;

/// How long accepting pauses when the system has no file descriptor or no memory left, at first and at
/// most.
const PAUSE: (Duration, Duration) = (Duration::from_millis(20), Duration::from_secs(1));

/// An SSH server. Dropping it aborts it.
#[derive(Debug)]
pub struct Server {
    shared: Arc<Shared>,
    tables: Arc<Tables>,
    port: Arc<Port>,
}

/// The state of listening.
#[derive(Debug, Default)]
struct Port {
    state: Mutex<State>,
    closed: Notify,
}

#[derive(Debug, Default)]
struct State {
    /// From the call of `start` until the port is closed.
    active: bool,
    /// Stops the task that opens the port or listens on it; `None` once it was used. Each start has its
    /// own, so that a stop never ends a later start.
    stop: Option<oneshot::Sender<()>>,
    /// The address that the server listens on.
    bound: Option<SocketAddr>,
    /// Tickets of stops, reported as done when the port is closed.
    stopping: Vec<Ticket>,
}

impl Server {
    /// A server that does not listen yet.
    pub fn new(handler: Arc<dyn Handler>, settings: Settings) -> Self {
        let tables = Tables::new(Arc::clone(&handler));
        let registry: Arc<dyn Registry> = Arc::clone(&tables) as Arc<dyn Registry>;
        let shared = Arc::new(Shared::new(handler, settings, registry));
        Self { shared, tables, port: Arc::default() }
    }

    /// Replaces the settings of new connections.
    pub fn set_settings(&self, settings: Settings) {
        self.shared.set_settings(settings);
    }

    /// The highest level of log lines that are built, if the program has a listener for them.
    pub fn set_log_level(&self, level: u8) {
        self.shared.log_level.store(level, Ordering::Relaxed);
    }

    /// Whether log lines with packet contents show passwords and responses, too.
    pub fn set_log_secrets(&self, shown: bool) {
        self.shared.log_secrets.store(shown, Ordering::Relaxed);
    }

    /// Begins a turn of the program's event loop: its commands to connections are carried out at
    /// [`Self::end_turn`]. `false` when a turn is under way already.
    pub fn begin_turn(&self) -> bool {
        self.shared.turn.begin()
    }

    /// Ends the turn. Called on the thread that began it.
    pub fn end_turn(&self) {
        self.shared.turn.end();
    }

    /// Has the program's own loop watch the sockets of connections from now on. The program has to call
    /// [`ProgramLoop::serve`] whenever its descriptor is readable, which takes about `time` of its time.
    /// Fails where the system cannot do it.
    pub fn program_loop(&self, time: ProgramTime) -> io::Result<Arc<ProgramLoop>> {
        let program_loop = ProgramLoop::new(time)?;
        self.shared.set_program_loop(&program_loop);
        Ok(program_loop)
    }

    /// Wakes every connection, so that it sees which events are wanted now.
    pub fn wanted_changed(&self) {
        for connection in self.tables.connections.all_live() {
            connection.link.wake_task();
        }
    }

    /// The program has used data of a channel, which may be closed by now.
    pub fn consumed(&self, channel: u64, len: usize) {
        self.tables.consumed(channel, len);
    }

    /// Serves a stream that the program has accepted itself, as if the server had. It counts for
    /// MaxConnections, too, and is closed if there are too many connections.
    pub fn serve(&self, incoming: Incoming) -> Result<(), OpError> {
        let runtime = runtime::handle().map_err(OpError::Io)?;
        let settings = self.shared.settings();
        let (stream, addresses) = incoming.open(&settings.socket).map_err(OpError::Io)?;
        if let Some(arrival) = arrival(&self.shared, &self.tables, addresses.peer) {
            runtime.spawn(arrival.serve(stream, addresses));
        }
        Ok(())
    }

    /// Begins to listen. A shutdown that is under way also ends the connections that come in meanwhile.
    pub fn start(&self, listen: Listen, ticket: Ticket) -> Result<(), OpError> {
        let runtime = runtime::handle().map_err(OpError::Io)?;
        let (stop, mut stopped) = oneshot::channel();
        {
            let mut state = self.port.state.lock();
            if state.active {
                return Err(OpError::AlreadyListening);
            }
            state.active = true;
            state.stop = Some(stop);
        }
        let (shared, port) = (Arc::clone(&self.shared), Arc::clone(&self.port));
        let tables = Arc::clone(&self.tables);
        runtime.spawn(async move {
            // Opening takes time only for a host name, and the acceptor only for a key table that hangs; a
            // stop does not wait for that.
            let open = async {
                acceptor::find(&shared).await;
                listen.open().await
            };
            let opened = tokio::select! {
                biased;
                opened = open => opened,
                _ = &mut stopped => Err(io::Error::from(io::ErrorKind::Interrupted).into()),
            };
            match opened {
                Ok((listeners, bound)) => {
                    port.state.lock().bound = Some(bound);
                    shared.tell(done(ticket, Ok(None)));
                    accept_all(&shared, &tables, stopped, listeners).await;
                    port.close(&shared);
                }
                Err(error) => {
                    port.close(&shared);
                    shared.tell(done(ticket, Err(OpError::Listen(error))));
                }
            }
        });
        Ok(())
    }

    /// Closes the port; connections stay open.
    pub fn stop(&self, ticket: Ticket) {
        let mut state = self.port.state.lock();
        if state.active {
            state.stopping.push(ticket);
            state.request_stop();
        } else {
            drop(state);
            self.shared.tell(done(ticket, Ok(None)));
        }
    }

    /// Closes the port and disconnects all clients; done when their sockets are closed.
    pub fn shutdown(&self, ticket: Ticket) {
        self.port.state.lock().request_stop();
        end_all(&self.shared, &self.tables);
        let (shared, tables) = (Arc::clone(&self.shared), Arc::clone(&self.tables));
        let port = Arc::clone(&self.port);
        let wait = async move {
            port.closed().await;
            // A connection may have been accepted while the port was being closed.
            end_all(&shared, &tables);
            shared.permits.all_gone().await;
            shared.tell(done(ticket, Ok(None)));
        };
        match runtime::handle() {
            Ok(runtime) => drop(runtime.spawn(wait)),
            Err(error) => self.shared.tell(done(ticket, Err(OpError::Io(error)))),
        }
    }

    /// Aborts the server: ends everything at once, without any event.
    pub fn abort(&self) {
        self.shared.halt.send_modify(|halt| halt.aborted = true);
        self.shared.turn.abandon();
        self.port.state.lock().request_stop();
    }

    /// Where the server listens.
    pub fn listening_on(&self) -> Option<SocketAddr> {
        self.port.state.lock().bound
    }

    /// Whether the server listens, or begins or stops to listen: then the address cannot be changed.
    pub fn is_active(&self) -> bool {
        self.port.state.lock().active
    }

    /// Whether there is no port and no connection, and can be none until the next start.
    pub fn is_idle(&self) -> bool {
        !self.is_active() && self.shared.permits.has_no_sockets()
    }

    /// A connection by its number.
    pub fn connection(&self, id: u64) -> Option<Arc<ConnectionHandle>> {
        self.tables.connections.live(id)
    }

    /// A connection by its number; after its end what can still be read of it.
    pub fn known_connection(&self, id: u64) -> Option<Known<ConnectionHandle, PastConnection>> {
        self.tables.connections.known(id)
    }

    /// The numbers of all connections, ascending.
    pub fn connection_ids(&self) -> Vec<u64> {
        self.tables.connections.numbers()
    }

    /// How many connections there are.
    pub fn connection_count(&self) -> usize {
        self.tables.connections.len()
    }

    /// An open channel by its number.
    pub fn channel(&self, id: u64) -> Option<Arc<ChannelEntry>> {
        self.tables.channels.live(id)
    }

    /// A channel by its number; after its end what can still be read of it.
    pub fn known_channel(&self, id: u64) -> Option<Known<ChannelEntry, PastChannel>> {
        self.tables.channels.known(id)
    }

    /// The numbers of all open channels, ascending.
    pub fn channel_ids(&self) -> Vec<u64> {
        self.tables.channels.numbers()
    }

    /// How many channels are open.
    pub fn channel_count(&self) -> usize {
        self.tables.channels.len()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.abort();
    }
}

impl State {
    fn request_stop(&mut self) {
        if let Some(stop) = self.stop.take() {
            // The send fails if the port could not be opened meanwhile; then it is closed, too.
            let _ = stop.send(());
        }
    }
}

impl Port {
    /// The port is closed: reports the stops as done.
    fn close(&self, shared: &Shared) {
        let stopping = {
            let mut state = self.state.lock();
            state.active = false;
            state.stop = None;
            state.bound = None;
            std::mem::take(&mut state.stopping)
        };
        self.closed.notify_waiters();
        for ticket in stopping {
            shared.tell(done(ticket, Ok(None)));
        }
    }

    async fn closed(&self) {
        loop {
            let closed = self.closed.notified();
            if !self.state.lock().active {
                return;
            }
            closed.await;
        }
    }
}

/// Ends every connection, also those that the program does not know yet.
fn end_all(shared: &Shared, tables: &Tables) {
    shared.halt.send_modify(|halt| halt.shutdowns = halt.shutdowns.wrapping_add(1));
    for connection in tables.connections.all_live() {
        connection.disconnect(None);
    }
}

fn done(ticket: Ticket, result: OpResult) -> ServerEvent {
    ServerEvent::Done { ticket, result }
}

/// Accepts until told to stop.
async fn accept_all(
    shared: &Arc<Shared>,
    tables: &Arc<Tables>,
    mut stopped: oneshot::Receiver<()>,
    mut listeners: Listeners,
) {
    let mut pause = PAUSE.0;
    loop {
        let accepted = tokio::select! {
            biased;
            _ = &mut stopped => return,
            accepted = listeners.accept() => accepted,
        };
        match accepted {
            Ok((socket, peer)) => {
                pause = PAUSE.0;
                admit(shared, tables, socket, peer);
            }
            // Only this client is gone; accepting goes on.
            Err(error) if os_error::is_of_the_client(&error) => {
                if shared.wants(EventKind::Connected) {
                    shared.tell(ServerEvent::ConnectedFailed { error });
                }
                tokio::task::yield_now().await;
            }
            // No file descriptor or no memory is left: the client stays in the backlog, and accepting again
            // at once would only keep the processor busy.
            Err(error) => {
                if pause == PAUSE.0 {
                    tell_pause(shared, error);
                }
                tokio::select! {
                    _ = &mut stopped => return,
                    () = tokio::time::sleep(pause) => {}
                }
                pause = (pause * 2).min(PAUSE.1);
            }
        }
    }
}

fn tell_pause(shared: &Shared, error: io::Error) {
    shared.log(|| format!("No connection can be accepted for now: {error}."));
    if shared.wants(EventKind::Error) {
        shared.tell(ServerEvent::Error { connection: 0, error: OpError::Io(error) });
    }
}

/// What a new connection needs to be served; `None` when there are too many connections.
fn arrival(shared: &Arc<Shared>, tables: &Arc<Tables>, peer: SocketAddr) -> Option<Arrival> {
    match shared.permits.take(shared.settings().limits()) {
        Ok(permit) => Some(Arrival {
            shared: Arc::clone(shared),
            tables: Arc::clone(tables),
            permit,
            // Subscribed now, so that a shutdown before the task first runs is not missed.
            halt: shared.halt.subscribe(),
        }),
        Err(full) => {
            shared.log(|| format!("Connection from {peer} closed: {full}."));
            None
        }
    }
}

fn admit(shared: &Arc<Shared>, tables: &Arc<Tables>, socket: Accepted, peer: SocketAddr) {
    let Some(arrival) = arrival(shared, tables, peer) else {
        return;
    };
    match runtime::elsewhere() {
        None => drop(tokio::spawn(serve_socket(arrival, socket))),
        Some(runtime) => drop(runtime.spawn(async move {
            // A socket that cannot be moved to the other runtime is closed, as one that cannot be set up.
            if let Ok(socket) = move_here(socket) {
                serve_socket(arrival, socket).await;
            }
        })),
    }
}

async fn serve_socket(arrival: Arrival, socket: Accepted) {
    let shared = &arrival.shared;
    match shared.settings().socket.prepare(&socket) {
        Ok(addresses) => arrival.serve(Box::new(Socket::accepted(socket)), addresses).await,
        Err(error) => {
            if shared.wants(EventKind::Connected) {
                shared.tell(ServerEvent::ConnectedFailed { error });
            }
            arrival.leave();
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::task::JoinSet;
    use tokio::time::timeout;

    use super::*;
    use crate::driver::io::memory::MemoryStream;
    use crate::driver::io::stream::Addresses;
    use crate::driver::{Charge, Wanted};
    use crate::engine::{AuthAnswer, Prompt};

    /// A program that wants nothing.
    #[derive(Default)]
    struct Nobody(Wanted);

    impl Handler for Nobody {
        fn wanted(&self) -> &Wanted {
            &self.0
        }

        fn handle(&self, _event: ServerEvent, _charge: Option<Charge>) -> bool {
            false
        }

        fn forget(&self, _connection: u64) {}

        fn auth_refusal(&self) -> AuthAnswer {
            AuthAnswer::default()
        }

        fn prompts(&self, _connection: u64, _user: &str) -> (String, Vec<Prompt>) {
            (String::new(), Vec::new())
        }
    }

    #[test]
    fn a_shutdown_ends_a_connection_that_it_has_not_found_in_the_tables() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let server = Server::new(Arc::new(Nobody::default()), Settings::default());
            let peer = SocketAddr::from(([127, 0, 0, 1], 1));
            let addresses = Addresses { peer, local: peer };
            let mut connections = JoinSet::new();
            let mut clients = Vec::new();
            // Which of its two futures a connection polls first is chosen at random.
            for _ in 0..16 {
                let [client, stream] = MemoryStream::pair();
                // Who has said this much is not ended before LoginGraceTime.
                client.write_within(b"SSH-2.0-test\r\n", Duration::ZERO).unwrap();
                clients.push(client);
                let arrival = arrival(&server.shared, &server.tables, peer).unwrap();
                connections.spawn(arrival.serve(Box::new(stream), addresses));
            }
            end_all(&server.shared, &server.tables);
            timeout(Duration::from_secs(60), connections.join_all()).await.unwrap();
            drop(clients);
            assert_eq!(server.connection_count(), 0);
        });
    }
}
