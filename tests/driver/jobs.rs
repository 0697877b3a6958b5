//! Long computations, on the threads that all connections share: what a job keeps of its connection,
//! and what happens to a job whose connection has ended.

use std::io::Write;
use std::net::SocketAddr;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Instant;

use sshserver::crypto::random::SystemRandom;
use sshserver::crypto::signature::{ExternalSigner, PrivateKey, RawSignature, generate_ed25519};
use sshserver::driver::{ConnectedAnswer, ServerEvent};
use sshserver::error::CryptoError;

use super::common::client::Offer;
use super::common::driver_program::{Fixture, PATIENCE};
use super::common::socket::{Socket, dial};
use super::{listening, read_line};

/// A token that reports that it was asked for a signature, and makes none as long as it is held back.
#[derive(Clone)]
struct Token {
    name: &'static str,
    begun: Sender<&'static str>,
    held: Arc<Mutex<()>>,
}

impl ExternalSigner for Token {
    fn sign(&self, _: RawSignature<'_>) -> Result<Vec<u8>, CryptoError> {
        // The test may be over.
        let _ = self.begun.send(self.name);
        drop(self.held.lock());
        Err(CryptoError::Failed)
    }
}

/// RFC 4253 section 6, without encryption.
fn packet(payload: &[u8]) -> Vec<u8> {
    let padding = 4 + (8 - (payload.len() + 9) % 8) % 8;
    let len = u32::try_from(1 + payload.len() + padding).unwrap();
    let head = [&len.to_be_bytes()[..], &[u8::try_from(padding).unwrap()]].concat();
    [&head, payload, &vec![0; padding]].concat()
}

/// A client that has come as far as the signature of the host key, which is for the token to make.
fn begin(fixture: &Fixture, address: SocketAddr, token: Token) -> (Socket, u64) {
    let mut client = dial(address);
    let public = generate_ed25519(&mut SystemRandom).unwrap();
    let key = PrivateKey::external(public.public_blob(), Box::new(token)).unwrap();
    let load = move || Ok(Arc::new(key));
    let connection = fixture.accept(ConnectedAnswer::Load(Box::new(load)));
    read_line(&mut client);
    // byte SSH_MSG_KEX_ECDH_INIT | string Q_C: the base point of curve25519 (RFC 7748 section 4.1)
    let point = [&[30, 0, 0, 0, 32, 9][..], &[0; 31]].concat();
    let offer = packet(&Offer::default().plain().encode([7; 16]));
    client.write_all(&[b"SSH-2.0-test\r\n", &offer[..], &packet(&point)].concat()).unwrap();
    // Once this is told, the task gives the job away before it does anything else.
    fixture.until(|event| match event {
        ServerEvent::Log { connection: of, message, .. } => {
            (of == connection && message.starts_with("received SSH_MSG_KEX_30")).then_some(())
        }
        _ => None,
    });
    (client, connection)
}

/// Ends a connection from this side; after that the driver holds no state of it.
fn end(fixture: &Fixture, client: Socket, connection: u64) {
    let handle = fixture.server.connection(connection).unwrap();
    let left = Arc::downgrade(&handle);
    handle.disconnect(None);
    drop((handle, client));
    assert_eq!(fixture.disconnected().0, connection);
    let began = Instant::now();
    while left.upgrade().is_some() {
        assert!(began.elapsed() < PATIENCE, "a job holds the connection");
        thread::yield_now();
    }
}

fn next(begun: &Receiver<&'static str>) -> &'static str {
    begun.recv_timeout(PATIENCE).unwrap()
}

#[test]
fn a_job_neither_keeps_nor_works_for_a_connection_that_is_over() {
    let (fixture, address) = listening();
    fixture.server.set_log_level(2);
    let (sender, begun) = channel();
    let held = Arc::new(Mutex::new(()));
    let token = |name| Token { name, begun: sender.clone(), held: Arc::clone(&held) };
    let holding = held.lock().unwrap();
    // As many as there are threads: the next one has to wait for its turn.
    let threads = thread::available_parallelism().map_or(1, usize::from).clamp(2, 8);
    let mut running: Vec<_> =
        (0..threads).map(|_| begin(&fixture, address, token("running"))).collect();
    for _ in 0..threads {
        assert_eq!(next(&begun), "running");
    }
    let (client, waiting) = begin(&fixture, address, token("waiting"));
    end(&fixture, client, waiting);
    let (client, over) = running.pop().unwrap();
    end(&fixture, client, over);
    drop(holding);
    let _last = begin(&fixture, address, token("last"));
    assert_eq!(next(&begun), "last", "what came before it was for nobody");
}
