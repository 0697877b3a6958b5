//! A private key from a file, in one form whichever numbers the file has left out, and checked against the
//! public key that the file has beside it.

use aws_lc_rs::agreement;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use zeroize::Zeroizing;

use super::curves::{CurveNames, is_uncompressed};
use super::public_key::PublicKey;
use super::{KeystoreError, asn1};
use crate::crypto::aws_lc::{mod_exp, rsa_crt};
use crate::crypto::secret::Secret;
use crate::crypto::signature::KeyMaterial;

/// A private key, its public half, and its PKCS#8 form (RFC 5958) without encryption.
pub struct ParsedKey {
    material: KeyMaterial,
    public: PublicKey,
    pkcs8: Zeroizing<Vec<u8>>,
}

/// The numbers of an RSA key that cannot be computed easily from the others (RFC 8017 section 3.2); the
/// remaining three are computed.
pub(super) struct RsaNumbers<'a> {
    pub(super) n: &'a [u8],
    pub(super) e: &'a [u8],
    pub(super) d: &'a [u8],
    pub(super) p: &'a [u8],
    pub(super) q: &'a [u8],
}

/// The numbers of a DSA key.
pub(super) struct DsaNumbers<'a> {
    pub(super) p: &'a [u8],
    pub(super) q: &'a [u8],
    pub(super) g: &'a [u8],
    /// The public value, if the file has it.
    pub(super) y: Option<&'a [u8]>,
    pub(super) x: &'a [u8],
}

impl ParsedKey {
    /// The numbers of the key.
    pub fn material(&self) -> &KeyMaterial {
        &self.material
    }

    /// The public key blob.
    pub fn public_blob(&self) -> Vec<u8> {
        self.public.ssh_blob()
    }

    pub(super) fn public(&self) -> &PublicKey {
        &self.public
    }

    pub(super) fn pkcs8(&self) -> &[u8] {
        &self.pkcs8
    }

    /// From the seed (RFC 8032).
    pub(super) fn ed25519(seed: &[u8]) -> Result<Self, KeystoreError> {
        let seed: Zeroizing<[u8; 32]> =
            Zeroizing::new(seed.try_into().map_err(|_| KeystoreError::Malformed("Ed25519 key"))?);
        let pair = Ed25519KeyPair::from_seed_unchecked(seed.as_slice())
            .map_err(|_| KeystoreError::Malformed("Ed25519 key"))?;
        let public = pair
            .public_key()
            .as_ref()
            .try_into()
            .map_err(|_| KeystoreError::Malformed("Ed25519 key"))?;
        // RFC 8410 section 7: an OCTET STRING in the OCTET STRING
        let key = asn1::value(asn1::OCTET_STRING, &[seed.as_slice()]);
        Ok(Self::assemble(
            KeyMaterial::Ed25519 { seed: Secret::new(seed.to_vec()) },
            PublicKey::Ed25519(public),
            &key,
        ))
    }

    /// From the scalar. The point is computed; `point`, if the file has one in uncompressed form,
    /// has to be the same.
    pub(super) fn ecdsa(
        curve: &'static CurveNames,
        scalar: &[u8],
        point: &[u8],
    ) -> Result<Self, KeystoreError> {
        let digits = asn1::without_zeros(scalar);
        let zeros = curve
            .field_len
            .checked_sub(digits.len())
            .ok_or(KeystoreError::Malformed("elliptic curve key"))?;
        let mut scalar = Zeroizing::new(Vec::with_capacity(curve.field_len));
        scalar.resize(zeros, 0);
        scalar.extend_from_slice(digits);
        // refuses zero and numbers from the order of the curve on
        let computed = agreement::PrivateKey::from_private_key(curve.agreement, &scalar)
            .ok()
            .and_then(|key| key.compute_public_key().ok())
            .ok_or(KeystoreError::Malformed("elliptic curve key"))?;
        let computed = computed.as_ref();
        if is_uncompressed(curve, point) && point != computed {
            return Err(KeystoreError::InconsistentKey);
        }
        // RFC 5915 section 3; the AlgorithmIdentifier around it names the curve
        let key = asn1::value(
            asn1::SEQUENCE,
            &[
                &asn1::unsigned(&[1]),
                &asn1::value(asn1::OCTET_STRING, &[&scalar]),
                &asn1::value(asn1::CONTEXT_1, &[&asn1::bit_string(computed)]),
            ],
        );
        Ok(Self::assemble(
            KeyMaterial::Ecdsa {
                curve: curve.curve,
                scalar: Secret::new(scalar.to_vec()),
                point: computed.to_vec(),
            },
            PublicKey::Ecdsa(curve, computed.to_vec()),
            &key,
        ))
    }

