//! The documented `Certificate` type: a private key, an X.509 certificate, or both, with everything
//! the documentation lets a program ask about them. What a bare key has no answer for is empty.

use std::path::Path;
use std::sync::Arc;

use aws_lc_rs::digest;
use md5::{Digest, Md5};
use zeroize::Zeroizing;

use super::private_key::ParsedKey;
use super::public_key::PublicKey;
use super::x509::{X509, hex, usage_text};
use super::{Contents, KeystoreError, base64, detect, file};
use crate::crypto::signature::PrivateKey;

/// A key or a certificate, or a certificate with its key.
#[derive(Clone, Default)]
pub struct Certificate {
    /// EffectiveDate: "23-Jan-2000 15:00:00", in UTC.
    pub effective_date: String,
    /// ExpirationDate, in the same form.
    pub expiration_date: String,
    /// Encoded: the certificate as a PEM block.
    pub encoded: String,
    /// ExtendedKeyUsage: object identifiers with commas between them.
    pub extended_key_usage: String,
    /// Fingerprint: the MD5 of the public key blob, as `ssh-keygen -l -E md5` prints it.
    pub fingerprint: String,
    /// FingerprintSHA1, in the same form.
    pub fingerprint_sha1: String,
    /// FingerprintSHA256, in the same form (not in base64 as ssh-keygen has it).
    pub fingerprint_sha256: String,
    /// Issuer, in the form of the subject.
    pub issuer: String,
    /// PrivateKey: an unencrypted PKCS#8 PEM block; empty if there is no private key.
    pub private_key_pem: Zeroizing<String>,
    /// PublicKey: SubjectPublicKeyInfo as a PEM block.
    pub public_key: String,
    /// PublicKeyAlgorithm: "RSA", "ECDSA", "EdDSA" or an object identifier.
    pub public_key_algorithm: String,
    /// PublicKeyLength in bits; 0 for algorithms that only the object identifier is known of.
    pub public_key_length: u32,
    /// SerialNumber: pairs of upper-case hexadecimal digits.
    pub serial_number: String,
    /// SignatureAlgorithm: the standard's name, as "sha256WithRSAEncryption", or an object
    /// identifier.
    pub signature_algorithm: String,
    /// Subject: "CN=..., O=...", values with commas in quotes.
    pub subject: String,
    /// SubjectAltNames: the names with commas between them.
    pub subject_alt_names: String,
    /// ThumbprintMD5 of the certificate: upper-case hexadecimal digits.
    pub thumbprint_md5: String,
    /// ThumbprintSHA1, in the same form.
    pub thumbprint_sha1: String,
    /// ThumbprintSHA256, in the same form.
    pub thumbprint_sha256: String,
    /// Usage: the documented texts with commas between them.
    pub usage: String,
    /// UsageFlags: the documented flags.
    pub usage_flags: u32,
    /// Version: "V1", "V2" or "V3".
    pub version: String,
    key: Option<Arc<PrivateKey>>,
}

impl Certificate {
    /// Opens a store of a documented type and takes the certificate with the subject out of it:
    /// the first whose subject is exactly `subject`, else the first that contains it. "*" and ""
    /// take the one that belongs to the private key, the bare key if there is no certificate, or
    /// else the first certificate.
    pub fn load(
        store_type: u32,
        store: &[u8],
        password: &str,
        subject: &str,
    ) -> Result<Self, KeystoreError> {
        let contents = detect::open(store_type, store, password)?;
        select(&contents, subject)?.finish()
    }

    /// Opens a store of a documented type for the private key of `encoded`, an X.509 certificate
    /// (PEM, DER or base64).
    pub fn load_encoded(
        store_type: u32,
        store: &[u8],
        password: &str,
        encoded: &[u8],
    ) -> Result<Self, KeystoreError> {
        let contents = detect::open(store_type, store, password)?;
        let given = detect::parse(encoded, "")?;
        select_for(&contents, &given)?.finish()
    }

    /// Reads a file with an X.509 certificate. A private key beside it is not taken.
    pub fn from_file(path: &Path) -> Result<Self, KeystoreError> {
        Self::from_bytes(&file::read(path)?)
    }

    /// Reads an X.509 certificate (PEM, DER or base64). A private key beside it is not taken.
    pub fn from_bytes(data: &[u8]) -> Result<Self, KeystoreError> {
        let contents = detect::parse(data, "")?;
        let certificate = contents.certificates.first();
        Selection { key: None, certificate: Some(certificate.ok_or(KeystoreError::NoCertificate)?) }
            .finish()
    }

    /// The private key, ready to sign.
    pub fn private_key(&self) -> Option<Arc<PrivateKey>> {
        self.key.clone()
    }

    /// PrivateKeyAvailable: whether there is a private key.
    pub fn private_key_available(&self) -> bool {
        self.key.is_some()
    }

    /// PrivateKeyContainer: only certificate stores of Windows have one.
    pub fn private_key_container(&self) -> &'static str {
        ""
    }
}

impl std::fmt::Debug for Certificate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Certificate")
            .field("subject", &self.subject)
            .field("fingerprint_sha256", &self.fingerprint_sha256)
            .field("private_key_available", &self.private_key_available())
            .finish_non_exhaustive()
    }
}

