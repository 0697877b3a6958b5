//! Why a key or a certificate could not be loaded, in words for the person who configures a server. A text
//! never has any part of a password, of a key or of a store's content, except the name of an algorithm in a
//! file, without unprintable characters.

use crate::limits::MAX_QUOTED_LEN;
use std::fmt;
use std::io;

/// Why a key or a certificate could not be loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeystoreError {
    /// A number that is no documented store type.
    NoSuchStoreType,
    /// A certificate store of Windows, on another system.
    WindowsOnly,
    /// There is no certificate store of Windows with this name.
    NoSystemStore,
    /// Windows reports this error for a store or for a key in it.
    System(u32),
    /// The file cannot be read.
    Unreadable(io::ErrorKind),
    /// The path names something that is not a regular file.
    NotAFile,
    /// More than [`crate::limits::MAX_STORE_LEN`] bytes.
    TooLarge,
    /// More than [`crate::limits::MAX_STORE_ENTRIES`] keys and certificates.
    TooManyEntries,
    /// The module of a security token cannot be loaded.
    ModuleNotLoaded,
    /// The module has no token that fits.
    NoToken,
    /// A PIN was given and several tokens fit: a wrong PIN counts towards the lock of a token.
    SeveralTokens,
    /// The token, or its module, reports this error.
    Token(String),
    /// No data at all.
    Empty,
    /// Data of a supported format that stores of this type do not have.
    OtherFormat,
    /// A store without a key and without a certificate.
    NoKeyAndNoCertificate,
    /// Neither a private key nor a certificate in a known form.
    NotRecognized,
    /// The named structure does not parse.
    Malformed(&'static str),
    /// A known form of key or certificate that is not supported here.
    UnsupportedFormat(String),
    /// The key's algorithm is not supported here.
    UnsupportedKey(String),
    /// The cipher or the key derivation that protects the key is not supported here.
    UnsupportedEncryption(String),
    /// The key derivation asks for more time or memory than a key file may.
    TooCostly,
    /// The key is encrypted and no password was given.
    PasswordRequired,
    /// The key does not decrypt.
    WrongPassword,
    /// The numbers of the key contradict each other.
    InconsistentKey,
    /// The key parses, but cannot be used to sign.
    UnsuitableKey,
    /// There is no X.509 certificate in the data.
    NoCertificate,
    /// No certificate in the store has the subject.
    NoMatchingSubject,
    /// No certificate or key in the store has the thumbprint.
    NoMatchingThumbprint,
    /// The store's private key is not the one of its certificates, or of the certificate asked for.
    KeyOfAnotherCertificate,
}

impl KeystoreError {
    /// Whether the store could be opened, but does not have what was asked for.
    pub fn is_no_match(&self) -> bool {
        matches!(
            self,
            Self::NoMatchingSubject | Self::NoMatchingThumbprint | Self::KeyOfAnotherCertificate
        )
    }

    pub(super) fn unsupported_key(name: impl AsRef<[u8]>) -> Self {
        Self::UnsupportedKey(printable(name.as_ref()))
    }

    pub(super) fn unsupported_format(name: impl AsRef<[u8]>) -> Self {
        Self::UnsupportedFormat(printable(name.as_ref()))
    }

    pub(super) fn unsupported_encryption(name: impl AsRef<[u8]>) -> Self {
        Self::UnsupportedEncryption(printable(name.as_ref()))
    }
}

/// A name out of a file, fit for a message: printable ASCII.
fn printable(name: &[u8]) -> String {
    let clean = |&byte: &u8| {
        if byte == b' ' || byte.is_ascii_graphic() { char::from(byte) } else { '?' }
    };
    name.iter().take(MAX_QUOTED_LEN).map(clean).collect()
}

impl fmt::Display for KeystoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoSuchStoreType => "There is no such store type.",
            Self::WindowsOnly => "Certificate stores of the system exist on Windows only.",
            Self::NoSystemStore => "There is no certificate store with that name.",
            Self::System(number) => return write!(f, "Windows reports the error 0x{number:08X}."),
            Self::Unreadable(kind) => return write!(f, "The file cannot be read: {kind}."),
            Self::UnsupportedFormat(name) => {
                return write!(f, "The data is of a form that is not supported: {name}.");
            }
            Self::UnsupportedKey(name) => {
                return write!(f, "Keys of the type {name} are not supported.");
            }
            Self::UnsupportedEncryption(name) => {
                return write!(f, "The key's encryption is not supported: {name}.");
            }
            Self::Malformed(what) => return write!(f, "The {what} is damaged or incomplete."),
            Self::NotAFile => "The path does not name a file.",
            Self::Token(what) => return write!(f, "The security token reports: {what}."),
            Self::ModuleNotLoaded => {
                "The PKCS#11 module cannot be loaded: there is no such library, or it is not one."
            }
            Self::NoToken => "There is no such security token.",
            Self::SeveralTokens => {
                "There are several security tokens: name one, as in \
                 pkcs11:token=LABEL?module-path=/path/to/module."
            }
            Self::TooManyEntries => "The store holds more keys and certificates than is accepted.",
            Self::Empty => "There is no data.",
            Self::OtherFormat => "Stores of this type are of another format; cstAuto reads it.",
            Self::NoKeyAndNoCertificate => "The store holds neither a key nor a certificate.",
            Self::TooLarge => "The key or certificate data is larger than 1 MiB.",
            Self::NotRecognized => {
                "The data is neither a private key nor a certificate in a supported form, nor the \
                 name of a file with one."
            }
            Self::TooCostly => {
                "The key's password derivation asks for more time or memory than is accepted."
            }
            Self::PasswordRequired => "The private key is encrypted: a password is required.",
            Self::WrongPassword => "The password is wrong, or the encrypted key is damaged.",
            Self::InconsistentKey => "The parts of the private key do not belong together.",
            Self::UnsuitableKey => "The private key cannot be used to sign.",
            Self::NoCertificate => "The data holds no X.509 certificate.",
            Self::NoMatchingSubject => "No certificate in the store has that subject.",
            Self::NoMatchingThumbprint => "No certificate in the store has that thumbprint.",
            Self::KeyOfAnotherCertificate => {
                "The private key in the store does not belong to the certificate."
            }
        })
    }
}

impl std::error::Error for KeystoreError {}

/// Why a certificate could not be loaded from a store: the store, its format if that is known, and the
/// error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadError {
    /// The number and name of the store's type and, if there is such a file, its path. A text that names no
    /// file is not repeated: it may be a key in the wrong place.
    pub store: String,
    /// The format of the data.
    pub format: Option<&'static str>,
    /// The error.
    pub why: KeystoreError,
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.format {
            Some(format) => write!(f, "{}, {format}: {}", self.store, self.why),
            None => write!(f, "{}: {}", self.store, self.why),
        }
    }
}

impl std::error::Error for LoadError {}
