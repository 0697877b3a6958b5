//! An SSH client without I/O, over the crate's own wire and crypto: bytes in, bytes out. It checks
//! every packet of the server by RFC 4253 section 6, and sends whatever a test wants, broken
//! packets too.

use std::collections::VecDeque;

use bytes::BytesMut;
use sshserver::crypto::cipher::{self, Opener, Sealer, plaintext};
use sshserver::crypto::compression::{self, Compressor, Decompressor};
use sshserver::crypto::kex::ServerProof;
use sshserver::crypto::key_derivation::derive;
use sshserver::crypto::{kex, mac, signature};
use sshserver::wire::messages::{self, KexInit, Message, NewKeys, ServiceRequest, UserauthRequest};
use sshserver::wire::{NameList, Reader, Writer};

use super::FixedRandom;
use super::kex::{ClientKex, check_gss_reply, cookie};

/// What the client proposes; the lists of ciphers, MACs and compression are for each direction.
#[derive(Clone)]
pub(crate) struct Offer {
    pub(crate) kex: String,
    pub(crate) host_key: String,
    pub(crate) cipher: [String; 2],
    pub(crate) mac: [String; 2],
    pub(crate) compression: [String; 2],
    /// Whether a guessed message follows KEXINIT.
    pub(crate) guess: bool,
}

impl Default for Offer {
    /// An offer that replays byte for byte, with strict kex and extensions.
    fn default() -> Self {
        let both = |name: &str| [name.to_owned(), name.to_owned()];
        Self {
            kex: "curve25519-sha256,ext-info-c,kex-strict-c-v00@openssh.com".to_owned(),
            host_key: "ssh-ed25519".to_owned(),
            cipher: both("aes128-gcm@openssh.com"),
            mac: both("hmac-sha2-256"),
            compression: both("none"),
            guess: false,
        }
    }
}

impl Offer {
    pub(crate) fn kex(mut self, names: &str) -> Self {
        self.kex = names.to_owned();
        self
    }

    pub(crate) fn host_key(mut self, names: &str) -> Self {
        self.host_key = names.to_owned();
        self
    }

    pub(crate) fn cipher(mut self, name: &str) -> Self {
        self.cipher = [name.to_owned(), name.to_owned()];
        self
    }

    pub(crate) fn mac(mut self, name: &str) -> Self {
        self.mac = [name.to_owned(), name.to_owned()];
        self
    }

    pub(crate) fn compression(mut self, name: &str) -> Self {
        self.compression = [name.to_owned(), name.to_owned()];
        self
    }

    /// Without the markers of strict kex and of extensions.
    pub(crate) fn plain(self) -> Self {
        self.kex("curve25519-sha256")
    }

    pub(crate) fn encode(&self, cookie: [u8; 16]) -> Vec<u8> {
        let list = |names| NameList::parse(names).unwrap();
        KexInit {
            cookie,
            kex_algorithms: list(&self.kex),
            server_host_key_algorithms: list(&self.host_key),
            encryption_client_to_server: list(&self.cipher[0]),
            encryption_server_to_client: list(&self.cipher[1]),
            mac_client_to_server: list(&self.mac[0]),
            mac_server_to_client: list(&self.mac[1]),
            compression_client_to_server: list(&self.compression[0]),
            compression_server_to_client: list(&self.compression[1]),
            languages_client_to_server: list(""),
            languages_server_to_client: list(""),
            first_kex_packet_follows: self.guess,
        }
        .encode()
    }
}

/// A payload of the server that is not part of a key exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Received {
    pub(crate) sequence: u32,
    pub(crate) payload: Vec<u8>,
}

