//! The `publickey` method (RFC 4252 section 7). The signature is verified here, before the program is
//! asked, so no program can let a wrong one in.

use bytes::Bytes;

use crate::crypto::signature::{self, SignatureAlgorithm};
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
/// algorithm is not allowed.
pub(super) fn read(
    allowed: &[&'static SignatureAlgorithm],
    session_id: &[u8],
    request: &UserauthRequest<'_>,
) -> Result<Option<PublicKeyRequest>, Error> {
    let mut reader = Reader::new(request.method_specific);
    let signed = reader.boolean()?;
    let algorithm_name = reader.name()?;
    let key_blob = reader.string()?;
    let signature = if signed { Some(reader.string()?) } else { None };
    reader.finish()?;
    let Some(algorithm) = allowed.iter().copied().find(|row| row.name == algorithm_name) else {
        return Ok(None);
    };
    // a key of another type than the algorithm's is as good as an unknown algorithm
    if Reader::new(key_blob).string() != Ok(algorithm.key_type.as_bytes()) {
        return Ok(None);
    }
    let signature_valid = signature.map(|signature| {
        let message = signed_message(session_id, request, algorithm_name, key_blob);
        signature::verify(algorithm, key_blob, &message, signature).is_ok()
    });
    let key_blob = Bytes::copy_from_slice(key_blob);
    Ok(Some(PublicKeyRequest { algorithm, key_blob, signature_valid }))
}

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
