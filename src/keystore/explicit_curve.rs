//! Curves that a key file gives by explicit parameters instead of a name (SEC 1 section C.2; OpenSSL's
//! `-param_enc explicit`). RFC 5480 forbids that, ssh-keygen reads it. Only parameters that equal those of
//! a named curve in every number are accepted: for a curve with a generator of an attacker's choice, the
//! attacker knows the private keys (CVE-2020-0601).

use der::asn1::{AnyRef, ObjectIdentifier, UintRef};
use der::{Tag, Tagged};

use super::curves::{CURVES, CurveNames, known_curve};
use super::elements::{Elements, NotDer};
use super::{KeystoreError, asn1, hex};
use crate::crypto::signature::Curve;

const PRIME_FIELD: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.1.1");

/// The curve of EC parameters, by name or by explicit parameters.
pub(super) fn curve_of(parameters: AnyRef<'_>) -> Result<&'static CurveNames, KeystoreError> {
    if parameters.tag() != Tag::Sequence {
        let oid = parameters.decode_as().map_err(|_| KeystoreError::Malformed("EC parameters"))?;
        return known_curve(&oid);
    }
    let numbers = Numbers::read(parameters).map_err(|NotDer| NOT_NAMED.into_error())?;
    let named = CURVES.iter().find(|names| numbers.are_those_of(names.curve));
    named.ok_or_else(|| NOT_NAMED.into_error())
}

/// A kind of key that is refused by its name.
pub(super) struct Refused(&'static str);

/// Explicit parameters that no named curve has.
pub(super) const NOT_NAMED: Refused = Refused("EC with explicit curve parameters");

impl Refused {
    pub(super) fn into_error(self) -> KeystoreError {
        KeystoreError::unsupported_key(self.0)
    }
}

/// SpecifiedECDomain over a prime field.
struct Numbers<'a> {
    prime: &'a [u8],
    a: &'a [u8],
    b: &'a [u8],
    generator: &'a [u8],
    order: &'a [u8],
}

impl<'a> Numbers<'a> {
    fn read(parameters: AnyRef<'a>) -> Result<Self, NotDer> {
        let number = |elements: &mut Elements<'a>| {
            let number: UintRef<'a> = elements.any()?.decode_as().map_err(|_| NotDer)?;
            Ok(number.as_bytes())
        };
        let mut elements = Elements::of(parameters)?;
        elements.number()?; // the version, which says whether there is a seed
        let mut field = elements.sequence()?;
        if field.oid()? != PRIME_FIELD {
            return Err(NotDer);
        }
        let prime = number(&mut field)?;
        field.finish()?;
        let mut equation = elements.sequence()?;
        let (a, b) = (equation.octets()?, equation.octets()?);
        // the seed of the parameters is of no interest here
        equation.optional(Tag::BitString)?;
        equation.finish()?;
        let (generator, order) = (elements.octets()?, number(&mut elements)?);
        if !elements.is_empty() && elements.number()? != 1 {
            return Err(NotDer); // the cofactor of the named curves
        }
        elements.finish()?;
        Ok(Self { prime, a, b, generator, order })
    }

    fn are_those_of(&self, curve: Curve) -> bool {
        let domain = Domain::of(curve);
        let is = |number: &[u8], digits: &str| {
            hex::decode(digits.as_bytes())
                .is_some_and(|it| asn1::without_zeros(number) == asn1::without_zeros(&it))
        };
        // each of them is p - 3, which ends with the last bits of p
        let a = domain.prime.strip_suffix("ff").map(|start| format!("{start}fc"));
        is(self.prime, domain.prime)
            && a.is_some_and(|a| is(self.a, &a))
            && is(self.b, domain.b)
            && is(self.order, domain.order)
            && self.generator_is(&domain)
    }

    /// SEC 1 section 2.3.3: whether the generator is the point, in one of its three forms; the hybrid form
    /// has y twice.
    fn generator_is(&self, domain: &Domain) -> bool {
        let (Some(x), Some(y)) =
            (hex::decode(domain.x.as_bytes()), hex::decode(domain.y.as_bytes()))
        else {
            return false;
        };
        let odd = y.last().map_or(0, |low| low & 1);
        match self.generator.split_first() {
            Some((4, point)) => *point == [x, y].concat(),
            Some((form @ (2 | 3), point)) => *form == 2 | odd && *point == x,
            Some((form @ (6 | 7), point)) => *form == 6 | odd && *point == [x, y].concat(),
            Some(_) | None => false,
        }
    }
}

/// The numbers of a curve (SEC 2 section 2), in hexadecimal digits.
struct Domain {
    prime: &'static str,
    b: &'static str,
    x: &'static str,
    y: &'static str,
    order: &'static str,
}

impl Domain {
    fn of(curve: Curve) -> Self {
        match curve {
            Curve::P256 => P256,
            Curve::P384 => P384,
            Curve::P521 => P521,
        }
    }
}

const P256: Domain = Domain {
    prime: "\
        ffffffff00000001000000000000000000000000ffffffffffffffffffffffff",
    b: "\
        5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b",
    x: "\
        6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296",
    y: "\
        4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5",
    order: "\
        ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551",
};

const P384: Domain = Domain {
    prime: "\
        fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe\
        ffffffff0000000000000000ffffffff",
    b: "\
        b3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875a\
        c656398d8a2ed19d2a85c8edd3ec2aef",
    x: "\
        aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a38\
        5502f25dbf55296c3a545e3872760ab7",
    y: "\
        3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c0\
        0a60b1ce1d7e819d7a431d7c90ea0e5f",
    order: "\
        ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf\
        581a0db248b0a77aecec196accc52973",
};

const P521: Domain = Domain {
    prime: "\
        01ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff\
        ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff\
        ffff",
    b: "\
        0051953eb9618e1c9a1f929a21a0b68540eea2da725b99b315f3b8b489918ef1\
        09e156193951ec7e937b1652c0bd3bb1bf073573df883d2c34f1ef451fd46b50\
        3f00",
    x: "\
        00c6858e06b70404e9cd9e3ecb662395b4429c648139053fb521f828af606b4d\
        3dbaa14b5e77efe75928fe1dc127a2ffa8de3348b3c1856a429bf97e7e31c2e5\
        bd66",
    y: "\
        011839296a789a3bc0045c8a5fb42c7d1bd998f54449579b446817afbd17273e\
        662c97ee72995ef42640c550b9013fad0761353c7086a272c24088be94769fd1\
        6650",
    order: "\
        01ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff\
        fffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e9138\
        6409",
};
