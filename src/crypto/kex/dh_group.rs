//! diffie-hellman-group14-sha256, -group16-sha512 and -group18-sha512 (RFC 8268): Diffie-Hellman of
//! RFC 4253 section 8 over the groups of RFC 3526. Generator 2.

use zeroize::Zeroizing;

use super::{KexAlgorithm, KexOutcome, KexServer, KexStep};
use crate::crypto::Security;
use crate::crypto::aws_lc::{Rfc3526Prime, mod_exp};
use crate::crypto::hash::Hash;
use crate::crypto::random::Random;
use crate::error::{CryptoError, Error};
use crate::wire::Writer;

/// The registry row of diffie-hellman-group14-sha256.
pub(super) static GROUP14_SHA256: KexAlgorithm = KexAlgorithm {
    name: "diffie-hellman-group14-sha256",
    hash: Hash::Sha256,
    security: Security::Modern,
    // both exponentiations together take about a millisecond
    heavy: false,
    start: || Box::new(DhGroup(Rfc3526Prime::Bits2048)),
};

/// The registry row of diffie-hellman-group16-sha512.
pub(super) static GROUP16_SHA512: KexAlgorithm = KexAlgorithm {
    name: "diffie-hellman-group16-sha512",
    hash: Hash::Sha512,
    security: Security::Modern,
    heavy: true,
    start: || Box::new(DhGroup(Rfc3526Prime::Bits4096)),
};

/// The registry row of diffie-hellman-group18-sha512.
pub(super) static GROUP18_SHA512: KexAlgorithm = KexAlgorithm {
    name: "diffie-hellman-group18-sha512",
    start: || Box::new(DhGroup(Rfc3526Prime::Bits8192)),
    ..GROUP16_SHA512
};

struct DhGroup(Rfc3526Prime);

impl KexServer for DhGroup {
    fn handle(&mut self, random: &mut dyn Random, payload: &[u8]) -> Result<KexStep, Error> {
        let mut init = super::read_init(payload)?;
        let e = init.mpint()?;
        init.finish()?;
        let p = self.0.to_bytes()?;
        if !is_in_range(e, &p) {
            return Err(CryptoError::BadPublicValue.into());
        }
        let mut y = Zeroizing::new([0; EXPONENT_LEN]);
        random.fill(&mut *y)?;
        let f = mod_exp(&[2], &*y, &p)?;
        let k = mod_exp(e, &*y, &p)?;
        let mut server_public = Vec::new();
        Writer::new(&mut server_public).mpint(&f);
        let mut hash_fields = Vec::new();
        Writer::new(&mut hash_fields).mpint(e).raw(&server_public);
        Ok(KexStep::Finished(KexOutcome {
            hash_fields,
            shared_secret: super::secret_mpint(&k),
            reply_number: super::REPLY,
            server_public,
        }))
    }
}

/// Whether 1 < e < p - 1. RFC 8268 section 4 refuses both ends, whose powers everybody knows;
/// inside, the order of e is large, because p is a safe prime. `e` has no leading zeros and `p` is
/// odd.
fn is_in_range(e: &[u8], p: &[u8]) -> bool {
    let Some((&last, start)) = p.split_last() else {
        return false;
    };
    let above_1 = e.len() > 1 || e.first().is_some_and(|&byte| byte > 1);
    // p - 1 is p with its last bit cleared
    let below = e.len() < p.len()
        || (e.len() == p.len() && e.iter().lt(start.iter().chain(&[last & 0xfe])));
    above_1 && below
}

