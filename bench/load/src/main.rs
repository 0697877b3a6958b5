//! `load`: puts one kind of load on an SSH server and says what it cost.
//!
//!     load SCENARIO --port P --pid PID[,PID..] [options]
//!
//! Each scenario prints one line of JSON and exits with 0, or says on standard error what went wrong
//! and exits with 1. The server has a user `bench` and the commands `sink`, `source N`, `echo` and
//! `true`.
//!
//! | scenario | its options | measures |
//! |---|---|---|
//! | `bulk` | `--direction up\|down --mib N` | much data through one channel |
//! | `connect` | `--count N --concurrency 16` | whole connections |
//! | `echo` | `--count N --warmup M` | one byte there and back |
//! | `tunnel` | `--direction up\|down --mib N` | much data through `direct-tcpip`, to a TCP socket of `load` |
//! | `channels` | `--channels 100 --kib 64 --rounds 5` | many channels of one connection that echo at once |
//! | `scale-channels` | `--channels N --kib K --at-once 16` | what an open channel costs the others |
//! | `requests` | `--connections N --inflight K --seconds S` | channel requests, answered by the program |
//! | `spread` | `--connections N --mib T` | a fixed amount of data from many sides |
//! | `key-exchanges` | `--clients 50 --method NAME --bits 8192 --seconds S` | one byte there and back while others exchange keys |
//! | `idle` | `--connections N --batch 64` | memory of connections that do nothing, up to 100,000 and more |
//!
//! Options of all: `--tree` counts the descendants of the processes, the ended ones included;
//! `--user --password --auth password|publickey --key FILE` log in; `--cipher --mac --kex` are the
//! only ones offered; `--addresses N` spreads over 127.0.0.1 to 127.0.0.N; `--threads N` are those of
//! the client; `--timeout S`.

mod client;
mod failure;
mod options;
mod process;
mod report;
mod scenarios;
mod stream;

use std::future::Future;
use std::process::ExitCode;

use pico_args::Arguments;

use failure::{Context, Failure, Result};
use options::Common;
use report::Report;
use scenarios::{
    bulk, channels, connect, echo, idle, idle_worker, key_exchanges, requests, spread, tunnel,
};

/// Addresses for scenarios with more connections than an address has ports.
const MANY: u8 = 20;

fn main() -> ExitCode {
    match run() {
        Ok(report) => {
            if let Some(report) = report {
                println!("{}", report.line());
            }
            ExitCode::SUCCESS
        }
        Err(failure) => {
            eprintln!("load: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<Option<Report>> {
    let mut args = Arguments::from_env();
    let Some(scenario) = args.subcommand()? else {
        return Err(Failure::new("which scenario? See bench/load/src/main.rs"));
    };
    process::raise_open_files()?;
    if scenario == "idle-worker" {
        // It answers its parent on standard output, and has nothing to report.
        with_runtime(args, MANY, idle_worker::run).context(scenario)?;
        return Ok(None);
    }
    match scenario.as_str() {
        "bulk" => with_runtime(args, 1, bulk::run),
        "channels" => with_runtime(args, 1, channels::run),
        "connect" => with_runtime(args, 1, connect::run),
        "echo" => with_runtime(args, 1, echo::run),
        "idle" => with_runtime(args, MANY, idle::run),
        "key-exchanges" => with_runtime(args, 1, key_exchanges::run),
        "requests" => with_runtime(args, 1, requests::run),
        "scale-channels" => with_runtime(args, 1, channels::run_scale),
        "spread" => with_runtime(args, MANY, spread::run),
        "tunnel" => with_runtime(args, 1, tunnel::run),
        other => Err(Failure::new(format!("unknown scenario {other}"))),
    }
    .map(Some)
    .context(scenario)
}

/// Runs a scenario within its time.
fn with_runtime<T, F>(
    mut args: Arguments,
    addresses: u8,
    scenario: fn(Common, Arguments) -> F,
) -> Result<T>
where
    F: Future<Output = Result<T>>,
{
    let common = Common::take(&mut args, addresses)?;
    let mut builder = match common.threads {
        0 | 1 => tokio::runtime::Builder::new_current_thread(),
        threads => {
            let mut builder = tokio::runtime::Builder::new_multi_thread();
            builder.worker_threads(threads);
            builder
        }
    };
    let runtime = builder.enable_all().build()?;
    let timeout = common.timeout;
    runtime.block_on(async {
        match tokio::time::timeout(timeout, scenario(common, args)).await {
            Ok(result) => result,
            Err(_) => Err(Failure::new(format!("not done after {} s", timeout.as_secs()))),
        }
    })
}
