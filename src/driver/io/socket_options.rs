//! The options of the sockets of connections: buffer sizes, keep-alive and Nagle's algorithm. An option
//! that a system refuses keeps the system's value; the connection works all the same.

use std::io;
use std::time::Duration;

use socket2::{SockRef, Socket, TcpKeepalive};

use super::raw_socket;
use super::socket::Accepted;
use super::stream::Addresses;

/// Time before the first probe and between probes, where the system's own values are not known (RFC 9293
/// section 3.8.4 asks for two hours at least); Windows takes both or none.
const DEFAULT_KEEP_ALIVE: (Duration, Duration) =
    (Duration::from_secs(7200), Duration::from_secs(1));

/// The options of an accepted socket; `None` leaves the system's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SocketOptions {
    /// Size of the receive buffer in bytes (SO_RCVBUF).
    pub receive_buffer: Option<u32>,
    /// Size of the send buffer in bytes (SO_SNDBUF).
    pub send_buffer: Option<u32>,
    /// Time without traffic before the first keep-alive probe (TCP_KEEPIDLE).
    pub keep_alive_time: Option<Duration>,
    /// Time between two keep-alive probes without an answer (TCP_KEEPINTVL).
    pub keep_alive_interval: Option<Duration>,
    /// Whether Nagle's algorithm stays off (TCP_NODELAY). Else it is on from the first channel on.
    pub no_delay: bool,
}

impl SocketOptions {
    /// Sets the options of an accepted socket and returns its addresses; fails when the client has left
    /// already.
    pub(in crate::driver) fn prepare(&self, socket: &Accepted) -> io::Result<Addresses> {
        socket.set_nodelay(true)?;
        let addresses = Addresses { peer: socket.peer_addr()?, local: socket.local_addr()? };
        self.set(&SockRef::from(socket));
        Ok(addresses)
    }

    fn set(&self, socket: &SockRef<'_>) {
        // Each of these options is about speed or memory, or about noticing sooner that a client is gone.
        if let Some(len) = self.receive_buffer.and_then(|len| usize::try_from(len).ok()) {
            let _ = socket.set_recv_buffer_size(len);
        }
        if let Some(len) = self.send_buffer.and_then(|len| usize::try_from(len).ok()) {
            let _ = socket.set_send_buffer_size(len);
        }
        // Keep-alive is always on: without it a client that has vanished keeps its place for ever.
        let _ = match self.keep_alive() {
            Some(times) => socket.set_tcp_keepalive(&times),
            None => socket.set_keepalive(true),
        };
    }

    fn keep_alive(&self) -> Option<TcpKeepalive> {
        let (mut time, mut interval) = (self.keep_alive_time, self.keep_alive_interval);
        if time.is_none() && interval.is_none() {
            return None;
        }
        if cfg!(windows) {
            time = time.or(Some(DEFAULT_KEEP_ALIVE.0));
            interval = interval.or(Some(DEFAULT_KEEP_ALIVE.1));
        }
        let mut times = TcpKeepalive::new();
        if let Some(time) = time {
            times = times.with_time(rounded(time));
        }
        if let Some(interval) = interval {
            times = times.with_interval(rounded(interval));
        }
        Some(times)
    }
}

/// Rounds up to whole seconds, which is what most systems take. Windows takes milliseconds.
fn rounded(time: Duration) -> Duration {
    if cfg!(windows) || time.subsec_nanos() == 0 {
        return time;
    }
    Duration::from_secs(time.as_secs().saturating_add(1))
}

/// Nagle's algorithm: small writes wait until the client has acknowledged those before.
///
/// With it alone, a reply would wait for the client's delayed acknowledgement, 40 ms and more. So the
/// system may coalesce writes that follow each other, but the last bytes have to leave at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::driver) enum Nagle {
    /// Off (TCP_NODELAY).
    #[default]
    Off,
    /// Off until a channel is open.
    WithChannels,
    /// On.
    On,
}

