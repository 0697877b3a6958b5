//! OpenSSH certificates, `*-cert-v01@openssh.com` (OpenSSH PROTOCOL.certkeys): a public key, its owner and
//! purpose, and the signature of an authority. One parser for user and host certificates.

use super::{KeyForm, SIGNATURES, SignatureAlgorithm, dsa, ecdsa, ed25519, rsa, security_key};
use crate::crypto::Security;
use crate::error::{CryptoError, Error, InvalidMessage};
use crate::limits::{MAX_CERTIFICATE_OPTIONS, MAX_CERTIFICATE_PRINCIPALS};
use crate::wire::{Reader, Writer};

const fn row(
    name: &'static str,
    key_type: &'static str,
    plain: &'static SignatureAlgorithm,
) -> SignatureAlgorithm {
    SignatureAlgorithm { name, form: KeyForm::Certificate, key_type, plain: Some(plain), ..*plain }
}

const ED25519: &str = "ssh-ed25519-cert-v01@openssh.com";
const ECDSA_NISTP256: &str = "ecdsa-sha2-nistp256-cert-v01@openssh.com";
const ECDSA_NISTP384: &str = "ecdsa-sha2-nistp384-cert-v01@openssh.com";
const ECDSA_NISTP521: &str = "ecdsa-sha2-nistp521-cert-v01@openssh.com";
const SK_ED25519: &str = "sk-ssh-ed25519-cert-v01@openssh.com";
const SK_ECDSA_NISTP256: &str = "sk-ecdsa-sha2-nistp256-cert-v01@openssh.com";
const RSA: &str = "ssh-rsa-cert-v01@openssh.com";
const DSS: &str = "ssh-dss-cert-v01@openssh.com";

/// The registry row of ssh-ed25519-cert-v01@openssh.com.
pub(super) static ED25519_CERT: SignatureAlgorithm = row(ED25519, ED25519, &ed25519::SSH_ED25519);
/// The registry row of ecdsa-sha2-nistp256-cert-v01@openssh.com.
pub(super) static ECDSA_NISTP256_CERT: SignatureAlgorithm =
    row(ECDSA_NISTP256, ECDSA_NISTP256, &ecdsa::ECDSA_NISTP256);
/// The registry row of ecdsa-sha2-nistp384-cert-v01@openssh.com.
pub(super) static ECDSA_NISTP384_CERT: SignatureAlgorithm =
    row(ECDSA_NISTP384, ECDSA_NISTP384, &ecdsa::ECDSA_NISTP384);
/// The registry row of ecdsa-sha2-nistp521-cert-v01@openssh.com.
pub(super) static ECDSA_NISTP521_CERT: SignatureAlgorithm =
    row(ECDSA_NISTP521, ECDSA_NISTP521, &ecdsa::ECDSA_NISTP521);
/// The registry row of sk-ssh-ed25519-cert-v01@openssh.com.
pub(super) static SK_ED25519_CERT: SignatureAlgorithm =
    row(SK_ED25519, SK_ED25519, &security_key::SK_ED25519);
/// The registry row of sk-ecdsa-sha2-nistp256-cert-v01@openssh.com.
pub(super) static SK_ECDSA_NISTP256_CERT: SignatureAlgorithm =
    row(SK_ECDSA_NISTP256, SK_ECDSA_NISTP256, &security_key::SK_ECDSA_NISTP256);
/// The registry row of rsa-sha2-256-cert-v01@openssh.com.
pub(super) static RSA_SHA2_256_CERT: SignatureAlgorithm =
    row("rsa-sha2-256-cert-v01@openssh.com", RSA, &rsa::RSA_SHA2_256);
/// The registry row of rsa-sha2-512-cert-v01@openssh.com.
pub(super) static RSA_SHA2_512_CERT: SignatureAlgorithm =
    row("rsa-sha2-512-cert-v01@openssh.com", RSA, &rsa::RSA_SHA2_512);
/// The registry row of ssh-rsa-cert-v01@openssh.com.
pub(super) static SSH_RSA_CERT: SignatureAlgorithm =
    SignatureAlgorithm { security: Security::OnRequest, ..row(RSA, RSA, &rsa::SSH_RSA) };
