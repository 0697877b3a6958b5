//! curve25519-sha256 and its older name (RFC 8731): X25519 with SHA-256.

use aws_lc_rs::agreement::{PrivateKey, UnparsedPublicKey, X25519, agree};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::{KexAlgorithm, KexOutcome, KexServer, KexStep, ServerProof};
use crate::crypto::Security;
use crate::crypto::hash::Hash;
use crate::crypto::random::Random;
use crate::error::{CryptoError, Error};
use crate::wire::Writer;

/// The registry row of curve25519-sha256.
pub(super) static CURVE25519_SHA256: KexAlgorithm = KexAlgorithm {
    name: "curve25519-sha256",
    hash: Hash::Sha256,
    security: Security::Intermediate,
    proof: ServerProof::HostKey,
    start: || Box::new(Curve25519),
};

/// The registry row of curve25519-sha256@libssh.org.
pub(super) static CURVE25519_SHA256_LIBSSH: KexAlgorithm =
    KexAlgorithm { name: "curve25519-sha256@libssh.org", ..CURVE25519_SHA256 };

struct Curve25519;

impl KexServer for Curve25519 {
    fn handle(&mut self, random: &mut dyn Random, payload: &[u8]) -> Result<KexStep, Error> {
        let mut init = super::read_init(payload)?;
        let client_public = init.string()?;
        init.finish()?;
        let agreed = x25519(random, client_public)?;
        let mut server_public = Vec::with_capacity(4 + KEY_LEN);
        Writer::new(&mut server_public).string(agreed.public);
        let mut hash_fields = Vec::with_capacity(2 * (4 + KEY_LEN));
        Writer::new(&mut hash_fields).string(client_public).raw(&server_public);
        Ok(KexStep::Finished(KexOutcome {
            hash_fields,
            // RFC 8731 section 3.1: the 32 bytes are taken as a big-endian number
            shared_secret: super::secret_mpint(&*agreed.secret),
            reply_number: super::REPLY,
            server_public,
        }))
    }
}

/// The result of X25519.
pub(super) struct Agreed {
    pub(super) public: [u8; KEY_LEN],
    pub(super) secret: Zeroizing<[u8; KEY_LEN]>,
}

/// Generates an ephemeral key and computes the shared secret with the peer's key.
pub(super) fn x25519(random: &mut dyn Random, peer_public: &[u8]) -> Result<Agreed, CryptoError> {
    // RFC 8731 section 3: a public key of another length aborts
    if peer_public.len() != KEY_LEN {
        return Err(CryptoError::BadPublicValue);
    }
    let mut scalar = Zeroizing::new([0; KEY_LEN]);
    random.fill(&mut *scalar)?;
    let key = PrivateKey::from_private_key(&X25519, &*scalar).map_err(|_| CryptoError::Failed)?;
    let public = key.compute_public_key().map_err(|_| CryptoError::Failed)?;
    let public = public.as_ref().try_into().map_err(|_| CryptoError::Failed)?;
    let peer = UnparsedPublicKey::new(&X25519, peer_public);
    let mut secret = Zeroizing::new([0; KEY_LEN]);
    agree(&key, peer, CryptoError::BadPublicValue, |agreed| {
        let room = secret.as_mut_slice();
        if agreed.len() != room.len() {
            return Err(CryptoError::Failed);
        }
        room.copy_from_slice(agreed);
        Ok(())
    })?;
    // RFC 8731 section 3: an all-zero result aborts, the peer sent a point of small order. The
    // library refuses it too; this does not depend on it.
    if bool::from(secret.as_slice().ct_eq(&[0; KEY_LEN])) {
        return Err(CryptoError::BadPublicValue);
    }
    Ok(Agreed { public, secret })
}

/// Length of private keys, public keys and shared secrets.
pub(super) const KEY_LEN: usize = 32;

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::crypto::kex::tests::{
        FixedRandom, finished, generated, mpints, refused, strings, with_strings,
    };
    use crate::crypto::random::SystemRandom;
    use crate::crypto::tests::hex;

    /// RFC 7748 section 6.1: the server is Alice, the client is Bob.
    pub(in crate::crypto::kex) fn known_answers() -> Vec<&'static str> {
        let alice = hex("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a");
        let alice_public = hex("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a");
        let bob_public = hex("de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f");
        let secret = hex("4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742");
        for row in [&CURVE25519_SHA256, &CURVE25519_SHA256_LIBSSH] {
            let init = with_strings(30, &[&bob_public]);
            let outcome = finished(row, &mut FixedRandom::new(&alice), &init);
            assert_eq!(outcome.reply_number, 31);
            assert_eq!(outcome.server_public, strings(&[&alice_public]));
            assert_eq!(outcome.hash_fields, strings(&[&bob_public, &alice_public]));
            assert_eq!(outcome.shared_secret.expose(), strings(&[&secret]));
        }
        vec![CURVE25519_SHA256.name, CURVE25519_SHA256_LIBSSH.name]
    }

    #[test]
    fn a_client_gets_the_same_secret() {
        let (client_public, agree) = generated(&X25519);
        let init = with_strings(30, &[&client_public]);
        let outcome = finished(&CURVE25519_SHA256, &mut SystemRandom, &init);
        let secret = agree(&outcome.server_public[4..]);
        assert_eq!(outcome.shared_secret.expose(), mpints(&[&secret]));
    }

    /// The point 0 and a point of order 8, from RFC 7748's curve: every scalar takes them to 0.
    #[test]
    fn points_of_small_order_and_other_lengths_are_refused() {
        let order_8 = hex("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800");
        for public in [vec![0; 32], order_8, vec![9; 31], vec![9; 33], vec![]] {
            let error = refused(&CURVE25519_SHA256, &with_strings(30, &[&public]));
            assert_eq!(error, CryptoError::BadPublicValue.into(), "{public:?}");
        }
    }
}
