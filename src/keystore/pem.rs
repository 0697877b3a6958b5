//! PEM text (RFC 7468) with private keys and certificates, including the encryption of RFC 1421
//! headers that OpenSSL used before PKCS#8 ("DEK-Info").

use md5::{Digest, Md5};
use zeroize::Zeroizing;

use super::cipher::{Cipher, remove_padding};
use super::contents::{Contents, Entry};
use super::der_key::{self, Form};
use super::format::Format;
use super::private_key::ParsedKey;
use super::public_key::PublicKey;
use super::x509::X509;
use super::{KeystoreError, Unlock, base64, hex, openssh, p7b};

pub(super) static FORMAT: Format = Format { name: "PEM", matches: is_pem, read: parse };

const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"-----END ";
const DASHES: &[u8] = b"-----";

const MALFORMED: KeystoreError = KeystoreError::Malformed("PEM text");

/// The names in DEK-Info headers.
const DEK_CIPHERS: &[(&str, Cipher)] = &[
    ("AES-128-CBC", Cipher::aes_cbc(16)),
    ("AES-192-CBC", Cipher::aes_cbc(24)),
    ("AES-256-CBC", Cipher::aes_cbc(32)),
    ("DES-EDE3-CBC", Cipher::triple_des_cbc()),
    ("DES-EDE-CBC", Cipher::two_key_triple_des_cbc()),
    ("DES-CBC", Cipher::des_cbc()),
    ("RC2-CBC", Cipher::rc2_cbc(16, 128)),
    ("RC2-64-CBC", Cipher::rc2_cbc(8, 64)),
    ("RC2-40-CBC", Cipher::rc2_cbc(5, 40)),
    ("BF-CBC", Cipher::blowfish_cbc(16)),
    ("CAST5-CBC", Cipher::cast5_cbc(16)),
    ("CAMELLIA-128-CBC", Cipher::camellia_cbc(16)),
    ("CAMELLIA-192-CBC", Cipher::camellia_cbc(24)),
    ("CAMELLIA-256-CBC", Cipher::camellia_cbc(32)),
    ("ARIA-128-CBC", Cipher::aria_cbc(16)),
    ("ARIA-192-CBC", Cipher::aria_cbc(24)),
    ("ARIA-256-CBC", Cipher::aria_cbc(32)),
];

/// Whether there is a PEM block in `data`.
fn is_pem(data: &[u8]) -> bool {
    lines(data).any(|line| line.starts_with(BEGIN))
}

/// Reads the first private key and all certificates. Further private keys are not decrypted: each would
/// cost another password derivation.
fn parse(data: &[u8], unlock: &Unlock<'_>) -> Result<Contents, KeystoreError> {
    let mut keys = Vec::new();
    let mut certificates = Vec::new();
    let mut other_label = None;
    for block in blocks(data) {
        let block = block?;
        match block.label {
            b"CERTIFICATE" | b"X509 CERTIFICATE" => {
                certificates.push(X509::from_der(&block.body)?);
            }
            b"PKCS7" | b"CMS" | b"PKCS #7 SIGNED DATA" => {
                certificates.extend(p7b::certificates(&block.body)?);
            }
            // names the curve of the next key, which names it, too
            b"EC PARAMETERS" => {}
            label if label.ends_with(b"PRIVATE KEY") => {
                if !unlock.public_only && !keys.iter().any(Entry::has_private_key) {
                    keys.push(Entry::of_key(parse_key(&block, unlock)?));
                }
            }
            b"PUBLIC KEY" => {
                keys.push(Entry::of_public_key(PublicKey::from_spki_der(&block.body)?));
            }
            b"RSA PUBLIC KEY" => {
                keys.push(Entry::of_public_key(PublicKey::from_pkcs1(&block.body)?));
            }
            // the parameters of the next key, which has them, too
            b"DSA PARAMETERS" => {}
            label => other_label = Some(label),
        }
    }
    match other_label {
        Some(label) if keys.is_empty() && certificates.is_empty() => {
            Err(KeystoreError::unsupported_format(label))
        }
        Some(_) | None => Ok(Contents::assemble(keys, certificates)),
    }
}

/// The content of the first block with this label, where `data` is PEM; `None` where it is not.
pub(super) fn block_of(data: &[u8], label: &[u8]) -> Result<Option<Vec<u8>>, KeystoreError> {
    if !is_pem(data) {
        return Ok(None);
    }
    for block in blocks(data) {
        let block = block?;
        if block.label == label {
            return Ok(Some(block.body.to_vec()));
        }
    }
    Err(MALFORMED)
}

struct Block<'a> {
    label: &'a [u8],
    dek_info: Option<&'a [u8]>,
    body: Zeroizing<Vec<u8>>,
}

fn lines(data: &[u8]) -> impl Iterator<Item = &[u8]> {
    data.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii)
}

