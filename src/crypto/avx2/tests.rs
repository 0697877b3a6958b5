//! The vectors of RFC 8439; `cipher/chacha20_poly1305.rs` compares whole packets with AWS-LC. Where the
//! processor lacks the instructions there is nothing to test: each test says so and is counted as
//! skipped by `npm test`.

use super::*;
use crate::crypto::poly1305::tests::{agrees_with_the_definition, of_rfc_8439, of_wycheproof};
use crate::crypto::tests::or_skipped;

/// Whether the tests can run.
fn supported() -> bool {
    or_skipped(Keys::new(VectorCode::under_test(), &[0; 64]).is_some(), "crypto/avx2")
}

/// The tags of four blocks at a time, and of what is chosen. Only after [`supported`].
fn tags(r: u128, s: u128, message: &[u8]) -> [u128; 2] {
    let key = || Key::new(r, s);
    // SAFETY: the processor has the instructions, as every caller has asked.
    unsafe { [poly1305::tag_by_four(key(), message), poly1305::tag(key(), message)] }
}

#[test]
fn poly1305_of_rfc_8439() {
    if supported() {
        of_rfc_8439(tags);
    }
}

#[test]
fn poly1305_of_wycheproof() {
    if supported() {
        of_wycheproof(tags);
    }
}

#[test]
fn poly1305_agrees_with_the_definition() {
    if supported() {
        agrees_with_the_definition(tags);
    }
}
