//! The commands of the program that are not done yet, and how the end of each is reported: exactly once.

use std::sync::Arc;

use super::counters::Counters;
use crate::engine::{ChannelId, Outcome, Ticket};

/// The commands of one connection that have begun and not ended.
#[derive(Debug, Default)]
pub(in crate::driver) struct Tickets {
    /// Channel opens of the server, which the client has not answered.
    opening: Vec<Opening>,
    /// Sends, with the counters of their channels, which are published at the end.
    sending: Vec<Sending>,
    /// Disconnects, reported when the connection is over.
    pub(in crate::driver) closing: Vec<Ticket>,
    /// All other commands.
    waiting: Vec<Ticket>,
    /// The send that runs on its caller's thread now.
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

/// A send whose caller is told of its end by the return value, and not by an event.
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

    /// From now until [`Self::unwatch`], the end of this send is not reported by an event but returned.
    pub(in crate::driver) fn watch(&mut self, ticket: Ticket) {
        self.watched = Watched::Waits(ticket);
    }

    /// Ends the watch; returns whether the send is complete.
    pub(in crate::driver) fn unwatch(&mut self) -> bool {
        std::mem::take(&mut self.watched) == Watched::IsDone
    }

    /// Notes that a send is complete; returns whether its caller is told by the return value.
    pub(in crate::driver) fn is_told(&mut self, ticket: Ticket, outcome: &Outcome) -> bool {
        let is_watched = self.watched == Watched::Waits(ticket) && *outcome == Outcome::Complete;
        if is_watched {
            self.watched = Watched::IsDone;
        }
        is_watched
    }

    /// Takes out a send, or another command that opens no channel, which is done; returns the send's
    /// channel.
    pub(in crate::driver) fn done(&mut self, ticket: Ticket) -> Option<(ChannelId, Arc<Counters>)> {
        let Some(at) = self.sending.iter().position(|sending| sending.ticket == ticket) else {
            self.waiting.retain(|waiting| *waiting != ticket);
            return None;
        };
        let sending = self.sending.swap_remove(at);
        Some((sending.channel, sending.counters))
    }

    /// Takes out the opening of a channel, which is done; returns the channel.
    pub(in crate::driver) fn opened(&mut self, ticket: Ticket) -> Option<ChannelId> {
        let at = self.opening.iter().position(|opening| opening.ticket == ticket)?;
        Some(self.opening.swap_remove(at).channel)
    }

    /// Takes out all tickets but those of disconnects, when the connection is over.
    pub(in crate::driver) fn take_undone(&mut self) -> Vec<Ticket> {
        let mut undone = std::mem::take(&mut self.waiting);
        undone.extend(std::mem::take(&mut self.sending).iter().map(|sending| sending.ticket));
        undone.extend(std::mem::take(&mut self.opening).iter().map(|opening| opening.ticket));
        undone
    }

    /// Frees empty buffers.
    pub(in crate::driver) fn release_memory(&mut self) {
        if self.sending.is_empty() {
            self.sending = Vec::new();
        }
    }
}
