//! Keys in security tokens, through PKCS#11 (OASIS, version 2.40): the module is loaded at run time, and
//! the keys sign in the token. The store is the path of the module, or a URI (RFC 7512) that also selects a
//! token, key or certificate: `pkcs11:token=LABEL;object=LABEL?module-path=/path/to/module`. The password
//! is the PIN.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::{Error, RvError};
use cryptoki::mechanism::Mechanism;
use cryptoki::mechanism::eddsa::{EddsaParams, EddsaSignatureScheme};
use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::{Session, UserType};
use cryptoki::slot::Slot;
use cryptoki::types::AuthPin;
use der::asn1::{AnyRef, ObjectIdentifier};
use der::{Decode, Tag, Tagged};
use parking_lot::Mutex;

use super::contents::{Contents, Entry, EntryKey};
use super::curves::curve_by_oid;
use super::public_key::PublicKey;
use super::x509::X509;
use super::{KeystoreError, Unlock};
use crate::crypto::signature::{ExternalSigner, PrivateKey, RawSignature};
use crate::error::CryptoError;
use crate::limits::{MAX_STORE_ENTRIES, MAX_TOKEN_URI_LEN};

/// Opens the token that `store` names.
pub(super) fn open(store: &[u8], unlock: &Unlock<'_>) -> Result<Contents, KeystoreError> {
    let location = Location::parse(store)?;
    let module = load(&location.module)?;
    let pin = match unlock.store_password() {
        "" => location.pin.clone(),
        pin => Some(pin.to_owned()),
    };
    let slot = location.slot(&module)?;
    let token = Arc::new(Token {
        module,
        slot,
        pin: pin.filter(|pin| !pin.is_empty()).map(|pin| AuthPin::new(pin.into())),
        state: Mutex::new(State { session: None, pin_is_wrong: false }),
    });
    token.with_session(|session| Ok(read(&token, session, &location)))?
}

/// The parts of a store's text, by RFC 7512 section 2.3.
#[derive(Default)]
struct Location {
    module: PathBuf,
    token: Option<String>,
    manufacturer: Option<String>,
    model: Option<String>,
    serial: Option<String>,
    slot_id: Option<u64>,
    object: Option<String>,
    id: Option<Vec<u8>>,
    pin: Option<String>,
}

impl Location {
    fn parse(store: &[u8]) -> Result<Self, KeystoreError> {
        const MALFORMED: KeystoreError = KeystoreError::Malformed("PKCS#11 URI");
        let text = std::str::from_utf8(store).map_err(|_| MALFORMED)?.trim();
        if text.is_empty() {
            return Err(KeystoreError::Empty);
        }
        if text.len() > MAX_TOKEN_URI_LEN {
            return Err(MALFORMED);
        }
        let Some(uri) = text.strip_prefix("pkcs11:") else {
            return Ok(Self { module: text.into(), ..Self::default() });
        };
        let (path, query) = uri.split_once('?').unwrap_or((uri, ""));
        let mut location = Self::default();
        let attributes = path.split(';').chain(query.split('&')).filter(|it| !it.is_empty());
        for attribute in attributes {
            let (name, value) = attribute.split_once('=').ok_or(MALFORMED)?;
            let bytes = percent_decoded(value).ok_or(MALFORMED)?;
            if name == "id" {
                location.id = Some(bytes);
                continue;
            }
            let value = String::from_utf8(bytes).map_err(|_| MALFORMED)?;
            match name {
                "module-path" => location.module = value.into(),
                "token" => location.token = Some(value),
                "manufacturer" => location.manufacturer = Some(value),
                "model" => location.model = Some(value),
                "serial" => location.serial = Some(value),
                "slot-id" => location.slot_id = Some(value.parse().map_err(|_| MALFORMED)?),
                "object" => location.object = Some(value),
                "pin-value" => location.pin = Some(value),
                // the type of the object is clear, and RFC 7512 says to ignore unknown attributes
                _ => {}
            }
        }
        if location.module.as_os_str().is_empty() {
            return Err(KeystoreError::ModuleNotLoaded);
        }
        Ok(location)
    }

