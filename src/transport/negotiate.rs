//! Algorithm negotiation (RFC 4253 section 7.1): a pure function from two proposals to a choice.
//! The client's order decides.

use std::sync::Arc;

use super::settings::{AlgorithmLists, Settings, StrictKex};
use crate::crypto::cipher::CipherAlgorithm;
use crate::crypto::compression::CompressionAlgorithm;
use crate::crypto::gss::Acceptor;
use crate::crypto::kex::{KexAlgorithm, ServerProof};
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

/// The host key algorithm of a server without host keys (RFC 4462 section 5).
const NULL_HOST_KEY: &str = "null";

/// The algorithms that protect one direction.
#[derive(Debug, Clone, Copy)]
pub(super) struct Suite {
    pub(super) cipher: &'static CipherAlgorithm,
    pub(super) mac: Option<&'static MacAlgorithm>,
    pub(super) compression: &'static CompressionAlgorithm,
}

/// A host key and the algorithm that it signs with.
#[derive(Debug, Clone)]
pub(super) struct HostKey {
    pub(super) algorithm: &'static SignatureAlgorithm,
    pub(super) key: Arc<PrivateKey>,
}

/// What the server proves with who it is.
#[derive(Debug, Clone)]
pub(super) enum Proof {
    HostKey(HostKey),
    /// No host key is negotiated (RFC 4462 section 5).
    Gss(Arc<dyn Acceptor>),
}

/// The outcome of a negotiation.
#[derive(Debug, Clone)]
pub(super) struct Negotiated {
    pub(super) kex: &'static KexAlgorithm,
    pub(super) proof: Proof,
    pub(super) client_to_server: Suite,
    pub(super) server_to_client: Suite,
    /// Whether the client has guessed the first key exchange packet wrong, so that it has to be dropped.
    pub(super) skip_guess: bool,
}

impl Negotiated {
    /// The chosen algorithms, for logs.
    pub(super) fn describe(&self, strict: bool) -> String {
        let mac = |suite: &Suite| suite.mac.map_or("implicit", |row| row.name);
        let (inward, outward) = (&self.client_to_server, &self.server_to_client);
        format!(
            "Key exchange: {}, host key {}, client to server {} {} {}, server to client {} {} {}{}",
            self.kex.name,
            match &self.proof {
                Proof::HostKey(host_key) => host_key.algorithm.name,
                Proof::Gss(_) => NULL_HOST_KEY,
            },
            inward.cipher.name,
            mac(inward),
            inward.compression.name,
            outward.cipher.name,
            mac(outward),
            outward.compression.name,
            if strict { ", strict" } else { "" },
        )
    }
}

/// The names of our proposal, in the order of KEXINIT's first lists.
pub(super) struct Offer {
    pub(super) kex: String,
    pub(super) host_key: String,
    pub(super) cipher: String,
    pub(super) mac: String,
    pub(super) compression: String,
}

