//! A step of a script in which everybody does what they can: the network carries everything, the client opens
//! its windows, the program answers every question and uses all data. Then nothing may be left undone: a
//! wake-up that was lost shows here.

use sshserver::driver::{EventKind, Handler as _};

use super::World;
use super::peer::{Stage, Takes};

/// The least that a window holds while everybody reads.
const WINDOW: u64 = 1 << 20;

impl World {
    /// Runs until nothing moves any more, and checks that everything has arrived.
    pub async fn drain(&mut self) {
        self.open_up();
        let (mut before, mut idle) = (0, 0);
        while idle < 3 {
            self.drain_round().await;
            while self.peer.answer(Some(Takes { window: 1 << 20, packet: 32_768 })).is_some() {}
            let moved = self.moved();
            idle = if moved == before { idle + 1 } else { 0 };
            before = moved;
        }
        self.is_drained();
    }

    /// Nothing holds anybody back.
    pub fn open_up(&mut self) {
        self.holds = false;
        self.wire.set_room(usize::MAX);
        self.wire.set_most(usize::MAX, usize::MAX);
        self.wire.set_false(0, 0);
        self.peer.answers = true;
        if std::mem::take(&mut self.in_turn) {
            self.server.end_turn();
        }
        self.unpause();
    }

    pub async fn drain_round(&mut self) {
        for index in 0..self.peer.channels.len() {
            let channel = &self.peer.channels[index];
            let used = channel.received.iter().sum::<usize>() as u64;
            if channel.granted - used < WINDOW {
                self.peer.adjust(index, 2 << 20);
            }
        }
        self.serve().await;
    }

    /// The bytes that were carried and the events that were told.
    pub fn moved(&self) -> usize {
        self.carried + self.program.account().events
    }

    /// Whether something has happened after which not everything has to arrive.
    pub fn is_spoilt(&self) -> bool {
        self.may_end || self.peer.is_wild || self.is_over || self.program.account().has_timed_out
    }

    /// Everything that was sent has arrived, and every question and command has its end.
    pub fn is_drained(&self) {
        if self.is_spoilt() || !self.peer.logged_in {
            assert!(self.is_spoilt() || self.may_stay_out, "no login");
            return;
        }
        assert_eq!(self.peer.replies, 0, "global requests have no reply");
        let account = self.program.account();
        assert!(account.tickets.is_empty(), "commands did not end: {:?}", account.tickets);
        for channel in &self.peer.channels {
            assert_ne!(channel.stage, Stage::Asked, "an open request has no reply: {channel:?}");
            let told = account.channels.values().find(|told| told.name == channel.name);
            let Some(told) = told.filter(|_| !channel.sent_close) else { continue };
            if told.ended_at.is_none() {
                assert_eq!(told.received, channel.sent, "data is stuck: {channel:?}");
                let is_told = told.got_eof || !self.program.wanted().has(EventKind::ChannelEof);
                assert!(is_told || !channel.sent_eof, "EOF is stuck: {channel:?}");
                assert!(channel.sent_eof || !told.got_eof, "EOF that nobody has sent: {channel:?}");
                assert_eq!(channel.replies, 0, "requests have no reply: {channel:?}");
            }
            if !told.is_aborted {
                assert_eq!(channel.received[0], told.sent[0], "data is stuck: {channel:?}");
                assert_eq!(channel.got_eof, told.ended_at.is_some(), "EOF is stuck: {channel:?}");
            }
        }
    }
}
