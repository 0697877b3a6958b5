//! arcfour (RFC 4253 section 6.3), and arcfour128 and arcfour256, which discard the start of the key stream
//! (RFC 4345).

use super::evp::{keystream, stream_row};
use super::{CipherAlgorithm, Keystream, NewKeystream};
use crate::crypto::Security;
use crate::crypto::aws_lc::{CipherKind, Direction};
use crate::error::CryptoError;

/// The registry row of arcfour.
pub(super) static ARCFOUR: CipherAlgorithm = row("arcfour", 16, whole);

/// The registry row of arcfour128.
pub(super) static ARCFOUR128: CipherAlgorithm = row("arcfour128", 16, without_start);

/// The registry row of arcfour256.
pub(super) static ARCFOUR256: CipherAlgorithm = row("arcfour256", 32, without_start);

const fn row(name: &'static str, key_len: usize, new: NewKeystream) -> CipherAlgorithm {
    // RFC 4253 section 6: packets of a stream cipher are padded to 8 bytes
    stream_row(name, key_len, 0, 8, Security::Compatible, new)
}

fn whole(key: &[u8], iv: &[u8]) -> Result<Box<dyn Keystream>, CryptoError> {
    keystream(CipherKind::Rc4, Direction::Encrypt, key, iv)
}

fn without_start(key: &[u8], iv: &[u8]) -> Result<Box<dyn Keystream>, CryptoError> {
    let mut cipher = whole(key, iv)?;
    cipher.apply(&mut [0; DISCARDED_LEN])?;
    Ok(cipher)
}

/// RFC 4345 section 4: the first 1536 bytes of the key stream, which leak information about the key.
const DISCARDED_LEN: usize = 1536;

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::crypto::cipher::tests::{hex, runs_to};

    /// RFC 6229 section 2: the key stream at offsets 0 and 1536 for keys of 128 and 256 bits.
    pub(in crate::crypto::cipher) fn known_answers() -> Vec<&'static str> {
        let key: Vec<u8> = (1..=32).collect();
        let cases = [
            (&ARCFOUR, "9ac7cc9a609d1ef7b2932899cde41b97"),
            (&ARCFOUR128, "ffa0b514647ec04f6306b892ae661181"),
            (&ARCFOUR256, "3e34135c79db010200767651cf263073"),
        ];
        for (row, stream) in cases {
            runs_to(row, &key[..row.key_len], &[], &[0; 16], &hex(stream));
        }
        cases.map(|(row, _)| row.name).to_vec()
    }

    #[test]
    fn keys_of_other_lengths_are_refused() {
        for len in [0, 1, 15, 17, 31, 33] {
            assert!(whole(&vec![0; len], &[]).is_err(), "{len}");
        }
        assert!(whole(&[0; 16], &[0]).is_err());
    }
}
