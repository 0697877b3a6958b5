//! Java key stores: JKS and JCEKS. Both have one structure under a keyed SHA-1; they differ in how
//! each private key is encrypted, which may be under a password of its own.

use aws_lc_rs::digest;
use md5::{Digest, Md5};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::cipher::{Cipher, remove_padding};
use super::contents::{Contents, Entry, EntryKey};
use super::elements::{Algorithm, NotDer};
use super::format::Format;
use super::private_key::ParsedKey;
use super::x509::X509;
use super::{KeystoreError, Unlock, der_key, java_object};
use crate::error::InvalidMessage;
use crate::limits::MAX_STORE_ENTRIES;
use crate::wire::Reader;

pub(super) static FORMAT: Format = Format {
    name: "Java key store (JKS)",
    matches: |data| data.starts_with(&JKS) || data.starts_with(&JCEKS),
    read,
};

const JKS: [u8; 4] = [0xfe, 0xed, 0xfe, 0xed];
const JCEKS: [u8; 4] = [0xce, 0xce, 0xce, 0xce];

/// What the keyed hash starts with, after the password.
const WHITENER: &[u8] = b"Mighty Aphrodite";
const SHA1_LEN: usize = 20;

/// AlgorithmIdentifiers of the two ways to encrypt a key.
const JKS_KEY_PROTECTOR: &str = "1.3.6.1.4.1.42.2.17.1.1";
const JCEKS_KEY_PROTECTOR: &str = "1.3.6.1.4.1.42.2.19.1";

const MALFORMED: KeystoreError = KeystoreError::Malformed("Java key store");

/// The data ends too early.
struct Cut;

impl From<InvalidMessage> for Cut {
    fn from(_: InvalidMessage) -> Self {
        Self
    }
}

/// An entry whose key is still encrypted.
struct RawEntry<'a> {
    name: String,
    encrypted_key: Option<&'a [u8]>,
    certificates: Vec<&'a [u8]>,
}

fn read(data: &[u8], unlock: &Unlock<'_>) -> Result<Contents, KeystoreError> {
    let len = data.len().checked_sub(SHA1_LEN).ok_or(MALFORMED)?;
    let (body, expected) = data.split_at_checked(len).ok_or(MALFORMED)?;
    let raw = entries(body).map_err(|Cut| MALFORMED)?.ok_or(KeystoreError::TooManyEntries)?;
    if !unlock.public_only {
        check(body, expected, unlock.store_password())?;
    }
    let mut contents = Contents::default();
    for entry in raw {
        let key = entry.encrypted_key.filter(|_| !unlock.public_only);
        let key = key.map(|encrypted| match decrypt(encrypted, unlock) {
            Ok(key) => Ok(EntryKey::Private(Box::new(key))),
            Err(KeystoreError::TooCostly) => Err(KeystoreError::TooCostly),
            Err(error) => Ok(EntryKey::Unusable(error)),
        });
        let certificates = entry.certificates.into_iter().map(X509::from_der);
        contents.entries.push(Entry {
            name: Some(entry.name),
            key: key.transpose()?,
            certificates: certificates.collect::<Result<_, _>>()?,
        });
    }
    Ok(contents)
}

/// Checks the store's integrity: SHA-1 over password, whitener and everything before the hash.
fn check(body: &[u8], expected: &[u8], password: &str) -> Result<(), KeystoreError> {
    let mut hash = digest::Context::new(&digest::SHA1_FOR_LEGACY_USE_ONLY);
    hash.update(&utf16(password));
    hash.update(WHITENER);
    hash.update(body);
    if hash.finish().as_ref().ct_eq(expected).into() {
        Ok(())
    } else if password.is_empty() {
        Err(KeystoreError::PasswordRequired)
    } else {
        Err(KeystoreError::WrongPassword)
    }
}

/// UTF-16BE, without a terminator.
fn utf16(password: &str) -> Zeroizing<Vec<u8>> {
    let count = password.encode_utf16().count();
    let mut bytes = Zeroizing::new(Vec::with_capacity(count.saturating_mul(2)));
    for unit in password.encode_utf16() {
        bytes.extend_from_slice(&unit.to_be_bytes());
    }
    bytes
}

/// `u32 magic | u32 version | u32 count | entries`; `None` if there are too many.
fn entries(body: &[u8]) -> Result<Option<Vec<RawEntry<'_>>>, Cut> {
    let mut reader = Reader::new(body);
    let is_jceks = reader.bytes(JCEKS.len())? == JCEKS;
    let version = reader.u32()?;
    if !matches!(version, 1 | 2) {
        return Err(Cut);
    }
    let count = reader.u32()?;
    if usize::try_from(count).map_or(true, |count| count > MAX_STORE_ENTRIES) {
        return Ok(None);
    }
    let mut entries = Vec::new();
    let mut certificates: usize = 0;
    for _ in 0..count {
        let kind = reader.u32()?;
        let name = java_object::text(&mut reader)?;
        let _created = reader.u64()?;
        let mut entry = RawEntry { name, encrypted_key: None, certificates: Vec::new() };
        match kind {
            1 => {
                entry.encrypted_key = Some(reader.string()?);
                let chain_len = reader.u32()?;
                for _ in 0..chain_len {
                    certificates = certificates.saturating_add(1);
                    if certificates > MAX_STORE_ENTRIES {
                        return Ok(None);
                    }
                    entry.certificates.push(certificate(&mut reader, version)?);
                }
            }
            2 => entry.certificates.push(certificate(&mut reader, version)?),
            3 if is_jceks => {
                java_object::skip(&mut reader).map_err(|_| Cut)?;
                continue;
            }
            _ => return Err(Cut),
        }
        entries.push(entry);
    }
    reader.finish()?;
    Ok(Some(entries))
}

