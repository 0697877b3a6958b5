//! How long one byte takes there and back on a connection while others exchange keys, one exchange
//! after the other, each over a connection of its own.
//!
//! The others do no arithmetic: they send any number as their public value, wait for the server's
//! reply and begin anew. So the server is never without as many exchanges as there are clients, and the
//! processors are its own. A byte is sent every few milliseconds, as by somebody who types.

use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use pico_args::Arguments;
use russh::ChannelId;
use russh::client::Session;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufStream};
use tokio::net::TcpStream;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::task::JoinSet;

use crate::client::{Connector, Events, leave};
use crate::failure::{Context, Failure, Result};
use crate::options::{Common, finish, option};
use crate::process::Processes;
use crate::report::{Report, Samples};
use crate::scenarios::bulk::start;
use crate::stream::Writes;

/// Between the return of a byte and the next one.
const PAUSE: Duration = Duration::from_millis(2);

/// Message numbers of RFC 4253 section 12.
const SSH_MSG_KEXINIT: u8 = 20;
const SSH_MSG_KEXDH_INIT: u8 = 30;
const SSH_MSG_KEXDH_REPLY: u8 = 31;
const SSH_MSG_DISCONNECT: u8 = 1;

/// Runs the scenario.
pub async fn run(common: Common, mut args: Arguments) -> Result<Report> {
    let clients: usize = option(&mut args, "--clients", 50)?;
    let method = option(&mut args, "--method", "diffie-hellman-group18-sha512".to_owned())?;
    let bits: usize = option(&mut args, "--bits", 8192)?;
    let seconds: u64 = option(&mut args, "--seconds", 5)?;
    finish(args)?;

    let server = Processes::new(&common.pids, common.tree);
    let connector = Connector::new(&common, 4 << 10, Writes::Direct)?;
    let (arrivals, mut arrived) = unbounded_channel();
    let connection = connector.open(0, Arrivals(arrivals)).await?;
    let channel = start(&connection, "echo").await?;
    let gone = || Failure::new("the connection ended before its byte was back");
    arrived.recv().await.ok_or_else(gone)?;

    let count = Arc::new(Count::default());
    let mut others = JoinSet::new();
    for _ in 0..clients {
        let exchange = Exchange::new(common.port, &method, bits);
        others.spawn(exchange.repeat(Arc::clone(&count)));
    }
    while count.begun.load(Ordering::Relaxed) < clients {
        tokio::select! {
            ended = others.join_next() => return Err(why(ended)),
            () = tokio::time::sleep(PAUSE) => {}
        }
    }

    let (cpu, begin, before) = (server.cpu()?, Instant::now(), count.done());
    let mut samples = Vec::new();
    while begin.elapsed() < Duration::from_secs(seconds) {
        let sent = Instant::now();
        let byte = connection.data(channel.id(), Bytes::from_static(b"x"));
        byte.await.map_err(|_| gone())?;
        tokio::select! {
            at = arrived.recv() => {
                samples.push(at.ok_or_else(gone)?.duration_since(sent));
            }
            ended = others.join_next(), if clients > 0 => return Err(why(ended)),
        }
        tokio::time::sleep(PAUSE).await;
    }
    let (wall, done) = (begin.elapsed(), count.done() - before);
    let cpu = server.cpu()?.saturating_sub(cpu);
    others.shutdown().await;
    leave(connection).await?;

    let samples = Samples::new(samples)?;
    let millis = |part| samples.quantile(part).as_secs_f64() * 1e3;
    let mut report = Report::new("key-exchanges")
        .number("p50_ms", millis(0.5), 3)
        .number("p99_ms", millis(0.99), 3)
        .number("max_ms", millis(1.0), 3);
    if clients > 0 {
        if done == 0 {
            return Err(Failure::new("no exchange came to its end"));
        }
        report = report.number("per_s", done as f64 / wall.as_secs_f64(), 1).number(
            "server_cpu_ms",
            cpu.as_secs_f64() * 1e3 / done as f64,
            3,
        );
    }
    Ok(report)
}

/// Why a client has stopped: none ever does by itself.
fn why(ended: Option<std::result::Result<Result<()>, tokio::task::JoinError>>) -> Failure {
    match ended {
        Some(Ok(Err(failure))) => Failure::new(format!("exchanging keys: {failure}")),
        other => Failure::new(format!("a client has stopped: {other:?}")),
    }
}

/// Exchanges of all clients.
#[derive(Debug, Default)]
struct Count {
    begun: AtomicUsize,
    done: AtomicUsize,
}

