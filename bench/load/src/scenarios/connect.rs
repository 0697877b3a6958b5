//! Whole connections: TCP, key exchange, login, a session channel, `exec true`, exit status, close.
//! A few at a time; a connection's time runs from the TCP connect to the close of its channel.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use pico_args::Arguments;

use crate::client::{Connector, Signal, Watch, leave};
use crate::failure::{Context, Failure, Result};
use crate::options::{Common, finish, option};
use crate::process::{Processes, own_cpu};
use crate::report::{Report, Samples};
use crate::scenarios::bulk::start;
use crate::stream::Writes;

/// More than the largest message of a handshake, so that each flight is one read.
const READ_BUFFER: usize = 4 << 10;

/// Runs the scenario.
pub async fn run(common: Common, mut args: Arguments) -> Result<Report> {
    let count: usize = option(&mut args, "--count", 2000)?;
    let concurrency: usize = option(&mut args, "--concurrency", 16)?;
    finish(args)?;

    let server = Processes::new(&common.pids, common.tree);
    let connector = Connector::new(&common, READ_BUFFER, Writes::Joined)?;
    // The first connection finds everything cold, here and there.
    whole(&connector, 0).await?;

    let next = Arc::new(AtomicUsize::new(0));
    let (cpu, client, wall) = (server.cpu()?, own_cpu(), Instant::now());
    let workers: Vec<_> = (0..concurrency.max(1))
        .map(|_| tokio::spawn(work(connector.clone(), next.clone(), count)))
        .collect();
    let mut samples = Vec::with_capacity(count);
    for worker in workers {
        samples.extend(worker.await.map_err(|error| Failure::new(error.to_string()))??);
    }
    let wall = wall.elapsed();
    let client = own_cpu().saturating_sub(client);
    let cpu = server.cpu()?.saturating_sub(cpu);
    let samples = Samples::new(samples)?;
    let each = |cpu: Duration| cpu.as_secs_f64() * 1e3 / count as f64;
    Ok(Report::new("connect")
        .number("per_s", count as f64 / wall.as_secs_f64(), 1)
        .number("server_cpu_ms", each(cpu), 4)
        .number("p50_ms", samples.quantile(0.5).as_secs_f64() * 1e3, 3)
        .number("p99_ms", samples.quantile(0.99).as_secs_f64() * 1e3, 3)
        .number("client_cpu_ms", each(client), 4))
}

async fn work(connector: Connector, next: Arc<AtomicUsize>, count: usize) -> Result<Vec<Duration>> {
    let mut samples = Vec::new();
    loop {
        let index = next.fetch_add(1, Ordering::Relaxed);
        if index >= count {
            return Ok(samples);
        }
        let time = whole(&connector, index).await.context(format!("connection {index}"))?;
        samples.push(time);
    }
}

async fn whole(connector: &Connector, index: usize) -> Result<Duration> {
    let begin = Instant::now();
    let (watch, mut signals) = Watch::new();
    let connection = connector.open(index, watch).await?;
    let _channel = start(&connection, "true").await?;
    signals.wait(Signal::Granted).await?;
    signals.wait(Signal::Closed).await?;
    let time = begin.elapsed();
    leave(connection).await?;
    Ok(time)
}
