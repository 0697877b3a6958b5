//! The send queue of one channel, in the order of the program's calls: data, which needs window, and
//! messages that stay behind it.

use std::borrow::Cow;
use std::collections::{VecDeque, vec_deque};
use std::time::{Duration, Instant};

use bytes::{Buf, Bytes};

use super::event::{Outcome, Ticket};
use super::run::Source;
use super::window::SendWindow;

/// An item of the queue.
#[derive(Debug)]
pub(super) enum Item {
    Data(Data),
    /// A complete payload.
    Message {
        payload: Vec<u8>,
        ticket: Ticket,
    },
    Eof {
        ticket: Option<Ticket>,
    },
    Close {
        ticket: Option<Ticket>,
    },
}

/// Data of one call.
#[derive(Debug)]
pub(super) struct Data {
    pub(super) data_type: Option<u32>,
    pub(super) bytes: Bytes,
    pub(super) sent: usize,
    /// Time without progress after which the data is dropped, and the channel closed; `None` waits for
    /// ever, whatever mode is set later.
    pub(super) timeout: Option<Duration>,
    pub(super) ticket: Ticket,
    /// Whether its end was reported when it was queued ([`super::SendMode::NoWait`]).
    pub(super) reported: bool,
}

/// The queue of a channel.
#[derive(Debug, Default)]
pub(super) struct SendQueue {
    items: VecDeque<Item>,
    data_bytes: usize,
    /// When data or a message of the queue was last sent.
    progress: Option<Instant>,
}

impl SendQueue {
    pub(super) fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Bytes of queued data.
    pub(super) fn data_bytes(&self) -> usize {
        self.data_bytes
    }

    pub(super) fn front(&self) -> Option<&Item> {
        self.items.front()
    }

    pub(super) fn push(&mut self, now: Instant, item: Item) {
        if self.items.is_empty() {
            self.progress = Some(now);
        }
        if let Item::Data(data) = &item {
            self.data_bytes = self.data_bytes.saturating_add(data.bytes.len());
        }
        self.items.push_back(item);
    }

    /// Takes the first item out, which is not data.
    pub(super) fn pop_message(&mut self, now: Instant) -> Option<Item> {
        self.progress = Some(now);
        self.items.pop_front()
    }

    /// The data at the front, message by message: successive calls of the same data type are joined.
    pub(super) fn data(&self) -> Waiting<'_> {
        let mut items = self.items.iter();
        match items.next() {
            Some(Item::Data(data)) => {
                Waiting { data_type: data.data_type, rest: &data.bytes, more: items }
            }
            _ => Waiting { data_type: None, rest: &[], more: items },
        }
    }

    /// Takes out `len` bytes of data that were sent; reports the calls that are complete; returns the bytes
    /// sent of the last call whose end was not reported before.
    pub(super) fn advance(
        &mut self,
        now: Instant,
        len: usize,
        done: &mut dyn FnMut(Ticket, Outcome),
    ) -> Option<usize> {
        self.progress = Some(now);
        self.data_bytes = self.data_bytes.saturating_sub(len);
        let mut missing = len;
        let mut sent = None;
        while let Some(Item::Data(data)) = self.items.front_mut() {
            let part = missing.min(data.bytes.len());
            data.bytes.advance(part);
            data.sent = data.sent.saturating_add(part);
            if !data.reported {
                sent = Some(data.sent);
            }
            missing = missing.saturating_sub(part);
            if !data.bytes.is_empty() {
                break;
            }
            if !data.reported {
                done(data.ticket, Outcome::Complete);
            }
            self.items.pop_front();
            if missing == 0 {
                break;
            }
        }
        if self.items.is_empty() {
            // 100,000 idle channels are a goal: an empty queue holds no memory
            self.items = VecDeque::new();
        }
        sent
    }

    /// When the first item expires.
    pub(super) fn deadline(&self) -> Option<Instant> {
        match (self.items.front(), self.progress) {
            (Some(Item::Data(Data { timeout: Some(timeout), .. })), Some(progress)) => {
                progress.checked_add(*timeout)
            }
            _ => None,
        }
    }

    /// Takes the first item out if it has expired; returns its ticket, and the bytes of it that were sent.
    pub(super) fn expire(&mut self, now: Instant) -> Option<(Ticket, usize)> {
        if self.deadline().is_none_or(|deadline| deadline > now) {
            return None;
        }
        match self.items.pop_front() {
            Some(Item::Data(data)) => {
                self.data_bytes = self.data_bytes.saturating_sub(data.bytes.len());
                self.progress = Some(now);
                Some((data.ticket, data.sent))
            }
            _ => None,
        }
    }

    /// Gives data that has a timeout another one; with `None` all such data is dropped now.
    pub(super) fn set_timeout(
        &mut self,
        timeout: Option<Option<Duration>>,
        done: &mut dyn FnMut(Ticket, Outcome),
    ) {
        let Some(timeout) = timeout else {
            let kept = std::mem::take(&mut self.items).into_iter().filter(|item| match item {
                Item::Data(data) if data.timeout.is_some() => {
                    done(data.ticket, Outcome::WouldBlock { sent: data.sent });
                    self.data_bytes = self.data_bytes.saturating_sub(data.bytes.len());
                    false
                }
                Item::Data(_) | Item::Message { .. } | Item::Eof { .. } | Item::Close { .. } => {
                    true
                }
            });
            self.items = kept.collect();
            return;
        };
        for item in &mut self.items {
            if let Item::Data(data) = item
                && data.timeout.is_some()
            {
                data.timeout = timeout;
            }
        }
    }

    /// Drops everything and reports `outcome` for each call. EOF and CLOSE are reported as complete: the
    /// end that they asked for has come.
    pub(super) fn abandon(&mut self, outcome: &Outcome, done: &mut dyn FnMut(Ticket, Outcome)) {
        self.data_bytes = 0;
        for item in std::mem::take(&mut self.items) {
            match item {
                Item::Data(data) if !data.reported => done(data.ticket, outcome.clone()),
                Item::Message { ticket, .. } => done(ticket, outcome.clone()),
                Item::Eof { ticket: Some(ticket) } | Item::Close { ticket: Some(ticket) } => {
                    done(ticket, Outcome::Complete);
                }
                Item::Data(_) | Item::Eof { ticket: None } | Item::Close { ticket: None } => {}
            }
        }
    }
}