/// The client.
pub(crate) struct Client {
    pub(crate) offer: Offer,
    pub(crate) version: String,
    /// Bytes for the server.
    pub(crate) out: Vec<u8>,
    /// What the server said, besides key exchanges.
    pub(crate) received: VecDeque<Received>,
    /// The numbers of all messages of the server, key exchanges included.
    pub(crate) numbers: Vec<u8>,
    /// Whether it continues a key exchange by itself. If not, a test does every step by hand.
    pub(crate) automatic: bool,
    /// Whether it withholds its last NEWKEYS for ever, so that it never uses new keys.
    pub(crate) without_new_keys: bool,
    /// Whether each KEXINIT decides about strict kex, as in phpseclib, and not only the first one.
    pub(crate) strict_by_last_kex_init: bool,
    /// Whether a test has sent messages of a key exchange by hand, of which this client does not know.
    pub(crate) out_of_step: bool,
    pub(crate) server_version: Option<String>,
    /// Key exchanges that are complete.
    pub(crate) exchanges: usize,
    pub(crate) session_id: Vec<u8>,
    pub(crate) host_key_blob: Vec<u8>,
    pub(crate) send_sequence: u32,
    pub(crate) receive_sequence: u32,
    pub(crate) random: FixedRandom,
    pub(crate) sealer: Box<dyn Sealer>,
    /// The payloads of both KEXINIT, ours first.
    pub(crate) kex_inits: [Option<Vec<u8>>; 2],
    input: BytesMut,
    current: Option<usize>,
    opener: Box<dyn Opener>,
    next_keys: Option<NextKeys>,
    compressor: Option<Box<dyn Compressor>>,
    decompressor: Option<Box<dyn Decompressor>>,
    exchange: Option<(ClientKex, Chosen)>,
    /// Payloads that wait for the exchange to end.
    deferred: Vec<Vec<u8>>,
    strict: bool,
    authenticated: bool,
    /// Compression that starts with authentication.
    delayed: [Option<String>; 2],
}

/// The inbound side of keys that wait for the server's NEWKEYS.
struct NextKeys {
    opener: Box<dyn Opener>,
    decompressor: Option<Box<dyn Decompressor>>,
}

/// What both sides agreed on.
#[derive(Clone)]
struct Chosen {
    kex: String,
    host_key: String,
    cipher: [String; 2],
    mac: [String; 2],
    compression: [String; 2],
}

impl Client {
    pub(crate) fn new(offer: Offer) -> Self {
        let (opener, sealer) = plaintext();
        Self {
            offer,
            version: "SSH-2.0-client".to_owned(),
            out: Vec::new(),
            received: VecDeque::new(),
            numbers: Vec::new(),
            automatic: true,
            without_new_keys: false,
            strict_by_last_kex_init: false,
            out_of_step: false,
            server_version: None,
            exchanges: 0,
            session_id: Vec::new(),
            host_key_blob: Vec::new(),
            send_sequence: 0,
            receive_sequence: 0,
            random: FixedRandom::new(2),
            sealer,
            kex_inits: [None, None],
            input: BytesMut::new(),
            current: None,
            opener,
            next_keys: None,
            compressor: None,
            decompressor: None,
            exchange: None,
            deferred: Vec::new(),
            strict: false,
            authenticated: false,
            delayed: [None, None],
        }
    }

    /// Sends the identification string.
    pub(crate) fn send_version(&mut self) {
        self.out.extend_from_slice(self.version.as_bytes());
        self.out.extend_from_slice(b"\r\n");
    }

    /// Sends KEXINIT, and with [`Offer::guess`] the first message of the first method.
    pub(crate) fn send_kex_init(&mut self) {
        let payload = self.offer.encode(cookie(&mut self.random));
        self.send_now(&payload);
        self.kex_inits[0] = Some(payload);
        if self.offer.guess {
            let name = self.offer.kex.split(',').next().unwrap().to_owned();
            self.start_exchange(&name);
        }
        self.advance_exchange();
    }

    /// Sends all messages of a login with a password, which is answered with USERAUTH_SUCCESS.
    pub(crate) fn say_login(&mut self) {
        self.send_version();
        self.send_kex_init();
        self.say(&ServiceRequest { service_name: "ssh-userauth" });
        self.say(&UserauthRequest {
            user_name: b"user",
            service_name: "ssh-connection",
            method_name: "password",
            method_specific: b"\0\0\0\0\x06secret",
        });
    }

    fn start_exchange(&mut self, name: &str) {
        let exchange = ClientKex::start(name, &mut self.random);
        self.send_now(&exchange.init());
        let none = || [String::new(), String::new()];
        let chosen = Chosen {
            kex: name.to_owned(),
            host_key: String::new(),
            cipher: none(),
            mac: none(),
            compression: none(),
        };
        self.exchange = Some((exchange, chosen));
    }

    /// Continues an exchange by itself that was begun by hand.
    pub(crate) fn resume(&mut self) {
        self.automatic = true;
        self.advance_exchange();
    }

