//! ssh-dss (RFC 4253 section 6.6): DSA with SHA-1 and a subgroup of 160 bits. Public key blob: `string
//! "ssh-dss" | mpint p | mpint q | mpint g | mpint y`; signature: r and s, 20 bytes each.

use subtle::ConstantTimeEq;

use super::{PrivateKey, SignatureAlgorithm, Signer};
use crate::crypto::Security;
use crate::crypto::aws_lc::{DsaKey, mod_exp};
use crate::crypto::hash::Hash;
use crate::crypto::secret::Secret;
use crate::error::{CryptoError, InvalidMessage};
use crate::wire::{Reader, Writer};

/// The registry row.
pub(super) static SSH_DSS: SignatureAlgorithm = SignatureAlgorithm {
    security: Security::Compatible,
    ..SignatureAlgorithm::plain(NAME, NAME, verify)
};

fn verify(key_blob: &[u8], message: &[u8], signature: &[u8]) -> Result<(), CryptoError> {
    let numbers = public_numbers(key_blob)?;
    let (r, s) = signature
        .split_at_checked(NUMBER_LEN)
        .filter(|(_, s)| s.len() == NUMBER_LEN)
        .ok_or(CryptoError::BadSignature)?;
    DsaKey::new(numbers, None)?.verify(&Hash::Sha1.digest(&[message]), r, s)
}

/// p, q, g and y of a blob; their sizes are bounded here, before any arithmetic with them.
fn public_numbers(key_blob: &[u8]) -> Result<[&[u8]; 4], CryptoError> {
    let parse = || {
        let mut reader = Reader::new(key_blob);
        let name = reader.string()?;
        let numbers = [reader.mpint()?, reader.mpint()?, reader.mpint()?, reader.mpint()?];
        reader.finish().map(|()| (name, numbers))
    };
    let (name, numbers) = parse().map_err(|_: InvalidMessage| CryptoError::UnsuitableKey)?;
    let [p, q, g, y] = numbers;
    // a 160-bit number has its highest bit set; the library demands that, too
    let fits = name == NAME.as_bytes()
        && (MIN_MODULUS_LEN..=MAX_MODULUS_LEN).contains(&p.len())
        && q.len() == NUMBER_LEN
        && g.len() <= p.len()
        && y.len() <= p.len();
    if fits { Ok(numbers) } else { Err(CryptoError::UnsuitableKey) }
}

/// Builds a key; numbers that do not fit each other are refused.
pub(super) fn private_key([p, q, g, y]: [&[u8]; 4], x: &Secret) -> Result<PrivateKey, CryptoError> {
    let mut public_blob = Vec::new();
    Writer::new(&mut public_blob).string(NAME).mpint(p).mpint(q).mpint(g).mpint(y);
    let numbers = public_numbers(&public_blob)?;
    let [p, _, g, y] = numbers;
    let power = mod_exp(g, x.expose(), p).map_err(|_| CryptoError::UnsuitableKey)?;
    let zeros = power.len().saturating_sub(y.len());
    let matches = power.iter().take(zeros).all(|&byte| byte == 0)
        && bool::from(power.get(zeros..).unwrap_or_default().ct_eq(y));
    if !matches {
        return Err(CryptoError::UnsuitableKey);
    }
    let key = DsaKey::new(numbers, Some(x.expose()))?;
    // the library checks the numbers when it signs
    key.sign(&[0; NUMBER_LEN]).map_err(|_| CryptoError::UnsuitableKey)?;
    Ok(PrivateKey::plain(public_blob, Box::new(Dsa(key))))
}

struct Dsa(DsaKey);

impl Signer for Dsa {
    fn algorithms(&self) -> &'static [&'static str] {
        &[NAME]
    }

    fn sign(&self, _algorithm: &str, message: &[u8]) -> Result<Vec<u8>, CryptoError> {
        let signature = self.0.sign(&Hash::Sha1.digest(&[message]))?;
        Ok([signature.r, signature.s].concat())
    }
}

