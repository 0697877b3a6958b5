//! Keys from passwords: PBKDF1 and PBKDF2 (RFC 8018), scrypt (RFC 7914) and the derivation of PKCS#12 (RFC
//! 7292 appendix B). The file states the cost, so that is checked against the bounds before anything is
//! computed.

use std::num::NonZeroU32;

use cbc::cipher::BlockSizeUser;
use hmac::{KeyInit, Mac, SimpleHmac};
use md5::Md5;
use sha1::{Digest, Sha1};
use sha2::{Sha224, Sha256, Sha384, Sha512, Sha512_224, Sha512_256};
use sha3::{Sha3_256, Sha3_384, Sha3_512};
use zeroize::Zeroizing;

use super::{KeystoreError, Unlock};
use crate::limits::{MAX_DERIVED_LEN, MAX_SALT_LEN};

const BAD_PARAMETERS: KeystoreError = KeystoreError::Malformed("key derivation's parameters");

/// A hash function, and so an HMAC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hash {
    Md5,
    Sha1,
    Sha224,
    Sha256,
    Sha384,
    Sha512,
    Sha512t224,
    Sha512t256,
    Sha3t256,
    Sha3t384,
    Sha3t512,
}

/// Calls a function that is generic over the hash.
macro_rules! with_hash {
    ($hash:expr, $function:ident($($argument:expr),*)) => {
        match $hash {
            Hash::Md5 => $function::<Md5>($($argument),*),
            Hash::Sha1 => $function::<Sha1>($($argument),*),
            Hash::Sha224 => $function::<Sha224>($($argument),*),
            Hash::Sha256 => $function::<Sha256>($($argument),*),
            Hash::Sha384 => $function::<Sha384>($($argument),*),
            Hash::Sha512 => $function::<Sha512>($($argument),*),
            Hash::Sha512t224 => $function::<Sha512_224>($($argument),*),
            Hash::Sha512t256 => $function::<Sha512_256>($($argument),*),
            Hash::Sha3t256 => $function::<Sha3_256>($($argument),*),
            Hash::Sha3t384 => $function::<Sha3_384>($($argument),*),
            Hash::Sha3t512 => $function::<Sha3_512>($($argument),*),
        }
    };
}

impl Hash {
    /// The hash with an object identifier (RFC 3279, RFC 5754, RFC 8702).
    pub(super) fn by_oid(oid: &str) -> Option<Self> {
        Some(match oid {
            "1.2.840.113549.2.5" => Self::Md5,
            "1.3.14.3.2.26" => Self::Sha1,
            "2.16.840.1.101.3.4.2.4" => Self::Sha224,
            "2.16.840.1.101.3.4.2.1" => Self::Sha256,
            "2.16.840.1.101.3.4.2.2" => Self::Sha384,
            "2.16.840.1.101.3.4.2.3" => Self::Sha512,
            "2.16.840.1.101.3.4.2.5" => Self::Sha512t224,
            "2.16.840.1.101.3.4.2.6" => Self::Sha512t256,
            "2.16.840.1.101.3.4.2.8" => Self::Sha3t256,
            "2.16.840.1.101.3.4.2.9" => Self::Sha3t384,
            "2.16.840.1.101.3.4.2.10" => Self::Sha3t512,
            _ => return None,
        })
    }

    /// The hash of an HMAC with an object identifier (RFC 8018 appendix B.1; NIST's for
    /// SHA-3).
    pub(super) fn by_hmac_oid(oid: &str) -> Option<Self> {
        Some(match oid {
            "1.2.840.113549.2.6" => Self::Md5,
            "1.2.840.113549.2.7" => Self::Sha1,
            "1.2.840.113549.2.8" => Self::Sha224,
            "1.2.840.113549.2.9" => Self::Sha256,
            "1.2.840.113549.2.10" => Self::Sha384,
            "1.2.840.113549.2.11" => Self::Sha512,
            "1.2.840.113549.2.12" => Self::Sha512t224,
            "1.2.840.113549.2.13" => Self::Sha512t256,
            "2.16.840.1.101.3.4.2.14" => Self::Sha3t256,
            "2.16.840.1.101.3.4.2.15" => Self::Sha3t384,
            "2.16.840.1.101.3.4.2.16" => Self::Sha3t512,
            _ => return None,
        })
    }

