//! One format of key and certificate data, as a row of data: each format's file has one, `detect` lists
//! them all.

use super::{Contents, KeystoreError, Unlock};

/// One form of key and certificate data.
pub(super) struct Format {
    /// As error messages call it.
    pub(super) name: &'static str,
    /// Whether the data has this format, by its start or its outermost structure.
    pub(super) matches: fn(&[u8]) -> bool,
    /// Reads data of this format; it is the only reader that is tried then.
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