/// The registry row of ssh-dss-cert-v01@openssh.com.
pub(super) static SSH_DSS_CERT: SignatureAlgorithm =
    SignatureAlgorithm { security: Security::OnRequest, ..row(DSS, DSS, &dsa::SSH_DSS) };

/// The algorithm of a signature by the key in an RSA certificate under the old name, which is also the key
/// type: russh, and OpenSSH before rsa-sha2-512-cert-v01@openssh.com, know no other name and sign with
/// SHA-2, and OpenSSH's server accepts that. Every other name fixes the algorithm of the signature.
pub(super) fn signed_with(
    algorithm: &SignatureAlgorithm,
    signature_blob: &[u8],
) -> Option<&'static SignatureAlgorithm> {
    let name = Reader::new(signature_blob).string().ok()?;
    let all = [&rsa::RSA_SHA2_512, &rsa::RSA_SHA2_256];
    all.into_iter().find(|row| algorithm.name == RSA && row.name.as_bytes() == name)
}

/// The key type of a certificate, that of the key in it, and the number of fields of that key. Each field
/// is a string or an mpint, which have the same encoding on the wire.
static KINDS_OF_KEY: [(&str, &str, usize); 8] = [
    (ED25519, "ssh-ed25519", 1),
    (ECDSA_NISTP256, "ecdsa-sha2-nistp256", 2),
    (ECDSA_NISTP384, "ecdsa-sha2-nistp384", 2),
    (ECDSA_NISTP521, "ecdsa-sha2-nistp521", 2),
    (SK_ED25519, "sk-ssh-ed25519@openssh.com", 2),
    (SK_ECDSA_NISTP256, "sk-ecdsa-sha2-nistp256@openssh.com", 3),
    (RSA, "ssh-rsa", 2),
    (DSS, "ssh-dss", 4),
];

/// The purpose of a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CertificateKind {
    /// A user logs in with it.
    User,
    /// A server proves its identity with it.
    Host,
}

/// A critical option or an extension.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateOption {
    /// Its name.
    pub name: String,
    /// Its data as encoded: for the options of OpenSSH nothing, or one string.
    pub data: Vec<u8>,
}

/// A parsed certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// The public key blob of the certified key, without the certificate.
    pub key_blob: Vec<u8>,
    /// The number that the authority gave it.
    pub serial: u64,
    /// Its purpose.
    pub kind: CertificateKind,
    /// The authority's name for it, for logs.
    pub key_id: String,
    /// The accounts or hosts it is for; empty means all, which the program should not trust.
    pub principals: Vec<String>,
    /// Seconds since 1970 from which on it is valid.
    pub valid_after: u64,
    /// Seconds since 1970 from which on it is no longer valid.
    pub valid_before: u64,
    /// Options that the verifier has to know and enforce.
    pub critical_options: Vec<CertificateOption>,
    /// Permissions that the certificate grants.
    pub extensions: Vec<CertificateOption>,
    /// The public key blob of the authority.
    pub authority: Vec<u8>,
    signature: Vec<u8>,
    /// Length of the signed part of the blob.
    signed_len: usize,
}

impl Certificate {
    /// Parses a blob. Nothing is verified.
    pub fn parse(blob: &[u8]) -> Result<Self, InvalidMessage> {
        let mut reader = Reader::new(blob);
        let key_type = reader.string()?;
        let (_, plain_type, fields) = KINDS_OF_KEY
            .iter()
            .find(|(name, ..)| name.as_bytes() == key_type)
            .ok_or(InvalidMessage::BadKeyBlob)?;
        reader.string()?; // the nonce, against chosen prefixes of the signed bytes
        let mut key_blob = Vec::new();
        let mut writer = Writer::new(&mut key_blob);
        writer.string(plain_type);
        for _ in 0..*fields {
            writer.string(reader.string()?);
        }
        let serial = reader.u64()?;
        let kind = match reader.u32()? {
            1 => CertificateKind::User,
            2 => CertificateKind::Host,
            _ => return Err(InvalidMessage::BadKeyBlob),
        };
        let key_id = reader.text()?.to_owned();
        let principals = read_principals(reader.string()?)?;
        let (valid_after, valid_before) = (reader.u64()?, reader.u64()?);
        let critical_options = read_options(reader.string()?)?;
        let extensions = read_options(reader.string()?)?;
        reader.string()?; // reserved
        let authority = reader.string()?.to_vec();
        let signed_len = blob.len().saturating_sub(reader.rest().len());
        let signature = reader.string()?.to_vec();
        reader.finish()?;
        Ok(Self {
            key_blob,
            serial,
            kind,
            key_id,
            principals,
            valid_after,
            valid_before,
            critical_options,
            extensions,
            authority,
            signature,
            signed_len,
        })
    }