/// `text type | string certificate`; the type since version 2.
fn certificate<'a>(reader: &mut Reader<'a>, version: u32) -> Result<&'a [u8], Cut> {
    if version == 2 && !matches!(java_object::text(reader)?.as_str(), "X.509" | "X509") {
        return Err(Cut);
    }
    Ok(reader.string()?)
}

/// An EncryptedPrivateKeyInfo with one of Java's own schemes.
fn decrypt(encrypted: &[u8], unlock: &Unlock<'_>) -> Result<ParsedKey, KeystoreError> {
    let (algorithm, data) = der_key::encrypted_parts(encrypted)?;
    let oid = algorithm.oid.to_string();
    let with = |password: &str| match oid.as_str() {
        JKS_KEY_PROTECTOR => jks_plain(data, password),
        JCEKS_KEY_PROTECTOR => jceks_plain(&algorithm, data, password, unlock),
        other => Err(KeystoreError::unsupported_encryption(other)),
    };
    let own = unlock.key_password();
    let plain = match with(own) {
        Err(KeystoreError::WrongPassword) if own != unlock.store_password() => {
            with(unlock.store_password())?
        }
        result => result?,
    };
    der_key::parse_pkcs8(&plain)
}

/// `salt | data ^ SHA-1 chain | SHA-1 of password and plaintext`: block i of the chain is the hash
/// of the password and block i - 1, which for the first is the salt.
fn jks_plain(data: &[u8], password: &str) -> Result<Zeroizing<Vec<u8>>, KeystoreError> {
    let password = utf16(password);
    let (salt, rest) = data.split_at_checked(SHA1_LEN).ok_or(MALFORMED)?;
    let len = rest.len().checked_sub(SHA1_LEN).ok_or(MALFORMED)?;
    let (sealed, expected) = rest.split_at_checked(len).ok_or(MALFORMED)?;
    let mut plain = Zeroizing::new(sealed.to_vec());
    let mut block = Zeroizing::new(salt.to_vec());
    for chunk in plain.chunks_mut(SHA1_LEN) {
        let next = sha1(&[&password, &block]);
        block.copy_from_slice(next.as_ref());
        for (byte, key) in chunk.iter_mut().zip(block.iter()) {
            *byte ^= key;
        }
    }
    if sha1(&[&password, &plain]).as_ref().ct_eq(expected).into() {
        Ok(plain)
    } else {
        Err(KeystoreError::WrongPassword)
    }
}

fn sha1(parts: &[&[u8]]) -> digest::Digest {
    let mut hash = digest::Context::new(&digest::SHA1_FOR_LEGACY_USE_ONLY);
    for part in parts {
        hash.update(part);
    }
    hash.finish()
}

/// Triple DES. The key is made with MD5 from the password and each half of the salt.
fn jceks_plain(
    algorithm: &Algorithm<'_>,
    data: &[u8],
    password: &str,
    unlock: &Unlock<'_>,
) -> Result<Zeroizing<Vec<u8>>, KeystoreError> {
    const CIPHER: Cipher = Cipher::triple_des_cbc();
    let parts = || {
        let mut parameters = algorithm.sequence()?;
        let both = (parameters.octets()?, parameters.number()?);
        parameters.finish().map(|()| both)
    };
    let (salt, iterations) = parts().map_err(|NotDer| MALFORMED)?;
    let salt: [u8; 8] = salt.try_into().map_err(|_| MALFORMED)?;
    let [a, b, c, d, e, f, g, h] = salt;
    // equal halves are made different like this, including a bug of Java's that cannot be changed any more
    let first = if [a, b, c, d] == [e, f, g, h] { [d, a, b, d] } else { [a, b, c, d] };
    if iterations == 0 {
        return Err(MALFORMED);
    }
    unlock.pay_for_hashing(iterations.saturating_mul(2))?;
    let mut derived = Zeroizing::new(Vec::with_capacity(32));
    for half in [first, [e, f, g, h]] {
        let first = Md5::new().chain_update(half).chain_update(password).finalize();
        let mut block = Zeroizing::new(<[u8; 16]>::from(first));
        for _ in 1..iterations {
            let next = Md5::new().chain_update(*block).chain_update(password).finalize();
            *block = next.into();
        }
        derived.extend_from_slice(&*block);
    }
    let (key, iv) = derived.split_at_checked(CIPHER.key_len).ok_or(MALFORMED)?;
    let mut plain = Zeroizing::new(data.to_vec());
    CIPHER
        .decrypt(key, iv, &mut plain, &[])
        .and_then(|()| remove_padding(&mut plain, CIPHER.block_len))
        .map_err(|_| KeystoreError::WrongPassword)?;
    // one wrong password in 256 leads to valid padding by chance, and any content behind it
    match der_key::form_of(&plain) {
        Some(der_key::Form::Pkcs8) => Ok(plain),
        Some(_) | None => Err(KeystoreError::WrongPassword),
    }
}
