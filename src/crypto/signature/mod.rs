//! Signature algorithms and the keys they take: host keys sign, user keys are verified (RFC 4253
//! section 6.6, RFC 8332, RFC 5656, RFC 8709), alone or in certificates.

mod certificate;
mod dsa;
mod ecdsa;
mod ed25519;
mod external;
mod material;
mod rsa;
mod security_key;
#[cfg(test)]
mod tests;

pub use certificate::{Certificate, CertificateKind, CertificateOption};
pub use ed25519::generate_ed25519;
pub use external::{ExternalSigner, RawSignature};
pub use material::{Curve, KeyMaterial};

use std::borrow::Cow;
use std::sync::Arc;

use super::Security;
use crate::error::{CryptoError, Error, InvalidMessage};
use crate::wire::{Reader, Writer};

/// Verifies with key blob, message and signature.
pub type Verify = fn(&[u8], &[u8], &[u8]) -> Result<(), CryptoError>;

/// One row of the registry.
#[derive(Clone, Copy)]
pub struct SignatureAlgorithm {
    /// The name on the wire: in host key lists, in `server-sig-algs` and in signature blobs (there
    /// certificates have the name of their `Self::plain`).
    pub name: &'static str,
    /// The key type inside the public key blob (`ssh-rsa` for the rsa-sha2 algorithms).
    pub key_type: &'static str,
    /// Whether it belongs into an offer.
    pub security: Security,
    /// Whether the key is in a user's security key (FIDO device), which no host has. Its signature blobs
    /// have fields after the signature.
    pub security_key: bool,
    /// For a certificate: the algorithm that its key signs with.
    pub plain: Option<&'static SignatureAlgorithm>,
    /// Verifies `signature` (the inner signature, without the algorithm name; all that follows the
    /// name for [`Self::security_key`]) over `message` with the key of a plain public key blob.
    pub verify: Verify,
}

impl SignatureAlgorithm {
    /// A row for plain keys, which every purpose allows.
    const fn plain(name: &'static str, key_type: &'static str, verify: Verify) -> Self {
        Self {
            name,
            key_type,
            security: Security::Modern,
            security_key: false,
            plain: None,
            verify,
        }
    }

    /// The name inside signature blobs.
    pub fn signature_name(&self) -> &'static str {
        self.plain.map_or(self.name, |plain| plain.name)
    }
}

impl std::fmt::Debug for SignatureAlgorithm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

/// The registry, in order of preference.
pub static SIGNATURES: &[&SignatureAlgorithm] = &[
    &certificate::ED25519_CERT,
    &certificate::ECDSA_NISTP256_CERT,
    &certificate::ECDSA_NISTP384_CERT,
    &certificate::ECDSA_NISTP521_CERT,
    &certificate::SK_ED25519_CERT,
    &certificate::SK_ECDSA_NISTP256_CERT,
    &certificate::RSA_SHA2_512_CERT,
    &certificate::RSA_SHA2_256_CERT,
    &security_key::SK_ED25519,
    &security_key::SK_ECDSA_NISTP256,
    &ed25519::SSH_ED25519,
    &ecdsa::ECDSA_NISTP256,
    &ecdsa::ECDSA_NISTP384,
    &ecdsa::ECDSA_NISTP521,
    &rsa::RSA_SHA2_256,
    &rsa::RSA_SHA2_512,
    &rsa::SSH_RSA,
    &dsa::SSH_DSS,
    &certificate::SSH_RSA_CERT,
    &certificate::SSH_DSS_CERT,
];

/// Looks an algorithm up by its name.
pub fn by_name(name: &str) -> Option<&'static SignatureAlgorithm> {
    SIGNATURES.iter().copied().find(|row| row.name == name)
}

/// Verifies a signature blob `string algorithm | string signature` made with `algorithm` by the key in
/// `key_blob`. The name in the blob has to be that of `algorithm` (RFC 8332 section 3). Of a certificate
/// only the key is used here; see [`Certificate::verified`].
pub fn verify(
    algorithm: &SignatureAlgorithm,
    key_blob: &[u8],
    message: &[u8],
    signature_blob: &[u8],
) -> Result<(), Error> {
    if let Some(plain) = algorithm.plain {
        let certificate = Certificate::parse(key_blob)?;
        let plain = certificate::signed_with(algorithm, signature_blob).unwrap_or(plain);
        return verify(plain, &certificate.key_blob, message, signature_blob);
    }
    let mut reader = Reader::new(signature_blob);
    let mut parse = || {
        let name = reader.string()?;
        let signature =
            if algorithm.security_key { reader.take_rest() } else { reader.string()? };
        reader.clone().finish().map(|()| (name, signature))
    };
    let (name, signature) = parse().map_err(|_: InvalidMessage| InvalidMessage::BadKeyBlob)?;
    if name != algorithm.name.as_bytes() {
        return Err(CryptoError::BadSignature.into());
    }
    Ok((algorithm.verify)(key_blob, message, signature)?)
}

