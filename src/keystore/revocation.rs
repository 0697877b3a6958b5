//! Key revocation lists as `ssh-keygen -k` writes them (OpenSSH PROTOCOL.krl): keys and certificates that let
//! nobody in any more. The binding asks it at each login; the list is a file of the program's.

use std::collections::HashSet;

use super::KeystoreError;
use crate::crypto::hash::Hash;
use crate::crypto::signature::Certificate;
use crate::error::InvalidMessage;
use crate::wire::Reader;

const MALFORMED: KeystoreError = KeystoreError::Malformed("key revocation list");

/// `"SSHKRL\n\0"`
const MAGIC: &[u8] = b"SSHKRL\n\0";
const FORMAT_VERSION: u32 = 1;

const SECTION_CERTIFICATES: u8 = 1;
const SECTION_EXPLICIT_KEY: u8 = 2;
const SECTION_FINGERPRINT_SHA1: u8 = 3;
const SECTION_SIGNATURE: u8 = 4;
const SECTION_FINGERPRINT_SHA256: u8 = 5;
const SECTION_EXTENSION: u8 = 255;

const CERT_SERIAL_LIST: u8 = 0x20;
const CERT_SERIAL_RANGE: u8 = 0x21;
const CERT_SERIAL_BITMAP: u8 = 0x22;
const CERT_KEY_ID: u8 = 0x23;
const CERT_EXTENSION: u8 = 0x39;

/// The parsed list.
#[derive(Debug, Default)]
pub struct RevocationList {
    keys: HashSet<Vec<u8>>,
    /// SHA-1 and SHA-256 hashes of keys; their lengths tell them apart.
    fingerprints: HashSet<Vec<u8>>,
    certificates: Vec<Certificates>,
}

/// The certificates of one authority that are revoked.
#[derive(Debug, Default)]
struct Certificates {
    /// Empty: of every authority.
    authority: Vec<u8>,
    ranges: Vec<SerialRange>,
    bitmaps: Vec<Bitmap>,
    key_ids: HashSet<Vec<u8>>,
}

/// Both ends belong to it.
#[derive(Debug)]
struct SerialRange {
    first: u64,
    last: u64,
}

/// Bit 0 of the number stands for the serial number `first`.
#[derive(Debug)]
struct Bitmap {
    first: u64,
    /// Big-endian.
    magnitude: Vec<u8>,
}

impl RevocationList {
    /// Parses a whole file. A list that cannot be understood in full is refused: nobody knows then what it
    /// revokes. The signatures that a list can have are not looked at, as OpenSSH does it since 9.4: who can
    /// write the file can leave them out.
    pub fn parse(bytes: &[u8]) -> Result<Self, KeystoreError> {
        Self::read(bytes).map_err(|_| MALFORMED)
    }

    fn read(bytes: &[u8]) -> Result<Self, InvalidMessage> {
        let mut reader = Reader::new(bytes);
        if reader.bytes(MAGIC.len())? != MAGIC || reader.u32()? != FORMAT_VERSION {
            return Err(InvalidMessage::BadKeyBlob);
        }
        let (_version, _date, _flags) = (reader.u64()?, reader.u64()?, reader.u64()?);
        let (_reserved, _comment) = (reader.string()?, reader.string()?);
        let mut list = Self::default();
        let mut has_signature = false;
        while !reader.is_empty() {
            let kind = reader.u8()?;
            let section = reader.string()?;
            if kind == SECTION_SIGNATURE {
                // `string signature_key | string signature`
                reader.string()?;
                has_signature = true;
            } else if has_signature {
                return Err(InvalidMessage::TrailingBytes);
            } else {
                list.read_section(kind, section)?;
            }
        }
        Ok(list)
    }

