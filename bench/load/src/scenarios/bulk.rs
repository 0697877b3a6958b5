//! Much data through one channel: up to `sink`, or down from `source N`. The clock and the CPU time
//! run from the granted `exec` to the end of the data, which for `sink` is its exit status and close:
//! only then everything was read.

use std::time::Instant;

use bytes::Bytes;
use pico_args::Arguments;
use russh::client::Msg;
use russh::{ChannelId, ChannelWriteHalf};

use crate::client::{CHUNK, Connection, Connector, Events, Signal, Watch, leave};
use crate::failure::{Context, Failure, Result};
use crate::options::{Common, finish, option};
use crate::process::{Processes, own_cpu};
use crate::report::{Report, mib_per_second, per_gib};
use crate::stream::Writes;

/// Two packets: larger buffers leave the nearest caches, smaller ones cost more system calls.
pub const READ_BUFFER: usize = 64 << 10;

/// What is sent, again and again.
static DATA: [u8; CHUNK] = [0x5a; CHUNK];

/// Where the data goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// From this program to the server.
    Up,
    /// The other way.
    Down,
}

impl std::str::FromStr for Direction {
    type Err = Failure;
    fn from_str(text: &str) -> Result<Self> {
        match text {
            "up" => Ok(Self::Up),
            "down" => Ok(Self::Down),
            other => Err(Failure::new(format!("--direction {other}: up or down"))),
        }
    }
}

/// Runs the scenario.
pub async fn run(common: Common, mut args: Arguments) -> Result<Report> {
    let direction: Direction = args.value_from_str("--direction")?;
    let bytes = option(&mut args, "--mib", 1024u64)? << 20;
    finish(args)?;

    let server = Processes::new(&common.pids, common.tree);
    let connector = Connector::new(&common, READ_BUFFER, Writes::Direct)?;
    let (watch, mut signals) = Watch::new();
    let connection = connector.open(0, watch).await?;
    let command = match direction {
        Direction::Up => "sink".to_owned(),
        Direction::Down => format!("source {bytes}"),
    };
    let channel = start(&connection, &command).await?;
    signals.wait(Signal::Granted).await?;

    let meter = Meter::start(&server)?;
    if direction == Direction::Up {
        send(&connection, channel.id(), bytes).await?;
        channel.eof().await?;
        signals.wait(Signal::Closed).await?;
    } else {
        signals.wait(Signal::Eof(bytes)).await?;
    }
    let report = meter.stop(&server, "bulk", bytes)?;
    leave(connection).await?;
    Ok(report)
}

/// Opens a session channel and asks for the command; the answer comes as an event. The channel's
/// receiving half is dropped: russh would wait until somebody reads there what the events told.
pub async fn start<E: Events>(
    connection: &Connection<E>,
    command: &str,
) -> Result<ChannelWriteHalf<Msg>> {
    let channel = connection.channel_open_session().await.context("opening a channel")?;
    let (_, channel) = channel.split();
    channel.exec(true, command).await?;
    Ok(channel)
}

/// Hands so many bytes to the session, which sends them as the windows allow.
pub async fn send<E: Events>(
    connection: &Connection<E>,
    channel: ChannelId,
    bytes: u64,
) -> Result<()> {
    let chunk = Bytes::from_static(&DATA);
    let mut left = bytes;
    while left > 0 {
        let length = left.min(chunk.len() as u64);
        let part = chunk.slice(..usize::try_from(length).unwrap_or(CHUNK));
        connection
            .data(channel, part)
            .await
            .map_err(|_| Failure::new("the connection ended while data was sent"))?;
        left -= length;
    }
    Ok(())
}

/// Wall clock and CPU time of a transfer.
pub struct Meter {
    server: std::time::Duration,
    client: std::time::Duration,
    wall: Instant,
}

impl Meter {
    /// Starts now.
    pub fn start(server: &Processes) -> Result<Self> {
        Ok(Self { server: server.cpu()?, client: own_cpu(), wall: Instant::now() })
    }

    /// Ends now, with so many bytes transferred.
    pub fn stop(self, server: &Processes, scenario: &str, bytes: u64) -> Result<Report> {
        let wall = self.wall.elapsed();
        let client = own_cpu().saturating_sub(self.client);
        let server = server.cpu()?.saturating_sub(self.server);
        Ok(Report::new(scenario)
            .number("wall_s", wall.as_secs_f64(), 4)
            .count("bytes", bytes)
            .number("mib_per_s", mib_per_second(bytes, wall), 1)
            .number("server_cpu_s", server.as_secs_f64(), 6)
            .number("server_cpu_s_per_gib", per_gib(server, bytes), 4)
            .number("client_cpu_s", client.as_secs_f64(), 6)
            .number("client_cpu_s_per_gib", per_gib(client, bytes), 4))
    }
}
