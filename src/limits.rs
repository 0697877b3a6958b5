//! Every bound on what others can make this server do, and the attack that it stops: of a client that has not
//! logged in, of one that has, of whoever writes a key file or a setting that the program passes on. No other
//! file has such a number of its own, which `tests/limits.rs` holds: what it lists besides is given by a
//! specification, or tunes what no client has a part in. A cipher's own limit of data stands in its row.

use std::time::Duration;

/// Sealed bytes waiting for the socket above which no input is processed: a client that sends
/// requests but does not read the replies costs no more than this.
pub const MAX_TRANSMIT_BACKLOG: usize = 256 * 1024;

/// How many bytes `poll_transmit` seals at a time: enough for large writes, little enough that
/// control messages do not wait behind a burst of data.
pub const TRANSMIT_TARGET: usize = 64 * 1024;

/// The same for [`crate::engine::Connection::room`], by which tunnels read: what is there is sealed and
/// written before more is read, so that a client that does not read costs no more.
pub const TUNNEL_TRANSMIT_TARGET: usize = 192 * 1024;

/// What a channel message counts for in [`TRANSMIT_TARGET`] besides its data: header, padding and the
/// longest MAC. With data alone, a client that takes one byte a message makes one call seal forty
/// times as much.
pub const MESSAGE_OVERHEAD: usize = 96;

/// RFC 4253 section 4.2: the identification string has at most 255 characters, CR LF included. More
/// without a line end is memory for nothing.
pub const MAX_IDENTIFICATION_LEN: usize = 255;

/// Time for a client to send its identification string, whatever longer time it has to log in: clients
/// send it at once, and one that says nothing is to cost a socket no longer than that.
pub const IDENTIFICATION_TIME: Duration = Duration::from_secs(15);

/// Characters of the patterns that identification strings are held against: matching may take this
/// times [`MAX_IDENTIFICATION_LEN`] steps, for clients that nobody knows yet.
pub const MAX_VERSION_PATTERN_LEN: usize = 4096;

/// `packet_length` of an authenticated client: OpenSSH's own bound. A length is believed before its
/// MAC can be checked, so it bounds the memory that a forged length makes us wait for.
pub const MAX_PACKET_LEN: usize = 256 * 1024;

/// `packet_length` before authentication: what RFC 4253 section 6.1 requires, so that strangers
/// cannot make us hold more.
pub const MAX_PACKET_LEN_UNAUTHENTICATED: usize = 35_000;

/// Largest inflated payload: stops a small compressed packet from growing without end.
pub const MAX_PAYLOAD_LEN: usize = 256 * 1024;

/// Largest payload of a message of the program's own making: RFC 4253 section 6.1 has every client
/// take this much. Some close the connection at the next byte.
pub const MAX_SENT_PAYLOAD_LEN: usize = 32 * 1024;

/// Largest data of a message of a channel, whatever maximum packet size the client names: one that names
/// 4 GiB would have us seal its whole window in one piece, and libssh2 names 64 KiB but reads 40,000 bytes.
/// Whoever takes 32 KiB of data (RFC 4253 section 6.1, but for the header) loses nothing; no client is known
/// that would gain by more.
pub const MAX_SENT_DATA_LEN: usize = 32 * 1024;

/// Messages that wait for a key exchange to end, in bytes: a client that starts one and goes on
/// with requests instead of finishing it fills this and no more.
pub const MAX_DEFERRED_BYTES: usize = 256 * 1024;

/// Packets that keys serve for in one direction, whatever the settings say (RFC 4344 section 3.1): the
/// sequence number must not come round under the same keys, for some ciphers it is the nonce.
pub const MAX_PACKETS_OF_KEYS: u64 = 1 << 31;

/// Key exchanges of the client without any other message in between: each costs us a signature, so
/// a flood of KEXINIT would burn a core. One is forgiven each [`IDLE_KEY_EXCHANGE_REFILL`].
pub const MAX_IDLE_KEY_EXCHANGES: u32 = 8;

