//! PKCS#12 stores, "PFX" (RFC 7292): keys and certificates in bags, under a password and a MAC,
//! which may be PBMAC1 (RFC 9579) or missing. Stores in BER are read too.

use der::asn1::{AnyRef, ObjectIdentifier};
use der::{Tag, TagNumber, Tagged};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::contents::{Contents, Entry, EntryKey};
use super::der_key;
use super::elements::{self, Algorithm, Elements, NotDer, context};
use super::format::Format;
use super::kdf::{self, Hash, Purpose};
use super::pbe::{self, Derivation, Password};
use super::x509::X509;
use super::{KeystoreError, Unlock};
use crate::limits::{MAX_BAG_DEPTH, MAX_STORE_ENTRIES};

pub(super) static FORMAT: Format = Format { name: "PKCS#12", matches, read };

const MALFORMED: KeystoreError = KeystoreError::Malformed("PKCS#12 store");

const fn oid(text: &str) -> ObjectIdentifier {
    ObjectIdentifier::new_unwrap(text)
}

/// RFC 5652 sections 4, 6 and 8
const DATA: ObjectIdentifier = oid("1.2.840.113549.1.7.1");
const SIGNED_DATA: ObjectIdentifier = oid("1.2.840.113549.1.7.2");
const ENVELOPED_DATA: ObjectIdentifier = oid("1.2.840.113549.1.7.3");
const ENCRYPTED_DATA: ObjectIdentifier = oid("1.2.840.113549.1.7.6");
/// RFC 7292 section 4.2
const KEY_BAG: ObjectIdentifier = oid("1.2.840.113549.1.12.10.1.1");
const SHROUDED_KEY_BAG: ObjectIdentifier = oid("1.2.840.113549.1.12.10.1.2");
const CERTIFICATE_BAG: ObjectIdentifier = oid("1.2.840.113549.1.12.10.1.3");
const SAFE_CONTENTS_BAG: ObjectIdentifier = oid("1.2.840.113549.1.12.10.1.6");
const X509_CERTIFICATE: ObjectIdentifier = oid("1.2.840.113549.1.9.22.1");
/// RFC 2985 section 5.5
const FRIENDLY_NAME: ObjectIdentifier = oid("1.2.840.113549.1.9.20");
const LOCAL_KEY_ID: ObjectIdentifier = oid("1.2.840.113549.1.9.21");
/// RFC 8018 appendix A.5
const PBMAC1: ObjectIdentifier = oid("1.2.840.113549.1.5.14");

/// `PFX ::= SEQUENCE { version INTEGER (3), authSafe, macData OPTIONAL }`
fn matches(data: &[u8]) -> bool {
    const VERSION: [u8; 4] = [0x02, 0x01, 0x03, 0x30];
    elements::start_of_sequence(data).is_some_and(|start| start.starts_with(&VERSION))
}

fn read(data: &[u8], unlock: &Unlock<'_>) -> Result<Contents, KeystoreError> {
    let der = elements::to_der(data).map_err(|NotDer| MALFORMED)?;
    let pfx = Pfx::parse(&der).map_err(|NotDer| MALFORMED)?;
    match pfx.content_type {
        DATA => {}
        SIGNED_DATA => return Err(KeystoreError::unsupported_format("PKCS#12 with a signature")),
        _ => return Err(MALFORMED),
    }
    let passwords = pfx.store_passwords(unlock)?;
    let mut safe = Safe { unlock, passwords, keys: Vec::new(), certificates: Vec::new() };
    let der = elements::to_der(pfx.content()?).map_err(|NotDer| MALFORMED)?;
    let mut parts = Elements::of_data(&der, Tag::Sequence).map_err(|NotDer| MALFORMED)?;
    while !parts.is_empty() {
        safe.part(&mut parts)?;
    }
    Ok(safe.finish())
}

/// The outermost structure.
struct Pfx<'a> {
    content_type: ObjectIdentifier,
    content: Option<&'a [u8]>,
    mac: Option<MacData<'a>>,
}

/// RFC 7292 section 4
struct MacData<'a> {
    algorithm: Algorithm<'a>,
    expected: &'a [u8],
    salt: &'a [u8],
    iterations: u64,
}

impl<'a> Pfx<'a> {
    fn parse(der: &'a [u8]) -> Result<Self, NotDer> {
        let mut pfx = Elements::of_data(der, Tag::Sequence)?;
        let _version = pfx.number()?;
        let mut auth_safe = pfx.sequence()?;
        let content_type = auth_safe.oid()?;
        let content = match content_type {
            DATA => Some(auth_safe.inside(context(0))?.octets()?),
            _ => None,
        };
        let mac = match pfx.is_empty() {
            true => None,
            false => Some(MacData::parse(pfx.sequence()?)?),
        };
        pfx.finish()?;
        Ok(Self { content_type, content, mac })
    }

