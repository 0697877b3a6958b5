//! The functions of Windows for its certificate stores and the keys in them (CryptoAPI and CNG), each behind a safe
//! one. Everything that Windows gives is freed when its value is dropped. Called by `windows_store`.

#![allow(unsafe_code, reason = "functions of Windows, which have no safe interface")]

use std::ffi::c_void;
use std::ptr::{NonNull, null, null_mut};

use windows_sys::Win32::Foundation::GetLastError;
use windows_sys::Win32::Security::Cryptography::{
    AT_KEYEXCHANGE, AT_SIGNATURE, BCRYPT_PAD_PKCS1, BCRYPT_PKCS1_PADDING_INFO,
    BCRYPT_SHA1_ALGORITHM, BCRYPT_SHA256_ALGORITHM, BCRYPT_SHA384_ALGORITHM,
    BCRYPT_SHA512_ALGORITHM, CALG_SHA_256, CALG_SHA_384, CALG_SHA_512, CALG_SHA1, CERT_CONTEXT,
    CERT_KEY_PROV_INFO_PROP_ID, CERT_NCRYPT_KEY_SPEC, CERT_STORE_OPEN_EXISTING_FLAG,
    CERT_STORE_PROV_SYSTEM_W, CERT_SYSTEM_STORE_CURRENT_USER, CERT_SYSTEM_STORE_LOCAL_MACHINE,
    CRYPT_ACQUIRE_ALLOW_NCRYPT_KEY_FLAG, CRYPT_ACQUIRE_SILENT_FLAG, CRYPT_KEY_PROV_INFO,
    CRYPT_MACHINE_KEYSET, CRYPT_SILENT, CertCloseStore, CertEnumCertificatesInStore,
    CertFreeCertificateContext, CertGetCertificateContextProperty, CertOpenStore,
    CryptAcquireCertificatePrivateKey, CryptAcquireContextW, CryptCreateHash, CryptDestroyHash,
    CryptReleaseContext, CryptSetHashParam, CryptSignHashW, HCERTSTORE, HP_HASHVAL,
    MS_ENH_RSA_AES_PROV_W, NCRYPT_SILENT_FLAG, NCryptFreeObject, NCryptSignHash, PROV_RSA_AES,
};

use super::Owner;

/// There is no such key in a container.
const NTE_NO_KEY: u32 = 0x8009_000d;

/// A number that Windows gives for an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct WindowsError(pub(super) u32);

impl WindowsError {
    fn last() -> Self {
        // SAFETY: it takes nothing and only reads what belongs to this thread.
        Self(unsafe { GetLastError() })
    }
}

fn place_of(owner: Owner) -> u32 {
    match owner {
        Owner::User => CERT_SYSTEM_STORE_CURRENT_USER,
        Owner::Machine => CERT_SYSTEM_STORE_LOCAL_MACHINE,
    }
}

/// An open store.
pub(super) struct Store(NonNull<c_void>);

impl Store {
    /// Opens a store that exists; `flags` are those of CertOpenStore beside that.
    pub(super) fn open(owner: Owner, name: &str, flags: u32) -> Result<Self, WindowsError> {
        let name = wide(name);
        let flags = place_of(owner) | flags;
        // SAFETY: CERT_STORE_PROV_SYSTEM_W takes a text with a zero at its end, which `wide` gives, and which
        // outlives the call.
        let store: HCERTSTORE =
            unsafe { CertOpenStore(CERT_STORE_PROV_SYSTEM_W, 0, 0, flags, name.as_ptr().cast()) };
        NonNull::new(store).map(Self).ok_or_else(WindowsError::last)
    }

    pub(super) fn open_existing(owner: Owner, name: &str) -> Result<Self, WindowsError> {
        Self::open(owner, name, CERT_STORE_OPEN_EXISTING_FLAG)
    }

    /// Calls `each` with every certificate, until it says that this is enough.
    pub(super) fn certificates(&self, mut each: impl FnMut(&StoredCertificate) -> bool) {
        let mut previous = null();
        loop {
            // SAFETY: the store is open, and `previous` is null or what the last call gave, which this one frees.
            let context = unsafe { CertEnumCertificatesInStore(self.0.as_ptr(), previous) };
            let Some(context) = NonNull::new(context) else {
                return;
            };
            let certificate = StoredCertificate(context);
            if !each(&certificate) {
                return;
            }
            // The next call frees it.
            previous = std::mem::ManuallyDrop::new(certificate).0.as_ptr();
        }
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        // SAFETY: it was opened and is closed once.
        unsafe { CertCloseStore(self.0.as_ptr(), 0) };
    }
}

/// A certificate of a store.
pub(super) struct StoredCertificate(NonNull<CERT_CONTEXT>);