    fn read_section(&mut self, kind: u8, section: &[u8]) -> Result<(), InvalidMessage> {
        let mut reader = Reader::new(section);
        match kind {
            SECTION_CERTIFICATES => self.certificates.push(Certificates::read(reader)?),
            SECTION_EXPLICIT_KEY => {
                while !reader.is_empty() {
                    self.keys.insert(reader.string()?.to_vec());
                }
            }
            SECTION_FINGERPRINT_SHA1 | SECTION_FINGERPRINT_SHA256 => {
                let sha1 = kind == SECTION_FINGERPRINT_SHA1;
                let len = if sha1 { 20 } else { 32 };
                while !reader.is_empty() {
                    let fingerprint = reader.string()?;
                    if fingerprint.len() != len {
                        return Err(InvalidMessage::BadKeyBlob);
                    }
                    self.fingerprints.insert(fingerprint.to_vec());
                }
            }
            SECTION_EXTENSION => read_extension(reader)?,
            _ => return Err(InvalidMessage::BadKeyBlob),
        }
        Ok(())
    }

    /// Whether it revokes a key or a certificate, by its blob. A certificate is revoked with the key in it, and
    /// with its authority, too.
    pub fn revokes(&self, blob: &[u8]) -> bool {
        let Ok(certificate) = Certificate::parse(blob) else {
            return self.revokes_key(blob);
        };
        self.revokes_key(&certificate.key_blob)
            || self.revokes_key(&certificate.authority)
            || self.certificates.iter().any(|it| it.revoke(&certificate))
    }

    fn revokes_key(&self, blob: &[u8]) -> bool {
        self.keys.contains(blob)
            || [Hash::Sha1, Hash::Sha256]
                .iter()
                .any(|hash| self.fingerprints.contains(&hash.digest(&[blob])))
    }
}

impl Certificates {
    /// `string authority | string reserved`, then sections.
    fn read(mut reader: Reader<'_>) -> Result<Self, InvalidMessage> {
        let authority = reader.string()?.to_vec();
        reader.string()?;
        let mut these = Self { authority, ..Self::default() };
        while !reader.is_empty() {
            let kind = reader.u8()?;
            these.read_section(kind, Reader::new(reader.string()?))?;
        }
        Ok(these)
    }

    fn read_section(&mut self, kind: u8, mut reader: Reader<'_>) -> Result<(), InvalidMessage> {
        match kind {
            CERT_SERIAL_LIST => {
                while !reader.is_empty() {
                    let serial = reader.u64()?;
                    self.ranges.push(SerialRange::new(serial, serial)?);
                }
                Ok(())
            }
            CERT_SERIAL_RANGE => {
                self.ranges.push(SerialRange::new(reader.u64()?, reader.u64()?)?);
                reader.finish()
            }
            CERT_SERIAL_BITMAP => {
                let first = reader.u64()?;
                let magnitude = reader.mpint()?.to_vec();
                self.bitmaps.push(Bitmap { first, magnitude });
                reader.finish()
            }
            CERT_KEY_ID => {
                while !reader.is_empty() {
                    self.key_ids.insert(reader.string()?.to_vec());
                }
                Ok(())
            }
            CERT_EXTENSION => read_extension(reader),
            _ => Err(InvalidMessage::BadKeyBlob),
        }
    }

    fn revoke(&self, certificate: &Certificate) -> bool {
        if !self.authority.is_empty() && self.authority != certificate.authority {
            return false;
        }
        let serial = certificate.serial;
        self.key_ids.contains(certificate.key_id.as_bytes())
            // 0 is the serial number of certificates that have none
            || (serial != 0
                && (self.ranges.iter().any(|range| range.contains(serial))
                    || self.bitmaps.iter().any(|bitmap| bitmap.contains(serial))))
    }
}

impl SerialRange {
    fn new(first: u64, last: u64) -> Result<Self, InvalidMessage> {
        // a range that is empty, or has the number of no certificate, is a mistake
        if first == 0 || first > last {
            return Err(InvalidMessage::BadKeyBlob);
        }
        Ok(Self { first, last })
    }

