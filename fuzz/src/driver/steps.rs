//! The steps of a script that every session has: what the client says, what the network does, what the
//! program does, and how time goes by. A step is one byte, with what it needs behind it.

use std::io::ErrorKind;
use std::time::Duration;

use bytes::Bytes;
use sshserver::driver::ChannelEntry;
use sshserver::engine::Ticket;
use sshserver::limits::MAX_IDLE_KEY_EXCHANGES;
use sshserver::wire::messages::{Disconnect, Ignore};

use super::peer::{Takes, stretch, tag};
use super::{World, length, tell};
use crate::Input;

/// More sends than this make a session slow, and show nothing new.
const MOST_SENT: usize = 1024 * 1024;

/// The same for messages of one send.
pub const MOST_MESSAGES: usize = 100;

const WINDOWS: [u32; 8] = [0, 1, 2, 100, 5000, 32_768, 2 << 20, u32::MAX];
const PACKETS: [u32; 4] = [1, 100, 32_768, u32::MAX];
const TIMES: [u64; 8] = [1, 50, 300, 1000, 6000, 61_000, 700_000, 7_200_000];
const ERRORS: [ErrorKind; 4] = [
    ErrorKind::ConnectionReset,
    ErrorKind::BrokenPipe,
    ErrorKind::TimedOut,
    ErrorKind::ConnectionAborted,
];

/// One of these, by a byte.
pub fn one<T: Copy>(of: &[T], byte: u8) -> T {
    of[usize::from(byte) % of.len()]
}

/// The window and the packet size of one byte.
pub fn takes(byte: u8) -> Takes {
    Takes { window: one(&WINDOWS, byte), packet: one(&PACKETS, byte >> 3) }
}

impl World {
    /// Runs a step. The highest bit says that the next one follows at once, without anybody having run.
    pub async fn step(&mut self, input: &mut Input<'_>) {
        let step = input.byte();
        let at_once = step & 0x80 != 0;
        let step = step & 0x7f;
        tell(|| format!("step {step} {:?}", &input.0[..input.0.len().min(3)]));
        match step % 60 {
            step @ 0..=15 => self.client_step(step, input),
            step @ 16..=31 => self.network_step(step - 16, input),
            step @ 32..=55 => self.program_step(step - 32, input),
            56 | 57 => {
                let time = Duration::from_millis(one(&TIMES, input.byte()));
                self.may_end |= time > Duration::from_secs(1);
                self.pass(time).await;
            }
            59 => self.drain().await,
            // The program at its best.
            _ => self.serve().await,
        }
        if !at_once {
            self.settle().await;
        }
    }

    /// The program takes all events, and says yes to everything.
    pub async fn serve(&mut self) {
        self.settle().await;
        self.take_events(usize::MAX);
        while self.answer(true) {}
        while self.consume() {}
    }

    fn client_step(&mut self, step: u8, input: &mut Input<'_>) {
        let index = usize::from(input.byte() & 7);
        let peer = &mut self.peer;
        // With delayed compression nothing may follow a login before its answer.
        if !peer.logged_in && step <= 13 && step != 11 {
            return;
        }
        match step {
            0 | 1 => peer.open(takes(input.byte())),
            2 | 3 => {
                if peer.channels.iter().map(|channel| channel.sent[0]).sum::<usize>() < MOST_SENT {
                    peer.send(index, step == 3, length(input));
                }
            }
            4 => peer.send_eof(index),
            5 => peer.close(index),
            6 => peer.adjust(index, one(&WINDOWS, input.byte())),
            7 => {
                let specific = vec![7; length(input).min(30_000)];
                peer.request(index, input.byte() & 1 == 0, &specific);
            }
            8 => peer.global_request("thing@fuzz", input.byte() & 1 == 0, b""),
            9 => {
                if peer.client.kex_inits[0].is_none() {
                    peer.client.send_kex_init();
                    // More of them in a row are a flood.
                    peer.exchanges += 1;
                    self.may_end |= peer.exchanges > MAX_IDLE_KEY_EXCHANGES;
                }
            }
            10 => {
                let takes = takes(input.byte());
                peer.answer((index != 0).then_some(takes));
            }
            11 => peer.answers = index != 0,
            12 => peer.client.say(&Ignore { data: b"something" }),
            13 => {
                self.may_end = true;
                let description = b"bye";
                peer.client.say(&Disconnect { reason_code: 11, description, language_tag: b"" });
            }
            14 => {
                // What no client sends, sealed.
                let message = input.chunk();
                if !message.is_empty() {
                    self.program.account().is_of_wild = true;
                    peer.is_wild = true;
                    peer.client.send_now(message);
                }
            }
            _ => {
                // What no client seals.
                let garbage = input.chunk().to_vec();
                peer.is_wild |= !garbage.is_empty();
                peer.client.out.extend_from_slice(&garbage);
            }
        }
    }

