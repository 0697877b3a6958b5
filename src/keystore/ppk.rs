//! PuTTY's private keys (PPK), versions 2 and 3 as appendix C of PuTTY's manual describes them: text
//! lines with the public and the private half and a MAC over both; encrypted with a password through
//! SHA-1 (version 2) or Argon2 (version 3).

use argon2::{Algorithm, Argon2, Params, Version as ArgonVersion};
use aws_lc_rs::{digest, hmac};
use zeroize::Zeroizing;

use super::cipher::Cipher;
use super::contents::{Contents, Entry};
use super::format::Format;
use super::private_key::{DsaNumbers, ParsedKey, RsaNumbers};
use super::public_key::PublicKey;
use super::{KeystoreError, Unlock, base64, hex};
use crate::wire::{Reader, Writer};

pub(super) static FORMAT: Format = Format {
    name: "PuTTY private key (PPK)",
    matches: |data| data.starts_with(MAGIC),
    read: |data, unlock| read(data, unlock).map(Contents::from),
};

const MAGIC: &[u8] = b"PuTTY-User-Key-File-";
const CIPHER: Cipher = Cipher::aes_cbc(32);
const MAC_KEY_LEN: usize = 32;

const MALFORMED: KeystoreError = KeystoreError::Malformed("PuTTY private key");

#[derive(Clone, Copy, PartialEq, Eq)]
enum Version {
    Two,
    Three,
}

/// The fields of a file, not interpreted.
struct File<'a> {
    version: Version,
    key_type: &'a [u8],
    encryption: &'a [u8],
    comment: &'a [u8],
    public: Zeroizing<Vec<u8>>,
    /// Only of version 3 with encryption.
    derivation: Option<Derivation<'a>>,
    private: Zeroizing<Vec<u8>>,
    mac: Vec<u8>,
}

/// How the keys are derived from the password.
struct Derivation<'a> {
    flavour: &'a [u8],
    memory_kib: u32,
    passes: u32,
    parallelism: u32,
    salt: Vec<u8>,
}

/// The keys that are derived from a password.
struct Keys {
    cipher_key: Zeroizing<Vec<u8>>,
    iv: Zeroizing<Vec<u8>>,
    mac_key: Zeroizing<Vec<u8>>,
}

fn read(data: &[u8], unlock: &Unlock<'_>) -> Result<Entry, KeystoreError> {
    let mut file = File::parse(data)?;
    let public = PublicKey::from_ssh_blob(&file.public)?;
    if public.ssh_type().as_bytes() != file.key_type {
        return Err(KeystoreError::InconsistentKey);
    }
    let name = String::from_utf8_lossy(file.comment).into_owned();
    let mut entry = Entry { name: Some(name), ..Entry::default() };
    if unlock.public_only {
        return Ok(Entry { ..Entry::of_public_key(public) });
    }
    let key = match file.encryption {
        b"none" => {
            if !file.is_authentic(&file.mac_key_without_password()) {
                return Err(MALFORMED);
            }
            file.private_key(&public)?
        }
        b"aes256-cbc" => {
            let keys = file.keys(unlock)?;
            CIPHER
                .decrypt(&keys.cipher_key, &keys.iv, &mut file.private, &[])
                .map_err(|_| MALFORMED)?;
            if !file.is_authentic(&keys.mac_key) {
                return Err(KeystoreError::WrongPassword);
            }
            file.private_key(&public)?
        }
        other => return Err(KeystoreError::unsupported_encryption(other)),
    };
    if *key.public() != public {
        return Err(KeystoreError::InconsistentKey);
    }
    entry.key = Entry::of_key(key).key;
    Ok(entry)
}

