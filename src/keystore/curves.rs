//! The elliptic curves of NIST under all the names that formats have for them.

use aws_lc_rs::{agreement, signature};
use der::asn1::ObjectIdentifier;

use super::{KeystoreError, asn1};
use crate::crypto::signature::Curve;

/// The names of a curve in the formats.
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
    pub(super) verification: &'static signature::EcdsaVerificationAlgorithm,
}

/// Every curve that a key can have.
pub(super) static CURVES: [CurveNames; 3] = [
    CurveNames {
        curve: Curve::P256,
        name: "nistp256",
        key_type: "ecdsa-sha2-nistp256",
        oid: ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7"),
        field_len: 32,
        bits: 256,
        agreement: &agreement::ECDH_P256,
        verification: &signature::ECDSA_P256_SHA256_FIXED,
    },
    CurveNames {
        curve: Curve::P384,
        name: "nistp384",
        key_type: "ecdsa-sha2-nistp384",
        oid: ObjectIdentifier::new_unwrap("1.3.132.0.34"),
        field_len: 48,
        bits: 384,
        agreement: &agreement::ECDH_P384,
        verification: &signature::ECDSA_P384_SHA384_FIXED,
    },
    CurveNames {
        curve: Curve::P521,
        name: "nistp521",
        key_type: "ecdsa-sha2-nistp521",
        oid: ObjectIdentifier::new_unwrap("1.3.132.0.35"),
        field_len: 66,
        bits: 521,
        agreement: &agreement::ECDH_P521,
        verification: &signature::ECDSA_P521_SHA512_FIXED,
    },
];

impl CurveNames {
    pub(super) fn of(curve: Curve) -> &'static Self {
        let [p256, p384, p521] = &CURVES;
        match curve {
            Curve::P256 => p256,
            Curve::P384 => p384,
            Curve::P521 => p521,
        }
    }

    /// An uncompressed point from its coordinates.
    pub(super) fn point(&self, x: &[u8], y: &[u8]) -> Result<Vec<u8>, KeystoreError> {
        let mut point = vec![4];
        for coordinate in [x, y] {
            let digits = asn1::without_zeros(coordinate);
            let zeros = self
                .field_len
                .checked_sub(digits.len())
                .ok_or(KeystoreError::Malformed("public key"))?;
            point.resize(point.len().saturating_add(zeros), 0);
            point.extend_from_slice(digits);
        }
        Ok(point)
    }
}

impl PartialEq for CurveNames {
    fn eq(&self, other: &Self) -> bool {
        self.curve == other.curve
    }
}

impl Eq for CurveNames {}

/// The curve with an object identifier.
pub(super) fn curve_by_oid(oid: &ObjectIdentifier) -> Option<&'static CurveNames> {
    CURVES.iter().find(|names| names.oid == *oid)
}

/// The curve with an object identifier, or an error that names it.
pub(super) fn known_curve(oid: &ObjectIdentifier) -> Result<&'static CurveNames, KeystoreError> {
    curve_by_oid(oid).ok_or_else(|| KeystoreError::unsupported_key(format!("EC curve {oid}")))
}

/// SEC 1 section 2.3.3
pub(super) fn is_uncompressed(curve: &CurveNames, point: &[u8]) -> bool {
    point.first() == Some(&4) && point.len() == curve.field_len.saturating_mul(2).saturating_add(1)
}
