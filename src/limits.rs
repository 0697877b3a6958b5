//! Every bound on what others can make this server do, and the attack that it stops: by a client that has
//! not logged in, by one that has, and by the author of a key file or setting that the program passes on.
//! No other file has such a number of its own; `tests/limits.rs` checks that, and lists the exceptions:
//! numbers of a specification, and tuning that no client can affect. The data limit of a cipher is in its
//! row of the registry.

use std::time::Duration;

/// Sealed bytes waiting for the socket (high watermark); above it no input is processed: a client that
/// sends requests but does not read the replies costs no more than this.
pub const MAX_TRANSMIT_BACKLOG: usize = 256 * 1024;

/// Bytes that `poll_transmit` seals at a time: enough for large writes, few enough that control messages do
/// not wait behind a burst of data.
pub const TRANSMIT_TARGET: usize = 64 * 1024;

/// The same for [`crate::engine::Connection::send`], by which tunnels read: what is there is sealed and
/// written before more is read, so that a client that does not read costs no more.
pub const TUNNEL_TRANSMIT_TARGET: usize = 192 * 1024;

/// The cost of a channel message in [`TRANSMIT_TARGET`] besides its data: header, padding and the longest
/// MAC. If data alone counted, a client that takes one byte a message would make one call seal forty times
/// as much.
pub const MESSAGE_OVERHEAD: usize = 96;

/// RFC 4253 section 4.2: the identification string has at most 255 characters, CR LF included. Keeping more
/// without a line end would only cost memory.
pub const MAX_IDENTIFICATION_LEN: usize = 255;

/// Time for a client to send its identification string, however much longer it has to log in: clients send
/// it at once, and a silent one must not keep a socket for longer.
pub const IDENTIFICATION_TIME: Duration = Duration::from_secs(15);

/// Length of the patterns that identification strings are compared with: matching may take this times
/// [`MAX_IDENTIFICATION_LEN`] steps, for clients that are not authenticated.
pub const MAX_VERSION_PATTERN_LEN: usize = 4096;

/// `packet_length` of an authenticated client: OpenSSH's own bound. A length is used before its MAC can be
/// checked, so this bounds the memory that a forged length reserves.
pub const MAX_PACKET_LEN: usize = 256 * 1024;

/// `packet_length` before authentication: what RFC 4253 section 6.1 requires, so that a client that has not
/// logged in cannot make us hold more.
pub const MAX_PACKET_LEN_UNAUTHENTICATED: usize = 35_000;

/// Largest inflated payload: stops a small compressed packet from growing without end.
pub const MAX_PAYLOAD_LEN: usize = 256 * 1024;

/// Largest payload of a message that the program builds: RFC 4253 section 6.1 requires every client to take
/// this much. Some close the connection at the next byte.
pub const MAX_SENT_PAYLOAD_LEN: usize = 32 * 1024;

/// Largest data of a channel message, whatever maximum packet size the client announces: one that announces
/// 4 GiB would have us seal its whole window in one piece, and libssh2 announces 64 KiB but reads 40,000
/// bytes. A client that takes 32 KiB of data (RFC 4253 section 6.1, without the header) loses nothing; no
/// client is known that would gain by more.
pub const MAX_SENT_DATA_LEN: usize = 32 * 1024;

/// Deferred messages that wait for the end of a key exchange, in bytes: a client that starts one and goes
/// on with requests instead of finishing it makes us keep no more than this.
pub const MAX_DEFERRED_BYTES: usize = 256 * 1024;

/// Packets that keys are used for in one direction, whatever the settings say (RFC 4344 section 3.1): the
/// sequence number must not wrap around under the same keys, as it is the nonce of some ciphers.
pub const MAX_PACKETS_OF_KEYS: u64 = 1 << 31;

/// Key exchanges that the client asks for without any other message in between: each costs us a signature,
/// so a flood of KEXINIT would occupy a core. The count falls by one each [`IDLE_KEY_EXCHANGE_REFILL`].
pub const MAX_IDLE_KEY_EXCHANGES: u32 = 8;

