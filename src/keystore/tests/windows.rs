//! The certificate stores of Windows, which scripts/wine.sh runs with those of Wine.

use std::io::Write;

use super::pkcs11::sign_and_verify;
use super::stores::*;
use super::*;
use crate::keystore::windows_api::installed;

/// The documented store of personal certificates.
const MY: &str = "MY";
const SUBJECT: &str = "CN=rsa.example.com, O=Example";

fn number(owner: Owner) -> u32 {
    match owner {
        Owner::User => 0,
        Owner::Machine => 1,
    }
}

fn load(owner: Owner, store: &str, wanted: &str) -> Result<Certificate, LoadError> {
    Certificate::load(number(owner), store.as_bytes(), "", wanted)
}

/// Whether the stores of this machine may be changed: those of Wine, or of a machine for tests.
fn may_change_stores() -> bool {
    let may = std::env::var_os("SSHSERVER_WINDOWS_STORES").is_some();
    if !may {
        writeln!(std::io::stderr(), "skipped: SSHSERVER_WINDOWS_STORES is not set").unwrap();
    }
    may
}

#[test]
fn keys_of_user_and_machine_sign_in_their_stores() {
    if !may_change_stores() {
        return;
    }
    for owner in [Owner::User, Owner::Machine] {
        installed::import(owner, MY, &store("rsa.p12"), STORE_PASSWORD);
        for wanted in ["*", "", SUBJECT, "rsa.example"] {
            let certificate = load(owner, MY, wanted).unwrap();
            assert_eq!(certificate.subject, SUBJECT);
            assert!(certificate.private_key_available());
            assert!(certificate.private_key_pem.is_empty(), "the key stays where it is");
            assert!(!certificate.private_key_container().is_empty());
            let key = certificate.private_key().unwrap();
            assert_eq!(key.public_blob(), blob_of("rsa"));
            assert!(key.is_heavy());
            assert_eq!(key.algorithms(), ["rsa-sha2-512", "rsa-sha2-256", "ssh-rsa"]);
            assert_eq!(sign_and_verify(&key), 3);
        }
        let found = load(owner, MY, "*").unwrap();
        let by_thumbprint = Wanted::Thumbprint(&found.thumbprint_sha1);
        assert!(Certificate::load(number(owner), MY.as_bytes(), "", by_thumbprint).is_ok());
        let given = store("rsa.pem");
        let encoded = Wanted::Encoded(&given);
        let chosen = Certificate::load(number(owner), MY.as_bytes(), "", encoded).unwrap();
        assert!(chosen.private_key_available());
        // Several threads sign with one key.
        let key = found.private_key().unwrap();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..5).for_each(|_| assert_eq!(sign_and_verify(&key), 3)));
            }
        });
        let nobody = load(owner, MY, "CN=nobody").unwrap_err();
        assert_eq!(nobody.why, KeystoreError::NoMatchingSubject);
    }
}

#[test]
fn a_certificate_without_a_key_is_one() {
    if !may_change_stores() {
        return;
    }
    let name = "sshserver-test-certificates";
    let contents = parse(&store("rsa.pem"), "").unwrap();
    installed::add(Owner::User, name, contents.certificates().next().unwrap().der());
    let certificate = load(Owner::User, name, "*").unwrap();
    assert!(!certificate.private_key_available());
    assert_eq!(certificate.private_key_container(), "");
}

#[test]
fn what_is_no_store_is_refused() {
    for (store, expected) in [
        ("", KeystoreError::Empty),
        (" ", KeystoreError::Empty),
        ("sshserver-no-such-store", KeystoreError::NoSystemStore),
        ("MY\0", KeystoreError::NoSystemStore),
        (&"a".repeat(crate::limits::MAX_PATH_LEN + 1), KeystoreError::NoSystemStore),
    ] {
        for owner in [Owner::User, Owner::Machine] {
            assert_eq!(load(owner, store, "*").unwrap_err().why, expected, "{store:?}");
        }
    }
    let not_utf8 = Certificate::load(0, b"\xff", "", "*").unwrap_err();
    assert_eq!(not_utf8.why, KeystoreError::NoSystemStore);
    assert!(not_utf8.to_string().starts_with("Store type 0 (cstUser)"), "{not_utf8}");
}
