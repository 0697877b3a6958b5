//! Recognizes the format of data from its content: text or DER, plain or in base64. A store of a definite
//! type may only have the formats of that type.

use super::format::Format;
use super::{
    Contents, KeystoreError, Unlock, base64, bcfks, der_key, dropbear, jks, jwk, openssh, p7b, pem,
    pkcs12, ppk, ssh_public, xml,
};
use crate::limits::MAX_STORE_LEN;

/// U+FEFF in UTF-8.
const BYTE_ORDER_MARK: &[u8] = &[0xef, 0xbb, 0xbf];

/// The formats that are read, in the order in which they are tried.
pub(super) static FORMATS: &[&Format] = &[
    &pem::FORMAT,
    &openssh::FORMAT,
    &jks::FORMAT,
    &pkcs12::FORMAT,
    &p7b::FORMAT,
    &bcfks::FORMAT,
    &ppk::FORMAT,
    // tried before public keys, as it begins like one
    &dropbear::FORMAT,
    &ssh_public::FORMAT,
    &xml::FORMAT,
    &jwk::FORMAT,
    &der_key::FORMAT,
];

/// Formats that are recognized only to name them in the error.
const UNSUPPORTED_FORMS: &[(&[u8], &str)] = &[
    (b"---- BEGIN SSH2 ENCRYPTED PRIVATE KEY", "ssh.com private key"),
    (b"SSH PRIVATE KEY FILE FORMAT 1", "SSH protocol 1 private key"),
];

/// Why a store could not be read, and its format as far as it was recognized.
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

/// Reads keys and certificates in any supported format from `data`. Touches no file.
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
    // editors of Windows put it before every text, and no other data begins with it
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
