//! `leaving` once more, with a program whose own thread watches the sockets.

#![cfg(all(unix, feature = "driver"))]

#[path = "leaving.rs"]
mod leaving;
