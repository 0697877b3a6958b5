//! Whether X.509 certificates lead to an authority that the program trusts (RFC 5280 section 6), and whether
//! none of them is revoked: for the listener that decides about a user's certificate. The path is found and
//! verified by rustls-webpki. It takes no key usage into account, which is checked here.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use rustls_pki_types::{CertificateDer, TrustAnchor, UnixTime};
use webpki::{
    ALL_VERIFICATION_ALGS, BorrowedCertRevocationList, CertRevocationList, EndEntityCert, Error,
    ExpirationPolicy, ExtendedKeyUsageValidator, KeyPurposeId, KeyPurposeIdIter, RevocationOptions,
    RevocationOptionsBuilder, VerifiedPath,
};

use super::pem;
use super::x509::X509;
use crate::limits::{MAX_REVOCATION_LISTS_LEN, MAX_X509_CERTIFICATES};

/// id-kp-clientAuth (RFC 5280 section 4.2.1.12), the content of its OBJECT IDENTIFIER.
const CLIENT_AUTH: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 2];
/// id-kp-secureShellClient (RFC 6187 section 4)
const SECURE_SHELL_CLIENT: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 21];

/// What a chain is verified against.
#[derive(Debug, Clone, Copy)]
pub struct Trust<'a> {
    /// Certificates of the trusted authorities.
    pub authorities: &'a [X509],
    /// Revocation lists, in DER or PEM. With any, each certificate of the path below the authority has to be
    /// covered by a current one.
    pub revocation_lists: &'a [&'a [u8]],
    /// Seconds since 1970.
    pub unix_time: u64,
}

/// Why a chain is not trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PathError {
    /// No certificate at all.
    Empty,
    /// More than [`MAX_X509_CERTIFICATES`].
    TooMany,
    /// An authority, by its index, is none: no certificate that may sign others.
    NoAuthority(usize),
    /// A revocation list, by its index, does not parse or is of a kind that is not supported.
    BadRevocationList(usize),
    /// More bytes of revocation lists than [`MAX_REVOCATION_LISTS_LEN`].
    RevocationListsTooLarge,
    /// The path ends before a trusted authority.
    UnknownIssuer,
    /// The authority that the path leads to is not valid at this time.
    AuthorityDates,
    /// A certificate is valid from a later time on.
    NotYetValid,
    /// A certificate was valid until an earlier time.
    Expired,
    /// A certificate is revoked.
    Revoked,
    /// No revocation list says anything of a certificate.
    UnknownRevocation,
    /// The revocation list for a certificate has been replaced by a newer one by now.
    OldRevocationList,
    /// The user's certificate, or one on the path, is not for logins.
    Usage,
    /// A certificate on the path may not sign others, or not so many, or not with these names.
    NotAllowedToSign,
    /// The user's certificate is that of an authority.
    IsAuthority,
    /// A signature on the path is wrong.
    BadSignature,
    /// A certificate is signed with an algorithm that is not taken: SHA-1, or an RSA key below 2048 bits.
    WeakSignature,
    /// A critical extension is not understood.
    UnknownExtension,
    /// The certificates, or their names, take too much work.
    TooCostly,
    /// A certificate does not parse.
    Malformed,
}

impl fmt::Display for PathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "There is no certificate.",
            Self::TooMany => "There are too many certificates.",
            Self::NoAuthority(index) => {
                return write!(f, "authorities[{index}] is no certificate of an authority.");
            }
            Self::BadRevocationList(index) => {
                return write!(f, "crls[{index}] is no revocation list of a supported kind.");
            }
            Self::RevocationListsTooLarge => "The revocation lists are too large.",
            Self::UnknownIssuer => "The certificates lead to none of the authorities.",
            Self::AuthorityDates => "The authority's certificate is not valid now.",
            Self::NotYetValid => "A certificate is not valid yet.",
            Self::Expired => "A certificate has expired.",
            Self::Revoked => "A certificate is revoked.",
            Self::UnknownRevocation => "No revocation list covers a certificate.",
            Self::OldRevocationList => "A revocation list is out of date.",
            Self::Usage => "A certificate is not for logins.",
            Self::NotAllowedToSign => "A certificate was signed by one that may not do so.",
            Self::IsAuthority => "The certificate is one of an authority, not of a user.",
            Self::BadSignature => "The signature of a certificate is wrong.",
            Self::WeakSignature => "A certificate is signed with a weak or unknown algorithm.",
            Self::UnknownExtension => "A critical extension of a certificate is not understood.",
            Self::TooCostly => "The certificates take too much work.",
            Self::Malformed => "A certificate is damaged.",
        })
    }
}

