//! Turns the data of one channel into messages, as many as its window, the client's maximum packet size and
//! a budget allow (RFC 4254 section 5.2). Called by `outbound.rs`; the transport takes the messages one by
//! one.

use std::borrow::Cow;

use super::window::SendWindow;
use crate::limits::MESSAGE_OVERHEAD;
use crate::wire::Part;
use crate::wire::messages::DataHead;

/// Data of one channel and of one type.
pub(super) trait Source<'d> {
    /// The code of extended data.
    fn data_type(&self) -> Option<u32>;

    /// Takes the data of the next message, as much as the window allows. `None` when there is no data, or
    /// the window is used up.
    fn take(&mut self, window: &SendWindow) -> Option<Cow<'d, [u8]>>;
}

/// The messages of a channel, until the budget is used up. Each uses up window.
pub(super) struct Run<'d, S> {
    peer_id: u32,
    window: &'d mut SendWindow,
    source: S,
    budget: usize,
    put: Put,
}

/// What a run has sent so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Put {
    /// Bytes of data.
    pub(super) len: usize,
    /// The cost of the messages in the budget: data and overhead.
    pub(super) cost: usize,
}

impl<'d, S> Run<'d, S> {
    /// A run of about `budget` bytes: the message that uses the budget up is the last one.
    pub(super) fn new(peer_id: u32, window: &'d mut SendWindow, source: S, budget: usize) -> Self {
        Self { peer_id, window, source, budget, put: Put::default() }
    }

    pub(super) fn put(&self) -> Put {
        self.put
    }
}

impl<'d, S: Source<'d>> Iterator for Run<'d, S> {
    type Item = Part<'d>;

    fn next(&mut self) -> Option<Part<'d>> {
        if self.put.cost >= self.budget {
            return None;
        }
        let data = self.source.take(self.window)?;
        let len = data.len();
        let head = DataHead::new(self.peer_id, self.source.data_type(), u32::try_from(len).ok()?);
        self.window.take(len);
        self.put.len = self.put.len.saturating_add(len);
        self.put.cost = self.put.cost.saturating_add(len).saturating_add(MESSAGE_OVERHEAD);
        Some(Part { head, data })
    }
}

/// Data in its sender's memory.
pub(super) struct Lent<'d> {
    data_type: Option<u32>,
    rest: &'d [u8],
}

impl<'d> Lent<'d> {
    pub(super) fn new(data_type: Option<u32>, data: &'d [u8]) -> Self {
        Self { data_type, rest: data }
    }
}

impl<'d> Source<'d> for Lent<'d> {
    fn data_type(&self) -> Option<u32> {
        self.data_type
    }

    fn take(&mut self, window: &SendWindow) -> Option<Cow<'d, [u8]>> {
        let len = window.part(self.data_type, self.rest.len());
        let (part, rest) = self.rest.split_at_checked(len).filter(|_| len > 0)?;
        self.rest = rest;
        Some(Cow::Borrowed(part))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lens(window: &mut SendWindow, data: &[u8], budget: usize) -> (Vec<usize>, Put) {
        let mut run = Run::new(7, window, Lent::new(None, data), budget);
        let lens = run.by_ref().map(|part| {
            let len = u32::try_from(part.data.len()).unwrap();
            assert_eq!(part.head.bytes(), DataHead::new(7, None, len).bytes());
            part.data.len()
        });
        (lens.collect(), run.put())
    }

    #[test]
    fn a_run_ends_with_the_data_the_window_or_the_budget() {
        let data = [7; 1000];
        for (left, maximum, budget, expected, window) in [
            (5000, 300, usize::MAX, &[300, 300, 300, 100][..], 4000),
            (500, 300, usize::MAX, &[300, 200], 0),
            (0, 300, usize::MAX, &[], 0),
            (5000, 0, usize::MAX, &[], 5000),
            (5000, 300, 0, &[], 5000),
            (5000, 300, 1, &[300], 4700),
            (5000, 300, 300 + MESSAGE_OVERHEAD, &[300], 4700),
            (5000, 300, 301 + MESSAGE_OVERHEAD, &[300, 300], 4400),
        ] {
            let mut send_window = SendWindow::new(left, maximum);
            let (lens, put) = lens(&mut send_window, &data, budget);
            assert_eq!(lens, expected, "{left} {maximum} {budget}");
            let len = lens.iter().sum();
            assert_eq!(put, Put { len, cost: len + lens.len() * MESSAGE_OVERHEAD });
            assert_eq!(send_window.left(), window);
        }
    }
}
