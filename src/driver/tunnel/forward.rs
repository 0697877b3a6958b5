//! Forward tunnels (RFC 4254 section 7.2, `direct-streamlocal@openssh.com`): the client opens a channel,
//! and the server connects it to its target.

use std::io;
use std::sync::Arc;
use std::time::Instant;

use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

use super::asking::{Asking, OpenRequest, TunnelAnswered};
use super::command::TunnelCommand;
use super::lookup::resolve;
use super::parts::{Asked, Forward, Open, Work};
use super::race::first_of;
use super::splice::Splice;
use super::stream::Stream;
use super::table::Tunnels;
use crate::driver::connection::link::Link;
use crate::driver::handler::{Direction, EventKind, Reply, ServerEvent, TunnelAsked};
use crate::driver::op_error::{OpError, TunnelFailure};
use crate::driver::os_error;
use crate::driver::shared::next_channel;
use crate::engine::{Answer, Connection, Place, QuestionId, Refusal};
use crate::limits::{TUNNEL_ATTEMPT_DELAY, TUNNEL_CONNECT_TIME};
use crate::wire::messages::forwarding::{DirectStreamlocal, Tcpip};

/// Asks the program about a channel that is to be a tunnel by its type.
pub(in crate::driver) fn ask(
    tunnels: &mut Option<Box<Tunnels>>,
    cx: &Link,
    question: QuestionId,
    request: OpenRequest,
) -> Asking {
    if !cx.wants(EventKind::TunnelRequested) {
        return Asking::Channel(request);
    }
    let Some(place) = target(&request.channel_type, &request.parameters) else {
        return Asking::Channel(request);
    };
    let tunnels = tunnels.get_or_insert_default();
    if tunnels.is_full() {
        let (why, description) = (Refusal::ResourceShortage, "too many tunnels".to_owned());
        return Asking::Refused(Answer::RefuseOpen { why, description });
    }
    let number = next_channel();
    let (address, port) = (place.address().to_owned(), place.port());
    tunnels.asked.insert(question, Asked::Forward(Forward { request, number, place }));
    let asked = TunnelAsked::new(cx.ask(Reply::Tunnel(question, None), address.len()), question);
    cx.tell(ServerEvent::TunnelRequested {
        connection: cx.id,
        tunnel: number,
        direction: Direction::Forward,
        address,
        port,
        asked,
    });
    Asking::Tunnel
}

/// Takes the program's answer: the port, or `None` for no tunnel. Then the channel may still be one that
/// the program carries itself.
pub(super) fn answered(
    tunnels: &mut Tunnels,
    cx: &Link,
    question: QuestionId,
    mut forward: Forward,
    port: Option<u16>,
) -> TunnelAnswered {
    let Some(port) = port else {
        let Forward { request, number, .. } = forward;
        return TunnelAnswered::Refused { question, number, request };
    };
    forward.place = forward.place.with_port(port);
    let (me, place) = (cx.me(), forward.place.clone());
    let (lookups, attempts) = (Arc::clone(&tunnels.lookups), Arc::clone(&tunnels.attempts));
    let work = async move {
        let result = connect(&lookups, &attempts, &place).await;
        if let Some(me) = me.upgrade() {
            me.decided(TunnelCommand::Connected { question, result });
        }
    };
    let work = Work(cx.runtime.spawn(work).abort_handle());
    tunnels.connecting.insert(question, (forward, work));
    TunnelAnswered::Done
}

/// Opens the channel if the target is connected, else refuses it.
pub(super) fn connected(
    tunnels: &mut Tunnels,
    cx: &Link,
    engine: &mut Connection,
    question: QuestionId,
    forward: Forward,
    result: Result<Stream, TunnelFailure>,
    now: Instant,
) {
    let Forward { request, number, place } = forward;
    let channel = request.channel;
    let answer = match result {
        Ok(stream) => {
            let splice = Some(Box::new(Splice::new(stream, cx, channel)));
            tunnels.open.insert(channel, Open { splice, place, number: Some(number) });
            Answer::Accept(true)
        }
        Err(cause) => {
            let description = describe(&cause);
            cx.tell_error(OpError::TunnelFailed { place, cause });
            Answer::RefuseOpen { why: Refusal::ConnectFailed, description }
        }
    };
    if engine.answer(now, question, answer).is_err() {
        tunnels.open.remove(&channel);
    }
}

/// The target of a channel, if it is a tunnel by its type.
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
            // TCP_NODELAY: the target gets data in the pieces that the client has sent.
            stream.set_nodelay(true)?;
            Ok(Stream::Tcp(stream))
        }
        #[cfg(unix)]
        Place::Unix { path } => Ok(Stream::Unix(tokio::net::UnixStream::connect(path).await?)),
        #[cfg(not(unix))]
        Place::Unix { .. } => Err(io::Error::from(io::ErrorKind::Unsupported).into()),
    }
}

/// The description of the failure for the client.
fn describe(cause: &TunnelFailure) -> String {
    let number = match cause {
        TunnelFailure::HostNotFound => os_error::HOST_NOT_FOUND,
        TunnelFailure::Io(error) => os_error::number(error),
        TunnelFailure::Refused(_) => return String::new(),
    };
    os_error::text(number).unwrap_or_default()
}
