//! The public half of a key: its SSH blob (RFC 4253 section 6.6, RFC 5656, RFC 8709), which the
//! fingerprints are made of, and its SubjectPublicKeyInfo (RFC 5280, RFC 5480, RFC 8410).

use aws_lc_rs::agreement;
use der::asn1::{ObjectIdentifier, UintRef};
use der::{Decode, Sequence};
use zeroize::Zeroizing;

use super::asn1;
use crate::crypto::signature::Curve;
use crate::wire::Writer;

pub(super) const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
pub(super) const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
pub(super) const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");

/// What the formats call a curve.
pub(super) struct CurveNames {
    pub(super) curve: Curve,
    /// RFC 5656 section 10.1
    pub(super) name: &'static str,
    pub(super) key_type: &'static str,
    /// RFC 5480 section 2.1.1.1
    pub(super) oid: ObjectIdentifier,
    /// The length of a coordinate and of a scalar.
    pub(super) field_len: usize,
    pub(super) bits: u32,
    pub(super) agreement: &'static agreement::Algorithm,
}

pub(super) static CURVES: [CurveNames; 3] = [
    CurveNames {
        curve: Curve::P256,
        name: "nistp256",
        key_type: "ecdsa-sha2-nistp256",
        oid: ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7"),
        field_len: 32,
        bits: 256,
        agreement: &agreement::ECDH_P256,
    },
    CurveNames {
        curve: Curve::P384,
        name: "nistp384",
        key_type: "ecdsa-sha2-nistp384",
        oid: ObjectIdentifier::new_unwrap("1.3.132.0.34"),
        field_len: 48,
        bits: 384,
        agreement: &agreement::ECDH_P384,
    },
    CurveNames {
        curve: Curve::P521,
        name: "nistp521",
        key_type: "ecdsa-sha2-nistp521",
        oid: ObjectIdentifier::new_unwrap("1.3.132.0.35"),
        field_len: 66,
        bits: 521,
        agreement: &agreement::ECDH_P521,
    },
];

/// The curve with an object identifier.
pub(super) fn curve_by_oid(oid: &ObjectIdentifier) -> Option<&'static CurveNames> {
    CURVES.iter().find(|names| names.oid == *oid)
}

/// A public key of a kind that a host key can have.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum PublicKey {
    Ed25519([u8; 32]),
    /// The point is uncompressed.
    Ecdsa(&'static CurveNames, Vec<u8>),
    Rsa {
        n: Vec<u8>,
        e: Vec<u8>,
    },
}

impl std::fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PublicKey({}, {} bits)", self.algorithm_name(), self.bits())
    }
}

impl PartialEq for CurveNames {
    fn eq(&self, other: &Self) -> bool {
        self.curve == other.curve
    }
}

impl Eq for CurveNames {}

/// RFC 8017 A.1.1
#[derive(Sequence)]
struct RsaPublicKey<'a> {
    n: UintRef<'a>,
    e: UintRef<'a>,
}

impl PublicKey {
    /// The key in a SubjectPublicKeyInfo; `None` for a kind that a host key cannot have.
    pub(super) fn from_spki(spki: &x509_cert::spki::SubjectPublicKeyInfoOwned) -> Option<Self> {
        let bytes = spki.subject_public_key.as_bytes()?;
        match spki.algorithm.oid {
            RSA => {
                let key = RsaPublicKey::from_der(bytes).ok()?;
                Some(Self::Rsa { n: key.n.as_bytes().to_vec(), e: key.e.as_bytes().to_vec() })
            }
            EC => {
                let oid = spki.algorithm.parameters.as_ref()?.decode_as().ok()?;
                let curve = curve_by_oid(&oid)?;
                is_uncompressed(curve, bytes).then(|| Self::Ecdsa(curve, bytes.to_vec()))
            }
            ED25519 => bytes.try_into().ok().map(Self::Ed25519),
            _ => None,
        }
    }

    /// The public key blob.
    pub(super) fn ssh_blob(&self) -> Vec<u8> {
        let mut blob = Vec::new();
        let mut writer = Writer::new(&mut blob);
        match self {
            Self::Ed25519(key) => writer.string("ssh-ed25519").string(key),
            Self::Ecdsa(curve, point) => {
                writer.string(curve.key_type).string(curve.name).string(point)
            }
            Self::Rsa { n, e } => writer.string("ssh-rsa").mpint(e).mpint(n),
        };
        blob
    }

    /// SubjectPublicKeyInfo, in DER.
    pub(super) fn spki_der(&self) -> Zeroizing<Vec<u8>> {
        let key = match self {
            Self::Ed25519(key) => asn1::bit_string(key),
            Self::Ecdsa(_, point) => asn1::bit_string(point),
            Self::Rsa { n, e } => {
                let (n, e) = (asn1::unsigned(n), asn1::unsigned(e));
                asn1::bit_string(&asn1::value(asn1::SEQUENCE, &[&n, &e]))
            }
        };
        asn1::value(asn1::SEQUENCE, &[&self.algorithm_identifier(), &key])
    }

    /// AlgorithmIdentifier, in DER (RFC 3279 2.3.1, RFC 5480 2.1.1, RFC 8410 section 3).
    pub(super) fn algorithm_identifier(&self) -> Zeroizing<Vec<u8>> {
        const OBJECT_IDENTIFIER: u8 = 0x06;
        const NULL: &[u8] = &[0x05, 0x00];
        let oid = |oid: &ObjectIdentifier| asn1::value(OBJECT_IDENTIFIER, &[oid.as_bytes()]);
        match self {
            Self::Ed25519(_) => asn1::value(asn1::SEQUENCE, &[&oid(&ED25519)]),
            Self::Ecdsa(curve, _) => asn1::value(asn1::SEQUENCE, &[&oid(&EC), &oid(&curve.oid)]),
            Self::Rsa { .. } => asn1::value(asn1::SEQUENCE, &[&oid(&RSA), NULL]),
        }
    }

    /// The documented description of the algorithm.
    pub(super) fn algorithm_name(&self) -> &'static str {
        match self {
            Self::Ed25519(_) => "EdDSA",
            Self::Ecdsa(..) => "ECDSA",
            Self::Rsa { .. } => "RSA",
        }
    }

    /// The size as ssh-keygen prints it: the order of the curve or the modulus, in bits.
    pub(super) fn bits(&self) -> u32 {
        match self {
            Self::Ed25519(_) => 256,
            Self::Ecdsa(curve, _) => curve.bits,
            Self::Rsa { n, .. } => bit_len(n),
        }
    }
}

/// The length of a magnitude in bits.
pub(super) fn bit_len(magnitude: &[u8]) -> u32 {
    let digits = asn1::without_zeros(magnitude);
    let unused = digits.first().map_or(0, |first| first.leading_zeros());
    u32::try_from(digits.len()).unwrap_or(u32::MAX).saturating_mul(8).saturating_sub(unused)
}

/// SEC 1 section 2.3.3
pub(super) fn is_uncompressed(curve: &CurveNames, point: &[u8]) -> bool {
    point.first() == Some(&4) && point.len() == curve.field_len.saturating_mul(2).saturating_add(1)
}
