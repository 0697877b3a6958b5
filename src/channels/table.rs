//! The table of channels: numbers, look-up, and the end of all channels with the connection.

use std::collections::VecDeque;
use std::time::Instant;

use super::channel::{Channel, Flow, Held, Schedule, Slot};
use super::event::{ChannelEvent, ChannelId, Counters, Forwarding, Outcome};
use super::slots::Slots;
use crate::error::{ApiMisuse, Error, PeerMisbehaved};
use crate::limits::{HELD_MESSAGE_COST, MAX_CHANNEL_NUMBER, MAX_CHANNELS, MAX_HELD_BYTES};
use crate::wire::Outbox;
use crate::wire::messages::ChannelClose;

/// The channels of one connection.
#[derive(Default)]
pub struct Channels {
    slots: Slots<Slot>,
    numbers: Numbers,
    /// Channels with something to send, round-robin.
    pub(super) round: VecDeque<ChannelId>,
    pub(super) events: VecDeque<ChannelEvent>,
    /// The global request that the program has not decided on.
    pub(super) undecided: Option<Box<Undecided>>,
    /// The earliest time at which queued data may expire.
    pub(super) deadline: Option<Instant>,
    /// Messages that are held behind unanswered questions.
    pub(super) held: HeldCost,
}

/// The cost of a connection's held messages in [`MAX_HELD_BYTES`].
#[derive(Debug, Default)]
pub(super) struct HeldCost(usize);

impl HeldCost {
    pub(super) fn add(&mut self, cost: usize) {
        self.0 = self.0.saturating_add(cost);
    }

    pub(super) fn subtract(&mut self, cost: usize) {
        self.0 = self.0.saturating_sub(cost);
    }
}

/// The global request that the program decides on, and the requests that wait behind it.
pub(super) struct Undecided {
    pub(super) want_reply: bool,
    /// RFC 4254 section 7.1: the reply has the port if the request left its choice to the server.
    pub(super) wants_port: bool,
    pub(super) held: VecDeque<HeldGlobal>,
}

/// A global request that waits behind the undecided one.
pub(super) struct HeldGlobal {
    pub(super) want_reply: bool,
    /// `None` for a request that is refused in any case.
    pub(super) request: Option<Forwarding>,
}

impl HeldGlobal {
    /// The cost of the request in [`MAX_HELD_BYTES`].
    pub(super) fn cost(&self) -> usize {
        let len = match &self.request {
            Some(Forwarding::Listen(place) | Forwarding::Cancel(place)) => place.address().len(),
            None => 0,
        };
        len.saturating_add(HELD_MESSAGE_COST)
    }
}

/// The numbers of channels. A client may still send messages for a channel that is closed already, as its
/// threads do not wait for each other. The highest number given out shows which numbers were in use,
/// without a list of them. Numbers are not reused as long as there are new ones, so that no late message
/// reaches another channel.
#[derive(Default)]
struct Numbers {
    next: u32,
    /// All numbers below this one were given out.
    given: u32,
}

impl Numbers {
    fn take(&mut self) -> u32 {
        let number = self.next;
        self.next = if number >= MAX_CHANNEL_NUMBER { 0 } else { number.saturating_add(1) };
        self.given = self.given.max(number.saturating_add(1));
        number
    }

    fn was_given(&self, number: u32) -> bool {
        number < self.given
    }
}

impl Channels {
    /// The next event.
    pub fn poll_event(&mut self) -> Option<ChannelEvent> {
        self.events.pop_front()
    }

    /// Frees empty buffers.
    pub fn release_memory(&mut self) {
        if self.events.is_empty() {
            self.events = VecDeque::new();
        }
        if self.round.is_empty() {
            self.round = VecDeque::new();
        }
        self.slots.release_memory();
    }

