//! Keys in a token of SoftHSM. The module reads its configuration from the environment, and a
//! process loads it once: so the tests run in a process of their own, under that configuration.

use std::io::Write;
use std::process::Command;

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, CertificateType, ObjectClass};
use cryptoki::session::UserType;
use cryptoki::types::AuthPin;

use super::certificates::chain_len;
use super::stores::*;
use super::*;
use crate::crypto::signature::{PrivateKey, by_name, verify};

const PIN: &str = "123456";
const TOKEN: u32 = 23;
/// Says that this is the process with the token.
const INSIDE: &str = "SSHSERVER_TEST_TOKEN_MODULE";

/// Where Debian and others put it.
const MODULES: &[&str] = &[
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib64/softhsm/libsofthsm2.so",
    "/usr/lib64/pkcs11/libsofthsm2.so",
    "/usr/local/lib/softhsm/libsofthsm2.so",
    "/opt/homebrew/lib/softhsm/libsofthsm2.so",
];

fn module() -> Option<&'static str> {
    MODULES.iter().copied().find(|path| std::path::Path::new(path).exists())
}

/// Makes two tokens, one with three keys, and runs [`keys_sign_in_the_token`] with them.
#[test]
fn tokens() {
    let Some(module) = module() else {
        assert!(std::env::var_os("CI").is_none(), "softhsm2 is not installed");
        writeln!(std::io::stderr(), "skipped: softhsm2 is not installed").unwrap();
        return;
    };
    let folder = std::env::temp_dir().join(format!("sshserver-token-{}", std::process::id()));
    fs::create_dir_all(folder.join("tokens")).unwrap();
    let configuration = folder.join("softhsm2.conf");
    let text =
        format!("directories.tokendir = {}\nlog.level = ERROR\n", folder.join("tokens").display());
    fs::write(&configuration, text).unwrap();
    let run = |program: &str, arguments: &[&str]| {
        let output = Command::new(program)
            .args(arguments)
            .env("SOFTHSM2_CONF", &configuration)
            .env(INSIDE, module)
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned()
            + &String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{program} {arguments:?}: {text}");
        text
    };
    for label in ["keys", "other"] {
        run(
            "softhsm2-util",
            &["--init-token", "--free", "--label", label, "--so-pin", "87654321", "--pin", PIN],
        );
    }
    for (id, name) in [("01", "rsa"), ("02", "ec")] {
        let key = store_path(&format!("{name}.key"));
        let key = key.to_str().unwrap();
        run(
            "softhsm2-util",
            &["--import", key, "--token", "keys", "--label", name, "--id", id, "--pin", PIN],
        );
    }
    let own = std::env::current_exe().unwrap();
    let test = "keystore::tests::pkcs11::keys_sign_in_the_token";
    let text = run(own.to_str().unwrap(), &[test, "--exact", "--ignored", "--test-threads", "1"]);
    assert!(text.contains("1 passed"), "{text}");
    fs::remove_dir_all(&folder).unwrap();
}

/// What softhsm2-util cannot write: an Ed25519 key and a certificate.
fn add_objects(module: &str) {
    let context = Pkcs11::new(module).unwrap();
    context.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)).unwrap();
    let slots = context.get_slots_with_initialized_token().unwrap();
    let is_keys =
        |slot: &cryptoki::slot::Slot| context.get_token_info(*slot).unwrap().label() == "keys";
    let slot = slots.into_iter().find(is_keys).unwrap();
    let session = context.open_rw_session(slot).unwrap();
    session.login(UserType::User, Some(&AuthPin::new(PIN.into()))).unwrap();
    for (name, id) in [("rsa", 1), ("middle", 8), ("root", 9)] {
        let certificate = parse(&store(&format!("{name}.pem")), "").unwrap();
        let certificate = certificate.certificates().next().unwrap();
        session
            .create_object(&[
                Attribute::Class(ObjectClass::CERTIFICATE),
                Attribute::CertificateType(CertificateType::X_509),
                Attribute::Token(true),
                Attribute::Private(false),
                Attribute::Label(name.as_bytes().to_vec()),
                Attribute::Id(vec![id]),
                // RFC 5280 4.1.2.6, in DER: whatever it is, SoftHSM only keeps it
                Attribute::Subject(vec![0x30, 0]),
                Attribute::Value(certificate.der().to_vec()),
            ])
            .unwrap();
    }
    // edwards25519 as a PrintableString, as the standard has it
    let curve = [&[0x13, 12][..], b"edwards25519"].concat();
    let common = |label: &[u8]| {
        vec![Attribute::Token(true), Attribute::Label(label.to_vec()), Attribute::Id(vec![3])]
    };
    let mut public = common(b"ed25519");
    public.extend([Attribute::Verify(true), Attribute::EcParams(curve)]);
    let mut private = common(b"ed25519");
    private.extend([Attribute::Sign(true), Attribute::Private(true)]);
    session.generate_key_pair(&Mechanism::EccEdwardsKeyPairGen, &public, &private).unwrap();
}

