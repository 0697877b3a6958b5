//! diffie-hellman-group1-sha1 and -group14-sha1 (RFC 4253 section 8), and -group14-sha256 to
//! -group18-sha512 (RFC 8268): Diffie-Hellman in a group that the name fixes. None is in a profile:
//! OpenSSH's server does not offer them since version 10, because the curves cost a tenth.

use super::group::Group;
use super::{KexAlgorithm, KexOutcome, KexServer, KexStep, ServerProof};
use crate::crypto::Security;
use crate::crypto::aws_lc::Rfc3526Prime;
use crate::crypto::hash::Hash;
use crate::crypto::random::Random;
use crate::error::{CryptoError, Error};
use crate::wire::Writer;

/// The registry row of diffie-hellman-group1-sha1: 1024 bits, which a state can break.
pub(super) static GROUP1_SHA1: KexAlgorithm = KexAlgorithm {
    name: "diffie-hellman-group1-sha1",
    hash: Hash::Sha1,
    security: Security::Compatible,
    proof: ServerProof::HostKey,
    start: || Box::new(DhGroup(FixedGroup::Rfc2409)),
};

/// The registry row of diffie-hellman-group14-sha1.
pub(super) static GROUP14_SHA1: KexAlgorithm = KexAlgorithm {
    name: "diffie-hellman-group14-sha1",
    hash: Hash::Sha1,
    security: Security::Compatible,
    proof: ServerProof::HostKey,
    start: || Box::new(DhGroup(FixedGroup::Rfc3526(Rfc3526Prime::Bits2048))),
};

/// The registry row of diffie-hellman-group14-sha256.
pub(super) static GROUP14_SHA256: KexAlgorithm =
    KexAlgorithm { name: "diffie-hellman-group14-sha256", hash: Hash::Sha256, ..GROUP14_SHA1 };

/// The registry row of diffie-hellman-group15-sha512.
pub(super) static GROUP15_SHA512: KexAlgorithm = KexAlgorithm {
    name: "diffie-hellman-group15-sha512",
    hash: Hash::Sha512,
    security: Security::Compatible,
    proof: ServerProof::HostKey,
    start: || Box::new(DhGroup(FixedGroup::Rfc3526(Rfc3526Prime::Bits3072))),
};

/// The registry row of diffie-hellman-group16-sha512.
pub(super) static GROUP16_SHA512: KexAlgorithm = KexAlgorithm {
    name: "diffie-hellman-group16-sha512",
    start: || Box::new(DhGroup(FixedGroup::Rfc3526(Rfc3526Prime::Bits4096))),
    ..GROUP15_SHA512
};

/// The registry row of diffie-hellman-group17-sha512.
pub(super) static GROUP17_SHA512: KexAlgorithm = KexAlgorithm {
    name: "diffie-hellman-group17-sha512",
    start: || Box::new(DhGroup(FixedGroup::Rfc3526(Rfc3526Prime::Bits6144))),
    ..GROUP15_SHA512
};

/// The registry row of diffie-hellman-group18-sha512.
pub(super) static GROUP18_SHA512: KexAlgorithm = KexAlgorithm {
    name: "diffie-hellman-group18-sha512",
    start: || Box::new(DhGroup(FixedGroup::Rfc3526(Rfc3526Prime::Bits8192))),
    ..GROUP15_SHA512
};

/// A group with a number in its name.
#[derive(Clone, Copy, PartialEq, Eq)]
enum FixedGroup {
    Rfc2409,
    Rfc3526(Rfc3526Prime),
}

impl FixedGroup {
    fn group(self) -> Result<Group, CryptoError> {
        match self {
            Self::Rfc2409 => Ok(Group::rfc_2409()),
            Self::Rfc3526(prime) => Group::rfc_3526(prime),
        }
    }
}

struct DhGroup(FixedGroup);

impl KexServer for DhGroup {
    fn handle(&mut self, random: &mut dyn Random, payload: &[u8]) -> Result<KexStep, Error> {
        let mut init = super::read_init(payload)?;
        let e = init.mpint()?;
        init.finish()?;
        let exchanged = self.0.group()?.exchange(random, e)?;
        let mut server_public = Vec::new();
        Writer::new(&mut server_public).mpint(&exchanged.public);
        let mut hash_fields = Vec::new();
        Writer::new(&mut hash_fields).mpint(e).raw(&server_public);
        Ok(KexStep::Finished(KexOutcome {
            hash_fields,
            shared_secret: super::secret_mpint(&exchanged.secret),
            reply_number: super::REPLY,
            server_public,
        }))
    }