    fn contains(&self, serial: u64) -> bool {
        (self.first..=self.last).contains(&serial)
    }
}

impl Bitmap {
    fn contains(&self, serial: u64) -> bool {
        let Some(bit) = serial.checked_sub(self.first) else {
            return false;
        };
        let from_end = usize::try_from(bit / 8).ok();
        let byte = from_end.and_then(|it| self.magnitude.iter().rev().nth(it));
        byte.is_some_and(|byte| byte >> (bit % 8) & 1 != 0)
    }
}

/// `string name | boolean critical | string contents`: none is known, so one that is critical refuses the list.
fn read_extension(mut reader: Reader<'_>) -> Result<(), InvalidMessage> {
    reader.string()?;
    let is_critical = reader.boolean()?;
    reader.string()?;
    reader.finish()?;
    if is_critical { Err(InvalidMessage::BadKeyBlob) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use base64ct::{Base64, Encoding};

    use super::*;
    use crate::wire::Writer;

    /// The blob in a file of `tests/vectors/certificates`, made with ssh-keygen. The serial number of the
    /// certificates is 7.
    fn blob(name: &str) -> Vec<u8> {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/certificates");
        let text = std::fs::read_to_string(format!("{folder}/{name}.pub")).unwrap();
        Base64::decode_vec(text.split_whitespace().nth(1).unwrap()).unwrap()
    }

    /// A list with these sections.
    fn list(sections: &[(u8, Vec<u8>)]) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        let mut writer = Writer::new(&mut bytes);
        writer.u32(FORMAT_VERSION).u64(1).u64(0).u64(0).string("").string("a comment");
        for (kind, data) in sections {
            writer.u8(*kind).string(data);
        }
        bytes
    }

    /// A section of certificates with these sections.
    fn certificates(authority: &[u8], sections: &[(u8, Vec<u8>)]) -> (u8, Vec<u8>) {
        let mut bytes = Vec::new();
        let mut writer = Writer::new(&mut bytes);
        writer.string(authority).string("");
        for (kind, data) in sections {
            writer.u8(*kind).string(data);
        }
        (SECTION_CERTIFICATES, bytes)
    }

    fn string(bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        Writer::new(&mut out).string(bytes);
        out
    }

    fn numbers(numbers: &[u64]) -> Vec<u8> {
        numbers.iter().flat_map(|number| number.to_be_bytes()).collect()
    }

    fn revoked(bytes: &[u8]) -> Vec<&'static str> {
        let list = RevocationList::parse(bytes).unwrap();
        let names = ["ed25519", "rsa", "user-ed25519-cert", "user-rsa-cert"];
        names.into_iter().filter(|name| list.revokes(&blob(name))).collect()
    }

    #[test]
    fn keys_and_their_certificates() {
        let key = blob("ed25519");
        let expected = ["ed25519", "user-ed25519-cert"];
        let by_hash = |hash: Hash| string(&hash.digest(&[&key]));
        assert_eq!(revoked(&list(&[(SECTION_EXPLICIT_KEY, string(&key))])), expected);
        let sha1 = list(&[(SECTION_FINGERPRINT_SHA1, by_hash(Hash::Sha1))]);
        assert_eq!(revoked(&sha1), expected);
        let sha256 = list(&[(SECTION_FINGERPRINT_SHA256, by_hash(Hash::Sha256))]);
        assert_eq!(revoked(&sha256), expected);
        assert_eq!(revoked(&list(&[])), [""; 0]);
        let authority = list(&[(SECTION_EXPLICIT_KEY, string(&blob("ca-ed25519")))]);
        assert_eq!(revoked(&authority), ["user-ed25519-cert", "user-rsa-cert"]);
    }

    #[test]
    fn certificates_by_number_and_name() {
        let all = ["user-ed25519-cert", "user-rsa-cert"];
        let none = [""; 0];
        let bitmap = |first: u64, bits: &[u8]| [numbers(&[first]), string(bits)].concat();
        let cases: [(u8, Vec<u8>, &[&str]); 12] = [
            (CERT_SERIAL_LIST, numbers(&[3, 7]), &all),
            (CERT_SERIAL_LIST, numbers(&[6, 8]), &none),
            (CERT_SERIAL_RANGE, numbers(&[7, 7]), &all),
            (CERT_SERIAL_RANGE, numbers(&[1, u64::MAX]), &all),
            (CERT_SERIAL_RANGE, numbers(&[8, 9]), &none),
            (CERT_SERIAL_BITMAP, bitmap(7, &[1]), &all),
            (CERT_SERIAL_BITMAP, bitmap(0, &[0, 0x80]), &all),
            (CERT_SERIAL_BITMAP, bitmap(6, &[1]), &none),
            (CERT_SERIAL_BITMAP, bitmap(8, &[1]), &none),
            (CERT_SERIAL_BITMAP, bitmap(7, &[]), &none),
            (CERT_KEY_ID, string(b"user rsa"), &all[1..]),
            (CERT_KEY_ID, string(b"user"), &none),
        ];
        for (kind, data, expected) in cases {
            for authority in [blob("ca-ed25519"), vec![]] {
                let section = certificates(&authority, &[(kind, data.clone())]);
                assert_eq!(revoked(&list(&[section])), expected, "{kind} {data:?}");
            }
            let other = certificates(&blob("rsa"), &[(kind, data)]);
            assert_eq!(revoked(&list(&[other])), none);
        }
    }

    #[test]
    fn what_is_not_understood_refuses_the_list() {
        let extension =
            |critical: u8| [string(b"x@example.com"), vec![critical], string(b"")].concat();
        let good = certificates(b"", &[(CERT_EXTENSION, extension(0))]);
        assert_eq!(revoked(&list(&[good, (SECTION_EXTENSION, extension(0))])), [""; 0]);
        for bad in [
            list(&[(SECTION_EXTENSION, extension(1))]),
            list(&[certificates(b"", &[(CERT_EXTENSION, extension(1))])]),
            list(&[(6, vec![])]),
            list(&[certificates(b"", &[(0x24, vec![])])]),
            list(&[(SECTION_FINGERPRINT_SHA1, string(&[0; 32]))]),
            list(&[certificates(b"", &[(CERT_SERIAL_RANGE, numbers(&[2, 1]))])]),
            list(&[certificates(b"", &[(CERT_SERIAL_LIST, numbers(&[0]))])]),
            list(&[certificates(b"", &[(CERT_SERIAL_RANGE, numbers(&[1, 2, 3]))])]),
            b"SSHKRL\n\0\0\0\0\x02".to_vec(),
            b"ssh-ed25519 AAAA".to_vec(),
        ] {
            assert_eq!(RevocationList::parse(&bad).unwrap_err(), MALFORMED, "{bad:?}");
        }
    }

    #[test]
    fn signatures_are_at_the_end_and_not_looked_at() {
        let mut signed = list(&[(SECTION_EXPLICIT_KEY, string(&blob("rsa")))]);
        Writer::new(&mut signed).u8(SECTION_SIGNATURE).string("a key").string("a signature");
        assert_eq!(revoked(&signed), ["rsa", "user-rsa-cert"]);
        Writer::new(&mut signed).u8(SECTION_EXPLICIT_KEY).string("");
        assert!(RevocationList::parse(&signed).is_err());
    }

    #[test]
    fn every_byte_counts() {
        let sections = [(CERT_SERIAL_RANGE, numbers(&[1, 9])), (CERT_KEY_ID, string(b"user"))];
        let whole = list(&[certificates(&blob("ca-ed25519"), &sections)]);
        let ends_of_sections = list(&[]).len();
        for len in (0..whole.len()).filter(|&len| len != ends_of_sections) {
            assert!(RevocationList::parse(&whole[..len]).is_err(), "{len}");
        }
    }
}
