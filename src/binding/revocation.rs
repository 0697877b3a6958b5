//! A key revocation list, as an object of JavaScript.

use napi_derive::napi;

use super::errors::Failure;
use crate::keystore::RevocationList;

/// The keys and certificates that a file revokes.
#[napi]
pub struct NativeRevocationList {
    list: RevocationList,
}

#[napi]
impl NativeRevocationList {
    /// Of the content of a file that `ssh-keygen -k` has written.
    #[napi(constructor)]
    pub fn new(bytes: &[u8]) -> napi::Result<Self, String> {
        let bad = |_| Failure::invalid("This is no key revocation list, or it is damaged.");
        Ok(Self { list: RevocationList::parse(bytes).map_err(bad)? })
    }

    /// Whether it revokes a key or a certificate, by its blob.
    #[napi]
    pub fn revokes(&self, blob: &[u8]) -> bool {
        self.list.revokes(blob)
    }
}