    fn content(&self) -> Result<&'a [u8], KeystoreError> {
        self.content.ok_or(MALFORMED)
    }

    /// The encodings of the password with which the MAC is right, or all if there is no MAC. Programs
    /// encode an empty password differently.
    fn store_passwords(&self, unlock: &Unlock<'_>) -> Result<Vec<Password>, KeystoreError> {
        let text = unlock.store_password();
        let mut forms = vec![Password::new(text)];
        if text.is_empty() {
            forms.push(Password::nothing());
        }
        let Some(mac) = self.mac.as_ref().filter(|_| !unlock.public_only) else {
            return Ok(forms);
        };
        let content = self.content()?;
        for password in forms {
            if mac.is_of(content, &password, unlock)? {
                return Ok(vec![password]);
            }
        }
        Err(wrong(text))
    }
}

/// The error when a password was needed and not given, or was wrong.
fn wrong(password: &str) -> KeystoreError {
    if password.is_empty() { KeystoreError::PasswordRequired } else { KeystoreError::WrongPassword }
}

impl<'a> MacData<'a> {
    fn parse(mut mac: Elements<'a>) -> Result<Self, NotDer> {
        let mut digest_info = mac.sequence()?;
        let algorithm = Algorithm::next(&mut digest_info)?;
        let expected = digest_info.octets()?;
        digest_info.finish()?;
        let salt = mac.octets()?;
        let iterations = match mac.is_empty() {
            true => 1,
            false => mac.number()?,
        };
        mac.finish()?;
        Ok(Self { algorithm, expected, salt, iterations })
    }

    fn is_of(
        &self,
        content: &[u8],
        password: &Password,
        unlock: &Unlock<'_>,
    ) -> Result<bool, KeystoreError> {
        let (hash, key) = if self.algorithm.oid == PBMAC1 {
            self.pbmac1_key(password, unlock)?
        } else {
            let oid = self.algorithm.oid.to_string();
            let hash = Hash::by_oid(&oid)
                .ok_or_else(|| KeystoreError::unsupported_encryption(format!("MAC {oid}")))?;
            let len = hash.output_len();
            let (salt, iterations) = (self.salt, self.iterations);
            let utf16 = &password.utf16;
            (hash, kdf::pkcs12(hash, Purpose::Mac, utf16, salt, iterations, len, unlock)?)
        };
        Ok(hash.hmac(&key, content).ct_eq(self.expected).into())
    }

    /// RFC 9579 section 5: the salt and iterations of MacData are not used.
    fn pbmac1_key(
        &self,
        password: &Password,
        unlock: &Unlock<'_>,
    ) -> Result<(Hash, Zeroizing<Vec<u8>>), KeystoreError> {
        let parts = || {
            let mut parameters = self.algorithm.sequence()?;
            let both = (Algorithm::next(&mut parameters)?, Algorithm::next(&mut parameters)?);
            parameters.finish().map(|()| both)
        };
        let (derivation, scheme) = parts().map_err(|NotDer| MALFORMED)?;
        let derivation = Derivation::parse(&derivation)?;
        let scheme = scheme.oid.to_string();
        let hash = Hash::by_hmac_oid(&scheme)
            .ok_or_else(|| KeystoreError::unsupported_encryption(format!("MAC {scheme}")))?;
        // RFC 9579 section 5: the length is required; a short key would make the MAC worthless
        let len = derivation.key_len.filter(|&len| len >= 20).ok_or(MALFORMED)?;
        Ok((hash, derivation.derive(password, len, unlock)?))
    }
}

/// The contents of the bags read so far.
struct Safe<'a> {
    unlock: &'a Unlock<'a>,
    passwords: Vec<Password>,
    keys: Vec<Bagged<EntryKey>>,
    certificates: Vec<Bagged<X509>>,
}

/// A bag's value with its attributes.
struct Bagged<T> {
    value: T,
    name: Option<String>,
    local_key_id: Option<Vec<u8>>,
}

