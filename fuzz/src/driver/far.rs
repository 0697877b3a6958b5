//! The far ends of tunnels: targets that forward tunnels lead to, and those that connect to the port of a
//! reverse tunnel. They are sockets on loopback that the script reads, writes, half-closes, closes and resets
//! when it likes; what they do not read stays with the system. Checked is that the bytes of both directions
//! arrive in order, that an end is behind them, and that nothing is open when the connection is over.

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use socket2::{Domain, SockRef, Socket, Type};
use sshserver::wire::messages::forwarding::{Tcpip, TcpipForward};

use super::peer::{Channel, Stage, Takes, continues, direct, forwarded, stretch, tag};
use super::steps::{MOST_MESSAGES, one, takes};
use super::{World, length, tell};
use crate::Input;

/// Targets, one for each forward tunnel of a session: so it is known which is which.
const TARGETS: usize = 4;
/// Connections to ports of reverse tunnels.
const MOST_REVERSE: usize = 4;
/// What a far end may send in all.
const MOST_SENT: usize = 2 * 1024 * 1024;
/// How often something is tried again that the system has not done yet.
const PATIENCE: usize = 2000;

/// One far end.
#[derive(Debug)]
struct End {
    /// The name of its streams, and of the client's channel once there is one.
    name: String,
    socket: TcpStream,
    sent: usize,
    received: usize,
    /// It sends no more; it has reset the connection, or closed it without reading everything.
    is_ended: bool,
    is_broken: bool,
    /// It has read EOF, or an error.
    is_over: bool,
}

impl End {
    fn new(socket: TcpStream, channel: Option<usize>) -> Self {
        socket.set_nonblocking(true).expect("a socket");
        // Without it small writes wait for the acknowledgement of those before (Nagle).
        socket.set_nodelay(true).expect("a socket");
        let name = match channel {
            Some(index) => direct(index),
            None => forwarded(socket.local_addr().expect("an address").port().into()),
        };
        let (is_ended, is_broken, is_over) = (false, false, false);
        Self { name, socket, sent: 0, received: 0, is_ended, is_broken, is_over }
    }
}

impl End {
    fn channel_of<'w>(&self, world: &'w World) -> Option<&'w Channel> {
        world.peer.channels.iter().rfind(|channel| channel.name == self.name)
    }

    /// Whether everything that both ends have sent has arrived at the other one.
    fn is_complete(&self, world: &World) -> bool {
        let Some(channel) = self.channel_of(world) else { return true };
        if self.is_broken || channel.stage != Stage::Open || channel.sent_close {
            return true;
        }
        channel.received[0] == self.sent
            && channel.got_eof == self.is_ended
            && self.received == channel.sent[0]
            && self.is_over == channel.sent_eof
            && channel.got_close == (self.is_ended && channel.sent_eof)
    }
}

/// The far ends of a session.
pub struct Far {
    /// A target, and the channel of the client that leads to it.
    targets: Vec<Target>,
    /// Where the server listens for the client.
    ports: Vec<u16>,
    ends: Vec<End>,
}

struct Target {
    listener: TcpListener,
    /// One that does not listen has its port all the same, which nobody else gets: it refuses connections.
    listens: bool,
    port: u16,
    channel: Option<usize>,
}

impl Target {
    fn new(listens: bool) -> Self {
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
        socket.bind(&any.into()).expect("a port");
        if listens {
            socket.listen(16).expect("a port");
        }
        socket.set_nonblocking(true).expect("a socket");
        let listener = TcpListener::from(socket);
        let port = listener.local_addr().expect("an address").port();
        Self { listener, listens, port, channel: None }
    }

    /// The next connection, if there is one.
    fn accept(&self) -> Option<TcpStream> {
        if !self.listens {
            return None;
        }
        self.listener.accept().ok().map(|(socket, _)| socket)
    }
}

impl Far {
    /// With one bit for each target: whether it listens.
    pub fn new(listens: u8) -> Self {
        // SAFETY: no handler is installed. Node and Rust's own main function do the same.
        unsafe { libc::signal(libc::SIGPIPE, libc::SIG_IGN) };
        let targets = (0..TARGETS).map(|at| Target::new(listens >> at & 1 == 0)).collect();
        Self { targets, ports: Vec::new(), ends: Vec::new() }
    }