/// The data of a queue, as the source of messages.
pub(super) struct Waiting<'q> {
    data_type: Option<u32>,
    /// The unsent data of a call; empty when the next item cannot be joined.
    rest: &'q [u8],
    more: vec_deque::Iter<'q, Item>,
}

impl<'q> Waiting<'q> {
    /// The data of the next call in `more`; empty if it has another data type, or is no data.
    fn next_call(data_type: Option<u32>, more: &mut vec_deque::Iter<'q, Item>) -> &'q [u8] {
        match more.next() {
            Some(Item::Data(data)) if data.data_type == data_type => &data.bytes,
            _ => &[],
        }
    }

    /// Takes `len` bytes, which several calls may have.
    fn joined(&mut self, len: usize) -> Vec<u8> {
        let mut joined = Vec::with_capacity(len);
        while joined.len() < len && !self.rest.is_empty() {
            joined.extend_from_slice(self.skip(len.saturating_sub(joined.len())));
        }
        joined
    }

    /// Takes at most `len` bytes of one call.
    fn skip(&mut self, len: usize) -> &'q [u8] {
        let (part, rest) = self.rest.split_at_checked(len).unwrap_or((self.rest, &[]));
        self.rest = rest;
        if rest.is_empty() {
            self.rest = Self::next_call(self.data_type, &mut self.more);
        }
        part
    }
}

