//! Keys in XML: `RSAKeyValue` and `DSAKeyValue` as .NET's `ToXmlString` writes them (XML Signature
//! with the private numbers added), `ECKeyValue` (XML Signature 1.1 section 4.5.2.3) and
//! `ECDSAKeyValue` (RFC 4050), alone or inside `KeyInfo`, where `X509Certificate` may stand beside.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use zeroize::Zeroizing;

use super::contents::{Contents, Entry, EntryKey};
use super::curves::{CurveNames, known_curve};
use super::format::Format;
use super::private_key::{DsaNumbers, ParsedKey, RsaNumbers};
use super::public_key::PublicKey;
use super::x509::X509;
use super::{KeystoreError, Unlock, base64};
use crate::limits::MAX_XML_DEPTH;

pub(super) static FORMAT: Format =
    Format { name: "XML key", matches: |data| text_of(data).starts_with(b"<"), read };

const MALFORMED: KeystoreError = KeystoreError::Malformed("XML key");

/// One element's name and text, or one attribute's.
struct Field {
    name: String,
    text: Zeroizing<String>,
}

/// The numbers under a key's element.
struct KeyValue {
    kind: String,
    fields: Vec<Field>,
}

fn text_of(data: &[u8]) -> &[u8] {
    data.strip_prefix(b"\xef\xbb\xbf").unwrap_or(data).trim_ascii()
}

fn read(data: &[u8], unlock: &Unlock<'_>) -> Result<Contents, KeystoreError> {
    let text = std::str::from_utf8(text_of(data)).map_err(|_| MALFORMED)?;
    let Document { keys, certificates, root } = Document::parse(text)?;
    if keys.is_empty() && certificates.is_empty() {
        return Err(KeystoreError::unsupported_format(format!("XML element {root}")));
    }
    let mut entries = Vec::new();
    for key in &keys {
        let key = key.read()?;
        unlock.pay_for_key(key.public())?;
        entries.push(Entry { key: Some(key), ..Entry::default() });
    }
    Ok(Contents::assemble(entries, certificates))
}

/// The fields of a document that are read.
#[derive(Default)]
struct Document {
    root: String,
    keys: Vec<KeyValue>,
    certificates: Vec<X509>,
}

impl Document {
    fn parse(text: &str) -> Result<Self, KeystoreError> {
        let mut reader = Reader::from_str(text);
        let mut out = Self::default();
        let mut open: Vec<Field> = Vec::new();
        // the depth of the key's element that is being read
        let mut key_depth = None;
        loop {
            match reader.read_event().map_err(|_| MALFORMED)? {
                Event::Start(start) => {
                    out.start(&start, &mut key_depth, open.len())?;
                    open.push(Field { name: local_name(&start), text: Zeroizing::default() });
                    if open.len() > MAX_XML_DEPTH {
                        return Err(MALFORMED);
                    }
                }
                Event::Empty(start) => {
                    out.start(&start, &mut key_depth, open.len())?;
                    if key_depth == Some(open.len()) {
                        key_depth = None;
                    }
                }
                Event::End(_) => {
                    out.end(open.pop().ok_or(MALFORMED)?, key_depth.is_some())?;
                    if key_depth == Some(open.len()) {
                        key_depth = None;
                    }
                }
                Event::Text(text) => {
                    append(&mut open, &text)?;
                }
                Event::CData(text) => {
                    append(&mut open, &text)?;
                }
                // no key has one, and declared entities can expand to gigabytes
                Event::DocType(_) | Event::GeneralRef(_) => return Err(MALFORMED),
                Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
                Event::Eof if open.is_empty() => return Ok(out),
                Event::Eof => return Err(MALFORMED),
            }
        }
    }

    fn start(
        &mut self,
        element: &BytesStart<'_>,
        key_depth: &mut Option<usize>,
        depth: usize,
    ) -> Result<(), KeystoreError> {
        let name = local_name(element);
        if self.root.is_empty() {
            self.root.clone_from(&name);
        }
        if key_depth.is_some() {
            if let Some(key) = self.keys.last_mut() {
                // checking for duplicates compares each attribute with each other
                for attribute in element.attributes().with_checks(false) {
                    let attribute = attribute.map_err(|_| MALFORMED)?;
                    let own = attribute.key.as_ref();
                    key.fields.push(Field {
                        name: format!("{name}@{own}"),
                        text: Zeroizing::new(attribute.value.into_owned()),
                    });
                }
            }
        } else if name.ends_with("KeyValue") && name != "KeyValue" {
            *key_depth = Some(depth);
            self.keys.push(KeyValue { kind: name, fields: Vec::new() });
        }
        Ok(())
    }

    fn end(&mut self, element: Field, in_key: bool) -> Result<(), KeystoreError> {
        if in_key {
            if let Some(key) = self.keys.last_mut() {
                key.fields.push(element);
            }
        } else if element.name == "X509Certificate" {
            let der = base64::decode(&[element.text.as_bytes()]).ok_or(MALFORMED)?;
            self.certificates.push(X509::from_der(&der)?);
        }
        Ok(())
    }
}

fn local_name(element: &BytesStart<'_>) -> String {
    element.local_name().as_ref().to_owned()
}