impl Count {
    fn done(&self) -> usize {
        self.done.load(Ordering::Relaxed)
    }
}

/// Tells when the request for the channel was granted, and when each byte came.
struct Arrivals(UnboundedSender<Instant>);

impl Arrivals {
    fn tell(&self) -> Result<()> {
        self.0.send(Instant::now()).map_err(|_| Failure::new("nobody waits for the byte"))
    }
}

impl Events for Arrivals {
    fn granted(&mut self, _channel: ChannelId, _session: &mut Session) -> Result<()> {
        self.tell()
    }

    fn data(&mut self, _: ChannelId, _data: &[u8], _session: &mut Session) -> Result<()> {
        self.tell()
    }
}

/// The client's side of a key exchange, without its arithmetic.
#[derive(Debug)]
struct Exchange {
    port: u16,
    kex_init: Vec<u8>,
    kexdh_init: Vec<u8>,
}

impl Exchange {
    fn new(port: u16, method: &str, bits: usize) -> Self {
        let mut kex_init = vec![SSH_MSG_KEXINIT];
        kex_init.extend_from_slice(&[0x5a; 16]);
        let (cipher, mac) = ("aes128-ctr,aes256-ctr", "hmac-sha2-256");
        let host_keys = "ssh-ed25519,rsa-sha2-512,ecdsa-sha2-nistp256";
        for list in [method, host_keys, cipher, cipher, mac, mac, "none", "none", "", ""] {
            string(&mut kex_init, list.as_bytes());
        }
        kex_init.extend_from_slice(&[0; 5]);
        let mut kexdh_init = vec![SSH_MSG_KEXDH_INIT];
        // Below every modulus of this size: those begin with 64 ones (RFC 3526).
        string(&mut kexdh_init, &vec![0x5a; bits / 8]);
        Self { port, kex_init: packet(&kex_init), kexdh_init: packet(&kexdh_init) }
    }

    /// One after the other, until one fails.
    async fn repeat(self, count: Arc<Count>) -> Result<()> {
        let mut first = true;
        loop {
            let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).await?;
            stream.set_nodelay(true)?;
            stream.write_all(b"SSH-2.0-load\r\n").await?;
            stream.write_all(&self.kex_init).await?;
            let mut stream = BufStream::new(stream);
            let mut version = Vec::new();
            stream.read_until(b'\n', &mut version).await?;
            receive(&mut stream, SSH_MSG_KEXINIT).await.context("KEXINIT")?;
            stream.write_all(&self.kexdh_init).await?;
            stream.flush().await?;
            if std::mem::take(&mut first) {
                count.begun.fetch_add(1, Ordering::Relaxed);
            }
            receive(&mut stream, SSH_MSG_KEXDH_REPLY).await.context("the reply")?;
            count.done.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Reads a packet without encryption; it has to be this one.
async fn receive(stream: &mut BufStream<TcpStream>, number: u8) -> Result<()> {
    let mut packet = vec![0; stream.read_u32().await?.min(35_000) as usize];
    stream.read_exact(&mut packet).await?;
    match packet.get(1) {
        Some(&found) if found == number => Ok(()),
        Some(&SSH_MSG_DISCONNECT) => {
            Err(Failure::new(format!("the server says {}", String::from_utf8_lossy(&packet))))
        }
        found => Err(io::Error::other(format!("message {found:?} instead")).into()),
    }
}

fn string(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend_from_slice(&(bytes.len() as u32).to_be_bytes());
    out.extend_from_slice(bytes);
}

/// A packet without encryption (RFC 4253 section 6).
fn packet(payload: &[u8]) -> Vec<u8> {
    let padding = 16 - (5 + payload.len()) % 8;
    let mut packet = Vec::new();
    packet.extend_from_slice(&((1 + payload.len() + padding) as u32).to_be_bytes());
    packet.push(padding as u8);
    packet.extend_from_slice(payload);
    packet.resize(packet.len() + padding, 0);
    packet
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]
mod tests {
    use super::*;

    /// RFC 4253 section 6: whole blocks of 8, at least 4 bytes of padding.
    #[test]
    fn packets_are_whole_blocks() {
        for len in 1..40 {
            let packet = packet(&vec![1; len]);
            assert_eq!(packet.len() % 8, 0);
            let padding = usize::from(packet[4]);
            assert!(padding >= 4);
            assert_eq!(packet.len(), 5 + len + padding);
            let length = u32::from_be_bytes(packet[..4].try_into().unwrap());
            assert_eq!(packet.len(), 4 + length as usize);
        }
    }
}
