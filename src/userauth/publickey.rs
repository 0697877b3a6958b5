//! The `publickey` method (RFC 4252 section 7). The signature is verified here, before the program is
//! asked, so no program can let a wrong one in. So are certificates, except for what only the
//! program knows: which authorities and which principals it trusts.

use bytes::Bytes;

use super::Settings;
use crate::crypto::signature::{self, Certificate, CertificateKind, SignatureAlgorithm, rsa_bits};
use crate::error::Error;
use crate::wire::messages::{SSH_MSG_USERAUTH_REQUEST, UserauthPkOk, UserauthRequest};
use crate::wire::{Outbox, Reader, Writer};

/// A request that the program is asked about.
pub(super) struct PublicKeyRequest {
    algorithm: &'static SignatureAlgorithm,
    key_blob: Bytes,
    /// `None` for a query.
    signature_valid: Option<bool>,
}

/// Reads `boolean signed | string algorithm | string key_blob [| string signature]`; `None` when the
/// algorithm or the key is not allowed.
pub(super) fn read(
    settings: &Settings<'_>,
    session_id: &[u8],
    request: &UserauthRequest<'_>,
) -> Result<Option<PublicKeyRequest>, Error> {
    let mut reader = Reader::new(request.method_specific);
    let signed = reader.boolean()?;
    let algorithm_name = reader.name()?;
    let key_blob = reader.string()?;
    let signature = if signed { Some(reader.string()?) } else { None };
    reader.finish()?;
    let mut allowed = settings.signatures.iter().copied();
    let Some(algorithm) = allowed.find(|row| row.name == algorithm_name) else {
        return Ok(None);
    };
    // a key of another type than the algorithm's is as good as an unknown algorithm
    if Reader::new(key_blob).string() != Ok(algorithm.key_type.as_bytes()) {
        return Ok(None);
    }
    let certificate = match algorithm.plain {
        Some(_) => match check_certificate(settings, algorithm, key_blob) {
            Some(certificate) => Some(certificate),
            None => return Ok(None),
        },
        None => None,
    };
    let plain_blob = certificate.as_ref().map_or(key_blob, |it| &it.key_blob);
    if rsa_bits(plain_blob).is_some_and(|bits| bits < settings.min_rsa_bits) {
        return Ok(None);
    }
    let signature_valid = signature.map(|signature| {
        let message = signed_message(session_id, request, algorithm_name, key_blob);
        let verified = !asks_for_verification(certificate.as_ref()) || user_verified(signature);
        verified && signature::verify(algorithm, key_blob, &message, signature).is_ok()
    });
    let key_blob = Bytes::copy_from_slice(key_blob);
    Ok(Some(PublicKeyRequest { algorithm, key_blob, signature_valid }))
}

/// The certificate in a blob, when nothing of it speaks against letting its owner in.
fn check_certificate(
    settings: &Settings<'_>,
    algorithm: &SignatureAlgorithm,
    blob: &[u8],
) -> Option<Certificate> {
    let now = settings.unix_time?;
    let certificate = Certificate::verified(blob).ok()?;
    let is_large = rsa_bits(&certificate.authority).is_none_or(|b| b >= settings.min_rsa_bits);
    // OpenSSH PROTOCOL.certkeys: an option that is not understood refuses the certificate
    let is_understood = |name| {
        // kept to here, for the keys that can
        let ours = algorithm.security_key && name == VERIFY_REQUIRED;
        ours || settings.critical_options.iter().any(|known| known == name)
    };
    let fits = is_large
        && certificate.is_valid(CertificateKind::User, now)
        && certificate.critical_options.iter().all(|option| is_understood(&option.name));
    fits.then_some(certificate)
}

/// Whether the device has to find out who touches it.
fn asks_for_verification(certificate: Option<&Certificate>) -> bool {
    let mut options = certificate.iter().flat_map(|it| &it.critical_options);
    options.any(|option| option.name == VERIFY_REQUIRED)
}

/// The flag of a device's signature that says so: `string algorithm | string signature | byte flags
/// | uint32 counter` (OpenSSH PROTOCOL.u2f).
fn user_verified(signature: &[u8]) -> bool {
    let mut reader = Reader::new(signature);
    let mut flags = || {
        reader.string()?;
        reader.string()?;
        reader.u8()
    };
    flags().is_ok_and(|flags: u8| flags & USER_VERIFIED != 0)
}

/// The critical option of a certificate for a key in a device (OpenSSH PROTOCOL.certkeys).
const VERIFY_REQUIRED: &str = "verify-required";
/// Bit 2 of the flags of CTAP: the device knows who touched it, by a PIN or a fingerprint.
const USER_VERIFIED: u8 = 4;

/// What the client signs: the session identifier and the request up to the signature.
fn signed_message(
    session_id: &[u8],
    request: &UserauthRequest<'_>,
    algorithm: &str,
    key_blob: &[u8],
) -> Vec<u8> {
    let mut message = Vec::new();
    Writer::new(&mut message)
        .string(session_id)
        .u8(SSH_MSG_USERAUTH_REQUEST)
        .string(request.user_name)
        .string(request.service_name)
        .string(request.method_name)
        .boolean(true)
        .string(algorithm)
        .string(key_blob);
    message
}

impl PublicKeyRequest {
    pub(super) fn algorithm(&self) -> &'static SignatureAlgorithm {
        self.algorithm
    }

    pub(super) fn key_blob(&self) -> Bytes {
        self.key_blob.clone()
    }

    /// Whether the signature is right; `None` for a query.
    pub(super) fn signature_valid(&self) -> Option<bool> {
        self.signature_valid
    }

    /// Tells the client that a signature by this key would be taken.
    pub(super) fn send_ok(&self, out: &mut dyn Outbox) -> Result<(), Error> {
        out.send(&UserauthPkOk { algorithm: self.algorithm.name, key_blob: &self.key_blob })
    }
}
