//! One channel and its states.
//!
//! ```text
//!  client opens:  Asked ──accept──▶ Open          we open:  Requested ──confirmed──▶ Open
//!                   └────refuse──▶ (gone)                       └──────refused─────▶ (gone)
//!
//!  Open, each direction on its own:   Open ──EOF──▶ Eof ──CLOSE──▶ Closed
//!  Closed in both directions: gone (RFC 4254 section 5.3)
//! ```

use std::collections::VecDeque;

use bytes::Bytes;

use super::event::{Room, Ticket};
use super::send_queue::SendQueue;
use super::window::{ReceiveWindow, SendWindow};
use crate::limits::{
    HELD_MESSAGE_COST, MAX_ASKED_BYTES, MAX_ASKED_REQUESTS, MAX_UNWAITED_BYTES, MESSAGE_OVERHEAD,
};

/// A row of the table.
pub(super) enum Slot {
    /// The client wants to open the channel; the program decides.
    Asked(Box<Opening>),
    /// We want to open the channel; the client decides.
    Requested(Box<Requested>),
    /// Open in at least one direction.
    Open(Box<Channel>),
}

/// A channel that the program has not decided on.
pub(super) struct Opening {
    pub(super) channel_type: String,
    pub(super) peer_id: u32,
    pub(super) send_window: SendWindow,
    pub(super) receive_window: ReceiveWindow,
}

/// A channel that the client has not decided on.
pub(super) struct Requested {
    pub(super) channel_type: String,
    pub(super) window: ReceiveWindow,
    pub(super) ticket: Ticket,
}

/// A channel that is open.
pub(super) struct Channel {
    /// The client's number of the channel.
    pub(super) peer_id: u32,
    /// The direction to the client, as the program's commands have it: EOF or CLOSE may still be queued.
    pub(super) asked: Flow,
    /// The direction to the client, as the messages sent so far have it.
    pub(super) sending: Flow,
    /// The direction from the client, as the messages received so far have it.
    pub(super) receiving: Flow,
    pub(super) send_window: SendWindow,
    pub(super) receive_window: ReceiveWindow,
    pub(super) queue: SendQueue,
    /// Requests that the program decides on, and the messages that wait behind them (head-of-line
    /// blocking).
    pub(super) requests: Option<Box<Requests>>,
    /// Bytes of the last send handed to the transport.
    pub(super) bytes_sent: usize,
    pub(super) readiness: Readiness,
    pub(super) schedule: Schedule,
}

/// The state of one direction of a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Flow {
    /// Data may come.
    Open,
    /// After EOF: only requests and CLOSE may come.
    Eof,
    /// After CLOSE: nothing may come.
    Closed,
}

/// Whether the program waits for the window to open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Readiness {
    /// The program knows that there is room.
    Told,
    /// The program knows that data did not fit: it is to be told when there is room.
    Waiting,
}

/// Whether the channel is in the round of channels with something to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Schedule {
    /// Nothing to send, or the window is used up.
    Resting,
    /// In the round.
    Queued,
}

/// Requests that the program decides on, and the messages that wait behind them. The program is asked about
/// small requests before it has answered the ones before, so that a client that sends many of them does not
/// pay for a turn of the program each; the replies keep the order (RFC 4254 section 5.4).
#[derive(Default)]
pub(super) struct Requests {
    /// The open requests in order; the first one has no answer yet.
    asked: VecDeque<AskedRequest>,
    /// The number of the first open request.
    first: u32,
    asked_bytes: usize,
    /// The messages that came after them.
    pub(super) held: VecDeque<Held>,
}

/// A request that the program was asked about.
struct AskedRequest {
    want_reply: bool,
    len: usize,
    answer: Option<bool>,
}

impl Requests {
    /// Whether the program may be asked about a request of this length now.
    pub(super) fn may_ask(&self, len: usize) -> bool {
        self.asked.is_empty()
            || (self.asked.len() < MAX_ASKED_REQUESTS
                && self.asked_bytes.saturating_add(len) <= MAX_ASKED_BYTES)
    }

