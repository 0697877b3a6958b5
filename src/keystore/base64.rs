//! Base64 (RFC 4648 section 4), with line breaks on both sides, in time that does not depend on the
//! characters and into memory that is wiped.

use base64ct::{Base64, Base64UrlUnpadded, Encoding};
use zeroize::Zeroizing;

/// The columns of a line in PEM (RFC 7468 section 2).
const LINE_LEN: usize = 64;

/// Decodes a text, given in pieces, with white space anywhere; `None` if it has any other error.
pub(super) fn decode(text: &[&[u8]]) -> Option<Zeroizing<Vec<u8>>> {
    // capacity for all of it: a vector that grows leaves copies of secrets behind
    let len = text.iter().map(|piece| piece.len()).sum();
    let mut digits = Zeroizing::new(Vec::with_capacity(len));
    for piece in text {
        digits.extend(piece.iter().filter(|byte| !byte.is_ascii_whitespace()));
    }
    let mut bytes = Zeroizing::new(vec![0_u8; digits.len()]);
    let len = Base64::decode(digits.as_slice(), &mut bytes).ok()?.len();
    bytes.truncate(len);
    Some(bytes)
}

/// Decodes base64url (RFC 4648 section 5), with or without padding.
pub(super) fn decode_url(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let digits = text.trim_end_matches('=');
    let mut bytes = Zeroizing::new(vec![0_u8; digits.len()]);
    let len = Base64UrlUnpadded::decode(digits, &mut bytes).ok()?.len();
    bytes.truncate(len);
    Some(bytes)
}

/// A PEM block.
pub(super) fn to_pem(label: &str, der: &[u8]) -> Zeroizing<String> {
    let digits_len = Base64::encoded_len(der);
    let mut digits = Zeroizing::new(vec![0_u8; digits_len]);
    let digits = Base64::encode(der, &mut digits).unwrap_or_default();
    // capacity for all of it: a string that grows leaves copies of secrets behind
    let lines = digits_len.div_ceil(LINE_LEN);
    let around = label.len().saturating_mul(2).saturating_add(40);
    let capacity = digits_len.saturating_add(lines).saturating_add(around);
    let mut pem = Zeroizing::new(String::with_capacity(capacity));
    pem.push_str("-----BEGIN ");
    pem.push_str(label);
    pem.push_str("-----\n");
    let mut rest = digits;
    while !rest.is_empty() {
        let (line, after) = rest.split_at_checked(LINE_LEN).unwrap_or((rest, ""));
        pem.push_str(line);
        pem.push('\n');
        rest = after;
    }
    pem.push_str("-----END ");
    pem.push_str(label);
    pem.push_str("-----\n");
    pem
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4648 section 10
    #[test]
    fn vectors_of_the_rfc() {
        let cases: [(&[u8], &[u8]); 4] = [
            (b"", b""),
            (b"Zg==", b"f"),
            (b"Zm9v\nYg==\r\n", b"foob"),
            (b" Zm9v YmFy ", b"foobar"),
        ];
        for (text, bytes) in cases {
            assert_eq!(decode(&[text]).as_deref().map(Vec::as_slice), Some(bytes));
        }
        for bad in [&b"Zg="[..], b"Zg", b"Z", b"Zm9v!", b"Zh=="] {
            assert_eq!(decode(&[bad]), None);
        }
    }

    #[test]
    fn the_other_alphabet() {
        let bytes = [0xfb, 0xff];
        for text in ["-_8", "-_8="] {
            assert_eq!(decode_url(text).as_deref().map(Vec::as_slice), Some(&bytes[..]));
        }
        assert_eq!(decode_url("+/8"), None);
        assert_eq!(decode_url("-_8 "), None);
    }

    #[test]
    fn a_pem_block_reads_back_and_fits_its_capacity() {
        for len in [1, 47, 48, 49, 96, 1000] {
            let der = vec![0xa5; len];
            let pem = to_pem("TEST", &der);
            let body = pem
                .strip_prefix("-----BEGIN TEST-----\n")
                .and_then(|rest| rest.strip_suffix("-----END TEST-----\n"))
                .unwrap();
            assert!(body.lines().all(|line| line.len() <= LINE_LEN));
            assert_eq!(*decode(&[body.as_bytes()]).unwrap(), der);
        }
    }
}