    fn is_heavy(&self) -> bool {
        self.0.group().is_ok_and(|group| group.is_heavy())
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::crypto::aws_lc::mod_exp;
    use crate::crypto::kex::group::tests::groups;
    use crate::crypto::kex::tests::{FixedRandom, finished, mpints, refused};
    use crate::crypto::random::SystemRandom;
    use crate::crypto::tests::hex;

    /// The rows with the groups that belong to them.
    fn rows() -> Vec<(&'static KexAlgorithm, Group)> {
        let by_group = [
            &[&GROUP1_SHA1][..],
            &[&GROUP14_SHA1, &GROUP14_SHA256],
            &[&GROUP15_SHA512],
            &[&GROUP16_SHA512],
            &[&GROUP17_SHA512],
            &[&GROUP18_SHA512],
        ];
        let mut rows = Vec::new();
        for (group, names) in groups().iter().zip(by_group) {
            rows.extend(names.iter().map(|row| (*row, Group::of_prime(group.prime().to_vec()))));
        }
        rows
    }

    fn init(e: &[u8]) -> Vec<u8> {
        [vec![30], mpints(&[e])].concat()
    }

    /// The client's exponent is 3 * 2^300 + 1, the server's the bytes from 0 to as many as it takes:
    /// SHA-256 of f and of K, computed with Python's integers.
    pub(in crate::crypto::kex) fn known_answers() -> Vec<&'static str> {
        let group_14 = [
            "486acca961563cb0dd5f331fbaa04237a3e169c47dd3d06931abfb351b843245",
            "9d9211bb1cbec4661757ed9072b2b1e80c5c4138e1f383e69e9a1be013fbc79f",
        ];
        let answers = [
            [
                "6d152b5fb82c381c85159a928b581416d97f4fc7eb04ab10dbd3f778d0063f77",
                "f5ebc2bc2be2e7eaa12f223a5e66b300aa65f1933148bd5cb4ff0b5b84ab3360",
            ],
            group_14,
            group_14,
            [
                "b33969e84c0e68f7b67da5f1cc82b6e305f60b94fdf494c74ca8b7a322021a3f",
                "4238fc9ae39b9a8f0b1ee445a5f2f03eacc0946c3d384dc452b38127304e7319",
            ],
            [
                "0ef7ef4dc9bce51b18927ceb025f8eb82fa66eb61db61ccec417633fcdb3acec",
                "fc5cf63e7acf230a2a8159d6fc8ef02e6fabb184530900b13bb2115127515e24",
            ],
            [
                "96a3c9ded1e54d507215855a0a35a346744cc0ba843adc29fa6eac7ac01e1136",
                "caee06618f878dbf9e0d931265ee629ff7420a8deba68109cec03ace976d46fa",
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
        for ((row, group), answer) in rows().iter().zip(answers) {
            let e = mod_exp(&[2], &x, group.prime()).unwrap();
            let outcome = finished(row, &mut FixedRandom::new(&y), &init(&e));
            assert_eq!(outcome.reply_number, 31);
            let [f, k] = answer.map(hex);
            assert_eq!(Hash::Sha256.digest(&[&outcome.server_public]), f, "{row:?}");
            assert_eq!(Hash::Sha256.digest(&[outcome.shared_secret.expose()]), k, "{row:?}");
            let fields = [mpints(&[&e]), outcome.server_public].concat();
            assert_eq!(outcome.hash_fields, fields);
        }
        rows().iter().map(|(row, _)| row.name).collect()
    }

    #[test]
    fn a_client_gets_the_same_secret() {
        for (row, group) in rows() {
            let p = group.prime();
            let mut x = [0; 64];
            SystemRandom.fill(&mut x).unwrap();
            let e = mod_exp(&[2], &x, p).unwrap();
            let outcome = finished(row, &mut SystemRandom, &init(&e));
            let f = crate::wire::Reader::new(&outcome.server_public).mpint().unwrap();
            let k = mod_exp(f, &x, p).unwrap();
            assert_eq!(outcome.shared_secret.expose(), mpints(&[&k]), "{row:?}");
        }
    }

    #[test]
    fn only_large_groups_are_heavy() {
        for (row, group) in rows() {
            assert_eq!((row.start)().is_heavy(), group.prime().len() >= 256, "{row:?}");
        }
    }

    #[test]
    fn trivial_values_are_refused() {
        for (row, group) in rows() {
            let mut below = group.prime().to_vec();
            *below.last_mut().unwrap() -= 1;
            for e in [vec![], vec![1], below, group.prime().to_vec()] {
                assert_eq!(refused(row, &init(&e)), CryptoError::BadPublicValue.into(), "{row:?}");
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
