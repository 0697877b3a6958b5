//! The settings of a server: those of the driver and of its connections, which the rows of `config_strings`
//! and `properties` edit, and those that only this layer has.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use super::alternatives::Alternatives;
use super::codepage::{CodePage, Encoder};
use super::host_certificates::HostCertificates;
use crate::crypto::signature::PrivateKey;
use crate::driver;
use crate::engine::{AlgorithmLists, Config, Prompt};

/// The documented default, which `get` returns. Until the program sets a number, the default of
/// [`driver::Listen`] is used: with 5 the operating system would drop connections when a few come at once.
const DOCUMENTED_BACKLOG: u16 = 5;

/// The documented default; the driver's is a port that the system chooses.
const DOCUMENTED_PORT: u16 = 22;

/// Every setting.
#[derive(Debug)]
pub(super) struct Settings {
    /// The settings of new connections without the host keys, which [`Self::for_driver`] adds.
    pub(super) driver: driver::Settings,
    /// Where to listen.
    pub(super) listen: driver::Listen,
    /// The backlog, if the program has set it.
    pub(super) backlog: Option<u16>,
    pub(super) instruction: String,
    pub(super) prompts: Vec<Prompt>,
    pub(super) host_key: Option<Arc<PrivateKey>>,
    pub(super) alternatives: Alternatives,
    pub(super) host_certificates: HostCertificates,
    pub(super) shown: ShownLists,
    /// The last profile that was chosen.
    pub(super) profile: &'static str,
    pub(super) log_level: u8,
    pub(super) mask_sensitive: bool,
    /// Only stored: the addon always uses its own cryptography.
    pub(super) internal_security: bool,
    pub(super) code_page: &'static CodePage,
    /// The encoder of the code page.
    pub(super) encoder: Encoder,
}

/// The lists of algorithms as they were set: they may have names that are accepted and not offered.
#[derive(Debug)]
pub(super) struct ShownLists {
    pub(super) kex: String,
    pub(super) host_key: String,
    pub(super) cipher: String,
    pub(super) mac: String,
    pub(super) compression: String,
    pub(super) user_signature: String,
}

impl ShownLists {
    fn of(lists: &AlgorithmLists) -> Self {
        Self {
            kex: joined(lists.kex.iter().map(|row| row.name)),
            host_key: joined(lists.host_key.iter().map(|row| row.name)),
            cipher: joined(lists.cipher.iter().map(|row| row.name)),
            mac: joined(lists.mac.iter().map(|row| row.name)),
            compression: joined(lists.compression.iter().map(|row| row.name)),
            user_signature: joined(lists.user_signature.iter().map(|row| row.name)),
        }
    }
}

fn joined(names: impl Iterator<Item = &'static str>) -> String {
    names.collect::<Vec<_>>().join(",")
}

impl Default for Settings {
    fn default() -> Self {
        let config = Config { wall_clock: Some(unix_time), ..Config::default() };
        Self {
            shown: ShownLists::of(&config.transport.algorithms),
            driver: driver::Settings { config: Arc::new(config), ..driver::Settings::default() },
            listen: driver::Listen { port: DOCUMENTED_PORT, ..driver::Listen::default() },
            backlog: None,
            instruction: String::new(),
            prompts: Vec::new(),
            host_key: None,
            alternatives: Alternatives::default(),
            host_certificates: HostCertificates::default(),
            profile: "compatible",
            log_level: 1,
            mask_sensitive: true,
            internal_security: false,
            code_page: CodePage::utf8(),
            encoder: CodePage::utf8().encoder(),
        }
    }
}

impl Settings {
    /// The settings of the engine.
    pub(super) fn config(&self) -> &Config {
        &self.driver.config
    }

    /// As [`Self::config`]. Connections that share the settings already keep theirs.
    pub(super) fn config_mut(&mut self) -> &mut Config {
        Arc::make_mut(&mut self.driver.config)
    }

    /// The lists of algorithms, as they are shown and as they are used.
    pub(super) fn lists_mut(&mut self) -> (&mut ShownLists, &mut AlgorithmLists) {
        let config = Arc::make_mut(&mut self.driver.config);
        (&mut self.shown, &mut config.transport.algorithms)
    }

    /// Sets all lists of algorithms.
    pub(super) fn set_lists(&mut self, lists: AlgorithmLists) {
        self.shown = ShownLists::of(&lists);
        self.config_mut().transport.algorithms = lists;
    }

    /// The settings of new connections.
    pub(super) fn for_driver(&self) -> driver::Settings {
        let mut settings = self.driver.clone();
        let keys = self.host_keys().map(|key| self.host_certificates.add_to(key));
        Arc::make_mut(&mut settings.config).transport.host_keys = keys.collect();
        settings
    }

    /// The host keys, the server's own first.
    pub(super) fn host_keys(&self) -> impl Iterator<Item = &Arc<PrivateKey>> {
        self.host_key.iter().chain(self.alternatives.keys())
    }

    /// Where to listen.
    pub(super) fn listen(&self) -> driver::Listen {
        let backlog = self.backlog.unwrap_or(self.listen.backlog);
        driver::Listen { backlog, ..self.listen.clone() }
    }

    /// What ConnectionBacklog reads as.
    pub(super) fn shown_backlog(&self) -> u16 {
        self.backlog.unwrap_or(DOCUMENTED_BACKLOG)
    }
}

/// Seconds since 1970; 0 for a clock that is set before that.
fn unix_time() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// The documented ways to write a boolean.
pub(super) fn parse_bool(text: &str) -> Option<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" => Some(true),
        "false" | "0" | "no" => Some(false),
        _ => None,
    }
}

/// The documented text of a boolean.
pub(super) fn show_bool(value: bool) -> String {
    (if value { "True" } else { "False" }).to_owned()
}
