//! The table of channels with few and with as many as there may be: looking one up, and a channel that is
//! closed while another is opened: `cargo bench --no-default-features --bench channels`.

use bytes::Bytes;
use divan::{Bencher, black_box};
use sshserver::channels::{ChannelEvent, ChannelId, Channels};
use sshserver::error::Error;
use sshserver::limits::MAX_CHANNELS;
use sshserver::wire::messages::{ChannelClose, ChannelOpen, Message};
use sshserver::wire::{Outbox, Part};

const COUNTS: [usize; 4] = [1, 16, 1000, MAX_CHANNELS];

fn main() {
    divan::main();
}

/// Sends nothing.
struct Nowhere;

impl Outbox for Nowhere {
    fn put(&mut self, _build: &mut dyn FnMut(&mut Vec<u8>)) -> Result<(), Error> {
        Ok(())
    }

    fn put_run<'d>(&mut self, run: &mut dyn Iterator<Item = Part<'d>>) -> Result<(), Error> {
        run.for_each(drop);
        Ok(())
    }
}

/// A table, and the channels that are open in it.
struct Table {
    channels: Channels,
    open: Vec<ChannelId>,
    draw: usize,
}

impl Table {
    fn new(count: usize) -> Self {
        let mut table = Self { channels: Channels::default(), open: Vec::new(), draw: 1 };
        (0..count).for_each(|_| table.open_one());
        table
    }

    fn open_one(&mut self) {
        let open = ChannelOpen {
            channel_type: "session",
            sender_channel: 7,
            initial_window_size: 1 << 20,
            maximum_packet_size: 1 << 15,
            type_specific: b"",
        };
        assert!(self.channels.handle(Bytes::from(open.encode()), &mut Nowhere).is_ok());
        while let Some(event) = self.channels.poll_event() {
            if let ChannelEvent::OpenRequested { channel, .. } = event {
                assert!(self.channels.answer_open(channel, true, &mut Nowhere).is_ok());
                self.open.push(channel);
            }
        }
    }

    /// Where one of the open channels stands: another each time, in no order.
    fn any(&mut self) -> usize {
        self.draw = self.draw.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.draw >> 33) % self.open.len()
    }

    fn close(&mut self, at: usize) {
        let recipient_channel = self.open.swap_remove(at).0;
        let close = ChannelClose { recipient_channel }.encode();
        assert!(self.channels.handle(Bytes::from(close), &mut Nowhere).is_ok());
        while self.channels.poll_event().is_some() {}
    }
}

#[divan::bench(args = COUNTS, sample_count = 200, sample_size = 1000)]
fn look_up(bencher: Bencher<'_, '_>, count: usize) {
    let mut table = Table::new(count);
    bencher.bench_local(|| {
        let at = table.any();
        let id = table.open.get(at).copied();
        id.map(|id| table.channels.counters(black_box(id)))
    });
}

/// As above, when the numbers have gaps: of four channels one is left.
#[divan::bench(args = COUNTS, sample_count = 200, sample_size = 1000)]
fn look_up_with_gaps(bencher: Bencher<'_, '_>, count: usize) {
    let mut table = Table::new(0);
    for number in 0..4 * count {
        table.open_one();
        if number % 4 != 3 {
            table.close(table.open.len() - 1);
        }
    }
    bencher.bench_local(|| {
        let at = table.any();
        let id = table.open.get(at).copied();
        id.map(|id| table.channels.counters(black_box(id)))
    });
}

#[divan::bench(args = COUNTS, sample_count = 200, sample_size = 1000)]
fn close_any_and_open(bencher: Bencher<'_, '_>, count: usize) {
    let mut table = Table::new(count);
    bencher.bench_local(|| {
        let at = table.any();
        table.close(at);
        table.open_one();
    });
}

#[divan::bench(args = COUNTS, sample_count = 200, sample_size = 1000)]
fn close_the_first_and_open(bencher: Bencher<'_, '_>, count: usize) {
    let mut table = Table::new(count);
    let mut first = 0;
    bencher.bench_local(|| {
        table.close(first);
        table.open_one();
        // what was opened last has taken the place of what was closed
        first = (first + 1) % count;
    });
}
