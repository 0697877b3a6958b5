//! A client and a program around one engine, as the fuzz targets need them: everything is
//! deterministic, no socket, no clock. What has to hold for every connection is asserted here.

pub mod driver;
pub mod gss;
pub mod vector_sweep;

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use aws_lc_rs::agreement::{PrivateKey, UnparsedPublicKey, X25519, agree};
use bytes::{Bytes, BytesMut};
use sshserver::crypto::cipher::{CIPHERS, CipherAlgorithm, Opener, Sealer};
use sshserver::crypto::hash::Hash;
use sshserver::crypto::key_derivation::derive;
use sshserver::crypto::mac::{MACS, MacAlgorithm};
use sshserver::crypto::random::Random;
use sshserver::crypto::signature::generate_ed25519;
use sshserver::engine::{
    Answer, AuthAnswer, AuthParam, ChannelId, Config, Connection, Event, Notice, Prompt, Question,
    QuestionId, Ticket, Verbosity, WriteBuffer,
};
use sshserver::error::{ApiMisuse, CryptoError};
use sshserver::transport::AlgorithmLists;
use sshserver::wire::messages::{KexInit, Message, NewKeys, ServiceRequest, UserauthRequest};
use sshserver::wire::{NameList, Reader, Writer};

/// The seconds since 1970 that the engine is told.
pub const NOW: u64 = 1_735_689_600;

pub const CLIENT_VERSION: &[u8] = b"SSH-2.0-fuzz";

/// Takes the fuzzer's bytes apart; zeros after the end.
pub struct Input<'a>(pub &'a [u8]);

impl<'a> Input<'a> {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn byte(&mut self) -> u8 {
        self.bytes(1).first().copied().unwrap_or_default()
    }

    pub fn number(&mut self) -> u32 {
        let bytes = self.bytes(4);
        bytes.iter().fold(0, |number, byte| number << 8 | u32::from(*byte))
    }

    /// As many bytes as there are, `len` at most.
    pub fn bytes(&mut self, len: usize) -> &'a [u8] {
        let (bytes, rest) = self.0.split_at(len.min(self.0.len()));
        self.0 = rest;
        bytes
    }

    /// Bytes with their length in front, in two bytes.
    pub fn chunk(&mut self) -> &'a [u8] {
        let len = usize::from(self.byte()) << 8 | usize::from(self.byte());
        self.bytes(len)
    }
}

/// What the program answers when it is asked about the connection.
#[derive(Clone, Copy)]
pub struct Program {
    pub accept: bool,
    pub partial_success: bool,
    pub prompts: u8,
}

impl Program {
    pub const ACCEPTS: Self = Self { accept: true, partial_success: false, prompts: 2 };

    pub fn from(byte: u8) -> Self {
        Self { accept: byte & 1 != 0, partial_success: byte & 2 != 0, prompts: byte >> 2 & 7 }
    }
}

/// One connection between the engine and a client.
pub struct Session {
    pub connection: Connection,
    pub now: Instant,
    pub program: Program,
    /// Questions about channels, which the target answers when it likes.
    pub questions: VecDeque<QuestionId>,
    /// Deliveries that were not consumed yet.
    pub deliveries: VecDeque<(ChannelId, usize)>,
    /// Channels that the engine has announced, open or not.
    pub channels: Vec<ChannelId>,
    /// The highest number of a channel that was announced.
    pub last_channel: u32,
    /// The keys that the program was asked about.
    pub asked_keys: Vec<Bytes>,
    /// How often it was asked about a principal.
    pub asked_principals: usize,
    to_server: BytesMut,
    from_server: WriteBuffer,
    keep_output: bool,
    keys: Option<Keys>,
    sequence: u32,
    tickets: HashSet<u64>,
    last_ticket: u64,
    state: HashMap<ChannelId, Announced>,
    ended: bool,
}

#[derive(Debug, PartialEq)]
enum Announced {
    Asked,
    Open,
}

struct Keys {
    sealer: Box<dyn Sealer>,
}

impl Session {
    /// A connection on which nothing was sent yet.
    pub fn new(program: Program) -> Self {
        Self::with(program, config())
    }

