//! BCFKS, the key store of Bouncy Castle's FIPS edition: an encrypted list of objects under a MAC.
//! Keys are encrypted once more, maybe under a password of their own. Everything is PBES2 (RFC 8018)
//! with PBKDF2 or scrypt and AES in CCM (RFC 5084) or key wrap mode (RFC 5649).

use der::{Tag, Tagged};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::contents::{Contents, Entry, EntryKey};
use super::elements::{Algorithm, Elements, NotDer, context};
use super::format::Format;
use super::kdf::Hash;
use super::pbe::{self, Derivation, Password};
use super::private_key::ParsedKey;
use super::x509::X509;
use super::{KeystoreError, Unlock, der_key};
use crate::limits::MAX_STORE_ENTRIES;

pub(super) static FORMAT: Format =
    Format { name: "BCFKS", matches: |data| Store::parse(data).is_ok(), read };

const MALFORMED: KeystoreError = KeystoreError::Malformed("BCFKS store");

/// The purpose of a derived key, which is appended to the password.
const INTEGRITY: &str = "INTEGRITY_CHECK";
const STORE: &str = "STORE_ENCRYPTION";
const PRIVATE_KEY: &str = "PRIVATE_KEY_ENCRYPTION";

/// Types of objects; the others are secret keys.
const CERTIFICATE: u64 = 0;
const KEYS: [u64; 2] = [1, 3];

fn read(data: &[u8], unlock: &Unlock<'_>) -> Result<Contents, KeystoreError> {
    let store = Store::parse(data).map_err(|NotDer| MALFORMED)?;
    let result = store.open(unlock, false);
    match result {
        // Bouncy Castle passes scrypt its block size as parallelization, too
        Err(KeystoreError::WrongPassword) if store.uses_scrypt() => store.open(unlock, true),
        result => result,
    }
    .map_err(|error| {
        let is_missing =
            error == KeystoreError::WrongPassword && unlock.store_password().is_empty();
        if is_missing { KeystoreError::PasswordRequired } else { error }
    })
}

/// `SEQUENCE { storeData, integrityCheck }`
struct Store<'a> {
    /// EncryptedObjectStoreData as encoded, for the MAC.
    signed: &'a [u8],
    algorithm: Algorithm<'a>,
    encrypted: &'a [u8],
    integrity: Integrity<'a>,
}

enum Integrity<'a> {
    Mac {
        algorithm: Algorithm<'a>,
        derivation: Algorithm<'a>,
        expected: &'a [u8],
    },
    /// A signature by a key that the reader of the store has to know beforehand. It is not verified here:
    /// only the encryption, which is authenticated, shows that the store is genuine.
    Signature,
}

impl<'a> Store<'a> {
    fn parse(data: &'a [u8]) -> Result<Self, NotDer> {
        let mut outer = Elements::of_data(data, Tag::Sequence)?;
        let (signed, _) = outer.encoded()?;
        let mut inner = Elements::of_data(signed, Tag::Sequence)?;
        let algorithm = Algorithm::next(&mut inner)?;
        let encrypted = inner.octets()?;
        inner.finish()?;
        let integrity = match outer.optional(context(0))? {
            Some(_) => Integrity::Signature,
            None => {
                let mut check = outer.sequence()?;
                let algorithm = Algorithm::next(&mut check)?;
                let derivation = Algorithm::next(&mut check)?;
                let expected = check.octets()?;
                check.finish()?;
                Integrity::Mac { algorithm, derivation, expected }
            }
        };
        outer.finish()?;
        Ok(Self { signed, algorithm, encrypted, integrity })
    }

    fn open(&self, unlock: &Unlock<'_>, scrypt_slip: bool) -> Result<Contents, KeystoreError> {
        let password =
            |purpose| Password { scrypt_slip, ..purposed(unlock.store_password(), purpose) };
        self.check(&password(INTEGRITY), unlock)?;
        let plain = pbe::decrypt(&self.algorithm, self.encrypted, &password(STORE), unlock)?;
        objects(&plain, unlock, scrypt_slip)
    }

    fn uses_scrypt(&self) -> bool {
        let of_encryption = self.algorithm.sequence().and_then(|mut it| Algorithm::next(&mut it));
        of_encryption.is_ok_and(|derivation| derivation.oid == pbe::SCRYPT)
    }

    fn check(&self, password: &Password, unlock: &Unlock<'_>) -> Result<(), KeystoreError> {
        let Integrity::Mac { algorithm, derivation, expected } = &self.integrity else {
            return Ok(());
        };
        let oid = algorithm.oid.to_string();
        let hash = Hash::by_hmac_oid(&oid)
            .ok_or_else(|| KeystoreError::unsupported_encryption(format!("MAC {oid}")))?;
        let derivation = Derivation::parse(derivation)?;
        let len = derivation.key_len.unwrap_or(hash.output_len());
        let key = derivation.derive(password, len, unlock)?;
        if hash.hmac(&key, self.signed).ct_eq(expected).into() {
            Ok(())
        } else {
            Err(KeystoreError::WrongPassword)
        }
    }
}

