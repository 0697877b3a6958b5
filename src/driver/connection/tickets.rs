//! The commands of the program that are not done, and how each is reported: every one of them, once.

use std::sync::Arc;

use super::counters::Counters;
use crate::engine::{ChannelId, Outcome, Ticket};

/// What was begun on one connection.
#[derive(Debug, Default)]
pub(in crate::driver) struct Tickets {
    /// Channels that we are opening.
    opening: Vec<Opening>,
    /// Sends, for the counters of their channels.
    sending: Vec<Sending>,
    /// Disconnects, to be reported when the connection is gone.
    pub(in crate::driver) closing: Vec<Ticket>,
    /// Other commands.
    waiting: Vec<Ticket>,
    /// The send that its caller waits for.
    watched: Watched,
}

#[derive(Debug)]
struct Opening {
    ticket: Ticket,
    channel: ChannelId,
}

#[derive(Debug)]
struct Sending {
    ticket: Ticket,
    channel: ChannelId,
    counters: Arc<Counters>,
}

/// A send whose caller hears of its end by what it returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Watched {
    #[default]
    Nothing,
    Waits(Ticket),
    IsDone,
}

impl Tickets {
    pub(in crate::driver) fn is_opening(&mut self, ticket: Ticket, channel: ChannelId) {
        self.opening.push(Opening { ticket, channel });
    }

    pub(in crate::driver) fn is_sending(
        &mut self,
        ticket: Ticket,
        channel: ChannelId,
        counters: Arc<Counters>,
    ) {
        self.sending.push(Sending { ticket, channel, counters });
    }

    pub(in crate::driver) fn waits(&mut self, ticket: Ticket) {
        self.waiting.push(ticket);
    }

    /// The caller of a send learns of its end from [`Self::unwatch`] if it comes before that.
    pub(in crate::driver) fn watch(&mut self, ticket: Ticket) {
        self.watched = Watched::Waits(ticket);
    }

    /// Whether the send is complete.
    pub(in crate::driver) fn unwatch(&mut self) -> bool {
        std::mem::take(&mut self.watched) == Watched::IsDone
    }

    /// Takes note of a send that is complete; whether its caller learns of it by itself.
    pub(in crate::driver) fn is_told(&mut self, ticket: Ticket, outcome: &Outcome) -> bool {
        let is_watched = self.watched == Watched::Waits(ticket) && *outcome == Outcome::Complete;
        if is_watched {
            self.watched = Watched::IsDone;
        }
        is_watched
    }

    /// A send, or something else that opens no channel, is done: the channel that it was on.
    pub(in crate::driver) fn done(&mut self, ticket: Ticket) -> Option<(ChannelId, Arc<Counters>)> {
        let Some(at) = self.sending.iter().position(|sending| sending.ticket == ticket) else {
            self.waiting.retain(|waiting| *waiting != ticket);
            return None;
        };
        let sending = self.sending.swap_remove(at);
        Some((sending.channel, sending.counters))
    }

    /// The opening of a channel has come to its end.
    pub(in crate::driver) fn opened(&mut self, ticket: Ticket) -> Option<ChannelId> {
        let at = self.opening.iter().position(|opening| opening.ticket == ticket)?;
        Some(self.opening.swap_remove(at).channel)
    }

    /// Everything but disconnects, when the connection is over.
    pub(in crate::driver) fn take_undone(&mut self) -> Vec<Ticket> {
        let mut undone = std::mem::take(&mut self.waiting);
        undone.extend(std::mem::take(&mut self.sending).iter().map(|sending| sending.ticket));
        undone.extend(std::mem::take(&mut self.opening).iter().map(|opening| opening.ticket));
        undone
    }

    /// Gives memory back that is empty.
    pub(in crate::driver) fn release_memory(&mut self) {
        if self.sending.is_empty() {
            self.sending = Vec::new();
        }
    }
}