/// See [`MAX_IDLE_KEY_EXCHANGES`].
pub const IDLE_KEY_EXCHANGE_REFILL: Duration = Duration::from_secs(60);

/// Authentication requests of any kind, `none` and key queries included: stops guessing by methods
/// that do not count as attempts, and the work each costs.
pub const MAX_AUTH_REQUESTS: u32 = 1000;

/// Messages of the connection protocol before the login, each of which is refused: as many as the keepalives
/// of hours, and none for strangers who only want to keep us replying.
pub const MAX_EARLY_MESSAGES: u32 = 1000;

/// Connections that have not logged in, unless the program sets another number: who connects and
/// keeps still costs a socket and a place until the time to log in is over, and must not take all
/// places from those who do log in.
pub const MAX_UNAUTHENTICATED: u32 = 100;

/// Longest banner, longest instruction and longest prompts together of keyboard-interactive: with
/// its headers each of their messages has to fit into the packet that every client has to take
/// (RFC 4253 section 6.1). More is the program's mistake, and would end the connection.
pub const MAX_LOGIN_TEXT_LEN: usize = 15 * 1024;

/// Host certificates of a server: each is looked through for each key.
pub const MAX_HOST_CERTIFICATES: usize = 64;

/// Longest user name: it is copied to the program and its logs.
pub const MAX_USER_NAME_LEN: usize = 1024;

/// Longest password or response: programs feed it to slow hashes.
pub const MAX_PASSWORD_LEN: usize = 16 * 1024;

/// Principals of a certificate (OpenSSH has the same bound): each costs a string, and a program
/// compares them all.
pub const MAX_CERTIFICATE_PRINCIPALS: usize = 256;

/// Critical options and extensions of a certificate, each: they are compared with one another.
pub const MAX_CERTIFICATE_OPTIONS: usize = 64;

/// Most prompts of one keyboard-interactive dialog that a program may ask, and so responses taken:
/// each is a question to the program.
pub const MAX_PROMPTS: usize = 32;

/// Data of a channel that is handed over in one piece, and so the buffers it lies in: a megabyte
/// takes three or four events, and what a slow listener holds is counted in few of them.
pub const BLOCK_LEN: usize = 320 * 1024;

/// Buffers of [`BLOCK_LEN`] kept for the next data, some seconds long: a burst must not keep more of
/// its memory than a collection of garbage sets free at a time.
pub const MAX_SPARE_BLOCKS: usize = 256;

/// Open channels of one connection, half-open ones included: each costs state here and an object in
/// the program.
pub const MAX_CHANNELS: usize = 16_384;

/// The highest number of a channel: some clients keep it in an integer with a sign.
pub const MAX_CHANNEL_NUMBER: u32 = (1 << 31) - 1;

/// The `maximum_packet_size` we announce, above which the data of a channel is refused: all channels of a
/// connection share its packets, and one must not fill them up to [`MAX_PACKET_LEN`] each.
pub const CHANNEL_MAXIMUM_PACKET_SIZE: u32 = 64 * 1024;

/// Requests of a channel that the program is asked about without an answer to the ones before, and
/// their bytes together: a client cannot fill the program's queue with the requests of one channel.
pub const MAX_ASKED_REQUESTS: usize = 64;
/// See [`MAX_ASKED_REQUESTS`].
pub const MAX_ASKED_BYTES: usize = 16 * 1024;

/// Messages of one connection held behind unanswered questions, data included, in bytes with
/// [`HELD_MESSAGE_COST`] for each. With more its socket is not read until the program answers: a client
/// that goes on sending requests while the program decides fills this and no more. Four windows of
/// data, so that a program that takes its time with one channel does not stop the others.
pub const MAX_HELD_BYTES: usize = 8 * 1024 * 1024;

/// What a held message counts for in [`MAX_HELD_BYTES`] besides its content. A request of 30 bytes
/// takes about 200, and small data messages of two types in turn cannot be joined.
pub const HELD_MESSAGE_COST: usize = 256;

