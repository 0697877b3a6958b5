//! Keys and certificates in DER, plain or as the content of PEM: PKCS#1 (RFC 8017), SEC 1 (RFC 5915),
//! PKCS#8 without and with encryption (RFC 5958, RFC 8018) and X.509 (RFC 5280). The types of its first
//! elements show which form a value has.

use der::asn1::{AnyRef, BitStringRef, OctetStringRef, UintRef};
use der::{Decode, Reader, Sequence, SliceReader, Tag, Tagged};
use pkcs8::PrivateKeyInfoRef;

use super::contents::{Contents, Entry};
use super::curves::CurveNames;
use super::elements::{Algorithm, Elements, NotDer, context};
use super::explicit_curve::curve_of;
use super::format::Format;
use super::pbe::{self, Password};
use super::private_key::{DsaNumbers, ParsedKey, RsaNumbers};
use super::public_key::{self, DsaParameters, PublicKey, kind_name};
use super::x509::X509;
use super::{KeystoreError, Unlock};

pub(super) static FORMAT: Format = Format {
    name: "DER",
    matches: |data| form_of(data).is_some(),
    read: |data, unlock| match form_of(data) {
        Some(form) => parse(data, form, unlock).map(Contents::from),
        None => Err(KeystoreError::NotRecognized),
    },
};

/// A DER value of a known form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Pkcs1,
    Sec1,
    Pkcs8,
    EncryptedPkcs8,
    X509,
    Spki,
    Pkcs1Public,
    Dsa,
}

/// Recognizes the form, if `data` is one DER SEQUENCE of a known form and nothing else.
pub(super) fn form_of(data: &[u8]) -> Option<Form> {
    let outer = AnyRef::from_der(data).ok()?;
    if outer.tag() != Tag::Sequence {
        return None;
    }
    let mut elements = SliceReader::new(outer.value()).ok()?;
    let first = AnyRef::decode(&mut elements).ok()?;
    let second = AnyRef::decode(&mut elements).ok()?;
    match (first.tag(), second.tag()) {
        (Tag::Integer, Tag::Sequence) => Some(Form::Pkcs8),
        (Tag::Integer, Tag::Integer) => match elements_after(elements)? {
            0 => Some(Form::Pkcs1Public),
            4 => Some(Form::Dsa),
            _ => Some(Form::Pkcs1),
        },
        (Tag::Sequence, Tag::BitString) => Some(Form::Spki),
        (Tag::Integer, Tag::OctetString) => Some(Form::Sec1),
        (Tag::Sequence, Tag::OctetString) => Some(Form::EncryptedPkcs8),
        (Tag::Sequence, Tag::Sequence) => Some(Form::X509),
        _ => None,
    }
}

/// How many elements follow, if fewer than ten do.
fn elements_after(mut elements: SliceReader<'_>) -> Option<usize> {
    (0..10).find_map(|count| {
        if elements.is_finished() {
            return Some(Some(count));
        }
        AnyRef::decode(&mut elements).err().map(|_| None)
    })?
}

/// Reads a DER value of the form that [`form_of`] has recognized.
fn parse(data: &[u8], form: Form, unlock: &Unlock<'_>) -> Result<Entry, KeystoreError> {
    match form {
        Form::Pkcs1 => parse_pkcs1(data).map(Entry::of_key),
        Form::Sec1 => parse_sec1(data, None).map(Entry::of_key),
        Form::Pkcs8 => parse_pkcs8(data).map(Entry::of_key),
        Form::EncryptedPkcs8 => parse_encrypted_pkcs8(data, unlock).map(Entry::of_key),
        Form::X509 => X509::from_der(data).map(Entry::of_certificate),
        Form::Dsa => parse_dsa(data).map(Entry::of_key),
        Form::Spki => PublicKey::from_spki_der(data).map(Entry::of_public_key),
        Form::Pkcs1Public => PublicKey::from_pkcs1(data).map(Entry::of_public_key),
    }
}

