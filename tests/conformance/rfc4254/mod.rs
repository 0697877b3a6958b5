//! RFC 4254: channels, their windows, requests and ends.

mod data;
mod opening;
mod requests;

use sshserver::engine::SendMode;
use sshserver::error::{DisconnectReason, PeerMisbehaved};

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

/// What the program has seen since `start`, without the noise of getting there.
fn seen_since(pair: &Pair, start: usize) -> &[Seen] {
    &pair.program.seen[start..]
}

fn protocol_error(pair: &mut Pair, error: PeerMisbehaved) {
    pair.assert_ended(&error.into(), Some(DisconnectReason::ProtocolError));
}
