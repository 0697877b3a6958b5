//! Key derivation from the shared secret (RFC 4253 section 7.2).

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
    let mut key = hash.digest(&[shared_secret, exchange_hash, &[letter], session_id]);
    while key.len() < len {
        let more = hash.digest(&[shared_secret, exchange_hash, &key]);
        key.extend_from_slice(&more);
    }
    // the bytes cut off are no secret anybody uses, but they are key material all the same
    let whole = Secret::new(key);
    Secret::new(whole.expose().get(..len).unwrap_or_default().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn longer_keys_extend_shorter_ones() {
        let short = derive(Hash::Sha256, b"k", b"h", b'A', b"s", 16);
        let long = derive(Hash::Sha256, b"k", b"h", b'A', b"s", 100);
        assert_eq!(short.expose(), &long.expose()[..16]);
        assert_eq!(long.expose().len(), 100);
        assert_ne!(short, derive(Hash::Sha256, b"k", b"h", b'B', b"s", 16));
    }
}