    /// Notes a request that the program is asked about; returns the number to answer it with.
    pub(super) fn ask(&mut self, want_reply: bool, len: usize) -> u32 {
        let index = u32::try_from(self.asked.len()).unwrap_or(u32::MAX);
        self.asked.push_back(AskedRequest { want_reply, len, answer: None });
        self.asked_bytes = self.asked_bytes.saturating_add(len);
        self.first.wrapping_add(index)
    }

    /// Notes an answer; `false` when no open request has this number.
    pub(super) fn answer(&mut self, number: u32, success: bool) -> bool {
        let index = usize::try_from(number.wrapping_sub(self.first)).unwrap_or(usize::MAX);
        let asked = self.asked.get_mut(index).filter(|asked| asked.answer.is_none());
        asked.is_some_and(|asked| {
            asked.answer = Some(success);
            true
        })
    }

    /// Takes out the oldest request if it has an answer; returns the answer, and whether the client wants a
    /// reply.
    pub(super) fn next_answer(&mut self) -> Option<(bool, bool)> {
        let success = self.asked.front()?.answer?;
        let asked = self.asked.pop_front()?;
        self.first = self.first.wrapping_add(1);
        self.asked_bytes = self.asked_bytes.saturating_sub(asked.len);
        Some((success, asked.want_reply))
    }

    /// Takes out the next held message that need not wait any longer.
    pub(super) fn next_held(&mut self) -> Option<Held> {
        let goes = match self.held.front()? {
            Held::Request { packet, .. } => self.may_ask(packet.len()),
            Held::Data { .. } | Held::Eof | Held::Close => self.asked.is_empty(),
        };
        goes.then(|| self.held.pop_front()).flatten()
    }

    /// The cost of the held messages in [`crate::limits::MAX_HELD_BYTES`].
    pub(super) fn held_cost(&self) -> usize {
        self.held.iter().map(Held::cost).fold(0, usize::saturating_add)
    }

    /// Whether no request is open and no message held.
    pub(super) fn is_empty(&self) -> bool {
        self.asked.is_empty() && self.held.is_empty()
    }
}

/// A message that came after a request.
pub(super) enum Held {
    Data { data_type: Option<u32>, data: Bytes },
    Request { request_type: String, want_reply: bool, packet: Bytes },
    Eof,
    Close,
}

impl Held {
    /// The cost of the message in [`crate::limits::MAX_HELD_BYTES`].
    pub(super) fn cost(&self) -> usize {
        let len = match self {
            Self::Data { data, .. } => data.len(),
            // including the type, which is a copy
            Self::Request { request_type, packet, .. } => {
                packet.len().saturating_add(request_type.len())
            }
            Self::Eof | Self::Close => 0,
        };
        len.saturating_add(HELD_MESSAGE_COST)
    }
}

impl Channel {
    pub(super) fn new(
        peer_id: u32,
        send_window: SendWindow,
        receive_window: ReceiveWindow,
    ) -> Self {
        Self {
            peer_id,
            asked: Flow::Open,
            sending: Flow::Open,
            receiving: Flow::Open,
            send_window,
            receive_window,
            queue: SendQueue::default(),
            requests: None,
            bytes_sent: 0,
            readiness: Readiness::Told,
            schedule: Schedule::Resting,
        }
    }

    /// How much may leave at once, so that about `budget` bytes are sealed at most.
    pub(super) fn room(&self, budget: usize) -> Room {
        if budget == 0 {
            return Room::AwaitTransport;
        }
        let largest = self.send_window.part(None, usize::MAX);
        if largest == 0 {
            return Room::AwaitWindow;
        }
        // a client that takes one byte a message must not make one call seal forty times as much
        let messages = budget.checked_div(largest.saturating_add(MESSAGE_OVERHEAD)).unwrap_or(0);
        Room::Bytes(self.send_window.left().min(messages.max(1).saturating_mul(largest)))
    }

    /// How many bytes of a send with [`SendMode::NoWait`](super::SendMode::NoWait) are taken.
    pub(super) fn room_without_waiting(&self) -> usize {
        let room = self.send_window.left().min(MAX_UNWAITED_BYTES);
        room.saturating_sub(self.queue.data_bytes())
    }
}
