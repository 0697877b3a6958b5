//! Chains of certificates that OpenSSL has made (tests/vectors/x509/make.sh), against authorities and revocation
//! lists.

use super::super::x509_path::*;
use super::super::{X509, parse};

/// 2027-01-15
const NOW: u64 = 1_800_000_000;

fn file(name: &str) -> Vec<u8> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/x509");
    std::fs::read(format!("{folder}/{name}")).unwrap()
}

fn certificates(names: &[&str]) -> Vec<X509> {
    let read = |name: &&str| {
        let contents = parse(&file(&format!("{name}.crt")), "").unwrap();
        contents.certificates().next().unwrap().clone()
    };
    names.iter().map(read).collect()
}

/// The result for a chain, authorities, revocation lists and a time.
fn verified(
    chain: &[&str],
    authorities: &[&str],
    lists: &[&str],
    unix_time: u64,
) -> Result<usize, PathError> {
    let lists: Vec<Vec<u8>> = lists.iter().map(|name| file(&format!("{name}.crl"))).collect();
    let revocation_lists: Vec<&[u8]> = lists.iter().map(Vec::as_slice).collect();
    let authorities = certificates(authorities);
    let trust = Trust { authorities: &authorities, revocation_lists: &revocation_lists, unix_time };
    verify_chain(&certificates(chain), &trust)
}

#[test]
fn chains_lead_to_their_authority() {
    for user in ["rsa", "dsa", "ecdsa-256", "ecdsa-384", "ecdsa-521", "ed25519"] {
        let whole = [user, "sub", "root"];
        assert_eq!(verified(&whole, &["root"], &[], NOW), Ok(0), "{user}");
        assert_eq!(verified(&[user, "sub"], &["root"], &[], NOW), Ok(0));
        assert_eq!(verified(&[user, "root", "sub"], &["root"], &[], NOW), Ok(0));
        assert_eq!(verified(&[user], &["root", "sub"], &[], NOW), Ok(1));
        let short = verified(&[user], &["root"], &[], NOW);
        assert_eq!(short, Err(PathError::UnknownIssuer));
        let foreign = verified(&whole, &[], &[], NOW);
        assert_eq!(foreign, Err(PathError::UnknownIssuer));
    }
}

#[test]
fn dates_count_for_all_certificates() {
    let whole = ["rsa", "sub"];
    let (first, last) = (1_767_225_600, 4_922_899_199);
    for (time, expected) in [
        (first, Ok(0)),
        (last, Ok(0)),
        (first - 1, Err(PathError::NotYetValid)),
        (last + 1, Err(PathError::Expired)),
    ] {
        assert_eq!(verified(&whole, &["root"], &[], time), expected, "{time}");
    }
}

#[test]
fn revoked_certificates_are_refused() {
    let of = |user, lists: &[&str]| verified(&[user, "sub"], &["root"], lists, NOW);
    assert_eq!(of("rsa", &["root", "sub-nobody"]), Ok(0));
    assert_eq!(of("rsa", &["root", "sub-rsa"]), Err(PathError::Revoked));
    assert_eq!(of("ed25519", &["root", "sub-rsa"]), Ok(0));
    assert_eq!(of("rsa", &["root"]), Err(PathError::UnknownRevocation));
    assert_eq!(of("rsa", &["sub-nobody"]), Err(PathError::UnknownRevocation));
    assert_eq!(of("rsa", &["root", "sub-old"]), Err(PathError::OldRevocationList));
    // with the authority that signs users there is no other list to look into
    assert_eq!(verified(&["rsa"], &["sub"], &["sub-nobody"], NOW), Ok(0));
    // in DER
    let pem = file("sub-rsa.crl");
    let der = super::super::pem::block_of(&pem, b"X509 CRL").unwrap().unwrap();
    let with = |list: &[u8]| {
        let authorities = certificates(&["sub"]);
        let lists = [list];
        let trust = Trust { authorities: &authorities, revocation_lists: &lists, unix_time: NOW };
        verify_chain(&certificates(&["rsa"]), &trust)
    };
    assert_eq!(with(&der), Err(PathError::Revoked));
    let large = vec![0; crate::limits::MAX_REVOCATION_LISTS_LEN + 1];
    assert_eq!(with(&large), Err(PathError::RevocationListsTooLarge));
    for bad in
        [&b""[..], b"x", &der[..der.len() - 1], &file("sub.crt"), b"-----BEGIN X509 CRL-----"]
    {
        assert_eq!(with(bad), Err(PathError::BadRevocationList(0)));
    }
    let mut forged = der.clone();
    *forged.last_mut().unwrap() ^= 1;
    assert_eq!(with(&forged), Err(PathError::BadSignature));
}

#[test]
fn what_is_no_chain_of_a_user_is_refused() {
    assert_eq!(verified(&[], &["root"], &[], NOW), Err(PathError::Empty));
    assert_eq!(verified(&["rsa"; 11], &["root"], &[], NOW), Err(PathError::TooMany));
    assert_eq!(verified(&["sub"], &["root"], &[], NOW), Err(PathError::Usage));
    let not_one = verified(&["rsa", "sub"], &["root", "ed25519"], &[], NOW);
    assert_eq!(not_one, Err(PathError::NoAuthority(1)));
    // a certificate whose signature was changed
    let mut der = certificates(&["rsa"])[0].der().to_vec();
    *der.last_mut().unwrap() ^= 1;
    let forged = [X509::from_der(&der).unwrap()];
    let authorities = certificates(&["sub"]);
    let trust = Trust { authorities: &authorities, revocation_lists: &[], unix_time: NOW };
    assert_eq!(verify_chain(&forged, &trust), Err(PathError::BadSignature));
    assert!(!is_issued_by(&forged[0], &authorities[0]));
}

#[test]
fn signatures_name_their_issuers() {
    let all = ["rsa", "dsa", "ecdsa-256", "ecdsa-384", "ecdsa-521", "ed25519", "sub", "root"];
    for name in all {
        for issuer in all {
            let pair = certificates(&[name, issuer]);
            let expected = match name {
                "sub" | "root" => issuer == "root",
                _ => issuer == "sub",
            };
            assert_eq!(is_issued_by(&pair[0], &pair[1]), expected, "{name} by {issuer}");
        }
    }
}
