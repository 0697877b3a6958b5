//! Tests that hold for every key exchange method, and their helpers.

use aws_lc_rs::agreement::{Algorithm, PrivateKey, UnparsedPublicKey, agree};

use super::*;
use crate::crypto::random::SystemRandom;
use crate::crypto::tests::same_names;
use crate::error::CryptoError;

/// Returns the bytes it was given, then fails.
pub(super) struct FixedRandom(std::collections::VecDeque<u8>);

impl FixedRandom {
    pub(super) fn new(bytes: &[u8]) -> Self {
        Self(bytes.iter().copied().collect())
    }
}

impl Random for FixedRandom {
    fn fill(&mut self, out: &mut [u8]) -> Result<(), CryptoError> {
        for byte in out {
            *byte = self.0.pop_front().ok_or(CryptoError::Failed)?;
        }
        Ok(())
    }
}

/// Each of `fields` as a `string`.
pub(super) fn strings(fields: &[&[u8]]) -> Vec<u8> {
    let mut out = Vec::new();
    for field in fields {
        Writer::new(&mut out).string(field);
    }
    out
}

/// Each of `numbers` as an `mpint`.
pub(super) fn mpints(numbers: &[&[u8]]) -> Vec<u8> {
    let mut out = Vec::new();
    for number in numbers {
        Writer::new(&mut out).mpint(number);
    }
    out
}

/// A client's key: its public half, and what agrees with the public half of the server.
pub(super) fn generated(curve: &'static Algorithm) -> (Vec<u8>, impl Fn(&[u8]) -> Vec<u8>) {
    let key = PrivateKey::generate(curve).unwrap();
    let public = key.compute_public_key().unwrap().as_ref().to_vec();
    let agree = move |peer: &[u8]| {
        let peer = UnparsedPublicKey::new(curve, peer);
        agree(&key, peer, (), |secret| Ok(secret.to_vec())).unwrap()
    };
    (public, agree)
}

/// A message of strings.
pub(super) fn with_strings(number: u8, fields: &[&[u8]]) -> Vec<u8> {
    let mut out = vec![number];
    out.extend(strings(fields));
    out
}

pub(super) fn finished(row: &KexAlgorithm, random: &mut dyn Random, init: &[u8]) -> KexOutcome {
    match (row.start)().handle(random, init) {
        Ok(KexStep::Finished(outcome)) => outcome,
        other => panic!("{row:?}: {other:?}"),
    }
}

pub(super) fn refused(row: &KexAlgorithm, init: &[u8]) -> Error {
    match (row.start)().handle(&mut SystemRandom, init) {
        Err(error) => error,
        Ok(step) => panic!("{row:?}: {step:?}"),
    }
}

#[test]
fn other_messages_are_unexpected() {
    for row in KEXES {
        let is_group_exchange = row.name.contains("group-exchange") || row.name.contains("gex");
        for number in (31..=49).chain([0, 20, 50]).filter(|n| !is_group_exchange || *n != 34) {
            assert_eq!(
                refused(row, &with_strings(number, &[&[9; 32]])),
                PeerMisbehaved::UnexpectedMessage(number).into(),
                "{row:?}"
            );
        }
        assert_eq!(refused(row, &[]), InvalidMessage::EmptyPayload.into());
        assert_eq!(refused(row, &[30]), InvalidMessage::Truncated.into());
        assert_eq!(refused(row, &[30, 0, 0, 0]), InvalidMessage::Truncated.into());
        if !is_group_exchange {
            assert_eq!(refused(row, &[30, 0, 0, 0, 9, 1]), InvalidMessage::Truncated.into());
        }
    }
}

#[test]
fn every_method_has_a_known_answer() {
    let checked = [
        mlkem768x25519::tests::known_answers(),
        sntrup761x25519::tests::known_answers(),
        curve25519::tests::known_answers(),
        ecdh::tests::known_answers(),
        dh_group::tests::known_answers(),
        group_exchange::tests::known_answers(),
        gss::tests::known_answers(),
    ];
    same_names(KEXES.iter().map(|row| row.name), checked.concat());
}