/// What was found in a store: a key, a certificate, or a certificate with its key.
#[derive(Debug)]
pub(super) struct Selection<'a> {
    pub(super) key: Option<&'a ParsedKey>,
    pub(super) certificate: Option<&'a X509>,
}

/// Applies the documented rules for subjects.
pub(super) fn select<'a>(
    contents: &'a Contents,
    subject: &str,
) -> Result<Selection<'a>, KeystoreError> {
    let certificates = &contents.certificates;
    let key = contents.key.as_ref();
    let certificate = if matches!(subject, "" | "*") {
        let of_the_key = certificates.iter().find(|each| belongs_to(each, key));
        if of_the_key.is_none() && key.is_some() && !certificates.is_empty() {
            return Err(KeystoreError::KeyOfAnotherCertificate);
        }
        of_the_key.or(certificates.first())
    } else {
        let exact = certificates.iter().find(|each| each.subject() == subject);
        let found = exact.or_else(|| {
            let mut all = certificates.iter();
            all.find(|each| each.subject().contains(subject))
        });
        Some(found.ok_or(KeystoreError::NoMatchingSubject)?)
    };
    Ok(Selection {
        key: key.filter(|_| certificate.is_none_or(|each| belongs_to(each, key))),
        certificate,
    })
}

/// The certificate of `given` with its key from the store.
pub(super) fn select_for<'a>(
    contents: &'a Contents,
    given: &'a Contents,
) -> Result<Selection<'a>, KeystoreError> {
    let certificate = given.certificates.first();
    let certificate = certificate.ok_or(KeystoreError::NoCertificate)?;
    let key = contents.key.as_ref();
    if !belongs_to(certificate, key) {
        return Err(KeystoreError::KeyOfAnotherCertificate);
    }
    Ok(Selection { key, certificate: Some(certificate) })
}

fn belongs_to(certificate: &X509, key: Option<&ParsedKey>) -> bool {
    key.is_some_and(|key| certificate.public_key().as_ref() == Some(key.public()))
}

impl Selection<'_> {
    /// Builds the whole type, with the key that signs.
    fn finish(&self) -> Result<Certificate, KeystoreError> {
        let mut certificate = self.describe()?;
        if let Some(key) = self.key {
            let key = PrivateKey::new(key.material()).map_err(|_| KeystoreError::UnsuitableKey)?;
            certificate.key = Some(Arc::new(key));
        }
        Ok(certificate)
    }

    /// Everything but the key that signs.
    pub(super) fn describe(&self) -> Result<Certificate, KeystoreError> {
        let mut out = Certificate::default();
        if let Some(key) = self.key {
            out.describe_public_key(key.public());
            out.public_key = to_pem("PUBLIC KEY", &key.public().spki_der());
            out.private_key_pem = base64::to_pem("PRIVATE KEY", key.pkcs8());
        }
        if let Some(certificate) = self.certificate {
            out.describe_certificate(certificate)?;
        }
        Ok(out)
    }
}

impl Certificate {
    fn describe_public_key(&mut self, key: &PublicKey) {
        let blob = key.ssh_blob();
        self.fingerprint = colon_hex(&Md5::digest(&blob));
        self.fingerprint_sha1 = colon_hex(sha1(&blob).as_ref());
        self.fingerprint_sha256 = colon_hex(sha256(&blob).as_ref());
        self.public_key_algorithm = key.algorithm_name().to_owned();
        self.public_key_length = key.bits();
    }

    fn describe_certificate(&mut self, certificate: &X509) -> Result<(), KeystoreError> {
        match certificate.public_key() {
            Some(key) => self.describe_public_key(&key),
            None => self.public_key_algorithm = certificate.key_algorithm().to_string(),
        }
        let der = certificate.der();
        self.public_key = to_pem("PUBLIC KEY", &certificate.spki_der()?);
        self.encoded = to_pem("CERTIFICATE", der);
        self.effective_date = certificate.effective_date();
        self.expiration_date = certificate.expiration_date();
        self.subject = certificate.subject();
        self.issuer = certificate.issuer();
        self.serial_number = certificate.serial_number();
        self.signature_algorithm = certificate.signature_algorithm();
        self.version = certificate.version().to_owned();
        self.usage_flags = certificate.usage_flags()?;
        self.usage = usage_text(self.usage_flags);
        self.extended_key_usage = certificate.extended_key_usage()?;
        self.subject_alt_names = certificate.subject_alt_names()?;
        self.thumbprint_md5 = hex(&Md5::digest(der));
        self.thumbprint_sha1 = hex(sha1(der).as_ref());
        self.thumbprint_sha256 = hex(sha256(der).as_ref());
        Ok(())
    }
}

fn sha1(bytes: &[u8]) -> digest::Digest {
    digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, bytes)
}

fn sha256(bytes: &[u8]) -> digest::Digest {
    digest::digest(&digest::SHA256, bytes)
}

/// A PEM block of something public.
fn to_pem(label: &str, der: &[u8]) -> String {
    base64::to_pem(label, der).to_string()
}

/// Pairs of lower-case hexadecimal digits with colons between them.
fn colon_hex(bytes: &[u8]) -> String {
    let pairs: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    pairs.join(":")
}
