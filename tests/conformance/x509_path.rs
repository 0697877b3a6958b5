//! Paths of X.509 certificates (RFC 5280 section 6) that a listener must not trust: each is refused with the
//! reason for it.

use sshserver::crypto::signature::PrivateKey;
use sshserver::keystore::{PathError, Trust, X509, is_issued_by, verify_chain};

use crate::common::ed25519;
use crate::common::x509::{Made, NOW, der};

const SERVER_AUTH: &str = "2b06010505070301";
const SECURE_SHELL_CLIENT: &str = "2b06010505070315";
const SHA1_WITH_RSA: &str = "2a864886f70d010105";

/// Root, authority of users, user.
struct Keys([PrivateKey; 3]);

impl Keys {
    fn new() -> Self {
        Self([ed25519(30), ed25519(31), ed25519(32)])
    }

    /// A path that holds, from the user's certificate on.
    fn path(&self) -> [Made<'_>; 3] {
        let Self([root, sub, user]) = self;
        let user = Made { issuer: "sub", subject: "user", ..Made::new(user.public_blob(), sub) };
        let sub = Made { issuer: "root", subject: "sub", ..Made::new(sub.public_blob(), root) };
        let root = Made { issuer: "root", subject: "root", ..Made::new(root.public_blob(), root) };
        [user, authority(sub), authority(root)]
    }
}