impl<'q> Source<'q> for Waiting<'q> {
    fn data_type(&self) -> Option<u32> {
        self.data_type
    }

    fn take(&mut self, window: &SendWindow) -> Option<Cow<'q, [u8]>> {
        let mut available = self.rest.len();
        let mut len = window.part(self.data_type, available);
        let mut more = self.more.clone();
        while len == available && len > 0 {
            let call = Self::next_call(self.data_type, &mut more);
            if call.is_empty() {
                break;
            }
            available = available.saturating_add(call.len());
            len = window.part(self.data_type, available);
        }
        match len {
            0 => None,
            _ if len <= self.rest.len() => Some(Cow::Borrowed(self.skip(len))),
            _ => Some(Cow::Owned(self.joined(len))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::MESSAGE_OVERHEAD;

    fn data(ticket: u64, len: usize, timeout: Option<u64>) -> Item {
        Item::Data(Data {
            data_type: None,
            bytes: Bytes::from(vec![u8::try_from(ticket).unwrap(); len]),
            sent: 0,
            timeout: timeout.map(Duration::from_secs),
            ticket: Ticket(ticket),
            reported: false,
        })
    }

    fn advance(queue: &mut SendQueue, now: Instant, len: usize) -> (Option<usize>, Vec<u64>) {
        let mut done = Vec::new();
        let sent = queue.advance(now, len, &mut |ticket, outcome| {
            assert_eq!(outcome, Outcome::Complete);
            done.push(ticket.0);
        });
        (sent, done)
    }

    /// The messages that the queue makes, and whether the data of each is one slice.
    fn messages(queue: &SendQueue, left: u32, maximum: u32) -> Vec<(Vec<u8>, bool)> {
        let mut window = SendWindow::new(left, maximum);
        let mut data = queue.data();
        let mut messages = Vec::new();
        while let Some(part) = data.take(&window) {
            window.take(part.len());
            messages.push((part.to_vec(), matches!(part, Cow::Borrowed(_))));
        }
        messages
    }

    #[test]
    fn calls_are_joined_up_to_a_message_and_the_window() {
        let now = Instant::now();
        let mut queue = SendQueue::default();
        queue.push(now, data(1, 10, None));
        queue.push(now, data(2, 10, None));
        queue.push(now, Item::Eof { ticket: None });
        queue.push(now, data(3, 10, None));
        let of = |ones, twos| [vec![1; ones], vec![2; twos]].concat();
        for (left, maximum, expected) in [
            (100, 100, vec![(of(10, 10), false)]),
            (100, 15, vec![(of(10, 5), false), (of(0, 5), true)]),
            (18, 15, vec![(of(10, 5), false), (of(0, 3), true)]),
            (100, 10, vec![(of(10, 0), true), (of(0, 10), true)]),
            (100, 8, vec![(of(8, 0), true), (of(2, 6), false), (of(0, 4), true)]),
            (3, 15, vec![(of(3, 0), true)]),
            (0, 15, vec![]),
        ] {
            assert_eq!(messages(&queue, left, maximum), expected, "{left} {maximum}");
        }
        // the second call is half sent
        assert_eq!(advance(&mut queue, now, 15), (Some(5), vec![1]));
        assert_eq!(queue.data_bytes(), 15);
        assert_eq!(messages(&queue, 100, 100), [(of(0, 5), true)]);
        assert_eq!(advance(&mut queue, now, 5), (Some(10), vec![2]));
        assert!(matches!(queue.front(), Some(Item::Eof { .. })));
        assert_eq!(messages(&queue, 100, 100), []);
    }

    #[test]
    fn data_of_another_type_is_another_message_and_none_goes_past_it() {
        let now = Instant::now();
        let mut queue = SendQueue::default();
        for (ticket, data_type) in [(1, None), (2, Some(1)), (3, None)] {
            let Item::Data(mut data) = data(ticket, 10, None) else { unreachable!() };
            data.data_type = data_type;
            queue.push(now, Item::Data(data));
        }
        assert_eq!(queue.data().data_type(), None);
        for maximum in [100, 10] {
            assert_eq!(messages(&queue, 100, maximum), [(vec![1; 10], true)]);
        }
        advance(&mut queue, now, 10);
        assert_eq!(queue.data().data_type(), Some(1));
        assert_eq!(messages(&queue, 100, 100), [(vec![2; 10], true)]);
    }

    /// If the queue has more than fits a message, large messages leave room for their overhead.
    #[test]
    fn how_long_a_message_is_depends_on_all_that_waits() {
        let now = Instant::now();
        let mut queue = SendQueue::default();
        let lens = |queue: &SendQueue| {
            let messages = messages(queue, u32::MAX, 32 * 1024);
            messages.iter().map(|(data, _)| data.len()).collect::<Vec<_>>()
        };
        queue.push(now, data(1, 32 * 1024, None));
        assert_eq!(lens(&queue), [32 * 1024]);
        queue.push(now, data(2, 1, None));
        assert_eq!(lens(&queue), [32 * 1024 - MESSAGE_OVERHEAD, MESSAGE_OVERHEAD + 1]);
    }

    #[test]
    fn only_the_first_call_expires_and_only_without_progress() {
        let now = Instant::now();
        let after = |seconds| now + Duration::from_secs(seconds);
        let mut queue = SendQueue::default();
        queue.push(now, data(1, 10, Some(5)));
        queue.push(now, data(2, 10, Some(1)));
        assert_eq!(queue.deadline(), Some(after(5)));
        assert_eq!(queue.expire(after(4)), None);
        advance(&mut queue, after(4), 3);
        assert_eq!(queue.expire(after(5)), None);
        let expired = queue.expire(after(9));
        assert_eq!(expired, Some((Ticket(1), 3)));
        assert_eq!((queue.deadline(), queue.data_bytes()), (Some(after(10)), 10));
    }

    #[test]
    fn another_timeout_counts_from_the_last_progress() {
        let now = Instant::now();
        let after = |seconds| now + Duration::from_secs(seconds);
        let mut queue = SendQueue::default();
        queue.push(now, data(1, 10, Some(60)));
        advance(&mut queue, after(2), 3);
        queue.set_timeout(Some(Some(Duration::from_secs(5))), &mut |_, _| unreachable!());
        assert_eq!(queue.deadline(), Some(after(7)));
        queue.set_timeout(Some(None), &mut |_, _| unreachable!());
        assert_eq!(queue.deadline(), None);
    }

    #[test]
    fn without_waiting_all_that_waits_is_given_up_and_the_rest_keeps_its_order() {
        let now = Instant::now();
        let mut queue = SendQueue::default();
        queue.push(now, data(1, 10, Some(60)));
        queue.push(now, Item::Message { payload: vec![98], ticket: Ticket(2) });
        let Item::Data(mut told) = data(3, 10, None) else { unreachable!() };
        told.reported = true;
        queue.push(now, Item::Data(told));
        queue.push(now, data(4, 10, Some(60)));
        queue.push(now, Item::Eof { ticket: None });
        assert_eq!(advance(&mut queue, now, 4), (Some(4), vec![]));
        let mut done = Vec::new();
        queue.set_timeout(None, &mut |ticket, outcome| done.push((ticket.0, outcome)));
        let given_up = |sent| Outcome::WouldBlock { sent };
        assert_eq!(done, [(1, given_up(4)), (4, given_up(0))]);
        assert_eq!(queue.data_bytes(), 10);
        assert!(matches!(queue.pop_message(now), Some(Item::Message { .. })));
        // data that was taken before is still sent, but the count is that of the last call
        assert_eq!(advance(&mut queue, now, 10), (None, vec![]));
        assert!(matches!(queue.pop_message(now), Some(Item::Eof { .. })));
        assert!(queue.is_empty());
    }

    #[test]
    fn what_waits_for_ever_does_so_whatever_is_set_later() {
        let now = Instant::now();
        let mut queue = SendQueue::default();
        queue.push(now, data(1, 10, None));
        queue.push(now, data(2, 10, Some(60)));
        queue.set_timeout(Some(Some(Duration::from_secs(1))), &mut |_, _| unreachable!());
        assert_eq!(queue.deadline(), None);
        let mut done = Vec::new();
        queue.set_timeout(None, &mut |ticket, outcome| done.push((ticket.0, outcome)));
        assert_eq!(done, [(2, Outcome::WouldBlock { sent: 0 })]);
        assert_eq!((queue.deadline(), queue.data_bytes()), (None, 10));
        assert_eq!(advance(&mut queue, now, 10), (Some(10), vec![1]));
    }

    #[test]
    fn what_is_abandoned_gets_its_outcome_once() {
        let now = Instant::now();
        let mut queue = SendQueue::default();
        let Item::Data(mut told) = data(1, 10, None) else { unreachable!() };
        told.reported = true;
        queue.push(now, Item::Data(told));
        queue.push(now, data(2, 10, None));
        queue.push(now, Item::Message { payload: vec![98], ticket: Ticket(3) });
        queue.push(now, Item::Eof { ticket: None });
        queue.push(now, Item::Eof { ticket: Some(Ticket(4)) });
        queue.push(now, Item::Close { ticket: Some(Ticket(5)) });
        let mut done = Vec::new();
        queue.abandon(&Outcome::ChannelClosed, &mut |ticket, outcome| {
            done.push((ticket.0, outcome));
        });
        let (closed, complete) = (Outcome::ChannelClosed, Outcome::Complete);
        assert_eq!(done, [(2, closed.clone()), (3, closed), (4, complete.clone()), (5, complete)]);
        assert!(queue.is_empty());
        assert_eq!(queue.data_bytes(), 0);
    }
}
