//! The ciphers of AWS-LC as [`Keystream`]s, and the common values of the rows of ciphers with a MAC.

use super::{CipherAlgorithm, Keystream, Mode, NewKeystream};
use crate::crypto::Security;
use crate::crypto::aws_lc::{CipherContext, CipherKind, Direction};
use crate::error::CryptoError;

impl Keystream for CipherContext {
    fn apply(&mut self, data: &mut [u8]) -> Result<(), CryptoError> {
        self.update(data)
    }

    fn apply_from(&mut self, data: &[u8], out: &mut [u8]) -> Result<(), CryptoError> {
        self.update_from(data, out)
    }
}

/// A cipher in the middle of its stream.
pub(super) fn keystream(
    kind: CipherKind,
    direction: Direction,
    key: &[u8],
    iv: &[u8],
) -> Result<Box<dyn Keystream>, CryptoError> {
    Ok(Box::new(CipherContext::new(kind, direction, key, iv)?))
}

/// The row of a legacy cipher in CBC mode (RFC 4253 section 6.3).
pub(super) const fn cbc_row(
    name: &'static str,
    key_len: usize,
    block_len: usize,
    encryptor: NewKeystream,
    decryptor: NewKeystream,
) -> CipherAlgorithm {
    CipherAlgorithm {
        name,
        key_len,
        iv_len: block_len,
        block_len,
        security: Security::Compatible,
        rekey_after_bytes: rekey_after_bytes(block_len),
        terrapin: false,
        // a packet that the attack removes makes one block of the next one wrong, which the MAC of
        // encrypt-then-MAC does not detect
        terrapin_with_etm: true,
        mode: Mode::WithMac { decryptor, encryptor, guards_length: true },
    }
}

/// The row of a cipher that XORs a key stream into the data, in both directions.
pub(super) const fn stream_row(
    name: &'static str,
    key_len: usize,
    iv_len: usize,
    block_len: usize,
    security: Security,
    new: NewKeystream,
) -> CipherAlgorithm {
    CipherAlgorithm {
        name,
        key_len,
        iv_len,
        block_len,
        security,
        rekey_after_bytes: rekey_after_bytes(block_len),
        terrapin: false,
        terrapin_with_etm: false,
        mode: Mode::WithMac { decryptor: new, encryptor: new, guards_length: false },
    }
}

/// RFC 4344 section 3.2: with blocks of L bits, L at least 128, keys end before 2^(L/4) blocks; with
/// smaller ones after a gigabyte.
const fn rekey_after_bytes(block_len: usize) -> u64 {
    if block_len >= 16 { super::REKEY_128_BIT_BLOCKS } else { 1 << 30 }
}
