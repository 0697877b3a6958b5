//! Reverse tunnels (RFC 4254 section 7.1, `streamlocal-forward@openssh.com`): the server listens for
//! the client, and opens a channel for each connection that comes in.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;

use super::lookup::resolve;
use super::splice::{Alarm, Splice};
use super::stream::Stream;
use super::{Asked, Open, Task, TunnelCommand, TunnelFailure, Tunnels, Woken, next_ticket};
use crate::driver::connection::command::{Command, OpError};
use crate::driver::connection::drive::Core;
use crate::driver::connection::handle::ConnectionHandle;
use crate::driver::handler::{Direction, EventKind, ServerEvent, TunnelAsked};
use crate::driver::listener::{bind_exclusively, is_lacking};
use crate::driver::os_error;
use crate::driver::shared::next_channel;
use crate::engine::{Answer, ChannelId, Forwarding, Place, QuestionId, Ticket};
use crate::limits::{MAX_TUNNEL_LISTENERS, MAX_TUNNEL_OPENINGS};
use crate::wire::messages::forwarding::{ForwardedStreamlocal, Tcpip};

/// Connections that the operating system holds until they are accepted.
const BACKLOG: u16 = 128;

/// How often a port that the system chose for one address is tried to be had on the others too.
const ATTEMPTS: usize = 16;

/// How long accepting pauses when there is no file descriptor left.
const PAUSE: Duration = Duration::from_secs(1);

/// A reverse tunnel that does not listen yet.
#[derive(Debug)]
pub(super) struct Reverse {
    number: u64,
    /// As the client has asked for it.
    asked: Place,
}

/// The sockets of a reverse tunnel.
#[derive(Debug)]
pub(in crate::driver) struct Bound {
    sockets: Vec<Socket>,
    port: u16,
}

#[derive(Debug)]
enum Socket {
    Tcp(TcpListener),
    #[cfg(unix)]
    Unix(unix::Listener),
}

/// A reverse tunnel.
#[derive(Debug)]
pub(super) struct Listener {
    number: u64,
    /// What the client knows it by: with the port it asked for, or got if it left that to us.
    known_as: Place,
    /// With the port that is listened on.
    place: Place,
    sockets: Vec<Socket>,
    alarm: Alarm,
}

/// A connection to a reverse tunnel that the client is asked to take.
#[derive(Debug)]
pub(super) struct Arriving {
    stream: Stream,
    ticket: Ticket,
    place: Place,
}

impl Arriving {
    /// The client has taken it.
    pub(super) fn open(self, connection: &Arc<ConnectionHandle>, channel: ChannelId) -> Open {
        let splice = Some(Box::new(Splice::new(self.stream, connection, channel)));
        Open { splice, place: self.place, number: None }
    }
}

impl Listener {
    /// Closes the sockets; what the program knows it by.
    pub(super) fn close(self) -> (u64, Place) {
        (self.number, self.place)
    }

    fn poll_accept(&self) -> Poll<io::Result<(Stream, Option<SocketAddr>)>> {
        let mut cx = self.alarm.context();
        for socket in &self.sockets {
            if let Poll::Ready(accepted) = socket.poll_accept(&mut cx) {
                return Poll::Ready(accepted);
            }
        }
        Poll::Pending
    }

    /// The fields of the channel for a connection from `peer`.
    fn opening(&self, peer: Option<SocketAddr>) -> (&'static str, Vec<u8>) {
        match &self.known_as {
            Place::Tcp { address, port } => {
                let originator = peer.map(|peer| peer.ip().to_canonical().to_string());
                let fields = Tcpip {
                    address,
                    port: (*port).into(),
                    originator_address: originator.as_deref().unwrap_or_default(),
                    originator_port: peer.map_or(0, |peer| peer.port().into()),
                };
                ("forwarded-tcpip", fields.encode())
            }
            Place::Unix { path } => {
                let fields = ForwardedStreamlocal { path, reserved: "" };
                ("forwarded-streamlocal@openssh.com", fields.encode())
            }
        }
    }
}

