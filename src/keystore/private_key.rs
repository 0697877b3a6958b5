//! A private key as it comes out of a file: brought into one form whatever the file left out, and
//! checked against the public key that the file names beside it.

use aws_lc_rs::agreement;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use zeroize::Zeroizing;

use super::public_key::{CurveNames, PublicKey, bit_len, is_uncompressed};
use super::{KeystoreError, asn1};
use crate::crypto::secret::Secret;
use crate::crypto::signature::KeyMaterial;

/// An RSA modulus that takes longer to use than anyone waits for; OpenSSH has the same bound.
const MAX_RSA_BITS: u32 = 16_384;

/// A private key, its public half, and its PKCS#8 form (RFC 5958) without encryption.
pub struct ParsedKey {
    material: KeyMaterial,
    public: PublicKey,
    pkcs8: Zeroizing<Vec<u8>>,
}

/// The numbers of an RSA key that cannot be computed from the others without effort (RFC 8017
/// section 3.2); the remaining two are.
pub(super) struct RsaNumbers<'a> {
    pub(super) n: &'a [u8],
    pub(super) e: &'a [u8],
    pub(super) d: &'a [u8],
    pub(super) p: &'a [u8],
    pub(super) q: &'a [u8],
    /// The inverse of `q` modulo `p`.
    pub(super) coefficient: &'a [u8],
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

    /// RFC 8032: from the seed.
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
        // refuses zero and everything from the order of the curve on
        let computed = agreement::PrivateKey::from_private_key(curve.agreement, &scalar)
            .ok()
            .and_then(|key| key.compute_public_key().ok())
            .ok_or(KeystoreError::Malformed("elliptic curve key"))?;
        let computed = computed.as_ref();
        if is_uncompressed(curve, point) && point != computed {
            return Err(KeystoreError::InconsistentKey);
        }
        // RFC 5915 section 3; the curve is named by the AlgorithmIdentifier around it
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

    /// From the numbers. Whether they belong together is checked where the key is put to use.
    pub(super) fn rsa(numbers: &RsaNumbers<'_>) -> Result<Self, KeystoreError> {
        let bits = bit_len(numbers.n);
        if bits > MAX_RSA_BITS {
            return Err(KeystoreError::unsupported_key(format!("RSA with {bits} bits")));
        }
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
                &asn1::unsigned(&reduce(d, &minus_one(p))),
                &asn1::unsigned(&reduce(d, &minus_one(q))),
                &asn1::unsigned(numbers.coefficient),
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
            PublicKey::Rsa { n: n.to_vec(), e: e.to_vec() },
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

/// One less than an odd number.
fn minus_one(odd: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut number = Zeroizing::new(odd.to_vec());
    if let Some(low) = number.last_mut() {
        *low &= 0xfe;
    }
    number
}

/// `number` modulo `modulus` (above zero), by shifting and subtracting: each step does the same
/// whatever the digits are, so its time tells only the lengths.
fn reduce(number: &[u8], modulus: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut modulus_digits = Zeroizing::new(Vec::with_capacity(modulus.len().saturating_add(1)));
    modulus_digits.push(0);
    modulus_digits.extend_from_slice(modulus);
    let mut remainder = Zeroizing::new(vec![0_u8; modulus_digits.len()]);
    let mut difference = Zeroizing::new(vec![0_u8; modulus_digits.len()]);
    for byte in number {
        for shift in (0..8).rev() {
            let mut carry = (byte >> shift) & 1;
            for digit in remainder.iter_mut().rev() {
                let high = *digit >> 7;
                *digit = (*digit << 1) | carry;
                carry = high;
            }
            let mut borrow = 0_u8;
            let digits = remainder.iter().zip(modulus_digits.iter());
            for (result, (&left, &right)) in difference.iter_mut().zip(digits).rev() {
                let (partial, under) = left.overflowing_sub(right);
                let (digit, under_again) = partial.overflowing_sub(borrow);
                *result = digit;
                borrow = u8::from(under | under_again);
            }
            let keep = borrow.wrapping_neg();
            for (digit, &reduced) in remainder.iter_mut().zip(difference.iter()) {
                *digit = (*digit & keep) | (reduced & !keep);
            }
        }
    }
    remainder
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remainders() {
        let reduce = |number: u64, modulus: u64| {
            let digits = reduce(&number.to_be_bytes(), asn1::without_zeros(&modulus.to_be_bytes()));
            digits.iter().fold(0_u64, |sum, &d| (sum << 8) | u64::from(d))
        };
        let numbers = [0, 1, 2, 255, 256, 65_537, 0x0123_4567_89ab_cdef, u64::MAX >> 8];
        for number in numbers {
            for modulus in numbers.into_iter().filter(|&m| m != 0) {
                assert_eq!(reduce(number, modulus), number % modulus, "{number} % {modulus}");
            }
        }
    }

    #[test]
    fn debug_shows_no_number() {
        let key = ParsedKey::ed25519(&[7; 32]).unwrap();
        assert_eq!(format!("{key:?}"), "ParsedKey(EdDSA, ..)");
    }
}