/// What one turn of a connection processes, in bytes of payload after decompression, with
/// [`MESSAGE_WORK`] for each message; then other connections of the thread have theirs. A read brings
/// thousands of small messages, and one of compressed data may inflate to 0.3 GB.
pub const TURN_WORK: usize = 1024 * 1024;

/// What a message counts for in [`TURN_WORK`] besides its bytes: 256 small ones are a turn. A turn makes
/// one batch of events for the program, and a neighbour waits for two or three of them.
pub const MESSAGE_WORK: usize = 4096;

/// What is read from one socket before other connections of its thread have their turn, in bytes: a client
/// that sends as fast as it can must not have the thread for itself.
pub const READ_IN_TURN: usize = 256 * 1024;

/// The same of a socket that the program's loop watches, in reads: the loop has timers and listeners to run,
/// too.
pub const HOSTED_READS_IN_TURN: u32 = 4;

/// The same for what is written: a client that takes as fast as it can.
pub const WRITTEN_IN_TURN: usize = 1024 * 1024;

/// What is read from the sockets of a connection's tunnels in one turn, in bytes: a target that sends as fast
/// as it can must not keep the bytes of the client waiting.
pub const TUNNEL_READ_IN_TURN: usize = 1024 * 1024;

/// Threads for the arithmetic of key exchanges: a flood of connections, each with one, must not have more
/// processors than this.
pub const MAX_ARITHMETIC_THREADS: usize = 8;

/// How long the last bytes, DISCONNECT among them, may take to leave: a client that reads nothing must not
/// keep the socket of a connection that is over.
pub const FLUSH_TIME: Duration = Duration::from_secs(5);

/// How long a client gets to close its side after we closed ours, so that it still reads why: one that never
/// does must not keep the socket.
pub const LINGER_TIME: Duration = Duration::from_secs(1);

/// What is read and dropped meanwhile, in bytes: one that goes on sending must not be served for it.
pub const LINGER_LEN: usize = 1024 * 1024;

/// Data that a program may queue on one channel without waiting: what does not fit is reported back
/// instead of filling memory when the client stops reading.
pub const MAX_UNWAITED_BYTES: usize = 1024 * 1024;

/// Tunnels of one connection, those that are being connected included: each costs a socket, and a
/// process has a thousand of them on many systems.
pub const MAX_TUNNELS: usize = 1024;

/// Reverse tunnels of one connection: each takes a port away from everybody else.
pub const MAX_TUNNEL_LISTENERS: usize = 256;

/// Longest address or socket path of a tunnel: it is copied to the program and to the resolver. No
/// name that can be resolved and no path that can be bound is longer.
pub const MAX_TUNNEL_ADDRESS_LEN: usize = 1024;

/// Time to connect to the target of a tunnel, the look-up of its name included: a target that does
/// not answer must not hold a channel and a socket for the minutes that the system would wait.
pub const TUNNEL_CONNECT_TIME: Duration = Duration::from_secs(30);

/// Time that one address of a tunnel's target has before the next one is tried beside it (RFC 8305 section 8):
/// a name with one address that does not answer must not take all of [`TUNNEL_CONNECT_TIME`] for it.
pub const TUNNEL_ATTEMPT_DELAY: Duration = Duration::from_millis(250);

/// Attempts of one connection beside the first of each of its tunnels: each costs a socket, and a client can
/// ask for names with hundreds of addresses that do not answer.
pub const MAX_TUNNEL_SPARE_ATTEMPTS: usize = 16;

/// Names that are looked up for tunnels at a time, in the process and for one connection: each takes
/// a thread, and a client that asks for names nobody answers for must not keep others waiting.
pub const MAX_TUNNEL_LOOKUPS: usize = 32;

/// See [`MAX_TUNNEL_LOOKUPS`].
pub const MAX_TUNNEL_LOOKUPS_OF_CONNECTION: usize = 4;

/// Connections to the reverse tunnels of a client that wait for it to take them; more stay in the
/// backlog of the system: a client that never answers costs no more sockets than this.
pub const MAX_TUNNEL_OPENINGS: usize = 64;