    /// Parses a blob and verifies the signature of its authority. The caller decides whether that authority
    /// is trusted. SHA-1 signatures are refused: an attacker who can make two contents with one SHA-1 hash
    /// gets a second certificate for the price of one.
    pub fn verified(blob: &[u8]) -> Result<Self, Error> {
        let this = Self::parse(blob)?;
        let name = Reader::new(&this.signature).string()?;
        let algorithm = SIGNATURES
            .iter()
            .find(|row| row.name.as_bytes() == name && row.plain.is_none())
            .filter(|row| row.security.in_intermediate_profile())
            .ok_or(CryptoError::BadSignature)?;
        let signed = blob.get(..this.signed_len).ok_or(CryptoError::BadSignature)?;
        // a blob of another type than the algorithm's, also that of a certificate, does not verify
        super::verify(algorithm, &this.authority, signed, &this.signature)?;
        Ok(this)
    }

    /// Whether it is of this kind and valid at this time, in seconds since 1970.
    pub fn is_valid(&self, kind: CertificateKind, unix_time: u64) -> bool {
        self.kind == kind && self.valid_after <= unix_time && unix_time < self.valid_before
    }
}

fn read_principals(packed: &[u8]) -> Result<Vec<String>, InvalidMessage> {
    let mut reader = Reader::new(packed);
    let mut principals = Vec::new();
    while !reader.is_empty() {
        if principals.len() == MAX_CERTIFICATE_PRINCIPALS {
            return Err(InvalidMessage::BadKeyBlob);
        }
        principals.push(reader.text()?.to_owned());
    }
    Ok(principals)
}

fn read_options(packed: &[u8]) -> Result<Vec<CertificateOption>, InvalidMessage> {
    let mut reader = Reader::new(packed);
    let mut options: Vec<CertificateOption> = Vec::new();
    while !reader.is_empty() {
        let (name, data) = (reader.text()?, reader.string()?);
        // each name once; they should be sorted too, which not every authority does
        let twice = options.iter().any(|other| other.name == name);
        if twice || options.len() == MAX_CERTIFICATE_OPTIONS {
            return Err(InvalidMessage::BadKeyBlob);
        }
        options.push(CertificateOption { name: name.to_owned(), data: data.to_vec() });
    }
    Ok(options)
}

#[cfg(test)]
pub(super) mod tests {
    use base64ct::{Base64, Encoding};

    use super::*;
    use crate::crypto::signature::tests::strings;

    /// The blob in a file of `tests/vectors/certificates`, made with ssh-keygen.
    pub(in crate::crypto::signature) fn blob(name: &str) -> Vec<u8> {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/certificates");
        let text = std::fs::read_to_string(format!("{folder}/{name}.pub")).unwrap();
        Base64::decode_vec(text.split_whitespace().nth(1).unwrap()).unwrap()
    }

    const JANUARY_2025: u64 = 1_735_689_600;
    const JANUARY_2035: u64 = 2_051_222_400;

    #[test]
    fn every_kind_of_key() {
        let kinds = [
            "ed25519",
            "ecdsa-256",
            "ecdsa-384",
            "ecdsa-521",
            "rsa",
            "dsa",
            "ed25519-sk",
            "ecdsa-sk",
        ];
        for kind in kinds {
            let certificate = Certificate::verified(&blob(&format!("user-{kind}-cert"))).unwrap();
            assert_eq!(certificate.key_blob, blob(kind));
            assert_eq!(certificate.authority, blob("ca-ed25519"));
            assert_eq!(certificate.kind, CertificateKind::User);
            assert_eq!((certificate.serial, &*certificate.key_id), (7, &*format!("user {kind}")));
            assert_eq!(certificate.principals, ["alice", "bob"]);
            assert_eq!(certificate.valid_after, JANUARY_2025);
            assert_eq!(certificate.valid_before, JANUARY_2035);
            assert_eq!(certificate.critical_options, []);
            let extensions: Vec<_> = certificate.extensions.iter().map(|it| &*it.name).collect();
            let permitted = ["X11-forwarding", "agent-forwarding", "port-forwarding", "pty"];
            assert_eq!(extensions[..4], permitted.map(|what| format!("permit-{what}")));
        }
    }

