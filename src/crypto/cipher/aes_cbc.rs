//! aes128-cbc, aes192-cbc, aes256-cbc (RFC 4253 section 6.3).

use super::evp::{cbc_row, keystream};
use super::{CipherAlgorithm, NewKeystream};
use crate::crypto::aws_lc::{CipherKind, Direction};

/// The registry row of aes128-cbc.
pub(super) static AES128_CBC: CipherAlgorithm = row(
    "aes128-cbc",
    16,
    |key, iv| keystream(CipherKind::Aes128Cbc, Direction::Encrypt, key, iv),
    |key, iv| keystream(CipherKind::Aes128Cbc, Direction::Decrypt, key, iv),
);

/// The registry row of aes192-cbc.
pub(super) static AES192_CBC: CipherAlgorithm = row(
    "aes192-cbc",
    24,
    |key, iv| keystream(CipherKind::Aes192Cbc, Direction::Encrypt, key, iv),
    |key, iv| keystream(CipherKind::Aes192Cbc, Direction::Decrypt, key, iv),
);

/// The registry row of aes256-cbc.
pub(super) static AES256_CBC: CipherAlgorithm = row(
    "aes256-cbc",
    32,
    |key, iv| keystream(CipherKind::Aes256Cbc, Direction::Encrypt, key, iv),
    |key, iv| keystream(CipherKind::Aes256Cbc, Direction::Decrypt, key, iv),
);

const fn row(
    name: &'static str,
    key_len: usize,
    encryptor: NewKeystream,
    decryptor: NewKeystream,
) -> CipherAlgorithm {
    cbc_row(name, key_len, BLOCK_LEN, encryptor, decryptor)
}

const BLOCK_LEN: usize = 16;

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::crypto::cipher::tests::{hex, runs_to};

    /// NIST SP 800-38A, F.2.1 to F.2.6.
    pub(in crate::crypto::cipher) fn known_answers() -> Vec<&'static str> {
        let iv = hex("000102030405060708090a0b0c0d0e0f");
        let plain = hex("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51\
             30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710");
        let cases = [
            (
                &AES128_CBC,
                "2b7e151628aed2a6abf7158809cf4f3c",
                "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2\
                 73bed6b8e3c1743b7116e69e222295163ff1caa1681fac09120eca307586e1a7",
            ),
            (
                &AES192_CBC,
                "8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b",
                "4f021db243bc633d7178183a9fa071e8b4d9ada9ad7dedf4e5e738763f69145a\
                 571b242012fb7ae07fa9baac3df102e008b0e27988598881d920a9e64f5615cd",
            ),
            (
                &AES256_CBC,
                "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
                "f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d\
                 39f23369a9d9bacfa530e26304231461b2eb05e2c39be9fcda6c19078c6a9d1b",
            ),
        ];
        for (row, key, sealed) in cases {
            runs_to(row, &hex(key), &iv, &plain, &hex(sealed));
        }
        cases.map(|(row, ..)| row.name).to_vec()
    }
}
