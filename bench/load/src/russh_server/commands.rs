//! What a client may do: log in, run `sink`, `source N`, `echo` or `true`, set variables, and open
//! tunnels.

use std::collections::HashMap;

use bytes::Bytes;
use russh::server::{Auth, ChannelOpenHandle, Handle, Handler, Msg, VerifiedPublicKey};
use russh::{Channel, ChannelId, Error};

use crate::tunnel;

/// The size of the pieces that `source` makes.
const PIECE: usize = 64 << 10;

/// A command that reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Command {
    Sink,
    Echo,
}

/// The handler of one connection.
#[derive(Debug, Default)]
pub(crate) struct Session {
    commands: HashMap<ChannelId, Command>,
}

type Peer = russh::server::Session;

impl Session {
    fn exec(&mut self, channel: ChannelId, command: &str, peer: &mut Peer) -> Result<bool, Error> {
        match command.split_once(' ') {
            None if command == "sink" => {
                self.commands.insert(channel, Command::Sink);
                peer.channel_success(channel)?;
            }
            None if command == "echo" => {
                self.commands.insert(channel, Command::Echo);
                peer.channel_success(channel)?;
            }
            None if command == "true" => {
                peer.channel_success(channel)?;
                end(channel, peer)?;
            }
            Some(("source", count)) => {
                let Ok(count) = count.parse() else { return Ok(false) };
                peer.channel_success(channel)?;
                tokio::spawn(source(peer.handle(), channel, count));
            }
            _ => return Ok(false),
        }
        Ok(true)
    }
}

fn end(channel: ChannelId, peer: &mut Peer) -> Result<(), Error> {
    peer.exit_status_request(channel, 0)?;
    peer.eof(channel)?;
    peer.close(channel)
}

/// Sends so many bytes. The session takes no more messages while the client's window is closed.
async fn source(handle: Handle, channel: ChannelId, mut left: u64) {
    let piece = Bytes::from(vec![0xa5; PIECE]);
    while left > 0 {
        let length = left.min(PIECE as u64);
        let part = piece.slice(..usize::try_from(length).unwrap_or(PIECE));
        if handle.data(channel, part).await.is_err() {
            return;
        }
        left -= length;
    }
    // A client that has gone needs no farewell.
    let _ = handle.exit_status_request(channel, 0).await;
    let _ = handle.eof(channel).await;
    let _ = handle.close(channel).await;
}

impl Handler for Session {
    type Error = Error;

    async fn auth_password(&mut self, user: &str, password: &str) -> Result<Auth, Error> {
        let right = user == "bench" && password == "bench";
        Ok(if right { Auth::Accept } else { Auth::reject() })
    }

    async fn auth_publickey(
        &mut self,
        user: &str,
        _key: VerifiedPublicKey<'_>,
    ) -> Result<Auth, Error> {
        Ok(if user == "bench" { Auth::Accept } else { Auth::reject() })
    }

    async fn channel_open_session(
        &mut self,
        _channel: Channel<Msg>,
        reply: ChannelOpenHandle,
        _session: &mut Peer,
    ) -> Result<(), Error> {
        // The channel is dropped: what comes in is told to this handler, and to nobody else.
        reply.accept().await;
        Ok(())
    }

    async fn channel_open_direct_tcpip(
        &mut self,
        channel: Channel<Msg>,
        host_to_connect: &str,
        port_to_connect: u32,
        _originator_address: &str,
        _originator_port: u32,
        reply: ChannelOpenHandle,
        _session: &mut Peer,
    ) -> Result<(), Error> {
        tokio::spawn(tunnel::open(channel, host_to_connect.to_owned(), port_to_connect, reply));
        Ok(())
    }

    async fn env_request(
        &mut self,
        channel: ChannelId,
        _name: &str,
        _value: &str,
        session: &mut Peer,
    ) -> Result<(), Error> {
        session.channel_success(channel)
    }

    async fn exec_request(
        &mut self,
        channel: ChannelId,
        data: &[u8],
        session: &mut Peer,
    ) -> Result<(), Error> {
        let command = std::str::from_utf8(data).unwrap_or_default();
        if !self.exec(channel, command, session)? {
            session.channel_failure(channel)?;
        }
        Ok(())
    }

    async fn data(
        &mut self,
        channel: ChannelId,
        data: &[u8],
        session: &mut Peer,
    ) -> Result<(), Error> {
        if self.commands.get(&channel) == Some(&Command::Echo) {
            session.data(channel, Bytes::copy_from_slice(data))?;
        }
        Ok(())
    }

    async fn channel_eof(&mut self, channel: ChannelId, session: &mut Peer) -> Result<(), Error> {
        if self.commands.remove(&channel).is_some() {
            end(channel, session)?;
        }
        Ok(())
    }

    async fn channel_close(
        &mut self,
        channel: ChannelId,
        _session: &mut Peer,
    ) -> Result<(), Error> {
        self.commands.remove(&channel);
        Ok(())
    }
}
