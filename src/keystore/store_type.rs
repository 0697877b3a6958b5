//! The documented store types as data. A type that is read here is a row with a reader; the others
//! have a row too, so that refusing one can name it.

use std::path::Path;

use zeroize::Zeroizing;

use super::{KeystoreError, file};

/// How the bytes of a store lead to key data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The store is the name of a file.
    File,
    /// The store is the data.
    Blob,
    /// The store is the data, or, if it is not, the name of a file.
    Either,
}

/// One documented store type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoreType {
    /// The documented number.
    pub number: u32,
    /// The documented name.
    pub name: &'static str,
    /// Where its data is; `None` if stores of this type are not read here.
    pub source: Option<Source>,
}

impl StoreType {
    /// Whether stores of this type can be read.
    pub fn is_supported(&self) -> bool {
        self.source.is_some()
    }
}

const fn row(number: u32, name: &'static str, source: Option<Source>) -> StoreType {
    StoreType { number, name, source }
}

/// Every documented store type, by number.
pub static STORE_TYPES: &[StoreType] = &[
    row(0, "cstUser", None),
    row(1, "cstMachine", None),
    row(2, "cstPFXFile", None),
    row(3, "cstPFXBlob", None),
    row(4, "cstJKSFile", None),
    row(5, "cstJKSBlob", None),
    row(6, "cstPEMKeyFile", Some(Source::File)),
    row(7, "cstPEMKeyBlob", Some(Source::Blob)),
    row(8, "cstPublicKeyFile", None),
    row(9, "cstPublicKeyBlob", None),
    row(10, "cstSSHPublicKeyBlob", None),
    row(11, "cstP7BFile", None),
    row(12, "cstP7BBlob", None),
    row(13, "cstSSHPublicKeyFile", None),
    row(14, "cstPPKFile", None),
    row(15, "cstPPKBlob", None),
    row(16, "cstXMLFile", None),
    row(17, "cstXMLBlob", None),
    row(18, "cstJWKFile", None),
    row(19, "cstJWKBlob", None),
    row(21, "cstBCFKSFile", None),
    row(22, "cstBCFKSBlob", None),
    row(23, "cstPKCS11", None),
    row(99, "cstAuto", Some(Source::Either)),
];

/// Where the data of a store type is, or why it cannot be read.
pub fn source_of(number: u32) -> Result<Source, KeystoreError> {
    let row = STORE_TYPES.iter().find(|row| row.number == number);
    row.and_then(|row| row.source)
        .ok_or(KeystoreError::UnsupportedStoreType { number, name: row.map(|row| row.name) })
}

/// The content of the file that a store names.
pub(super) fn read_named_file(store: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeystoreError> {
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
    fn a_type_that_is_not_supported_is_named() {
        for row in STORE_TYPES {
            assert_eq!(source_of(row.number).is_ok(), row.is_supported());
        }
        assert_eq!(
            source_of(2).unwrap_err().to_string(),
            "Store type 2 (cstPFXFile) is not supported."
        );
        assert_eq!(source_of(20).unwrap_err().to_string(), "There is no store type 20.");
    }
}
