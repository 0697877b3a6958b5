//! Much data through a tunnel: a `direct-tcpip` channel to a TCP sink or source that this program
//! runs itself, on a thread of its own. The sink's and the source's CPU time is in the client's.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};

use pico_args::Arguments;
use tokio::sync::oneshot;

use crate::client::{Connector, Signal, Watch, leave};
use crate::failure::{Context, Failure, Result};
use crate::options::{Common, finish, option};
use crate::process::Processes;
use crate::report::Report;
use crate::scenarios::bulk::{Direction, Meter, READ_BUFFER, send};
use crate::stream::Writes;

/// Bytes that the sink and the source move at once.
const PIECE: usize = 256 << 10;

/// Runs the scenario.
pub async fn run(common: Common, mut args: Arguments) -> Result<Report> {
    let direction: Direction = args.value_from_str("--direction")?;
    let bytes = option(&mut args, "--mib", 1024u64)? << 20;
    finish(args)?;

    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let port = listener.local_addr()?.port();
    let (accepted, accept) = oneshot::channel();
    let (ended, end) = oneshot::channel();
    std::thread::spawn(move || {
        let result = listener.accept().map(|(stream, _)| stream);
        // The scenario may have failed meanwhile; then nobody waits.
        let _ = accepted.send(());
        let _ = ended.send(result.and_then(|stream| match direction {
            Direction::Up => sink(stream),
            Direction::Down => source(stream, bytes),
        }));
    });

    let server = Processes::new(&common.pids, common.tree);
    let connector = Connector::new(&common, READ_BUFFER, Writes::Direct)?;
    let (watch, mut signals) = Watch::new();
    let connection = connector.open(0, watch).await?;
    let meter = Meter::start(&server)?;
    let channel = connection
        .channel_open_direct_tcpip("127.0.0.1", port.into(), "127.0.0.1", 1)
        .await
        .context("opening the tunnel")?;
    let (_, channel) = channel.split();
    let gone = |_| Failure::new("the tunnel's other end is gone");
    accept.await.map_err(gone)?;
    let moved = if direction == Direction::Up {
        send(&connection, channel.id(), bytes).await?;
        channel.eof().await?;
        end.await.map_err(gone)?.context("the sink")?
    } else {
        signals.wait(Signal::Eof(bytes)).await?;
        channel.eof().await?;
        end.await.map_err(gone)?.context("the source")?
    };
    if moved != bytes {
        return Err(Failure::new(format!("{moved} bytes went through, not {bytes}")));
    }
    let report = meter.stop(&server, "tunnel", bytes)?;
    leave(connection).await?;
    Ok(report)
}

/// Reads until the end and says how much it was.
fn sink(mut stream: TcpStream) -> std::io::Result<u64> {
    let mut buffer = vec![0; PIECE];
    let mut received = 0;
    loop {
        match stream.read(&mut buffer)? {
            0 => return Ok(received),
            length => received += length as u64,
        }
    }
}

/// Writes so many bytes, then waits for the other side to end, too.
fn source(mut stream: TcpStream, bytes: u64) -> std::io::Result<u64> {
    let buffer = vec![0xa5; PIECE];
    let mut left = bytes;
    while left > 0 {
        let length = usize::try_from(left).unwrap_or(PIECE).min(PIECE);
        stream.write_all(buffer.get(..length).unwrap_or_default())?;
        left -= length as u64;
    }
    stream.shutdown(std::net::Shutdown::Write)?;
    sink(stream)?;
    Ok(bytes)
}
