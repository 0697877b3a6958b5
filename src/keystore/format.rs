//! One form of key and certificate data, as a row of data: each file of a format has one, `detect` has
//! them all.

use super::{Contents, KeystoreError, Unlock};

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
