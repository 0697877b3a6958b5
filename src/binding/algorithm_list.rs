//! The documented comma-separated lists of algorithms: a list is read back exactly as it was set, and its
//! rows of the registries are offered.

use super::errors::{Failure, shown};
use crate::crypto::cipher::{self, CipherAlgorithm};
use crate::crypto::compression::{self, CompressionAlgorithm};
use crate::crypto::kex::{self, KexAlgorithm};
use crate::crypto::mac::{self, MacAlgorithm};
use crate::crypto::signature::{self, SignatureAlgorithm};

/// A row of a registry.
pub(super) trait Algorithm: Sized + 'static {
    /// The kind of algorithm in the list.
    const KIND: &'static str;

    fn name(&self) -> &'static str;
    fn by_name(name: &str) -> Option<&'static Self>;
}

/// Sets a list: `shown` gets the text as it is, and `rows` the rows of its names.
pub(super) fn set_list<T: Algorithm>(
    shown: &mut String,
    rows: &mut Vec<&'static T>,
    text: &str,
) -> Result<(), Failure> {
    *rows = parse(text)?;
    text.clone_into(shown);
    Ok(())
}

fn parse<T: Algorithm>(text: &str) -> Result<Vec<&'static T>, Failure> {
    let mut rows: Vec<&'static T> = Vec::new();
    for name in text.split(',').map(str::trim) {
        match T::by_name(name) {
            Some(row) if !rows.iter().any(|other| other.name() == name) => rows.push(row),
            Some(_) => {}
            // GSSAPI with mechanisms other than Kerberos.
            None if name.starts_with("gss-") => {}
            None => {
                let kind = T::KIND;
                return Err(Failure::invalid(format!("{} is not a known {kind}.", shown(name))));
            }
        }
    }
    if rows.is_empty() {
        let kind = T::KIND;
        return Err(Failure::invalid(format!("The list has no supported {kind}.")));
    }
    Ok(rows)
}

impl Algorithm for CipherAlgorithm {
    const KIND: &'static str = "encryption algorithm";

    fn name(&self) -> &'static str {
        self.name
    }

    fn by_name(name: &str) -> Option<&'static Self> {
        cipher::by_name(name)
    }
}

impl Algorithm for MacAlgorithm {
    const KIND: &'static str = "MAC algorithm";

    fn name(&self) -> &'static str {
        self.name
    }

    fn by_name(name: &str) -> Option<&'static Self> {
        mac::by_name(name)
    }
}

impl Algorithm for KexAlgorithm {
    const KIND: &'static str = "key exchange algorithm";

    fn name(&self) -> &'static str {
        self.name
    }

    fn by_name(name: &str) -> Option<&'static Self> {
        kex::by_name(name)
    }
}

impl Algorithm for SignatureAlgorithm {
    const KIND: &'static str = "public key algorithm";

    fn name(&self) -> &'static str {
        self.name
    }

    fn by_name(name: &str) -> Option<&'static Self> {
        signature::by_name(name)
    }
}

impl Algorithm for CompressionAlgorithm {
    const KIND: &'static str = "compression algorithm";

    fn name(&self) -> &'static str {
        self.name
    }

    fn by_name(name: &str) -> Option<&'static Self> {
        compression::by_name(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::cipher::CIPHERS;

    #[test]
    fn what_is_read_is_what_was_set() {
        let [first, second, ..] = CIPHERS else {
            panic!("a registry with fewer than two ciphers");
        };
        let text = format!(" {},gss-anything, {}", second.name, first.name);
        let (mut shown, mut rows) = (String::new(), Vec::<&CipherAlgorithm>::new());
        set_list(&mut shown, &mut rows, &text).unwrap();
        let names: Vec<&str> = rows.iter().map(|row| row.name).collect();
        assert_eq!((&*shown, &*names), (&*text, &[second.name, first.name][..]));
        set_list(&mut shown, &mut rows, "rot13").unwrap_err();
        assert_eq!((shown, rows.len()), (text, 2), "a bad list changes nothing");
    }

    #[test]
    fn refused_names_are_named() {
        fn refused<T: Algorithm>(text: &str, expected: &str) {
            let failure = parse::<T>(text).err().unwrap();
            assert_eq!(failure.code, 10022);
            assert!(failure.message.ends_with(expected), "{}", failure.message);
        }
        refused::<CipherAlgorithm>("rot13", "\"rot13\" is not a known encryption algorithm.");
        refused::<CipherAlgorithm>("", "\"\" is not a known encryption algorithm.");
        refused::<CipherAlgorithm>("gss-x", "The list has no supported encryption algorithm.");
    }

    /// The documented default of SSHPublicKeyAlgorithms.
    #[test]
    fn every_documented_name_has_a_row() {
        let text = "ssh-ed25519,ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521,rsa-sha2-256,\
                    rsa-sha2-512,ssh-rsa,ssh-dss,x509v3-sign-rsa,x509v3-sign-dss";
        let rows = parse::<SignatureAlgorithm>(text).unwrap();
        let names: Vec<&str> = rows.iter().map(|row| row.name).collect();
        assert_eq!(names, text.split(',').collect::<Vec<_>>());
    }
}
