//! Signature algorithms and the keys they take: host keys sign, user keys are verified (RFC 4253
//! section 6.6, RFC 8332, RFC 5656, RFC 8709), alone or in certificates (OpenSSH's, and RFC 6187).

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
mod x509;

pub use certificate::{Certificate, CertificateKind, CertificateOption};
pub use ed25519::generate_ed25519;
pub use external::{ExternalSigner, RawSignature};
pub use material::{Curve, KeyMaterial};
pub(crate) use x509::spki;
pub use x509::{X509Certificate, X509Chain, X509Flaw, X509Policy};

use std::borrow::Cow;
use std::sync::Arc;

use super::Security;
use crate::error::{CryptoError, Error, InvalidMessage};
use crate::wire::{Reader, Writer};

/// Verifies with key blob, message and signature.
pub type Verify = fn(&[u8], &[u8], &[u8]) -> Result<(), CryptoError>;

/// The form of the public key blobs of an algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyForm {
    /// The key type, then the numbers of the key.
    Plain,
    /// An OpenSSH certificate, see [`Certificate`].
    Certificate,
    /// One X.509 certificate in DER, without a name before it: the form from before RFC 6187.
    X509,
    /// The key type, then X.509 certificates (RFC 6187 section 2.1), see [`X509Chain`].
    X509Chain,
}

/// One row of the registry.
#[derive(Clone, Copy)]
pub struct SignatureAlgorithm {
    /// The name on the wire: in host key lists, in `server-sig-algs` and in requests of clients.
    pub name: &'static str,
    /// The name in signature blobs: that of the plain algorithm for most certificates.
    pub signature_name: &'static str,
    /// The form of the key blobs.
    pub form: KeyForm,
    /// The key type in front of the public key blob (`ssh-rsa` for the rsa-sha2 algorithms); empty for
    /// [`KeyForm::X509`].
    pub key_type: &'static str,
    /// Whether it belongs into an offer.
    pub security: Security,
    /// Whether the key is in a user's security key (FIDO device), which no host has. Its signature blobs
    /// have fields after the signature.
    pub security_key: bool,
    /// For a certificate of any form: the algorithm that its key signs with.
    pub plain: Option<&'static SignatureAlgorithm>,
    /// Verifies `signature` (the inner signature, without the algorithm name; all that follows the
    /// name for [`Self::security_key`]) over `message` with the key of a plain public key blob, which of
    /// a certificate is that of its key.
    pub verify: Verify,
}

impl SignatureAlgorithm {
    /// A row for plain keys, which every purpose allows.
    const fn plain(name: &'static str, key_type: &'static str, verify: Verify) -> Self {
        Self {
            name,
            signature_name: name,
            form: KeyForm::Plain,
            key_type,
            security: Security::Modern,
            security_key: false,
            plain: None,
            verify,
        }
    }

    /// The name of the algorithm that the key signs with, in or out of a certificate.
    fn plain_name(&self) -> &'static str {
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
    &x509::ED25519,
    &x509::ECDSA_NISTP256,
    &x509::ECDSA_NISTP384,
    &x509::ECDSA_NISTP521,
    &x509::RSA2048_SHA256,
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
    &x509::SIGN_RSA,
    &x509::SIGN_DSS,
    &certificate::SSH_RSA_CERT,
    &certificate::SSH_DSS_CERT,
    &x509::SSH_RSA,
    &x509::SSH_DSS,
];

/// Looks an algorithm up by its name.
pub fn by_name(name: &str) -> Option<&'static SignatureAlgorithm> {
    SIGNATURES.iter().copied().find(|row| row.name == name)
}