    fn network_step(&mut self, step: u8, input: &mut Input<'_>) {
        let byte = input.byte();
        match step {
            0 => self.holds = byte & 1 == 0,
            1 | 2 => {
                self.hold();
                self.carry(usize::from(byte));
            }
            3 => self.wire.set_room(0),
            4 => self.wire.set_room(usize::from(byte) * 16),
            5 => self.wire.set_room(usize::MAX),
            6 => self.wire.set_most(usize::from(byte & 15), usize::from(byte >> 4)),
            7 => self.wire.set_most(usize::MAX, usize::MAX),
            8 => self.wire.set_false((byte & 3).into(), (byte >> 2 & 3).into()),
            9 => {
                self.may_end = true;
                self.wire.end();
            }
            10 | 11 => {
                self.may_end = true;
                self.wire.reset(one(&ERRORS, byte));
            }
            12 => {
                self.may_end = true;
                self.wire.fail_reads(one(&ERRORS, byte));
            }
            13 => {
                self.may_end = true;
                self.wire.fail_writes(one(&ERRORS, byte));
            }
            14 => {
                self.may_end = true;
                self.wire.fail_watching();
            }
            _ => self.carry(usize::MAX),
        }
    }

    /// From now on only steps carry what the client says.
    fn hold(&mut self) {
        self.holds = true;
        let said = std::mem::take(&mut self.peer.client.out);
        self.held.extend(said);
    }

    fn program_step(&mut self, step: u8, input: &mut Input<'_>) {
        let byte = input.byte();
        match step {
            0 => self.take_events(usize::from(byte)),
            1 => drop(self.answer(true)),
            2 => drop(self.answer(false)),
            3 => {
                let dropped = self.questions.pop_front();
                self.may_end |= dropped.is_some_and(|question| question.is_vital());
            }
            4 => self.questions.rotate_left(usize::from(!self.questions.is_empty())),
            5 => drop(self.consume()),
            6..=11 => self.send_step(step, byte, input),
            12 => {
                let ticket = self.program.account().ticket();
                self.with_connection(ticket, |connection| {
                    let parameters = Bytes::new();
                    connection.open_channel(format!("y{ticket}"), parameters, Ticket(ticket));
                });
            }
            13 => {
                let ticket = self.program.account().ticket();
                self.with_connection(ticket, |connection| connection.exchange_keys(Ticket(ticket)));
            }
            14 => {
                self.may_end = true;
                let ticket = self.program.account().ticket();
                let close = |connection: &sshserver::driver::ConnectionHandle| {
                    connection.disconnect(Some(Ticket(ticket)));
                };
                self.with_connection(ticket, close);
            }
            15 => {
                for connection in self.server.connection_ids() {
                    let connection = self.server.connection(connection).expect("it is live");
                    connection.pause(byte & 1 == 0);
                }
            }
            16 => {
                for connection in self.server.connection_ids() {
                    let connection = self.server.connection(connection).expect("it is live");
                    connection.set_timeout(one(&[0, 1, 60], byte));
                }
            }
            17 | 18 => self.turn_step(),
            19 => {
                self.may_end = true;
                let ticket = self.program.account().ticket();
                self.server.shutdown(Ticket(ticket));
            }
            20 => {
                let ticket = self.program.account().ticket();
                self.server.stop(Ticket(ticket));
            }
            21 if byte < 64 => {
                self.may_end = true;
                self.is_over = true;
                self.program.account().is_aborted = true;
                self.server.abort();
            }
            22 => {
                self.server.set_log_level(byte & 3);
                self.server.wanted_changed();
            }
            _ => self.look(),
        }
    }

