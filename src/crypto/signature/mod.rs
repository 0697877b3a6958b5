//! Signature algorithms and the keys they take: host keys sign, user keys are verified (RFC 4253
//! section 6.6, RFC 8332, RFC 5656, RFC 8709).

mod ecdsa;
mod ed25519;
mod external;
mod material;
mod rsa;
#[cfg(test)]
mod tests;

pub use ed25519::generate_ed25519;
pub use external::{ExternalSigner, RawSignature};
pub use material::{Curve, KeyMaterial};

use super::Security;
use crate::error::{CryptoError, Error, InvalidMessage};
use crate::wire::{Reader, Writer};

/// Verifies with key blob, message and signature.
pub type Verify = fn(&[u8], &[u8], &[u8]) -> Result<(), CryptoError>;

/// One row of the registry.
#[derive(Clone, Copy)]
pub struct SignatureAlgorithm {
    /// The name on the wire: in host key lists, in `server-sig-algs` and in signature blobs.
    pub name: &'static str,
    /// The key type inside the public key blob (`ssh-rsa` for the rsa-sha2 algorithms).
    pub key_type: &'static str,
    /// Whether it belongs into an offer.
    pub security: Security,
    /// Verifies `signature` (the inner signature, without the algorithm name) over `message` with
    /// the key of a public key blob.
    pub verify: Verify,
}

impl std::fmt::Debug for SignatureAlgorithm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

/// The registry, in order of preference.
pub static SIGNATURES: &[&SignatureAlgorithm] = &[
    &ed25519::SSH_ED25519,
    &ecdsa::ECDSA_NISTP256,
    &ecdsa::ECDSA_NISTP384,
    &ecdsa::ECDSA_NISTP521,
    &rsa::RSA_SHA2_512,
    &rsa::RSA_SHA2_256,
];

/// Looks an algorithm up by its name.
pub fn by_name(name: &str) -> Option<&'static SignatureAlgorithm> {
    SIGNATURES.iter().copied().find(|row| row.name == name)
}

/// Verifies a signature blob `string algorithm | string signature` made with `algorithm` by the key
/// in `key_blob`. The name in the blob has to be that of `algorithm` (RFC 8332 section 3).
pub fn verify(
    algorithm: &SignatureAlgorithm,
    key_blob: &[u8],
    message: &[u8],
    signature_blob: &[u8],
) -> Result<(), Error> {
    let parse = || {
        let mut reader = Reader::new(signature_blob);
        let fields = (reader.string()?, reader.string()?);
        reader.finish().map(|()| fields)
    };
    let (name, signature) = parse().map_err(|_: InvalidMessage| InvalidMessage::BadKeyBlob)?;
    if name != algorithm.name.as_bytes() {
        return Err(CryptoError::BadSignature.into());
    }
    Ok((algorithm.verify)(key_blob, message, signature)?)
}

/// A private key that can sign: a host key.
pub struct PrivateKey {
    public_blob: Vec<u8>,
    signer: Box<dyn Signer>,
}

/// What a family of algorithms does for [`PrivateKey`].
trait Signer: Send + Sync {
    /// The names it signs with, in order of preference.
    fn algorithms(&self) -> &'static [&'static str];

    /// Whether a signature takes more than about a millisecond.
    fn is_heavy(&self) -> bool {
        false
    }

    /// The inner signature, with one of [`Signer::algorithms`].
    fn sign(&self, algorithm: &str, message: &[u8]) -> Result<Vec<u8>, CryptoError>;
}

impl PrivateKey {
    /// Builds a key from its parts; parts that do not belong together are refused.
    pub fn new(material: &KeyMaterial) -> Result<Self, CryptoError> {
        match material {
            KeyMaterial::Ed25519 { seed } => ed25519::private_key(seed),
            KeyMaterial::Ecdsa { curve, scalar, point } => {
                ecdsa::private_key(*curve, scalar, point)
            }
            KeyMaterial::Dsa { .. } => Err(CryptoError::UnsuitableKey),
            KeyMaterial::Rsa { n, e, d, p, q } => rsa::private_key(n, e, d, p, q),
        }
    }

    /// Builds a key that signs outside of this process, from its public key blob.
    pub fn external(
        public_blob: &[u8],
        signer: Box<dyn ExternalSigner>,
    ) -> Result<Self, CryptoError> {
        external::private_key(public_blob, signer)
    }

    /// The public key blob, K_S (RFC 4253 section 6.6).
    pub fn public_blob(&self) -> &[u8] {
        &self.public_blob
    }

    /// The signature algorithms it can sign with, in order of preference.
    pub fn algorithms(&self) -> &'static [&'static str] {
        self.signer.algorithms()
    }

    /// Whether a signature takes more than about a millisecond.
    pub fn is_heavy(&self) -> bool {
        self.signer.is_heavy()
    }

    /// Signs `message`; the result is the blob `string algorithm | string signature`. An algorithm
    /// that is not one of [`Self::algorithms`] is refused.
    pub fn sign(&self, algorithm: &str, message: &[u8]) -> Result<Vec<u8>, CryptoError> {
        if !self.algorithms().contains(&algorithm) {
            return Err(CryptoError::UnsuitableKey);
        }
        let signature = self.signer.sign(algorithm, message)?;
        let mut blob = Vec::with_capacity(8 + algorithm.len() + signature.len());
        Writer::new(&mut blob).string(algorithm).string(signature);
        Ok(blob)
    }
}

impl std::fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PrivateKey(..)")
    }
}
