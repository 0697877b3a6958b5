//! One byte there and back, one at a time, on one channel. The next byte is sent where the last one
//! arrives, inside russh's session task: a round trip has no switch of tasks in it.

use std::time::{Duration, Instant};

use bytes::Bytes;
use pico_args::Arguments;
use russh::ChannelId;
use russh::client::Session;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use crate::client::{Connector, Events, leave};
use crate::failure::{Failure, Result};
use crate::options::{Common, finish, option};
use crate::process::Processes;
use crate::report::{Report, Samples};
use crate::scenarios::bulk::start;
use crate::stream::Writes;

/// Runs the scenario.
pub async fn run(common: Common, mut args: Arguments) -> Result<Report> {
    let count: usize = option(&mut args, "--count", 20_000)?;
    let warmup: usize = option(&mut args, "--warmup", 2_000)?;
    finish(args)?;

    let server = Processes::new(&common.pids, common.tree);
    let connector = Connector::new(&common, 4 << 10, Writes::Direct)?;
    let (steps, mut step) = unbounded_channel();
    let ping = PingPong { warmup, count, sent: Instant::now(), samples: Vec::new(), steps };
    let connection = connector.open(0, ping).await?;
    let channel = start(&connection, "echo").await?;
    let gone = || Failure::new("the connection ended before all bytes were back");

    // The server's CPU time is read between the warm-up and the rest.
    step.recv().await.ok_or_else(gone)?;
    let cpu = server.cpu()?;
    let kick = connection.data(channel.id(), Bytes::from_static(b"x"));
    kick.await.map_err(|_| gone())?;
    let samples = step.recv().await.ok_or_else(gone)?;
    let cpu = server.cpu()?.saturating_sub(cpu);

    leave(connection).await?;
    let samples = Samples::new(samples)?;
    Ok(Report::new("echo")
        .number("p50_us", samples.quantile(0.5).as_secs_f64() * 1e6, 2)
        .number("p99_us", samples.quantile(0.99).as_secs_f64() * 1e6, 2)
        .number("server_cpu_us", cpu.as_secs_f64() * 1e6 / count as f64, 3))
}

/// Sends a byte for each that comes.
struct PingPong {
    warmup: usize,
    count: usize,
    sent: Instant,
    samples: Vec<Duration>,
    steps: UnboundedSender<Vec<Duration>>,
}

impl PingPong {
    fn send(&mut self, channel: ChannelId, session: &mut Session) -> Result<()> {
        self.sent = Instant::now();
        session.data(channel, Bytes::from_static(b"x"))?;
        Ok(())
    }

    /// A part is done: its samples go out, and the next part waits to be started from outside.
    fn tell(&mut self) -> Result<()> {
        let samples = std::mem::replace(&mut self.samples, Vec::with_capacity(self.count));
        self.steps.send(samples).map_err(|_| Failure::new("nobody waits for the samples"))
    }
}

impl Events for PingPong {
    fn granted(&mut self, channel: ChannelId, session: &mut Session) -> Result<()> {
        if self.warmup == 0 { self.tell() } else { self.send(channel, session) }
    }

    fn data(&mut self, channel: ChannelId, data: &[u8], session: &mut Session) -> Result<()> {
        let now = Instant::now();
        if data != b"x" {
            return Err(Failure::new(format!("{} other bytes came back", data.len())));
        }
        if self.warmup > 0 {
            self.warmup -= 1;
            return if self.warmup == 0 { self.tell() } else { self.send(channel, session) };
        }
        self.samples.push(now.duration_since(self.sent));
        if self.samples.len() == self.count { self.tell() } else { self.send(channel, session) }
    }
}
