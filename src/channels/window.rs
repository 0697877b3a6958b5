//! Flow control (RFC 4254 section 5.2): how much may be received and sent on a channel.

use crate::error::ChannelMisbehaved;
use crate::limits::{MAX_SENT_DATA_LEN, MESSAGE_OVERHEAD};

/// From this maximum packet size of a client on, our largest messages leave room for the overhead around
/// their data.
const LARGE_PACKETS: usize = 8 * 1024;

/// The difference between the headers of extended data and of data: the data type code.
const DATA_TYPE_LEN: usize = 4;

/// The flow control window of the client: what it may still send.
#[derive(Debug)]
pub(super) struct ReceiveWindow {
    size: u32,
    left: u32,
    /// Bytes that the program has used and that no adjustment has given back to the client yet.
    consumed: u32,
}

impl ReceiveWindow {
    pub(super) fn new(size: u32) -> Self {
        Self { size, left: size, consumed: 0 }
    }

    pub(super) fn size(&self) -> u32 {
        self.size
    }

    /// Counts data that has arrived against the window.
    pub(super) fn take(&mut self, len: usize) -> Result<(), ChannelMisbehaved> {
        let len = u32::try_from(len).map_err(|_| ChannelMisbehaved::WindowOverrun)?;
        self.left = self.left.checked_sub(len).ok_or(ChannelMisbehaved::WindowOverrun)?;
        Ok(())
    }

    /// The program has used data; returns by how much to adjust the window, once half of it is used.
    pub(super) fn consume(&mut self, len: usize) -> Option<u32> {
        // never more than was received: a caller that counts data twice must not widen the window
        let outstanding = self.size.saturating_sub(self.left).saturating_sub(self.consumed);
        let len = u32::try_from(len).unwrap_or(u32::MAX).min(outstanding);
        self.consumed = self.consumed.saturating_add(len);
        if self.consumed >= self.size / 2 { self.give_back() } else { None }
    }

    fn give_back(&mut self) -> Option<u32> {
        let add = std::mem::take(&mut self.consumed);
        self.left = self.left.saturating_add(add);
        (add > 0).then_some(add)
    }

    /// The program has adjusted the window by hand (`sendSSHPacket` with message 93).
    /// `false` where that would pass 2^32 - 1 (RFC 4254 section 5.2).
    pub(super) fn widen(&mut self, add: u32) -> bool {
        let (left, size) = (self.left.checked_add(add), self.size.checked_add(add));
        if let (Some(left), Some(size)) = (left, size) {
            (self.left, self.size) = (left, size);
            return true;
        }
        false
    }
}

/// The flow control window of our side: what may be sent to the client.
#[derive(Debug)]
pub(super) struct SendWindow {
    left: u32,
    maximum_packet_size: u32,
}

impl SendWindow {
    pub(super) fn new(left: u32, maximum_packet_size: u32) -> Self {
        Self { left, maximum_packet_size }
    }

    /// How many of `available` bytes of this data type the next message carries; with [`usize::MAX`], the
    /// most that it may carry.
    ///
    /// Most clients take 32 KiB of data in a message. When more than that is available, a message gets a
    /// little less, so that the whole packet, with its header and MAC, has 32 KiB: two of them fit one
    /// segment of the loopback interface or of segmentation offload. With 32 KiB of data each, a write
    /// would end in a segment of a few bytes.
    pub(super) fn part(&self, data_type: Option<u32>, available: usize) -> usize {
        let window = usize::try_from(self.left).unwrap_or(usize::MAX);
        let maximum = self.maximum(data_type);
        let most = if available > maximum && maximum >= LARGE_PACKETS {
            maximum.saturating_sub(MESSAGE_OVERHEAD)
        } else {
            maximum
        };
        available.min(most).min(window)
    }

    /// The most data that a message of this type may carry. Dropbear announces as maximum what fits its
    /// longest packet as data, and has no room for a longer header; but a client that announces next to
    /// nothing has to take one byte of extended data nevertheless.
    fn maximum(&self, data_type: Option<u32>) -> usize {
        let maximum = usize::try_from(self.maximum_packet_size).unwrap_or(usize::MAX);
        let header = data_type.map_or(0, |_| DATA_TYPE_LEN);
        maximum.saturating_sub(header).max(maximum.min(1)).min(MAX_SENT_DATA_LEN)
    }

