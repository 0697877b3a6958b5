//! sntrup761x25519-sha512 and its older name (draft-ietf-sshm-ntruprime-ssh): Streamlined NTRU Prime
//! and X25519.

use std::convert::Infallible;

use rand_core::{TryCryptoRng, TryRng};
use sntrup::sntrup761::EncapsulationKey;
use zeroize::Zeroizing;

use super::hybrid::Hybrid;
use super::{KexAlgorithm, ServerProof};
use crate::crypto::Security;
use crate::crypto::aws_lc::SecretBytes;
use crate::crypto::hash::Hash;
use crate::crypto::random::Random;
use crate::error::CryptoError;

/// The registry row of sntrup761x25519-sha512.
pub(super) static SNTRUP761X25519_SHA512: KexAlgorithm = KexAlgorithm {
    name: "sntrup761x25519-sha512",
    hash: Hash::Sha512,
    security: Security::Modern,
    proof: ServerProof::HostKey,
    start: || {
        Box::new(Hybrid {
            kem_public_len: sntrup::sntrup761::PUBLIC_KEY_SIZE,
            encapsulate,
            hash: Hash::Sha512,
        })
    },
};

/// The registry row of sntrup761x25519-sha512@openssh.com.
pub(super) static SNTRUP761X25519_SHA512_OPENSSH: KexAlgorithm =
    KexAlgorithm { name: "sntrup761x25519-sha512@openssh.com", ..SNTRUP761X25519_SHA512 };

fn encapsulate(
    random: &mut dyn Random,
    public: &[u8],
) -> Result<(Vec<u8>, SecretBytes), CryptoError> {
    let key = EncapsulationKey::try_from(public).map_err(|_| CryptoError::BadPublicValue)?;
    let mut source = Source { random, failed: None };
    let (ciphertext, secret) = key.encapsulate(&mut source);
    match source.failed {
        Some(error) => Err(error),
        None => Ok((ciphertext.as_ref().to_vec(), Zeroizing::new(secret.as_ref().to_vec()))),
    }
}

/// Our random source for a library whose sources cannot fail: if ours has failed, the result is discarded.
struct Source<'r> {
    random: &'r mut dyn Random,
    failed: Option<CryptoError>,
}

impl TryRng for Source<'_> {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        if let Err(error) = self.random.fill(out) {
            out.fill(0);
            self.failed = Some(error);
        }
        Ok(())
    }
}

impl TryCryptoRng for Source<'_> {}

#[cfg(test)]
pub(super) mod tests {
    use sntrup::sntrup761::{Ciphertext, generate_key_deterministic};

    use super::*;
    use crate::crypto::kex::tests::{
        FixedRandom, finished, generated, refused, strings, with_strings,
    };
    use crate::crypto::random::SystemRandom;
    use crate::crypto::tests::hex;

    const ROWS: [&KexAlgorithm; 2] = [&SNTRUP761X25519_SHA512, &SNTRUP761X25519_SHA512_OPENSSH];

    /// The public key of the seed 7, 7, ... of the library; the server's randomness is the bytes
    /// i * i ^ i / 8 for the KEM and RFC 7748's Alice for X25519, the client is Bob. SHA-256 of the
    /// ciphertext and K, computed with Python from the specification of round 3 of NTRU Prime.
    pub(in crate::crypto::kex) fn known_answers() -> Vec<&'static str> {
        let (public, _) = generate_key_deterministic(&[7; 32]);
        assert_eq!(
            Hash::Sha256.digest(&[public.as_ref()]),
            hex("9f4bea4e695c384e0aadd1ed5568b6d81c3a303a4ee377bafcd97bf6e647c283")
        );
        let alice = hex("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a");
        let alice_public = hex("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a");
        let bob_public = hex("de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f");
        let mut random: Vec<u8> =
            (0..3044_usize).map(|i| ((i * i) ^ (i >> 3)).to_le_bytes()[0]).collect();
        random.extend(alice);
        let client_init = [public.as_ref(), &bob_public].concat();
        for row in ROWS {
            let init = with_strings(30, &[&client_init]);
            let outcome = finished(row, &mut FixedRandom::new(&random), &init);
            assert_eq!(outcome.reply_number, 31);
            let ciphertext = &outcome.server_public[4..4 + 1039];
            assert_eq!(
                Hash::Sha256.digest(&[ciphertext]),
                hex("860f734986d329f57c168108a2b145412b33043603ddf2210a310a3d87461efe")
            );
            assert_eq!(outcome.server_public, strings(&[&[ciphertext, &alice_public].concat()]));
            let fields = [strings(&[&client_init]), outcome.server_public].concat();
            assert_eq!(outcome.hash_fields, fields);
            let secret = hex("749775186995b7916cbd41c90542869820383b5ef33ec0a206f6c4a4c92e45dc\
                 8cd09b9023ebf07ea2ef967d4c803300503b84d33d36cb62cc22b6eec76eb4de");
            assert_eq!(outcome.shared_secret.expose(), strings(&[&secret]));
        }
        ROWS.map(|row| row.name).to_vec()
    }

    #[test]
    fn a_client_gets_the_same_secret() {
        for row in ROWS {
            let (kem_public, kem) = generate_key_deterministic(&[1; 32]);
            let (client_public, agree) = generated(&aws_lc_rs::agreement::X25519);
            let client_init = [kem_public.as_ref(), &client_public].concat();
            let outcome = finished(row, &mut SystemRandom, &with_strings(30, &[&client_init]));
            let (ciphertext, server_public) = outcome.server_public[4..].split_at(1039);
            let kem_secret = kem.decapsulate(&Ciphertext::try_from(ciphertext).unwrap());
            let secret = Hash::Sha512.digest(&[kem_secret.as_ref(), &agree(server_public)]);
            assert_eq!(outcome.shared_secret.expose(), strings(&[&secret]));
        }
    }

    #[test]
    fn bad_public_values_are_refused() {
        let (kem_public, _) = generate_key_deterministic(&[1; 32]);
        let kem = kem_public.as_ref();
        for bad in [
            kem.to_vec(),
            [kem, &[9; 31]].concat(),
            [kem, &[9; 33]].concat(),
            [&kem[1..], &[9; 32]].concat(),
            // a point of small order
            [kem, &[0; 32]].concat(),
            vec![],
        ] {
            let error = refused(&SNTRUP761X25519_SHA512, &with_strings(30, &[&bad]));
            assert_eq!(error, CryptoError::BadPublicValue.into());
        }
    }

    #[test]
    fn a_failing_source_of_randomness_is_told() {
        let (kem_public, _) = generate_key_deterministic(&[1; 32]);
        for len in [0, 100, 3043] {
            let result = encapsulate(&mut FixedRandom::new(&vec![1; len]), kem_public.as_ref());
            assert_eq!(result.err(), Some(CryptoError::Failed), "{len}");
        }
    }
}