/// RFC 8017 A.1.2
#[derive(Sequence)]
struct RsaPrivateKey<'a> {
    version: u8,
    n: UintRef<'a>,
    e: UintRef<'a>,
    d: UintRef<'a>,
    p: UintRef<'a>,
    q: UintRef<'a>,
    _d_mod_p: UintRef<'a>,
    _d_mod_q: UintRef<'a>,
    _coefficient: UintRef<'a>,
    other_primes: Option<AnyRef<'a>>,
}

/// PKCS#1 RSAPrivateKey.
pub(super) fn parse_pkcs1(data: &[u8]) -> Result<ParsedKey, KeystoreError> {
    const MALFORMED: KeystoreError = KeystoreError::Malformed("RSA private key");
    let key = RsaPrivateKey::from_der(data).map_err(|_| MALFORMED)?;
    match (key.version, key.other_primes) {
        (0, None) => {}
        // RFC 8017 A.1.2: version 1 has more than two
        (1, Some(others)) if others.tag() == Tag::Sequence => {
            let [n, e, d] = [key.n, key.e, key.d].map(|number| number.as_bytes());
            return ParsedKey::rsa_of_several_primes(n, e, d, data);
        }
        _ => return Err(MALFORMED),
    }
    ParsedKey::rsa(&RsaNumbers {
        n: key.n.as_bytes(),
        e: key.e.as_bytes(),
        d: key.d.as_bytes(),
        p: key.p.as_bytes(),
        q: key.q.as_bytes(),
    })
}

/// The DSA private key as OpenSSL writes it; there is no standard for it.
#[derive(Sequence)]
struct DsaPrivateKey<'a> {
    version: u8,
    p: UintRef<'a>,
    q: UintRef<'a>,
    g: UintRef<'a>,
    y: UintRef<'a>,
    x: UintRef<'a>,
}

/// OpenSSL's own DSA private key.
pub(super) fn parse_dsa(data: &[u8]) -> Result<ParsedKey, KeystoreError> {
    const MALFORMED: KeystoreError = KeystoreError::Malformed("DSA private key");
    let key = DsaPrivateKey::from_der(data).map_err(|_| MALFORMED)?;
    if key.version != 0 {
        return Err(MALFORMED);
    }
    ParsedKey::dsa(&DsaNumbers {
        p: key.p.as_bytes(),
        q: key.q.as_bytes(),
        g: key.g.as_bytes(),
        y: Some(key.y.as_bytes()),
        x: key.x.as_bytes(),
    })
}

/// SEC 1 ECPrivateKey. In PKCS#8 `curve` is that of the structure around it.
pub(super) fn parse_sec1(
    data: &[u8],
    curve: Option<&'static CurveNames>,
) -> Result<ParsedKey, KeystoreError> {
    const MALFORMED: KeystoreError = KeystoreError::Malformed("EC private key");
    let EcPrivateKey { parameters, scalar, point } =
        EcPrivateKey::read(data).map_err(|NotDer| MALFORMED)?;
    let curve = match (parameters.map(curve_of).transpose()?, curve) {
        (Some(inner), Some(outer)) if inner != outer => {
            return Err(KeystoreError::InconsistentKey);
        }
        (Some(curve), _) | (None, Some(curve)) => curve,
        (None, None) => return Err(MALFORMED),
    };
    ParsedKey::ecdsa(curve, scalar, point)
}

/// RFC 5915 section 3: `version | privateKey | [0] parameters | [1] publicKey`.
struct EcPrivateKey<'a> {
    parameters: Option<AnyRef<'a>>,
    scalar: &'a [u8],
    point: &'a [u8],
}

impl<'a> EcPrivateKey<'a> {
    fn read(data: &'a [u8]) -> Result<Self, NotDer> {
        let mut elements = Elements::of_data(data, Tag::Sequence)?;
        if elements.number()? != 1 {
            return Err(NotDer);
        }
        let scalar = elements.octets()?;
        let parameters = elements.optional(context(0))?.map(only_element).transpose()?;
        let point = match elements.optional(context(1))? {
            Some(outer) => {
                let bits: BitStringRef<'a> =
                    only_element(outer)?.decode_as().map_err(|_| NotDer)?;
                bits.as_bytes().ok_or(NotDer)?
            }
            None => &[],
        };
        elements.finish()?;
        Ok(Self { parameters, scalar, point })
    }
}