impl Safe<'_> {
    /// RFC 7292 section 4.1: a ContentInfo of the authenticated safe.
    fn part(&mut self, parts: &mut Elements<'_>) -> Result<(), KeystoreError> {
        let mut read = || {
            let mut info = parts.sequence()?;
            let content_type = info.oid()?;
            let content = info.inside(context(0))?;
            info.finish().map(|()| (content_type, content))
        };
        let (content_type, mut content) = read().map_err(|NotDer| MALFORMED)?;
        match content_type {
            DATA => self.contents(content.octets().map_err(|NotDer| MALFORMED)?, 0),
            ENCRYPTED_DATA => {
                let plain = self.decrypt(&mut content)?;
                self.contents(&plain, 0)
            }
            ENVELOPED_DATA => {
                Err(KeystoreError::unsupported_encryption("PKCS#12 with a public key"))
            }
            _ => Err(MALFORMED),
        }
    }

    /// RFC 5652 section 8
    fn decrypt(&self, content: &mut Elements<'_>) -> Result<Zeroizing<Vec<u8>>, KeystoreError> {
        let mut read = || {
            let mut encrypted_data = content.sequence()?;
            let _version = encrypted_data.number()?;
            let mut info = encrypted_data.sequence()?;
            let _content_type = info.oid()?;
            let algorithm = Algorithm::next(&mut info)?;
            let encrypted = implicit_octets(info.any()?)?;
            info.finish().map(|()| (algorithm, encrypted))
        };
        let (algorithm, encrypted) = read().map_err(|NotDer| MALFORMED)?;
        self.with_store_password(|password| {
            let plain = pbe::decrypt(&algorithm, &encrypted, password, self.unlock)?;
            // one wrong password in 256 leads to valid padding by chance
            match elements::to_der(&plain) {
                Ok(_) => Ok(plain),
                Err(NotDer) => Err(KeystoreError::WrongPassword),
            }
        })
    }

    fn with_store_password<T>(
        &self,
        decrypt: impl Fn(&Password) -> Result<T, KeystoreError>,
    ) -> Result<T, KeystoreError> {
        for password in &self.passwords {
            match decrypt(password) {
                Err(KeystoreError::WrongPassword) => {}
                result => return result,
            }
        }
        Err(wrong(self.unlock.store_password()))
    }

    /// SafeContents: the bags.
    fn contents(&mut self, der: &[u8], depth: usize) -> Result<(), KeystoreError> {
        let der = elements::to_der(der).map_err(|NotDer| MALFORMED)?;
        let mut bags = Elements::of_data(&der, Tag::Sequence).map_err(|NotDer| MALFORMED)?;
        while !bags.is_empty() {
            if self.keys.len().saturating_add(self.certificates.len()) >= MAX_STORE_ENTRIES {
                return Err(KeystoreError::TooManyEntries);
            }
            self.bag(&mut bags, depth)?;
        }
        Ok(())
    }

    /// RFC 7292 section 4.2
    fn bag(&mut self, bags: &mut Elements<'_>, depth: usize) -> Result<(), KeystoreError> {
        let mut read = || {
            let mut bag = bags.sequence()?;
            let bag_type = bag.oid()?;
            let value = bag.any()?;
            let attributes = match bag.is_empty() {
                true => Attributes::default(),
                false => Attributes::parse(bag.inside(Tag::Set)?)?,
            };
            bag.finish()?;
            if value.tag() == context(0) {
                Ok((bag_type, value.value(), attributes))
            } else {
                Err(NotDer)
            }
        };
        let (bag_type, value, attributes) = read().map_err(|NotDer| MALFORMED)?;
        let Attributes { name, local_key_id } = attributes;
        match bag_type {
            KEY_BAG | SHROUDED_KEY_BAG if self.unlock.public_only => {}
            KEY_BAG => {
                let value = entry_key(der_key::parse_pkcs8(value))?;
                self.keys.push(Bagged { value, name, local_key_id });
            }
            SHROUDED_KEY_BAG => {
                let value = entry_key(self.shrouded_key(value))?;
                self.keys.push(Bagged { value, name, local_key_id });
            }
            CERTIFICATE_BAG => {
                if let Some(value) = certificate(value)? {
                    self.certificates.push(Bagged { value, name, local_key_id });
                }
            }
            SAFE_CONTENTS_BAG if depth < MAX_BAG_DEPTH => {
                self.contents(value, depth.saturating_add(1))?;
            }
            SAFE_CONTENTS_BAG => return Err(MALFORMED),
            // revocation lists and secrets are ignored
            _ => {}
        }
        Ok(())
    }

    /// Decrypts a key with the password of the keys, then with that of the store.
    fn shrouded_key(&self, value: &[u8]) -> Result<super::ParsedKey, KeystoreError> {
        let (algorithm, encrypted) = der_key::encrypted_parts(value)?;
        let with = |password: &Password| {
            der_key::decrypt_pkcs8(&algorithm, encrypted, password, self.unlock)
        };
        let own = self.unlock.key_password();
        if own != self.unlock.store_password() {
            match with(&Password::new(own)) {
                Err(KeystoreError::WrongPassword) => {}
                result => return result,
            }
        }
        self.with_store_password(with)
    }

    /// Pairs each key with its certificate: by its id, or else by the public key.
    fn finish(self) -> Contents {
        let mut certificates = self.certificates;
        let mut entries = Vec::with_capacity(self.keys.len());
        for key in self.keys {
            let mut entry =
                Entry { name: key.name, key: Some(key.value), certificates: Vec::new() };
            let public = entry.public();
            let by_key = |it: &Bagged<X509>| public.is_some() && it.value.public_key() == public;
            let by_id = |it: &Bagged<X509>| {
                public.is_none()
                    && key.local_key_id.is_some()
                    && it.local_key_id == key.local_key_id
            };
            if let Some(at) = certificates.iter().position(|it| by_key(it) || by_id(it)) {
                let own = certificates.remove(at);
                entry.certificates.push(own.value);
                entry.name = entry.name.or(own.name);
            }
            entries.push(entry);
        }
        let (names, rest): (Vec<_>, Vec<_>) =
            certificates.into_iter().map(|it| (it.name, it.value)).unzip();
        let named: Vec<_> = rest.iter().map(|it| it.der().to_vec()).zip(names).collect();
        let mut contents = Contents::assemble(entries, rest);
        for entry in contents.entries.iter_mut().filter(|entry| entry.name.is_none()) {
            let own = entry.certificate().map(X509::der);
            let name = named.iter().find(|(der, _)| Some(der.as_slice()) == own);
            entry.name = name.and_then(|(_, name)| name.clone());
        }
        contents
    }
}