impl<'a> File<'a> {
    fn parse(data: &'a [u8]) -> Result<Self, KeystoreError> {
        let mut lines = Lines(data);
        let (name, key_type) = lines.field()?;
        let version = match name.strip_prefix(MAGIC) {
            Some(b"2") => Version::Two,
            Some(b"3") => Version::Three,
            Some(b"1") => return Err(KeystoreError::unsupported_format("PPK version 1")),
            _ => return Err(KeystoreError::unsupported_format(name)),
        };
        let encryption = lines.value(b"Encryption")?;
        let comment = lines.value(b"Comment")?;
        let public = lines.base64(b"Public-Lines")?;
        let is_derived = version == Version::Three && encryption != b"none";
        let derivation = if is_derived { Some(Derivation::parse(&mut lines)?) } else { None };
        let private = lines.base64(b"Private-Lines")?;
        let mac = hex::decode(lines.value(b"Private-MAC")?).ok_or(MALFORMED)?;
        if !lines.0.trim_ascii().is_empty() {
            return Err(MALFORMED);
        }
        Ok(Self { version, key_type, encryption, comment, public, derivation, private, mac })
    }

    fn keys(&self, unlock: &Unlock<'_>) -> Result<Keys, KeystoreError> {
        if self.private.len().checked_rem(CIPHER.block_len) != Some(0) {
            return Err(MALFORMED);
        }
        let password = unlock.key_password();
        match &self.derivation {
            _ if password.is_empty() => Err(KeystoreError::PasswordRequired),
            Some(derivation) => derivation.keys(password, unlock),
            None => Ok(keys_of_version_2(password)),
        }
    }

    fn mac_key_without_password(&self) -> Zeroizing<Vec<u8>> {
        match self.version {
            Version::Two => mac_key_of_version_2(""),
            Version::Three => Zeroizing::new(Vec::new()),
        }
    }

    /// The MAC covers everything that has a meaning, with the private half decrypted.
    fn is_authentic(&self, mac_key: &[u8]) -> bool {
        let algorithm = match self.version {
            Version::Two => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            Version::Three => hmac::HMAC_SHA256,
        };
        let parts = [self.key_type, self.encryption, self.comment, &*self.public, &*self.private];
        let len: usize = parts.iter().map(|part| part.len().saturating_add(4)).sum();
        let mut message = Zeroizing::new(Vec::with_capacity(len));
        let mut writer = Writer::new(&mut message);
        for part in parts {
            writer.string(part);
        }
        let key = hmac::Key::new(algorithm, mac_key);
        // this compares in constant time
        hmac::verify(&key, &message, &self.mac).is_ok()
    }

    /// The private half has the numbers that the public half lacks; padding may follow.
    fn private_key(&self, public: &PublicKey) -> Result<ParsedKey, KeystoreError> {
        let malformed = |_| MALFORMED;
        let mut reader = Reader::new(&self.private);
        match public {
            PublicKey::Ed25519(_) => ParsedKey::ed25519(reader.string().map_err(malformed)?),
            PublicKey::Ecdsa(curve, point) => {
                ParsedKey::ecdsa(curve, reader.mpint().map_err(malformed)?, point)
            }
            PublicKey::Rsa { n, e } => {
                let [d, p, q, _coefficient] = [
                    reader.mpint().map_err(malformed)?,
                    reader.mpint().map_err(malformed)?,
                    reader.mpint().map_err(malformed)?,
                    reader.mpint().map_err(malformed)?,
                ];
                ParsedKey::rsa(&RsaNumbers { n, e, d, p, q })
            }
            PublicKey::Dsa { p, q, g, y } => {
                let x = reader.mpint().map_err(malformed)?;
                ParsedKey::dsa(&DsaNumbers { p, q, g, y: Some(y), x })
            }
        }
    }
}

impl<'a> Derivation<'a> {
    fn parse(lines: &mut Lines<'a>) -> Result<Self, KeystoreError> {
        Ok(Self {
            flavour: lines.value(b"Key-Derivation")?,
            memory_kib: lines.number(b"Argon2-Memory")?,
            passes: lines.number(b"Argon2-Passes")?,
            parallelism: lines.number(b"Argon2-Parallelism")?,
            salt: hex::decode(lines.value(b"Argon2-Salt")?).ok_or(MALFORMED)?,
        })
    }

