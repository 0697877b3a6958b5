//! Forward tunnels (RFC 4254 section 7.2, `direct-streamlocal@openssh.com`): the client opens a
//! channel, and the server connects to where it is to lead.

use std::io;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

use super::lookup::resolve;
use super::race::first_of;
use super::splice::Splice;
use super::stream::Stream;
use super::{Asked, Asking, Open, Task, TunnelCommand, TunnelFailure};
use crate::driver::connection::command::{Command, OpError};
use crate::driver::connection::drive::Core;
use crate::driver::connection::handle::ConnectionHandle;
use crate::driver::handler::{Direction, EventKind, ServerEvent, TunnelAsked};
use crate::driver::os_error;
use crate::driver::shared::next_channel;
use crate::engine::{Answer, ChannelId, Place, QuestionId, Refusal};
use crate::limits::{TUNNEL_ATTEMPT_DELAY, TUNNEL_CONNECT_TIME};
use crate::wire::messages::forwarding::{DirectStreamlocal, Tcpip};

/// A forward tunnel that is not open yet.
#[derive(Debug)]
pub(super) struct Forward {
    channel: ChannelId,
    /// What the program knows it by, or the channel if it is none.
    number: u64,
    place: Place,
    channel_type: String,
    parameters: Bytes,
}

impl ConnectionHandle {
    /// Asks the program about a channel if it wants to be a tunnel.
    pub(in crate::driver) fn ask_forward(
        self: &Arc<Self>,
        core: &mut Core,
        question: QuestionId,
        channel: ChannelId,
        channel_type: &str,
        parameters: &Bytes,
    ) -> Asking {
        if !self.shared.wants(EventKind::TunnelRequested) {
            return Asking::Channel;
        }
        let Some(place) = target(channel_type, parameters) else {
            return Asking::Channel;
        };
        let tunnels = core.tunnels.get_or_insert_default();
        if tunnels.is_full() {
            let (why, description) = (Refusal::ResourceShortage, "too many tunnels".to_owned());
            return Asking::Refused(Answer::RefuseOpen { why, description });
        }
        let number = next_channel();
        let (address, port) = (place.address().to_owned(), place.port());
        let (channel_type, parameters) = (channel_type.to_owned(), parameters.clone());
        let forward = Forward { channel, number, place, channel_type, parameters };
        tunnels.asked.insert(question, Asked::Forward(forward));
        let asked = TunnelAsked::new(self, question, address.len());
        self.tell(ServerEvent::TunnelRequested {
            connection: self.id(),
            tunnel: number,
            direction: Direction::Forward,
            address,
            port,
            asked,
        });
        Asking::Tunnel
    }

    /// The program's answer: the port, or `None` for no tunnel. Then the channel may still be one
    /// that the program carries itself.
    pub(super) fn forward_answered(
        self: &Arc<Self>,
        core: &mut Core,
        question: QuestionId,
        mut forward: Forward,
        port: Option<u16>,
        now: Instant,
    ) {
        let Some(port) = port else {
            let Forward { channel, number, channel_type, parameters, .. } = forward;
            let answer = self.ask_open(core, question, channel, number, channel_type, parameters);
            if let (Some(answer), Some(engine)) = (answer, &mut core.engine) {
                // Void when the connection ended in the same turn.
                let _ = engine.answer(now, question, answer);
            }
            return;
        };
        forward.place = forward.place.with_port(port);
        let Some(tunnels) = &mut core.tunnels else {
            return;
        };
        let (handle, place) = (Arc::downgrade(self), forward.place.clone());
        let (lookups, attempts) = (Arc::clone(&tunnels.lookups), Arc::clone(&tunnels.attempts));
        let work = async move {
            let result = connect(&lookups, &attempts, &place).await;
            if let Some(handle) = handle.upgrade() {
                handle.submit(Command::Tunnel(TunnelCommand::Connected { question, result }));
            }
        };
        let task = Task(self.runtime.spawn(work).abort_handle());
        tunnels.connecting.insert(question, (forward, task));
    }

    /// The target is there, or not.
    pub(super) fn forward_connected(
        self: &Arc<Self>,
        core: &mut Core,
        question: QuestionId,
        forward: Forward,
        result: Result<Stream, TunnelFailure>,
        now: Instant,
    ) {
        let Core { engine: Some(engine), tunnels: Some(tunnels), .. } = core else {
            return;
        };
        let Forward { channel, number, place, .. } = forward;
        let answer = match result {
            Ok(stream) => {
                let splice = Some(Box::new(Splice::new(stream, self, channel)));
                tunnels.open.insert(channel, Open { splice, place, number: Some(number) });
                Answer::Accept(true)
            }
            Err(cause) => {
                let description = describe(&cause);
                self.tell_error(OpError::TunnelFailed { place, cause });
                Answer::RefuseOpen { why: Refusal::ConnectFailed, description }
            }
        };
        if engine.answer(now, question, answer).is_err() {
            tunnels.open.remove(&channel);
        }
    }
}

/// Where a channel is to lead, if it is a tunnel.
fn target(channel_type: &str, parameters: &[u8]) -> Option<Place> {
    match channel_type {
        "direct-tcpip" => {
            let fields = Tcpip::decode(parameters).ok()?;
            Place::tcp(fields.address, fields.port)
        }
        "direct-streamlocal@openssh.com" => {
            Place::unix(DirectStreamlocal::decode(parameters).ok()?.path)
        }
        _ => None,
    }
}

async fn connect(
    lookups: &Arc<Semaphore>,
    attempts: &Arc<Semaphore>,
    place: &Place,
) -> Result<Stream, TunnelFailure> {
    match timeout(TUNNEL_CONNECT_TIME, connect_to(lookups, attempts, place)).await {
        Ok(result) => result,
        Err(_) => Err(io::Error::from(io::ErrorKind::TimedOut).into()),
    }
}

async fn connect_to(
    lookups: &Arc<Semaphore>,
    attempts: &Arc<Semaphore>,
    place: &Place,
) -> Result<Stream, TunnelFailure> {
    match place {
        Place::Tcp { address, port } => {
            let addresses = resolve(lookups, address, *port).await?;
            let pause = || sleep(TUNNEL_ATTEMPT_DELAY);
            let connected = first_of(addresses, attempts, TcpStream::connect, pause).await;
            let failed = |error: Option<io::Error>| {
                error.map_or(TunnelFailure::HostNotFound, TunnelFailure::from)
            };
            let stream = connected.map_err(failed)?;
            // Data comes in the pieces that the client has made of it.
            stream.set_nodelay(true)?;
            Ok(Stream::Tcp(stream))
        }
        #[cfg(unix)]
        Place::Unix { path } => Ok(Stream::Unix(tokio::net::UnixStream::connect(path).await?)),
        #[cfg(not(unix))]
        Place::Unix { .. } => Err(io::Error::from(io::ErrorKind::Unsupported).into()),
    }
}

/// What the client is told.
fn describe(cause: &TunnelFailure) -> String {
    let number = match cause {
        TunnelFailure::HostNotFound => os_error::HOST_NOT_FOUND,
        TunnelFailure::Io(error) => os_error::number(error),
        TunnelFailure::Refused(_) => return String::new(),
    };
    os_error::text(number).unwrap_or_default()
}
