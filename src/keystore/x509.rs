//! The fields of X.509 certificates (RFC 5280) as the documented texts: names, dates, usages.

use std::net::{Ipv4Addr, Ipv6Addr};

use der::asn1::ObjectIdentifier;
use der::{Decode, Encode, Tag};
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::ext::pkix::{BasicConstraints, ExtendedKeyUsage, KeyUsage, SubjectAltName};
use x509_cert::time::Time;
use zeroize::Zeroizing;

use super::distinguished_name::{DistinguishedName, string_text};
use super::elements::{Elements, context};
use super::public_key::PublicKey;
use super::{KeystoreError, hex};

const MALFORMED: KeystoreError = KeystoreError::Malformed("X.509 certificate");

/// A certificate with the bytes it was read from.
#[derive(Debug, Clone)]
pub struct X509 {
    der: Vec<u8>,
    parsed: x509_cert::Certificate,
}

impl X509 {
    /// Reads one certificate in DER. Its signature is not verified: a host does not need to trust the
    /// issuer of its own certificate.
    pub fn from_der(der: &[u8]) -> Result<Self, KeystoreError> {
        Ok(Self {
            der: der.to_vec(),
            parsed: x509_cert::Certificate::from_der(der).map_err(|_| MALFORMED)?,
        })
    }

    /// The certificate in DER.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// The public key, if a host key can be of this kind.
    pub(super) fn public_key(&self) -> Option<PublicKey> {
        PublicKey::from_spki(self.parsed.tbs_certificate().subject_public_key_info()).ok()
    }

    /// SubjectPublicKeyInfo, in DER.
    pub(super) fn spki_der(&self) -> Result<Zeroizing<Vec<u8>>, KeystoreError> {
        let spki = self.parsed.tbs_certificate().subject_public_key_info();
        spki.to_der().map(Zeroizing::new).map_err(|_| MALFORMED)
    }

    /// The object identifier of the key's algorithm.
    pub(super) fn key_algorithm(&self) -> ObjectIdentifier {
        let spki = self.parsed.tbs_certificate().subject_public_key_info();
        spki.algorithm.oid
    }

    /// The subject, "CN=..., O=...".
    pub fn subject(&self) -> String {
        self.subject_name().to_string()
    }

    /// The issuer, in the form of the subject.
    pub fn issuer(&self) -> String {
        self.issuer_name().to_string()
    }

    /// The fields of the subject.
    pub(super) fn subject_name(&self) -> DistinguishedName {
        DistinguishedName::of(self.parsed.tbs_certificate().subject())
    }

    /// The fields of the issuer.
    pub(super) fn issuer_name(&self) -> DistinguishedName {
        DistinguishedName::of(self.parsed.tbs_certificate().issuer())
    }

    pub(super) fn effective_date(&self) -> String {
        date_text(&self.parsed.tbs_certificate().validity().not_before)
    }

    pub(super) fn expiration_date(&self) -> String {
        date_text(&self.parsed.tbs_certificate().validity().not_after)
    }

    /// Pairs of upper-case hexadecimal digits, without the leading zero byte that keeps the number
    /// positive.
    pub(super) fn serial_number(&self) -> String {
        match self.parsed.tbs_certificate().serial_number().as_bytes() {
            [0, rest @ ..] if !rest.is_empty() => hex::encode(rest),
            bytes => hex::encode(bytes),
        }
    }

