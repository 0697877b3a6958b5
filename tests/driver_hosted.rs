//! `driver` once more, with a program whose own thread watches the sockets.

#![cfg(all(unix, feature = "driver"))]

#[path = "driver/main.rs"]
mod driver;
