//! A user's certificate for the facade, taken apart when a listener looks at it and not before. The
//! engine has verified what there is to verify before the listener is asked.

use base64ct::{Base64, Base64Unpadded, Encoding};
use napi_derive::napi;

use super::errors::Failure;
use crate::crypto::hash::Hash;
use crate::crypto::signature::{Certificate, CertificateOption};
use crate::wire::Reader;

/// What is in a certificate.
#[napi(object)]
pub struct NativeUserCertificate {
    /// `ssh-ed25519-cert-v01@openssh.com` and its like.
    #[napi(js_name = "type")]
    pub key_type: String,
    /// The authority's name for it.
    pub key_id: String,
    /// Decimal: it may be more than a number can hold.
    pub serial: String,
    /// The accounts it is for.
    pub principals: Vec<String>,
    /// Seconds since 1970; 0 for always.
    pub valid_after: f64,
    /// Seconds since 1970; infinite for never.
    pub valid_before: f64,
    /// Name, value, name, value ...
    pub critical_options: Vec<String>,
    /// Name, value, name, value ...
    pub extensions: Vec<String>,
    /// The certified key in base64.
    pub public_key: String,
    /// `SHA256:...`
    pub public_key_fingerprint: String,
    /// The authority's key in base64.
    pub signature_key: String,
    /// `SHA256:...`
    pub signature_key_fingerprint: String,
}

/// Takes the blob of a certificate apart.
#[napi]
pub fn user_certificate(blob: &[u8]) -> napi::Result<NativeUserCertificate, String> {
    Ok(read(blob)?)
}

fn read(blob: &[u8]) -> Result<NativeUserCertificate, Failure> {
    let bad = |_| Failure::invalid("This is no certificate.");
    let certificate = Certificate::parse(blob).map_err(bad)?;
    let key_type = Reader::new(blob).text().map_err(bad)?.to_owned();
    Ok(NativeUserCertificate {
        key_type,
        key_id: certificate.key_id,
        serial: certificate.serial.to_string(),
        principals: certificate.principals,
        valid_after: seconds(certificate.valid_after),
        valid_before: seconds(certificate.valid_before),
        critical_options: flat(&certificate.critical_options),
        extensions: flat(&certificate.extensions),
        public_key: Base64::encode_string(&certificate.key_blob),
        public_key_fingerprint: fingerprint(&certificate.key_blob),
        signature_key: Base64::encode_string(&certificate.authority),
        signature_key_fingerprint: fingerprint(&certificate.authority),
    })
}

/// What a number cannot hold is 285 million years away.
fn seconds(time: u64) -> f64 {
    const LIMIT: u64 = 1 << 53;
    if time < LIMIT { time as f64 } else { f64::INFINITY }
}

fn flat(options: &[CertificateOption]) -> Vec<String> {
    options.iter().flat_map(|option| [option.name.clone(), value(&option.data)]).collect()
}

/// The options that are known have no data, or one text; other data is given in base64.
fn value(data: &[u8]) -> String {
    let mut reader = Reader::new(data);
    let text = reader.text().and_then(|text| reader.finish().map(|()| text.to_owned()));
    match text {
        Ok(text) => text,
        Err(_) => Base64::encode_string(data),
    }
}

/// As `ssh-keygen -l` shows it.
fn fingerprint(blob: &[u8]) -> String {
    format!("SHA256:{}", Base64Unpadded::encode_string(&Hash::Sha256.digest(&[blob])))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blob(name: &str) -> Vec<u8> {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/certificates");
        let text = std::fs::read_to_string(format!("{folder}/{name}.pub")).unwrap();
        Base64::decode_vec(text.split_whitespace().nth(1).unwrap()).unwrap()
    }

    #[test]
    fn fields_of_a_certificate() {
        let certificate = read(&blob("user-ed25519-cert")).unwrap();
        assert_eq!(certificate.key_type, "ssh-ed25519-cert-v01@openssh.com");
        assert_eq!(certificate.public_key, Base64::encode_string(&blob("ed25519")));
        assert_eq!(certificate.signature_key, Base64::encode_string(&blob("ca-ed25519")));
        assert_eq!(certificate.public_key_fingerprint, fingerprint(&blob("ed25519")));
        assert!(certificate.valid_after < certificate.valid_before);
    }

    #[test]
    fn options_are_texts_where_they_can_be() {
        assert_eq!(value(b""), "");
        assert_eq!(value(b"\0\0\0\x02ls"), "ls");
        assert_eq!(value(b"\0\0\0\x02\xff\xfe"), "AAAAAv/+");
        assert_eq!(value(b"\x01"), "AQ==");
    }

    #[test]
    fn times_without_end() {
        assert_eq!(seconds(0), 0.0);
        assert_eq!(seconds(1_735_689_600), 1_735_689_600.0);
        assert_eq!(seconds(u64::MAX), f64::INFINITY);
    }

    #[test]
    fn a_plain_key_is_no_certificate() {
        assert_eq!(read(&blob("ed25519")).err().map(|it| it.code), Some(10022));
        assert!(read(b"").is_err());
    }
}
