//! Many channels on one connection. All are opened with `exec echo` before the first one sends; each
//! then has its bytes echoed and is closed.
//!
//! * `channels`: all echo at once, in several rounds; the figures are those of a round.
//! * `scale-channels`: some of many echo at a time, so that what differs between a few and thousands
//!   is what an open channel costs the others. russh's client looks at all channels for each packet,
//!   which makes its own CPU time grow with their square: with thousands, look at the server's.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use bytes::Bytes;
use pico_args::Arguments;
use russh::ChannelId;
use russh::client::Session;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use crate::client::{Connector, Events, leave};
use crate::failure::{Failure, Result};
use crate::options::{Common, finish, option};
use crate::process::{Processes, own_cpu};
use crate::report::{Report, Samples};
use crate::stream::Writes;

const READ_BUFFER: usize = 64 << 10;

/// What a round took.
struct Round {
    wall: Duration,
    server: Duration,
    client: Duration,
}

/// Runs `channels`.
pub async fn run(common: Common, mut args: Arguments) -> Result<Report> {
    let channels: usize = option(&mut args, "--channels", 100)?;
    let bytes = option(&mut args, "--kib", 64usize)? << 10;
    let rounds: u32 = option(&mut args, "--rounds", 5)?.max(1);
    finish(args)?;
    let mut walls = Vec::new();
    let (mut server, mut client) = (Duration::ZERO, Duration::ZERO);
    for _ in 0..rounds {
        let round = round(&common, Plan { channels, at_once: channels, bytes }).await?;
        walls.push(round.wall);
        server += round.server;
        client += round.client;
    }
    let millis = |time: Duration| time.as_secs_f64() * 1e3;
    Ok(Report::new("channels")
        .number("wall_ms", millis(Samples::new(walls)?.quantile(0.5)), 2)
        .number("server_cpu_ms", millis(server / rounds), 3)
        .number("client_cpu_ms", millis(client / rounds), 3))
}

/// Runs `scale-channels`.
pub async fn run_scale(common: Common, mut args: Arguments) -> Result<Report> {
    let channels: usize = option(&mut args, "--channels", 1000)?;
    let bytes = option(&mut args, "--kib", 4usize)? << 10;
    let at_once: usize = option(&mut args, "--at-once", 16)?;
    finish(args)?;
    let round = round(&common, Plan { channels, at_once, bytes }).await?;
    let each = |time: Duration| time.as_secs_f64() * 1e6 / channels as f64;
    Ok(Report::new("scale-channels")
        .number("wall_ms", round.wall.as_secs_f64() * 1e3, 2)
        .number("server_cpu_us_per_channel", each(round.server), 3)
        .number("client_cpu_us_per_channel", each(round.client), 3))
}

async fn round(common: &Common, plan: Plan) -> Result<Round> {
    if plan.channels == 0 || plan.bytes == 0 || plan.at_once == 0 {
        return Err(Failure::new("channels and bytes have to be more than none"));
    }
    let server = Processes::new(&common.pids, common.tree);
    let connector = Connector::new(common, READ_BUFFER, Writes::Joined)?;
    let (done, mut wait) = unbounded_channel();
    let connection = connector.open(0, Echoes::new(plan, done)).await?;

    let (cpu, client, begin) = (server.cpu()?, own_cpu(), Instant::now());
    // The events open the others when this one is there.
    let first = connection.channel_open_session().await?;
    drop(first);
    if wait.recv().await.is_none() {
        return Err(crate::client::reason(connection, "the connection ended early").await);
    }
    let round = Round {
        wall: begin.elapsed(),
        client: own_cpu().saturating_sub(client),
        server: server.cpu()?.saturating_sub(cpu),
    };
    leave(connection).await?;
    Ok(round)
}

/// How many channels, how many of them echo at a time, and how much.
#[derive(Debug, Clone, Copy)]
struct Plan {
    channels: usize,
    at_once: usize,
    bytes: usize,
}

/// Opens the channels, has the bytes echoed, compares them and closes.
struct Echoes {
    plan: Plan,
    data: Bytes,
    opened: usize,
    /// Channels whose `exec` was granted and that have not sent yet.
    ready: Vec<ChannelId>,
    granted: usize,
    /// What came back on those that have sent.
    received: HashMap<ChannelId, usize>,
    closed: usize,
    done: UnboundedSender<()>,
}

impl Echoes {
    fn new(plan: Plan, done: UnboundedSender<()>) -> Self {
        // The period is prime: bytes in the wrong place are noticed.
        let data: Vec<u8> = (0..251u8).cycle().take(plan.bytes).collect();
        Self {
            plan,
            data: data.into(),
            opened: 0,
            ready: Vec::with_capacity(plan.channels),
            granted: 0,
            received: HashMap::new(),
            closed: 0,
            done,
        }
    }

    fn start(&mut self, session: &mut Session) -> Result<()> {
        if let Some(channel) = self.ready.pop() {
            self.received.insert(channel, 0);
            session.data(channel, self.data.clone())?;
        }
        Ok(())
    }
}

impl Events for Echoes {
    fn opened(&mut self, channel: ChannelId, session: &mut Session) -> Result<()> {
        if self.opened == 0 {
            for _ in 1..self.plan.channels {
                session.channel_open_session()?;
            }
        }
        self.opened += 1;
        session.exec(channel, true, b"echo")?;
        Ok(())
    }

    fn granted(&mut self, channel: ChannelId, session: &mut Session) -> Result<()> {
        self.ready.push(channel);
        self.granted += 1;
        if self.granted == self.plan.channels {
            for _ in 0..self.plan.at_once {
                self.start(session)?;
            }
        }
        Ok(())
    }

    fn data(&mut self, channel: ChannelId, data: &[u8], session: &mut Session) -> Result<()> {
        let Some(received) = self.received.get_mut(&channel) else {
            return Err(Failure::new("data on a channel that sent nothing"));
        };
        let end = *received + data.len();
        if self.data.get(*received..end) != Some(data) {
            return Err(Failure::new(format!("the echo of {channel:?} is not what was sent")));
        }
        *received = end;
        if end == self.data.len() {
            session.eof(channel)?;
        }
        Ok(())
    }

    fn closed(&mut self, channel: ChannelId, session: &mut Session) -> Result<()> {
        if self.received.remove(&channel) != Some(self.data.len()) {
            return Err(Failure::new(format!("{channel:?} was closed before its echo was whole")));
        }
        self.closed += 1;
        if self.closed == self.plan.channels {
            // Nobody waits when the scenario has failed otherwise.
            let _ = self.done.send(());
        }
        self.start(session)
    }
}
