//! OpenSSH's own private key format, `openssh-key-v1` (PROTOCOL.key of OpenSSH): plain, or encrypted
//! with a password through bcrypt.

use bcrypt_pbkdf::bcrypt_pbkdf;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::cipher::Cipher;
use super::contents::{Contents, Entry};
use super::curves::CURVES;
use super::format::Format;
use super::private_key::{DsaNumbers, ParsedKey, RsaNumbers};
use super::{KeystoreError, Unlock};
use crate::error::InvalidMessage;
use crate::limits::MAX_SALT_LEN;
use crate::wire::Reader;

pub(super) static FORMAT: Format = Format {
    name: "OpenSSH private key",
    matches: |data| data.starts_with(MAGIC),
    read: |data, unlock| parse(data, unlock).map(|key| Contents::from(Entry::of_key(key))),
};

/// What every file of this format starts with.
const MAGIC: &[u8] = b"openssh-key-v1\0";

const CIPHERS: &[(&str, Cipher)] = &[
    ("aes128-ctr", Cipher::aes_ctr(16)),
    ("aes192-ctr", Cipher::aes_ctr(24)),
    ("aes256-ctr", Cipher::aes_ctr(32)),
    ("aes128-cbc", Cipher::aes_cbc(16)),
    ("aes192-cbc", Cipher::aes_cbc(24)),
    ("aes256-cbc", Cipher::aes_cbc(32)),
    ("aes128-gcm@openssh.com", Cipher::aes_gcm(16)),
    ("aes256-gcm@openssh.com", Cipher::aes_gcm(32)),
    ("chacha20-poly1305@openssh.com", Cipher::chacha20_poly1305()),
    // the name that OpenSSH had for it until 7.6
    ("rijndael-cbc@lysator.liu.se", Cipher::aes_cbc(32)),
    ("3des-cbc", Cipher::triple_des_cbc()),
];

const MALFORMED: KeystoreError = KeystoreError::Malformed("OpenSSH key");

/// OpenSSH's formats are the only ones that the wire's reader reads.
impl From<InvalidMessage> for KeystoreError {
    fn from(_: InvalidMessage) -> Self {
        MALFORMED
    }
}

/// Reads the first (and in practice only) key of the format.
pub(super) fn parse(data: &[u8], unlock: &Unlock<'_>) -> Result<ParsedKey, KeystoreError> {
    let mut reader = Reader::new(data.strip_prefix(MAGIC).ok_or(MALFORMED)?);
    let cipher_name = reader.string()?;
    let kdf_name = reader.string()?;
    let kdf_options = reader.string()?;
    if reader.u32()? != 1 {
        // no program writes several keys, and none reads them
        return Err(KeystoreError::unsupported_format("several keys in one file"));
    }
    let public_blob = reader.string()?;
    let private_section = Zeroizing::new(reader.string()?.to_vec());
    let tag = reader.take_rest();

    let section = match (cipher_name, kdf_name) {
        (b"none", b"none") => {
            if !kdf_options.is_empty() || !tag.is_empty() || private_section.len() % 8 != 0 {
                return Err(MALFORMED);
            }
            private_section
        }
        (b"none", _) | (_, b"none") => return Err(MALFORMED),
        (_, b"bcrypt") => decrypt(cipher_name, kdf_options, private_section, tag, unlock)?,
        _ => return Err(KeystoreError::unsupported_encryption(kdf_name)),
    };
    let key = parse_section(&section)?;
    if key.public_blob() != public_blob {
        return Err(KeystoreError::InconsistentKey);
    }
    Ok(key)
}