    /// Both KEXINIT have come: chooses the algorithms, and sends the first message of the method.
    fn advance_exchange(&mut self) {
        let [Some(ours), Some(theirs)] = self.kex_inits.clone() else {
            return;
        };
        let (ours, theirs) = (KexInit::decode(&ours).unwrap(), KexInit::decode(&theirs).unwrap());
        let pick = |ours: NameList<'_>, theirs: NameList<'_>| {
            let found = ours.iter().find(|name| theirs.contains(name));
            found.unwrap_or_default().to_owned()
        };
        let host_key = pick(ours.server_host_key_algorithms, theirs.server_host_key_algorithms);
        // RFC 4253 section 7.1: a method that needs a host key is passed over where there is none
        let mut methods = ours.kex_algorithms.iter();
        let method = methods.find(|name| {
            let has_key = !host_key.is_empty() || name.starts_with("gss-");
            has_key && theirs.kex_algorithms.contains(name)
        });
        let chosen = Chosen {
            kex: method.unwrap_or_default().to_owned(),
            host_key,
            cipher: [
                pick(ours.encryption_client_to_server, theirs.encryption_client_to_server),
                pick(ours.encryption_server_to_client, theirs.encryption_server_to_client),
            ],
            mac: [
                pick(ours.mac_client_to_server, theirs.mac_client_to_server),
                pick(ours.mac_server_to_client, theirs.mac_server_to_client),
            ],
            compression: [
                pick(ours.compression_client_to_server, theirs.compression_client_to_server),
                pick(ours.compression_server_to_client, theirs.compression_server_to_client),
            ],
        };
        if self.exchanges == 0 || self.strict_by_last_kex_init {
            self.strict = ours.kex_algorithms.contains("kex-strict-c-v00@openssh.com")
                && theirs.kex_algorithms.contains("kex-strict-s-v00@openssh.com");
        }
        let guessed_right = ours.first_kex_packet_follows
            && ours.kex_algorithms.first() == theirs.kex_algorithms.first()
            && ours.server_host_key_algorithms.first() == theirs.server_host_key_algorithms.first();
        if !guessed_right {
            if chosen.kex.is_empty() {
                return; // the server has to end it
            }
            let name = chosen.kex.clone();
            self.start_exchange(&name);
        }
        if let Some((_, slot)) = &mut self.exchange {
            *slot = chosen;
        }
    }

    /// Whether messages of services have to wait.
    fn in_exchange(&self) -> bool {
        self.kex_inits[0].is_some()
    }

    /// Sends a payload, after a key exchange that is under way.
    pub(crate) fn send(&mut self, payload: &[u8]) {
        if self.in_exchange() {
            self.deferred.push(payload.to_vec());
        } else {
            self.send_now(payload);
        }
    }

