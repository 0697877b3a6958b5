//! The program's commands on channels, and the pump that turns them into messages as windows and transport
//! allow.

use std::time::Instant;

use bytes::Bytes;

use super::channel::{Channel, Flow, Readiness, Schedule, Slot};
use super::event::{
    Call, ChannelEvent, ChannelId, Order, Outcome, Queued, Room, SendMode, Sent, Ticket,
};
use super::packet::Packet;
use super::run::{Lent, Put, Run};
use super::send_queue::{Data, Item};
use super::table::Channels;
use crate::error::{ApiMisuse, Error};
use crate::limits::MESSAGE_OVERHEAD;
use crate::wire::Outbox;
use crate::wire::messages::{ChannelClose, ChannelEof};

impl Channels {
    /// Queues data, a message, EOF or CLOSE on a channel; the `Done` of the ticket reports its end.
    pub fn queue(
        &mut self,
        now: Instant,
        id: ChannelId,
        what: Queued,
        ticket: Ticket,
    ) -> Result<(), ApiMisuse> {
        match what {
            Queued::Data(call, bytes) => self.queue_data(now, id, call, bytes, ticket),
            Queued::Packet { number, payload, mode } => {
                match self.packet(id, number, &payload, mode)? {
                    Packet::Whole(payload) => self.queue_message(now, id, payload, ticket),
                    Packet::Known(what) => self.queue(now, id, what, ticket),
                }
            }
            Queued::Eof => self.queue_eof(now, id, ticket),
            Queued::Close => self.queue_close(now, id, ticket),
            Queued::Abort => self.abort(now, id, ticket),
        }
    }

    fn queue_data(
        &mut self,
        now: Instant,
        id: ChannelId,
        call: Call,
        mut bytes: Bytes,
        ticket: Ticket,
    ) -> Result<(), ApiMisuse> {
        let channel = self.open_channel_mut(id)?;
        if channel.asked != Flow::Open {
            return Err(ApiMisuse::ChannelClosed);
        }
        let (timeout, reported) = match call.mode {
            SendMode::Wait(timeout) => (timeout, bytes.is_empty()),
            // the data that is taken counts as sent: the call ends now, and the end of earlier calls does
            // not change its count
            SendMode::NoWait => (None, true),
        };
        if reported {
            let room = channel.room_without_waiting();
            let outcome = if bytes.len() > room {
                bytes.truncate(room);
                channel.readiness = Readiness::Waiting;
                Outcome::WouldBlock { sent: room }
            } else {
                Outcome::Complete
            };
            channel.bytes_sent = bytes.len();
            self.events.push_back(ChannelEvent::Done(ticket, outcome));
        }
        if bytes.is_empty() {
            return Ok(());
        }
        let Call { data_type, sent, .. } = call;
        let data = Data { data_type, bytes, sent, timeout, ticket, reported };
        self.enqueue(now, id, Item::Data(data))
    }

    /// Seals the part of `data` that can leave at once, without copying `data`: of a call about `budget`
    /// bytes at most; of a tunnel as much as the window has room for. With empty `data` it only returns the
    /// room.
    pub fn send(
        &mut self,
        id: ChannelId,
        order: Order,
        data: &[u8],
        budget: usize,
        out: &mut dyn Outbox,
    ) -> Result<Sent, Error> {
        let others_wait = self.wants_pump();
        let Ok(channel) = self.open_channel_mut(id) else {
            return Ok(Sent::nothing(Room::AwaitWindow));
        };
        let (data_type, most, waits) = match order {
            // a call with NoWait is queued: `queue` reports how much of it is taken, whatever leaves at
            // once
            Order::Call(Call { data_type, mode, .. }) => {
                (data_type, budget, others_wait || mode == SendMode::NoWait)
            }
            Order::Tunnel => (None, usize::MAX, false),
        };
        if waits || channel.asked != Flow::Open || !channel.queue.is_empty() {
            return Ok(Sent::nothing(Room::AwaitTransport));
        }
        let lent = Lent::new(data_type, data);
        let mut run = Run::new(channel.peer_id, &mut channel.send_window, lent, most);
        out.put_run(&mut run)?;
        let Put { len, cost } = run.put();
        if let Order::Call(call) = order
            && len > 0
            && len == data.len()
        {
            channel.bytes_sent = call.sent.saturating_add(len);
        }
        let room = channel.room(budget.saturating_sub(cost));
        if order == Order::Tunnel && room == Room::AwaitWindow {
            channel.readiness = Readiness::Waiting;
        }
        Ok(Sent { len, room })
    }

