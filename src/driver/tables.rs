//! The tables of connections and channels by number. The program handles events some time after they
//! happened: what has ended can still be read here until the program has handled its last event.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};

use parking_lot::{Mutex, RwLock};

use super::channel_entry::ChannelEntry;
use super::connection::ConnectionHandle;
use super::handler::Handler;
use super::registry::{Of, OpenedChannel, PastChannel, PastConnection, Registry, Remains};

/// The connections or channels that are live, and what can be read of those that have ended.
#[derive(Debug)]
pub(super) struct Table<L, P>(RwLock<Rows<L, P>>);

#[derive(Debug)]
struct Rows<L, P> {
    live: BTreeMap<u64, Arc<L>>,
    past: BTreeMap<u64, Arc<P>>,
}

impl<L, P> Default for Table<L, P> {
    fn default() -> Self {
        Self(RwLock::new(Rows { live: BTreeMap::new(), past: BTreeMap::new() }))
    }
}

impl<L, P> Table<L, P> {
    pub(super) fn add(&self, number: u64, row: Arc<L>) {
        self.0.write().live.insert(number, row);
    }

    /// The live row with this number: commands go to live rows only.
    pub(super) fn live(&self, number: u64) -> Option<Arc<L>> {
        self.0.read().live.get(&number).cloned()
    }

    pub(super) fn all_live(&self) -> Vec<Arc<L>> {
        self.0.read().live.values().cloned().collect()
    }

    /// The row with this number, live or ended.
    pub(super) fn known(&self, number: u64) -> Option<Known<L, P>> {
        let rows = self.0.read();
        let live = rows.live.get(&number).cloned().map(Known::Live);
        live.or_else(|| rows.past.get(&number).cloned().map(Known::Past))
    }

    /// Takes out a row that has ended, and keeps what `past` returns of it; `false` if there was none.
    pub(super) fn end(&self, number: u64, past: impl FnOnce(&L) -> Option<P>) -> bool {
        let mut rows = self.0.write();
        let ended = rows.live.remove(&number);
        if let Some(past) = ended.as_deref().and_then(past) {
            rows.past.insert(number, Arc::new(past));
        }
        ended.is_some()
    }

    fn forget(&self, number: u64) {
        self.0.write().past.remove(&number);
    }

    /// The numbers of the live rows, ascending.
    pub(super) fn numbers(&self) -> Vec<u64> {
        self.0.read().live.keys().copied().collect()
    }

    /// The number of live rows.
    pub(super) fn len(&self) -> usize {
        self.0.read().live.len()
    }
}

/// A connection or a channel; after its end what can still be read of it.
#[derive(Debug)]
pub enum Known<L, P> {
    /// It has not ended.
    Live(Arc<L>),
    /// It has ended, and the program has not handled its last event.
    Past(Arc<P>),
}

impl Known<ConnectionHandle, PastConnection> {
    /// Whether the connection has not ended.
    pub fn is_live(&self) -> bool {
        matches!(self, Self::Live(_))
    }

    /// The client's address and port.
    pub fn peer(&self) -> (IpAddr, u16) {
        match self {
            Self::Live(handle) => handle.peer(),
            Self::Past(past) => (past.peer.ip().to_canonical(), past.peer.port()),
        }
    }

    /// The address that the client connected to.
    pub fn local_address(&self) -> IpAddr {
        match self {
            Self::Live(handle) => handle.local_address(),
            Self::Past(past) => past.local.ip().to_canonical(),
        }
    }

    /// Seconds that a send may take without progress.
    pub fn timeout(&self) -> u32 {
        match self {
            Self::Live(handle) => handle.timeout(),
            Self::Past(past) => past.timeout.load(Ordering::Relaxed),
        }
    }

    /// Changes [`Self::timeout`].
    pub fn set_timeout(&self, seconds: u32) {
        match self {
            Self::Live(handle) => handle.set_timeout(seconds),
            Self::Past(past) => past.timeout.store(seconds, Ordering::Relaxed),
        }
    }

    /// The client's identification string, if it has come. Waits at most a moment for the engine.
    pub fn client_version(&self) -> Option<String> {
        match self {
            Self::Live(handle) => handle.client_version(),
            Self::Past(past) => past.client_version.clone(),
        }
    }

    /// Whether strict key exchange was negotiated. Waits at most a moment for the engine.
    pub fn strict_kex(&self) -> Option<bool> {
        match self {
            Self::Live(handle) => handle.strict_kex(),
            Self::Past(past) => past.strict_kex,
        }
    }
}

impl Known<ChannelEntry, PastChannel> {
    /// The number of the channel's connection.
    pub fn connection(&self) -> u64 {
        match self {
            Self::Live(entry) => entry.connection.id(),
            Self::Past(past) => past.connection,
        }
    }

    /// The channel's type.
    pub fn service(&self) -> &str {
        match self {
            Self::Live(entry) => &entry.service,
            Self::Past(past) => &past.service,
        }
    }