    /// Sends a message, after a key exchange that is under way.
    pub(crate) fn say<'m>(&mut self, message: &impl Message<'m>) {
        self.send(&message.encode());
    }

    /// Sends a payload at once, whatever is under way.
    pub(crate) fn send_now(&mut self, payload: &[u8]) {
        let mut body = Vec::new();
        match &mut self.compressor {
            Some(compressor) => compressor.compress(payload, &mut body).unwrap(),
            None => body.extend_from_slice(payload),
        }
        let padding = self.padding_for(body.len());
        self.send_packet(&body, padding);
    }

    /// The least padding that makes a packet legal.
    pub(crate) fn padding_for(&self, payload_len: usize) -> u8 {
        let block_len = self.sealer.block_len();
        let counted = 1 + payload_len + if self.sealer.length_counts() { 4 } else { 0 };
        let mut padding = block_len - counted % block_len;
        if padding < 4 {
            padding += block_len;
        }
        if 5 + payload_len + padding < 16 {
            padding += block_len;
        }
        padding as u8
    }

    /// Sends a packet with this much padding, whether it is legal or not.
    pub(crate) fn send_packet(&mut self, payload: &[u8], padding: u8) {
        let mut packet = Vec::new();
        let len = 1 + payload.len() + usize::from(padding);
        Writer::new(&mut packet).u32(len as u32).u8(padding).raw(payload);
        packet.resize(4 + len, 0x5a);
        self.seal_plain(packet);
    }

    /// Seals a whole plain packet, from its length to its padding, as it is.
    pub(crate) fn seal_plain(&mut self, mut packet: Vec<u8>) {
        packet.resize(packet.len() + self.sealer.tag_len(), 0);
        self.sealer.seal(self.send_sequence, &mut packet).unwrap();
        self.send_sequence = self.send_sequence.wrapping_add(1);
        self.out.extend_from_slice(&packet);
    }

    /// Takes bytes of the server.
    pub(crate) fn input(&mut self, bytes: &[u8]) {
        self.input.extend_from_slice(bytes);
        if self.server_version.is_none() {
            let Some(end) = self.input.iter().position(|&byte| byte == b'\n') else {
                return;
            };
            let line = self.input.split_to(end + 1).to_vec();
            let line = String::from_utf8(line).unwrap();
            self.server_version = Some(line.strip_suffix("\r\n").unwrap().to_owned());
        }
        while !self.numbers.ends_with(&[messages::SSH_MSG_KEX_31, messages::SSH_MSG_NEWKEYS])
            || !self.without_new_keys
        {
            let Some(received) = self.next_packet() else {
                break;
            };
            self.handle(received);
        }
    }

    /// The next packet; panics when it breaks RFC 4253 section 6.
    fn next_packet(&mut self) -> Option<Received> {
        let total = match self.current {
            Some(total) => total,
            None => {
                let prefix = self.input.get_mut(..self.opener.prefix_len())?;
                let len = self.opener.packet_length(self.receive_sequence, prefix).unwrap();
                assert!(len <= 256 * 1024, "packet of {len} bytes");
                let counted = len as usize + if self.opener.length_counts() { 4 } else { 0 };
                assert_eq!(counted % self.opener.block_len(), 0, "not whole blocks");
                assert!(len + 4 >= 16, "too short a packet");
                4 + len as usize + self.opener.tag_len()
            }
        };
        self.current = Some(total);
        if self.input.len() < total {
            return None;
        }
        let mut packet = self.input.split_to(total);
        self.current = None;
        self.opener.open(self.receive_sequence, &mut packet).expect("the server's MAC");
        packet.truncate(total - self.opener.tag_len());
        let padding = usize::from(packet[4]);
        assert!(padding >= 4 && 5 + padding < packet.len(), "padding of {padding} bytes");
        let mut payload = packet[5..packet.len() - padding].to_vec();
        if let Some(decompressor) = &mut self.decompressor {
            let mut inflated = Vec::new();
            decompressor.decompress(&payload, 1 << 20, &mut inflated).unwrap();
            payload = inflated;
        }
        let sequence = self.receive_sequence;
        self.receive_sequence = self.receive_sequence.wrapping_add(1);
        Some(Received { sequence, payload })
    }

    fn handle(&mut self, received: Received) {
        let number = received.payload[0];
        self.numbers.push(number);
        match number {
            messages::SSH_MSG_KEXINIT => {
                assert!(self.kex_inits[1].is_none(), "a second KEXINIT");
                self.kex_inits[1] = Some(received.payload);
                if self.automatic {
                    // a test begins the first exchange by itself
                    if self.kex_inits[0].is_none() && self.exchanges > 0 {
                        self.send_kex_init();
                    } else {
                        self.advance_exchange();
                    }
                }
            }
            messages::SSH_MSG_KEX_31 if self.without_new_keys => {}
            messages::SSH_MSG_NEWKEYS if self.without_new_keys => {
                // what follows is sealed with keys that were never made
                self.input.clear();
            }
            messages::SSH_MSG_KEX_31 if self.exchange.is_none() => {
                // a test does it by hand
                self.received.push_back(received);
            }
            // a test goes on by hand
            messages::SSH_MSG_KEX_31 | messages::SSH_MSG_KEX_34 if self.is_by_gss() => {
                self.received.push_back(received);
            }
            messages::SSH_MSG_KEX_32 if self.exchange.is_none() => {
                self.received.push_back(received);
            }
            messages::SSH_MSG_KEX_32 if self.is_by_gss() => {
                self.finish_exchange(&received.payload);
            }
            messages::SSH_MSG_KEXGSS_GROUP if self.exchange.is_none() => {
                self.received.push_back(received);
            }
            messages::SSH_MSG_KEX_31 | messages::SSH_MSG_KEXGSS_GROUP => {
                let running = self.exchange.as_mut().expect("a running exchange");
                match running.0.answer(&received.payload) {
                    Some(answer) => self.send_now(&answer),
                    None => self.finish_exchange(&received.payload),
                }
            }
            messages::SSH_MSG_KEX_33 => self.finish_exchange(&received.payload),
            // a test has sent all messages of the method by hand
            messages::SSH_MSG_NEWKEYS if self.next_keys.is_none() && !self.automatic => {
                self.input.clear();
            }
            messages::SSH_MSG_NEWKEYS => {
                let NextKeys { opener, decompressor } = self.next_keys.take().expect("keys to use");
                self.opener = opener;
                self.decompressor = decompressor;
                if self.strict {
                    self.receive_sequence = 0;
                }
                self.exchanges += 1;
            }
            messages::SSH_MSG_USERAUTH_SUCCESS => {
                self.received.push_back(received);
                self.authenticated = true;
                let [outward, inward] = std::mem::take(&mut self.delayed);
                if let Some(name) = outward {
                    self.compressor = streams(&name).map(|streams| streams.0);
                }
                if let Some(name) = inward {
                    self.decompressor = streams(&name).map(|streams| streams.1);
                }
            }
            _ => {
                let between = self.kex_inits[1].is_some();
                let allowed = (1..=4).contains(&number);
                assert!(!between || allowed, "message {number} between KEXINIT and NEWKEYS");
                self.received.push_back(received);
            }
        }
    }

    /// Whether GSSAPI authenticates the exchange that runs, or the one that a test does by hand.
    fn is_by_gss(&self) -> bool {
        match &self.exchange {
            Some((exchange, _)) => matches!(exchange, ClientKex::Gss(_)),
            None => !self.automatic && self.offer.kex.starts_with("gss-"),
        }
    }

    /// The server's reply: keys, and our NEWKEYS.
    fn finish_exchange(&mut self, payload: &[u8]) {
        let (exchange, chosen) = self.exchange.take().expect("a running exchange");
        let method = kex::by_name(&chosen.kex).unwrap();
        let mut reply = Reader::new(&payload[1..]);
        let by_gss = method.proof == ServerProof::Gssapi;
        let host_key = if by_gss { b"" } else { reply.string().unwrap() };
        let shared = exchange.finish(&mut reply);
        let [Some(ours), Some(theirs)] = std::mem::take(&mut self.kex_inits) else {
            panic!("a reply before both KEXINIT");
        };
        let mut preamble = Vec::new();
        Writer::new(&mut preamble)
            .string(&self.version)
            .string(self.server_version.as_ref().unwrap())
            .string(&ours)
            .string(&theirs)
            .string(host_key)
            .raw(&shared.hash_fields)
            .raw(&shared.secret);
        let hash = method.hash.digest(&[&preamble]);
        if by_gss {
            check_gss_reply(reply, &hash);
        } else {
            let signed = reply.string().unwrap();
            reply.finish().unwrap();
            let algorithm = signature::by_name(&chosen.host_key).unwrap();
            signature::verify(algorithm, host_key, &hash, signed).expect("the signature");
        }
        self.host_key_blob = host_key.to_vec();
        if self.session_id.is_empty() {
            self.session_id.clone_from(&hash);
        }
        self.send_now(&NewKeys {}.encode());
        let key = |letter: u8, len: usize| {
            derive(method.hash, &shared.secret, &hash, letter, &self.session_id, len)
        };
        let suites = [0, 1].map(|side| {
            let row = cipher::by_name(&chosen.cipher[side]).unwrap();
            (row, if row.needs_mac() { mac::by_name(&chosen.mac[side]) } else { None })
        });
        let (row, mac) = suites[0];
        let mac_key = key(b'E', mac.map_or(0, |mac| mac.key_len));
        let (iv, secret) = (key(b'A', row.iv_len), key(b'C', row.key_len));
        let sealer = row.sealer(secret.expose(), iv.expose(), mac, mac_key.expose()).unwrap();
        let (row, mac) = suites[1];
        let mac_key = key(b'F', mac.map_or(0, |mac| mac.key_len));
        let (iv, secret) = (key(b'B', row.iv_len), key(b'D', row.key_len));
        let opener = row.opener(secret.expose(), iv.expose(), mac, mac_key.expose()).unwrap();
        self.use_keys(chosen, sealer, opener);
    }

    fn use_keys(&mut self, chosen: Chosen, sealer: Box<dyn Sealer>, opener: Box<dyn Opener>) {
        self.sealer = sealer;
        if self.strict {
            self.send_sequence = 0;
        }
        let now = chosen.compression.clone().map(|name| {
            let delayed = compression::by_name(&name).unwrap().delayed;
            (!delayed || self.authenticated).then_some(name)
        });
        self.compressor = now[0].as_deref().and_then(streams).map(|streams| streams.0);
        let decompressor = now[1].as_deref().and_then(streams).map(|streams| streams.1);
        self.next_keys = Some(NextKeys { opener, decompressor });
        let [first, second] = chosen.compression;
        self.delayed = [
            if now[0].is_none() { Some(first) } else { None },
            if now[1].is_none() { Some(second) } else { None },
        ];
        for payload in std::mem::take(&mut self.deferred) {
            self.send_now(&payload);
        }
    }
}

fn streams(name: &str) -> Option<(Box<dyn Compressor>, Box<dyn Decompressor>)> {
    compression::by_name(name).unwrap().new.map(|new| new())
}
