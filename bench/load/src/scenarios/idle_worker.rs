//! `idle-worker`: the process that holds connections for `idle`. It does what the lines of standard
//! input say and answers each with a line that starts with `ok`.
//!
//! * `open OFFSET COUNT`: opens the connections of these numbers
//! * `probe`: one echo on each, one after the other; answers with the nanoseconds of each
//! * `close`: leaves with all of them, and ends

use std::fmt::Write as _;
use std::io::{BufRead, Write as _};
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use pico_args::Arguments;
use russh::ChannelId;
use russh::client::Session;
use tokio::sync::Semaphore;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinSet;

use crate::client::{Connection, Connector, Events, leave};
use crate::failure::{Context, Failure, Result};
use crate::options::{Common, finish, option};
use crate::scenarios::bulk::start;
use crate::stream::Writes;

/// Runs until the connections are closed.
pub async fn run(common: Common, mut args: Arguments) -> Result<()> {
    let _all: usize = option(&mut args, "--connections", 0)?;
    let batch: usize = option(&mut args, "--batch", 64)?;
    finish(args)?;
    // No read buffer: it would be held for each connection.
    let connector = Connector::new(&common, 0, Writes::Direct)?;
    let (heard, mut hear) = unbounded_channel();
    let mut held = Vec::new();
    let mut lines = lines();
    while let Some(line) = lines.recv().await {
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        let answer = match words.as_slice() {
            ["open", offset, count] => {
                let numbers = number(offset)?..number(offset)? + number(count)?;
                held = open_all(&connector, numbers, batch, &heard).await?;
                String::new()
            }
            ["probe"] => probe_all(&held, &mut hear).await?,
            ["close"] => {
                close_all(std::mem::take(&mut held), batch).await?;
                say("")?;
                return Ok(());
            }
            _ => return Err(Failure::new(format!("what is {line:?}?"))),
        };
        say(&answer)?;
    }
    Err(Failure::new("the parent process is gone"))
}

fn number(text: &str) -> Result<usize> {
    text.parse().map_err(|_| Failure::new(format!("{text:?} is no number")))
}

fn say(answer: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "ok {answer}")?;
    out.flush()?;
    Ok(())
}

/// The lines of standard input, read on a thread, since reading them blocks.
fn lines() -> UnboundedReceiver<String> {
    let (sender, receiver) = unbounded_channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(std::io::Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    receiver
}

/// A connection with its channel, on which `echo` runs.
type Held = (Connection<Heard>, ChannelId);

/// What an echo brings: the moment at which it came.
struct Heard(UnboundedSender<(Event, Instant)>);

/// The two things that happen on an idle connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Event {
    Granted,
    Echo,
}

impl Heard {
    fn tell(&self, event: Event) -> Result<()> {
        self.0.send((event, Instant::now())).map_err(|_| Failure::new("nobody listens"))
    }
}

impl Events for Heard {
    fn granted(&mut self, _: ChannelId, _: &mut Session) -> Result<()> {
        self.tell(Event::Granted)
    }
    fn data(&mut self, _: ChannelId, data: &[u8], _: &mut Session) -> Result<()> {
        if data == b"x" { self.tell(Event::Echo) } else { Err(Failure::new("not what was sent")) }
    }
}

async fn open_all(
    connector: &Connector,
    numbers: std::ops::Range<usize>,
    batch: usize,
    heard: &UnboundedSender<(Event, Instant)>,
) -> Result<Vec<Held>> {
    let permits = Arc::new(Semaphore::new(batch.max(1)));
    let mut held = Vec::with_capacity(numbers.len());
    let mut opening = JoinSet::new();
    for number in numbers {
        // The semaphore is never closed; waiting here keeps the tasks few.
        let permit = permits.clone().acquire_owned().await;
        let (connector, heard) = (connector.clone(), heard.clone());
        opening.spawn(async move {
            let _permit = permit;
            open(&connector, number, heard).await.context(format!("connection {number}"))
        });
        while let Some(done) = opening.try_join_next() {
            held.push(done.map_err(|error| Failure::new(error.to_string()))??);
        }
    }
    while let Some(done) = opening.join_next().await {
        held.push(done.map_err(|error| Failure::new(error.to_string()))??);
    }
    Ok(held)
}

async fn open(
    connector: &Connector,
    number: usize,
    heard: UnboundedSender<(Event, Instant)>,
) -> Result<Held> {
    let connection = connector.open(number, Heard(heard)).await?;
    let channel = start(&connection, "echo").await?;
    Ok((connection, channel.id()))
}

async fn probe_all(
    held: &[Held],
    hear: &mut UnboundedReceiver<(Event, Instant)>,
) -> Result<String> {
    // All have to be there before the first is asked.
    for _ in held {
        expect(hear, Event::Granted).await?;
    }
    let mut answer = String::new();
    for (connection, channel) in held {
        let sent = Instant::now();
        let sending = connection.data(*channel, Bytes::from_static(b"x"));
        sending.await.map_err(|_| Failure::new("an idle connection has ended"))?;
        let time = expect(hear, Event::Echo).await?.duration_since(sent);
        // Writing to a string can't fail.
        let _ = write!(answer, "{} ", time.as_nanos());
    }
    Ok(answer)
}

async fn expect(hear: &mut UnboundedReceiver<(Event, Instant)>, wanted: Event) -> Result<Instant> {
    let wait = tokio::time::timeout(std::time::Duration::from_secs(30), hear.recv());
    match wait.await {
        Ok(Some((event, time))) if event == wanted => Ok(time),
        _ => Err(Failure::new(format!("an idle connection has no {wanted:?}"))),
    }
}

async fn close_all(held: Vec<Held>, batch: usize) -> Result<()> {
    let permits = Arc::new(Semaphore::new(batch.max(1)));
    let mut leaving = JoinSet::new();
    for (connection, _) in held {
        let permit = permits.clone().acquire_owned().await;
        leaving.spawn(async move {
            let _permit = permit;
            leave(connection).await
        });
        while let Some(done) = leaving.try_join_next() {
            done.map_err(|error| Failure::new(error.to_string()))??;
        }
    }
    while let Some(done) = leaving.join_next().await {
        done.map_err(|error| Failure::new(error.to_string()))??;
    }
    Ok(())
}