    /// The only token that fits. A PIN is for one token only: any other would count it as a wrong one.
    fn slot(&self, module: &Pkcs11) -> Result<Slot, KeystoreError> {
        let mut found = None;
        for slot in module.get_slots_with_initialized_token().map_err(|it| failed(&it))? {
            let info = module.get_token_info(slot).map_err(|it| failed(&it))?;
            let is = |wanted: &Option<String>, value: &str| {
                wanted.as_ref().is_none_or(|wanted| wanted == value)
            };
            let fits = is(&self.token, info.label())
                && is(&self.manufacturer, info.manufacturer_id())
                && is(&self.model, info.model())
                && is(&self.serial, info.serial_number())
                && self.slot_id.is_none_or(|id| id == slot.id());
            if fits && found.replace(slot).is_some() {
                return Err(KeystoreError::SeveralTokens);
            }
        }
        found.ok_or(KeystoreError::NoToken)
    }

    fn is_meant(&self, label: &[u8], id: &[u8]) -> bool {
        self.object.as_ref().is_none_or(|wanted| wanted.as_bytes() == label)
            && self.id.as_ref().is_none_or(|wanted| wanted == id)
    }
}

/// RFC 3986 section 2.1
fn percent_decoded(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        rest = after;
        if first == b'%' {
            let (digits, after) = rest.split_at_checked(2)?;
            let digits = std::str::from_utf8(digits).ok().filter(|it| !it.starts_with('+'))?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = after;
        } else {
            bytes.push(first);
        }
    }
    Some(bytes)
}

/// The modules that this process has loaded. A module is initialized once for the whole process, and
/// finalizing it would end all its sessions: so it stays loaded.
static MODULES: Mutex<BTreeMap<PathBuf, Pkcs11>> = Mutex::new(BTreeMap::new());

fn load(path: &Path) -> Result<Pkcs11, KeystoreError> {
    let mut modules = MODULES.lock();
    if let Some(module) = modules.get(path) {
        return Ok(module.clone());
    }
    let module = Pkcs11::new(path).map_err(|error| {
        let is_its_own = matches!(error, Error::Pkcs11(..));
        if is_its_own { failed(&error) } else { KeystoreError::ModuleNotLoaded }
    })?;
    match module.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
        // initialized by another part of the process
        Ok(()) | Err(Error::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => {}
        Err(error) => return Err(failed(&error)),
    }
    modules.insert(path.to_owned(), module.clone());
    Ok(module)
}

/// The error of loading a key for an error of the token.
fn failed(error: &Error) -> KeystoreError {
    let Error::Pkcs11(value, _function) = error else {
        return KeystoreError::Token(error.to_string());
    };
    if matches!(value, RvError::PinIncorrect | RvError::PinInvalid | RvError::PinLenRange) {
        KeystoreError::WrongPassword
    } else if matches!(value, RvError::UserNotLoggedIn) {
        KeystoreError::PasswordRequired
    } else {
        // the name of a return value
        KeystoreError::Token(format!("{value:?}"))
    }
}

/// One token and the session that all of its keys sign in, one after another.
struct Token {
    module: Pkcs11,
    slot: Slot,
    pin: Option<AuthPin>,
    state: Mutex<State>,
}

struct State {
    session: Option<Session>,
    /// Whether the PIN was wrong: it is not tried again, as a few wrong ones lock the token.
    pin_is_wrong: bool,
}

impl Token {
    /// Runs `work` in the session, and again in a new one if the token was removed in between.
    fn with_session<T>(
        &self,
        work: impl Fn(&Session) -> Result<T, Error>,
    ) -> Result<T, KeystoreError> {
        let mut state = self.state.lock();
        if let Some(session) = state.session.take() {
            match work(&session) {
                Ok(done) => {
                    state.session = Some(session);
                    return Ok(done);
                }
                Err(error) if !is_about_session(&error) => return Err(failed(&error)),
                Err(_) => drop(session),
            }
        }
        let session = self.log_in(&mut state)?;
        let done = work(&session).map_err(|error| failed(&error))?;
        state.session = Some(session);
        Ok(done)
    }

