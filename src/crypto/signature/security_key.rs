//! sk-ssh-ed25519@openssh.com and sk-ecdsa-sha2-nistp256@openssh.com (OpenSSH PROTOCOL.u2f): users' keys in
//! a FIDO device. The signed bytes are `SHA-256(application) | flags | counter | SHA-256(message)`; the
//! signature blob has flags and counter behind the signature itself. A server has no such key, and it does
//! not check the counters of users' devices, as it has no place to store them.

use super::{SignatureAlgorithm, ecdsa, ed25519};
use crate::crypto::Security;
use crate::crypto::hash::Hash;
use crate::error::{CryptoError, InvalidMessage};
use crate::wire::{Reader, Writer};

/// The registry row of sk-ssh-ed25519@openssh.com.
pub(super) static SK_ED25519: SignatureAlgorithm = SignatureAlgorithm {
    security_key: true,
    ..SignatureAlgorithm::plain(ED25519, ED25519, verify_ed25519)
};

/// The registry row of sk-ecdsa-sha2-nistp256@openssh.com.
pub(super) static SK_ECDSA_NISTP256: SignatureAlgorithm = SignatureAlgorithm {
    security: Security::Intermediate,
    security_key: true,
    ..SignatureAlgorithm::plain(ECDSA, ECDSA, verify_ecdsa)
};

/// The fields behind the algorithm's name in a signature blob.
struct Signature<'a> {
    proper: &'a [u8],
    flags: u8,
    counter: u32,
}

impl<'a> Signature<'a> {
    fn read(rest: &'a [u8]) -> Result<Self, CryptoError> {
        let parse = || {
            let mut reader = Reader::new(rest);
            let this =
                Self { proper: reader.string()?, flags: reader.u8()?, counter: reader.u32()? };
            reader.finish().map(|()| this)
        };
        parse().map_err(|_: InvalidMessage| CryptoError::BadSignature)
    }

    /// The bytes that the device signed. The user has to have touched it (OpenSSH demands that by default,
    /// too): a device that signs without a touch also serves an attacker on its machine.
    fn signed(&self, application: &[u8], message: &[u8]) -> Result<Vec<u8>, CryptoError> {
        if self.flags & USER_PRESENT == 0 {
            return Err(CryptoError::BadSignature);
        }
        let mut signed = Hash::Sha256.digest(&[application]);
        Writer::new(&mut signed)
            .u8(self.flags)
            .u32(self.counter)
            .raw(&Hash::Sha256.digest(&[message]));
        Ok(signed)
    }
}

fn verify_ed25519(key_blob: &[u8], message: &[u8], rest: &[u8]) -> Result<(), CryptoError> {
    let parse = || {
        let mut reader = Reader::new(key_blob);
        let fields = (reader.string()?, reader.string()?, reader.string()?);
        reader.finish().map(|()| fields)
    };
    let (name, key, application) =
        parse().map_err(|_: InvalidMessage| CryptoError::UnsuitableKey)?;
    if name != ED25519.as_bytes() {
        return Err(CryptoError::UnsuitableKey);
    }
    let signature = Signature::read(rest)?;
    ed25519::verify_by(key, &signature.signed(application, message)?, signature.proper)
}

fn verify_ecdsa(key_blob: &[u8], message: &[u8], rest: &[u8]) -> Result<(), CryptoError> {
    let parse = || {
        let mut reader = Reader::new(key_blob);
        let fields = (reader.string()?, reader.string()?, reader.string()?, reader.string()?);
        reader.finish().map(|()| fields)
    };
    let (name, curve, point, application) =
        parse().map_err(|_: InvalidMessage| CryptoError::UnsuitableKey)?;
    if name != ECDSA.as_bytes() || curve != b"nistp256" {
        return Err(CryptoError::UnsuitableKey);
    }
    let signature = Signature::read(rest)?;
    ecdsa::verify_nistp256(point, &signature.signed(application, message)?, signature.proper)
}

const ED25519: &str = "sk-ssh-ed25519@openssh.com";
const ECDSA: &str = "sk-ecdsa-sha2-nistp256@openssh.com";
/// Bit 0 of the flags of CTAP: the user has touched the device.
const USER_PRESENT: u8 = 1;

