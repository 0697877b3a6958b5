//! The RFCs' requirements that the engine claims to meet, one test each, against a client of our
//! own: without sockets, a clock or randomness.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::wildcard_enum_match_arm,
    clippy::field_reassign_with_default,
    dead_code,
    reason = "a test fails by panicking, and uses what it needs of the common part"
)]

#[path = "../common/mod.rs"]
mod common;

mod algorithms;
mod cbc;
mod certificates;
mod commands;
mod factors;
mod forwarding;
mod gssapi;
mod key_exchange;
mod liveness;
mod rekey;
mod rfc4252;
mod rfc4253;
mod rfc4254;
mod rfc4256;
mod rfc8308;
mod rsa_clients;
mod security_keys;
mod strict_kex;
mod terrapin;
mod timeouts;
mod tolerance;
mod x509;
mod x509_path;
