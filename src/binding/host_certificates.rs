//! `SSHHostCertificates`: the certificates of the server's own keys (OpenSSH PROTOCOL.certkeys), which
//! clients that trust their authority take without having seen the key before.

use std::sync::Arc;

use base64ct::{Base64, Encoding};

use super::errors::Failure;
use crate::crypto::signature::{Certificate, CertificateKind, PrivateKey};
use crate::limits::MAX_HOST_CERTIFICATES;

/// Valid certificates, each for another key.
#[derive(Debug, Clone, Default)]
pub(super) struct HostCertificates {
    shown: String,
    rows: Arc<[Row]>,
}

#[derive(Debug)]
struct Row {
    /// The key that the certificate is for.
    key_blob: Vec<u8>,
    blob: Vec<u8>,
}

impl HostCertificates {
    /// From lines as `ssh-keygen -h -s` writes them: type, base64, comment.
    pub(super) fn parse(text: &str) -> Result<Self, Failure> {
        let lines = text.lines().map(str::trim).enumerate();
        let mut rows: Vec<Row> = Vec::new();
        for (at, line) in lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#')) {
            let bad = |what: &str| {
                let number = at.saturating_add(1);
                Failure::invalid(format!("Line {number} of SSHHostCertificates {what}."))
            };
            let row = Row::parse(line).map_err(bad)?;
            if rows.iter().any(|other| other.key_blob == row.key_blob) {
                return Err(bad("is for the same key as one before it"));
            }
            if rows.len() == MAX_HOST_CERTIFICATES {
                return Err(bad(&format!("is past the {MAX_HOST_CERTIFICATES} that are taken")));
            }
            rows.push(row);
        }
        Ok(Self { shown: text.to_owned(), rows: rows.into() })
    }

    /// The text as it was set.
    pub(super) fn shown(&self) -> &str {
        &self.shown
    }

    /// The key with its certificate, if it has one.
    pub(super) fn add_to(&self, key: &Arc<PrivateKey>) -> Arc<PrivateKey> {
        let row = self.rows.iter().find(|row| row.key_blob == key.public_blob());
        let certified = row.and_then(|row| key.certified(&row.blob).ok());
        certified.map_or_else(|| Arc::clone(key), Arc::new)
    }
}

impl Row {
    fn parse(line: &str) -> Result<Self, &'static str> {
        let mut words = line.split_ascii_whitespace();
        let (Some(name), Some(encoded)) = (words.next(), words.next()) else {
            return Err("is no certificate");
        };
        if !name.ends_with("-cert-v01@openssh.com") {
            return Err("is no certificate: its type does not end in -cert-v01@openssh.com");
        }
        let blob = Base64::decode_vec(encoded).map_err(|_| "is not base64")?;
        let certificate = Certificate::parse(&blob).map_err(|_| "is no certificate")?;
        if certificate.kind != CertificateKind::Host {
            return Err("is a certificate for users, not for hosts");
        }
        Certificate::verified(&blob).map_err(|_| "has a signature that does not hold")?;
        Ok(Self { key_blob: certificate.key_blob, blob })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::random::SystemRandom;
    use crate::crypto::signature::{by_name, generate_ed25519};

    fn file(name: &str) -> String {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/certificates");
        std::fs::read_to_string(format!("{folder}/{name}.pub")).unwrap()
    }

    #[test]
    fn lines_of_certificates() {
        let text = format!("\n# of the hosts\r\n{}\n\n", file("host-ed25519-cert"));
        let certificates = HostCertificates::parse(&text).unwrap();
        assert_eq!(certificates.rows.len(), 1);
        assert_eq!(certificates.shown(), text);
        for nothing in ["", "\n", "# nothing"] {
            assert_eq!(HostCertificates::parse(nothing).unwrap().rows.len(), 0);
        }
    }

    #[test]
    fn bad_lines_are_refused_by_number() {
        let good = file("host-ed25519-cert");
        let forged = {
            let mut words = good.split_whitespace();
            let name = words.next().unwrap();
            let mut blob = Base64::decode_vec(words.next().unwrap()).unwrap();
            *blob.last_mut().unwrap() ^= 1;
            format!("{name} {}", Base64::encode_string(&blob))
        };
        for (line, why) in [
            ("x", "is no certificate"),
            ("ssh-ed25519 AAAA", "does not end in -cert-v01@openssh.com"),
            ("ssh-ed25519-cert-v01@openssh.com A\0A", "is not base64"),
            ("ssh-ed25519-cert-v01@openssh.com AAAA", "is no certificate"),
            (&file("user-ed25519-cert"), "is a certificate for users"),
            (&forged, "has a signature that does not hold"),
            (&good, "is for the same key"),
        ] {
            let failure = HostCertificates::parse(&format!("{}\n{line}", good.trim()));
            let failure = failure.unwrap_err();
            assert_eq!(failure.code, 10022);
            let text = failure.message;
            assert!(text.contains("Line 2 of SSHHostCertificates") && text.contains(why), "{text}");
        }
    }

    #[test]
    fn a_certificate_goes_to_its_own_key_only() {
        let certificates = HostCertificates::parse(&file("host-ed25519-cert")).unwrap();
        let other = Arc::new(generate_ed25519(&mut SystemRandom).unwrap());
        let added = certificates.add_to(&other);
        assert!(Arc::ptr_eq(&added, &other));
        let row = by_name("ssh-ed25519-cert-v01@openssh.com").unwrap();
        assert_eq!(added.blob_for(row), None);
    }
}
