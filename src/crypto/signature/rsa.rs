//! rsa-sha2-512 and rsa-sha2-256 (RFC 8332), and ssh-rsa with SHA-1 (RFC 4253 section 6.6):
//! RSASSA-PKCS1-v1_5 of RFC 8017. Public key blob: `string "ssh-rsa" | mpint e | mpint n`. Moduli have
//! 1024 to 16384 bits.

use super::{PrivateKey, SignatureAlgorithm, Signer, Verify};
use crate::crypto::Security;
use crate::crypto::aws_lc::{RsaPrivateKey, RsaPublicKey, rsa_crt};
use crate::crypto::hash::Hash;
use crate::crypto::secret::Secret;
use crate::error::{CryptoError, InvalidMessage};
use crate::limits::{MAX_NUMBER_LEN, MAX_RSA_BITS, MAX_RSA_EXPONENT_LEN, MIN_RSA_BITS};
use crate::wire::{Reader, Writer};

/// The registry row of rsa-sha2-512.
pub(super) static RSA_SHA2_512: SignatureAlgorithm =
    row(SHA2_512, Security::Modern, |key, message, signature| {
        verify(Hash::Sha512, key, message, signature)
    });

/// The registry row of rsa-sha2-256.
pub(super) static RSA_SHA2_256: SignatureAlgorithm =
    row(SHA2_256, Security::Modern, |key, message, signature| {
        verify(Hash::Sha256, key, message, signature)
    });

/// The registry row of ssh-rsa, whose hash has been broken.
pub(super) static SSH_RSA: SignatureAlgorithm =
    row(KEY_TYPE, Security::Compatible, |key, message, signature| {
        verify(Hash::Sha1, key, message, signature)
    });

const fn row(name: &'static str, security: Security, verify: Verify) -> SignatureAlgorithm {
    SignatureAlgorithm { security, ..SignatureAlgorithm::plain(name, KEY_TYPE, verify) }
}

fn verify(
    hash: Hash,
    key_blob: &[u8],
    message: &[u8],
    signature: &[u8],
) -> Result<(), CryptoError> {
    let (e, n) = public_numbers(key_blob)?;
    // RFC 8017 section 8.2.2 demands a signature as long as the modulus; some clients write the number
    // without its leading zeros, and OpenSSH accepts that, so the zeros are put back
    let mut room = [0; MAX_NUMBER_LEN];
    let padded = room.get_mut(..n.len()).ok_or(CryptoError::UnsuitableKey)?;
    let zeros = n.len().checked_sub(signature.len()).ok_or(CryptoError::BadSignature)?;
    padded.get_mut(zeros..).ok_or(CryptoError::BadSignature)?.copy_from_slice(signature);
    RsaPublicKey::new(n, e)?.verify(hash, message, padded)
}

/// e and n of a blob; their sizes are bounded here, before any arithmetic with them.
fn public_numbers(key_blob: &[u8]) -> Result<(&[u8], &[u8]), CryptoError> {
    let parse = || {
        let mut reader = Reader::new(key_blob);
        let fields = (reader.string()?, reader.mpint()?, reader.mpint()?);
        reader.finish().map(|()| fields)
    };
    let (name, e, n) = parse().map_err(|_: InvalidMessage| CryptoError::UnsuitableKey)?;
    let fits = name == KEY_TYPE.as_bytes()
        && (MIN_RSA_BITS..=MAX_RSA_BITS).contains(&bit_len(n))
        && (1..=MAX_RSA_EXPONENT_LEN).contains(&e.len());
    if fits { Ok((e, n)) } else { Err(CryptoError::UnsuitableKey) }
}

/// The blob with the key type in place of the name of an RFC 8332 algorithm, if `algorithm` is one of these
/// and the blob has such a name there.
pub(super) fn usual_blob(algorithm: &SignatureAlgorithm, key_blob: &[u8]) -> Option<Vec<u8>> {
    const YOUNGER: [&str; 2] = [SHA2_256, SHA2_512];
    if !YOUNGER.contains(&algorithm.name) {
        return None;
    }
    let mut reader = Reader::new(key_blob);
    let name = reader.string().ok()?;
    if !YOUNGER.iter().any(|it| it.as_bytes() == name) {
        return None;
    }
    let mut blob = Vec::with_capacity(key_blob.len());
    Writer::new(&mut blob).string(KEY_TYPE).raw(reader.rest());
    Some(blob)
}