/// With basicConstraints for an authority.
fn authority(made: Made<'_>) -> Made<'_> {
    made.with("551d13", true, der(0x30, &[&der(0x01, &[&[0xff]])]))
}

fn read(made: &Made<'_>) -> X509 {
    X509::from_der(&made.der()).unwrap()
}

/// The result for the first two certificates and the last one as the trusted authority.
fn verified(path: &[Made<'_>; 3]) -> Result<usize, PathError> {
    let [user, sub, root] = path.each_ref().map(read);
    let authorities = [root];
    let trust = Trust { authorities: &authorities, revocation_lists: &[], unix_time: NOW };
    verify_chain(&[user, sub], &trust)
}

#[test]
fn paths_are_refused_with_their_reasons() {
    let keys = Keys::new();
    assert_eq!(verified(&keys.path()), Ok(0));
    type Change = fn(Made<'_>) -> Made<'_>;
    let expired: Change = |made| Made { valid: ["260101000000Z", "270115075959Z"], ..made };
    let future: Change = |made| Made { valid: ["270115080001Z", "280101000000Z"], ..made };
    let sha1: Change = |made| Made { algorithm: [SHA1_WITH_RSA; 2], ..made };
    let unknown: Change = |made| made.with("2a0304", true, vec![5, 0]);
    let server: Change = |made| made.extended_usage(&[SERVER_AUTH]);
    let no_signing: Change = |made| made.usage(0x02);
    let not_for_login: Change = |made| made.usage(0x20);
    let plain: Change = |made| Made { extensions: Vec::new(), ..made };
    let short: Change = |made| {
        let constraints = der(0x30, &[&der(0x01, &[&[0xff]]), &[2, 1, 0]]);
        Made { extensions: Vec::new(), ..made }.with("551d13", true, constraints)
    };
    let (user, sub, root) = (0, 1, 2);
    let all: [(usize, Change, PathError); 16] = [
        (user, expired, PathError::Expired),
        (sub, expired, PathError::Expired),
        (root, expired, PathError::AuthorityDates),
        (user, future, PathError::NotYetValid),
        (sub, future, PathError::NotYetValid),
        (root, future, PathError::AuthorityDates),
        (user, sha1, PathError::WeakSignature),
        (sub, sha1, PathError::WeakSignature),
        (user, unknown, PathError::UnknownExtension),
        (sub, unknown, PathError::UnknownExtension),
        (user, server, PathError::Usage),
        (sub, server, PathError::Usage),
        (user, not_for_login, PathError::Usage),
        (user, authority, PathError::IsAuthority),
        (sub, no_signing, PathError::NotAllowedToSign),
        (sub, plain, PathError::NotAllowedToSign),
    ];
    for (at, change, expected) in all {
        let mut path = keys.path();
        path[at] = change(path[at].clone());
        assert_eq!(verified(&path), Err(expected.clone()), "{at} {expected:?}");
        assert!(!expected.to_string().is_empty());
    }
    for change in [no_signing, plain] {
        let mut path = keys.path();
        path[root] = change(path[root].clone());
        assert_eq!(verified(&path), Err(PathError::NoAuthority(0)));
    }
    // an authority that may sign users, but no authorities
    let mut path = keys.path();
    path[sub] = short(path[sub].clone());
    assert_eq!(verified(&path), Ok(0));
    let below = ed25519(33);
    let [_, sub, root] = keys.path();
    let (sub, lower) = (
        short(sub),
        authority(Made {
            issuer: "sub",
            subject: "lower",
            ..Made::new(below.public_blob(), &keys.0[1])
        }),
    );
    let of_lower = Made { issuer: "lower", ..Made::new(keys.0[2].public_blob(), &below) };
    let (chain, authorities) = ([&of_lower, &lower, &sub].map(read), [read(&root)]);
    let trust = Trust { authorities: &authorities, revocation_lists: &[], unix_time: NOW };
    assert_eq!(verify_chain(&chain, &trust), Err(PathError::NotAllowedToSign));
}

#[test]
fn both_usages_of_clients_are_taken() {
    let keys = Keys::new();
    let [user, sub, root] = keys.path();
    let ssh = user.extended_usage(&[SERVER_AUTH, SECURE_SHELL_CLIENT]);
    let client_auth = sub.extended_usage(&["2b06010505070302"]);
    assert_eq!(verified(&[ssh, client_auth, root]), Ok(0));
}

/// Somebody with a certificate for logins must not be able to issue others.
#[test]
fn a_user_is_no_issuer() {
    let keys = Keys::new();
    let [user, sub, root] = keys.path();
    assert!(is_issued_by(&read(&user), &read(&sub)) && is_issued_by(&read(&sub), &read(&root)));
    let friend = ed25519(34);
    let forged =
        Made { issuer: "user", subject: "friend", ..Made::new(friend.public_blob(), &keys.0[2]) };
    assert!(!is_issued_by(&read(&forged), &read(&user)));
    assert!(!is_issued_by(&read(&forged), &read(&user.clone().usage(0x84))));
    assert!(!is_issued_by(&read(&forged), &read(&authority(user.clone()).usage(0x80))));
    // the name alone is not enough, and the key alone is not either
    assert!(is_issued_by(&read(&forged), &read(&authority(user.clone()))));
    let renamed = authority(Made { subject: "other", ..user.clone() });
    assert!(!is_issued_by(&read(&forged), &read(&renamed)));
    let rekeyed = authority(Made { key_blob: friend.public_blob(), ..user });
    assert!(!is_issued_by(&read(&forged), &read(&rekeyed)));
}

/// Certificates that sign each other in circles, each by the same name: the work is bounded.
#[test]
fn chains_without_an_end_are_given_up() {
    let keys = [40, 41, 42, 43, 44, 45, 46, 47, 48].map(ed25519);
    let [first, ..] = &keys;
    let user = ed25519(49);
    let mut chain = vec![read(&Made { issuer: "x", ..Made::new(user.public_blob(), first) })];
    for key in &keys {
        let made = Made { issuer: "x", subject: "x", ..Made::new(key.public_blob(), first) };
        chain.push(read(&authority(made)));
    }
    let other = ed25519(50);
    let root =
        authority(Made { issuer: "x", subject: "x", ..Made::new(other.public_blob(), &other) });
    let authorities = [read(&root)];
    let trust = Trust { authorities: &authorities, revocation_lists: &[], unix_time: NOW };
    assert_eq!(verify_chain(&chain, &trust), Err(PathError::TooCostly));
}
