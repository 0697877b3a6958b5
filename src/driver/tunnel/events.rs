//! Passes a connection's engine events and commands to its tunnels. A function that returns `false` leaves
//! the event to the channels of the program: it concerns no tunnel.

use std::sync::Arc;
use std::time::Instant;

use super::asking::TunnelAnswered;
use super::command::TunnelCommand;
use super::forward;
use super::parts::Asked;
use super::reverse;
use super::splice::Splice;
use super::stream::Stream;
use super::table::{Tunnels, tell_closed};
use crate::driver::connection::link::Link;
use crate::driver::op_error::{OpError, TunnelFailure};
use crate::engine::{ChannelId, Connection, Outcome, Ticket};
use crate::limits::TUNNEL_REMAINDER_TIME;

type Of = Option<Box<Tunnels>>;

/// Runs a command for a tunnel.
pub(in crate::driver) fn run(
    tunnels: &mut Of,
    cx: &Link,
    engine: &mut Connection,
    command: TunnelCommand,
    now: Instant,
) -> TunnelAnswered {
    let Some(tunnels) = tunnels else {
        return TunnelAnswered::Done;
    };
    match command {
        TunnelCommand::Answer { question, port } => match tunnels.asked.remove(&question) {
            Some(Asked::Forward(forward)) => {
                return forward::answered(tunnels, cx, question, forward, port);
            }
            Some(Asked::Reverse(reverse)) => {
                reverse::answered(tunnels, cx, engine, question, reverse, port, now);
            }
            None => {}
        },
        TunnelCommand::Connected { question, result } => {
            if let Some((forward, _)) = tunnels.connecting.remove(&question) {
                forward::connected(tunnels, cx, engine, question, forward, result, now);
            }
        }
        TunnelCommand::Bound { question, result } => {
            if let Some((reverse, _)) = tunnels.binding.remove(&question) {
                reverse::bound(tunnels, cx, engine, question, reverse, result, now);
            }
        }
    }
    TunnelAnswered::Done
}

/// The channel of a tunnel is open.
pub(in crate::driver) fn opened(tunnels: &mut Of, cx: &Link, channel: ChannelId) -> bool {
    let Some(tunnels) = tunnels else {
        return false;
    };
    if let Some(arrived) = tunnels.arriving.remove(&channel) {
        let open = arrived.open(cx, channel);
        tunnels.open.insert(channel, open);
        tunnels.knock_all();
    }
    tunnels.open.contains_key(&channel)
}

/// There is room to send on the channel of a tunnel.
pub(in crate::driver) fn ready(tunnels: &mut Of, channel: ChannelId) -> bool {
    let Some(tunnels) = tunnels else {
        return false;
    };
    if tunnels.splice_mut(channel).is_some_and(Splice::window_opened) {
        tunnels.ready.push_back(channel);
    }
    tunnels.open.contains_key(&channel)
}

/// The client has sent EOF on the channel of a tunnel.
pub(in crate::driver) fn ended(tunnels: &mut Of, channel: ChannelId) -> bool {
    let Some(tunnels) = tunnels else {
        return false;
    };
    if let Some(splice) = tunnels.splice_mut(channel) {
        splice.end_sink();
    }
    tunnels.mark_dirty(channel);
    tunnels.open.contains_key(&channel)
}

/// The channel of a tunnel is closed.
pub(in crate::driver) fn closed(tunnels: &mut Of, cx: &Link, channel: ChannelId) -> bool {
    let Some(tunnels) = tunnels else {
        return false;
    };
    let Some(open) = tunnels.open.remove(&channel) else {
        return false;
    };
    if let Some(mut splice) = open.splice {
        // The tunnel is over; a write error changes nothing.
        let _ = splice.write();
        if let Some((stream, rest)) = splice.into_rest() {
            drain(tunnels, cx, stream, rest);
        }
    }
    tell_closed(cx, open.number, &open.place);
    true
}

/// Writes data that the client sent before it closed the channel: the target is to get it all the same.
fn drain(tunnels: &Tunnels, cx: &Link, stream: Stream, rest: bytes::Bytes) {
    let Ok(permit) = Arc::clone(&tunnels.remainders).try_acquire_owned() else {
        return;
    };
    let mut halt = cx.shared.halt.subscribe();
    cx.runtime.spawn(async move {
        tokio::select! {
            // The result does not matter: the channel is closed, so the client cannot be told of it.
            _ = tokio::time::timeout(TUNNEL_REMAINDER_TIME, stream.drain(&rest)) => {}
            _ = halt.changed() => {}
        }
        drop(permit);
    });
}

/// A command that the driver gave itself has ended.
pub(in crate::driver) fn done(tunnels: &mut Of, cx: &Link, ticket: Ticket, outcome: Outcome) {
    if matches!(outcome, Outcome::Complete | Outcome::Opened(_)) {
        return;
    }
    if let Some(tunnels) = tunnels
        && let Some(place) = tunnels.forget_arriving(ticket)
    {
        tunnels.knock_all();
        if !matches!(outcome, Outcome::ConnectionEnded) {
            let cause = TunnelFailure::Refused(outcome);
            cx.tell_error(OpError::TunnelFailed { place, cause });
        }
    }
}

/// The connection is over: ends its tunnels.
pub(in crate::driver) fn end_all(tunnels: &mut Of, cx: &Link) {
    let Some(tunnels) = tunnels.take() else {
        return;
    };
    // There are none unless something panicked: the engine closes its channels when it ends.
    for open in tunnels.open.into_values() {
        drop(open.splice);
        tell_closed(cx, open.number, &open.place);
    }
    for listener in tunnels.listeners {
        let (number, place) = listener.close();
        tell_closed(cx, Some(number), &place);
    }
}