    /// The same with settings of its own.
    pub fn with(program: Program, config: Arc<Config>) -> Self {
        let now = clock();
        Self {
            connection: Connection::new(now, config, Box::new(Counter(1)), Verbosity::default()),
            now,
            program,
            questions: VecDeque::new(),
            deliveries: VecDeque::new(),
            channels: Vec::new(),
            last_channel: 0,
            asked_keys: Vec::new(),
            asked_principals: 0,
            to_server: BytesMut::new(),
            from_server: WriteBuffer::new(),
            keep_output: true,
            keys: None,
            sequence: 0,
            tickets: HashSet::new(),
            last_ticket: 0,
            state: HashMap::new(),
            ended: false,
        }
    }

    /// A connection after its first key exchange, with this cipher and MAC in both directions.
    pub fn encrypted(cipher: &CipherAlgorithm, mac: &MacAlgorithm) -> Self {
        Self::encrypted_with(config(), cipher, mac)
    }

    /// The same with settings of its own.
    pub fn encrypted_with(
        config: Arc<Config>,
        cipher: &CipherAlgorithm,
        mac: &MacAlgorithm,
    ) -> Self {
        let mut session = Self::with(Program::ACCEPTS, config);
        session.exchange_keys(cipher, mac);
        session.keep_output = false;
        session.from_server.clear();
        session
    }

    /// A connection whose client is logged in.
    pub fn authenticated() -> Self {
        let mut session = Self::encrypted(CIPHERS[0], MACS[0]);
        session.send(&ServiceRequest { service_name: "ssh-userauth" }.encode());
        let login = UserauthRequest {
            user_name: b"user",
            service_name: "ssh-connection",
            method_name: "none",
            method_specific: b"",
        };
        session.send(&login.encode());
        assert!(session.connection.peer().is_authenticated);
        session
    }

    fn exchange_keys(&mut self, cipher: &CipherAlgorithm, mac: &MacAlgorithm) {
        let names = |list| NameList::parse(list).expect("a name-list");
        let init = KexInit {
            cookie: [7; 16],
            kex_algorithms: names("curve25519-sha256"),
            server_host_key_algorithms: names("ssh-ed25519"),
            encryption_client_to_server: names(cipher.name),
            encryption_server_to_client: names(cipher.name),
            mac_client_to_server: names(mac.name),
            mac_server_to_client: names(mac.name),
            compression_client_to_server: names("none"),
            compression_server_to_client: names("none"),
            languages_client_to_server: names(""),
            languages_server_to_client: names(""),
            first_kex_packet_follows: false,
        }
        .encode();
        let ours = PrivateKey::from_private_key(&X25519, &[9; 32]).expect("a key");
        let public = ours.compute_public_key().expect("a public key");
        let mut kex_init = Vec::new();
        Writer::new(&mut kex_init).u8(30).string(public.as_ref());

        self.feed(&[CLIENT_VERSION, b"\r\n"].concat());
        self.send(&init);
        self.send(&kex_init);

        let output = std::mem::take(&mut self.from_server);
        let line = output.iter().position(|byte| *byte == b'\n').expect("an identification");
        let mut packets = plain_packets(&output[line + 1..]);
        let server_init = packets.next().expect("a KEXINIT");
        let reply = packets.next().expect("a reply");
        let mut reader = Reader::new(&reply[1..]);
        let host_key = reader.string().expect("a host key");
        let server_public = reader.string().expect("a public value");

        let peer = UnparsedPublicKey::new(&X25519, server_public);
        let agreed = agree(&ours, peer, (), |secret| Ok(secret.to_vec())).expect("a secret");
        let mut shared = Vec::new();
        Writer::new(&mut shared).mpint(&agreed);
        let mut hashed = Vec::new();
        Writer::new(&mut hashed)
            .string(CLIENT_VERSION)
            .string(&output[..line - 1])
            .string(&init)
            .string(server_init)
            .string(host_key)
            .string(public.as_ref())
            .string(server_public)
            .raw(&shared);
        let exchange_hash = Hash::Sha256.digest(&[&hashed]);
        let key = |letter, len| {
            derive(Hash::Sha256, &shared, &exchange_hash, letter, &exchange_hash, len)
        };
        let (iv, secret, mac_key) =
            (key(b'A', cipher.iv_len), key(b'C', cipher.key_len), key(b'E', mac.key_len));
        self.send(&NewKeys {}.encode());
        let sealer = cipher
            .sealer(secret.expose(), iv.expose(), Some(mac), mac_key.expose())
            .expect("a sealer");
        self.keys = Some(Keys { sealer });
        assert!(!self.connection.is_ended(), "the key exchange failed");
    }