    pub(super) fn version(&self) -> &'static str {
        match self.parsed.tbs_certificate().version() {
            x509_cert::Version::V1 => "V1",
            x509_cert::Version::V2 => "V2",
            x509_cert::Version::V3 => "V3",
        }
    }

    /// The name its standard gives the algorithm, or the object identifier.
    pub(super) fn signature_algorithm(&self) -> String {
        let oid = self.parsed.signature_algorithm().oid.to_string();
        let name = match oid.as_str() {
            "1.2.840.113549.1.1.4" => "md5WithRSAEncryption",
            "1.2.840.113549.1.1.5" => "sha1WithRSAEncryption",
            "1.2.840.113549.1.1.10" => "RSASSA-PSS",
            "1.2.840.113549.1.1.11" => "sha256WithRSAEncryption",
            "1.2.840.113549.1.1.12" => "sha384WithRSAEncryption",
            "1.2.840.113549.1.1.13" => "sha512WithRSAEncryption",
            "1.2.840.113549.1.1.14" => "sha224WithRSAEncryption",
            "1.2.840.10040.4.3" => "dsaWithSHA1",
            "2.16.840.1.101.3.4.3.2" => "dsaWithSHA256",
            "1.2.840.10045.4.1" => "ecdsa-with-SHA1",
            "1.2.840.10045.4.3.1" => "ecdsa-with-SHA224",
            "1.2.840.10045.4.3.2" => "ecdsa-with-SHA256",
            "1.2.840.10045.4.3.3" => "ecdsa-with-SHA384",
            "1.2.840.10045.4.3.4" => "ecdsa-with-SHA512",
            "1.3.101.112" => "Ed25519",
            "1.3.101.113" => "Ed448",
            _ => return oid,
        };
        name.to_owned()
    }

    /// RFC 5280 4.2.1.3, as the documented flags.
    pub(super) fn usage_flags(&self) -> Result<u32, KeystoreError> {
        let usage = self.extension::<KeyUsage>()?;
        Ok(usage.map_or(0, |usage| {
            USAGES.iter().filter(|row| (row.is_set)(&usage)).fold(0, |flags, row| flags | row.flag)
        }))
    }

    /// RFC 5280 4.2.1.12: the object identifiers, with commas between them.
    pub(super) fn extended_key_usage(&self) -> Result<String, KeystoreError> {
        let usage = self.extension::<ExtendedKeyUsage>()?;
        let identifiers = usage.map(|usage| usage.0).unwrap_or_default();
        let texts: Vec<String> = identifiers.iter().map(ToString::to_string).collect();
        Ok(texts.join(","))
    }

    /// RFC 5280 4.2.1.6: the names without their types, with commas between them.
    pub(super) fn subject_alt_names(&self) -> Result<String, KeystoreError> {
        let names = self.extension::<SubjectAltName>()?;
        let names = names.map(|names| names.0).unwrap_or_default();
        let texts: Vec<String> = names.iter().filter_map(general_name_text).collect();
        Ok(texts.join(","))
    }

    /// Whether this certificate says that `issuer` has issued it.
    pub(super) fn names_as_issuer(&self, issuer: &Self) -> bool {
        self.parsed.tbs_certificate().issuer() == issuer.parsed.tbs_certificate().subject()
    }

    /// Whether it may sign other certificates (RFC 5280 sections 4.2.1.3 and 4.2.1.9).
    pub(super) fn is_authority(&self) -> bool {
        let is_authority =
            self.extension::<BasicConstraints>().is_ok_and(|it| it.is_some_and(|it| it.ca));
        let usage = self.extension::<KeyUsage>();
        is_authority && usage.is_ok_and(|it| it.is_none_or(|usage| usage.key_cert_sign()))
    }

    /// The same for one that a program trusts: in version 1 nothing says what a certificate is for.
    pub(super) fn may_be_trusted_to_sign(&self) -> bool {
        self.is_authority() || self.parsed.tbs_certificate().version() == x509_cert::Version::V1
    }

    /// Whether its key may sign logins (RFC 6187 section 4).
    pub(super) fn may_sign_logins(&self) -> bool {
        let usage = self.extension::<KeyUsage>();
        usage.is_ok_and(|it| it.is_none_or(|usage| usage.digital_signature()))
    }

    /// Whether this time, in seconds since 1970, is in its validity.
    pub(super) fn is_valid_at(&self, unix_time: u64) -> bool {
        let validity = self.parsed.tbs_certificate().validity();
        let seconds = |time: Time| time.to_unix_duration().as_secs();
        (seconds(validity.not_before)..=seconds(validity.not_after)).contains(&unix_time)
    }

    /// What its issuer has signed, in the bytes that it was read from, and the signature.
    pub(super) fn signed(&self) -> Option<Signed<'_>> {
        let mut outer = Elements::of_data(&self.der, Tag::Sequence).ok()?;
        let (content, _) = outer.encoded().ok()?;
        let algorithm = outer.bytes(Tag::Sequence).ok()?;
        let signature = self.parsed.signature().as_bytes()?;
        Some(Signed { content, algorithm, signature })
    }

    /// The bytes of the public key, and of what its algorithm is called.
    pub(super) fn bare_public_key(&self) -> Option<BareKey<'_>> {
        let mut outer = Elements::of_data(&self.der, Tag::Sequence).ok()?;
        let mut content = outer.sequence().ok()?;
        content.optional(context(0)).ok()?;
        // serial number, signature, issuer, validity, subject
        for _ in 0..5 {
            content.any().ok()?;
        }
        let algorithm = content.sequence().ok()?.bytes(Tag::Sequence).ok()?;
        let bytes = self.parsed.tbs_certificate().subject_public_key_info();
        Some(BareKey { algorithm, bytes: bytes.subject_public_key.as_bytes()? })
    }

    fn extension<'a, T>(&'a self) -> Result<Option<T>, KeystoreError>
    where
        T: Decode<'a> + der::oid::AssociatedOid,
    {
        match self.parsed.tbs_certificate().get_extension::<T>() {
            Ok(found) => Ok(found.map(|(_critical, extension)| extension)),
            Err(_) => Err(MALFORMED),
        }
    }
}

