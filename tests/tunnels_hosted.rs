//! `tunnels` once more, with a program whose own thread watches the sockets.

#![cfg(all(unix, feature = "driver"))]

#[path = "tunnels.rs"]
mod tunnels;
