//! The documented `Certificate` type: a private key, an X.509 certificate, or both, with every documented
//! field. Fields that a bare key does not have are empty.

use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;

use aws_lc_rs::digest;
use md5::{Digest, Md5};
use zeroize::Zeroizing;

use super::contents::{Contents, Entry, EntryKey};
use super::detect::{self, Unread};
use super::distinguished_name::DistinguishedName;
use super::public_key::PublicKey;
use super::store_type::{self, Source, StoreType};
use super::x509::{X509, usage_text};
use super::{KeystoreError, LoadError, Unlock, base64, hex};
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
    /// PublicKeyLength in bits; 0 for algorithms of which only the object identifier is known.
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
    der: Option<Vec<u8>>,
    private_key_container: String,
    key: Option<Arc<PrivateKey>>,
}

/// The certificate of a store that is wanted.
#[derive(Debug, Clone, Copy)]
pub enum Wanted<'a> {
    /// The one with this subject, compared by its fields: one with exactly these fields, or else the first
    /// that contains them or the text, ignoring case; or the one that the store has under this name. "*"
    /// and "" select the first with a private key, or else the first.
    Subject(&'a str),
    /// The one with this MD5, SHA-1 or SHA-256 thumbprint in hexadecimal digits; a key without a
    /// certificate has its fingerprints instead.
    Thumbprint(&'a str),
    /// This X.509 certificate (PEM, DER or base64), with its private key out of the store.
    Encoded(&'a [u8]),
}

impl<'a> From<&'a str> for Wanted<'a> {
    fn from(subject: &'a str) -> Self {
        Self::Subject(subject)
    }
}

impl Certificate {
    /// Opens a store of a documented type and takes a certificate out of it.
    pub fn load<'a>(
        store_type: u32,
        store: &[u8],
        unlock: impl Into<Unlock<'a>>,
        wanted: impl Into<Wanted<'a>>,
    ) -> Result<Self, LoadError> {
        let failed = |unread: Unread| LoadError {
            store: store_text(store_type, store),
            format: unread.format,
            why: unread.why,
        };
        let row = StoreType::of(store_type)
            .ok_or(KeystoreError::NoSuchStoreType)
            .map_err(|why| failed(why.into()))?;
        let contents = store_type::open(row, store, &unlock.into()).map_err(failed)?;
        let chosen = match wanted.into() {
            Wanted::Subject(subject) => {
                select(&contents, subject).and_then(|selection| selection.finish())
            }
            Wanted::Thumbprint(thumbprint) => {
                select_thumbprint(&contents, thumbprint).and_then(|selection| selection.finish())
            }
            Wanted::Encoded(encoded) => detect::parse(encoded, Unlock::public_only())
                .and_then(|given| select_for(&contents, &given)?.finish()),
        };
        chosen.map_err(|why| failed(why.into()))
    }

    /// The X.509 certificate in DER, if there is one.
    pub fn der(&self) -> Option<&[u8]> {
        self.der.as_deref()
    }

    /// The private key, ready to sign, with its X.509 certificates.
    pub fn private_key(&self) -> Option<Arc<PrivateKey>> {
        self.key.clone()
    }

    /// PrivateKeyAvailable: whether there is a private key.
    pub fn private_key_available(&self) -> bool {
        self.key.is_some()
    }

    /// PrivateKeyContainer: only certificate stores of Windows have one.
    pub fn private_key_container(&self) -> &str {
        &self.private_key_container
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

/// The number and name of the type and, if there is such a file, its path.
fn store_text(store_type: u32, store: &[u8]) -> String {
    let row = StoreType::of(store_type);
    let mut text = match row {
        Some(row) => format!("Store type {store_type} ({})", row.name),
        None => format!("Store type {store_type}"),
    };
    let may_be_path = row.is_some_and(|row| matches!(row.source, Source::File | Source::Either));
    if let Ok(path) = std::str::from_utf8(store)
        && may_be_path
        && Path::new(path).exists()
    {
        text.push_str(&format!(", {path:?}"));
    }
    text
}

/// The selected entry of a store: a key, a certificate, or a certificate with its key.
#[derive(Debug)]
pub(super) struct Selection<'a> {
    pub(super) key: Option<&'a EntryKey>,
    /// The certificate, then its chain as far as the store has it.
    pub(super) certificates: Cow<'a, [X509]>,
}

impl<'a> Selection<'a> {
    fn of(entry: &'a Entry) -> Result<Self, KeystoreError> {
        if let Some(EntryKey::Unusable(why)) = &entry.key {
            return Err(why.clone());
        }
        Ok(Self { key: entry.key.as_ref(), certificates: Cow::Borrowed(&entry.certificates) })
    }

    /// A certificate of the chain of another one.
    fn of_certificate(certificate: &'a X509) -> Self {
        let certificates = Cow::Borrowed(std::slice::from_ref(certificate));
        Self { key: None, certificates }
    }

    pub(super) fn certificate(&self) -> Option<&X509> {
        self.certificates.first()
    }
}

/// Applies the documented rules for subjects.
pub(super) fn select<'a>(
    contents: &'a Contents,
    subject: &str,
) -> Result<Selection<'a>, KeystoreError> {
    if matches!(subject, "" | "*") {
        return select_any(contents);
    }
    // an entry with a private key is preferred
    let (with_key, without): (Vec<_>, Vec<_>) =
        contents.entries.iter().partition(|entry| entry.has_private_key());
    let ordered = || with_key.iter().chain(&without).copied();
    let by_subject = |is_wanted: &dyn Fn(&DistinguishedName) -> bool| {
        let is_wanted = |each: &X509| is_wanted(&each.subject_name());
        let own = ordered().find(|entry| entry.certificate().is_some_and(is_wanted));
        let of_chain = || ordered().flat_map(|entry| &entry.certificates).find(|it| is_wanted(it));
        own.map(Selection::of)
            .or_else(|| of_chain().map(|certificate| Ok(Selection::of_certificate(certificate))))
    };
    let lower = subject.to_lowercase();
    // two names rarely have the same fields in another order, but the text of a subject is unique
    by_subject(&|each| each.to_string() == subject)
        .or_else(|| {
            let wanted = DistinguishedName::parse(subject)?;
            let (exactly, folded) = (wanted.fields(), wanted.folded());
            by_subject(&|each| each.fields() == exactly)
                .or_else(|| by_subject(&|each| each.folded() == folded))
                .or_else(|| by_subject(&|each| each.folded().contain(&folded)))
                // a part of a value matches, too
                .or_else(|| {
                    let part = wanted.to_string().to_lowercase();
                    by_subject(&|each| each.to_string().to_lowercase().contains(&part))
                })
        })
        .or_else(|| by_subject(&|each| each.to_string().to_lowercase().contains(&lower)))
        .or_else(|| {
            let named = ordered().find(|entry| entry.name.as_deref() == Some(subject));
            named.map(Selection::of)
        })
        .unwrap_or(Err(KeystoreError::NoMatchingSubject))
}

