//! A loaded certificate or key, and its documented fields by name; and how one is asked for.

use std::sync::Arc;

use napi::bindgen_prelude::{AsyncTask, Either, Either3, Uint8Array};
use napi::{Env, JsError, Task};
use napi_derive::napi;
use zeroize::Zeroizing;

use super::errors::Failure;
use crate::crypto::signature::PrivateKey;
use crate::keystore::{Certificate, KeystoreError, LoadError, Unlock, Wanted};

/// A certificate, a key, or both.
#[napi]
pub struct NativeCertificate {
    certificate: Certificate,
}

/// What to load: a store, and which of its certificates. Exactly one of the last three is there.
#[napi(object)]
pub struct CertificateRequest {
    /// The documented number.
    pub store_type: u32,
    /// The data or the name of a file.
    pub store: Either<String, Uint8Array>,
    /// The password of the store.
    pub store_password: String,
    /// The password of its keys, where it is another.
    pub key_password: Option<String>,
    /// The subject.
    pub subject: Option<String>,
    /// The thumbprint.
    pub thumbprint: Option<String>,
    /// The certificate whose private key is wanted.
    pub encoded: Option<Uint8Array>,
}

#[napi]
impl NativeCertificate {
    /// Opens a store here and now.
    #[napi(factory)]
    pub fn load(request: CertificateRequest) -> napi::Result<Self, String> {
        let certificate = Request::from(request).load()?;
        Ok(Self { certificate })
    }

    /// The same; nothing if the store can be opened and has no such certificate.
    #[napi]
    pub fn find(request: CertificateRequest) -> napi::Result<Option<NativeCertificate>, String> {
        match Request::from(request).try_load() {
            Ok(certificate) => Ok(Some(Self { certificate })),
            Err(error) if error.why.is_no_match() => Ok(None),
            Err(error) => Err(Failure::from(error).into()),
        }
    }

    /// Opens a store on another thread: deriving the key of an encrypted one takes its time.
    #[napi]
    pub fn load_async(request: CertificateRequest) -> AsyncTask<Load> {
        AsyncTask::new(Load(request.into()))
    }

    /// The X.509 certificate in DER, if there is one.
    #[napi]
    pub fn der(&self) -> Option<Uint8Array> {
        self.certificate.der().map(|der| Uint8Array::new(der.to_vec()))
    }

    /// A documented field.
    #[napi]
    pub fn field(&self, name: String) -> napi::Result<Either3<bool, u32, String>, String> {
        let it = &self.certificate;
        let text = |text: &str| Either3::C(text.to_owned());
        Ok(match name.as_str() {
            "EffectiveDate" => text(&it.effective_date),
            "Encoded" => text(&it.encoded),
            "ExpirationDate" => text(&it.expiration_date),
            "ExtendedKeyUsage" => text(&it.extended_key_usage),
            "Fingerprint" => text(&it.fingerprint),
            "FingerprintSHA1" => text(&it.fingerprint_sha1),
            "FingerprintSHA256" => text(&it.fingerprint_sha256),
            "Issuer" => text(&it.issuer),
            "PrivateKey" => text(&it.private_key_pem),
            "PrivateKeyAvailable" => Either3::A(it.private_key_available()),
            "PrivateKeyContainer" => text(it.private_key_container()),
            "PublicKey" => text(&it.public_key),
            "PublicKeyAlgorithm" => text(&it.public_key_algorithm),
            "PublicKeyLength" => Either3::B(it.public_key_length),
            "SerialNumber" => text(&it.serial_number),
            "SignatureAlgorithm" => text(&it.signature_algorithm),
            "Subject" => text(&it.subject),
            "SubjectAltNames" => text(&it.subject_alt_names),
            "ThumbprintMD5" => text(&it.thumbprint_md5),
            "ThumbprintSHA1" => text(&it.thumbprint_sha1),
            "ThumbprintSHA256" => text(&it.thumbprint_sha256),
            "Usage" => text(&it.usage),
            "UsageFlags" => Either3::B(it.usage_flags),
            "Version" => text(&it.version),
            _ => return Err(Failure::invalid(format!("There is no field {name:?}.")).into()),
        })
    }
}

