//! One X.509 certificate of a key blob (RFC 5280): its key, and whether a user may log in with it. Parsing is
//! strict: what `keystore` shows of an accepted certificate, it can show.

use der::Decode;
use der::asn1::ObjectIdentifier;
use der::oid::AssociatedOid;
use x509_cert::Certificate;
use x509_cert::ext::pkix::{BasicConstraints, ExtendedKeyUsage, KeyUsage, SubjectAltName};
use x509_cert::time::Time;

use super::flaw::X509Flaw;
use super::spki;
use crate::limits::MAX_X509_EXTENSIONS;

/// id-kp-clientAuth (RFC 5280 section 4.2.1.12)
const CLIENT_AUTH: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.2");
/// id-kp-secureShellClient (RFC 6187 section 4)
const SECURE_SHELL_CLIENT: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.21");

/// The extensions that are understood: those that are checked here, and the names, which are the program's
/// to look at.
const UNDERSTOOD: [ObjectIdentifier; 4] =
    [BasicConstraints::OID, KeyUsage::OID, ExtendedKeyUsage::OID, SubjectAltName::OID];

/// Signature algorithms with MD2, MD4 and MD5: whoever can have one certificate signed can make another one
/// with the same hash (RFC 6151 section 2).
const BROKEN_SIGNATURES: [ObjectIdentifier; 3] = [
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.2"),
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.3"),
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.4"),
];

/// A certificate with the bytes it was read from.
#[derive(Debug, Clone)]
pub struct X509Certificate {
    der: Vec<u8>,
    parsed: Certificate,
    key_blob: Option<Vec<u8>>,
    usage: Option<KeyUsage>,
    extended_usage: Option<ExtendedKeyUsage>,
}

impl X509Certificate {
    /// Reads one certificate in DER.
    pub(super) fn from_der(der: &[u8]) -> Result<Self, X509Flaw> {
        let malformed = |_: der::Error| X509Flaw::Malformed;
        let parsed = Certificate::from_der(der).map_err(malformed)?;
        let content = parsed.tbs_certificate();
        // RFC 5280 section 4.1.1.2: the signed algorithm is the one outside
        if content.signature() != parsed.signature_algorithm() {
            return Err(X509Flaw::Malformed);
        }
        let extensions = content.extensions().map(Vec::as_slice).unwrap_or_default();
        if extensions.len() > MAX_X509_EXTENSIONS {
            return Err(X509Flaw::TooLarge);
        }
        // RFC 5280 section 4.2: no extension twice
        let is_twice = |at: usize, oid| extensions.iter().skip(at + 1).any(|it| it.extn_id == oid);
        if extensions.iter().enumerate().any(|(at, it)| is_twice(at, it.extn_id)) {
            return Err(X509Flaw::Malformed);
        }
        content.get_extension::<BasicConstraints>().map_err(malformed)?;
        content.get_extension::<SubjectAltName>().map_err(malformed)?;
        let usage = content.get_extension::<KeyUsage>().map_err(malformed)?;
        let extended_usage = content.get_extension::<ExtendedKeyUsage>().map_err(malformed)?;
        Ok(Self {
            der: der.to_vec(),
            key_blob: spki::key_blob(content.subject_public_key_info()),
            usage: usage.map(|(_, usage)| usage),
            extended_usage: extended_usage.map(|(_, usage)| usage),
            parsed,
        })
    }

    /// The certificate in DER.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// The public key blob of its key (RFC 4253 section 6.6); `None` for a kind of key that SSH does not
    /// have.
    pub fn key_blob(&self) -> Option<&[u8]> {
        self.key_blob.as_deref()
    }

    pub(super) fn into_key_blob(self) -> Option<Vec<u8>> {
        self.key_blob
    }

    /// The size of an RSA key, and the hash of the signature. A root signs itself: nothing rests on that
    /// signature.
    pub(super) fn check_strength(&self, min_rsa_bits: u32) -> Result<(), X509Flaw> {
        let content = self.parsed.tbs_certificate();
        let is_short = |info| spki::rsa_modulus_bits(info).is_some_and(|bits| bits < min_rsa_bits);
        if is_short(content.subject_public_key_info()) {
            return Err(X509Flaw::WeakKey);
        }
        let is_root = content.subject() == content.issuer();
        if BROKEN_SIGNATURES.contains(&self.parsed.signature_algorithm().oid) && !is_root {
            return Err(X509Flaw::WeakSignature);
        }
        Ok(())
    }

    /// RFC 5280 section 4.1.2.5: both dates are part of the validity.
    pub(super) fn check_dates(&self, unix_time: Option<u64>) -> Result<(), X509Flaw> {
        let now = unix_time.ok_or(X509Flaw::NoClock)?;
        let validity = self.parsed.tbs_certificate().validity();
        let seconds = |time: Time| time.to_unix_duration().as_secs();
        if now < seconds(validity.not_before) {
            return Err(X509Flaw::NotYetValid);
        }
        if now > seconds(validity.not_after) {
            return Err(X509Flaw::Expired);
        }
        Ok(())
    }

    /// Whether the key may sign a login.
    pub(super) fn check_purpose(&self) -> Result<(), X509Flaw> {
        if self.usage.is_some_and(|usage| !usage.digital_signature()) {
            return Err(X509Flaw::KeyUsage);
        }
        let for_login = |oid: &ObjectIdentifier| [CLIENT_AUTH, SECURE_SHELL_CLIENT].contains(oid);
        if self.extended_usage.as_ref().is_some_and(|usage| !usage.0.iter().any(for_login)) {
            return Err(X509Flaw::ExtendedKeyUsage);
        }
        let extensions = self.parsed.tbs_certificate().extensions();
        let mut critical = extensions.into_iter().flatten().filter(|it| it.critical);
        match critical.find(|it| !UNDERSTOOD.contains(&it.extn_id)) {
            Some(unknown) => Err(X509Flaw::UnknownExtension(unknown.extn_id.to_string())),
            None => Ok(()),
        }
    }
}
