//! What the tunnels of a connection consist of, from the question to the open tunnel.

use std::io;
use std::net::SocketAddr;
use std::task::Poll;

use tokio::task::AbortHandle;

use super::alarm::Alarm;
use super::asking::OpenRequest;
use super::bound::Socket;
use super::splice::Splice;
use super::stream::Stream;
use crate::driver::connection::link::Link;
use crate::engine::{ChannelId, Place, Ticket};
use crate::wire::messages::forwarding::{ForwardedStreamlocal, Tcpip};

/// A tunnel that the program was asked about and has not answered.
#[derive(Debug)]
pub(super) enum Asked {
    Forward(Forward),
    Reverse(Reverse),
}

/// A task that works for a tunnel, and is aborted when this is dropped.
#[derive(Debug)]
pub(super) struct Work(pub(super) AbortHandle);

impl Drop for Work {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// A tunnel from the opening of its channel to its close.
#[derive(Debug)]
pub(super) struct Open {
    /// `None` once both directions have ended.
    pub(super) splice: Option<Box<Splice>>,
    pub(super) place: Place,
    /// The program's number of the tunnel. `None` for a connection of a reverse tunnel: the program has one
    /// number for the whole tunnel.
    pub(super) number: Option<u64>,
}

/// A forward tunnel that is not open yet.
#[derive(Debug)]
pub(super) struct Forward {
    pub(super) request: OpenRequest,
    /// The program's number of the tunnel; if it refuses the tunnel, that of the channel.
    pub(super) number: u64,
    pub(super) place: Place,
}

/// A reverse tunnel that does not listen yet.
#[derive(Debug)]
pub(super) struct Reverse {
    pub(super) number: u64,
    /// The address as the client has asked for it.
    pub(super) asked: Place,
}

/// A reverse tunnel that listens.
#[derive(Debug)]
pub(super) struct Listener {
    pub(super) number: u64,
    /// The address as the client knows it: with the port it asked for, or the one it got for port 0.
    pub(super) known_as: Place,
    /// The same with the port that the server listens on.
    pub(super) place: Place,
    pub(super) sockets: Vec<Socket>,
    pub(super) alarm: Alarm,
}

/// A connection to a reverse tunnel; the client was asked to open a channel for it.
#[derive(Debug)]
pub(super) struct Arriving {
    pub(super) stream: Stream,
    pub(super) ticket: Ticket,
    pub(super) place: Place,
}

impl Arriving {
    /// The client has opened the channel.
    pub(super) fn open(self, cx: &Link, channel: ChannelId) -> Open {
        let splice = Some(Box::new(Splice::new(self.stream, cx, channel)));
        Open { splice, place: self.place, number: None }
    }
}

impl Listener {
    /// Closes the sockets; returns the program's number of the tunnel, and its address.
    pub(super) fn close(self) -> (u64, Place) {
        (self.number, self.place)
    }

    pub(super) fn poll_accept(&self) -> Poll<io::Result<(Stream, Option<SocketAddr>)>> {
        let mut cx = self.alarm.context();
        for socket in &self.sockets {
            if let Poll::Ready(accepted) = socket.poll_accept(&mut cx) {
                return Poll::Ready(accepted);
            }
        }
        Poll::Pending
    }

    /// The type and the fields of the channel for a connection from `peer`.
    pub(super) fn opening(&self, peer: Option<SocketAddr>) -> (&'static str, Vec<u8>) {
        match &self.known_as {
            Place::Tcp { address, port } => {
                let originator = peer.map(|peer| peer.ip().to_canonical().to_string());
                let fields = Tcpip {
                    address,
                    port: (*port).into(),
                    originator_address: originator.as_deref().unwrap_or_default(),
                    originator_port: peer.map_or(0, |peer| peer.port().into()),
                };
                ("forwarded-tcpip", fields.encode())
            }
            Place::Unix { path } => {
                let fields = ForwardedStreamlocal { path, reserved: "" };
                ("forwarded-streamlocal@openssh.com", fields.encode())
            }
        }
    }
}
