//! ecdh-sha2-nistp256, -nistp384 and -nistp521 (RFC 5656 section 4), with the hash of RFC 5656
//! section 6.2.1 for the size of the curve.

use aws_lc_rs::agreement::{
    Algorithm, ECDH_P256, ECDH_P384, ECDH_P521, PrivateKey, UnparsedPublicKey, agree,
};
use zeroize::Zeroizing;

use super::{KexAlgorithm, KexOutcome, KexServer, KexStep, ServerProof};
use crate::crypto::Security;
use crate::crypto::hash::Hash;
use crate::crypto::random::Random;
use crate::error::{CryptoError, Error};
use crate::wire::Writer;

/// The registry row of ecdh-sha2-nistp256.
pub(super) static ECDH_NISTP256: KexAlgorithm = KexAlgorithm {
    name: "ecdh-sha2-nistp256",
    hash: Hash::Sha256,
    security: Security::Intermediate,
    proof: ServerProof::HostKey,
    start: || Box::new(Ecdh { curve: &ECDH_P256, len: 32, first_byte_mask: 0xff }),
};

/// The registry row of ecdh-sha2-nistp384.
pub(super) static ECDH_NISTP384: KexAlgorithm = KexAlgorithm {
    name: "ecdh-sha2-nistp384",
    hash: Hash::Sha384,
    start: || Box::new(Ecdh { curve: &ECDH_P384, len: 48, first_byte_mask: 0xff }),
    ..ECDH_NISTP256
};

/// The registry row of ecdh-sha2-nistp521.
pub(super) static ECDH_NISTP521: KexAlgorithm = KexAlgorithm {
    name: "ecdh-sha2-nistp521",
    hash: Hash::Sha512,
    start: || {
        Box::new(Ecdh {
            curve: &ECDH_P521,
            len: 66,
            // 521 = 65 * 8 + 1
            first_byte_mask: 1,
        })
    },
    ..ECDH_NISTP256
};

struct Ecdh {
    curve: &'static Algorithm,
    /// Bytes of a scalar and of a coordinate.
    len: usize,
    /// The bits of a scalar's first byte that are below the order of the curve.
    first_byte_mask: u8,
}

impl KexServer for Ecdh {
    fn handle(&mut self, random: &mut dyn Random, payload: &[u8]) -> Result<KexStep, Error> {
        let mut init = super::read_init(payload)?;
        let client_public = init.string()?;
        init.finish()?;
        // SEC 1 section 2.3.3, uncompressed: the library would accept other encodings, too
        if client_public.len() != 1 + 2 * self.len || client_public.first() != Some(&4) {
            return Err(CryptoError::BadPublicValue.into());
        }
        let key = self.ephemeral_key(random)?;
        let public = key.compute_public_key().map_err(|_| CryptoError::Failed)?;
        // RFC 5656 section 4: the point has to be valid; the library checks that it is on the
        // curve, all of whose points but infinity have the order of the group
        let shared_secret = agree(
            &key,
            UnparsedPublicKey::new(self.curve, client_public),
            CryptoError::BadPublicValue,
            |x| Ok(super::secret_mpint(x)),
        )?;
        let mut server_public = Vec::new();
        Writer::new(&mut server_public).string(&public);
        let mut hash_fields = Vec::new();
        Writer::new(&mut hash_fields).string(client_public).raw(&server_public);
        Ok(KexStep::Finished(KexOutcome {
            hash_fields,
            shared_secret,
            reply_number: super::REPLY,
            server_public,
        }))
    }
}

impl Ecdh {
    /// A scalar between 1 and the order of the curve, all equally likely: others are drawn again
    /// (SP 800-56A section 5.6.1.2.2).
    fn ephemeral_key(&self, random: &mut dyn Random) -> Result<PrivateKey, CryptoError> {
        let mut scalar = Zeroizing::new(vec![0; self.len]);
        for _ in 0..MAX_DRAWS {
            random.fill(&mut scalar)?;
            if let Some(first) = scalar.first_mut() {
                *first &= self.first_byte_mask;
            }
            if let Ok(key) = PrivateKey::from_private_key(self.curve, &scalar) {
                return Ok(key);
            }
        }
        Err(CryptoError::Failed)
    }
}