/// Password and purpose, each in UTF-16BE with a terminator; an empty password is no bytes at all.
fn purposed(password: &str, purpose: &str) -> Password {
    let form = |text: &str| match text {
        "" => Password::nothing(),
        text => Password::new(text),
    };
    let (password, purpose) = (form(password).utf16, form(purpose).utf16);
    let len = password.len().saturating_add(purpose.len());
    let mut bytes = Zeroizing::new(Vec::with_capacity(len));
    bytes.extend_from_slice(&password);
    bytes.extend_from_slice(&purpose);
    Password { bytes, ..Password::nothing() }
}

/// `ObjectStoreData ::= SEQUENCE { version, integrityAlgorithm, created, modified, objects, .. }`
fn objects(
    plain: &[u8],
    unlock: &Unlock<'_>,
    scrypt_slip: bool,
) -> Result<Contents, KeystoreError> {
    let parse = || {
        let mut data = Elements::of_data(plain, Tag::Sequence)?;
        let _version = data.number()?;
        let _algorithm = Algorithm::next(&mut data)?;
        let _created = data.any()?;
        let _modified = data.any()?;
        data.sequence()
    };
    let mut rest = parse().map_err(|NotDer| MALFORMED)?;
    let mut contents = Contents::default();
    while !rest.is_empty() {
        if contents.entries.len() >= MAX_STORE_ENTRIES {
            return Err(KeystoreError::TooManyEntries);
        }
        let object = Object::next(&mut rest).map_err(|NotDer| MALFORMED)?;
        if let Some(entry) = object.entry(unlock, scrypt_slip)? {
            contents.entries.push(entry);
        }
    }
    Ok(contents)
}

/// `ObjectData ::= SEQUENCE { type, identifier, created, modified, data, .. }`
struct Object<'a> {
    kind: u64,
    name: String,
    data: &'a [u8],
}

impl<'a> Object<'a> {
    fn next(objects: &mut Elements<'a>) -> Result<Self, NotDer> {
        let mut object = objects.sequence()?;
        let kind = object.number()?;
        let name = object.any()?;
        if name.tag() != Tag::Utf8String {
            return Err(NotDer);
        }
        let name = String::from_utf8_lossy(name.value()).into_owned();
        let _created = object.any()?;
        let _modified = object.any()?;
        Ok(Self { kind, name, data: object.octets()? })
    }

    fn entry(self, unlock: &Unlock<'_>, scrypt_slip: bool) -> Result<Option<Entry>, KeystoreError> {
        let name = Some(self.name);
        if self.kind == CERTIFICATE {
            let certificate = X509::from_der(self.data)?;
            return Ok(Some(Entry { name, ..Entry::of_certificate(certificate) }));
        }
        if !KEYS.contains(&self.kind) {
            return Ok(None);
        }
        let (encrypted, chain) = key_and_chain(self.data).map_err(|NotDer| MALFORMED)?;
        let key = match decrypt(encrypted, unlock, scrypt_slip) {
            _ if unlock.public_only => None,
            Ok(key) => Some(EntryKey::Private(Box::new(key))),
            Err(KeystoreError::TooCostly) => return Err(KeystoreError::TooCostly),
            Err(error) => Some(EntryKey::Unusable(error)),
        };
        let certificates = chain.into_iter().map(X509::from_der).collect::<Result<_, _>>()?;
        Ok(Some(Entry { name, key, certificates }))
    }
}

/// `SEQUENCE { EncryptedPrivateKeyInfo, SEQUENCE OF Certificate }`
fn key_and_chain(data: &[u8]) -> Result<(&[u8], Vec<&[u8]>), NotDer> {
    let mut both = Elements::of_data(data, Tag::Sequence)?;
    let (encrypted, _) = both.encoded()?;
    let mut rest = both.sequence()?;
    both.finish()?;
    let mut chain = Vec::new();
    while !rest.is_empty() {
        if chain.len() >= MAX_STORE_ENTRIES {
            return Err(NotDer);
        }
        chain.push(rest.encoded()?.0);
    }
    Ok((encrypted, chain))
}

fn decrypt(
    encrypted: &[u8],
    unlock: &Unlock<'_>,
    scrypt_slip: bool,
) -> Result<ParsedKey, KeystoreError> {
    let (algorithm, data) = der_key::encrypted_parts(encrypted)?;
    let with = |password: &str| {
        let password = Password { scrypt_slip, ..purposed(password, PRIVATE_KEY) };
        der_key::decrypt_pkcs8(&algorithm, data, &password, unlock)
    };
    let own = unlock.key_password();
    match with(own) {
        Err(KeystoreError::WrongPassword) if own != unlock.store_password() => {
            with(unlock.store_password())
        }
        result => result,
    }
}
