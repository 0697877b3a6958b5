//! The `publickey` method (RFC 4252 section 7). The signature is verified here, before the program is
//! asked, so no program can let in a client with a wrong one. Certificates are verified here, too, except
//! for what only the program knows: which authorities and principals it trusts.

use std::borrow::Cow;

use bytes::Bytes;

use super::ledger::KeyId;
use super::{Settings, Why, client_bugs};
use crate::crypto::hash::Hash;
use crate::crypto::signature::{
    self, Certificate, CertificateKind, KeyForm, SignatureAlgorithm, X509Chain, X509Flaw,
    X509Policy, rsa_bits,
};
use crate::error::Error;
use crate::wire::messages::{SSH_MSG_USERAUTH_REQUEST, UserauthPkOk, UserauthRequest};
use crate::wire::{Outbox, Reader, Writer};

/// A request that the program is asked about.
pub(super) struct PublicKeyRequest {
    /// The signature algorithm: of a query the announced one, of a signature the one it was made with.
    algorithm: &'static SignatureAlgorithm,
    /// The signature algorithm that the request announces.
    announced: &'static SignatureAlgorithm,
    /// The key blob as the client has sent it.
    sent_blob: Bytes,
    /// The key blob in its usual form.
    key_blob: Bytes,
    key_id: KeyId,
    /// `None` for a query.
    signature_valid: Option<bool>,
    /// Whether the signature is of a security key and says that it has verified its user.
    user_verified: bool,
}

/// Reads `boolean signed | string algorithm | string key_blob [| string signature]`; returns the reason for
/// a refusal if the algorithm or the key is not allowed.
pub(super) fn read(
    settings: &Settings<'_>,
    session_id: &[u8],
    request: &UserauthRequest<'_>,
) -> Result<Result<PublicKeyRequest, Why>, Error> {
    let mut reader = Reader::new(request.method_specific);
    let signed = reader.boolean()?;
    let algorithm_name = reader.name()?;
    let sent_blob = reader.string()?;
    let signature = if signed { Some(reader.string()?) } else { None };
    reader.finish()?;
    let mut allowed = settings.signatures.iter().copied();
    let Some(announced) = allowed.find(|row| row.name == algorithm_name) else {
        return Ok(Err(Why::Key));
    };
    let key_blob = signature::usual_blob(announced, sent_blob);
    // a key whose type does not fit the algorithm is treated as an unknown algorithm; a bare X.509
    // certificate has no type in front
    let has_type = announced.form != KeyForm::X509;
    if has_type && Reader::new(&key_blob).string() != Ok(announced.key_type.as_bytes()) {
        return Ok(Err(Why::Key));
    }
    let mut certificate = None;
    let plain_blob = match announced.form {
        KeyForm::Plain => Cow::Borrowed(&*key_blob),
        KeyForm::Certificate => match check_certificate(settings, announced, &key_blob) {
            Some(valid) => Cow::Owned(certificate.insert(valid).key_blob.clone()),
            None => return Ok(Err(Why::Certificate)),
        },
        KeyForm::X509 | KeyForm::X509Chain => match check_x509(settings, announced, &key_blob) {
            Ok(plain_blob) => Cow::Owned(plain_blob),
            Err(flaw) => return Ok(Err(Why::X509(flaw))),
        },
    };
    if rsa_bits(&plain_blob).is_some_and(|bits| bits < settings.min_rsa_bits) {
        return Ok(Err(Why::Key));
    }
    let algorithm = signature.and_then(|it| signed_with(settings, announced, it));
    let algorithm = algorithm.unwrap_or(announced);
    let signature_valid = signature.map(|signature| {
        let message = signed_message(session_id, request, algorithm_name, sent_blob);
        let verified = !asks_for_verification(certificate.as_ref()) || user_verified(signature);
        verified && signature::verify(algorithm, &key_blob, &message, signature).is_ok()
    });
    let user_verified = announced.security_key && signature.is_some_and(user_verified);
    // the same for a plain key and for all certificates of that key
    let key_id = Hash::Sha256.digest(&[&plain_blob]);
    let sent_blob = Bytes::copy_from_slice(sent_blob);
    let key_blob = Bytes::from(key_blob.into_owned());
    Ok(Ok(PublicKeyRequest {
        algorithm,
        announced,
        sent_blob,
        key_blob,
        key_id,
        signature_valid,
        user_verified,
    }))
}

