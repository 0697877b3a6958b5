//! The public half of a key: its SSH blob (RFC 4253 section 6.6, RFC 5656, RFC 8709), which the
//! fingerprints are made of, and its SubjectPublicKeyInfo (RFC 5280, RFC 5480, RFC 8410).

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::signature;
use der::Decode;
use der::asn1::{ObjectIdentifier, UintRef};
use x509_cert::spki::SubjectPublicKeyInfoOwned;
use zeroize::Zeroizing;

use super::curves::{CURVES, CurveNames, is_uncompressed};
use super::{KeystoreError, asn1, explicit_curve};
use crate::crypto::signature::spki::RsaPublicKey;
pub(super) use crate::crypto::signature::spki::{DSA, DsaParameters, EC, ED25519, RSA};
use crate::error::InvalidMessage;
use crate::limits::{MAX_DSA_BITS, MAX_RSA_BITS, MIN_RSA_BITS};
use crate::wire::{Reader, Writer};

/// The only size that can sign, see `crypto/signature/dsa.rs`.
const DSA_Q_BITS: u32 = 160;
const DSA_P_BITS: std::ops::RangeInclusive<u32> = 1024..=3072;

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
    Dsa {
        p: Vec<u8>,
        q: Vec<u8>,
        g: Vec<u8>,
        y: Vec<u8>,
    },
}

impl std::fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PublicKey({}, {} bits)", self.algorithm_name(), self.bits())
    }
}

const MALFORMED: KeystoreError = KeystoreError::Malformed("public key");

