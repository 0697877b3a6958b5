//! The server's side of each key exchange of the registry, up to the shared secret, and host key
//! signatures; a first exchange of a whole connection, with a host key and with GSSAPI:
//! `cargo bench --no-default-features --bench key_exchange`.

use std::sync::Arc;
use std::time::Instant;

use aws_lc_rs::agreement::{ECDH_P256, ECDH_P384, ECDH_P521, PrivateKey, X25519};
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::kem::{DecapsulationKey, ML_KEM_768};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use bytes::BytesMut;
use divan::Bencher;
use sntrup::sntrup761;
use sshserver::crypto::gss::{Acceptor, Context, Failed, Initiator, Step};
use sshserver::crypto::kex::{KEXES, KexAlgorithm};
use sshserver::crypto::random::SystemRandom;
use sshserver::crypto::signature::{self, generate_ed25519};
use sshserver::engine::{Config, Connection, Event, Verbosity, WriteBuffer};
use sshserver::keystore;
use sshserver::wire::messages::{KexInit, Message};
use sshserver::wire::{NameList, Writer};

fn main() {
    divan::main();
}

/// A row that can be printed.
#[derive(Clone, Copy)]
struct Row(&'static KexAlgorithm);

impl std::fmt::Display for Row {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0.name)
    }
}

fn rows() -> Vec<Row> {
    KEXES.iter().copied().map(Row).collect()
}

/// The client's public value for a method: a message 30 without its number and length.
fn client_value(name: &str) -> Option<Vec<u8>> {
    let x25519 = || {
        let key = PrivateKey::generate(&X25519).ok()?;
        Some(key.compute_public_key().ok()?.as_ref().to_vec())
    };
    let curve = match name {
        "mlkem768x25519-sha256" => {
            let key = DecapsulationKey::generate(&ML_KEM_768).ok()?;
            let public = key.encapsulation_key().ok()?.key_bytes().ok()?;
            return Some([public.as_ref(), &x25519()?].concat());
        }
        name if name.starts_with("sntrup761x25519") => {
            let (public, _) = sntrup761::generate_key_deterministic(&[7; 32]);
            return Some([public.as_ref(), &x25519()?].concat());
        }
        "ecdh-sha2-nistp256" => &ECDH_P256,
        "ecdh-sha2-nistp384" => &ECDH_P384,
        "ecdh-sha2-nistp521" => &ECDH_P521,
        name if name.starts_with("curve25519") => return x25519(),
        // any number that is not trivial serves for the work of the server
        name if name.starts_with("diffie-hellman-group") => return Some(vec![0x5a; 120]),
        _ => return None,
    };
    let key = PrivateKey::generate(curve).ok()?;
    Some(key.compute_public_key().ok()?.as_ref().to_vec())
}

#[divan::bench(args = rows(), max_time = 1)]
fn server_side(bencher: Bencher<'_, '_>, row: &Row) {
    let Some(value) = client_value(row.0.name) else { return };
    let mut payload = vec![30];
    Writer::new(&mut payload).string(&value);
    if !row.0.name.contains("group-exchange") {
        return bencher.bench_local(|| (row.0.start)().handle(&mut SystemRandom, &payload));
    }
    // 3072 bits: what clients ask for with ciphers of 128 bits
    let mut request = vec![34];
    Writer::new(&mut request).u32(2048).u32(3072).u32(8192);
    if let Some(number) = payload.first_mut() {
        *number = 32;
    }
    bencher.bench_local(|| {
        let mut server = (row.0.start)();
        server
            .handle(&mut SystemRandom, &request)
            .and_then(|_| server.handle(&mut SystemRandom, &payload))
    });
}

#[divan::bench]
fn sign_ed25519(bencher: Bencher<'_, '_>) {
    let Ok(key) = generate_ed25519(&mut SystemRandom) else { return };
    bencher.bench_local(|| key.sign("ssh-ed25519", &[7; 32]));
}

/// A host key's signature, with keys made for it.
#[divan::bench(args = [2048, 3072, 4096], max_time = 1)]
fn sign_rsa(bencher: Bencher<'_, '_>, bits: u32) {
    let size = match bits {
        2048 => KeySize::Rsa2048,
        3072 => KeySize::Rsa3072,
        _ => KeySize::Rsa4096,
    };
    let Some(key) = rsa(size) else { return };
    bencher.bench_local(|| key.sign("rsa-sha2-512", &[7; 32]));
}

