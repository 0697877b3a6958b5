//! Channel requests as fast as they come back: each is one question of the server to its program and
//! the answer, with nothing else around it. Many connections, some requests in flight on each; the
//! next one is sent where an answer arrives, and all that arrived together leave in one write.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use pico_args::Arguments;
use russh::ChannelId;
use russh::client::Session;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::time::sleep;

use crate::client::{Connector, Events, leave};
use crate::failure::{Failure, Result};
use crate::options::{Common, finish, option};
use crate::process::{Processes, own_cpu};
use crate::report::Report;
use crate::stream::Writes;

/// Runs before anything is counted.
const WARM_UP: Duration = Duration::from_millis(500);

/// Runs the scenario.
pub async fn run(common: Common, mut args: Arguments) -> Result<Report> {
    let connections: usize = option(&mut args, "--connections", 16)?;
    let inflight: u64 = option(&mut args, "--inflight", 32)?.max(1);
    let seconds: u64 = option(&mut args, "--seconds", 5)?;
    finish(args)?;

    let server = Processes::new(&common.pids, common.tree);
    let connector = Connector::new(&common, 16 << 10, Writes::Joined)?;
    let answered = Arc::new(AtomicU64::new(0));
    let stop = Arc::new(AtomicBool::new(false));
    let (done, mut wait) = unbounded_channel();
    let mut open = Vec::with_capacity(connections);
    for index in 0..connections {
        let asking =
            Asking { inflight, answered: answered.clone(), stop: stop.clone(), done: done.clone() };
        let connection = connector.open(index, asking).await?;
        drop(connection.channel_open_session().await?);
        open.push(connection);
    }
    drop(done);

    sleep(WARM_UP).await;
    let (cpu, client, wall) = (server.cpu()?, own_cpu(), Instant::now());
    let before = answered.load(Ordering::Relaxed);
    sleep(Duration::from_secs(seconds.max(1))).await;
    let wall = wall.elapsed();
    let count = answered.load(Ordering::Relaxed).saturating_sub(before);
    let client = own_cpu().saturating_sub(client);
    let cpu = server.cpu()?.saturating_sub(cpu);

    stop.store(true, Ordering::Relaxed);
    for _ in &open {
        if wait.recv().await.is_none() {
            return Err(Failure::new("a connection ended early"));
        }
    }
    for connection in open {
        leave(connection).await?;
    }
    Ok(Report::new("requests")
        .number("per_s", count as f64 / wall.as_secs_f64(), 0)
        .number("server_cpu_us", cpu.as_secs_f64() * 1e6 / count as f64, 4)
        .number("client_cpu_us", client.as_secs_f64() * 1e6 / count as f64, 4))
}

/// Keeps requests in flight until it is told to stop.
struct Asking {
    inflight: u64,
    answered: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
    done: UnboundedSender<()>,
}

fn ask(channel: ChannelId, session: &mut Session) -> Result<()> {
    session.set_env(channel, true, "LANG", "C")?;
    Ok(())
}

impl Events for Asking {
    fn opened(&mut self, channel: ChannelId, session: &mut Session) -> Result<()> {
        (0..self.inflight).try_for_each(|_| ask(channel, session))
    }

    fn granted(&mut self, channel: ChannelId, session: &mut Session) -> Result<()> {
        self.answered.fetch_add(1, Ordering::Relaxed);
        if !self.stop.load(Ordering::Relaxed) {
            return ask(channel, session);
        }
        self.inflight -= 1;
        if self.inflight == 0 {
            // Nobody waits when the scenario has failed otherwise.
            let _ = self.done.send(());
        }
        Ok(())
    }
}
