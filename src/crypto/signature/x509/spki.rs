//! The key in a SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7) as a public key blob of SSH. `keystore` has a
//! reader of its own for files, of these structures, which takes more forms and says what is wrong with them.

use der::asn1::{ObjectIdentifier, UintRef};
use der::{Decode, Sequence};
use x509_cert::spki::SubjectPublicKeyInfoOwned;

use crate::wire::Writer;

/// RFC 3279 section 2.3.1
pub(crate) const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
/// RFC 3279 section 2.3.2
pub(crate) const DSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10040.4.1");
/// RFC 5480 section 2.1.1
pub(crate) const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
/// RFC 8410 section 3
pub(crate) const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");

/// RFC 5480 section 2.1.1.1: the identifier of a curve, and its names in SSH (RFC 5656).
const CURVES: [(ObjectIdentifier, &str, &str); 3] = [
    (ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7"), "ecdsa-sha2-nistp256", "nistp256"),
    (ObjectIdentifier::new_unwrap("1.3.132.0.34"), "ecdsa-sha2-nistp384", "nistp384"),
    (ObjectIdentifier::new_unwrap("1.3.132.0.35"), "ecdsa-sha2-nistp521", "nistp521"),
];

/// RFC 8017 A.1.1
#[derive(Sequence)]
pub(crate) struct RsaPublicKey<'a> {
    pub(crate) n: UintRef<'a>,
    pub(crate) e: UintRef<'a>,
}

/// RFC 3279 section 2.3.2
#[derive(Sequence)]
pub(crate) struct DsaParameters<'a> {
    pub(crate) p: UintRef<'a>,
    pub(crate) q: UintRef<'a>,
    pub(crate) g: UintRef<'a>,
}

/// The public key blob; `None` for a kind of key that SSH does not have. The numbers are not looked at: the
/// algorithms refuse what they cannot verify with.
pub(super) fn key_blob(spki: &SubjectPublicKeyInfoOwned) -> Option<Vec<u8>> {
    let key = spki.subject_public_key.as_bytes()?;
    let parameters = spki.algorithm.parameters.as_ref();
    let mut blob = Vec::new();
    let mut writer = Writer::new(&mut blob);
    match spki.algorithm.oid {
        RSA => {
            let RsaPublicKey { n, e } = RsaPublicKey::from_der(key).ok()?;
            writer.string("ssh-rsa").mpint(e.as_bytes()).mpint(n.as_bytes());
        }
        DSA => {
            let DsaParameters { p, q, g } = parameters?.decode_as().ok()?;
            let y = UintRef::from_der(key).ok()?;
            writer.string("ssh-dss");
            for number in [p, q, g, y] {
                writer.mpint(number.as_bytes());
            }
        }
        EC => {
            let curve: ObjectIdentifier = parameters?.decode_as().ok()?;
            let (_, key_type, name) = CURVES.iter().find(|(oid, ..)| *oid == curve)?;
            writer.string(key_type).string(name).string(key);
        }
        ED25519 => {
            writer.string("ssh-ed25519").string(key);
        }
        _ => return None,
    }
    Some(blob)
}

/// The size of an RSA key, in bits, however short it is; `None` for other keys.
pub(super) fn rsa_modulus_bits(spki: &SubjectPublicKeyInfoOwned) -> Option<u32> {
    if spki.algorithm.oid != RSA {
        return None;
    }
    let key = RsaPublicKey::from_der(spki.subject_public_key.as_bytes()?).ok()?;
    let n = key.n.as_bytes();
    let unused = n.first().map_or(0, |first| first.leading_zeros());
    Some(u32::try_from(n.len()).ok()?.saturating_mul(8).saturating_sub(unused))
}