impl StoredCertificate {
    /// Its DER.
    pub(super) fn der(&self) -> Vec<u8> {
        // SAFETY: the context is valid as long as this value is, and Windows does not change it.
        let context = unsafe { self.0.as_ref() };
        let length = usize::try_from(context.cbCertEncoded).unwrap_or_default();
        if context.pbCertEncoded.is_null() {
            return Vec::new();
        }
        // SAFETY: the two fields are the place and the length of the DER.
        unsafe { std::slice::from_raw_parts(context.pbCertEncoded, length) }.to_vec()
    }

    /// Where its private key is, if the store knows one.
    pub(super) fn key_location(&self) -> Option<KeyLocation> {
        let mut length = 0;
        let context = self.0.as_ptr();
        // SAFETY: without a buffer only the length is written.
        let found = unsafe {
            CertGetCertificateContextProperty(
                context,
                CERT_KEY_PROV_INFO_PROP_ID,
                null_mut(),
                &raw mut length,
            )
        };
        if found == 0 {
            return None;
        }
        // Of u64, so that it is aligned like the structure at its beginning.
        let words = usize::try_from(length).ok()?.div_ceil(size_of::<u64>());
        let mut buffer = vec![0_u64; words.max(size_of::<CRYPT_KEY_PROV_INFO>().div_ceil(8))];
        // SAFETY: the buffer has at least `length` bytes.
        let found = unsafe {
            CertGetCertificateContextProperty(
                context,
                CERT_KEY_PROV_INFO_PROP_ID,
                buffer.as_mut_ptr().cast(),
                &raw mut length,
            )
        };
        if found == 0 {
            return None;
        }
        // SAFETY: Windows has written this structure to the beginning of the buffer, which is aligned for it and
        // large enough.
        let info = unsafe { &*buffer.as_ptr().cast::<CRYPT_KEY_PROV_INFO>() };
        Some(KeyLocation {
            // SAFETY: the texts are in the same buffer, with a zero at their ends, or null.
            container: unsafe { text(info.pwszContainerName) },
            is_of_machine: info.dwFlags & CRYPT_MACHINE_KEYSET != 0,
            provider_type: info.dwProvType,
        })
    }

    /// Opens its private key without asking anybody anything.
    pub(super) fn key(&self, location: &KeyLocation) -> Result<SystemKey, WindowsError> {
        let (mut handle, mut spec, mut is_ours) = (0, 0, 0);
        let flags = CRYPT_ACQUIRE_ALLOW_NCRYPT_KEY_FLAG | CRYPT_ACQUIRE_SILENT_FLAG;
        // SAFETY: the context is valid, and the three places outlive the call.
        let acquired = unsafe {
            CryptAcquireCertificatePrivateKey(
                self.0.as_ptr(),
                flags,
                null(),
                &raw mut handle,
                &raw mut spec,
                &raw mut is_ours,
            )
        };
        if acquired == 0 {
            return Err(WindowsError::last());
        }
        let key = if spec == CERT_NCRYPT_KEY_SPEC {
            SystemKey { handle, kind: KeyKind::Cng, is_ours: is_ours != 0 }
        } else {
            SystemKey { handle, kind: KeyKind::Capi { spec }, is_ours: is_ours != 0 }
        };
        // Older providers of Microsoft have no SHA-2; the one for AES opens the same containers.
        let key = if key.kind == KeyKind::Cng || location.provider_type == PROV_RSA_AES {
            key
        } else {
            location.with_sha2(spec).unwrap_or(key)
        };
        // A handle of the certificate's own is closed with it, while the key is still in use.
        if key.is_ours { Ok(key) } else { Err(WindowsError(NTE_NO_KEY)) }
    }
}

impl Drop for StoredCertificate {
    fn drop(&mut self) {
        // SAFETY: the context is freed once: where the enumeration frees it, it is not dropped.
        unsafe { CertFreeCertificateContext(self.0.as_ptr()) };
    }
}

/// Where a private key is.
#[derive(Debug, Clone)]
pub(super) struct KeyLocation {
    pub(super) container: String,
    is_of_machine: bool,
    provider_type: u32,
}

impl KeyLocation {
    fn with_sha2(&self, spec: u32) -> Option<SystemKey> {
        let container = wide(&self.container);
        let machine = if self.is_of_machine { CRYPT_MACHINE_KEYSET } else { 0 };
        let mut handle = 0;
        // SAFETY: both texts have a zero at their ends, and all outlives the call.
        let opened = unsafe {
            CryptAcquireContextW(
                &raw mut handle,
                container.as_ptr(),
                MS_ENH_RSA_AES_PROV_W,
                PROV_RSA_AES,
                machine | CRYPT_SILENT,
            )
        };
        (opened != 0).then_some(SystemKey { handle, kind: KeyKind::Capi { spec }, is_ours: true })
    }
}