/// The size of the key in a blob, in bits; `None` when it is none of this kind.
pub(super) fn modulus_bits(key_blob: &[u8]) -> Option<u32> {
    public_numbers(key_blob).ok().map(|(_, n)| bit_len(n))
}

/// The length of a number without leading zeros, in bits.
fn bit_len(number: &[u8]) -> u32 {
    let unused = number.first().map_or(0, |first| first.leading_zeros());
    u32::try_from(number.len()).unwrap_or(u32::MAX).saturating_mul(8).saturating_sub(unused)
}

/// Builds a key; the library checks that the numbers fit each other.
pub(super) fn private_key(
    n: &[u8],
    e: &[u8],
    d: &Secret,
    p: &Secret,
    q: &Secret,
) -> Result<PrivateKey, CryptoError> {
    let mut public_blob = Vec::new();
    Writer::new(&mut public_blob).string(KEY_TYPE).mpint(e).mpint(n);
    let bits = modulus_bits(&public_blob).ok_or(CryptoError::UnsuitableKey)?;
    let [d, p, q] = [d, p, q].map(Secret::expose);
    let crt = rsa_crt(d, p, q).map_err(|_| CryptoError::UnsuitableKey)?;
    let key = RsaPrivateKey::new([n, e, d, p, q], &crt).map_err(|_| CryptoError::UnsuitableKey)?;
    Ok(PrivateKey::plain(public_blob, Box::new(Rsa { key, bits })))
}

/// Builds a key that signs with d alone, which takes three times as long; one of its signatures is
/// verified, because nothing else shows whether d is right.
pub(super) fn private_key_without_primes(
    n: &[u8],
    e: &[u8],
    d: &Secret,
) -> Result<PrivateKey, CryptoError> {
    const MESSAGE: &[u8] = b"do these numbers belong together?";
    let mut public_blob = Vec::new();
    Writer::new(&mut public_blob).string(KEY_TYPE).mpint(e).mpint(n);
    let bits = modulus_bits(&public_blob).ok_or(CryptoError::UnsuitableKey)?;
    let key = RsaPrivateKey::without_primes([n, e, d.expose()])
        .map_err(|_| CryptoError::UnsuitableKey)?;
    let signature = key.sign(Hash::Sha256, MESSAGE).map_err(|_| CryptoError::UnsuitableKey)?;
    verify(Hash::Sha256, &public_blob, MESSAGE, &signature)
        .map_err(|_| CryptoError::UnsuitableKey)?;
    let bits = bits.saturating_mul(2);
    Ok(PrivateKey::plain(public_blob, Box::new(Rsa { key, bits })))
}

struct Rsa {
    key: RsaPrivateKey,
    /// The size of a modulus for which a signature takes as long.
    bits: u32,
}

impl Signer for Rsa {
    fn algorithms(&self) -> &'static [&'static str] {
        // RFC 8332 section 3.3: 512 bits in PKCS #1 need a modulus of 752 bits, which all keys have
        &[SHA2_256, SHA2_512, KEY_TYPE]
    }

    fn is_heavy(&self) -> bool {
        self.bits > LIGHT_RSA_BITS
    }

    fn sign(&self, algorithm: &str, message: &[u8]) -> Result<Vec<u8>, CryptoError> {
        let hash = match algorithm {
            SHA2_512 => Hash::Sha512,
            SHA2_256 => Hash::Sha256,
            KEY_TYPE => Hash::Sha1,
            _ => return Err(CryptoError::UnsuitableKey),
        };
        self.key.sign(hash, message)
    }
}

