//! Decryption with a password by any AlgorithmIdentifier that is supported: PBES1 and PBES2 (RFC 8018, with
//! the ciphers and derivations that programs use there) and the schemes of PKCS#12 (RFC 7292 appendix C).
//! Encrypted PKCS#8 keys, PKCS#12 and BCFKS use it.

use aws_lc_rs::key_wrap::{AES_128, AES_256, AesKek, KeyWrap, KeyWrapPadded};
use der::asn1::ObjectIdentifier;
use der::{Tag, Tagged};
use zeroize::Zeroizing;

use super::cipher::{Cipher, remove_padding};
use super::elements::{Algorithm, Elements, NotDer};
use super::kdf::{self, Hash, Purpose};
use super::{KeystoreError, Unlock};

/// RFC 8018 appendix A.4
pub(super) const PBES2: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.5.13");

/// RFC 7914 section 7
const SCRYPT_OID: &str = "1.3.6.1.4.1.11591.4.11";
pub(super) const SCRYPT: ObjectIdentifier = ObjectIdentifier::new_unwrap(SCRYPT_OID);

const MALFORMED: KeystoreError = KeystoreError::Malformed("encryption's parameters");

/// A password in the encodings that key derivations need.
pub(super) struct Password {
    /// PBES1 and PBES2: UTF-8.
    pub(super) bytes: Zeroizing<Vec<u8>>,
    /// PKCS#12: UTF-16BE with a terminator (RFC 7292 appendix B.1).
    pub(super) utf16: Zeroizing<Vec<u8>>,
    /// Whether scrypt is run with its block size as parallelization, as Bouncy Castle does.
    pub(super) scrypt_slip: bool,
}

impl Password {
    pub(super) fn new(text: &str) -> Self {
        let terminated = || text.encode_utf16().chain([0]);
        let mut utf16 = Zeroizing::new(Vec::with_capacity(terminated().count().saturating_mul(2)));
        for unit in terminated() {
            utf16.extend_from_slice(&unit.to_be_bytes());
        }
        Self { bytes: Zeroizing::new(text.as_bytes().to_vec()), utf16, scrypt_slip: false }
    }

    /// The empty password as some programs encode it for PKCS#12: without a terminator.
    pub(super) fn nothing() -> Self {
        Self { bytes: Zeroizing::default(), utf16: Zeroizing::default(), scrypt_slip: false }
    }
}

/// Decrypts. The caller has to decide from the result whether the password was wrong.
pub(super) fn decrypt(
    algorithm: &Algorithm<'_>,
    data: &[u8],
    password: &Password,
    unlock: &Unlock<'_>,
) -> Result<Zeroizing<Vec<u8>>, KeystoreError> {
    let oid = algorithm.oid.to_string();
    if algorithm.oid == PBES2 {
        return pbes2(algorithm, data, password, unlock);
    }
    if let Some(number) = oid.strip_prefix("1.2.840.113549.1.5.") {
        return pbes1(number, algorithm, data, password, unlock);
    }
    if let Some(number) = oid.strip_prefix("1.2.840.113549.1.12.1.") {
        return pkcs12(number, algorithm, data, password, unlock);
    }
    Err(KeystoreError::unsupported_encryption(oid))
}

/// RFC 8018 section 6.1: the hash yields key and IV.
fn pbes1(
    number: &str,
    algorithm: &Algorithm<'_>,
    data: &[u8],
    password: &Password,
    unlock: &Unlock<'_>,
) -> Result<Zeroizing<Vec<u8>>, KeystoreError> {
    let (hash, cipher) = match number {
        "3" => (Hash::Md5, Cipher::des_cbc()),
        "6" => (Hash::Md5, Cipher::rc2_cbc(8, 64)),
        "10" => (Hash::Sha1, Cipher::des_cbc()),
        "11" => (Hash::Sha1, Cipher::rc2_cbc(8, 64)),
        "1" | "4" => return Err(KeystoreError::unsupported_encryption("PBES1 with MD2")),
        _ => return Err(KeystoreError::unsupported_encryption(algorithm.oid.to_string())),
    };
    let (salt, iterations) = salt_and_iterations(algorithm).map_err(|_| MALFORMED)?;
    let derived = kdf::pbkdf1(hash, &password.bytes, salt, iterations, unlock)?;
    let (key, rest) = derived.split_at_checked(cipher.key_len).ok_or(MALFORMED)?;
    let iv = rest.get(..cipher.iv_len).ok_or(MALFORMED)?;
    run(&cipher, key, iv, data)
}