    /// Runs a step that only tunnels have.
    pub async fn step(&mut self, world: &mut World, input: &mut Input<'_>) {
        let step = input.byte();
        let at_once = step & 0x80 != 0;
        let step = step & 0x7f;
        let byte = input.byte();
        tell(|| format!("far {} {byte}", step % 16));
        match step % 16 {
            0 | 1 => self.forward(world, byte, takes(input.byte())),
            2 => Self::reverse(world),
            3 => self.cancel(world, byte),
            4 | 5 => self.connect(byte),
            6 | 7 => Self::answer(world, byte, takes(input.byte())),
            8 => self.accept(byte),
            9 | 10 => self.send(world, byte, length(input)),
            11 | 12 => self.receive(world, byte, length(input)),
            13 => self.end(byte, Shutdown::Write),
            14 => self.end(byte, one(&[Shutdown::Both, Shutdown::Read], byte >> 3)),
            15 if byte & 1 == 0 => self.reset(byte >> 1),
            _ => self.drain(world).await,
        }
        if !at_once {
            world.settle().await;
        }
        self.take_ports(world);
    }

    /// The client opens a tunnel to the next target.
    fn forward(&mut self, world: &mut World, byte: u8, takes: Takes) {
        let next = self.targets.iter_mut().find(|target| target.channel.is_none());
        let Some(target) = next.filter(|_| world.peer.logged_in) else { return };
        target.channel = Some(world.peer.channels.len());
        let fields = Tcpip {
            address: one(&["127.0.0.1", "::ffff:127.0.0.1"], byte),
            port: target.port.into(),
            originator_address: "127.0.0.1",
            originator_port: 1,
        };
        world.peer.open_tunnel(takes, &fields.encode());
    }

    /// The client has the server listen.
    fn reverse(world: &mut World) {
        if world.peer.logged_in {
            let fields = TcpipForward { address: "127.0.0.1", port: 0 };
            world.peer.global_request("tcpip-forward", true, &fields.encode());
        }
    }

    fn take_ports(&mut self, world: &mut World) {
        while let Some(reply) = world.peer.successes.pop_front() {
            if let Ok(port) = <[u8; 4]>::try_from(&reply[..]) {
                let port = u16::try_from(u32::from_be_bytes(port)).expect("a port");
                self.ports.push(port);
            }
        }
    }

    fn cancel(&mut self, world: &mut World, byte: u8) {
        if world.peer.logged_in && !self.ports.is_empty() {
            let port = self.ports[usize::from(byte) % self.ports.len()].into();
            let fields = TcpipForward { address: "127.0.0.1", port };
            world.peer.global_request("cancel-tcpip-forward", true, &fields.encode());
        }
    }

    /// Somebody connects to the port of a reverse tunnel.
    fn connect(&mut self, byte: u8) {
        if self.ports.is_empty() || self.ends.len() >= TARGETS + MOST_REVERSE {
            return;
        }
        let port = self.ports[usize::from(byte) % self.ports.len()];
        // Nobody may listen there any more.
        if let Ok(socket) = TcpStream::connect((Ipv4Addr::LOCALHOST, port)) {
            self.ends.push(End::new(socket, None));
        }
    }

    /// The client lets the server open a channel for such a connection, or refuses.
    fn answer(world: &mut World, byte: u8, takes: Takes) {
        world.peer.answer((byte & 7 != 0).then_some(takes));
    }

    /// A target accepts.
    fn accept(&mut self, byte: u8) {
        let target = &self.targets[usize::from(byte) % TARGETS];
        if let Some(socket) = target.accept() {
            self.ends.push(End::new(socket, target.channel));
        }
    }

    fn some(&mut self, byte: u8) -> Option<&mut End> {
        let len = self.ends.len();
        (len > 0).then(|| &mut self.ends[usize::from(byte) % len])
    }

    fn send(&mut self, world: &World, byte: u8, len: usize) {
        let Some(end) = self.some(byte) else { return };
        if end.is_ended || end.is_broken || end.sent > MOST_SENT {
            return;
        }
        // One that the client does not know yet may get the smallest packets.
        let channel = end.channel_of(world);
        let packet = channel.map_or(1, |channel| channel.takes as usize);
        let len = len.min(packet.saturating_mul(MOST_MESSAGES));
        let data = stretch(tag(&end.name, false, false), end.sent, len);
        // As much as the system takes; the server may have closed the socket.
        if let Ok(len) = end.socket.write(&data) {
            end.sent += len;
        }
    }

    fn receive(&mut self, world: &World, byte: u8, len: usize) {
        let Some(end) = self.some(byte) else { return };
        Self::receive_at(end, world, len);
    }