/// The algorithm of a signature by a client whose agent knows only ssh-rsa and no newer algorithm for the
/// same keys, if the settings allow it. `None` where the announced algorithm counts.
fn signed_with(
    settings: &Settings<'_>,
    announced: &SignatureAlgorithm,
    signature_blob: &[u8],
) -> Option<&'static SignatureAlgorithm> {
    if !client_bugs::signs_with_sha1(settings.client_version) {
        return None;
    }
    let name = Reader::new(signature_blob).string().ok()?;
    // ssh-rsa is also the key type of RSA keys
    let mut allowed = settings.signatures.iter().copied();
    allowed.find(|row| row.name == announced.key_type && row.name.as_bytes() == name)
}

/// The certificate in a blob, if it is valid and all its critical options are known.
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
        // this server enforces it itself, for security keys
        let ours = algorithm.security_key && name == VERIFY_REQUIRED;
        ours || settings.critical_options.iter().any(|known| known == name)
    };
    let fits = is_large
        && certificate.is_valid(CertificateKind::User, now)
        && certificate.critical_options.iter().all(|option| is_understood(&option.name));
    fits.then_some(certificate)
}

/// The key in the first of X.509 certificates that a user may log in with.
fn check_x509(
    settings: &Settings<'_>,
    algorithm: &SignatureAlgorithm,
    blob: &[u8],
) -> Result<Vec<u8>, X509Flaw> {
    let policy = X509Policy { unix_time: settings.unix_time, min_rsa_bits: settings.min_rsa_bits };
    X509Chain::parse(algorithm, blob)?.check(algorithm, &policy).map(<[u8]>::to_vec)
}

/// Whether a certificate demands that the device verifies its user.
fn asks_for_verification(certificate: Option<&Certificate>) -> bool {
    let mut options = certificate.iter().flat_map(|it| &it.critical_options);
    options.any(|option| option.name == VERIFY_REQUIRED)
}

/// Whether the signature of a security key has the flag for user verification: `string algorithm | string
/// signature | byte flags | uint32 counter` (OpenSSH PROTOCOL.u2f).
fn user_verified(signature: &[u8]) -> bool {
    let mut reader = Reader::new(signature);
    let mut flags = || {
        reader.string()?;
        reader.string()?;
        reader.u8()
    };
    flags().is_ok_and(|flags: u8| flags & USER_VERIFIED != 0)
}

/// The critical option of a certificate that demands user verification (OpenSSH PROTOCOL.certkeys).
const VERIFY_REQUIRED: &str = "verify-required";
/// Bit 2 of the flags of CTAP: the device has verified its user, by a PIN or a fingerprint.
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
    /// The algorithm of the signature, or for a query the announced one.
    pub(super) fn algorithm(&self) -> &'static SignatureAlgorithm {
        self.algorithm
    }

    pub(super) fn key_blob(&self) -> Bytes {
        self.key_blob.clone()
    }

    pub(super) fn key_id(&self) -> KeyId {
        self.key_id.clone()
    }

    /// Whether the signature is valid; `None` for a query.
    pub(super) fn signature_valid(&self) -> Option<bool> {
        self.signature_valid
    }

    /// Whether a security key has made the signature, after verifying its user.
    pub(super) fn is_user_verified(&self) -> bool {
        self.user_verified
    }

    /// Tells the client that a signature by this key would be accepted.
    pub(super) fn send_ok(&self, out: &mut dyn Outbox) -> Result<(), Error> {
        // RFC 4252 section 7: both fields as in the request
        out.send(&UserauthPkOk { algorithm: self.announced.name, key_blob: &self.sent_blob })
    }
}
