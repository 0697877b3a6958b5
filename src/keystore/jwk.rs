//! JSON Web Keys and sets of them (RFC 7517), RSA and EC (RFC 7518 section 6) and Ed25519 (RFC 8037).
//! A set's keys of other kinds are entries that cannot be used; the others still can.

use serde_json::{Map, Value};
use zeroize::{Zeroize, Zeroizing};

use super::contents::{Contents, Entry, EntryKey};
use super::curves::CurveNames;
use super::format::Format;
use super::private_key::{ParsedKey, RsaNumbers};
use super::public_key::PublicKey;
use super::x509::X509;
use super::{KeystoreError, Unlock, base64};
use crate::crypto::signature::Curve;

pub(super) static FORMAT: Format =
    Format { name: "JSON Web Key (JWK)", matches: |data| text_of(data).starts_with(b"{"), read };

const MALFORMED: KeystoreError = KeystoreError::Malformed("JSON Web Key");

fn read(data: &[u8], unlock: &Unlock<'_>) -> Result<Contents, KeystoreError> {
    // the library bounds the nesting
    let json = Wiped(serde_json::from_slice(text_of(data)).map_err(|_| MALFORMED)?);
    let object = json.0.as_object().ok_or(MALFORMED)?;
    let Some(keys) = object.get("keys") else {
        return Jwk(object).entry(unlock).map(Contents::from);
    };
    let mut contents = Contents::default();
    for key in keys.as_array().ok_or(MALFORMED)? {
        let jwk = Jwk(key.as_object().ok_or(MALFORMED)?);
        // RFC 7517 section 5: a key that is not understood does not affect the others
        let entry = match jwk.entry(unlock) {
            Err(KeystoreError::TooCostly) => return Err(KeystoreError::TooCostly),
            Err(why) => {
                Entry { name: jwk.name(), key: Some(EntryKey::Unusable(why)), ..Entry::default() }
            }
            Ok(entry) => entry,
        };
        contents.entries.push(entry);
    }
    Ok(contents)
}

fn text_of(data: &[u8]) -> &[u8] {
    data.strip_prefix(b"\xef\xbb\xbf").unwrap_or(data).trim_ascii()
}

/// JSON values whose texts are wiped when they are dropped.
struct Wiped(Value);

impl Drop for Wiped {
    fn drop(&mut self) {
        wipe(&mut self.0);
    }
}

fn wipe(value: &mut Value) {
    match value {
        Value::String(text) => text.zeroize(),
        Value::Array(values) => values.iter_mut().for_each(wipe),
        Value::Object(values) => values.values_mut().for_each(wipe),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// One key.
#[derive(Clone, Copy)]
struct Jwk<'a>(&'a Map<String, Value>);

impl Jwk<'_> {
    fn entry(self, unlock: &Unlock<'_>) -> Result<Entry, KeystoreError> {
        let Some(kind) = self.text("kty")? else {
            // RFC 7516 section 7.2: an encrypted one is a JWE
            return Err(if self.0.contains_key("ciphertext") {
                KeystoreError::unsupported_encryption("JSON Web Encryption (JWE)")
            } else {
                MALFORMED
            });
        };
        let key = match kind {
            "RSA" => self.rsa()?,
            "EC" => self.ec()?,
            "OKP" => self.okp()?,
            "oct" => return Err(KeystoreError::unsupported_key("oct (symmetric)")),
            other => return Err(KeystoreError::unsupported_key(other)),
        };
        unlock.pay_for_key(key.public())?;
        let certificates = self.certificates()?;
        let mut entry = Entry { key: Some(key), ..Entry::default() };
        // RFC 7517 section 4.7: the first certificate is that of the key
        let own = certificates.first().and_then(X509::public_key);
        if own.is_some() && own != entry.public() {
            return Err(KeystoreError::KeyOfAnotherCertificate);
        }
        entry.certificates = certificates;
        entry.name = self.name();
        Ok(entry)
    }

    fn name(self) -> Option<String> {
        self.text("kid").ok().flatten().map(ToOwned::to_owned)
    }

    fn text(&self, name: &str) -> Result<Option<&str>, KeystoreError> {
        match self.0.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(MALFORMED),
        }
    }

    /// A value in base64url.
    fn bytes(self, name: &str) -> Result<Option<Zeroizing<Vec<u8>>>, KeystoreError> {
        let text = self.text(name)?;
        text.map(|text| base64::decode_url(text).ok_or(MALFORMED)).transpose()
    }

    fn needed(self, name: &str) -> Result<Zeroizing<Vec<u8>>, KeystoreError> {
        self.bytes(name)?.ok_or(MALFORMED)
    }

    /// RFC 7518 section 6.3
    fn rsa(self) -> Result<EntryKey, KeystoreError> {
        let (n, e) = (self.needed("n")?, self.needed("e")?);
        let Some(d) = self.bytes("d")? else {
            return PublicKey::rsa(&n, &e).map(EntryKey::Public);
        };
        if self.0.contains_key("oth") {
            return Err(KeystoreError::unsupported_key("RSA with several primes"));
        }
        let (Some(p), Some(q)) = (self.bytes("p")?, self.bytes("q")?) else {
            return Err(KeystoreError::unsupported_key("RSA without its primes"));
        };
        let numbers = RsaNumbers { n: &n, e: &e, d: &d, p: &p, q: &q };
        private(ParsedKey::rsa(&numbers)?)
    }

    /// RFC 7518 section 6.2
    fn ec(self) -> Result<EntryKey, KeystoreError> {
        let curve = match self.text("crv")?.ok_or(MALFORMED)? {
            "P-256" => Curve::P256,
            "P-384" => Curve::P384,
            "P-521" => Curve::P521,
            other => return Err(KeystoreError::unsupported_key(format!("EC curve {other}"))),
        };
        let curve = CurveNames::of(curve);
        let point = curve.point(&self.needed("x")?, &self.needed("y")?)?;
        let public = PublicKey::ecdsa(curve, &point)?;
        match self.bytes("d")? {
            Some(d) => private(ParsedKey::ecdsa(curve, &d, &point)?),
            None => Ok(EntryKey::Public(public)),
        }
    }

    /// RFC 8037 section 2
    fn okp(self) -> Result<EntryKey, KeystoreError> {
        match self.text("crv")?.ok_or(MALFORMED)? {
            "Ed25519" => {}
            other => return Err(KeystoreError::unsupported_key(other)),
        }
        let public = PublicKey::ed25519(&self.needed("x")?)?;
        let Some(d) = self.bytes("d")? else {
            return Ok(EntryKey::Public(public));
        };
        let key = ParsedKey::ed25519(&d)?;
        if *key.public() != public {
            return Err(KeystoreError::InconsistentKey);
        }
        private(key)
    }

    /// RFC 7517 section 4.7: DER in base64 that is not base64url.
    fn certificates(self) -> Result<Vec<X509>, KeystoreError> {
        let Some(chain) = self.0.get("x5c") else {
            return Ok(Vec::new());
        };
        let chain = chain.as_array().ok_or(MALFORMED)?.iter();
        chain
            .map(|each| {
                let der = each.as_str().and_then(|text| base64::decode(&[text.as_bytes()]));
                X509::from_der(&der.ok_or(MALFORMED)?)
            })
            .collect()
    }
}

fn private(key: ParsedKey) -> Result<EntryKey, KeystoreError> {
    Ok(EntryKey::Private(Box::new(key)))
}