pub(super) fn sign_and_verify(key: &PrivateKey) -> usize {
    let mut made = 0;
    for name in key.algorithms() {
        if let Some(row) = by_name(name) {
            let signature = key.sign(name, b"message").unwrap();
            assert_eq!(verify(row, key.public_blob(), b"message", &signature), Ok(()), "{name}");
            made += 1;
        }
    }
    made
}

#[test]
#[ignore = "runs in a process with a token, which the test `tokens` makes"]
fn keys_sign_in_the_token() {
    let module = std::env::var(INSIDE).unwrap();
    add_objects(&module);
    let uri = format!("pkcs11:token=keys?module-path={module}");
    keys_are_found_by_what_they_are_called(&module, &uri);
    keys_are_shared_by_threads(&uri);
    tokens_and_pins_are_told_apart(&module, &uri);
}

fn load(store: &str, pin: &str, subject: &str) -> Result<Certificate, LoadError> {
    Certificate::load(TOKEN, store.as_bytes(), pin, subject)
}

fn keys_are_found_by_what_they_are_called(module: &str, uri: &str) {
    // by its certificate
    for subject in ["*", "", "CN=rsa.example.com", "rsa"] {
        let certificate = load(uri, PIN, subject).unwrap();
        assert_eq!(certificate.subject, "CN=rsa.example.com, O=Example");
        assert!(certificate.private_key_available());
        assert!(certificate.private_key_pem.is_empty(), "the key stays where it is");
        let key = certificate.private_key().unwrap();
        assert_eq!(key.public_blob(), blob_of("rsa"));
        assert!(sign_and_verify(&key) >= 2);
    }
    // with the chain, also where the URI means the key alone
    for store in [uri, &format!("pkcs11:token=keys;object=rsa?module-path={module}")] {
        let certificate = load(store, PIN, "*").unwrap();
        assert_eq!(chain_len(&certificate, "x509v3-rsa2048-sha256"), Some(3));
    }
    // by their names
    for (name, algorithm) in [("ec", "ecdsa-sha2-nistp256"), ("ed25519", "ssh-ed25519")] {
        let key = load(uri, PIN, name).unwrap().private_key().unwrap();
        assert_eq!(key.algorithms(), [algorithm]);
        assert!(key.is_heavy());
        assert_eq!(sign_and_verify(&key), 1);
    }
    assert_eq!(load(uri, PIN, "ec").unwrap().private_key().unwrap().public_blob(), blob_of("ec"));
    for one in ["object=ec", "id=%02"] {
        let one = format!("pkcs11:token=keys;{one}?module-path={module}");
        assert_eq!(
            load(&one, PIN, "*").unwrap().private_key().unwrap().public_blob(),
            blob_of("ec")
        );
    }
    let with_pin = format!("{uri}&pin-value={PIN}");
    assert!(load(&with_pin, "", "*").unwrap().private_key_available());
}

fn keys_are_shared_by_threads(uri: &str) {
    // for a certificate that is given
    let given = store("rsa.pem");
    let wanted = Wanted::Encoded(&given);
    let certificate = Certificate::load(TOKEN, uri.as_bytes(), PIN, wanted).unwrap();
    assert!(certificate.private_key_available());

    // several threads sign with one key
    let key = certificate.private_key().unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..5).for_each(|_| assert!(sign_and_verify(&key) >= 2)));
        }
    });
}

fn tokens_and_pins_are_told_apart(module: &str, uri: &str) {
    let why = |store: &str, pin: &str| load(store, pin, "*").unwrap_err().why;
    assert_eq!(why(module, PIN), KeystoreError::SeveralTokens);
    let no_token = format!("pkcs11:token=none?module-path={module}");
    assert_eq!(why(&no_token, PIN), KeystoreError::NoToken);
    let empty = format!("pkcs11:token=other?module-path={module}");
    assert_eq!(why(&empty, PIN), KeystoreError::NoKeyAndNoCertificate);
    assert_eq!(why(uri, "654321"), KeystoreError::WrongPassword);
    // the certificate is there for everyone, its key is not
    assert!(!load(uri, "", "*").unwrap().private_key_available());
    assert_eq!(load(uri, PIN, "CN=nobody").unwrap_err().why, KeystoreError::NoMatchingSubject);
}
