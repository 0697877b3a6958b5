//! The settings that a connection needs before its first byte. The driver makes one set per server and
//! shares it among connections.

use std::time::Duration;

use crate::transport::Settings;

/// The settings of a connection.
#[derive(Debug, Clone)]
pub struct Config {
    /// The transport layer: version, host keys, algorithms, re-keying.
    pub transport: Settings,
    /// Comma-separated authentication methods, sent when a request is refused without asking the program.
    pub auth_methods: String,
    /// Failed authentication attempts before the connection is ended; 0 for no limit.
    pub max_auth_attempts: u32,
    /// Whether a `sigstatus` question follows the verification of a signature.
    pub ask_after_signature: bool,
    /// Returns the seconds since 1970, for the dates of users' certificates. The engine has no clock of its
    /// own; without this one it refuses certificates.
    pub wall_clock: Option<fn() -> u64>,
    /// The critical options of users' certificates that the program enforces (`force-command`,
    /// `source-address`); a certificate with another one is refused.
    pub critical_options: Vec<String>,
    /// Time to authenticate; `None` for no limit.
    pub login_grace: Option<Duration>,
    /// Time that the client may send nothing while it is its turn to answer, before it is authenticated;
    /// `None` for no limit.
    pub handshake_timeout: Option<Duration>,
    /// Time in which no channel is used, after which the connection is ended; `None` for no limit.
    pub idle_timeout: Option<Duration>,
    /// Keepalive requests to silent clients.
    pub keep_alive: KeepAlive,
}

/// When keepalive requests are sent to silent clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeepAlive {
    /// Time without a packet in either direction, after which a request is sent; `None` for never.
    pub interval: Option<Duration>,
    /// Requests without an answer after which the connection is given up; `None` for no limit.
    pub max_unanswered: Option<u32>,
}

impl Default for KeepAlive {
    fn default() -> Self {
        Self { interval: None, max_unanswered: Some(5) }
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            transport: Settings::default(),
            auth_methods: "password,publickey".to_owned(),
            max_auth_attempts: 6,
            ask_after_signature: false,
            wall_clock: None,
            critical_options: Vec::new(),
            login_grace: Some(Duration::from_secs(120)),
            handshake_timeout: None,
            idle_timeout: None,
            keep_alive: KeepAlive::default(),
        }
    }
}
