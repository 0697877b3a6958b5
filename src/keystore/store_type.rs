//! The documented store types as data: a row for each, with the place of its data and the formats of it.
//! Types of the operating system have a row, too, so that the error for one can name it. [`open`] reads a
//! store of a type; cstAuto may be data of any format, or the name of a file with it.

use std::path::Path;

use zeroize::Zeroizing;

use super::detect::{FORMATS, Unread, parse_as};
use super::format::Format;
#[cfg(windows)]
use super::windows_store;
use super::{
    Contents, KeystoreError, Owner, Unlock, bcfks, der_key, dropbear, file, jks, jwk, openssh, p7b,
    pem, pkcs11, pkcs12, ppk, ssh_public, xml,
};
use crate::limits::MAX_PATH_LEN;

/// Where the data of a store is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The store is the name of a file.
    File,
    /// The store is the data.
    Blob,
    /// The store is the data, or, if it is not, the name of a file.
    Either,
    /// The store belongs to the operating system; it is a name.
    System(Owner),
    /// The store is a security token; it names the module.
    Token,
}

/// One documented store type.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StoreType {
    /// The documented number.
    pub number: u32,
    /// The documented name.
    pub name: &'static str,
    /// Where its data is.
    pub source: Source,
    /// The forms its data may have.
    pub(super) formats: &'static [&'static Format],
    /// Whether private keys in it are ignored.
    pub(super) public_only: bool,
}

impl StoreType {
    /// The type with a documented number.
    pub fn of(number: u32) -> Option<&'static Self> {
        STORE_TYPES.iter().find(|row| row.number == number)
    }
}

const fn row(
    number: u32,
    name: &'static str,
    source: Source,
    formats: &'static [&'static Format],
) -> StoreType {
    StoreType { number, name, source, formats, public_only: false }
}

const fn file(number: u32, name: &'static str, formats: &'static [&'static Format]) -> StoreType {
    row(number, name, Source::File, formats)
}

const fn blob(number: u32, name: &'static str, formats: &'static [&'static Format]) -> StoreType {
    row(number, name, Source::Blob, formats)
}

const fn public(row: StoreType) -> StoreType {
    StoreType { public_only: true, ..row }
}

/// A private key as `openssl`, `ssh-keygen` and `dropbearkey` write it, with or without PEM around it.
const PRIVATE_KEY: &[&Format] =
    &[&pem::FORMAT, &openssh::FORMAT, &dropbear::FORMAT, &der_key::FORMAT];
const P7B: &[&Format] = &[&p7b::FORMAT, &pem::FORMAT];
const PUBLIC_KEY: &[&Format] = &[&pem::FORMAT, &der_key::FORMAT];
const SSH_PUBLIC_KEY: &[&Format] = &[&ssh_public::FORMAT];
const XML: &[&Format] = &[&xml::FORMAT];
const JWK: &[&Format] = &[&jwk::FORMAT];
const PPK: &[&Format] = &[&ppk::FORMAT];

/// Every documented store type, by number.
pub static STORE_TYPES: &[StoreType] = &[
    row(0, "cstUser", Source::System(Owner::User), &[]),
    row(1, "cstMachine", Source::System(Owner::Machine), &[]),
    file(2, "cstPFXFile", &[&pkcs12::FORMAT]),
    blob(3, "cstPFXBlob", &[&pkcs12::FORMAT]),
    file(4, "cstJKSFile", &[&jks::FORMAT]),
    blob(5, "cstJKSBlob", &[&jks::FORMAT]),
    file(6, "cstPEMKeyFile", PRIVATE_KEY),
    blob(7, "cstPEMKeyBlob", PRIVATE_KEY),
    public(file(8, "cstPublicKeyFile", PUBLIC_KEY)),
    public(blob(9, "cstPublicKeyBlob", PUBLIC_KEY)),
    public(blob(10, "cstSSHPublicKeyBlob", SSH_PUBLIC_KEY)),
    // certificates only: a private key in the PEM around them is no part of such a store
    public(file(11, "cstP7BFile", P7B)),
    public(blob(12, "cstP7BBlob", P7B)),
    public(file(13, "cstSSHPublicKeyFile", SSH_PUBLIC_KEY)),
    file(14, "cstPPKFile", PPK),
    blob(15, "cstPPKBlob", PPK),
    file(16, "cstXMLFile", XML),
    blob(17, "cstXMLBlob", XML),
    file(18, "cstJWKFile", JWK),
    blob(19, "cstJWKBlob", JWK),
    file(21, "cstBCFKSFile", &[&bcfks::FORMAT]),
    blob(22, "cstBCFKSBlob", &[&bcfks::FORMAT]),
    row(23, "cstPKCS11", Source::Token, &[]),
    row(99, "cstAuto", Source::Either, FORMATS),
];

/// Reads a store of a documented type: from the file that it names, or from the store itself.
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
        Source::System(owner) => open_system(owner, store),
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

#[cfg(windows)]
fn open_system(owner: Owner, store: &[u8]) -> Result<Contents, Unread> {
    windows_store::open(owner, store)
        .map_err(|why| Unread { format: Some("certificate store of Windows"), why })
}

#[cfg(not(windows))]
fn open_system(_: Owner, _: &[u8]) -> Result<Contents, Unread> {
    Err(KeystoreError::WindowsOnly.into())
}

/// The content of the file that `store` names, if it can be a path and there is such a file.
fn named_file(store: &[u8]) -> Result<Option<Zeroizing<Vec<u8>>>, KeystoreError> {
    if store.is_empty() || store.len() > MAX_PATH_LEN || store.iter().any(u8::is_ascii_control) {
        return Ok(None);
    }
    match read_named_file(store) {
        Ok(content) => Ok(Some(content)),
        // there is such a file, but it cannot be read
        Err(error @ (KeystoreError::TooLarge | KeystoreError::NotAFile)) => Err(error),
        Err(KeystoreError::Unreadable(std::io::ErrorKind::PermissionDenied)) => {
            Err(KeystoreError::Unreadable(std::io::ErrorKind::PermissionDenied))
        }
        Err(_) => Ok(None),
    }
}

/// The content of the file that a store names.
fn read_named_file(store: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeystoreError> {
    let name = std::str::from_utf8(store)
        .map_err(|_| KeystoreError::Unreadable(std::io::ErrorKind::InvalidFilename))?;
    file::read(Path::new(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_names_are_unique_and_in_order() {
        assert!(STORE_TYPES.is_sorted_by(|a, b| a.number < b.number));
        for row in STORE_TYPES {
            let same = STORE_TYPES.iter().filter(|other| other.name == row.name);
            assert_eq!(same.count(), 1, "{}", row.name);
        }
    }

    #[test]
    fn a_type_that_is_read_has_a_form_and_every_form_has_a_type() {
        for row in STORE_TYPES {
            let has_data = !matches!(row.source, Source::System(_) | Source::Token);
            assert_eq!(has_data, !row.formats.is_empty(), "{}", row.name);
        }
        for format in FORMATS {
            let mut others = STORE_TYPES.iter().filter(|row| row.number != 99);
            assert!(others.any(|row| row.formats.contains(format)), "{format:?}");
        }
    }
}
