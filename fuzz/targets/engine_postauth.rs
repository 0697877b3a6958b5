//! A client that is logged in, and a program that answers and sends when it likes.

#![no_main]

use std::time::Duration;

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use sshserver::engine::{Answer, Call, ChannelId, Queued, SendMode};
use sshserver::wire::messages::{
    ChannelClose, ChannelData, ChannelEof, ChannelOpen, ChannelOpenConfirmation, ChannelRequest,
    ChannelWindowAdjust, Message,
};
use sshserver_fuzz::{Input, Session};

fuzz_target!(|data: &[u8]| {
    let mut input = Input(data);
    let mut session = Session::authenticated();
    while !input.is_empty() && !session.connection.is_ended() {
        let operation = input.byte();
        if operation & 0x80 == 0 {
            client(&mut session, &mut input, operation);
        } else {
            program(&mut session, &mut input, operation);
        }
    }
    session.finish();
});

/// A message of the client: of any form, or one that makes sense.
fn client(session: &mut Session, input: &mut Input<'_>, operation: u8) {
    let recipient_channel = recipient(session, input.byte());
    let payload = match operation % 8 {
        0 => ChannelOpen {
            channel_type: "session",
            sender_channel: input.number(),
            initial_window_size: input.number(),
            maximum_packet_size: input.number(),
            type_specific: input.chunk(),
        }
        .encode(),
        1 => ChannelData { recipient_channel, data: input.chunk() }.encode(),
        2 => ChannelEof { recipient_channel }.encode(),
        3 => ChannelClose { recipient_channel }.encode(),
        4 => ChannelRequest {
            recipient_channel,
            request_type: "exec",
            want_reply: operation & 64 != 0,
            type_specific: input.chunk(),
        }
        .encode(),
        5 => {
            let bytes_to_add = input.number();
            ChannelWindowAdjust { recipient_channel, bytes_to_add }.encode()
        }
        6 => ChannelOpenConfirmation {
            recipient_channel,
            sender_channel: input.number(),
            initial_window_size: input.number(),
            maximum_packet_size: input.number(),
            type_specific: b"",
        }
        .encode(),
        _ => input.chunk().to_vec(),
    };
    session.send(&payload);
}

/// The number of a channel that the program knows of, or, for one byte in four, one of those around the last:
/// channels that were closed, that are being opened from our side, and that there never were.
fn recipient(session: &Session, byte: u8) -> u32 {
    let number = byte >> 2;
    if byte & 3 != 0 && !session.channels.is_empty() {
        return session.channels[usize::from(number) % session.channels.len()].0;
    }
    (session.last_channel + 8).saturating_sub(u32::from(number % 32))
}

/// Something the program does.
fn program(session: &mut Session, input: &mut Input<'_>, operation: u8) {
    let number = usize::from(input.byte());
    let channel = match session.channels.len() {
        0 => ChannelId(u32::try_from(number).expect("a number")),
        len => session.channels[number % len],
    };
    let mode = match operation & 0x60 {
        0 => SendMode::NoWait,
        0x20 => SendMode::Wait(None),
        _ => SendMode::Wait(Some(Duration::from_secs(5))),
    };
    match operation % 12 {
        0 | 1 => {
            if let Some(question) = session.questions.pop_front() {
                let answer = Answer::Accept(operation % 12 == 0);
                // void once its channel or connection is gone
                let _ = session.connection.answer(session.now, question, answer);
                session.drive();
            }
        }
        2 => {
            if let Some((channel, len)) = session.deliveries.pop_front() {
                session.connection.consumed(channel, len);
                session.drive();
            }
        }
        3 => {
            let data = Bytes::copy_from_slice(input.chunk());
            let call = Call { data_type: None, mode, sent: 0 };
            let data = Queued::Data(call, data);
            session.command(|c, now, ticket| c.queue(now, channel, data, ticket));
        }
        4 => {
            // More than any window that the client is likely to have given.
            let data = Bytes::from(vec![7; number << 10]);
            let stderr = Call { data_type: Some(1), mode, sent: 0 };
            let data = Queued::Data(stderr, data);
            session.command(|c, now, ticket| c.queue(now, channel, data, ticket));
        }
        5 => session.command(|c, now, ticket| c.queue(now, channel, Queued::Eof, ticket)),
        6 => session.command(|c, now, ticket| c.queue(now, channel, Queued::Close, ticket)),
        7 => session.command(|c, now, ticket| c.open_channel(now, "session", b"", ticket)),
        8 => session.command(|c, _, ticket| c.exchange_keys(ticket)),
        9 => {
            let number = input.byte();
            let payload = Bytes::copy_from_slice(input.chunk());
            let packet = Queued::Packet { number, payload, mode };
            session.command(|c, now, ticket| c.queue(now, channel, packet, ticket));
        }
        _ => session.wait(Duration::from_secs(u64::try_from(number).expect("a number"))),
    }
}