/// The blocks, without the text between them.
fn blocks(data: &[u8]) -> impl Iterator<Item = Result<Block<'_>, KeystoreError>> {
    let mut lines = lines(data);
    std::iter::from_fn(move || {
        let begin = lines.find_map(|line| line.strip_prefix(BEGIN))?;
        Some(block(begin, &mut lines))
    })
}

fn block<'a>(
    begin: &'a [u8],
    lines: &mut impl Iterator<Item = &'a [u8]>,
) -> Result<Block<'a>, KeystoreError> {
    let label = begin.strip_suffix(DASHES).ok_or(MALFORMED)?;
    let mut dek_info = None;
    let mut body = Vec::new();
    loop {
        let line = lines.next().ok_or(MALFORMED)?;
        if let Some(end) = line.strip_prefix(END) {
            if end.strip_suffix(DASHES) != Some(label) {
                return Err(MALFORMED);
            }
            break;
        }
        // RFC 1421 4.6: a header has a colon, which no base64 has
        if let Some(value) = line.strip_prefix(b"DEK-Info:") {
            dek_info = Some(value.trim_ascii());
        } else if !line.contains(&b':') {
            body.push(line);
        }
    }
    Ok(Block { label, dek_info, body: base64::decode(&body).ok_or(MALFORMED)? })
}

fn parse_key(block: &Block<'_>, unlock: &Unlock<'_>) -> Result<ParsedKey, KeystoreError> {
    let body = match block.dek_info {
        Some(dek_info) => &decrypt(dek_info, &block.body, unlock.key_password())?,
        None => &block.body,
    };
    let parsed = match block.label {
        b"OPENSSH PRIVATE KEY" => openssh::parse(body, unlock),
        b"RSA PRIVATE KEY" => der_key::parse_pkcs1(body),
        b"EC PRIVATE KEY" => der_key::parse_sec1(body, None),
        b"ENCRYPTED PRIVATE KEY" => der_key::parse_encrypted_pkcs8(body, unlock),
        b"PRIVATE KEY" => match der_key::form_of(body) {
            // some programs leave the key type out of the label
            Some(Form::Pkcs1) => der_key::parse_pkcs1(body),
            Some(Form::Sec1) => der_key::parse_sec1(body, None),
            Some(_) | None => der_key::parse_pkcs8(body),
        },
        b"DSA PRIVATE KEY" => der_key::parse_dsa(body),
        other => Err(KeystoreError::unsupported_format(other)),
    };
    match parsed {
        // one wrong password in 256 leads to valid padding by chance, and any content behind it
        Err(KeystoreError::Malformed(_)) if block.dek_info.is_some() => {
            Err(KeystoreError::WrongPassword)
        }
        other => other,
    }
}

/// RFC 1421 4.6.1.3 with the ciphers and the key derivation of OpenSSL: the key is
/// D1 | D2 | .., Di = MD5(Di-1 | password | salt), where the salt is the start of the IV.
fn decrypt(
    dek_info: &[u8],
    body: &[u8],
    password: &str,
) -> Result<Zeroizing<Vec<u8>>, KeystoreError> {
    const SALT_LEN: usize = 8;
    let mut fields = dek_info.splitn(2, |&byte| byte == b',');
    let name = fields.next().unwrap_or_default().trim_ascii();
    let (_, cipher) = DEK_CIPHERS
        .iter()
        .find(|(known, _)| known.as_bytes() == name)
        .ok_or_else(|| KeystoreError::unsupported_encryption(name))?;
    let iv = fields
        .next()
        .and_then(|digits| hex::decode(digits.trim_ascii()))
        .filter(|iv| iv.len() == cipher.iv_len)
        .ok_or(MALFORMED)?;
    let salt = iv.get(..SALT_LEN).ok_or(MALFORMED)?;
    if body.is_empty() || body.len().checked_rem(cipher.block_len) != Some(0) {
        return Err(MALFORMED);
    }
    if password.is_empty() {
        return Err(KeystoreError::PasswordRequired);
    }
    let mut key = Zeroizing::new(Vec::with_capacity(cipher.key_len.saturating_add(16)));
    let mut digest = Zeroizing::new(Vec::with_capacity(16));
    while key.len() < cipher.key_len {
        let mut hash = Md5::new();
        hash.update(&*digest);
        hash.update(password);
        hash.update(salt);
        digest.clear();
        digest.extend_from_slice(&hash.finalize());
        key.extend_from_slice(&digest);
    }
    key.truncate(cipher.key_len);
    let mut plain = Zeroizing::new(body.to_vec());
    cipher.decrypt(&key, &iv, &mut plain, &[]).map_err(|_| KeystoreError::WrongPassword)?;
    remove_padding(&mut plain, cipher.block_len).map_err(|_| KeystoreError::WrongPassword)?;
    Ok(plain)
}