    /// Reads; returns whether there was anything.
    fn receive_at(end: &mut End, world: &World, len: usize) -> bool {
        let mut data = vec![0; len.max(1)];
        let read = end.socket.read(&mut data);
        let channel = end.channel_of(world);
        match read {
            Ok(0) => {
                end.is_over = true;
                if let Some(channel) = channel
                    && !end.is_broken
                    && channel.sent_eof
                    && !channel.sent_close
                    && !world.may_end
                    && !world.peer.is_wild
                    && channel.stage == Stage::Open
                    && !channel.got_close
                {
                    assert_eq!(end.received, channel.sent[0], "EOF before the data: {channel:?}");
                }
                false
            }
            Ok(len) => {
                let channel = channel.expect("data of nobody");
                continues(tag(&end.name, true, false), end.received, &data[..len], "far");
                end.received += len;
                assert!(end.received <= channel.sent[0], "more than was sent: {channel:?}");
                true
            }
            Err(error) => {
                end.is_over |= error.kind() != ErrorKind::WouldBlock;
                false
            }
        }
    }

    fn end(&mut self, byte: u8, how: Shutdown) {
        if let Some(end) = self.some(byte) {
            // The server may have closed it.
            let _ = end.socket.shutdown(how);
            end.is_ended |= how != Shutdown::Read;
            end.is_broken |= how != Shutdown::Write;
        }
    }

    fn reset(&mut self, byte: u8) {
        if !self.ends.is_empty() {
            let at = usize::from(byte) % self.ends.len();
            let end = self.ends.swap_remove(at);
            SockRef::from(&end.socket).set_linger(Some(Duration::ZERO)).expect("a socket");
        }
    }

    /// What has to hold at every moment: the client has got nothing that nobody has sent, and EOF only behind
    /// everything.
    pub fn check(&self, world: &World) {
        for end in &self.ends {
            let Some(channel) = end.channel_of(world) else { continue };
            assert!(channel.received[0] <= end.sent, "more than was sent: {channel:?}");
            if channel.got_eof {
                assert!(end.is_ended || end.is_broken, "EOF that nobody has sent: {channel:?}");
                if !end.is_broken {
                    assert_eq!(channel.received[0], end.sent, "EOF before the data: {channel:?}");
                }
            }
        }
    }

    /// Everybody reads everything; then everything has arrived that was sent.
    async fn drain(&mut self, world: &mut World) {
        world.open_up();
        let (mut before, mut idle) = (0, 0);
        // What is on its way between two sockets takes the system some time.
        while idle < 3 || (idle < PATIENCE && !self.has_arrived(world)) {
            if idle >= 3 {
                std::thread::sleep(Duration::from_millis(1));
            }
            world.drain_round().await;
            self.take_ports(world);
            self.accept_all();
            while !world.peer.asked.is_empty() {
                Self::answer(world, 1, Takes { window: 1 << 20, packet: 32_768 });
            }
            let mut moved = world.moved();
            for end in &mut self.ends {
                while Self::receive_at(end, world, 1 << 16) {}
                moved += end.received;
            }
            idle = if moved == before { idle + 1 } else { 0 };
            before = moved;
        }
        world.is_drained();
        if !world.is_spoilt() {
            let stuck = self.ends.iter().find(|end| !end.is_complete(world));
            let channel = stuck.and_then(|end| end.channel_of(world));
            assert!(stuck.is_none(), "{stuck:?} is stuck, and {channel:?}");
        }
    }

    fn has_arrived(&self, world: &World) -> bool {
        world.is_spoilt() || self.ends.iter().all(|end| end.is_complete(world))
    }

    fn accept_all(&mut self) {
        for target in &self.targets {
            while let Some(socket) = target.accept() {
                self.ends.push(End::new(socket, target.channel));
            }
        }
    }

    /// The connection is over: so is everything that it had opened. The system may need a moment.
    pub fn is_left(mut self, world: &World) {
        self.accept_all();
        for end in &mut self.ends {
            for _ in 0..PATIENCE {
                while Self::receive_at(end, world, 1 << 18) {}
                if end.is_over {
                    break;
                }
                std::thread::sleep(Duration::from_millis(1));
            }
            assert!(end.is_over, "a far end is left: {end:?}");
        }
        for port in self.ports {
            let again = TcpStream::connect((Ipv4Addr::LOCALHOST, port));
            assert!(again.is_err(), "{port} is listened on for nobody");
        }
    }
}
