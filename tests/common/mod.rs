//! What the tests of the engine share: an SSH client, a pair of client and engine without a socket,
//! and the fixed randomness and clock that make a session replay byte for byte. For those of the
//! driver, a server on loopback with its program.

pub(crate) mod certificate;
pub(crate) mod client;
#[cfg(feature = "driver")]
pub(crate) mod driver_program;
pub(crate) mod gss;
pub(crate) mod kex;
pub(crate) mod pair;
pub(crate) mod program;
#[cfg(feature = "driver")]
pub(crate) mod session;
#[cfg(feature = "driver")]
pub(crate) mod socket;
pub(crate) mod x509;

use std::path::Path;
use std::sync::Arc;

use sshserver::crypto::hash::Hash;
use sshserver::crypto::random::Random;
use sshserver::crypto::secret::Secret;
use sshserver::crypto::signature::{KeyMaterial, PrivateKey, generate_ed25519};
use sshserver::engine::Config;
use sshserver::error::CryptoError;
use sshserver::keystore;
use sshserver::transport::AlgorithmLists;

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

/// The key of RFC 6979 section A.2.1.
pub(crate) fn dsa() -> PrivateKey {
    let p = "\
        86f5ca03dcfeb225063ff830a0c769b9dd9d6153ad91d7ce27f787c43278b447\
        e6533b86b18bed6e8a48b784a14c252c5be0dbf60b86d6385bd2f12fb763ed88\
        73abfd3f5ba2e0a8c0a59082eac056935e529daf7c610467899c77adedfc846c\
        881870b7b19b2b58f9be0521a17002e3bdd6b86685ee90b3d9a1b02b782b1779";
    let g = "\
        07b0f92546150b62514bb771e2a0c0ce387f03bda6c56b505209ff25fd3c133d\
        89bbcd97e904e09114d9a7defdeadfc9078ea544d2e401aeecc40bb9fbbf78fd\
        87995a10a1c27cb7789b594ba7efb5c4326a9fe59a070e136db77175464adca4\
        17be5dce2f40d10a46a3a3943f26ab7fd9c0398ff8c76ee0a56826a8a88f1dbd";
    let y = "\
        5df5e01ded31d0297e274e1691c192fe5868fef9e19a84776454b100cf16f653\
        92195a38b90523e2542ee61871c0440cb87c322fc4b4d2ec5e1e7ec766e1be8d\
        4ce935437dc11c3c8fd426338933ebfe739cb3465f4d3668c5e473508253b1e6\
        82f65cbdc4fae93c2ea212390e54905a86e2223170b44eaa7da5dd9ffcfb7f3b";
    PrivateKey::new(&KeyMaterial::Dsa {
        p: hex(p),
        q: hex("996f967f6c8e388d9e28d01e205fba957a5698b1"),
        g: hex(g),
        y: hex(y),
        x: Secret::new(hex("411602cb19a6ccc34494d79d98ef1e7ed5af25f7")),
    })
    .unwrap()
}

/// Bytes from hexadecimal digits.
pub(crate) fn hex(digits: &str) -> Vec<u8> {
    let pairs = digits.as_bytes().chunks(2);
    pairs.map(|two| u8::from_str_radix(std::str::from_utf8(two).unwrap(), 16).unwrap()).collect()
}

/// A key of `tests/vectors/keys`.
pub(crate) fn key_file(name: &str) -> PrivateKey {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/keys");
    let contents = keystore::parse(&std::fs::read(folder.join(name)).unwrap(), "").unwrap();
    PrivateKey::new(contents.first_key().unwrap().material()).unwrap()
}

/// The engine's defaults with every algorithm there is, and the ed25519 host key of seed 1.
pub(crate) fn config() -> Config {
    let mut config = Config::default();
    config.transport.algorithms = AlgorithmLists::of(|_| true);
    config.transport.version = "SSH-2.0-test".to_owned();
    config.transport.host_keys.push(Arc::new(ed25519(1)));
    config
}

/// Bytes in which no two places look alike, to compare streams with.
pub(crate) fn pattern(len: usize) -> Vec<u8> {
    (0..len).map(|index| (index ^ (index >> 8) ^ (index >> 16)) as u8).collect()
}
