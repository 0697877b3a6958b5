//! Attacks of hostile clients. The reaction to each is an error with its reason: never a panic,
//! never unbounded memory or time.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::wildcard_enum_match_arm,
    clippy::field_reassign_with_default,
    clippy::too_many_lines,
    dead_code,
    reason = "a test fails by panicking, uses what it needs of the common part; tables are long"
)]

#[path = "../common/mod.rs"]
mod common;

mod attack;
mod channels;
mod exchanges;
mod floods;
mod garbage;
mod packets;
mod services;
