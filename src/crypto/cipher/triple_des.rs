//! 3des-cbc (RFC 4253 section 6.3) and 3des-ctr (RFC 4344 section 4): three keys, encrypt, decrypt,
//! encrypt. The library has no counter mode for it, so that is built from single blocks.

use super::evp::{cbc_row, keystream, stream_row};
use super::{CipherAlgorithm, Keystream};
use crate::crypto::Security;
use crate::crypto::aws_lc::{CipherContext, CipherKind, Direction};
use crate::error::CryptoError;

/// The registry row of 3des-cbc.
pub(super) static TRIPLE_DES_CBC: CipherAlgorithm = cbc_row(
    "3des-cbc",
    KEY_LEN,
    BLOCK_LEN,
    |key, iv| keystream(CipherKind::TripleDesCbc, Direction::Encrypt, key, iv),
    |key, iv| keystream(CipherKind::TripleDesCbc, Direction::Decrypt, key, iv),
);

/// The registry row of 3des-ctr.
pub(super) static TRIPLE_DES_CTR: CipherAlgorithm =
    stream_row("3des-ctr", KEY_LEN, BLOCK_LEN, BLOCK_LEN, Security::Compatible, |key, iv| {
        Ok(Box::new(CounterMode {
            cipher: CipherContext::new(CipherKind::TripleDesEcb, Direction::Encrypt, key, &[])?,
            counter: u64::from_be_bytes(iv.try_into().map_err(|_| CryptoError::Failed)?),
        }))
    });

struct CounterMode {
    cipher: CipherContext,
    /// RFC 4344 section 4: the whole block is the counter, which starts as the IV.
    counter: u64,
}

impl Keystream for CounterMode {
    fn apply(&mut self, data: &mut [u8]) -> Result<(), CryptoError> {
        if !data.len().is_multiple_of(BLOCK_LEN) {
            return Err(CryptoError::Failed);
        }
        let mut room = [0; 32 * BLOCK_LEN];
        for data in data.chunks_mut(room.len()) {
            let stream = room.get_mut(..data.len()).ok_or(CryptoError::Failed)?;
            for block in stream.chunks_exact_mut(BLOCK_LEN) {
                block.copy_from_slice(&self.counter.to_be_bytes());
                self.counter = self.counter.wrapping_add(1);
            }
            self.cipher.update(stream)?;
            for (byte, stream) in data.iter_mut().zip(stream) {
                *byte ^= *stream;
            }
        }
        Ok(())
    }
}

const KEY_LEN: usize = 24;
const BLOCK_LEN: usize = 8;

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::crypto::cipher::Mode;
    use crate::crypto::cipher::tests::{hex, runs_to};

    /// The key of NIST SP 800-67 appendix B. The first block of the counter is that of the example
    /// there; the rest was computed with OpenSSL 3.0: CBC, and single blocks around the point where
    /// the counter starts anew at 0.
    pub(in crate::crypto::cipher) fn known_answers() -> Vec<&'static str> {
        let key = hex("0123456789abcdef23456789abcdef01456789abcdef0123");
        let example = hex("a826fd8ce53b855f");
        runs_to(&TRIPLE_DES_CTR, &key, b"The qufc", &[0; 8], &example);
        runs_to(
            &TRIPLE_DES_CTR,
            &key,
            &hex("fffffffffffffffe"),
            &[0; 32],
            &hex("1146a3fd1519eeb8fda5e1ab2024b2294eba739c998bcb605ebef98ce2ad394c"),
        );
        runs_to(
            &TRIPLE_DES_CBC,
            &key,
            &hex("fedcba9876543210"),
            b"7654321 Now is the time for \0\0\0\0",
            &hex("40e091eeac0a310cb26d5053290494921c6714cc42573945c8acfb1506e171b6"),
        );
        vec![TRIPLE_DES_CBC.name, TRIPLE_DES_CTR.name]
    }

    /// Longer than the key stream buffer, compared with single blocks.
    #[test]
    fn the_counter_runs_on_in_long_packets() {
        let new = || {
            let Mode::WithMac { encryptor, .. } = TRIPLE_DES_CTR.mode else {
                panic!("3des-ctr is no AEAD");
            };
            encryptor(&[7; 24], &[0xff; 8]).unwrap()
        };
        let (mut whole, mut parts) = (vec![3; 4000], vec![3; 4000]);
        new().apply(&mut whole).unwrap();
        let mut stream = new();
        for block in parts.chunks_mut(8) {
            stream.apply(block).unwrap();
        }
        assert_eq!(whole, parts);
        assert!(new().apply(&mut [0; 7]).is_err());
    }
}
