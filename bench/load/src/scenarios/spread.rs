//! A fixed amount of data to `sink`, divided among one or many connections that send at once: what
//! does a byte cost more when it comes from many sides?

use std::sync::Arc;

use pico_args::Arguments;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::client::{Connection, Connector, Signal, Signals, Watch, leave};
use crate::failure::{Context, Failure, Result};
use crate::options::{Common, finish, option};
use crate::process::Processes;
use crate::report::Report;
use crate::scenarios::bulk::{Meter, send, start};
use crate::stream::Writes;

/// Connections that log in at once.
const BATCH: usize = 64;

/// A connection whose `sink` waits for data.
struct Ready {
    connection: Connection<Watch>,
    channel: russh::ChannelWriteHalf<russh::client::Msg>,
    signals: Signals,
}

/// Runs the scenario.
pub async fn run(common: Common, mut args: Arguments) -> Result<Report> {
    let connections: usize = option(&mut args, "--connections", 100)?;
    let bytes = option(&mut args, "--mib", 1024u64)? << 20;
    finish(args)?;
    if connections == 0 || (connections as u64) > bytes {
        return Err(Failure::new("each connection needs a byte to send"));
    }

    let server = Processes::new(&common.pids, common.tree);
    let connector = Connector::new(&common, 1 << 10, Writes::Direct)?;
    let ready = open_all(&connector, connections).await?;
    let (share, rest) = (bytes / connections as u64, bytes % connections as u64);

    let meter = Meter::start(&server)?;
    let mut sending = JoinSet::new();
    for (index, ready) in ready.into_iter().enumerate() {
        let share = share + if index == 0 { rest } else { 0 };
        sending.spawn(transfer(ready, share));
    }
    let mut open = Vec::with_capacity(connections);
    while let Some(done) = sending.join_next().await {
        open.push(done.map_err(|error| Failure::new(error.to_string()))??);
    }
    let report = meter.stop(&server, "spread", bytes)?.count("connections", connections as u64);

    let mut leaving = JoinSet::new();
    for connection in open {
        leaving.spawn(leave(connection));
    }
    while let Some(left) = leaving.join_next().await {
        left.map_err(|error| Failure::new(error.to_string()))??;
    }
    Ok(report)
}

async fn transfer(mut ready: Ready, bytes: u64) -> Result<Connection<Watch>> {
    send(&ready.connection, ready.channel.id(), bytes).await?;
    ready.channel.eof().await?;
    ready.signals.wait(Signal::Closed).await?;
    Ok(ready.connection)
}

async fn open_all(connector: &Connector, count: usize) -> Result<Vec<Ready>> {
    let permits = Arc::new(Semaphore::new(BATCH));
    let mut opening = JoinSet::new();
    for index in 0..count {
        let (connector, permits) = (connector.clone(), permits.clone());
        opening.spawn(async move {
            // The semaphore is never closed.
            let _permit = permits.acquire().await;
            open(&connector, index).await.context(format!("connection {index}"))
        });
    }
    let mut all = Vec::with_capacity(count);
    while let Some(ready) = opening.join_next().await {
        all.push(ready.map_err(|error| Failure::new(error.to_string()))??);
    }
    Ok(all)
}

async fn open(connector: &Connector, index: usize) -> Result<Ready> {
    let (watch, mut signals) = Watch::new();
    let connection = connector.open(index, watch).await?;
    let channel = start(&connection, "sink").await?;
    signals.wait(Signal::Granted).await?;
    Ok(Ready { connection, channel, signals })
}
