//! HMAC with RIPEMD-160, cut to 96 bits or whole. AWS-LC has the hash but not this HMAC.

use hmac::digest::KeyInit as _;
use hmac::{Hmac, Mac as _};
use ripemd::Ripemd160;

use super::hmac::{cut, row};
use super::{Mac, MacAlgorithm};
use crate::error::CryptoError;

/// The registry row of hmac-ripemd160.
pub(super) static HMAC_RIPEMD160: MacAlgorithm = row("hmac-ripemd160", KEY_LEN, |key| {
    if key.len() != KEY_LEN {
        return Err(CryptoError::Failed);
    }
    let keyed = Hmac::new_from_slice(key).map_err(|_| CryptoError::Failed)?;
    Ok(Box::new(HmacRipemd160(keyed)))
});

/// The registry row of hmac-ripemd160-96.
pub(super) static HMAC_RIPEMD160_96: MacAlgorithm = cut("hmac-ripemd160-96", &HMAC_RIPEMD160);

/// The key as the states of the hash after its two padded blocks.
struct HmacRipemd160(Hmac<Ripemd160>);

impl Mac for HmacRipemd160 {
    fn sign(&mut self, sequence: u32, data: &[u8], tag: &mut [u8]) -> Result<(), CryptoError> {
        let mut hmac = self.0.clone();
        hmac.update(&sequence.to_be_bytes());
        hmac.update(data);
        let whole = hmac.finalize().into_bytes();
        tag.copy_from_slice(whole.get(..tag.len()).ok_or(CryptoError::Failed)?);
        Ok(())
    }
}

const KEY_LEN: usize = 20;

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::crypto::mac::tests::known_answer;
    use crate::crypto::tests::hex;

    /// RFC 2286 section 2, test cases 2 and 3: the keys are padded with zeros to 20 bytes, and the
    /// first four bytes of the data stand for the sequence number.
    pub(in crate::crypto::mac) fn known_answers() -> Vec<&'static str> {
        let rows = [&HMAC_RIPEMD160, &HMAC_RIPEMD160_96];
        for row in rows {
            for (key, data, tag) in [
                (
                    &b"Jefe"[..],
                    b"what do ya want for nothing?".to_vec(),
                    "dda6c0213a485a9e24f4742064a7f033b43c4069",
                ),
                (&[0xaa; 20], vec![0xdd; 50], "b0b105360de759960ab4f35298e116e295d8e7c1"),
            ] {
                known_answer(row, key, &data, &hex(tag)[..row.tag_len]);
            }
        }
        rows.map(|row| row.name).to_vec()
    }

    #[test]
    fn keys_of_other_lengths_and_longer_tags_are_refused() {
        assert!((HMAC_RIPEMD160.new)(&[0; 16]).is_err());
        let mut mac = (HMAC_RIPEMD160.new)(&[0; 20]).unwrap();
        assert!(mac.sign(0, b"", &mut [0; 21]).is_err());
    }
}
