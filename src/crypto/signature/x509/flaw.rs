//! Why X.509 certificates are refused as a key, in words for the log. No text has anything of the
//! certificates but an object identifier.

use std::fmt;

/// Why they are refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum X509Flaw {
    /// The blob around the certificates does not parse.
    Blob,
    /// More than [`crate::limits::MAX_X509_CERTIFICATES`].
    TooMany,
    /// A certificate, or the chain of a host key, is larger than `limits` allows, or has too many extensions.
    TooLarge,
    /// A certificate is no X.509 certificate in DER, or one of its extensions is damaged or twice there.
    Malformed,
    /// The key in the certificate is not of the algorithm's kind, or not the host's key.
    OtherKey,
    /// An RSA key with too few bits, in one of the certificates.
    WeakKey,
    /// A certificate is signed with MD5, MD4 or MD2.
    WeakSignature,
    /// The dates cannot be checked: there is no clock.
    NoClock,
    /// The certificate is valid from a later time on.
    NotYetValid,
    /// The certificate was valid until an earlier time.
    Expired,
    /// keyUsage is there, without digitalSignature (RFC 6187 section 4).
    KeyUsage,
    /// extendedKeyUsage is there, without clientAuth and id-kp-secureShellClient.
    ExtendedKeyUsage,
    /// This critical extension is not understood (RFC 5280 section 4.2).
    UnknownExtension(String),
}

impl fmt::Display for X509Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Blob => "the list of certificates is damaged",
            Self::TooMany => "there are too many certificates",
            Self::TooLarge => "a certificate is too large",
            Self::Malformed => "a certificate is damaged",
            Self::OtherKey => "the key in the certificate is not one of this algorithm",
            Self::WeakKey => "the RSA key of a certificate is too short",
            Self::WeakSignature => "a certificate is signed with MD5 or an older hash",
            Self::NoClock => "there is no clock for the dates of the certificate",
            Self::NotYetValid => "the certificate is not valid yet",
            Self::Expired => "the certificate has expired",
            Self::KeyUsage => "the key usage of the certificate has no digitalSignature",
            Self::ExtendedKeyUsage => {
                "the extended key usage of the certificate has neither clientAuth nor secureShellClient"
            }
            Self::UnknownExtension(oid) => {
                return write!(f, "the critical extension {oid} is not understood");
            }
        })
    }
}
