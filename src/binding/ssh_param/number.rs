//! Numbers as text: decimal, or hexadecimal after `0x`; mpints (RFC 4251 section 5:
//! two's complement, as short as possible, empty for zero).

use crate::limits::MAX_DECIMAL_LEN;

/// Big-endian bytes of at most 64 bits.
pub(super) fn unsigned(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |sum: u64, &byte| (sum << 8) | u64::from(byte))
}

/// Upper-case pairs of digits.
pub(super) fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

/// Pairs of digits, after an optional `0x`.
pub(super) fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits = strip_0x(text).unwrap_or(text);
    if !digits.len().is_multiple_of(2) {
        return None;
    }
    nibbles(digits).map(|nibbles| pack(&nibbles))
}

/// `i`: unsigned, or negative as its two's complement.
pub(super) fn int32(text: &str) -> Option<[u8; 4]> {
    let number = integer(text)?;
    let bits = u32::try_from(number).ok();
    let bits = bits.or_else(|| i32::try_from(number).ok().map(i32::cast_unsigned));
    bits.map(u32::to_be_bytes)
}

/// `l`, as [`int32`].
pub(super) fn int64(text: &str) -> Option<[u8; 8]> {
    let number = integer(text)?;
    let bits = u64::try_from(number).ok();
    let bits = bits.or_else(|| i64::try_from(number).ok().map(i64::cast_unsigned));
    bits.map(u64::to_be_bytes)
}

/// `b`
pub(super) fn byte(text: &str) -> Option<u8> {
    u8::try_from(integer(text)?).ok()
}

/// The bytes of an mpint without their length.
pub(super) fn mpint(text: &str) -> Option<Vec<u8>> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    let magnitude = match strip_0x(digits) {
        Some(digits) => {
            let mut nibbles = nibbles(digits)?;
            if !nibbles.len().is_multiple_of(2) {
                nibbles.insert(0, 0);
            }
            pack(&nibbles)
        }
        None => from_decimal(digits)?,
    };
    let first = magnitude.iter().position(|&byte| byte != 0);
    let mut bytes = vec![0];
    match first {
        None => return Some(Vec::new()),
        Some(first) => bytes.extend(magnitude.into_iter().skip(first)),
    }
    if negative {
        negate(&mut bytes);
    }
    // A byte that only repeats the sign is too much.
    let spare = match bytes.as_slice() {
        [0, next, ..] => next & 0x80 == 0,
        [0xff, next, ..] => next & 0x80 != 0,
        _ => false,
    };
    if spare {
        bytes.remove(0);
    }
    Some(bytes)
}

/// The value of an mpint.
pub(super) fn mpint_to_decimal(bytes: &[u8]) -> String {
    let negative = bytes.first().is_some_and(|first| first & 0x80 != 0);
    let mut magnitude = bytes.to_vec();
    if negative {
        negate(&mut magnitude);
    }
    let digits = to_decimal(&magnitude);
    if negative { format!("-{digits}") } else { digits }
}

fn strip_0x(text: &str) -> Option<&str> {
    text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"))
}

fn integer(text: &str) -> Option<i128> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text),
    };
    let (radix, digits) = match strip_0x(digits) {
        Some(digits) => (16, digits),
        None => (10, digits),
    };
    if !digits.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    i128::from_str_radix(digits, radix).ok()?.checked_mul(sign)
}

fn nibbles(digits: &str) -> Option<Vec<u8>> {
    let nibble = |digit: char| digit.to_digit(16).and_then(|value| u8::try_from(value).ok());
    digits.chars().map(nibble).collect()
}

fn pack(nibbles: &[u8]) -> Vec<u8> {
    let byte = |pair: &[u8]| pair.iter().fold(0, |byte: u8, nibble| (byte << 4) | nibble);
    nibbles.chunks(2).map(byte).collect()
}

/// Two's complement in place; one byte longer numbers have room for their sign.
fn negate(bytes: &mut [u8]) {
    let mut carry = true;
    for byte in bytes.iter_mut().rev() {
        let (sum, overflow) = (!*byte).overflowing_add(u8::from(carry));
        *byte = sum;
        carry = overflow;
    }
}

/// What is worked with at a time: nine digits, which fit 32 bits.
const CHUNK_DIGITS: usize = 9;
const CHUNK: u64 = 1_000_000_000;

fn from_decimal(digits: &str) -> Option<Vec<u8>> {
    // Three digits for a byte are more than enough.
    if digits.len() > 3 * MAX_DECIMAL_LEN || digits.is_empty() {
        return None;
    }
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    // Little-endian limbs of 32 bits.
    let mut limbs: Vec<u32> = Vec::new();
    let head = digits.len() % CHUNK_DIGITS;
    let (head, rest) = digits.split_at_checked(head)?;
    let chunks = rest.as_bytes().chunks(CHUNK_DIGITS);
    let texts = std::iter::once(head.as_bytes()).filter(|head| !head.is_empty());
    for chunk in texts.chain(chunks) {
        let text = std::str::from_utf8(chunk).ok()?;
        let mut carry: u64 = text.parse().ok()?;
        for limb in &mut limbs {
            let sum = u64::from(*limb) * CHUNK + carry;
            *limb = low(sum);
            carry = sum >> 32;
        }
        if carry != 0 {
            limbs.push(low(carry));
        }
    }
    Some(limbs.iter().rev().flat_map(|limb| limb.to_be_bytes()).collect())
}

fn to_decimal(bytes: &[u8]) -> String {
    // Big-endian limbs of 32 bits.
    let mut limbs: Vec<u32> = bytes.rchunks(4).rev().map(|chunk| low(unsigned(chunk))).collect();
    let mut chunks = Vec::new();
    while limbs.iter().any(|&limb| limb != 0) {
        let mut rest = 0;
        for limb in &mut limbs {
            let value = (rest << 32) | u64::from(*limb);
            *limb = low(value / CHUNK);
            rest = value % CHUNK;
        }
        chunks.push(rest);
    }
    let Some(first) = chunks.pop() else {
        return "0".to_owned();
    };
    let mut text = first.to_string();
    for chunk in chunks.iter().rev() {
        text.push_str(&format!("{chunk:09}"));
    }
    text
}

/// The low 32 bits.
fn low(value: u64) -> u32 {
    let [_, _, _, _, a, b, c, d] = value.to_be_bytes();
    u32::from_be_bytes([a, b, c, d])
}