/// A public key blob in its usual form: VS Code's dev-tunnels and the crate ssh-rs write the name of an
/// algorithm of RFC 8332 where the key type belongs, `ssh-rsa` (RFC 8332 section 3), and OpenSSH's server
/// accepts that. Blobs of other algorithms, and of certificates, are not changed.
pub fn usual_blob<'a>(algorithm: &SignatureAlgorithm, key_blob: &'a [u8]) -> Cow<'a, [u8]> {
    rsa::usual_blob(algorithm, key_blob).map_or(Cow::Borrowed(key_blob), Cow::Owned)
}

/// The size of an RSA key, in bits, in a plain public key blob; `None` for other keys.
pub fn rsa_bits(key_blob: &[u8]) -> Option<u32> {
    rsa::modulus_bits(key_blob)
}

/// A private key that can sign: a host key.
pub struct PrivateKey {
    public_blob: Vec<u8>,
    signer: Arc<dyn Signer>,
    /// The blob of a host certificate for this key, and its key type.
    certificate: Option<(Vec<u8>, String)>,
}

/// The interface of an algorithm family for [`PrivateKey`].
trait Signer: Send + Sync {
    /// The names it signs with.
    fn algorithms(&self) -> &'static [&'static str];

    /// Whether a signature takes more than about a millisecond.
    fn is_heavy(&self) -> bool {
        false
    }

    /// The inner signature, with one of [`Signer::algorithms`].
    fn sign(&self, algorithm: &str, message: &[u8]) -> Result<Vec<u8>, CryptoError>;
}

impl PrivateKey {
    fn plain(public_blob: Vec<u8>, signer: Box<dyn Signer>) -> Self {
        Self { public_blob, signer: signer.into(), certificate: None }
    }

    /// Builds a key from its parts; parts that do not fit each other are refused.
    pub fn new(material: &KeyMaterial) -> Result<Self, CryptoError> {
        match material {
            KeyMaterial::Ed25519 { seed } => ed25519::private_key(seed),
            KeyMaterial::Ecdsa { curve, scalar, point } => {
                ecdsa::private_key(*curve, scalar, point)
            }
            KeyMaterial::Dsa { p, q, g, y, x } => dsa::private_key([p, q, g, y], x),
            KeyMaterial::Rsa { n, e, d, p, q } => rsa::private_key(n, e, d, p, q),
            KeyMaterial::RsaOfSeveralPrimes { n, e, d } => rsa::private_key_without_primes(n, e, d),
        }
    }

    /// Builds a key that signs outside of this process, from its public key blob.
    pub fn external(
        public_blob: &[u8],
        signer: Box<dyn ExternalSigner>,
    ) -> Result<Self, CryptoError> {
        external::private_key(public_blob, signer)
    }

    /// Adds the host certificate in this blob (the file `ssh_host_..._key-cert.pub` has it in base64), to
    /// be offered beside the plain key. A certificate of another kind, for another key or with a wrong
    /// signature is refused; the clients check its dates.
    pub fn with_certificate(mut self, blob: &[u8]) -> Result<Self, Error> {
        let certificate = Certificate::verified(blob)?;
        if certificate.kind != CertificateKind::Host || certificate.key_blob != self.public_blob {
            return Err(CryptoError::UnsuitableKey.into());
        }
        let key_type = Reader::new(blob).text()?.to_owned();
        self.certificate = Some((blob.to_vec(), key_type));
        Ok(self)
    }

    /// A copy of the key with this certificate, for a key that others use without it.
    pub fn certified(&self, blob: &[u8]) -> Result<Self, Error> {
        let signer = Arc::clone(&self.signer);
        let plain = Self { public_blob: self.public_blob.clone(), signer, certificate: None };
        plain.with_certificate(blob)
    }

    /// The public key blob without a certificate (RFC 4253 section 6.6).
    pub fn public_blob(&self) -> &[u8] {
        &self.public_blob
    }

    /// K_S (RFC 4253 section 8) when this algorithm was negotiated: the certificate or the plain key.
    /// `None` when the key cannot sign with it.
    pub fn blob_for(&self, algorithm: &SignatureAlgorithm) -> Option<&[u8]> {
        if !self.algorithms().contains(&algorithm.signature_name()) {
            return None;
        }
        match (&self.certificate, algorithm.plain) {
            (_, None) => Some(&self.public_blob),
            (Some((blob, key_type)), Some(_)) if key_type == algorithm.key_type => Some(blob),
            (_, Some(_)) => None,
        }
    }

    /// The signature algorithms it can sign with.
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