fn select_any(contents: &Contents) -> Result<Selection<'_>, KeystoreError> {
    let is_usable = |entry: &&Entry| entry.key.as_ref().is_some_and(EntryKey::is_private);
    let usable = || contents.entries.iter().filter(is_usable);
    if let Some(entry) = usable().find(|entry| entry.certificate().is_some()) {
        return Selection::of(entry);
    }
    if let Some(entry) = usable().next() {
        // a program that puts a certificate beside a key wants to use it
        return match contents.certificates().next() {
            Some(_) => Err(KeystoreError::KeyOfAnotherCertificate),
            None => Selection::of(entry),
        };
    }
    let unusable = contents.entries.iter().find(|entry| entry.has_private_key());
    let first = unusable.or(contents.entries.first());
    Selection::of(first.ok_or(KeystoreError::NoKeyAndNoCertificate)?)
}

fn select_thumbprint<'a>(
    contents: &'a Contents,
    wanted: &str,
) -> Result<Selection<'a>, KeystoreError> {
    let is_separator = |c: char| c == ':' || c == '-' || c.is_whitespace();
    let wanted: String =
        wanted.chars().filter(|&c| !is_separator(c)).collect::<String>().to_uppercase();
    let is_wanted = |bytes: &[u8]| {
        wanted == hex::encode(&Md5::digest(bytes))
            || wanted == hex::encode(sha1(bytes).as_ref())
            || wanted == hex::encode(sha256(bytes).as_ref())
    };
    for entry in &contents.entries {
        if entry.certificate().is_some_and(|own| is_wanted(own.der())) {
            return Selection::of(entry);
        }
        let of_chain = entry.certificates.iter().find(|each| is_wanted(each.der()));
        if let Some(certificate) = of_chain {
            return Ok(Selection::of_certificate(certificate));
        }
        let bare = entry.key.as_ref().filter(|_| entry.certificates.is_empty());
        if bare.and_then(EntryKey::public).is_some_and(|key| is_wanted(&key.ssh_blob())) {
            return Selection::of(entry);
        }
    }
    Err(KeystoreError::NoMatchingThumbprint)
}

