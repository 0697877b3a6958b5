//! Calls a connection when a socket of one of its tunnels is ready.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::task::{Context, Wake, Waker};

use super::command::TunnelCommand;
use crate::engine::ChannelId;

/// Whose socket is ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::driver) enum TunnelSign {
    Channel(ChannelId),
    /// A reverse tunnel that listens, by its number.
    Listener(u64),
}

/// A connection with tunnels.
pub(in crate::driver) trait Called: fmt::Debug + Send + Sync {
    /// A socket is ready.
    fn call(&self, sign: TunnelSign);

    /// Something has been decided or done.
    fn decided(&self, command: TunnelCommand);
}

/// What a socket calls its connection with.
#[derive(Debug)]
pub(in crate::driver) struct Alarm {
    bell: Arc<Bell>,
    waker: Waker,
}

#[derive(Debug)]
struct Bell {
    connection: Weak<dyn Called>,
    sign: TunnelSign,
    /// The connection has been called and has not come yet.
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

    /// A call of its own.
    pub(in crate::driver) fn waker(&self) -> Waker {
        self.waker.clone()
    }

    /// The connection has come; to be told before it looks at the socket.
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
