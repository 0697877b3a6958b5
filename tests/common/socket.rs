//! A client's end of a stream: a TCP socket, or one in memory. Test crates whose name ends with `memory` run
//! the same tests with streams in memory, which the server is handed.

use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU16, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use socket2::SockRef;
use sshserver::driver::{Incoming, MemoryStream, Server};

use super::driver_program::{PATIENCE, connect};

/// Where servers listen that are to be handed streams in memory.
static SERVERS: Mutex<Option<HashMap<SocketAddr, Weak<Server>>>> = Mutex::new(None);

/// Whether this crate's clients are in memory.
fn in_memory() -> bool {
    env!("CARGO_CRATE_NAME").ends_with("memory")
}

/// A server listens: clients find it by its address.
pub(crate) fn announce(server: &Arc<Server>) {
    if let Some(address) = server.listening_on().filter(|_| in_memory()) {
        let mut servers = SERVERS.lock().unwrap();
        servers.get_or_insert_default().insert(address, Arc::downgrade(server));
    }
}

/// A client that does not wait for ever.
pub(crate) fn dial(address: SocketAddr) -> Socket {
    static PORTS: AtomicU16 = AtomicU16::new(1);
    let server =
        SERVERS.lock().unwrap().as_ref().and_then(|servers| servers.get(&address)?.upgrade());
    let Some(server) = server else {
        return Socket::Tcp(connect(address));
    };
    let [ours, theirs] = MemoryStream::pair();
    let peer = SocketAddr::new([127, 0, 0, 1].into(), PORTS.fetch_add(1, Ordering::Relaxed));
    server.serve(Incoming::memory(theirs, peer, address)).unwrap();
    Socket::Memory(Memory { stream: Arc::new(ours), peer, waits: Arc::new(AtomicBool::new(true)) })
}

pub(crate) enum Socket {
    Tcp(TcpStream),
    Memory(Memory),
}

#[derive(Clone)]
pub(crate) struct Memory {
    stream: Arc<MemoryStream>,
    peer: SocketAddr,
    /// Reads and writes wait until they can do something.
    waits: Arc<AtomicBool>,
}

impl Memory {
    fn time(&self) -> Duration {
        if self.waits.load(Ordering::Relaxed) { PATIENCE } else { Duration::ZERO }
    }
}

impl Socket {
    pub(crate) fn try_clone(&self) -> io::Result<Self> {
        Ok(match self {
            Self::Tcp(socket) => Self::Tcp(socket.try_clone()?),
            Self::Memory(memory) => Self::Memory(memory.clone()),
        })
    }

    pub(crate) fn local_addr(&self) -> io::Result<SocketAddr> {
        match self {
            Self::Tcp(socket) => socket.local_addr(),
            Self::Memory(memory) => Ok(memory.peer),
        }
    }

    pub(crate) fn set_nonblocking(&self, nonblocking: bool) -> io::Result<()> {
        match self {
            Self::Tcp(socket) => socket.set_nonblocking(nonblocking),
            Self::Memory(memory) => {
                memory.waits.store(!nonblocking, Ordering::Relaxed);
                Ok(())
            }
        }
    }

    pub(crate) fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        match self {
            Self::Tcp(socket) => socket.shutdown(how),
            Self::Memory(memory) => {
                memory.stream.end();
                Ok(())
            }
        }
    }

    /// The other end is to find the connection broken.
    pub(crate) fn reset(self) {
        match self {
            Self::Tcp(socket) => {
                SockRef::from(&socket).set_linger(Some(Duration::ZERO)).unwrap();
            }
            Self::Memory(memory) => memory.stream.reset(),
        }
    }
}

impl Read for Socket {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(socket) => socket.read(buf),
            Self::Memory(memory) => memory.stream.read_within(buf, memory.time()),
        }
    }
}

impl Write for Socket {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(socket) => socket.write(buf),
            Self::Memory(memory) => memory.stream.write_within(buf, memory.time()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
