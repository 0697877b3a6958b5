//! ecdsa-sha2-nistp256, -nistp384 and -nistp521 (RFC 5656 section 3). Public key blob: `string name
//! | string curve | string Q`; signature: `mpint r | mpint s`. Points are uncompressed only.

use aws_lc_rs::agreement::{self, ECDH_P256, ECDH_P384, ECDH_P521};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED,
    ECDSA_P384_SHA384_FIXED_SIGNING, ECDSA_P521_SHA512_FIXED, ECDSA_P521_SHA512_FIXED_SIGNING,
    EcdsaKeyPair, EcdsaSigningAlgorithm, EcdsaVerificationAlgorithm, KeyPair, UnparsedPublicKey,
};
use zeroize::Zeroizing;

use super::{Curve, PrivateKey, SignatureAlgorithm, Signer, Verify};
use crate::crypto::Security;
use crate::crypto::secret::Secret;
use crate::error::{CryptoError, InvalidMessage};
use crate::wire::{Reader, Writer};

/// The registry row of ecdsa-sha2-nistp256.
pub(super) static ECDSA_NISTP256: SignatureAlgorithm =
    row(&P256, |key, message, signature| verify(&P256, key, message, signature));

/// The registry row of ecdsa-sha2-nistp384.
pub(super) static ECDSA_NISTP384: SignatureAlgorithm =
    row(&P384, |key, message, signature| verify(&P384, key, message, signature));

/// The registry row of ecdsa-sha2-nistp521.
pub(super) static ECDSA_NISTP521: SignatureAlgorithm =
    row(&P521, |key, message, signature| verify(&P521, key, message, signature));

const fn row(parameters: &Parameters, verify: Verify) -> SignatureAlgorithm {
    SignatureAlgorithm {
        security: Security::Intermediate,
        ..SignatureAlgorithm::plain(parameters.name, parameters.name, verify)
    }
}

/// The parameters of a curve; its size decides the hash (RFC 5656 section 6.2.1).
struct Parameters {
    name: &'static str,
    names: &'static [&'static str],
    curve: &'static str,
    /// Bytes of a scalar and of a coordinate.
    len: usize,
    verifying: &'static EcdsaVerificationAlgorithm,
    signing: &'static EcdsaSigningAlgorithm,
    agreement: &'static agreement::Algorithm,
}

static P256: Parameters = Parameters {
    name: "ecdsa-sha2-nistp256",
    names: &["ecdsa-sha2-nistp256"],
    curve: "nistp256",
    len: 32,
    verifying: &ECDSA_P256_SHA256_FIXED,
    signing: &ECDSA_P256_SHA256_FIXED_SIGNING,
    agreement: &ECDH_P256,
};

static P384: Parameters = Parameters {
    name: "ecdsa-sha2-nistp384",
    names: &["ecdsa-sha2-nistp384"],
    curve: "nistp384",
    len: 48,
    verifying: &ECDSA_P384_SHA384_FIXED,
    signing: &ECDSA_P384_SHA384_FIXED_SIGNING,
    agreement: &ECDH_P384,
};

static P521: Parameters = Parameters {
    name: "ecdsa-sha2-nistp521",
    names: &["ecdsa-sha2-nistp521"],
    curve: "nistp521",
    len: 66,
    verifying: &ECDSA_P521_SHA512_FIXED,
    signing: &ECDSA_P521_SHA512_FIXED_SIGNING,
    agreement: &ECDH_P521,
};

fn verify(
    parameters: &Parameters,
    key_blob: &[u8],
    message: &[u8],
    signature: &[u8],
) -> Result<(), CryptoError> {
    verify_by(parameters, public_point(parameters, key_blob)?, message, signature)
}

/// Verifies with the bare point.
fn verify_by(
    parameters: &Parameters,
    point: &[u8],
    message: &[u8],
    signature: &[u8],
) -> Result<(), CryptoError> {
    if !is_uncompressed(parameters, point) {
        return Err(CryptoError::UnsuitableKey);
    }
    let fixed = fixed_signature(parameters, signature)?;
    UnparsedPublicKey::new(parameters.verifying, point)
        .verify(message, &fixed)
        .map_err(|_| CryptoError::BadSignature)
}

