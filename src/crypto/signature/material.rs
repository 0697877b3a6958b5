//! The numbers of a private key in a key file: `keystore` reads them, and [`super::PrivateKey`] is built
//! from them. Numbers are big-endian magnitudes; every secret is wiped.

use crate::crypto::secret::Secret;

/// An elliptic curve of RFC 5656.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Curve {
    /// nistp256
    P256,
    /// nistp384
    P384,
    /// nistp521
    P521,
}

/// A private key in its parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyMaterial {
    /// RFC 8032: the 32-byte seed.
    Ed25519 {
        /// The seed.
        seed: Secret,
    },
    /// A point and its discrete logarithm.
    Ecdsa {
        /// The curve.
        curve: Curve,
        /// The private scalar.
        scalar: Secret,
        /// The public point, uncompressed (SEC 1 section 2.3.3); empty when the file has none.
        point: Vec<u8>,
    },
    /// FIPS 186-4 section 4.
    Dsa {
        /// The prime of the field.
        p: Vec<u8>,
        /// The order of the subgroup.
        q: Vec<u8>,
        /// Its generator.
        g: Vec<u8>,
        /// The public value.
        y: Vec<u8>,
        /// The private value.
        x: Secret,
    },
    /// RFC 8017 section 3.2, second representation.
    Rsa {
        /// The modulus.
        n: Vec<u8>,
        /// The public exponent.
        e: Vec<u8>,
        /// The private exponent.
        d: Secret,
        /// The first prime.
        p: Secret,
        /// The second prime.
        q: Secret,
    },
    /// RFC 8017 section 3.2, first representation: of a key with more than two primes.
    RsaOfSeveralPrimes {
        /// The modulus.
        n: Vec<u8>,
        /// The public exponent.
        e: Vec<u8>,
        /// The private exponent.
        d: Secret,
    },
}
