//! The groups of Diffie-Hellman and the arithmetic in them, for fixed groups and group exchange
//! alike. Every modulus p is a safe prime, p = 2q + 1 with q prime, and the generator is 2.

use zeroize::Zeroizing;

use crate::crypto::aws_lc::{Rfc3526Prime, SecretBytes, mod_exp};
use crate::crypto::random::Random;
use crate::error::CryptoError;

/// The generator of every group. In the groups of RFC 3526, in our own and in that of RFC 2409, 2 has the
/// order q.
pub(super) const GENERATOR: u8 = 2;

/// A group, by its modulus, big-endian.
pub(super) struct Group {
    prime: Vec<u8>,
}

/// The result of the server's half of the exchange.
pub(super) struct Exchanged {
    /// f, our public value.
    pub(super) public: SecretBytes,
    /// K, the shared secret.
    pub(super) secret: SecretBytes,
}

impl Group {
    /// "Second Oakley Group" of RFC 2409 section 6.2, 1024 bits.
    pub(super) fn rfc_2409() -> Self {
        Self { prime: OAKLEY_GROUP_2.to_vec() }
    }

    /// One of RFC 3526.
    pub(super) fn rfc_3526(prime: Rfc3526Prime) -> Result<Self, CryptoError> {
        Ok(Self { prime: prime.to_bytes()? })
    }

    /// A safe prime that is none of those.
    pub(super) fn of_prime(prime: Vec<u8>) -> Self {
        Self { prime }
    }

    /// p, big-endian.
    pub(super) fn prime(&self) -> &[u8] {
        &self.prime
    }

    /// Whether the arithmetic takes so long that other connections would wait for it: 2048 bits take half a
    /// millisecond, which fifty clients at once turn into a delay that people notice.
    pub(super) fn is_heavy(&self) -> bool {
        self.prime.len() >= 256
    }

    /// Draws an exponent y and returns f = 2^y and K = e^y, after checking `e`.
    pub(super) fn exchange(
        &self,
        random: &mut dyn Random,
        e: &[u8],
    ) -> Result<Exchanged, CryptoError> {
        if !self.takes(e) {
            return Err(CryptoError::BadPublicValue);
        }
        let mut y = Zeroizing::new([0; MAX_EXPONENT_LEN]);
        let y = y.get_mut(..self.exponent_len()).ok_or(CryptoError::Failed)?;
        random.fill(y)?;
        let public = mod_exp(&[GENERATOR], y, &self.prime)?;
        let secret = mod_exp(e, y, &self.prime)?;
        Ok(Exchanged { public, secret })
    }

    /// Bytes of a private exponent. Finding one takes the square root of the number of exponents, so twice
    /// the strength of the group is as good as the whole length (RFC 4419 section 6.2, RFC 3526 section 8):
    /// NIST SP 800-56A revision 3, table 25, demands 224, 256, 304, 352 and 400 bits for 2048 to 8192 bits;
    /// these are longer.
    fn exponent_len(&self) -> usize {
        match self.prime.len() {
            0..=256 => 32,
            257..=384 => 40,
            385..=512 => 48,
            513..=768 => 56,
            _ => MAX_EXPONENT_LEN,
        }
    }

    /// Whether 1 < e < p - 1 (RFC 8268 section 4). That also decides the order of e: p is a safe prime, so
    /// its only small subgroups are {1} and {1, p - 1}, and an exponentiation by q would only cost time.
    /// Whether the order is q or 2q reveals the lowest bit of an exponent that is used once; clients of
    /// groups whose generator has order 2q send such values, too.
    fn takes(&self, e: &[u8]) -> bool {
        let Some((&last, start)) = self.prime.split_last() else {
            return false;
        };
        // `e` has no leading zeros
        let above_1 = e.len() > 1 || e.first().is_some_and(|&byte| byte > 1);
        // p is odd, so p - 1 is p with its last bit cleared
        let below = e.len() < self.prime.len()
            || (e.len() == self.prime.len() && e.iter().lt(start.iter().chain(&[last & 0xfe])));
        above_1 && below
    }
}

/// See [`Group::exponent_len`].
const MAX_EXPONENT_LEN: usize = 64;

