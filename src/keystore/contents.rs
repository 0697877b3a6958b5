//! The content of a store: entries, each with a key, a certificate with its chain, or both. The formats
//! fill it; `certificate` selects from it.

use std::sync::Arc;

use super::KeystoreError;
use super::private_key::ParsedKey;
use super::public_key::PublicKey;
use super::x509::X509;
use crate::crypto::signature::PrivateKey;

/// The entries of a store, in its order.
#[derive(Debug, Default)]
pub struct Contents {
    pub(super) entries: Vec<Entry>,
}

/// A key, a certificate, or a certificate with its key.
#[derive(Debug, Default)]
pub(super) struct Entry {
    /// The entry's name in the store: alias, friendly name, label, key id, comment.
    pub(super) name: Option<String>,
    pub(super) key: Option<EntryKey>,
    /// The entry's own certificate first, then its chain.
    pub(super) certificates: Vec<X509>,
}

/// The key of an entry.
#[derive(Debug)]
pub(super) enum EntryKey {
    /// Only the public half is known.
    Public(PublicKey),
    /// The private key itself.
    Private(Box<ParsedKey>),
    /// A private key that stays in a token or in a store of Windows, and signs there; the name of its container, if it
    /// has one.
    Token { public: PublicKey, signer: Arc<PrivateKey>, container: String },
    /// A private key that cannot be used, and the reason. It is an error only if this entry is selected:
    /// other entries may have another password, or another kind of key.
    Unusable(KeystoreError),
}

impl EntryKey {
    /// The public half, if it is known.
    pub(super) fn public(&self) -> Option<&PublicKey> {
        match self {
            Self::Public(public) | Self::Token { public, .. } => Some(public),
            Self::Private(key) => Some(key.public()),
            Self::Unusable(_) => None,
        }
    }

    pub(super) fn is_private(&self) -> bool {
        matches!(self, Self::Private(_) | Self::Token { .. })
    }
}

impl Entry {
    pub(super) fn of_key(key: ParsedKey) -> Self {
        Self { key: Some(EntryKey::Private(Box::new(key))), ..Self::default() }
    }

    pub(super) fn of_public_key(key: PublicKey) -> Self {
        Self { key: Some(EntryKey::Public(key)), ..Self::default() }
    }

    pub(super) fn of_certificate(certificate: X509) -> Self {
        Self { certificates: vec![certificate], ..Self::default() }
    }

    /// The entry's own certificate.
    pub(super) fn certificate(&self) -> Option<&X509> {
        self.certificates.first()
    }

    /// Whether the entry has a private key, usable or not.
    pub(super) fn has_private_key(&self) -> bool {
        matches!(
            self.key,
            Some(EntryKey::Private(_) | EntryKey::Token { .. } | EntryKey::Unusable(_))
        )
    }

    /// The key's public half, from the key or from its certificate.
    pub(super) fn public(&self) -> Option<PublicKey> {
        let of_key = self.key.as_ref().and_then(EntryKey::public).cloned();
        of_key.or_else(|| self.certificate().and_then(X509::public_key))
    }
}

impl From<Entry> for Contents {
    fn from(entry: Entry) -> Self {
        Self { entries: vec![entry] }
    }
}

impl Contents {
    /// Entries from keys and certificates that a store holds side by side, without saying which belong
    /// together: each key gets the certificate with its public key and, as far as the store has it, the
    /// chain of that. Every other certificate is an entry of its own.
    pub(super) fn assemble(keys: Vec<Entry>, certificates: Vec<X509>) -> Self {
        let mut entries = keys;
        let mut rest = certificates;
        for entry in entries.iter_mut().filter(|entry| entry.certificates.is_empty()) {
            let Some(public) = entry.public() else {
                continue;
            };
            let own = rest.iter().position(|each| each.public_key().as_ref() == Some(&public));
            if let Some(at) = own {
                entry.certificates.push(rest.remove(at));
            }
        }
        let mut contents = Self { entries };
        contents.lengthen_chains(&mut rest);
        contents.entries.extend(rest.into_iter().map(Entry::of_certificate));
        contents
    }

    /// Puts the certificates that the chains go on with at their ends.
    pub(super) fn lengthen_chains(&mut self, others: &mut Vec<X509>) {
        for entry in &mut self.entries {
            while let Some(last) = entry.certificates.last() {
                // a root ends its chain; some stores have it twice
                if last.names_as_issuer(last) {
                    others.retain(|each| each.der() != last.der());
                    break;
                }
                let issuer = last.issuer_name().folded();
                let is_issuer = |each: &X509| each.subject_name().folded() == issuer;
                let Some(at) = others.iter().position(is_issuer) else {
                    break;
                };
                entry.certificates.push(others.remove(at));
            }
        }
    }

    /// The first usable private key.
    pub fn first_key(&self) -> Option<&ParsedKey> {
        self.entries.iter().find_map(|entry| match &entry.key {
            Some(EntryKey::Private(key)) => Some(&**key),
            Some(EntryKey::Public(_) | EntryKey::Token { .. } | EntryKey::Unusable(_)) | None => {
                None
            }
        })
    }

    /// The certificates of all entries.
    pub fn certificates(&self) -> impl Iterator<Item = &X509> {
        self.entries.iter().flat_map(|entry| &entry.certificates)
    }

    /// The contents without any private key.
    pub(super) fn without_private_keys(mut self) -> Self {
        for entry in &mut self.entries {
            let public = entry.key.as_ref().and_then(EntryKey::public).cloned();
            entry.key = public.map(EntryKey::Public);
        }
        self
    }

    /// Whether there is no entry.
    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}
