//! The driver with sockets on loopback and a program in Rust. Clients are plain TCP streams that speak
//! as much SSH as the test needs.

#![cfg(feature = "driver")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::wildcard_enum_match_arm,
    reason = "a test fails by panicking, and its helpers do too"
)]

#[path = "../common/mod.rs"]
#[allow(dead_code, reason = "a test uses what it needs of the common part")]
mod common;

mod broken;
mod connections;
mod endings;
mod gate;
mod jobs;
mod listening;

use std::io::{ErrorKind, Read};
use std::net::SocketAddr;

use sshserver::driver::Settings;

use common::driver_program::{Fixture, settings};
use common::socket::Socket;

fn limits(max_connections: usize) -> Settings {
    Settings { max_connections, max_unauthenticated: 50, ..settings() }
}

/// A server that does not listen yet.
fn server(max_connections: usize) -> Fixture {
    Fixture::new(limits(max_connections))
}

/// A server that listens, and its address.
fn listening() -> (Fixture, SocketAddr) {
    listening_with(100)
}

fn listening_with(max_connections: usize) -> (Fixture, SocketAddr) {
    server(max_connections).listening()
}

/// The identification string; reads not one byte further.
fn read_line(client: &mut Socket) -> String {
    let mut line = Vec::new();
    let mut byte = [0];
    while !line.ends_with(b"\r\n") {
        client.read_exact(&mut byte).unwrap();
        line.push(byte[0]);
    }
    String::from_utf8(line).unwrap()
}

/// Everything until the server closes; a reset counts as closed.
fn read_to_end(client: &mut Socket) -> Vec<u8> {
    let mut all = Vec::new();
    match client.read_to_end(&mut all) {
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
        Err(error) => panic!("{error}"),
    }
    all
}

/// The payloads of unencrypted packets (RFC 4253 section 6).
fn payloads(mut bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut payloads = Vec::new();
    while let Some((len, rest)) = bytes.split_first_chunk() {
        let (packet, rest) = rest.split_at(u32::from_be_bytes(*len) as usize);
        let padding = usize::from(packet[0]);
        payloads.push(packet[1..packet.len() - padding].to_vec());
        bytes = rest;
    }
    payloads
}
