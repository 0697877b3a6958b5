//! Wakes the task of a connection when a socket of one of its tunnels is ready.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::task::{Context, Wake, Waker};

use super::command::TunnelCommand;
use crate::engine::ChannelId;

/// The socket that is ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::driver) enum TunnelSign {
    Channel(ChannelId),
    /// The listener of the reverse tunnel with this number.
    Listener(u64),
}

/// A connection with tunnels, which their sockets and tasks call.
pub(in crate::driver) trait Called: fmt::Debug + Send + Sync {
    /// A socket is ready.
    fn call(&self, sign: TunnelSign);

    /// A result for the connection: the program's answer, a connected target, a bound listener.
    fn decided(&self, command: TunnelCommand);
}

/// The waker of one socket, which tells its connection that the socket is ready.
#[derive(Debug)]
pub(in crate::driver) struct Alarm {
    bell: Arc<Bell>,
    waker: Waker,
}

#[derive(Debug)]
struct Bell {
    connection: Weak<dyn Called>,
    sign: TunnelSign,
    /// Set from the wake-up until the connection looks at the socket: wake-ups in between are coalesced.
    rung: AtomicBool,
}

impl Alarm {
    pub(in crate::driver) fn new(connection: Weak<dyn Called>, sign: TunnelSign) -> Self {
        let bell = Arc::new(Bell { connection, sign, rung: AtomicBool::new(false) });
        Self { waker: Waker::from(Arc::clone(&bell)), bell }
    }

    pub(in crate::driver) fn context(&self) -> Context<'_> {
        Context::from_waker(&self.waker)
    }

    /// Another handle of the waker.
    pub(in crate::driver) fn waker(&self) -> Waker {
        self.waker.clone()
    }

    /// Lets the next wake-up through; to be called before the connection looks at the socket.
    pub(in crate::driver) fn reset(&self) {
        self.bell.rung.store(false, Ordering::Release);
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.rung.swap(true, Ordering::AcqRel)
            && let Some(connection) = self.connection.upgrade()
        {
            connection.call(self.sign);
        }
    }
}