    fn log_in(&self, state: &mut State) -> Result<Session, KeystoreError> {
        let session = self.module.open_ro_session(self.slot).map_err(|error| failed(&error))?;
        let Some(pin) = &self.pin else {
            return Ok(session);
        };
        if state.pin_is_wrong {
            return Err(KeystoreError::WrongPassword);
        }
        match session.login(UserType::User, Some(pin)) {
            // already logged in through another session: the login is that of the process
            Ok(()) | Err(Error::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => Ok(session),
            Err(error) => {
                let error = failed(&error);
                state.pin_is_wrong = error == KeystoreError::WrongPassword;
                Err(error)
            }
        }
    }
}

/// Whether a new session may help against an error.
fn is_about_session(error: &Error) -> bool {
    matches!(
        error,
        Error::Pkcs11(
            RvError::SessionHandleInvalid
                | RvError::SessionClosed
                | RvError::UserNotLoggedIn
                | RvError::DeviceRemoved
                | RvError::TokenNotPresent
                | RvError::KeyHandleInvalid
                | RvError::ObjectHandleInvalid,
            _
        )
    )
}

/// The known attributes of an object.
struct Object {
    handle: ObjectHandle,
    label: Vec<u8>,
    id: Vec<u8>,
}

fn read(
    token: &Arc<Token>,
    session: &Session,
    location: &Location,
) -> Result<Contents, KeystoreError> {
    let find = |class| objects(session, class).map_err(|error| failed(&error));
    let publics = find(ObjectClass::PUBLIC_KEY)?;
    let mut certificates = Vec::new();
    for object in find(ObjectClass::CERTIFICATE)? {
        if let Some(der) = value(session, object.handle, AttributeType::Value)
            && let Ok(certificate) = X509::from_der(&der)
        {
            certificates.push((object, certificate));
        }
    }
    let privates = find(ObjectClass::PRIVATE_KEY)?;
    if privates.len().saturating_add(certificates.len()) > MAX_STORE_ENTRIES {
        return Err(KeystoreError::TooManyEntries);
    }
    let mut entries = Vec::new();
    let mut ids = Vec::new();
    for object in privates.into_iter().filter(|it| location.is_meant(&it.label, &it.id)) {
        let own_public = publics.iter().find(|public| public.id == object.id);
        let own_certificate = certificates.iter().find(|(it, _)| it.id == object.id);
        let of_certificate = own_certificate.map(|(_, certificate)| certificate.public_key());
        let name = String::from_utf8_lossy(&object.label).into_owned();
        let public = public_key(session, &object, own_public)
            .or(of_certificate.flatten().ok_or(KeystoreError::UnsuitableKey));
        let key = public.and_then(|public| token_key(token, session, &object, public));
        entries.push(Entry {
            name: Some(name),
            key: Some(key.unwrap_or_else(EntryKey::Unusable)),
            certificates: Vec::new(),
        });
        ids.push(object.id);
    }
    // an object belongs to a selected key, also if the certificate has another label
    let is_meant = |it: &Object| location.is_meant(&it.label, &it.id) || ids.contains(&it.id);
    let (meant, others): (Vec<_>, Vec<_>) =
        certificates.into_iter().partition(|(object, _)| is_meant(object));
    let bare = |all: Vec<(Object, X509)>| all.into_iter().map(|(_, it)| it).collect();
    let mut contents = Contents::assemble(entries, bare(meant));
    // authorities have labels of their own
    contents.lengthen_chains(&mut bare(others));
    if contents.is_empty() && token.pin.is_none() {
        return Err(KeystoreError::PasswordRequired);
    }
    if contents.is_empty() { Err(KeystoreError::NoKeyAndNoCertificate) } else { Ok(contents) }
}

fn objects(session: &Session, class: ObjectClass) -> Result<Vec<Object>, Error> {
    let handles = session.find_objects(&[Attribute::Token(true), Attribute::Class(class)])?;
    let object = |handle| Object {
        handle,
        label: value(session, handle, AttributeType::Label).unwrap_or_default(),
        id: value(session, handle, AttributeType::Id).unwrap_or_default(),
    };
    Ok(handles.into_iter().map(object).collect())
}

/// The bytes of an attribute.
fn value(session: &Session, object: ObjectHandle, kind: AttributeType) -> Option<Vec<u8>> {
    let attributes = session.get_attributes(object, &[kind]).ok()?;
    #[allow(clippy::wildcard_enum_match_arm, reason = "there are a hundred attributes")]
    match attributes.into_iter().next()? {
        Attribute::Value(bytes)
        | Attribute::Label(bytes)
        | Attribute::Id(bytes)
        | Attribute::Modulus(bytes)
        | Attribute::PublicExponent(bytes)
        | Attribute::EcParams(bytes)
        | Attribute::EcPoint(bytes) => Some(bytes),
        _ => None,
    }
}

/// The public half, from the private key's object or from the public key with the same id.
fn public_key(
    session: &Session,
    private: &Object,
    public: Option<&Object>,
) -> Result<PublicKey, KeystoreError> {
    let get = |kind: AttributeType| {
        value(session, private.handle, kind)
            .filter(|bytes| !bytes.is_empty())
            .or_else(|| value(session, public?.handle, kind))
            .ok_or(KeystoreError::UnsuitableKey)
    };
    if let Ok(n) = get(AttributeType::Modulus) {
        let e = get(AttributeType::PublicExponent)?;
        let digits = |number: Vec<u8>| super::asn1::without_zeros(&number).to_vec();
        return Ok(PublicKey::Rsa { n: digits(n), e: digits(e) });
    }
    let parameters = get(AttributeType::EcParams)?;
    let point = get(AttributeType::EcPoint)?;
    // an OCTET STRING with the point; some modules leave its tag and length out
    let inner = AnyRef::from_der(&point).ok().filter(|it| it.tag() == Tag::OctetString);
    let point = inner.map_or(point.as_slice(), |inner| inner.value());
    match ObjectIdentifier::from_der(&parameters).ok().and_then(|oid| curve_by_oid(&oid)) {
        Some(curve) => PublicKey::ecdsa(curve, point),
        // the curve has a name or one of two identifiers; no other curve here has points of this length
        None => PublicKey::ed25519(point),
    }
}

fn token_key(
    token: &Arc<Token>,
    session: &Session,
    object: &Object,
    public: PublicKey,
) -> Result<EntryKey, KeystoreError> {
    let flag = |kind| session.get_attributes(object.handle, &[kind]).unwrap_or_default();
    let always_authenticate = flag(AttributeType::AlwaysAuthenticate)
        .iter()
        .any(|it| matches!(it, Attribute::AlwaysAuthenticate(true)));
    let kind = match public {
        PublicKey::Rsa { .. } => KeyType::RSA,
        PublicKey::Ecdsa(..) => KeyType::EC,
        PublicKey::Ed25519(_) => KeyType::EC_EDWARDS,
        PublicKey::Dsa { .. } => return Err(KeystoreError::unsupported_key("DSA in a token")),
    };
    let signer = TokenKey {
        token: Arc::clone(token),
        id: object.id.clone(),
        label: object.label.clone(),
        kind,
        always_authenticate,
    };
    let key = PrivateKey::external(&public.ssh_blob(), Box::new(signer));
    let signer = Arc::new(key.map_err(|_| KeystoreError::UnsuitableKey)?);
    Ok(EntryKey::Token { public, signer, container: String::new() })
}

/// A key in a token. It is looked up for each use: its handle may change while the token is removed.
struct TokenKey {
    token: Arc<Token>,
    id: Vec<u8>,
    label: Vec<u8>,
    kind: KeyType,
    always_authenticate: bool,
}

impl TokenKey {
    fn sign_in(
        &self,
        session: &Session,
        mechanism: &Mechanism<'_>,
        data: &[u8],
    ) -> Result<Vec<u8>, Error> {
        let template = [
            Attribute::Token(true),
            Attribute::Class(ObjectClass::PRIVATE_KEY),
            Attribute::KeyType(self.kind),
            Attribute::Id(self.id.clone()),
            Attribute::Label(self.label.clone()),
        ];
        // an empty result: private objects are visible only after a login
        let not_found =
            Error::Pkcs11(RvError::UserNotLoggedIn, cryptoki::context::Function::FindObjects);
        let handle = *session.find_objects(&template)?.first().ok_or(not_found)?;
        if !self.always_authenticate {
            return session.sign(mechanism, handle, data);
        }
        session.sign_init(mechanism, handle)?;
        if let Some(pin) = &self.token.pin {
            session.login(UserType::ContextSpecific, Some(pin))?;
        }
        session.sign_update(data)?;
        session.sign_final()
    }
}

impl ExternalSigner for TokenKey {
    fn sign(&self, signature: RawSignature<'_>) -> Result<Vec<u8>, CryptoError> {
        let (mechanism, data) = match signature {
            RawSignature::RsaPkcs1(digest_info) => (Mechanism::RsaPkcs, digest_info),
            RawSignature::Ecdsa(hash) => (Mechanism::Ecdsa, hash),
            RawSignature::Ed25519(message) => {
                (Mechanism::Eddsa(EddsaParams::new(EddsaSignatureScheme::Pure)), message)
            }
        };
        self.token
            .with_session(|session| self.sign_in(session, &mechanism, data))
            .map_err(|_| CryptoError::Failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stores_are_paths_or_uris() {
        let path = Location::parse(b"/usr/lib/pkcs11.so").unwrap();
        assert_eq!(path.module, Path::new("/usr/lib/pkcs11.so"));
        let uri = Location::parse(
            b"pkcs11:token=My%20token;object=k%3d1;id=%01%ff;slot-id=7;type=private;serial=12\
              ?module-path=/usr/lib/a.so&pin-value=12%2634",
        )
        .unwrap();
        assert_eq!(uri.module, Path::new("/usr/lib/a.so"));
        assert_eq!(uri.token.as_deref(), Some("My token"));
        assert_eq!(uri.object.as_deref(), Some("k=1"));
        assert_eq!(uri.id.as_deref(), Some(&[1, 0xff][..]));
        assert_eq!((uri.slot_id, uri.serial.as_deref()), (Some(7), Some("12")));
        assert_eq!(uri.pin.as_deref(), Some("12&34"));
        let malformed = KeystoreError::Malformed("PKCS#11 URI");
        let long = "a".repeat(MAX_TOKEN_URI_LEN + 1);
        for (store, error) in [
            (&b""[..], KeystoreError::Empty),
            (b"\xff", malformed.clone()),
            (long.as_bytes(), malformed.clone()),
            (b"pkcs11:", KeystoreError::ModuleNotLoaded),
            (b"pkcs11:token", malformed.clone()),
            (b"pkcs11:token=%", malformed.clone()),
            (b"pkcs11:token=%+1", malformed.clone()),
            (b"pkcs11:token=%ff", malformed.clone()),
            (b"pkcs11:slot-id=x", malformed),
        ] {
            assert_eq!(Location::parse(store).err(), Some(error), "{store:?}");
        }
    }

    #[test]
    fn what_is_no_module_is_refused() {
        let here = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
        for path in ["/no/such/module.so", "no-such-module.so", "/", here] {
            let error = open(path.as_bytes(), &Unlock::from("1234")).unwrap_err();
            assert_eq!(error, KeystoreError::ModuleNotLoaded, "{path}");
        }
    }
}