    /// How many bytes the client takes before it adjusts the window.
    pub(super) fn left(&self) -> usize {
        usize::try_from(self.left).unwrap_or(usize::MAX)
    }

    pub(super) fn take(&mut self, len: usize) {
        self.left = self.left.saturating_sub(u32::try_from(len).unwrap_or(u32::MAX));
    }

    /// RFC 4254 section 5.2: the window may not pass 2^32 - 1.
    pub(super) fn adjust(&mut self, add: u32) -> Result<(), ChannelMisbehaved> {
        self.left = self.left.checked_add(add).ok_or(ChannelMisbehaved::WindowOverflow)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_is_given_back_at_half() {
        let mut window = ReceiveWindow::new(100);
        assert_eq!(window.take(60), Ok(()));
        assert_eq!(window.consume(40), None);
        assert_eq!(window.consume(20), Some(60));
        assert_eq!(window.take(100), Ok(()));
        assert_eq!(window.take(1), Err(ChannelMisbehaved::WindowOverrun));
    }

    #[test]
    fn counting_twice_does_not_widen_it() {
        let mut window = ReceiveWindow::new(100);
        assert_eq!(window.take(50), Ok(()));
        assert_eq!(window.consume(500), Some(50));
        assert_eq!(window.consume(500), None);
        assert_eq!(window.take(101), Err(ChannelMisbehaved::WindowOverrun));
    }

    #[test]
    fn it_is_not_widened_beyond_what_a_client_may_count_to() {
        let mut window = ReceiveWindow::new(100);
        assert!(!window.widen(u32::MAX));
        assert_eq!((window.left, window.size), (100, 100));
        assert!(window.widen(u32::MAX - 100));
        assert!(!window.widen(1));
    }

    #[test]
    fn large_messages_leave_room_for_what_is_around_their_data() {
        let part = |left, maximum, available| SendWindow::new(left, maximum).part(None, available);
        for (maximum, most) in [(1, 1), (8191, 8191), (8192, 8096), (32 * 1024, 32 * 1024 - 96)] {
            assert_eq!(part(u32::MAX, maximum, usize::MAX), most, "{maximum}");
        }
        assert_eq!(part(u32::MAX, 32 * 1024, 32 * 1024), 32 * 1024, "nothing is left for another");
        assert_eq!(part(u32::MAX, 32 * 1024, 5), 5);
        assert_eq!(part(100, 32 * 1024, usize::MAX), 100);
    }

    #[test]
    fn the_peer_cannot_overflow_our_count() {
        let mut window = SendWindow::new(u32::MAX - 1, 10);
        assert_eq!(window.adjust(1), Ok(()));
        assert_eq!(window.adjust(1), Err(ChannelMisbehaved::WindowOverflow));
        assert_eq!(window.part(None, usize::MAX), 10);
    }

    #[test]
    fn a_message_is_never_longer_than_clients_are_known_to_take() {
        for maximum in [32 * 1024, 32 * 1024 + 1, 64 * 1024, u32::MAX] {
            let window = SendWindow::new(u32::MAX, maximum);
            for data_type in [None, Some(1)] {
                for available in [32 * 1024, 32 * 1024 + 1, usize::MAX] {
                    let part = window.part(data_type, available);
                    assert!(part <= MAX_SENT_DATA_LEN, "{maximum} {data_type:?} {available}");
                    assert!(part >= MAX_SENT_DATA_LEN - MESSAGE_OVERHEAD - DATA_TYPE_LEN);
                }
            }
        }
    }

    #[test]
    fn the_longer_header_of_extended_data_counts() {
        for maximum in [5, 1000, 24_576, 32 * 1024] {
            let window = SendWindow::new(u32::MAX, maximum);
            let most = usize::try_from(maximum).unwrap();
            assert_eq!(window.part(None, most), most);
            assert_eq!(window.part(Some(1), most - 4), most - 4);
            assert!(window.part(Some(1), most) <= most - 4, "{maximum}");
        }
        for (maximum, most) in [(0, 0), (1, 1), (4, 1), (5, 1), (6, 2)] {
            assert_eq!(SendWindow::new(100, maximum).part(Some(1), 50), most, "{maximum}");
        }
    }
}