fn rsa(size: KeySize) -> Option<signature::PrivateKey> {
    let pair = KeyPair::generate(size).ok()?;
    let encoded = AsDer::<Pkcs8V1Der<'_>>::as_der(&pair).ok()?;
    let contents = keystore::parse(encoded.as_ref(), "").ok()?;
    signature::PrivateKey::new(contents.first_key()?.material()).ok()
}

/// X25519 of the library alone: the floor for curve25519-sha256.
#[divan::bench]
fn x25519_alone(bencher: Bencher<'_, '_>) {
    let Ok(peer) = PrivateKey::generate(&X25519) else { return };
    let Ok(public) = peer.compute_public_key() else { return };
    let public = aws_lc_rs::agreement::UnparsedPublicKey::new(&X25519, public);
    bencher.bench_local(|| {
        let own = PrivateKey::generate(&X25519)?;
        aws_lc_rs::agreement::agree(&own, &public, aws_lc_rs::error::Unspecified, |secret| {
            secret.first().copied().ok_or(aws_lc_rs::error::Unspecified)
        })
    });
}

/// A library that costs nothing: what is left is the server's own work.
#[derive(Debug)]
struct NoLibrary;

impl Acceptor for NoLibrary {
    fn begin(&self) -> Box<dyn Context> {
        Box::new(Self)
    }
}

impl Context for NoLibrary {
    fn step(&mut self, _: &[u8]) -> Result<Step, Failed> {
        let principal = "bob@EXAMPLE.COM".to_owned();
        let initiator =
            Initiator { principal, mutual: true, integrity: true, ..Initiator::default() };
        Ok(Step::Complete { token: Some(vec![7; 156]), initiator })
    }

    fn mic(&mut self, _: &[u8]) -> Result<Vec<u8>, Failed> {
        Ok(vec![7; 28])
    }

    fn verify(&mut self, _: &[u8], _: &[u8]) -> Result<(), Failed> {
        Ok(())
    }
}

/// All that a client sends before its NEWKEYS.
fn client_bytes(method: &str) -> Option<BytesMut> {
    let names = |list| NameList::parse(list).ok();
    let init = KexInit {
        cookie: [7; 16],
        kex_algorithms: names(method)?,
        server_host_key_algorithms: names("ssh-ed25519")?,
        encryption_client_to_server: names("aes128-gcm@openssh.com")?,
        encryption_server_to_client: names("aes128-gcm@openssh.com")?,
        mac_client_to_server: names("hmac-sha2-256")?,
        mac_server_to_client: names("hmac-sha2-256")?,
        compression_client_to_server: names("none")?,
        compression_server_to_client: names("none")?,
        languages_client_to_server: names("")?,
        languages_server_to_client: names("")?,
        first_kex_packet_follows: false,
    };
    let mut value = vec![30];
    let mut writer = Writer::new(&mut value);
    if method.starts_with("gss-") {
        // as long as a token of Kerberos
        writer.string([0x60; 722]);
    }
    writer.string(client_value("curve25519-sha256")?);
    let mut bytes = BytesMut::from(&b"SSH-2.0-bench\r\n"[..]);
    for payload in [init.encode(), value] {
        let mut padding = 8 - (5 + payload.len()) % 8;
        if padding < 4 {
            padding += 8;
        }
        let len = u32::try_from(1 + payload.len() + padding).ok()?;
        bytes.extend_from_slice(&len.to_be_bytes());
        bytes.extend_from_slice(&[u8::try_from(padding).ok()?]);
        bytes.extend_from_slice(&payload);
        bytes.extend_from_slice(&vec![0; padding]);
    }
    Some(bytes)
}

#[divan::bench(args = ["curve25519-sha256", "gss-curve25519-sha256-toWM5Slw5Ew8Mqkay+al2g=="], max_time = 2)]
fn first_exchange(bencher: Bencher<'_, '_>, method: &str) {
    let Ok(key) = generate_ed25519(&mut SystemRandom) else { return };
    let mut config = Config::default();
    config.transport.host_keys.push(Arc::new(key));
    config.transport.gss = Some(Arc::new(NoLibrary));
    let config = Arc::new(config);
    let Some(bytes) = client_bytes(method) else { return };
    bencher.bench_local(|| {
        let now = Instant::now();
        let random = Box::new(SystemRandom);
        let mut server = Connection::new(now, Arc::clone(&config), random, Verbosity::default());
        server.handle_input(now, &mut bytes.clone());
        while let Some(event) = server.poll_event() {
            if let Event::Job(job) = event {
                server.complete(now, job.run());
            }
        }
        let mut out = WriteBuffer::new();
        server.poll_transmit(now, &mut out);
        assert!(!server.is_ended());
        out.len()
    });
}
