//! A loaded certificate or key, and its documented fields by name.

use std::sync::Arc;

use napi::bindgen_prelude::{AsyncTask, Either, Either3, Uint8Array};
use napi::{Env, JsError, Task};
use napi_derive::napi;
use zeroize::Zeroizing;

use super::errors::Failure;
use crate::crypto::signature::PrivateKey;
use crate::keystore::Certificate;

/// A certificate, a key, or both.
#[napi]
pub struct NativeCertificate {
    certificate: Certificate,
}

#[napi]
impl NativeCertificate {
    /// Opens a store here and now.
    #[napi(factory)]
    pub fn load(
        store_type: u32,
        store: Either<String, Uint8Array>,
        password: String,
        subject: String,
    ) -> napi::Result<Self, String> {
        let password = Zeroizing::new(password);
        let loaded =
            Certificate::load(store_type, store_bytes(&store), password.as_str(), subject.as_str());
        let certificate = loaded.map_err(|error| Failure::certificate(&error))?;
        Ok(Self { certificate })
    }

    /// Opens a store on another thread: deriving the key of an encrypted one takes its time.
    #[napi]
    pub fn load_async(
        store_type: u32,
        store: Either<String, Uint8Array>,
        password: String,
        subject: String,
    ) -> AsyncTask<Load> {
        AsyncTask::new(Load {
            store_type,
            store: Zeroizing::new(store_bytes(&store).to_vec()),
            password: Zeroizing::new(password),
            subject,
        })
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

/// The work of [`NativeCertificate::load_async`].
pub struct Load {
    store_type: u32,
    store: Zeroizing<Vec<u8>>,
    password: Zeroizing<String>,
    subject: String,
}

impl Task for Load {
    type Output = Result<Certificate, Failure>;
    type JsValue = NativeCertificate;

    fn compute(&mut self) -> napi::Result<Self::Output> {
        let loaded = Certificate::load(
            self.store_type,
            &self.store,
            self.password.as_str(),
            self.subject.as_str(),
        );
        Ok(loaded.map_err(|error| Failure::certificate(&error)))
    }

    fn resolve(&mut self, env: Env, output: Self::Output) -> napi::Result<Self::JsValue> {
        match output {
            Ok(certificate) => Ok(NativeCertificate { certificate }),
            Err(failure) => {
                let error = napi::Error::<String>::from(failure);
                Err(napi::Error::from(JsError::from(error).into_unknown(env)))
            }
        }
    }
}

/// A store that is given as text is the text's bytes.
pub(super) fn store_bytes(store: &Either<String, Uint8Array>) -> &[u8] {
    match store {
        Either::A(text) => text.as_bytes(),
        Either::B(bytes) => bytes,
    }
}