/// See [`MAX_IDLE_KEY_EXCHANGES`].
pub const IDLE_KEY_EXCHANGE_REFILL: Duration = Duration::from_secs(60);

/// Authentication requests of any kind, `none` and key queries included: bounds guessing by methods that do
/// not count as attempts, and the work that each request costs.
pub const MAX_AUTH_REQUESTS: u32 = 1000;

/// Messages of the connection protocol before the login, each of which is refused: enough for hours of
/// keepalive requests, but no endless replies to a client that does not log in.
pub const MAX_EARLY_MESSAGES: u32 = 1000;

/// Connections that have not logged in, unless the program sets another number: a silent connection costs a
/// socket and a permit until the time to log in is over, and silent ones must not take all permits from
/// clients that do log in.
pub const MAX_UNAUTHENTICATED: u32 = 100;

/// Longest banner, longest instruction and longest prompts together of keyboard-interactive: with its
/// headers each of their messages has to fit into the packet that every client has to take (RFC 4253
/// section 6.1). A longer one is the program's mistake, and would end the connection.
pub const MAX_LOGIN_TEXT_LEN: usize = 15 * 1024;

/// Host certificates of a server: for each key all of them are searched.
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

/// X.509 certificates in one key blob: each is parsed before the client has logged in. Real chains have two
/// or three, and libraries that verify them stop at about ten.
pub const MAX_X509_CERTIFICATES: usize = 10;

/// Bytes of each: a certificate of hundreds of names would cost a stranger less than us. Real ones have one or
/// two thousand bytes.
pub const MAX_X509_CERTIFICATE_LEN: usize = 8 * 1024;

/// Extensions of each: a certificate has room for hundreds, and each is looked for among the others, because
/// none may come twice. Real ones have about ten.
pub const MAX_X509_EXTENSIONS: usize = 64;

/// Bytes of a host key's chain: with the rest of the key exchange's reply it has to fit into the payload
/// that every client takes ([`MAX_SENT_PAYLOAD_LEN`]), or no client could connect.
pub const MAX_X509_HOST_CHAIN_LEN: usize = 24 * 1024;

/// Most prompts in one keyboard-interactive dialog, and so most responses: each response is a question to
/// the program.
pub const MAX_PROMPTS: usize = 32;

/// Mechanisms that a client may name in a login by GSSAPI: real ones name one or two. Each is compared with
/// ours; Go's server once reserved memory for as many as the message claims (CVE-2025-58181).
pub const MAX_GSS_MECHANISMS: u32 = 64;

/// Longest token of GSSAPI, in either direction: it goes to a library that parses it, before anything is
/// known of its sender. Those of Kerberos have 700 bytes, and some kilobytes with the groups of a large
/// Active Directory.
pub const MAX_GSS_TOKEN_LEN: usize = 32 * 1024;

/// Tokens of a client in one context: Kerberos needs one. Each costs the library's work, and may wait for a
/// file.
pub const MAX_GSS_STEPS: u32 = 8;

/// Longest name of a principal: like [`MAX_USER_NAME_LEN`], it is copied to the program and its logs.
pub const MAX_GSS_NAME_LEN: usize = 1024;

/// Characters of the GSSAPI library's text about an error that go to the log: it may have text of the client
/// in it.
pub const MAX_GSS_ERROR_LEN: usize = 1024;

/// Threads for the steps of GSSAPI, which may wait for files and for other processes as long as they like:
/// a key table that hangs stops logins by GSSAPI and nobody else.
pub const MAX_GSS_THREADS: usize = 8;

/// How long a connection waits for one step of GSSAPI; then it is ended. The time to log in ends most that hang
/// earlier, but a client that exchanges keys again has logged in, and must not keep its socket when it leaves.
pub const GSS_STEP_TIME: Duration = Duration::from_secs(120);

/// How long startListening waits for the GSSAPI library to find its key; after that nothing of GSSAPI is
/// offered: a key table that hangs must not keep the server from listening.
pub const GSS_ACQUIRE_TIME: Duration = Duration::from_secs(10);

/// Jobs that wait for a thread, from which on those of connections that are over are dropped: while a key
/// table or a token hangs, clients come and go, and each would leave one behind.
pub const MAX_WAITING_JOBS: usize = 64;