fn public_point<'b>(parameters: &Parameters, key_blob: &'b [u8]) -> Result<&'b [u8], CryptoError> {
    let parse = || {
        let mut reader = Reader::new(key_blob);
        let fields = (reader.string()?, reader.string()?, reader.string()?);
        reader.finish().map(|()| fields)
    };
    let (name, curve, point) = parse().map_err(|_: InvalidMessage| CryptoError::UnsuitableKey)?;
    let fits = name == parameters.name.as_bytes() && curve == parameters.curve.as_bytes();
    if fits { Ok(point) } else { Err(CryptoError::UnsuitableKey) }
}

/// Verifies with a point of nistp256 and SHA-256, for security keys.
pub(super) fn verify_nistp256(
    point: &[u8],
    message: &[u8],
    signature: &[u8],
) -> Result<(), CryptoError> {
    verify_by(&P256, point, message, signature)
}

/// SEC 1 section 2.3.3: 4, then both coordinates. The library would accept other encodings, too.
fn is_uncompressed(parameters: &Parameters, point: &[u8]) -> bool {
    point.len() == 1 + 2 * parameters.len && point.first() == Some(&4)
}

/// `mpint r | mpint s` (RFC 5656 section 3.1.2) as two numbers of the length of the curve.
fn fixed_signature(parameters: &Parameters, signature: &[u8]) -> Result<Vec<u8>, CryptoError> {
    let parse = || {
        let mut reader = Reader::new(signature);
        let numbers = (reader.mpint()?, reader.mpint()?);
        reader.finish().map(|()| numbers)
    };
    let (r, s) = parse().map_err(|_: InvalidMessage| CryptoError::BadSignature)?;
    let mut fixed = Vec::with_capacity(2 * parameters.len);
    for number in [r, s] {
        let zeros = parameters.len.checked_sub(number.len()).ok_or(CryptoError::BadSignature)?;
        fixed.resize(fixed.len() + zeros, 0);
        fixed.extend_from_slice(number);
    }
    Ok(fixed)
}

/// Builds a key; a point that does not fit the scalar is refused, an empty one is computed.
pub(super) fn private_key(
    curve: Curve,
    scalar: &Secret,
    point: &[u8],
) -> Result<PrivateKey, CryptoError> {
    let parameters = match curve {
        Curve::P256 => &P256,
        Curve::P384 => &P384,
        Curve::P521 => &P521,
    };
    let scalar = padded(scalar.expose(), parameters.len).ok_or(CryptoError::UnsuitableKey)?;
    let computed;
    let point = if point.is_empty() {
        let key = agreement::PrivateKey::from_private_key(parameters.agreement, &scalar)
            .map_err(|_| CryptoError::UnsuitableKey)?;
        computed = key.compute_public_key().map_err(|_| CryptoError::UnsuitableKey)?;
        computed.as_ref()
    } else {
        point
    };
    if !is_uncompressed(parameters, point) {
        return Err(CryptoError::UnsuitableKey);
    }
    let pair = EcdsaKeyPair::from_private_key_and_public_key(parameters.signing, &scalar, point)
        .map_err(|_| CryptoError::UnsuitableKey)?;
    let mut public_blob = Vec::new();
    Writer::new(&mut public_blob)
        .string(parameters.name)
        .string(parameters.curve)
        .string(pair.public_key());
    Ok(PrivateKey::plain(public_blob, Box::new(Ecdsa { pair, parameters })))
}

/// Files have scalars as mpints or padded; the library needs the length of the curve.
fn padded(number: &[u8], len: usize) -> Option<Zeroizing<Vec<u8>>> {
    let zeros = number.iter().take_while(|&&byte| byte == 0).count();
    let digits = number.get(zeros..)?;
    let mut out = Zeroizing::new(Vec::with_capacity(len));
    out.resize(len.checked_sub(digits.len())?, 0);
    out.extend_from_slice(digits);
    Some(out)
}

struct Ecdsa {
    pair: EcdsaKeyPair,
    parameters: &'static Parameters,
}

