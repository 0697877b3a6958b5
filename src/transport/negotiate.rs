//! Algorithm negotiation (RFC 4253 section 7.1): a pure function from two proposals to a choice.
//! The client's order decides.

use std::sync::Arc;

use super::settings::{AlgorithmLists, Settings, StrictKex};
use crate::crypto::cipher::CipherAlgorithm;
use crate::crypto::compression::CompressionAlgorithm;
use crate::crypto::kex::KexAlgorithm;
use crate::crypto::mac::MacAlgorithm;
use crate::crypto::signature::{PrivateKey, SignatureAlgorithm};
use crate::error::PeerIncompatible;
use crate::wire::NameList;
use crate::wire::messages::KexInit;

/// The client's marker for strict kex (OpenSSH PROTOCOL 1.10).
pub(super) const STRICT_CLIENT: &str = "kex-strict-c-v00@openssh.com";
/// Our marker for strict kex.
pub(super) const STRICT_SERVER: &str = "kex-strict-s-v00@openssh.com";
/// The client's marker for extension negotiation (RFC 8308 section 2.1).
pub(super) const EXT_INFO_CLIENT: &str = "ext-info-c";

/// What protects one direction.
#[derive(Debug, Clone, Copy)]
pub(super) struct Suite {
    pub(super) cipher: &'static CipherAlgorithm,
    pub(super) mac: Option<&'static MacAlgorithm>,
    pub(super) compression: &'static CompressionAlgorithm,
}

/// The outcome of a negotiation.
#[derive(Debug, Clone)]
pub(super) struct Negotiated {
    pub(super) kex: &'static KexAlgorithm,
    pub(super) host_key_algorithm: &'static SignatureAlgorithm,
    pub(super) host_key: Arc<PrivateKey>,
    pub(super) client_to_server: Suite,
    pub(super) server_to_client: Suite,
    /// The client guessed the first key exchange packet wrong, so it has to be skipped.
    pub(super) skip_guess: bool,
}

/// The names of our proposal, in the order of KEXINIT's first lists.
pub(super) struct Offer {
    pub(super) kex: String,
    pub(super) host_key: String,
    pub(super) cipher: String,
    pub(super) mac: String,
    pub(super) compression: String,
}

/// Our proposal. `strict_marker` belongs into the first exchange only.
pub(super) fn offer(settings: &Settings, first: bool) -> Offer {
    let lists = &settings.algorithms;
    let mut kex: Vec<&str> = lists.kex.iter().map(|row| row.name).collect();
    if first && settings.strict_kex != StrictKex::Disabled {
        kex.push(STRICT_SERVER);
    }
    let host_key: Vec<&str> = host_key_algorithms(settings).map(|row| row.name).collect();
    let cipher: Vec<&str> = lists.cipher.iter().map(|row| row.name).collect();
    let mac: Vec<&str> = lists.mac.iter().map(|row| row.name).collect();
    let compression: Vec<&str> = lists.compression.iter().map(|row| row.name).collect();
    Offer {
        kex: kex.join(","),
        host_key: host_key.join(","),
        cipher: cipher.join(","),
        mac: mac.join(","),
        compression: compression.join(","),
    }
}

/// The host key algorithms that one of our keys can sign with.
fn host_key_algorithms(settings: &Settings) -> impl Iterator<Item = &'static SignatureAlgorithm> {
    settings.algorithms.host_key.iter().copied().filter(|row| find_key(settings, row).is_some())
}

fn find_key<'a>(settings: &'a Settings, row: &SignatureAlgorithm) -> Option<&'a Arc<PrivateKey>> {
    settings.host_keys.iter().find(|key| key.algorithms().contains(&row.name))
}

/// Chooses. `strict` is whether strict kex is in force for the connection.
pub(super) fn negotiate(
    settings: &Settings,
    client: &KexInit<'_>,
    strict: bool,
) -> Result<Negotiated, PeerIncompatible> {
    let lists = &settings.algorithms;
    let kex = choose(client.kex_algorithms, &lists.kex, |row| row.name)
        .ok_or(PeerIncompatible::NoCommonKex)?;
    let keyed: Vec<_> = host_key_algorithms(settings).collect();
    let host_key_algorithm = choose(client.server_host_key_algorithms, &keyed, |row| row.name)
        .ok_or(PeerIncompatible::NoCommonHostKey)?;
    let host_key =
        find_key(settings, host_key_algorithm).ok_or(PeerIncompatible::NoCommonHostKey)?.clone();
    let client_to_server = suite(
        lists,
        client.encryption_client_to_server,
        client.mac_client_to_server,
        client.compression_client_to_server,
    )?;
    let server_to_client = suite(
        lists,
        client.encryption_server_to_client,
        client.mac_server_to_client,
        client.compression_server_to_client,
    )?;
    if !strict {
        let affected = [&client_to_server, &server_to_client]
            .into_iter()
            .any(|suite| suite.cipher.terrapin_affected(suite.mac));
        match settings.strict_kex {
            StrictKex::Required => return Err(PeerIncompatible::StrictKexRequired),
            StrictKex::RejectAffected if affected => {
                return Err(PeerIncompatible::StrictKexRequiredForCipher);
            }
            StrictKex::RejectAffected | StrictKex::Disabled | StrictKex::Offered => {}
        }
    }
    // RFC 4253 section 7: the guess is right only if both sides prefer the same algorithms
    let guessed_right = client.kex_algorithms.first() == lists.kex.first().map(|row| row.name)
        && client.server_host_key_algorithms.first() == keyed.first().map(|row| row.name);
    Ok(Negotiated {
        kex,
        host_key_algorithm,
        host_key,
        client_to_server,
        server_to_client,
        skip_guess: client.first_kex_packet_follows && !guessed_right,
    })
}

fn suite(
    lists: &AlgorithmLists,
    ciphers: NameList<'_>,
    macs: NameList<'_>,
    compressions: NameList<'_>,
) -> Result<Suite, PeerIncompatible> {
    let cipher =
        choose(ciphers, &lists.cipher, |row| row.name).ok_or(PeerIncompatible::NoCommonCipher)?;
    let mac = if cipher.needs_mac() {
        Some(choose(macs, &lists.mac, |row| row.name).ok_or(PeerIncompatible::NoCommonMac)?)
    } else {
        None
    };
    let compression = choose(compressions, &lists.compression, |row| row.name)
        .ok_or(PeerIncompatible::NoCommonCompression)?;
    Ok(Suite { cipher, mac, compression })
}

/// The first name of the client that we have.
fn choose<T: Copy>(
    client: NameList<'_>,
    ours: &[T],
    name: impl Fn(T) -> &'static str,
) -> Option<T> {
    client.iter().find_map(|theirs| ours.iter().copied().find(|row| name(*row) == theirs))
}
