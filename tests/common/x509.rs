//! X.509 certificates (RFC 5280), valid and invalid ones, and the key blobs that they travel in (RFC 6187).

use std::path::Path;

use sshserver::crypto::signature::PrivateKey;
use sshserver::keystore::Certificate;
use sshserver::wire::{Reader, Writer};

use super::hex;

/// 2027-01-15 08:00:00: the time at which the certificates of [`Made::new`] are valid.
pub(crate) const NOW: u64 = 1_800_000_000;
const PEM_KEY_FILE: u32 = 6;
const ED25519: &str = "2b6570";

/// What goes into a certificate.
#[derive(Clone)]
pub(crate) struct Made<'a> {
    /// The public key blob that is certified.
    pub(crate) key_blob: &'a [u8],
    /// UTCTime.
    pub(crate) valid: [&'a str; 2],
    pub(crate) issuer: &'a str,
    pub(crate) subject: &'a str,
    /// Object identifier in hexadecimal digits, whether it is critical, and its value.
    pub(crate) extensions: Vec<(&'a str, bool, Vec<u8>)>,
    /// The object identifier of what the issuer signs with; only with [`ED25519`] it does.
    pub(crate) algorithm: [&'a str; 2],
    pub(crate) signed_by: &'a PrivateKey,
}

impl<'a> Made<'a> {
    /// Of this key, without extensions.
    pub(crate) fn new(key_blob: &'a [u8], signed_by: &'a PrivateKey) -> Self {
        Self {
            key_blob,
            valid: ["270115080000Z", "270115080000Z"],
            issuer: "issuer",
            subject: "subject",
            extensions: Vec::new(),
            algorithm: [ED25519, ED25519],
            signed_by,
        }
    }

    /// With one more extension.
    pub(crate) fn with(mut self, oid: &'a str, critical: bool, value: Vec<u8>) -> Self {
        self.extensions.push((oid, critical, value));
        self
    }

    /// With these bits of the key usage, from the highest on.
    pub(crate) fn usage(self, bits: u8) -> Self {
        let unused = u8::try_from(bits.trailing_zeros()).unwrap() % 8;
        self.with("551d0f", true, der(0x03, &[&[unused, bits]]))
    }

    /// With these extended key usages.
    pub(crate) fn extended_usage(self, oids: &[&str]) -> Self {
        let oids: Vec<Vec<u8>> = oids.iter().map(|oid| der(0x06, &[&hex(oid)])).collect();
        let oids: Vec<&[u8]> = oids.iter().map(Vec::as_slice).collect();
        self.with("551d25", false, der(0x30, &oids))
    }

    /// The certificate in DER.
    pub(crate) fn der(&self) -> Vec<u8> {
        let [inner, outer] = self.algorithm.map(|oid| der(0x30, &[&der(0x06, &[&hex(oid)])]));
        let [from, to] = self.valid.map(|time| der(0x17, &[time.as_bytes()]));
        let extension = |(oid, critical, value): &(&str, bool, Vec<u8>)| {
            let critical = if *critical { der(0x01, &[&[0xff]]) } else { Vec::new() };
            der(0x30, &[&der(0x06, &[&hex(oid)]), &critical, &der(0x04, &[value])])
        };
        let extensions: Vec<u8> = self.extensions.iter().flat_map(extension).collect();
        let extensions = match extensions.as_slice() {
            [] => Vec::new(),
            all => der(0xa3, &[&der(0x30, &[all])]),
        };
        let content = der(
            0x30,
            &[
                &der(0xa0, &[&[2, 1, 2]]),
                &[2, 1, 7],
                &inner,
                &name(self.issuer),
                &der(0x30, &[&from, &to]),
                &name(self.subject),
                &spki(self.key_blob),
                &extensions,
            ],
        );
        let signature = self.signed_by.sign("ssh-ed25519", &content).unwrap();
        let mut signature = Reader::new(&signature);
        signature.string().unwrap();
        der(0x30, &[&content, &outer, &der(0x03, &[&[0], signature.string().unwrap()])])
    }
}

/// A key blob with these certificates and no OCSP response.
pub(crate) fn chain(algorithm: &str, certificates: &[&[u8]]) -> Vec<u8> {
    let mut blob = Vec::new();
    let mut writer = Writer::new(&mut blob);
    writer.string(algorithm).u32(u32::try_from(certificates.len()).unwrap());
    for certificate in certificates {
        writer.string(certificate);
    }
    writer.u32(0);
    blob
}

/// The key of tests/vectors/x509 with this name, with its own certificate and those of its authorities; and
/// these in DER.
pub(crate) fn certified(name: &str) -> (PrivateKey, [Vec<u8>; 3]) {
    let chain = [name, "sub", "root"].map(|name| {
        let file = folder().join(format!("{name}.crt"));
        let pem = std::fs::read_to_string(file).unwrap();
        sshserver::keystore::parse(pem.as_bytes(), "")
            .unwrap()
            .certificates()
            .next()
            .unwrap()
            .der()
            .to_vec()
    });
    let file = folder().join(format!("{name}.key"));
    let key = Certificate::load(PEM_KEY_FILE, file.to_str().unwrap().as_bytes(), "", "*").unwrap();
    let ders: Vec<&[u8]> = chain.iter().map(Vec::as_slice).collect();
    (key.private_key().unwrap().with_x509(&ders).unwrap(), chain)
}

fn folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/x509")
}

/// A value in DER (X.690).
pub(crate) fn der(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let body = parts.concat();
    let len = u16::try_from(body.len()).unwrap().to_be_bytes();
    let head: &[u8] = match body.len() {
        0..128 => &[tag, len[1]],
        128..256 => &[tag, 0x81, len[1]],
        _ => &[tag, 0x82, len[0], len[1]],
    };
    [head, &body].concat()
}

fn name(common_name: &str) -> Vec<u8> {
    let value = der(0x0c, &[common_name.as_bytes()]);
    der(0x30, &[&der(0x31, &[&der(0x30, &[&der(0x06, &[&hex("550403")]), &value])])])
}

/// SubjectPublicKeyInfo of an Ed25519 or an RSA key.
fn spki(key_blob: &[u8]) -> Vec<u8> {
    let mut reader = Reader::new(key_blob);
    let (algorithm, key) = match reader.text().unwrap() {
        "ssh-ed25519" => (der(0x06, &[&hex(ED25519)]), reader.string().unwrap().to_vec()),
        "ssh-rsa" => {
            let (e, n) = (reader.mpint().unwrap(), reader.mpint().unwrap());
            let key = der(0x30, &[&der(0x02, &[&[0], n]), &der(0x02, &[e])]);
            ([der(0x06, &[&hex("2a864886f70d010101")]), vec![5, 0]].concat(), key)
        }
        other => panic!("no such key: {other}"),
    };
    der(0x30, &[&der(0x30, &[&algorithm]), &der(0x03, &[&[0], &key])])
}
