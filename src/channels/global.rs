//! Global requests of the client (RFC 4254 section 4). The program decides on reverse tunnels. Any other
//! request that wants a reply gets a failure, which is all that `keepalive@openssh.com` asks for. Replies
//! leave in the order of the requests, so requests that come while one is undecided wait.

use std::collections::VecDeque;

use super::event::{ChannelEvent, Forwarding, Place};
use super::table::{Channels, HeldGlobal, Undecided};
use crate::error::Error;
use crate::wire::messages::forwarding::{StreamlocalForward, TcpipForward};
use crate::wire::messages::{GlobalRequest, Message, RequestFailure, RequestSuccess};
use crate::wire::{Outbox, Writer};

impl Channels {
    /// SSH_MSG_GLOBAL_REQUEST of the client.
    pub(super) fn handle_global(
        &mut self,
        payload: &[u8],
        out: &mut dyn Outbox,
    ) -> Result<(), Error> {
        let message = GlobalRequest::decode(payload)?;
        let request = parse(message.request_name, message.request_specific);
        if request.is_none() && !message.want_reply {
            return Ok(());
        }
        let held = HeldGlobal { want_reply: message.want_reply, request };
        let Some(undecided) = &mut self.undecided else {
            return self.begin_global(held, out).map(|_| ());
        };
        self.held.add(held.cost());
        undecided.held.push_back(held);
        Ok(())
    }

    /// Asks the program about a request, or replies to it at once; returns whether it was replied to.
    fn begin_global(&mut self, held: HeldGlobal, out: &mut dyn Outbox) -> Result<bool, Error> {
        let HeldGlobal { want_reply, request } = held;
        match request {
            Some(request) => {
                let wants_port = matches!(&request, Forwarding::Listen(Place::Tcp { port: 0, .. }));
                let held = VecDeque::new();
                self.undecided = Some(Box::new(Undecided { want_reply, wants_port, held }));
                self.events.push_back(ChannelEvent::GlobalRequested(request));
                Ok(false)
            }
            None => reply(want_reply, None, out).map(|()| true),
        }
    }

    /// The program's answer to [`ChannelEvent::GlobalRequested`]: the port if it was granted.
    pub fn answer_global(
        &mut self,
        granted: Option<u16>,
        out: &mut dyn Outbox,
    ) -> Result<(), Error> {
        let Some(undecided) = self.undecided.take() else {
            return Err(Error::Internal("no global request to answer"));
        };
        let Undecided { want_reply, wants_port, mut held } = *undecided;
        let mut port = Vec::new();
        if wants_port && let Some(granted) = granted {
            Writer::new(&mut port).u32(granted.into());
        }
        reply(want_reply, granted.map(|_| port.as_slice()), out)?;
        while let Some(next) = held.pop_front() {
            self.held.subtract(next.cost());
            if !self.begin_global(next, out)? {
                break;
            }
        }
        if let Some(undecided) = &mut self.undecided {
            undecided.held = held;
        }
        Ok(())
    }
}

fn reply(want_reply: bool, success: Option<&[u8]>, out: &mut dyn Outbox) -> Result<(), Error> {
    match success {
        _ if !want_reply => Ok(()),
        Some(response_specific) => out.send(&RequestSuccess { response_specific }),
        None => out.send(&RequestFailure {}),
    }
}

/// `None` for requests that are unknown, or that have an address that cannot exist.
fn parse(name: &str, fields: &[u8]) -> Option<Forwarding> {
    match name {
        "tcpip-forward" => tcp(fields).map(Forwarding::Listen),
        "cancel-tcpip-forward" => tcp(fields).map(Forwarding::Cancel),
        "streamlocal-forward@openssh.com" => unix(fields).map(Forwarding::Listen),
        "cancel-streamlocal-forward@openssh.com" => unix(fields).map(Forwarding::Cancel),
        _ => None,
    }
}

fn tcp(fields: &[u8]) -> Option<Place> {
    let TcpipForward { address, port } = TcpipForward::decode(fields).ok()?;
    Place::tcp(address, port)
}

fn unix(fields: &[u8]) -> Option<Place> {
    Place::unix(StreamlocalForward::decode(fields).ok()?.path)
}