    fn keys(&self, password: &str, unlock: &Unlock<'_>) -> Result<Keys, KeystoreError> {
        let flavour = match self.flavour {
            b"Argon2id" => Algorithm::Argon2id,
            b"Argon2i" => Algorithm::Argon2i,
            b"Argon2d" => Algorithm::Argon2d,
            other => return Err(KeystoreError::unsupported_encryption(other)),
        };
        let memory = u64::from(self.memory_kib).saturating_mul(1024);
        unlock.pay_for_argon2(memory, u64::from(self.passes))?;
        let len = CIPHER.key_len.saturating_add(CIPHER.iv_len).saturating_add(MAC_KEY_LEN);
        let parameters = Params::new(self.memory_kib, self.passes, self.parallelism, Some(len));
        let mut derived = Zeroizing::new(vec![0_u8; len]);
        Argon2::new(flavour, ArgonVersion::V0x13, parameters.map_err(|_| MALFORMED)?)
            .hash_password_into(password.as_bytes(), &self.salt, &mut derived)
            .map_err(|_| MALFORMED)?;
        let (cipher_key, rest) = derived.split_at_checked(CIPHER.key_len).ok_or(MALFORMED)?;
        let (iv, mac_key) = rest.split_at_checked(CIPHER.iv_len).ok_or(MALFORMED)?;
        let [cipher_key, iv, mac_key] =
            [cipher_key, iv, mac_key].map(|part| Zeroizing::new(part.to_vec()));
        Ok(Keys { cipher_key, iv, mac_key })
    }
}

/// SHA-1(0 | password) | SHA-1(1 | password), the IV is zero.
fn keys_of_version_2(password: &str) -> Keys {
    let mut cipher_key = Zeroizing::new(Vec::with_capacity(40));
    for counter in [0_u32, 1] {
        cipher_key.extend_from_slice(&sha1(&[&counter.to_be_bytes(), password.as_bytes()]));
    }
    cipher_key.truncate(CIPHER.key_len);
    let iv = Zeroizing::new(vec![0; CIPHER.iv_len]);
    Keys { cipher_key, iv, mac_key: mac_key_of_version_2(password) }
}

fn mac_key_of_version_2(password: &str) -> Zeroizing<Vec<u8>> {
    sha1(&[b"putty-private-key-file-mac-key", password.as_bytes()])
}

fn sha1(parts: &[&[u8]]) -> Zeroizing<Vec<u8>> {
    let mut context = digest::Context::new(&digest::SHA1_FOR_LEGACY_USE_ONLY);
    for part in parts {
        context.update(part);
    }
    Zeroizing::new(context.finish().as_ref().to_vec())
}

/// Reads a file line by line, where each line has to be the expected one.
struct Lines<'a>(&'a [u8]);

impl<'a> Lines<'a> {
    fn line(&mut self) -> Result<&'a [u8], KeystoreError> {
        let len = self.0.iter().position(|&byte| byte == b'\n').unwrap_or(self.0.len());
        if self.0.is_empty() {
            return Err(MALFORMED);
        }
        let (line, rest) = self.0.split_at_checked(len).ok_or(MALFORMED)?;
        self.0 = rest.get(1..).unwrap_or_default();
        Ok(line.strip_suffix(b"\r").unwrap_or(line))
    }

    /// `Name: value`
    fn field(&mut self) -> Result<(&'a [u8], &'a [u8]), KeystoreError> {
        let line = self.line()?;
        let at = line.iter().position(|&byte| byte == b':').ok_or(MALFORMED)?;
        let (name, value) = line.split_at_checked(at).ok_or(MALFORMED)?;
        Ok((name, value.strip_prefix(b": ").ok_or(MALFORMED)?))
    }

    fn value(&mut self, wanted: &[u8]) -> Result<&'a [u8], KeystoreError> {
        match self.field()? {
            (name, value) if name == wanted => Ok(value),
            _ => Err(MALFORMED),
        }
    }

    fn number(&mut self, wanted: &[u8]) -> Result<u32, KeystoreError> {
        let digits = std::str::from_utf8(self.value(wanted)?).map_err(|_| MALFORMED)?;
        digits.parse().map_err(|_| MALFORMED)
    }

    /// A number of lines, and that many with base64.
    fn base64(&mut self, wanted: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeystoreError> {
        // each line takes one byte of the file at least, so a huge number ends with the file
        let count = self.number(wanted)?;
        let mut lines = Vec::new();
        for _ in 0..count {
            lines.push(self.line()?);
        }
        base64::decode(&lines).ok_or(MALFORMED)
    }
}
