//! Connections to the server: russh's client with the settings that make it cheap, and [`Events`],
//! through which a scenario is called inside russh's session task, where an answer costs no switch
//! to another task.

use std::borrow::Cow;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::time::Duration;

use russh::client::{self, AuthResult, Handle, Handler, Session};
use russh::keys::{PrivateKeyWithHashAlg, PublicKeyOrCertificate};
use russh::{ChannelId, ChannelOpenFailure, Disconnect, Limits, Preferred, cipher, kex, mac};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::failure::{Context, Failure, Result};
use crate::options::{Common, Login};
use crate::stream::{LeanStream, Writes};

/// What a channel may receive before its window opens again.
pub const WINDOW: u32 = 2 << 20;
/// The largest packet that this client takes and, where the server takes it, sends.
pub const MAX_PACKET: u32 = 32 << 10;
/// Bytes handed to russh in one message: with the ten messages that it takes at once, what is
/// encrypted in one go still fits in a core's second level cache.
pub const CHUNK: usize = 64 << 10;

/// What a scenario does when the server says something. An error ends the connection.
pub trait Events: Send + 'static {
    /// A channel that `Session::channel_open_session` opened is there.
    fn opened(&mut self, _channel: ChannelId, _session: &mut Session) -> Result<()> {
        Ok(())
    }
    /// The request was granted.
    fn granted(&mut self, _channel: ChannelId, _session: &mut Session) -> Result<()> {
        Ok(())
    }
    /// Data came.
    fn data(&mut self, _: ChannelId, _data: &[u8], _session: &mut Session) -> Result<()> {
        Ok(())
    }
    /// No more data will come.
    fn eof(&mut self, _channel: ChannelId, _session: &mut Session) -> Result<()> {
        Ok(())
    }
    /// The command ended.
    fn exit_status(&mut self, _channel: ChannelId, status: u32) -> Result<()> {
        match status {
            0 => Ok(()),
            status => Err(Failure::new(format!("the command ended with status {status}"))),
        }
    }
    /// The channel is closed.
    fn closed(&mut self, _channel: ChannelId, _session: &mut Session) -> Result<()> {
        Ok(())
    }
}

/// russh's handler around a scenario's events.
#[derive(Debug)]
pub struct Peer<E>(E);

impl<E: Events> Handler for Peer<E> {
    type Error = Failure;

    async fn check_server_key(&mut self, _key: &PublicKeyOrCertificate) -> Result<bool> {
        // The servers measured here were started by the suite, on this machine.
        Ok(true)
    }

    async fn channel_open_confirmation(
        &mut self,
        id: ChannelId,
        _max_packet_size: u32,
        _window_size: u32,
        session: &mut Session,
    ) -> Result<()> {
        self.0.opened(id, session)
    }

    async fn channel_open_failure(
        &mut self,
        _channel: ChannelId,
        reason: ChannelOpenFailure,
        description: &str,
        _language: &str,
        _session: &mut Session,
    ) -> Result<()> {
        Err(Failure::new(format!("the channel was refused: {reason:?} {description}")))
    }

    async fn channel_success(&mut self, id: ChannelId, session: &mut Session) -> Result<()> {
        self.0.granted(id, session)
    }

    async fn channel_failure(&mut self, _: ChannelId, _: &mut Session) -> Result<()> {
        Err(Failure::new("the server refused a request on a channel"))
    }

    async fn data(&mut self, id: ChannelId, data: &[u8], session: &mut Session) -> Result<()> {
        self.0.data(id, data, session)
    }

    async fn channel_eof(&mut self, id: ChannelId, session: &mut Session) -> Result<()> {
        self.0.eof(id, session)
    }

    async fn exit_status(&mut self, id: ChannelId, status: u32, _: &mut Session) -> Result<()> {
        self.0.exit_status(id, status)
    }

    async fn channel_close(&mut self, id: ChannelId, session: &mut Session) -> Result<()> {
        self.0.closed(id, session)
    }
}

/// A logged-in connection.
pub type Connection<E> = Handle<Peer<E>>;

/// Makes connections with the same settings.
#[derive(Debug, Clone)]
pub struct Connector {
    config: Arc<client::Config>,
    common: Arc<Common>,
    buffer: usize,
    writes: Writes,
}

impl Connector {
    /// With a read buffer of so many bytes for each connection.
    pub fn new(common: &Common, buffer: usize, writes: Writes) -> Result<Self> {
        let config = client::Config {
            limits: limits(),
            window_size: WINDOW,
            maximum_packet_size: MAX_PACKET,
            preferred: preferred(common)?,
            nodelay: true,
            ..client::Config::default()
        };
        let common = Arc::new(common.clone());
        Ok(Self { config: Arc::new(config), common, buffer, writes })
    }

    /// Connects and logs in. The index picks the address; neighbours use different ones.
    pub async fn open<E: Events>(&self, index: usize, events: E) -> Result<Connection<E>> {
        let stream = self.dial(index).await.context("connecting")?;
        let stream = LeanStream::new(stream, self.buffer, self.writes);
        let mut connection = client::connect_stream(self.config.clone(), stream, Peer(events))
            .await
            .context("exchanging keys")?;
        let user = self.common.user.as_str();
        let result = match &self.common.login {
            Login::Password(password) => connection.authenticate_password(user, password).await,
            Login::PublicKey(key) => {
                let key = PrivateKeyWithHashAlg::new(key.clone(), None);
                connection.authenticate_publickey(user, key).await
            }
        };
        match result.context("logging in")? {
            AuthResult::Success => Ok(connection),
            AuthResult::Failure { .. } => Err(reason(connection, "the login was refused").await),
        }
    }