    /// Bytes of the last send that were handed to the transport, and whether there is room to send.
    pub fn counters(&self) -> (u64, bool) {
        match self {
            Self::Live(entry) => {
                entry.refresh();
                (entry.bytes_sent(), entry.ready_to_send())
            }
            Self::Past(past) => (past.bytes_sent, false),
        }
    }
}

/// The connections and channels of one server.
pub(super) struct Tables {
    handler: Arc<dyn Handler>,
    /// Connections that the program does not know yet.
    arriving: Mutex<HashMap<u64, Arc<ConnectionHandle>>>,
    pub(super) connections: Table<ConnectionHandle, PastConnection>,
    pub(super) channels: Table<ChannelEntry, PastChannel>,
    /// The connections of closed channels with data that the program has not used: it is still part of
    /// their load.
    unread: Mutex<HashMap<u64, Weak<ConnectionHandle>>>,
    me: Weak<Self>,
}

impl std::fmt::Debug for Tables {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tables").finish_non_exhaustive()
    }
}

impl Tables {
    pub(super) fn new(handler: Arc<dyn Handler>) -> Arc<Self> {
        Arc::new_cyclic(|me| Self {
            handler,
            arriving: Mutex::default(),
            connections: Table::default(),
            channels: Table::default(),
            unread: Mutex::default(),
            me: Weak::clone(me),
        })
    }

    /// Adds a connection that the program does not know yet.
    pub(super) fn add_connection(&self, connection: &Arc<ConnectionHandle>) {
        self.arriving.lock().insert(connection.id(), Arc::clone(connection));
    }

    /// The program has used data of a channel, which may be closed by now.
    pub(super) fn consumed(&self, channel: u64, len: usize) {
        if let Some(entry) = self.channels.live(channel) {
            return entry.consumed(len);
        }
        let connection = self.unread.lock().get(&channel).and_then(Weak::upgrade);
        if let Some(connection) = connection {
            connection.consumed(None, channel, len);
        }
    }

    fn remains(&self, of: Of) -> Remains {
        Remains::new(Weak::clone(&self.me) as Weak<dyn Registry>, of)
    }
}

impl Registry for Tables {
    fn connection_comes(&self, connection: u64) {
        let arrived = self.arriving.lock().remove(&connection);
        if let Some(arrived) = arrived {
            self.connections.add(connection, arrived);
        }
    }

    fn connection_ended(&self, connection: u64, past: Option<PastConnection>) -> Option<Remains> {
        let is_left = past.is_some();
        if is_left {
            self.connections.end(connection, |_| past);
        } else {
            self.arriving.lock().remove(&connection);
            if self.connections.end(connection, |_| None) {
                self.handler.forget(connection);
            }
        }
        is_left.then(|| self.remains(Of::Connection(connection)))
    }

    fn channel_opened(&self, channel: OpenedChannel) {
        if let Some(connection) = self.connections.live(channel.connection) {
            let number = channel.number;
            self.channels.add(number, Arc::new(ChannelEntry::new(connection, channel)));
        }
    }

    fn channel_ended(&self, channel: u64) -> Option<Remains> {
        let past = |entry: &ChannelEntry| Some(entry.past());
        self.channels.end(channel, past).then(|| self.remains(Of::Channel(channel)))
    }

    fn closed_unread(&self, channel: u64, connection: u64) {
        if let Some(connection) = self.connections.live(connection) {
            self.unread.lock().insert(channel, Arc::downgrade(&connection));
        }
    }

    fn read_to_end(&self, channel: u64) {
        self.unread.lock().remove(&channel);
    }

    fn forget(&self, what: Of) {
        match what {
            Of::Connection(number) => {
                self.connections.forget(number);
                self.handler.forget(number);
            }
            Of::Channel(number) => self.channels.forget(number),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_ended_can_be_read_until_it_is_forgotten() {
        let table: Table<&str, &str> = Table::default();
        table.add(2, Arc::new("two"));
        table.add(1, Arc::new("one"));
        assert!(table.end(1, |live| Some(*live)));
        assert_eq!((table.numbers(), table.len()), (vec![2], 1), "it is not there any more");
        assert!(matches!(table.known(1), Some(Known::Past(past)) if *past == "one"));
        assert!(table.live(1).is_none(), "no command can reach it");
        assert_eq!(table.all_live().len(), 1);
        table.forget(1);
        assert!(table.known(1).is_none());
        assert!(matches!(table.known(2), Some(Known::Live(_))));
    }

    #[test]
    fn nothing_is_left_of_what_is_to_be_forgotten_at_once_or_never_was() {
        let table: Table<&str, &str> = Table::default();
        table.add(1, Arc::new("one"));
        assert!(table.end(1, |_| None));
        assert!(!table.end(1, |live| Some(*live)), "it has ended before");
        assert!(!table.end(7, |live| Some(*live)));
        assert!([1, 7].iter().all(|number| table.known(*number).is_none()));
        table.add(2, Arc::new("two"));
        table.forget(2);
        assert!(table.live(2).is_some(), "only what has ended is forgotten");
    }
}
