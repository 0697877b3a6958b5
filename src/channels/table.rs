//! The table of channels: numbers, look-up, what becomes of everything when the connection ends.

use std::collections::VecDeque;
use std::time::Instant;

use super::channel::{Channel, Flow, Held, Schedule, Slot};
use super::event::{ChannelEvent, ChannelId, Outcome};
use super::global::Undecided;
use crate::error::{ApiMisuse, Error, PeerMisbehaved};
use crate::limits::MAX_CHANNELS;
use crate::wire::Outbox;
use crate::wire::messages::ChannelClose;

/// The channels of one connection.
#[derive(Default)]
pub struct Channels {
    slots: Vec<Option<Slot>>,
    free: Vec<u32>,
    /// Channels with something to send, in turn.
    pub(super) round: VecDeque<ChannelId>,
    pub(super) events: VecDeque<ChannelEvent>,
    /// The global request that the program decides on.
    pub(super) undecided: Option<Box<Undecided>>,
    /// No queued data is given up before this time.
    pub(super) deadline: Option<Instant>,
}

impl Channels {
    /// The next event.
    pub fn poll_event(&mut self) -> Option<ChannelEvent> {
        self.events.pop_front()
    }

    /// Gives memory back that is empty.
    pub fn rest(&mut self) {
        if self.events.is_empty() {
            self.events = VecDeque::new();
        }
        if self.round.is_empty() {
            self.round = VecDeque::new();
        }
        if self.slots.len() < 4 {
            self.slots.shrink_to_fit();
        }
    }

    /// How many numbers are in use.
    pub fn len(&self) -> usize {
        self.slots.len().saturating_sub(self.free.len())
    }

    /// Whether no number is in use.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes of the last send on a channel that were handed to the transport.
    pub fn bytes_sent(&self, id: ChannelId) -> Option<u64> {
        match self.slot(id) {
            Some(Slot::Open(channel)) => u64::try_from(channel.bytes_sent).ok(),
            Some(Slot::Asked(_) | Slot::Requested { .. }) | None => None,
        }
    }

    /// Whether data sent on a channel now would go out without waiting for the client.
    pub fn ready_to_send(&self, id: ChannelId) -> Option<bool> {
        match self.slot(id) {
            Some(Slot::Open(channel)) => Some(
                channel.asked == Flow::Open
                    && channel.send_window.left() > channel.queue.data_bytes(),
            ),
            Some(Slot::Asked(_) | Slot::Requested { .. }) | None => None,
        }
    }

    pub(super) fn slots_len(&self) -> usize {
        self.slots.len()
    }

    /// Takes the lowest free number; `None` when there are too many channels.
    pub(super) fn insert(&mut self, slot: Slot) -> Option<ChannelId> {
        if self.len() >= MAX_CHANNELS {
            return None;
        }
        if let Some(number) = self.free.pop()
            && let Some(place) = self.slots.get_mut(usize::try_from(number).ok()?)
        {
            *place = Some(slot);
            return Some(ChannelId(number));
        }
        let number = u32::try_from(self.slots.len()).ok()?;
        self.slots.push(Some(slot));
        Some(ChannelId(number))
    }

    pub(super) fn remove(&mut self, id: ChannelId) -> Option<Slot> {
        let place = usize::try_from(id.0).ok().and_then(|index| self.slots.get_mut(index))?;
        let slot = place.take()?;
        self.free.push(id.0);
        if self.is_empty() {
            // give the memory of a busy past back
            self.slots = Vec::new();
            self.free = Vec::new();
            self.round = VecDeque::new();
        }
        Some(slot)
    }

    pub(super) fn slot(&self, id: ChannelId) -> Option<&Slot> {
        usize::try_from(id.0).ok().and_then(|index| self.slots.get(index))?.as_ref()
    }

    pub(super) fn slot_mut(&mut self, id: ChannelId) -> Option<&mut Slot> {
        usize::try_from(id.0).ok().and_then(|index| self.slots.get_mut(index))?.as_mut()
    }

    /// The open channel that a message of the client names.
    pub(super) fn named(&mut self, number: u32) -> Result<(ChannelId, &mut Channel), Error> {
        let id = ChannelId(number);
        match self.slot_mut(id) {
            Some(Slot::Open(channel)) => Ok((id, channel)),
            Some(Slot::Asked(_) | Slot::Requested { .. }) | None => {
                Err(PeerMisbehaved::UnknownChannel(number).into())
            }
        }
    }

    /// The open channel that a command of the program names.
    pub(super) fn open_channel_mut(&mut self, id: ChannelId) -> Result<&mut Channel, ApiMisuse> {
        match self.slot_mut(id) {
            Some(Slot::Open(channel)) => Ok(channel),
            Some(Slot::Asked(_) | Slot::Requested { .. }) | None => Err(ApiMisuse::UnknownChannel),
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

    /// Carries a received CLOSE to its end, once nothing is held before it: ours goes back, and the
    /// number is free.
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

    /// The connection is over: every channel ends, every command gets its outcome. What the client
    /// sent before is still delivered.
    pub fn end(&mut self) {
        let slots = std::mem::take(&mut self.slots);
        self.free = Vec::new();
        self.round = VecDeque::new();
        self.deadline = None;
        self.undecided = None;
        for (number, slot) in slots.into_iter().enumerate() {
            let Ok(number) = u32::try_from(number) else {
                break;
            };
            let id = ChannelId(number);
            match slot {
                Some(Slot::Open(channel)) => self.end_channel(id, *channel),
                Some(Slot::Asked(_)) => self.events.push_back(ChannelEvent::NotOpened(id)),
                Some(Slot::Requested { ticket, .. }) => {
                    self.events.push_back(ChannelEvent::Done(ticket, Outcome::ConnectionEnded));
                }
                None => {}
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