/// RFC 7292 appendix C
fn pkcs12(
    number: &str,
    algorithm: &Algorithm<'_>,
    data: &[u8],
    password: &Password,
    unlock: &Unlock<'_>,
) -> Result<Zeroizing<Vec<u8>>, KeystoreError> {
    let cipher = match number {
        "1" => Cipher::rc4(16),
        "2" => Cipher::rc4(5),
        "3" => Cipher::triple_des_cbc(),
        "4" => Cipher::two_key_triple_des_cbc(),
        "5" => Cipher::rc2_cbc(16, 128),
        "6" => Cipher::rc2_cbc(5, 40),
        _ => return Err(KeystoreError::unsupported_encryption(algorithm.oid.to_string())),
    };
    let (salt, iterations) = salt_and_iterations(algorithm).map_err(|_| MALFORMED)?;
    let derive = |purpose, len| {
        kdf::pkcs12(Hash::Sha1, purpose, &password.utf16, salt, iterations, len, unlock)
    };
    let key = derive(Purpose::Key, cipher.key_len)?;
    let iv = match cipher.iv_len {
        0 => Zeroizing::default(),
        len => derive(Purpose::Iv, len)?,
    };
    run(&cipher, &key, &iv, data)
}

/// `SEQUENCE { salt OCTET STRING, iterations INTEGER }`, the parameters of all but PBES2.
fn salt_and_iterations<'a>(algorithm: &Algorithm<'a>) -> Result<(&'a [u8], u64), NotDer> {
    let mut parameters = algorithm.sequence()?;
    let both = (parameters.octets()?, parameters.number()?);
    parameters.finish()?;
    Ok(both)
}

/// RFC 8018 section 6.2
fn pbes2(
    algorithm: &Algorithm<'_>,
    data: &[u8],
    password: &Password,
    unlock: &Unlock<'_>,
) -> Result<Zeroizing<Vec<u8>>, KeystoreError> {
    let parts = || {
        let mut parameters = algorithm.sequence()?;
        let both = (Algorithm::next(&mut parameters)?, Algorithm::next(&mut parameters)?);
        parameters.finish().map(|()| both)
    };
    let (derivation, scheme) = parts().map_err(|_| MALFORMED)?;
    let derivation = Derivation::parse(&derivation)?;
    let scheme = Scheme::parse(&scheme, derivation.key_len)?;
    let key_len = scheme.key_len();
    if derivation.key_len.is_some_and(|len| len != key_len) {
        return Err(MALFORMED);
    }
    let key = derivation.derive(password, key_len, unlock)?;
    match scheme {
        Scheme::Cipher { cipher, iv } => {
            let len = data.len().checked_sub(cipher.tag_len).ok_or(KeystoreError::WrongPassword)?;
            let (data, tag) = data.split_at_checked(len).unwrap_or((data, &[]));
            if cipher.tag_len == 0 {
                return run(&cipher, &key, iv, data);
            }
            let mut plain = Zeroizing::new(data.to_vec());
            cipher.decrypt(&key, iv, &mut plain, tag).map_err(|_| KeystoreError::WrongPassword)?;
            Ok(plain)
        }
        Scheme::KeyWrap { padded, .. } => unwrap(&key, data, padded),
    }
}

/// A key derivation, as PBES2, PBMAC1 and BCFKS name it.
pub(super) struct Derivation<'a> {
    function: Function<'a>,
    /// The key's length, if the parameters give it.
    pub(super) key_len: Option<usize>,
}

