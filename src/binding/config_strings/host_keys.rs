//! The keys of the server beside its first (`AltSSHCert...`), and the certificates of all of them.

use zeroize::Zeroizing;

use super::row::Applies::NewConnections;
use super::row::Lines::{Several, Verbatim};
use super::row::Value::{Number, OfRecord, Text};
use super::row::{Field, Table, number, row};
use crate::binding::host_certificates::HostCertificates;
use crate::limits::MAX_ALTERNATIVES;

/// The settings of this file.
pub(super) static TABLE: Table = Table {
    title: "Host keys",
    intro: "The AltSSHCert settings are further keys, for clients that do not take the algorithms of SSHCert. \
            Indices begin with 0.",
    rows: &[
        row(
            "AltSSHCertCount",
            Number {
                unit: "",
                least: 0,
                most: MAX_ALTERNATIVES as u64,
                field: Field {
                    get: |settings| u64::try_from(settings.alternatives.count()).unwrap_or(u64::MAX),
                    set: |settings, count| {
                        settings.alternatives.set_count(usize::try_from(count).unwrap_or(usize::MAX));
                    },
                },
            },
            NewConnections,
            "how many further host keys there are",
            "More of them are empty ones, fewer drop the last.",
        ),
        row(
            "AltSSHCertStoreType",
            OfRecord {
                form: "a store type, 0 to 99",
                get: |settings, index| Ok(settings.alternatives.record(index)?.store_type.to_string()),
                set: |settings, index, value| {
                    let store_type = number(value, 0, 99)?;
                    settings.alternatives.record_mut(index)?.store_type = store_type;
                    Ok(())
                },
            },
            NewConnections,
            "the type of a further key's store, as for Certificate",
            "",
        ),
        row(
            "AltSSHCertStore",
            OfRecord {
                form: "text",
                get: |settings, index| Ok(settings.alternatives.record(index)?.store.to_string()),
                set: |settings, index, value| {
                    let record = settings.alternatives.record_mut(index)?;
                    record.store = Zeroizing::new(value.to_owned());
                    Ok(())
                },
            },
            NewConnections,
            "the store of a further key, as for Certificate",
            "A store of text has its lines.",
        )
        .lines(Verbatim),
        row(
            "AltSSHCertStorePassword",
            OfRecord {
                form: "text",
                get: |settings, index| {
                    Ok(settings.alternatives.record(index)?.store_password.to_string())
                },
                set: |settings, index, value| {
                    let record = settings.alternatives.record_mut(index)?;
                    record.store_password = Zeroizing::new(value.to_owned());
                    Ok(())
                },
            },
            NewConnections,
            "the password of that store",
            "",
        )
        .lines(Verbatim),
        row(
            "AltSSHCertSubject",
            OfRecord {
                form: "text",
                get: |settings, index| Ok(settings.alternatives.record(index)?.subject.clone()),
                set: |settings, index, value| settings.alternatives.set_subject(index, value),
            },
            NewConnections,
            "which certificate of that store has the key, as for Certificate; `*` is the first",
            "`\"\"` takes the key away. To be set last: it has the certificate loaded, on another thread. Resolves when that is done and \
             startListening waits for it; rejects with 1301 if it cannot be loaded or has no private key, and \
             keeps the key of before.",
        ),
        row(
            "SSHHostCertificates",
            Text {
                form: "lines of `…-cert.pub` files",
                get: |settings| settings.host_certificates.shown().to_owned(),
                set: |settings, value| {
                    settings.host_certificates = HostCertificates::parse(value)?;
                    Ok(())
                },
            },
            NewConnections,
            "the OpenSSH certificates of the host keys",
            "As in the files of `ssh-keygen -h -s`, one a line. Each is served beside the key it is for, be that \
             key SSHCert, an AltSSHCert or that of one connection; one for no key of the server is not used. A \
             line that is no certificate of a host with a signature that holds is an error with its number. \
             Setting it again replaces all; dates are the clients' to check.",
        )
        .lines(Several)
        .extension(),
    ],
};
