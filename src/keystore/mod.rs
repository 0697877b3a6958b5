//! Private keys and certificates from files: one file per format, `detect` to recognize the formats,
//! `certificate` for the documented type over them. A new format needs its file, its row in `detect` and
//! its name at its store types in `store_type`. This module knows nothing of the protocol. It reads files
//! because a documented store may be a file name.

mod asn1;
mod base64;
mod bcfks;
mod certificate;
mod cipher;
mod contents;
mod curves;
mod der_key;
mod detect;
mod distinguished_name;
mod dropbear;
mod elements;
mod error;
mod explicit_curve;
mod file;
mod format;
mod hex;
mod java_object;
mod jks;
mod jwk;
mod kdf;
mod openssh;
mod owner;
mod p7b;
mod pbe;
mod pem;
mod pkcs11;
mod pkcs12;
mod ppk;
mod private_key;
mod public_key;
mod revocation;
mod ssh_public;
mod store_type;
mod unlock;
#[cfg(windows)]
mod windows_api;
#[cfg(windows)]
mod windows_store;
mod x509;
mod x509_path;
mod xml;

#[cfg(test)]
mod tests;

pub use certificate::{Certificate, Wanted};
pub use contents::Contents;
pub use detect::parse;
pub use error::{KeystoreError, LoadError};
pub use owner::Owner;
pub use private_key::ParsedKey;
pub use revocation::RevocationList;
pub use store_type::{STORE_TYPES, Source, StoreType};
pub use unlock::Unlock;
pub use x509::X509;
pub use x509_path::{PathError, Trust, is_issued_by, verify_chain};
