//! aes128-ctr, aes192-ctr, aes256-ctr (RFC 4344 section 4). The counter continues from packet to packet.

use super::evp::{keystream, stream_row};
use super::{CipherAlgorithm, Keystream, NewKeystream};
use crate::crypto::Security;
use crate::crypto::aws_lc::{CipherKind, Direction};
#[cfg(vector_code)]
use crate::crypto::{vaes, vector_code::VectorCode};
use crate::error::CryptoError;

/// The registry row of aes128-ctr.
pub(super) static AES128_CTR: CipherAlgorithm =
    row("aes128-ctr", 16, |key, iv| ctr(CipherKind::Aes128Ctr, 16, key, iv));

/// The registry row of aes192-ctr.
pub(super) static AES192_CTR: CipherAlgorithm =
    row("aes192-ctr", 24, |key, iv| ctr(CipherKind::Aes192Ctr, 24, key, iv));

/// The registry row of aes256-ctr.
pub(super) static AES256_CTR: CipherAlgorithm =
    row("aes256-ctr", 32, |key, iv| ctr(CipherKind::Aes256Ctr, 32, key, iv));

/// On `crypto/vaes/` where the processor has the instructions, and on AWS-LC everywhere else.
fn ctr(
    kind: CipherKind,
    key_len: usize,
    key: &[u8],
    iv: &[u8],
) -> Result<Box<dyn Keystream>, CryptoError> {
    if key.len() != key_len {
        return Err(CryptoError::Failed);
    }
    #[cfg(vector_code)]
    if let Ok(iv) = iv.try_into()
        && let Some(key) = VectorCode::allowed().and_then(|may| vaes::CtrKey::new(may, key, iv))
    {
        return Ok(Box::new(key));
    }
    keystream(kind, Direction::Encrypt, key, iv)
}

#[cfg(vector_code)]
impl Keystream for vaes::CtrKey {
    fn apply(&mut self, data: &mut [u8]) -> Result<(), CryptoError> {
        vaes::CtrKey::apply(self, data)
    }

    fn apply_from(&mut self, data: &[u8], out: &mut [u8]) -> Result<(), CryptoError> {
        vaes::CtrKey::apply_from(self, data, out)
    }

    fn vector_code(&self) -> Option<&'static str> {
        Some("vaes")
    }
}

const fn row(name: &'static str, key_len: usize, new: NewKeystream) -> CipherAlgorithm {
    stream_row(name, key_len, BLOCK_LEN, BLOCK_LEN, Security::Modern, new)
}

const BLOCK_LEN: usize = 16;

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::crypto::cipher::tests::{hex, runs_to};

    /// NIST SP 800-38A, F.5.1, F.5.3 and F.5.5; in two parts, so that the counter has to continue.
    pub(in crate::crypto::cipher) fn known_answers() -> Vec<&'static str> {
        let iv = hex("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff");
        let plain = hex("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51\
             30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710");
        let cases = [
            (
                &AES128_CTR,
                "2b7e151628aed2a6abf7158809cf4f3c",
                "874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff\
                 5ae4df3edbd5d35e5b4f09020db03eab1e031dda2fbe03d1792170a0f3009cee",
            ),
            (
                &AES192_CTR,
                "8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b",
                "1abc932417521ca24f2b0459fe7e6e0b090339ec0aa6faefd5ccc2c6f4ce8e94\
                 1e36b26bd1ebc670d1bd1d665620abf74f78a7f6d29809585a97daec58c6b050",
            ),
            (
                &AES256_CTR,
                "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
                "601ec313775789a5b7a7f504bbf3d228f443e3ca4d62b59aca84e990cacaf5c5\
                 2b0930daa23de94ce87017ba2d84988ddfc9c58db67aada613c2dd08457941a6",
            ),
        ];
        for (row, key, sealed) in cases {
            runs_to(row, &hex(key), &iv, &plain, &hex(sealed));
        }
        cases.map(|(row, ..)| row.name).to_vec()
    }

    /// The counter is one number of 128 bits (RFC 4344 section 4) and wraps around to 0; computed
    /// with OpenSSL 3.
    #[test]
    fn the_whole_block_is_the_counter() {
        let expected = "3f5b8cc9ea855a0afa7347d23e8d664e66e94bd4ef8a2c3b884cfa59ca342b2e\
                        58e2fccefa7e3061367f1d57a4e7455a";
        runs_to(&AES128_CTR, &[0; 16], &[0xff; 16], &[0; 48], &hex(expected));
    }
}
