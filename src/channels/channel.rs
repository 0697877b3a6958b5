//! One channel and its states.
//!
//! ```text
//!  client opens:  Asked ──accept──▶ Open          we open:  Requested ──confirmed──▶ Open
//!                   └────refuse──▶ (gone)                       └──────refused─────▶ (gone)
//!
//!  Open, each direction on its own:   Open ──EOF──▶ Eof ──CLOSE──▶ Closed
//!  Closed in both directions: gone, the number is free (RFC 4254 section 5.3)
//! ```

use std::collections::VecDeque;

use bytes::Bytes;

use super::event::Ticket;
use super::send_queue::SendQueue;
use super::window::{ReceiveWindow, SendWindow};
use crate::limits::MAX_UNWAITED_BYTES;

/// A row of the table.
pub(super) enum Slot {
    /// The client wants to open it; the program decides.
    Asked(Box<Opening>),
    /// We want to open it; the client decides.
    Requested { channel_type: String, window: ReceiveWindow, ticket: Ticket },
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

/// An open channel.
pub(super) struct Channel {
    /// The client's number for it.
    pub(super) peer_id: u32,
    /// What the program has asked for.
    pub(super) asked: Flow,
    /// What was sent of it.
    pub(super) sending: Flow,
    /// What was received.
    pub(super) receiving: Flow,
    pub(super) send_window: SendWindow,
    pub(super) receive_window: ReceiveWindow,
    pub(super) queue: SendQueue,
    /// A request that the program decides on, and what has to wait behind it.
    pub(super) question: Option<Box<PendingRequest>>,
    /// Bytes of the last send handed to the transport.
    pub(super) bytes_sent: usize,
    pub(super) readiness: Readiness,
    pub(super) schedule: Schedule,
}

/// How far one direction of a channel is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Flow {
    /// Data may come.
    Open,
    /// After EOF: only requests and CLOSE may come.
    Eof,
    /// After CLOSE: nothing may come.
    Closed,
}

/// Whether the program waits for room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Readiness {
    /// It has been told that there is room.
    Told,
    /// It was told that something did not fit.
    Waiting,
}

/// Whether the channel stands in the round of those with something to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Schedule {
    /// Nothing to send, or no window.
    Resting,
    /// In the round.
    Queued,
}

/// A request without an answer yet.
pub(super) struct PendingRequest {
    pub(super) want_reply: bool,
    pub(super) held: VecDeque<Held>,
    /// Bytes of held requests.
    pub(super) held_bytes: usize,
}

/// A message that came after the request.
pub(super) enum Held {
    Data { data_type: Option<u32>, data: Bytes },
    Request { request_type: String, want_reply: bool, packet: Bytes },
    Eof,
    Close,
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
            question: None,
            bytes_sent: 0,
            readiness: Readiness::Told,
            schedule: Schedule::Resting,
        }
    }

    /// How many bytes a send is taken of that does not wait.
    pub(super) fn room_without_waiting(&self) -> usize {
        let room = self.send_window.left().min(MAX_UNWAITED_BYTES);
        room.saturating_sub(self.queue.data_bytes())
    }
}
