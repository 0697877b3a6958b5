//! The documented settings of a server with their defaults, and the one place that turns them into
//! what the engine and the driver take.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::algorithm_list::AlgorithmList;
use super::alternatives::Alternatives;
use super::codepage::{CodePage, Encoder};
use super::host_certificates::HostCertificates;
use super::socket_settings::Sockets;
use crate::crypto::cipher::CipherAlgorithm;
use crate::crypto::compression::CompressionAlgorithm;
use crate::crypto::kex::KexAlgorithm;
use crate::crypto::mac::MacAlgorithm;
use crate::crypto::signature::{PrivateKey, SignatureAlgorithm};
use crate::driver;
use crate::engine::{AlgorithmLists, Config, KeepAlive, Prompt, RekeyThresholds, StrictKex};
use crate::limits::MAX_UNAUTHENTICATED;
use crate::transport::{self, VersionPattern};

/// The documented default, which `get` shows. What is used until the program sets a number is
/// [`UNSET_BACKLOG`]: 5 would have the operating system drop connections when a few come at once.
pub(super) const DEFAULT_BACKLOG: u16 = 5;
const UNSET_BACKLOG: u16 = 511;

/// Every setting.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) local_host: String,
    pub(super) local_port: u16,
    pub(super) backlog: Option<u16>,
    pub(super) max_connections: u32,
    pub(super) auth_methods: String,
    /// Seconds; 0 for no limit.
    pub(super) idle_timeout: u32,
    /// Seconds; 0 fails at once.
    pub(super) timeout: u32,
    /// Seconds; 0 for no keepalive requests.
    pub(super) keep_alive_interval: u32,
    /// 0 for no limit.
    pub(super) keep_alive_count: u32,
    pub(super) version_pattern: VersionPattern,
    pub(super) instruction: String,
    pub(super) prompts: Vec<Prompt>,
    pub(super) host_key: Option<Arc<PrivateKey>>,
    pub(super) alternatives: Alternatives,
    pub(super) version: String,
    pub(super) lists: Lists,
    /// The last profile that was chosen.
    pub(super) profile: &'static str,
    pub(super) strict_kex: StrictKex,
    pub(super) rekey: RekeyThresholds,
    pub(super) max_auth_attempts: u32,
    pub(super) ask_after_signature: bool,
    /// Seconds; 0 for no limit.
    pub(super) login_grace: u32,
    /// 0 for no limit.
    pub(super) max_unauthenticated: u32,
    /// Critical options of users' certificates that the program keeps to.
    pub(super) critical_options: Vec<String>,
    pub(super) host_certificates: HostCertificates,
    pub(super) log_level: u8,
    pub(super) sockets: Sockets,
    pub(super) mask_sensitive: bool,
    /// Stored only: the addon has all its cryptography in itself.
    pub(super) internal_security: bool,
    pub(super) code_page: &'static CodePage,
    /// That of the code page.
    pub(super) encoder: Encoder,
}

/// The lists of algorithms.
#[derive(Debug)]
pub(super) struct Lists {
    pub(super) kex: AlgorithmList<KexAlgorithm>,
    pub(super) host_key: AlgorithmList<SignatureAlgorithm>,
    pub(super) cipher: AlgorithmList<CipherAlgorithm>,
    pub(super) mac: AlgorithmList<MacAlgorithm>,
    pub(super) compression: AlgorithmList<CompressionAlgorithm>,
    pub(super) user_signature: AlgorithmList<SignatureAlgorithm>,
    /// The smallest RSA key, in bits.
    pub(super) min_rsa_bits: u32,
}

impl From<AlgorithmLists> for Lists {
    fn from(lists: AlgorithmLists) -> Self {
        Self {
            kex: AlgorithmList::of(lists.kex),
            host_key: AlgorithmList::of(lists.host_key),
            cipher: AlgorithmList::of(lists.cipher),
            mac: AlgorithmList::of(lists.mac),
            compression: AlgorithmList::of(lists.compression),
            user_signature: AlgorithmList::of(lists.user_signature),
            min_rsa_bits: lists.min_rsa_bits,
        }
    }
}