impl PublicKey {
    /// The key in a SubjectPublicKeyInfo.
    pub(super) fn from_spki(spki: &SubjectPublicKeyInfoOwned) -> Result<Self, KeystoreError> {
        let bytes = spki.subject_public_key.as_bytes().ok_or(MALFORMED)?;
        let parameters = spki.algorithm.parameters.as_ref();
        match spki.algorithm.oid {
            RSA => Self::from_pkcs1(bytes),
            EC => {
                let parameters = parameters.ok_or(MALFORMED)?;
                Self::ecdsa(explicit_curve::curve_of(parameters.into())?, bytes)
            }
            ED25519 => Self::ed25519(bytes),
            DSA => {
                let numbers = parameters.and_then(|it| it.decode_as::<DsaParameters<'_>>().ok());
                let y = UintRef::from_der(bytes).map_err(|_| MALFORMED)?;
                let DsaParameters { p, q, g } = numbers.ok_or(MALFORMED)?;
                Self::dsa(p.as_bytes(), q.as_bytes(), g.as_bytes(), y.as_bytes())
            }
            oid => Err(KeystoreError::unsupported_key(kind_name(&oid))),
        }
    }

    /// SubjectPublicKeyInfo, in DER.
    pub(super) fn from_spki_der(der: &[u8]) -> Result<Self, KeystoreError> {
        Self::from_spki(&SubjectPublicKeyInfoOwned::from_der(der).map_err(|_| MALFORMED)?)
    }

    /// RSAPublicKey, in DER.
    pub(super) fn from_pkcs1(der: &[u8]) -> Result<Self, KeystoreError> {
        let key = RsaPublicKey::from_der(der).map_err(|_| MALFORMED)?;
        Self::rsa(key.n.as_bytes(), key.e.as_bytes())
    }

    /// The public key blob.
    pub(super) fn from_ssh_blob(blob: &[u8]) -> Result<Self, KeystoreError> {
        let mut reader = Reader::new(blob);
        let key_type = reader.string().map_err(|_| MALFORMED)?;
        let curve = CURVES.iter().find(|it| it.key_type.as_bytes() == key_type);
        let mut numbers = || {
            Ok(match (curve, key_type) {
                (Some(_), _) => vec![reader.string()?, reader.string()?],
                (None, b"ssh-ed25519") => vec![reader.string()?],
                (None, b"ssh-rsa") => vec![reader.mpint()?, reader.mpint()?],
                (None, b"ssh-dss") => {
                    vec![reader.mpint()?, reader.mpint()?, reader.mpint()?, reader.mpint()?]
                }
                _ => Vec::new(),
            })
        };
        let numbers = numbers().map_err(|_: InvalidMessage| MALFORMED)?;
        let key = match (curve, numbers.as_slice()) {
            (Some(curve), [name, _]) if *name != curve.name.as_bytes() => {
                Err(KeystoreError::InconsistentKey)
            }
            (Some(curve), [_, point]) => Self::ecdsa(curve, point),
            (None, [key]) => Self::ed25519(key),
            (None, [e, n]) => Self::rsa(n, e),
            (None, [p, q, g, y]) => Self::dsa(p, q, g, y),
            _ => return Err(KeystoreError::unsupported_key(key_type)),
        }?;
        reader.finish().map_err(|_| MALFORMED)?;
        Ok(key)
    }

    pub(super) fn ed25519(key: &[u8]) -> Result<Self, KeystoreError> {
        key.try_into().map(Self::Ed25519).map_err(|_| MALFORMED)
    }

    /// From a point of SEC 1 section 2.3.3, compressed or not.
    pub(super) fn ecdsa(curve: &'static CurveNames, point: &[u8]) -> Result<Self, KeystoreError> {
        let spki = signature::ParsedPublicKey::new(curve.verification, point)
            .ok()
            .and_then(|key| key.as_der().ok())
            .ok_or(MALFORMED)?;
        // the library writes a SubjectPublicKeyInfo, which ends with the uncompressed point
        let len = curve.field_len.saturating_mul(2).saturating_add(1);
        let spki = spki.as_ref();
        let uncompressed = spki.len().checked_sub(len).and_then(|at| spki.get(at..));
        let uncompressed = uncompressed.filter(|it| is_uncompressed(curve, it)).ok_or(MALFORMED)?;
        Ok(Self::Ecdsa(curve, uncompressed.to_vec()))
    }

    pub(super) fn rsa(n: &[u8], e: &[u8]) -> Result<Self, KeystoreError> {
        let [n, e] = [n, e].map(asn1::without_zeros);
        let bits = bit_len(n);
        if bits > MAX_RSA_BITS {
            return Err(KeystoreError::unsupported_key(format!("RSA with {bits} bits")));
        }
        let is_odd = |number: &[u8]| number.last().is_some_and(|low| low & 1 == 1);
        if !is_odd(n) || !is_odd(e) || e.len() > n.len() {
            return Err(MALFORMED);
        }
        Ok(Self::Rsa { n: n.to_vec(), e: e.to_vec() })
    }

    pub(super) fn dsa(p: &[u8], q: &[u8], g: &[u8], y: &[u8]) -> Result<Self, KeystoreError> {
        let [p, q, g, y] = [p, q, g, y].map(asn1::without_zeros);
        let bits = bit_len(p);
        if bits > MAX_DSA_BITS {
            return Err(KeystoreError::unsupported_key(format!("DSA with {bits} bits")));
        }
        let is_odd = |number: &[u8]| number.last().is_some_and(|low| low & 1 == 1);
        let is_in_field = |number: &[u8]| !number.is_empty() && number.len() <= p.len();
        if !is_odd(p) || !is_odd(q) || ![q, g, y].into_iter().all(is_in_field) {
            return Err(MALFORMED);
        }
        let [p, q, g, y] = [p, q, g, y].map(<[u8]>::to_vec);
        Ok(Self::Dsa { p, q, g, y })
    }

    /// The public key blob.
    pub(super) fn ssh_blob(&self) -> Vec<u8> {
        let mut blob = Vec::new();
        let mut writer = Writer::new(&mut blob);
        writer.string(self.ssh_type());
        match self {
            Self::Ed25519(key) => writer.string(key),
            Self::Ecdsa(curve, point) => writer.string(curve.name).string(point),
            Self::Rsa { n, e } => writer.mpint(e).mpint(n),
            Self::Dsa { p, q, g, y } => writer.mpint(p).mpint(q).mpint(g).mpint(y),
        };
        blob
    }

    /// The key type in the public key blob.
    pub(super) fn ssh_type(&self) -> &'static str {
        match self {
            Self::Ed25519(_) => "ssh-ed25519",
            Self::Ecdsa(curve, _) => curve.key_type,
            Self::Rsa { .. } => "ssh-rsa",
            Self::Dsa { .. } => "ssh-dss",
        }
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
            Self::Dsa { y, .. } => asn1::bit_string(&asn1::unsigned(y)),
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
            Self::Dsa { p, q, g, .. } => {
                let [p, q, g] = [p, q, g].map(|number| asn1::unsigned(number));
                let parameters = asn1::value(asn1::SEQUENCE, &[&p, &q, &g]);
                asn1::value(asn1::SEQUENCE, &[&oid(&DSA), &parameters])
            }
        }
    }

    /// The documented description of the algorithm.
    pub(super) fn algorithm_name(&self) -> &'static str {
        match self {
            Self::Ed25519(_) => "EdDSA",
            Self::Ecdsa(..) => "ECDSA",
            Self::Rsa { .. } => "RSA",
            Self::Dsa { .. } => "DSA",
        }
    }

    /// Why no key of this size can sign, if so: the protocol or the library does not allow it.
    pub(super) fn unusable(&self) -> Option<KeystoreError> {
        let kind = match self {
            Self::Rsa { n, .. } if bit_len(n) < MIN_RSA_BITS => {
                format!("RSA with {} bits (fewer than {MIN_RSA_BITS})", bit_len(n))
            }
            // RFC 4253 section 6.6: r and s have 160 bits
            Self::Dsa { q, .. } if bit_len(q) != DSA_Q_BITS => {
                format!("DSA with a q of {} bits (not {DSA_Q_BITS})", bit_len(q))
            }
            Self::Dsa { p, .. } if !DSA_P_BITS.contains(&bit_len(p)) => {
                format!("DSA with {} bits", bit_len(p))
            }
            Self::Ed25519(_) | Self::Ecdsa(..) | Self::Rsa { .. } | Self::Dsa { .. } => {
                return None;
            }
        };
        Some(KeystoreError::unsupported_key(kind))
    }

    /// The size as ssh-keygen prints it: the order of the curve or the modulus, in bits.
    pub(super) fn bits(&self) -> u32 {
        match self {
            Self::Ed25519(_) => 256,
            Self::Ecdsa(curve, _) => curve.bits,
            Self::Rsa { n, .. } => bit_len(n),
            Self::Dsa { p, .. } => bit_len(p),
        }
    }
}

/// The name of an unsupported key algorithm.
pub(super) fn kind_name(oid: &ObjectIdentifier) -> String {
    let number = oid.to_string();
    let name = match number.as_str() {
        "1.2.840.113549.1.1.10" => "RSA-PSS",
        "1.2.840.113549.1.3.1" => "Diffie-Hellman",
        "1.3.101.110" => "X25519",
        "1.3.101.111" => "X448",
        "1.3.101.113" => "Ed448",
        _ => return number,
    };
    name.to_owned()
}

/// The length of a magnitude in bits.
pub(super) fn bit_len(magnitude: &[u8]) -> u32 {
    let digits = asn1::without_zeros(magnitude);
    let unused = digits.first().map_or(0, |first| first.leading_zeros());
    u32::try_from(digits.len()).unwrap_or(u32::MAX).saturating_mul(8).saturating_sub(unused)
}
