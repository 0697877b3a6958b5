//! Key derivation from the shared secret (RFC 4253 section 7.2).

use zeroize::Zeroizing;

use super::hash::Hash;
use super::secret::Secret;

/// Derives `len` bytes for the key named `letter` (`b'A'` to `b'F'`).
///
/// `shared_secret` is K as it stands in the exchange hash: encoded, with its length (an mpint, or a
/// string for the hybrid key exchanges).
pub fn derive(
    hash: Hash,
    shared_secret: &[u8],
    exchange_hash: &[u8],
    letter: u8,
    session_id: &[u8],
    len: usize,
) -> Secret {
    let mut digest =
        Zeroizing::new(hash.digest(&[shared_secret, exchange_hash, &[letter], session_id]));
    // capacity for all of it, so that growing leaves no copy behind
    let mut key = Zeroizing::new(Vec::with_capacity(len + digest.len()));
    key.extend_from_slice(&digest);
    while key.len() < len {
        digest = Zeroizing::new(hash.digest(&[shared_secret, exchange_hash, &key]));
        key.extend_from_slice(&digest);
    }
    key.truncate(len);
    Secret::new(std::mem::take(&mut key))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::tests::hex;

    /// K = 258, H the bytes 0 to 31, the session identifier 32 to 63, letter C: three digests,
    /// computed with Python's hashlib from RFC 4253 section 7.2.
    #[test]
    fn known_answer() {
        let bytes: Vec<u8> = (0..64).collect();
        let (exchange_hash, session_id) = bytes.split_at(32);
        let shared_secret = [0, 0, 0, 2, 1, 2];
        let derived = derive(Hash::Sha256, &shared_secret, exchange_hash, b'C', session_id, 80);
        let expected = "664b78ada19857bee40e7ad82625675293af2dd91dd333c18542921d7a951cb9\
                        77f2f93e843d36e031856db2d3ade778b5d7eb1cf953829b619ea756c213d5a2\
                        ed8b900f9b73894b34a1efc8b455db17";
        assert_eq!(derived.expose(), hex(expected));
    }

    #[test]
    fn longer_keys_extend_shorter_ones() {
        let short = derive(Hash::Sha256, b"k", b"h", b'A', b"s", 16);
        let long = derive(Hash::Sha256, b"k", b"h", b'A', b"s", 100);
        assert_eq!(short.expose(), &long.expose()[..16]);
        assert_eq!(long.expose().len(), 100);
        assert_ne!(short, derive(Hash::Sha256, b"k", b"h", b'B', b"s", 16));
    }
}
