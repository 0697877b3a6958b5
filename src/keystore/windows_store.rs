//! The certificate stores of Windows, cstUser and cstMachine: the store is a name, such as MY, CA or ROOT. Their
//! private keys stay where they are and sign there.

use std::sync::Arc;

use parking_lot::Mutex;

use super::contents::{Contents, Entry, EntryKey};
use super::public_key::PublicKey;
use super::windows_api::{RsaHash, Store, StoredCertificate, SystemKey, WindowsError};
use super::x509::X509;
use super::{KeystoreError, Owner};
use crate::crypto::signature::{ExternalSigner, PrivateKey, RawSignature};
use crate::error::CryptoError;
use crate::limits::{MAX_PATH_LEN, MAX_STORE_ENTRIES};

/// ERROR_FILE_NOT_FOUND
const NOT_FOUND: WindowsError = WindowsError(2);

/// Reads the store of this name.
pub(super) fn open(owner: Owner, store: &[u8]) -> Result<Contents, KeystoreError> {
    let name = std::str::from_utf8(store).ok().map(str::trim);
    let name = name.filter(|name| name.len() <= MAX_PATH_LEN && !name.contains('\0'));
    let name = name.ok_or(KeystoreError::NoSystemStore)?;
    if name.is_empty() {
        return Err(KeystoreError::Empty);
    }
    let store = Store::open_existing(owner, name).map_err(|error| match error {
        NOT_FOUND => KeystoreError::NoSystemStore,
        WindowsError(number) => KeystoreError::System(number),
    })?;
    let mut entries = Vec::new();
    let mut certificates = Vec::new();
    store.certificates(|stored| {
        if let Ok(certificate) = X509::from_der(&stored.der()) {
            match key_of(stored, &certificate) {
                Some(key) => entries.push(Entry {
                    name: None,
                    key: Some(key),
                    certificates: vec![certificate],
                }),
                None => certificates.push(certificate),
            }
        }
        entries.len().saturating_add(certificates.len()) <= MAX_STORE_ENTRIES
    });
    if entries.len().saturating_add(certificates.len()) > MAX_STORE_ENTRIES {
        return Err(KeystoreError::TooManyEntries);
    }
    let contents = Contents::assemble(entries, certificates);
    if contents.is_empty() { Err(KeystoreError::NoKeyAndNoCertificate) } else { Ok(contents) }
}

/// The private key of a certificate, if the store has one, usable or not.
fn key_of(stored: &StoredCertificate, certificate: &X509) -> Option<EntryKey> {
    let location = stored.key_location()?;
    let key = stored.key(&location).map_err(|WindowsError(number)| KeystoreError::System(number));
    let public = certificate.public_key().ok_or(KeystoreError::UnsuitableKey);
    let made = key.and_then(|key| entry_key(key, public?, location.container));
    Some(made.unwrap_or_else(EntryKey::Unusable))
}

fn entry_key(
    key: SystemKey,
    public: PublicKey,
    container: String,
) -> Result<EntryKey, KeystoreError> {
    if matches!(public, PublicKey::Dsa { .. } | PublicKey::Ed25519(_)) {
        return Err(KeystoreError::unsupported_key("DSA or Ed25519 in a store of Windows"));
    }
    let key = PrivateKey::external(&public.ssh_blob(), Box::new(StoreKey(Mutex::new(key))));
    let signer = Arc::new(key.map_err(|_| KeystoreError::UnsuitableKey)?);
    Ok(EntryKey::Token { public, signer, container })
}

/// A key that signs in the store, one signature after another.
struct StoreKey(Mutex<SystemKey>);

impl ExternalSigner for StoreKey {
    fn sign(&self, signature: RawSignature<'_>) -> Result<Vec<u8>, CryptoError> {
        let key = self.0.lock();
        let made = match signature {
            RawSignature::RsaPkcs1(digest_info) => {
                let (hash, digest) = digest_of(digest_info).ok_or(CryptoError::Failed)?;
                key.sign_rsa(hash, digest)
            }
            RawSignature::Ecdsa(digest) => key.sign_ecdsa(digest),
            RawSignature::Ed25519(_) => return Err(CryptoError::UnsuitableKey),
        };
        made.map_err(|_| CryptoError::Failed)
    }
}

/// The hash of a DigestInfo (RFC 8017, section 9.2): its length tells which.
fn digest_of(digest_info: &[u8]) -> Option<(RsaHash, &[u8])> {
    let (hash, length) = match digest_info.len() {
        35 => (RsaHash::Sha1, 20),
        51 => (RsaHash::Sha256, 32),
        67 => (RsaHash::Sha384, 48),
        83 => (RsaHash::Sha512, 64),
        _ => return None,
    };
    let (_, digest) = digest_info.split_at_checked(digest_info.len().saturating_sub(length))?;
    Some((hash, digest))
}
