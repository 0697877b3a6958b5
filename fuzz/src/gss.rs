//! A library of GSSAPI that does what the client's token says, and counts the MICs that it has called good.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use sshserver::crypto::gss::{Acceptor, Context, Failed, Initiator, Step};
use sshserver::crypto::kex::{KEXES, KexAlgorithm, ServerProof};
use sshserver::wire::NameList;
use sshserver::wire::Writer;
use sshserver::wire::messages::{KexInit, Message};

/// The MICs that were good.
#[derive(Debug, Default, Clone)]
pub struct Verified(Arc<AtomicUsize>);

impl Verified {
    pub fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

/// Begins contexts.
#[derive(Debug)]
pub struct FuzzAcceptor(pub Verified);

struct FuzzContext(Verified);

impl Acceptor for FuzzAcceptor {
    fn begin(&self) -> Box<dyn Context> {
        Box::new(FuzzContext(self.0.clone()))
    }
}

impl Context for FuzzContext {
    /// The first byte says what comes of a token, and the rest is what the library makes.
    fn step(&mut self, token: &[u8]) -> Result<Step, Failed> {
        let (kind, made) = token.split_first().ok_or_else(|| Failed::because("empty"))?;
        let made = made.to_vec();
        match kind % 8 {
            0 => Ok(Step::Continue(made)),
            1 => Err(Failed { token: Some(made), text: "with a token".to_owned() }),
            2 => Err(Failed::because(String::from_utf8_lossy(&made))),
            flags => Ok(Step::Complete {
                initiator: Initiator {
                    principal: String::from_utf8_lossy(&made).into_owned(),
                    mutual: flags & 1 != 0,
                    integrity: flags & 2 != 0,
                    ..Initiator::default()
                },
                token: (flags & 4 != 0).then_some(made),
            }),
        }
    }

    fn mic(&mut self, message: &[u8]) -> Result<Vec<u8>, Failed> {
        Ok(message.iter().rev().copied().take(16).collect())
    }

    fn verify(&mut self, _: &[u8], mic: &[u8]) -> Result<(), Failed> {
        if mic.first() == Some(&1) {
            self.0.0.fetch_add(1, Ordering::Relaxed);
            return Ok(());
        }
        Err(Failed::because("wrong"))
    }
}

/// The client's KEXINIT for one of the methods of GSSAPI.
pub fn kex_init(choice: u8) -> Vec<u8> {
    let is_gss = |row: &&&KexAlgorithm| row.proof == ServerProof::Gssapi;
    let rows: Vec<_> = KEXES.iter().filter(is_gss).collect();
    let names = |list| NameList::parse(list).expect("a name-list");
    KexInit {
        cookie: [7; 16],
        kex_algorithms: names(rows[usize::from(choice) % rows.len()].name),
        server_host_key_algorithms: names("null"),
        encryption_client_to_server: names("aes128-ctr"),
        encryption_server_to_client: names("aes128-ctr"),
        mac_client_to_server: names("hmac-sha2-256"),
        mac_server_to_client: names("hmac-sha2-256"),
        compression_client_to_server: names("none"),
        compression_server_to_client: names("none"),
        languages_client_to_server: names(""),
        languages_server_to_client: names(""),
        first_kex_packet_follows: false,
    }
    .encode()
}

/// A request to log in by this method, with its fields.
pub fn request(method: &str, fields: &[u8]) -> Vec<u8> {
    let mut payload = vec![50];
    let mut writer = Writer::new(&mut payload);
    writer.string("bob").string("ssh-connection").string(method).raw(fields);
    payload
}
