//! cast128-cbc (RFC 4253 section 6.3; the cipher is that of RFC 2144), with keys of 128 bits.

use super::CipherAlgorithm;
use super::evp::{cbc_row, keystream};
use crate::crypto::aws_lc::{CipherKind, Direction};

/// The registry row.
pub(super) static CAST128_CBC: CipherAlgorithm = cbc_row(
    "cast128-cbc",
    16,
    8,
    |key, iv| keystream(CipherKind::Cast128Cbc, Direction::Encrypt, key, iv),
    |key, iv| keystream(CipherKind::Cast128Cbc, Direction::Decrypt, key, iv),
);

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::crypto::cipher::tests::{hex, runs_to};

    /// RFC 2144 appendix B.1, whose single block is CBC with an initial vector of zeros; and more
    /// blocks under the same key, computed with OpenSSL 3.0.
    pub(in crate::crypto::cipher) fn known_answers() -> Vec<&'static str> {
        let key = hex("0123456712345678234567893456789a");
        let block = hex("0123456789abcdef");
        runs_to(&CAST128_CBC, &key, &[0; 8], &block, &hex("238b4fe5847e44b2"));
        runs_to(
            &CAST128_CBC,
            &key,
            &hex("fedcba9876543210"),
            b"7654321 Now is the time for \0\0\0\0",
            &hex("9be9025ab9e4039e5c88f17d22fb16a980d93bffbe974363fe03ed22e7f957e7"),
        );
        vec![CAST128_CBC.name]
    }
}
