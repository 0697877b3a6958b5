//! X.509 certificates as keys (RFC 6187, and the two forms from before it that PKIX-SSH and older programs
//! have): the blobs that they travel in. Host keys are sent in them, user keys are read from them, before
//! the client has logged in. Who is trusted is not decided here.

mod certificate;
mod flaw;
mod rows;
pub(crate) mod spki;
#[cfg(test)]
mod tests;

pub use certificate::X509Certificate;
pub use flaw::X509Flaw;
pub(super) use rows::{
    ECDSA_NISTP256, ECDSA_NISTP384, ECDSA_NISTP521, ED25519, RSA2048_SHA256, SIGN_DSS, SIGN_RSA,
    SSH_DSS, SSH_RSA, encoded,
};

use super::{KeyForm, SignatureAlgorithm, rsa_bits};
use crate::error::InvalidMessage;
use crate::limits::{MAX_X509_CERTIFICATE_LEN, MAX_X509_CERTIFICATES, MAX_X509_HOST_CHAIN_LEN};
use crate::wire::{Reader, Writer};

/// The certificates of one key: its own first, then those of the authorities that lead to a trusted one, as
/// far as the owner has sent them. There is at least one.
#[derive(Debug, Clone)]
pub struct X509Chain {
    own: X509Certificate,
    others: Vec<X509Certificate>,
}

/// What the verifier of a user's certificates goes by.
#[derive(Debug, Clone, Copy)]
pub struct X509Policy {
    /// Seconds since 1970; without a time no certificate is valid.
    pub unix_time: Option<u64>,
    /// RSA keys below this size, in bits, are refused.
    pub min_rsa_bits: u32,
}

impl X509Chain {
    /// Reads the key blob of an algorithm, `string key_type | uint32 n | string certificate[n] | uint32 m |
    /// string ocsp_response[m]` or one bare certificate. OCSP responses are skipped. Nothing is verified.
    pub fn parse(algorithm: &SignatureAlgorithm, blob: &[u8]) -> Result<Self, X509Flaw> {
        if algorithm.form == KeyForm::X509 {
            return Self::new(&[blob]);
        }
        let malformed = |_: InvalidMessage| X509Flaw::Blob;
        let mut reader = Reader::new(blob);
        if reader.string().map_err(malformed)? != algorithm.key_type.as_bytes() {
            return Err(X509Flaw::Blob);
        }
        let count = bounded(reader.u32().map_err(malformed)?)?;
        let mut certificates = Vec::with_capacity(count);
        for _ in 0..count {
            certificates.push(reader.string().map_err(malformed)?);
        }
        // RFC 6187 section 2.1: no more responses than certificates
        let responses = reader.u32().map_err(malformed)?;
        if usize::try_from(responses).is_ok_and(|responses| responses > count) {
            return Err(X509Flaw::Blob);
        }
        for _ in 0..responses {
            reader.string().map_err(malformed)?;
        }
        reader.finish().map_err(malformed)?;
        Self::new(&certificates)
    }

    /// The chain of a host key: it has to fit into a packet that every client takes.
    pub(super) fn for_host(certificates: &[&[u8]]) -> Result<Self, X509Flaw> {
        let len = certificates.iter().map(|der| der.len().saturating_add(4)).sum::<usize>();
        if len > MAX_X509_HOST_CHAIN_LEN {
            return Err(X509Flaw::TooLarge);
        }
        Self::new(certificates)
    }

    fn new(certificates: &[&[u8]]) -> Result<Self, X509Flaw> {
        // RFC 6187 section 2.1: at least one
        let (own, others) = certificates.split_first().ok_or(X509Flaw::Blob)?;
        if others.len() >= MAX_X509_CERTIFICATES {
            return Err(X509Flaw::TooMany);
        }
        if certificates.iter().any(|der| der.len() > MAX_X509_CERTIFICATE_LEN) {
            return Err(X509Flaw::TooLarge);
        }
        let others = others.iter().map(|der| X509Certificate::from_der(der));
        Ok(Self { own: X509Certificate::from_der(own)?, others: others.collect::<Result<_, _>>()? })
    }

    /// The certificate of the key.
    pub fn own(&self) -> &X509Certificate {
        &self.own
    }

    /// All certificates, in the order of the blob.
    pub fn certificates(&self) -> impl Iterator<Item = &X509Certificate> {
        std::iter::once(&self.own).chain(&self.others)
    }

    /// The public key blob of the certified key, without certificates; empty for a kind of key that no
    /// algorithm has.
    pub(super) fn into_key_blob(self) -> Vec<u8> {
        self.own.into_key_blob().unwrap_or_default()
    }

    /// Checks what needs no trust, so that the program is asked only about certificates that could be good:
    /// of the user's own certificate that its key is one for the algorithm, its dates, and what it may be
    /// used for (RFC 6187 section 4, RFC 5280 section 4.2); of all of them their keys and signatures' hashes.
    /// Whether an authority has signed them, and which one, is for the program to find out.
    pub fn check(
        &self,
        algorithm: &SignatureAlgorithm,
        policy: &X509Policy,
    ) -> Result<&[u8], X509Flaw> {
        let key_blob = self.own.key_blob().filter(|blob| is_key_of(algorithm, blob));
        let key_blob = key_blob.ok_or(X509Flaw::OtherKey)?;
        for certificate in self.certificates() {
            certificate.check_strength(policy.min_rsa_bits)?;
        }
        if rsa_bits(key_blob).is_some_and(|bits| bits < rows::min_rsa_bits(algorithm)) {
            return Err(X509Flaw::WeakKey);
        }
        self.own.check_dates(policy.unix_time)?;
        self.own.check_purpose()?;
        Ok(key_blob)
    }

    /// K_S for an algorithm, if the key is one for it.
    pub(super) fn blob_for(&self, algorithm: &SignatureAlgorithm) -> Option<Vec<u8>> {
        if !self.fits(algorithm) {
            return None;
        }
        if algorithm.form == KeyForm::X509 {
            return Some(self.own.der().to_vec());
        }
        let mut blob = Vec::new();
        let mut writer = Writer::new(&mut blob);
        writer.string(algorithm.key_type);
        writer.u32(u32::try_from(self.others.len()).ok()?.checked_add(1)?);
        for certificate in self.certificates() {
            writer.string(certificate.der());
        }
        writer.u32(0);
        Some(blob)
    }

    /// Whether the key is one for an algorithm.
    pub(super) fn fits(&self, algorithm: &SignatureAlgorithm) -> bool {
        let is_large = |blob| rsa_bits(blob).is_none_or(|it| it >= rows::min_rsa_bits(algorithm));
        self.own.key_blob().is_some_and(|blob| is_key_of(algorithm, blob) && is_large(blob))
    }
}

/// A count of certificates, which is bounded before anything is allocated.
fn bounded(count: u32) -> Result<usize, X509Flaw> {
    let count = usize::try_from(count).map_err(|_| X509Flaw::TooMany)?;
    if count > MAX_X509_CERTIFICATES { Err(X509Flaw::TooMany) } else { Ok(count) }
}

/// Whether a plain blob is of the key type that the algorithm signs with.
fn is_key_of(algorithm: &SignatureAlgorithm, blob: &[u8]) -> bool {
    let key_type = algorithm.plain.map_or(algorithm.key_type, |plain| plain.key_type);
    Reader::new(blob).string() == Ok(key_type.as_bytes())
}
