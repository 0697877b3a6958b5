//! What waits to be sent on one channel, in the order of the program's calls: data in windows, and
//! messages that have to stay behind it.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use bytes::{Buf, Bytes};

use super::event::{Outcome, Ticket};
use super::window::SendWindow;

/// One call of the program.
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
    /// Time without progress after which it is given up, and the channel with it; `None` waits for ever,
    /// whatever is set later.
    pub(super) timeout: Option<Duration>,
    pub(super) ticket: Ticket,
    /// Its caller was told its end when it was queued ([`super::SendMode::NoWait`]).
    pub(super) reported: bool,
}

/// The queue of a channel.
#[derive(Debug, Default)]
pub(super) struct SendQueue {
    items: VecDeque<Item>,
    data_bytes: usize,
    /// When the first item was last seen to move.
    progress: Option<Instant>,
}

impl SendQueue {
    pub(super) fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Data bytes that wait.
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

    /// Takes the first item, which is not data.
    pub(super) fn pop_message(&mut self, now: Instant) -> Option<Item> {
        self.progress = Some(now);
        self.items.pop_front()
    }

    /// How many bytes of data one message can carry now, joining calls that follow each other, and how many
    /// the message after it.
    pub(super) fn sendable(&self, window: &SendWindow) -> (usize, usize) {
        let Some(Item::Data(first)) = self.items.front() else {
            return (0, 0);
        };
        let data_type = first.data_type;
        let mut total = 0_usize;
        let mut part = 0;
        for item in &self.items {
            let Item::Data(data) = item else { break };
            let rest = total.saturating_sub(part);
            let is_enough = window.second_part(data_type, part, rest) < rest;
            if data.data_type != data_type || is_enough {
                break;
            }
            total = total.saturating_add(data.bytes.len());
            part = window.part(data_type, total);
        }
        (part, window.second_part(data_type, part, total.saturating_sub(part)))
    }

    /// `len` bytes of data after the next `skipped` ones where they lie, if they are of one call.
    pub(super) fn in_place(&self, mut skipped: usize, len: usize) -> Option<&[u8]> {
        for item in &self.items {
            let Item::Data(data) = item else { break };
            if let Some(rest) = data.bytes.get(skipped..).filter(|rest| !rest.is_empty()) {
                return rest.get(..len);
            }
            skipped = skipped.saturating_sub(data.bytes.len());
        }
        None
    }

    /// Appends `len` bytes of data after the next `skipped` ones, of one call or several, to `out`.
    pub(super) fn copy(&self, mut skipped: usize, len: usize, out: &mut Vec<u8>) {
        let mut missing = len;
        for item in &self.items {
            let Item::Data(data) = item else { break };
            let Some(rest) = data.bytes.get(skipped..) else {
                skipped = skipped.saturating_sub(data.bytes.len());
                continue;
            };
            skipped = 0;
            let part = rest.get(..missing.min(rest.len())).unwrap_or_default();
            out.extend_from_slice(part);
            missing = missing.saturating_sub(part.len());
            if missing == 0 {
                break;
            }
        }
    }

    /// As [`Self::in_place`]; what is of several calls is put together in `room`.
    pub(super) fn joined<'q>(
        &'q self,
        skipped: usize,
        len: usize,
        room: &'q mut Vec<u8>,
    ) -> &'q [u8] {
        self.in_place(skipped, len).unwrap_or_else(|| {
            room.reserve(len);
            self.copy(skipped, len, room);
            room
        })
    }

    /// Takes `len` bytes of data that were sent; reports the calls that are complete, and the bytes
    /// sent of the last one that does not know its end yet.
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

    /// When the first item is given up.
    pub(super) fn deadline(&self) -> Option<Instant> {
        match (self.items.front(), self.progress) {
            (Some(Item::Data(Data { timeout: Some(timeout), .. })), Some(progress)) => {
                progress.checked_add(*timeout)
            }
            _ => None,
        }
    }

    /// Takes the first item out if its time is over; whose it was, and what was sent of it.
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

    /// Gives what waits for a time another one; with `None` all of it is given up now.
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

    /// Drops everything, with the outcome for each call. Who wanted the end of the channel, or of its data,
    /// has got it.
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

#[cfg(test)]
mod tests {
    use super::*;

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

    #[test]
    fn calls_are_joined_up_to_a_message_and_the_window() {
        let now = Instant::now();
        let mut queue = SendQueue::default();
        queue.push(now, data(1, 10, None));
        queue.push(now, data(2, 10, None));
        queue.push(now, Item::Eof { ticket: None });
        queue.push(now, data(3, 10, None));
        assert_eq!(queue.sendable(&SendWindow::new(100, 100)), (20, 0));
        assert_eq!(queue.sendable(&SendWindow::new(100, 15)), (15, 5));
        assert_eq!(queue.sendable(&SendWindow::new(18, 15)), (15, 3));
        assert_eq!(queue.sendable(&SendWindow::new(100, 5)), (5, 5));
        assert_eq!(queue.sendable(&SendWindow::new(3, 15)), (3, 0));
        assert_eq!(queue.sendable(&SendWindow::new(0, 15)), (0, 0));
        let mut out = Vec::new();
        queue.copy(0, 15, &mut out);
        assert_eq!(out, [[1; 10].as_slice(), &[2; 5]].concat());
        // the second call is half sent
        assert_eq!(advance(&mut queue, now, 15), (Some(5), vec![1]));
        assert_eq!(queue.data_bytes(), 15);
        assert_eq!(advance(&mut queue, now, 5), (Some(10), vec![2]));
        assert!(matches!(queue.front(), Some(Item::Eof { .. })));
        assert_eq!(queue.sendable(&SendWindow::new(100, 100)), (0, 0));
    }

    #[test]
    fn data_of_one_call_is_lent_where_it_lies() {
        let now = Instant::now();
        let mut queue = SendQueue::default();
        queue.push(now, data(1, 10, None));
        queue.push(now, data(2, 10, None));
        for (skipped, len, expected) in [
            (0, 10, Some(1)),
            (5, 5, Some(1)),
            (10, 10, Some(2)),
            (15, 5, Some(2)),
            (0, 11, None),
            (9, 2, None),
            (20, 1, None),
        ] {
            let expected = expected.map(|byte| vec![byte; len]);
            assert_eq!(queue.in_place(skipped, len), expected.as_deref(), "{skipped} {len}");
        }
        let mut room = Vec::new();
        assert_eq!(queue.joined(15, 5, &mut room), [2; 5]);
        assert_eq!(queue.joined(8, 4, &mut room), [1, 1, 2, 2]);
        assert_eq!(room, [1, 1, 2, 2]);
    }

    #[test]
    fn data_of_another_type_is_another_message() {
        let now = Instant::now();
        let mut queue = SendQueue::default();
        queue.push(now, data(1, 10, None));
        let Item::Data(mut stderr) = data(2, 10, None) else { unreachable!() };
        stderr.data_type = Some(1);
        queue.push(now, Item::Data(stderr));
        assert_eq!(queue.sendable(&SendWindow::new(100, 100)), (10, 0));
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
        // what was taken before is still sent, and is nobody's last send
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
