//! Certificates in PKCS#7 (RFC 5652 section 5.1), "P7B": a SignedData, of which only the certificates are
//! read. It may be DER, BER, or a PEM block.

use der::Tag;
use der::asn1::ObjectIdentifier;

use super::contents::Contents;
use super::elements::{self, Elements, NotDer, context};
use super::format::Format;
use super::x509::X509;
use super::{KeystoreError, Unlock};
use crate::limits::MAX_STORE_ENTRIES;

pub(super) static FORMAT: Format = Format {
    name: "PKCS#7",
    matches: |data| {
        elements::start_of_sequence(data).is_some_and(|start| start.starts_with(&SIGNED_DATA_DER))
    },
    read: |data, _: &Unlock<'_>| Ok(Contents::assemble(Vec::new(), certificates(data)?)),
};

const MALFORMED: KeystoreError = KeystoreError::Malformed("PKCS#7 structure");

const SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");
const SIGNED_DATA_DER: [u8; 11] = [6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 2];

/// The X.509 certificates, in the order of the structure.
pub(super) fn certificates(data: &[u8]) -> Result<Vec<X509>, KeystoreError> {
    let der = elements::to_der(data).map_err(|NotDer| MALFORMED)?;
    let mut set = certificate_set(&der).map_err(|NotDer| MALFORMED)?;
    let mut certificates = Vec::new();
    while let Some(der) = next(&mut set).map_err(|NotDer| MALFORMED)? {
        if certificates.len() >= MAX_STORE_ENTRIES {
            return Err(KeystoreError::TooManyEntries);
        }
        certificates.push(X509::from_der(der)?);
    }
    Ok(certificates)
}

fn certificate_set(der: &[u8]) -> Result<Elements<'_>, NotDer> {
    let mut info = Elements::of_data(der, Tag::Sequence)?;
    if info.oid()? != SIGNED_DATA {
        return Err(NotDer);
    }
    let mut content = info.inside(context(0))?;
    info.finish()?;
    let mut signed = content.sequence()?;
    content.finish()?;
    let _version = signed.number()?;
    let _digest_algorithms = signed.inside(Tag::Set)?;
    let _content = signed.sequence()?;
    match signed.optional(context(0))? {
        Some(set) => Elements::of(set),
        None => Elements::of_data(&[0x31, 0], Tag::Set),
    }
}

/// The next certificate; those of other kinds (RFC 5652 section 10.2.2) have tags of their own.
fn next<'a>(set: &mut Elements<'a>) -> Result<Option<&'a [u8]>, NotDer> {
    while !set.is_empty() {
        let (encoded, tag) = set.encoded()?;
        if tag == Tag::Sequence {
            return Ok(Some(encoded));
        }
    }
    Ok(None)
}