    /// How many channels there are, half-open ones included.
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// Whether there is no channel.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The send counters of a channel; `None` if it is not open.
    pub fn counters(&self, id: ChannelId) -> Option<Counters> {
        match self.slot(id)? {
            Slot::Open(channel) => Some(Counters {
                bytes_sent: u64::try_from(channel.bytes_sent).unwrap_or(u64::MAX),
                ready_to_send: channel.asked == Flow::Open && channel.room_without_waiting() > 0,
            }),
            Slot::Asked(_) | Slot::Requested(_) => None,
        }
    }

    /// The numbers of all channels, ascending.
    pub(super) fn ids(&self) -> Vec<ChannelId> {
        self.slots.ids().collect()
    }

    /// Whether the messages held behind unanswered questions are so many that no more input may be
    /// processed.
    pub fn hold_too_much(&self) -> bool {
        self.held.0 >= MAX_HELD_BYTES
    }

    /// Gives a channel its number; `None` when there are too many channels.
    pub(super) fn insert(&mut self, slot: Slot) -> Option<ChannelId> {
        if self.len() >= MAX_CHANNELS {
            return None;
        }
        let mut slot = slot;
        loop {
            let id = ChannelId(self.numbers.take());
            // numbers that are in use are skipped
            match self.slots.insert(id, slot) {
                Ok(()) => return Some(id),
                Err(back) => slot = back,
            }
        }
    }

    pub(super) fn remove(&mut self, id: ChannelId) -> Option<Slot> {
        let slot = self.slots.remove(id)?;
        if let Slot::Open(channel) = &slot
            && let Some(requests) = &channel.requests
        {
            self.held.subtract(requests.held_cost());
        }
        if self.is_empty() {
            // frees the memory of many channels
            self.round = VecDeque::new();
        }
        Some(slot)
    }

    pub(super) fn slot(&self, id: ChannelId) -> Option<&Slot> {
        self.slots.get(id)
    }

    pub(super) fn slot_mut(&mut self, id: ChannelId) -> Option<&mut Slot> {
        self.slots.get_mut(id)
    }

    /// The open channel that a message of the client names. `None` if it is closed, as the message is late,
    /// or if the client has not confirmed it yet: such messages are dropped. A number that the client was
    /// never told is an error.
    pub(super) fn named(
        &mut self,
        number: u32,
    ) -> Result<Option<(ChannelId, &mut Channel)>, PeerMisbehaved> {
        let id = ChannelId(number);
        let was_given = self.numbers.was_given(number);
        match self.slot_mut(id) {
            Some(Slot::Open(channel)) => Ok(Some((id, channel))),
            Some(Slot::Requested(_)) => Ok(None),
            None if was_given => Ok(None),
            Some(Slot::Asked(_)) | None => Err(PeerMisbehaved::UnknownChannel(number)),
        }
    }

    /// The open channel that a command of the program names.
    pub(super) fn open_channel_mut(&mut self, id: ChannelId) -> Result<&mut Channel, ApiMisuse> {
        match self.slot_mut(id) {
            Some(Slot::Open(channel)) => Ok(channel),
            Some(Slot::Asked(_) | Slot::Requested(_)) | None => Err(ApiMisuse::UnknownChannel),
        }
    }

    /// Puts a channel into the round of those with something to send.
    pub(super) fn schedule(&mut self, id: ChannelId) {
        if let Ok(channel) = self.open_channel_mut(id)
            && channel.schedule == Schedule::Resting
        {
            channel.schedule = Schedule::Queued;
            self.round.push_back(id);
        }
    }

    /// Answers a received CLOSE with ours and removes the channel, once no message is held before it.
    pub(super) fn settle(&mut self, id: ChannelId, out: &mut dyn Outbox) -> Result<(), Error> {
        let Ok(channel) = self.open_channel_mut(id) else {
            return Ok(());
        };
        if channel.receiving != Flow::Closed || channel.requests.is_some() {
            return Ok(());
        }
        if channel.sending != Flow::Closed {
            channel.sending = Flow::Closed;
            out.send(&ChannelClose { recipient_channel: channel.peer_id })?;
        }
        if let Some(Slot::Open(mut channel)) = self.remove(id) {
            let events = &mut self.events;
            channel.queue.abandon(&Outcome::ChannelClosed, &mut |ticket, outcome| {
                events.push_back(ChannelEvent::Done(ticket, outcome));
            });
        }
        self.events.push_back(ChannelEvent::Closed(id));
        Ok(())
    }