/// Whether setting TCP_NODELAY sends the bytes that the algorithm holds back; on other systems it holds
/// only for later writes.
const OFF_SENDS: bool = cfg!(any(target_os = "linux", target_os = "android"));

impl Nagle {
    /// The state for a new connection.
    pub(in crate::driver) fn of(options: &SocketOptions) -> Self {
        if options.no_delay { Self::Off } else { Self::WithChannels }
    }

    /// A channel is open: turns the algorithm on if that is set.
    pub(in crate::driver) fn channel_opened(&mut self, socket: &Socket) {
        if *self == Self::WithChannels {
            *self = Self::On;
            // If this fails the algorithm stays off, which does no harm.
            let _ = socket.set_tcp_nodelay(false);
        }
    }

    /// Called before writing.
    pub(in crate::driver) fn begin(self, socket: Option<SockRef<'_>>) {
        if self == Self::On
            && !OFF_SENDS
            && let Some(socket) = socket
        {
            let _ = socket.set_tcp_nodelay(true);
        }
    }

    /// Called when everything is written: has the last bytes leave.
    pub(in crate::driver) fn end(self, socket: Option<SockRef<'_>>) {
        let Some(socket) = socket.filter(|_| self == Self::On) else {
            return;
        };
        // Mostly all bytes have left already, and SIOCOUTQNSD is cheaper than setting the option twice.
        if OFF_SENDS && raw_socket::unsent(&socket) == Some(0) {
            return;
        }
        if OFF_SENDS {
            let _ = socket.set_tcp_nodelay(true);
        }
        let _ = socket.set_tcp_nodelay(false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::driver::io::socket::Listener;
    use std::future::poll_fn;
    use std::net::{TcpListener, TcpStream};

    /// An accepted socket, and the client's end of it.
    async fn accepted() -> (Accepted, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let listener = Listener::new(listener.into()).unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        (poll_fn(|context| listener.poll_accept(context)).await.unwrap().0, client)
    }

    fn with_sockets(test: impl AsyncFnOnce()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(test());
    }

    #[cfg(not(windows))]
    #[test]
    fn without_settings_only_keep_alive_and_no_delay_are_set() {
        with_sockets(async || {
            let (socket, _client) = accepted().await;
            let socket_ref = SockRef::from(&socket);
            let before = (
                socket_ref.recv_buffer_size().unwrap(),
                socket_ref.send_buffer_size().unwrap(),
                socket_ref.tcp_keepalive_time().unwrap(),
                socket_ref.tcp_keepalive_interval().unwrap(),
            );
            let Addresses { peer, local } = SocketOptions::default().prepare(&socket).unwrap();
            assert_eq!(
                (peer, local),
                (_client.local_addr().unwrap(), _client.peer_addr().unwrap())
            );
            assert!(socket_ref.keepalive().unwrap());
            assert!(socket_ref.tcp_nodelay().unwrap());
            let after = (
                socket_ref.recv_buffer_size().unwrap(),
                socket_ref.send_buffer_size().unwrap(),
                socket_ref.tcp_keepalive_time().unwrap(),
                socket_ref.tcp_keepalive_interval().unwrap(),
            );
            assert_eq!(after, before);
        });
    }

    #[test]
    fn buffers_have_the_size_that_was_set() {
        with_sockets(async || {
            let (socket, _client) = accepted().await;
            let options = SocketOptions {
                receive_buffer: Some(20_000),
                send_buffer: Some(30_000),
                ..SocketOptions::default()
            };
            options.prepare(&socket).unwrap();
            let socket = SockRef::from(&socket);
            let sizes = (socket.recv_buffer_size().unwrap(), socket.send_buffer_size().unwrap());
            // Linux reports twice the size, as it counts its own overhead.
            assert!(matches!(sizes.0, 20_000 | 40_000), "{sizes:?}");
            assert!(matches!(sizes.1, 30_000 | 60_000), "{sizes:?}");
        });
    }

    #[test]
    fn sizes_that_the_system_does_not_have_do_no_harm() {
        with_sockets(async || {
            for len in [1, crate::limits::MAX_SOCKET_BUFFER] {
                let (socket, _client) = accepted().await;
                let options = SocketOptions {
                    receive_buffer: Some(len),
                    send_buffer: Some(len),
                    ..SocketOptions::default()
                };
                options.prepare(&socket).unwrap();
                assert!(SockRef::from(&socket).recv_buffer_size().unwrap() > 1);
            }
        });
    }

    #[cfg(not(windows))]
    #[test]
    fn keep_alive_times_are_rounded_up_to_seconds() {
        with_sockets(async || {
            for (milliseconds, seconds) in [(1, 1), (1000, 1), (41_001, 42), (32_767_000, 32_767)] {
                let (socket, _client) = accepted().await;
                let (time, interval) = {
                    let socket = SockRef::from(&socket);
                    (socket.tcp_keepalive_time().unwrap(), socket.tcp_keepalive_interval().unwrap())
                };
                let set = Some(Duration::from_millis(milliseconds));
                let set = SocketOptions { keep_alive_time: set, ..SocketOptions::default() };
                set.prepare(&socket).unwrap();
                let seconds = Duration::from_secs(seconds);
                let socket_ref = SockRef::from(&socket);
                assert_eq!(socket_ref.tcp_keepalive_time().unwrap(), seconds);
                assert_eq!(socket_ref.tcp_keepalive_interval().unwrap(), interval);
                let (socket, _client) = accepted().await;
                let set = SocketOptions {
                    keep_alive_interval: set.keep_alive_time,
                    ..Default::default()
                };
                set.prepare(&socket).unwrap();
                let socket_ref = SockRef::from(&socket);
                assert_eq!(socket_ref.tcp_keepalive_time().unwrap(), time);
                assert_eq!(socket_ref.tcp_keepalive_interval().unwrap(), seconds);
                assert!(socket_ref.keepalive().unwrap());
            }
        });
    }

    #[test]
    fn the_delay_begins_with_the_first_channel_if_at_all() {
        with_sockets(async || {
            for no_delay in [true, false] {
                let (socket, _client) = accepted().await;
                let options = SocketOptions { no_delay, ..SocketOptions::default() };
                options.prepare(&socket).unwrap();
                let mut nagle = Nagle::of(&options);
                let write = |nagle: Nagle| {
                    nagle.begin(Some(SockRef::from(&socket)));
                    nagle.end(Some(SockRef::from(&socket)));
                    SockRef::from(&socket).tcp_nodelay().unwrap()
                };
                assert!(write(nagle), "not before the first channel");
                nagle.channel_opened(&SockRef::from(&socket));
                assert_eq!(SockRef::from(&socket).tcp_nodelay().unwrap(), no_delay);
                assert_eq!(write(nagle), no_delay);
            }
        });
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn what_the_delay_holds_back_leaves_at_the_end_of_what_is_written() {
        with_sockets(async || {
            let (socket, client) = accepted().await;
            // Without TCP_QUICKACK the client's system acknowledges as late as it may.
            SockRef::from(&client).set_tcp_quickack(false).unwrap();
            let mut nagle = Nagle::of(&SocketOptions::default());
            nagle.channel_opened(&SockRef::from(&socket));
            let held = (0..1000).any(|_| {
                SockRef::from(&socket).send(b"x").unwrap();
                raw_socket::unsent(&SockRef::from(&socket)).unwrap() > 0
            });
            assert!(held, "nothing is held back, so this shows nothing");
            nagle.end(Some(SockRef::from(&socket)));
            assert_eq!(raw_socket::unsent(&SockRef::from(&socket)), Some(0));
            assert!(!socket.nodelay().unwrap());
        });
    }
}