/// Data of a channel that is delivered in one piece, and the size of the buffers for it: a megabyte takes
/// three or four events, so that the load of a slow listener is counted in few of them.
pub const BLOCK_LEN: usize = 320 * 1024;

/// Buffers of [`BLOCK_LEN`] that are kept for some seconds for later data: a burst must not keep more
/// memory than one garbage collection frees.
pub const MAX_SPARE_BLOCKS: usize = 256;

/// Open channels of one connection, half-open ones included: each costs state here and an object in the
/// program.
pub const MAX_CHANNELS: usize = 16_384;

/// The highest number of a channel: some clients keep it in a signed integer.
pub const MAX_CHANNEL_NUMBER: u32 = (1 << 31) - 1;

/// The `maximum_packet_size` that we announce, above which the data of a channel is refused: all channels
/// of a connection share its packets, and no channel may fill them up to [`MAX_PACKET_LEN`].
pub const CHANNEL_MAXIMUM_PACKET_SIZE: u32 = 64 * 1024;

/// Requests of a channel that the program is asked about before it has answered the first of them, and
/// their bytes together: a client cannot fill the program's queue with the requests of one channel.
pub const MAX_ASKED_REQUESTS: usize = 64;
/// See [`MAX_ASKED_REQUESTS`].
pub const MAX_ASKED_BYTES: usize = 16 * 1024;

/// Messages of one connection held behind unanswered questions (head-of-line blocking), data included, in
/// bytes with [`HELD_MESSAGE_COST`] for each. With more the connection's input is not read until the
/// program answers (backpressure): a client that goes on sending requests meanwhile costs no more than
/// this. It is four windows of data, so that a program that takes long for one channel does not stop the
/// others.
pub const MAX_HELD_BYTES: usize = 8 * 1024 * 1024;

/// The cost of a held message in [`MAX_HELD_BYTES`] besides its content. A request of 30 bytes takes about
/// 200, and small data messages of two alternating types cannot be joined.
pub const HELD_MESSAGE_COST: usize = 256;

/// The work of one turn of a connection, in bytes of payload after decompression, with [`MESSAGE_WORK`] for
/// each message; then other connections of the thread have their turn. A read brings thousands of small
/// messages, and one of compressed data may inflate to 0.3 GB.
pub const TURN_WORK: usize = 1024 * 1024;

/// The cost of a message in [`TURN_WORK`] besides its bytes: 256 small messages are a turn. A turn makes
/// one batch of events for the program, and another connection waits for two or three of them.
pub const MESSAGE_WORK: usize = 4096;

/// Bytes that are read from one socket before other connections of its thread have their turn: a client
/// that sends as fast as it can must not occupy the thread.
pub const READ_IN_TURN: usize = 256 * 1024;

/// The same for a socket that the program's loop watches, in reads: the loop has to run timers and
/// listeners, too.
pub const HOSTED_READS_IN_TURN: u32 = 4;

/// The same for bytes that are written: a client that reads as fast as it can must not occupy the thread.
pub const WRITTEN_IN_TURN: usize = 1024 * 1024;

/// Bytes that are read from the sockets of a connection's tunnels in one turn: a target that sends as fast
/// as it can must not keep the client's bytes waiting.
pub const TUNNEL_READ_IN_TURN: usize = 1024 * 1024;

/// Threads for the arithmetic of key exchanges: a flood of connections, each with one, must not occupy more
/// processors than this.
pub const MAX_ARITHMETIC_THREADS: usize = 8;

/// How long writing the last bytes, DISCONNECT among them, may take: a client that reads nothing must not
/// keep the socket of a connection that is over.
pub const FLUSH_TIME: Duration = Duration::from_secs(5);

/// How long a client has to close its side after we have closed ours, so that it can still read the reason:
/// a client that never does must not keep the socket.
pub const LINGER_TIME: Duration = Duration::from_secs(1);

/// Bytes that are read and dropped in this time: a client that goes on sending must not be read for ever.
pub const LINGER_LEN: usize = 1024 * 1024;