/// Verifies that `chain` leads from its first certificate, a user's, to one of the authorities; returns the
/// index of that. The further certificates may stand in any order, and more than needed may be there.
pub fn verify_chain(chain: &[X509], trust: &Trust<'_>) -> Result<usize, PathError> {
    let (own, others) = chain.split_first().ok_or(PathError::Empty)?;
    if chain.len() > MAX_X509_CERTIFICATES {
        return Err(PathError::TooMany);
    }
    if !own.may_sign_logins() {
        return Err(PathError::Usage);
    }
    let lists = list_ders(trust.revocation_lists)?;
    let lists = read_lists(&lists)?;
    let ders: Vec<_> = trust.authorities.iter().map(|it| CertificateDer::from(it.der())).collect();
    let mut anchors = Vec::with_capacity(ders.len());
    let mut indices = Vec::with_capacity(ders.len());
    for (index, (authority, der)) in trust.authorities.iter().zip(&ders).enumerate() {
        let anchor = webpki::anchor_from_trusted_cert(der).ok();
        let anchor = anchor.filter(|_| authority.may_be_trusted_to_sign());
        let anchor = anchor.ok_or(PathError::NoAuthority(index))?;
        if authority.is_valid_at(trust.unix_time) {
            anchors.push(anchor);
            indices.push(index);
        }
    }
    let chain = Chain { own, others, time: trust.unix_time };
    match chain.verify(&anchors, &lists) {
        Ok(anchor) => indices.get(anchor).copied().ok_or(PathError::UnknownIssuer),
        Err(PathError::UnknownIssuer) if anchors.len() < ders.len() => {
            let all: Option<Vec<_>> =
                ders.iter().map(|der| webpki::anchor_from_trusted_cert(der).ok()).collect();
            let with_all = chain.verify(&all.unwrap_or_default(), &lists);
            Err(with_all.map_or_else(|error| error, |_| PathError::AuthorityDates))
        }
        Err(error) => Err(error),
    }
}

/// Whether `issuer` is an authority whose key has signed `certificate`, with an algorithm that is sound today.
/// Dates and everything else are not looked at.
pub fn is_issued_by(certificate: &X509, issuer: &X509) -> bool {
    if !certificate.names_as_issuer(issuer) || !issuer.is_authority() {
        return false;
    }
    let (Some(signed), Some(key)) = (certificate.signed(), issuer.bare_public_key()) else {
        return false;
    };
    ALL_VERIFICATION_ALGS.iter().any(|it| {
        it.signature_alg_id().as_ref() == signed.algorithm
            && it.public_key_alg_id().as_ref() == key.algorithm
            && it.verify_signature(key.bytes, signed.content, signed.signature).is_ok()
    })
}

struct Chain<'a> {
    own: &'a X509,
    others: &'a [X509],
    time: u64,
}

impl Chain<'_> {
    /// The index of the anchor that the path leads to.
    fn verify(
        &self,
        anchors: &[TrustAnchor<'_>],
        lists: &[CertRevocationList<'_>],
    ) -> Result<usize, PathError> {
        let own = CertificateDer::from(self.own.der());
        let own = EndEntityCert::try_from(&own).map_err(|error| path_error(&error))?;
        let others: Vec<_> = self.others.iter().map(|it| CertificateDer::from(it.der())).collect();
        let lists: Vec<&CertRevocationList<'_>> = lists.iter().collect();
        let path = own.verify_for_usage(
            ALL_VERIFICATION_ALGS,
            anchors,
            &others,
            UnixTime::since_unix_epoch(Duration::from_secs(self.time)),
            ForLogins,
            revocation(&lists),
            Some(&|path| self.check_signers(path)),
        );
        let path = path.map_err(|error| path_error(&error))?;
        let found = anchors.iter().position(|anchor| anchor == path.anchor());
        found.ok_or(PathError::UnknownIssuer)
    }

    /// RFC 5280 section 6.1.4 (n): keyCertSign.
    fn check_signers(&self, path: &VerifiedPath<'_>) -> Result<(), Error> {
        let may_sign =
            |der: &[u8]| self.others.iter().any(|it| it.der() == der && it.is_authority());
        if path.intermediate_certificates().all(|it| may_sign(&it.der())) {
            Ok(())
        } else {
            Err(Error::EndEntityUsedAsCa)
        }
    }
}

/// With lists every certificate of the path has to be covered by a current one.
fn revocation<'a>(lists: &'a [&'a CertRevocationList<'a>]) -> Option<RevocationOptions<'a>> {
    let builder = RevocationOptionsBuilder::new(lists).ok()?;
    Some(builder.with_expiration_policy(ExpirationPolicy::Enforce).build())
}

