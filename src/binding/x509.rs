//! X.509 certificates of users for the facade: taken apart when a listener looks at them, and verified against
//! the authorities that it trusts.

use napi::bindgen_prelude::Uint8Array;
use napi_derive::napi;

use super::errors::{Failure, NOT_AUTHENTICATED};
use crate::crypto::signature::{self, X509Certificate, X509Chain};
use crate::keystore::{self, PathError, Trust, X509};

/// The certificates in the key blob of a login, each in DER, the user's own first.
#[napi]
pub fn user_x509(algorithm: String, blob: &[u8]) -> napi::Result<Vec<Uint8Array>, String> {
    let ders = certificates(&algorithm, blob)?;
    Ok(ders.into_iter().map(Uint8Array::new).collect())
}

/// The same for the fuzz targets.
pub(super) fn certificates(algorithm: &str, blob: &[u8]) -> Result<Vec<Vec<u8>>, Failure> {
    let none = || Failure::invalid("These are no X.509 certificates.");
    let row = signature::by_name(algorithm).ok_or_else(none)?;
    let chain = X509Chain::parse(row, blob).map_err(|_| none())?;
    Ok(chain.certificates().map(X509Certificate::der).map(<[u8]>::to_vec).collect())
}

/// What a chain of certificates is verified against.
#[napi(object)]
pub struct NativeTrust {
    /// The certificates of the trusted authorities, in DER.
    pub authorities: Vec<Uint8Array>,
    /// Revocation lists, in DER or PEM.
    pub crls: Vec<Uint8Array>,
    /// Seconds since 1970.
    pub unix_time: f64,
}

/// Verifies that a chain leads to one of the authorities, and returns the index of that.
#[napi]
pub fn verify_certificate_chain(
    chain: Vec<Uint8Array>,
    trust: NativeTrust,
) -> napi::Result<u32, String> {
    Ok(verify(&chain, &trust)?)
}

fn verify(chain: &[Uint8Array], trust: &NativeTrust) -> Result<u32, Failure> {
    let authorities = read(&trust.authorities)?;
    let lists: Vec<&[u8]> = trust.crls.iter().map(AsRef::as_ref).collect();
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
    let unix_time = trust.unix_time as u64;
    let trust = Trust { authorities: &authorities, revocation_lists: &lists, unix_time };
    let index = keystore::verify_chain(&read(chain)?, &trust)?;
    Ok(u32::try_from(index).unwrap_or(u32::MAX))
}

/// Whether the second certificate is that of an authority whose key has signed the first one.
#[napi]
pub fn is_certificate_issued_by(certificate: &[u8], issuer: &[u8]) -> napi::Result<bool, String> {
    Ok(keystore::is_issued_by(&read_one(certificate)?, &read_one(issuer)?))
}

fn read(ders: &[Uint8Array]) -> Result<Vec<X509>, Failure> {
    ders.iter().map(|der| read_one(der)).collect()
}

fn read_one(der: &[u8]) -> Result<X509, Failure> {
    X509::from_der(der).map_err(Failure::invalid)
}

impl From<PathError> for Failure {
    fn from(error: PathError) -> Self {
        match error {
            PathError::Empty
            | PathError::TooMany
            | PathError::NoAuthority(_)
            | PathError::BadRevocationList(_)
            | PathError::RevocationListsTooLarge => Self::invalid(error),
            PathError::UnknownIssuer
            | PathError::AuthorityDates
            | PathError::NotYetValid
            | PathError::Expired
            | PathError::Revoked
            | PathError::UnknownRevocation
            | PathError::OldRevocationList
            | PathError::Usage
            | PathError::NotAllowedToSign
            | PathError::IsAuthority
            | PathError::BadSignature
            | PathError::WeakSignature
            | PathError::UnknownExtension
            | PathError::TooCostly
            | PathError::Malformed => Self::with(NOT_AUTHENTICATED, &error),
        }
    }
}
