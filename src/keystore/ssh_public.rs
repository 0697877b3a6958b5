//! SSH public keys: lines as ssh-keygen writes them (`type base64 comment`), SSH2 key files
//! (RFC 4716), and the bare blob (RFC 4253 section 6.6).

use super::base64;
use super::contents::{Contents, Entry};
use super::format::Format;
use super::public_key::PublicKey;
use super::{KeystoreError, Unlock};

pub(super) static FORMAT: Format = Format { name: "SSH public key", matches, read };

const BEGIN: &[u8] = b"---- BEGIN SSH2 PUBLIC KEY ----";
const END: &[u8] = b"---- END SSH2 PUBLIC KEY ----";
/// The beginnings of key type names: by them a line or a blob is recognized.
const TYPES: &[&[u8]] = &[b"ssh-", b"ecdsa-sha2-", b"sk-ssh-", b"sk-ecdsa-sha2-"];

const MALFORMED: KeystoreError = KeystoreError::Malformed("SSH public key");

fn matches(data: &[u8]) -> bool {
    is_blob(data)
        || lines(data).next().is_some_and(|line| line == BEGIN || fields_of(line).is_some())
}

fn read(data: &[u8], _: &Unlock<'_>) -> Result<Contents, KeystoreError> {
    if is_blob(data) {
        return PublicKey::from_ssh_blob(data).map(|key| Entry::of_public_key(key).into());
    }
    let mut lines = lines(data);
    let mut contents = Contents::default();
    while let Some(line) = lines.next() {
        let entry = if line == BEGIN { ssh2(&mut lines)? } else { one_line(line)? };
        contents.entries.push(entry);
    }
    Ok(contents)
}

/// Lines that are neither empty nor comments.
fn lines(data: &[u8]) -> impl Iterator<Item = &[u8]> {
    data.split(|&byte| matches!(byte, b'\n' | b'\r'))
        .map(<[u8]>::trim_ascii)
        .filter(|line| !line.is_empty() && !line.starts_with(b"#"))
}

/// `string type | ..`
fn is_blob(data: &[u8]) -> bool {
    data.split_first_chunk::<4>().is_some_and(|(len, rest)| {
        u32::from_be_bytes(*len) <= 64 && TYPES.iter().any(|start| rest.starts_with(start))
    })
}

/// Type, base64 and comment. The base64 of every blob begins with the zeros of a short length; that
/// distinguishes the line from a file name.
fn fields_of(line: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let (key_type, rest) = first_word(line);
    let (digits, comment) = first_word(rest);
    let is_key =
        TYPES.iter().any(|start| key_type.starts_with(start)) && digits.starts_with(b"AAAA");
    is_key.then_some((key_type, digits, comment))
}

/// The first word, up to a space or tab, and the text behind the white space after it.
fn first_word(text: &[u8]) -> (&[u8], &[u8]) {
    let end = text.iter().position(u8::is_ascii_whitespace).unwrap_or(text.len());
    let (word, rest) = text.split_at_checked(end).unwrap_or((text, &[]));
    (word, rest.trim_ascii())
}

fn one_line(line: &[u8]) -> Result<Entry, KeystoreError> {
    let (key_type, digits, comment) = fields_of(line).ok_or(MALFORMED)?;
    let blob = base64::decode(&[digits]).ok_or(MALFORMED)?;
    let key = PublicKey::from_ssh_blob(&blob)?;
    if key.ssh_type().as_bytes() != key_type {
        return Err(KeystoreError::InconsistentKey);
    }
    Ok(named(key, comment))
}

/// RFC 4716 section 3: headers, which may go on over several lines, then base64.
fn ssh2<'a>(lines: &mut impl Iterator<Item = &'a [u8]>) -> Result<Entry, KeystoreError> {
    let mut comment: &[u8] = &[];
    let mut body = Vec::new();
    let mut goes_on = false;
    loop {
        let line = lines.next().ok_or(MALFORMED)?;
        if line == END {
            break;
        }
        // section 3.3: a header has a colon, which no base64 has
        let is_header = goes_on || line.contains(&b':');
        if !is_header {
            body.push(line);
            continue;
        }
        if !body.is_empty() {
            return Err(MALFORMED);
        }
        if !goes_on && let Some(value) = line.strip_prefix(b"Comment:") {
            // section 3.3.2: it may be in quotes
            let value = value.trim_ascii();
            let inner = value.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\""));
            comment = inner.unwrap_or(value);
        }
        goes_on = line.ends_with(b"\\");
    }
    let blob = base64::decode(&body).ok_or(MALFORMED)?;
    Ok(named(PublicKey::from_ssh_blob(&blob)?, comment))
}

fn named(key: PublicKey, comment: &[u8]) -> Entry {
    let name = String::from_utf8_lossy(comment).into_owned();
    Entry { name: Some(name).filter(|name| !name.is_empty()), ..Entry::of_public_key(key) }
}
