//! Tells what a store holds from its content (cstAuto): text or DER, plain or in base64, or the name
//! of a file with one of them.

use zeroize::Zeroizing;

use super::der_key::{self, Item};
use super::store_type::{self, Source};
use super::{Contents, KeystoreError, MAX_STORE_LEN, base64, openssh, pem};

/// Longer than any path that an operating system takes.
const MAX_PATH_LEN: usize = 4096;

/// Forms that are told apart only to name them in the error.
const UNSUPPORTED_FORMS: &[(&[u8], &str)] = &[
    (b"PuTTY-User-Key-File-", "PuTTY private key (PPK)"),
    (b"---- BEGIN SSH2 ", "SSH2 key file (RFC 4716)"),
    (b"SSH PRIVATE KEY FILE FORMAT 1", "SSH protocol 1 private key"),
    (b"ssh-", "SSH public key"),
    (b"ecdsa-sha2-", "SSH public key"),
    (b"\xfe\xed\xfe\xed", "Java key store (JKS)"),
    (b"{", "JSON Web Key (JWK)"),
    (b"<", "XML"),
];

/// Reads keys and certificates in any supported form out of `data`. Pure: touches no file.
pub fn parse(data: &[u8], password: &str) -> Result<Contents, KeystoreError> {
    if data.len() > MAX_STORE_LEN {
        return Err(KeystoreError::TooLarge);
    }
    match parse_plain(data, password) {
        Err(KeystoreError::NotRecognized) => match base64::decode(&[data]) {
            Some(decoded) => parse_plain(&decoded, password),
            None => Err(unrecognized(data)),
        },
        result => result,
    }
}

fn parse_plain(data: &[u8], password: &str) -> Result<Contents, KeystoreError> {
    if pem::is_pem(data) {
        return pem::parse(data, password);
    }
    let mut contents = Contents::default();
    if data.starts_with(openssh::MAGIC) {
        contents.key = Some(openssh::parse(data, password)?);
    } else if let Some(form) = der_key::form_of(data) {
        match der_key::parse(data, form, password)? {
            Item::Key(key) => contents.key = Some(key),
            Item::Certificate(certificate) => contents.certificates.push(*certificate),
        }
    } else {
        return Err(KeystoreError::NotRecognized);
    }
    Ok(contents)
}

fn unrecognized(data: &[u8]) -> KeystoreError {
    let start = data.trim_ascii_start();
    match UNSUPPORTED_FORMS.iter().find(|(magic, _)| start.starts_with(magic)) {
        Some((_, name)) => KeystoreError::unsupported_format(name),
        None => KeystoreError::NotRecognized,
    }
}

/// Reads the store of a documented type: from the file it names, or out of itself.
pub fn open(number: u32, store: &[u8], password: &str) -> Result<Contents, KeystoreError> {
    match store_type::source_of(number)? {
        Source::File => parse(&store_type::read_named_file(store)?, password),
        Source::Blob => parse(store, password),
        Source::Either => match parse(store, password) {
            Err(error @ (KeystoreError::NotRecognized | KeystoreError::UnsupportedFormat(_))) => {
                match named_file(store)? {
                    Some(content) => parse(&content, password),
                    None => Err(error),
                }
            }
            result => result,
        },
    }
}

/// The content of the file that `store` names, if it can be a path and there is such a file.
fn named_file(store: &[u8]) -> Result<Option<Zeroizing<Vec<u8>>>, KeystoreError> {
    if store.is_empty() || store.len() > MAX_PATH_LEN || store.iter().any(u8::is_ascii_control) {
        return Ok(None);
    }
    match store_type::read_named_file(store) {
        Ok(content) => Ok(Some(content)),
        Err(KeystoreError::TooLarge) => Err(KeystoreError::TooLarge),
        Err(KeystoreError::Unreadable(std::io::ErrorKind::PermissionDenied)) => {
            Err(KeystoreError::Unreadable(std::io::ErrorKind::PermissionDenied))
        }
        Err(_) => Ok(None),
    }
}