    pub(super) fn output_len(self) -> usize {
        with_hash!(self, output_len())
    }

    pub(super) fn digest(self, parts: &[&[u8]]) -> Zeroizing<Vec<u8>> {
        with_hash!(self, digest(parts))
    }

    /// Hashes `parts`, then the digest again, `rounds` hashes in all.
    fn digest_again(self, parts: &[&[u8]], rounds: u32) -> Zeroizing<Vec<u8>> {
        let mut block = self.digest(parts);
        let Some(fast) = self.fast_digest() else {
            with_hash!(self, again(&mut block, rounds));
            return block;
        };
        for _ in 1..rounds {
            let next = aws_lc_rs::digest::digest(fast, &block);
            block.copy_from_slice(next.as_ref());
        }
        block
    }

    /// The same hash in the faster library, if that has it.
    fn fast_digest(self) -> Option<&'static aws_lc_rs::digest::Algorithm> {
        match self {
            Self::Sha1 => Some(&aws_lc_rs::digest::SHA1_FOR_LEGACY_USE_ONLY),
            Self::Sha256 => Some(&aws_lc_rs::digest::SHA256),
            Self::Sha384 => Some(&aws_lc_rs::digest::SHA384),
            Self::Sha512 => Some(&aws_lc_rs::digest::SHA512),
            Self::Md5 | Self::Sha224 | Self::Sha512t224 | Self::Sha512t256 => None,
            Self::Sha3t256 | Self::Sha3t384 | Self::Sha3t512 => None,
        }
    }

    fn fast_pbkdf2(self) -> Option<aws_lc_rs::pbkdf2::Algorithm> {
        match self {
            Self::Sha1 => Some(aws_lc_rs::pbkdf2::PBKDF2_HMAC_SHA1),
            Self::Sha256 => Some(aws_lc_rs::pbkdf2::PBKDF2_HMAC_SHA256),
            Self::Sha384 => Some(aws_lc_rs::pbkdf2::PBKDF2_HMAC_SHA384),
            Self::Sha512 => Some(aws_lc_rs::pbkdf2::PBKDF2_HMAC_SHA512),
            Self::Md5 | Self::Sha224 | Self::Sha512t224 | Self::Sha512t256 => None,
            Self::Sha3t256 | Self::Sha3t384 | Self::Sha3t512 => None,
        }
    }

    pub(super) fn hmac(self, key: &[u8], data: &[u8]) -> Zeroizing<Vec<u8>> {
        with_hash!(self, hmac(key, data))
    }
}

fn output_len<D: Digest>() -> usize {
    <D as Digest>::output_size()
}

fn block_len<D: BlockSizeUser>() -> usize {
    D::block_size()
}

fn digest<D: Digest>(parts: &[&[u8]]) -> Zeroizing<Vec<u8>> {
    let mut hash = D::new();
    for part in parts {
        hash.update(part);
    }
    Zeroizing::new(hash.finalize().to_vec())
}

fn again<D: Digest>(block: &mut [u8], rounds: u32) {
    for _ in 1..rounds {
        block.copy_from_slice(&D::digest(&block));
    }
}

fn hmac<D: Digest + BlockSizeUser>(key: &[u8], data: &[u8]) -> Zeroizing<Vec<u8>> {
    // HMAC takes a key of any length
    match SimpleHmac::<D>::new_from_slice(key) {
        Ok(mut mac) => {
            mac.update(data);
            Zeroizing::new(mac.finalize().into_bytes().to_vec())
        }
        Err(_) => Zeroizing::default(),
    }
}

/// RFC 8018 section 5.2
pub(super) fn pbkdf2(
    hash: Hash,
    password: &[u8],
    salt: &[u8],
    iterations: u64,
    len: usize,
    unlock: &Unlock<'_>,
) -> Result<Zeroizing<Vec<u8>>, KeystoreError> {
    let rounds = pay(hash, salt, iterations, len, unlock)?;
    let mut out = Zeroizing::new(vec![0; len]);
    match (hash.fast_pbkdf2(), NonZeroU32::new(rounds)) {
        (Some(fast), Some(rounds)) => {
            aws_lc_rs::pbkdf2::derive(fast, rounds, salt, password, &mut out);
        }
        _ => with_hash!(hash, fill_pbkdf2(password, salt, rounds, &mut out))?,
    }
    Ok(out)
}