    fn turn_step(&mut self) {
        if self.in_turn {
            self.server.end_turn();
        } else {
            self.server.begin_turn();
        }
        self.in_turn = !self.in_turn;
    }

    /// Reads everything that can be read.
    fn look(&self) {
        for connection in self.server.connection_ids() {
            let connection = self.server.known_connection(connection).expect("it is live");
            let _ = (connection.client_version(), connection.strict_kex(), connection.timeout());
        }
        for channel in self.server.channel_ids() {
            let _ = self.server.known_channel(channel).expect("it is live").counters();
        }
    }

    /// A command to the connection, if there is one.
    fn with_connection(&self, ticket: u64, run: impl FnOnce(&sshserver::driver::ConnectionHandle)) {
        let first = self.server.connection_ids().into_iter().next();
        match first.and_then(|first| self.server.connection(first)) {
            Some(connection) => run(&connection),
            None => self.program.account().done(ticket),
        }
    }

    fn send_step(&mut self, step: u8, byte: u8, input: &mut Input<'_>) {
        let channels = self.server.channel_ids();
        if channels.is_empty() {
            return;
        }
        let number = channels[usize::from(byte) % channels.len()];
        let entry = self.server.channel(number).expect("it is live");
        let ticket = self.program.account().ticket();
        let complete = match step {
            6 | 7 => self.send(number, &entry, step == 7, Ticket(ticket), length(input)),
            8 => {
                self.ends(number, false);
                entry.connection.send_eof(entry.local, Ticket(ticket))
            }
            9 => {
                self.ends(number, false);
                entry.connection.close_channel(entry.local, Ticket(ticket));
                false
            }
            10 => {
                self.ends(number, true);
                entry.connection.abort_channel(entry.local, Ticket(ticket));
                false
            }
            _ => {
                // A packet of the program's own: a request without reply.
                let payload = Bytes::from_static(b"\0\0\0\x0aother@fuzz\0");
                entry.connection.send_packet(entry.local, 98, payload, Ticket(ticket))
            }
        };
        if complete {
            self.program.account().done(ticket);
        }
    }

    /// Data without a time limit, of which everything arrives, or extended data with one.
    fn send(
        &mut self,
        number: u64,
        entry: &ChannelEntry,
        extended: bool,
        ticket: Ticket,
        len: usize,
    ) -> bool {
        let kind = usize::from(extended);
        let data = {
            let mut account = self.program.account();
            let told = account.channels.get_mut(&number).expect("a channel that was told");
            let is_over = told.ended_at.is_some() || told.sent[kind] > MOST_SENT;
            let ours = self.peer.channels.iter().find(|ours| ours.name == told.name);
            let packet = ours.map_or(1, |ours| ours.takes as usize);
            let len = if is_over { 0 } else { len.min(packet.saturating_mul(MOST_MESSAGES)) };
            let data = stretch(tag(&told.name, false, extended), told.sent[kind], len);
            told.sent[kind] += len;
            data
        };
        if extended {
            entry.connection.send(entry.local, Some(1), &data, ticket)
        } else {
            entry.connection.write(entry.local, None, &data, ticket)
        }
    }

    /// The program ends its direction of a channel.
    fn ends(&self, number: u64, aborts: bool) {
        let mut account = self.program.account();
        let told = account.channels.get_mut(&number).expect("a channel that was told");
        let sent = told.sent[0];
        told.ended_at.get_or_insert(sent);
        told.is_aborted |= aborts;
    }
}
