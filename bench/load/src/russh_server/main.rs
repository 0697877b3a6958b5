//! `russh-server`: russh's server as a peer of the benchmarks, written the way that costs russh the
//! least: what can be answered inside its session task is answered there.
//!
//!     russh-server --port 0 --host-key FILE [--threads 2] [--reuse-port]
//!
//! It prints `{"ready":true,"port":..}` when it listens, and ends when standard input does, or on a
//! signal. User `bench`, password `bench` or any key. Commands: `sink`, `source N`, `echo`, `true`.

mod commands;
mod tunnel;

use std::borrow::Cow;
use std::io::Read;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use russh::server::{Config, Server};
use russh::{Limits, Preferred, cipher, keys, mac};
use tokio::net::{TcpListener, TcpSocket};

use commands::Session;

type Failure = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("russh-server: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Failure> {
    let mut args = pico_args::Arguments::from_env();
    let port: u16 = args.value_from_str("--port")?;
    let host_key: PathBuf = args.value_from_str("--host-key")?;
    let threads: usize = args.opt_value_from_str("--threads")?.unwrap_or(2);
    let reuse_port = args.contains("--reuse-port");
    if let Some(unknown) = args.finish().first() {
        return Err(format!("unknown argument {}", unknown.to_string_lossy()).into());
    }
    raise_open_files();
    let config = Arc::new(config(keys::load_secret_key(host_key, None)?));
    end_with_standard_input();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(threads.max(1))
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let listener = listen(port, reuse_port)?;
        let port = listener.local_addr()?.port();
        println!(r#"{{"ready":true,"port":{port},"name":"russh","version":"0.65.1"}}"#);
        Sessions.run_on_socket(config, &listener).await?;
        Ok(())
    })
}

fn listen(port: u16, reuse_port: bool) -> std::io::Result<TcpListener> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    // Several of these can share a port, where one process may not hold as many connections as the
    // load generator opens.
    socket.set_reuseport(reuse_port)?;
    socket.bind(SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, port)))?;
    socket.listen(4096)
}

fn config(host_key: keys::PrivateKey) -> Config {
    Config {
        keys: vec![host_key],
        // OpenSSH's client asks for the methods with a login that is refused; it isn't kept waiting.
        auth_rejection_time_initial: Some(Duration::ZERO),
        window_size: 2 << 20,
        maximum_packet_size: 32 << 10,
        limits: Limits {
            rekey_write_limit: 32 << 30,
            rekey_read_limit: 32 << 30,
            rekey_time_limit: Duration::from_secs(24 * 3600),
        },
        preferred: Preferred {
            // aes128-gcm is not in russh's default list.
            cipher: Cow::Borrowed(&[
                cipher::AES_128_GCM,
                cipher::AES_256_GCM,
                cipher::CHACHA20_POLY1305,
                cipher::AES_128_CTR,
                cipher::AES_192_CTR,
                cipher::AES_256_CTR,
            ]),
            mac: Cow::Borrowed(&[
                mac::HMAC_SHA256_ETM,
                mac::HMAC_SHA512_ETM,
                mac::HMAC_SHA256,
                mac::HMAC_SHA512,
            ]),
            ..Preferred::DEFAULT
        },
        inactivity_timeout: None,
        nodelay: true,
        ..Config::default()
    }
}

/// Makes a handler for each connection.
struct Sessions;

impl Server for Sessions {
    type Handler = Session;

    fn new_client(&mut self, _peer: Option<SocketAddr>) -> Session {
        Session::default()
    }
}

/// The suite holds the other end of standard input; when it is gone, so is the reason to be here.
fn end_with_standard_input() {
    std::thread::spawn(|| {
        let mut buffer = [0; 256];
        while !matches!(std::io::stdin().read(&mut buffer), Ok(0) | Err(_)) {}
        std::process::exit(0);
    });
}

/// As far as allowed; what is not reached shows when connections fail.
fn raise_open_files() {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: `limit` is valid for writes.
    if unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) } == 0 {
        let more = libc::rlimit { rlim_cur: 1 << 20, rlim_max: limit.rlim_max.max(1 << 20) };
        let most = libc::rlimit { rlim_cur: limit.rlim_max, rlim_max: limit.rlim_max };
        // SAFETY: both are valid for reads; failing leaves the limit as it was.
        unsafe {
            if libc::setrlimit(libc::RLIMIT_NOFILE, &raw const more) != 0 {
                libc::setrlimit(libc::RLIMIT_NOFILE, &raw const most);
            }
        }
    }
}