    /// The connection is over: every channel ends, and every command gets its outcome. Data that the client
    /// sent before is still delivered.
    pub fn end(&mut self) {
        let slots = std::mem::take(&mut self.slots);
        self.round = VecDeque::new();
        self.deadline = None;
        self.undecided = None;
        self.held = HeldCost::default();
        for (id, slot) in slots {
            match slot {
                Slot::Open(channel) => self.end_channel(id, *channel),
                Slot::Asked(_) => self.events.push_back(ChannelEvent::NotOpened(id)),
                Slot::Requested(requested) => {
                    let outcome = Outcome::ConnectionEnded;
                    self.events.push_back(ChannelEvent::Done(requested.ticket, outcome));
                }
            }
        }
    }

    fn end_channel(&mut self, id: ChannelId, mut channel: Channel) {
        for held in channel.requests.take().map(|requests| requests.held).unwrap_or_default() {
            match held {
                Held::Data { data_type, data } => {
                    self.events.push_back(ChannelEvent::Data { channel: id, data_type, data });
                }
                Held::Eof => self.events.push_back(ChannelEvent::Eof(id)),
                Held::Request { .. } | Held::Close => {}
            }
        }
        let events = &mut self.events;
        channel.queue.abandon(&Outcome::ConnectionEnded, &mut |ticket, outcome| {
            events.push_back(ChannelEvent::Done(ticket, outcome));
        });
        self.events.push_back(ChannelEvent::Closed(id));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channels::channel::Requested;
    use crate::channels::event::Ticket;
    use crate::channels::window::ReceiveWindow;

    fn insert(channels: &mut Channels) -> u32 {
        let window = ReceiveWindow::new(0);
        let requested = Requested { channel_type: String::new(), window, ticket: Ticket(0) };
        channels.insert(Slot::Requested(Box::new(requested))).unwrap().0
    }

    #[test]
    fn a_number_comes_again_only_when_there_is_no_new_one() {
        let mut channels = Channels::default();
        assert_eq!([(); 3].map(|()| insert(&mut channels)), [0, 1, 2]);
        assert!(channels.remove(ChannelId(1)).is_some());
        assert!(channels.remove(ChannelId(1)).is_none());
        assert_eq!(insert(&mut channels), 3);
        channels.numbers.next = MAX_CHANNEL_NUMBER;
        assert_eq!(insert(&mut channels), MAX_CHANNEL_NUMBER);
        // numbers that are in use are skipped
        assert_eq!([(); 2].map(|()| insert(&mut channels)), [1, 4]);
        assert_eq!(channels.ids().len(), channels.len());
        assert!(channels.ids().is_sorted());
        for id in channels.ids() {
            assert!(channels.slot(id).is_some());
            assert!(channels.remove(id).is_some());
        }
        assert!(channels.is_empty());
        assert_eq!(insert(&mut channels), 5);
    }

    #[test]
    fn a_number_that_was_in_use_is_known_for_ever() {
        let mut channels = Channels::default();
        assert!(channels.named(0).is_err());
        for number in 0..1000 {
            assert_eq!(insert(&mut channels), number);
            channels.remove(ChannelId(number));
            assert!(matches!(channels.named(0), Ok(None)));
            assert!(matches!(channels.named(number), Ok(None)));
            assert!(channels.named(number + 1).is_err());
            assert!(channels.named(u32::MAX).is_err());
        }
        channels.numbers.next = MAX_CHANNEL_NUMBER;
        insert(&mut channels);
        insert(&mut channels);
        assert!(matches!(channels.named(MAX_CHANNEL_NUMBER), Ok(None)));
        assert!(channels.named(MAX_CHANNEL_NUMBER + 1).is_err());
    }
}