/// Data that a program may queue on one channel with NoWait: the rest is reported as not sent, instead of
/// filling memory when the client stops reading.
pub const MAX_UNWAITED_BYTES: usize = 1024 * 1024;

/// Tunnels of one connection, those that are being connected included: each costs a socket, and a
/// process has a thousand of them on many systems.
pub const MAX_TUNNELS: usize = 1024;

/// Reverse tunnels of one connection: each occupies a port.
pub const MAX_TUNNEL_LISTENERS: usize = 256;

/// Longest address or socket path of a tunnel: it is copied to the program and to the resolver. No
/// name that can be resolved and no path that can be bound is longer.
pub const MAX_TUNNEL_ADDRESS_LEN: usize = 1024;

/// Time to connect to the target of a tunnel, the look-up of its name included: a target that does
/// not answer must not hold a channel and a socket for the minutes that the system would wait.
pub const TUNNEL_CONNECT_TIME: Duration = Duration::from_secs(30);

/// How long an address of a tunnel's target is tried alone before the next one is tried beside it (RFC 8305
/// section 8): an address that does not answer must not use up [`TUNNEL_CONNECT_TIME`].
pub const TUNNEL_ATTEMPT_DELAY: Duration = Duration::from_millis(250);

/// Attempts of one connection beside the first of each of its tunnels: each costs a socket, and a client
/// can ask for names with hundreds of addresses that do not answer.
pub const MAX_TUNNEL_SPARE_ATTEMPTS: usize = 16;

/// Names that are looked up for tunnels at a time, in the process and for one connection: each takes a
/// thread, and a client that asks for names whose servers do not answer must not keep others waiting.
pub const MAX_TUNNEL_LOOKUPS: usize = 32;

/// See [`MAX_TUNNEL_LOOKUPS`].
pub const MAX_TUNNEL_LOOKUPS_OF_CONNECTION: usize = 4;

/// Connections to the reverse tunnels of a client that it was asked to open channels for and has not
/// answered; more stay in the backlog of the system: a client that never answers costs no more sockets than
/// this.
pub const MAX_TUNNEL_OPENINGS: usize = 64;

/// Data that a tunnel's target has not taken counts against the window of its channel. A piece shorter than
/// this is copied together with its neighbours while it waits, so that small messages do not keep the large
/// read buffers alive that they are in.
pub const TUNNEL_JOINED_LEN: usize = 16 * 1024;

/// Tunnels of one connection that the client has closed before their target has taken all data, and how
/// long they are kept: each holds a window of data at most, together 32 MiB that no bound of the connection
/// counts.
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

/// Host names in one list: each has to be looked up now and then, and connections wait for that.
pub const MAX_CLIENT_HOSTS: usize = 64;

/// Names and addresses of clients that are looked up at a time, in the process: each look-up takes a
/// thread, and a client whose name servers are slow can connect as often as it likes.
pub const MAX_CLIENT_LOOKUPS: usize = 16;

/// How long a connection waits for these look-ups; after that a host name of the list stands for the
/// addresses last known, and the client has no name. A client whose name servers never answer must not hold
/// its socket for as long as the resolver waits.
pub const CLIENT_LOOKUP_TIME: Duration = Duration::from_secs(10);

/// How long the looked-up addresses of a host name in a list are used, so that a flood of connections does
/// not cause a flood of look-ups; and how long a failed look-up counts.
pub const CLIENT_HOST_TIME: Duration = Duration::from_secs(60);

/// See [`CLIENT_HOST_TIME`].
pub const CLIENT_HOST_RETRY_TIME: Duration = Duration::from_secs(5);

/// Largest buffer of a socket that can be set, in bytes: systems double the number, and store it as a
/// signed integer. They have bounds of their own, which are lower.
pub const MAX_SOCKET_BUFFER: u32 = 1 << 30;

/// Longest time for TCP keep-alive, in milliseconds: Linux refuses more than 32767 seconds.
pub const MAX_KEEP_ALIVE: u32 = 32_767_000;