/// The parts of a certificate that make its signature.
pub(super) struct Signed<'a> {
    /// TBSCertificate
    pub(super) content: &'a [u8],
    /// The content of the AlgorithmIdentifier.
    pub(super) algorithm: &'a [u8],
    pub(super) signature: &'a [u8],
}

/// A public key without what is around it.
pub(super) struct BareKey<'a> {
    /// The content of the AlgorithmIdentifier.
    pub(super) algorithm: &'a [u8],
    pub(super) bytes: &'a [u8],
}

/// One documented usage.
struct Usage {
    flag: u32,
    text: &'static str,
    is_set: fn(&KeyUsage) -> bool,
}

const fn usage(flag: u32, text: &'static str, is_set: fn(&KeyUsage) -> bool) -> Usage {
    Usage { flag, text, is_set }
}

static USAGES: &[Usage] = &[
    usage(0x80, "Digital Signatures", KeyUsage::digital_signature),
    usage(0x40, "Key Authentication", KeyUsage::non_repudiation),
    usage(0x20, "Key Encryption", KeyUsage::key_encipherment),
    usage(0x10, "Data Encryption", KeyUsage::data_encipherment),
    usage(0x08, "Key Agreement", KeyUsage::key_agreement),
    usage(0x04, "Certificate Signing", KeyUsage::key_cert_sign),
    usage(0x02, "Key Signing", KeyUsage::crl_sign),
];

/// The documented texts of usage flags, with commas between them.
pub(super) fn usage_text(flags: u32) -> String {
    let set = USAGES.iter().filter(|row| flags & row.flag != 0);
    let texts: Vec<&str> = set.map(|row| row.text).collect();
    texts.join(",")
}

/// "23-Jan-2000 15:00:00", in UTC.
fn date_text(time: &Time) -> String {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let date = time.to_date_time();
    let month = usize::from(date.month())
        .checked_sub(1)
        .and_then(|index| MONTHS.get(index))
        .unwrap_or(&"???");
    format!(
        "{:02}-{month}-{:04} {:02}:{:02}:{:02}",
        date.day(),
        date.year(),
        date.hour(),
        date.minutes(),
        date.seconds()
    )
}

fn general_name_text(name: &GeneralName) -> Option<String> {
    Some(match name {
        GeneralName::DnsName(text)
        | GeneralName::Rfc822Name(text)
        | GeneralName::UniformResourceIdentifier(text) => list_item(text.as_str()),
        GeneralName::IpAddress(bytes) => {
            let bytes = bytes.as_bytes();
            if let Ok(octets) = <[u8; 4]>::try_from(bytes) {
                Ipv4Addr::from(octets).to_string()
            } else if let Ok(octets) = <[u8; 16]>::try_from(bytes) {
                Ipv6Addr::from(octets).to_string()
            } else {
                hex::encode(bytes)
            }
        }
        GeneralName::DirectoryName(name) => list_item(&DistinguishedName::of(name).to_string()),
        GeneralName::RegisteredId(oid) => oid.to_string(),
        GeneralName::OtherName(other) => list_item(&string_text(&other.value)?),
        GeneralName::EdiPartyName(_) => return None,
    })
}

/// A name, in quotes if it would read as several names.
fn list_item(name: &str) -> String {
    if name.contains([',', '"']) {
        format!("\"{}\"", name.replace('"', "\"\""))
    } else {
        name.to_owned()
    }
}
