//! Tests that hold for all tables of algorithms.

use super::*;

/// Bytes from hexadecimal digits.
pub(super) fn hex(digits: &str) -> Vec<u8> {
    assert!(digits.len().is_multiple_of(2), "{digits}");
    (0..digits.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap())
        .collect()
}

/// Numbers that look random and are the same in every run: SplitMix64.
pub(super) struct Numbers(pub(super) u64);

impl Numbers {
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let n = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let n = (n ^ (n >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        n ^ (n >> 31)
    }

    pub(super) fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(bound).unwrap()).unwrap()
    }

    pub(super) fn bytes(&mut self, len: usize) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(len + 8);
        while bytes.len() < len {
            bytes.extend(self.next().to_le_bytes());
        }
        bytes.truncate(len);
        bytes
    }

    pub(super) fn array<const N: usize>(&mut self) -> [u8; N] {
        self.bytes(N).try_into().unwrap()
    }
}

/// Notes that a test cannot run because the processor lacks instructions, unless `supported`: `npm test`
/// counts these lines.
#[cfg(vector_code)]
pub(super) fn or_skipped(supported: bool, folder: &str) -> bool {
    use std::io::Write as _;

    if !supported {
        // past the test harness, which would swallow what a passing test prints
        let note = format!("\nskipped: a test of {folder}, which this processor lacks\n");
        std::io::stdout().write_all(note.as_bytes()).unwrap();
    }
    supported
}

/// Compares the names of a table with those for which there is something, in any order.
pub(super) fn same_names<'n>(table: impl Iterator<Item = &'n str>, mut have: Vec<&'n str>) {
    let mut table: Vec<_> = table.collect();
    table.sort_unstable();
    have.sort_unstable();
    assert_eq!(have, table);
}

fn names() -> [Vec<&'static str>; 5] {
    [
        cipher::CIPHERS.iter().map(|row| row.name).collect(),
        mac::MACS.iter().map(|row| row.name).collect(),
        kex::KEXES.iter().map(|row| row.name).collect(),
        signature::SIGNATURES.iter().map(|row| row.name).collect(),
        compression::COMPRESSIONS.iter().map(|row| row.name).collect(),
    ]
}

/// RFC 4250 section 4.6.1: printable ASCII without comma, 64 characters at most.
#[test]
fn names_are_well_formed_and_unique() {
    for table in names() {
        for (at, name) in table.iter().enumerate() {
            assert!((1..=64).contains(&name.len()), "{name}");
            let fits = |byte: u8| byte.is_ascii_graphic() && byte != b',';
            assert!(name.bytes().all(fits), "{name}");
            assert!(!table[..at].contains(name), "{name} twice");
        }
    }
}

#[test]
fn names_are_found_and_others_are_not() {
    let found = |name: &str| {
        [
            cipher::by_name(name).map(|row| row.name),
            mac::by_name(name).map(|row| row.name),
            kex::by_name(name).map(|row| row.name),
            signature::by_name(name).map(|row| row.name),
            compression::by_name(name).map(|row| row.name),
        ]
    };
    for (kind, table) in names().iter().enumerate() {
        for name in table {
            assert_eq!(found(name)[kind], Some(*name));
        }
    }
    for unknown in ["", "aes128", "AES128-CTR", "aes128-ctr,aes192-ctr", "ssh-ed448"] {
        assert_eq!(found(unknown), [None; 5], "{unknown}");
    }
}

/// The order of preference: a change of it has to be deliberate.
#[test]
fn the_order_of_preference() {
    let [_, _, kexes, signatures, _] = names();
    assert_eq!(
        kexes,
        [
            "mlkem768x25519-sha256",
            "sntrup761x25519-sha512",
            "sntrup761x25519-sha512@openssh.com",
            "curve25519-sha256",
            "curve25519-sha256@libssh.org",
            "diffie-hellman-group-exchange-sha256",
            "diffie-hellman-group14-sha256",
            "diffie-hellman-group15-sha512",
            "diffie-hellman-group16-sha512",
            "diffie-hellman-group17-sha512",
            "diffie-hellman-group18-sha512",
            "ecdh-sha2-nistp256",
            "ecdh-sha2-nistp384",
            "ecdh-sha2-nistp521",
            "diffie-hellman-group-exchange-sha1",
            "diffie-hellman-group14-sha1",
            "diffie-hellman-group1-sha1",
            "gss-curve25519-sha256-toWM5Slw5Ew8Mqkay+al2g==",
            "gss-nistp256-sha256-toWM5Slw5Ew8Mqkay+al2g==",
            "gss-group14-sha256-toWM5Slw5Ew8Mqkay+al2g==",
            "gss-group16-sha512-toWM5Slw5Ew8Mqkay+al2g==",
            "gss-gex-sha1-toWM5Slw5Ew8Mqkay+al2g==",
            "gss-group14-sha1-toWM5Slw5Ew8Mqkay+al2g==",
        ]
    );
    assert_eq!(
        signatures,
        [
            "ssh-ed25519-cert-v01@openssh.com",
            "ecdsa-sha2-nistp256-cert-v01@openssh.com",
            "ecdsa-sha2-nistp384-cert-v01@openssh.com",
            "ecdsa-sha2-nistp521-cert-v01@openssh.com",
            "sk-ssh-ed25519-cert-v01@openssh.com",
            "sk-ecdsa-sha2-nistp256-cert-v01@openssh.com",
            "rsa-sha2-512-cert-v01@openssh.com",
            "rsa-sha2-256-cert-v01@openssh.com",
            "x509v3-ssh-ed25519",
            "x509v3-ecdsa-sha2-nistp256",
            "x509v3-ecdsa-sha2-nistp384",
            "x509v3-ecdsa-sha2-nistp521",
            "x509v3-rsa2048-sha256",
            "sk-ssh-ed25519@openssh.com",
            "sk-ecdsa-sha2-nistp256@openssh.com",
            "ssh-ed25519",
            "ecdsa-sha2-nistp256",
            "ecdsa-sha2-nistp384",
            "ecdsa-sha2-nistp521",
            "rsa-sha2-256",
            "rsa-sha2-512",
            "ssh-rsa",
            "ssh-dss",
            "x509v3-sign-rsa",
            "x509v3-sign-dss",
            "ssh-rsa-cert-v01@openssh.com",
            "ssh-dss-cert-v01@openssh.com",
            "x509v3-ssh-rsa",
            "x509v3-ssh-dss",
        ]
    );
}

