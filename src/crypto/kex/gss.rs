//! The methods that GSSAPI authenticates in place of a host key (RFC 4462 section 2, RFC 8732 section 5):
//! for each the arithmetic of the method without it, and its name for Kerberos. The messages around that
//! arithmetic are in `transport/gss_exchange.rs`. None is in a profile: OpenSSH's own server has none of
//! them.

use super::curve25519::CURVE25519_SHA256;
use super::dh_group::{GROUP14_SHA1, GROUP14_SHA256, GROUP16_SHA512};
use super::ecdh::ECDH_NISTP256;
use super::group_exchange::GROUP_EXCHANGE_SHA1;
use super::{KexAlgorithm, ServerProof};
use crate::crypto::Security;

/// A row by its name without the mechanism, and the row of the same arithmetic. The suffix is that of
/// [`crate::crypto::gss::KERBEROS`]; the name of another mechanism is another method.
macro_rules! row {
    ($name:literal, $inner:ident) => {
        KexAlgorithm {
            name: concat!($name, "toWM5Slw5Ew8Mqkay+al2g=="),
            security: Security::Compatible,
            proof: ServerProof::Gssapi,
            ..$inner
        }
    };
}

/// The registry row of gss-curve25519-sha256.
pub(super) static GSS_CURVE25519_SHA256: KexAlgorithm =
    row!("gss-curve25519-sha256-", CURVE25519_SHA256);

/// The registry row of gss-nistp256-sha256.
pub(super) static GSS_NISTP256_SHA256: KexAlgorithm = row!("gss-nistp256-sha256-", ECDH_NISTP256);

/// The registry row of gss-group14-sha256.
pub(super) static GSS_GROUP14_SHA256: KexAlgorithm = row!("gss-group14-sha256-", GROUP14_SHA256);

/// The registry row of gss-group16-sha512.
pub(super) static GSS_GROUP16_SHA512: KexAlgorithm = row!("gss-group16-sha512-", GROUP16_SHA512);

/// The registry row of gss-gex-sha1, which RFC 8732 section 4 advises against.
pub(super) static GSS_GEX_SHA1: KexAlgorithm = row!("gss-gex-sha1-", GROUP_EXCHANGE_SHA1);

/// The registry row of gss-group14-sha1, which RFC 8732 section 4 advises against.
pub(super) static GSS_GROUP14_SHA1: KexAlgorithm = row!("gss-group14-sha1-", GROUP14_SHA1);

#[cfg(test)]
pub(super) mod tests {
    use base64ct::{Base64, Encoding};

    use super::*;
    use crate::crypto::gss::KERBEROS;

    /// Each row with the one whose known answers are its own.
    const ROWS: [(&KexAlgorithm, &KexAlgorithm); 6] = [
        (&GSS_CURVE25519_SHA256, &CURVE25519_SHA256),
        (&GSS_NISTP256_SHA256, &ECDH_NISTP256),
        (&GSS_GROUP14_SHA256, &GROUP14_SHA256),
        (&GSS_GROUP16_SHA512, &GROUP16_SHA512),
        (&GSS_GEX_SHA1, &GROUP_EXCHANGE_SHA1),
        (&GSS_GROUP14_SHA1, &GROUP14_SHA1),
    ];

    pub(in crate::crypto::kex) fn known_answers() -> Vec<&'static str> {
        for (row, inner) in ROWS {
            assert!(std::ptr::fn_addr_eq(row.start, inner.start), "{row:?}");
            assert_eq!(row.hash, inner.hash, "{row:?}");
            assert_eq!((row.proof, inner.proof), (ServerProof::Gssapi, ServerProof::HostKey));
        }
        ROWS.iter().map(|(row, _)| row.name).collect()
    }

    /// RFC 4462 section 2.1: the base64 of the MD5 of the mechanism in DER.
    #[test]
    fn the_names_are_of_kerberos() {
        use md5::{Digest, Md5};
        let suffix = Base64::encode_string(&Md5::digest(KERBEROS));
        for (row, _) in ROWS {
            assert_eq!(row.name.strip_prefix("gss-").map(|it| it.ends_with(&suffix)), Some(true));
        }
    }
}