/// What a tunnel's target has not taken counts against the window of its channel. A piece shorter
/// than this is copied together with its neighbours while it waits, so that small messages do not
/// keep the large read buffers alive that they lie in.
pub const TUNNEL_JOINED_LEN: usize = 16 * 1024;

/// Tunnels of one connection that the client has closed while their target had still data to take,
/// and for how long they are kept: each holds a window of data at most, which is 32 MiB that no bound of the
/// connection counts.
pub const MAX_TUNNEL_REMAINDERS: usize = 16;

/// See [`MAX_TUNNEL_REMAINDERS`].
pub const TUNNEL_REMAINDER_TIME: Duration = Duration::from_secs(5);

/// Length of a list of clients (AllowedClients, BlockedClients) and entries in it: each connection is
/// compared with all of them, and a list may come out of a file that others write.
pub const MAX_CLIENT_LIST_LEN: usize = 1 << 20;

/// See [`MAX_CLIENT_LIST_LEN`].
pub const MAX_CLIENT_ENTRIES: usize = 10_000;

/// Entries with `*` in one list: they are compared as texts, which takes ten times as long.
pub const MAX_CLIENT_PATTERNS: usize = 1000;

/// Host names in one list: each is a look-up, now and then, that connections wait for.
pub const MAX_CLIENT_HOSTS: usize = 64;

/// Names and addresses of clients that are looked up at a time, in the process: each takes a thread,
/// and an address whose name servers are slow can be connected from as often as one likes.
pub const MAX_CLIENT_LOOKUPS: usize = 16;

/// How long a connection waits for these look-ups; a host whose servers have not answered by then has
/// the addresses that were last known, and a client has no name. One whose name servers never answer
/// must not hold its socket for as long as the resolver waits.
pub const CLIENT_LOOKUP_TIME: Duration = Duration::from_secs(10);

/// How long the addresses of a host name in a list are believed, so that a flood of connections is not
/// one of look-ups; and how long that it has none.
pub const CLIENT_HOST_TIME: Duration = Duration::from_secs(60);

/// See [`CLIENT_HOST_TIME`].
pub const CLIENT_HOST_RETRY_TIME: Duration = Duration::from_secs(5);

/// Largest buffer of a socket that can be asked for, in bytes: systems double the number, and take it
/// as one with a sign. They have bounds of their own, which are lower.
pub const MAX_SOCKET_BUFFER: u32 = 1 << 30;

/// Longest time for TCP keep-alive, in milliseconds: Linux refuses more than 32767 seconds.
pub const MAX_KEEP_ALIVE: u32 = 32_767_000;

/// The receive window of a channel, by how many channels the connection has. A client that keeps to its
/// windows can send 64 MiB on 32 channels and 1.3 GiB on [`MAX_CHANNELS`] while listeners are slow; of all that
/// [`MAX_PINNED_BYTES`] are taken from its socket.
pub const fn receive_window(open_channels: usize) -> u32 {
    match open_channels {
        0..32 => 2 * 1024 * 1024,
        32..1024 => 256 * 1024,
        _ => 64 * 1024,
    }
}

/// Names of the methods that clients are told, in bytes: there are four, and each failed login repeats them
/// all, so that whatever a setting was made of is sent over and over.
pub const MAX_METHODS_LEN: usize = 4096;

/// AltSSHCert records: a count out of a configuration file is no reason to fill memory.
pub const MAX_ALTERNATIVES: usize = 256;

/// A key or certificate store has to fit into memory several times over. Real ones have some
/// kilobytes.
pub const MAX_STORE_LEN: usize = 1 << 20;

/// Iterations of a key file's PBKDF1, PBKDF2 or PKCS#12 derivation: ten million take some seconds.
/// OpenSSL writes 2048, careful programs write up to a million; a file could ask for four billion,
/// and keep whoever loads it busy for an hour.
pub const MAX_HASH_ITERATIONS: u64 = if cfg!(fuzzing) { 10_000 } else { 10_000_000 };

