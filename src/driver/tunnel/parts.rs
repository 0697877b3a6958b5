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

/// What the program was asked.
#[derive(Debug)]
pub(super) enum Asked {
    Forward(Forward),
    Reverse(Reverse),
}

/// Ends with what it is done for.
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
    /// `None` once both ends have nothing to say to each other any more.
    pub(super) splice: Option<Box<Splice>>,
    pub(super) place: Place,
    /// What the program knows it by; not those of a reverse tunnel, which it knows as one.
    pub(super) number: Option<u64>,
}

/// A forward tunnel that is not open yet.
#[derive(Debug)]
pub(super) struct Forward {
    pub(super) request: OpenRequest,
    /// What the program knows it by, or the channel if it is none.
    pub(super) number: u64,
    pub(super) place: Place,
}

/// A reverse tunnel that does not listen yet.
#[derive(Debug)]
pub(super) struct Reverse {
    pub(super) number: u64,
    /// As the client has asked for it.
    pub(super) asked: Place,
}

/// A reverse tunnel.
#[derive(Debug)]
pub(super) struct Listener {
    pub(super) number: u64,
    /// What the client knows it by: with the port it asked for, or got if it left that to us.
    pub(super) known_as: Place,
    /// With the port that is listened on.
    pub(super) place: Place,
    pub(super) sockets: Vec<Socket>,
    pub(super) alarm: Alarm,
}

/// A connection to a reverse tunnel that the client is asked to take.
#[derive(Debug)]
pub(super) struct Arriving {
    pub(super) stream: Stream,
    pub(super) ticket: Ticket,
    pub(super) place: Place,
}

impl Arriving {
    /// The client has taken it.
    pub(super) fn open(self, cx: &Link, channel: ChannelId) -> Open {
        let splice = Some(Box::new(Splice::new(self.stream, cx, channel)));
        Open { splice, place: self.place, number: None }
    }
}

impl Listener {
    /// Closes the sockets; what the program knows it by.
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

    /// The fields of the channel for a connection from `peer`.
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