const NAME: &str = "ssh-dss";
/// Length of q, r and s.
const NUMBER_LEN: usize = 20;
/// FIPS 186-2 has 1024 bits; puttygen makes up to 3072 with the same q.
const MIN_MODULUS_LEN: usize = 128;
const MAX_MODULUS_LEN: usize = 384;

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::crypto::signature::KeyMaterial;
    use crate::crypto::signature::tests::{mpints, strings};
    use crate::crypto::tests::hex;

    /// RFC 6979 section A.2.1: the key, and the signature of "sample" with SHA-1.
    const P: &str = "\
        86f5ca03dcfeb225063ff830a0c769b9dd9d6153ad91d7ce27f787c43278b447\
        e6533b86b18bed6e8a48b784a14c252c5be0dbf60b86d6385bd2f12fb763ed88\
        73abfd3f5ba2e0a8c0a59082eac056935e529daf7c610467899c77adedfc846c\
        881870b7b19b2b58f9be0521a17002e3bdd6b86685ee90b3d9a1b02b782b1779";
    const Q: &str = "996f967f6c8e388d9e28d01e205fba957a5698b1";
    const G: &str = "\
        07b0f92546150b62514bb771e2a0c0ce387f03bda6c56b505209ff25fd3c133d\
        89bbcd97e904e09114d9a7defdeadfc9078ea544d2e401aeecc40bb9fbbf78fd\
        87995a10a1c27cb7789b594ba7efb5c4326a9fe59a070e136db77175464adca4\
        17be5dce2f40d10a46a3a3943f26ab7fd9c0398ff8c76ee0a56826a8a88f1dbd";
    const X: &str = "411602cb19a6ccc34494d79d98ef1e7ed5af25f7";
    const Y: &str = "\
        5df5e01ded31d0297e274e1691c192fe5868fef9e19a84776454b100cf16f653\
        92195a38b90523e2542ee61871c0440cb87c322fc4b4d2ec5e1e7ec766e1be8d\
        4ce935437dc11c3c8fd426338933ebfe739cb3465f4d3668c5e473508253b1e6\
        82f65cbdc4fae93c2ea212390e54905a86e2223170b44eaa7da5dd9ffcfb7f3b";
    const SIGNATURE: &str = "\
        2e1a0c2562b2912caaf89186fb0f42001585da55\
        29efb6b0aff2d7a68eb70ca313022253b9a88df5";

    pub(in crate::crypto::signature) fn material() -> KeyMaterial {
        KeyMaterial::Dsa { p: hex(P), q: hex(Q), g: hex(G), y: hex(Y), x: Secret::new(hex(X)) }
    }

    fn blob(numbers: [&[u8]; 4]) -> Vec<u8> {
        [strings(&[b"ssh-dss"]), mpints(&numbers)].concat()
    }

    pub(in crate::crypto::signature) fn known_answers() -> Vec<&'static str> {
        let key = PrivateKey::new(&material()).unwrap();
        assert_eq!(key.public_blob(), blob([&hex(P), &hex(Q), &hex(G), &hex(Y)]));
        assert_eq!(verify(key.public_blob(), b"sample", &hex(SIGNATURE)), Ok(()));
        for (message, at) in [(&b"test"[..], None), (b"sample", Some(0)), (b"sample", Some(39))] {
            let mut signature = hex(SIGNATURE);
            if let Some(at) = at {
                signature[at] ^= 1;
            }
            let refused = verify(key.public_blob(), message, &signature);
            assert_eq!(refused, Err(CryptoError::BadSignature));
        }
        vec![SSH_DSS.name]
    }

    #[test]
    fn blobs_and_signatures_are_parsed_strictly() {
        let [p, q, g, y] = [P, Q, G, Y].map(hex);
        let good = blob([&p, &q, &g, &y]);
        for bad in [
            [&good[..], &[0]].concat(),
            good[..good.len() - 1].to_vec(),
            [strings(&[b"ssh-rsa"]), mpints(&[&p, &q, &g, &y])].concat(),
            blob([&p[1..], &q, &g, &y]),
            blob([&[0x7f; 385], &q, &g, &y]),
            blob([&p, &q[1..], &g, &y]),
            blob([&p, &p, &g, &y]),
            blob([&p, &q, &[0x7f; 129], &y]),
            blob([&p, &q, &g, &[0x7f; 129]]),
            vec![],
        ] {
            let refused = verify(&bad, b"sample", &hex(SIGNATURE));
            assert_eq!(refused, Err(CryptoError::UnsuitableKey));
        }
        let mut even = p.clone();
        even[127] &= 0xfe;
        for (p, g, y) in [(&even, &g[..], &y[..]), (&p, &[], &y), (&p, &g, &[]), (&p, &p, &y)] {
            assert!(verify(&blob([p, &q, g, y]), b"sample", &hex(SIGNATURE)).is_err());
        }
        let longer = [&hex(SIGNATURE)[..], &[0]].concat();
        let (zero, full) = ([0; 40], [0xff; 40]);
        for bad in [&[][..], &hex(SIGNATURE)[1..], &longer, &zero, &full] {
            assert_eq!(verify(&good, b"sample", bad), Err(CryptoError::BadSignature));
        }
    }

    #[test]
    fn keys_whose_parts_do_not_belong_together_are_refused() {
        let [p, q, g, y] = [P, Q, G, Y].map(hex);
        let zero_padded = [&[0][..], &hex(X)].concat();
        let key = |y: &[u8], x: Vec<u8>| private_key([&p, &q, &g, y], &Secret::new(x));
        assert!(key(&y, zero_padded).is_ok());
        assert!(key(&y, vec![1]).is_err());
        assert!(key(&g, vec![1]).is_ok());
        assert!(key(&[1], vec![]).is_err());
        assert!(key(&[1], q.clone()).is_err());
        assert!(key(&y, vec![0xff; 3000]).is_err());
    }
}
