//! What a connection tells of itself, and its timeout. Nothing here is on the way of data.

use std::net::IpAddr;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::command::Command;
use super::connection::ConnectionHandle;
use crate::engine::{Connection, SendMode};

impl ConnectionHandle {
    /// The number of the connection.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// The client's address and port.
    pub fn peer(&self) -> (IpAddr, u16) {
        (self.peer.ip().to_canonical(), self.peer.port())
    }

    /// The address that the client connected to.
    pub fn local_address(&self) -> IpAddr {
        self.local.ip().to_canonical()
    }

    /// Seconds that a send may take without progress; 0 fails at once.
    pub fn timeout(&self) -> u32 {
        self.timeout.load(Ordering::Relaxed)
    }

    /// Changes [`Self::timeout`], also for the sends that wait.
    pub fn set_timeout(&self, seconds: u32) {
        self.timeout.store(seconds, Ordering::Relaxed);
        self.submit(Command::SetSendMode(self.send_mode()));
    }

    /// The client's identification string, once it has come. Waits at most a moment for the engine.
    pub fn client_version(&self) -> Option<String> {
        self.look(|engine| engine.client_version().map(str::to_owned))?
    }

    /// Whether strict key exchange was negotiated. Waits at most a moment for the engine.
    pub fn strict_kex(&self) -> Option<bool> {
        self.look(Connection::strict_kex)
    }

    /// Looks at the engine if nobody else has it.
    pub(super) fn look_now(&self, read: impl FnOnce(&Connection)) {
        if let Some(engine) = self.core.try_lock().as_ref().and_then(|core| core.engine.as_ref()) {
            read(engine);
        }
    }

    fn look<T>(&self, read: impl FnOnce(&Connection) -> T) -> Option<T> {
        // One turn of `drive` seals and writes 256 KiB at most, so the lock is free within
        // milliseconds; a program that reads a setting gets its value rather than none.
        let core = self.core.try_lock_for(Duration::from_millis(100))?;
        core.engine.as_ref().map(read)
    }

    pub(super) fn send_mode(&self) -> SendMode {
        match self.timeout() {
            0 => SendMode::NoWait,
            seconds => SendMode::Wait(Some(Duration::from_secs(u64::from(seconds)))),
        }
    }
}