fn decrypt(
    cipher_name: &[u8],
    kdf_options: &[u8],
    mut section: Zeroizing<Vec<u8>>,
    tag: &[u8],
    unlock: &Unlock<'_>,
) -> Result<Zeroizing<Vec<u8>>, KeystoreError> {
    let (_, cipher) = CIPHERS
        .iter()
        .find(|(name, _)| name.as_bytes() == cipher_name)
        .ok_or_else(|| KeystoreError::unsupported_encryption(cipher_name))?;
    let mut options = Reader::new(kdf_options);
    let salt = options.string()?;
    let rounds = options.u32()?;
    options.finish()?;
    if section.len().checked_rem(cipher.block_len) != Some(0) || tag.len() != cipher.tag_len {
        return Err(MALFORMED);
    }
    if salt.len() > MAX_SALT_LEN {
        return Err(KeystoreError::TooCostly);
    }
    unlock.pay_for_bcrypt(u64::from(rounds))?;
    let password = unlock.key_password();
    if password.is_empty() {
        return Err(KeystoreError::PasswordRequired);
    }
    let mut derived = Zeroizing::new(vec![0_u8; cipher.key_len.saturating_add(cipher.iv_len)]);
    bcrypt_pbkdf(password, salt, rounds, &mut derived).map_err(|_| MALFORMED)?;
    let (key, iv) = derived.split_at_checked(cipher.key_len).ok_or(MALFORMED)?;
    cipher.decrypt(key, iv, &mut section, tag).map_err(|_| KeystoreError::WrongPassword)?;
    // If the cipher has no tag, the check numbers show a wrong password.
    match section.split_at_checked(8) {
        Some((check, _)) if checks_agree(check) => Ok(section),
        Some(_) | None => Err(KeystoreError::WrongPassword),
    }
}

fn checks_agree(check: &[u8]) -> bool {
    let (first, second) = check.split_at(check.len() / 2);
    first.ct_eq(second).into()
}

/// `uint32 check | uint32 check | string key type | fields | string comment | padding 1, 2, 3 ..`
fn parse_section(section: &[u8]) -> Result<ParsedKey, KeystoreError> {
    let mut reader = Reader::new(section);
    if !checks_agree(reader.bytes(8)?) {
        return Err(MALFORMED);
    }
    let key = parse_key(&mut reader)?;
    let _comment = reader.string()?;
    let padding = reader.take_rest();
    // shorter than the longest block of any cipher
    let expected = (1_u8..=15).take(padding.len());
    if padding.len() > 15 || !padding.iter().copied().eq(expected) {
        return Err(MALFORMED);
    }
    Ok(key)
}

fn parse_key(reader: &mut Reader<'_>) -> Result<ParsedKey, KeystoreError> {
    let key_type = reader.string()?;
    if let Some(curve) = CURVES.iter().find(|curve| curve.key_type.as_bytes() == key_type) {
        if reader.string()? != curve.name.as_bytes() {
            return Err(KeystoreError::InconsistentKey);
        }
        let point = reader.string()?;
        let scalar = reader.mpint()?;
        return ParsedKey::ecdsa(curve, scalar, point);
    }
    match key_type {
        b"ssh-ed25519" => {
            let public = reader.string()?;
            let pair = reader.string()?;
            let (seed, second) = pair.split_at_checked(32).ok_or(MALFORMED)?;
            let key = ParsedKey::ed25519(seed)?;
            // the file has the public key three times; the third is compared with the blob
            if second != public || second.len() != 32 || !key.public_blob().ends_with(second) {
                return Err(KeystoreError::InconsistentKey);
            }
            Ok(key)
        }
        b"ssh-rsa" => {
            let n = reader.mpint()?;
            let e = reader.mpint()?;
            let d = reader.mpint()?;
            let _coefficient = reader.mpint()?;
            let p = reader.mpint()?;
            let q = reader.mpint()?;
            ParsedKey::rsa(&RsaNumbers { n, e, d, p, q })
        }
        b"ssh-dss" => {
            let p = reader.mpint()?;
            let q = reader.mpint()?;
            let g = reader.mpint()?;
            let y = reader.mpint()?;
            let x = reader.mpint()?;
            ParsedKey::dsa(&DsaNumbers { p, q, g, y: Some(y), x })
        }
        _ => Err(KeystoreError::unsupported_key(key_type)),
    }
}