/// Verifies a signature blob `string algorithm | string signature` made with `algorithm` by the key in
/// `key_blob`. The name in the blob has to be that of `algorithm` (RFC 8332 section 3). Of a certificate
/// only the key is used here; see [`Certificate::verified`] and [`X509Chain::check`].
pub fn verify(
    algorithm: &SignatureAlgorithm,
    key_blob: &[u8],
    message: &[u8],
    signature_blob: &[u8],
) -> Result<(), Error> {
    let certified;
    let (algorithm, key_blob) = match algorithm.form {
        KeyForm::Plain => (algorithm, key_blob),
        KeyForm::Certificate => {
            certified = Certificate::parse(key_blob)?.key_blob;
            let signed_with = certificate::signed_with(algorithm, signature_blob);
            (signed_with.unwrap_or(algorithm), certified.as_slice())
        }
        KeyForm::X509 | KeyForm::X509Chain => {
            let chain = X509Chain::parse(algorithm, key_blob);
            certified = chain.map_err(|_| InvalidMessage::BadKeyBlob)?.into_key_blob();
            (algorithm, certified.as_slice())
        }
    };
    let mut reader = Reader::new(signature_blob);
    let mut parse = || {
        let name = reader.string()?;
        let signature =
            if algorithm.security_key { reader.take_rest() } else { reader.string()? };
        reader.clone().finish().map(|()| (name, signature))
    };
    let (name, signature) = parse().map_err(|_: InvalidMessage| InvalidMessage::BadKeyBlob)?;
    if name != algorithm.signature_name.as_bytes() {
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
    /// The X.509 certificates of this key, its own first.
    x509: Option<Arc<X509Chain>>,
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
        Self { public_blob, signer: signer.into(), certificate: None, x509: None }
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
        self.copy().with_certificate(blob)
    }

    /// A copy of the key with its X.509 certificates, each in DER and its own first, to be offered beside
    /// the plain key. Certificates that are not for this key, or that are too many or too large for a key
    /// exchange, are refused; the clients check everything else.
    pub fn with_x509(&self, chain: &[&[u8]]) -> Result<Self, X509Flaw> {
        let chain = X509Chain::for_host(chain)?;
        if chain.own().key_blob() != Some(&self.public_blob) {
            return Err(X509Flaw::OtherKey);
        }
        Ok(Self { x509: Some(Arc::new(chain)), ..self.copy() })
    }

    fn copy(&self) -> Self {
        Self {
            public_blob: self.public_blob.clone(),
            signer: Arc::clone(&self.signer),
            certificate: self.certificate.clone(),
            x509: self.x509.clone(),
        }
    }

    /// The public key blob without a certificate (RFC 4253 section 6.6).
    pub fn public_blob(&self) -> &[u8] {
        &self.public_blob
    }

    /// K_S (RFC 4253 section 8) when this algorithm was negotiated: a certificate or the plain key.
    /// `None` when the key cannot sign with it.
    pub fn blob_for(&self, algorithm: &SignatureAlgorithm) -> Option<Cow<'_, [u8]>> {
        if !self.algorithms().contains(&algorithm.plain_name()) {
            return None;
        }
        match algorithm.form {
            KeyForm::Plain => Some(Cow::Borrowed(&self.public_blob)),
            KeyForm::Certificate => {
                let certificate = self.certificate.as_ref();
                let (blob, _) = certificate.filter(|(_, name)| name == algorithm.key_type)?;
                Some(Cow::Borrowed(blob))
            }
            KeyForm::X509 | KeyForm::X509Chain => {
                self.x509.as_ref()?.blob_for(algorithm).map(Cow::Owned)
            }
        }
    }

    /// Whether it can sign with this algorithm, and has the certificates for it: [`Self::blob_for`].
    pub fn fits(&self, algorithm: &SignatureAlgorithm) -> bool {
        self.algorithms().contains(&algorithm.plain_name())
            && match algorithm.form {
                KeyForm::X509 | KeyForm::X509Chain => {
                    self.x509.as_ref().is_some_and(|chain| chain.fits(algorithm))
                }
                KeyForm::Plain | KeyForm::Certificate => self.blob_for(algorithm).is_some(),
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

    /// Signs `message` as the host key of this algorithm; the result is the blob `string algorithm | string
    /// signature`. An algorithm whose plain one is not one of [`Self::algorithms`] is refused.
    pub fn sign_as(
        &self,
        algorithm: &SignatureAlgorithm,
        message: &[u8],
    ) -> Result<Vec<u8>, CryptoError> {
        let plain = algorithm.plain_name();
        if !self.algorithms().contains(&plain) {
            return Err(CryptoError::UnsuitableKey);
        }
        let signature = x509::encoded(algorithm, self.signer.sign(plain, message)?)?;
        let name = algorithm.signature_name;
        let mut blob = Vec::with_capacity(8 + name.len() + signature.len());
        Writer::new(&mut blob).string(name).string(signature);
        Ok(blob)
    }

    /// The same with the plain key, by the name of one of [`Self::algorithms`].
    pub fn sign(&self, algorithm: &str, message: &[u8]) -> Result<Vec<u8>, CryptoError> {
        let row = by_name(algorithm).filter(|row| row.form == KeyForm::Plain);
        self.sign_as(row.ok_or(CryptoError::UnsuitableKey)?, message)
    }
}

impl std::fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PrivateKey(..)")
    }
}