fn append(open: &mut [Field], text: &str) -> Result<(), KeystoreError> {
    let Some(element) = open.last_mut() else {
        return if text.trim().is_empty() { Ok(()) } else { Err(MALFORMED) };
    };
    let len = element.text.len().saturating_add(text.len());
    if len > element.text.capacity() {
        // a string that grows by itself leaves a copy behind that is not wiped
        let mut longer = Zeroizing::new(String::with_capacity(len.saturating_mul(2)));
        longer.push_str(&element.text);
        element.text = longer;
    }
    element.text.push_str(text);
    Ok(())
}

impl KeyValue {
    fn read(&self) -> Result<EntryKey, KeystoreError> {
        match self.kind.as_str() {
            "RSAKeyValue" => self.rsa(),
            "DSAKeyValue" => self.dsa(),
            "ECKeyValue" | "ECDSAKeyValue" => self.ec(),
            other => Err(KeystoreError::unsupported_key(other)),
        }
    }

    fn text(&self, name: &str) -> Option<&str> {
        let field = self.fields.iter().find(|field| field.name == name);
        field.map(|field| field.text.as_str())
    }

    /// A value in base64.
    fn number(&self, name: &str) -> Result<Option<Zeroizing<Vec<u8>>>, KeystoreError> {
        let text = self.text(name);
        text.map(|text| base64::decode(&[text.as_bytes()]).ok_or(MALFORMED)).transpose()
    }

    fn needed(&self, name: &str) -> Result<Zeroizing<Vec<u8>>, KeystoreError> {
        self.number(name)?.ok_or(MALFORMED)
    }

    fn rsa(&self) -> Result<EntryKey, KeystoreError> {
        let (n, e) = (self.needed("Modulus")?, self.needed("Exponent")?);
        let Some(d) = self.number("D")? else {
            return PublicKey::rsa(&n, &e).map(EntryKey::Public);
        };
        let (Some(p), Some(q)) = (self.number("P")?, self.number("Q")?) else {
            return Err(KeystoreError::unsupported_key("RSA without its primes"));
        };
        let numbers = RsaNumbers { n: &n, e: &e, d: &d, p: &p, q: &q };
        private(ParsedKey::rsa(&numbers)?)
    }

    fn dsa(&self) -> Result<EntryKey, KeystoreError> {
        let [p, q, g, y] =
            [self.needed("P")?, self.needed("Q")?, self.needed("G")?, self.needed("Y")?];
        match self.number("X")? {
            Some(x) => {
                private(ParsedKey::dsa(&DsaNumbers { p: &p, q: &q, g: &g, y: Some(&y), x: &x })?)
            }
            None => PublicKey::dsa(&p, &q, &g, &y).map(EntryKey::Public),
        }
    }

    fn ec(&self) -> Result<EntryKey, KeystoreError> {
        let curve = self.curve()?;
        let point = match (self.text("X@Value"), self.text("Y@Value")) {
            // RFC 4050 section 3.3: decimal numbers
            (Some(x), Some(y)) => curve
                .point(&from_decimal(x, curve.field_len)?, &from_decimal(y, curve.field_len)?)?,
            _ => {
                let mut point = self.needed("PublicKey")?;
                // the example in the standard has the coordinates without the leading 4
                if point.len() == curve.field_len.saturating_mul(2) {
                    point.insert(0, 4);
                }
                point.to_vec()
            }
        };
        let public = PublicKey::ecdsa(curve, &point)?;
        let scalar = match self.number("PrivateKey")? {
            Some(scalar) => Some(scalar),
            None => self.number("D")?,
        };
        match scalar {
            Some(scalar) => private(ParsedKey::ecdsa(curve, &scalar, &point)?),
            None => Ok(EntryKey::Public(public)),
        }
    }

    fn curve(&self) -> Result<&'static CurveNames, KeystoreError> {
        let named = self.text("NamedCurve@URI").or_else(|| self.text("NamedCurve@URN"));
        let Some(name) = named else {
            return Err(KeystoreError::unsupported_key("EC with explicit curve parameters"));
        };
        let digits = name.strip_prefix("urn:oid:").unwrap_or(name);
        match digits.parse() {
            Ok(oid) => known_curve(&oid),
            Err(_) => Err(KeystoreError::unsupported_key(format!("EC curve {name}"))),
        }
    }
}

/// A decimal number, which has to fit into `len` bytes.
fn from_decimal(digits: &str, len: usize) -> Result<Vec<u8>, KeystoreError> {
    let mut number = vec![0_u8; len];
    for digit in digits.trim().chars() {
        let mut carry = digit.to_digit(10).ok_or(MALFORMED)?;
        for byte in number.iter_mut().rev() {
            let sum = u32::from(*byte).saturating_mul(10).saturating_add(carry);
            let [.., high, low] = sum.to_be_bytes();
            *byte = low;
            carry = u32::from(high);
        }
        if carry != 0 {
            return Err(MALFORMED);
        }
    }
    Ok(number)
}

fn private(key: ParsedKey) -> Result<EntryKey, KeystoreError> {
    Ok(EntryKey::Private(Box::new(key)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimal_numbers() {
        assert_eq!(from_decimal("0", 2).unwrap(), [0, 0]);
        assert_eq!(from_decimal(" 65535\n", 2).unwrap(), [255, 255]);
        assert_eq!(from_decimal("256", 3).unwrap(), [0, 1, 0]);
        for bad in ["65536", "-1", "1e2", "0x1"] {
            assert_eq!(from_decimal(bad, 2), Err(MALFORMED), "{bad}");
        }
    }
}