fn fill_pbkdf2<D: Digest + BlockSizeUser + Clone + Sync>(
    password: &[u8],
    salt: &[u8],
    rounds: u32,
    out: &mut [u8],
) -> Result<(), KeystoreError> {
    pbkdf2::pbkdf2::<SimpleHmac<D>>(password, salt, rounds, out).map_err(|_| BAD_PARAMETERS)
}

/// Charges the cost against the bounds, and bounds the length of the salt and of the result.
fn pay(
    hash: Hash,
    salt: &[u8],
    iterations: u64,
    len: usize,
    unlock: &Unlock<'_>,
) -> Result<u32, KeystoreError> {
    if salt.len() > MAX_SALT_LEN {
        return Err(KeystoreError::TooCostly);
    }
    if len == 0 || len > MAX_DERIVED_LEN || iterations == 0 {
        return Err(BAD_PARAMETERS);
    }
    let blocks = u64::try_from(len.div_ceil(hash.output_len())).unwrap_or(u64::MAX);
    unlock.pay_for_hashing(iterations.saturating_mul(blocks))?;
    u32::try_from(iterations).map_err(|_| KeystoreError::TooCostly)
}

/// RFC 8018 section 5.1, of the whole length of the hash.
pub(super) fn pbkdf1(
    hash: Hash,
    password: &[u8],
    salt: &[u8],
    iterations: u64,
    unlock: &Unlock<'_>,
) -> Result<Zeroizing<Vec<u8>>, KeystoreError> {
    let rounds = pay(hash, salt, iterations, hash.output_len(), unlock)?;
    Ok(hash.digest_again(&[password, salt], rounds))
}

/// RFC 7914
pub(super) fn scrypt(
    password: &[u8],
    salt: &[u8],
    [n, r, p]: [u64; 3],
    len: usize,
    unlock: &Unlock<'_>,
) -> Result<Zeroizing<Vec<u8>>, KeystoreError> {
    if salt.len() > MAX_SALT_LEN {
        return Err(KeystoreError::TooCostly);
    }
    if len == 0 || len > MAX_DERIVED_LEN || !n.is_power_of_two() {
        return Err(BAD_PARAMETERS);
    }
    unlock.pay_for_scrypt(n, r, p)?;
    let log_n = u8::try_from(n.trailing_zeros()).map_err(|_| BAD_PARAMETERS)?;
    let r = u32::try_from(r).map_err(|_| BAD_PARAMETERS)?;
    let p = u32::try_from(p).map_err(|_| BAD_PARAMETERS)?;
    let parameters = scrypt::Params::new(log_n, r, p).map_err(|_| BAD_PARAMETERS)?;
    let mut out = Zeroizing::new(vec![0; len]);
    scrypt::scrypt(password, salt, &parameters, &mut out).map_err(|_| BAD_PARAMETERS)?;
    Ok(out)
}

/// The purpose of a PKCS#12 derivation (RFC 7292 appendix B.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    Key,
    Iv,
    Mac,
}

impl Purpose {
    fn id(self) -> u8 {
        match self {
            Self::Key => 1,
            Self::Iv => 2,
            Self::Mac => 3,
        }
    }
}

/// RFC 7292 appendix B.2. `password` is in UTF-16BE with its terminator.
pub(super) fn pkcs12(
    hash: Hash,
    purpose: Purpose,
    password: &[u8],
    salt: &[u8],
    iterations: u64,
    len: usize,
    unlock: &Unlock<'_>,
) -> Result<Zeroizing<Vec<u8>>, KeystoreError> {
    let rounds = pay(hash, salt, iterations, len, unlock)?;
    let block_len = with_hash!(hash, block_len());
    let diversifier = vec![purpose.id(); block_len];
    let mut input = filled(salt, block_len);
    input.extend_from_slice(&filled(password, block_len));
    let mut out = Zeroizing::new(Vec::with_capacity(len.saturating_add(hash.output_len())));
    while out.len() < len {
        let block = hash.digest_again(&[&diversifier, &input], rounds);
        let step = filled(&block, block_len);
        let step = step.get(..block_len).unwrap_or_default();
        for chunk in input.chunks_exact_mut(block_len) {
            add_one_more(chunk, step);
        }
        out.extend_from_slice(&block);
    }
    out.truncate(len);
    Ok(out)
}

