//! Reverse tunnels (RFC 4254 section 7.1, `streamlocal-forward@openssh.com`): the server listens for the
//! client, and opens a channel for each connection that it accepts.

use std::io;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use tokio::runtime::Handle;

use super::alarm::{Alarm, TunnelSign};
use super::bound::{Bound, listen};
use super::command::TunnelCommand;
use super::parts::{Arriving, Asked, Listener, Reverse, Work};
use super::table::{Tunnels, tell_closed};
use super::tickets::next_ticket;
use crate::driver::connection::link::Link;
use crate::driver::handler::{Direction, EventKind, Reply, ServerEvent, TunnelAsked};
use crate::driver::op_error::{OpError, TunnelFailure};
use crate::driver::os_error;
use crate::driver::shared::next_channel;
use crate::engine::{Answer, Connection, Forwarding, Place, QuestionId, Ticket};
use crate::limits::{MAX_TUNNEL_LISTENERS, MAX_TUNNEL_OPENINGS};

/// How long a listener does not accept after the system had no file descriptor or no memory left.
const PAUSE: Duration = Duration::from_secs(1);

impl Tunnels {
    /// The client has refused a connection: drops its socket; returns the address of the tunnel.
    pub(super) fn forget_arriving(&mut self, ticket: Ticket) -> Option<Place> {
        let found = self.arriving.iter().find(|(_, arriving)| arriving.ticket == ticket);
        let channel = *found?.0;
        self.arriving.remove(&channel).map(|arriving| arriving.place)
    }

    /// There is room for connections again: tries all listeners, as any backlog may hold some.
    pub(super) fn knock_all(&mut self) {
        if self.knocked.is_empty() {
            self.knocked.extend(self.listeners.iter().map(|listener| listener.number));
        }
    }
}

/// A request for a reverse tunnel, or to cancel one: asks the program about the first, answers the second.
pub(in crate::driver) fn ask(
    tunnels: &mut Option<Box<Tunnels>>,
    cx: &Link,
    question: QuestionId,
    request: Forwarding,
) -> Option<Answer> {
    let place = match request {
        Forwarding::Listen(place) => place,
        Forwarding::Cancel(place) => {
            let ended = tunnels.as_mut().is_some_and(|tunnels| tunnels.end_reverse(cx, &place));
            return Some(Answer::Forwarding(ended.then_some(0)));
        }
    };
    let tunnels = tunnels.get_or_insert_default();
    let count = tunnels.listeners.len().saturating_add(tunnels.binding.len());
    if !cx.wants(EventKind::TunnelRequested) || count >= MAX_TUNNEL_LISTENERS {
        return Some(Answer::Forwarding(None));
    }
    let number = next_channel();
    let (address, port) = (place.address().to_owned(), place.port());
    tunnels.asked.insert(question, Asked::Reverse(Reverse { number, asked: place }));
    let asked = TunnelAsked::new(cx.ask(Reply::Tunnel(question, None), address.len()), question);
    cx.tell(ServerEvent::TunnelRequested {
        connection: cx.id,
        tunnel: number,
        direction: Direction::Reverse,
        address,
        port,
        asked,
    });
    None
}

/// Takes the program's answer: the port, or `None` for no tunnel.
pub(super) fn answered(
    tunnels: &mut Tunnels,
    cx: &Link,
    engine: &mut Connection,
    question: QuestionId,
    reverse: Reverse,
    port: Option<u16>,
    now: Instant,
) {
    let Some(port) = port else {
        // The answer is void when the connection ended in the same turn.
        let _ = engine.answer(now, question, Answer::Forwarding(None));
        return;
    };
    let (me, place) = (cx.me(), reverse.asked.with_port(port));
    let lookups = Arc::clone(&tunnels.lookups);
    let work = async move {
        let result = listen(&lookups, &place).await;
        if let Some(me) = me.upgrade() {
            me.decided(TunnelCommand::Bound { question, result });
        }
    };
    let work = Work(cx.runtime.spawn(work).abort_handle());
    tunnels.binding.insert(question, (reverse, work));
}

/// The sockets of the tunnel listen, or could not be bound: tells the client.
pub(super) fn bound(
    tunnels: &mut Tunnels,
    cx: &Link,
    engine: &mut Connection,
    question: QuestionId,
    reverse: Reverse,
    result: Result<Bound, TunnelFailure>,
    now: Instant,
) {
    let Reverse { number, asked } = reverse;
    let answer = match result {
        Ok(Bound { sockets, port }) => {
            let known_as = if asked.port() == 0 { asked.with_port(port) } else { asked.clone() };
            let place = asked.with_port(port);
            let alarm = Alarm::new(cx.me(), TunnelSign::Listener(number));
            tunnels.listeners.push(Listener { number, known_as, place, sockets, alarm });
            tunnels.knocked.push(number);
            Answer::Forwarding(Some(port))
        }
        Err(cause) => {
            cx.tell_error(OpError::TunnelFailed { place: asked, cause });
            Answer::Forwarding(None)
        }
    };
    // The answer is void when the connection ended in the same turn.
    let _ = engine.answer(now, question, answer);
}

impl Tunnels {
    fn end_reverse(&mut self, cx: &Link, place: &Place) -> bool {
        let found = self.listeners.iter().position(|listener| listener.known_as == *place);
        let Some(at) = found else {
            return false;
        };
        let (number, place) = self.listeners.swap_remove(at).close();
        tell_closed(cx, Some(number), &place);
        true
    }

    /// Accepts the connections in the backlogs; `true` if there were any.
    pub(super) fn accept_connections(
        &mut self,
        cx: &Link,
        engine: &mut Connection,
        now: Instant,
    ) -> bool {
        let mut moved = false;
        for number in std::mem::take(&mut self.knocked) {
            let found = self.listeners.iter().find(|listener| listener.number == number);
            let Some(listener) = found else {
                continue;
            };
            listener.alarm.reset();
            while self.arriving.len() < MAX_TUNNEL_OPENINGS {
                match listener.poll_accept() {
                    Poll::Ready(Ok((stream, peer))) => {
                        moved = true;
                        // The client has too many tunnels: this connection is closed.
                        if self.is_full() {
                            continue;
                        }
                        let (ticket, place) = (next_ticket(), listener.place.clone());
                        let (channel_type, fields) = listener.opening(peer);
                        if let Ok(channel) = engine.open_channel(now, channel_type, &fields, ticket)
                        {
                            let arriving = Arriving { stream, ticket, place };
                            self.arriving.insert(channel, arriving);
                        }
                    }
                    Poll::Ready(Err(error)) => {
                        pause(&cx.runtime, listener, &error);
                        break;
                    }
                    Poll::Pending => break,
                }
            }
        }
        moved
    }
}

/// Has a listener tried again: at once if the client that was to be accepted has left, later if the system
/// has no file descriptor or no memory left.
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
