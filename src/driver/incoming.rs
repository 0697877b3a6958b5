//! A stream that the program has accepted itself and the server is to serve: a socket that another process
//! or library has handed over, a Unix domain socket, or bytes that the program carries itself.

use std::io;
use std::net::SocketAddr;
#[cfg(unix)]
use std::net::TcpStream;
#[cfg(unix)]
use std::os::fd::OwnedFd;
#[cfg(unix)]
use std::os::unix::net::UnixStream;

use super::io::memory::MemoryStream;
#[cfg(unix)]
use super::io::socket::{Kind, Socket};
use super::io::socket_options::SocketOptions;
use super::io::stream::{Addresses, ByteStream};

/// A stream with a client at the other end. [`super::Server::serve`] serves it.
#[derive(Debug)]
pub struct Incoming {
    from: From,
}

#[derive(Debug)]
enum From {
    /// A TCP socket, which knows its addresses and whose options are set.
    #[cfg(unix)]
    Tcp(TcpStream),
    /// Any other stream.
    Other(Box<dyn ByteStream>, Addresses),
}

impl Incoming {
    /// A TCP connection.
    #[cfg(unix)]
    pub fn tcp(socket: TcpStream) -> Self {
        Self { from: From::Tcp(socket) }
    }

    /// A Unix domain socket. It has no IP addresses, so the program gives them: `peer` stands for the
    /// client, and `local` for the server.
    #[cfg(unix)]
    pub fn unix(socket: UnixStream, peer: SocketAddr, local: SocketAddr) -> io::Result<Self> {
        socket.set_nonblocking(true)?;
        let stream = Box::new(Socket::new(socket.into(), Kind::Local));
        Ok(Self { from: From::Other(stream, Addresses { peer, local }) })
    }

    /// Any descriptor that can be read and written, such as a serial line or a pseudo-terminal. As with
    /// [`Self::unix`], the program gives the addresses.
    #[cfg(unix)]
    pub fn descriptor(
        descriptor: OwnedFd,
        peer: SocketAddr,
        local: SocketAddr,
    ) -> io::Result<Self> {
        socket2::SockRef::from(&descriptor).set_nonblocking(true)?;
        let stream = Box::new(Socket::new(descriptor, Kind::File));
        Ok(Self { from: From::Other(stream, Addresses { peer, local }) })
    }

    /// A stream in memory. As with [`Self::unix`], the program gives the addresses.
    pub fn memory(stream: MemoryStream, peer: SocketAddr, local: SocketAddr) -> Self {
        Self { from: From::Other(Box::new(stream), Addresses { peer, local }) }
    }

    /// Any stream that is ready to be served.
    #[cfg(any(test, fuzzing))]
    pub(super) fn ready(stream: Box<dyn ByteStream>, addresses: Addresses) -> Self {
        Self { from: From::Other(stream, addresses) }
    }

    /// Sets the stream up; fails when the client has left already.
    pub(super) fn open(
        self,
        options: &SocketOptions,
    ) -> io::Result<(Box<dyn ByteStream>, Addresses)> {
        match self.from {
            #[cfg(unix)]
            From::Tcp(socket) => {
                socket.set_nonblocking(true)?;
                let addresses = options.prepare(&socket)?;
                Ok((Box::new(Socket::accepted(socket)), addresses))
            }
            From::Other(stream, addresses) => {
                // The options are about TCP.
                let _ = options;
                Ok((stream, addresses))
            }
        }
    }
}