enum Function<'a> {
    Pbkdf2 { hash: Hash, salt: &'a [u8], iterations: u64 },
    Scrypt { salt: &'a [u8], cost: [u64; 3] },
}

impl<'a> Derivation<'a> {
    pub(super) fn parse(algorithm: &Algorithm<'a>) -> Result<Self, KeystoreError> {
        match algorithm.oid.to_string().as_str() {
            "1.2.840.113549.1.5.12" => Self::pbkdf2(algorithm),
            SCRYPT_OID => Self::scrypt(algorithm).map_err(|_| MALFORMED),
            other => Err(KeystoreError::unsupported_encryption(format!("derivation {other}"))),
        }
    }

    /// RFC 8018 appendix A.2
    fn pbkdf2(algorithm: &Algorithm<'a>) -> Result<Self, KeystoreError> {
        let parts = || {
            let mut parameters = algorithm.sequence()?;
            let salt = parameters.any()?;
            let iterations = parameters.number()?;
            let key_len = optional_len(&mut parameters)?;
            let prf = match parameters.is_empty() {
                true => None,
                false => Some(Algorithm::next(&mut parameters)?.oid),
            };
            parameters.finish()?;
            Ok((salt, iterations, key_len, prf))
        };
        let (salt, iterations, key_len, prf) = parts().map_err(|NotDer| MALFORMED)?;
        if salt.tag() != Tag::OctetString {
            return Err(KeystoreError::unsupported_encryption("PBKDF2 with a named salt"));
        }
        let hash = match prf {
            None => Hash::Sha1,
            Some(prf) => {
                let prf = prf.to_string();
                Hash::by_hmac_oid(&prf)
                    .ok_or_else(|| KeystoreError::unsupported_encryption(format!("PRF {prf}")))?
            }
        };
        let function = Function::Pbkdf2 { hash, salt: salt.value(), iterations };
        Ok(Self { function, key_len })
    }

    /// RFC 7914 section 7.1
    fn scrypt(algorithm: &Algorithm<'a>) -> Result<Self, NotDer> {
        let mut parameters = algorithm.sequence()?;
        let salt = parameters.octets()?;
        let cost = [parameters.number()?, parameters.number()?, parameters.number()?];
        let key_len = optional_len(&mut parameters)?;
        parameters.finish()?;
        Ok(Self { function: Function::Scrypt { salt, cost }, key_len })
    }

    pub(super) fn derive(
        &self,
        password: &Password,
        len: usize,
        unlock: &Unlock<'_>,
    ) -> Result<Zeroizing<Vec<u8>>, KeystoreError> {
        let bytes = &password.bytes;
        match self.function {
            Function::Pbkdf2 { hash, salt, iterations } => {
                kdf::pbkdf2(hash, bytes, salt, iterations, len, unlock)
            }
            Function::Scrypt { salt, cost: [n, r, p] } => {
                let p = if password.scrypt_slip { r } else { p };
                kdf::scrypt(bytes, salt, [n, r, p], len, unlock)
            }
        }
    }
}

fn optional_len(parameters: &mut Elements<'_>) -> Result<Option<usize>, NotDer> {
    match parameters.optional(Tag::Integer)? {
        Some(len) => {
            let len: u16 = len.decode_as().map_err(|_| NotDer)?;
            Ok(Some(usize::from(len)))
        }
        None => Ok(None),
    }
}

/// The encryption of PBES2.
enum Scheme<'a> {
    Cipher { cipher: Cipher, iv: &'a [u8] },
    KeyWrap { key_len: usize, padded: bool },
}

impl<'a> Scheme<'a> {
    /// `key_len` is that of the derivation, for ciphers with several key lengths.
    fn parse(algorithm: &Algorithm<'a>, key_len: Option<usize>) -> Result<Self, KeystoreError> {
        let oid = algorithm.oid.to_string();
        if let Some(number) = oid.strip_prefix("2.16.840.1.101.3.4.1.") {
            return Self::aes(number, algorithm);
        }
        let cipher = match oid.as_str() {
            "1.2.840.113549.3.7" => Cipher::triple_des_cbc(),
            "1.3.14.3.2.7" => Cipher::des_cbc(),
            "1.2.840.113549.3.2" => return Self::rc2(algorithm, key_len),
            "1.3.6.1.4.1.3029.1.2" => Cipher::blowfish_cbc(key_len.unwrap_or(16)),
            // without the parameters of RFC 2984, which no program writes here
            "1.2.840.113533.7.66.10" => Cipher::cast5_cbc(key_len.unwrap_or(16)),
            "1.2.392.200011.61.1.1.1.2" => Cipher::camellia_cbc(16),
            "1.2.392.200011.61.1.1.1.3" => Cipher::camellia_cbc(24),
            "1.2.392.200011.61.1.1.1.4" => Cipher::camellia_cbc(32),
            "1.2.410.200046.1.1.2" => Cipher::aria_cbc(16),
            "1.2.410.200046.1.1.7" => Cipher::aria_cbc(24),
            "1.2.410.200046.1.1.12" => Cipher::aria_cbc(32),
            _ => return Err(KeystoreError::unsupported_encryption(format!("cipher {oid}"))),
        };
        Self::with_iv(cipher, algorithm.octets().map_err(|_| MALFORMED)?)
    }

    fn with_iv(cipher: Cipher, iv: &'a [u8]) -> Result<Self, KeystoreError> {
        if iv.len() == cipher.iv_len { Ok(Self::Cipher { cipher, iv }) } else { Err(MALFORMED) }
    }

    /// RFC 3565, RFC 5084, RFC 3394 and RFC 5649
    fn aes(number: &str, algorithm: &Algorithm<'a>) -> Result<Self, KeystoreError> {
        let unsupported = || KeystoreError::unsupported_encryption(algorithm.oid.to_string());
        let number: usize = number.parse().map_err(|_| unsupported())?;
        let key_len = match number {
            1..=8 => 16,
            21..=28 => 24,
            41..=48 => 32,
            _ => return Err(unsupported()),
        };
        let iv = || algorithm.octets().map_err(|_| MALFORMED);
        match number % 20 {
            2 => Self::with_iv(Cipher::aes_cbc(key_len), iv()?),
            5 => Ok(Self::KeyWrap { key_len, padded: false }),
            6 => {
                let (iv, tag_len) = nonce_and_tag_len(algorithm).map_err(|_| MALFORMED)?;
                match tag_len {
                    16 => Self::with_iv(Cipher::aes_gcm(key_len), iv),
                    _ => Err(unsupported()),
                }
            }
            7 => {
                let (iv, tag_len) = nonce_and_tag_len(algorithm).map_err(|_| MALFORMED)?;
                match tag_len {
                    8 | 16 => Self::with_iv(Cipher::aes_ccm(key_len, tag_len), iv),
                    _ => Err(unsupported()),
                }
            }
            8 => Ok(Self::KeyWrap { key_len, padded: true }),
            _ => Err(unsupported()),
        }
    }

    /// RFC 8018 appendix B.2.3: the effective length of the key is encoded as a version.
    fn rc2(algorithm: &Algorithm<'a>, key_len: Option<usize>) -> Result<Self, KeystoreError> {
        let parts = || {
            let mut parameters = algorithm.sequence()?;
            let both = (parameters.optional(Tag::Integer)?, parameters.octets()?);
            parameters.finish().map(|()| both)
        };
        let (version, iv) = parts().map_err(|NotDer| MALFORMED)?;
        let version = version.map(|it| it.decode_as::<u16>()).transpose().map_err(|_| MALFORMED)?;
        let bits = match version {
            None => 32,
            Some(160) => 40,
            Some(120) => 64,
            Some(58) => 128,
            Some(_) => return Err(KeystoreError::unsupported_encryption("RC2 of unusual length")),
        };
        Self::with_iv(Cipher::rc2_cbc(key_len.unwrap_or(bits / 8), bits), iv)
    }

    fn key_len(&self) -> usize {
        match self {
            Self::Cipher { cipher, .. } => cipher.key_len,
            Self::KeyWrap { key_len, .. } => *key_len,
        }
    }
}

/// GCMParameters and CCMParameters (RFC 5084 section 3): 12 is the default length of a tag.
fn nonce_and_tag_len<'a>(algorithm: &Algorithm<'a>) -> Result<(&'a [u8], usize), NotDer> {
    let mut parameters = algorithm.sequence()?;
    let nonce = parameters.octets()?;
    let tag_len = optional_len(&mut parameters)?.unwrap_or(12);
    parameters.finish()?;
    Ok((nonce, tag_len))
}