impl Default for Settings {
    fn default() -> Self {
        let config = Config::default();
        Self {
            local_host: String::new(),
            local_port: 22,
            backlog: None,
            max_connections: 1000,
            auth_methods: config.auth_methods,
            idle_timeout: 0,
            timeout: 60,
            keep_alive_interval: 0,
            keep_alive_count: 5,
            version_pattern: VersionPattern::default(),
            instruction: String::new(),
            prompts: Vec::new(),
            host_key: None,
            alternatives: Alternatives::default(),
            version: config.transport.version,
            lists: AlgorithmLists::default().into(),
            profile: "compatible",
            strict_kex: config.transport.strict_kex,
            rekey: config.transport.rekey,
            max_auth_attempts: config.max_auth_attempts,
            ask_after_signature: config.ask_after_signature,
            login_grace: 120,
            max_unauthenticated: MAX_UNAUTHENTICATED,
            critical_options: config.critical_options,
            host_certificates: HostCertificates::default(),
            log_level: 1,
            sockets: Sockets::default(),
            mask_sensitive: true,
            internal_security: false,
            code_page: CodePage::utf8(),
            encoder: CodePage::utf8().encoder(),
        }
    }
}

impl Settings {
    /// What new connections start with.
    pub(super) fn for_driver(&self) -> driver::Settings {
        driver::Settings {
            config: Arc::new(self.engine_config()),
            max_connections: usize::try_from(self.max_connections).unwrap_or(usize::MAX),
            max_unauthenticated: match usize::try_from(self.max_unauthenticated) {
                Ok(limit) if limit > 0 => limit,
                Ok(_) | Err(_) => usize::MAX,
            },
            timeout: self.timeout,
            clients: self.sockets.clients(),
            socket: self.sockets.options(),
        }
    }

    /// The server's own key first.
    pub(super) fn host_keys(&self) -> impl Iterator<Item = &Arc<PrivateKey>> {
        self.host_key.iter().chain(self.alternatives.keys())
    }

    fn engine_config(&self) -> Config {
        Config {
            transport: transport::Settings {
                version: self.version.clone(),
                version_pattern: self.version_pattern.clone(),
                host_keys: self.host_keys().map(|key| self.host_certificates.add_to(key)).collect(),
                algorithms: AlgorithmLists {
                    kex: self.lists.kex.rows(),
                    host_key: self.lists.host_key.rows(),
                    cipher: self.lists.cipher.rows(),
                    mac: self.lists.mac.rows(),
                    compression: self.lists.compression.rows(),
                    user_signature: self.lists.user_signature.rows(),
                    min_rsa_bits: self.lists.min_rsa_bits,
                },
                strict_kex: self.strict_kex,
                rekey: self.rekey,
            },
            auth_methods: self.auth_methods.clone(),
            max_auth_attempts: self.max_auth_attempts,
            ask_after_signature: self.ask_after_signature,
            critical_options: self.critical_options.clone(),
            login_grace: seconds(self.login_grace),
            idle_timeout: seconds(self.idle_timeout),
            keep_alive: seconds(self.keep_alive_interval).map(|interval| KeepAlive {
                interval,
                max_unanswered: (self.keep_alive_count > 0).then_some(self.keep_alive_count),
            }),
            handshake_timeout: seconds(self.sockets.handshake_timeout),
            wall_clock: Some(unix_time),
        }
    }

    /// Where to listen.
    pub(super) fn listen(&self) -> driver::Listen {
        driver::Listen {
            host: self.local_host.clone(),
            port: self.local_port,
            backlog: self.backlog.unwrap_or(UNSET_BACKLOG),
            families: self.sockets.families,
            exclusive: self.sockets.exclusive,
        }
    }
}

/// Seconds since 1970; a clock that is set before that stands at its beginning.
fn unix_time() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// A documented number of seconds; 0 stands for no limit.
fn seconds(number: u32) -> Option<Duration> {
    (number > 0).then(|| Duration::from_secs(u64::from(number)))
}

/// The documented ways to write a boolean.
pub(super) fn parse_bool(text: &str) -> Option<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" => Some(true),
        "false" | "0" | "no" => Some(false),
        _ => None,
    }
}

/// How booleans are read.
pub(super) fn show_bool(value: bool) -> String {
    (if value { "True" } else { "False" }).to_owned()
}