/// The default offers are the documented strings, name by name.
#[test]
fn the_documented_defaults() {
    let defaults = |kind| {
        let rows = algorithms().into_iter();
        let names = rows.filter(|row| row.0 == kind && row.2.in_defaults()).map(|row| row.1);
        names.collect::<Vec<_>>().join(",")
    };
    assert_eq!(
        defaults("cipher"),
        "aes256-ctr,aes192-ctr,aes128-ctr,aes256-cbc,aes192-cbc,aes128-cbc,3des-ctr,3des-cbc,\
         blowfish-cbc,arcfour256,arcfour128,arcfour,cast128-cbc,aes256-gcm@openssh.com,\
         aes128-gcm@openssh.com,chacha20-poly1305@openssh.com"
    );
    assert_eq!(
        defaults("mac"),
        "hmac-sha2-256,hmac-sha2-512,hmac-sha1,hmac-md5,hmac-ripemd160,hmac-sha1-96,hmac-md5-96,\
         hmac-sha2-256-96,hmac-sha2-512-96,hmac-ripemd160-96,hmac-sha2-256-etm@openssh.com,\
         hmac-sha2-512-etm@openssh.com,umac-64@openssh.com,umac-64-etm@openssh.com,\
         umac-128@openssh.com,umac-128-etm@openssh.com"
    );
    assert_eq!(defaults("compression"), "none,zlib");
}

/// What ssh-audit 3.9 has neither a failure nor a warning for.
#[test]
fn the_modern_profile() {
    let modern = |kind| in_profile(kind, Security::in_modern_profile);
    assert_eq!(
        modern("kex"),
        "mlkem768x25519-sha256,sntrup761x25519-sha512,sntrup761x25519-sha512@openssh.com"
    );
    assert_eq!(
        modern("signature"),
        "ssh-ed25519-cert-v01@openssh.com,sk-ssh-ed25519-cert-v01@openssh.com,\
         rsa-sha2-512-cert-v01@openssh.com,rsa-sha2-256-cert-v01@openssh.com,\
         x509v3-rsa2048-sha256,sk-ssh-ed25519@openssh.com,ssh-ed25519,rsa-sha2-256,rsa-sha2-512"
    );
    assert_eq!(
        modern("cipher"),
        "aes256-ctr,aes192-ctr,aes128-ctr,aes256-gcm@openssh.com,aes128-gcm@openssh.com,\
         chacha20-poly1305@openssh.com"
    );
    assert_eq!(
        modern("mac"),
        "hmac-sha2-256-etm@openssh.com,hmac-sha2-512-etm@openssh.com,umac-128-etm@openssh.com"
    );
    assert_eq!(modern("compression"), "none,zlib@openssh.com");
}

/// What the server of OpenSSH 10 accepts by default, but for SHA-1 and tags of 64 bits.
#[test]
fn the_intermediate_profile() {
    let intermediate = |kind| in_profile(kind, Security::in_intermediate_profile);
    assert_eq!(
        intermediate("kex"),
        "mlkem768x25519-sha256,sntrup761x25519-sha512,sntrup761x25519-sha512@openssh.com,\
         curve25519-sha256,curve25519-sha256@libssh.org,ecdh-sha2-nistp256,ecdh-sha2-nistp384,\
         ecdh-sha2-nistp521"
    );
    assert_eq!(
        intermediate("mac"),
        "hmac-sha2-256,hmac-sha2-512,hmac-sha2-256-etm@openssh.com,\
         hmac-sha2-512-etm@openssh.com,umac-128@openssh.com,umac-128-etm@openssh.com"
    );
    for (kind, name, security) in algorithms() {
        let plain = name.trim_start_matches("x509v3-");
        let old = ["ssh-rsa", "ssh-dss", "sign-rsa", "sign-dss"];
        let sha1_or_dsa = old.iter().any(|old| plain.starts_with(old));
        if kind == "signature" {
            assert_eq!(security.in_intermediate_profile(), !sha1_or_dsa, "{name}");
        }
        let more = security.in_intermediate_profile() && !security.in_modern_profile();
        assert_eq!(more, security == Security::Intermediate, "{name}");
    }
    for kind in ["cipher", "compression"] {
        assert_eq!(intermediate(kind), in_profile(kind, Security::in_modern_profile));
    }
}

fn in_profile(kind: &str, belongs: fn(Security) -> bool) -> String {
    let rows = algorithms().into_iter();
    let names = rows.filter(|row| row.0 == kind && belongs(row.2)).map(|row| row.1);
    names.collect::<Vec<_>>().join(",")
}

#[test]
fn private_keys_move_between_threads() {
    fn check<T: Send + Sync>() {}
    check::<signature::PrivateKey>();
}