/// The certificate of `given` with its key from the store.
pub(super) fn select_for<'a>(
    contents: &'a Contents,
    given: &'a Contents,
) -> Result<Selection<'a>, KeystoreError> {
    let certificate = given.certificates().next().ok_or(KeystoreError::NoCertificate)?;
    let public = certificate.public_key();
    let owner = contents
        .entries
        .iter()
        .filter(|entry| entry.has_private_key())
        .find(|entry| public.is_some() && entry.public() == public)
        .ok_or(KeystoreError::KeyOfAnotherCertificate)?;
    // what was given comes first, and the store may have the rest of the chain
    let others = given.certificates().chain(contents.certificates());
    let mut others = others.filter(|it| it.der() != certificate.der()).cloned().collect();
    let mut chain = Contents::from(Entry::of_certificate(certificate.clone()));
    chain.lengthen_chains(&mut others);
    let certificates = chain.entries.into_iter().flat_map(|entry| entry.certificates).collect();
    Ok(Selection { certificates: Cow::Owned(certificates), ..Selection::of(owner)? })
}

impl Selection<'_> {
    /// Builds the documented type, including the key that signs.
    pub(super) fn finish(&self) -> Result<Certificate, KeystoreError> {
        let mut certificate = self.describe()?;
        certificate.key = match self.key {
            Some(EntryKey::Private(key)) => {
                let why = || key.public().unusable().unwrap_or(KeystoreError::UnsuitableKey);
                let key = Arc::new(PrivateKey::new(key.material()).map_err(|_| why())?);
                Some(self.with_chain(key))
            }
            Some(EntryKey::Token { signer, .. }) => Some(self.with_chain(signer.clone())),
            Some(EntryKey::Public(_) | EntryKey::Unusable(_)) | None => None,
        };
        Ok(certificate)
    }

    /// The key with its certificates, which a server can prove itself with (RFC 6187). Certificates that do
    /// not do for that, because they are too large for a key exchange or not for this key, are left out: the
    /// key alone is of use, too.
    fn with_chain(&self, key: Arc<PrivateKey>) -> Arc<PrivateKey> {
        let chain: Vec<&[u8]> = self.certificates.iter().map(X509::der).collect();
        key.with_x509(&chain).map_or(key, Arc::new)
    }

    /// Builds the documented type without the key that signs.
    pub(super) fn describe(&self) -> Result<Certificate, KeystoreError> {
        let mut out = Certificate::default();
        if let Some(public) = self.key.and_then(EntryKey::public) {
            out.describe_public_key(public);
            out.public_key = to_pem("PUBLIC KEY", &public.spki_der());
        }
        if let Some(EntryKey::Token { container, .. }) = self.key {
            out.private_key_container.clone_from(container);
        }
        if let Some(EntryKey::Private(key)) = self.key {
            out.private_key_pem = base64::to_pem("PRIVATE KEY", key.pkcs8());
        }
        if let Some(certificate) = self.certificate() {
            out.describe_certificate(certificate)?;
        }
        Ok(out)
    }
}

impl Certificate {
    fn describe_public_key(&mut self, key: &PublicKey) {
        let blob = key.ssh_blob();
        self.fingerprint = hex::encode_with_colons(&Md5::digest(&blob));
        self.fingerprint_sha1 = hex::encode_with_colons(sha1(&blob).as_ref());
        self.fingerprint_sha256 = hex::encode_with_colons(sha256(&blob).as_ref());
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
        self.der = Some(der.to_vec());
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
        self.thumbprint_md5 = hex::encode(&Md5::digest(der));
        self.thumbprint_sha1 = hex::encode(sha1(der).as_ref());
        self.thumbprint_sha256 = hex::encode(sha256(der).as_ref());
        Ok(())
    }
}

fn sha1(bytes: &[u8]) -> digest::Digest {
    digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, bytes)
}

fn sha256(bytes: &[u8]) -> digest::Digest {
    digest::digest(&digest::SHA256, bytes)
}

/// A PEM block of public data.
fn to_pem(label: &str, der: &[u8]) -> String {
    base64::to_pem(label, der).to_string()
}