/// The receive window of a channel, by how many channels the connection has. A client that keeps to its
/// windows can send 64 MiB on 32 channels and 1.3 GiB on [`MAX_CHANNELS`] while listeners are slow; only
/// [`MAX_PINNED_BYTES`] of that are read from its socket.
pub const fn receive_window(open_channels: usize) -> u32 {
    match open_channels {
        0..32 => 2 * 1024 * 1024,
        32..1024 => 256 * 1024,
        _ => 64 * 1024,
    }
}

/// Length of the list of methods that clients are told, in bytes: there are four methods, and each failed
/// login repeats the list, so that whatever a program copies into this setting is sent over and over.
pub const MAX_METHODS_LEN: usize = 4096;

/// AltSSHCert records: a count in a configuration file must not fill memory.
pub const MAX_ALTERNATIVES: usize = 256;

/// A key or certificate store has to fit into memory several times over. Real ones have some
/// kilobytes.
pub const MAX_STORE_LEN: usize = 1 << 20;

/// Bytes of all revocation lists that one chain is verified against: each is read through for each
/// certificate, and lists come from other people's servers. The largest of public authorities have some ten
/// megabytes.
pub const MAX_REVOCATION_LISTS_LEN: usize = 32 << 20;

/// Iterations of a key file's PBKDF1, PBKDF2 or PKCS#12 derivation: ten million take some seconds. OpenSSL
/// writes 2048, careful programs up to a million; a file could ask for four billion, and occupy the thread
/// that loads it for an hour.
pub const MAX_HASH_ITERATIONS: u64 = if cfg!(fuzzing) { 10_000 } else { 10_000_000 };

/// Rounds of a key file's bcrypt: each takes about as long as hashing one password, so a file that asks for
/// millions would occupy the thread that loads it for hours. ssh-keygen uses 16 (24 since 9.8).
pub const MAX_BCRYPT_ROUNDS: u64 = if cfg!(fuzzing) { 2 } else { 1024 };

/// Memory of a key file's scrypt or Argon2: a file could ask for terabytes. OpenSSL writes 16 MiB,
/// puttygen 8 MiB.
pub const MAX_DERIVATION_MEMORY: u64 = if cfg!(fuzzing) { 1 << 20 } else { 256 << 20 };

/// The same memory times how often it is filled, which the time depends on: some seconds.
pub const MAX_MEMORY_FILLED: u64 = 4 << 30;

/// Bits of an RSA key. The time for a signature grows with the cube of the modulus, for a check with its
/// square: a tenth of a second and a millisecond here. A client that logs in chooses the key that we check
/// with, and a longer one would occupy a core. OpenSSH has the same bound.
pub const MAX_RSA_BITS: u32 = 16_384;

/// The lower bound of the same, whatever the settings say: shorter keys were factored by single machines.
/// Old clients still have 1024.
pub const MIN_RSA_BITS: u32 = 1024;

/// Bytes of an RSA key's exponent: 33 bits, as the library bounds them. A long one would make every check
/// as expensive as a signature.
pub const MAX_RSA_EXPONENT_LEN: usize = 5;

/// Bits of a DSA key that is read; keys that sign are shorter. The arithmetic with a file's numbers must
/// not take minutes.
pub const MAX_DSA_BITS: u32 = 8192;

/// Bytes of any number that is used in arithmetic, which are those of [`MAX_RSA_BITS`]: the arithmetic with
/// a longer one of a key or a file could take minutes.
pub const MAX_NUMBER_LEN: usize = 2048;

/// The square of the bits of the longest key, which is the unit in which the checks of a store's keys are
/// counted: thousands of long keys would take minutes to check.
pub const MAX_KEY_BITS_SQUARED: u64 = 16_384 * 16_384;

/// How many derivations at the full bound one store may ask for in all: a store of thousands of small
/// encrypted parts would otherwise multiply what is allowed to each.
pub const MAX_DEAREST_DERIVATIONS: u64 = 4;

/// Keys and certificates of one store: each key costs arithmetic even if it is not encrypted, and chains
/// are built by comparing each certificate with each other.
pub const MAX_STORE_ENTRIES: usize = 512;

/// Fields of the subject by which a program names a certificate; real ones have less than twenty. Each is
/// compared with every certificate of the store: a text of a megabyte would have hundreds of thousands.
pub const MAX_NAME_FIELDS: usize = 256;

