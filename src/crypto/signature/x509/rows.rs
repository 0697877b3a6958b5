//! The algorithms whose keys are in X.509 certificates. All verify with the key of the certificate as the
//! plain algorithm does; the forms of the key blob, the name in the signature blob and, for x509v3-sign-dss,
//! the encoding of the signature differ.

use der::asn1::UintRef;
use der::{Decode, Encode, Sequence};

use crate::crypto::Security;
use crate::crypto::signature::{KeyForm, SignatureAlgorithm, dsa, ecdsa, ed25519, rsa, rsa_bits};
use crate::error::CryptoError;

/// The registry row of x509v3-sign-rsa: RSASSA-PKCS1-v1_5 with SHA-1. PKIX-SSH takes MD5 as well.
pub(in crate::crypto::signature) static SIGN_RSA: SignatureAlgorithm = SignatureAlgorithm {
    name: "x509v3-sign-rsa",
    signature_name: "x509v3-sign-rsa",
    form: KeyForm::X509,
    key_type: "",
    security: Security::Compatible,
    plain: Some(&rsa::SSH_RSA),
    ..rsa::SSH_RSA
};

/// The registry row of x509v3-sign-dss: DSA with SHA-1, whose signature is Dss-Sig-Value of RFC 3279.
pub(in crate::crypto::signature) static SIGN_DSS: SignatureAlgorithm = SignatureAlgorithm {
    name: "x509v3-sign-dss",
    signature_name: "x509v3-sign-dss",
    form: KeyForm::X509,
    key_type: "",
    security: Security::Compatible,
    plain: Some(&dsa::SSH_DSS),
    verify: verify_sign_dss,
    ..dsa::SSH_DSS
};

/// The registry row of x509v3-ssh-rsa (RFC 6187 section 3.2).
pub(in crate::crypto::signature) static SSH_RSA: SignatureAlgorithm =
    SignatureAlgorithm { security: Security::OnRequest, ..row("x509v3-ssh-rsa", &rsa::SSH_RSA) };

/// The registry row of x509v3-ssh-dss (RFC 6187 section 3.1).
pub(in crate::crypto::signature) static SSH_DSS: SignatureAlgorithm =
    SignatureAlgorithm { security: Security::OnRequest, ..row("x509v3-ssh-dss", &dsa::SSH_DSS) };

/// The registry row of x509v3-rsa2048-sha256 (RFC 6187 section 3.3).
pub(in crate::crypto::signature) static RSA2048_SHA256: SignatureAlgorithm = SignatureAlgorithm {
    signature_name: "rsa2048-sha256",
    verify: verify_rsa2048,
    ..row("x509v3-rsa2048-sha256", &rsa::RSA_SHA2_256)
};

/// The registry row of x509v3-ecdsa-sha2-nistp256 (RFC 6187 section 3.4).
pub(in crate::crypto::signature) static ECDSA_NISTP256: SignatureAlgorithm =
    row("x509v3-ecdsa-sha2-nistp256", &ecdsa::ECDSA_NISTP256);

/// The registry row of x509v3-ecdsa-sha2-nistp384.
pub(in crate::crypto::signature) static ECDSA_NISTP384: SignatureAlgorithm =
    row("x509v3-ecdsa-sha2-nistp384", &ecdsa::ECDSA_NISTP384);

/// The registry row of x509v3-ecdsa-sha2-nistp521.
pub(in crate::crypto::signature) static ECDSA_NISTP521: SignatureAlgorithm =
    row("x509v3-ecdsa-sha2-nistp521", &ecdsa::ECDSA_NISTP521);

/// The registry row of x509v3-ssh-ed25519, which asyncssh and PKIX-SSH have; no RFC and no audit does.
pub(in crate::crypto::signature) static ED25519: SignatureAlgorithm = SignatureAlgorithm {
    security: Security::Intermediate,
    ..row("x509v3-ssh-ed25519", &ed25519::SSH_ED25519)
};

/// RFC 6187 section 3: the signature is that of the plain algorithm, with its name.
const fn row(name: &'static str, plain: &'static SignatureAlgorithm) -> SignatureAlgorithm {
    SignatureAlgorithm {
        name,
        form: KeyForm::X509Chain,
        key_type: name,
        plain: Some(plain),
        ..*plain
    }
}

/// The least size of an RSA key for the algorithm, beside what the settings say.
pub(super) fn min_rsa_bits(algorithm: &SignatureAlgorithm) -> u32 {
    // RFC 6187 section 3.3
    if algorithm.name == RSA2048_SHA256.name { 2048 } else { 0 }
}

fn verify_rsa2048(key_blob: &[u8], message: &[u8], signature: &[u8]) -> Result<(), CryptoError> {
    if rsa_bits(key_blob).is_none_or(|bits| bits < min_rsa_bits(&RSA2048_SHA256)) {
        return Err(CryptoError::UnsuitableKey);
    }
    (rsa::RSA_SHA2_256.verify)(key_blob, message, signature)
}

/// Dss-Sig-Value (RFC 3279 section 2.2.2)
#[derive(Sequence)]
struct DssSignature<'a> {
    r: UintRef<'a>,
    s: UintRef<'a>,
}

/// Length of r and of s in ssh-dss.
const DSS_NUMBER_LEN: usize = 20;

/// The signature is Dss-Sig-Value, or r and s as ssh-dss has them, which some programs write.
fn verify_sign_dss(key_blob: &[u8], message: &[u8], signature: &[u8]) -> Result<(), CryptoError> {
    let raw;
    let signature = if signature.len() == 2 * DSS_NUMBER_LEN {
        signature
    } else {
        raw = dss_numbers(signature).ok_or(CryptoError::BadSignature)?;
        &raw
    };
    (dsa::SSH_DSS.verify)(key_blob, message, signature)
}

/// r and s out of Dss-Sig-Value.
pub(super) fn dss_numbers(signature: &[u8]) -> Option<[u8; 2 * DSS_NUMBER_LEN]> {
    let DssSignature { r, s } = DssSignature::from_der(signature).ok()?;
    let mut raw = [0; 2 * DSS_NUMBER_LEN];
    for (room, number) in raw.chunks_exact_mut(DSS_NUMBER_LEN).zip([r, s]) {
        let number = number.as_bytes();
        let zeros = DSS_NUMBER_LEN.checked_sub(number.len())?;
        room.get_mut(zeros..)?.copy_from_slice(number);
    }
    Some(raw)
}

/// A signature of the plain algorithm in the encoding of `algorithm`.
pub(in crate::crypto::signature) fn encoded(
    algorithm: &SignatureAlgorithm,
    signature: Vec<u8>,
) -> Result<Vec<u8>, CryptoError> {
    if algorithm.name != SIGN_DSS.name {
        return Ok(signature);
    }
    let (r, s) = signature.split_at_checked(DSS_NUMBER_LEN).ok_or(CryptoError::Failed)?;
    let encode = || DssSignature { r: UintRef::new(r)?, s: UintRef::new(s)? }.to_der();
    encode().map_err(|_: der::Error| CryptoError::Failed)
}