/// Our proposal, the same in every exchange. The marker for strict kex has a meaning in the first one only,
/// but phpseclib forgets about strict kex at a KEXINIT without it, and OpenSSH's sshd always sends it.
pub(super) fn offer(settings: &Settings) -> Offer {
    let lists = &settings.algorithms;
    let mut kex: Vec<&str> = settings.kex_algorithms().map(|row| row.name).collect();
    if settings.strict_kex != StrictKex::Disabled {
        kex.push(STRICT_SERVER);
    }
    let mut host_key: Vec<&str> = settings.host_key_algorithms().map(|row| row.name).collect();
    // RFC 4462 section 5: only where all exchanges are by GSSAPI
    if host_key.is_empty() && settings.gss.is_some() {
        host_key.push(NULL_HOST_KEY);
    }
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

/// Chooses the algorithms. `strict` is whether strict kex is in force for the connection.
pub(super) fn negotiate(
    settings: &Settings,
    client: &KexInit<'_>,
    strict: bool,
) -> Result<Negotiated, PeerIncompatible> {
    let lists = &settings.algorithms;
    let (kex, proof) = choose_method(settings, client)?;
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
    let (first_kex, first_key) =
        (settings.kex_algorithms().next(), settings.host_key_algorithms().next());
    let guessed_right = client.kex_algorithms.first() == first_kex.map(|row| row.name)
        && client.server_host_key_algorithms.first() == first_key.map(|row| row.name);
    Ok(Negotiated {
        kex,
        proof,
        client_to_server,
        server_to_client,
        skip_guess: client.first_kex_packet_follows && !guessed_right,
    })
}

/// The method, and what proves it. RFC 4253 section 7.1: the client's first one for which there is what it
/// needs, a host key or an acceptor.
fn choose_method(
    settings: &Settings,
    client: &KexInit<'_>,
) -> Result<(&'static KexAlgorithm, Proof), PeerIncompatible> {
    let keyed: Vec<_> = settings.host_key_algorithms().collect();
    let algorithm = choose(client.server_host_key_algorithms, &keyed, |row| row.name);
    let key = algorithm.and_then(|row| settings.host_key_for(row));
    let mut common = false;
    for name in client.kex_algorithms.iter() {
        let Some(kex) = settings.kex_algorithms().find(|row| row.name == name) else {
            continue;
        };
        common = true;
        match (kex.proof, algorithm, key, &settings.gss) {
            (ServerProof::HostKey, Some(algorithm), Some(key), _) => {
                let key = Arc::clone(key);
                return Ok((kex, Proof::HostKey(HostKey { algorithm, key })));
            }
            (ServerProof::Gssapi, _, _, Some(acceptor)) => {
                return Ok((kex, Proof::Gss(Arc::clone(acceptor))));
            }
            (ServerProof::HostKey | ServerProof::Gssapi, ..) => {}
        }
    }
    Err(if common { PeerIncompatible::NoCommonHostKey } else { PeerIncompatible::NoCommonKex })
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::random::SystemRandom;
    use crate::crypto::signature::generate_ed25519;

    fn settings() -> Settings {
        let key = Arc::new(generate_ed25519(&mut SystemRandom).unwrap());
        Settings { host_keys: vec![key], ..Settings::default() }
    }

    fn proposal<'a>(kex: &'a str, host_key: &'a str, guess: bool) -> KexInit<'a> {
        let list = |names| NameList::parse(names).unwrap();
        KexInit {
            cookie: [0; 16],
            kex_algorithms: list(kex),
            server_host_key_algorithms: list(host_key),
            encryption_client_to_server: list("aes128-ctr"),
            encryption_server_to_client: list("aes256-gcm@openssh.com"),
            mac_client_to_server: list("hmac-sha2-512"),
            mac_server_to_client: list("unknown"),
            compression_client_to_server: list("none"),
            compression_server_to_client: list("zlib"),
            languages_client_to_server: list(""),
            languages_server_to_client: list(""),
            first_kex_packet_follows: guess,
        }
    }

    #[test]
    fn directions_are_chosen_on_their_own() {
        let client = proposal("curve25519-sha256", "ssh-ed25519", false);
        let chosen = negotiate(&settings(), &client, true).unwrap();
        let (inward, outward) = (chosen.client_to_server, chosen.server_to_client);
        assert_eq!(inward.cipher.name, "aes128-ctr");
        assert_eq!(inward.mac.map(|row| row.name), Some("hmac-sha2-512"));
        assert_eq!(outward.cipher.name, "aes256-gcm@openssh.com");
        assert!(outward.mac.is_none());
        assert_eq!((inward.compression.name, outward.compression.name), ("none", "zlib"));
    }

    /// RFC 4253 section 7: a guess is wrong when the first algorithms differ, even if the guessed one is
    /// chosen in the end.
    #[test]
    fn guesses() {
        let settings = settings();
        let ours = settings.algorithms.kex[0].name;
        let first = format!("{ours},curve25519-sha256");
        for (kex, host_key, guess, skip) in [
            (&*first, "ssh-ed25519", true, false),
            (&*first, "ssh-ed25519", false, false),
            (&*first, "rsa-sha2-512,ssh-ed25519", true, true),
            ("curve25519-sha256", "ssh-ed25519", true, true),
            ("unknown@example.com,curve25519-sha256", "ssh-ed25519", true, true),
        ] {
            let chosen = negotiate(&settings, &proposal(kex, host_key, guess), true).unwrap();
            assert_eq!(chosen.skip_guess, skip, "{kex} {host_key} {guess}");
        }
    }

    #[test]
    fn markers_are_no_methods() {
        for marker in [STRICT_CLIENT, STRICT_SERVER, EXT_INFO_CLIENT, "ext-info-s"] {
            let result = negotiate(&settings(), &proposal(marker, "ssh-ed25519", false), true);
            assert_eq!(result.err(), Some(PeerIncompatible::NoCommonKex));
        }
    }

    #[test]
    fn the_strict_marker_is_offered_last() {
        let settings = settings();
        assert!(offer(&settings).kex.ends_with(STRICT_SERVER));
        let disabled = Settings { strict_kex: StrictKex::Disabled, ..settings };
        assert!(!offer(&disabled).kex.contains(STRICT_SERVER));
        assert_eq!(offer(&disabled).host_key, "ssh-ed25519");
    }
}
