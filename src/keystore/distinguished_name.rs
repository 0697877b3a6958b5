//! Distinguished names as fields (X.501): by a subject a program names a certificate, and so are a
//! certificate's names written. `x509` reads them from certificates, `certificate` compares them.

use std::borrow::Cow;
use std::fmt;

use der::asn1::Any;
use der::{Tag, Tagged};
use x509_cert::attr::AttributeTypeAndValue;
use x509_cert::name::Name;

use super::hex;
use crate::limits::MAX_NAME_FIELDS;

/// A name whose text has the documented form: "CN=..., O=...", values with commas in quotes. Names are
/// compared by their fields, not by the order and spelling of these.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DistinguishedName {
    /// The relative names, in the order of the text; mostly one field each.
    relative_names: Vec<Vec<Field>>,
}

/// One attribute with its value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Field {
    /// The documented name, in capitals, or the object identifier.
    name: Cow<'static, str>,
    value: String,
}

/// The fields of a name, sorted; names with the same fields are equal.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fields(Vec<Field>);

/// The attributes that have names: the object identifier, the name that is written, others that are read
/// (RFC 4514 section 3, RFC 4519, and those of OpenSSL and of Java).
const ATTRIBUTES: &[(&str, &str, &[&str])] = &[
    ("2.5.4.3", "CN", &["COMMONNAME"]),
    ("2.5.4.10", "O", &["ORGANIZATIONNAME"]),
    ("2.5.4.11", "OU", &["ORGANIZATIONALUNITNAME"]),
    ("2.5.4.7", "L", &["LOCALITYNAME"]),
    ("2.5.4.8", "S", &["ST", "STATEORPROVINCENAME"]),
    ("2.5.4.6", "C", &["COUNTRYNAME"]),
    ("1.2.840.113549.1.9.1", "E", &["EMAIL", "EMAILADDRESS"]),
    ("2.5.4.4", "SN", &["SURNAME"]),
    ("2.5.4.5", "SERIALNUMBER", &[]),
    ("2.5.4.9", "STREET", &["STREETADDRESS"]),
    ("2.5.4.12", "T", &["TITLE"]),
    ("2.5.4.42", "G", &["GN", "GIVENNAME"]),
    ("0.9.2342.19200300.100.1.1", "UID", &["USERID"]),
    ("0.9.2342.19200300.100.1.25", "DC", &["DOMAINCOMPONENT"]),
];

/// The number of documented attributes; these come first, in the documented order.
const DOCUMENTED: usize = 7;

impl DistinguishedName {
    /// The name of a certificate: the documented fields first, with the documentation's "S" and "E" for
    /// what RFC 4514 names otherwise; the rest, and fields of one name, as in RFC 4514 section 2.1: the
    /// last relative name comes first.
    pub(super) fn of(name: &Name) -> Self {
        let mut relative_names: Vec<Vec<Field>> =
            name.iter_rdn().map(|relative| relative.iter().map(Field::of).collect()).collect();
        relative_names.reverse();
        Self::in_order(relative_names)
    }

    /// The fields that `text` lists, in the form of the documentation or as RFC 4514 and programs write
    /// them; none if it is no list of fields.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut relative_names: Vec<Vec<Field>> = Vec::new();
        let mut joined = false;
        let mut rest = text;
        for _ in 0..MAX_NAME_FIELDS {
            let (field, separator, after) = Field::read(rest)?;
            match relative_names.last_mut().filter(|_| joined) {
                Some(relative) => relative.push(field),
                None => relative_names.push(vec![field]),
            }
            match separator {
                Some(separator) => joined = separator == '+',
                None => return Some(Self::in_order(relative_names)),
            }
            rest = after;
        }
        None
    }

    fn in_order(mut relative_names: Vec<Vec<Field>>) -> Self {
        // a stable sort
        relative_names.sort_by_key(|relative| {
            let name = relative.first().map(|field| field.name.as_ref());
            let documented = ATTRIBUTES.iter().take(DOCUMENTED);
            documented.map(|row| Some(row.1)).position(|each| each == name).unwrap_or(DOCUMENTED)
        });
        Self { relative_names }
    }

    /// The fields with exactly their values.
    pub(super) fn fields(&self) -> Fields {
        let mut fields: Vec<Field> = self.relative_names.iter().flatten().cloned().collect();
        fields.sort();
        Fields(fields)
    }

    /// The fields as names are compared (RFC 5280 section 7.1): the case of letters does not count, and
    /// several spaces are one.
    pub(super) fn folded(&self) -> Fields {
        let fold = |field: &Field| {
            let words: Vec<&str> = field.value.split_whitespace().collect();
            Field { name: field.name.clone(), value: words.join(" ").to_lowercase() }
        };
        let mut fields: Vec<Field> = self.relative_names.iter().flatten().map(fold).collect();
        fields.sort();
        Fields(fields)
    }
}