    /// Queues a complete payload behind the data of its channel.
    fn queue_message(
        &mut self,
        now: Instant,
        id: ChannelId,
        payload: Vec<u8>,
        ticket: Ticket,
    ) -> Result<(), ApiMisuse> {
        if self.open_channel_mut(id)?.asked == Flow::Closed {
            return Err(ApiMisuse::ChannelClosed);
        }
        self.enqueue(now, id, Item::Message { payload, ticket })
    }

    fn queue_eof(&mut self, now: Instant, id: ChannelId, ticket: Ticket) -> Result<(), ApiMisuse> {
        let channel = self.open_channel_mut(id)?;
        if channel.asked != Flow::Open {
            return Err(ApiMisuse::ChannelClosed);
        }
        channel.asked = Flow::Eof;
        self.enqueue(now, id, Item::Eof { ticket: Some(ticket) })
    }

    fn queue_close(
        &mut self,
        now: Instant,
        id: ChannelId,
        ticket: Ticket,
    ) -> Result<(), ApiMisuse> {
        let channel = self.open_channel_mut(id)?;
        let asked = std::mem::replace(&mut channel.asked, Flow::Closed);
        match asked {
            Flow::Closed => return Err(ApiMisuse::ChannelClosed),
            Flow::Open => self.enqueue(now, id, Item::Eof { ticket: None })?,
            Flow::Eof => {}
        }
        self.enqueue(now, id, Item::Close { ticket: Some(ticket) })
    }

    fn abort(&mut self, now: Instant, id: ChannelId, ticket: Ticket) -> Result<(), ApiMisuse> {
        if self.open_channel_mut(id)?.sending == Flow::Closed {
            return Err(ApiMisuse::ChannelClosed);
        }
        self.cut_off(now, id, Some(ticket))
    }

    fn cut_off(
        &mut self,
        now: Instant,
        id: ChannelId,
        ticket: Option<Ticket>,
    ) -> Result<(), ApiMisuse> {
        let channel = self.open_channel_mut(id)?;
        channel.asked = Flow::Closed;
        channel.readiness = Readiness::Told;
        let mut queue = std::mem::take(&mut channel.queue);
        let events = &mut self.events;
        queue.abandon(&Outcome::ChannelClosed, &mut |ticket, outcome| {
            events.push_back(ChannelEvent::Done(ticket, outcome));
        });
        self.enqueue(now, id, Item::Close { ticket })
    }

    fn enqueue(&mut self, now: Instant, id: ChannelId, item: Item) -> Result<(), ApiMisuse> {
        let channel = self.open_channel_mut(id)?;
        channel.queue.push(now, item);
        let deadline = channel.queue.deadline();
        self.deadline = earlier(self.deadline, deadline);
        self.schedule(id);
        Ok(())
    }

    /// Whether any channel is in the round of those with something to send.
    pub fn wants_pump(&self) -> bool {
        !self.round.is_empty()
    }

    /// Sends about `budget` bytes of queued data and messages, round-robin one message of each channel.
    /// Only to be called while the transport takes messages at once.
    pub fn pump(
        &mut self,
        now: Instant,
        mut budget: usize,
        out: &mut dyn Outbox,
    ) -> Result<(), Error> {
        while budget > 0 {
            let Some(id) = self.round.pop_front() else {
                break;
            };
            if let Ok(channel) = self.open_channel_mut(id) {
                channel.schedule = Schedule::Resting;
                budget = budget.saturating_sub(self.pump_one(now, id, budget, out)?);
            }
        }
        Ok(())
    }

    /// Sends one message of a channel, or several if no other channel waits; returns their cost in the
    /// budget.
    fn pump_one(
        &mut self,
        now: Instant,
        id: ChannelId,
        budget: usize,
        out: &mut dyn Outbox,
    ) -> Result<usize, Error> {
        let sent = match self.slot(id) {
            Some(Slot::Open(channel)) => match channel.queue.front() {
                Some(Item::Data(_)) => self.pump_data(now, id, budget, out)?,
                Some(Item::Message { .. } | Item::Eof { .. } | Item::Close { .. }) => {
                    self.pump_message(now, id, out)?
                }
                None => 0,
            },
            Some(Slot::Asked(_) | Slot::Requested { .. }) | None => 0,
        };
        if let Ok(channel) = self.open_channel_mut(id) {
            if channel.queue.is_empty() {
                if channel.readiness == Readiness::Waiting && channel.send_window.left() > 0 {
                    channel.readiness = Readiness::Told;
                    self.events.push_back(ChannelEvent::ReadyToSend(id));
                }
            } else {
                // the item that is first now has its own deadline, which may be the earliest of all
                let deadline = channel.queue.deadline();
                self.deadline = earlier(self.deadline, deadline);
                if sent > 0 {
                    self.schedule(id);
                }
            }
        }
        Ok(sent)
    }

