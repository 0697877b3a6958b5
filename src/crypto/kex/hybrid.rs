//! A post-quantum KEM and X25519 combined, so that the secret is safe as long as one of them is: the common
//! part of mlkem768x25519-sha256 and sntrup761x25519-sha512.

use super::curve25519::{KEY_LEN as X25519_LEN, x25519};
use super::{KexOutcome, KexServer, KexStep};
use crate::crypto::aws_lc::SecretBytes;
use crate::crypto::hash::Hash;
use crate::crypto::random::Random;
use crate::error::{CryptoError, Error};
use crate::wire::Writer;

/// Generates a secret and its encapsulation for a public key: `(ciphertext, secret)`.
pub(super) type Encapsulate =
    fn(&mut dyn Random, &[u8]) -> Result<(Vec<u8>, SecretBytes), CryptoError>;

/// The server's side of such a method.
pub(super) struct Hybrid {
    pub(super) kem_public_len: usize,
    pub(super) encapsulate: Encapsulate,
    pub(super) hash: Hash,
}

impl KexServer for Hybrid {
    fn handle(&mut self, random: &mut dyn Random, payload: &[u8]) -> Result<KexStep, Error> {
        // C_INIT = public key of the KEM | X25519 public key
        let mut init = super::read_init(payload)?;
        let client_init = init.string()?;
        init.finish()?;
        let (kem_public, client_public) = client_init
            .split_at_checked(self.kem_public_len)
            .filter(|(_, rest)| rest.len() == X25519_LEN)
            .ok_or(CryptoError::BadPublicValue)?;
        let (ciphertext, kem_secret) = (self.encapsulate)(random, kem_public)?;
        let agreed = x25519(random, client_public)?;
        // S_REPLY = ciphertext | X25519 public key
        let server_reply = [ciphertext.as_slice(), &agreed.public].concat();
        // K = HASH(K_PQ | K_CL), a string and not an mpint
        let secret = self.hash.digest(&[&kem_secret, &*agreed.secret]);
        let secret = zeroize::Zeroizing::new(secret);
        let mut server_public = Vec::with_capacity(4 + server_reply.len());
        Writer::new(&mut server_public).string(&server_reply);
        let mut hash_fields = Vec::with_capacity(8 + client_init.len() + server_reply.len());
        Writer::new(&mut hash_fields).string(client_init).raw(&server_public);
        Ok(KexStep::Finished(KexOutcome {
            hash_fields,
            shared_secret: super::secret_string(&secret),
            reply_number: super::REPLY,
            server_public,
        }))
    }
}