/// Length of the salt of a key file's derivation; programs write 8 to 64 bytes. A salt of a megabyte,
/// hashed for each block, would cost more than the iterations that are counted.
pub const MAX_SALT_LEN: usize = 1024;

/// Nesting of elements of a key store: a megabyte of opening brackets would exhaust the stack. PKCS#12
/// needs about a dozen.
pub const MAX_STORE_DEPTH: usize = 48;

/// The same for an XML key: each open element is kept in memory, and real ones have three.
pub const MAX_XML_DEPTH: usize = 32;

/// The same for the bags of a PKCS#12 store, which are read by recursion; no program nests them.
pub const MAX_BAG_DEPTH: usize = 4;

/// The same for the serialized objects of a JCEKS store, which are skipped by recursion; a sealed key has
/// three.
pub const MAX_JAVA_DEPTH: usize = 16;

/// Classes and objects of a JCEKS store that later ones refer to: each is kept, and a file of a megabyte could
/// have a hundred thousand.
pub const MAX_JAVA_HANDLES: usize = 1024;

/// Bytes derived from a password: no cipher, MAC or IV needs more. A file states the length itself, and
/// each block of it costs all iterations again.
pub const MAX_DERIVED_LEN: usize = 256;

/// Length of the URI of a key in a security token: a setting's URI is parsed, compared with every object of
/// the token and shown in errors.
pub const MAX_TOKEN_URI_LEN: usize = 8192;

/// Length of a store setting that is tried as a file name: no operating system takes a longer path.
/// Otherwise a store of a megabyte that is no key would be passed to the system, and to the log, as a path.
pub const MAX_PATH_LEN: usize = 4096;

/// Characters of foreign text that are quoted in an error: errors go to logs and to people, and a name in a
/// file or a setting can be a megabyte.
pub const MAX_QUOTED_LEN: usize = 64;

/// Queued events of one connection, which the program has not taken, in bytes, with [`QUEUED_EVENT_COST`]
/// for each (high watermark). With more the connection's input is not read until half of them are gone (low
/// watermark): a client that sends thousands of small requests neither fills the program's queue nor keeps
/// the events of other clients waiting.
pub const MAX_QUEUED_BYTES: usize = 4 * 1024 * 1024;

/// The cost of an event in [`MAX_QUEUED_BYTES`] besides its content: 256 of them may wait, which the
/// program takes in a millisecond or two.
pub const QUEUED_EVENT_COST: usize = 16 * 1024;

/// The pinned load of one connection: channel data until it is reported as used, and questions until they
/// are answered, in bytes, each of them at least [`PINNED_EVENT_COST`]. With more the connection's input is
/// not read until half of it is gone. It is as much as 32 channels with full windows hold
/// ([`receive_window`]). Otherwise a client that sends one byte in each message would have 600 bytes kept
/// for each byte of its window. With [`MAX_QUEUED_BYTES`], [`MAX_WAITING_BYTES`], [`MAX_HELD_BYTES`] and
/// the buffers of its packets, a connection costs 84 MiB at most, whatever its client sends, besides its
/// channels ([`MAX_CHANNELS`]) and the data of closed tunnels ([`MAX_TUNNEL_REMAINDERS`]).
pub const MAX_PINNED_BYTES: usize = 64 * 1024 * 1024;

/// The least cost of an event in [`MAX_PINNED_BYTES`]: two thousand may wait. The objects of one event take
/// 750 bytes in JavaScript, so that is a megabyte and a half for each connection that floods; only a
/// listener that has stopped is that far behind. Data in pieces of this size or larger costs no more than
/// its bytes.
pub const PINNED_EVENT_COST: usize = 32 * 1024;

/// Events of one connection that wait behind slow listeners, in bytes, with [`QUEUED_EVENT_COST`] for each
/// besides its text: the facade counts them once JavaScript has taken them. With more the connection's
/// input is not read until half of them are gone. That is 256 events; a client that sends packets as fast
/// as it can causes as many log lines, and with a listener of `Log` or `SSHStatus` that writes each to a
/// database all of them would wait in memory. A login logs about 50.
pub const MAX_WAITING_BYTES: usize = 4 * 1024 * 1024;