impl Socket {
    fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<(Stream, Option<SocketAddr>)>> {
        match self {
            Self::Tcp(listener) => listener.poll_accept(cx).map_ok(|(stream, peer)| {
                // It is about speed only.
                let _ = stream.set_nodelay(true);
                (Stream::Tcp(stream), Some(peer))
            }),
            #[cfg(unix)]
            Self::Unix(listener) => {
                listener.poll_accept(cx).map_ok(|stream| (Stream::Unix(stream), None))
            }
        }
    }
}

impl Tunnels {
    /// The client has not taken a connection; where that came in.
    pub(super) fn forget_arriving(&mut self, ticket: Ticket) -> Option<Place> {
        let found = self.arriving.iter().find(|(_, arriving)| arriving.ticket == ticket);
        let channel = *found?.0;
        self.arriving.remove(&channel).map(|arriving| arriving.place)
    }

    /// There is room for connections again: the backlog of any listener may hold some.
    pub(super) fn knock_all(&mut self) {
        if self.knocked.is_empty() {
            self.knocked.extend(self.listeners.iter().map(|listener| listener.number));
        }
    }
}

impl ConnectionHandle {
    /// A request for a reverse tunnel, or to end one: asks the program, or answers.
    pub(in crate::driver) fn ask_reverse(
        self: &Arc<Self>,
        core: &mut Core,
        question: QuestionId,
        request: Forwarding,
    ) -> Option<Answer> {
        let place = match request {
            Forwarding::Listen(place) => place,
            Forwarding::Cancel(place) => {
                let ended = self.end_reverse(core, &place);
                return Some(Answer::Forwarding(ended.then_some(0)));
            }
        };
        let tunnels = core.tunnels.get_or_insert_default();
        let count = tunnels.listeners.len().saturating_add(tunnels.binding.len());
        if !self.shared.wants(EventKind::TunnelRequested) || count >= MAX_TUNNEL_LISTENERS {
            return Some(Answer::Forwarding(None));
        }
        let number = next_channel();
        let (address, port) = (place.address().to_owned(), place.port());
        tunnels.asked.insert(question, Asked::Reverse(Reverse { number, asked: place }));
        let asked = TunnelAsked::new(self, question, address.len());
        self.tell(ServerEvent::TunnelRequested {
            connection: self.id(),
            tunnel: number,
            direction: Direction::Reverse,
            address,
            port,
            asked,
        });
        None
    }

    fn end_reverse(&self, core: &mut Core, place: &Place) -> bool {
        let Some(tunnels) = &mut core.tunnels else {
            return false;
        };
        let found = tunnels.listeners.iter().position(|listener| listener.known_as == *place);
        let Some(at) = found else {
            return false;
        };
        let (number, place) = tunnels.listeners.swap_remove(at).close();
        self.tell_closed(Some(number), &place);
        true
    }

    /// The program's answer: the port, or `None` for no tunnel.
    pub(super) fn reverse_answered(
        self: &Arc<Self>,
        core: &mut Core,
        question: QuestionId,
        reverse: Reverse,
        port: Option<u16>,
        now: Instant,
    ) {
        let Core { engine: Some(engine), tunnels: Some(tunnels), .. } = core else {
            return;
        };
        let Some(port) = port else {
            // Void when the connection ended in the same turn.
            let _ = engine.answer(now, question, Answer::Forwarding(None));
            return;
        };
        let (handle, place) = (Arc::downgrade(self), reverse.asked.with_port(port));
        let lookups = Arc::clone(&tunnels.lookups);
        let work = async move {
            let result = listen(&lookups, &place).await;
            if let Some(handle) = handle.upgrade() {
                handle.submit(Command::Tunnel(TunnelCommand::Bound { question, result }));
            }
        };
        let task = Task(self.runtime.spawn(work).abort_handle());
        tunnels.binding.insert(question, (reverse, task));
    }

