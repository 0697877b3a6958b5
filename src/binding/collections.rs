//! The collections of connections and channels as the facade reads them: they list what is there, and by
//! its number also what has ended is found while listeners of its events are still to come, or run.

use napi::bindgen_prelude::{Either, Null};
use napi_derive::napi;

use super::errors::{Failure, UNKNOWN_CONNECTION};
use super::server::NativeServer;
use super::state::{KnownConnection, whole};
use crate::driver::{ChannelEntry, Known, PastChannel};

/// What can be read of a connection.
#[napi(object)]
pub struct ConnectionInfo {
    pub local_address: String,
    pub remote_host: String,
    pub remote_port: u32,
    /// Seconds.
    pub timeout: u32,
}

/// What can be read of a channel.
#[napi(object)]
pub struct ChannelInfo {
    pub connection: i64,
    /// Its type.
    pub service: String,
    pub bytes_sent: i64,
    pub ready_to_send: bool,
}

#[napi]
impl NativeServer {
    /// How many connections there are.
    #[napi]
    pub fn connection_count(&self) -> u32 {
        count(self.state.server.connection_count())
    }

    /// The numbers of all connections.
    #[napi]
    pub fn connection_ids(&self) -> Vec<i64> {
        numbers(self.state.server.connection_ids())
    }

    /// The listeners of the last event of a connection are done.
    #[napi]
    pub fn release_connection(&mut self, id: f64) {
        if let Some(id) = whole(id) {
            self.remains.connections.remove(&id);
        }
    }

    /// The listeners of the last event of a channel are done.
    #[napi]
    pub fn release_channel(&mut self, id: f64) {
        if let Some(id) = whole(id) {
            self.remains.channels.remove(&id);
        }
    }

    /// Whether a connection with this number can be read.
    #[napi]
    pub fn has_connection(&self, id: f64) -> bool {
        self.known_connection(id).is_ok()
    }

    /// Whether the connection with this number is there.
    #[napi]
    pub fn is_connected(&self, id: f64) -> bool {
        self.known_connection(id).is_ok_and(|connection| connection.is_live())
    }

    /// The fields of a connection; `null` if its number is unknown.
    #[napi]
    pub fn connection_info(&self, id: f64) -> Either<ConnectionInfo, Null> {
        let Ok(connection) = self.known_connection(id) else {
            return Either::B(Null);
        };
        let (peer, port) = connection.peer();
        Either::A(ConnectionInfo {
            local_address: connection.local_address().to_string(),
            remote_host: peer.to_string(),
            remote_port: port.into(),
            timeout: connection.timeout(),
        })
    }

    /// Changes the timeout of a connection.
    #[napi]
    pub fn set_connection_timeout(&self, id: f64, seconds: f64) -> napi::Result<(), String> {
        let connection = self.known_connection(id)?;
        let seconds = whole(seconds).and_then(|seconds| u32::try_from(seconds).ok());
        let bad = || Failure::invalid("A timeout is a whole number of seconds.");
        connection.set_timeout(seconds.ok_or_else(bad)?);
        Ok(())
    }

    /// How many channels are open.
    #[napi]
    pub fn channel_count(&self) -> u32 {
        count(self.state.server.channel_count())
    }

    /// The numbers of all open channels.
    #[napi]
    pub fn channel_ids(&self) -> Vec<i64> {
        numbers(self.state.server.channel_ids())
    }

    /// Whether a channel with this number can be read.
    #[napi]
    pub fn has_channel(&self, id: f64) -> bool {
        self.known_channel(id).is_some()
    }

    /// The fields of a channel; `null` if its number is unknown.
    #[napi]
    pub fn channel_info(&self, id: f64) -> Either<ChannelInfo, Null> {
        let Some(channel) = self.known_channel(id) else {
            return Either::B(Null);
        };
        let (bytes_sent, ready_to_send) = channel.counters();
        Either::A(ChannelInfo {
            connection: signed(channel.connection()),
            service: channel.service().to_owned(),
            bytes_sent: signed(bytes_sent),
            ready_to_send,
        })
    }

    fn known_channel(&self, id: f64) -> Option<Known<ChannelEntry, PastChannel>> {
        self.state.server.known_channel(whole(id)?)
    }

    fn known_connection(&self, id: f64) -> Result<KnownConnection, Failure> {
        let id = whole(id).ok_or_else(|| Failure::new(UNKNOWN_CONNECTION))?;
        self.state.known_connection(id)
    }
}

/// Numbers and counters stay below 2^53.
fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn numbers(ids: Vec<u64>) -> Vec<i64> {
    ids.into_iter().map(signed).collect()
}

fn count(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}