/// Copies of `bytes` up to a multiple of the block length; no bytes stay no bytes.
fn filled(bytes: &[u8], block_len: usize) -> Zeroizing<Vec<u8>> {
    let len = bytes.len().div_ceil(block_len.max(1)).saturating_mul(block_len);
    // twice the capacity: a vector that grows leaves copies of secrets behind
    let mut out = Zeroizing::new(Vec::with_capacity(len.saturating_mul(2)));
    out.extend(bytes.iter().cycle().take(len));
    out
}

/// Adds `step` and one, modulo the size of the number.
fn add_one_more(number: &mut [u8], step: &[u8]) {
    let mut carry = 1_u16;
    for (digit, &more) in number.iter_mut().zip(step).rev() {
        let sum = u16::from(*digit).saturating_add(u16::from(more)).saturating_add(carry);
        let [high, low] = sum.to_be_bytes();
        *digit = low;
        carry = u16::from(high);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(digits: &str) -> Vec<u8> {
        let pairs = digits.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap());
        pairs.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect()
    }

    fn unlock() -> Unlock<'static> {
        Unlock::from("")
    }

    /// RFC 6070, and RFC 7914 section 11 for SHA-256.
    #[test]
    fn pbkdf2_known_answers() {
        let cases = [
            (Hash::Sha1, "password", "salt", 4096, "4b007901b765489abead49d926f721d065a429c1"),
            (
                Hash::Sha256,
                "passwd",
                "salt",
                1,
                "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc\
                 49ca9cccf179b645991664b39d77ef317c71b845b1e30bd509112041d3a19783",
            ),
        ];
        for (hash, password, salt, iterations, expected) in cases {
            let expected = hex(expected);
            let key = pbkdf2(
                hash,
                password.as_bytes(),
                salt.as_bytes(),
                iterations,
                expected.len(),
                &unlock(),
            );
            assert_eq!(*key.unwrap(), expected, "{hash:?}");
        }
    }

    /// RFC 7914 section 12
    #[test]
    fn scrypt_known_answer() {
        let key = scrypt(b"password", b"NaCl", [1024, 8, 16], 64, &unlock()).unwrap();
        let expected = hex("fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162\
             2eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640");
        assert_eq!(*key, expected);
    }

    #[test]
    fn absurd_parameters_are_refused() {
        let salt = [0; MAX_SALT_LEN + 1];
        let all = [
            pbkdf2(Hash::Sha1, b"", &salt, 1, 8, &unlock()),
            pbkdf2(Hash::Sha1, b"", b"", u64::MAX, 8, &unlock()),
            pbkdf2(Hash::Sha1, b"", b"", 6_000_000, 40, &unlock()),
            pbkdf1(Hash::Md5, b"", b"", 1 << 32, &unlock()),
            scrypt(b"", b"", [1 << 63, 8, 1], 8, &unlock()),
            scrypt(b"", &salt, [2, 8, 1], 8, &unlock()),
            pkcs12(Hash::Sha1, Purpose::Iv, b"", b"", 100_000_000, 8, &unlock()),
        ];
        for result in all {
            assert_eq!(result, Err(KeystoreError::TooCostly));
        }
        let all = [
            pbkdf2(Hash::Sha1, b"", b"", 0, 8, &unlock()),
            pbkdf2(Hash::Sha1, b"", b"", 1, MAX_DERIVED_LEN + 1, &unlock()),
            scrypt(b"", b"", [3, 8, 1], 8, &unlock()),
            scrypt(b"", b"", [2, 0, 1], 8, &unlock()),
            scrypt(b"", b"", [2, 1, 0], 8, &unlock()),
            scrypt(b"", b"", [0, 1, 1], 8, &unlock()),
            pkcs12(Hash::Sha1, Purpose::Iv, b"", b"", 1, 0, &unlock()),
        ];
        for result in all {
            assert_eq!(result, Err(BAD_PARAMETERS));
        }
    }
}