#[cfg(test)]
pub(super) mod tests {
    use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};

    use super::*;
    use crate::crypto::signature::tests::strings;
    use crate::crypto::signature::verify;
    use crate::crypto::tests::hex;
    use crate::error::Error;

    /// What `ssh-keygen -Y sign -n file` of OpenSSH 9.2 made of "sample", with the device of its own
    /// tests: the key, the whole signature blob, the message inside the envelope.
    const KEY_ED25519: &str = "\
        0000001a736b2d7373682d65643235353139406f70656e7373682e636f6d0000\
        00204075b5bd1a8ba19952727d8f1e547469732c19db83a6dda3377458f47de5\
        29c6000000047373683a";
    const SIGNATURE_ED25519: &str = "\
        0000001a736b2d7373682d65643235353139406f70656e7373682e636f6d0000\
        0040b0d3b8f80ad4edc74cf5bd9036c690766b8acf2964370216d7c5b8d0fb2c\
        4c630700d1b790830544c25723ceb0b48d5d8134703644d4b3cf43828a01055f\
        650a0112345678";
    const KEY_ECDSA: &str = "\
        00000022736b2d65636473612d736861322d6e69737470323536406f70656e73\
        73682e636f6d000000086e697374703235360000004104b24154e5e142b10e0b\
        2e13c53bb0888ec31fb06e3ef4c263c3ed87fb756f8849d4b15d543ae853304f\
        b0c9a2077e6f342892b064c4478106855daa7250ab0d6b000000047373683a";
    const SIGNATURE_ECDSA: &str = "\
        00000022736b2d65636473612d736861322d6e69737470323536406f70656e73\
        73682e636f6d000000490000002100ad222c02577e490b0559479cae220f79d9\
        7e0c6f1fe76b0f7242d211a90e3e7c0000002034a8801d5c11e879bed95ab495\
        ce775fa3466f06fa319a1c0ac6d620393993410112345678";
    const MESSAGE: &str = "\
        5353485349470000000466696c65000000000000000673686135313200000040\
        39a5e04aaff7455d9850c605364f514c11324ce64016960d23d5dc57d3ffd8f4\
        9a739468ab8049bf18eef820cdb1ad6c9015f838556bc7fad4138b23fdf986c7";

    pub(in crate::crypto::signature) fn known_answers() -> Vec<&'static str> {
        let bad = Err(Error::from(CryptoError::BadSignature));
        let vectors = [
            (&SK_ED25519, KEY_ED25519, SIGNATURE_ED25519),
            (&SK_ECDSA_NISTP256, KEY_ECDSA, SIGNATURE_ECDSA),
        ];
        for (row, key, signature) in vectors {
            let (key, signature, message) = (hex(key), hex(signature), hex(MESSAGE));
            assert_eq!(verify(row, &key, &message, &signature), Ok(()));
            assert_eq!(verify(row, &key, b"sample", &signature), bad);
            // flags and counter are covered by the signature
            for back in 1..=5 {
                let mut changed = signature.clone();
                let at = changed.len() - back;
                changed[at] ^= 0x80;
                assert_eq!(verify(row, &key, &message, &changed), bad, "{row:?} {back}");
            }
            // the application is part of the key
            let mut other = key.clone();
            *other.last_mut().unwrap() = b';';
            assert_eq!(verify(row, &other, &message, &signature), bad);
        }
        vec![SK_ED25519.name, SK_ECDSA_NISTP256.name]
    }

    #[test]
    fn nobody_there_is_refused() {
        let pair = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap();
        let key = strings(&[ED25519.as_bytes(), pair.public_key().as_ref(), b"ssh:"]);
        for flags in 0..=255 {
            let mut signed = Hash::Sha256.digest(&[b"ssh:"]);
            let digest = Hash::Sha256.digest(&[b"message"]);
            Writer::new(&mut signed).u8(flags).u32(9).raw(&digest);
            let mut signature = strings(&[ED25519.as_bytes(), pair.sign(&signed).as_ref()]);
            Writer::new(&mut signature).u8(flags).u32(9);
            let valid = verify(&SK_ED25519, &key, b"message", &signature).is_ok();
            assert_eq!(valid, flags & 1 == 1, "{flags}");
        }
    }

    #[test]
    fn blobs_and_signatures_are_parsed_strictly() {
        let vectors = [
            (&SK_ED25519, KEY_ED25519, SIGNATURE_ED25519),
            (&SK_ECDSA_NISTP256, KEY_ECDSA, SIGNATURE_ECDSA),
        ];
        for (row, key, signature) in vectors {
            let (key, signature, message) = (hex(key), hex(signature), hex(MESSAGE));
            for len in 0..key.len() {
                let refused = verify(row, &key[..len], &message, &signature);
                assert_eq!(refused, Err(CryptoError::UnsuitableKey.into()), "{row:?} {len}");
            }
            let longer = [&key[..], &[0]].concat();
            assert!(verify(row, &longer, &message, &signature).is_err());
            for len in 0..signature.len() {
                assert!(verify(row, &key, &message, &signature[..len]).is_err(), "{row:?} {len}");
            }
            let longer = [&signature[..], &[0]].concat();
            assert!(verify(row, &key, &message, &longer).is_err());
        }
        assert!(verify(&SK_ED25519, &hex(KEY_ECDSA), b"", &hex(SIGNATURE_ED25519)).is_err());
        assert!(verify(&SK_ECDSA_NISTP256, &hex(KEY_ED25519), b"", &hex(SIGNATURE_ECDSA)).is_err());
    }
}
