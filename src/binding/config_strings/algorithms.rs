//! The lists of algorithms, the profile that sets them all, strict key exchange, and when keys are
//! exchanged again.

use super::row::Applies::{Never, NewConnections};
use super::row::Value::{Number, OfConnection, Seconds, Text};
use super::row::{Field, Table, row};
use crate::binding::algorithm_list::set_list;
use crate::binding::errors::Failure;
use crate::binding::settings::{Settings, show_bool};
use crate::binding::state::State;
use crate::engine::{AlgorithmLists, StrictKex};

const NAMES: &str = "names, separated by commas";

/// The settings of this file.
pub(super) static TABLE: Table = Table {
    title: "Algorithms",
    intro: "A listener of `Connected` cannot set these (10022): they are those of all connections that come \
            after, and it would be chance which. Names stand in any order: the client's decides (RFC 4253, \
            section 7.1). An unknown name is refused; names of GSSAPI with other mechanisms than Kerberos \
            are taken and not offered, those with Kerberos only where there is a key (GSSKeytab). Ciphers \
            and compression are the properties \
            SSHEncryptionAlgorithms and SSHCompressionAlgorithms.",
    rows: &[
        row(
            "SecurityProfile",
            Text {
                form: "`modern`, `intermediate` or `compatible`",
                get: |settings| settings.profile.to_owned(),
                set: set_profile,
            },
            NewConnections,
            "sets every list of algorithms, those of the properties included",
            "`modern`: what ssh-audit has nothing against, for clients with a post-quantum key exchange; \
             `intermediate`: what a current OpenSSH accepts, without SHA-1 and short tags; `compatible`: the \
             documented defaults. The first two refuse RSA keys of less than 2048 bits. Lists that are set \
             afterwards count. docs/SSH-AUDIT.md has the reasons.",
        )
        .extension(),
        row(
            "SSHKeyExchangeAlgorithms",
            Text {
                form: NAMES,
                get: |settings| settings.shown.kex.clone(),
                set: |settings, value| {
                    let (shown, lists) = settings.lists_mut();
                    set_list(&mut shown.kex, &mut lists.kex, value)
                },
            },
            NewConnections,
            "the methods of key exchange",
            "",
        ),
        row(
            "SSHMacAlgorithms",
            Text {
                form: NAMES,
                get: |settings| settings.shown.mac.clone(),
                set: |settings, value| {
                    let (shown, lists) = settings.lists_mut();
                    set_list(&mut shown.mac, &mut lists.mac, value)
                },
            },
            NewConnections,
            "the MACs",
            "",
        ),
        row(
            "SSHPublicKeyAlgorithms",
            Text {
                form: NAMES,
                get: |settings| settings.shown.host_key.clone(),
                set: |settings, value| {
                    let (shown, lists) = settings.lists_mut();
                    set_list(&mut shown.host_key, &mut lists.host_key, value)
                },
            },
            NewConnections,
            "the signature algorithms that the server proves itself with",
            "Offered are those that one of its keys fits (`x509v3-…`: and that there are X.509 certificates \
             for); without any, startListening rejects with 1301.",
        ),
        row(
            "SSHPubKeyAuthSigAlgorithms",
            Text {
                form: NAMES,
                get: |settings| settings.shown.user_signature.clone(),
                set: |settings, value| {
                    let (shown, lists) = settings.lists_mut();
                    set_list(&mut shown.user_signature, &mut lists.user_signature, value)
                },
            },
            NewConnections,
            "the signature algorithms that clients may log in with",
            "They are told to clients (`server-sig-algs`). One that is not listed is refused without an event \
             and counts as a failed attempt; the client may go on with another key.",
        ),
        row(
            "UseStrictKeyExchange",
            Number {
                unit: "",
                least: 0,
                most: 3,
                field: Field {
                    get: |settings| settings.config().transport.strict_kex as u64,
                    set: |settings, number| {
                        settings.config_mut().transport.strict_kex = match number {
                            0 => StrictKex::Disabled,
                            1 => StrictKex::Offered,
                            2 => StrictKex::RejectAffected,
                            _ => StrictKex::Required,
                        };
                    },
                },
            },
            NewConnections,
            "the answer to the Terrapin attack: 0 off, 1 with each client that can, 2 required for the ciphers \
             and MACs that the attack is about, 3 required of every client",
            "",
        ),
        row(
            "NegotiatedStrictKex",
            OfConnection { form: "boolean", get: negotiated_strict_kex, set: None },
            Never,
            "whether a connection has strict key exchange",
            "",
        ),
        row(
            "KeyRenegotiationThreshold",
            Number {
                unit: "bytes",
                least: 1,
                most: u64::MAX,
                field: Field {
                    get: |settings| settings.config().transport.rekey.bytes,
                    set: |settings, bytes| settings.config_mut().transport.rekey.bytes = bytes,
                },
            },
            NewConnections,
            "new keys after so many bytes in one direction",
            "Not before the client has logged in. Ciphers with small blocks get new keys earlier.",
        ),
        row(
            "KeyRenegotiationInterval",
            Seconds {
                most: u32::MAX as u64,
                field: Field {
                    get: |settings| settings.config().transport.rekey.interval,
                    set: |settings, time| settings.config_mut().transport.rekey.interval = time,
                },
            },
            NewConnections,
            "new keys after this time; 0: by volume only",
            "Not before the client has logged in. This or KeyRenegotiationThreshold, whichever comes first.",
        )
        .extension(),
    ],
};

fn set_profile(settings: &mut Settings, value: &str) -> Result<(), Failure> {
    let (profile, lists) = match value.trim().to_ascii_lowercase().as_str() {
        "modern" => ("modern", AlgorithmLists::modern()),
        "intermediate" => ("intermediate", AlgorithmLists::intermediate()),
        "compatible" => ("compatible", AlgorithmLists::default()),
        _ => {
            let values = "modern, intermediate or compatible";
            return Err(Failure::invalid(format!("The value has to be {values}.")));
        }
    };
    settings.profile = profile;
    settings.set_lists(lists);
    Ok(())
}

fn negotiated_strict_kex(state: &State, id: u64) -> Result<String, Failure> {
    let negotiated = state.known_connection(id)?.strict_kex();
    Ok(show_bool(negotiated.unwrap_or(false)))
}