    /// Sends a payload in a packet as the RFC wants it, sealed once there are keys.
    pub fn send(&mut self, payload: &[u8]) {
        let (block_len, counts) = match &self.keys {
            Some(keys) => (keys.sealer.block_len(), keys.sealer.length_counts()),
            None => (8, true),
        };
        let len = 1 + payload.len() + if counts { 4 } else { 0 };
        let mut padding = block_len - len % block_len;
        if padding < 4 {
            padding += block_len;
        }
        if 5 + payload.len() + padding < 16 {
            padding += block_len;
        }
        let packet_len = u32::try_from(1 + payload.len() + padding).expect("a length");
        let mut packet = packet_len.to_be_bytes().to_vec();
        packet.push(u8::try_from(padding).expect("a padding length"));
        packet.extend_from_slice(payload);
        packet.resize(packet.len() + padding, 0);
        self.send_packet(packet);
    }

    /// Seals a packet, whatever its lengths say, and sends it.
    pub fn send_packet(&mut self, mut packet: Vec<u8>) {
        if let Some(keys) = &mut self.keys {
            packet.resize(packet.len() + keys.sealer.tag_len(), 0);
            // a packet the sealer refuses is one that no client could send
            if keys.sealer.seal(self.sequence, &mut packet).is_err() {
                return;
            }
        }
        self.sequence = self.sequence.wrapping_add(1);
        self.feed(&packet);
    }

    /// Bytes from the network.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.to_server.extend_from_slice(bytes);
        self.drive();
    }

    /// Lets the engine do all it can.
    pub fn drive(&mut self) {
        loop {
            let before = self.to_server.len();
            self.connection.handle_input(self.now, &mut self.to_server);
            let mut busy = self.to_server.len() != before;
            busy |= self.take_events();
            busy |= self.connection.poll_transmit(self.now, &mut self.from_server);
            if !self.keep_output {
                self.from_server.clear();
            }
            if !busy {
                return;
            }
        }
    }

    fn take_events(&mut self) -> bool {
        let mut any = false;
        while let Some(event) = self.connection.poll_event() {
            assert!(!self.ended, "an event after the last one");
            any = true;
            match event {
                Event::Question(id, question) => self.asked(id, question),
                Event::Delivery { channel, data, .. } => {
                    assert_eq!(self.state.get(&channel), Some(&Announced::Open));
                    assert!(!data.is_empty());
                    self.deliveries.push_back((channel, data.len()));
                }
                Event::Job(job) => self.connection.complete(self.now, job.run()),
                Event::Notice(notice) => self.told(notice),
            }
        }
        any
    }

    fn asked(&mut self, id: QuestionId, question: Question) {
        let Program { accept, partial_success, prompts } = self.program;
        let answer = match question {
            Question::Service { .. } => Answer::Accept(accept),
            Question::Auth(question) => {
                self.asked_principals +=
                    usize::from(matches!(question.param, AuthParam::Principal(_)));
                if let AuthParam::PublicKey(blob) = question.param {
                    self.asked_keys.push(blob);
                }
                Answer::Auth(AuthAnswer {
                    accept,
                    partial_success,
                    available_methods:
                        "password,publickey,keyboard-interactive,gssapi-with-mic,gssapi-keyex"
                            .to_owned(),
                    banner: None,
                })
            }
            Question::Prompts { .. } => Answer::Prompts {
                instruction: "instruction".to_owned(),
                prompts: (0..prompts)
                    .map(|number| Prompt { prompt: number.to_string(), echo: false })
                    .collect(),
            },
            Question::ChannelOpen { channel, .. } => {
                let before = self.state.insert(channel, Announced::Asked);
                assert_eq!(before, None, "a number in use was announced");
                self.announced(channel);
                return self.questions.push_back(id);
            }
            Question::ChannelRequest { channel, .. } => {
                assert_eq!(self.state.get(&channel), Some(&Announced::Open));
                return self.questions.push_back(id);
            }
            Question::Forwarding(_) => Answer::Forwarding(accept.then_some(4022)),
        };
        self.connection.answer(self.now, id, answer).expect("an answer of the right kind");
    }

    fn announced(&mut self, channel: ChannelId) {
        self.channels.push(channel);
        self.last_channel = self.last_channel.max(channel.0);
    }

    fn told(&mut self, notice: Notice) {
        match notice {
            Notice::ChannelOpened { channel, .. } => {
                let before = self.state.insert(channel, Announced::Open);
                assert_ne!(before, Some(Announced::Open), "opened twice");
                if before.is_none() {
                    self.announced(channel);
                }
            }
            Notice::ChannelClosed { channel } => {
                assert_eq!(self.state.remove(&channel), Some(Announced::Open));
                self.channels.retain(|other| *other != channel);
            }
            Notice::ChannelNotOpened { channel } => {
                assert_eq!(self.state.remove(&channel), Some(Announced::Asked));
                self.channels.retain(|other| *other != channel);
            }
            Notice::ChannelEof { channel } | Notice::ChannelReadyToSend { channel } => {
                assert_eq!(self.state.get(&channel), Some(&Announced::Open));
            }
            Notice::Done { ticket, .. } => {
                assert!(self.tickets.remove(&ticket.0), "a command ended twice");
            }
            Notice::Ended(_) => {
                assert!(self.state.is_empty(), "a channel was left open");
                assert!(self.tickets.is_empty(), "a command did not end");
                self.ended = true;
            }
            Notice::Status(_) | Notice::Log { .. } | Notice::Authenticated { .. } => {}
        }
    }

    /// A command of the program: if the engine takes it, it has to end exactly once.
    pub fn command<T>(
        &mut self,
        run: impl FnOnce(&mut Connection, Instant, Ticket) -> Result<T, ApiMisuse>,
    ) {
        self.last_ticket += 1;
        let ticket = self.last_ticket;
        self.tickets.insert(ticket);
        if run(&mut self.connection, self.now, Ticket(ticket)).is_err() {
            assert!(self.tickets.remove(&ticket));
        }
        self.drive();
    }

    /// Time goes by.
    pub fn wait(&mut self, time: Duration) {
        self.now += time;
        if self.connection.poll_timeout().is_some_and(|due| due <= self.now) {
            self.connection.handle_timeout(self.now);
        }
        self.drive();
    }

    /// Smaller RSA keys are refused.
    pub fn min_rsa_bits(&self) -> u32 {
        config().transport.algorithms.min_rsa_bits
    }

    /// The client is gone; everything has to come to its end.
    pub fn finish(mut self) {
        self.connection.handle_eof();
        self.drive();
        assert!(self.ended && self.connection.is_ended());
        assert!(self.connection.poll_timeout().is_none());
    }
}

