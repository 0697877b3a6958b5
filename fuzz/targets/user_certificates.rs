//! Certificates of users whose every field is the fuzzer's and whose signature is right: what the parser,
//! the program's view of them and a login with them make of it. A bit that differs has to be noticed.

#![no_main]

use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;
use sshserver::binding_under_test::user_certificate;
use sshserver::crypto::cipher::CIPHERS;
use sshserver::crypto::mac::MACS;
use sshserver::crypto::signature::{
    Certificate, CertificateKind, PrivateKey, generate_ed25519, rsa_bits,
};
use sshserver::wire::Writer;
use sshserver::wire::messages::{Message, ServiceRequest, UserauthRequest};
use sshserver_fuzz::{Counter, Input, NOW, Program, Session};

/// The type of the certificate and how many fields its key has.
const TYPES: [(&str, usize); 8] = [
    ("ssh-ed25519-cert-v01@openssh.com", 1),
    ("ecdsa-sha2-nistp256-cert-v01@openssh.com", 2),
    ("ecdsa-sha2-nistp384-cert-v01@openssh.com", 2),
    ("ecdsa-sha2-nistp521-cert-v01@openssh.com", 2),
    ("sk-ssh-ed25519-cert-v01@openssh.com", 2),
    ("sk-ecdsa-sha2-nistp256-cert-v01@openssh.com", 3),
    ("ssh-rsa-cert-v01@openssh.com", 2),
    ("ssh-dss-cert-v01@openssh.com", 4),
];

fuzz_target!(|data: &[u8]| {
    let mut input = Input(data);
    let (choice, flip) = (input.byte(), usize::try_from(input.number()).expect("a number"));
    let blob = build(usize::from(choice), &mut input);
    let parsed = Certificate::parse(&blob);
    let shown = user_certificate(&blob);
    assert_eq!(parsed.is_ok(), shown.is_ok());
    let Ok(parsed) = parsed else {
        log_in(&blob, choice, None);
        return;
    };
    let shown = shown.unwrap_or_else(|why| panic!("{why}"));
    assert_eq!(shown.key_id, parsed.key_id);
    assert_eq!(shown.serial, parsed.serial.to_string());
    assert_eq!(shown.principals, parsed.principals);
    assert_eq!(shown.critical_options.len(), 2 * parsed.critical_options.len());
    assert_eq!(shown.extensions.len(), 2 * parsed.extensions.len());
    assert!(shown.valid_after >= 0.0 && shown.valid_before >= 0.0);
    assert_eq!(shown.key_type, TYPES[usize::from(choice) % TYPES.len()].0);
    assert_eq!(Certificate::verified(&blob).as_ref(), Ok(&parsed));

    let mut other = blob.clone();
    other[flip / 8 % blob.len()] ^= 1 << (flip % 8);
    assert!(Certificate::verified(&other).is_err(), "bit {flip}");
    log_in(&blob, choice, Some(&parsed));
    log_in(&other, choice, None);
});

fn authority() -> &'static PrivateKey {
    static AUTHORITY: OnceLock<PrivateKey> = OnceLock::new();
    AUTHORITY.get_or_init(|| generate_ed25519(&mut Counter(7)).expect("a key"))
}

/// Lists are lists in most cases, and anything in others.
fn build(choice: usize, input: &mut Input<'_>) -> Vec<u8> {
    let (name, fields) = TYPES[choice % TYPES.len()];
    let mut blob = Vec::new();
    let mut writer = Writer::new(&mut blob);
    writer.string(name).string("nonce");
    for _ in 0..fields {
        writer.string(input.chunk());
    }
    writer.u64(number(input)).u32(u32::from(input.byte() % 4)).string(input.chunk());
    writer.string(list(input, 1)).u64(number(input)).u64(number(input));
    writer.string(list(input, 2)).string(list(input, 2)).string(input.chunk());
    writer.string(authority().public_blob());
    let signature = authority().sign("ssh-ed25519", &blob).expect("a signature");
    Writer::new(&mut blob).string(signature);
    blob
}

/// Of all sizes: a byte says how much of it is set.
fn number(input: &mut Input<'_>) -> u64 {
    let (shift, number) = (input.byte(), u64::from(input.number()));
    match shift {
        0 => u64::MAX,
        1..=4 => NOW.wrapping_add(u64::from(shift)).wrapping_sub(2),
        _ => (number << 32 | number) >> (shift % 64),
    }
}

fn list(input: &mut Input<'_>, per_entry: usize) -> Vec<u8> {
    let entries = input.byte();
    if entries == 255 {
        return input.chunk().to_vec();
    }
    let mut packed = Vec::new();
    for _ in 0..usize::from(entries % 8) * per_entry {
        Writer::new(&mut packed).string(input.chunk());
    }
    packed
}

/// The program is asked about a key only if nothing of its certificate speaks against it.
fn log_in(blob: &[u8], choice: u8, certificate: Option<&Certificate>) {
    let mut session = Session::encrypted(CIPHERS[0], MACS[0]);
    session.program = Program::ACCEPTS;
    session.send(&ServiceRequest { service_name: "ssh-userauth" }.encode());
    let mut method_specific = Vec::new();
    let name = TYPES[usize::from(choice) % TYPES.len()].0;
    Writer::new(&mut method_specific).boolean(false).string(name).string(blob);
    let request = UserauthRequest {
        user_name: b"user",
        service_name: "ssh-connection",
        method_name: "publickey",
        method_specific: &method_specific,
    };
    session.send(&request.encode());
    assert!(!session.connection.peer().is_authenticated, "without a signature");
    let expected = certificate.is_some_and(|certificate| {
        let security_key = name.starts_with("sk-");
        let known =
            |name: &str| name == "force-command" || (security_key && name == "verify-required");
        certificate.is_valid(CertificateKind::User, NOW)
            && certificate.critical_options.iter().all(|option| known(&option.name))
            && rsa_bits(&certificate.key_blob).is_none_or(|bits| bits >= session.min_rsa_bits())
    });
    assert_eq!(!session.asked_keys.is_empty(), expected, "{certificate:?}");
    session.finish();
}
