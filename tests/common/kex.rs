//! The client's side of every key exchange method of the registry.

use aws_lc_rs::agreement::{
    Algorithm, ECDH_P256, ECDH_P384, ECDH_P521, PrivateKey, UnparsedPublicKey, X25519, agree,
};
use aws_lc_rs::kem::{Ciphertext, DecapsulationKey, ML_KEM_768};
use sntrup::sntrup761;
use sshserver::crypto::hash::Hash;
use sshserver::crypto::random::Random;
use sshserver::wire::{Reader, Writer};

use super::FixedRandom;
use super::gss::{GOOD, mic};

/// A started key exchange.
pub(crate) enum ClientKex {
    /// A public value and its secret, both strings: X25519 and the NIST curves.
    Curve { key: Box<PrivateKey>, curve: &'static Algorithm, public: Vec<u8> },
    /// A KEM and X25519.
    Hybrid { kem: Kem, key: Box<PrivateKey>, public: Vec<u8> },
    /// Diffie-Hellman with the exponent 1: e is 2 and K is f. Insecure, for tests only.
    Group,
    /// The same in a group that the server chooses: what was sent for it, and what came back.
    GroupExchange { request: Vec<u8>, parameters: Option<Vec<u8>> },
    /// One of them, authenticated by GSSAPI.
    Gss(Box<Self>),
}

/// The secret half of a KEM.
pub(crate) enum Kem {
    MlKem(Box<DecapsulationKey>),
    Sntrup(Box<sntrup761::DecapsulationKey>),
}

impl Kem {
    /// The secret for a ciphertext, and the hash that joins it with the other.
    fn secret(&self, server: &[u8], key: &PrivateKey) -> Vec<u8> {
        match self {
            Self::MlKem(kem) => {
                let (ciphertext, x25519) = server.split_at(1088);
                let secret = kem.decapsulate(Ciphertext::from(ciphertext)).unwrap();
                Hash::Sha256.digest(&[secret.as_ref(), &agreed(key, &X25519, x25519)])
            }
            Self::Sntrup(kem) => {
                let (ciphertext, x25519) = server.split_at(sntrup761::CIPHERTEXT_SIZE);
                let ciphertext = sntrup761::Ciphertext::try_from(ciphertext).unwrap();
                let secret = kem.decapsulate(&ciphertext);
                Hash::Sha512.digest(&[secret.as_ref(), &agreed(key, &X25519, x25519)])
            }
        }
    }
}

/// K as the exchange hash takes it, and the fields before it.
pub(crate) struct Shared {
    pub(crate) secret: Vec<u8>,
    pub(crate) hash_fields: Vec<u8>,
}

impl ClientKex {
    pub(crate) fn start(name: &str, random: &mut FixedRandom) -> Self {
        let curve = |curve: &'static Algorithm, len: usize, random: &mut FixedRandom| {
            let mut scalar = random.bytes(len);
            if len == 66 {
                scalar[0] = 0;
            }
            let key = PrivateKey::from_private_key(curve, &scalar).unwrap();
            let public = key.compute_public_key().unwrap().as_ref().to_vec();
            (Box::new(key), public)
        };
        match name {
            name if name.starts_with("gss-") => {
                let (_, rest) = name.split_once('-').unwrap();
                let inner = match rest.rsplit_once('-').unwrap().0 {
                    "curve25519-sha256" => "curve25519-sha256",
                    "nistp256-sha256" => "ecdh-sha2-nistp256",
                    "gex-sha1" => "diffie-hellman-group-exchange-sha1",
                    _ => "diffie-hellman-group",
                };
                Self::Gss(Box::new(Self::start(inner, random)))
            }
            "mlkem768x25519-sha256" => {
                let kem = DecapsulationKey::generate(&ML_KEM_768).unwrap();
                let (key, x25519) = curve(&X25519, 32, random);
                let encapsulation = kem.encapsulation_key().unwrap();
                let public = [encapsulation.key_bytes().unwrap().as_ref(), &x25519].concat();
                Self::Hybrid { kem: Kem::MlKem(Box::new(kem)), key, public }
            }
            name if name.starts_with("sntrup761x25519") => {
                let seed = random.bytes(32).try_into().unwrap();
                let (encapsulation, kem) = sntrup761::generate_key_deterministic(&seed);
                let (key, x25519) = curve(&X25519, 32, random);
                let public = [encapsulation.as_ref(), &x25519].concat();
                Self::Hybrid { kem: Kem::Sntrup(Box::new(kem)), key, public }
            }
            name if name.starts_with("diffie-hellman-group-exchange") => {
                let mut request = vec![34];
                Writer::new(&mut request).u32(2048).u32(3072).u32(8192);
                Self::GroupExchange { request, parameters: None }
            }
            name if name.starts_with("diffie-hellman-group") => Self::Group,
            name => {
                let (algorithm, len) = match name {
                    "ecdh-sha2-nistp256" => (&ECDH_P256, 32),
                    "ecdh-sha2-nistp384" => (&ECDH_P384, 48),
                    "ecdh-sha2-nistp521" => (&ECDH_P521, 66),
                    _ => (&X25519, 32),
                };
                let (key, public) = curve(algorithm, len, random);
                Self::Curve { key, curve: algorithm, public }
            }
        }
    }

