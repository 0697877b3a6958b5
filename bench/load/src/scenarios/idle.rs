//! Many logged-in connections that do nothing, each with a channel: what does the server keep in
//! memory for each, does each one still answer, and does the memory come back when they are gone?
//!
//! The connections are held by child processes (`idle_worker`), as many as the limit of open files
//! asks for, which are told over their standard input what to do. One process opens or asks at a
//! time, and each connection is asked alone, so that the time of an answer is the server's.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use pico_args::Arguments;

use crate::failure::{Context, Failure, Result};
use crate::options::{Common, finish, option};
use crate::process::{Processes, raise_open_files};
use crate::report::{Report, Samples};

/// Files that a worker needs for itself.
const OTHER_FILES: u64 = 64;

/// Runs the scenario.
pub async fn run(common: Common, mut args: Arguments) -> Result<Report> {
    let connections: usize = option(&mut args, "--connections", 1000)?;
    // The workers read this one from the same arguments.
    let _batch: usize = option(&mut args, "--batch", 64)?;
    finish(args)?;
    if connections == 0 {
        return Err(Failure::new("no connections, nothing to measure"));
    }

    let server = Processes::new(&common.pids, common.tree);
    let files = server.open_files()?;
    let before = server.resident_kib()?;
    let cpu = server.cpu()?;
    let begin = Instant::now();
    let mut workers = start_workers(connections)?;
    for worker in &mut workers {
        worker.ask(&format!("open {} {}", worker.offset, worker.count))?;
    }
    let open_time = begin.elapsed();
    let cpu = server.cpu()?.saturating_sub(cpu);
    let open = settled_kib(&server)?;

    let mut times = Vec::with_capacity(connections);
    for worker in &mut workers {
        let answer = worker.ask("probe")?;
        for time in answer.split_ascii_whitespace() {
            let nanos = time.parse().map_err(|_| Failure::new("a worker's answer is no time"))?;
            times.push(Duration::from_nanos(nanos));
        }
    }
    if times.len() != connections {
        return Err(Failure::new(format!("{} of {connections} answered", times.len())));
    }
    let times = Samples::new(times)?;

    let begin = Instant::now();
    close(workers)?;
    let close_time = begin.elapsed();
    std::thread::sleep(Duration::from_secs(3));
    let closed = server.resident_kib()?;
    let left = server.open_files()?.saturating_sub(files);

    let millis = |time: Duration| time.as_secs_f64() * 1e3;
    let grown = open as f64 - before as f64;
    Ok(Report::new("idle")
        .count("connections", connections as u64)
        .number("open_s", open_time.as_secs_f64(), 2)
        .number("open_cpu_ms", millis(cpu) / connections as f64, 4)
        .count("rss_before_kib", before)
        .count("rss_open_kib", open)
        .number("kib_per_connection", grown / connections as f64, 2)
        .number("probe_p50_ms", millis(times.quantile(0.5)), 3)
        .number("probe_p99_ms", millis(times.quantile(0.99)), 3)
        .number("probe_max_ms", millis(times.quantile(1.0)), 3)
        .number("close_s", close_time.as_secs_f64(), 2)
        .count("rss_closed_kib", closed)
        .count("files_left", left))
}

/// The memory when it no longer changes, or after ten seconds.
fn settled_kib(server: &Processes) -> Result<u64> {
    let mut last = server.resident_kib()?;
    for _ in 0..10 {
        std::thread::sleep(Duration::from_secs(1));
        let now = server.resident_kib()?;
        if now.abs_diff(last) <= last / 500 {
            return Ok(now);
        }
        last = now;
    }
    Ok(last)
}

/// All workers leave at the same time.
fn close(mut workers: Vec<Worker>) -> Result<()> {
    for worker in &mut workers {
        worker.tell("close")?;
    }
    for worker in &mut workers {
        worker.answer()?;
        worker.child.wait()?;
    }
    Ok(())
}

fn start_workers(connections: usize) -> Result<Vec<Worker>> {
    let files = raise_open_files()?.saturating_sub(OTHER_FILES).max(1);
    let most = usize::try_from(files).unwrap_or(usize::MAX);
    let count = connections.div_ceil(most);
    let share = connections.div_ceil(count);
    (0..count)
        .map(|index| {
            let offset = index * share;
            Worker::start(offset, share.min(connections - offset))
        })
        .collect()
}

/// A child process that holds connections.
struct Worker {
    offset: usize,
    count: usize,
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Worker {
    fn start(offset: usize, count: usize) -> Result<Self> {
        let program = std::env::current_exe()?;
        let mut child = Command::new(program)
            .arg("idle-worker")
            .args(std::env::args_os().skip(2))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("starting a worker")?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(Failure::new("a worker without pipes"));
        };
        Ok(Self { offset, count, child, input, output: BufReader::new(output) })
    }

    fn ask(&mut self, command: &str) -> Result<String> {
        self.tell(command)?;
        self.answer()
    }

    fn tell(&mut self, command: &str) -> Result<()> {
        writeln!(self.input, "{command}").context("telling a worker")
    }

    fn answer(&mut self) -> Result<String> {
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        match line.strip_prefix("ok") {
            Some(answer) => Ok(answer.trim().to_owned()),
            // It has told standard error why.
            None => Err(Failure::new("a worker has failed")),
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // After a failure the others must not stay; after success it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
