//! X.509 certificates in key blobs: what is parsed, what is checked before the program is asked, what the program
//! is shown, and the verification of the chain. Whatever the program is asked about it has to be able to look at.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sshserver::binding_under_test::user_x509;
use sshserver::crypto::cipher::CIPHERS;
use sshserver::crypto::mac::MACS;
use sshserver::crypto::signature::{
    KeyForm, SIGNATURES, SignatureAlgorithm, X509Chain, X509Policy, verify,
};
use sshserver::keystore::{Certificate, Trust, X509, is_issued_by, verify_chain};
use sshserver::wire::Writer;
use sshserver::wire::messages::{Message, ServiceRequest, UserauthRequest};
use sshserver_fuzz::{NOW, Program, Session};

/// The documented number of cstPublicKeyBlob.
const PUBLIC_KEY_BLOB: u32 = 9;

fuzz_target!(|data: &[u8]| {
    let Some((&choice, rest)) = data.split_first() else { return };
    let rows = || SIGNATURES.iter().filter(|row| is_x509(row));
    let row = rows().nth(usize::from(choice) % rows().count()).expect("a row");
    // the name is the row's, so that it needs not be found
    let mut blob = Vec::new();
    if row.form == KeyForm::X509Chain {
        Writer::new(&mut blob).string(row.key_type);
    }
    blob.extend_from_slice(rest);
    let parsed = X509Chain::parse(row, &blob);
    let shown = user_x509(row.name, &blob);
    assert_eq!(parsed.is_ok(), shown.is_ok());
    let policy = X509Policy { unix_time: Some(NOW), min_rsa_bits: 1024 };
    let good = parsed.as_ref().is_ok_and(|chain| chain.check(row, &policy).is_ok());
    log_in(row, &blob, good);
    let _ = verify(row, &blob, b"message", &blob);
    let Ok(ders) = shown else { return };
    assert!((1..=10).contains(&ders.len()) && ders.iter().all(|der| der.len() <= 8192));
    assert!(X509Chain::parse(row, &blob[..blob.len() - 1]).is_err());
    for der in &ders {
        let shown = Certificate::load(PUBLIC_KEY_BLOB, der, "", "*").expect("a certificate");
        assert_eq!(shown.der(), Some(&der[..]));
    }
    let all: Vec<X509> = ders.iter().map(|der| X509::from_der(der).expect("parsed")).collect();
    for issuer in &all {
        let _ = is_issued_by(&all[0], issuer);
    }
    let trust = Trust { authorities: &all[1..], revocation_lists: &[], unix_time: NOW };
    let _ = verify_chain(&all, &trust);
});

fn is_x509(row: &SignatureAlgorithm) -> bool {
    matches!(row.form, KeyForm::X509 | KeyForm::X509Chain)
}

/// The program is asked about a key only if nothing of its certificates speaks against it.
fn log_in(row: &SignatureAlgorithm, blob: &[u8], good: bool) {
    // a longer packet ends the connection
    if blob.len() > 32_000 {
        return;
    }
    let mut session = Session::encrypted(CIPHERS[0], MACS[0]);
    session.program = Program::ACCEPTS;
    session.send(&ServiceRequest { service_name: "ssh-userauth" }.encode());
    let mut method_specific = Vec::new();
    Writer::new(&mut method_specific).boolean(false).string(row.name).string(blob);
    let request = UserauthRequest {
        user_name: b"user",
        service_name: "ssh-connection",
        method_name: "publickey",
        method_specific: &method_specific,
    };
    session.send(&request.encode());
    assert!(!session.connection.peer().is_authenticated, "without a signature");
    assert_eq!(!session.asked_keys.is_empty(), good);
    session.finish();
}