    async fn dial(&self, index: usize) -> std::io::Result<TcpStream> {
        let spread = index % usize::from(self.common.addresses);
        // `addresses` is at most 250.
        let address = Ipv4Addr::new(127, 0, 0, u8::try_from(spread + 1).unwrap_or(1));
        let socket = TcpSocket::new_v4()?;
        if self.common.addresses > 1 {
            // The client's address varies as the server's does: there are ports for all, and a
            // server that counts connections by address sees many clients.
            bind_without_port(&socket)?;
            socket.bind(SocketAddr::V4(SocketAddrV4::new(address, 0)))?;
        }
        let server = SocketAddr::V4(SocketAddrV4::new(address, self.common.port));
        let stream = socket.connect(server).await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }
}

/// Leaves the choice of the port to connect(2), which shares a port between different servers'
/// addresses.
fn bind_without_port(socket: &TcpSocket) -> std::io::Result<()> {
    let on: libc::c_int = 1;
    // SAFETY: the descriptor is open, and the option's value is a valid int of that length.
    let result = unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            libc::IPPROTO_IP,
            libc::IP_BIND_ADDRESS_NO_PORT,
            (&raw const on).cast(),
            size_of::<libc::c_int>() as libc::socklen_t,
        )
    };
    if result == 0 { Ok(()) } else { Err(std::io::Error::last_os_error()) }
}

/// No new keys during a measurement. 32 GiB under one key is half of what RFC 4344 section 3.2
/// allows for a cipher with blocks of 16 bytes.
fn limits() -> Limits {
    Limits {
        rekey_write_limit: 32 << 30,
        rekey_read_limit: 32 << 30,
        rekey_time_limit: Duration::from_secs(24 * 3600),
    }
}

/// Only what was asked for: a server without it fails instead of measuring something else.
fn preferred(common: &Common) -> Result<Preferred> {
    let unknown = |kind: &str, name: &str| Failure::new(format!("--{kind} {name}: unknown"));
    let cipher = cipher::Name::try_from(common.cipher.as_str())
        .map_err(|()| unknown("cipher", &common.cipher))?;
    let mac = mac::Name::try_from(common.mac.as_str()).map_err(|()| unknown("mac", &common.mac))?;
    let kex = kex::Name::try_from(common.kex.as_str()).map_err(|()| unknown("kex", &common.kex))?;
    let kex = [kex, kex::EXTENSION_SUPPORT_AS_CLIENT, kex::EXTENSION_OPENSSH_STRICT_KEX_AS_CLIENT];
    Ok(Preferred {
        kex: Cow::Owned(kex.to_vec()),
        cipher: Cow::Owned(vec![cipher]),
        mac: Cow::Owned(vec![mac]),
        compression: Cow::Owned(vec![russh::compression::NONE]),
        ..Preferred::DEFAULT
    })
}

/// Leaves as a client should, and waits until the connection is down.
pub async fn leave<E: Events>(connection: Connection<E>) -> Result<()> {
    connection.disconnect(Disconnect::ByApplication, "", "").await?;
    // How the other side takes it says nothing about the measurement.
    let _ = connection.await;
    Ok(())
}

/// Why the connection went down, where it says so.
pub async fn reason<E: Events>(connection: Connection<E>, otherwise: &str) -> Failure {
    match tokio::time::timeout(Duration::from_secs(2), connection).await {
        Ok(Err(failure)) => Failure::new(format!("{otherwise} ({failure})")),
        _ => Failure::new(otherwise),
    }
}

/// What [`Watch`] tells the scenario.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// The request was granted.
    Granted,
    /// No more data will come, after so many bytes.
    Eof(u64),
    /// The channel is closed.
    Closed,
}

/// Events for a connection with one channel: counts the data, and passes on the rest.
#[derive(Debug)]
pub struct Watch {
    received: u64,
    signals: UnboundedSender<Signal>,
}

impl Watch {
    /// The events, and where the signals come out.
    pub fn new() -> (Self, Signals) {
        let (signals, receiver) = unbounded_channel();
        (Self { received: 0, signals }, Signals(receiver))
    }

    fn tell(&self, signal: Signal) -> Result<()> {
        // Nobody listens any more when the scenario has what it wants.
        let _ = self.signals.send(signal);
        Ok(())
    }
}

impl Events for Watch {
    fn granted(&mut self, _: ChannelId, _: &mut Session) -> Result<()> {
        self.tell(Signal::Granted)
    }
    fn data(&mut self, _: ChannelId, data: &[u8], _: &mut Session) -> Result<()> {
        self.received += data.len() as u64;
        Ok(())
    }
    fn eof(&mut self, _: ChannelId, _: &mut Session) -> Result<()> {
        self.tell(Signal::Eof(self.received))
    }
    fn closed(&mut self, _: ChannelId, _: &mut Session) -> Result<()> {
        self.tell(Signal::Closed)
    }
}

/// The signals of a [`Watch`].
#[derive(Debug)]
pub struct Signals(UnboundedReceiver<Signal>);

impl Signals {
    /// Waits for this signal; others before it are passed over.
    pub async fn wait(&mut self, wanted: Signal) -> Result<()> {
        loop {
            match self.0.recv().await {
                Some(signal) if signal == wanted => return Ok(()),
                Some(Signal::Eof(received)) if matches!(wanted, Signal::Eof(_)) => {
                    let text = format!("{received} bytes came, {wanted:?} was expected");
                    return Err(Failure::new(text));
                }
                Some(_) => {}
                None => {
                    return Err(Failure::new(format!("the connection ended before {wanted:?}")));
                }
            }
        }
    }
}
