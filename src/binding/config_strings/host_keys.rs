//! The keys of the server beside its first (`AltSSHCert...`), and the certificates of all of them.

use zeroize::Zeroizing;

use super::{Plain, Record, Row, number, row};
use crate::binding::host_certificates::HostCertificates;
use crate::limits::MAX_ALTERNATIVES;

/// The settings of this file.
pub(super) static ROWS: &[Row] = &[
    row(
        "AltSSHCertCount",
        Plain(
            |state| state.settings.alternatives.count().to_string(),
            Some(|state, value| {
                let most = u64::try_from(MAX_ALTERNATIVES).unwrap_or(u64::MAX);
                state.settings.alternatives.set_count(number(value, 0, most)?);
                Ok(())
            }),
        ),
    ),
    row(
        "AltSSHCertStore",
        Record(
            |state, index| Ok(state.settings.alternatives.record(index)?.store.to_string()),
            |state, index, value| {
                let record = state.settings.alternatives.record_mut(index)?;
                record.store = Zeroizing::new(value.to_owned());
                Ok(())
            },
        ),
    ),
    row(
        "AltSSHCertStorePassword",
        Record(
            |state, index| {
                Ok(state.settings.alternatives.record(index)?.store_password.to_string())
            },
            |state, index, value| {
                let record = state.settings.alternatives.record_mut(index)?;
                record.store_password = Zeroizing::new(value.to_owned());
                Ok(())
            },
        ),
    ),
    row(
        "AltSSHCertStoreType",
        Record(
            |state, index| Ok(state.settings.alternatives.record(index)?.store_type.to_string()),
            |state, index, value| {
                let store_type = number(value, 0, 99)?;
                state.settings.alternatives.record_mut(index)?.store_type = store_type;
                Ok(())
            },
        ),
    ),
    row(
        "AltSSHCertSubject",
        Record(
            |state, index| Ok(state.settings.alternatives.record(index)?.subject.clone()),
            |state, index, value| state.settings.alternatives.set_subject(index, value),
        ),
    ),
    row(
        "SSHHostCertificates",
        Plain(
            |state| state.settings.host_certificates.shown().to_owned(),
            Some(|state, value| {
                state.settings.host_certificates = HostCertificates::parse(value)?;
                Ok(())
            }),
        ),
    ),
];