/// The payloads of packets in clear.
fn plain_packets(mut bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let mut reader = Reader::new(bytes);
        let len = usize::try_from(reader.u32().ok()?).ok()?;
        let padding = usize::from(reader.u8().ok()?);
        let packet = reader.bytes(len - 1).ok()?;
        bytes = reader.take_rest();
        packet.get(..packet.len() - padding)
    })
}

/// The same numbers each time: a connection has to replay.
pub struct Counter(pub u8);

impl Random for Counter {
    fn fill(&mut self, out: &mut [u8]) -> Result<(), CryptoError> {
        for byte in out {
            *byte = self.0;
            self.0 = self.0.wrapping_mul(5).wrapping_add(3);
        }
        Ok(())
    }
}

pub fn config() -> Arc<Config> {
    static CONFIG: OnceLock<Arc<Config>> = OnceLock::new();
    let config = CONFIG.get_or_init(|| {
        let mut config = Config::default();
        config.transport.algorithms = AlgorithmLists::of(|_| true);
        let host_key = generate_ed25519(&mut Counter(2)).expect("a host key");
        config.transport.host_keys.push(Arc::new(host_key));
        config.auth_methods = "password,publickey,keyboard-interactive".to_owned();
        config.wall_clock = Some(|| NOW);
        config.critical_options = vec!["force-command".to_owned()];
        config.idle_timeout = Some(Duration::from_secs(600));
        Arc::new(config)
    });
    config.clone()
}

/// An instant to start from: the engine only ever sees differences.
fn clock() -> Instant {
    static START: OnceLock<Instant> = OnceLock::new();
    *START.get_or_init(Instant::now)
}

/// An opener and a sealer that fit each other.
pub fn pair(cipher: &CipherAlgorithm, mac: &MacAlgorithm) -> (Box<dyn Opener>, Box<dyn Sealer>) {
    let (key, iv, mac_key) =
        (vec![1; cipher.key_len], vec![2; cipher.iv_len], vec![3; mac.key_len]);
    let opener = cipher.opener(&key, &iv, Some(mac), &mac_key).expect("an opener");
    let sealer = cipher.sealer(&key, &iv, Some(mac), &mac_key).expect("a sealer");
    (opener, sealer)
}
