//! Private keys and certificates from files: one file per format, `detect` to tell the formats apart,
//! `certificate` for the documented type over them. Adding a format is its file, its place in
//! `detect` and the rows of its store types in `store_type`. Knows nothing of the protocol; files
//! are read here because a documented store may be the name of one.

mod asn1;
mod base64;
mod certificate;
mod cipher;
mod der_key;
mod detect;
mod error;
mod file;
mod openssh;
mod pem;
mod private_key;
mod public_key;
mod store_type;
mod x509;

#[cfg(test)]
mod tests;

pub use certificate::Certificate;
pub use detect::{open, parse};
pub use error::KeystoreError;
pub use private_key::ParsedKey;
pub use store_type::{STORE_TYPES, Source, StoreType, source_of};
pub use x509::X509;

/// A store has to fit into memory several times over. Real ones have some kilobytes.
pub const MAX_STORE_LEN: usize = 1 << 20;

/// What a store holds: at least one of both.
#[derive(Debug, Default)]
pub struct Contents {
    /// The private key.
    pub key: Option<ParsedKey>,
    /// The X.509 certificates, in the order of the store.
    pub certificates: Vec<X509>,
}