    #[test]
    fn options_and_hosts() {
        let certificate = Certificate::verified(&blob("options-cert")).unwrap();
        let option = |name: &str, data: Vec<u8>| CertificateOption { name: name.to_owned(), data };
        let critical = [
            option("force-command", strings(&[b"/bin/true"])),
            option("source-address", strings(&[b"10.0.0.0/8"])),
            option("strange@example.com", strings(&[b"x"])),
        ];
        assert_eq!(certificate.critical_options, critical);
        assert_eq!(certificate.extensions, [option("permit-pty", vec![])]);
        assert_eq!(certificate.principals, [""; 0]);

        let certificate = Certificate::verified(&blob("host-rsa-cert")).unwrap();
        assert_eq!(certificate.kind, CertificateKind::Host);
        assert_eq!((certificate.valid_after, certificate.valid_before), (0, u64::MAX));
    }

    #[test]
    fn dates_and_kinds() {
        let certificate = Certificate::verified(&blob("user-rsa-cert")).unwrap();
        let valid = |time| certificate.is_valid(CertificateKind::User, time);
        assert!(valid(JANUARY_2025) && valid(JANUARY_2035 - 1));
        assert!(!valid(JANUARY_2025 - 1) && !valid(JANUARY_2035) && !valid(0) && !valid(u64::MAX));
        assert!(!certificate.is_valid(CertificateKind::Host, JANUARY_2025));
    }

    #[test]
    fn signatures_of_yesterday_are_refused() {
        assert!(Certificate::verified(&blob("by-security-key-cert")).is_ok());
        for name in ["by-rsa-sha1-cert", "by-dsa-cert"] {
            assert!(Certificate::parse(&blob(name)).is_ok());
            let refused = Certificate::verified(&blob(name)).err();
            assert_eq!(refused, Some(CryptoError::BadSignature.into()));
        }
    }

    #[test]
    fn every_byte_counts() {
        for name in ["user-ed25519-cert", "by-security-key-cert", "options-cert"] {
            let whole = blob(name);
            for at in 0..whole.len() {
                assert!(Certificate::parse(&whole[..at]).is_err(), "{name} {at}");
                let mut changed = whole.clone();
                changed[at] ^= 1;
                assert!(Certificate::verified(&changed).is_err(), "{name} {at}");
            }
            assert!(Certificate::parse(&[&whole[..], &[0]].concat()).is_err());
        }
        for not_a_certificate in ["ed25519", "rsa"] {
            assert!(Certificate::parse(&blob(not_a_certificate)).is_err());
        }
    }

    #[test]
    fn lists_are_bounded_and_names_come_once() {
        let principals = |count| read_principals(&strings(&vec![&b"a"[..]; count]));
        assert_eq!(principals(MAX_CERTIFICATE_PRINCIPALS).unwrap().len(), 256);
        assert!(principals(MAX_CERTIFICATE_PRINCIPALS + 1).is_err());
        assert!(read_principals(&strings(&[b"\xff"])).is_err());
        let options = |names: &[String]| {
            let pairs = names.iter().flat_map(|name| [name.as_bytes(), b""]);
            read_options(&strings(&pairs.collect::<Vec<_>>()))
        };
        let names: Vec<String> = (0..=MAX_CERTIFICATE_OPTIONS).map(|n| n.to_string()).collect();
        assert!(options(&names[1..]).is_ok());
        assert!(options(&names).is_err());
        assert!(options(&["a".to_owned(), "b".to_owned(), "a".to_owned()]).is_err());
        assert!(read_options(&strings(&[b"a"])).is_err());
    }
}
