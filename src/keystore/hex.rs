//! Hexadecimal digits, in both directions.

/// Pairs of upper-case digits.
pub(super) fn encode(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

/// Pairs of lower-case digits with colons between them.
pub(super) fn encode_with_colons(bytes: &[u8]) -> String {
    let pairs: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    pairs.join(":")
}

/// Pairs of digits of any case, and nothing else.
pub(super) fn decode(digits: &[u8]) -> Option<Vec<u8>> {
    let (pairs, []) = digits.as_chunks::<2>() else {
        return None;
    };
    pairs
        .iter()
        .map(|pair| {
            let high = char::from(pair[0]).to_digit(16)?;
            let low = char::from(pair[1]).to_digit(16)?;
            u8::try_from(high << 4 | low).ok()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_directions() {
        assert_eq!(encode(&[0, 0xab, 0xff]), "00ABFF");
        assert_eq!(encode_with_colons(&[0, 0xab, 0xff]), "00:ab:ff");
        assert_eq!(decode(b"00aBfF"), Some(vec![0, 0xab, 0xff]));
        assert_eq!(decode(b""), Some(vec![]));
        for bad in [&b"0"[..], b"0g", b"+1", b"0 0", "\u{660}0".as_bytes()] {
            assert_eq!(decode(bad), None);
        }
    }
}
