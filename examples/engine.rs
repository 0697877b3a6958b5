//! The engine without tokio and without Node: one blocking thread per connection over std::net.
//! `cargo run --no-default-features --example engine -- 2222` and then
//! `ssh -p 2222 anybody@127.0.0.1 hello`: every password and key is accepted, every exec is echoed. With
//! a key file and its certificate as further arguments, these are the host key and its certificate.

#![allow(clippy::print_stdout, reason = "it shows what the engine says")]

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Instant;

use base64ct::{Base64, Encoding};
use bytes::{Bytes, BytesMut};
use sshserver::crypto::random::SystemRandom;
use sshserver::crypto::signature::{PrivateKey, generate_ed25519};
use sshserver::engine::{
    Answer, AuthAnswer, Call, Config, Connection, Event, Notice, Question, Queued, SendMode,
    Ticket, Verbosity, WriteBuffer,
};
use sshserver::keystore;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let port: u16 = arguments.next().unwrap_or_default().parse().unwrap_or(2222);
    let mut config = Config::default();
    let mut host_key = generate_ed25519(&mut SystemRandom)?;
    if let Some(file) = arguments.next() {
        let contents = keystore::parse(&std::fs::read(file)?, "")?;
        let key = contents.first_key().ok_or("no private key")?;
        host_key = PrivateKey::new(key.material())?;
    }
    if let Some(file) = arguments.next() {
        let text = std::fs::read_to_string(file)?;
        let blob = text.split_whitespace().nth(1).ok_or("no certificate")?;
        host_key = host_key.with_certificate(&Base64::decode_vec(blob)?)?;
    }
    config.transport.host_keys.push(Arc::new(host_key));
    let config = Arc::new(config);
    for socket in TcpListener::bind(("127.0.0.1", port))?.incoming() {
        let (socket, config) = (socket?, config.clone());
        std::thread::spawn(move || serve(socket, config).map_err(|error| error.to_string()));
    }
    Ok(())
}

fn serve(mut socket: TcpStream, config: Arc<Config>) -> Result<()> {
    socket.set_nodelay(true)?;
    let verbosity = Verbosity { log_level: 2, ..Verbosity::default() };
    let random = Box::new(SystemRandom);
    let mut connection = Connection::new(Instant::now(), config, random, verbosity);
    let (mut input, mut output) = (BytesMut::new(), WriteBuffer::new());
    let mut chunk = vec![0; 64 * 1024];
    loop {
        let mut busy = true;
        while busy {
            busy = false;
            while let Some(event) = connection.poll_event() {
                busy = true;
                handle(&mut connection, event)?;
            }
            while connection.poll_transmit(Instant::now(), &mut output) {
                busy = true;
                socket.write_all(&output)?;
                output.clear();
            }
            let before = input.len();
            connection.handle_input(Instant::now(), &mut input);
            busy |= input.len() != before;
        }
        if connection.is_ended() {
            return Ok(());
        }
        match socket.read(&mut chunk)? {
            0 => connection.handle_eof(),
            len => input.extend_from_slice(chunk.get(..len).unwrap_or_default()),
        }
    }
}

fn handle(connection: &mut Connection, event: Event) -> Result<()> {
    let now = Instant::now();
    match event {
        Event::Question(id, Question::Auth(question)) => {
            let accept = question.method != "none";
            let available_methods = "publickey,password".to_owned();
            let answer = AuthAnswer { accept, available_methods, ..AuthAnswer::default() };
            connection.answer(now, id, Answer::Auth(answer))?;
        }
        Event::Question(id, Question::ChannelRequest { channel, request_type, packet }) => {
            connection.answer(now, id, Answer::Accept(true))?;
            if request_type == "exec" {
                let text = Bytes::copy_from_slice(packet.get(18..).unwrap_or_default());
                let mode = SendMode::Wait(None);
                connection.queue(now, channel, Queued::Data(Call::new(mode), text), Ticket(1))?;
                let status = b"\0\0\0\x0bexit-status\0\0\0\0\x07";
                connection.queue(
                    now,
                    channel,
                    Queued::Packet { number: 98, payload: Bytes::copy_from_slice(status), mode },
                    Ticket(2),
                )?;
                connection.queue(now, channel, Queued::Close, Ticket(3))?;
            }
        }
        Event::Question(id, Question::Prompts { .. }) => {
            let answer = Answer::Prompts { instruction: String::new(), prompts: Vec::new() };
            connection.answer(now, id, answer)?;
        }
        Event::Question(id, Question::Forwarding(_)) => {
            connection.answer(now, id, Answer::Forwarding(None))?;
        }
        Event::Question(id, _) => connection.answer(now, id, Answer::Accept(true))?,
        Event::Delivery { channel, data, .. } => {
            let len = data.len();
            connection.queue(
                now,
                channel,
                Queued::Data(Call::new(SendMode::Wait(None)), data.freeze()),
                Ticket(4),
            )?;
            connection.consumed(channel, len);
        }
        Event::Job(job) => connection.complete(now, job.run()),
        Event::Notice(Notice::Log { message, .. }) => println!("{message}"),
        Event::Notice(notice) => println!("{notice:?}"),
    }
    Ok(())
}
