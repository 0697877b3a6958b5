//! What the tests of the engine share: an SSH client, a pair of client and engine without a socket,
//! and the fixed randomness and clock that make a session replay byte for byte.

pub(crate) mod client;
pub(crate) mod kex;
pub(crate) mod pair;
pub(crate) mod program;

use std::path::Path;
use std::sync::Arc;

use sshserver::crypto::hash::Hash;
use sshserver::crypto::random::Random;
use sshserver::crypto::signature::{PrivateKey, generate_ed25519};
use sshserver::engine::Config;
use sshserver::error::CryptoError;
use sshserver::keystore;

/// Random bytes that are the same in every run: SHA-256 of a seed and a counter.
pub(crate) struct FixedRandom {
    seed: u64,
    counter: u64,
}

impl FixedRandom {
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed, counter: 0 }
    }

    pub(crate) fn bytes(&mut self, len: usize) -> Vec<u8> {
        let mut out = vec![0; len];
        self.fill(&mut out).unwrap();
        out
    }

    /// A number below `bound`.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        let bytes = self.bytes(8);
        let number = u64::from_be_bytes(bytes.try_into().unwrap());
        (number % bound as u64) as usize
    }
}

impl Random for FixedRandom {
    fn fill(&mut self, out: &mut [u8]) -> Result<(), CryptoError> {
        for chunk in out.chunks_mut(32) {
            let block =
                Hash::Sha256.digest(&[&self.seed.to_be_bytes(), &self.counter.to_be_bytes()]);
            self.counter += 1;
            chunk.copy_from_slice(&block[..chunk.len()]);
        }
        Ok(())
    }
}

/// An ed25519 key, by its seed.
pub(crate) fn ed25519(seed: u64) -> PrivateKey {
    generate_ed25519(&mut FixedRandom::new(seed)).unwrap()
}

/// A key of `tests/vectors/keys`.
pub(crate) fn key_file(name: &str) -> PrivateKey {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/keys");
    let contents = keystore::parse(&std::fs::read(folder.join(name)).unwrap(), "").unwrap();
    PrivateKey::new(contents.first_key().unwrap().material()).unwrap()
}

/// The engine's defaults, with the ed25519 host key of seed 1.
pub(crate) fn config() -> Config {
    let mut config = Config::default();
    config.transport.version = "SSH-2.0-test".to_owned();
    config.transport.host_keys.push(Arc::new(ed25519(1)));
    config
}

/// Bytes in which no two places look alike, to compare streams with.
pub(crate) fn pattern(len: usize) -> Vec<u8> {
    (0..len).map(|index| (index ^ (index >> 8) ^ (index >> 16)) as u8).collect()
}
