//! Dropbear's own private keys, as `dropbearkey` writes them: the public key blob (RFC 4253 section 6.6)
//! and the private numbers behind it, never encrypted. The additional fields distinguish such a blob from a
//! public key.

use super::contents::{Contents, Entry};
use super::curves::{CURVES, CurveNames};
use super::format::Format;
use super::private_key::{DsaNumbers, ParsedKey, RsaNumbers};
use super::{KeystoreError, Unlock};
use crate::error::InvalidMessage;
use crate::wire::Reader;

pub(super) static FORMAT: Format = Format {
    name: "Dropbear private key",
    matches: |data| Fields::read(data).is_some(),
    read: |data, _: &Unlock<'_>| {
        let fields = Fields::read(data).ok_or(KeystoreError::Malformed("Dropbear private key"))?;
        fields.key().map(|key| Contents::from(Entry::of_key(key)))
    },
};

enum Fields<'a> {
    Rsa(RsaNumbers<'a>),
    Dsa(DsaNumbers<'a>),
    Ecdsa { curve: &'static CurveNames, point: &'a [u8], scalar: &'a [u8] },
    Ed25519 { seed: &'a [u8], public: &'a [u8] },
}

impl<'a> Fields<'a> {
    /// The fields, if `data` is such a key from its first to its last byte.
    fn read(data: &'a [u8]) -> Option<Self> {
        let mut reader = Reader::new(data);
        let fields = Self::next(&mut reader).ok().flatten()?;
        reader.is_empty().then_some(fields)
    }

    fn next(reader: &mut Reader<'a>) -> Result<Option<Self>, InvalidMessage> {
        let key_type = reader.string()?;
        Ok(match key_type {
            b"ssh-rsa" => {
                let (e, n, d) = (reader.mpint()?, reader.mpint()?, reader.mpint()?);
                let (p, q) = (reader.mpint()?, reader.mpint()?);
                Some(Self::Rsa(RsaNumbers { n, e, d, p, q }))
            }
            b"ssh-dss" => {
                let (p, q, g) = (reader.mpint()?, reader.mpint()?, reader.mpint()?);
                let (y, x) = (Some(reader.mpint()?), reader.mpint()?);
                Some(Self::Dsa(DsaNumbers { p, q, g, y, x }))
            }
            b"ssh-ed25519" => {
                let both = reader.string()?.split_at_checked(ED25519_LEN);
                let both = both.filter(|(_, public)| public.len() == ED25519_LEN);
                both.map(|(seed, public)| Self::Ed25519 { seed, public })
            }
            _ => {
                let (name, point, scalar) = (reader.string()?, reader.string()?, reader.mpint()?);
                let is_it = |it: &&CurveNames| {
                    it.key_type.as_bytes() == key_type && it.name.as_bytes() == name
                };
                let curve = CURVES.iter().find(is_it);
                curve.map(|curve| Self::Ecdsa { curve, point, scalar })
            }
        })
    }

    fn key(&self) -> Result<ParsedKey, KeystoreError> {
        match self {
            Self::Rsa(numbers) => ParsedKey::rsa(numbers),
            Self::Dsa(numbers) => ParsedKey::dsa(numbers),
            Self::Ecdsa { curve, point, scalar } => ParsedKey::ecdsa(curve, scalar, point),
            Self::Ed25519 { seed, public } => {
                let key = ParsedKey::ed25519(seed)?;
                let is_its = key.public_blob().ends_with(public);
                if is_its { Ok(key) } else { Err(KeystoreError::InconsistentKey) }
            }
        }
    }
}

/// Length of the seed and of the public key.
const ED25519_LEN: usize = 32;