impl fmt::Display for DistinguishedName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, relative) in self.relative_names.iter().enumerate() {
            for (j, Field { name, value }) in relative.iter().enumerate() {
                let separator = match (i, j) {
                    (0, 0) => "",
                    (_, 0) => ", ",
                    (_, _) => " + ",
                };
                write!(f, "{separator}{name}={}", quoted(value))?;
            }
        }
        Ok(())
    }
}

impl Fields {
    /// Whether every field of `part` is among these, at least as often as in `part`.
    pub(super) fn contain(&self, part: &Self) -> bool {
        // both are sorted
        let mut rest = self.0.iter();
        part.0.iter().all(|field| rest.any(|each| each == field))
    }
}

impl Field {
    fn of(attribute: &AttributeTypeAndValue) -> Self {
        let value = string_text(&attribute.value)
            .unwrap_or_else(|| format!("#{}", hex::encode(attribute.value.value())));
        Self { name: field_name(&attribute.oid.to_string()), value }
    }

    /// The field that `text` begins with, the separator behind it, and the text after that.
    fn read(text: &str) -> Option<(Self, Option<char>, &str)> {
        let (name, rest) = text.split_once('=')?;
        let name = name.trim();
        let is_part = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '-';
        if name.is_empty() || !name.chars().all(is_part) {
            return None;
        }
        let rest = rest.trim_start();
        let (value, rest) = match rest.strip_prefix('"') {
            Some(inside) => read_quoted(inside)?,
            None => read_plain(rest)?,
        };
        let mut after = rest.chars();
        let separator = after.next();
        if !separator.is_none_or(is_separator) {
            return None;
        }
        Some((Self { name: field_name(name), value }, separator, after.as_str()))
    }
}

/// The name that is written for an attribute's name, alias or object identifier.
fn field_name(name: &str) -> Cow<'static, str> {
    let upper = name.to_ascii_uppercase();
    let upper = upper.strip_prefix("OID.").unwrap_or(&upper);
    let known = ATTRIBUTES.iter().find(|(oid, written, others)| {
        upper == *oid || upper == *written || others.contains(&upper)
    });
    match known {
        Some((_, written, _)) => Cow::Borrowed(written),
        None => Cow::Owned(upper.to_owned()),
    }
}

fn is_separator(c: char) -> bool {
    matches!(c, ',' | ';' | '+')
}

/// A value up to its closing quote, and the text behind the spaces after that. Two quotes stand for one.
fn read_quoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut rest = text;
    loop {
        let (part, after) = rest.split_once('"')?;
        value.push_str(part);
        match after.strip_prefix('"') {
            Some(after) => {
                value.push('"');
                rest = after;
            }
            None => return Some((value, after.trim_start())),
        }
    }
}

/// A value up to a separator or the end, without the spaces around it, and the text behind it. A backslash
/// escapes a character, or stands before two hexadecimal digits (RFC 4514 section 2.4).
fn read_plain(text: &str) -> Option<(String, &str)> {
    let mut value = Vec::new();
    // the end of the value without trailing spaces
    let mut end = 0;
    let mut chars = text.chars();
    loop {
        let rest = chars.as_str();
        let Some(c) = chars.next().filter(|&c| !is_separator(c)) else {
            value.truncate(end);
            return String::from_utf8(value).ok().map(|value| (value, rest));
        };
        match escaped(chars.as_str()).filter(|_| c == '\\') {
            Some((byte, after)) => {
                value.push(byte);
                chars = after.chars();
            }
            None => value.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
        if !c.is_whitespace() {
            end = value.len();
        }
    }
}

/// The character or byte that a backslash escapes, and the text behind it.
fn escaped(text: &str) -> Option<(u8, &str)> {
    match text.as_bytes() {
        [byte @ (b' ' | b'"' | b'#' | b'+' | b',' | b';' | b'<' | b'=' | b'>' | b'\\'), ..] => {
            Some((*byte, text.get(1..)?))
        }
        [high, low, ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
            Some((u8::from_str_radix(text.get(..2)?, 16).ok()?, text.get(2..)?))
        }
        _ => None,
    }
}

/// A value, in quotes if it has a comma or another special character of a list of names.
fn quoted(value: &str) -> Cow<'_, str> {
    let special = [',', '+', '=', '"', '<', '>', '#', ';', '\\', '\r', '\n'];
    if value.contains(special) || value != value.trim() || value.is_empty() {
        Cow::Owned(format!("\"{}\"", value.replace('"', "\"\"")))
    } else {
        Cow::Borrowed(value)
    }
}