/// P-256 needs a second draw once in 2^32 times; more than this and the generator is broken.
const MAX_DRAWS: usize = 16;

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::crypto::kex::tests::{
        FixedRandom, finished, generated, mpints, refused, strings, with_strings,
    };
    use crate::crypto::random::SystemRandom;
    use crate::crypto::tests::hex;

    /// RFC 5903 sections 8.1 to 8.3: the client is the initiator, the server the responder.
    /// Client's point, server's scalar, server's point, x coordinate of the shared point.
    const VECTORS: [(&KexAlgorithm, [&str; 4]); 3] = [
        (
            &ECDH_NISTP256,
            [
                "04dad0b65394221cf9b051e1feca5787d098dfe637fc90b9ef945d0c37725811\
                 805271a0461cdb8252d61f1c456fa3e59ab1f45b33accf5f58389e0577b8990b\
                 b3",
                "c6ef9c5d78ae012a011164acb397ce2088685d8f06bf9be0b283ab46476bee53",
                "04d12dfb5289c8d4f81208b70270398c342296970a0bccb74c736fc7554494bf\
                 6356fbf3ca366cc23e8157854c13c58d6aac23f046ada30f8353e74f33039872\
                 ab",
                "d6840f6b42f6edafd13116e0e12565202fef8e9ece7dce03812464d04b9442de",
            ],
        ),
        (
            &ECDH_NISTP384,
            [
                "04667842d7d180ac2cde6f74f37551f55755c7645c20ef73e31634fe72b4c55e\
                 e6de3ac808acb4bdb4c88732aee95f41aa9482ed1fc0eeb9cafc4984625ccfc2\
                 3f65032149e0e144ada024181535a0f38eeb9fcff3c2c947dae69b4c634573a8\
                 1c",
                "41cb0779b4bdb85d47846725fbec3c9430fab46cc8dc5060855cc9bda0aa2942\
                 e0308312916b8ed2960e4bd55a7448fc",
                "04e558dbef53eecde3d3fccfc1aea08a89a987475d12fd950d83cfa41732bc50\
                 9d0d1ac43a0336def96fda41d0774a3571dcfbec7aacf3196472169e83843036\
                 7f66eebe3c6e70c416dd5f0c68759dd1fff83fa40142209dff5eaad96db9e638\
                 6c",
                "11187331c279962d93d604243fd592cb9d0a926f422e47187521287e7156c5c4\
                 d603135569b9e9d09cf5d4a270f59746",
            ],
        ),
        (
            &ECDH_NISTP521,
            [
                "040015417e84dbf28c0ad3c278713349dc7df153c897a1891bd98bab4357c9ec\
                 bee1e3bf42e00b8e380aeae57c2d107564941885942af5a7f4601723c4195d17\
                 6ced3e017cae20b6641d2eeb695786d8c946146239d099e18e1d5a514c739d7c\
                 b4a10ad8a788015ac405d7799dc75e7b7d5b6cf2261a6a7f1507438bf01beb6c\
                 a3926f9582",
                "0145ba99a847af43793fdd0e872e7cdfa16be30fdc780f97bccc3f078380201e\
                 9c677d600b343757a3bdbf2a3163e4c2f869cca7458aa4a4effc311f5cb15168\
                 5eb9",
                "0400d0b3975ac4b799f5bea16d5e13e9af971d5e9b984c9f39728b5e5739735a\
                 219b97c356436adc6e95bb0352f6be64a6c2912d4ef2d0433ced2b6171640012\
                 d9460f015c68226383956e3bd066e797b623c27ce0eac2f551a10c2c724d9852\
                 077b87220b6536c5c408a1d2aebb8e86d678ae49cb57091f4732296579ab44fc\
                 d17f0fc56a",
                "01144c7d79ae6956bc8edb8e7c787c4521cb086fa64407f97894e5e6b2d79b04\
                 d1427e73ca4baa240a34786859810c06b3c715a3a8cc3151f2bee417996d19f3\
                 ddea",
            ],
        ),
    ];

    pub(in crate::crypto::kex) fn known_answers() -> Vec<&'static str> {
        for (row, vector) in VECTORS {
            let [client_public, scalar, server_public, x] = vector.map(hex);
            let init = with_strings(30, &[&client_public]);
            // the first draw is 0, which is no scalar
            let draws = [vec![0; scalar.len()], scalar].concat();
            let outcome = finished(row, &mut FixedRandom::new(&draws), &init);
            assert_eq!(outcome.reply_number, 31);
            assert_eq!(outcome.server_public, strings(&[&server_public]));
            assert_eq!(outcome.hash_fields, strings(&[&client_public, &server_public]));
            assert_eq!(outcome.shared_secret.expose(), mpints(&[&x]));
        }
        VECTORS.map(|(row, _)| row.name).to_vec()
    }

    #[test]
    fn a_client_gets_the_same_secret() {
        for (row, curve) in [
            (&ECDH_NISTP256, &ECDH_P256),
            (&ECDH_NISTP384, &ECDH_P384),
            (&ECDH_NISTP521, &ECDH_P521),
        ] {
            let (client_public, agree) = generated(curve);
            let init = with_strings(30, &[&client_public]);
            let outcome = finished(row, &mut SystemRandom, &init);
            let x = agree(&outcome.server_public[4..]);
            assert_eq!(outcome.shared_secret.expose(), mpints(&[&x]), "{row:?}");
        }
    }

    #[test]
    fn invalid_points_are_refused() {
        for (row, [point, ..]) in VECTORS {
            let point = hex(point);
            let mut off_curve = point.clone();
            *off_curve.last_mut().unwrap() ^= 1;
            let mut beyond_the_field = point.clone();
            beyond_the_field[1..].fill(0xff);
            let mut compressed = point[..=point.len() / 2].to_vec();
            compressed[0] = 2 + (point[point.len() - 1] & 1);
            let mut zero = vec![0; point.len()];
            zero[0] = 4;
            let short = point[..point.len() - 1].to_vec();
            for bad in [off_curve, beyond_the_field, compressed, zero, short, vec![0], vec![]] {
                let error = refused(row, &with_strings(30, &[&bad]));
                assert_eq!(error, CryptoError::BadPublicValue.into(), "{row:?} {bad:?}");
            }
        }
    }

    #[test]
    fn a_generator_that_gives_no_scalar_ends_the_exchange() {
        let init = with_strings(30, &[&hex(VECTORS[0].1[0])]);
        let mut zeros = FixedRandom::new(&[0; 32 * MAX_DRAWS]);
        let ended = (ECDH_NISTP256.start)().handle(&mut zeros, &init);
        assert_eq!(ended.err(), Some(CryptoError::Failed.into()));
    }
}
