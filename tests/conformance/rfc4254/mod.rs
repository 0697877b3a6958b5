//! RFC 4254: channels, their windows, requests and ends.

mod data;
mod opening;
mod requests;

use sshserver::engine::{ChannelId, SendMode};
use sshserver::error::{DisconnectReason, PeerMisbehaved};
use sshserver::wire::messages;

use crate::common::client::Offer;
use crate::common::config;
use crate::common::pair::Pair;
use crate::common::program::{Program, Seen};

const WAIT: SendMode = SendMode::Wait(None);

fn connected(program: Program) -> Pair {
    let mut pair = Pair::new(config(), Offer::default(), program);
    pair.login();
    pair.take_numbers();
    pair
}

/// What the program has seen since `start`, without the events of the setup.
fn seen_since(pair: &Pair, start: usize) -> &[Seen] {
    &pair.program.seen[start..]
}

fn protocol_error(pair: &mut Pair, error: PeerMisbehaved) {
    pair.assert_ended(&error.into(), Some(DisconnectReason::ProtocolError));
}

/// A violation has ended this channel, and nothing else.
fn closed_alone(pair: &mut Pair, channel: ChannelId) {
    assert!(pair.has_seen(&Seen::Closed(channel)));
    assert_eq!(pair.take_numbers().last(), Some(&messages::SSH_MSG_CHANNEL_CLOSE));
    pair.assert_alive();
}