/// Runs a cipher without a tag; a block cipher has padding.
fn run(
    cipher: &Cipher,
    key: &[u8],
    iv: &[u8],
    data: &[u8],
) -> Result<Zeroizing<Vec<u8>>, KeystoreError> {
    if data.is_empty() || data.len().checked_rem(cipher.block_len) != Some(0) {
        return Err(KeystoreError::Malformed("encrypted data"));
    }
    let mut plain = Zeroizing::new(data.to_vec());
    let decrypted = cipher.decrypt(key, iv, &mut plain, &[]).and_then(|()| {
        if cipher.block_len > 1 { remove_padding(&mut plain, cipher.block_len) } else { Ok(()) }
    });
    decrypted.map_err(|_| KeystoreError::WrongPassword)?;
    Ok(plain)
}

/// RFC 3394, or RFC 5649 if `padded`.
fn unwrap(key: &[u8], data: &[u8], padded: bool) -> Result<Zeroizing<Vec<u8>>, KeystoreError> {
    let cipher = match key.len() {
        16 => &AES_128,
        32 => &AES_256,
        _ => return Err(KeystoreError::unsupported_encryption("AES-192 key wrap")),
    };
    let key = AesKek::new(cipher, key).map_err(|_| MALFORMED)?;
    let mut plain = Zeroizing::new(vec![0; data.len()]);
    let unwrapped = match padded {
        true => key.unwrap_with_padding(data, &mut plain),
        false => key.unwrap(data, &mut plain),
    };
    let len = unwrapped.map_err(|_| KeystoreError::WrongPassword)?.len();
    plain.truncate(len);
    Ok(plain)
}