/// The longest value of a setting: a program that passes on foreign text keeps it in memory, and in each
/// error.
pub const MAX_SETTING_LEN: usize = 1 << 20;

/// The longest text of a certificate store, which is the largest store in base64 with its lines: like
/// [`MAX_SETTING_LEN`].
pub const MAX_STORE_TEXT_LEN: usize = 2 * MAX_STORE_LEN;

/// The longest host name, of RFC 1035 section 2.3.4: like [`MAX_SETTING_LEN`], and longer ones are no names.
pub const MAX_HOST_NAME_LEN: usize = 255;

/// Characters of a client's text for people (why it disconnects, why it refuses a channel) that are kept:
/// they go to the program and its logs.
pub const MAX_DESCRIPTION_LEN: usize = 1024;

/// The longest name of RFC 4251 section 6: a longer one is no name of the protocol. Channels of a type with
/// a longer name are not opened, requests with one fail: otherwise 250 KB of name would be kept for each
/// channel.
pub const MAX_NAME_LEN: usize = 64;

/// The longest mpint that is converted to decimal digits or back, for which the time grows with the square
/// of its length; four times that of the largest key.
pub const MAX_DECIMAL_LEN: usize = 8 * 1024;

/// Bytes that may wait at one end of a stream in memory: when this end does not read them, the other end
/// cannot send more.
pub const MEMORY_STREAM_LEN: usize = 256 * 1024;

/// Length of one packet of SFTP: OpenSSH's limit, so that its clients can send 255 KiB at a time; a length
/// of 4 GiB must not make the server wait for that much.
pub const MAX_SFTP_PACKET_LEN: usize = 256 * 1024;

/// Length of a READ or WRITE of SFTP, which leaves room in a packet for what stands before the data.
pub const MAX_SFTP_DATA_LEN: usize = 255 * 1024;

/// Length of a path in a request of SFTP: PATH_MAX of Linux. Each component is resolved one by one.
pub const MAX_SFTP_PATH_LEN: usize = 4096;

/// Users or groups that one request may ask the names of: each is looked up in the system's databases.
pub const MAX_SFTP_IDS: usize = 1024;

/// Files and directories that one SFTP session may have open: the descriptors of the process are for all.
pub const MAX_SFTP_HANDLES: usize = 100;

/// Requests of an SFTP session that are taken apart at a time: those that wait stay bytes.
pub const MAX_SFTP_BATCH: usize = 128;

/// Bytes of replies after which an SFTP session takes no further request until some are sent. A client that
/// asks for 64 times 255 KiB and reads slowly must not fill memory.
pub const SFTP_REPLIES_LEN: usize = 512 * 1024;

/// Bytes that a batch of SFTP requests may write or be expected to read.
pub const SFTP_BATCH_LEN: usize = 256 * 1024;

/// Bytes of a file in memory that may be freed on the thread that serves a connection: those of a larger one take
/// long enough to be felt by the other connections of the thread.
pub const SFTP_PROMPT_FREE_LEN: u64 = 1024 * 1024;

/// Length of a list of names in a reply of SFTP to a client that may not take a long one.
pub const SFTP_SMALL_LIST_LEN: usize = 30 * 1024;

/// Length of a list of names in a reply of SFTP: the last entry, which may be longer than this allows, has room
/// in the packet. A directory of a million files must not become one reply.
pub const SFTP_LARGE_LIST_LEN: usize = 240 * 1024;

/// Names of users, and of groups, that an SFTP session keeps: a directory with files of a million users must
/// not fill memory.
pub const MAX_KEPT_NAMES: usize = 1024;

/// Attempts at a path that others rename meanwhile: who renames for ever must not hold a thread.
pub const MAX_RESOLUTIONS: usize = 16;

/// Threads for files, for all sessions: a session whose disk hangs holds one.
pub const MAX_FILE_THREADS: usize = 256;

/// Symbolic links that one path may lead through: POSIX SYMLOOP_MAX as Linux has it.
pub const MAX_SYMLINKS: usize = 40;
