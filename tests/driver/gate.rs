//! A program that has too much to do has the reading of sockets stopped, and nothing is lost by it.

use std::thread;

use super::common::session::{Session, heard, let_channels_in, open, say};

#[test]
fn what_comes_while_the_gate_is_closed_is_read_when_it_opens() {
    let mut session = Session::with(let_channels_in);
    let (channel, _) = open(&mut session);
    for round in 0..200_u32 {
        session.fixture.program.gate.close();
        say(&mut session, channel, &round.to_be_bytes());
        if round % 2 == 0 {
            thread::yield_now();
        }
        session.fixture.program.gate.open();
        assert_eq!(heard(&session), round.to_be_bytes());
    }
}