    fn pump_data(
        &mut self,
        now: Instant,
        id: ChannelId,
        budget: usize,
        out: &mut dyn Outbox,
    ) -> Result<usize, Error> {
        // one message if other channels wait (round-robin), else as many as the budget allows
        let budget = if self.wants_pump() { 1 } else { budget };
        let Some(Slot::Open(channel)) = self.slot_mut(id) else {
            return Ok(0);
        };
        let Channel { peer_id, queue, send_window, .. } = &mut **channel;
        let mut run = Run::new(*peer_id, send_window, queue.data(), budget);
        out.put_run(&mut run)?;
        let Put { len, cost } = run.put();
        if len == 0 {
            return Ok(0);
        }
        let mut done = Vec::new();
        let sent =
            channel.queue.advance(now, len, &mut |ticket, outcome| done.push((ticket, outcome)));
        if let Some(sent) = sent {
            channel.bytes_sent = sent;
        }
        for (ticket, outcome) in done {
            self.events.push_back(ChannelEvent::Done(ticket, outcome));
        }
        Ok(cost)
    }

    fn pump_message(
        &mut self,
        now: Instant,
        id: ChannelId,
        out: &mut dyn Outbox,
    ) -> Result<usize, Error> {
        let Ok(channel) = self.open_channel_mut(id) else {
            return Ok(0);
        };
        let recipient_channel = channel.peer_id;
        let (ticket, cost) = match channel.queue.pop_message(now) {
            Some(Item::Message { payload, ticket }) => {
                out.put(&mut |out| out.extend_from_slice(&payload))?;
                (Some(ticket), payload.len())
            }
            Some(Item::Eof { ticket }) => {
                channel.sending = Flow::Eof;
                out.send(&ChannelEof { recipient_channel })?;
                (ticket, 0)
            }
            Some(Item::Close { ticket }) => {
                channel.sending = Flow::Closed;
                out.send(&ChannelClose { recipient_channel })?;
                (ticket, 0)
            }
            Some(Item::Data(_)) | None => return Err(Error::Internal("send queue")),
        };
        if let Some(ticket) = ticket {
            self.events.push_back(ChannelEvent::Done(ticket, Outcome::Complete));
        }
        self.settle(id, out)?;
        Ok(cost.saturating_add(MESSAGE_OVERHEAD))
    }

    /// When [`Self::handle_timeout`] has to be called.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.deadline
    }

    /// Drops data that has waited too long, and closes its channel: with a part missing, what follows would
    /// be misleading, above all an exit status.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.deadline.is_none_or(|deadline| deadline > now) {
            return;
        }
        self.deadline = None;
        for id in self.ids() {
            let Ok(channel) = self.open_channel_mut(id) else {
                continue;
            };
            let expired = channel.queue.expire(now);
            let deadline = channel.queue.deadline();
            if let Some((ticket, sent)) = expired {
                channel.bytes_sent = sent;
                let outcome = Outcome::TimedOut { sent };
                self.events.push_back(ChannelEvent::Done(ticket, outcome));
                // `cut_off` fails only if the channel is not open
                _ = self.cut_off(now, id, None);
            } else {
                self.deadline = earlier(self.deadline, deadline);
            }
        }
    }
}

impl Channels {
    /// Changes the mode of the sends that are queued and wait.
    pub fn set_send_mode(&mut self, now: Instant, mode: SendMode) {
        let timeout = match mode {
            SendMode::Wait(timeout) => Some(timeout),
            SendMode::NoWait => None,
        };
        self.deadline = None;
        for id in self.ids() {
            let mut done = Vec::new();
            let Ok(channel) = self.open_channel_mut(id) else {
                continue;
            };
            channel.queue.set_timeout(timeout, &mut |ticket, outcome| done.push((ticket, outcome)));
            if let Some((_, Outcome::WouldBlock { sent })) = done.last() {
                channel.readiness = Readiness::Waiting;
                channel.bytes_sent = *sent;
            }
            let deadline = channel.queue.deadline();
            if !done.is_empty() {
                // the items that remain may need no window
                self.schedule(id);
            }
            self.events
                .extend(done.into_iter().map(|(ticket, end)| ChannelEvent::Done(ticket, end)));
            self.deadline = earlier(self.deadline, deadline);
        }
        self.handle_timeout(now);
    }
}

fn earlier(a: Option<Instant>, b: Option<Instant>) -> Option<Instant> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}