fn only_element(outer: AnyRef<'_>) -> Result<AnyRef<'_>, NotDer> {
    let mut elements = Elements::of(outer)?;
    let element = elements.any()?;
    elements.finish().map(|()| element)
}

/// PKCS#8 PrivateKeyInfo, both versions.
pub(super) fn parse_pkcs8(data: &[u8]) -> Result<ParsedKey, KeystoreError> {
    const MALFORMED: KeystoreError = KeystoreError::Malformed("PKCS#8 private key");
    let info = PrivateKeyInfoRef::from_der(data).map_err(|_| MALFORMED)?;
    let key = info.private_key.as_bytes();
    match info.algorithm.oid {
        public_key::RSA => parse_pkcs1(key),
        public_key::EC => {
            let parameters = info.algorithm.parameters.ok_or(MALFORMED)?;
            parse_sec1(key, Some(curve_of(parameters)?))
        }
        public_key::ED25519 => {
            let seed = <&OctetStringRef>::from_der(key).map_err(|_| MALFORMED)?;
            let key = ParsedKey::ed25519(seed.as_bytes())?;
            // RFC 5958 section 2: version 2 may hold the public key too
            let public = info.public_key.and_then(|bits| bits.as_bytes());
            if public.is_some_and(|public| !key.public_blob().ends_with(public)) {
                return Err(KeystoreError::InconsistentKey);
            }
            Ok(key)
        }
        public_key::DSA => {
            let parameters = info.algorithm.parameters.ok_or(MALFORMED)?;
            let parameters = parameters.decode_as::<DsaParameters<'_>>().map_err(|_| MALFORMED)?;
            let x = UintRef::from_der(key).map_err(|_| MALFORMED)?;
            ParsedKey::dsa(&DsaNumbers {
                p: parameters.p.as_bytes(),
                q: parameters.q.as_bytes(),
                g: parameters.g.as_bytes(),
                y: None,
                x: x.as_bytes(),
            })
        }
        oid => Err(KeystoreError::unsupported_key(kind_name(&oid))),
    }
}

/// PKCS#8 EncryptedPrivateKeyInfo alone.
pub(super) fn parse_encrypted_pkcs8(
    data: &[u8],
    unlock: &Unlock<'_>,
) -> Result<ParsedKey, KeystoreError> {
    let (algorithm, encrypted) = encrypted_parts(data)?;
    let password = unlock.key_password();
    if password.is_empty() {
        return Err(KeystoreError::PasswordRequired);
    }
    decrypt_pkcs8(&algorithm, encrypted, &Password::new(password), unlock)
}

/// RFC 5958 section 3: the encryption and the encrypted PrivateKeyInfo.
pub(super) fn encrypted_parts(data: &[u8]) -> Result<(Algorithm<'_>, &[u8]), KeystoreError> {
    let parts = || {
        let mut elements = Elements::of_data(data, Tag::Sequence)?;
        let both = (Algorithm::next(&mut elements)?, elements.octets()?);
        elements.finish().map(|()| both)
    };
    parts().map_err(|NotDer| KeystoreError::Malformed("encrypted private key"))
}

/// PKCS#8 PrivateKeyInfo under a password.
pub(super) fn decrypt_pkcs8(
    algorithm: &Algorithm<'_>,
    encrypted: &[u8],
    password: &Password,
    unlock: &Unlock<'_>,
) -> Result<ParsedKey, KeystoreError> {
    let plain = pbe::decrypt(algorithm, encrypted, password, unlock)?;
    // one wrong password in 256 leads to valid padding by chance, and any content behind it
    match form_of(&plain) {
        Some(Form::Pkcs8) => parse_pkcs8(&plain),
        Some(_) | None => Err(KeystoreError::WrongPassword),
    }
}