    /// From the numbers. They are checked against each other where the key is built for use.
    pub(super) fn rsa(numbers: &RsaNumbers<'_>) -> Result<Self, KeystoreError> {
        let public = PublicKey::rsa(numbers.n, numbers.e)?;
        let [n, e, d, p, q] =
            [numbers.n, numbers.e, numbers.d, numbers.p, numbers.q].map(asn1::without_zeros);
        let is_odd = |number: &[u8]| number.last().is_some_and(|low| low & 1 == 1);
        let is_short = |number: &[u8]| number.len() <= n.len();
        if ![n, e, p, q].into_iter().all(is_odd) || ![e, d, p, q].into_iter().all(is_short) {
            return Err(KeystoreError::Malformed("RSA key"));
        }
        if p == [1] || q == [1] {
            return Err(KeystoreError::Malformed("RSA key"));
        }
        let computed = rsa_crt(d, p, q).map_err(|_| KeystoreError::Malformed("RSA key"))?;
        // RFC 8017 A.1.2
        let key = asn1::value(
            asn1::SEQUENCE,
            &[
                &asn1::unsigned(&[0]),
                &asn1::unsigned(n),
                &asn1::unsigned(e),
                &asn1::unsigned(d),
                &asn1::unsigned(p),
                &asn1::unsigned(q),
                &asn1::unsigned(&computed.d_p),
                &asn1::unsigned(&computed.d_q),
                &asn1::unsigned(&computed.q_inv),
            ],
        );
        Ok(Self::assemble(
            KeyMaterial::Rsa {
                n: n.to_vec(),
                e: e.to_vec(),
                d: Secret::new(d.to_vec()),
                p: Secret::new(p.to_vec()),
                q: Secret::new(q.to_vec()),
            },
            public,
            &key,
        ))
    }

    /// From the numbers of a key with three primes or more (RFC 8017 A.1.2, version 1), and its whole
    /// encoding: no library here computes with the third prime, so the key signs with d alone.
    pub(super) fn rsa_of_several_primes(
        n: &[u8],
        e: &[u8],
        d: &[u8],
        pkcs1: &[u8],
    ) -> Result<Self, KeystoreError> {
        let public = PublicKey::rsa(n, e)?;
        let [n, e, d] = [n, e, d].map(asn1::without_zeros);
        if d.is_empty() || d.len() > n.len() {
            return Err(KeystoreError::Malformed("RSA key"));
        }
        let material = KeyMaterial::RsaOfSeveralPrimes {
            n: n.to_vec(),
            e: e.to_vec(),
            d: Secret::new(d.to_vec()),
        };
        Ok(Self::assemble(material, public, pkcs1))
    }

    /// From the numbers; the public value is computed.
    pub(super) fn dsa(numbers: &DsaNumbers<'_>) -> Result<Self, KeystoreError> {
        const MALFORMED: KeystoreError = KeystoreError::Malformed("DSA key");
        let DsaNumbers { p, q, g, .. } = numbers;
        // the lengths are bounded before anything is computed
        let [p, q, g] = [p, q, g].map(|number| asn1::without_zeros(number));
        PublicKey::dsa(p, q, g, numbers.y.unwrap_or(g))?;
        let x = asn1::without_zeros(numbers.x);
        let is_below = |low: &[u8], high: &[u8]| (low.len(), low) < (high.len(), high);
        if x.is_empty() || !is_below(x, q) || !is_below(q, p) || !is_below(g, p) {
            return Err(MALFORMED);
        }
        let y = mod_exp(g, x, p).map_err(|_| MALFORMED)?;
        let public = PublicKey::dsa(p, q, g, &y)?;
        let y = asn1::without_zeros(&y);
        if numbers.y.is_some_and(|given| asn1::without_zeros(given) != y) {
            return Err(KeystoreError::InconsistentKey);
        }
        let key = asn1::unsigned(x);
        Ok(Self::assemble(
            KeyMaterial::Dsa {
                p: p.to_vec(),
                q: q.to_vec(),
                g: g.to_vec(),
                y: y.to_vec(),
                x: Secret::new(x.to_vec()),
            },
            public,
            &key,
        ))
    }

    /// RFC 5958 section 2, version 1 as every tool reads it.
    fn assemble(material: KeyMaterial, public: PublicKey, key: &[u8]) -> Self {
        let pkcs8 = asn1::value(
            asn1::SEQUENCE,
            &[
                &asn1::unsigned(&[0]),
                &public.algorithm_identifier(),
                &asn1::value(asn1::OCTET_STRING, &[key]),
            ],
        );
        Self { material, public, pkcs8 }
    }
}

impl std::fmt::Debug for ParsedKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ParsedKey({}, ..)", self.public.algorithm_name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_number() {
        let key = ParsedKey::ed25519(&[7; 32]).unwrap();
        assert_eq!(format!("{key:?}"), "ParsedKey(EdDSA, ..)");
    }
}
