//! A certificate authority that signs OpenSSH certificates (OpenSSH PROTOCOL.certkeys), valid and invalid ones.

use sshserver::crypto::signature::PrivateKey;
use sshserver::wire::{Reader, Writer};

/// What goes into a certificate.
#[derive(Clone)]
pub(crate) struct Certified<'a> {
    /// The public key blob that is certified.
    pub(crate) key_blob: &'a [u8],
    /// 1 for users, 2 for hosts.
    pub(crate) kind: u32,
    pub(crate) principals: &'a [&'a str],
    pub(crate) valid: [u64; 2],
    pub(crate) critical: &'a [(&'a str, &'a [u8])],
    pub(crate) authority: &'a PrivateKey,
    /// What the authority signs with.
    pub(crate) algorithm: &'a str,
}

impl<'a> Certified<'a> {
    /// For users, valid from 1000 to 2000.
    pub(crate) fn new(key_blob: &'a [u8], authority: &'a PrivateKey) -> Self {
        Self {
            key_blob,
            kind: 1,
            principals: &["user"],
            valid: [1000, 2000],
            critical: &[],
            authority,
            algorithm: "ssh-ed25519",
        }
    }

    /// The blob.
    pub(crate) fn blob(&self) -> Vec<u8> {
        let mut key = Reader::new(self.key_blob);
        let plain_type = key.text().unwrap();
        let key_type = match plain_type.strip_suffix("@openssh.com") {
            Some(start) => format!("{start}-cert-v01@openssh.com"),
            None => format!("{plain_type}-cert-v01@openssh.com"),
        };
        let (mut principals, mut critical) = (Vec::new(), Vec::new());
        for principal in self.principals {
            Writer::new(&mut principals).string(principal);
        }
        for (name, data) in self.critical {
            Writer::new(&mut critical).string(name).string(data);
        }
        let mut blob = Vec::new();
        Writer::new(&mut blob)
            .string(key_type)
            .string([7; 32])
            .raw(key.take_rest())
            .u64(9)
            .u32(self.kind)
            .string("id")
            .string(&principals)
            .u64(self.valid[0])
            .u64(self.valid[1])
            .string(&critical)
            .string("")
            .string("")
            .string(self.authority.public_blob());
        let signature = self.authority.sign(self.algorithm, &blob).unwrap();
        Writer::new(&mut blob).string(signature);
        blob
    }
}