impl Signer for Ecdsa {
    fn algorithms(&self) -> &'static [&'static str] {
        self.parameters.names
    }

    fn sign(&self, _algorithm: &str, message: &[u8]) -> Result<Vec<u8>, CryptoError> {
        let fixed =
            self.pair.sign(&SystemRandom::new(), message).map_err(|_| CryptoError::Failed)?;
        let (r, s) =
            fixed.as_ref().split_at_checked(self.parameters.len).ok_or(CryptoError::Failed)?;
        let mut signature = Vec::with_capacity(2 * (4 + 1 + self.parameters.len));
        Writer::new(&mut signature).mpint(r).mpint(s);
        Ok(signature)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::crypto::signature::tests::{mpints, strings};
    use crate::crypto::signature::{KeyMaterial, by_name};
    use crate::crypto::tests::hex;

    struct Vector {
        curve: Curve,
        name: &'static str,
        curve_name: &'static str,
        scalar: &'static str,
        point: &'static str,
        r: &'static str,
        s: &'static str,
    }

    /// RFC 6979 sections A.2.5, A.2.6 and A.2.7: the signatures of "sample" with the hash of RFC
    /// 5656 for the curve.
    const VECTORS: [Vector; 3] = [
        Vector {
            curve: Curve::P256,
            name: "ecdsa-sha2-nistp256",
            curve_name: "nistp256",
            scalar: "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721",
            point: "0460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29f\
                    b67903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d44622\
                    99",
            r: "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716",
            s: "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8",
        },
        Vector {
            curve: Curve::P384,
            name: "ecdsa-sha2-nistp384",
            curve_name: "nistp384",
            scalar: "6b9d3dad2e1b8c1c05b19875b6659f4de23c3b667bf297ba9aa47740787137d8\
                     96d5724e4c70a825f872c9ea60d2edf5",
            point: "04ec3a4e415b4e19a4568618029f427fa5da9a8bc4ae92e02e06aae5286b300c\
                    64def8f0ea9055866064a254515480bc138015d9b72d7d57244ea8ef9ac0c621\
                    896708a59367f9dfb9f54ca84b3f1c9db1288b231c3ae0d4fe7344fd25332647\
                    20",
            r: "94edbb92a5ecb8aad4736e56c691916b3f88140666ce9fa73d64c4ea95ad133c\
                81a648152e44acf96e36dd1e80fabe46",
            s: "99ef4aeb15f178cea1fe40db2603138f130e740a19624526203b6351d0a3a94f\
                a329c145786e679e7b82c71a38628ac8",
        },
        Vector {
            curve: Curve::P521,
            name: "ecdsa-sha2-nistp521",
            curve_name: "nistp521",
            scalar: "00fad06daa62ba3b25d2fb40133da757205de67f5bb0018fee8c86e1b68c7e75\
                     caa896eb32f1f47c70855836a6d16fcc1466f6d8fbec67db89ec0c08b0e996b8\
                     3538",
            point: "0401894550d0785932e00eaa23b694f213f8c3121f86dc97a04e5a7167db4e5b\
                    cd371123d46e45db6b5d5370a7f20fb633155d38ffa16d2bd761dcac474b9a2f\
                    5023a400493101c962cd4d2fddf782285e64584139c2f91b47f87ff82354d663\
                    0f746a28a0db25741b5b34a828008b22acc23f924faafbd4d33f81ea66956dfe\
                    aa2bfdfcf5",
            r: "00c328fafcbd79dd77850370c46325d987cb525569fb63c5d3bc53950e6d4c5f\
                174e25a1ee9017b5d450606add152b534931d7d4e8455cc91f9b15bf05ec36e3\
                77fa",
            s: "00617cce7cf5064806c467f678d3b4080d6f1cc50af26ca209417308281b68af\
                282623eaa63e5b5c0723d8b8c37ff0777b1a20f8ccb1dccc43997f1ee0e44da4\
                a67a",
        },
    ];

    fn material(vector: &Vector, point: Vec<u8>) -> KeyMaterial {
        KeyMaterial::Ecdsa { curve: vector.curve, scalar: Secret::new(hex(vector.scalar)), point }
    }

    pub(in crate::crypto::signature) fn known_answers() -> Vec<&'static str> {
        for vector in &VECTORS {
            let point = hex(vector.point);
            let blob = strings(&[vector.name.as_bytes(), vector.curve_name.as_bytes(), &point]);
            for given in [point, vec![]] {
                let key = PrivateKey::new(&material(vector, given)).unwrap();
                assert_eq!(key.public_blob(), blob);
                assert_eq!(key.algorithms(), [vector.name]);
            }
            let row = by_name(vector.name).unwrap();
            let signature = mpints(&[&hex(vector.r), &hex(vector.s)]);
            assert_eq!((row.verify)(&blob, b"sample", &signature), Ok(()), "{row:?}");
            let swapped = mpints(&[&hex(vector.s), &hex(vector.r)]);
            for (message, signature) in [(&b"test"[..], &signature), (b"sample", &swapped)] {
                assert_eq!(
                    (row.verify)(&blob, message, signature),
                    Err(CryptoError::BadSignature),
                    "{row:?}"
                );
            }
        }
        VECTORS.iter().map(|vector| vector.name).collect()
    }

    #[test]
    fn keys_whose_parts_do_not_belong_together_are_refused() {
        for vector in &VECTORS {
            let point = hex(vector.point);
            let mut off_curve = point.clone();
            *off_curve.last_mut().unwrap() ^= 1;
            let mut compressed = point[..=point.len() / 2].to_vec();
            compressed[0] = 2 + (point[point.len() - 1] & 1);
            let other = {
                let mut scalar = hex(vector.scalar);
                *scalar.last_mut().unwrap() ^= 1;
                let scalar = Secret::new(scalar);
                let curve = vector.curve;
                PrivateKey::new(&KeyMaterial::Ecdsa { curve, scalar, point })
            };
            assert!(other.is_err(), "{}", vector.name);
            for point in [off_curve, compressed] {
                assert!(PrivateKey::new(&material(vector, point)).is_err(), "{}", vector.name);
            }
            for scalar in [vec![], vec![0; 66], vec![0xff; 66], vec![1; 67]] {
                let curve = vector.curve;
                let scalar = Secret::new(scalar);
                let material = KeyMaterial::Ecdsa { curve, scalar, point: vec![] };
                assert!(PrivateKey::new(&material).is_err(), "{}", vector.name);
            }
        }
    }

    #[test]
    fn blobs_and_signatures_are_parsed_strictly() {
        for vector in &VECTORS {
            let row = by_name(vector.name).unwrap();
            let (name, curve) = (vector.name.as_bytes(), vector.curve_name.as_bytes());
            let (point, r, s) = (hex(vector.point), hex(vector.r), hex(vector.s));
            let good = strings(&[name, curve, &point]);
            let signature = mpints(&[&r, &s]);
            let mut compressed = point[..=point.len() / 2].to_vec();
            compressed[0] = 2 + (point[point.len() - 1] & 1);
            let bad_blobs = [
                [&good[..], &[0]].concat(),
                strings(&[name, b"nistp192", &point]),
                strings(&[b"ssh-rsa", curve, &point]),
                strings(&[name, curve, &compressed]),
                strings(&[name, curve, &[0]]),
                strings(&[name, curve]),
            ];
            for blob in bad_blobs {
                assert_eq!(
                    (row.verify)(&blob, b"sample", &signature),
                    Err(CryptoError::UnsuitableKey)
                );
            }
            let bad_signatures = [
                [&signature[..], &[0]].concat(),
                mpints(&[&r]),
                mpints(&[&r, &[0xff; 67]]),
                mpints(&[&[], &s]),
                mpints(&[&r, &[]]),
                // an mpint that is not in its shortest form
                strings(&[&[&[0, 0], &r[..]].concat(), &s]),
                [&r[..], &s].concat(),
            ];
            for signature in bad_signatures {
                assert_eq!(
                    (row.verify)(&good, b"sample", &signature),
                    Err(CryptoError::BadSignature)
                );
            }
        }
    }
}