/// The string types of X.690 that names use.
pub(super) fn string_text(text: &Any) -> Option<String> {
    let (tag, value) = (text.tag(), text.value());
    if matches!(tag, Tag::Utf8String | Tag::PrintableString | Tag::Ia5String | Tag::NumericString) {
        std::str::from_utf8(value).ok().map(ToOwned::to_owned)
    } else if tag == Tag::TeletexString {
        // text of type T.61 is Latin-1 in practice
        Some(value.iter().copied().map(char::from).collect())
    } else if tag == Tag::BmpString {
        let (pairs, []) = value.as_chunks::<2>() else {
            return None;
        };
        let units: Vec<u16> = pairs.iter().copied().map(u16::from_be_bytes).collect();
        String::from_utf16(&units).ok()
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Option<String> {
        DistinguishedName::parse(text).map(|name| name.to_string())
    }

    #[test]
    fn the_ways_to_write_a_name() {
        let plain = "CN=www.server.com, OU=test, C=US, E=support@example.com";
        for way in [
            plain,
            "CN=www.server.com,OU=test,C=US,E=support@example.com",
            "  CN = www.server.com ,OU= test , C =US, E=support@example.com ",
            "E=support@example.com, C=US, OU=test, CN=www.server.com",
            "cn=www.server.com, ou=test, c=US, e=support@example.com",
            "CN=\"www.server.com\", OU=\"test\" , C=\"US\",E=\"support@example.com\"",
            "emailAddress=support@example.com; countryName=US; OID.2.5.4.11=test; 2.5.4.3=www.server.com",
            "CN=www\\2eserver.com, OU=test, C=US, E=support\\40example.com",
        ] {
            assert_eq!(text(way).as_deref(), Some(plain), "{way}");
        }
        let comma = "O=\"Example, Inc.\"";
        for way in [comma, "o = \"Example, Inc.\"", "O=Example\\, Inc.", "O=Example\\2C Inc."] {
            assert_eq!(text(way).as_deref(), Some(comma), "{way}");
        }
        assert_eq!(text("ST=Ohio+L=x").as_deref(), Some("S=Ohio + L=x"));
        assert_eq!(text("CN=a \\ ").as_deref(), Some("CN=\"a  \""));
        assert_eq!(text("CN=gr\\C3\\bcn").as_deref(), Some("CN=grün"));
        assert_eq!(text("CN=").as_deref(), Some("CN=\"\""));
        assert_eq!(text("CN=DOMAIN\\user").as_deref(), Some("CN=\"DOMAIN\\user\""));
    }

    #[test]
    fn what_is_no_list_of_fields() {
        for way in [
            "",
            "*",
            "www.server.com",
            "=x",
            "CN=a,",
            "CN=a,,O=b",
            ",CN=a",
            "O=Example, Inc.",
            "CN=\"a",
            "CN=\"a\"b",
            "CN=\"a\"\"",
            "CN=\\ff",
            "common name=a",
            "grün=a",
        ] {
            assert_eq!(text(way), None, "{way}");
        }
    }

    /// The number of fields of a name is bounded.
    #[test]
    fn fields_are_bounded() {
        let of = |count: usize| DistinguishedName::parse(&vec!["OU=x"; count].join(","));
        assert_eq!(of(MAX_NAME_FIELDS).unwrap().fields().0.len(), MAX_NAME_FIELDS);
        assert_eq!(of(MAX_NAME_FIELDS + 1), None);
    }

    /// A name that is written is read back as the same name, whatever its values are.
    #[test]
    fn what_is_written_reads_as_the_same() {
        let parts =
            ["a", " ", "\"", ",", "+", "=", "\\", "\\,", "2c", "#", ";", "\n", "ü", "\u{a0}"];
        for first in parts {
            for second in parts {
                for third in parts {
                    let value = format!("{first}{second}{third}");
                    let field = |name| Field { name: Cow::Borrowed(name), value: value.clone() };
                    let name = DistinguishedName {
                        relative_names: vec![vec![field("CN"), field("UID")], vec![field("O")]],
                    };
                    assert_eq!(
                        DistinguishedName::parse(&name.to_string()),
                        Some(name),
                        "{value:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn fields_are_compared_as_often_as_they_are_there() {
        let folded = |text| DistinguishedName::parse(text).unwrap().folded();
        let all = folded("OU=b, CN=A  name, OU=a, OU=a");
        assert_eq!(all, folded("ou=A,ou=B,ou=a,cn=a NAME"));
        for (part, is_contained) in [
            ("CN=a name", true),
            ("OU=a, OU=a", true),
            ("OU=A + CN=A Name", true),
            ("OU=b, OU=b", false),
            ("CN=a", false),
            ("CN=a name, O=a", false),
        ] {
            assert_eq!(all.contain(&folded(part)), is_contained, "{part}");
        }
    }
}