/// Rounds of a key file's bcrypt: each takes about as long as hashing one password, so a file that
/// asks for millions would keep whoever loads it busy for hours. ssh-keygen uses 16 (24 since 9.8).
pub const MAX_BCRYPT_ROUNDS: u64 = if cfg!(fuzzing) { 2 } else { 1024 };

/// Memory of a key file's scrypt or Argon2: a file could ask for terabytes. OpenSSL writes 16 MiB,
/// puttygen 8 MiB.
pub const MAX_DERIVATION_MEMORY: u64 = if cfg!(fuzzing) { 1 << 20 } else { 256 << 20 };

/// The same memory times how often it is filled, which is what the time goes with: some seconds.
pub const MAX_MEMORY_FILLED: u64 = 4 << 30;

/// Bits of an RSA key. A signature takes time with the cube of the modulus, and a check with its square: a
/// tenth of a second and a millisecond here. A client that logs in chooses the key that we check with, and a
/// longer one would burn a core. OpenSSH has the same bound.
pub const MAX_RSA_BITS: u32 = 16_384;

/// The same at the other end, whatever the settings say: shorter keys were factored by single machines. Old
/// clients still have 1024.
pub const MIN_RSA_BITS: u32 = 1024;

/// Bytes of an RSA key's exponent: 33 bits, as the library bounds them. A long one would make every check as
/// expensive as a signature.
pub const MAX_RSA_EXPONENT_LEN: usize = 5;

/// Bits of a DSA key that is read; what signs is shorter. The numbers of a file must not be computed with for
/// minutes.
pub const MAX_DSA_BITS: u32 = 8192;

/// Bytes of any number that is computed with, those of [`MAX_RSA_BITS`]: a key or a file could bring one that
/// takes minutes.
pub const MAX_NUMBER_LEN: usize = 2048;

/// The square of the bits of a key: a set of thousands of long ones would take minutes to check.
pub const MAX_KEY_BITS_SQUARED: u64 = 16_384 * 16_384;

/// How many of the dearest derivations one store may ask for in all: a store of thousands of small
/// encrypted parts would otherwise multiply what is allowed to each.
pub const MAX_DEAREST_DERIVATIONS: u64 = 4;

/// Keys and certificates of one store: each key costs arithmetic even if it is not encrypted, and
/// chains are put together by comparing each with each.
pub const MAX_STORE_ENTRIES: usize = 512;

/// Fields of the subject that a program names a certificate by; real ones have less than twenty. They are
/// looked for in every certificate of the store: a text of a megabyte would be cut into hundreds of thousands.
pub const MAX_NAME_FIELDS: usize = 256;

/// The salt of a key file's derivation; programs write 8 to 64 bytes. A megabyte of it, hashed for
/// each block, would cost more than the iterations that are counted.
pub const MAX_SALT_LEN: usize = 1024;

/// Elements within elements of a key store: a megabyte of opening brackets would exhaust the stack.
/// PKCS#12 needs about a dozen.
pub const MAX_STORE_DEPTH: usize = 48;

/// The same of an XML key: each element that is open is kept in memory, and real ones have three.
pub const MAX_XML_DEPTH: usize = 32;

/// The same of the bags of a PKCS#12 store, which are read by recursion; no program nests them.
pub const MAX_BAG_DEPTH: usize = 4;

/// The same of the serialized objects of a JCEKS store, which are skipped by recursion; a sealed key has three.
pub const MAX_JAVA_DEPTH: usize = 16;

/// Classes and objects of a JCEKS store that later ones refer to: each is kept, and a file of a megabyte could
/// have a hundred thousand.
pub const MAX_JAVA_HANDLES: usize = 1024;

/// Bytes derived from a password: no cipher, MAC or IV comes near. A file says the length itself, and each
/// block of it costs all iterations again.
pub const MAX_DERIVED_LEN: usize = 256;

/// The URI of a key in a security token: what a setting brings is parsed, compared with every object of the
/// token and shown in errors.
pub const MAX_TOKEN_URI_LEN: usize = 8192;