/// The hash of a signature with RSA.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RsaHash {
    Sha1,
    Sha256,
    Sha384,
    Sha512,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum KeyKind {
    /// In a provider of CryptoAPI; which of its two keys.
    Capi { spec: u32 },
    /// In a provider of CNG.
    Cng,
}

/// A private key that Windows signs with.
#[derive(Debug)]
pub(super) struct SystemKey {
    handle: usize,
    kind: KeyKind,
    /// Whether the handle has to be freed.
    is_ours: bool,
}

impl SystemKey {
    /// A signature by PKCS#1 version 1.5, the most significant byte first.
    pub(super) fn sign_rsa(&self, hash: RsaHash, digest: &[u8]) -> Result<Vec<u8>, WindowsError> {
        match self.kind {
            KeyKind::Capi { spec } => self.sign_with_capi(spec, hash, digest),
            KeyKind::Cng => {
                let name = match hash {
                    RsaHash::Sha1 => BCRYPT_SHA1_ALGORITHM,
                    RsaHash::Sha256 => BCRYPT_SHA256_ALGORITHM,
                    RsaHash::Sha384 => BCRYPT_SHA384_ALGORITHM,
                    RsaHash::Sha512 => BCRYPT_SHA512_ALGORITHM,
                };
                let padding = BCRYPT_PKCS1_PADDING_INFO { pszAlgId: name };
                self.sign_with_cng(Some(&padding), digest)
            }
        }
    }

    /// A signature with ECDSA: r and s, each as long as the curve's numbers.
    pub(super) fn sign_ecdsa(&self, digest: &[u8]) -> Result<Vec<u8>, WindowsError> {
        match self.kind {
            // CryptoAPI has no elliptic curves.
            KeyKind::Capi { .. } => Err(WindowsError(NTE_NO_KEY)),
            KeyKind::Cng => self.sign_with_cng(None, digest),
        }
    }

    fn sign_with_capi(
        &self,
        spec: u32,
        hash: RsaHash,
        digest: &[u8],
    ) -> Result<Vec<u8>, WindowsError> {
        let (algorithm, expected) = match hash {
            RsaHash::Sha1 => (CALG_SHA1, 20),
            RsaHash::Sha256 => (CALG_SHA_256, 32),
            RsaHash::Sha384 => (CALG_SHA_384, 48),
            RsaHash::Sha512 => (CALG_SHA_512, 64),
        };
        if digest.len() != expected {
            // ERROR_INVALID_PARAMETER
            return Err(WindowsError(87));
        }
        let hash = HashObject::new(self.handle, algorithm)?;
        // SAFETY: the hash is open, and its value has the length that its algorithm expects.
        let set = unsafe { CryptSetHashParam(hash.0, HP_HASHVAL, digest.as_ptr(), 0) };
        if set == 0 {
            return Err(WindowsError::last());
        }
        // A container has up to two keys. Wine names both, and the one that is there signs.
        let keys = [AT_KEYEXCHANGE, AT_SIGNATURE].into_iter().filter(|key| spec & key != 0);
        let mut result = Err(WindowsError(NTE_NO_KEY));
        for key in keys {
            result = hash.sign(key);
            if result.is_ok() {
                break;
            }
        }
        result
    }

    fn sign_with_cng(
        &self,
        padding: Option<&BCRYPT_PKCS1_PADDING_INFO>,
        digest: &[u8],
    ) -> Result<Vec<u8>, WindowsError> {
        let flags = NCRYPT_SILENT_FLAG | padding.map_or(0, |_| BCRYPT_PAD_PKCS1);
        let padding = padding.map_or(null(), |padding| &raw const *padding);
        let digest_length = u32::try_from(digest.len()).unwrap_or_default();
        let sign = |signature: &mut [u8]| {
            let mut length = 0;
            let room = u32::try_from(signature.len()).unwrap_or_default();
            let buffer = if room == 0 { null_mut() } else { signature.as_mut_ptr() };
            // SAFETY: the key is open, and each pointer is null or goes with the length beside it.
            let status = unsafe {
                NCryptSignHash(
                    self.handle,
                    padding.cast(),
                    digest.as_ptr(),
                    digest_length,
                    buffer,
                    room,
                    &raw mut length,
                    flags,
                )
            };
            if status == 0 { Ok(length) } else { Err(WindowsError(status.cast_unsigned())) }
        };
        let length = sign(&mut [])?;
        let mut signature = vec![0; usize::try_from(length).unwrap_or_default()];
        let length = sign(&mut signature)?;
        signature.truncate(usize::try_from(length).unwrap_or_default());
        Ok(signature)
    }
}

impl Drop for SystemKey {
    fn drop(&mut self) {
        if !self.is_ours {
            return;
        }
        match self.kind {
            // SAFETY: the handle is this value's own, and freed once.
            KeyKind::Capi { .. } => drop(unsafe { CryptReleaseContext(self.handle, 0) }),
            // SAFETY: the same.
            KeyKind::Cng => drop(unsafe { NCryptFreeObject(self.handle) }),
        }
    }
}

