//! The settings that the transport layer needs before its first byte.

use std::sync::Arc;
use std::time::Duration;

use super::version::VersionPattern;
use crate::crypto::Security;
use crate::crypto::cipher::{CIPHERS, CipherAlgorithm};
use crate::crypto::compression::{COMPRESSIONS, CompressionAlgorithm};
use crate::crypto::gss::Acceptor;
use crate::crypto::kex::{KEXES, KexAlgorithm, ServerProof};
use crate::crypto::mac::{MACS, MacAlgorithm};
use crate::crypto::signature::{PrivateKey, SIGNATURES, SignatureAlgorithm, rsa_bits};

/// Settings of the transport layer, shared by the connections of a server.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Our identification string without CR LF (RFC 4253 section 4.2).
    pub version: String,
    /// Which identification strings of clients are accepted.
    pub version_pattern: VersionPattern,
    /// The host keys, in order of preference among equals.
    pub host_keys: Vec<Arc<PrivateKey>>,
    /// What accepts contexts of GSSAPI; without it nothing of GSSAPI is offered.
    pub gss: Option<Arc<dyn Acceptor>>,
    /// The algorithms that are offered and accepted.
    pub algorithms: AlgorithmLists,
    /// Strict key exchange.
    pub strict_kex: StrictKex,
    /// When keys are replaced.
    pub rekey: RekeyThresholds,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            version: concat!("SSH-2.0-sshserver_", env!("CARGO_PKG_VERSION")).to_owned(),
            version_pattern: VersionPattern::default(),
            host_keys: Vec::new(),
            gss: None,
            algorithms: AlgorithmLists::default(),
            strict_kex: StrictKex::default(),
            rekey: RekeyThresholds::default(),
        }
    }
}

impl Settings {
    /// Whether a host key can sign with one of the algorithms: without any, no client can connect.
    pub fn has_host_key(&self) -> bool {
        self.host_key_algorithms().next().is_some()
    }

    /// The methods of key exchange for which there is what they need.
    pub(super) fn kex_algorithms(&self) -> impl Iterator<Item = &'static KexAlgorithm> {
        let usable = |row: &&KexAlgorithm| row.proof == ServerProof::HostKey || self.gss.is_some();
        self.algorithms.kex.iter().copied().filter(usable)
    }

    /// The host key algorithms that one of the keys can sign with.
    pub(super) fn host_key_algorithms(&self) -> impl Iterator<Item = &'static SignatureAlgorithm> {
        self.algorithms.host_key.iter().copied().filter(|row| self.host_key_for(row).is_some())
    }

    /// The first host key that can sign with an algorithm.
    pub(super) fn host_key_for(&self, row: &SignatureAlgorithm) -> Option<&Arc<PrivateKey>> {
        let min_rsa_bits = self.algorithms.min_rsa_bits;
        self.host_keys.iter().find(|key| {
            key.fits(row) && rsa_bits(key.public_blob()).is_none_or(|bits| bits >= min_rsa_bits)
        })
    }
}

/// Algorithms in order of preference; the client's order decides (RFC 4253 section 7.1).
#[derive(Debug, Clone)]
pub struct AlgorithmLists {
    /// Key exchange.
    pub kex: Vec<&'static KexAlgorithm>,
    /// Host key signatures.
    pub host_key: Vec<&'static SignatureAlgorithm>,
    /// Ciphers, both directions.
    pub cipher: Vec<&'static CipherAlgorithm>,
    /// MACs, both directions.
    pub mac: Vec<&'static MacAlgorithm>,
    /// Compression, both directions.
    pub compression: Vec<&'static CompressionAlgorithm>,
    /// Signatures of public key authentication, announced in `server-sig-algs` (RFC 8308).
    pub user_signature: Vec<&'static SignatureAlgorithm>,
    /// RSA keys of hosts and users below this size, in bits, are treated as unknown.
    pub min_rsa_bits: u32,
}

impl Default for AlgorithmLists {
    /// The documented defaults.
    fn default() -> Self {
        Self::of(Security::in_defaults)
    }
}

impl AlgorithmLists {
    /// What a current OpenSSH accepts and ssh-audit has nothing against: every key exchange withstands
    /// quantum computers, and no curve of NIST alone protects anything. Which kind of key a user has is
    /// not the server's to choose, and no audit looks there.
    pub fn modern() -> Self {
        Self {
            user_signature: Self::intermediate().user_signature,
            min_rsa_bits: 2048,
            ..Self::of(Security::in_modern_profile)
        }
    }

    /// What a current OpenSSH accepts, without SHA-1 and short tags: also for clients that have no
    /// post-quantum key exchange.
    pub fn intermediate() -> Self {
        Self { min_rsa_bits: 2048, ..Self::of(Security::in_intermediate_profile) }
    }

    /// The rows of the registries for which `belongs` is true, in their order.
    pub fn of(belongs: fn(Security) -> bool) -> Self {
        let signatures: Vec<_> =
            SIGNATURES.iter().copied().filter(|row| belongs(row.security)).collect();
        Self {
            kex: KEXES.iter().copied().filter(|row| belongs(row.security)).collect(),
            host_key: signatures.iter().copied().filter(|row| !row.security_key).collect(),
            cipher: CIPHERS.iter().copied().filter(|row| belongs(row.security)).collect(),
            mac: MACS.iter().copied().filter(|row| belongs(row.security)).collect(),
            compression: COMPRESSIONS.iter().copied().filter(|row| belongs(row.security)).collect(),
            user_signature: signatures,
            min_rsa_bits: 1024,
        }
    }
}

/// How strict key exchange (OpenSSH's answer to the Terrapin attack) is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum StrictKex {
    /// Not offered.
    Disabled,
    /// Offered, not required.
    #[default]
    Offered,
    /// Offered. If the peer does not offer it, only algorithms that the attack does not affect are used.
    RejectAffected,
    /// Required.
    Required,
}

/// When keys are replaced (RFC 4253 section 9); the first threshold that is reached counts. A cipher's own
/// limit applies as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RekeyThresholds {
    /// Bytes in either direction.
    pub bytes: u64,
    /// Packets in either direction.
    pub packets: u64,
    /// Time since the last exchange; `None` for no limit.
    pub interval: Option<Duration>,
}

impl Default for RekeyThresholds {
    fn default() -> Self {
        Self { bytes: 1 << 30, packets: 1 << 31, interval: Some(Duration::from_secs(3600)) }
    }
}