/// A key that cannot be used is an error only if it is selected; damage is an error of the whole store.
fn entry_key(key: Result<super::ParsedKey, KeystoreError>) -> Result<EntryKey, KeystoreError> {
    match key {
        Ok(key) => Ok(EntryKey::Private(Box::new(key))),
        Err(error @ KeystoreError::TooCostly) => Err(error),
        Err(error) => Ok(EntryKey::Unusable(error)),
    }
}

/// The certificate of a CertBag, if it is an X.509 one.
fn certificate(value: &[u8]) -> Result<Option<X509>, KeystoreError> {
    let read = || {
        let mut bag = Elements::of_data(value, Tag::Sequence)?;
        let kind = bag.oid()?;
        let mut content = bag.inside(context(0))?;
        let der = if kind == X509_CERTIFICATE { Some(content.octets()?) } else { None };
        bag.finish().map(|()| der)
    };
    read().map_err(|NotDer| MALFORMED)?.map(X509::from_der).transpose()
}

/// [0] IMPLICIT OCTET STRING: whole, or in pieces as BER allows.
fn implicit_octets(value: AnyRef<'_>) -> Result<Zeroizing<Vec<u8>>, NotDer> {
    const WHOLE: Tag = Tag::ContextSpecific { constructed: false, number: TagNumber(0) };
    if value.tag() == WHOLE {
        return Ok(Zeroizing::new(value.value().to_vec()));
    }
    if value.tag() != context(0) {
        return Err(NotDer);
    }
    let mut whole = Zeroizing::new(Vec::with_capacity(value.value().len()));
    let mut pieces = Elements::of(value)?;
    while !pieces.is_empty() {
        whole.extend_from_slice(pieces.octets()?);
    }
    Ok(whole)
}

/// The characters of a BMPString.
fn bmp_text(value: &[u8]) -> Option<String> {
    let (pairs, []) = value.as_chunks::<2>() else {
        return None;
    };
    let units: Vec<u16> = pairs.iter().copied().map(u16::from_be_bytes).collect();
    String::from_utf16(&units).ok()
}

/// RFC 7292 section 4.2: PKCS12Attribute
#[derive(Default)]
struct Attributes {
    name: Option<String>,
    local_key_id: Option<Vec<u8>>,
}

impl Attributes {
    fn parse(mut attributes: Elements<'_>) -> Result<Self, NotDer> {
        let mut all = Self::default();
        while !attributes.is_empty() {
            let mut attribute = attributes.sequence()?;
            let kind = attribute.oid()?;
            let mut values = attribute.inside(Tag::Set)?;
            if values.is_empty() {
                continue;
            }
            let value = values.any()?;
            if kind == LOCAL_KEY_ID && value.tag() == Tag::OctetString {
                all.local_key_id = Some(value.value().to_vec());
            } else if kind == FRIENDLY_NAME && value.tag() == Tag::BmpString {
                all.name = bmp_text(value.value());
            }
        }
        Ok(all)
    }
}