/// 2^1024 - 2^960 - 1 + 2^64 * (floor(2^894 * pi) + 129093)
#[rustfmt::skip]
const OAKLEY_GROUP_2: &[u8; 128] = &[
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xc9, 0x0f, 0xda, 0xa2, 0x21, 0x68, 0xc2,
    0x34, 0xc4, 0xc6, 0x62, 0x8b, 0x80, 0xdc, 0x1c, 0xd1, 0x29, 0x02, 0x4e, 0x08, 0x8a, 0x67,
    0xcc, 0x74, 0x02, 0x0b, 0xbe, 0xa6, 0x3b, 0x13, 0x9b, 0x22, 0x51, 0x4a, 0x08, 0x79, 0x8e,
    0x34, 0x04, 0xdd, 0xef, 0x95, 0x19, 0xb3, 0xcd, 0x3a, 0x43, 0x1b, 0x30, 0x2b, 0x0a, 0x6d,
    0xf2, 0x5f, 0x14, 0x37, 0x4f, 0xe1, 0x35, 0x6d, 0x6d, 0x51, 0xc2, 0x45, 0xe4, 0x85, 0xb5,
    0x76, 0x62, 0x5e, 0x7e, 0xc6, 0xf4, 0x4c, 0x42, 0xe9, 0xa6, 0x37, 0xed, 0x6b, 0x0b, 0xff,
    0x5c, 0xb6, 0xf4, 0x06, 0xb7, 0xed, 0xee, 0x38, 0x6b, 0xfb, 0x5a, 0x89, 0x9f, 0xa5, 0xae,
    0x9f, 0x24, 0x11, 0x7c, 0x4b, 0x1f, 0xe6, 0x49, 0x28, 0x66, 0x51, 0xec, 0xe6, 0x53, 0x81,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
];

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::crypto::aws_lc::is_probably_prime;
    use crate::crypto::hash::Hash;
    use crate::crypto::random::SystemRandom;
    use crate::crypto::tests::hex;

    /// One group of each size.
    pub(in crate::crypto::kex) fn groups() -> Vec<Group> {
        let sizes = [
            Rfc3526Prime::Bits2048,
            Rfc3526Prime::Bits3072,
            Rfc3526Prime::Bits4096,
            Rfc3526Prime::Bits6144,
            Rfc3526Prime::Bits8192,
        ];
        let mut groups = vec![Group::rfc_2409()];
        groups.extend(sizes.map(|prime| Group::rfc_3526(prime).unwrap()));
        groups
    }

    /// p and (p - 1) / 2 are prime, and 2 has the order q, which is so for primes of the form 8k + 7.
    pub(in crate::crypto::kex) fn assert_safe(prime: &[u8]) {
        assert_eq!(prime.last().unwrap() % 8, 7);
        assert!(prime[0] & 0x80 != 0);
        assert!(is_probably_prime(prime).unwrap());
        let half = prime.iter().scan(0, |carry, byte| {
            let digit = (*carry << 7) | (byte >> 1);
            *carry = byte & 1;
            Some(digit)
        });
        assert!(is_probably_prime(&half.collect::<Vec<u8>>()).unwrap());
    }

    /// SHA-256 of the primes, computed with Python from their definition in RFC 2409 section 6.2 and
    /// RFC 3526 sections 3 to 7 (a formula with the digits of pi).
    #[test]
    fn the_primes_are_those_of_the_rfcs() {
        let digests = [
            "3f35a3f5f6c4376a744acad409bb22f8d897f949d2311d885adaa890981b67a0",
            "d66436f79bbd6b2e38c0ffbd079be904d2641415e2e67140e09448be9a60890e",
            "48cf8b092fbce4359d9871abf74f98e25b6163379eaa15cd9087e800c6d1c55c",
            "4ee95187682bcb230ad26a95205f6920e84708f6251b3894329b09ec23919e33",
            "d1bfe6d0925ce7e4da262b62861514a7755e35831e429f343e7b864848657efd",
            "39ab4feab950a3128fb71accb9fc3965d857012e081998a85996e3ea8b3c3bcf",
        ];
        for (group, digest) in groups().iter().zip(digests) {
            assert_eq!(Hash::Sha256.digest(&[&group.prime]), hex(digest));
        }
    }

    #[test]
    fn primality_is_told() {
        assert!(is_probably_prime(&[101]).unwrap());
        // 561 is a Carmichael number
        for composite in [&[0][..], &[1], &[100], &[2, 49]] {
            assert!(!is_probably_prime(composite).unwrap());
        }
        assert_safe(Group::rfc_2409().prime());
    }

    #[test]
    fn exponents_are_long_enough() {
        let wanted = [160, 224, 256, 304, 352, 400];
        for (group, bits) in groups().iter().zip(wanted) {
            assert!(group.exponent_len() * 8 >= bits);
        }
    }

    #[test]
    fn values_at_and_beyond_the_ends_are_refused() {
        for group in groups() {
            let p = &group.prime;
            let near_p = |offset: i8| {
                let mut near = p.clone();
                let last = near.last_mut().unwrap();
                *last = last.wrapping_add_signed(offset);
                near
            };
            let longer = [&[1], &p[..]].concat();
            for e in [vec![], vec![1], near_p(-1), p.clone(), longer] {
                let refused = group.exchange(&mut SystemRandom, &e).err();
                assert_eq!(refused, Some(CryptoError::BadPublicValue));
            }
            for e in [vec![2], near_p(-2)] {
                assert!(group.exchange(&mut SystemRandom, &e).is_ok());
            }
        }
    }
}