/// A hash of CryptoAPI.
struct HashObject(usize);

impl HashObject {
    fn new(provider: usize, algorithm: u32) -> Result<Self, WindowsError> {
        let mut hash = 0;
        // SAFETY: the provider is open, and the place for the hash outlives the call.
        let made = unsafe { CryptCreateHash(provider, algorithm, 0, 0, &raw mut hash) };
        if made == 0 { Err(WindowsError::last()) } else { Ok(Self(hash)) }
    }
}

impl HashObject {
    /// The signature of this hash, the most significant byte first.
    fn sign(&self, spec: u32) -> Result<Vec<u8>, WindowsError> {
        let mut length = 0;
        // SAFETY: without a buffer only the length is written.
        let sized = unsafe { CryptSignHashW(self.0, spec, null(), 0, null_mut(), &raw mut length) };
        if sized == 0 {
            return Err(WindowsError::last());
        }
        let mut signature = vec![0; usize::try_from(length).unwrap_or_default()];
        // SAFETY: the buffer has `length` bytes.
        let signed = unsafe {
            CryptSignHashW(self.0, spec, null(), 0, signature.as_mut_ptr(), &raw mut length)
        };
        if signed == 0 {
            return Err(WindowsError::last());
        }
        signature.truncate(usize::try_from(length).unwrap_or_default());
        // CryptoAPI gives the least significant byte first.
        signature.reverse();
        Ok(signature)
    }
}

impl Drop for HashObject {
    fn drop(&mut self) {
        // SAFETY: the hash is this value's own, and destroyed once.
        unsafe { CryptDestroyHash(self.0) };
    }
}

/// A text for Windows, with a zero at its end.
fn wide(text: &str) -> Vec<u16> {
    text.encode_utf16().filter(|unit| *unit != 0).chain([0]).collect()
}

/// A text of Windows; null is none.
///
/// # Safety
///
/// `text` is null, or a text that ends with a zero.
unsafe fn text(text: *const u16) -> String {
    if text.is_null() {
        return String::new();
    }
    // SAFETY: no unit behind the first zero is read.
    let units = (0..).map(|at| unsafe { *text.add(at) }).take_while(|unit| *unit != 0);
    char::decode_utf16(units).map(|char| char.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

#[cfg(test)]
pub(super) mod installed {
    //! Certificates that a test puts into a store.

    use windows_sys::Win32::Security::Cryptography::{
        CERT_STORE_ADD_REPLACE_EXISTING, CRYPT_INTEGER_BLOB, CRYPT_USER_KEYSET,
        CertAddCertificateContextToStore, CertAddEncodedCertificateToStore, PFXImportCertStore,
        X509_ASN_ENCODING,
    };

    use super::*;

    /// Puts the certificates of a PFX with their keys into a store.
    pub(in crate::keystore) fn import(owner: Owner, name: &str, pfx: &[u8], password: &str) {
        let mut pfx = pfx.to_vec();
        let blob = CRYPT_INTEGER_BLOB {
            cbData: u32::try_from(pfx.len()).unwrap(),
            pbData: pfx.as_mut_ptr(),
        };
        let keyset = match owner {
            Owner::User => CRYPT_USER_KEYSET,
            Owner::Machine => CRYPT_MACHINE_KEYSET,
        };
        // SAFETY: the blob and the text outlive the call.
        let imported =
            unsafe { PFXImportCertStore(&raw const blob, wide(password).as_ptr(), keyset) };
        let imported = Store(NonNull::new(imported).unwrap());
        let store = Store::open(owner, name, 0).unwrap();
        imported.certificates(|certificate| {
            // SAFETY: both are open.
            let added = unsafe {
                CertAddCertificateContextToStore(
                    store.0.as_ptr(),
                    certificate.0.as_ptr(),
                    CERT_STORE_ADD_REPLACE_EXISTING,
                    null_mut(),
                )
            };
            assert_ne!(added, 0, "{:?}", WindowsError::last());
            true
        });
    }

    /// Puts a certificate without a key into a store.
    pub(in crate::keystore) fn add(owner: Owner, name: &str, der: &[u8]) {
        let store = Store::open(owner, name, 0).unwrap();
        // SAFETY: the store is open, and the length is that of the DER.
        let added = unsafe {
            CertAddEncodedCertificateToStore(
                store.0.as_ptr(),
                X509_ASN_ENCODING,
                der.as_ptr(),
                u32::try_from(der.len()).unwrap(),
                CERT_STORE_ADD_REPLACE_EXISTING,
                null_mut(),
            )
        };
        assert_ne!(added, 0, "{:?}", WindowsError::last());
    }
}