/// The key type of blobs, and the name of the algorithm with SHA-1.
const KEY_TYPE: &str = "ssh-rsa";
const SHA2_512: &str = "rsa-sha2-512";
const SHA2_256: &str = "rsa-sha2-256";
/// 3072 bits sign in 0.7 ms, 4096 bits in 1.5 ms.
const LIGHT_RSA_BITS: u32 = 3072;
#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::crypto::signature::KeyMaterial;
    use crate::crypto::signature::tests::strings;
    use crate::crypto::tests::hex;

    /// A key of 2048 bits, made with OpenSSL 3 for these tests only.
    const N: &str = "\
        bbc9fe115a6331dacacc04ecd2ee33fb19d42a193199a6a1265deba83ce07a7b\
        e864bda9b13303a9e78f28b090d31923e62d0d78af284d6258202fe5eb32968e\
        e2a2c0ad40c0a660c421b8729377d55a528a7bb18b17d37e728708a3664b65a1\
        4c49fb32513862a218fdd1aef7a3f9d04ccd7be50553fb7e27d762796380d3f6\
        ce0d9aa2ea86ecdda9721c361c8f607c37b418b2233ca01fcd4bb7ffac438dc8\
        c365308d351501e7895e97aab8b76bbca07e128a4f40ab6ea9da47b4cfbc3d8b\
        6704218952f2667ca73ee53f091cd8b284b0840833db1e34a3fa95f788a6e145\
        4af5ab78c6ec59ec43302110ab4fc4f43d83859d4a6f4a197d6e388e39f9ad5f";
    const D: &str = "\
        4332f934048052aad4bf4553e9f74baaa38784b91742c09a123cb1c3b6652def\
        812deba0f9c4239f7d39817a0d993cf9d7b86f85ac4863c8b9786b2b7f8acecd\
        bad43ad6c4c12bc89ce6e4363c0739d5e48ba1cfdad25fe073e356780277209b\
        23cda5924ff639758033f40104a52d141927bf1a2959f03928d0ae7079e6f3f2\
        547d2a1dc241a7f7a48069613d46935431b71666b61078c65f5430500451d0b5\
        9d205c6f39d9eeec3216ebef602d015e97c42fafb9e5b6f017fe6e1b56266b55\
        81909e15fa7032d6b60c18a5a6c8e4a59131b09daba4d559a119821e795e3847\
        e5eb6ccabb705757eafb66390fa2ab870cc454e7da037b3471499227d376d341";
    const P: &str = "\
        e8db7b5fcde8a80300c183c9e8addc3daf4090d4d293560478e3f13919296aff\
        e744a534ff42d4138d898b1427b45292b7d40759b6565b44e9f663c591665b12\
        0ef81aaf27769f65086bfd7d3159179ed1f085728f93a61fcb3b6893d2316b37\
        e78046958ea374f3bf095a02cb88baec89b730dd5ec612b63c2ae64663f7f949";
    const Q: &str = "\
        ce73d9e471e65558462f1cb49c96a076e4324bc381396467a7138d9e229ac1fd\
        0fc279cbd9ad9496ccc5beaac8115c0463ad9620e7a0083ab3e6182311c78663\
        5f0dbbc41d2e85d3b6b88bf505d8802a787794937fd61b7cd3a5c609af127527\
        e9783f0d226b5bbbaad84d025ecc49b77200f89e0ca2643b2a945e02c93a5967";

    /// The signatures of "sample" with that key, by OpenSSL 3.
    const SIGNATURE_SHA512: &str = "\
        45e02eb8c227a02f40ba34f0927052391a0b3f18ca146998bde023e88965620e\
        0579c55642faa8daa1845c595affe665f7b2c26465a62816192e9d518033c418\
        91add2a2fd31f01ed259e568f77708451c5d4e0c0c0be52e1cc3bf37a2fb9211\
        2d8c41e20302bdf54b71212b90ea8bd976c662b3432e8a87fcd0e1e8a81057b7\
        46c697f612543b6a494f81929e65bce2cc04fba3462e9bbd0d752f6aee1f13d6\
        62b9224121cb6b4c9545a5481c6bd346b8fdbd667f6beb21626206a0411284ba\
        9e11a735e0b46fbc2a86f75e06a85b771a7b06a692ec1c56d62ffdaae4b12ab2\
        605da0c15c4994f08055d5c9f5c41e90deaef369e07c696e217484839180e3ca";
    const SIGNATURE_SHA256: &str = "\
        a8b4938d21915b724e93cf7b922b80f89e43c15c0ac9456652c142e1f3d647b4\
        6ea57a0191b1d42ebf045d0609a6f8070dd2a91d2309beee4325db0d597b371c\
        281f4e10fffe1b6003f79afc47bff2d190de5080767094e1021168cd5f7ce21a\
        25d9a834391311d664eb44c26021591c1017b989a40ccb7737861414d6182c3e\
        1099ca2046665f9186f69dd66868c62953d72f5f9f0e6c1c17071b83dc056b70\
        ed7438e0dc8cea5e8b43873d78be0b2b5576b47b997a1de5664c16a2780be6be\
        079a6342d5d420f5f234aa3843c549e4d1216bd6f69276011e3b202f861b3cb1\
        502d2146577987e7f4f99bfd9653d8f2e42af8b0ed9810892f74cd95d4e68f73";

    const SIGNATURE_SHA1: &str = "\
        a1997c5260880644c5e7d61af2bcace8061b3384fc84bbd63cd5cdb1dab01882\
        bbd965dba74ca3ff2c0dc587959c22c2eaa253d1ecc295bb76eaa37aa7416a51\
        c42fd1cad36982ad000a0e71422e6946477687e0bf0c629992e31bc6ef0b78d5\
        4993c7bca091b36bf9e2573060e6de60f3dbd577e5552548100cd70639d9c006\
        e35b24dc5430c1805f32b6819ad484eed0b415a09b1f44eed8d01df1dbc99000\
        08443dd038a0283ad3e4c51116c5eb73fd745a5ddd9985a077396ad970273d00\
        b9b0c66ea41b66ad4951646c78556b0f420686f70bd16d99e647a085b90caccc\
        c8af2610329d17c0dba9347fffd7ce18a6ab861936d69a6acbcc3bb7e0fa81b5";

    /// A modulus of 1024 bits with e = 65537, and the signature of "sample" with SHA-512 under it.
    const N_1024: &str = "\
        a15ee2718aa7561a0f46dcc98b23c44482631bfc8582af37e1241f81b38a0515\
        a708d197e77c29fb126b88a450edfeb990ed7d0b583034373973e406b0c910a6\
        a698a71c1f2f832bd10a196d086d7c0b9416038ee850672b2a4001a433d3a78c\
        07ec75c3f592e2c34fce81fef05f0e14692eeacd5a2426d02d1ca42f06698f0d";
    const SIGNATURE_1024: &str = "\
        6f40f20942b79120e5cdf67ccde4a71808a82005e92af76bb3b168408dbfce6d\
        b4af61d6ff4a85414785d9a3ff9fdbd2975e8253ac058bdb6c3bf9fd542da834\
        f0bab4c7162601c678b1d1f2013420404c82f5690ea964b32384af46ed634a8d\
        eb01b27d7468076879a33751487a40555a47d7ccbb974e389b5d9e68fa354f85";

    /// A message whose signature with SHA-256 under that key starts with a zero byte, and that
    /// signature without the byte, as some clients send it.
    const SIGNATURE_SHORT_MESSAGE: &str = "sample 243";
    const SIGNATURE_SHORT: &str = "\
        3c3a1867192148d3c2d9c5059bf60f6021143b4f758f2f8dfe9db9def0a47913\
        e97c581c46191bfa682cd0a1849f354f93d8ac856800c5c386b95b9c08e94f19\
        612114f8a0cdf198b93cf7dafad67e5c2f82b1d5dc408ff1608bf3e1f9a2cc72\
        995cf28437b5ee21e2181b0b9da26915ce16094cc9c3fbab4b7158cbb3beeefd\
        b76d8ab86b40df29d8d2c4215d82f0dae8bfb1a9e9fbd23f82a7c239d7ff5ddb\
        41d88742923b1b8b2c7879f7aee71268d912c177ac10625978cce66f1586819d\
        4687d0eb9c403fba6e62de04571515f7245c9855722cf7ced5a081b571e099b3\
        092387d22f4f7a821c0dc1ef74c7355f1e64a1d2b9f6552b7320fb29291760";

    pub(in crate::crypto::signature) fn material() -> KeyMaterial {
        KeyMaterial::Rsa {
            n: hex(N),
            e: vec![1, 0, 1],
            d: Secret::new(hex(D)),
            p: Secret::new(hex(P)),
            q: Secret::new(hex(Q)),
        }
    }

    fn blob(e: &[u8], n: &[u8]) -> Vec<u8> {
        let mut blob = Vec::new();
        Writer::new(&mut blob).string(KEY_TYPE).mpint(e).mpint(n);
        blob
    }

    pub(in crate::crypto::signature) fn known_answers() -> Vec<&'static str> {
        let key = PrivateKey::new(&material()).unwrap();
        assert_eq!(key.public_blob(), blob(&[1, 0, 1], &hex(N)));
        assert_eq!(key.algorithms(), ["rsa-sha2-256", "rsa-sha2-512", "ssh-rsa"]);
        assert!(!key.is_heavy());
        for (row, signature) in [
            (&RSA_SHA2_512, SIGNATURE_SHA512),
            (&RSA_SHA2_256, SIGNATURE_SHA256),
            (&SSH_RSA, SIGNATURE_SHA1),
        ] {
            assert_eq!(
                key.sign(row.name, b"sample").unwrap(),
                strings(&[row.name.as_bytes(), &hex(signature)])
            );
            assert_eq!((row.verify)(key.public_blob(), b"sample", &hex(signature)), Ok(()));
        }
        vec![RSA_SHA2_512.name, RSA_SHA2_256.name, SSH_RSA.name]
    }

    #[test]
    fn a_modulus_of_1024_bits_verifies() {
        let blob = blob(&[1, 0, 1], &hex(N_1024));
        let signature = hex(SIGNATURE_1024);
        assert_eq!((RSA_SHA2_512.verify)(&blob, b"sample", &signature), Ok(()));
        assert_eq!(
            (RSA_SHA2_256.verify)(&blob, b"sample", &signature),
            Err(CryptoError::BadSignature)
        );
    }

    #[test]
    fn a_signature_without_its_leading_zeros_verifies() {
        let blob = blob(&[1, 0, 1], &hex(N));
        let message = SIGNATURE_SHORT_MESSAGE.as_bytes();
        let short = hex(SIGNATURE_SHORT);
        assert_eq!(short.len(), 255);
        assert_eq!((RSA_SHA2_256.verify)(&blob, message, &short), Ok(()));
        let whole = [&[0], &short[..]].concat();
        assert_eq!((RSA_SHA2_256.verify)(&blob, message, &whole), Ok(()));
        let longer = [&[0, 0], &short[..]].concat();
        assert_eq!((RSA_SHA2_256.verify)(&blob, message, &longer), Err(CryptoError::BadSignature));
    }

    #[test]
    fn blobs_are_parsed_strictly_and_sizes_are_bounded() {
        let n = hex(N);
        let good = blob(&[1, 0, 1], &n);
        let mut other_type = Vec::new();
        Writer::new(&mut other_type).string(SHA2_512).mpint(&[1, 0, 1]).mpint(&n);
        let bad = [
            [&good[..], &[0]].concat(),
            good[..good.len() - 1].to_vec(),
            other_type,
            blob(&n, &n),
            blob(&[], &n),
            blob(&[1, 0, 1], &[0xff; 127]),
            blob(&[1, 0, 1], &[&[0x7f][..], &[0xff; 127]].concat()),
            blob(&[1, 0, 1], &[&[1][..], &[0xff; 2048]].concat()),
            // even, which the library refuses
            blob(&[1, 0, 0], &n),
            blob(&[1, 0, 1], &[&[0x80][..], &[0; 255]].concat()),
            vec![],
        ];
        for blob in bad {
            assert_eq!(
                (RSA_SHA2_512.verify)(&blob, b"sample", &hex(SIGNATURE_SHA512)),
                Err(CryptoError::UnsuitableKey)
            );
        }
        assert_eq!((RSA_SHA2_512.verify)(&good, b"sample", &[]), Err(CryptoError::BadSignature));
    }

    #[test]
    fn keys_whose_parts_do_not_belong_together_are_refused() {
        let one = || Secret::new(vec![1]);
        let zero = || Secret::new(vec![]);
        let change = |f: fn(&mut KeyMaterial, Secret), with: Secret| {
            let mut material = material();
            f(&mut material, with);
            PrivateKey::new(&material)
        };
        let set_d = |material: &mut KeyMaterial, with: Secret| {
            if let KeyMaterial::Rsa { d, .. } = material {
                *d = with;
            }
        };
        let set_p = |material: &mut KeyMaterial, with: Secret| {
            if let KeyMaterial::Rsa { p, .. } = material {
                *p = with;
            }
        };
        let set_q = |material: &mut KeyMaterial, with: Secret| {
            if let KeyMaterial::Rsa { q, .. } = material {
                *q = with;
            }
        };
        for set in [set_d, set_p, set_q] {
            for with in [one(), zero(), Secret::new(hex(N)), Secret::new(vec![0xff; 3000])] {
                assert!(change(set, with).is_err());
            }
        }
        assert!(change(set_q, Secret::new(hex(P))).is_err());
        let KeyMaterial::Rsa { n, d, p, q, .. } = material() else { panic!("not RSA") };
        for e in [vec![], vec![3], vec![0xff; 6]] {
            let (n, d, p, q) = (n.clone(), d.clone(), p.clone(), q.clone());
            assert!(PrivateKey::new(&KeyMaterial::Rsa { n, e, d, p, q }).is_err());
        }
    }
}
