//! blowfish-cbc (RFC 4253 section 6.3), with keys of 128 bits.

use super::CipherAlgorithm;
use super::evp::{cbc_row, keystream};
use crate::crypto::aws_lc::{CipherKind, Direction};

/// The registry row.
pub(super) static BLOWFISH_CBC: CipherAlgorithm = cbc_row(
    "blowfish-cbc",
    16,
    8,
    |key, iv| keystream(CipherKind::BlowfishCbc, Direction::Encrypt, key, iv),
    |key, iv| keystream(CipherKind::BlowfishCbc, Direction::Decrypt, key, iv),
);

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::crypto::cipher::tests::{hex, runs_to};

    /// Eric Young's vector for CBC mode, which Bruce Schneier publishes with the cipher.
    pub(in crate::crypto::cipher) fn known_answers() -> Vec<&'static str> {
        runs_to(
            &BLOWFISH_CBC,
            &hex("0123456789abcdeff0e1d2c3b4a59687"),
            &hex("fedcba9876543210"),
            b"7654321 Now is the time for \0\0\0\0",
            &hex("6b77b4d63006dee605b156e27403979358deb9e7154616d959f1652bd5ff92cc"),
        );
        vec![BLOWFISH_CBC.name]
    }
}