/// The bytes of the lists, in DER.
fn list_ders<'a>(given: &[&'a [u8]]) -> Result<Vec<Cow<'a, [u8]>>, PathError> {
    if given.iter().map(|list| list.len()).sum::<usize>() > MAX_REVOCATION_LISTS_LEN {
        return Err(PathError::RevocationListsTooLarge);
    }
    let der = |(index, &list): (usize, &&'a [u8])| match pem::block_of(list, b"X509 CRL") {
        Ok(Some(der)) => Ok(Cow::Owned(der)),
        Ok(None) => Ok(Cow::Borrowed(list)),
        Err(_) => Err(PathError::BadRevocationList(index)),
    };
    given.iter().enumerate().map(der).collect()
}

fn read_lists<'a>(ders: &'a [Cow<'_, [u8]>]) -> Result<Vec<CertRevocationList<'a>>, PathError> {
    let read = |(index, der): (usize, &'a Cow<'_, [u8]>)| {
        let list = BorrowedCertRevocationList::from_der(der);
        list.map(CertRevocationList::from).map_err(|_| PathError::BadRevocationList(index))
    };
    ders.iter().enumerate().map(read).collect()
}

/// The extended key usages of which a certificate has to have one, if it has any.
struct ForLogins;

impl ExtendedKeyUsageValidator for ForLogins {
    fn validate(&self, present: KeyPurposeIdIter<'_, '_>) -> Result<(), Error> {
        let mut is_restricted = false;
        for purpose in present {
            let purpose = purpose?;
            if [CLIENT_AUTH, SECURE_SHELL_CLIENT].map(KeyPurposeId::new).contains(&purpose) {
                return Ok(());
            }
            is_restricted = true;
        }
        // the library's own error for this cannot be made outside of it
        if is_restricted { Err(Error::EmptyEkuExtension) } else { Ok(()) }
    }
}

/// What the library says, as far as it is of use to a program.
fn path_error(error: &Error) -> PathError {
    #[allow(
        clippy::wildcard_enum_match_arm,
        reason = "errors of names and of DER, of which it adds more"
    )]
    match error {
        Error::UnknownIssuer => PathError::UnknownIssuer,
        Error::CertNotValidYet { .. } => PathError::NotYetValid,
        Error::CertExpired { .. } => PathError::Expired,
        Error::CertRevoked => PathError::Revoked,
        Error::UnknownRevocationStatus | Error::IssuerNotCrlSigner => PathError::UnknownRevocation,
        Error::CrlExpired { .. } => PathError::OldRevocationList,
        Error::EmptyEkuExtension | Error::RequiredEkuNotFoundContext(_) => PathError::Usage,
        Error::CaUsedAsEndEntity => PathError::IsAuthority,
        Error::EndEntityUsedAsCa
        | Error::PathLenConstraintViolated
        | Error::NameConstraintViolation => PathError::NotAllowedToSign,
        Error::InvalidSignatureForPublicKey | Error::InvalidCrlSignatureForPublicKey => {
            PathError::BadSignature
        }
        Error::UnsupportedSignatureAlgorithmContext(_)
        | Error::UnsupportedSignatureAlgorithmForPublicKeyContext(_)
        | Error::UnsupportedCrlSignatureAlgorithmContext(_)
        | Error::UnsupportedCrlSignatureAlgorithmForPublicKeyContext(_) => PathError::WeakSignature,
        Error::UnsupportedCriticalExtension => PathError::UnknownExtension,
        Error::MaximumNameConstraintComparisonsExceeded
        | Error::MaximumPathBuildCallsExceeded
        | Error::MaximumPathDepthExceeded
        | Error::MaximumSignatureChecksExceeded => PathError::TooCostly,
        _ => PathError::Malformed,
    }
}