/// A store that is looked for as the name of a file: longer than any path that an operating system takes. A
/// store of a megabyte that is no key would be one otherwise, for the system and in the log.
pub const MAX_PATH_LEN: usize = 4096;

/// Characters of a text of others that are quoted in an error: errors go to logs and to people, and a name out
/// of a file or a setting can be a megabyte.
pub const MAX_QUOTED_LEN: usize = 64;

/// Events of one connection that the program has not taken, in bytes, with [`QUEUED_EVENT_COST`] for
/// each. With more its socket is not read, until half of it is gone: a client that sends thousands of
/// small requests neither fills the program's queue nor keeps the events of other clients waiting.
pub const MAX_QUEUED_BYTES: usize = 4 * 1024 * 1024;

/// What an event counts for in [`MAX_QUEUED_BYTES`] besides what it carries: 256 of them may wait, which
/// the program takes in a millisecond or two.
pub const QUEUED_EVENT_COST: usize = 16 * 1024;

/// What one connection may have the program hold: channel data until it is reported as used, and
/// questions until they are answered, in bytes, each of them for [`PINNED_EVENT_COST`] at least. With more its
/// socket is not read, until half of it is gone. It is what 32 channels with full windows hold
/// ([`receive_window`]). A client that sends one byte in each message would have 600 bytes kept for
/// each byte of its window otherwise. With [`MAX_QUEUED_BYTES`], [`MAX_WAITING_BYTES`], [`MAX_HELD_BYTES`]
/// and the buffers of its packets, a connection costs 84 MiB at most, whatever its client sends; its channels
/// ([`MAX_CHANNELS`]) and what is left of tunnels ([`MAX_TUNNEL_REMAINDERS`]) come on top.
pub const MAX_PINNED_BYTES: usize = 64 * 1024 * 1024;

/// What an event counts for in [`MAX_PINNED_BYTES`] at least, however little it carries: two thousand may wait.
/// The objects that stand for one in JavaScript take 750 bytes, so that is a megabyte and a half for each
/// connection that floods; no listener is that far behind that has not stopped. What comes in pieces of this
/// size, as large data does, counts for no more than its bytes.
pub const PINNED_EVENT_COST: usize = 32 * 1024;

/// Events of one connection that wait behind slow listeners, in bytes, with [`QUEUED_EVENT_COST`] for each
/// besides its text: the facade counts them once JavaScript has taken them. With more its socket is not
/// read, until half of it is gone. That is 256 events; a client that sends packets as fast as it can has
/// as many lines logged, and a listener of `Log` or `SSHStatus` that writes each to a database would have
/// all of them wait in memory. A login logs about 50.
pub const MAX_WAITING_BYTES: usize = 4 * 1024 * 1024;

/// The longest value of a setting: a program that passes on what somebody else gave it keeps that
/// in memory, and in each error.
pub const MAX_SETTING_LEN: usize = 1 << 20;

/// The longest text of a certificate store, the largest one in base64 with its lines: like [`MAX_SETTING_LEN`].
pub const MAX_STORE_TEXT_LEN: usize = 2 * MAX_STORE_LEN;

/// The longest host name, of RFC 1035 section 2.3.4: like [`MAX_SETTING_LEN`], and longer ones are no names.
pub const MAX_HOST_NAME_LEN: usize = 255;

/// Characters of what a client says to people that are kept (why it disconnects, why it refuses a
/// channel): they go to the program and its logs.
pub const MAX_DESCRIPTION_LEN: usize = 1024;

/// The longest name of RFC 4251 section 6: what is longer is no name of the protocol. Channels of a
/// type with a longer name are not opened, requests with one fail: 250 KB of name would be kept for
/// each channel.
pub const MAX_NAME_LEN: usize = 64;

/// The longest mpint that is turned into decimal digits or back, which takes the square of its length;
/// four times that of the largest key.
pub const MAX_DECIMAL_LEN: usize = 8 * 1024;

/// Bytes that one end of a stream in memory has waiting for it: what it does not read, the other end
/// cannot send.
pub const MEMORY_STREAM_LEN: usize = 256 * 1024;
