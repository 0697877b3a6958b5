//! One attack: what a client does, which error it leads to, and which reason the server's DISCONNECT
//! gives it. The tables of attacks are in the other files.

use sshserver::error::{DisconnectReason as Reason, Error};

use crate::common::client::Offer;
use crate::common::config;
use crate::common::pair::Pair;
use crate::common::program::{Program, verdict};

/// How far a connection is when the attack begins.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Stage {
    /// Nothing was sent.
    Connected,
    /// The identification string was sent.
    Identified,
    /// Both KEXINIT were sent, with strict kex.
    KexInit,
    /// Both KEXINIT were sent, without strict kex.
    KexInitNotStrict,
    /// Keys are in use.
    Keys,
    /// `ssh-userauth` was accepted.
    Authentication,
    /// Authenticated, with channel 0 open.
    Channels,
    /// The same, and the client has sent KEXINIT again.
    KexInitAgain,
}

pub(crate) fn reach(stage: Stage, mut offer: Offer) -> Pair {
    let mut program = Program::default();
    if matches!(stage, Stage::Authentication) {
        program = Program::judging(|_| Some(verdict(false)));
    }
    if matches!(stage, Stage::KexInitNotStrict) {
        offer = offer.plain();
    }
    let mut pair = Pair::new(config(), offer, program);
    match stage {
        Stage::Connected => pair.run(),
        Stage::Identified => pair.client.send_version(),
        Stage::KexInit | Stage::KexInitNotStrict => {
            pair.client.automatic = false;
            pair.exchange_keys();
        }
        Stage::Keys => pair.handshake(),
        Stage::Authentication => pair.start_authentication(),
        Stage::Channels | Stage::KexInitAgain => {
            pair.login();
            pair.open(4);
            if matches!(stage, Stage::KexInitAgain) {
                pair.client.automatic = false;
                pair.client.send_kex_init();
                pair.run();
            }
        }
    }
    pair
}

pub(crate) struct Attack {
    name: &'static str,
    stage: Stage,
    script: fn(&mut Pair),
    error: Error,
    reason: Option<Reason>,
}

pub(crate) fn attack(
    name: &'static str,
    stage: Stage,
    script: fn(&mut Pair),
    error: impl Into<Error>,
    reason: Reason,
) -> Attack {
    Attack { name, stage, script, error: error.into(), reason: Some(reason) }
}

pub(crate) fn run(attacks: Vec<Attack>) {
    for Attack { name, stage, script, error, reason } in attacks {
        let mut pair = reach(stage, Offer::default());
        script(&mut pair);
        pair.run();
        assert_eq!(pair.ended(), Some(&error), "{name}");
        pair.assert_ended(&error, reason);
    }
}

pub(crate) fn raw(pair: &mut Pair, bytes: &[u8]) {
    pair.client.out.extend_from_slice(bytes);
}