/// 512 bits: more than twice the strength of the largest group (RFC 4253 section 8 wants it
/// unguessable; NIST SP 800-56A section 5.6.1.1.1 twice the strength of the group, at most 400).
const EXPONENT_LEN: usize = 64;

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::crypto::kex::tests::{FixedRandom, finished, mpints, refused};
    use crate::crypto::random::SystemRandom;
    use crate::crypto::tests::hex;

    const GROUPS: [(&KexAlgorithm, Rfc3526Prime); 3] = [
        (&GROUP14_SHA256, Rfc3526Prime::Bits2048),
        (&GROUP16_SHA512, Rfc3526Prime::Bits4096),
        (&GROUP18_SHA512, Rfc3526Prime::Bits8192),
    ];

    fn init(e: &[u8]) -> Vec<u8> {
        [vec![30], mpints(&[e])].concat()
    }

    /// SHA-256 of the primes, computed from their definition in RFC 3526 sections 3, 5 and 7 (a
    /// formula with the digits of pi).
    #[test]
    fn the_primes_are_those_of_rfc_3526() {
        let digests = [
            "d66436f79bbd6b2e38c0ffbd079be904d2641415e2e67140e09448be9a60890e",
            "4ee95187682bcb230ad26a95205f6920e84708f6251b3894329b09ec23919e33",
            "39ab4feab950a3128fb71accb9fc3965d857012e081998a85996e3ea8b3c3bcf",
        ];
        for ((_, prime), digest) in GROUPS.iter().zip(digests) {
            let bytes = prime.to_bytes().unwrap();
            assert_eq!(Hash::Sha256.digest(&[&bytes]), hex(digest), "{prime:?}");
        }
    }

    /// The client's exponent is 3 * 2^300 + 1, the server's the bytes 0 to 63: SHA-256 of f and of
    /// K, computed with Python's integers.
    pub(in crate::crypto::kex) fn known_answers() -> Vec<&'static str> {
        let answers = [
            [
                "ab2b0820c48a3506e690a29f570e74c5aebd17b5cc6e6856878c3a9609c39ed1",
                "75ac227db3ba91083dacc3e9506897a4e33ba8b0cfb2c3becc6a1a56ec41b1a8",
            ],
            [
                "7158e2e5583687f84f3af7316fed67aed26587108bd4818e62709f59219d4df0",
                "dde29094ef37c240da3a0d41607894742ec1438523d779612fecd9a85f754609",
            ],
            [
                "b961b9aa3750bbe6c469b464a521c7f524d5114df8e930a74be2d8002007c37a",
                "7df3fe4c5dfadf50c58cdc611630a446f8ea7156a44d48fcd0ddb11695970dc1",
            ],
        ];
        let mut x = vec![0; 38];
        x[0] = 0x30;
        x[37] = 1;
        let y: Vec<u8> = (0..64).collect();
        for ((row, prime), answer) in GROUPS.iter().zip(answers) {
            let e = mod_exp(&[2], &x, &prime.to_bytes().unwrap()).unwrap();
            let outcome = finished(row, &mut FixedRandom::new(&y), &init(&e));
            assert_eq!(outcome.reply_number, 31);
            let [f, k] = answer.map(hex);
            assert_eq!(Hash::Sha256.digest(&[&outcome.server_public]), f, "{row:?}");
            assert_eq!(Hash::Sha256.digest(&[outcome.shared_secret.expose()]), k, "{row:?}");
            let fields = [mpints(&[&e]), outcome.server_public].concat();
            assert_eq!(outcome.hash_fields, fields);
        }
        GROUPS.map(|(row, _)| row.name).to_vec()
    }

    #[test]
    fn a_client_gets_the_same_secret() {
        for (row, prime) in GROUPS {
            let p = prime.to_bytes().unwrap();
            let mut x = [0; 64];
            SystemRandom.fill(&mut x).unwrap();
            let e = mod_exp(&[2], &x, &p).unwrap();
            let outcome = finished(row, &mut SystemRandom, &init(&e));
            let f = crate::wire::Reader::new(&outcome.server_public).mpint().unwrap();
            let k = mod_exp(f, &x, &p).unwrap();
            assert_eq!(outcome.shared_secret.expose(), mpints(&[&k]), "{row:?}");
        }
    }

    #[test]
    fn values_at_and_beyond_the_ends_are_refused() {
        for (row, prime) in GROUPS {
            let p = prime.to_bytes().unwrap();
            let near_p = |offset: i8| {
                let mut near = p.clone();
                let last = near.last_mut().unwrap();
                *last = last.wrapping_add_signed(offset);
                near
            };
            let longer = [&[1], &p[..]].concat();
            for e in [vec![], vec![1], near_p(-1), p.clone(), longer] {
                assert_eq!(refused(row, &init(&e)), CryptoError::BadPublicValue.into(), "{row:?}");
            }
            for e in [vec![2], near_p(-2)] {
                finished(row, &mut SystemRandom, &init(&e));
            }
        }
    }

    #[test]
    fn negative_and_padded_numbers_are_refused() {
        use crate::error::InvalidMessage;
        for wire in [&[30, 0, 0, 0, 1, 0x80][..], &[30, 0, 0, 0, 2, 0, 5]] {
            assert_eq!(refused(&GROUP14_SHA256, wire), InvalidMessage::BadMpint.into());
        }
    }
}