impl NativeCertificate {
    pub(super) fn private_key(&self) -> Option<Arc<PrivateKey>> {
        self.certificate.private_key()
    }
}

/// A request that no longer needs the JavaScript thread.
pub(super) struct Request {
    pub(super) store_type: u32,
    pub(super) store: Store,
    pub(super) store_password: Zeroizing<String>,
    pub(super) key_password: Option<Zeroizing<String>>,
    pub(super) wanted: Selector,
}

/// The documentation has stores as strings, binary ones too.
pub(super) enum Store {
    Text(Zeroizing<String>),
    Bytes(Zeroizing<Vec<u8>>),
}

/// Which of the certificates.
pub(super) enum Selector {
    Subject(String),
    Thumbprint(String),
    Encoded(Vec<u8>),
}

impl From<Either<String, Uint8Array>> for Store {
    fn from(store: Either<String, Uint8Array>) -> Self {
        match store {
            Either::A(text) => Self::Text(Zeroizing::new(text)),
            Either::B(bytes) => Self::Bytes(Zeroizing::new(bytes.to_vec())),
        }
    }
}

impl From<CertificateRequest> for Request {
    fn from(request: CertificateRequest) -> Self {
        Self {
            store_type: request.store_type,
            store: request.store.into(),
            store_password: Zeroizing::new(request.store_password),
            key_password: request.key_password.map(Zeroizing::new),
            wanted: match (request.encoded, request.thumbprint) {
                (Some(encoded), _) => Selector::Encoded(encoded.to_vec()),
                (None, Some(thumbprint)) => Selector::Thumbprint(thumbprint),
                (None, None) => Selector::Subject(request.subject.unwrap_or_default()),
            },
        }
    }
}

impl Request {
    pub(super) fn load(&self) -> Result<Certificate, Failure> {
        self.try_load().map_err(Failure::from)
    }

    pub(super) fn try_load(&self) -> Result<Certificate, LoadError> {
        let text = match &self.store {
            Store::Bytes(bytes) => return self.load_from(bytes),
            Store::Text(text) => text,
        };
        let loaded = self.load_from(text.as_bytes());
        if loaded.as_ref().is_err_and(|error| error.why == KeystoreError::NotRecognized)
            && let Some(bytes) = binary(text)
        {
            return self.load_from(&bytes);
        }
        loaded
    }

    fn load_from(&self, store: &[u8]) -> Result<Certificate, LoadError> {
        let key_password = self.key_password.as_ref().map(|password| password.as_str());
        let unlock = Unlock::new(&self.store_password, key_password);
        let wanted = match &self.wanted {
            Selector::Subject(subject) => Wanted::Subject(subject),
            Selector::Thumbprint(thumbprint) => Wanted::Thumbprint(thumbprint),
            Selector::Encoded(encoded) => Wanted::Encoded(encoded),
        };
        Certificate::load(self.store_type, store, unlock, wanted)
    }
}

/// The bytes of a string that has each as a character, as `readFileSync(name, 'latin1')` gives it.
fn binary(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    if text.is_ascii() {
        return None;
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len()));
    for character in text.chars() {
        bytes.push(u8::try_from(character).ok()?);
    }
    Some(bytes)
}

impl From<LoadError> for Failure {
    fn from(error: LoadError) -> Self {
        Self::certificate(&error)
    }
}

/// The work of [`NativeCertificate::load_async`].
pub struct Load(Request);

impl Task for Load {
    type Output = Result<Certificate, Failure>;
    type JsValue = NativeCertificate;

    fn compute(&mut self) -> napi::Result<Self::Output> {
        Ok(self.0.load())
    }

    fn resolve(&mut self, env: Env, output: Self::Output) -> napi::Result<Self::JsValue> {
        let certificate = output.map_err(|failure| rejection(env, failure))?;
        Ok(NativeCertificate { certificate })
    }
}

/// A failure as what a promise rejects with.
pub(super) fn rejection(env: Env, failure: Failure) -> napi::Error {
    let error = napi::Error::<String>::from(failure);
    napi::Error::from(JsError::from(error).into_unknown(env))
}
