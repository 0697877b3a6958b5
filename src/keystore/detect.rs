//! Tells what a store holds from its content (cstAuto): text or DER, plain or in base64, or the name
//! of a file with one of them. A store of a definite type may only be of the forms of that type.

use zeroize::Zeroizing;

use super::store_type::{Source, StoreType, read_named_file};
use super::{
    Contents, KeystoreError, Unlock, base64, bcfks, der_key, dropbear, jks, jwk, openssh, p7b, pem,
    pkcs11, pkcs12, ppk, ssh_public, xml,
};
use crate::limits::MAX_STORE_LEN;

/// U+FEFF in UTF-8.
const BYTE_ORDER_MARK: &[u8] = &[0xef, 0xbb, 0xbf];

/// Longer than any path that an operating system takes.
const MAX_PATH_LEN: usize = 4096;

/// One form of key and certificate data.
pub(super) struct Format {
    /// As error messages call it.
    pub(super) name: &'static str,
    /// Whether the data is of this form, which its start or its outermost structure tells.
    pub(super) matches: fn(&[u8]) -> bool,
    /// Reads data of this form; all of it, as none of the others would.
    pub(super) read: fn(&[u8], &Unlock<'_>) -> Result<Contents, KeystoreError>,
}

impl std::fmt::Debug for Format {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

impl PartialEq for Format {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

/// The forms that are read, in the order in which they are tried.
pub(super) static FORMATS: &[&Format] = &[
    &pem::FORMAT,
    &openssh::FORMAT,
    &jks::FORMAT,
    &pkcs12::FORMAT,
    &p7b::FORMAT,
    &bcfks::FORMAT,
    &ppk::FORMAT,
    // before the public keys, with which it begins
    &dropbear::FORMAT,
    &ssh_public::FORMAT,
    &xml::FORMAT,
    &jwk::FORMAT,
    &der_key::FORMAT,
];

/// Forms that are told apart only to name them in the error.
const UNSUPPORTED_FORMS: &[(&[u8], &str)] = &[
    (b"---- BEGIN SSH2 ENCRYPTED PRIVATE KEY", "ssh.com private key"),
    (b"SSH PRIVATE KEY FILE FORMAT 1", "SSH protocol 1 private key"),
];

/// Why a store could not be read, and what it is as far as that shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unread {
    pub(super) format: Option<&'static str>,
    pub(super) why: KeystoreError,
}

impl From<KeystoreError> for Unread {
    fn from(why: KeystoreError) -> Self {
        Self { format: None, why }
    }
}

/// Reads keys and certificates in any supported form out of `data`. Pure: touches no file.
pub fn parse<'a>(data: &[u8], unlock: impl Into<Unlock<'a>>) -> Result<Contents, KeystoreError> {
    parse_as(data, FORMATS, &unlock.into()).map_err(|unread| unread.why)
}

/// Reads data of one of `formats`, as it is or in base64.
pub(super) fn parse_as(
    data: &[u8],
    formats: &[&'static Format],
    unlock: &Unlock<'_>,
) -> Result<Contents, Unread> {
    if data.len() > MAX_STORE_LEN {
        return Err(KeystoreError::TooLarge.into());
    }
    // editors of Windows put it before every text, and no other data begins so
    let data = data.strip_prefix(BYTE_ORDER_MARK).unwrap_or(data);
    if let Some(format) = format_of(data) {
        return read_as(format, data, formats, unlock);
    }
    let decoded = base64::decode(&[data]);
    match decoded.as_ref().and_then(|decoded| Some((decoded, format_of(decoded)?))) {
        Some((decoded, format)) => read_as(format, decoded, formats, unlock),
        None => Err(unrecognized(data).into()),
    }
}

fn format_of(data: &[u8]) -> Option<&'static Format> {
    FORMATS.iter().copied().find(|format| (format.matches)(data))
}

fn read_as(
    format: &'static Format,
    data: &[u8],
    allowed: &[&'static Format],
    unlock: &Unlock<'_>,
) -> Result<Contents, Unread> {
    let named = |why| Unread { format: Some(format.name), why };
    if !allowed.contains(&format) {
        return Err(named(KeystoreError::OtherFormat));
    }
    let contents = (format.read)(data, unlock).map_err(named)?;
    if contents.is_empty() {
        return Err(named(KeystoreError::NoKeyAndNoCertificate));
    }
    Ok(if unlock.public_only { contents.without_private_keys() } else { contents })
}

fn unrecognized(data: &[u8]) -> KeystoreError {
    let start = data.trim_ascii_start();
    match UNSUPPORTED_FORMS.iter().find(|(magic, _)| start.starts_with(magic)) {
        Some((_, name)) => KeystoreError::unsupported_format(name),
        None if data.is_empty() => KeystoreError::Empty,
        None => KeystoreError::NotRecognized,
    }
}

/// Reads a store of a documented type: from the file it names, or out of itself.
pub(super) fn open(
    store_type: &StoreType,
    store: &[u8],
    unlock: &Unlock<'_>,
) -> Result<Contents, Unread> {
    let formats = store_type.formats;
    let mut public_only = unlock.clone();
    public_only.public_only = true;
    let unlock = if store_type.public_only { &public_only } else { unlock };
    match store_type.source {
        Source::Token => {
            pkcs11::open(store, unlock).map_err(|why| Unread { format: Some("PKCS#11"), why })
        }
        Source::System => Err(KeystoreError::WindowsOnly.into()),
        Source::File => parse_as(&read_named_file(store)?, formats, unlock),
        Source::Blob => parse_as(store, formats, unlock),
        Source::Either => match parse_as(store, formats, unlock) {
            Err(Unread { format: None, why }) => match named_file(store)? {
                Some(content) => parse_as(&content, formats, unlock),
                None => Err(why.into()),
            },
            result => result,
        },
    }
}

/// The content of the file that `store` names, if it can be a path and there is such a file.
fn named_file(store: &[u8]) -> Result<Option<Zeroizing<Vec<u8>>>, KeystoreError> {
    if store.is_empty() || store.len() > MAX_PATH_LEN || store.iter().any(u8::is_ascii_control) {
        return Ok(None);
    }
    match read_named_file(store) {
        Ok(content) => Ok(Some(content)),
        // there is such a file
        Err(error @ (KeystoreError::TooLarge | KeystoreError::NotAFile)) => Err(error),
        Err(KeystoreError::Unreadable(std::io::ErrorKind::PermissionDenied)) => {
            Err(KeystoreError::Unreadable(std::io::ErrorKind::PermissionDenied))
        }
        Err(_) => Ok(None),
    }
}