    /// The tunnel listens, or not.
    pub(super) fn reverse_bound(
        self: &Arc<Self>,
        core: &mut Core,
        question: QuestionId,
        reverse: Reverse,
        result: Result<Bound, TunnelFailure>,
        now: Instant,
    ) {
        let Core { engine: Some(engine), tunnels: Some(tunnels), .. } = core else {
            return;
        };
        let Reverse { number, asked } = reverse;
        let answer = match result {
            Ok(Bound { sockets, port }) => {
                let known_as =
                    if asked.port() == 0 { asked.with_port(port) } else { asked.clone() };
                let place = asked.with_port(port);
                let alarm = Alarm::new(self, Woken::Listener(number));
                tunnels.listeners.push(Listener { number, known_as, place, sockets, alarm });
                tunnels.knocked.push(number);
                Answer::Forwarding(Some(port))
            }
            Err(cause) => {
                self.tell_error(OpError::TunnelFailed { place: asked, cause });
                Answer::Forwarding(None)
            }
        };
        // Void when the connection ended in the same turn.
        let _ = engine.answer(now, question, answer);
    }

    /// Takes the connections that have come in; `true` if there were any.
    pub(super) fn accept_connections(&self, core: &mut Core, now: Instant) -> bool {
        let Core { engine: Some(engine), tunnels: Some(tunnels), .. } = core else {
            return false;
        };
        let mut moved = false;
        for number in std::mem::take(&mut tunnels.knocked) {
            let found = tunnels.listeners.iter().find(|listener| listener.number == number);
            let Some(listener) = found else {
                continue;
            };
            listener.alarm.reset();
            while tunnels.arriving.len() < MAX_TUNNEL_OPENINGS {
                match listener.poll_accept() {
                    Poll::Ready(Ok((stream, peer))) => {
                        moved = true;
                        // One too many is closed.
                        if tunnels.is_full() {
                            continue;
                        }
                        let (ticket, place) = (next_ticket(), listener.place.clone());
                        let (channel_type, fields) = listener.opening(peer);
                        if let Ok(channel) = engine.open_channel(now, channel_type, &fields, ticket)
                        {
                            let arriving = Arriving { stream, ticket, place };
                            tunnels.arriving.insert(channel, arriving);
                        }
                    }
                    Poll::Ready(Err(error)) => {
                        pause(&self.runtime, listener, &error);
                        break;
                    }
                    Poll::Pending => break,
                }
            }
        }
        moved
    }
}

/// Has a listener tried again: at once if somebody left before being accepted, later if there is no
/// file descriptor or no memory left.
fn pause(runtime: &Handle, listener: &Listener, error: &io::Error) {
    let waker = listener.alarm.waker();
    if os_error::is_of_the_client(error) {
        waker.wake();
    } else {
        runtime.spawn(async move {
            tokio::time::sleep(PAUSE).await;
            waker.wake();
        });
    }
}

async fn listen(lookups: &Arc<Semaphore>, place: &Place) -> Result<Bound, TunnelFailure> {
    match place {
        Place::Tcp { address, port } => {
            let addresses = addresses(lookups, address).await?;
            for _ in 1..ATTEMPTS {
                match bind_all(&addresses, *port) {
                    // The port that the system chose for the first address is taken on another.
                    Err(error) if *port == 0 && error.kind() == io::ErrorKind::AddrInUse => {}
                    result => return Ok(result?),
                }
            }
            Ok(bind_all(&addresses, *port)?)
        }
        #[cfg(unix)]
        Place::Unix { path } => {
            let sockets = vec![Socket::Unix(unix::Listener::bind(path)?)];
            Ok(Bound { sockets, port: 0 })
        }
        #[cfg(not(unix))]
        Place::Unix { .. } => Err(io::Error::from(io::ErrorKind::Unsupported).into()),
    }
}