    /// The first message.
    pub(crate) fn init(&self) -> Vec<u8> {
        let mut payload = vec![30];
        let mut writer = Writer::new(&mut payload);
        match self {
            Self::Curve { public, .. } | Self::Hybrid { public, .. } => writer.string(public),
            Self::Group => writer.mpint(&[2]),
            Self::GroupExchange { request, .. } => return request.clone(),
            Self::Gss(inner) => return with_token(inner.init(), GOOD),
        };
        payload
    }

    /// Takes message 31 of a group exchange, for which there is an answer, or 41 of one by GSSAPI; other
    /// methods end with it.
    pub(crate) fn answer(&mut self, payload: &[u8]) -> Option<Vec<u8>> {
        if let Self::Gss(inner) = self {
            return inner.answer(payload).map(|init| with_token(init, GOOD));
        }
        let Self::GroupExchange { parameters, .. } = self else {
            return None;
        };
        *parameters = Some(payload[1..].to_vec());
        let mut init = vec![32];
        Writer::new(&mut init).mpint(&[2]);
        Some(init)
    }

    /// Takes the server's public value as it stands in the reply.
    pub(crate) fn finish(self, reply: &mut Reader<'_>) -> Shared {
        let (mut secret, mut hash_fields) = (Vec::new(), Vec::new());
        match self {
            Self::Curve { key, curve, public } => {
                let server = reply.string().unwrap();
                let agreed = agreed(&key, curve, server);
                Writer::new(&mut secret).mpint(&agreed);
                Writer::new(&mut hash_fields).string(public).string(server);
            }
            Self::Hybrid { kem, key, public } => {
                let server = reply.string().unwrap();
                Writer::new(&mut secret).string(kem.secret(server, &key));
                Writer::new(&mut hash_fields).string(public).string(server);
            }
            Self::Group => {
                let f = reply.mpint().unwrap();
                Writer::new(&mut secret).mpint(f);
                Writer::new(&mut hash_fields).mpint(&[2]).mpint(f);
            }
            Self::GroupExchange { request, parameters } => {
                let f = reply.mpint().unwrap();
                Writer::new(&mut secret).mpint(f);
                Writer::new(&mut hash_fields)
                    .raw(&request[1..])
                    .raw(&parameters.expect("a group"))
                    .mpint(&[2])
                    .mpint(f);
            }
            Self::Gss(inner) => return inner.finish(reply),
        }
        Shared { secret, hash_fields }
    }
}

/// The message of a method under its number of RFC 4462, with a token if it carries the public value.
pub(crate) fn with_token(plain: Vec<u8>, token: &[u8]) -> Vec<u8> {
    let (number, fields) = plain.split_first().unwrap();
    let mut payload = vec![if *number == 34 { 40 } else { 30 }];
    if *number != 34 {
        Writer::new(&mut payload).string(token);
    }
    payload.extend_from_slice(fields);
    payload
}

/// What follows the public value in the reply of GSSAPI (RFC 4462 section 2.1).
pub(crate) fn check_gss_reply(mut reply: Reader<'_>, hash: &[u8]) {
    assert_eq!(reply.string().unwrap(), mic(hash), "the context's MIC");
    assert!(reply.boolean().unwrap());
    assert_eq!(reply.string().unwrap(), b"welcome");
    reply.finish().unwrap();
}

fn agreed(key: &PrivateKey, curve: &'static Algorithm, server: &[u8]) -> Vec<u8> {
    let server = UnparsedPublicKey::new(curve, server);
    agree(key, server, (), |secret| Ok(secret.to_vec())).unwrap()
}

/// The cookie of a KEXINIT.
pub(crate) fn cookie(random: &mut FixedRandom) -> [u8; 16] {
    let mut cookie = [0; 16];
    random.fill(&mut cookie).unwrap();
    cookie
}