/// RFC 4254 section 7.1: what the address of a request stands for.
async fn addresses(lookups: &Arc<Semaphore>, address: &str) -> Result<Vec<IpAddr>, TunnelFailure> {
    Ok(match address {
        "" | "*" => vec![Ipv4Addr::UNSPECIFIED.into(), Ipv6Addr::UNSPECIFIED.into()],
        "localhost" => vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()],
        name => {
            let mut found: Vec<IpAddr> =
                resolve(lookups, name, 0).await?.into_iter().map(|found| found.ip()).collect();
            found.sort();
            found.dedup();
            found
        }
    })
}

/// The same port on every address; a family that this machine lacks is left out.
fn bind_all(addresses: &[IpAddr], mut port: u16) -> io::Result<Bound> {
    let mut sockets = Vec::new();
    let mut lacking = None;
    for address in addresses {
        match bind_exclusively(SocketAddr::new(*address, port), BACKLOG) {
            Ok(listener) => {
                port = listener.local_addr()?.port();
                sockets.push(Socket::Tcp(listener));
            }
            Err(error) if is_lacking(&error) => lacking = Some(error),
            Err(error) => return Err(error),
        }
    }
    match lacking {
        Some(error) if sockets.is_empty() => Err(error),
        Some(_) | None => Ok(Bound { sockets, port }),
    }
}

#[cfg(unix)]
mod unix {
    //! A Unix domain socket that is removed from the file system with its listener.

    use std::fs::{self, File, Permissions};
    use std::io;
    use std::os::fd::OwnedFd;
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    use std::path::{Path, PathBuf};
    use std::task::{Context, Poll};

    use socket2::{Domain, SockAddr, Socket, Type};
    use tokio::net::{UnixListener, UnixStream};

    /// What is bound to a path.
    #[derive(Debug)]
    pub(super) struct Listener {
        listener: UnixListener,
        path: PathBuf,
        /// Device and file: what lies at the path later may be somebody else's.
        file: (u64, u64),
    }

    impl Listener {
        /// Binds; a path that exists is an error, whatever it is. Nobody but this user may connect.
        pub(super) fn bind(path: &str) -> io::Result<Self> {
            let path = PathBuf::from(path);
            let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
            // On Linux the file gets the mode of the socket, so it is never open to others.
            let file = File::from(OwnedFd::from(socket));
            file.set_permissions(Permissions::from_mode(0o600))?;
            let socket = Socket::from(OwnedFd::from(file));
            socket.bind(&SockAddr::unix(&path)?)?;
            let guard = Unlink(Some(&path));
            fs::set_permissions(&path, Permissions::from_mode(0o600))?;
            let metadata = fs::symlink_metadata(&path)?;
            socket.set_nonblocking(true)?;
            socket.listen(i32::from(super::BACKLOG))?;
            let listener = UnixListener::from_std(OwnedFd::from(socket).into())?;
            guard.keep();
            Ok(Self { listener, file: (metadata.dev(), metadata.ino()), path })
        }

        pub(super) fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<UnixStream>> {
            self.listener.poll_accept(cx).map_ok(|(stream, _)| stream)
        }
    }

    impl Drop for Listener {
        fn drop(&mut self) {
            let ours = fs::symlink_metadata(&self.path)
                .is_ok_and(|found| (found.dev(), found.ino()) == self.file);
            if ours {
                // Somebody else may have been faster.
                let _ = fs::remove_file(&self.path);
            }
        }
    }

    /// Removes what was bound if that leads to nothing.
    struct Unlink<'a>(Option<&'a Path>);

    impl Unlink<'_> {
        fn keep(mut self) {
            self.0 = None;
        }
    }

    impl Drop for Unlink<'_> {
        fn drop(&mut self) {
            if let Some(path) = self.0 {
                let _ = fs::remove_file(path);
            }
        }
    }
}
